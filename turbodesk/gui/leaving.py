"""What leaves this window by itself: the task that sends it, the bar that takes it back, and the word to
whoever must look."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from turbodesk.errors import StoreTrouble, TurbodeskError
from turbodesk.gui import words
from turbodesk.gui.notices import Action
from turbodesk.gui.waiting_batch import WaitingBatch
from turbodesk.gui.work import Work
from turbodesk.model.outcome import Hold

if TYPE_CHECKING:
    from turbodesk.gui.main_window import MainWindow
    from turbodesk.gui.undo_bar import UndoBar, Waiting
    from turbodesk.services.batches import BatchRuns
    from turbodesk.services.outbox import Outbox
    from turbodesk.services.sending import Sending
    from turbodesk.store.entry import Batch, Entry

LOOK_MS = 400  # how often the ledger's change counter is looked at
AGAIN_S = 5.0  # after the ledger failed, before it is tried again
BY_ITSELF = (Hold.TIME, Hold.AGAIN)  # what was to go by itself, and is not followed by Compose


class Leaving(QObject):
    """One for a window's life. `taken_back` gives the entry or the batch and the draft of a letter that is
    not to go after all, `outbox_wanted` a send or a batch to be looked at, or None for the whole outbox."""

    taken_back = Signal(object, object)
    outbox_wanted = Signal(object)

    def __init__(
        self,
        window: MainWindow,
        open_sending: Callable[[], Awaitable[Sending]],
        open_outbox: Callable[[], Awaitable[Outbox]],
        open_batches: Callable[[], Awaitable[BatchRuns]],
    ) -> None:
        super().__init__(window)
        self._window, self._notices = window, window.notices
        self._open_sending, self._open_outbox = open_sending, open_outbox
        self._open_batches = open_batches
        self.work = Work(window, self._notices)
        self._began = datetime.now(UTC)
        self._sending: Sending | None = None
        self._bar: UndoBar | None = None
        self._counter: int | None = None
        self._greeted = self._closed = False
        self._holds: dict[str, Hold] = {}
        self._letters: list[Entry] = []  # those that wait out their undo time
        self._batches: list[WaitingBatch] = []
        self._looking: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None
        self._watch = QTimer(self)
        self._watch.setInterval(LOOK_MS)
        self._watch.timeout.connect(self._look)

    @property
    def bar(self) -> UndoBar | None:
        """The undo bar, None while no letter has waited yet."""
        return self._bar

    def start(self) -> None:
        """Sends what is due from now on, and offers to take back what waits; where it goes on already,
        nothing changes. A ledger that does not open is told once."""
        if not self._closed and (self._running is None or self._running.done()):
            self._running = self.work.start(self._run(), name="send what is due")

    def nudge(self) -> None:
        """Something was queued, put off or taken back: looks at once."""
        if self._sending is not None:
            self._sending.nudge()
            self._look()

    async def take_up(self, id: str) -> None:
        """Lets a batch go out from here, beside everything else. Raises StoreTrouble."""
        sending = await self._opened()
        self.start()
        sending.take_up(id)

    def hold_batch(self, batch: Batch, undo_s: int, letter: Mapping[str, Any]) -> None:
        """Lets a batch go out when its undo time is over; until then the bar offers to take it back. Where
        the window ends meanwhile, it waits for a person."""
        if not undo_s:
            self.work.start(self.take_up(batch.id), name="send the rows")
            return
        waiting = WaitingBatch(batch, datetime.now(UTC) + timedelta(seconds=undo_s), letter)
        self._batches.insert(0, waiting)
        self._show_bar()
        self.work.start(self._take_up_later(waiting, undo_s), name="send the rows")

    async def _take_up_later(self, waiting: WaitingBatch, undo_s: int) -> None:
        await asyncio.sleep(undo_s)
        if self._withdraw(waiting):
            await self._begin_batch(waiting)

    async def _begin_batch(self, waiting: WaitingBatch) -> None:
        batch = waiting.batch
        await self.take_up(batch.id)
        what = f"{words.counted(batch.total, 'letter goes', 'letters go')} out."
        self._notices.tell("ok", what, actions=[self._show_in_outbox(batch)], key=f"batch-{batch.id}")

    async def aclose(self, patience_s: float) -> None:
        """Begins nothing more; what is leaving gets so many seconds to come to its end."""
        self._closed = True
        self._watch.stop()
        self.work.cancel_all()
        try:
            async with asyncio.timeout(patience_s):
                await self.work.settled()
        except TimeoutError:
            self.work.cancel_all()
            await self.work.settled()

    async def _opened(self) -> Sending:
        if self._sending is None:
            made = await self._open_sending()
            self._sending = self._sending or made  # of two who asked at once the first
        return self._sending

    async def _run(self) -> None:
        sending = await self._opened()
        self._watch.start()
        told = False
        while True:
            try:
                await sending.run()
            except StoreTrouble as error:
                if not told:
                    self._notices.tell_error(error, key="sending")
                told = True
            await asyncio.sleep(AGAIN_S)

    # what waits

    def _look(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = self.work.start(self._look_once(), fail=self._on_look_failed, name="what waits")

    def _on_look_failed(self, _error: TurbodeskError) -> bool:
        return True  # who sends meets it too, and tells it

    async def _look_once(self) -> None:
        sending = self._sending
        if sending is None:
            return
        counter, began = await sending.change_counter(), sending.began
        if counter == self._counter and (self._greeted or not began):
            return
        queued = await sending.queued()
        self._counter = counter
        self._letters = [entry for entry in queued if entry.hold is Hold.UNDO]
        self._show_bar()
        self._tell_asking([entry for entry in queued if self._asks_now(entry)])
        self._holds = {entry.id: entry.hold for entry in queued}
        if began and not self._greeted:
            self._greeted = True
            started = [entry for entry in queued if self._asks_since_start(entry)]
            self._tell_asking(started)
            self._tell_batches(await sending.interrupted())

    def _asks_now(self, entry: Entry) -> bool:
        """Whether it was to go by itself a moment ago, and now waits for a person."""
        return entry.hold is Hold.PERSON and self._holds.get(entry.id) in BY_ITSELF and self._greeted

    def _asks_since_start(self, entry: Entry) -> bool:
        """Whether opening the ledger has found that a person must look at it."""
        return entry.hold is Hold.PERSON and entry.created < self._began <= entry.updated

    def _tell_asking(self, entries: list[Entry]) -> None:
        if not entries:
            return
        from turbodesk.gui.outbox_words import asking

        what, why = asking(entries)
        first = entries[0]
        self._notices.tell("warn", what, why, [self._show_in_outbox(first)], key=f"asks-{first.id}")

    def _tell_batches(self, batches: list[Batch]) -> None:
        from turbodesk.gui.batch_words import asks_key, interrupted

        for batch in batches:
            what, why = interrupted(batch)
            self._notices.tell("warn", what, why, [self._show_in_outbox(batch)], key=asks_key(batch.id))

    def _show_in_outbox(self, row: Entry | Batch) -> Action:
        return ("Show in Outbox", "outbox", lambda: self.outbox_wanted.emit(row))

    # the bar

    def _show_bar(self) -> None:
        waiting = sorted([*self._batches, *self._letters], key=lambda it: it.created, reverse=True)
        if self._bar is None and not waiting:
            return
        if self._bar is None:
            self._bar = self._make_bar()
        self._bar.show_waiting(waiting)

    def _make_bar(self) -> UndoBar:
        from turbodesk.gui.undo_bar import UndoBar  # most windows open without a letter that waits

        window = self._window
        bar = UndoBar(window, window.stack, (self._notices, window.status_bar))
        bar.undo_asked.connect(lambda it: self.work.start(self._undo(it), busy=bar.undo_button, name="undo"))
        bar.now_asked.connect(lambda it: self.work.start(self._send_now(it), busy=bar.now_button, name="now"))
        bar.more_asked.connect(lambda: self.outbox_wanted.emit(None))
        window.bars.append(bar)
        window.turned.connect(bar.stand)
        self._notices.changed.connect(bar.stand)
        return bar

    async def _undo(self, entry: Waiting) -> None:
        if isinstance(entry, WaitingBatch):
            if self._withdraw(entry):
                try:
                    await (await self._open_batches()).cancel(entry.id)
                except TurbodeskError:
                    self._batches.insert(0, entry)  # it can be tried once more; its time goes on
                    self._show_bar()
                    raise
                self.taken_back.emit(entry.batch, entry.letter)
            return
        outbox = await self._open_outbox()
        _, draft = await outbox.take_back(entry.id)
        self._leave_out(entry)
        self.nudge()
        self.taken_back.emit(entry, draft)

    async def _send_now(self, entry: Waiting) -> None:
        """Its time is over: whatever account is open, it leaves by the one it was written for."""
        if isinstance(entry, WaitingBatch):
            if self._withdraw(entry):
                await self._begin_batch(entry)
            return
        outbox = await self._open_outbox()
        await outbox.move(entry.id, datetime.now(UTC) - timedelta(milliseconds=1))
        self._leave_out(entry)
        self.nudge()

    def _withdraw(self, waiting: WaitingBatch) -> bool:
        """Whether a batch still waited: of its time, Undo and Send now the first decides."""
        if waiting not in self._batches:
            return False
        self._batches.remove(waiting)
        self._show_bar()
        return True

    def _leave_out(self, entry: Entry) -> None:
        """The bar offers it no more, before the ledger is looked at again."""
        self._letters = [it for it in self._letters if it.id != entry.id]
        self._show_bar()
