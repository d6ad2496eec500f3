"""What each key unlocks: taken, refused and why, or not tried."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.card import clear_layout, column
from turbodesk.gui.parts.field import IconLabel
from turbodesk.gui.parts.label import Label
from turbodesk.model.account import Unlocked
from turbodesk.providers.port import Capability

SIGNS = {True: ("check-circle", "success"), False: ("refused", "danger"), None: ("info", "muted")}
ALOUD = {True: "taken", False: "not taken", None: "not tried"}

OPENS = {
    Capability.SEND: "sending",
    Capability.REPORTS: "bounces, complaints and unsubscribes",
    Capability.SUPPRESSIONS: "suppressions",
    Capability.STATS: "statistics",
    Capability.COUNTS: "daily counts",
    Capability.MESSAGE: "message lookup",
    Capability.TRACKING: "tracking switches",
    Capability.CHOOSE_TRACKING: "tracking of each message",
    Capability.GROUPS: "campaigns",
    Capability.FIELDS: "placeholders",
    Capability.TEMPLATES: "stored letters",
    Capability.ACCOUNT: "the account",
    Capability.PLANS: "plans",
    Capability.SUB_ACCOUNTS: "sub-accounts",
    Capability.CHANGE_SUB_ACCOUNTS: "limiting and suspending sub-accounts",
    Capability.NAME_SUB_ACCOUNTS: "making and renaming sub-accounts",
    Capability.AGENCY: "the agency",
    Capability.ALERTS: "usage alerts",
    Capability.VALIDATION: "validation of addresses",
    Capability.WEBHOOKS: "webhooks",
    Capability.KEYS: "making and revoking keys",
    Capability.DOMAINS: "domains",
    Capability.VALIDATION: "validation of addresses",
    Capability.WEBHOOKS: "webhooks",
}
"""What people read for what a credential opens, in this order; the rest comes along with one of these."""


def opened(unlocks: Sequence[str]) -> str:
    """What a credential opens, in one line."""
    known = [says for capability, says in OPENS.items() if capability.value in unlocks]
    others = [one for one in unlocks if one not in set(Capability)]
    return ", ".join([*known, *others])


class UnlockedList(QWidget):
    """A line for each credential, and below it what it opens or why not."""

    def __init__(self, found: Sequence[Unlocked] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: tuple[Unlocked, ...] = ()
        self._pile = QVBoxLayout(self)
        self._pile.setContentsMargins(0, 0, 0, 0)
        self._pile.setSpacing(theme.px(10))
        self.show_found(found)

    def show_found(self, found: Sequence[Unlocked]) -> None:
        """Shows what was found, in its order."""
        clear_layout(self._pile)
        self.shown = tuple(found)
        for one in found:
            self._pile.addLayout(_line(one))


def _line(one: Unlocked) -> QHBoxLayout:
    icon, tone = SIGNS[one.taken]
    line = QHBoxLayout()
    line.setSpacing(theme.px(8))
    line.addWidget(IconLabel(icon, tone, name=ALOUD[one.taken]), 0, Qt.AlignmentFlag.AlignTop)
    head = Label()
    name = one.credential[:1].upper() + one.credential[1:]
    head.set_runs([(name, "text", "strong"), (f"  {ALOUD[one.taken]}", tone, "small")])
    texts = [head]
    if one.words:
        texts.append(Label(one.words, "small", "text" if one.taken is False else "muted", wrap=True))
    if one.unlocks:
        verb = "Unlocks" if one.taken is not False else "Would unlock"
        texts.append(Label(f"{verb} {opened(one.unlocks)}.", "small", "muted", wrap=True))
    line.addLayout(column(*texts, gap=0), 1)
    return line
