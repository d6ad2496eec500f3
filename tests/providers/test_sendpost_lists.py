"""SendPost's lists and counters over real sockets: how long periods are asked, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from tests.providers.sendpost_desk import (
    ENTRY,
    MARCH,
    MESSAGE,
    NS,
    TODAY,
    all_of,
    days_apart,
    in_zone,
    raised,
    rows_of,
    run,
)
from turbodesk.errors import (
    InvalidDraft,
    NotOffered,
    ProviderBroken,
    Refused,
)
from turbodesk.model.account import SubAccount
from turbodesk.model.counts import Counts, DayCounts
from turbodesk.model.reports import (
    ALL_TIME,
    BOUNCED,
    MailStatus,
    Period,
    ReportType,
    Restriction,
    Suppressing,
)
from turbodesk.providers.sendpost import SendPost


@pytest.fixture(autouse=True)
def _utc() -> Iterator[None]:
    with in_zone("UTC"):
        yield


# ---- lists


def test_a_list_is_paged_to_its_end(tools: Any) -> None:
    pages = [[{"id": n, "name": f"s{n}"} for n in range(start, start + 100)] for start in (0, 100)]
    found, asked = run(tools, lambda p: p.sub_accounts(), *map(tools.answer, [*pages, []]))
    assert found == tuple(SubAccount(str(n), "", True, name=f"s{n}") for n in range(200))
    assert [seen.query["offset"] for seen in asked] == ["0", "100", "200"]
    again, asked = run(tools, lambda p: p.sub_accounts(), tools.answer(pages[0]))
    assert (len(again), len(asked)) == (100, 2)  # a server that knows no offset


def test_a_list_is_read_whole_where_it_moves_or_fewer_come_than_were_asked_for(tools: Any) -> None:
    rows = [{"id": n, "name": f"s{n}"} for n in range(50)]

    def reply(seen: Any) -> bytes:
        first = int(seen.query["offset"])
        return tools.answer(rows[max(0, first - 1) : first + 20])  # type: ignore[no-any-return]

    found, asked = run(tools, lambda p: p.sub_accounts(), reply)
    assert [each.name for each in found] == [f"s{n}" for n in range(50)]
    assert [seen.query["offset"] for seen in asked] == ["0", "20", "41"]


def test_all_suppressions_are_asked_in_windows_back_to_a_horizon(tools: Any) -> None:
    old = {**ENTRY, "email": "old@example.org", "created": NS // 10**9 - 86400 * 900}

    def reply(seen: Any) -> bytes:
        rows = [ENTRY] if seen.query["to"] == "2026-01-30" else []
        if seen.query["from"] <= "2023-07-15" <= seen.query["to"]:
            rows = [old]
        return tools.answer(rows)  # type: ignore[no-any-return]

    pages, asked = run(tools, lambda p: all_of(p.suppressions(Suppressing())), reply)
    assert [row.email for page in pages for row in page.rows] == ["you@example.org", "old@example.org"]
    assert pages[-1].complete  # it ended as it always does, and nothing changed meanwhile
    assert 24 <= len(asked) <= 27  # a few are asked ahead
    assert {days_apart(seen) for seen in asked} == {59}
    assert sorted((seen.query["to"] for seen in asked), reverse=True)[0] == "2026-03-31"


def test_messages_of_a_long_time_are_asked_in_windows_and_pages(tools: Any) -> None:
    def reply(seen: Any) -> bytes:
        newest = seen.query["to"] == "2026-04-01T00:00:00Z"
        first = int(seen.query["offset"])
        many = range(first, min(first + 100, 150)) if newest else range(0)
        rows = [{**MESSAGE, "messageId": f"m{n}", "submittedAt": NS + 10**15 - n * 10**9} for n in many]
        return tools.answer(rows)  # type: ignore[no-any-return]

    year = Period(date(2025, 4, 1), TODAY)
    pages, asked = run(tools, lambda p: all_of(p.stats(year)), reply)
    rows = [row for page in pages for row in page.rows]
    assert [row.id for row in rows] == [f"m{n}" for n in range(150)]
    assert pages[-1].complete and {row.status for row in rows} == {MailStatus.OTHER}
    assert all(days_apart(seen) <= 59 for seen in asked)
    assert min(seen.query["from"] for seen in asked) == "2025-04-01T00:00:00Z"
    ends = {seen.query["to"] for seen in asked} - {"2026-04-01T00:00:00Z"}
    assert ends <= {seen.query["from"] for seen in asked}  # nothing falls between two windows
    assert run(tools, lambda p: p.count_stats(year), reply)[0] == 150


def test_messages_of_all_time_end_after_a_quiet_year(tools: Any) -> None:
    pages, asked = run(tools, lambda p: all_of(p.stats(ALL_TIME)), tools.answer([]))
    assert 6 <= len(asked) <= 9
    assert [(list(page.rows), page.complete) for page in pages] == [([], True)]


def test_no_period_is_asked_for_when_nothing_can_be_there(tools: Any) -> None:
    async def work(provider: SendPost) -> None:
        for period in (Period(date(2026, 4, 3), date.max), Period(date.min, date(2009, 12, 30))):
            assert [page.complete for page in await all_of(provider.stats(period))] == [True]
            assert await rows_of(provider.suppressions(Suppressing(period))) == []
            assert await rows_of(provider.daily_counts(period)) == []
            assert await provider.total_counts(period) == Counts()

    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        with in_zone(zone):
            assert run(tools, work, tools.answer([]))[1] == []


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_a_period_may_reach_to_the_end_of_the_calendar(tools: Any, zone: str) -> None:
    with in_zone(zone):
        pages, asked = run(
            tools, lambda p: all_of(p.stats(Period(date(2026, 3, 30), date.max))), tools.answer([])
        )
    assert [page.complete for page in pages] == [True]
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("zone", "day", "first", "last", "days"),
    [
        ("UTC", date(2026, 3, 29), "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z", ["2026-03-29"]),
        (
            "Europe/Rome",  # a day of 23 hours
            date(2026, 3, 29),
            "2026-03-28T23:00:00Z",
            "2026-03-29T22:00:00Z",
            ["2026-03-28", "2026-03-29"],
        ),
        (
            "America/New_York",  # a day of 25 hours
            date(2025, 11, 2),
            "2025-11-02T04:00:00Z",
            "2025-11-03T05:00:00Z",
            ["2025-11-02", "2025-11-03"],
        ),
    ],
)
def test_one_day_is_the_day_of_this_computer(
    tools: Any, zone: str, day: date, first: str, last: str, days: list[str]
) -> None:
    async def work(provider: SendPost) -> None:
        await all_of(provider.stats(Period(day, day)))
        await all_of(provider.suppressions(Suppressing(Period(day, day))))
        await all_of(provider.daily_counts(Period(day, day)))

    with in_zone(zone):
        _, (messages, suppressed, counted) = run(tools, work, tools.answer([]))
    assert (messages.query["from"], messages.query["to"]) == (first, last)
    assert (suppressed.query["from"], suppressed.query["to"]) == (days[0], days[-1])
    assert counted.query == {"from": str(day), "to": str(day)}  # whose days are in UTC


def test_letters_too_long_to_be_read_together_are_asked_for_fewer_at_once(tools: Any) -> None:
    def reply(seen: Any) -> bytes:
        first, size = int(seen.query["offset"]), int(seen.query["limit"])
        html = "x" * 300_000
        rows = [
            {**MESSAGE, "messageId": f"m{n}", "htmlBody": html} for n in range(first, min(first + size, 60))
        ]
        return tools.answer(rows)  # type: ignore[no-any-return]

    rows, asked = run(tools, lambda p: rows_of(p.stats(MARCH)), reply)
    assert sorted(row.id for row in rows) == sorted(f"m{n}" for n in range(60))
    assert [seen.query["limit"] for seen in asked] == ["100", "25", "25", "25"]


def test_one_long_letter_does_not_hide_the_others(tools: Any) -> None:
    rows = [{**MESSAGE, "messageId": f"m{n}", "attachments": []} for n in range(7)]
    rows[4]["attachments"] = [{"filename": "a", "content": "x" * 11_000_000}]

    def reply(seen: Any) -> bytes:
        first, size = int(seen.query["offset"]), int(seen.query["limit"])
        return tools.answer(rows[first : first + size])  # type: ignore[no-any-return]

    found, _ = run(tools, lambda p: rows_of(p.stats(MARCH)), reply)
    assert sorted(row.id for row in found) == [f"m{n}" for n in range(7)]


def test_one_letter_that_is_too_long_is_told(tools: Any) -> None:
    whole = b'[{"x":"' + b"x" * 41_000_000
    error = raised(tools, lambda p: rows_of(p.stats(MARCH)), tools.answer(whole))
    assert isinstance(error, ProviderBroken)


def test_messages_cannot_be_asked_by_status(tools: Any) -> None:
    async def work(provider: SendPost) -> None:
        with pytest.raises(NotOffered):
            provider.stats(MARCH, statuses=BOUNCED)
        with pytest.raises(NotOffered):
            provider.suppressions(Suppressing(restrictions=(Restriction("sender", "x"),)))
        for type in (ReportType.SOFT_BOUNCE, ReportType.VALIDATION_FAILED):
            with pytest.raises(NotOffered):
                provider.reports(type, MARCH)
            with pytest.raises(NotOffered):
                await provider.import_suppressions(["a@example.org"], type=type)
            assert type not in provider.report_types
        with pytest.raises(InvalidDraft):
            await provider.import_suppressions(["a@example.org"], reason="asked for it")

    assert run(tools, work, tools.answer([]))[1] == []


def test_what_was_not_asked_for_is_left_out(tools: Any) -> None:
    rows = [{"email": f"{name}@Example.org", "reason": 3, "created": NS} for name in ("ann", "bob")]
    rows += [{"email": "ann@example.org", "reason": 1, "created": NS}, None, {"email": None}]

    async def work(provider: SendPost) -> Any:
        return await rows_of(provider.reports(ReportType.SPAM, MARCH, text=" Ann@example "))

    found, asked = run(tools, work, tools.answer(rows))
    assert [(row.email, row.type) for row in found] == [("ann@Example.org", ReportType.SPAM)]
    assert asked[0].query["search"] == "Ann@example"


def test_of_several_kinds_all_are_asked_for_and_the_others_left_out(tools: Any) -> None:
    rows = [{"email": f"{reason}@example.org", "reason": reason, "created": NS} for reason in range(5)]
    types = frozenset({ReportType.SPAM, ReportType.BOUNCE})
    found, asked = run(
        tools, lambda p: rows_of(p.suppressions(Suppressing(MARCH, types))), tools.answer(rows)
    )
    assert sorted(row.email[0] for row in found) == ["2", "3", "4"]
    assert "type" not in asked[0].query
    counted, _ = run(tools, lambda p: p.count_reports(ReportType.BOUNCE, MARCH), tools.answer(rows))
    assert counted == 2


# ---- one message


def test_a_message_with_its_events(tools: Any) -> None:
    events = [{"type": 4, "timestamp": NS, "eventMetadata": {"smtpCode": 550, "smtpDescription": "no"}}]
    record, asked = run(tools, lambda p: p.message("7f9c"), *map(tools.answer, [MESSAGE, events]))
    assert (record.stat.status, record.stat.error) == (MailStatus.FAIL, "550 no")
    assert [event.type for event in record.events] == ["hard bounce"]
    assert len(asked) == 2


@pytest.mark.parametrize("status", [401, 403, 404, 405, 406, 200])
def test_events_that_are_not_offered_are_asked_once_and_the_suppressions_tell(
    tools: Any, status: int
) -> None:
    def reply(seen: Any) -> bytes:
        if seen.path.endswith("/events"):
            return tools.answer({"message": "no such thing"}, status)  # type: ignore[no-any-return]
        return tools.answer([ENTRY] if "suppression" in seen.path else MESSAGE)  # type: ignore[no-any-return]

    async def work(provider: SendPost) -> Any:
        await provider.message("7f9c")
        return await provider.message("7f9c")

    record, asked = run(tools, work, reply)
    assert (record.stat.status, record.stat.error) == (MailStatus.FAIL, "550 no")
    assert [(event.type, event.words) for event in record.events] == [("hard bounce", "550 no")]
    assert [seen.path.rpartition("/")[2] for seen in asked] == [
        "7f9c",
        "events",
        "suppression",
        "7f9c",
        "suppression",
    ]
    assert asked[2].query["search"] == "you@example.org"
    assert (asked[2].query["from"], asked[2].query["to"]) == ("2026-01-01", "2026-03-01")


def test_a_fault_beside_a_message_leaves_it_as_it_is(tools: Any) -> None:
    def reply(seen: Any) -> bytes:
        return tools.answer(MESSAGE) if seen.path.endswith("7f9c") else tools.answer("", 500)  # type: ignore[no-any-return]

    async def work(provider: SendPost) -> Any:
        await provider.message("7f9c")
        return await provider.message("7f9c")

    record, asked = run(tools, work, reply)
    assert (record.stat.status, record.events) == (MailStatus.OTHER, None)
    assert sum(seen.path.endswith("/events") for seen in asked) == 2


@pytest.mark.parametrize("at", [1, 253_402_300_799, NS + 10**18, None, "odd"])
def test_a_message_of_an_odd_time_asks_no_more_than_others(tools: Any, at: Any) -> None:
    def reply(seen: Any) -> bytes:
        if seen.path.endswith("/events"):
            return tools.answer("", 404)  # type: ignore[no-any-return]
        return tools.answer({**MESSAGE, "submittedAt": at} if seen.path.endswith("7f9c") else [])  # type: ignore[no-any-return]

    record, asked = run(tools, lambda p: p.message("7f9c"), reply)
    assert (record.stat.status, len(asked) <= 3) == (MailStatus.OTHER, True)


def test_ids_that_no_path_can_carry_are_asked_for_and_not_found(tools: Any) -> None:
    async def work(provider: SendPost) -> None:
        assert await provider.message("a\ud800/../b") is None
        assert await rows_of(provider.daily_counts(MARCH, sub_account="\udc80\n?")) == []

    _, asked = run(tools, work, tools.answer("", 404))
    assert [seen.target.partition("?")[0] for seen in asked] == [
        "/api/v1/account/message/a%3F%2F..%2Fb",
        "/api/v1/account/subaccount/stat/%3F%0A%3F",
    ]


@pytest.mark.parametrize("status", [404, 406])
def test_a_message_that_is_not_there_is_none(tools: Any, status: int) -> None:
    assert run(tools, lambda p: p.message("7f9c"), tools.answer({"message": "gone"}, status))[0] is None
    assert run(tools, lambda p: p.message(".."), tools.answer([]))[1] == []


# ---- changing the list


def test_many_addresses_go_in_bundles(tools: Any) -> None:
    emails = [f"{n}@example.org" for n in range(1001)]

    def reply(seen: Any) -> bytes:
        return tools.answer([{**ENTRY, **row} for row in seen.json.get("manual", ())])  # type: ignore[no-any-return]

    imported, asked = run(tools, lambda p: p.import_suppressions(emails), reply)
    assert imported.valid == tuple(emails)
    assert [len(seen.json["manual"]) for seen in asked] == [500, 500, 1]
    _, asked = run(tools, lambda p: p.delete_suppressions(emails), reply)
    assert [len(seen.json["suppressions"]) for seen in asked] == [500, 500, 1]


def test_what_was_taken_is_read_again_where_the_answer_does_not_say(tools: Any) -> None:
    emails = ["You@example.org", "two@example.org"]
    listed = [{"email": "two@example.org", "reason": 0, "created": NS}]
    found, asked = run(tools, lambda p: p.import_suppressions(emails), *map(tools.answer, [[ENTRY], listed]))
    assert found.valid == tuple(emails)
    assert asked[1].query == {
        "from": "2026-03-30",
        "to": "2026-03-31",
        "limit": "100",
        "offset": "0",
        "type": "manual",
    }
    found, _ = run(tools, lambda p: p.import_suppressions(emails), tools.answer([]))
    assert (found.valid, found.invalid) == (None, ())


@pytest.mark.parametrize("yes", [b"", b"null", {"message": "done"}, [], b'"done"'])
def test_a_yes_without_entries_is_a_yes(tools: Any, yes: Any) -> None:
    def reply(seen: Any) -> bytes:
        return tools.answer([] if seen.method == "GET" else yes)  # type: ignore[no-any-return]

    found, asked = run(tools, lambda p: p.import_suppressions(["a@example.org"]), reply)
    assert (found.valid, [seen.method for seen in asked]) == (None, ["POST", "GET"])
    run(tools, lambda p: p.delete_suppressions(["a@example.org"]), reply)


def test_a_page_of_somebody_else_is_no_yes(tools: Any) -> None:
    page = tools.answer("<p>Welcome</p>", 200, "text/html")
    for work in (
        lambda p: p.import_suppressions(["a@example.org"]),
        lambda p: p.delete_suppressions(["a@example.org"]),
    ):
        assert isinstance(raised(tools, work, page), ProviderBroken)


def test_taking_off_what_is_not_there_is_as_good_as_done_where_it_is_one(tools: Any) -> None:
    no = tools.answer({"message": "none"}, 406)
    run(tools, lambda p: p.delete_suppressions(["a@example.org"]), no)
    assert isinstance(
        raised(tools, lambda p: p.delete_suppressions(["a@example.org", "b@example.org"]), no), Refused
    )


def test_all_complaints_are_read_and_taken_off(tools: Any) -> None:
    def reply(seen: Any) -> bytes:
        if seen.method == "DELETE":
            return tools.answer({"message": "removed"})  # type: ignore[no-any-return]
        rows = [{"email": "a@example.org", "reason": 3, "created": NS}]
        return tools.answer(rows if seen.query["to"] == "2026-03-31" else [])  # type: ignore[no-any-return]

    _, asked = run(tools, lambda p: p.delete_all_spam(), reply)
    assert [seen.json for seen in asked if seen.method == "DELETE"] == [
        {"suppressions": [{"email": "a@example.org"}]}
    ]


# ---- counters


def test_days_of_a_long_time_are_asked_in_windows_and_joined(tools: Any) -> None:
    def reply(seen: Any) -> bytes:
        if seen.query["to"] == "2025-12-28":
            return tools.answer({"message": "nothing in the range"}, 404)  # type: ignore[no-any-return]
        return tools.answer([{"date": seen.query[name], "stat": {"processed": 1}} for name in ("from", "to")])  # type: ignore[no-any-return]

    pages, asked = run(tools, lambda p: all_of(p.daily_counts(Period(date(2025, 11, 28), TODAY))), reply)
    days = [row.day for page in pages for row in page.rows]
    assert days == sorted(days, reverse=True) and len(days) == 2 * (len(asked) - 1)
    assert pages[-1].complete
    assert all(days_apart(seen) <= 30 for seen in asked)
    assert min(days) >= date(2025, 11, 28) and max(days) == TODAY


@pytest.mark.parametrize(("group", "windows"), [("", 12), ("g", 1)])
def test_counters_of_all_time_end_after_a_quiet_year(tools: Any, group: str, windows: int) -> None:
    asked_of = {"sub_account": "2", "group": group}
    pages, asked = run(tools, lambda p: all_of(p.daily_counts(ALL_TIME, **asked_of)), tools.answer("", 404))
    assert [(list(page.rows), page.complete) for page in pages] == [([], True)]
    assert windows <= len(asked) <= windows + 3  # a few are asked ahead


def test_days_that_were_not_asked_for_are_left_out_and_told(tools: Any) -> None:
    rows = [{"date": day, "stat": {"processed": 1}} for day in ("2026-02-28", "2026-03-01", "2026-03-01")]
    pages, _ = run(tools, lambda p: all_of(p.daily_counts(MARCH)), tools.answer(rows))
    assert [row.day for page in pages for row in page.rows] == [date(2026, 3, 1)]
    assert not pages[-1].complete


def test_sums_are_asked_by_the_year_and_added_up(tools: Any) -> None:
    both = Period(date(2024, 1, 1), date(2025, 12, 31))
    found, asked = run(
        tools, lambda p: p.total_counts(both), tools.answer({"processed": 5, "hardBounced": 1})
    )
    assert found == Counts(sent=10, bounced=2)
    assert sorted(days_apart(seen) for seen in asked) == [364, 365]
    rows, _ = run(
        tools,
        lambda p: rows_of(p.daily_counts(both, sub_account="2", group="g")),
        tools.answer({"processed": 5}),
    )
    assert rows == [
        DayCounts(date(2025, 12, 31), Counts(sent=5)),
        DayCounts(date(2024, 12, 30), Counts(sent=5)),
    ]
    nothing, _ = run(tools, lambda p: p.total_counts(ALL_TIME), tools.answer("", 404))
    assert nothing == Counts()
