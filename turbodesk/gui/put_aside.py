"""Letters that were being written when another one came back: put aside, one menu away, never thrown away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QMenu

from turbodesk.gui import words
from turbodesk.services import attached

Letter = dict[str, Any]
LONGEST = 60  # characters of a subject in the menu


class PutAside:
    """The letters that wait, the latest first, as plain values."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    def put(self, letter: Mapping[str, Any]) -> None:
        """Puts one aside."""
        self.letters.insert(0, dict(letter))

    def take(self, letter: Letter) -> Letter:
        """Takes one back."""
        self.letters.remove(letter)
        return letter

    def restore(self, value: object) -> None:
        """Puts back what `letters` were; what is no letter is left out."""
        self.letters = [it for it in value if isinstance(it, dict)] if isinstance(value, list) else []

    @property
    def files(self) -> list[Path]:
        """What is attached to any of them."""
        lists = [it.get("attachments") for it in self.letters]
        found = (attached.read(one) for it in lists if isinstance(it, list) for one in it)
        return [it.path for it in found if it is not None]

    def fill_menu(self, menu: QMenu, open_letter: Callable[[Letter], object]) -> None:
        """Offers each of them."""
        for letter in self.letters:
            action = menu.addAction(name_of(letter).replace("&", "&&"))
            action.triggered.connect(lambda _on=False, letter=letter: open_letter(letter))


def name_of(letter: Mapping[str, Any]) -> str:
    """What a letter is called: its subject, shortened."""
    subject = letter.get("subject")
    name = words.one_line(subject) if isinstance(subject, str) else ""
    return (f"{name[:LONGEST]}…" if len(name) > LONGEST else name) or "Letter without a subject"
