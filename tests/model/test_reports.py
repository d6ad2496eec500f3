"""Period and the statuses: what became of it."""

from __future__ import annotations

from datetime import date

import pytest

from turbodesk.model.reports import (
    ALL_TIME,
    BOUNCED,
    CLICKED,
    DELIVERED,
    DROPPED,
    OPENED,
    QUEUED,
    MailStatus,
    Period,
)

TODAY = date(2026, 3, 1)


def test_the_last_days_end_today() -> None:
    week = Period.last_days(7, TODAY)
    assert (week.start, week.end) == (date(2026, 2, 23), TODAY)
    assert len(week.days) == 7
    assert Period.last_days(1, TODAY).days == (TODAY,)


@pytest.mark.parametrize(
    ("text", "start"), [("7d", "2026-02-23"), (" 2W ", "2026-02-16"), ("1y", "2025-03-02")]
)
def test_lengths_of_time_are_read(text: str, start: str) -> None:
    assert Period.since(text, TODAY).start == date.fromisoformat(start)


@pytest.mark.parametrize("text", ["", "d", "0d", "7", "7h", "-1d", "seven days", "99999d"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no length of time"):
        Period.since(text, TODAY)


def test_a_period_has_both_ends_in_order_or_none() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Period(TODAY, date(2026, 2, 1))
    with pytest.raises(ValueError, match="both ends"):
        Period(TODAY, None)
    assert ALL_TIME.all_time
    assert ALL_TIME.days == ()
    assert not Period(TODAY, TODAY).all_time


def test_every_status_is_counted_where_it_belongs() -> None:
    assert CLICKED < OPENED < DELIVERED
    for group in (QUEUED, BOUNCED, DROPPED):
        assert not group & DELIVERED
    assert set(MailStatus) - DELIVERED - QUEUED - BOUNCED - DROPPED == {MailStatus.OTHER}


def test_the_ends_of_the_calendar_are_a_period_too() -> None:
    first, last = Period(date.min, date.max).moments()
    assert (first.date(), last.date()) == (date.min, date.max)
    with pytest.raises(ValueError, match="further than the calendar"):
        Period.since("9999y", date(2026, 1, 1))
