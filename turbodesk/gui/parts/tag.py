"""Filled tags: one thing to know of the account that is open, said in a word and an icon."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import paint_runs, plain_tip

HIGH, LEFT, RIGHT, ICON, GAP = 22, 6, 8, 14, 4


class Look(NamedTuple):
    """How a tag looks: the colours of ground and words, icon and word."""

    fill: str
    ink: str
    icon: str
    word: str


class Tag(QWidget):
    """A filled tag; without its word where the room is short, which its tip says then."""

    def __init__(self, look: Look, why: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._short = look, False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(look.word)
        self.setAccessibleDescription(why)
        self.setToolTip(plain_tip(f"{look.word}: {why}"))

    def shorten(self, short: bool) -> None:
        """Leaves the word out, or shows it again."""
        if short != self._short:
            self._short = short
            self.updateGeometry()
            self.update()

    def wide(self, short: bool) -> int:
        """How wide the tag is with or without its word."""
        if short:
            return theme.px(LEFT + ICON + LEFT)
        words = QFontMetricsF(theme.font("small-strong")).horizontalAdvance(self._look.word)
        return theme.px(LEFT + ICON + GAP) + int(words + 0.999) + theme.px(RIGHT)

    def sizeHint(self) -> QSize:
        return QSize(self.wide(self._short), theme.px(HIGH))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look, room = self._look, QRectF(self.rect())
        frame(painter, room, theme.px(4), fill=theme.colour(look.fill))
        spot = QRectF(theme.px(LEFT), 0, theme.px(ICON), self.height())
        theme.paint_icon(painter, spot, look.icon, look.ink, ICON)
        if not self._short:
            room.setLeft(theme.px(LEFT + ICON + GAP))
            paint_runs(painter, room, [(look.word, look.ink, "small-strong")])
