"""Windows: every day once, none too wide, newest first; and how they are read."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbodesk.errors import NoConnection
from turbodesk.model.reports import ALL_TIME, Page, Period
from turbodesk.providers.windows import FIRST_DAY, Batch, Walk, read_windows, split

TODAY = date(2026, 3, 31)
Row = tuple[int, str]  # when, and a name


@given(
    start=st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    length=st.integers(0, 3000),
    difference=st.integers(0, 400),
)
def test_windows_hold_every_day_once_newest_first_and_none_is_too_wide(
    start: date, length: int, difference: int
) -> None:
    end = start + timedelta(days=length)
    windows = split(start, end, difference)
    assert [day for window in reversed(windows) for day in window.days] == list(Period(start, end).days)
    assert all(len(window.days) <= difference + 1 for window in windows)
    assert all(len(window.days) == difference + 1 for window in windows[:-1])


def test_named_days_are_all_asked_and_all_time_back_to_the_first_day_of_anybody() -> None:
    named = Walk.over(Period(date(2012, 1, 1), TODAY), 59, TODAY, quiet=3, least=9)
    assert not named.quiet
    assert (named.windows[0].end, named.windows[-1].start) == (TODAY, date(2012, 1, 1))
    ever = Walk.over(ALL_TIME, 59, TODAY, quiet=3, least=9)
    assert (ever.quiet, ever.least) == (3, 9)
    assert (ever.windows[0].end, ever.windows[-1].start) == (TODAY, FIRST_DAY)


@pytest.mark.parametrize(
    ("today", "difference"),
    [
        *itertools.product((date.min, date(1970, 1, 1), date(2026, 3, 31)), (0, 58)),
        (date(9999, 12, 30), 58),
        pytest.param(date(9999, 12, 30), 0, marks=pytest.mark.prove),  # three million windows, several times
    ],
)
def test_days_when_nothing_can_have_happened_are_not_asked(today: date, difference: int) -> None:
    for period in (Period(date.min, date.max), Period(date.max, date.max), ALL_TIME):
        for window in Walk.over(period, difference, today, quiet=1).windows:
            assert window.start and window.end
            assert FIRST_DAY <= window.start <= window.end <= max(FIRST_DAY, today + timedelta(1))


def test_a_period_before_or_after_all_that_can_be_there_has_no_window() -> None:
    assert Walk.over(Period(date.min, FIRST_DAY - timedelta(1)), 9, TODAY, quiet=1).windows == ()
    assert Walk.over(Period(TODAY + timedelta(2), date.max), 9, TODAY, quiet=1).windows == ()
    tomorrow = Period(TODAY + timedelta(1), TODAY + timedelta(1))
    assert Walk.over(tomorrow, 9, TODAY, quiet=1).windows == (tomorrow,)


class Server:
    """Rows by window, some of them on a page, and what was asked."""

    def __init__(self, windows: dict[Period, list[Row]], size: int = 3) -> None:
        self.windows, self.size = windows, size
        self.asked: list[tuple[Period, int]] = []

    async def __call__(self, window: Period, number: int) -> Batch[Row]:
        self.asked.append((window, number))
        rows = self.windows.get(window, [])[number * self.size : (number + 1) * self.size]
        return Batch(rows, last=len(rows) < self.size)


def read(walk: Walk, fetch: Callable[[Period, int], Any]) -> list[Page[Row]]:
    async def go() -> list[Page[Row]]:
        pages = read_windows(walk, fetch, identity=lambda row: row, when=lambda row: float(row[0]))
        return [page async for page in pages]

    return asyncio.run(go())


def names(pages: list[Page[Row]]) -> str:
    return "".join(row[1] for page in pages for row in page.rows)


DAYS = tuple(split(date(2026, 1, 1), date(2026, 1, 4), 0))


@given(st.lists(st.integers(0, 11), min_size=4, max_size=4), st.integers(1, 4), st.booleans())
def test_everything_is_read_once_newest_first_whatever_the_sizes_and_the_order(
    sizes: list[int], page: int, ascending: bool
) -> None:
    walk = Walk(DAYS)
    rows = {
        window: [(100 * (9 - place) - n, f"{place}.{n}") for n in range(size)]
        for place, (window, size) in enumerate(zip(DAYS, sizes, strict=True))
    }
    everything = [row for each in rows.values() for row in each]
    server = Server({w: each[::-1] if ascending else each for w, each in rows.items()}, page)
    pages = read(walk, server)
    assert [row for page in pages for row in page.rows] == everything
    assert pages and pages[-1].complete
    assert len(server.asked) == len(set(server.asked))


def test_pages_in_order_come_as_they_are_read_and_others_when_their_window_is_whole() -> None:
    newest_first: list[Row] = [(9, "a"), (8, "b"), (7, "c"), (6, "d")]
    assert [len(page.rows) for page in read(Walk(DAYS[:1]), Server({DAYS[0]: newest_first}))] == [3, 1]
    assert [len(page.rows) for page in read(Walk(DAYS[:1]), Server({DAYS[0]: newest_first[::-1]}))] == [4]


def test_a_row_that_comes_twice_is_shown_once_and_told() -> None:
    pages = read(Walk(DAYS[:1]), Server({DAYS[0]: [(9, "a"), (8, "b"), (8, "b"), (7, "c")]}))
    assert names(pages) == "abc"
    assert not pages[-1].complete


def test_a_server_that_ignores_the_page_is_left_after_the_second() -> None:
    asked = 0

    async def again(_window: Period, _number: int) -> Batch[Row]:
        nonlocal asked
        asked += 1
        return Batch([(9, "a"), (8, "b")], last=False)

    pages = read(Walk(DAYS[:1]), again)
    assert names(pages) == "ab" and not pages[-1].complete
    assert asked == 2


@pytest.mark.parametrize("windows", [DAYS, ()])
def test_nothing_at_all_is_one_empty_page(windows: tuple[Period, ...]) -> None:
    assert read(Walk(windows), Server({})) == [Page(())]


def test_a_row_on_the_border_of_two_windows_is_shown_once_and_nothing_has_changed() -> None:
    both = (5, "b")
    pages = read(Walk(DAYS[:2]), Server({DAYS[0]: [(9, "a"), both], DAYS[1]: [both, (1, "c")]}))
    assert names(pages) == "abc" and pages[-1].complete


def test_a_batch_that_is_not_whole_is_told_at_the_end() -> None:
    async def fetch(window: Period, _number: int) -> Batch[Row]:
        return Batch([(9, "a")] if window == DAYS[0] else [], whole=window != DAYS[0])

    pages = read(Walk(DAYS), fetch)
    assert names(pages) == "a" and not pages[-1].complete


def test_all_time_ends_after_some_quiet_windows_which_is_its_end() -> None:
    walk = Walk.over(ALL_TIME, 0, TODAY, quiet=3)
    server = Server({walk.windows[1]: [(9, "a")], walk.windows[9]: [(1, "z")]})
    pages = read(walk, server)
    assert names(pages) == "a" and pages[-1].complete
    assert {window for window, _ in server.asked} <= set(walk.windows[:8])


def test_all_time_may_ask_some_windows_at_least_and_then_those_behind_the_last_row() -> None:
    walk = Walk.over(ALL_TIME, 0, TODAY, quiet=3, least=10)
    server = Server({walk.windows[8]: [(1, "y")], walk.windows[11]: [(0, "z")]})
    assert names(read(walk, server)) == "yz"
    assert 15 <= len(server.asked) <= 18
    assert 10 <= len({window for window, _ in _asked_of_nothing(walk)}) <= 13


def _asked_of_nothing(walk: Walk) -> list[tuple[Period, int]]:
    server = Server({})
    assert read(walk, server) == [Page(())]
    return server.asked


def test_a_reading_that_is_cut_off_leaves_nothing_under_way() -> None:
    ended = []

    async def go() -> None:
        waiting = asyncio.Event()

        async def fetch(window: Period, number: int) -> Batch[Row]:
            if window == DAYS[0] and number < 3:
                return Batch([(9 - number, str(number))], last=False)
            try:
                waiting.set()
                await asyncio.Event().wait()
            finally:
                ended.append((window, number))
            raise AssertionError("it waits for ever")

        async def reading() -> None:
            async for _page in read_windows(
                Walk(DAYS), fetch, identity=lambda row: row, when=lambda row: None
            ):
                pass

        task = asyncio.create_task(reading())
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(go())
    assert {window for window, _ in ended} >= set(DAYS[1:])


def test_several_windows_and_pages_are_under_way_at_once_but_never_many() -> None:
    under_way = most = 0

    async def fetch(window: Period, number: int) -> Batch[Row]:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        under_way -= 1
        day = window.days[0].toordinal()
        return Batch([(1000 * day - number, f"{day}.{number}")], last=number >= 9)

    pages = read(Walk(DAYS), fetch)
    assert sum(len(page.rows) for page in pages) == 40
    assert 4 <= most <= 8


def test_what_fails_comes_through_and_nothing_stays_under_way() -> None:
    ended = []

    async def fetch(window: Period, _number: int) -> Batch[Row]:
        if window == DAYS[1]:
            raise NoConnection("gone")
        try:
            if window != DAYS[0]:
                await asyncio.Event().wait()
        finally:
            ended.append(window)
        return Batch([(9, "a")])

    with pytest.raises(NoConnection):
        read(Walk(DAYS), fetch)
    assert set(ended) == set(DAYS) - {DAYS[1]}
