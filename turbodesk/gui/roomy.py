"""Room that is given as it is needed, and scrolls where there is less."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from turbodesk.gui import theme


class Roomy(QScrollArea):
    """As high as what it holds needs at its width; where the window has less, it scrolls."""

    def __init__(self, inner: QWidget, *, least: int, parent: QWidget | None = None) -> None:
        """`least` is the height in px of the drawings that it always keeps."""
        super().__init__(parent)
        self._least = least
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(inner)
        inner.setAutoFillBackground(False)
        inner.installEventFilter(self)

    def sizeHint(self) -> QSize:
        inner = self.widget()
        wide = self.viewport().width()
        high = inner.layout().totalHeightForWidth(wide) if inner.layout().hasHeightForWidth() else -1
        return QSize(inner.sizeHint().width(), high if high > 0 else inner.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        least = min(theme.px(self._least), self.sizeHint().height())
        return QSize(self.widget().minimumSizeHint().width(), least)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)
