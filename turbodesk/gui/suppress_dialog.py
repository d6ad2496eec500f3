"""Takes a pasted list of addresses that shall get no mail any more, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from turbodesk.checks.addresses import check_address, split_addresses
from turbodesk.gui import theme, words
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.parts.label import Label
from turbodesk.model.message import Address
from turbodesk.model.reports import Imported

NAMED = 3  # of addresses that something is wrong with; the others are counted
WHAT = "No mail of this account goes to these addresses any more, whichever program sends it."


class Wanted(NamedTuple):
    """What is to be suppressed: addresses, each once, and why."""

    emails: tuple[str, ...]
    reason: str


class SuppressDialog(Dialog):
    """A list to paste into, a reason where the provider keeps one, and a button that counts what it
    will do."""

    def __init__(self, parent: QWidget | None, profile: str, *, with_reason: bool) -> None:
        super().__init__(parent, f"Suppress addresses at {profile}", wide=520)
        self.body.addWidget(Label(WHAT, wrap=True))
        self.list = QPlainTextEdit()
        self.list.setAccessibleName("Addresses")
        self.list.setPlaceholderText("One address a line, or parted by commas")
        self.list.setTabChangesFocus(True)
        self.list.setFont(theme.font("mono"))
        self.list.setFixedHeight(theme.px(160))
        self.message = Message()
        self.reason = Field("Asked for it by phone", name="Reason")
        self.body.addWidget(self.list)
        self.body.addWidget(self.message)
        if with_reason:
            self.body.addWidget(Label("Reason", "small-medium", "muted"))
            self.body.addWidget(self.reason)
        self.add_button(Button("Back"), "back")
        self.act = self.add_button(Button("Suppress", "suppressed", kind="danger"), "act")
        self.list.textChanged.connect(self._on_edited)
        self._on_edited()
        self.list.setFocus()

    @property
    def wanted(self) -> Wanted:
        """What is written that is an address, and the reason."""
        good, _ = _sorted(self.list.toPlainText())
        return Wanted(good, self.reason.text().strip())

    def _on_edited(self) -> None:
        good, bad = _sorted(self.list.toPlainText())
        self.act.setText(f"Suppress {words.number(len(good))}" if good else "Suppress")
        self.act.updateGeometry()
        if good:
            self.act.on()
        else:
            self.act.off("Write at least one address.")
        if bad:
            self.message.say(f"{_named(bad)} {'is' if len(bad) == 1 else 'are'} left out: no address.",
                             tone="warning")  # fmt: skip
        else:
            self.message.clear()


def outcome(asked: Sequence[str], told: Imported) -> tuple[str, str, str]:
    """Tone, what and why of the notice after it."""
    refused = told.invalid
    taken = len(asked) - len(refused) if told.valid is None else len(told.valid)
    what = f"{words.counted(taken, 'address', 'addresses')} suppressed."
    if refused:
        return "warn", what, f"Not taken: {_named(refused)}."
    return "ok", what, "" if told.valid is not None else "The provider did not name them one by one."


def _sorted(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The addresses of a text, each once, and what is none."""
    good: dict[str, None] = {}
    bad: dict[str, None] = {}
    for entry in split_addresses(text):
        if check_address(entry).ok:
            good[Address.parse(entry).email] = None
        else:
            bad[entry] = None
    return tuple(good), tuple(bad)


def _named(texts: Sequence[str]) -> str:
    more = len(texts) - NAMED
    named = ", ".join(text[:60] for text in texts[:NAMED])
    return f"{named} and {words.number(more)} more" if more > 0 else named
