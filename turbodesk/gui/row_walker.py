"""Which row of the recipients' file the preview shows, and the way to the next one."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.label import Label

BACK_KEYS, ON_KEYS = "Alt+Left", "Alt+Right"


class RowWalker(QWidget):
    """`Row 4 of 128` between two arrows. `walked` tells the row that is wanted; nothing is seen of it while
    there is no file."""

    walked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row, self._total = 0, 0
        self._keys: list[QShortcut] = []
        self.back = Button(
            "", "left", kind="quiet", size="small", name="Row before", tip=f"Row before ({BACK_KEYS})"
        )
        self.on = Button(
            "", "right", kind="quiet", size="small", name="Next row", tip=f"Next row ({ON_KEYS})"
        )
        self.words = Label(role="small", tabular=True)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.px(2))
        for part in (self.back, self.words, self.on):
            line.addWidget(part)
        self.back.clicked.connect(lambda: self._walk(-1))
        self.on.clicked.connect(lambda: self._walk(1))
        self.show_row(0, 0)

    def take_keys(self, tab: QWidget) -> None:
        """Lets the keys walk wherever the focus is in `tab`."""
        for keys, by in ((BACK_KEYS, -1), (ON_KEYS, 1)):
            self._keys.append(key := QShortcut(QKeySequence(keys), tab))
            key.activated.connect(lambda by=by: self._walk(by))
            key.setEnabled(self._total > 0)

    def show_row(self, row: int, total: int) -> None:
        """Shows a row by its number, of how many; 0 of them shows nothing."""
        self._row, self._total = row, total
        self.words.setText(f"Row {words.number(row)} of {words.number(total)}")
        for button, end, why in (
            (self.back, 1, "This is the first row."),
            (self.on, total, "This is the last row."),
        ):
            if row == end:
                button.off(why)
            else:
                button.on()
        for key in self._keys:  # elsewhere the keys belong to the text
            key.setEnabled(total > 0)
        self.setVisible(total > 0)

    def _walk(self, by: int) -> None:
        if 1 <= self._row + by <= self._total:
            self.walked.emit(self._row + by)
