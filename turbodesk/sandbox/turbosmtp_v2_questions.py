"""What turboSMTP's API v2 is asked with, in a query, a form or a JSON body; and the codes it answers with."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, timedelta, tzinfo
from ipaddress import AddressValueError, IPv4Address

from starlette.requests import Request

from turbodesk.sandbox.listing import containing, newest
from turbodesk.sandbox.tables import ID_MAX
from turbodesk.sandbox.times import DAY_MS, day_of, midnight_ms, zone_of
from turbodesk.sandbox.wire import Unreadable, fields_of, text_of

_LONGEST_SEARCH = 1_000
_ID_DIGITS = 20
_MOST_ROWS = 1_000_000_000  # more than there can be, and no more than SQLite can count, page by page
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_INDEXED = re.compile(r"(.+)\[\d*\]")


# Of one request: more of them would keep everybody else waiting.
MOST_ADDRESSES = 200_000
MOST_RESTRICTIONS = 8
MOST_WORDS = 20


class Coded(Exception):
    """An answer that is nothing but a snake_case code and a status."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


class Asked:
    """The parameters of one question; in a query `status[]`, `status[0]` and `status` are one name.

    What cannot be read raises Coded. A parameter that is there and empty is not given, but for numbers.
    """

    def __init__(self, given: Iterable[tuple[str, object]]) -> None:
        self._given: dict[str, list[object]] = {}
        for name, value in given:
            values = value if isinstance(value, list) else [] if value is None else [value]
            self._given.setdefault(name, []).extend(values)

    @classmethod
    def in_query(cls, request: Request) -> Asked:
        pairs = request.query_params.multi_items()
        return cls((_plain(name), value) for name, value in pairs)

    @classmethod
    async def in_body(cls, request: Request) -> Asked:
        return cls((await body_fields(request)).items())

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def renamed(self, names: Mapping[str, str]) -> Asked:
        """The same with other names for some."""
        return Asked((names.get(name, name), values) for name, values in self._given.items())

    def values(self, name: str) -> list[object]:
        """Everything given under that name, in order."""
        return self._given.get(name, [])

    def text(self, name: str) -> str:
        """The last text given under that name, or nothing."""
        values = self.values(name)
        return text_of(values[-1]).strip() if values else ""

    def several(self, name: str, allowed: Collection[str], code: str) -> list[str] | None:
        """The words given under that name, each of them allowed; None where there are none."""
        words = [word for value in self.values(name) if (word := _word(value))]
        if not set(words) <= set(allowed):
            raise Coded(code)
        return sorted(set(words)) or None

    def one_of(self, name: str, allowed: Collection[str], code: str) -> str:
        """The word given under that name; the first of those allowed where there is none."""
        words = self.several(name, allowed, code)
        return words[-1] if words else next(iter(allowed))

    def whole(self, name: str, default: int) -> int:
        """A number from 1."""
        values = self.values(name)
        if not values:
            return default
        value = whole_of(values[-1], name)
        if value < 1:
            raise Coded(f"{name}_should_be_greater_than_0")
        return value

    def truth(self, name: str, code: str) -> bool | None:
        """None where it is not given."""
        value = self.values(name)[-1:]
        word = _word(value[0]).lower() if value else ""
        if word not in ("", "true", "false"):
            raise Coded(code)
        return None if not word else word == "true"

    def zone(self) -> tzinfo:
        """What `tz` says; UTC where it says nothing."""
        name = self.text("tz")
        zone = zone_of(name) if name else UTC
        if zone is None:
            raise Coded("invalid_tz")
        return zone

    def page(self) -> tuple[int, int]:
        """Which page is wanted, from 1, and of how many rows."""
        return min(self.whole("page", 1), _MOST_ROWS), min(self.whole("limit", 10), _MOST_ROWS)

    def period(self, zone: tzinfo) -> tuple[int, int]:
        """The days `from` and `to`, both in it, as a half-open range of epoch milliseconds."""
        since, until = (self._day(name) for name in ("from", "to"))
        return midnight_ms(since, zone), midnight_ms(until, zone) + _length_ms(until, zone)

    def _day(self, name: str) -> date:
        text = self.text(name)
        if not text:
            raise Coded(f"missing_required_parameter_{name}")
        day = day_of(text)
        if day is None:
            raise Coded(f"{name}_format_should_be_yyyy-mm-dd")
        return day

    def descending(self) -> bool:
        return self.one_of("ordertype", ("desc", "asc"), "ordertype_should_be_asc_or_desc") == "desc"

    def smart(self) -> bool:
        return bool(self.truth("smart_search", "smart_search_should_be_true_or_false"))

    def search(self, name: str) -> str:
        """A text to look for."""
        text = self.text(name)
        if len(text) > _LONGEST_SEARCH:
            raise Coded(f"{name}_is_too_long")
        return text

    def patterns(self) -> str | None:
        """LIKE patterns that must all be met for `filter`, as a JSON list; None: it asks for nothing.

        A smart search takes the words of the filter one by one, wherever each of them stands.
        """
        text = self.search("filter")
        words = list(dict.fromkeys(text.split())) if self.smart() else [text]
        if len(words) > MOST_WORDS:
            raise Coded("filter_is_too_long")
        return json.dumps([containing(word) for word in words]) if text else None


async def body_fields(request: Request) -> Mapping[str, object]:
    """The members of a JSON or form body; an empty body has none. Raises Coded."""
    try:
        return await fields_of(request)
    except Unreadable:
        if await request.body():
            raise Coded("invalid_request_body") from None
        return {}


def whole_of(value: object, name: str) -> int:
    """A whole number, also one written as text; raises Coded."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Coded(f"{name}_should_be_integer")
    return value


def ipv4_of(text: str) -> str:
    """An IPv4 address; raises Coded."""
    try:
        return str(IPv4Address(text.strip()))
    except AddressValueError:
        raise Coded("ip_should_be_IPV4_format") from None


def id_in_path(request: Request, code: str) -> int:
    """The `id` of the path as a number of 64 bits; raises Coded with `code` where it is none."""
    text = request.path_params["id"]
    if not (text.isascii() and text.isdigit() and len(text) < _ID_DIGITS and int(text) <= ID_MAX):
        raise Coded(code, 404)
    return int(text)


def page_of(ids: array[int], page: int, limit: int, *, descending: bool) -> list[int]:
    """Page `page` (from 1) of `ids`, which ascend; empty past the end."""
    offset = (page - 1) * limit
    return newest(ids, offset=offset, limit=limit) if descending else list(ids[offset : offset + limit])


def _plain(name: str) -> str:
    indexed = _INDEXED.fullmatch(name)
    return indexed[1] if indexed else name


def _word(value: object) -> str:
    """A word as it is compared: a JSON true is `true`, and what is no text matches nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.strip() if isinstance(value, str) else repr(value)


def _length_ms(day: date, zone: tzinfo) -> int:
    """How long that day is: an hour more or less where the clocks change."""
    if day == date.max:
        return DAY_MS
    return midnight_ms(day + timedelta(days=1), zone) - midnight_ms(day, zone)
