"""One Compose tab over the real services and the real sandbox, for the tests that press it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from turbodesk.gui.compose_tab import ComposeTab
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.send_flow import UndoTime
from turbodesk.services.draft_keeper import DraftKeeper
from turbodesk.services.outbox import Outbox
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace


class Room:
    """One Compose tab over a sandbox, and what it asked of its window."""

    def __init__(self, tab: ComposeTab, place: Workplace, outbox: Outbox, config_dir: Path) -> None:
        self.tab, self.place, self.outbox, self.config_dir = tab, place, outbox, config_dir
        self.turned: list[tuple[str, object]] = []
        self.offered: list[Any] = []
        self.batches: list[tuple[Any, int, Any]] = []
        tab.batch_written.connect(lambda *given: self.batches.append(given))
        tab.turn_to.connect(lambda key, payload: self.turned.append((key, payload)))

    @property
    def control(self) -> Any:
        assert self.tab.desk is not None and self.tab.desk.control is not None
        return self.tab.desk.control

    def write(self, to: str = "ok@example.com", subject: str = "Hello", text: str = "Good day") -> None:
        """Types a small letter."""
        self.tab.envelope.sender.setText("Example Shop <news@example.com>")
        self.tab.envelope.chips["to"].add(to)
        self.tab.envelope.subject.setText(subject)
        self.tab.body.text.set_text(text)

    async def place_batches(self) -> list[Any]:
        """The batches of the ledger, cancelled ones left out."""
        batches = await self.place.batches()
        return [it for it in await batches.all() if it.state != "cancelled"]

    async def send(self) -> None:
        """Presses Send and waits for the end of it."""
        QTest.mouseClick(self.tab.send_button, Qt.MouseButton.LeftButton)
        await self.tab.sending.settled()
        await self.tab.work.settled()


@asynccontextmanager
async def opened(
    config_dir: Path,
    notices: Notices,
    window_of: Callable[..., Any],
    undo: UndoTime | None = None,
    *,
    profile: str = "sandbox",
) -> AsyncIterator[Room]:
    """A tab shown, its account open; what it began is ended when it is left."""
    async with Workplace(config_dir, vault=MemoryVault(), environment={}, history_rows=0) as place:
        desk = await place.desk(profile)
        outbox = await place.outbox(desk)

        async def open_outbox() -> Outbox:
            return outbox

        tab = ComposeTab(notices, open_outbox, place.batches, DraftKeeper(config_dir), undo)
        window_of(tab, 1280, 720)
        tab.set_desk(desk)
        await tab.work.settled()
        yield Room(tab, place, outbox, config_dir)
        await tab.work.settled()
        tab.behind.cancel_all()
        await tab.behind.settled()
        await tab.letter.preview.settled()
        await desk.aclose()


def dialog() -> Any:
    """The dialog that is open, or None."""
    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, Dialog) and w.isVisible()), None)
