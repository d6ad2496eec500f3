"""Reads a paged list to its end: several pages under way, handed over in order, each row once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import TypeVar

from turbodesk.model.reports import Page

AT_ONCE = 4  # pages under way; more brings nothing over one line and troubles the provider

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
            new = _unseen(rows, seen, identity)
            moved |= len(new) < len(rows)
            if not new or (len(rows) < page_size and (total is None or len(seen) >= total)):
                yield Page(new, total, complete=not moved and len(seen) == total)
                return
            yield Page(new, total)
    finally:
        for task in under_way.values():
            task.cancel()
        await asyncio.gather(*under_way.values(), return_exceptions=True)


def _unseen(rows: Sequence[Row], seen: set[object], identity: Callable[[Row], object]) -> list[Row]:
    new = []
    for row in rows:
        key = identity(row)
        if key not in seen:
            seen.add(key)
            new.append(row)
    return new
