"""Status pills: one shape, five tones, three forms; each state has its own icon and word."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.drawing import frame

HEIGHT = 20


class Pill(NamedTuple):
    """How a state looks: tone, form (tint, outline, dashed), icon and word."""

    tone: str
    form: str
    icon: str
    word: str


PILLS = {
    "queued": Pill("neutral", "tint", "clock", "Queued"),
    "waiting": Pill("neutral", "tint", "clock", "Waiting"),
    "sending": Pill("info", "tint", "outbox", "Sending"),
    "accepted": Pill("info", "tint", "check", "Accepted"),
    "partly": Pill("warning", "tint", "partly", "Partly"),
    "refused": Pill("danger", "tint", "refused", "Refused"),
    "unknown": Pill("warning", "dashed", "unknown", "Unknown"),
    "cancelled": Pill("neutral", "outline", "cancelled", "Cancelled"),
    "delivered": Pill("success", "tint", "check-twice", "Delivered"),
    "opened": Pill("success", "tint", "opened", "Opened"),
    "clicked": Pill("success", "tint", "clicked", "Clicked"),
    "machine": Pill("neutral", "outline", "machine", "Machine open"),
    "hard": Pill("danger", "tint", "hard-bounce", "Hard bounce"),
    "soft": Pill("warning", "tint", "soft-bounce", "Soft bounce"),
    "complaint": Pill("danger", "tint", "complaint", "Complaint"),
    "unsubscribed": Pill("neutral", "tint", "unsubscribed", "Unsubscribed"),
    "suppressed": Pill("danger", "outline", "suppressed", "Suppressed"),
    "ok": Pill("success", "tint", "check", "Can receive"),
    "none": Pill("neutral", "outline", "cancelled", "Not seen"),
    "limit": Pill("danger", "tint", "warning", "Limit near"),
    "paused": Pill("neutral", "outline", "pause", "Suspended"),
    "locked": Pill("danger", "outline", "lock", "Locked"),
    "warn": Pill("warning", "tint", "warning", "To look at"),
    "info": Pill("info", "tint", "info", "Note"),
}


def _ink(pill: Pill) -> str:
    if pill.tone == "neutral":
        return "muted" if pill.form == "outline" else "text"
    return pill.tone


def pill_size(state: str, label: str | None = None) -> QSize:
    """How large a pill is with that word."""
    word = PILLS[state].word if label is None else label
    words = QFontMetricsF(theme.font("small-medium")).horizontalAdvance(word) + theme.px(4) if word else 0
    right = 8 if word else 5
    return QSize(round(words) + theme.px(5) + theme.px(14) + theme.px(right) + 2, theme.px(HEIGHT))


def paint_pill(painter: QPainter, room: QRectF, state: str, label: str | None = None) -> None:
    """Paints the pill at the left of `room`, centred on its height, elided where it is too long."""
    pill = PILLS[state]
    word = pill.word if label is None else label
    size = pill_size(state, label)
    wide = min(float(size.width()), room.width())
    box = QRectF(
        round(room.left()), round(room.top() + (room.height() - size.height()) / 2), wide, size.height()
    )
    tint = None if pill.form == "outline" else theme.colour(f"{pill.tone}-tint")
    frame(painter, box, size.height() / 2, fill=tint, line=_line(pill), dashed=pill.form == "dashed")
    side = theme.px(14)
    theme.paint_icon(
        painter,
        QPointF(box.left() + 1 + theme.px(5), round(box.top() + (box.height() - side) / 2)),
        pill.icon,
        _ink(pill),
        14,
    )
    if word:
        _paint_word(painter, box, word, _ink(pill))


def _line(pill: Pill) -> QColor | None:
    if pill.form == "tint":
        return None
    return theme.colour("field-border" if pill.tone == "neutral" else pill.tone)


def _paint_word(painter: QPainter, box: QRectF, word: str, ink: str) -> None:
    font = theme.font("small-medium")
    metrics = QFontMetricsF(font)
    left = box.left() + 1 + theme.px(5) + theme.px(14) + theme.px(4)
    room = box.right() - theme.px(6) - left
    if metrics.horizontalAdvance(word) > room + 2:
        word = metrics.elidedText(word, Qt.TextElideMode.ElideRight, room)
    painter.setFont(font)
    painter.setPen(theme.colour(ink))
    base = box.top() + (box.height() + metrics.ascent() - metrics.descent()) / 2
    painter.drawText(QPointF(left, base), word)


class PillLabel(QWidget):
    """A pill that stands on a pane."""

    def __init__(self, state: str, label: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_state(state, label)

    @property
    def state(self) -> str:
        """The state it shows, a key of PILLS."""
        return self._state

    def set_state(self, state: str, label: str | None = None) -> None:
        """Shows another state, in its own word or in `label`."""
        self._state, self._label = state, label
        self.setAccessibleName(PILLS[state].word if label is None else label)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return pill_size(self._state, self._label)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), theme.px(40)), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_pill(painter, QRectF(self.rect()), self._state, self._label)
