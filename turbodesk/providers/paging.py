"""Reads a paged list to its end: several pages under way, handed over in order, each row once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from itertools import islice
from typing import TypeVar

from turbodesk.model.reports import Page

AT_ONCE = 4  # pages under way; more brings nothing over one line and troubles the provider
ROWS_AT_ONCE = 100  # made in half a millisecond, so that even four pages at a time leave the window its turn

Row = TypeVar("Row")


async def read_pages(
    count: Callable[[], Awaitable[int | None]],
    fetch: Callable[[int], Awaitable[Sequence[Row]]],
    *,
    page_size: int,
    identity: Callable[[Row], object],
) -> AsyncGenerator[Page[Row], None]:
    """The pages of a list from page 1 in order, at least one, rows that came before left out.

    It ends with a page that is empty, brings nothing new, or is short once everything counted was seen.
    The last page is not `complete` where the rows are not those that were counted, or the list moved
    under our hands; `count` may answer None where the provider's number makes no sense. What `count`
    and `fetch` raise comes through; pages still under way are then dropped.
    """
    total = await count()
    expected = 1 if total is None else max(1, -(-total // page_size))
    under_way: dict[int, asyncio.Future[Sequence[Row]]] = {}
    seen: set[object] = set()
    moved, number = False, 0
    try:
        while True:
            number += 1
            for ahead in range(number, max(number, min(number + AT_ONCE - 1, expected)) + 1):
                if ahead not in under_way:
                    under_way[ahead] = asyncio.ensure_future(fetch(ahead))
            rows = await under_way.pop(number)
            new = unseen(rows, seen, identity)
            moved |= len(new) < len(rows)
            if not new or (len(rows) < page_size and (total is None or len(seen) >= total)):
                yield Page(new, total, complete=not moved and len(seen) == total)
                return
            yield Page(new, total)
    finally:
        for task in under_way.values():
            task.cancel()
        await asyncio.gather(*under_way.values(), return_exceptions=True)


async def read_counted_pages(
    fetch: Callable[[int], Awaitable[tuple[Sequence[Row], int | None]]],
    *,
    page_size: int,
    identity: Callable[[Row], object],
) -> AsyncGenerator[Page[Row], None]:
    """The same of a list whose every page brings the count of the whole: page 1 first, once, and the others
    after it.

    `fetch` answers rows and count. `page_size` is what was asked for; where page 1 brings another number
    and says that there are more, that is how long the pages are.
    """
    first, total = await fetch(1)
    if first and total is not None and len(first) < total:
        page_size = len(first)

    async def count() -> int | None:
        return total

    async def rows(number: int) -> Sequence[Row]:
        return first if number == 1 else (await fetch(number))[0]

    pages = read_pages(count, rows, page_size=page_size, identity=identity)
    async with contextlib.aclosing(pages):
        async for page in pages:
            yield page


def unseen(rows: Sequence[Row], seen: set[object], identity: Callable[[Row], object]) -> list[Row]:
    """The rows not met before, in their order; they are in `seen` afterwards."""
    new = []
    for row in rows:
        key = identity(row)
        if key not in seen:
            seen.add(key)
            new.append(row)
    return new


async def in_slices(rows: Iterable[Row]) -> list[Row]:
    """The rows, some of them made at a time; whoever waits for the loop has a turn in between."""
    found, left = [], iter(rows)
    while some := list(islice(left, ROWS_AT_ONCE)):
        found += some
        await asyncio.sleep(0)
    return found
