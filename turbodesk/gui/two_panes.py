"""Two panes side by side: as the drawings have them, until their user moves the line between them."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from turbodesk.gui import theme

WIDE, NARROW = (1280, 628), (900, 556)  # width of both, and of the left one there


class TwoPanes(QSplitter):
    """The letter at the left, how it reads at the right."""

    def __init__(self, left: QWidget, right: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._moved_by_hand = False
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.addWidget(left)
        self.addWidget(right)
        self.splitterMoved.connect(self._on_moved)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._moved_by_hand and self.width() > 0:
            left = self._left_width()
            self.setSizes([left, self.width() - left - 1])

    def _left_width(self) -> int:
        (wide, wide_left), (narrow, narrow_left) = ((theme.px(a), theme.px(b)) for a, b in (WIDE, NARROW))
        if self.width() >= wide:
            return round(self.width() * wide_left / wide)
        slope = (wide_left - narrow_left) / (wide - narrow)
        return round(narrow_left + (self.width() - narrow) * slope)

    def _on_moved(self) -> None:
        self._moved_by_hand = True
