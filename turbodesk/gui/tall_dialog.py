"""A dialog as high as what it holds, which scrolls where the window has less room."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.card import scrolled
from turbodesk.gui.parts.dialog import Dialog

MARGIN = 40  # px of the drawings that stay free above and below the dialog
LOWEST = 420  # px that it may take even where its window is lower


class TallDialog(Dialog):
    """What is put on `pile` makes its height; call `fit` once all of it is there."""

    def __init__(self, parent: QWidget | None, title: str, *, wide: int = 480) -> None:
        super().__init__(parent, title, wide=wide)
        self._inner = QWidget()
        self.pile = QVBoxLayout(self._inner)
        self.pile.setContentsMargins(0, 0, 0, 0)
        self.pile.setSpacing(theme.px(10))
        self.area = scrolled(self._inner)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.body.addWidget(self.area)
        self._inner.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.fit()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def scroll_to(self, place: QWidget) -> None:
        """Shows a part of it, once that has its room."""
        QTimer.singleShot(0, self, lambda: self.area.ensureWidgetVisible(place))

    def fit(self) -> None:
        """Makes it as high as what it says just now, as far as there is room; what is more is scrolled."""
        edges = self.layout().itemAt(0).layout().contentsMargins()
        wide = self.width() - edges.left() - edges.right()
        layout = self._inner.layout()
        wanted = layout.totalHeightForWidth(wide) if layout.hasHeightForWidth() else -1
        if wanted < 0:
            wanted = layout.totalSizeHint().height()
        rest = edges.top() + edges.bottom() + self.heading.heightForWidth(wide) + theme.px(8)
        rest += self._foot.sizeHint().height()
        over = self.parentWidget().window().height() if self.parentWidget() else 0
        room = max(theme.px(LOWEST), over - 2 * theme.px(MARGIN))
        beside_bar = theme.px(6) if wanted > room - rest else 0
        layout.setContentsMargins(0, 0, beside_bar, 0)
        self.setFixedHeight(rest + min(wanted, room - rest))
