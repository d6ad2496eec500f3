"""How a cell of a table of records is painted, by the kind of its column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QToolTip

from turbodesk.gui import theme
from turbodesk.gui.parts.check_box import paint_check
from turbodesk.gui.parts.label import plain_tip
from turbodesk.gui.parts.meter import paint_meter
from turbodesk.gui.parts.pill import paint_pill, pill_size
from turbodesk.gui.record_column import Column
from turbodesk.gui.record_model import Group

if TYPE_CHECKING:
    from turbodesk.gui.record_table import RecordTable

Index = QModelIndex | QPersistentModelIndex
ROW = 30
EDGE = 16
LONGEST, LONGEST_TIP = 500, 2000  # characters that are measured; the layout of a million takes seconds

WORDS = {
    "text": ("text", "body"),
    "medium": ("text", "medium"),
    "muted": ("muted", "body"),
    "mono": ("text", "mono"),
    "address": ("text", "body"),
}


def _short(text: str, longest: int = LONGEST) -> str:
    """A text of which no more is measured than could be seen; its beginning and its end are kept."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]}…{text[-half:]}"


class Inks:
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
        self._made: Inks | None = None

    def _inks(self) -> Inks:
        if self._made is None or self._made.theme is not theme.now():
            self._made = Inks()
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

    def _paint_group(self, painter: QPainter, room: QRect, group: Group) -> None:
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
        elif kind in ("meter", "progress"):
            self._paint_share(painter, inks, room, *shown, tone="accent" if kind == "progress" else "")
        elif kind == "icon":
            icon, tone, _words = shown
            if icon:
                side = theme.px(16)
                theme.paint_icon(painter, QRectF(room.left(), room.top(), side, room.height()), icon, tone)

    def _paint_words(
        self, painter: QPainter, inks: Inks, room: QRectF, column: Column, shown: Any, tone: str, role: str
    ) -> None:
        text, rest = map(_short, shown) if isinstance(shown, tuple) else (_short(shown), "")
        metrics = inks.metrics[role]
        wide = metrics.horizontalAdvance(text)
        rest_wide = metrics.horizontalAdvance(rest) + theme.px(4) if rest else 0.0
        if column.align == "right" and wide + rest_wide < room.width():
            room.setLeft(room.right() - wide - rest_wide)
        cut = Qt.TextElideMode.ElideMiddle if column.kind == "address" else Qt.TextElideMode.ElideRight
        first = QRectF(room.left(), room.top(), room.width() - rest_wide, room.height())
        end = self._words(painter, inks, first, text, tone, role, mode=cut, wide=wide)
        if rest:
            room.setLeft(end + theme.px(4))
            self._words(painter, inks, room, rest, "muted", role)

    @staticmethod
    def _words(
        painter: QPainter,
        inks: Inks,
        room: QRectF,
        text: str,
        tone: str,
        role: str,
        *,
        cut: bool = True,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        wide: float | None = None,
    ) -> float:
        """Paints words, `wide` where that was measured, at the left of `room`; gives back where they end."""
        metrics, text = inks.metrics[role], _short(text)
        if wide is None:
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
        self, painter: QPainter, inks: Inks, room: QRectF, counts: Sequence[tuple[str, str, int]]
    ) -> None:
        left, side = room.left(), theme.px(14)
        for index, (icon, tone, number) in enumerate(counts):
            spot = QRectF(left, room.top(), side, room.height())
            needed = side + theme.px(3) + inks.metrics["body"].horizontalAdvance(str(number))
            more = side if index + 1 < len(counts) else 0
            if left + needed + more > room.right() + 1:  # what has no room is at least known to be there
                self._words(painter, inks, spot, "…", "muted", "body", cut=False)
                return
            theme.paint_icon(painter, spot, icon, tone, 14)
            words = QRectF(left + side + theme.px(3), room.top(), room.right() - left - side, room.height())
            left = self._words(painter, inks, words, str(number), tone, "body", cut=False) + theme.px(9)

    def _paint_share(
        self, painter: QPainter, inks: Inks, room: QRectF, share: float | None, words: str, *, tone: str
    ) -> None:
        high, wide = theme.px(6), min(theme.px(72), int(room.width() * 0.5)) if words else int(room.width())
        bar = QRectF(room.left(), round(room.top() + (room.height() - high) / 2), wide, high)
        if share is not None:
            paint_meter(painter, bar, share, tone)
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
        words = _short(column.words(row), LONGEST_TIP)
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
