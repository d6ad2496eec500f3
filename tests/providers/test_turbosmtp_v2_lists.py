"""Lists of turboSMTP v2 over real sockets: read to their end, changed, and asked again where they may be."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.providers.turbosmtp_v2_script import (
    BY_ADDRESS,
    DAYS,
    DONE,
    GONE,
    NONE,
    ROW,
    STATS,
    Work,
    all_of,
    later,
    refusal,
    rows_of,
    run,
)
from turbodesk.errors import InvalidDraft, NoConnection, NotOffered, ProviderBroken, Refused, SignInRefused
from turbodesk.model.account import AccountInfo
from turbodesk.model.reports import ALL_TIME, Imported, ReportType, Suppressing
from turbodesk.providers.port import Provider

# ---- reading lists


def test_one_id_for_several_recipients_keeps_every_row(tools: Any) -> None:
    rows = [{**ROW, "recipient": f"{name}@example.org"} for name in "abc"]
    found, _ = run(tools, lambda p: rows_of(p.stats(ALL_TIME)), tools.answer({"count": 3, "results": rows}))
    assert [row.recipient for row in found] == ["a@example.org", "b@example.org", "c@example.org"]


def test_suppressions_that_come_between_two_pages_are_shown_once_and_the_list_is_marked(tools: Any) -> None:
    async def go() -> None:
        rows = [{**GONE, "recipient": f"{number}@example.com"} for number in range(2500)]

        def reply(seen: Any) -> Any:
            page = int(seen.query["page"])
            if page == 2:
                rows.insert(0, {**GONE, "recipient": "new@example.com"})
            return tools.answer({"count": 2500, "results": rows[(page - 1) * 1000 : page * 1000]})

        async with tools.Script([reply]).serve() as server, tools.gateway() as gateway:
            pages = await all_of(tools.turbosmtp_v2(gateway, server.origin).suppressions(Suppressing()))
        emails = [row.email for page in pages for row in page.rows]
        assert len(emails) == len(set(emails))
        assert {f"{number}@example.com" for number in range(2500)} <= set(emails)
        assert not pages[-1].complete

    asyncio.run(go())


def test_times_are_those_of_the_zone_that_was_asked_for(tools: Any) -> None:
    (row,), (seen,) = run(tools, lambda p: rows_of(p.stats(DAYS)), tools.answer(STATS))
    sign, hours, minutes = seen.query["tz"][0], int(seen.query["tz"][1:3]), int(seen.query["tz"][4:])
    offset_s = (hours * 60 + minutes) * 60 * (-1 if sign == "-" else 1)
    assert row.at.timestamp() == 1773115461 - offset_s


def test_a_list_that_makes_no_sense_is_asked_thrice_and_told(tools: Any) -> None:
    async def work(p: Provider) -> None:
        for pages in (p.stats(ALL_TIME), p.suppressions(Suppressing(restrictions=BY_ADDRESS))):
            with pytest.raises(ProviderBroken) as broken:
                await all_of(pages)
            assert "Maintenance" in broken.value.detail

    asked = run(tools, work, tools.answer("<html>Maintenance</html>", 502, "text/html"))[1]
    assert len(asked) == 6


@pytest.mark.parametrize(("code", "status"), [("email_not_found", 404), ("invalid_id", 400)])
def test_a_message_that_nobody_knows_is_none(tools: Any, code: str, status: int) -> None:
    assert run(tools, lambda p: p.message("99999999999999999999"), refusal(tools, code, status))[0] is None


def test_a_404_from_a_wrong_host_is_no_proof_that_there_is_no_message(tools: Any) -> None:
    async def work(p: Provider) -> None:
        with pytest.raises(Refused):
            await p.message("7")

    run(tools, work, tools.answer("<h1>Not Found</h1>", 404, "text/html"))


@pytest.mark.parametrize("id", ["", "td-abc", "..", "7/../8", "²", "-1", "1.5", "7" * 101])
def test_what_can_be_no_id_is_not_asked_for(tools: Any, id: str) -> None:
    assert run(tools, lambda p: p.message(id), tools.answer(ROW)) == (None, [])


def test_sub_accounts_end_where_the_provider_says_there_is_no_page(tools: Any) -> None:
    async def go() -> None:
        def reply(seen: Any) -> Any:
            page = int(seen.query["page"])
            if page > 2:
                return refusal(tools, "page_not_found", 404)
            subs = [{"subaccount_id": page * 1000 + number} for number in range(1000)]
            return tools.answer({"count": 2000, "results": subs})

        async with tools.Script([reply]).serve() as server, tools.gateway() as gateway:
            subs = await tools.turbosmtp_v2(gateway, server.origin).sub_accounts()
        assert [sub.id for sub in subs] == [str(number) for number in range(1000, 3000)]
        assert [seen.query["page"] for seen in server.seen] == ["1", "2", "3"]

    asyncio.run(go())


def test_no_sub_accounts_are_none_and_a_plan_without_them_is_told(tools: Any) -> None:
    assert run(tools, lambda p: p.sub_accounts(), refusal(tools, "page_not_found", 404))[0] == ()

    async def work(p: Provider) -> Refused:
        with pytest.raises(Refused) as refused:
            await p.sub_accounts()
        return refused.value

    error, asked = run(tools, work, refusal(tools, "feature_not_available_for_active_plan", 403))
    assert "agency" in error.says and error.hint
    assert (error.words, error.status) == (("feature_not_available_for_active_plan",), 403)
    assert len(asked) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_an_account_that_cannot_be_asked_for_is_proved_another_way(tools: Any, status: int) -> None:
    info, asked = run(
        tools,
        lambda p: p.account(),
        refusal(tools, "not_found", status),
        tools.answer(NONE),
        tools.answer(NONE),
    )
    assert info == AccountInfo("", tools.user, True)
    assert [seen.path for seen in asked] == ["/api/v2/user/config", "/api/v2/analytics"]


def test_an_account_whose_key_is_refused_is_no_account(tools: Any) -> None:
    async def work(p: Provider) -> None:
        with pytest.raises(SignInRefused, match="not active"):
            await p.account()

    run(tools, work, refusal(tools, "account_is_inactive", 401))


def rows_to(last: int, first: int = 0) -> list[Any]:
    return [{**ROW, "id": number} for number in range(first, last)]


@pytest.mark.parametrize(
    ("lists", "ids", "total", "complete"),
    [
        ([{"count": 5, "results": rows_to(3)}, NONE], 3, 5, False),  # fewer than counted
        ([{"count": 1, "results": rows_to(3)}], 3, 1, False),  # more than counted
        ([{"count": None, "results": rows_to(3)}], 3, None, False),
        ([{"count": 10**40, "results": rows_to(3)}, NONE], 3, None, False),
        ([{"results": None}], 0, None, False),
        ([{"count": "3", "results": rows_to(3)}], 3, 3, True),
        ([{"count": 9, "results": rows_to(3)}] * 3, 3, 9, False),  # the same page for ever
        ([{"count": 3, "results": [{}, {}, {}]}], 1, 3, False),  # nothing to tell them apart by
    ],
)
def test_a_list_that_is_not_what_it_says_ends_and_is_marked(
    tools: Any, lists: list[Any], ids: int, total: int | None, complete: bool
) -> None:
    async def go() -> list[Any]:
        def reply(seen: Any) -> Any:
            return tools.answer(lists[min(int(seen.query["page"]), len(lists)) - 1])

        async with tools.Script([reply]).serve() as server, tools.gateway() as gateway:
            return await all_of(tools.turbosmtp_v2(gateway, server.origin).stats(ALL_TIME))

    pages = asyncio.run(go())
    assert sum(len(page.rows) for page in pages) == ids
    assert (pages[-1].total, pages[-1].complete) == (total, complete)


@pytest.mark.parametrize("body", [[], {"results": {}}, {"results": [1]}, {"count": 1}, "null", '{"count": 1'])
def test_what_is_no_list_is_told(tools: Any, body: Any) -> None:
    async def work(p: Provider) -> None:
        for ask in (
            lambda: all_of(p.stats(ALL_TIME)),
            lambda: all_of(p.suppressions(Suppressing())),
            p.sub_accounts,
        ):
            with pytest.raises(ProviderBroken, match="no sense"):
                await ask()

    run(tools, work, tools.answer(body))


def test_the_rows_of_a_page_are_made_a_few_at_a_time(tools: Any) -> None:
    """While they are made the loop turns, so that a window would go on: counted, not timed."""

    async def turns(rows: int) -> int:
        counted = answered = 0

        def reply(_seen: Any) -> Any:
            nonlocal answered
            answered = counted
            return tools.answer({"count": rows, "results": [{}] * rows})

        async def count() -> None:
            nonlocal counted
            while True:
                counted += 1
                await asyncio.sleep(0)

        async with tools.Script([reply]).serve() as server, tools.gateway() as gateway:
            pages = tools.turbosmtp_v2(gateway, server.origin).suppressions(Suppressing())
            counting = asyncio.create_task(count())
            await anext(pages)
            counting.cancel()
            found = counted - answered
            await pages.aclose()
        return found

    few, many = asyncio.run(turns(1)), asyncio.run(turns(6000))
    assert many - few > 40


# ---- changing suppressions


def test_an_import_of_many_goes_in_bundles_and_is_told_as_one(tools: Any) -> None:
    def reply(seen: Any) -> Any:
        emails = seen.json["content"]
        bad = [email for email in emails if "@@" in email]
        if len(bad) == len(emails):
            return refusal(tools, "invalid_mail_address_list", 400)
        return tools.answer(
            {"status": "success", "valid": [e for e in emails if e not in bad], "invalid": bad}
        )

    emails = [f"{number}@{'@' if number >= 1000 else ''}example.com" for number in range(1002)]
    imported, asked = run(tools, lambda p: p.import_suppressions(emails), *[reply] * 3)
    assert imported == Imported(tuple(emails[:1000]), tuple(emails[1000:]))
    assert [len(seen.json["content"]) for seen in asked] == [500, 500, 2]


def test_an_import_that_names_nobody_is_taken_and_not_told(tools: Any) -> None:
    work: Work = lambda p: p.import_suppressions(["a@example.com"])  # noqa: E731
    assert run(tools, work, tools.answer({"status": "success"}))[0] == Imported(None, ())


@pytest.mark.parametrize("type", [ReportType.BOUNCE, ReportType.SPAM])
def test_addresses_are_put_on_the_list_by_hand_only(tools: Any, type: ReportType) -> None:
    async def work(p: Provider) -> None:
        with pytest.raises(NotOffered):
            await p.import_suppressions(["a@example.com"], type=type)

    assert run(tools, work, tools.answer({}))[1] == []


def test_deleting_many_goes_in_bundles(tools: Any) -> None:
    emails = [f"{number}@example.com" for number in range(1200)]
    _, asked = run(tools, lambda p: p.delete_suppressions(emails), tools.answer(DONE))
    assert [len(seen.json) for seen in asked] == [500, 500, 200]
    assert [email for seen in asked for email in seen.json] == emails


@pytest.mark.parametrize("type", [ReportType.HARD_BOUNCE, ReportType.SOFT_BOUNCE])
def test_hard_and_soft_bounces_are_not_asked_for(tools: Any, type: ReportType) -> None:
    async def work(p: Provider) -> None:
        assert type not in p.report_types
        for ask in (
            lambda: p.reports(type, ALL_TIME),
            lambda: p.reports_csv(type, ALL_TIME),
            lambda: p.count_reports(type, ALL_TIME),
            lambda: p.delete_reports(type, ["a@example.com"]),
        ):
            with pytest.raises(NotOffered):
                await ask()  # type: ignore[misc]

    assert run(tools, work, tools.answer({}))[1] == []


def test_the_lists_stand_in_the_order_people_ask_for_them(tools: Any) -> None:
    names = run(tools, lambda p: later(lambda: p.report_types), tools.answer({}))[0]
    assert names == (
        ReportType.BOUNCE,
        ReportType.SPAM,
        ReportType.UNSUBSCRIBE,
        ReportType.MANUAL,
        ReportType.VALIDATION_FAILED,
    )


@pytest.mark.parametrize("key", ["", ".", "..", "a\nb", "kéy", "\ud800"])
def test_what_can_be_no_key_is_not_revoked(tools: Any, key: str) -> None:
    async def work(p: Provider) -> None:
        with pytest.raises(InvalidDraft):
            await p.revoke_key(key)

    assert run(tools, work, tools.answer({"message": "success"}), password=True)[1] == []


def test_a_key_cannot_lead_out_of_its_path(tools: Any) -> None:
    work: Work = lambda p: p.revoke_key("../a b?c#d")  # noqa: E731
    _, (seen,) = run(tools, work, tools.answer({"message": "success"}), password=True)
    assert seen.target == "/api/v2/user/consumerKeys/..%2Fa%20b%3Fc%23d"


@pytest.mark.parametrize("text", ["half \ud800"])
def test_half_a_character_is_told_before_anything_is_asked(tools: Any, text: str) -> None:
    async def work(p: Provider) -> None:
        for ask in (
            lambda: p.import_suppressions([text]),
            lambda: p.import_suppressions(["a@example.com"], reason=text),
            lambda: p.delete_suppressions([text]),
            lambda: p.delete_suppressions_where(Suppressing(text=text)),
            lambda: p.count_reports(ReportType.SPAM, ALL_TIME, text=text),
            lambda: p.create_key(text),
        ):
            with pytest.raises(InvalidDraft):
                await ask()

    assert run(tools, work, tools.answer(DONE), password=True)[1] == []


# ---- what is asked again, and what never


@pytest.mark.parametrize(
    ("work", "tries"),
    [
        (lambda p: p.count_stats(ALL_TIME), 3),
        (lambda p: all_of(p.suppressions(Suppressing(restrictions=BY_ADDRESS))), 3),
        (lambda p: p.sub_accounts(), 3),
        (lambda p: p.keys(), 3),
        (lambda p: p.delete_suppressions(["a@example.com"]), 1),
        (lambda p: p.delete_reports(ReportType.SPAM, ["a@example.com"]), 1),
        (lambda p: p.revoke_key("k" * 32), 3),
        (lambda p: p.delete_suppressions_where(Suppressing()), 1),
        (lambda p: p.delete_all_spam(), 1),
        (lambda p: p.import_suppressions(["a@example.com"]), 1),
        (lambda p: p.create_key("x"), 1),
    ],
)
@pytest.mark.parametrize("fault", ["500", "closed"])
def test_how_often_each_is_asked(tools: Any, work: Work, tries: int, fault: str) -> None:
    async def failing(p: Provider) -> None:
        with pytest.raises(ProviderBroken if fault == "500" else NoConnection):
            await work(p)

    reply = tools.answer("", 500) if fault == "500" else tools.close
    assert len(run(tools, failing, reply, password=True)[1]) == tries


def test_a_key_that_is_gone_after_a_lost_answer_was_revoked_by_it(tools: Any) -> None:
    _, asked = run(
        tools,
        lambda p: p.revoke_key("k" * 32),
        tools.close,
        refusal(tools, "key_not_found", 404),
        password=True,
    )
    assert len(asked) == 2

    async def work(p: Provider) -> None:
        with pytest.raises(Refused, match="key_not_found"):
            await p.revoke_key("k" * 32)

    run(tools, work, refusal(tools, "key_not_found", 404), password=True)
