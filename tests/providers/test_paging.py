"""Lists that move while they are read."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable

import pytest

from turbodesk.model.reports import Page
from turbodesk.providers.paging import AT_ONCE, ROWS_AT_ONCE, in_slices, read_counted_pages, read_pages


class Server:
    """A list, newest first, that changes before the page with a given number is read."""

    def __init__(self, rows: list[int], size: int, count: int | None = -1) -> None:
        self.rows, self.size = rows, size
        self.promised = len(rows) if count == -1 else count
        self.changes: dict[int, Callable[[], None]] = {}
        self.asked: list[int] = []
        self.under_way = self.most_under_way = 0

    async def count(self) -> int | None:
        return self.promised

    async def fetch(self, number: int) -> list[int]:
        self.asked.append(number)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        self.changes.pop(number, lambda: None)()
        return self.rows[(number - 1) * self.size : number * self.size]


def pages(server: Server, page_size: int | None = None) -> list[Page[int]]:
    async def go() -> list[Page[int]]:
        found = read_pages(
            server.count, server.fetch, page_size=page_size or server.size, identity=lambda row: row
        )
        return [page async for page in found]

    return asyncio.run(go())


def rows(found: list[Page[int]]) -> list[int]:
    return [row for page in found for row in page.rows]


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 40, 101])
def test_every_row_comes_once_and_in_order(length: int) -> None:
    server = Server(list(range(length)), 10)
    found = pages(server)
    assert rows(found) == list(range(length))
    assert all(page.complete and page.total == length for page in found)
    assert sorted(server.asked) == list(range(1, length // 10 + 2))


def test_several_pages_are_under_way_and_handed_over_in_order() -> None:
    server = Server(list(range(200)), 10)
    assert rows(pages(server)) == list(range(200))
    assert server.most_under_way == AT_ONCE


def test_a_count_of_anything_allocates_nothing() -> None:
    found = pages(Server(list(range(15)), 10, count=10**12))
    assert rows(found) == list(range(15))
    assert not found[-1].complete


@pytest.mark.parametrize("count", [None, 3, 17])
def test_a_count_that_does_not_fit_is_told(count: int | None) -> None:
    found = pages(Server(list(range(15)), 10, count=count))
    assert rows(found) == list(range(15))
    assert not found[-1].complete
    assert found[-1].total == count


def test_a_page_that_repeats_for_ever_ends_the_list() -> None:
    server = Server([], 10, count=1000)

    async def same(_number: int) -> list[int]:
        return list(range(10))

    server.fetch = same  # type: ignore[method-assign]
    found = pages(server)
    assert rows(found) == list(range(10))
    assert not found[-1].complete


@pytest.mark.parametrize("real", [5, 10_000])
def test_another_page_size_than_the_documented_one_works(real: int) -> None:
    found = pages(Server(list(range(37)), real), page_size=10)
    assert rows(found) == list(range(37))
    assert found[-1].complete


def test_rows_that_come_in_between_are_no_doubles() -> None:
    server = Server(list(range(45)), 10)
    server.changes[3] = lambda: server.rows.insert(0, 999)
    found = pages(server)
    assert sorted(rows(found)) == list(range(45))
    assert not found[-1].complete


def test_rows_that_go_in_between_are_told() -> None:
    server = Server(list(range(45)), 10)
    server.changes[2] = lambda: server.rows.pop(0)  # type: ignore[assignment, return-value]
    found = pages(server)
    assert rows(found) == [row for row in range(45) if row != 10]
    assert not found[-1].complete


def test_a_failure_comes_through_and_drops_what_was_under_way() -> None:
    server = Server(list(range(100)), 10)
    cancelled = []

    async def fetch(number: int) -> list[int]:
        if number == 2:
            raise ConnectionError
        if number > 2:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append(number)
        return list(range(10))

    server.fetch = fetch  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        pages(server)
    assert cancelled == [3, 4]


def test_who_stops_reading_stops_the_asking() -> None:
    server = Server(list(range(1000)), 10)

    async def go() -> None:
        found = read_pages(server.count, server.fetch, page_size=10, identity=lambda row: row)
        await anext(found)
        await found.aclose()

    asyncio.run(go())
    assert max(server.asked) <= 1 + AT_ONCE


@pytest.mark.prove
def test_over_random_histories_it_is_everything_or_it_says_so() -> None:
    chance = random.Random(1)
    for _ in range(3000):
        start = list(range(chance.randrange(0, 95)))
        server = Server(list(start), 10)
        grows = chance.random() < 0.5
        for number in chance.sample(range(1, 12), chance.randrange(0, 4)):
            server.changes[number] = _change(server, grows, chance)
        found = pages(server)
        shown = rows(found)
        assert len(shown) == len(set(shown))
        assert not found[-1].complete or set(shown) >= set(start) & set(server.rows), (start, shown)


def _change(server: Server, grows: bool, chance: random.Random) -> Callable[[], None]:
    def insert() -> None:
        server.rows.insert(0, chance.randrange(10**6, 10**9))

    def delete() -> None:
        if server.rows:
            server.rows.pop(chance.randrange(len(server.rows)))

    return insert if grows else delete


# ---- lists whose pages bring the count with them


def counted(server: Server, page_size: int) -> list[Page[int]]:
    async def fetch(number: int) -> tuple[list[int], int | None]:
        return await server.fetch(number), server.promised

    async def go() -> list[Page[int]]:
        return [
            page async for page in read_counted_pages(fetch, page_size=page_size, identity=lambda row: row)
        ]

    return asyncio.run(go())


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 40, 101])
def test_page_one_is_asked_once_and_brings_the_count(length: int) -> None:
    server = Server(list(range(length)), 10)
    found = counted(server, 10)
    assert rows(found) == list(range(length))
    assert all(page.complete and page.total == length for page in found)
    assert sorted(server.asked) == list(range(1, length // 10 + 2))


def test_several_counted_pages_are_under_way() -> None:
    server = Server(list(range(200)), 10)
    assert rows(counted(server, 10)) == list(range(200))
    assert AT_ONCE - 1 <= server.most_under_way <= AT_ONCE


@pytest.mark.parametrize("given", [10, 3000])
def test_a_server_that_has_its_own_page_size_is_followed(given: int) -> None:
    server = Server(list(range(3500)), given)
    found = counted(server, 1000)
    assert rows(found) == list(range(3500))
    assert found[-1].complete
    assert len(server.asked) <= -(-3500 // given) + 1
    if given == 10:
        assert AT_ONCE - 1 <= server.most_under_way <= AT_ONCE


def test_counted_rows_that_come_between_two_pages_are_shown_once_and_told() -> None:
    server = Server(list(range(35)), 10)
    server.changes[2] = lambda: server.rows.insert(0, -1)
    found = counted(server, 10)
    assert sorted(rows(found)) == list(range(35))
    assert not found[-1].complete


def test_what_page_one_raises_comes_through() -> None:
    async def fetch(number: int) -> tuple[list[int], int | None]:
        raise KeyError(number)

    async def go() -> None:
        with pytest.raises(KeyError):
            await anext(read_counted_pages(fetch, page_size=10, identity=lambda row: row))

    asyncio.run(go())


def test_rows_are_made_in_slices_and_others_have_their_turns_between() -> None:
    async def go() -> None:
        made: list[int] = []
        turns: list[int] = []

        def make(row: int) -> int:
            made.append(row)
            return row

        async def others() -> None:
            while True:
                turns.append(len(made))
                await asyncio.sleep(0)

        task = asyncio.create_task(others())
        assert await in_slices(map(make, range(1000))) == list(range(1000)) == made
        task.cancel()
        steps = [after - before for before, after in itertools.pairwise([0, *turns, 1000])]
        assert max(steps) <= ROWS_AT_ONCE

    asyncio.run(go())
