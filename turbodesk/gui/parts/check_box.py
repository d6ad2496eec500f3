"""A check box: a small square, a tick, and its words."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import paint_runs

SIDE = 16


def paint_check(painter: QPainter, room: QRectF, state: Qt.CheckState, *, warm: bool = False) -> None:
    """Paints the square in the middle of `room`: empty, ticked, or with a bar for some of many."""
    side = theme.px(SIDE)
    box = QRectF(
        round(room.left() + (room.width() - side) / 2),
        round(room.top() + (room.height() - side) / 2),
        side,
        side,
    )
    if state == Qt.CheckState.Unchecked:
        line = theme.colour("accent-ink" if warm else "field-border")
        frame(painter, box, theme.px(4), fill=theme.colour("surface"), line=line, width=1.5)
        return
    accent = theme.colour("accent")
    frame(painter, box, theme.px(4), fill=accent, line=accent)
    if state == Qt.CheckState.Checked:
        theme.paint_icon(painter, box, "check", "accent-text", 14)
        return
    painter.setPen(QPen(theme.colour("accent-text"), 1.8 * theme.now().em))
    middle = box.center().y()
    painter.drawLine(
        QPoint(round(box.left() + side * 0.28), round(middle)),
        QPoint(round(box.right() - side * 0.28), round(middle)),
    )


class CheckBox(QCheckBox):
    """Something that is in or out, with its word at the right."""

    def __init__(self, text: str = "", *, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if name:
            self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        words = QFontMetricsF(theme.font()).horizontalAdvance(self.text())
        wide = theme.px(SIDE) + (theme.px(8) + words if self.text() else 0)
        return QSize(int(wide + 0.999), theme.px(24))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.isEnabled():
            painter.setOpacity(0.6)
        side = theme.px(SIDE)
        warm = self.underMouse() and self.isEnabled()
        paint_check(painter, QRectF(0, 0, side, self.height()), self.checkState(), warm=warm)
        left = side + theme.px(8)
        room = QRectF(left, 0, self.width() - left, self.height())
        tone = "text" if self.isEnabled() else "muted"
        paint_runs(painter, room, [(self.text(), tone, "body")])
