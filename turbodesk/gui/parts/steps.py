"""What happened: round icons on a rail, each with what it was and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.card import clear_layout
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import Label


@dataclass(frozen=True)
class Step:
    """One thing that happened. `tone` is neutral, info, success, warning or danger."""

    icon: str
    tone: str
    what: str
    time: str = ""
    detail: str = ""
    strong: bool = False


class _Mark(QWidget):
    """The round icon of a step and the rail down to the next one."""

    def __init__(self, step: Step, last: bool) -> None:
        super().__init__()
        self._step, self._last = step, last
        self.setFixedWidth(theme.px(24))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        return QSize(theme.px(24), theme.px(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = theme.px(24)
        if not self._last:
            painter.fillRect(QRectF(side // 2, side, 1, self.height() - side), theme.colour("button-border"))
        disc = QRectF(0, 0, side, side)
        frame(painter, disc, side / 2, fill=theme.colour(f"{self._step.tone}-tint"))
        ink = "text" if self._step.tone == "neutral" else self._step.tone
        theme.paint_icon(painter, disc, self._step.icon, ink, 14)


class StepList(QWidget):
    """Steps in the order they happened."""

    def __init__(self, steps: Sequence[Step] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pile = QVBoxLayout(self)
        self._pile.setContentsMargins(0, 0, 0, 0)
        self._pile.setSpacing(0)
        self.set_steps(steps)

    def set_steps(self, steps: Sequence[Step]) -> None:
        """Shows other steps."""
        clear_layout(self._pile)
        for index, step in enumerate(steps):
            self._pile.addWidget(self._line(step, index == len(steps) - 1))

    @staticmethod
    def _line(step: Step, last: bool) -> QWidget:
        line = QWidget()
        line.setAccessibleName(", ".join(part for part in (step.what, step.time, step.detail) if part))
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(10))
        row.addWidget(_Mark(step, last))
        words = QVBoxLayout()
        words.setContentsMargins(0, theme.px(2), 0, 0 if last else theme.px(12))
        words.setSpacing(theme.px(2))
        words.addWidget(Label(step.what, "strong" if step.strong else "body", wrap=True))
        if step.detail:
            words.addWidget(Label(step.detail, "small", "muted", wrap=True))
        row.addLayout(words, 1)
        if step.time:
            time = Label(step.time, "small", "muted", tabular=True)
            time.setContentsMargins(0, theme.px(4), 0, 0)
            row.addWidget(time, 0, Qt.AlignmentFlag.AlignTop)
        return line
