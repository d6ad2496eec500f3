"""A switch that never flips before the service said yes: it asks, waits, and then shows what is."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QPoint, QPointF, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import paint_runs

WIDE, HIGH, KNOB = 38, 22, 14
SLIDE_MS = 100


class Switch(QCheckBox):
    """A state of the account. A click only asks; `set_state` shows what was answered."""

    asked = Signal(bool)

    def __init__(self, name: str, *, words: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words, self._pending, self._place = words, False, 0.0
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._slide = QVariantAnimation(self)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.valueChanged.connect(self._on_slid)

    @property
    def state(self) -> bool:
        """What was last shown as so."""
        return self.isChecked()

    @property
    def pending(self) -> bool:
        """Whether an answer is being waited for."""
        return self._pending

    def set_state(self, on: bool) -> None:
        """Shows the state the service told of; ends the waiting."""
        self.set_pending(False)
        self.setChecked(on)
        target, duration = float(on), theme.effect_ms(SLIDE_MS)
        self._slide.stop()
        if duration and self.isVisible() and self._place != target:
            self._slide.setDuration(duration)
            self._slide.setStartValue(self._place)
            self._slide.setEndValue(target)
            self._slide.start()
        else:
            self._on_slid(target)

    def set_pending(self, pending: bool) -> None:
        """Shows a small clock while the service is asked; clicks do nothing meanwhile."""
        self._pending = pending
        self.setAccessibleDescription("Waiting for the answer" if pending else "")
        self.update()

    def nextCheckState(self) -> None:
        """A click: asks for the other state, flips nothing."""
        if not self._pending:
            self.asked.emit(not self.isChecked())

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def _on_slid(self, place: float) -> None:
        self._place = place
        self.update()

    def sizeHint(self) -> QSize:
        wide = theme.px(WIDE)
        if self._words:
            wide += theme.px(8) + int(QFontMetricsF(theme.font()).horizontalAdvance("Off") + 1)
        return QSize(wide, theme.px(24))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(0.6)
        wide, high = theme.px(WIDE), theme.px(HIGH)
        track = QRectF(0, (self.height() - high) / 2, wide, high)
        on = self._place > 0.5
        self._paint_track(painter, track, on)
        self._paint_knob(painter, track, on)
        if self._words:
            left = wide + theme.px(8)
            room = QRectF(left, 0, self.width() - left, self.height())
            paint_runs(painter, room, [("On" if self.isChecked() else "Off", "text", "body")])

    def _paint_track(self, painter: QPainter, track: QRectF, on: bool) -> None:
        round_off = track.height() / 2
        if on:
            accent = theme.colour("accent")
            frame(painter, track, round_off, fill=accent, line=accent, width=1.5)
        else:
            line = theme.colour("accent-ink" if self.underMouse() and self.isEnabled() else "field-border")
            frame(painter, track, round_off, fill=theme.colour("surface"), line=line, width=1.5)
        if self._pending and on:
            self._paint_stripes(painter, track)

    def _paint_stripes(self, painter: QPainter, track: QRectF) -> None:
        path = QPainterPath()
        path.addRoundedRect(track, track.height() / 2, track.height() / 2)
        painter.save()
        painter.setClipPath(path)
        step = theme.px(8) * 1.414
        painter.setPen(QPen(theme.colour("accent-ink"), theme.px(4)))
        left = track.left() - track.height()
        while left < track.right():
            painter.drawLine(QPointF(left, track.bottom()), QPointF(left + track.height(), track.top()))
            left += step
        painter.restore()

    def _paint_knob(self, painter: QPainter, track: QRectF, on: bool) -> None:
        side = float(theme.px(KNOB))
        edge = (track.height() - side) / 2
        left = track.left() + edge + self._place * (track.width() - side - 2 * edge)
        knob = QRectF(left, track.top() + edge, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent-text" if on else "field-border"))
        painter.drawEllipse(knob)
        if self._pending:
            theme.paint_icon(painter, knob, "clock", "#4150c8" if on else "surface", 12)
