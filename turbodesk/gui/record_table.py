"""One table for every list of records: columns, rows, a current row that stays, checks, a filter."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.card import viewport
from turbodesk.gui.record_column import Column
from turbodesk.gui.record_delegate import EDGE, ROW, RecordDelegate
from turbodesk.gui.record_header import RecordHeader
from turbodesk.gui.record_model import RecordModel

GROUP_ROW, PAD = 28, 8
CHECKS_WIDE = 44


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
        self._wanted: tuple[int, bool] | None = None  # how it is going to be sorted, once that is prepared
        self._more_below = False
        self._group_lines: list[int] = []
        self.setAccessibleName(name)
        self._prepare()
        self.setModel(self.records)
        self.setItemDelegate(RecordDelegate(self))
        self.records.modelReset.connect(self._on_reset)
        self.records.rowsInserted.connect(self._on_inserted)
        self.records.prepared.connect(self._on_prepared)
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
        self._quiet, self._wanted = True, None
        self.records.set_rows(kept)
        self._drop_lost_checks()
        self._select(before, with_selection)
        self.verticalScrollBar().setValue(place)
        self._quiet = False
        if self.current is not None or before is not None:
            self.chosen.emit(self.current)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Shows other columns of the same rows, in the order they came."""
        self._keeping_current(
            lambda: self.records.set_columns([*self.records.columns[: int(self._checks)], *columns])
        )
        self._share_room()

    def append_rows(self, rows: Iterable[Any]) -> None:
        """Takes more rows, as a page of them arrives."""
        self._keeping_current(lambda: self.records.append(rows))

    def rows_altered(self) -> None:
        """Shows rows that have other values than when they were given; they stay where they are."""
        self.records.forget_orders()
        self.viewport().update()

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

    def _on_inserted(self, _parent: QModelIndex, first: int, _last: int) -> None:
        self._more_below = self.rowViewportPosition(first) >= self.viewport().height()

    def doItemsLayout(self) -> None:
        """Only makes room where rows came below what is seen: Qt would paint all that is seen again."""
        if self._more_below:
            self._more_below = False
            self.updateGeometries()
        else:
            super().doItemsLayout()

    def _on_reset(self) -> None:
        self.hovered, self._more_below = -1, False
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
            before = self._wanted or self.records.sorted_by
            self._wanted = (section, before is not None and before[0] == section and not before[1])
            self.records.prepare(section)

    def _on_prepared(self, section: int) -> None:
        if self._wanted is not None and self._wanted[0] == section:
            descending, self._wanted = self._wanted[1], None
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
