"""One table for every list of records: a Column reads, shows and sorts one field."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QWidget,
)

from turbodesk.gui import theme
from turbodesk.gui.parts.card import viewport
from turbodesk.gui.parts.check_box import paint_check
from turbodesk.gui.parts.label import plain_tip
from turbodesk.gui.parts.meter import paint_meter
from turbodesk.gui.parts.pill import PILLS, paint_pill, pill_size

Index = QModelIndex | QPersistentModelIndex
ROW, GROUP_ROW, HEAD = 30, 28, 30
EDGE, PAD = 16, 8
CHECKS_WIDE = 44

WORDS = {
    "text": ("text", "body"),
    "medium": ("text", "medium"),
    "muted": ("muted", "body"),
    "mono": ("text", "mono"),
    "address": ("text", "body"),
}


def identity(value: Any) -> Any:
    """The value as it is, to sort by."""
    return value


@dataclass(frozen=True)
class Column:
    """One field of a record: `read` takes it from a row, `show` makes what is seen, `sort` its order.

    What `show` gives depends on `kind`: words (or words and a muted rest) for text, medium, muted,
    mono and address; a state or (state, label) for pill, an empty state for none; [(icon, tone, n)] for
    counts; (share, words) for meter; (icon, tone, words) for icon. `find` gives the text that the filter
    looks in, by default what is shown; None as `sort` makes the column keep its order. `width` is in px
    of the drawings; columns with `stretch` share what is left, and give way down to half. Where the room
    is short, those with the highest `keep` go.
    """

    title: str
    read: Callable[[Any], Any]
    show: Callable[[Any], Any] = str
    sort: Callable[[Any], Any] | None = identity
    find: Callable[[Any], str] | None = None
    width: int = 120
    stretch: int = 0
    align: str = "left"
    kind: str = "text"
    keep: int = 1

    def shown(self, row: Any) -> Any:
        """What is seen of a row, as its kind wants it."""
        return self.show(self.read(row))

    def words(self, row: Any) -> str:
        """What is seen of a row, in words: for copying, for tooltips, for those who cannot see."""
        shown = self.shown(row)
        if self.kind == "pill":
            state, label = shown if isinstance(shown, tuple) else (shown, None)
            return (PILLS[state].word if state else "") if label is None else label
        if self.kind == "counts":
            return ", ".join(f"{n} {icon}" for icon, _tone, n in shown)
        if self.kind in ("meter", "icon"):
            return str(shown[-1])
        return " ".join(part for part in shown if part) if isinstance(shown, tuple) else str(shown)

    def found(self, row: Any) -> str:
        """The text the filter looks in."""
        return self.words(row) if self.find is None else self.find(row)


def sort_keys(column: Column, rows: Sequence[Any]) -> list[Any]:
    """What the rows are compared by: words whatever their case, None before everything."""
    if column.sort is None:
        raise ValueError(f"the column {column.title!r} has no order")
    keys = list(map(column.read, rows))
    if column.sort is not identity:
        keys = list(map(column.sort, keys))
    if None in keys:
        return [(key is not None, 0 if key is None else key) for key in keys]
    if keys and isinstance(keys[0], str):
        return list(map(str.casefold, keys))
    return keys


@dataclass
class _Group:
    """A row that is only a title over the rows of one group."""

    title: str
    count: int


@dataclass
class _Records:
    """All rows, and what was worked out for them once: their search texts and their sort keys."""

    rows: list[Any] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    keys: dict[int, list[Any]] = field(default_factory=dict)


class RecordModel(QAbstractTableModel):
    """The rows that are shown, as indices into all rows: filtered, sorted, grouped. Never copies a row."""

    counted = Signal(int, int)

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
        self._order: list[int] = []  # all rows in sort order
        self._hits: list[int] = []  # those of them the filter lets through, in the same order
        self._shown: list[int | _Group] = []
        self._needle = ""
        self._where: Callable[[Any], bool] | None = None
        self.sorted_by: tuple[int, bool] | None = None
        self.checked: set[Hashable] = set()

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
            if isinstance(item, _Group):
                return f"{item.title} {item.count}" if index.column() == 0 else ""
            return self.columns[index.column()].words(self._all.rows[item])
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and isinstance(self._shown[index.row()], _Group):
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index)

    # what is there

    @property
    def rows(self) -> list[Any]:
        """All rows, in the order they came."""
        return self._all.rows

    def shown_rows(self) -> list[Any]:
        """The rows that are to be seen, in their order, group rows left out."""
        return [self._all.rows[item] for item in self._shown if not isinstance(item, _Group)]

    def at(self, line: int) -> Any | None:
        """The record of a line, or None where a group stands."""
        item = self._shown[line]
        return None if isinstance(item, _Group) else self._all.rows[item]

    def group_at(self, line: int) -> _Group | None:
        """The group row of a line, or None where a record stands."""
        item = self._shown[line]
        return item if isinstance(item, _Group) else None

    def group_lines(self) -> list[int]:
        """The lines that are group rows."""
        return (
            []
            if self._group is None
            else [i for i, item in enumerate(self._shown) if isinstance(item, _Group)]
        )

    def item_at(self, line: int) -> int:
        """Which of all rows stands on a line, -1 for a group row."""
        item = self._shown[line]
        return -1 if isinstance(item, _Group) else item

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
        self._sort()
        self._refresh()

    def append(self, rows: Iterable[Any]) -> None:
        """Takes more rows. Without sort order and groups they are added at the end, else put in place."""
        more = list(rows)
        if not more:
            return
        begin = len(self._all.rows)
        self._all.rows.extend(more)
        self._all.texts.extend(self._texts(more))
        self._all.keys.clear()
        if self.sorted_by is not None or self._group is not None:
            self._sort()
            self._refresh()
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
        narrower = bool(self._needle) and needle.startswith(self._needle)
        self._needle = needle
        self._refresh(self._hits if narrower else None)

    def set_where(self, where: Callable[[Any], bool] | None) -> None:
        """Shows only rows of which `where` is true, besides the text filter."""
        self._where = where
        self._refresh()

    def sort_by(self, column: int, descending: bool) -> None:
        """Sorts by a column, stable: equal rows keep the order they came in."""
        self.sorted_by = (column, descending)
        self._sort()
        self._refresh()

    def _text_of_columns(self, row: Any) -> str:
        return "\n".join([column.found(row) for column in self.columns])

    def _texts(self, rows: Sequence[Any]) -> list[str]:
        return [text.lower() for text in map(self._text, rows)]

    def _keys(self, column: int) -> list[Any]:
        keys = self._all.keys.get(column)
        if keys is None:
            keys = self._all.keys[column] = sort_keys(self.columns[column], self._all.rows)
        return keys

    def _sort(self) -> None:
        count = len(self._all.rows)
        if self.sorted_by is None:
            self._order = list(range(count))
        else:
            column, descending = self.sorted_by
            self._order = sorted(range(count), key=self._keys(column).__getitem__, reverse=descending)

    def _passed(self, among: Iterable[int]) -> list[int]:
        hits = list(among)  # never the same list as the order: both grow
        texts, rows = self._all.texts, self._all.rows
        for word in self._needle.split():
            hits = [i for i in hits if word in texts[i]]
        if self._where is not None:
            where = self._where
            hits = [i for i in hits if where(rows[i])]
        return hits

    def _refresh(self, among: list[int] | None = None) -> None:
        self.beginResetModel()
        self._hits = self._passed(self._order if among is None else among)
        self._shown = self._grouped()
        self.endResetModel()
        self.counted.emit(len(self._hits), len(self._all.rows))

    def _grouped(self) -> list[int | _Group]:
        if self._group is None:
            return list(self._hits)
        bins: dict[str, list[int]] = {title: [] for title in self._groups}
        rows, group = self._all.rows, self._group
        for i in self._hits:
            bins.setdefault(group(rows[i]), []).append(i)
        shown: list[int | _Group] = []
        for title, members in bins.items():
            if members:
                shown.append(_Group(title, len(members)))
                shown.extend(members)
        return shown


class _Inks:
    """Fonts and their measures for painting cells, made once for a theme."""

    def __init__(self) -> None:
        self.theme = theme.now()
        roles = {role for _, role in WORDS.values()} | {"small-medium", "small-strong", "body", "medium"}
        self.fonts = {role: theme.font(role, tabular=True) for role in roles}
        self.metrics = {role: QFontMetricsF(font) for role, font in self.fonts.items()}


class RecordDelegate(QStyledItemDelegate):
    """Paints every cell: its ground, its hairline, and what its column's kind shows."""

    def __init__(self, table: RecordTable) -> None:
        super().__init__(table)
        self._table = table
        self._made: _Inks | None = None

    def _inks(self) -> _Inks:
        if self._made is None or self._made.theme is not theme.now():
            self._made = _Inks()
        return self._made

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        table, room, line = self._table, QRect(option.rect), index.row()
        model = table.records
        group = model.group_at(line)
        if group is not None:
            self._paint_group(painter, room, group)
            return
        row = model.at(line)
        selected = table.selectionModel().isRowSelected(line, QModelIndex())
        if selected:
            painter.fillRect(room, theme.colour("selection"))
        elif table.hovered == line:
            painter.fillRect(room, theme.colour("hover"))
        painter.fillRect(room.left(), room.bottom(), room.width(), 1, theme.colour("border"))
        if selected and table.is_first(index.column()):
            painter.fillRect(room.left(), room.top(), theme.px(3), room.height(), theme.colour("accent-ink"))
        column = model.columns[index.column()]
        self._paint_kind(painter, table.cell_room(room, index.column()), column, row, selected)

    def _paint_group(self, painter: QPainter, room: QRect, group: _Group) -> None:
        # every cell paints the whole line's words and keeps its own piece: a title may be wider than a column
        painter.fillRect(room, theme.colour("sunken"))
        painter.fillRect(room.left(), room.bottom(), room.width(), 1, theme.colour("border"))
        painter.save()
        painter.setClipRect(room, Qt.ClipOperation.IntersectClip)
        inks = self._inks()
        start = theme.px(EDGE) - self._table.horizontalOffset()
        line = QRectF(start, room.top(), 2000, room.height() - 1)
        end = self._words(painter, inks, line, group.title, "muted", "small-strong", cut=False)
        line.setLeft(end + theme.px(7))
        self._words(
            painter,
            inks,
            line,
            self._table.locale().toString(group.count),
            "muted",
            "small-medium",
            cut=False,
        )
        painter.restore()

    def _paint_kind(self, painter: QPainter, room: QRectF, column: Column, row: Any, selected: bool) -> None:
        kind, inks = column.kind, self._inks()
        if kind == "check":
            state = Qt.CheckState.Checked if self._table.is_checked(row) else Qt.CheckState.Unchecked
            paint_check(painter, QRectF(room.left(), room.top(), theme.px(16), room.height()), state)
            return
        shown = column.shown(row)
        if kind in WORDS:
            tone, role = WORDS[kind]
            if kind == "muted" and selected:
                tone = "text"
            self._paint_words(painter, inks, room, column, shown, tone, role)
        elif kind == "pill":
            state, label = shown if isinstance(shown, tuple) else (shown, None)
            if state:
                paint_pill(painter, room, state, label)
        elif kind == "counts":
            self._paint_counts(painter, inks, room, shown)
        elif kind == "meter":
            self._paint_share(painter, inks, room, *shown)
        elif kind == "icon":
            icon, tone, _words = shown
            if icon:
                side = theme.px(16)
                theme.paint_icon(painter, QRectF(room.left(), room.top(), side, room.height()), icon, tone)

    def _paint_words(
        self, painter: QPainter, inks: _Inks, room: QRectF, column: Column, shown: Any, tone: str, role: str
    ) -> None:
        text, rest = shown if isinstance(shown, tuple) else (shown, "")
        metrics = inks.metrics[role]
        wide = metrics.horizontalAdvance(text)
        rest_wide = metrics.horizontalAdvance(rest) + theme.px(4) if rest else 0.0
        if column.align == "right" and wide + rest_wide < room.width():
            room.setLeft(room.right() - wide - rest_wide)
        cut = Qt.TextElideMode.ElideMiddle if column.kind == "address" else Qt.TextElideMode.ElideRight
        first = QRectF(room.left(), room.top(), room.width() - rest_wide, room.height())
        end = self._words(painter, inks, first, text, tone, role, mode=cut)
        if rest:
            room.setLeft(end + theme.px(4))
            self._words(painter, inks, room, rest, "muted", role)

    @staticmethod
    def _words(
        painter: QPainter,
        inks: _Inks,
        room: QRectF,
        text: str,
        tone: str,
        role: str,
        *,
        cut: bool = True,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> float:
        """Paints words at the left of `room`; gives back where they end."""
        metrics = inks.metrics[role]
        wide = metrics.horizontalAdvance(text)
        if cut and wide > room.width() + 0.5:
            text = metrics.elidedText(text, mode, room.width())
            wide = metrics.horizontalAdvance(text)
        painter.setFont(inks.fonts[role])
        painter.setPen(theme.colour(tone))
        base = room.top() + (room.height() + metrics.ascent() - metrics.descent()) / 2
        painter.drawText(round(room.left()), round(base), text)
        return room.left() + wide

    def _paint_counts(
        self, painter: QPainter, inks: _Inks, room: QRectF, counts: Sequence[tuple[str, str, int]]
    ) -> None:
        left, side = room.left(), theme.px(14)
        for icon, tone, number in counts:
            spot = QRectF(left, room.top(), side, room.height())
            if left + side > room.right():
                return
            theme.paint_icon(painter, spot, icon, tone, 14)
            words = QRectF(left + side + theme.px(3), room.top(), room.right() - left - side, room.height())
            left = self._words(painter, inks, words, str(number), tone, "body", cut=False) + theme.px(9)

    def _paint_share(
        self, painter: QPainter, inks: _Inks, room: QRectF, share: float | None, words: str
    ) -> None:
        high, wide = theme.px(6), min(theme.px(72), int(room.width() * 0.5)) if words else int(room.width())
        bar = QRectF(room.left(), round(room.top() + (room.height() - high) / 2), wide, high)
        if share is not None:
            paint_meter(painter, bar, share)
        room.setLeft(room.left() + (wide + theme.px(8) if share is not None else 0))
        self._words(painter, inks, room, words, "text", "body")

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme.px(self._table.records.columns[index.column()].width), theme.px(ROW))

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """Tells the whole text of a cell, where it is too long to be seen whole."""
        row = self._table.records.at(index.row()) if index.isValid() else None
        if row is None:
            return False
        column = self._table.records.columns[index.column()]
        words = column.words(row)
        if column.kind in ("icon", "counts"):
            cut = bool(words)
        elif column.kind == "pill":
            state = column.shown(row)
            state, label = state if isinstance(state, tuple) else (state, None)
            cut = (
                bool(state)
                and pill_size(state, label).width()
                > self._table.cell_room(option.rect, index.column()).width()
            )
        else:
            metrics = self._inks().metrics[WORDS.get(column.kind, ("", "body"))[1]]
            cut = (
                metrics.horizontalAdvance(words) > self._table.cell_room(option.rect, index.column()).width()
            )
        QToolTip.showText(event.globalPos(), plain_tip(words) if cut else "", view)
        return cut


