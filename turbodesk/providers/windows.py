"""Long periods asked window by window: how they are split, and how the windows are read."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar

from turbodesk.model.reports import Page, Period
from turbodesk.providers.paging import AT_ONCE, unseen

FIRST_DAY = date(2010, 1, 1)  # no provider that is asked in windows has anything that is older

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Walk:
    """The windows to ask, newest first. Once `least` of them are asked, it ends after `quiet` in a row that
    brought nothing; `quiet` 0: all are asked."""

    windows: tuple[Period, ...]
    quiet: int = 0
    least: int = 0

    @classmethod
    def over(cls, period: Period, difference: int, today: date, *, quiet: int, least: int = 0) -> Walk:
        """The walk over a period in windows whose last day is at most `difference` days after the first.

        Days that are named are all asked, as far as anything can be there: not before FIRST_DAY, nor after
        tomorrow, which has begun where clocks are ahead. All time ends as `quiet` and `least` say.
        """
        if period.start is None or period.end is None:
            return cls(tuple(split(FIRST_DAY, max(FIRST_DAY, today), difference)), quiet, least)
        start, end = max(period.start, FIRST_DAY), min(period.end, today + timedelta(days=1))
        return cls(tuple(split(start, end, difference)))


def split(start: date, end: date, difference: int) -> list[Period]:
    """The days from `start` to `end`, each in exactly one window, newest first; the oldest may be shorter.
    None where it ends before it starts."""
    found: list[Period] = []
    while start <= end:
        first = max(start, end - timedelta(days=difference))
        found.append(Period(first, end))
        end = first - timedelta(days=1)
    return found


@dataclass(frozen=True, slots=True)
class Batch(Generic[Row]):
    """One answer about a window. `last`: no more of this window follows; `whole` False: some of what the
    answer said could not be made use of."""

    rows: Sequence[Row]
    last: bool = True
    whole: bool = True


Fetch = Callable[[Period, int], Awaitable[Batch[Row]]]
"""The batch of a window by its number, from 0 on."""

When = Callable[[Row], float | None]
"""What a row is sorted by, None where its time is not known."""


async def read_windows(
    walk: Walk,
    fetch: Fetch[Row],
    *,
    identity: Callable[[Row], object],
    when: When[Row],
) -> AsyncGenerator[Page[Row], None]:
    """The rows of every window, newest first, each once, page by page as they come; at least one page.

    Nobody promises in which order rows come within a window. Where the first batch clearly is newest first
    the rest is believed to follow; else the window is read whole and sorted here. The last page is not
    `complete` where a row came twice within a window, which is then moving under our hands, or a batch was
    not whole. What `fetch` raises comes through; questions still under way are then dropped.
    """
    reading = _Reading(_Ahead(fetch), identity, when)
    told, silent = False, 0
    try:
        for number, window in enumerate(walk.windows, 1):
            for later in walk.windows[number - 1 : number - 1 + AT_ONCE]:
                reading.ahead.start(later, 0)
            before = len(reading.seen)
            async with contextlib.aclosing(reading.pages(window)) as pages:
                async for page in pages:
                    told = True
                    yield page
            silent = silent + 1 if len(reading.seen) == before else 0
            if walk.quiet and silent >= walk.quiet and number >= walk.least:
                break
        if not told or not reading.whole:
            yield Page((), complete=reading.whole)
    finally:
        await reading.ahead.drop()


class _Reading(Generic[Row]):
    """A walk on its way: the rows seen, and whether everything was whole so far."""

    def __init__(self, ahead: _Ahead[Row], identity: Callable[[Row], object], when: When[Row]) -> None:
        self.ahead, self._identity, self._when = ahead, identity, when
        self.whole = True
        self.seen: set[object] = set()

    async def pages(self, window: Period) -> AsyncGenerator[Page[Row], None]:
        """The rows of one window that are new; no page where there are none."""
        held: list[Row] = []
        here: set[object] = set()
        in_order, number, last = True, 0, False
        while not last:
            batch = await self.ahead.batch(window, number)
            once = unseen(batch.rows, here, self._identity)
            new = unseen(once, self.seen, self._identity)  # two windows may share a moment
            self.whole = self.whole and batch.whole and len(once) == len(batch.rows)
            last = batch.last or not new
            if not number:
                in_order = last or _newest_first(new, self._when)
            held += new
            if held and in_order:
                yield Page(_sorted(held, self._when))
                held = []
            number += 1
        await self.ahead.drop(window)
        if held:
            yield Page(_sorted(held, self._when))


class _Ahead(Generic[Row]):
    """Questions under way, asked before their answers are wanted."""

    def __init__(self, fetch: Fetch[Row]) -> None:
        self._fetch = fetch
        self._under_way: dict[tuple[Period, int], asyncio.Future[Batch[Row]]] = {}

    def start(self, window: Period, number: int) -> None:
        if (window, number) not in self._under_way:
            self._under_way[window, number] = asyncio.ensure_future(self._fetch(window, number))

    async def batch(self, window: Period, number: int) -> Batch[Row]:
        """One batch; the longer a window turns out to be, the more of it is asked for ahead."""
        for following in range(number, number + max(1, min(number, AT_ONCE))):
            self.start(window, following)
        return await self._under_way.pop((window, number))

    async def drop(self, window: Period | None = None) -> None:
        """Takes back what is under way for a window, or all of it."""
        keys = [key for key in self._under_way if window in (None, key[0])]
        tasks = [self._under_way.pop(key) for key in keys]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _newest_first(rows: Sequence[Row], when: When[Row]) -> bool:
    known = [moment for row in rows if (moment := when(row)) is not None]
    return bool(known) and known[0] > known[-1] and known == sorted(known, reverse=True)


def _sorted(rows: Sequence[Row], when: When[Row]) -> list[Row]:
    """Newest first, those without a time at the end, in the provider's order where times are alike."""
    return sorted(rows, key=lambda row: -math.inf if (moment := when(row)) is None else moment, reverse=True)
