"""The rows behind a table: which are shown, in which order, under which titles; never a copy of a row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal

from turbodesk.gui.record_column import Column
from turbodesk.gui.record_order import Orders

Index = QModelIndex | QPersistentModelIndex
MANY = 5_000  # rows that are not sorted between two frames; their orders are worked out beforehand
QUIET_MS, BETWEEN_MS = 300, 4  # when that begins after the last change, and the time between two slices


@dataclass
class Group:
    """A row that is only a title over the rows of one group."""

    title: str
    count: int


@dataclass
class _Records:
    """All rows, and the texts they are found by."""

    rows: list[Any] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class RecordModel(QAbstractTableModel):
    """The rows that are shown, as indices into all rows: filtered, sorted, grouped. Never copies a row."""

    counted = Signal(int, int)
    prepared = Signal(int)  # a column by which can be sorted at once

    def __init__(
        self,
        columns: Sequence[Column],
        key: Callable[[Any], Hashable],
        group: Callable[[Any], str] | None = None,
        groups: Sequence[str] = (),
        text: Callable[[Any], str] | None = None,
    ) -> None:
        super().__init__()
        self.columns, self.key = list(columns), key
        self._text = self._text_of_columns if text is None else text
        self._group, self._groups = group, list(groups)
        self._all = _Records()
        self._orders = Orders(self.columns, self._all.rows)
        self._awaited: int | None = None  # the column whose order is worked out before the others
        self._order: list[int] = []  # all rows in sort order
        self._hits: list[int] = []  # those of them the filter lets through, in the same order
        self._shown: list[int | Group] = []
        self._needle = ""
        self._where: Callable[[Any], bool] | None = None
        self.sorted_by: tuple[int, bool] | None = None
        self.checked: set[Hashable] = set()
        self._idle = QTimer(self, singleShot=True)
        self._idle.timeout.connect(self._on_idle)

    # what is asked of a model

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            item = self._shown[index.row()]
            if isinstance(item, Group):
                return f"{item.title} {item.count}" if index.column() == 0 else ""
            return self.columns[index.column()].words(self._all.rows[item])
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and isinstance(self._shown[index.row()], Group):
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index)

    # what is there

    @property
    def rows(self) -> list[Any]:
        """All rows, in the order they came."""
        return self._all.rows

    def shown_rows(self) -> list[Any]:
        """The rows that are to be seen, in their order, group rows left out."""
        return [self._all.rows[item] for item in self._shown if not isinstance(item, Group)]

    def at(self, line: int) -> Any | None:
        """The record of a line, or None where a group stands."""
        item = self._shown[line]
        return None if isinstance(item, Group) else self._all.rows[item]

    def group_at(self, line: int) -> Group | None:
        """The group row of a line, or None where a record stands."""
        item = self._shown[line]
        return item if isinstance(item, Group) else None

    def group_lines(self) -> list[int]:
        """The lines that are group rows."""
        return (
            []
            if self._group is None
            else [i for i, item in enumerate(self._shown) if isinstance(item, Group)]
        )

    def item_at(self, line: int) -> int:
        """Which of all rows stands on a line, -1 for a group row."""
        item = self._shown[line]
        return -1 if isinstance(item, Group) else item

    def line_of(self, item: int) -> int:
        """The line one of all rows stands on, -1 where it is not shown."""
        try:
            return self._shown.index(item)
        except ValueError:
            return -1

    def items_of(self, keys: set[Hashable]) -> dict[Hashable, int]:
        """Which of all rows have those keys; keys that are gone are left out."""
        of = self.key
        return {key: i for i, row in enumerate(self._all.rows) if (key := of(row)) in keys} if keys else {}

    # what changes it

    def set_rows(self, rows: Iterable[Any]) -> None:
        """Takes other rows; filter and sort order stay."""
        kept = list(rows)
        self._all = _Records(kept, self._texts(kept))
        self.forget_orders()
        self._sort()
        self._show(self._passed(self._order))

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Reads other columns of the same rows, which stand in the order they came."""
        self.beginResetModel()
        self.columns[:] = columns
        self.sorted_by = None
        self.forget_orders()
        self._sort()
        self._hits = self._passed(self._order)
        self._shown = self._grouped()
        self.endResetModel()

    def append(self, rows: Iterable[Any]) -> None:
        """Takes more rows. Without sort order and groups they are added at the end, else put in place."""
        more = list(rows)
        if not more:
            return
        begin = len(self._all.rows)
        self._all.rows.extend(more)
        self._all.texts.extend(self._texts(more))
        self.forget_orders()
        if self.sorted_by is not None or self._group is not None:
            self._sort()
            self._show(self._passed(self._order))
            return
        fresh = range(begin, len(self._all.rows))
        self._order.extend(fresh)
        hits = self._passed(fresh)
        if hits:
            line = len(self._shown)
            self.beginInsertRows(QModelIndex(), line, line + len(hits) - 1)
            self._hits.extend(hits)
            self._shown.extend(hits)
            self.endInsertRows()
        self.counted.emit(len(self._hits), len(self._all.rows))

    def set_needle(self, text: str) -> None:
        """Shows the rows whose text holds all the words of `text`, whatever their case."""
        needle = text.lower().strip()
        if needle == self._needle:
            return
        before, self._needle = self._needle, needle
        if before and needle.startswith(before):
            self._show(self._holding(set(needle.split()) - set(before.split()), self._hits))
        else:
            self._show(self._passed(self._order))

    def set_where(self, where: Callable[[Any], bool] | None) -> None:
        """Shows only rows of which `where` is true, besides the text filter."""
        self._where = where
        self._show(self._passed(self._order))

    def sort_by(self, column: int, descending: bool) -> None:
        """Sorts by a column, stable: equal rows keep the order they came in."""
        self.sorted_by = (column, descending)
        self._sort()
        self._show(self._passed(self._order))

    def prepare(self, column: int) -> None:
        """Tells `prepared` as soon as the rows can be sorted by a column at once; of few rows, now."""
        if len(self._all.rows) < MANY or self._orders.known(column):
            self.prepared.emit(column)
        else:
            self._awaited = column
            self._idle.start(0)

    @property
    def all_prepared(self) -> bool:
        """Whether the rows can be sorted by any column at once."""
        return self._orders.next_unknown() is None

    def forget_orders(self) -> None:
        """Rows have other values than when they were given: the next sort looks at them anew."""
        self._orders = Orders(self.columns, self._all.rows)
        if len(self._all.rows) >= MANY:
            self._idle.start(QUIET_MS)

    def _on_idle(self) -> None:
        column = self._orders.next_unknown() if self._awaited is None else self._awaited
        if column is None:
            return
        self._orders.step(column)
        if self._orders.known(column):
            self._awaited = None
            self.prepared.emit(column)
        self._idle.start(BETWEEN_MS if self._awaited is None else 0)

    def _text_of_columns(self, row: Any) -> str:
        return "\n".join([column.found(row) for column in self.columns])

    def _texts(self, rows: Sequence[Any]) -> list[str]:
        return [text.lower() for text in map(self._text, rows)]

    def _sort(self) -> None:
        if self.sorted_by is None:
            self._order = list(range(len(self._all.rows)))
        else:
            self._order = list(self._orders.of(*self.sorted_by))

    def _passed(self, among: Iterable[int]) -> list[int]:
        hits = self._holding(self._needle.split(), among)
        if self._where is not None:
            where, rows = self._where, self._all.rows
            hits = [i for i in hits if where(rows[i])]
        return hits

    def _holding(self, words: Iterable[str], among: Iterable[int]) -> list[int]:
        hits, texts = list(among), self._all.texts  # never the same list as the order: both grow
        for word in words:
            hits = [i for i in hits if word in texts[i]]
        return hits

    def _show(self, hits: list[int]) -> None:
        self.beginResetModel()
        self._hits = hits
        self._shown = self._grouped()
        self.endResetModel()
        self.counted.emit(len(self._hits), len(self._all.rows))

    def _grouped(self) -> list[int | Group]:
        if self._group is None:
            return list(self._hits)
        bins: dict[str, list[int]] = {title: [] for title in self._groups}
        rows, group = self._all.rows, self._group
        for i in self._hits:
            bins.setdefault(group(rows[i]), []).append(i)
        shown: list[int | Group] = []
        for title, members in bins.items():
            if members:
                shown.append(Group(title, len(members)))
                shown.extend(members)
        return shown
