"""What things stand on: cards, grounds, the row of tools, hairlines."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from turbodesk.gui import theme
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import Label


class Card(QWidget):
    """A bordered sheet with rounded corners, perhaps with a small muted title."""

    def __init__(
        self, title: str = "", *, padding: int = 16, tone: str = "surface", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._tone = tone
        self.body = QVBoxLayout(self)
        edge = theme.px(padding) + 1  # its line lies within
        self.body.setContentsMargins(edge, edge, edge, edge)
        self.body.setSpacing(theme.px(10))
        if title:
            self.body.addWidget(Label(title, "small-strong", "muted"))

    def add(self, item: QWidget | QLayout) -> None:
        """Puts something below what the card holds."""
        if isinstance(item, QLayout):
            self.body.addLayout(item)
        else:
            self.body.addWidget(item)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        frame(
            painter,
            QRectF(self.rect()),
            theme.px(8),
            fill=theme.colour(self._tone),
            line=theme.colour("border"),
        )


class Rule(QWidget):
    """A hairline across."""

    def __init__(self, *, upright: bool = False, high: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        if upright:
            self.setFixedWidth(1)
            if high:
                self.setFixedHeight(theme.px(high))
        else:
            self.setFixedHeight(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.colour("border"))


class Ground(QFrame):
    """A plain area of one ground colour; `line` draws a hairline along its `top` or `bottom`."""

    def __init__(
        self, ground: str = "surface", *, line: str = "", across: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._ground, self._line = ground, line
        self.box: QHBoxLayout | QVBoxLayout = QHBoxLayout(self) if across else QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(self._ground))
        if self._line:
            edge = self.height() - 1 if self._line == "bottom" else 0
            painter.fillRect(0, edge, self.width(), 1, theme.colour("border"))


class ToolBar(Ground):
    """The row above a tab's panes: what is shown at the left, what can be done at the right."""

    def __init__(self, *, high: int = 48, parent: QWidget | None = None) -> None:
        super().__init__("surface", line="bottom", across=True, parent=parent)
        self.setFixedHeight(theme.px(high))
        self.box.setContentsMargins(theme.px(16), 0, theme.px(16), 1)
        self.box.setSpacing(theme.px(8))

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Puts a widget at the end of the row."""
        self.box.addWidget(widget, stretch)

    def gap(self) -> None:
        """Leaves all free room here."""
        self.box.addStretch(1)


class Dot(QWidget):
    """A small round mark: filled, or a ring."""

    def __init__(
        self, colour: str, *, ring: bool = False, size: int = 8, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._colour, self._ring, self._size = colour, ring, size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_mark(self, colour: str, ring: bool = False) -> None:
        """Takes another token and form."""
        self._colour, self._ring = colour, ring
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.px(self._size), theme.px(self._size))

    def paintEvent(self, event: QPaintEvent) -> None:
        side = theme.px(self._size)
        room = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        paint_dot(QPainter(self), room, theme.colour(self._colour), self._ring, 3 if self._size > 8 else 2)


def paint_dot(painter: QPainter, room: QRectF, ink: QColor, ring: bool, stroke: float = 3) -> None:
    """A round mark that fills `room`."""
    if ring:
        frame(painter, room, room.height() / 2, line=ink, width=theme.px(stroke))
    else:
        frame(painter, room, room.height() / 2, fill=ink)


def viewport(area: QAbstractScrollArea) -> QWidget:
    """The viewport of an area, found by its name.

    The first `area.viewport()` of a program makes PySide load every class of Qt's widgets, to see which of
    them it is; from here on it is known.
    """
    return area.findChild(QWidget, "qt_scrollarea_viewport", Qt.FindChildOption.FindDirectChildrenOnly)


def scrolled(inner: QWidget) -> QScrollArea:
    """`inner` in a scroll area without a frame, as wide as its room."""
    area = QScrollArea()
    area.setWidget(inner)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    viewport(area).setAutoFillBackground(False)
    inner.setAutoFillBackground(False)
    return area


def row(*items: QWidget | QLayout | int | None, gap: int = 8) -> QHBoxLayout:
    """Things side by side; None leaves free room, a number that many px of the drawings."""
    line = QHBoxLayout()
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(theme.px(gap))
    _fill(line, items)
    return line


def column(*items: QWidget | QLayout | int | None, gap: int = 8) -> QVBoxLayout:
    """Things below each other; None leaves free room, a number that many px of the drawings."""
    pile = QVBoxLayout()
    pile.setContentsMargins(0, 0, 0, 0)
    pile.setSpacing(theme.px(gap))
    _fill(pile, items)
    return pile


def _fill(box: QBoxLayout, items: Iterable[QWidget | QLayout | int | None]) -> None:
    for item in items:
        if item is None:
            box.addStretch(1)
        elif isinstance(item, int):
            box.addSpacing(theme.px(item))
        elif isinstance(item, QLayout):
            box.addLayout(item)
        else:
            box.addWidget(item)


def clear_layout(layout: QLayout) -> None:
    """Takes everything out of a layout and lets it go."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        inner = item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear_layout(inner)
