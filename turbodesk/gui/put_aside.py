"""Letters that come back, and letters put aside for them: one menu away, never thrown away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QMenu

from turbodesk.errors import TurbodeskError
from turbodesk.gui import words
from turbodesk.gui.letter_fields import as_text
from turbodesk.services import attached
from turbodesk.services.attached import Attached
from turbodesk.services.draft_keeper import DraftKeeper

if TYPE_CHECKING:
    from turbodesk.gui.compose_tab import ComposeTab

Letter = dict[str, Any]
LONGEST = 60  # characters of a subject in the menu


class PutAside:
    """The letters of one Compose tab that wait, the latest first, as plain values."""

    def __init__(self, tab: ComposeTab, keeper: DraftKeeper) -> None:
        self._tab, self._keeper = tab, keeper
        self.letters: list[Letter] = []

    def restore(self, value: object) -> None:
        """Puts back what `letters` were; what is no letter is left out."""
        self.letters = [it for it in value if isinstance(it, dict)] if isinstance(value, list) else []

    @property
    def files(self) -> list[Path]:
        """What is attached to any of them."""
        return [it.path for letter in self.letters for it in _files(letter)]

    def put(self, *, and_keep: bool = False) -> None:
        """Puts the open letter aside, and says so; `and_keep` leaves it open, too."""
        tab = self._tab
        letter = tab.letter_values()
        self.letters.insert(0, letter)
        if not and_keep:
            tab.empty()
        back = ("Open it", "history", lambda: self.open(letter))
        tab.notices.tell("info", f"“{name_of(letter)}” was put aside.", actions=[back], key="aside")

    def open(self, letter: Letter) -> None:
        """Opens one that waits; the letter that is open takes its place."""
        if letter not in self.letters:
            return
        self.letters.remove(letter)
        self._tab.notices.take_back("aside")
        self.take_in(letter)

    def bring_back(self, letter: Mapping[str, Any]) -> asyncio.Task[None]:
        """Opens a letter that was taken back from the outbox; the one that is open is put aside."""
        return self._tab.behind.start(self._bring_back(letter), name="bring the draft back")

    async def _bring_back(self, letter: Mapping[str, Any]) -> None:
        """Files that are not there any more come from the outbox's own copies."""
        tab, files = self._tab, _files(letter)
        try:
            outbox = await tab.open_outbox()
            entry = await outbox.sent_as(as_text(letter.get("key")))
            kept = (await outbox.message(entry.id)).attachments if entry is not None and files else ()
            files = await self._keeper.bring_back(files, kept)
        except TurbodeskError as error:
            tab.notices.tell_error(error, key="draft")
        self.take_in({**letter, "attachments": [it.plain() for it in files]})

    def take_in(self, letter: Letter) -> None:
        """Opens a letter from elsewhere; the one that is open is put aside."""
        if not self._tab.is_empty:
            self.put()
        self._tab.fill(letter)
        self._tab.keep_draft()

    def fill_menu(self, menu: QMenu) -> None:
        """Offers each of them."""
        for letter in self.letters:
            action = menu.addAction(name_of(letter).replace("&", "&&"))
            action.triggered.connect(lambda _on=False, letter=letter: self.open(letter))


def name_of(letter: Mapping[str, Any]) -> str:
    """What a letter is called: its subject, shortened."""
    name = words.one_line(as_text(letter.get("subject")))
    return (f"{name[:LONGEST]}…" if len(name) > LONGEST else name) or "Letter without a subject"


def _files(letter: Mapping[str, Any]) -> list[Attached]:
    listed = letter.get("attachments")
    found = map(attached.read, listed if isinstance(listed, list) else [])
    return [it for it in found if it is not None]
