"""A period is of this computer's own days; what is asked for is UTC, and nothing of the period is missing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from turbodesk.model.reports import ALL_TIME, Period
from turbodesk.providers.turbosmtp_calls import reports_query, stats_query
from turbodesk.providers.turbosmtp_v2_calls import days_of

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
