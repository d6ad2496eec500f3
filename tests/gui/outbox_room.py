"""An Outbox tab over a sandbox of its own, and what it tells the window."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from turbodesk.gui.notices import Notices
from turbodesk.gui.outbox_rows import Row, subject_of
from turbodesk.gui.outbox_tab import OutboxTab
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.model.message import Address, Attachment, Message
from turbodesk.services.batches import BatchRuns
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.services.sending import Sending
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace


def letter(subject: str, *to: str, attachments: tuple[Attachment, ...] = ()) -> Message:
    addresses = tuple(Address(email) for email in to)
    return Message(Address("billing@example.com"), addresses, subject, text="Hello", attachments=attachments)


@asynccontextmanager
async def workplace(folder: Path) -> AsyncIterator[Workplace]:
    async with Workplace(folder, vault=MemoryVault(), environment={}, history_rows=0) as place:
        yield place


class World:
    """What the window gives to the tab, over a workplace: one who sends what is due, until it is closed."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        self.place, self.desk = place, desk
        self.nudges = 0
        self.sending: Sending | None = None

    async def outbox(self) -> Outbox:
        return await self.place.outbox(self.desk)

    async def batches(self) -> BatchRuns:
        return await self.place.batches()

    async def take_up(self, id: str) -> None:
        self.sending = self.sending or await self.place.sending(5)
        self.sending.take_up(id)

    def nudge(self) -> None:
        self.nudges += 1


class Opened:
    """The tab over a sandbox, with all that it told the window."""

    def __init__(self, place: Workplace, outbox: Outbox, tab: OutboxTab) -> None:
        self.place, self.outbox, self.tab = place, outbox, tab
        self.counters: list[tuple[int, str]] = []
        self.turns: list[str] = []
        self.said: list[str] = []
        self.waiting: list[int] = []
        tab.counter.connect(lambda count, tone: self.counters.append((count, tone)))
        tab.turn_to.connect(lambda key, _payload: self.turns.append(key))
        tab.status.connect(self.said.append)
        tab.waiting.connect(self.waiting.append)

    async def settle(self) -> None:
        await self.tab.sending.settled()
        await self.tab.work.settled()

    def row(self, subject: str) -> Row:
        return next(row for row in self.tab.rows if subject_of(row) == subject)

    async def choose(self, subject: str) -> None:
        self.tab.receive(self.row(subject).id)
        await self.settle()

    def dialog_button(self, label: str) -> Button:
        dialog = self.tab.findChild(Dialog)
        assert dialog is not None
        return next(button for button in dialog.findChildren(Button) if button.text() == label)


@asynccontextmanager
async def opened_tab(
    folder: Path, notices: Notices, window_of: Callable[..., object], *messages: Message, width: int = 1280
) -> AsyncIterator[Opened]:
    """The tab, turned to; the messages are sent before."""
    async with workplace(folder) as place:
        desk = await place.desk("sandbox")
        outbox = await place.outbox(desk)
        for message in messages:
            await outbox.send(message)
        tab = OutboxTab(notices, World(place, desk))
        it = Opened(place, outbox, tab)
        window_of(tab, width, 720)
        tab.set_desk(desk)
        tab.turned_to()
        await it.settle()
        yield it
        tab.set_desk(None)
        await it.settle()
