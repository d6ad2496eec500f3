"""Single values of an answer, whatever type they came as: text, identifiers, numbers, times, limits."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

Scalar = str | int | float | bool | None

_LONGEST_ID = 100
_HIGHEST_NUMBER = 10**15  # nobody sends more, and beyond it a number is not exact everywhere


def text_of(found: Any) -> str:
    """A scalar as text; nothing for nothing, and for what is no scalar."""
    if isinstance(found, bool):
        return str(found).lower()
    return str(found) if isinstance(found, str | int | float) else ""


def id_of(found: Any) -> str:
    """An identifier as text, all digits kept; nothing for what can't be one (a rounded number is none)."""
    if isinstance(found, bool) or not isinstance(found, str | int) or (isinstance(found, int) and found < 0):
        return ""
    id = str(found).strip()
    return id if len(id) <= _LONGEST_ID and id.isprintable() else ""


def is_digits(text: str) -> bool:
    """Whether it is a whole number that int() reads: isdigit alone knows signs like ² that it does not."""
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID


def number_of(found: Any) -> int | None:
    """A whole number, written as a number or as text; None for what is none, and for one beyond all sense."""
    if isinstance(found, str):
        sign, digits = (-1, found[1:]) if found.startswith("-") else (1, found)
        found = sign * int(digits) if is_digits(digits) else None
    elif isinstance(found, float):
        found = int(found) if found.is_integer() else None
    if not isinstance(found, int) or isinstance(found, bool) or abs(found) > _HIGHEST_NUMBER:
        return None
    return found


def is_yes(found: Any) -> bool:
    """Whether it says yes: true, 1, or either as text."""
    return text_of(found).lower() in ("true", "1")


def time_of(found: Scalar, zone: tzinfo = UTC) -> datetime | None:
    """Aware UTC; a time that names no zone is in `zone`. None where it is no time."""
    if not isinstance(found, str):
        return None
    try:
        time = datetime.fromisoformat(found.strip())
        return (time.replace(tzinfo=zone) if time.tzinfo is None else time).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def limit_of(found: int | None) -> int | None:
    """A limit, None where there is none: a number below 0 stands for no limit."""
    return None if found is None or found < 0 else found
