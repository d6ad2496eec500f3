"""The line at the foot of the window: whether the service answers, what waits, what the tab says."""

from __future__ import annotations

from PySide6.QtCore import QLocale
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.card import Dot, Rule
from turbodesk.gui.parts.label import Label


class StatusBar(QWidget):
    """One line of small muted words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(theme.px(27))
        self._dot = Dot("success")
        self._live = Label(role="small", tone="muted", elide="right")
        self._waiting = Label(role="small", tone="muted", tabular=True)
        self._right = Label(role="small", tone="muted", elide="right", tabular=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(14), 1, theme.px(14), 0)
        row.setSpacing(theme.px(14))
        live = QHBoxLayout()
        live.setSpacing(theme.px(6))
        live.addWidget(self._dot)
        live.addWidget(self._live)
        row.addLayout(live)
        row.addWidget(Rule(upright=True, high=12))
        row.addWidget(self._waiting)
        row.addStretch(1)
        row.addWidget(self._right)
        self.set_waiting(0)

    @property
    def live_text(self) -> str:
        """What it says of the service."""
        return self._live.text()

    @property
    def right_text(self) -> str:
        """What it says at the right."""
        return self._right.text()

    def set_live(self, live: bool, text: str) -> None:
        """Tells whether the service answers, and in words."""
        self._dot.show_mark("success" if live else "warning", ring=not live)
        self._live.setText(text)

    def set_waiting(self, count: int) -> None:
        """Tells how many letters wait to be sent."""
        self._waiting.setText(f"{QLocale().toString(count)} waiting")

    def set_right(self, text: str) -> None:
        """Shows what the tab has to say."""
        self._right.setText(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("window"))
        painter.fillRect(0, 0, self.width(), 1, theme.colour("border"))
