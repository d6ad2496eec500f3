"""The dashed frame that says: let go here."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import paint_runs


class DropFrame(QWidget):
    """Lies over a pane while files are dragged across it, and takes no part in anything."""

    def __init__(self, pane: QWidget) -> None:
        super().__init__(pane)
        self._words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        pane.installEventFilter(self)
        self.hide()

    def show_over(self, words: str) -> None:
        """Shows the frame with these words in its middle."""
        self._words = words
        self.setGeometry(self.parentWidget().rect())
        self.raise_()
        self.show()
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self.parentWidget().rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        veil = QColor(theme.colour("surface"))
        veil.setAlphaF(0.93)
        painter.fillRect(self.rect(), veil)
        edge = theme.px(10)
        room = QRectF(self.rect()).adjusted(edge, edge, -edge, -edge)
        tint = QColor(theme.colour("selection"))
        tint.setAlphaF(0.5)
        frame(painter, room, theme.px(8), fill=tint, line=theme.colour("accent-ink"), width=2, dashed=True)
        wide = QFontMetricsF(theme.font("section")).horizontalAdvance(self._words)
        side, gap = theme.px(24), theme.px(10)
        left = (self.width() - side - gap - wide) / 2
        middle = QRectF(left, 0, side, self.height())
        theme.paint_icon(painter, middle, "paperclip", "accent-ink", 24)
        words = QRectF(left + side + gap, 0, wide + 2, self.height())
        paint_runs(painter, words, [(self._words, "accent-ink", "section")])
