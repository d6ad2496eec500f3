"""One message to one recipient, as the provider remembers it: what it was, and what happened to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from PySide6.QtWidgets import QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import stats_words, theme, words
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import column, scrolled
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.facts import Facts, Value
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.pill import PillLabel
from turbodesk.gui.parts.states import EmptyState, Loading, Pages
from turbodesk.gui.parts.steps import Step, StepList
from turbodesk.gui.work import Work
from turbodesk.model.reports import EmailStat, MailStatus, MessageEvent, MessageRecord

_LOOKS = {  # by words that the names of events hold: icon and tone
    "hard": ("hard-bounce", "danger"),
    "soft": ("soft-bounce", "warning"),
    "bounce": ("hard-bounce", "danger"),
    "drop": ("refused", "danger"),
    "spam": ("complaint", "danger"),
    "complain": ("complaint", "danger"),
    "unsub": ("unsubscribed", "neutral"),
    "click": ("clicked", "success"),
    "open": ("opened", "success"),
    "deliver": ("check-twice", "success"),
    "sent": ("send", "info"),
    "process": ("clock", "neutral"),
}
_TRACKED = {True: "counted", False: "not counted", None: ""}

Ask = Callable[[], Awaitable[MessageRecord | None]]


class MessageDialog(Dialog):
    """Opens at once with what the list knows of `row`, and fills in when the provider has answered."""

    def __init__(self, parent: QWidget | None, row: EmailStat, ask: Ask, notices: Notices) -> None:
        super().__init__(parent, words.one_line(row.subject) or "(no subject)", wide=560)
        self._row, self._ask = row, ask
        self.work = Work(self, notices)
        self.body.addWidget(Label(f"to {row.recipient}", tone="muted", elide="middle"))
        self.pages = Pages()
        self.loading, self.empty = Loading(rows=4), EmptyState()
        self.pages.add("loading", self.loading)
        self.pages.add("empty", self.empty)
        self.pages.add("message", self._told())
        self.pages.setMinimumHeight(theme.px(380))
        self.body.addWidget(self.pages)
        self.enter_presses(self.add_button(Button("Close"), "back"))
        self.loading.cancel_asked.connect(self._on_cancelled)

    async def show_message(self) -> None:
        """Opens the dialog, asks, and comes back when it was closed."""
        self._read()
        try:
            await self.shown()
        finally:
            self.work.cancel_all()
            await self.work.settled()

    def _read(self) -> None:
        self.pages.turn("loading")
        self.loading.begin("events")
        self.work.start(self._fetch(), fail=self._on_failed, name="read message")

    async def _fetch(self) -> None:
        try:
            found = await self._ask()
        finally:
            self.loading.end()
        if found is None:
            self._say("mail", "Not known there", "The provider has no message of this id, or has it no more.")
            return
        self._show(found)

    def _on_failed(self, error: TurbodeskError) -> bool:
        self._say("warning", error.says, error.hint)
        return True

    def _on_cancelled(self) -> None:
        self.work.cancel_all()
        self._say("mail", "Not read", "Asking for the message was cancelled.")

    def _say(self, icon: str, title: str, why: str) -> None:
        again = Button("Try again", "refresh")
        again.clicked.connect(self._read)
        self.empty.say(icon, title, why, [again])
        self.pages.turn("empty")

    def _told(self) -> QWidget:
        inner = QWidget()
        self.pill = PillLabel("none")
        self.facts = Facts()
        self.events = StepList()
        self._happened = Label("What happened", "small-strong", "muted")
        inner.setLayout(column(self.pill, self.facts, 8, self._happened, self.events, None, gap=10))
        return scrolled(inner)

    def _show(self, found: MessageRecord) -> None:
        told = found.stat.status is not MailStatus.OTHER or bool(found.stat.raw_status)
        self.pill.setVisible(told)
        if told:
            self.pill.set_state(*stats_words.pill_of(found.stat))
        self.facts.set_facts(_facts(self._row, found))
        self._happened.setVisible(found.events is not None)
        self.events.set_steps([_step(event) for event in found.events or ()])
        self.pages.turn("message")


def _facts(row: EmailStat, found: MessageRecord) -> Sequence[tuple[str, Value]]:
    stat = found.stat
    groups = found.groups or (stat.campaign,)
    facts: list[tuple[str, Value]] = [
        ("From", stat.sender or row.sender),
        ("Sent", _when(stat.at or row.at)),
        ("Campaign", ", ".join(group for group in groups if not stats_words.is_our_key(group))),
        ("Opens", _TRACKED[found.tracked_opens]),
        ("Clicks", _TRACKED[found.tracked_clicks]),
        ("Id", (stat.id or row.id, "mono")),
    ]
    if stat.error:
        facts.append(("What was said", Label(words.one_line(stat.error), wrap=True)))
    return [(what, value) for what, value in facts if value]


def _when(at: datetime | None) -> str:
    return f"{words.day(at)} {words.clock(at, seconds=True)}" if at else ""


def _step(event: MessageEvent) -> Step:
    name = event.type.lower()
    icon, tone = next((look for word, look in _LOOKS.items() if word in name), ("note", "neutral"))
    what = event.type[:1].upper() + event.type[1:]
    return Step(icon, tone, what, _when(event.at), words.one_line(event.words))
