"""Times as questions name them, and as turboSMTP's answers write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY_MS = 86_400_000

_OFFSET = re.compile(r"([+\- ]?)(\d{2}):?(\d{2})")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def zone_of(text: str) -> tzinfo | None:
    """An offset or the name of a zone; None where it is neither.

    The plus of an offset may have become a space on its way, or have been left out.
    """
    offset = _OFFSET.fullmatch(text)
    try:
        if offset:
            minutes = int(offset[2]) * 60 + int(offset[3])
            return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
        return ZoneInfo(text)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def day_of(text: str) -> date | None:
    """A date written YYYY-MM-DD; None where it is none."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def midnight_ms(day: date, zone: tzinfo = UTC) -> int:
    """Where a day begins, in epoch milliseconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)


def timestamp(at_ms: int, zone: tzinfo = UTC) -> str:
    """ISO 8601 with milliseconds and Z, whatever the zone: a wall clock that says it is UTC."""
    return datetime.fromtimestamp(at_ms / 1000, zone).isoformat(timespec="milliseconds")[:23] + "Z"


def wall_clock(at_ms: int, zone: tzinfo) -> str:
    """`YYYY-MM-DD HH:MM:SS`, with nothing that says of which zone."""
    return datetime.fromtimestamp(at_ms // 1000, zone).isoformat(" ")[:19]
