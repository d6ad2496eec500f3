"""SendPost's statistics: daily, aggregate and by group, under either key, over mail of every interface."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from turbodesk.sandbox.fate import HARD_WORDS, SOFT_WORDS
from turbodesk.sandbox.sendpost_stats import COUNTERS, is_hard
from turbodesk.sandbox.server import SandboxServer

from .conftest import NOON, Caller, Clock, Opener
from .sendpost_caller import TODAY, SendPostCaller

NOON_DAY = date(2030, 3, 17)
MONTH = {"from": NOON_DAY - timedelta(30), "to": NOON_DAY}
YEAR = {"from": NOON_DAY - timedelta(365), "to": NOON_DAY}
DAILY = ["/account/stat", "/account/subaccount/stat/117", "/subaccount/stat"]
GROUPED = ["/account/stat/group", "/subaccount/stat/group"]
AGGREGATE = [f"{path}/aggregate" for path in DAILY]
GROUPED_AGGREGATE = [
    "/account/stat/aggregate/group",
    "/account/subaccount/stat/117/group",
    "/subaccount/stat/aggregate/group",
]


@pytest.fixture
def v1(sandbox: Caller) -> SendPostCaller:
    return SendPostCaller(sandbox)


@pytest.fixture(scope="module")
def past() -> Iterator[SendPostCaller]:
    """A sandbox with a history of ninety days, at a known time."""
    with SandboxServer(history_rows=3_000, clock=lambda: NOON) as server:
        caller = Caller(server)
        with caller.http:
            yield SendPostCaller(caller)


@pytest.mark.parametrize("contract", ["v1", "legacy"])
@pytest.mark.parametrize("path", DAILY)
def test_days_have_a_date_and_eleven_counters(past: SendPostCaller, contract: str, path: str) -> None:
    rows = SendPostCaller(past.sandbox, contract).get(path, **MONTH)
    assert all(set(row) == {"date", "stat"} and set(row["stat"]) == set(COUNTERS) for row in rows)
    days = [date.fromisoformat(row["date"]) for row in rows]
    assert days == sorted(set(days))
    assert len(days) > 25 and MONTH["from"] <= days[0] <= days[-1] == NOON_DAY
    for row in rows:
        stat = row["stat"]
        assert all(type(count) is int for count in stat.values())
        assert stat["sent"] == stat["processed"] - stat["dropped"] - stat["smtpDropped"]
        assert stat["clicked"] <= stat["opened"] <= stat["delivered"] <= stat["sent"]
        assert stat["delivered"] + stat["softBounced"] + stat["hardBounced"] <= stat["sent"]


@pytest.mark.parametrize(("daily", "aggregate"), list(zip(DAILY, AGGREGATE, strict=True)))
def test_an_aggregate_is_the_sum_of_the_days(past: SendPostCaller, daily: str, aggregate: str) -> None:
    rows = past.get(daily, **MONTH)
    total = past.get(aggregate, **MONTH)
    assert total == {name: sum(row["stat"][name] for row in rows) for name in COUNTERS}
    assert past.get(aggregate, **YEAR)["processed"] == 3_000 > total["processed"]
    assert all(past.get(aggregate, **YEAR)[name] for name in COUNTERS if name != "smtpDropped")


@pytest.mark.parametrize(("daily", "aggregate"), list(zip(GROUPED, GROUPED_AGGREGATE[::2], strict=True)))
def test_groups_of_the_past(past: SendPostCaller, daily: str, aggregate: str) -> None:
    rows = past.get(daily, group="newsletter", **MONTH)
    total = past.get(aggregate, group="newsletter", **MONTH)
    assert 0 < total["processed"] == sum(row["stat"]["processed"] for row in rows)
    assert total["processed"] < past.get("/account/stat/aggregate", **MONTH)["processed"]
    assert past.get(daily, group="no such group", **MONTH) == []
    assert past.get(aggregate, group="no such group", **MONTH) == dict.fromkeys(COUNTERS, 0)


def test_statistics_agree_with_turbosmtps(past: SendPostCaller) -> None:
    total = past.get("/account/stat/aggregate", **YEAR)

    def counted(*statuses: str) -> int:
        found = past.sandbox.get("/api/stats/panes/emails/count", filter=",".join(statuses)).json()
        count: int = found["count"]
        return count

    assert total["dropped"] == counted("SYSFAIL")
    assert total["hardBounced"] + total["softBounced"] == counted("FAIL", "DEFER")
    assert total["delivered"] == counted("SUCCESS", "OPEN", "CLICK", "REPORT", "UNSUB")
    assert (total["opened"], total["clicked"]) == (counted("OPEN", "CLICK"), counted("CLICK"))
    assert (total["unsubscribed"], total["spam"]) == (counted("UNSUB"), counted("REPORT"))
    hard = past.sandbox.get("/web/api/reports/hardbounce/all/count").json()["count"]
    assert total["hardBounced"] == hard


def test_words_of_remote_servers_are_hard_or_soft() -> None:
    for words, hard in [*((it, True) for it in HARD_WORDS), *((it, False) for it in SOFT_WORDS)]:
        for email in ("ann@example.com", "john.450@mail.example.org", "a550b@4.5.1.example.net"):
            said = words.format(email=email, domain=email.partition("@")[2], ip="192.0.2.45")
            assert is_hard(said) is hard, said
    assert is_hard("no code at all") is is_hard(None) is True


def test_days_are_of_utc(opened: Opener, clock: Clock) -> None:
    with opened(clock=clock) as caller:  # at 17:46:40 UTC
        v1 = SendPostCaller(caller)
        v1.sent("ok@example.com")
        clock.now += 6.3 * 3600  # past midnight
        v1.sent("ok@example.com", "hardbounce@example.com")
        rows = v1.get("/account/stat", **{"from": "2030-03-10", "to": "2030-03-20"})
        assert [(row["date"], row["stat"]["processed"]) for row in rows] == [
            ("2030-03-17", 1),
            ("2030-03-18", 2),
        ]
        (row,) = v1.get("/account/subaccount/stat/117", **{"from": "2030-03-18", "to": "2030-03-18"})
        assert (row["date"], row["stat"]["hardBounced"]) == ("2030-03-18", 1)


def test_groups_of_messages(v1: SendPostCaller) -> None:
    v1.sent("a@example.com", "hardbounce@example.com", groups=["spring", "g1 x", "spring"])
    v1.sent("b@example.com", groups=["g1 x"])
    v1.sent("c@example.com")
    v1.sent({"email": "d@example.com", "cc": [{"email": "e@example.com"}]}, groups=["Ü & 100%"])

    def processed(group: str) -> set[int]:
        found = {
            v1.get(path, group=group, **{"from": TODAY, "to": TODAY + timedelta(1)})["processed"]
            for path in GROUPED_AGGREGATE
        }
        days = v1.get("/account/stat/group", group=group, **{"from": TODAY, "to": TODAY + timedelta(1)})
        return found | {sum(row["stat"]["processed"] for row in days)}

    assert processed("spring") == {2}
    assert processed("g1 x") == {3}
    assert processed("Ü & 100%") == {2}
    assert processed("SPRING") == processed("g1") == {0}
    spring = v1.today("/account/subaccount/stat/117/group", group="spring")
    assert spring == {"processed": 2, "sent": 2, "delivered": 1, "hardBounced": 1}


def test_a_campaign_is_a_group(v1: SendPostCaller) -> None:
    v1.sandbox.send("a@example.com,b@example.com", **{"X-campaign-ID": "autumn"})
    assert v1.today("/account/stat/aggregate/group", group="autumn")["processed"] == 2


def test_mail_of_one_interface_counts_in_the_other(v1: SendPostCaller) -> None:
    v1.sandbox.send("ok@example.com,click@example.com,hardbounce@example.com,spam@example.com")
    v1.sent("test@playwithsendpost.io", "unsub@example.com")
    assert v1.today() == {
        "processed": 6,
        "sent": 6,
        "delivered": 5,
        "hardBounced": 1,
        "opened": 2,
        "clicked": 2,
        "unsubscribed": 1,
        "spam": 1,
    }
    rows = v1.sandbox.get("/api/stats/panes/emails").json()
    assert {row["recipient"]: row["status"] for row in rows} == {
        "ok@example.com": "SUCCESS",
        "click@example.com": "CLICK",
        "hardbounce@example.com": "FAIL",
        "spam@example.com": "REPORT",
        "test@playwithsendpost.io": "CLICK",
        "unsub@example.com": "UNSUB",
    }


def test_nothing_to_show(v1: SendPostCaller) -> None:
    window = {"from": "2001-01-01", "to": "2001-01-02"}
    assert v1.refusal("GET", "/account/stat", **window) == 404
    assert v1.refusal("GET", "/account/stat/aggregate", **window) == 404
    for path in DAILY[1:]:
        assert v1.get(path, **window) == []
    for path in AGGREGATE[1:]:
        assert v1.get(path, **window) == dict.fromkeys(COUNTERS, 0)
    for path in GROUPED_AGGREGATE:
        assert v1.get(path, group="g", **window) == dict.fromkeys(COUNTERS, 0)


def test_windows_of_before_there_was_mail_and_of_long_after(past: SendPostCaller) -> None:
    for since, until in (
        ("1900-01-01", "1900-01-31"),
        ("2009-12-20", "2010-01-10"),
        ("9999-12-01", "9999-12-31"),
    ):
        assert past.get("/account/subaccount/stat/117", **{"from": since, "to": until}) == []


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"from": "2030-03-17"},
        {"to": "2030-03-17"},
        {"from": "2030-03-18", "to": "2030-03-17"},
        {"from": "2030-02-30", "to": "2030-03-17"},
        {"from": "17.03.2030", "to": "2030-03-17"},
        {"from": "2030-03-17T00:00:00Z", "to": "2030-03-17"},
    ],
)
def test_days_that_cannot_be_asked_for(past: SendPostCaller, query: dict[str, Any]) -> None:
    for path in [*DAILY, *AGGREGATE]:
        assert past.refusal("GET", path, **query) == 400
    for path in [*GROUPED, *GROUPED_AGGREGATE]:
        assert past.refusal("GET", path, group="g", **query) == 400


def test_windows_have_their_widths(past: SendPostCaller) -> None:
    for path in [*DAILY, *GROUPED]:
        assert past.ask("GET", path, group="g", **MONTH).status_code == 200
        assert past.refusal("GET", path, group="g", **{**MONTH, "from": NOON_DAY - timedelta(31)}) == 400
    for path in [*AGGREGATE, *GROUPED_AGGREGATE]:
        assert past.ask("GET", path, group="g", **YEAR).status_code == 200
        assert past.refusal("GET", path, group="g", **{**YEAR, "from": NOON_DAY - timedelta(366)}) == 400


def test_a_group_must_be_named(past: SendPostCaller) -> None:
    for path in [*GROUPED, *GROUPED_AGGREGATE]:
        assert past.refusal("GET", path, **MONTH) == 400
        assert past.refusal("GET", path, group="", **MONTH) == 400


def test_days_in_other_shapes(v1: SendPostCaller) -> None:
    v1.sent("ok@example.com")
    window = {"from": TODAY, "to": TODAY + timedelta(1)}
    (row,) = v1.get("/account/stat", **window)
    v1.sandbox.fault("old_stats", match="/api/v1/")
    assert v1.get("/account/stat", **window) == [{"date": row["date"], "stats": row["stat"]}]
    v1.sandbox.fault("plain_stats", match="/api/v1/")
    assert v1.get("/account/stat", **window) == [{"date": row["date"], **row["stat"]}]


def test_a_long_past_is_counted_whole(opened: Opener) -> None:
    with opened(history_rows=100_000) as caller:
        v1 = SendPostCaller(caller)
        window = {"from": TODAY - timedelta(30), "to": TODAY}
        asked = [("/account/stat", {}), ("/account/stat/group", {"group": "newsletter"})]
        for path, query in asked:
            assert v1.get(path, **window, **query)
