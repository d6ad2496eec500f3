"""Times, sizes and counts as people read them."""

from __future__ import annotations

import math
from datetime import datetime

from PySide6.QtCore import QDate, QLocale, QTime

NARROW = "\u202f"  # the space between a number and its unit


def number(count: int) -> str:
    """A count with the thousands as the desktop writes them; the minus is U+2212."""
    return QLocale().toString(count).replace("-", "−")


def counted(count: int, one: str, many: str = "") -> str:
    """`1 mail`, `3 mails`; `many` where an s at the end does not make it."""
    return f"{number(count)} {one if count == 1 else many or f'{one}s'}"


def percent(share: float) -> str:
    """A share of 1 as whole per cents, never rounded up to 100 before it is full."""
    whole = int(share * 100) if share < 1 else round(share * 100)
    return f"{number(whole)}{NARROW}%"


def size(size_bytes: int) -> str:
    """Bytes in the largest unit that leaves a number of at most three digits before the point."""
    value, unit = float(size_bytes), "B"
    for larger in ("KB", "MB", "GB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    digits = 1 if unit in ("MB", "GB") and value < 100 else 0
    return f"{QLocale().toString(value, 'f', digits)}{NARROW}{unit}"


def clock(at: datetime, *, seconds: bool = False) -> str:
    """The time of day here, `14:29` or `14:29:03`."""
    here = at.astimezone()
    return QLocale().toString(QTime(here.hour, here.minute, here.second), "HH:mm:ss" if seconds else "HH:mm")


def day(at: datetime, today: datetime | None = None) -> str:
    """The day here, `20 Nov`, with its year where that is another one."""
    here, now = at.astimezone(), (today or datetime.now().astimezone())
    form = "d MMM" if here.year == now.year else "d MMM yyyy"
    return QLocale().toString(QDate(here.year, here.month, here.day), form)


def when(at: datetime, today: datetime | None = None) -> str:
    """The time of day for today, the day for any other."""
    now = today or datetime.now().astimezone()
    return clock(at) if at.astimezone().date() == now.date() else day(at, now)


def moment(at: datetime) -> str:
    """Day and time of day here."""
    return f"{day(at)}, {clock(at, seconds=True)}"


def day_and_hour(at: datetime) -> str:
    """`today, 18:00`, `tomorrow, 09:00` or `Mon 23 Nov, 09:00`, as the clocks here show it."""
    here, today = at.astimezone(), datetime.now().astimezone().date()
    named = {0: "today", 1: "tomorrow"}.get((here.date() - today).days)
    return f"{named or QLocale().toString(QDate(here.year, here.month, here.day), 'ddd d MMM')}, {clock(at)}"


def time_left(seconds: float) -> str:
    """`in 7 s`, `in 4 min`, `in 3 h`; `now` where the time has come."""
    if seconds <= 0:
        return "now"
    if seconds <= 90:
        return f"in {number(math.ceil(seconds))}{NARROW}s"
    if seconds < 90 * 60:
        return f"in {number(round(seconds / 60))}{NARROW}min"
    return f"in {number(round(seconds / 3600))}{NARROW}h"


def one_line(text: str) -> str:
    """`text` on one line, for table cells and titles."""
    return " ".join(text.split())
