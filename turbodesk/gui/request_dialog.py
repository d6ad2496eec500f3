"""The exact request that Send would make, or has made, to read and to copy. Nothing leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.segmented import Segmented

if TYPE_CHECKING:
    from turbodesk.model.request import Spelled

WIDE, HIGH = 720, 340
SECRETS = "Where a secret goes stands its name in angle brackets."
LONGEST = 60_000  # characters that are shown, much of them in one line; what is copied is whole


@dataclass(frozen=True)
class Spelling:
    """One way to write the request down: its key, what it is called, the text."""

    key: str
    name: str
    text: str


async def spellings_of(spelled: Spelled) -> list[Spelling]:
    """A request in every way that it can be written down."""
    from turbodesk.services import copy_as

    ways = (
        ("text", "Request", copy_as.as_text),
        ("curl", "cURL", copy_as.as_curl),
        ("python", "Python", copy_as.as_python),
    )
    return [Spelling(key, name, await asyncio.to_thread(spell, spelled)) for key, name, spell in ways]


class RequestDialog(Dialog):
    """The request in each spelling; Copy takes the one that is seen."""

    def __init__(
        self,
        parent: QWidget | None,
        says: str,
        spellings: Sequence[Spelling],
        note: str,
        *,
        title: str = "Dry run: nothing is sent",
    ) -> None:
        super().__init__(parent, title, wide=WIDE)
        self._spellings = {it.key: it for it in spellings}
        self.body.addWidget(Label(says, wrap=True))
        self.choice = Segmented([(it.key, it.name) for it in spellings], small=True, name="Written as")
        self.shown_text = QPlainTextEdit()
        self.shown_text.setReadOnly(True)
        self.shown_text.setFont(theme.font("mono"))
        self.shown_text.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.shown_text.setTabChangesFocus(True)
        self.shown_text.setMinimumHeight(theme.px(HIGH))
        self.body.addWidget(self.choice)
        self.body.addWidget(self.shown_text, 1)
        self.foot_note.setText(note)
        self.copy_button = self.add_button(Button("Copy", "copy"))
        self.copy_button.clicked.connect(self._on_copy)
        close = self.add_button(Button("Close", kind="primary"), "back")
        self.enter_presses(close)
        self.choice.chosen.connect(self.show_spelling)
        self.show_spelling(spellings[0].key)
        self.shown_text.setFocus()

    def show_spelling(self, key: str) -> None:
        """Shows the request written another way."""
        self.choice.choose(key)
        found = self._spellings[key]
        more = len(found.text) - LONGEST
        tail = f"\n… and {more:,} characters more, which Copy takes along." if more > 0 else ""
        self.shown_text.setPlainText(found.text[:LONGEST] + tail)
        self.shown_text.setAccessibleName(f"Request as {found.name}")
        self.copy_button.setText("Copy")

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._spellings[self.choice.key].text)
        self.copy_button.setText("Copied")
