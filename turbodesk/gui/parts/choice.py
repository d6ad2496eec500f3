"""One of several, opened as a list; and a day, opened as a calendar."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QDateEdit, QListView, QSizePolicy, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import paint_runs


class Choice(QComboBox):
    """A list of which one is chosen; each has a key and a word."""

    key_changed = Signal(str)

    def __init__(
        self, items: Sequence[tuple[str, str]] = (), *, name: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setView(QListView())
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_items(items)
        self.currentIndexChanged.connect(lambda _index: self.key_changed.emit(self.key))

    def set_items(self, items: Sequence[tuple[str, str]]) -> None:
        """Offers other items; keeps the choice where its key is still there."""
        before, blocked = self.key, self.blockSignals(True)
        self.clear()
        for key, word in items:
            self.addItem(word, key)
        self.choose(before)
        self.blockSignals(blocked)
        self.updateGeometry()

    @property
    def key(self) -> str:
        """The key of what is chosen, empty while there is nothing to choose."""
        return self.currentData() or ""

    def choose(self, key: str) -> None:
        """Chooses the item of that key, where there is one."""
        index = self.findData(key)
        if index >= 0:
            self.setCurrentIndex(index)

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.font("medium"))
        words = max((metrics.horizontalAdvance(self.itemText(i)) for i in range(self.count())), default=60.0)
        return QSize(math.ceil(words) + theme.px(12 + 8 + 14 + 10), theme.px(30))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint().boundedTo(QSize(theme.px(160), theme.px(30)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling past a list changes nothing in it."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.isEnabled():
            painter.setOpacity(0.6)
        warm = self.underMouse() and self.isEnabled()
        frame(
            painter,
            QRectF(self.rect()),
            theme.px(6),
            fill=theme.colour("hover" if warm else "surface"),
            line=theme.colour("button-border"),
        )
        mark = theme.px(14)
        room = QRectF(theme.px(12), 0, self.width() - theme.px(12 + 8 + 10) - mark, self.height())
        tone = "text" if self.isEnabled() else "muted"
        paint_runs(painter, room, [(self.currentText(), tone, "medium")])
        spot = QRectF(self.width() - theme.px(10) - mark, 0, mark, self.height())
        theme.paint_icon(painter, spot, "down", tone, 14)


class DayField(QDateEdit):
    """One day, typed or taken from a calendar."""

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setCalendarPopup(True)
        self.setDisplayFormat("d MMM yyyy")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        words = QFontMetricsF(theme.font()).horizontalAdvance("30 Mmm 2026")
        return QSize(int(words) + theme.px(10 + 38), theme.px(30))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        side = theme.px(16)
        spot = QRectF(self.width() - theme.px(8) - side, 0, side, self.height())
        theme.paint_icon(painter, spot, "calendar", "muted", 16)
