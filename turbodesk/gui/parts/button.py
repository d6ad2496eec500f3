"""The buttons: primary, plain, quiet, danger; small, normal, large; with icon and key hint."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.drawing import frame, key_hint_width, paint_key_hint
from turbodesk.gui.parts.label import plain_tip

HEIGHTS = {"small": 26, "normal": 30, "large": 36}
EDGES = {"small": 10, "normal": 12, "large": 16}
RADIUS = 6


class Button(QPushButton):
    """One thing to do. At most one `primary` stands in a pane."""

    def __init__(
        self,
        text: str = "",
        icon: str = "",
        *,
        kind: str = "plain",
        size: str = "normal",
        keys: str = "",
        name: str = "",
        tip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._icon, self._kind, self._size, self._keys = icon, kind, size, keys
        self._tip, self._menu_mark = tip, False
        self.setAutoDefault(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if name or keys:
            self.setAccessibleName(name or text)
        if keys:
            self.setAccessibleDescription(keys)
        self._show_tip(tip or (name if not text else ""))

    @property
    def kind(self) -> str:
        """`plain`, `primary`, `quiet` or `danger`."""
        return self._kind

    def set_kind(self, kind: str) -> None:
        """Gives the button another weight."""
        self._kind = kind
        self._resized()

    def set_icon(self, icon: str) -> None:
        """Shows another icon, or none."""
        self._icon = icon
        self._resized()

    def set_keys(self, keys: str) -> None:
        """Shows another key hint, or none."""
        self._keys = keys
        self.setAccessibleDescription(keys)
        self._resized()

    def set_tip(self, tip: str) -> None:
        """Shows another tooltip while it can be pressed."""
        self._tip = tip
        if self.isEnabled():
            self._show_tip(tip)

    def add_menu_mark(self) -> None:
        """Shows a chevron at the right: pressing opens a menu."""
        self._menu_mark = True
        self._resized()

    def off(self, reason: str) -> None:
        """Greys the button out and says why as its tooltip."""
        self.setEnabled(False)
        self.setToolTip(plain_tip(reason))
        self.setAccessibleDescription(reason)

    def on(self) -> None:
        """Takes back `off`."""
        self.setEnabled(True)
        self._show_tip(self._tip)
        self.setAccessibleDescription(self._keys)

    def _show_tip(self, tip: str) -> None:
        self.setToolTip(plain_tip(tip) if tip else "")

    def _resized(self) -> None:
        self.updateGeometry()
        self.update()

    def _role(self) -> str:
        if self._size == "small":
            return "small-strong" if self._kind in ("primary", "danger") else "small-medium"
        return "strong" if self._kind in ("primary", "danger") else "medium"

    def _content_width(self) -> float:
        parts = []
        if self._icon:
            parts.append(float(theme.px(16)))
        if self.text():
            parts.append(QFontMetricsF(theme.font(self._role())).horizontalAdvance(self.text()))
        if self._keys:
            parts.append(key_hint_width(self._keys))
        if self._menu_mark:
            parts.append(float(theme.px(14)))
        return sum(parts) + theme.px(6) * max(0, len(parts) - 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button that has the focus, as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        high = theme.px(HEIGHTS[self._size])
        if self._icon and not (self.text() or self._keys or self._menu_mark):
            return QSize(high, high)
        return QSize(round(self._content_width()) + 2 * theme.px(EDGES[self._size]) + 2, high)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _colours(self) -> tuple[QColor | None, QColor | None, str]:
        """Fill, border and the token of the ink."""
        colour = theme.colour
        if not self.isEnabled():
            filled = None if self._kind == "quiet" else colour("surface")
            return filled, None if self._kind == "quiet" else colour("button-border"), "muted"
        if self.isChecked():
            return colour("selection"), colour("accent-ink"), "accent-ink"
        if self._kind in ("primary", "danger"):
            fill = QColor(colour("accent" if self._kind == "primary" else "danger-fill"))
            if self.isDown() or self.underMouse():
                fill = fill.darker(112 if self.isDown() else 106)
            return fill, fill, "accent-text"
        if self._kind == "quiet":
            warm = self.isDown() or self.underMouse()
            return colour("hover") if warm else None, None, "text" if warm else "muted"
        fill = colour("selection") if self.isDown() else colour("hover" if self.underMouse() else "surface")
        return fill, colour("button-border"), "text"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.isEnabled():
            painter.setOpacity(0.6)
        fill, line, ink = self._colours()
        frame(painter, self._frame_room(), theme.px(RADIUS), fill=fill, line=line)
        left = (self.width() - self._content_width()) / 2
        middle = self.height() / 2
        gap = theme.px(6)
        if self._icon:
            side = theme.px(16)
            spot = QRectF(round(left), round(middle - side / 2), side, side)
            theme.paint_icon(painter, spot, self._icon, ink)
            left += side + gap
        if self.text():
            left = self._paint_words(painter, left, middle, ink) + gap
        if self._keys:
            self._paint_keys(painter, left, middle)
            left += key_hint_width(self._keys) + gap
        if self._menu_mark:
            side = theme.px(14)
            theme.paint_icon(painter, QRectF(left, middle - side / 2, side, side), "down", ink, 14)

    def _frame_room(self) -> QRectF:
        return QRectF(self.rect())

    def _paint_words(self, painter: QPainter, left: float, middle: float, ink: str) -> float:
        font = theme.font(self._role())
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(theme.colour(ink))
        painter.drawText(round(left), round(middle + (metrics.ascent() - metrics.descent()) / 2), self.text())
        return left + metrics.horizontalAdvance(self.text())

    def _paint_keys(self, painter: QPainter, left: float, middle: float) -> None:
        if self._kind in ("primary", "danger") and self.isEnabled():
            white = theme.colour("accent-text")
            faint = QColor(white)
            faint.setAlphaF(0.35)
            paint_key_hint(painter, left, middle, self._keys, white, faint, None)
        else:
            paint_key_hint(
                painter,
                left,
                middle,
                self._keys,
                theme.colour("muted"),
                theme.colour("border"),
                theme.colour("surface"),
            )
