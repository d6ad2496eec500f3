"""What turboSMTP v2 tells though nobody has described it: used where it is there and adds up, done without
where it is not, and not asked for twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.providers.turbosmtp_v2_script import refusal, run
from turbodesk.model.account import AccountInfo
from turbodesk.model.counts import Counts, DayCounts
from turbodesk.model.reports import ALL_TIME, Period
from turbodesk.providers.turbosmtp_v2 import TurboSmtpV2

FIRST, LAST = date(2026, 1, 5), date(2026, 1, 9)  # no clock is changed in between
PERIOD = Period(FIRST, LAST)
MONDAY = {
    "date": "2026-01-05", "all": 10, "queued": 1, "delivered": 6, "bounce": 2, "opens": 4, "clicks": 2,
    "unsubscribes": 1, "spam": 0, "drop": 1,
}  # fmt: skip
FRIDAY = {**dict.fromkeys(MONDAY, 0), "date": "2026-01-09", "all": 3, "delivered": 3}
OPENED = {"count": 4, "results": []}
COUNTED = (
    DayCounts(FIRST, Counts(10, 6, 4, 2, 2, 0, 1, 1)),
    DayCounts(LAST, Counts(3, 3)),
)


def charts(*days: Any, count: int = 13, **more: Any) -> dict[str, Any]:
    return {"count": count, "results": [], "aggs": list(days), **more}


def asked_for_charts(asked: list[Any]) -> list[str]:
    return [seen.target for seen in asked if "grp=day" in seen.raw_query]


def test_days_come_in_one_question_and_what_an_open_is_is_asked_once(tools: Any) -> None:
    async def work(p: TurboSmtpV2) -> Any:
        return await p.days_at_once(PERIOD), await p.days_at_once(PERIOD)

    replies = [tools.answer(it) for it in (charts(FRIDAY, MONDAY), OPENED, charts(MONDAY, FRIDAY))]
    (first, again), asked = run(tools, work, *replies)
    assert first == again == COUNTED
    assert len(asked) == 3
    days = {"from": "2026-01-05", "to": "2026-01-09", "page": "1", "limit": "1"}
    assert all(seen.query.items() >= days.items() for seen in asked)
    assert asked[0].raw_query.endswith("&int=1&grp=day")
    assert asked[1].raw_query.count("status") == 4 and "grp" not in asked[1].query


def test_a_period_without_mail_has_no_days_and_proves_nothing(tools: Any) -> None:
    found, asked = run(tools, lambda p: p.days_at_once(PERIOD), tools.answer(charts(count=0)))
    assert (found, len(asked)) == ((), 1)


ODD: dict[str, Any] = {
    "no such thing": {"count": 13, "results": []},
    "nothing": charts(),
    "null": {"count": 13, "results": [], "aggs": None},
    "no list": {"count": 13, "results": [], "aggs": {"2026-01-05": 13}},
    "lists": charts([5, 6, 7]),
    "series by series": charts({"name": "all", "data": [10, 3]}),
    "buckets": charts({"key_as_string": "2026-01-05", "doc_count": 13}),
    "a day twice": charts(MONDAY, {**FRIDAY, "date": "2026-01-05"}),
    "a day outside": charts(MONDAY, {**FRIDAY, "date": "2026-01-10"}),
    "no day": charts(MONDAY, {**FRIDAY, "date": "Friday"}),
    "a day that is null": charts(MONDAY, {**FRIDAY, "date": None}),
    "another sum": charts(MONDAY, FRIDAY, count=14),
    "no count": charts(MONDAY, FRIDAY, count=None),  # type: ignore[arg-type]
    "parts that are not the whole": charts({**MONDAY, "delivered": 2}, FRIDAY),
    "a series missing": charts(*({k: v for k, v in it.items() if k != "queued"} for it in (MONDAY, FRIDAY))),
    "more clicks than opens": charts({**MONDAY, "opens": 2}, FRIDAY),
    "less than nothing": charts({**MONDAY, "queued": -1, "delivered": 8}, FRIDAY),
    "yes for one": charts({**MONDAY, "queued": True}, FRIDAY),
    "a fraction": charts({**MONDAY, "queued": 1.0}, FRIDAY),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_does_not_add_up_is_not_believed_nor_asked_for_again(tools: Any, odd: str) -> None:
    async def work(p: TurboSmtpV2) -> Any:
        return await p.days_at_once(PERIOD), await p.days_at_once(PERIOD)

    found, asked = run(tools, work, tools.answer(ODD[odd]), tools.answer(charts(MONDAY, FRIDAY)))
    assert (found, len(asked)) == ((None, None), 1)


def test_where_a_click_is_no_open_the_days_are_not_believed(tools: Any) -> None:
    replies = [tools.answer(charts(MONDAY, FRIDAY)), tools.answer({"count": 5, "results": []})]
    found, asked = run(tools, lambda p: p.days_at_once(PERIOD), *replies)
    assert (found, len(asked)) == (None, 2)


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_a_no_is_remembered(tools: Any, status: int) -> None:
    async def work(p: TurboSmtpV2) -> Any:
        return await p.days_at_once(PERIOD), await p.days_at_once(PERIOD)

    found, asked = run(tools, work, refusal(tools, "no_such_parameter", status))
    assert (found, len(asked_for_charts(asked))) == ((None, None), 1)


def test_all_time_and_a_period_in_which_clocks_changed_are_counted_the_usual_way(
    tools: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setenv("TZ", "Europe/Rome")
    time.tzset()
    try:
        march = Period(date(2026, 3, 1), date(2026, 3, 31))

        async def work(p: TurboSmtpV2) -> Any:
            return await p.days_at_once(ALL_TIME), await p.days_at_once(march)

        found, asked = run(tools, work)
        assert (found, asked) == ((None, None), [])
    finally:
        monkeypatch.undo()
        time.tzset()


# ---- who is signed in


def test_an_account_that_is_not_told_is_not_asked_for_again(tools: Any) -> None:
    none = tools.answer({"count": 0, "results": []})

    async def work(p: TurboSmtpV2) -> Any:
        return await p.account(), await p.account()

    found, asked = run(tools, work, refusal(tools, "not_found", 404), none, none)
    assert found == (AccountInfo("", tools.user, True),) * 2
    assert [seen.path.rpartition("/v2/")[2] for seen in asked] == ["user/config", "analytics", "analytics"]


@pytest.mark.parametrize("body", [[], "paid", 7, None])
def test_an_account_in_no_known_shape_is_proved_another_way(tools: Any, body: Any) -> None:
    replies = [tools.answer(body), tools.answer({"count": 0, "results": []})]
    found, asked = run(tools, lambda p: p.account(), *replies)
    assert (found, len(asked)) == (AccountInfo("", tools.user, True), 2)
