"""The head of a table of records: titles, the mark at the sorted column, a box that checks all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QHeaderView

from turbodesk.gui import theme
from turbodesk.gui.parts.check_box import paint_check

if TYPE_CHECKING:
    from turbodesk.gui.record_table import RecordTable

HEAD = 30


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
