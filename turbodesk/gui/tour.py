"""Presses the real buttons and takes the pictures: first run, write, attach, send, look at every tab."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QPoint
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from turbodesk import resources
from turbodesk.gui.parts.toast import Toast
from turbodesk.providers.port import Capability

if TYPE_CHECKING:
    from turbodesk.gui.main_window import MainWindow

PATIENCE_S = 30.0  # for one condition; a machine under load is slow, a fault is for ever
UNDO_S = 20  # for the one letter that waits; pressed long before it is over
REST_S = 0.35  # after a condition holds: fades, debounced previews and painted bones come to rest


class StepError(Exception):
    """A step of the tour did not bring what it must; the message says which and what was missing."""


async def take_tour(window: MainWindow, folder: Path) -> int:
    """Walks through the window over the sandbox and saves a picture of each step into `folder`.

    0 comes back when every step did what it must, 1 at the first that did not (said on stderr).
    """
    tour = Tour(window, folder)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    for step in (tour.greet, tour.write, tour.send, tour.undo, tour.rows, tour.reports, tour.stats,
                 tour.tools, tour.account, tour.inbox, tour.sign_in):  # fmt: skip
        try:
            await step()
        except StepError as failure:
            await tour.picture("failed")
            sys.stderr.write(f"The tour stopped at “{step.__name__}”: {failure}\n")
            return 1
    sys.stdout.write(f"{tour.taken} pictures in {folder}\n")
    return 0


class Tour:
    """One walk through one window."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        self._window = window
        self._folder = folder
        self.taken = 0

    async def greet(self) -> None:
        """The first page of a newcomer."""
        await self._until(lambda: self._window.desk is not None, "the sandbox does not open")
        self._window.show_first_run()
        await self.picture("first-run")

    async def write(self) -> None:
        """A letter with two recipients, two parts and two attachments."""
        self._window.first_run.send_button.click()
        compose = self._tab("compose")
        await self._until(lambda: compose.attachments.paths, "the sample letter has no attachment")
        compose.add_files([resources.path("tokens.json")])
        compose.envelope.subject.setText("Your November order guide")
        await self._until(lambda: len(compose.attachments.paths) == 2, "the second attachment is missing")
        await self.picture("compose")
        compose.body.turn("text")
        await self.picture("compose-text")
        compose.body.turn("html")
        self._type_wrong_address(compose)
        await self.picture("compose-wrong-address")
        compose.envelope.set_texts("cc", [])
        await self._rest()

    @staticmethod
    def _type_wrong_address(compose: Any) -> None:
        compose.envelope.set_texts("cc", ["tom@example,com"])

    async def send(self) -> None:
        """Send is pressed; the outbox shows what the provider said."""
        compose = self._tab("compose")
        compose.send_button.click()
        await self._settled(compose.sending.settled(), "the send does not end")
        outbox = self._tab("outbox")

        def states() -> list[str]:
            return [str(row.state) for row in outbox.table.rows]

        await self._until(
            lambda: states()[:1] not in ([], ["sending"]), "the outbox does not show how it ended"
        )
        if states()[:1] != ["accepted"]:
            raise StepError(f"the send ended {states()[:1]}, not accepted")
        self._window.turn("outbox")
        await self._send_more()
        await self.picture("outbox")
        self._window.notices.clear()
        for toast in self._window.findChildren(Toast):
            toast.leave()

    async def _send_more(self) -> None:
        """Sends with other fates, so that the outbox has something to tell apart."""
        for to, subject in (
            (["drop@example.org"], "Invoice 2026-1183"),
            (["ratelimit@example.net"], "Reminder: your basket"),
            (["open@example.com", "click@example.com", "unsub@example.org"], "Winter price list"),
        ):
            compose = self._tab("compose")
            self._write_letter(to, subject)
            compose.send_button.click()
            await self._settled(compose.sending.settled(), f"the send to {to[0]} does not end")
        self._window.turn("outbox")
        outbox = self._tab("outbox")
        await self._until(lambda: len(outbox.table.rows) == 4, "the outbox does not show four sends")
        unknown = next(row for row in outbox.table.rows if str(row.state) == "unknown")
        outbox.table.select_key(unknown.id)

    def _write_letter(self, to: list[str], subject: str) -> None:
        self._window.turn("compose")
        compose = self._tab("compose")
        compose.clear()
        compose.envelope.set_texts("to", to)
        compose.envelope.subject.setText(subject)
        compose.body.text.setPlainText("Hello,\n\nthis is a sample letter.\n")

    async def undo(self) -> None:
        """A letter waits a moment before it leaves; Undo brings it back whole."""
        from turbodesk.gui.undo_bar import UndoBar

        compose, subject = self._tab("compose"), "Invoice 2026-1184"
        self._write_letter(["kim@example.com"], subject)
        before, compose.flow.undo.seconds = compose.flow.undo.seconds, UNDO_S
        compose.send_button.click()
        await self._settled(compose.sending.settled(), "the letter is not queued")
        compose.flow.undo.seconds = before
        self._window.turn("outbox")

        def bar() -> UndoBar | None:
            found: UndoBar | None = self._window.findChild(UndoBar)
            return found if found is not None and found.isVisible() else None

        await self._until(bar, "nothing offers to take the letter back")
        await self.picture("outbox-undo")
        shown = bar()
        if shown is None:
            raise StepError("the letter left before it could be taken back")
        shown.undo_button.click()
        await self._until(lambda: compose.envelope.subject.text() == subject, "the letter does not come back")
        compose.clear()

    async def rows(self) -> None:
        """A file of recipients: looked through, walked, asked about, on its way as one letter for each."""
        self._write_letter([], "Your order {{ order_no }}, {{ first_name }}")
        compose, names = self._tab("compose"), "Hello {{ first_name }},\n\nyour order goes to {{ city }}.\n"
        compose.body.text.setPlainText(names)
        compose.body.turn("rows")
        compose.rows.open(resources.path("sample/customers.csv"))
        await self._until(lambda: compose.rows.found, "the rows are not looked through")
        compose.letter.walker.on.click()
        await self.picture("compose-rows")
        compose.send_button.click()
        await self._until(_open_dialog, "nothing asks before the rows are sent")
        await self.picture("confirm-rows")
        cast(Any, _open_dialog()).send_button.click()
        await self._settled(compose.sending.settled(), "the rows are not written down")
        outbox = self._tab("outbox")
        await self._until(lambda: outbox.batch.batch is not None, "the outbox does not show the batch")
        await self._until(lambda: outbox.batch.batch.is_over, "the batch does not end")
        await self.picture("outbox-batch")

    async def reports(self) -> None:
        """The bounce of the letter stands in the reports."""
        self._window.turn("reports")
        if not self._offers(Capability.REPORTS):
            await self.picture("reports")
            return
        reports = self._tab("reports")
        await self._until(lambda: reports.table.rows, "no bounce is listed")
        await self._settled(reports.work.settled(), "the reports are not read to their end")
        wanted = next((row for row in reports.table.rows if row.email.startswith("hardbounce@")), None)
        if wanted is None:
            raise StepError("the bounce of the letter is not in the reports")
        reports.table.select_key(wanted.email)
        await self.picture("reports")

    async def stats(self) -> None:
        """Tiles, chart and messages."""
        self._window.turn("stats")
        if not self._offers(Capability.STATS):
            await self.picture("stats")
            return
        stats = self._tab("stats")
        await self._until(lambda: stats.mailings.rows, "no message is counted")
        await self._settled(stats.work.settled(), "the statistics are not read to their end")
        await self.picture("stats")

    async def tools(self) -> None:
        """A switch is asked, says what will change, and stays as it was until somebody means it."""
        self._window.turn("tools")
        if not self._offers(Capability.TRACKING):
            await self.picture("tools")
            return
        tools = self._tab("tools")
        await self._until(lambda: "click-tracking" in tools.cards, "the switches are not read")
        card = tools.cards["click-tracking"]
        before = card.switch.state
        await self._rest()
        card.switch.click()
        await self.picture("tools")
        if card.switch.state != before:
            raise StepError("the switch moved before the provider answered")
        card.keep_button.click()

    async def account(self) -> None:
        """Plans as meters, sub-accounts, profiles."""
        self._window.turn("account")
        await self._settled(self._tab("account").work.settled(), "the account is not read")
        await self.picture("account")

    async def inbox(self) -> None:
        """What the sandbox caught."""
        self._window.turn("inbox")
        inbox = self._tab("inbox")
        await self._until(lambda: inbox.table.rows, "nothing was caught")
        first = next(row for row in inbox.table.rows if row.subject == "Your November order guide")
        inbox.table.select_key(first.id)
        await self.picture("inbox")

    async def sign_in(self) -> None:
        """The dialog that takes an account in."""
        self._window.turn("account")
        self._tab("account").add_button.click()
        await self._until(lambda: _open_dialog() is not None, "the sign-in dialog does not open")
        await self.picture("sign-in")
        dialog = _open_dialog()
        if dialog is not None:
            dialog.reject()
        await self._until(lambda: _open_dialog() is None, "the sign-in dialog does not close")

    async def picture(self, name: str) -> None:
        """Saves the window as it stands, with the dialog over it where one is open."""
        await self._rest()
        self.taken += 1
        picture = self._window.grab()
        dialog = _open_dialog()
        if dialog is not None:
            painter = QPainter(picture)
            place = dialog.mapToGlobal(QPoint()) - self._window.mapToGlobal(QPoint())
            painter.drawPixmap(place, dialog.grab())
            painter.end()
        path = self._folder / f"{self.taken:02}-{name}.png"
        if not picture.save(str(path)):
            raise StepError(f"{path} cannot be written")

    def _offers(self, capability: Capability) -> bool:
        desk = self._window.desk
        return desk is not None and desk.has(capability)

    def _tab(self, key: str) -> Any:
        return cast(Any, self._window.tab(key))

    async def _until(self, holds: Callable[[], object], otherwise: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            if told := next((it for it in self._window.notices.standing if it.tone == "error"), None):
                raise StepError(f"{otherwise}: {told.what} {told.why}")
            if time.monotonic() > deadline:
                raise StepError(otherwise)
            await asyncio.sleep(0.02)

    async def _settled(self, work: Awaitable[None], otherwise: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await work
        except TimeoutError:
            raise StepError(otherwise) from None

    async def _rest(self) -> None:
        await asyncio.sleep(REST_S)


def _open_dialog() -> QWidget | None:
    found = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QDialog)]
    return next((dialog for dialog in found if dialog.isVisible()), None)
