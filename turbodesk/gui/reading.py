"""A list that is being read page by page: its task, how far it is, Cancel, and what is told at its end."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme, words
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Ground
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.meter import Meter
from turbodesk.gui.parts.states import Loading
from turbodesk.gui.record_table import RecordTable
from turbodesk.gui.tab import Tab

SHOWN_AFTER_MS = 500
MANY = 20_000  # rows that are too many to be gone through again and again
SHOWN_EVERY_S = 0.25  # how often a view takes what was read meanwhile; every time paints it whole


class ReadingBar(Ground):
    """The line below a list that is still being read. Hidden until that takes noticeably long."""

    cancel_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("sunken", line="top", across=True, parent=parent)
        self.setFixedHeight(theme.px(44))
        self.box.setContentsMargins(theme.px(16), 1, theme.px(16), 0)
        self.box.setSpacing(theme.px(12))
        self._what, self._age = "rows", ""
        self._count = Label(role="small", tabular=True)
        self._meter = Meter(small=True, name="How much was read", tone="accent")
        self.cancel_button = Button("Cancel", size="small")
        self.cancel_button.clicked.connect(self.cancel_asked)
        for widget, stretch in ((self._count, 0), (self._meter, 1), (self.cancel_button, 0)):
            self.box.addWidget(widget, stretch)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_AFTER_MS)
        self._timer.timeout.connect(self.show)
        self.hide()

    def begin(self, what: str, age: str = "") -> None:
        """Reading of `what`, named in the plural, has begun; `age` says when the rows above were read."""
        self._what, self._age = what, age
        self.progress(0, None)
        self._timer.start()

    def progress(self, read: int, total: int | None) -> None:
        """Tells how many were read, of how many where that is known."""
        number = words.number(read) if total is None else f"{words.number(read)} of {words.number(total)}"
        rest = f" {self._what} read" + (f", the rows above are from {self._age}" if self._age else "")
        self._count.set_runs([(number, "text", "small-strong"), (rest, "text", "small")])
        self._meter.set_share(min(1.0, read / total) if total else None, number + rest)

    def end(self) -> None:
        """The reading is over."""
        self._timer.stop()
        self.hide()


class Pace:
    """Says when a view should take what was read: seldom enough not to lag behind its own painting."""

    def __init__(self) -> None:
        self._next = 0.0

    def due(self) -> bool:
        """Whether it is time again."""
        return time.monotonic() >= self._next

    def took(self, seconds: float) -> None:
        """The view took so long for it."""
        self._next = time.monotonic() + max(SHOWN_EVERY_S, 8 * seconds)


class _Calm:
    """While rows come, no garbage is looked for: going through some 100,000 rows stops the window for a
    fifth of a second, and nothing among them ever is garbage by itself. Many rows are left out for good."""

    under_way = 0

    @classmethod
    def begin(cls) -> None:
        cls.under_way += 1
        gc.disable()

    @classmethod
    def end(cls, read: int) -> None:
        cls.under_way -= 1
        if read >= MANY:
            gc.freeze()
        if not cls.under_way:
            gc.enable()


class Reading:
    """What is under way for one tab. While it lasts the heads of its tables stay still: sorting every
    page anew would stall."""

    def __init__(self, tab: Tab, loading: Loading, bar: ReadingBar, tables: Sequence[RecordTable]) -> None:
        self._tab, self._loading, self._bar, self._tables = tab, loading, bar, tables
        self._task: asyncio.Task[None] | None = None
        self._read = 0
        self._what, self._bar_begun = "", False

    @property
    def running(self) -> bool:
        """Whether a list is being read just now."""
        return self._task is not None

    def start(
        self,
        read: Callable[[], Awaitable[object]],
        what: str,
        *,
        age: str = "",
        fail: Callable[[TurbodeskError], bool | None],
    ) -> None:
        """Reads `what`, named in the plural; `age` says when the rows that stay meanwhile were read."""
        self.stop()
        for key in ("partial", "broken"):
            self._tab.notices.take_back(f"{self._tab.key}-{key}")
        if not age:
            self._loading.begin(what)  # it counts too; the bar comes with the first rows
        self._what = what
        self._bar_begun = bool(age)
        if age:
            self._bar.begin(what, age)
        for table in self._tables:
            table.horizontalHeader().setSectionsClickable(False)
        self._read = 0
        _Calm.begin()
        self._task = self._tab.work.start(self._run(read), fail=fail, name=f"read {what}")
        self._task.add_done_callback(lambda _task: _Calm.end(self._read))

    async def _run(self, read: Callable[[], Awaitable[object]]) -> None:
        try:
            await read()
        finally:
            if self._task is asyncio.current_task():
                self.ended()

    def stop(self) -> None:
        """Cancels what is under way; what was read so far stays."""
        if self._task is not None:
            self._task.cancel()
            self.ended()

    def ended(self) -> None:
        """Takes away what is shown while reading."""
        self._task = None
        self._loading.end()
        self._bar.end()
        for table in self._tables:
            table.horizontalHeader().setSectionsClickable(True)

    def progress(self, read: int, total: int | None) -> None:
        """Tells how many were read, of how many where that is known."""
        self._read = read
        self._loading.progress(read, total)
        if read and not self._bar_begun:
            self._bar_begun = True
            self._bar.begin(self._what)
        self._bar.progress(read, total)

    def tell_stopped(self, read: str, again: Callable[[], object]) -> None:
        """Marks what is shown as a part; `read` says how much, as `200 bounces`."""
        self._tell(f"Reading was stopped after {read}.", "What is shown is not all.", again)

    def tell_changed(self, again: Callable[[], object]) -> None:
        """Says that the list moved under our hands, or brought less than was counted."""
        self._tell("The list changed while it was read.", "Some entries may be missing.", again)

    def tell_broken(self, error: TurbodeskError, again: Callable[[], object]) -> None:
        """Says that reading failed, with a way to try again."""
        key = f"{self._tab.key}-broken"
        self._tab.notices.tell_error(error, [("Try again", "refresh", again)], key=key)

    def _tell(self, what: str, why: str, again: Callable[[], object]) -> None:
        key = f"{self._tab.key}-partial"
        self._tab.notices.tell("warn", what, why, [("Read again", "refresh", again)], key=key)
