"""A short word that something is done: it floats above the status bar for a while and goes by itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSizePolicy, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.drawing import SHADOW, frame, paint_shadow
from turbodesk.gui.parts.field import IconLabel
from turbodesk.gui.parts.label import Label

STAYS_MS = 6000
ABOVE_BOTTOM = 42


class Floating(QWidget):
    """A raised sheet with a shadow; its layout is `row`, inside the shadow's room."""

    def __init__(self, parent: QWidget | None = None, *, high: int = 44) -> None:
        super().__init__(parent)
        reach = theme.px(SHADOW)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(reach + theme.px(14), reach, reach + theme.px(8), reach)
        self.row.setSpacing(theme.px(10))
        self._high = theme.px(high)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sheet(self) -> QRect:
        """Where the sheet itself lies, without its shadow."""
        reach = theme.px(SHADOW)
        return self.rect().adjusted(reach, reach, -reach, -reach)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self._high + 2 * theme.px(SHADOW))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_shadow(painter, self.sheet(), theme.px(10))
        frame(
            painter,
            QRectF(self.sheet()),
            theme.px(10),
            fill=theme.colour("raised"),
            line=theme.colour("button-border"),
        )


class Toast(Floating):
    """Says what was done, with one way to take it back or look at it; stays while hovered or focused."""

    def __init__(
        self,
        text: str,
        *,
        action: str = "",
        action_icon: str = "",
        on_action: Callable[[], object] | None = None,
        keys: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.text = text
        self._above: QWidget | None = None
        self.row.addWidget(IconLabel("check", "success"))
        self.row.addWidget(Label(text, elide="right"), 1)
        if on_action is not None:
            button = Button(action, action_icon, size="small", keys=keys)
            button.clicked.connect(lambda: (self.leave(), on_action()))
            self.row.addWidget(button)
        close = Button("", "close", kind="quiet", size="small", name="Close")
        close.clicked.connect(self.leave)
        self.row.addWidget(close)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(STAYS_MS)
        self._timer.timeout.connect(self._on_time_over)

    @classmethod
    def show_in(
        cls,
        window: QWidget,
        text: str,
        action: str = "",
        on_action: Callable[[], object] | None = None,
        *,
        action_icon: str = "",
        keys: str = "",
        above: QWidget | None = None,
    ) -> Toast:
        """Shows a toast in that window instead of the one before, and says it aloud.

        It floats over the status bar, or over `above` while that is to be seen.
        """
        for before in window.findChildren(Toast):
            before.leave()
        toast = cls(
            text, action=action, action_icon=action_icon, on_action=on_action, keys=keys, parent=window
        )
        toast._above = above
        toast.stand()
        window.installEventFilter(toast)
        toast.show()
        toast.raise_()
        toast._timer.start()
        from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent  # see Notices.tell

        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(window, text))
        return toast

    def leave(self) -> None:
        """Goes away."""
        self._timer.stop()
        self.hide()
        self.deleteLater()

    def stand(self) -> None:
        """Goes to its place: over the foot of the window, and over what floats there already."""
        window = self.parentWidget()
        reach = theme.px(SHADOW)
        wide = min(max(self.sizeHint().width(), theme.px(360) + 2 * reach), window.width())
        high = self.sizeHint().height()
        floor = window.height() - theme.px(ABOVE_BOTTOM)
        if self._above is not None and self._above.isVisible():
            floor = self._above.mapTo(window, self._above.rect().topLeft()).y() - theme.px(12)
        for other in window.findChildren(Floating, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if other.isVisible() and not isinstance(other, Toast):
                floor = min(floor, other.y() + other.sheet().top() - theme.px(8))
        self.setGeometry((window.width() - wide) // 2, floor - high + reach, wide, high)

    def _on_time_over(self) -> None:
        focus = QApplication.focusWidget()
        if self.underMouse() or (focus is not None and self.isAncestorOf(focus)):
            self._timer.start()
        else:
            self.leave()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.stand()
        return False
