"""A button in two halves: one does it, the other opens a menu of other ways to do it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import HEIGHTS, RADIUS, Button

MENU_WIDE = 30


class _Act(Button):
    """The half that does it; its frame goes on behind the other half."""

    def _frame_room(self) -> QRectF:
        return QRectF(self.rect()).adjusted(0, 0, theme.px(2 * RADIUS), 0)


class _Fold(Button):
    """The half that opens the menu, a faint line before it."""

    def _frame_room(self) -> QRectF:
        return QRectF(self.rect()).adjusted(-theme.px(2 * RADIUS), 0, 0, 0)

    def sizeHint(self) -> QSize:
        return QSize(theme.px(MENU_WIDE), theme.px(HEIGHTS["normal"]))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        line = QColor(theme.colour("accent-text" if self.isEnabled() else "button-border"))
        line.setAlphaF(0.35 if self.isEnabled() else 1.0)
        QPainter(self).fillRect(0, 1, 1, self.height() - 2, line)


class SplitButton(QWidget):
    """`act` does it, `fold` opens the menu that `menu` gives; only the first is ever greyed out."""

    def __init__(
        self, text: str, icon: str = "", *, tip: str = "", more: str = "More", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.act = _Act(text, icon, kind="primary", tip=tip)
        self.fold = _Fold("", "down", kind="primary", name=more, tip=more)
        self.menu: QMenu | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.act)
        row.addWidget(self.fold)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.fold.clicked.connect(self.open_menu)

    def open_menu(self) -> None:
        """Opens the menu, its right edge below that of the button."""
        if self.menu is not None:
            wide = self.menu.sizeHint().width()
            self.menu.popup(self.mapToGlobal(QPoint(self.width() - wide, self.height() + theme.px(4))))
