"""The letter as other programs have it: its request, as cURL, as Python, a mail file; and back from one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QGuiApplication

from turbodesk import files
from turbodesk.gui.parts.dialog import pick_files, pick_save
from turbodesk.gui.send_flow import service_of
from turbodesk.services.compose import Draft, split_addresses
from turbodesk.services.desk import SMTP

if TYPE_CHECKING:
    from turbodesk.gui.compose_tab import ComposeTab
    from turbodesk.model.message import Message
    from turbodesk.model.request import Spelled

EML = "Mail file (*.eml)"


class LetterCopies:
    """What one Compose tab gives to other programs, and takes from them. Nothing of it is sent."""

    def __init__(self, tab: ComposeTab) -> None:
        self._tab = tab

    def dry_run(self) -> None:
        """Shows the exact request that Send would make."""
        self._start(self._dry_run, "dry run")

    def copy_curl(self) -> None:
        """Copies the request as a command for a shell."""
        from turbodesk.services import copy_as

        self._start(lambda: self._copy(copy_as.as_curl, "cURL"), "copy as cURL")

    def copy_python(self) -> None:
        """Copies the request as a Python program."""
        from turbodesk.services import copy_as

        self._start(lambda: self._copy(copy_as.as_python, "Python"), "copy as Python")

    def save_eml(self) -> None:
        """Saves the letter as a mail file."""
        self._start(self._save_eml, "save as EML")

    def open_eml(self) -> None:
        """Lets a mail file be picked, and writes its letter."""
        self._tab.work.start(self._pick_eml(), name="open EML")

    async def read_eml(self, path: Path) -> None:
        """Writes the letter of a mail file; the one that is open is put aside. Raises FileTrouble."""
        from turbodesk.services.eml import read_file

        tab = self._tab
        read = await asyncio.to_thread(read_file, path)
        keeper = tab.saver.keeper
        attached = [str(await asyncio.to_thread(keeper.add_file, *it)) for it in read.files]
        tab.aside.take_in({**_letter(read.draft), "attachments": attached})
        tab.notices.tell("info", f"{path.name} is the letter now.", " ".join(read.notes), key="eml")

    def _start(self, work: Callable[[], Any], name: str) -> None:
        tab = self._tab
        if tab.desk is not None:
            tab.problems.clear()
            tab.work.start(work(), fail=tab.show_failure, name=name)

    async def _message(self) -> Message:
        tab = self._tab
        message = await service_of(tab.way.sender).message(tab.seen_draft())
        return replace(message, key=(await tab.open_outbox()).new_key())

    async def _spelled(self) -> Spelled:
        tab = self._tab
        message = await self._message()
        assert tab.desk is not None  # noqa: S101 (nothing of this begins without one)
        return await tab.desk.sender(tab.way.key).spelled(message)

    async def _dry_run(self) -> None:
        from turbodesk.gui.request_dialog import SECRETS, RequestDialog, spellings_of

        spelled = await self._spelled()
        spellings = await spellings_of(spelled)
        by = "say to the relay" if self._tab.way.key == SMTP or spelled.by_smtp else "ask"
        says = f"This is what Send would {by}. Nothing of it has left. The key is another one at each send."
        await RequestDialog(self._tab.window(), says, spellings, SECRETS).shown()

    async def _copy(self, spell: Callable[[Spelled], str], name: str) -> None:
        from turbodesk.gui.request_dialog import SECRETS

        text = await asyncio.to_thread(spell, await self._spelled())
        QGuiApplication.clipboard().setText(text)
        self._tab.notices.tell("ok", f"The request is copied as {name}.", SECRETS)

    async def _save_eml(self) -> None:
        from turbodesk.services import copy_as
        from turbodesk.services.templates import file_name

        message = await self._message()
        data = await asyncio.to_thread(copy_as.as_eml, message)
        suggested = Path(f"{file_name(message.subject) or 'letter'}.eml")
        path = await pick_save(self._tab.window(), "Save as a mail file", suggested, EML)
        if path is not None:
            await asyncio.to_thread(files.write_whole, path, data)
            blind = "Those in Bcc are not named in it." if message.bcc else ""
            self._tab.notices.tell("ok", f"{path.name} is saved.", blind)

    async def _pick_eml(self) -> None:
        for path in await pick_files(self._tab.window(), "Open a mail file", EML, one=True):
            await self.read_eml(path)


def _letter(draft: Draft) -> dict[str, Any]:
    """A draft as the fields of the letter keep it."""
    return {
        "from": draft.sender,
        "to": split_addresses(draft.to),
        "cc": split_addresses(draft.cc),
        "reply-to": split_addresses(draft.reply_to),
        "subject": draft.subject,
        "html": draft.html,
        "text": draft.text,
        "headers": [list(pair) for pair in draft.headers],
    }
