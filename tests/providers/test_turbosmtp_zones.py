"""A period is of this computer's own days; what is asked for is UTC, and nothing of the period is missing."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from turbodesk.errors import InvalidDraft
from turbodesk.model.reports import ALL_TIME, Period, ReportType, Suppressing
from turbodesk.providers.turbosmtp_calls import reports_query, stats_query
from turbodesk.providers.turbosmtp_v2_calls import days_of, exact_days

DAY = Period(date(2026, 11, 20), date(2026, 11, 20))


@pytest.fixture
def zone() -> Iterator[Callable[[str], None]]:
    """`zone(name)` puts this process into another time zone."""
    before = os.environ.get("TZ")

    def put(name: str) -> None:
        os.environ["TZ"] = name
        time.tzset()

    yield put
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(
    ("name", "days", "times"),
    [
        ("UTC", ("2026-11-20", "2026-11-20"), ("2026-11-20 00:00:00", "2026-11-20 23:59:59")),
        ("America/New_York", ("2026-11-20", "2026-11-21"), ("2026-11-20 05:00:00", "2026-11-21 04:59:59")),
        ("Europe/Rome", ("2026-11-19", "2026-11-20"), ("2026-11-19 23:00:00", "2026-11-20 22:59:59")),
        ("Asia/Kolkata", ("2026-11-19", "2026-11-20"), ("2026-11-19 18:30:00", "2026-11-20 18:29:59")),
    ],
)
def test_days_of_another_zone(
    zone: Callable[[str], None], name: str, days: tuple[str, str], times: tuple[str, str]
) -> None:
    zone(name)
    reports = dict(reports_query(DAY, ""))
    assert (reports["start"], reports["end"], reports["tz"]) == (*days, "+00:00")
    stats = dict(stats_query(DAY, ()))
    assert (stats["start"], stats["end"], stats["tz"]) == (*times, "+00:00")


@pytest.mark.parametrize(
    ("name", "period", "asked"),
    [
        ("UTC", DAY, ("2026-11-20", "2026-11-20", "+00:00")),
        ("America/New_York", DAY, ("2026-11-20", "2026-11-20", "-05:00")),
        ("Europe/Rome", DAY, ("2026-11-20", "2026-11-20", "+01:00")),
        ("Asia/Kolkata", DAY, ("2026-11-20", "2026-11-20", "+05:30")),
        ("Pacific/Kiritimati", DAY, ("2026-11-20", "2026-11-20", "+14:00")),
        ("Europe/Rome", Period(date(2026, 5, 1), date(2026, 8, 31)), ("2026-05-01", "2026-08-31", "+02:00")),
        # winter at both ends, and a summer in between
        ("Europe/Rome", Period(date(2026, 1, 1), date(2026, 12, 31)), ("2026-01-01", "2026-12-31", "+01:00")),
        # forward in between: 1 March begins an hour later on the clock of the summer
        ("Europe/Rome", Period(date(2026, 3, 1), date(2026, 4, 30)), ("2026-03-01", "2026-04-30", "+02:00")),
        # back in between: 1 October begins an hour earlier on the clock of the winter
        (
            "Europe/Rome",
            Period(date(2026, 10, 1), date(2026, 11, 30)),
            ("2026-09-30", "2026-11-30", "+01:00"),
        ),
        (
            "America/New_York",
            Period(date(2026, 3, 8), date(2026, 3, 8)),
            ("2026-03-08", "2026-03-08", "-04:00"),
        ),
        (
            "America/New_York",
            Period(date(2026, 11, 1), date(2026, 11, 1)),
            ("2026-10-31", "2026-11-01", "-05:00"),
        ),
        # before there were time zones a town's offset had odd seconds
        ("Europe/Rome", Period(date(1850, 1, 1), date(1850, 1, 1)), ("1849-12-31", "1850-01-01", "+00:49")),
    ],
)
def test_days_are_asked_in_this_computers_own_offset(
    zone: Callable[[str], None], name: str, period: Period, asked: tuple[str, str, str]
) -> None:
    zone(name)
    fields = days_of(period).fields
    assert (fields["from"], fields["to"], fields["tz"]) == asked


@pytest.mark.parametrize("name", ["America/New_York", "Europe/Rome", "Australia/Lord_Howe", "Asia/Kolkata"])
def test_no_second_of_a_period_is_outside_the_days_and_they_are_exact_where_clocks_stood(
    zone: Callable[[str], None], name: str
) -> None:
    zone(name)
    for start in range(0, 365, 3):
        for length in (1, 2, 30, 180, 365):
            first = date(2026, 1, 1) + timedelta(days=start)
            period = Period(first, first + timedelta(days=length - 1))
            days, (begins, ends) = days_of(period), period.moments()
            since = datetime.combine(days.first, datetime.min.time(), days.zone)
            until = datetime.combine(days.last, datetime.min.time(), days.zone) + timedelta(days=1)
            assert since <= begins < ends < until
            more = (begins - since, until - timedelta(seconds=1) - ends)
            stood = begins.astimezone().utcoffset() == ends.astimezone().utcoffset()
            assert more == (timedelta(0), timedelta(0)) if stood else max(more) < timedelta(days=1)


def test_all_of_time_is_asked_in_utc(zone: Callable[[str], None]) -> None:
    zone("Pacific/Kiritimati")
    assert days_of(ALL_TIME).zone is UTC


# ---- what is deleted must not reach beyond the period


@pytest.mark.parametrize(
    ("name", "period", "asked"),
    [
        ("Europe/Rome", DAY, [("2026-11-20", "2026-11-20", "+01:00")]),
        (
            "Europe/Rome",
            Period(date(2026, 1, 1), date(2026, 12, 31)),
            [("2026-01-01", "2026-12-31", "+01:00")],
        ),
        # forward on 29 March: the last day of the winter's clock would end in April
        (
            "Europe/Rome",
            Period(date(2026, 3, 1), date(2026, 4, 30)),
            [("2026-03-01", "2026-04-29", "+01:00"), ("2026-03-02", "2026-04-30", "+02:00")],
        ),
        # back on 25 October
        (
            "Europe/Rome",
            Period(date(2026, 10, 1), date(2026, 11, 30)),
            [("2026-10-01", "2026-11-30", "+02:00"), ("2026-10-01", "2026-11-30", "+01:00")],
        ),
        # that day alone has 25 hours, which are two times 24
        (
            "Europe/Rome",
            Period(date(2026, 10, 25), date(2026, 10, 25)),
            [("2026-10-25", "2026-10-25", "+02:00"), ("2026-10-25", "2026-10-25", "+01:00")],
        ),
    ],
)
def test_days_to_delete_end_where_the_period_ends(
    zone: Callable[[str], None], name: str, period: Period, asked: list[tuple[str, str, str]]
) -> None:
    zone(name)
    found = [days.fields for days in exact_days(period)]
    assert [(fields["from"], fields["to"], fields["tz"]) for fields in found] == asked


@pytest.mark.parametrize(
    "name",
    [
        "America/New_York",
        "America/Havana",  # clocks change at midnight
        "Antarctica/Troll",  # by two hours
        "Asia/Kolkata",
        "Australia/Lord_Howe",  # by half an hour
        "Europe/Rome",
    ],
)
def test_days_to_delete_are_the_period_and_nothing_beside_it(zone: Callable[[str], None], name: str) -> None:
    zone(name)
    for start in range(365):
        for length in (1, 2, 3, 30, 180, 365):
            first = date(2026, 1, 1) + timedelta(days=start)
            period = Period(first, first + timedelta(days=length - 1))
            begins, last = period.moments()
            ends = last + timedelta(seconds=1)
            if ends - begins < timedelta(days=1):
                with pytest.raises(InvalidDraft) as refused:
                    exact_days(period)
                assert "period" in refused.value.problems
                continue
            spans = [days.moments for days in exact_days(period)]
            assert min(since for since, _ in spans) == begins
            assert max(until for _, until in spans) == ends
            assert all(since <= before for (since, _), (_, before) in zip(spans[1:], spans, strict=False))


def test_what_is_deleted_stays_in_the_period_on_the_wire(zone: Callable[[str], None], tools: Any) -> None:
    zone("Europe/Rome")
    autumn = Suppressing(Period(date(2026, 10, 1), date(2026, 11, 30)), frozenset({ReportType.SPAM}))
    short = Suppressing(Period(date(2026, 3, 29), date(2026, 3, 29)))

    async def go() -> None:
        script = tools.Script([tools.answer({"success": True})])
        async with script.serve() as server, tools.gateway() as gateway:
            provider = tools.turbosmtp_v2(gateway, server.origin)
            await provider.delete_suppressions_where(autumn)
            with pytest.raises(InvalidDraft):
                await provider.delete_suppressions_where(short)
        assert {seen.target for seen in script.seen} == {"/api/v2/suppressions/delete"}
        days = {"from": "2026-10-01", "to": "2026-11-30", "filter_by": ["spam"]}
        assert [seen.json for seen in script.seen] == [{**days, "tz": "+02:00"}, {**days, "tz": "+01:00"}]

    asyncio.run(go())


def test_what_is_deleted_of_all_time_is_what_is_listed_of_it() -> None:
    assert exact_days(ALL_TIME) == (days_of(ALL_TIME),)
