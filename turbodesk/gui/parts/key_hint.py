"""The name of a key in its small frame."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.drawing import key_hint_width, paint_key_hint


class KeyHint(QWidget):
    """Says by which key something is done."""

    def __init__(self, keys: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys = keys
        self.setAccessibleName(keys)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(int(key_hint_width(self._keys) + 0.999), theme.px(18))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_key_hint(
            painter,
            0,
            self.height() / 2,
            self._keys,
            theme.colour("muted"),
            theme.colour("border"),
            theme.colour("surface"),
        )