class RecordHeader(QHeaderView):
    """The head of the table: small muted words, a mark at the sorted column, a box to check all."""

    def __init__(self, table: RecordTable) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self._table = table
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(1)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme.px(HEAD) + 1)

    def paintSection(self, painter: QPainter, room: QRect, section: int) -> None:
        table = self._table
        painter.fillRect(room, theme.colour("surface"))
        painter.fillRect(room.left(), room.bottom(), room.width(), 1, theme.colour("border"))
        column = table.records.columns[section]
        inside = table.cell_room(room, section)
        if column.kind == "check":
            paint_check(
                painter,
                QRectF(inside.left(), inside.top(), theme.px(16), inside.height()),
                table.check_state(),
            )
            return
        font = theme.font("small-strong")
        metrics = QFontMetricsF(font)
        sorted_by = table.records.sorted_by
        marked = sorted_by is not None and sorted_by[0] == section
        mark = theme.px(4) + theme.px(14) if marked else 0
        text = metrics.elidedText(column.title, Qt.TextElideMode.ElideRight, inside.width())
        wide = metrics.horizontalAdvance(text) + mark
        left = max(room.left(), inside.right() - wide) if column.align == "right" else inside.left()
        painter.setFont(font)
        painter.setPen(theme.colour("muted"))
        painter.drawText(
            round(left),
            round(inside.top() + (inside.height() + metrics.ascent() - metrics.descent()) / 2),
            text,
        )
        if marked and sorted_by is not None:
            side = theme.px(14)
            spot = QRectF(left + wide - side, inside.top(), side, inside.height())
            theme.paint_icon(painter, spot, "down" if sorted_by[1] else "up", "muted", 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme.colour("surface"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.colour("border"))
        painter.end()
        super().paintEvent(event)


class RecordTable(QTableView):
    """A list of records: sorted by its head, filtered by a text, with a current row that stays."""

    chosen = Signal(object)  # the current row, or None
    opened = Signal(object)  # Enter or a double click on a row
    checked = Signal(int)  # how many are checked
    counted = Signal(int, int)  # how many are shown, of how many

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        name: str,
        key: Callable[[Any], Hashable] = lambda row: row.id,
        checks: bool = False,
        group: Callable[[Any], str] | None = None,
        groups: Sequence[str] = (),
        text: Callable[[Any], str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`text` gives all that the filter looks in at once: for many rows columns would be too slow."""
        super().__init__(parent)
        self._checks, self.hovered = checks, -1
        box = (
            [Column("", key, sort=None, find=lambda _row: "", width=CHECKS_WIDE, kind="check")]
            if checks
            else []
        )
        self.records = RecordModel(box + list(columns), key, group, groups, text)
        self._quiet = False
        self._group_lines: list[int] = []
        self.setAccessibleName(name)
        self._prepare()
        self.setModel(self.records)
        self.setItemDelegate(RecordDelegate(self))
        self.records.modelReset.connect(self._on_reset)
        self.records.counted.connect(self.counted)
        self.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.horizontalHeader().sectionClicked.connect(self._on_head_clicked)
        self.doubleClicked.connect(self._on_opened)

    def _prepare(self) -> None:
        self.setHorizontalHeader(head := RecordHeader(self))
        for area in (self, head):
            viewport(area)
        rows = self.verticalHeader()
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(theme.px(GROUP_ROW))
        rows.setDefaultSectionSize(theme.px(ROW))
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalScrollBar().setSingleStep(theme.px(ROW))

    # the rows

    @property
    def rows(self) -> list[Any]:
        """All rows, shown or not, in the order they came."""
        return self.records.rows

    def shown_rows(self) -> list[Any]:
        """The rows that pass the filter, as they stand."""
        return self.records.shown_rows()

    def set_rows(self, rows: Iterable[Any]) -> None:
        """Takes other rows. Current row, selection, checks and scroll position stay where the rows are."""
        kept = list(rows)
        with_selection = self._keys_selected()
        place = self.verticalScrollBar().value()
        current = self.current
        before = None if current is None else self.records.key(current)
        self._quiet = True
        self.records.set_rows(kept)
        self._drop_lost_checks()
        self._select(before, with_selection)
        self.verticalScrollBar().setValue(place)
        self._quiet = False
        if self.current is not None or before is not None:
            self.chosen.emit(self.current)

    def append_rows(self, rows: Iterable[Any]) -> None:
        """Takes more rows, as a page of them arrives."""
        self._keeping_current(lambda: self.records.append(rows))

    def set_filter(self, text: str) -> None:
        """Shows the rows that hold all the words of `text`."""
        self._keeping_current(lambda: self.records.set_needle(text))

    def set_where(self, where: Callable[[Any], bool] | None) -> None:
        """Shows only rows of which `where` is true, besides the text filter."""
        self._keeping_current(lambda: self.records.set_where(where))

    def sort_by(self, column: int, descending: bool = False) -> None:
        """Sorts by a column, counted as they were given."""
        self._keeping_current(lambda: self.records.sort_by(column + self._checks, descending))
        self.horizontalHeader().viewport().update()

    # the current row and the selection

    @property
    def current(self) -> Any | None:
        """The current row, or None."""
        index = self.currentIndex()
        return self.records.at(index.row()) if index.isValid() else None

    def select_key(self, key: Hashable) -> bool:
        """Makes the row of that key the current one and shows it; False where it is not shown."""
        return self._select(key, [key])

    def select_first(self) -> None:
        """Makes the first row the current one, where there is any."""
        for line in range(self.records.rowCount()):
            if self.records.at(line) is not None:
                self.selectRow(line)
                return

    def selected_rows(self) -> list[Any]:
        """The selected rows, as they stand."""
        lines = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [row for row in map(self.records.at, lines) if row is not None]

    def _keys_selected(self) -> list[Hashable]:
        return [self.records.key(row) for row in self.selected_rows()]

    def _select(self, current: Hashable | None, selected: Sequence[Hashable]) -> bool:
        wanted = set(selected) | ({current} if current is not None else set())
        lines = {key: self.records.line_of(item) for key, item in self.records.items_of(wanted).items()}
        model, flag = self.selectionModel(), QItemSelectionModel.SelectionFlag
        model.clear()
        if (line := lines.get(current, -1)) < 0:
            return False
        model.setCurrentIndex(self.records.index(line, self._first_shown()), flag.Select | flag.Rows)
        for line in lines.values():
            if line >= 0:
                model.select(self.records.index(line, 0), flag.Select | flag.Rows)
        return True

    def _keeping_current(self, change: Callable[[], object]) -> None:
        """Makes a change that may reset the model, and keeps the current row if it is still shown."""
        index = self.currentIndex()
        item = self.records.item_at(index.row()) if index.isValid() else -1
        self._quiet = True
        change()
        self._quiet = False
        if item < 0 or self.currentIndex().isValid():
            return
        line = self.records.line_of(item)
        if line < 0:
            self.chosen.emit(None)
            return
        self._quiet = True
        flag = QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(
            self.records.index(line, self._first_shown()), flag.ClearAndSelect | flag.Rows
        )
        self._quiet = False

    def _on_reset(self) -> None:
        self.hovered = -1
        rows, lines = self.verticalHeader(), self.records.group_lines()
        for line in self._group_lines:  # a head keeps what it was told of a line, whatever stands there now
            if line < self.records.rowCount():
                rows.resizeSection(line, theme.px(ROW))
        for line in lines:
            rows.resizeSection(line, theme.px(GROUP_ROW))
        self._group_lines = lines

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not self._quiet:
            self.chosen.emit(self.records.at(current.row()) if current.isValid() else None)

    def _on_opened(self, index: QModelIndex) -> None:
        row = self.records.at(index.row())
        if row is not None:
            self.opened.emit(row)

    def _on_head_clicked(self, section: int) -> None:
        column = self.records.columns[section]
        if column.kind == "check":
            self.check_all(self.check_state() != Qt.CheckState.Checked)
        elif column.sort is not None:
            before = self.records.sorted_by
            descending = not before[1] if before is not None and before[0] == section else False
            self.sort_by(section - self._checks, descending)

    # the checks

    def is_checked(self, row: Any) -> bool:
        """Whether a row is checked."""
        return self.records.key(row) in self.records.checked

    def checked_rows(self) -> list[Any]:
        """The checked rows, in the order they came, whether the filter shows them or not."""
        return [row for row in self.records.rows if self.is_checked(row)] if self.records.checked else []

    def check_all(self, on: bool) -> None:
        """Checks or unchecks all rows that are shown."""
        keys = {self.records.key(row) for row in self.records.shown_rows()}
        self.records.checked = self.records.checked | keys if on else self.records.checked - keys
        self._checks_changed()

    def check_state(self) -> Qt.CheckState:
        """Whether all, some or none of the rows are checked."""
        count = len(self.records.checked)
        if not count:
            return Qt.CheckState.Unchecked
        return Qt.CheckState.Checked if count >= len(self.records.rows) else Qt.CheckState.PartiallyChecked

    def _toggle(self, row: Any) -> None:
        self.records.checked ^= {self.records.key(row)}
        self._checks_changed()

    def _drop_lost_checks(self) -> None:
        if self.records.checked:
            self.records.checked &= {self.records.key(row) for row in self.records.rows}
            self._checks_changed()

    def _checks_changed(self) -> None:
        self.viewport().update()
        self.horizontalHeader().viewport().update()
        self.checked.emit(len(self.records.checked))

    # room

    def is_first(self, column: int) -> bool:
        """Whether a column stands at the left edge."""
        return column == self._first_shown()

    def _first_shown(self) -> int:
        return next(i for i in range(self.records.columnCount()) if not self.isColumnHidden(i))

    def _last_shown(self) -> int:
        return next(i for i in reversed(range(self.records.columnCount())) if not self.isColumnHidden(i))

    def cell_room(self, room: QRect, column: int) -> QRectF:
        """Where a cell's content stands: within its padding, above its hairline."""
        left = theme.px(EDGE if column == self._first_shown() else PAD)
        right = theme.px(EDGE if column == self._last_shown() else PAD)
        return QRectF(room.left() + left, room.top(), max(1, room.width() - left - right), room.height() - 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        columns = self.records.columns
        widths = [theme.px(column.width) for column in columns]
        shown, room = set(range(len(columns))), self.viewport().width()
        for keep in sorted({column.keep for column in columns if column.keep > 1}, reverse=True):
            if sum(widths[i] for i in shown) > room:
                shown -= {i for i in shown if columns[i].keep == keep}
        spare = room - sum(widths[i] for i in shown)
        if spare < 0:  # those that stretch also give way, to half their width
            for i in shown:
                if columns[i].stretch and spare < 0:
                    give = min(widths[i] // 2, -spare)
                    widths[i], spare = widths[i] - give, spare + give
        spare = max(0, spare)
        weight = sum(columns[i].stretch for i in shown)
        for i, column in enumerate(columns):
            self.setColumnHidden(i, i not in shown)
            if i in shown:
                extra = spare * column.stretch // weight if weight else 0
                self.setColumnWidth(i, widths[i] + extra)

    # mouse and keys

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Chooses the first row where the keyboard comes to a list of which none is chosen.

        Qt alone would make it current whatever brought the focus, and without showing it selected.
        """
        had, self._quiet = self.currentIndex().isValid(), True
        super().focusInEvent(event)
        if not had:
            self.selectionModel().clearCurrentIndex()
        self._quiet = False
        if not had and event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.select_first()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(round(event.position().y())))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, line: int) -> None:
        if line == self.hovered:
            return
        before, self.hovered = self.hovered, line
        for changed in (before, line):
            if 0 <= changed < self.records.rowCount():
                top, high = self.rowViewportPosition(changed), self.rowHeight(changed)
                self.viewport().update(0, top, self.viewport().width(), high)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if self._checks and index.isValid() and self.records.columns[index.column()].kind == "check":
            row = self.records.at(index.row())
            if row is not None:
                self._toggle(row)
            return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if self._checks and index.isValid() and self.records.columns[index.column()].kind == "check":
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current is not None:
            self.opened.emit(self.current)
        elif event.key() == Qt.Key.Key_Space and self._checks and self.current is not None:
            for row in self.selected_rows():
                self._toggle(row)
        else:
            super().keyPressEvent(event)

    def copy(self) -> None:
        """Copies the selected rows as tab-separated lines."""
        columns = [column for column in self.records.columns if column.kind != "check"]
        lines = [
            "\t".join(" ".join(column.words(row).split()) for column in columns)
            for row in self.selected_rows()
        ]
        if lines:
            QGuiApplication.clipboard().setText("\n".join(lines))

    def point_of(self, key: Hashable, column: int = 0) -> QPoint:
        """The middle of a cell within the viewport, after scrolling to it; for the tour and for tests."""
        items = self.records.items_of({key})
        index = self.records.index(self.records.line_of(items[key]), column + self._checks)
        self.scrollTo(index)
        return self.visualRect(index).center()
