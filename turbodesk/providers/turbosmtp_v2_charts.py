"""Counts by day at turboSMTP v2 in one request: an array for its charts, which clients ask for.

Nobody has written down what stands in that array but the names of its series. It is believed only where it
adds up, in itself and to what is documented.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

import msgspec

from turbodesk.errors import ProviderBroken, Refused
from turbodesk.model.counts import Counts, DayCounts
from turbodesk.model.reports import OPENED, MailStatus, Period
from turbodesk.providers import turbosmtp_v2_calls as said
from turbodesk.providers.exchange import Answer, Call, JsonReader
from turbodesk.providers.port import Capability
from turbodesk.providers.scalars import Scalar
from turbodesk.providers.turbosmtp_v2_asking import Asking
from turbodesk.providers.turbosmtp_words import count_of, read_count

_SERIES = {
    "all": "sent",
    "delivered": "delivered",
    "opens": "opened",
    "clicks": "clicked",
    "bounce": "bounced",
    "spam": "complained",
    "unsubscribes": "unsubscribed",
    "drop": "dropped",
}
_QUEUED = "queued"


class _Charted(msgspec.Struct):
    count: Scalar = None
    aggs: Any = None


_charted = JsonReader(_Charted)


class Charts(Asking):
    """What turboSMTP tells its own charts of one account."""

    _tells_days = True
    _opens_proved = False

    async def days_at_once(self, period: Period) -> tuple[DayCounts, ...] | None:
        """Not asked again once it was not told, or did not add up. `GET /analytics` with `int=1&grp=day`,
        turboSMTP v2, not documented, seen in clients."""
        if period.all_time or Capability.STATS not in self.offers or not self._tells_days:
            return None
        begins, ends = (moment.astimezone().utcoffset() for moment in period.moments())
        if begins != ends:  # clocks were changed: its days are not those of the calendar here
            return None
        days = said.days_of(period)
        try:
            call = _analytics(days, charts=True)
            found = await self._ask(call, partial(read_days, first=days.first, last=days.last))
            if found and not await self._counts_opens_as_we_do(days, found):
                found = None
        except (Refused, ProviderBroken):
            found = None
        self._tells_days = found is not None
        return found

    async def _counts_opens_as_we_do(self, days: said.Days, found: Sequence[DayCounts]) -> bool:
        """Whether a mail that was clicked counts as opened there too, asked once where it would show."""
        opened = sum(day.counts.opened for day in found)
        if opened and not self._opens_proved:
            self._opens_proved = await self._ask(_analytics(days, OPENED), read_count) == opened
        return self._opens_proved or not opened


def _analytics(
    days: said.Days, statuses: frozenset[MailStatus] = frozenset(), *, charts: bool = False
) -> Call:
    fields = {**said.analytics_fields(days, statuses), **said.on_page(1, 1)}
    if charts:
        fields |= {"int": 1, "grp": "day"}
    return Call("GET", f"{said.ROOT}/analytics", said.query_of(fields))


def read_days(answer: Answer, first: date, last: date) -> tuple[DayCounts, ...] | None:
    """The days of a chart, oldest first; None where there is none, or one in no shape that adds up.
    `GET /analytics`, turboSMTP v2, not documented."""
    found = _charted(answer.body)
    total = count_of(found.count)
    rows = [_day(row) for row in found.aggs] if isinstance(found.aggs, list) else [None]
    days = {row.day: row for row in rows if row and first <= row.day <= last}
    if len(days) < len(rows) or sum(row.counts.sent for row in days.values()) != total:
        return None
    return tuple(days[day] for day in sorted(days))


def _day(row: object) -> DayCounts | None:
    """One day, None where a series is missing or they do not add up."""
    if not isinstance(row, dict):
        return None
    numbers = [row.get(name) for name in (_QUEUED, *_SERIES)]
    if not all(type(number) is int and number >= 0 for number in numbers):
        return None
    counts = Counts(**{ours: row[theirs] for theirs, ours in _SERIES.items()})
    whole = row[_QUEUED] + counts.delivered + counts.bounced + counts.dropped
    read = counts.clicked + counts.unsubscribed + counts.complained
    try:
        day = date.fromisoformat(str(row.get("date") or row.get("day"))[:10])
    except ValueError:
        return None
    adds_up = counts.sent == whole and counts.delivered >= counts.opened >= read
    return DayCounts(day, counts) if adds_up else None
