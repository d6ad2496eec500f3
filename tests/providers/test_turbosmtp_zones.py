"""A period is of this computer's own days; what is asked for is UTC, and nothing of the period is missing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import date

import pytest

from turbodesk.model.reports import Period
from turbodesk.providers.turbosmtp_calls import reports_query, stats_query

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
