"""Facts in two columns: what it is, muted; and what it says."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.card import clear_layout
from turbodesk.gui.parts.label import Label

Value = str | tuple[str, str] | QWidget  # words, words in a role, or a widget of its own


class Facts(QWidget):
    """A short list of facts about one thing. Long values are elided in the middle and can be copied."""

    def __init__(self, facts: Sequence[tuple[str, Value]] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.px(16))
        self._grid.setVerticalSpacing(theme.px(4))
        self._grid.setColumnStretch(1, 1)
        self.set_facts(facts)

    def set_facts(self, facts: Sequence[tuple[str, Value]]) -> None:
        """Shows other facts."""
        clear_layout(self._grid)
        for line, (what, value) in enumerate(facts):
            self._grid.addWidget(Label(what, tone="muted"), line, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(self._shown(what, value), line, 1)

    @staticmethod
    def _shown(what: str, value: Value) -> QWidget:
        if isinstance(value, QWidget):
            return value
        text, role = value if isinstance(value, tuple) else (value, "body")
        label = Label(text, role, elide="middle", tabular=True)
        label.setAccessibleName(f"{what}: {text}")
        return label
