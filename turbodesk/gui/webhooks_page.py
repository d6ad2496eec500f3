"""The URLs that an account's provider tells what happens to mail, and what can be done with one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.gui import words
from turbodesk.gui.account_page import AccountPage
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import ToolBar
from turbodesk.gui.parts.label import Label
from turbodesk.gui.record_table import Column, RecordTable
from turbodesk.gui.row_menu import add_row_menu
from turbodesk.gui.webhook_words import events_words, state_of, taken_words
from turbodesk.model.webhook import Webhook

CHOOSE = "Choose a webhook first."
ADD, EDIT, SWITCH, SAMPLE, REMOVE = "add", "edit", "switch", "sample", "remove"


def columns() -> list[Column]:
    """What the table shows of a webhook; its URL and whether it is on always stay."""
    return [
        Column("URL", lambda it: it.url, kind="medium", width=200, stretch=4),
        Column("", state_of, lambda state: state, kind="pill", width=96),
        Column("Told of", lambda it: events_words(it.events), kind="muted", width=200, stretch=5, keep=2),
        Column("Taken", lambda it: it, taken_words, lambda it: it.success_rate or 0, align="right", width=68,
               keep=3),
        Column("Added", lambda it: it.created, lambda at: words.day(at) if at else "", kind="muted",
               width=84, keep=4),
    ]  # fmt: skip


class WebhooksPage(AccountPage):
    """All webhooks in a table. `asked` tells what is wanted of which, None where it is a new one."""

    asked = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Webhooks", parent)
        self._only_looks = ""
        self.add_button = Button("Add webhook…", "add", kind="primary")
        self.add_button.clicked.connect(lambda: self.asked.emit(ADD, None))
        self.head.add(self.add_button)
        self.table = RecordTable(columns(), name="Webhooks")
        self.table.chosen.connect(lambda _row: self._show_deeds())
        self.table.opened.connect(lambda _row: self.deeds[EDIT].click())
        self.deeds = {
            SWITCH: Button("Switch off…", "pause"),
            EDIT: Button("Edit…", "compose"),
            SAMPLE: Button("Send a sample event…", "test"),
            REMOVE: Button("Remove…", "delete"),
        }
        add_row_menu(self.table, list(self.deeds.values()), self.deeds[REMOVE])
        self.why = Label("", "small", "muted", elide="right")
        bar = ToolBar()
        for deed, button in self.deeds.items():
            button.clicked.connect(lambda _on=False, deed=deed: self._ask(deed))
            bar.add(button)
        bar.add(self.why, 1)
        table = QWidget()
        pile = QVBoxLayout(table)
        pile.setContentsMargins(0, 0, 0, 0)
        pile.setSpacing(0)
        pile.addWidget(bar)
        pile.addWidget(self.table, 1)
        self.pages.add("table", table)

    def set_only_looks(self, why: str) -> None:
        """Why nothing can be changed, empty where it can."""
        self._only_looks = why
        if why:
            self.add_button.off(why)
        else:
            self.add_button.on()
        self._show_deeds()

    def begin(self) -> None:
        """Shows that the webhooks are being read."""
        self.table.set_rows([])
        self.turn("loading")
        self.loading.begin("webhooks")

    def show_webhooks(self, webhooks: Sequence[Webhook]) -> None:
        """Shows webhooks in the order given; the chosen one stays chosen."""
        self.loading.end()
        self.table.set_rows(webhooks)
        if webhooks:
            if self.table.current is None:
                self.table.select_first()
            self._show_deeds()
            self.turn("table")
            return
        add = Button("Add webhook…", "add")
        add.clicked.connect(self.add_button.click)
        if self._only_looks:
            add.off(self._only_looks)
        why = "A webhook is a URL of yours that is told by itself when mail is delivered, bounces, is opened."
        self.empty.say("external", "No webhooks yet", why, [add])
        self.turn("empty")

    def fail(self, says: str, hint: str, again: Button) -> None:
        """Says why they could not be read, with a button that tries again."""
        self.loading.end()
        self.empty.say("warning", says, hint, [again])
        self.turn("empty")

    def focus_regions(self) -> list[QWidget]:
        return [self.back_button, self.table if self.pages.key == "table" else self.add_button]

    def _ask(self, deed: str) -> None:
        if (found := self.table.current) is not None:
            self.asked.emit(deed, found)

    def _show_deeds(self) -> None:
        found: Webhook | None = self.table.current
        for button in self.deeds.values():
            if reason := CHOOSE if found is None else self._only_looks:
                button.off(reason)
            else:
                button.on()
        if found is not None:
            switch = self.deeds[SWITCH]
            switch.setText("Switch off…" if found.enabled else "Switch on…")
            switch.set_icon("pause" if found.enabled else "right")
        self.why.setText(self._only_looks or (found.disabled_reason if found else ""))
