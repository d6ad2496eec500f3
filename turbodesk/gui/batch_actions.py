"""What can be done with a batch: pause, resume, cancel the rest, look up what is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbodesk.errors import StoreTrouble
from turbodesk.gui import words
from turbodesk.gui.batch_words import asks_key, title_of
from turbodesk.gui.parts.dialog import ask
from turbodesk.model.outcome import SendState
from turbodesk.store.entry import Batch

if TYPE_CHECKING:
    from turbodesk.gui.outbox_tab import OutboxTab

LOOK_UP_ALL = "Look up all unknown"


class BatchActions:
    """The buttons of a batch in one Outbox tab, and what pressing them does."""

    def __init__(self, tab: OutboxTab) -> None:
        self._tab = tab
        tab.batch.asked.connect(self._on_asked)

    def _on_asked(self, deed: str, id: str) -> None:
        batch, pane = self._tab.batch.batch, self._tab.batch
        if batch is None or batch.id != id:
            return
        work = self._tab.work
        if deed == "pause":
            work.start(self._pause(batch), busy=pane.pause_button, name="pause")
        elif deed == "resume":
            work.start(self._resume(batch), busy=pane.resume_button, name="resume")
        elif deed == "cancel":
            work.start(self._cancel(batch), busy=pane.cancel_button, name="cancel the rest")
        else:
            work.start(self._look_up_all(batch), busy=pane.look_button, name="look up all")

    async def _pause(self, batch: Batch) -> None:
        await (await self._tab.world.batches()).pause(batch.id)
        await self._tab.read_now()

    async def _resume(self, batch: Batch) -> None:
        await self._tab.world.take_up(batch.id)
        self._tab.notices.take_back(asks_key(batch.id))
        await self._tab.read_now()

    async def _cancel(self, batch: Batch) -> None:
        """Where nothing of it has left, its letter comes back."""
        draft = await (await self._tab.world.outbox()).batch_draft(batch.id)
        comes_back = draft is not None and not batch.finished
        waiting = words.counted(batch.waiting, "letter has", "letters have")
        gone = words.counted(batch.finished, "row")
        sure = await ask(
            self._tab.window(),
            f"Cancel the rest of “{title_of(batch)}”?",
            f"{waiting} not left, and after this never will. "
            + ("What it was written from comes back." if comes_back else "What has left has left."),
            [("File", batch.name), ("Profile", batch.profile), ("Done", f"{gone} of {batch.total}")],
            "Cancel the rest",
            act_icon="cancelled",
            danger=True,
            back_label="Keep it",
        )
        if sure:
            cancelled = await (await self._tab.world.batches()).cancel(batch.id)
            self._tab.notices.take_back(asks_key(batch.id))
            await self._tab.read_now()
            if draft is not None and cancelled.counts == {SendState.CANCELLED: cancelled.total}:
                self._tab.taken_back.emit(cancelled, draft)

    async def _look_up_all(self, batch: Batch) -> None:
        """Asks for one after the other, so that the provider is not hurried; nothing is sent."""
        tab, button = self._tab, self._tab.batch.look_button
        outbox = await tab.world.outbox()
        unknown = [it for it in await outbox.entries(batch=batch.id) if it.state is SendState.UNKNOWN]
        found = 0
        try:
            for n, entry in enumerate(unknown, 1):
                button.setText(f"Looking up {words.number(n)} of {words.number(len(unknown))}…")
                try:
                    looked = await outbox.look_up(entry.id)
                except StoreTrouble:  # it was settled meanwhile
                    continue
                found += looked.state is not SendState.UNKNOWN
        finally:
            button.setText(LOOK_UP_ALL)
            await tab.read_now()
        left = len(unknown) - found
        why = f"{words.counted(left, 'row stays', 'rows stay')} unknown for now." if left else ""
        tab.notices.tell("ok", f"{words.number(found)} of {words.counted(len(unknown), 'row')} found.", why)
