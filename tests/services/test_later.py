"""The hours a letter may wait for, by the clocks of a place that puts them forward and back."""

from __future__ import annotations

import sys
import time as clock
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest

from turbodesk.errors import InvalidDraft
from turbodesk.services.later import future, local, presets, zone

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows takes no time zone from outside")


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    clock.tzset()
    yield
    monkeypatch.undo()
    clock.tzset()


def told(now: datetime) -> list[tuple[str, str]]:
    return [(it.words, f"{it.at:%a %d %b %H:%M %z}") for it in presets(now)]


def test_the_usual_hours() -> None:
    assert told(datetime(2026, 11, 18, 13, 5, 33, tzinfo=UTC)) == [
        ("In 1 hour", "Wed 18 Nov 15:05 +0100"),
        ("This evening", "Wed 18 Nov 18:00 +0100"),
        ("Tomorrow morning", "Thu 19 Nov 09:00 +0100"),
        ("Monday morning", "Mon 23 Nov 09:00 +0100"),
    ]


def test_what_has_passed_or_is_near_is_not_offered() -> None:
    late = told(datetime(2026, 11, 22, 16, 50, tzinfo=UTC))  # a Sunday, 17:50 here
    assert [words for words, _ in late] == ["In 1 hour", "Tomorrow morning"]
    assert told(datetime(2026, 11, 18, 23, 30, tzinfo=UTC))[0] == ("In 1 hour", "Thu 19 Nov 01:30 +0100")


def test_tomorrow_is_by_the_clock_when_it_changes() -> None:
    night = told(datetime(2026, 3, 28, 20, 0, tzinfo=UTC))  # the clocks go forward in that night
    assert ("Tomorrow morning", "Sun 29 Mar 09:00 +0200") in night
    autumn = told(datetime(2026, 10, 24, 20, 0, tzinfo=UTC))
    assert ("Tomorrow morning", "Sun 25 Oct 09:00 +0100") in autumn
    before = told(datetime(2026, 3, 29, 0, 30, tzinfo=UTC))  # 01:30, half an hour before
    assert before[0] == ("In 1 hour", "Sun 29 Mar 03:30 +0200")


def test_an_hour_that_is_left_out_is_said() -> None:
    with pytest.raises(InvalidDraft, match="clocks are put forward"):
        local(date(2026, 3, 29), time(2, 30))
    twice = local(date(2026, 10, 25), time(2, 30))
    assert twice.utcoffset() == timedelta(hours=2)
    assert zone(twice) == "CEST, UTC+02:00" and zone(local(date(2026, 11, 1), time(9))) == "CET, UTC+01:00"


def test_only_what_is_to_come_is_taken() -> None:
    now = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
    at = local(date(2026, 11, 18), time(14, 0, 1))
    assert future(at, now) == datetime(2026, 11, 18, 13, 0, 1, tzinfo=UTC)
    with pytest.raises(InvalidDraft) as caught:
        future(now, now)
    assert list(caught.value.problems) == ["when"]
