"""The ring around the control that has the focus, where the keyboard brought it there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QApplication, QComboBox, QWidget
from shiboken6 import isValid

from turbodesk.gui import theme
from turbodesk.gui.parts.drawing import frame

WIDTH, OFF, RADIUS = 2, 2, 6
MOVES = {QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Hide, QEvent.Type.Show, QEvent.Type.ParentChange}
BY_KEYBOARD = Qt.WidgetAttribute.WA_KeyboardFocusChange


class _Ring(QWidget):
    """The painted ring: over its host, taking no mouse."""

    def __init__(self, host: QWidget, radius: float) -> None:
        super().__init__(host)
        self._radius = radius
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        width = theme.px(WIDTH)
        radius = theme.px(self._radius) + theme.px(OFF) + width
        frame(painter, QRectF(self.rect()), radius, line=theme.colour("accent-ink"), width=width)


class FocusRing(QObject):
    """Follows the focus of the whole application. Fields and lists show the focus themselves."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._ring: _Ring | None = None
        self._target: QWidget | None = None
        self._watched: list[QWidget] = []
        app.focusChanged.connect(self._on_focus_changed)

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        self._leave()
        if isinstance(new, QAbstractButton | QComboBox) and new.window().testAttribute(BY_KEYBOARD):
            self._enter(new)

    def _enter(self, target: QWidget) -> None:
        host = _host(target)
        self._target = target
        self._ring = _Ring(host, float(target.property("ring_radius") or RADIUS))
        step: QWidget | None = target
        while step is not None and step is not host:
            step.installEventFilter(self)
            self._watched.append(step)
            step = step.parentWidget()
        self._place()

    def _leave(self) -> None:
        for widget in self._watched:
            if isValid(widget):
                widget.removeEventFilter(self)
        self._watched, self._target = [], None
        ring, self._ring = self._ring, None
        if ring is not None and isValid(ring):
            ring.hide()
            ring.deleteLater()

    def _place(self) -> None:
        if self._ring is None or self._target is None or not isValid(self._ring):
            return
        reach = theme.px(OFF) + theme.px(WIDTH)
        corner = self._target.mapTo(self._ring.parentWidget(), QPoint(0, 0))
        spot = QRect(corner, self._target.size()).adjusted(-reach, -reach, reach, reach)
        self._ring.setGeometry(spot)
        self._ring.setVisible(self._target.isVisible())
        self._ring.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in MOVES:
            self._place()
        return False


def _host(target: QWidget) -> QWidget:
    """Where the ring is painted: the scrolled content the target stands in, else its window."""
    step = target
    while (parent := step.parentWidget()) is not None and not step.isWindow():
        above = parent.parentWidget()
        if isinstance(above, QAbstractScrollArea) and above.viewport() is parent:
            return step
        step = parent
    return target.window()


def give_focus(target: QWidget) -> None:
    """Moves the focus as the keyboard would, so that the ring shows where it is."""
    target.window().setAttribute(BY_KEYBOARD, True)
    target.setFocus(Qt.FocusReason.TabFocusReason)
    target.window().setAttribute(BY_KEYBOARD, True)
    for ring in QApplication.instance().findChildren(FocusRing):
        ring._on_focus_changed(None, QApplication.focusWidget())
