"""How the rows of a recipients' file go out: how many at once, how many a second, when to stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.choice import Choice
from turbodesk.gui.parts.label import Label

AT_ONCE = (1, 4, 10, 20, 50)
PER_SECOND = (0, 1, 2, 5, 10, 50)
STOP_AT = (0, 2, 5, 10, 25, 50)  # per cent


class Pace(NamedTuple):
    """So many at once, so many a second at most (0: as they go), stopped at so many per cent of refusals
    (0: never)."""

    at_once: int = 4
    per_second: int = 0
    stop_at: int = 10


class RowPace(QWidget):
    """Three lists side by side; `edited` when one of them is changed."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.at_once = Choice([(str(n), f"{n} at once") for n in AT_ONCE], name="Letters at once")
        self.per_second = Choice(
            [(str(n), f"at most {n} a second" if n else "as fast as they go") for n in PER_SECOND],
            name="Letters a second",
        )
        self.stop_at = Choice(
            [(str(n), f"stop at {n} % refused" if n else "never stop") for n in STOP_AT],
            name="Stop at refusals",
        )
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.px(8))
        line.addWidget(Label("Pace", tone="muted"))
        for choice in (self.at_once, self.per_second, self.stop_at):
            line.addWidget(choice)
        line.addStretch(1)
        self.show_pace(Pace())
        for choice in (self.at_once, self.per_second, self.stop_at):
            choice.key_changed.connect(lambda _key: self.edited.emit())

    @property
    def pace(self) -> Pace:
        """What is chosen."""
        return Pace(int(self.at_once.key), int(self.per_second.key), int(self.stop_at.key))

    def show_pace(self, pace: Pace) -> None:
        """Chooses these; what is not offered is left as it was."""
        for choice, value in zip((self.at_once, self.per_second, self.stop_at), pace, strict=True):
            blocked = choice.blockSignals(True)
            choice.choose(str(value))
            choice.blockSignals(blocked)


def pace_of(kept: Mapping[str, Any]) -> Pace:
    """What `Pace._asdict` gave to a file; what is not as it was written falls back to the usual."""
    found = {name: kept.get(name) for name in Pace._fields}
    return Pace(**{name: value for name, value in found.items() if type(value) is int})
