"""Time zones as questions name them."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_OFFSET = re.compile(r"([+\- ]?)(\d{2}):?(\d{2})")


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
