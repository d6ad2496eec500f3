"""A meter: how much of a limit is used; amber from three quarters, red at the end."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.drawing import frame

WARNS_FROM, ALARMS_FROM = 0.75, 0.95
STEPS = 1000


def meter_tone(share: float) -> str:
    """The token that fills a meter of that share."""
    return "danger-fill" if share >= ALARMS_FROM else "warning-fill" if share >= WARNS_FROM else "accent"


def paint_meter(painter: QPainter, room: QRectF, share: float | None, tone: str = "") -> None:
    """Paints a meter that fills `room`; a share of None leaves it empty."""
    radius = room.height() / 2
    border = theme.colour("border")
    frame(painter, room, radius, fill=theme.colour("neutral-tint"), line=border)
    if not share or share <= 0:
        return
    inside = room.adjusted(1, 1, -1, -1)
    path = QPainterPath()
    path.addRoundedRect(inside, radius - 1, radius - 1)
    painter.save()
    painter.setClipPath(path)
    filled = QRectF(inside.left(), inside.top(), max(2.0, inside.width() * min(1.0, share)), inside.height())
    painter.fillRect(filled, theme.colour(tone or meter_tone(share)))
    painter.restore()


class Meter(QProgressBar):
    """A thin bar of how much is used; a number always stands beside it."""

    def __init__(
        self, *, small: bool = False, name: str = "", tone: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._small, self._tone, self._share = small, tone, None
        self.setRange(0, STEPS)
        self.setTextVisible(False)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def share(self) -> float | None:
        """What it shows, 0 to 1 and above, or None for nothing."""
        return self._share

    def set_share(self, share: float | None, text: str = "") -> None:
        """Shows a share of 1; `text` says it to those who cannot see it."""
        self._share = share
        self.setValue(round(STEPS * min(1.0, max(0.0, share or 0.0))))
        self.setAccessibleDescription(text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.px(120), theme.px(6 if self._small else 8))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(24), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        high = self.sizeHint().height()
        room = QRectF(0, (self.height() - high) / 2, self.width(), high)
        paint_meter(painter, room, self._share, self._tone)
