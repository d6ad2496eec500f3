"""Many rows in the order of a column, worked out a slice at a time: keys read, runs sorted, runs merged."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from operator import eq
from typing import Any

from turbodesk.gui.record_column import Column, identity

RUN = 4_000  # rows at once: some milliseconds of sorting


@dataclass(frozen=True, slots=True)
class Order:
    """Which row comes first, second and so on, both ways; equal rows as they came, None before everything."""

    ascending: list[int]
    descending: list[int]

    @classmethod
    def of(cls, column: Column, rows: Sequence[Any]) -> Order:
        """The order of these rows, at once."""
        slices = cls.in_slices(column, rows)
        while True:
            try:
                next(slices)
            except StopIteration as done:
                return done.value

    @classmethod
    def in_slices(cls, column: Column, rows: Sequence[Any]) -> Generator[None, None, Order]:
        """The same with a halt after every slice, for as long as `rows` stay what they are."""
        keys: list[Any] = []
        for start in range(0, len(rows), RUN):
            keys += _keys(column, rows[start : start + RUN])
            yield
        key = keys.__getitem__
        unknown = [i for i, value in enumerate(keys) if value is None] if None in keys else []
        yield
        runs = []
        for start in range(0, len(rows), RUN):
            among = range(start, min(start + RUN, len(rows)))
            runs.append(sorted((i for i in among if keys[i] is not None) if unknown else among, key=key))
            yield
        ascending, turned = unknown[:], []
        for part in _parts(runs, keys):
            part.sort(key=key)
            ascending += part
            turned.append(_turned(part, keys))
            yield
        return cls(ascending, list(chain(*reversed(turned), unknown)))


def _keys(column: Column, rows: Sequence[Any]) -> list[Any]:
    """What the rows are compared by: words whatever their case."""
    if column.sort is None:
        raise ValueError(f"the column {column.title!r} has no order")
    keys = list(map(column.read, rows))
    if column.sort is not identity:
        keys = list(map(column.sort, keys))
    return [key.casefold() if isinstance(key, str) else key for key in keys]


def _parts(runs: Sequence[list[int]], keys: Sequence[Any]) -> Iterator[list[int]]:
    """Sorted runs cut at the same values, and the pieces between them put together, each to be sorted alone.

    Equal rows get into the same part, those of an earlier run before those of a later one.
    """
    key = keys.__getitem__
    samples = sorted(key(i) for run in runs for i in islice(run, 0, None, max(1, RUN // len(runs))))
    limits = samples[len(runs) :: max(1, len(runs))] if len(runs) > 1 else []
    starts = [0] * len(runs)
    for limit in limits:
        ends = [bisect_left(run, limit, lo=start, key=key) for run, start in zip(runs, starts, strict=True)]
        yield [i for run, start, end in zip(runs, starts, ends, strict=True) for i in run[start:end]]
        starts = ends
    yield [i for run, start in zip(runs, starts, strict=True) for i in run[start:]]


def _turned(rows: list[int], keys: Sequence[Any]) -> list[int]:
    """Sorted rows the other way round, equal ones still as they came."""
    key = keys.__getitem__
    if not any(map(eq, map(key, rows), map(key, islice(rows, 1, None)))):
        return rows[::-1]
    return [i for _, equal in groupby(reversed(rows), key) for i in reversed(list(equal))]


class Orders:
    """The orders of all columns of some rows, each worked out once: at once when asked for, or bit by bit."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[Any]) -> None:
        self._columns, self._rows = columns, rows
        self._known: dict[int, Order] = {}
        self._begun: dict[int, Generator[None, None, Order]] = {}

    def known(self, column: int) -> bool:
        """Whether nothing is left to do for a column."""
        return column in self._known

    def of(self, column: int, descending: bool) -> list[int]:
        """The rows by a column. The caller leaves the list as it is."""
        while not self.known(column):
            self.step(column)
        order = self._known[column]
        return order.descending if descending else order.ascending

    def step(self, column: int) -> None:
        """Does one more slice of a column."""
        if column not in self._begun:
            self._begun[column] = Order.in_slices(self._columns[column], self._rows)
        try:
            next(self._begun[column])
        except StopIteration as done:
            self._known[column] = done.value
            del self._begun[column]

    def next_unknown(self) -> int | None:
        """A column that has an order not worked out yet."""
        return next(
            (i for i, it in enumerate(self._columns) if it.sort is not None and not self.known(i)), None
        )
