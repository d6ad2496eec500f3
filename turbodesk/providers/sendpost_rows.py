"""Row: one object of an answer of SendPost, whichever way its members are spelt.

SendPost answers in one of two shapes, an older one and `v1`, which differ in the spelling of members; both
are read alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from turbodesk.providers.exchange import Answer, Garbled, JsonReader

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_EXACT_FLOAT = 2**53  # from here on a float may be another number than was meant
_LONGEST_NUMBER = 19  # digits
_FLAGS = {"true": True, "1": True, "false": False, "0": False}

read_json = JsonReader(Any)
_packed_list = JsonReader(list[dict[str, msgspec.Raw] | None])
_packed_object = JsonReader(dict[str, msgspec.Raw])


class Row:
    """One object of an answer. A member is asked for in lower case and without underscores, which is what
    all its spellings have in common."""

    __slots__ = ("_members",)

    def __init__(self, members: Any) -> None:
        found: Mapping[str, Any] = members if isinstance(members, dict) else {}
        self._members = {folded(name): member for name, member in found.items()}

    def __bool__(self) -> bool:
        return bool(self._members)

    def get(self, *names: str) -> Any:
        """The first of these members that is there and not null; None where none is."""
        for name in names:
            found = self._members.get(name)
            if isinstance(found, msgspec.Raw):
                found = unpacked(bytes(found))
            if found is not None:
                return found
        return None

    def text(self, *names: str) -> str:
        """A scalar as text; nothing for nothing, and for what is no scalar."""
        found = self.get(*names)
        return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else ""

    def number(self, *names: str) -> int | None:
        """A whole number, also one written as text; none that a float may have rounded."""
        found = self.get(*names)
        if isinstance(found, str):
            return int(found) if is_number(found) else None
        if isinstance(found, float) and found.is_integer() and abs(found) < _EXACT_FLOAT:
            return int(found)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def flag(self, *names: str) -> bool | None:
        """Yes or no, None where it is neither."""
        return _FLAGS.get(str(self.get(*names)).lower())

    def row(self, *names: str) -> Row:
        """An object within it, the first of a list; empty where there is none."""
        found = self.get(*names)
        return Row(next(iter(found), None) if isinstance(found, list) else found)

    def rows(self, *names: str) -> list[Row]:
        """The objects of a list within it; none where there is no list."""
        found = self.get(*names)
        return [Row(each) for each in found] if isinstance(found, list) else []

    def moment(self, *names: str) -> datetime | None:
        """A time that is written as a number, aware UTC; None where it is none, and for 0 (never)."""
        found = self.get(*names)
        if isinstance(found, float) and found.is_integer():
            return moment(int(found))  # rounded it is less than a microsecond off
        return moment(self.number(*names))


def is_number(text: str) -> bool:
    """Whether it is a whole number that a member may hold as text."""
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


def moment(number: int | None) -> datetime | None:
    """The time that a number writes, aware UTC. Its size tells the unit: nanoseconds are documented, but
    microseconds, milliseconds and seconds occur."""
    if number is None or number <= 0:
        return None
    units = ((10**17, 1_000), (10**14, 1), (10**11, -1_000))
    divisor = next((divisor for least, divisor in units if number >= least), -1_000_000)
    microseconds = number // divisor if divisor > 0 else number * -divisor
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None


@lru_cache(maxsize=512)
def folded(name: str) -> str:
    """What all spellings of a name have in common."""
    return name.replace("_", "").lower()


def unpacked(found: bytes) -> Any:
    """JSON that stood within JSON; None where it can't be read."""
    try:
        return read_json(found)
    except Garbled:
        return None


def read_rows(answer: Answer) -> list[Row]:
    """A list of objects; `null` is an empty one. What is no object counts as a row without members."""
    found = read_json(answer.body)
    if not isinstance(found, list | None):
        raise Garbled("no list")
    return [Row(each) for each in found or ()]


def read_packed_rows(answer: Answer) -> list[Row]:
    """The same, where only some members are wanted: the others are not even unpacked."""
    return [] if answer.body.strip() == b"null" else [Row(each) for each in _packed_list(answer.body)]


def read_packed_row(answer: Answer) -> Row:
    """One object, where only some members are wanted."""
    return Row(_packed_object(answer.body))
