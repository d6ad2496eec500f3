"""The line below a list that is still being read: how many are there, how many there will be, Cancel."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Ground
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.meter import Meter

SHOWN_AFTER_MS = 500


class ReadingBar(Ground):
    """Hidden until the reading takes noticeably long."""

    cancel_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("sunken", line="top", across=True, parent=parent)
        self.setFixedHeight(theme.px(44))
        self.box.setContentsMargins(theme.px(16), 1, theme.px(16), 0)
        self.box.setSpacing(theme.px(12))
        self._count = Label(role="small", tabular=True)
        self._meter = Meter(small=True, name="How much was read", tone="accent")
        self.cancel_button = Button("Cancel", size="small")
        self.cancel_button.clicked.connect(self.cancel_asked)
        for widget, stretch in ((self._count, 0), (self._meter, 1), (self.cancel_button, 0)):
            self.box.addWidget(widget, stretch)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_AFTER_MS)
        self._timer.timeout.connect(self.show)
        self.end()

    def begin(self, what: str, age: str = "") -> None:
        """Reading of `what`, named in the plural, has begun; `age` says how old the rows above are."""
        self._what, self._age = what, age
        self.progress(0, None)
        self._timer.start()

    def progress(self, read: int, total: int | None) -> None:
        """Tells how many were read, of how many where that is known."""
        number = words.number(read) if total is None else f"{words.number(read)} of {words.number(total)}"
        rest = f" {self._what} read" + (f", the rows above are {self._age}" if self._age else "")
        self._count.set_runs([(number, "text", "small-strong"), (rest, "text", "small")])
        self._meter.set_share(min(1.0, read / total) if total else None, number + rest)

    def end(self) -> None:
        """The reading is over."""
        self._timer.stop()
        self.hide()
