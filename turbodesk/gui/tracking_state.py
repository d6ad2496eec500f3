"""What the account does with new mail: is opening counted, are clicks counted."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QHBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.field import IconLabel
from turbodesk.gui.parts.label import Label
from turbodesk.services.tools import CLICK_TRACKING, OPEN_TRACKING

TOOLS = ((OPEN_TRACKING, "opened", "Open tracking"), (CLICK_TRACKING, "clicked", "Click tracking"))


class TrackingState(QWidget):
    """`Tracking`, then each tool's icon and whether it is on. Hidden while nothing is known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words: dict[str, Label] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(3))
        row.addWidget(Label("Tracking", "small", "muted"))
        for tool, icon, name in TOOLS:
            row.addSpacing(theme.px(4))
            row.addWidget(IconLabel(icon, "text", 14, name=name))
            self._words[tool] = Label("", "small")
            row.addWidget(self._words[tool])
        self.setVisible(False)

    def show_state(self, on: Mapping[str, bool] | None) -> None:
        """Shows which tools are on, by their ids; None where it is not known."""
        self.setVisible(on is not None)
        for tool, icon_name in ((tool, name) for tool, _, name in TOOLS):
            word = "on" if on and on.get(tool) else "off"
            self._words[tool].setText(word)
            self._words[tool].setAccessibleName(f"{icon_name} {word}")
