"""Addresses validated by the provider: credits, lists and how far each is, and what can be done with one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme, words
from turbodesk.gui.account_page import OpeningCard
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Rule, row
from turbodesk.gui.parts.dialog import ask
from turbodesk.gui.parts.field import Message
from turbodesk.gui.parts.label import Label
from turbodesk.gui.record_table import Column, RecordTable
from turbodesk.gui.row_menu import add_row_menu
from turbodesk.gui.tab import Tab
from turbodesk.gui.validation_dialog import ValidateDialog
from turbodesk.gui.validation_results import ResultsPage
from turbodesk.gui.validation_words import (
    cost_words,
    counts_words,
    credits_words,
    may_go_on,
    state_of,
)
from turbodesk.model.validation import ValidationCredits, ValidationList
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk
from turbodesk.services.validation import Phase, Progress, ValidationService, results_csv
from turbodesk.together import together

MOST_ROWS = 8  # what the card grows to; beyond it the table scrolls
COUNTED = 8  # of the newest lists it is asked how many have which status: the list of lists does not say

NONE_YET = "No list was validated yet. A single address leaves none."
READING = "Reading the lists…"
CHOOSE = "Choose a list first."


def columns() -> list[Column]:
    """What the table shows of a list; its name and state always stay."""
    return [
        Column("List", lambda it: it.name or it.id, kind="medium", width=130, stretch=3),
        Column("Made", lambda it: it.created, lambda at: words.when(at) if at else "", kind="muted", width=72,
               keep=4),
        Column("Validated", lambda it: it, _meter, lambda it: it.percent, kind="progress", width=124, keep=2),
        Column("Addresses", lambda it: it, _of, lambda it: it.total, align="right", width=104),
        Column("Result", lambda it: counts_words(it.counts), kind="muted", width=110, stretch=4, keep=3),
        Column("", state_of, lambda state: state, kind="pill", width=120),
    ]  # fmt: skip


def _share(found: ValidationList) -> float:
    return found.processed / found.total if found.total else 0.0


def _meter(found: ValidationList) -> tuple[float, str]:
    return _share(found), words.percent(_share(found))


def _of(found: ValidationList) -> str:
    if found.done or not found.processed:
        return words.number(found.total)
    return f"{words.number(found.processed)} of {words.number(found.total)}"


class ValidationCard(OpeningCard):
    """The lists of an account, newest first; while it is seen, those under way are followed."""

    key = "validation"
    title = "Validation of addresses"
    capability = Capability.VALIDATION

    page: ResultsPage

    def __init__(self, tab: Tab) -> None:
        super().__init__(tab, padding=0)
        self._service: ValidationService | None = None
        self._following: dict[str, asyncio.Task[None]] = {}
        self._begun: set[str] = set()  # by this window: no result need have come to follow them
        self.credits: ValidationCredits | None = None
        self.page = ResultsPage()
        self.page.left.connect(self._on_left)
        self.page.save_asked.connect(self._on_save_asked)
        self.body.setSpacing(0)
        self.body.setContentsMargins(1, 1, 1, theme.px(6))
        self._says = Label("", tone="muted", elide="right", tabular=True)
        self.validate_button = Button("Validate addresses…", "check-circle", size="small")
        self.validate_button.clicked.connect(self._on_validate_asked)
        head = row(Label("Validation", "section"), self._says, self.validate_button)
        head.setContentsMargins(theme.px(16), theme.px(10), theme.px(16), theme.px(10))
        self.add(head)
        self.add(Rule())
        self.message = Message()
        self.message.layout().setContentsMargins(theme.px(16), theme.px(10), theme.px(16), theme.px(8))
        self.add(self.message)
        self.table = RecordTable(columns(), name="Lists of addresses")
        self.table.chosen.connect(lambda _list: self._show_deeds())
        self.table.opened.connect(lambda _list: self.show_button.click())
        self.add(self.table)
        self._none = Label(READING, tone="muted", wrap=True)
        self._none.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(6))
        self.add(self._none)
        self.add(self._deeds())

    def _deeds(self) -> QWidget:
        self._bar = QWidget()
        self.show_button = Button("Show results", "rows", size="small")
        self.begin_button = Button("Begin…", "right", size="small", name="Begin to validate the list…")
        self.delete_button = Button("Delete…", "delete", size="small", name="Delete the list…")
        self.show_button.clicked.connect(lambda: self._with_current(self.open_results))
        self.begin_button.clicked.connect(lambda: self._with_current(self._on_begin_asked))
        self.delete_button.clicked.connect(lambda: self._with_current(self._on_delete_asked))
        buttons = (self.show_button, self.begin_button, self.delete_button)
        add_row_menu(self.table, buttons, self.delete_button)
        self._chosen = Label("", "small", "muted", elide="right", tabular=True)
        bar = row(self._chosen, *buttons)
        bar.setContentsMargins(theme.px(16), theme.px(8), theme.px(16), theme.px(4))
        self._bar.setLayout(bar)
        return self._bar

    # reading

    def set_desk(self, desk: Desk | None) -> None:
        super().set_desk(desk)
        self._unfollow()
        self._begun.clear()
        self._service = ValidationService(desk) if desk and desk.has(self.capability) else None
        self.credits = None
        self._says.setText("")
        self.message.clear()
        self.page.end()
        self._none.setText(READING)
        self._show_lists(())
        only_looks = desk.only_looks if desk else ""
        if only_looks:
            self.validate_button.off(only_looks)
        else:
            self.validate_button.on()

    def opener(self) -> QWidget:
        return self.table

    @property
    def lists(self) -> list[ValidationList]:
        """The lists, newest first."""
        return list(self.table.rows)

    def reload(self) -> None:
        if self._service is not None:
            self._tab.work.start(
                self._read(self._service), fail=self._on_read_failed, name="read validation lists"
            )

    async def _read(self, service: ValidationService) -> None:
        credits, lists = await together(service.credits(), service.newest())
        if service is not self._service:
            return
        self.message.clear()
        self._show_credits(credits)
        known = {it.id: it.counts for it in self.lists}
        self._none.setText(NONE_YET)
        self._show_lists([replace(it, counts=it.counts or known.get(it.id, ())) for it in lists])
        self._follow()
        for found in await service.counted(self.lists[:COUNTED]):
            if service is self._service:
                self._put(found)

    def _on_read_failed(self, error: TurbodeskError) -> bool:
        self.message.say(f"{error.says} {error.hint}".strip(), "Try again", self.reload)
        self._none.setText("" if self.lists else "The lists could not be read.")
        return True

    def _show_credits(self, credits: ValidationCredits) -> None:
        self.credits = credits
        self._says.setText(credits_words(credits))

    def _show_lists(self, lists: Sequence[ValidationList]) -> None:
        self.table.set_rows(lists)
        self.table.setVisible(bool(lists))
        self._bar.setVisible(bool(lists))
        self._none.setVisible(not lists)
        if lists and self.table.current is None:
            self.table.select_first()
        self.table.setFixedHeight(theme.px(30) * (min(MOST_ROWS, len(lists)) + 1) + 1)
        self._show_deeds()

    def _put(self, found: ValidationList) -> None:
        """Shows one list as it is now; where it is new, in front."""
        lists = self.lists
        place = next((place for place, it in enumerate(lists) if it.id == found.id), None)
        if place is None:
            lists.insert(0, found)
        else:
            lists[place] = replace(found, counts=found.counts or lists[place].counts)
        self._show_lists(lists)

    def _show_deeds(self) -> None:
        found, only_looks = self.table.current, self._desk.only_looks if self._desk else ""
        self._chosen.setText(only_looks or (counts_words(found.counts) if found else CHOOSE))
        reasons = {
            self.show_button: "" if found and found.processed else "None of its addresses is validated yet.",
            self.begin_button: only_looks or ("It was begun already." if found and found.processed else ""),
            self.delete_button: only_looks,
        }
        for button, reason in reasons.items():
            if reason := CHOOSE if found is None else reason:
                button.off(reason)
            else:
                button.on()

    def _with_current(self, act: object) -> None:
        if (found := self.table.current) is not None and callable(act):
            act(found)

    # lists under way

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._unfollow()

    def _follow(self) -> None:
        if self._service is None or not self.isVisible():
            return
        for found in self.lists:
            begun = may_go_on(found) or (found.id in self._begun and not found.done)
            if begun and found.id not in self._following:
                self._following[found.id] = self._tab.behind.start(
                    self._follow_one(self._service, found.id),
                    fail=self._on_follow_failed,
                    name="follow a validation",
                )

    def _unfollow(self) -> None:
        for task in self._following.values():
            task.cancel()
        self._following.clear()

    async def _follow_one(self, service: ValidationService, id: str) -> None:
        task = asyncio.current_task()
        try:
            done = await service.follow(id, self._on_progress)
        finally:
            if self._following.get(id) is task:
                del self._following[id]
        if service is self._service:
            self._begun.discard(id)
            self._put(done)
            self._tell_done(done)
            self._show_credits(await service.credits())

    def _on_progress(self, now: Progress) -> None:
        found = next((it for it in self.lists if it.id == now.list_id), None)
        if found is not None and now.phase is Phase.VALIDATING and found.processed != now.done:
            percent = now.done * 100 // now.total if now.total else 0
            self._put(replace(found, processed=now.done, total=now.total, percent=percent))

    def _on_follow_failed(self, error: TurbodeskError) -> bool:
        self.message.say(f"{error.says} {error.hint}".strip(), "Look again", self.reload, tone="warning")
        return True

    def _tell_done(self, done: ValidationList) -> None:
        show = ("Show results", "rows", lambda: self.open_results(done))
        result = f": {counts_words(done.counts)}" if done.counts else ""
        self._tab.notices.tell("ok", f"{done.name} is validated{result}", actions=[show])

    # a new one

    def _on_validate_asked(self) -> None:
        self._tab.work.start(self._validate(), name="validate addresses")

    async def _validate(self) -> None:
        service, desk = self._service, self._desk
        if service is None or desk is None:
            return
        dialog = ValidateDialog(self.window(), service, desk.provider.title, self.credits)
        await dialog.shown()
        if service is not self._service:
            return
        if dialog.begun:
            self._begun.add(dialog.list_id)
        if dialog.results is not None:
            self._open(dialog.results.list)
            self.page.show_results(dialog.results, dialog.skipped)
        elif told := dialog.left_words():
            self._tab.notices.tell("info", *told, key="validation")
        if dialog.paid or dialog.list_id:
            self.reload()

    # what can be done with a list

    def open_results(self, found: ValidationList) -> None:
        """Opens the page with what is known of a list's addresses."""
        if self._service is not None:
            self._open(found)
            self._tab.work.start(
                self._read_results(self._service, found.id),
                fail=lambda error: self._on_results_failed(error, found),
                name="read results",
            )

    def _open(self, found: ValidationList) -> None:
        self.page.begin(found)
        self.opened.emit()

    async def _read_results(self, service: ValidationService, id: str) -> None:
        results = await service.results(await service.list(id), self._on_read)
        if service is self._service and self.page.list_id == id:
            self._put(results.list)
            self.page.show_results(results)

    def _on_read(self, now: Progress) -> None:
        if now.list_id == self.page.list_id:
            self.page.loading.progress(now.done, now.total)

    def _on_results_failed(self, error: TurbodeskError, found: ValidationList) -> bool:
        if self.page.list_id == found.id:
            again = Button("Try again", "refresh")
            again.clicked.connect(lambda: self.open_results(found))
            self.page.fail(error.says, error.hint, again)
        return True

    def _on_left(self) -> None:
        self.page.end()

    def _on_save_asked(self) -> None:
        rows, skipped = self.page.rows, self.page.skipped
        from turbodesk.gui.export import export_csv

        saving = export_csv(self._tab, self.page.file_name, lambda: results_csv(rows, skipped))
        self._tab.work.start(saving, busy=self.page.save_button, name="save results")

    def _on_begin_asked(self, found: ValidationList) -> None:
        self._tab.work.start(self._begin(found), name="begin a validation")

    async def _begin(self, found: ValidationList) -> None:
        service, desk = self._service, self._desk
        if service is None or desk is None:
            return
        count = words.counted(found.total, "address", "addresses")
        cost = cost_words(found.total, self.credits)
        says = f"{desk.provider.title} validates the {count} of {found.name}. {cost}"
        if await ask(
            self.window(), f"Validate {count}?", says, act_label=f"Validate {words.number(found.total)}"
        ):
            try:
                await service.start(found.id)
            finally:
                self.reload()  # it may have begun, whatever came back
            self._begun.add(found.id)

    def _on_delete_asked(self, found: ValidationList) -> None:
        self._tab.work.start(self._delete(found), name="delete a list")

    async def _delete(self, found: ValidationList) -> None:
        service, desk = self._service, self._desk
        if service is None or desk is None:
            return
        title = desk.provider.title
        says = f"{title} takes it away with its results, for good."
        facts = [("List", found.name or found.id), ("Addresses", _of(found))]
        sure = await ask(
            self.window(), f"Delete the list “{found.name or found.id}”?", says, facts, "Delete list",
            act_icon="delete", danger=True,
        )  # fmt: skip
        if sure:
            self._stop_following(found.id)
            try:
                await service.delete(found.id)
            except TurbodeskError:
                self._follow()
                raise
            self._show_lists([it for it in self.lists if it.id != found.id])
            self._tab.notices.tell("ok", f"The list “{found.name}” is deleted")

    def _stop_following(self, id: str) -> None:
        self._begun.discard(id)
        if (task := self._following.pop(id, None)) is not None:
            task.cancel()
