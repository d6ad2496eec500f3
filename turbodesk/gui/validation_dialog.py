"""Validates addresses: one, whose result is shown at once, or those of a file, as a list at the provider."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.errors import InvalidDraft, Refused, TurbodeskError
from turbodesk.gui import theme, words
from turbodesk.gui.file_taker import local_files
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import column, row
from turbodesk.gui.parts.choice import Choice
from turbodesk.gui.parts.dialog import Dialog, pick_files
from turbodesk.gui.parts.facts import Facts
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.meter import Meter
from turbodesk.gui.parts.pill import PillLabel
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.validation_words import STATUSES, cost_words, found_words, pill_of, reason_of
from turbodesk.gui.work import Work
from turbodesk.model.validation import Validated, ValidationCredits
from turbodesk.services.validation import Phase, Progress, Results, ToValidate, ValidationService

if TYPE_CHECKING:
    from turbodesk.services.recipient_file import RecipientFile

ONE, FILE, PROGRESS = "one", "file", "progress"
FILES = "Tables (*.csv *.tsv *.txt);;All files (*)"
DOING = {Phase.UPLOADING: "Uploading", Phase.VALIDATING: "Validating", Phase.READING: "Reading the results"}


class ValidateDialog(Dialog):
    """Asks what to validate, says what it costs, and follows it.

    `results` are those of a whole file, None where it was left before; `list_id` is its list at the provider,
    empty while there is none, and `begun` says that it surely was. `paid` says that something may have been.
    """

    def __init__(
        self, window: QWidget | None, service: ValidationService, provider: str,
        credits: ValidationCredits | None,
    ) -> None:  # fmt: skip
        super().__init__(window, "Validate addresses", wide=560)
        self._service, self._provider, self._credits = service, provider, credits
        self.results: Results | None = None
        self.list_id, self.begun, self.paid = "", False, False
        self._asked = ""  # the address that is waited for
        self._uploading, self._last = False, Progress(Phase.UPLOADING, 0, 0)
        self._file: RecipientFile | None = None
        self._what: ToValidate | None = None
        self.work = Work(self, Notices(self))
        self.segments = Segmented([(ONE, "One address"), (FILE, "A file")], name="What to validate")
        self.segments.chosen.connect(self._on_segment)
        self.message = Message()
        self.page = ONE
        self._pages = {ONE: self._one_page(), FILE: self._file_page(), PROGRESS: self._progress_page()}
        self.body.addWidget(self.segments, 0, Qt.AlignmentFlag.AlignLeft)
        for page in self._pages.values():
            self.body.addWidget(page)
        self.body.addWidget(self.message)
        self.body.addStretch(1)
        self.back_button = self.add_button(Button("Close"), "back")
        self.act_button = self.add_button(Button("Validate", "check-circle", kind="primary"))
        self.act_button.clicked.connect(lambda: self.act())
        self.setAcceptDrops(True)
        self._on_segment(ONE)

    def _turn(self, key: str) -> None:
        """Shows one page, and is as high as that needs."""
        self.page = key
        for name, page in self._pages.items():
            page.setVisible(name == key)
        self._fit()

    @property
    def skipped(self) -> tuple[str, ...]:
        """The cells of the file that were no address."""
        return self._what.skipped if self._what else ()

    async def shown(self) -> bool:
        try:
            return await super().shown()
        finally:
            self.work.cancel_all()  # also where the window closes over it

    def act(self) -> None:
        """Validates what is written or chosen; what is wrong is said in the dialog."""
        self.message.clear()
        self.address.set_good()
        if self.segments.key == ONE:
            work = self._validate_one(self.address.text())
            self.work.start(work, busy=self.act_button, fail=self._on_one_failed, name="validate one")
        elif self._what is not None:
            self._show_progress(Progress(Phase.UPLOADING, 0, 0))
            self.work.start(self._validate_all(self._what), fail=self._on_all_failed, name="validate a file")

    def left_words(self) -> tuple[str, str] | None:
        """What and why of the notice where the dialog was left before all of it was done."""
        if self._asked:
            return (
                f"The answer for {self._asked} was not waited for.",
                "It may have cost a credit: the credits in Account say so.",
            )
        if self.results is not None or self._what is None or not (self.list_id or self._uploading):
            return None
        name = self._what.name
        if self.begun:
            done = f"{words.number(self._last.done)} of {words.number(self._last.total)}"
            return f"{name} goes on at {self._provider}.", f"{done} were validated; its row follows it."
        if self.list_id:
            return (
                f"{name} stays at {self._provider}.",
                "Whether it was begun shows in its row; from there it can be begun or deleted.",
            )
        return (
            f"{name} was not validated, and nothing was paid.",
            f"Where it reached {self._provider} all the same, its list stands here, not begun.",
        )

    # one address

    def _one_page(self) -> QWidget:
        self.address = Field("ann@example.com", name="Address", clear=True)
        self.address.changed.connect(lambda _text: self._show_act())
        self.address.submitted.connect(lambda: self.act_button.click())
        self._cost = Label("", "small", "muted", wrap=True)
        self.pill = PillLabel("ok")
        self.means = Label("", wrap=True)
        self.facts = Facts()
        self._found = QWidget()
        self._found.setLayout(column(row(self.pill, None), self.means, self.facts, gap=6))
        self._found.hide()
        page = QWidget()
        page.setLayout(column(self.address, self._cost, 4, self._found, None, gap=4))
        return page

    async def _validate_one(self, address: str) -> None:
        self._found.hide()
        self.paid, self._asked = True, address.strip()
        found = await self._service.one(address)
        self._asked = ""
        self._show_one(found)
        self._credits = await self._service.credits()
        self._show_cost()

    def _show_one(self, found: Validated) -> None:
        self.pill.set_state(*pill_of(found))
        self.means.setText(STATUSES[found.status][2])
        facts = [
            ("Address", found.email),
            ("Why", reason_of(found)),
            ("May be meant", found.did_you_mean),
            ("Mail provider", found.smtp_provider),
            ("Mail server", found.mx_record),
            *((name.capitalize(), value) for name, value in found.person),
        ]
        self.facts.set_facts([fact for fact in facts if fact[1]])
        self._found.show()
        self._fit()

    def _on_one_failed(self, error: TurbodeskError) -> bool:
        self._asked = ""
        if isinstance(error, InvalidDraft) and "address" in error.problems:
            self.paid = False
            self.address.set_bad(error.problems["address"])
        else:
            self.message.say(f"{error.says} {error.hint}".strip())
        self._fit()
        return True

    # a file

    def _file_page(self) -> QWidget:
        self.choose_button = Button("Choose file…", "file")
        self.choose_button.clicked.connect(lambda: self.work.start(self._choose(), name="choose a file"))
        self._file_name = Label("A CSV or text file, one address a row", tone="muted", elide="middle")
        self._read_as = Label("", "small", "muted", wrap=True)
        self.columns = Choice(name="Column with the addresses")
        self.columns.key_changed.connect(self._on_column)
        self._column_line = QWidget()
        self._column_line.setLayout(row(Label("Column", tone="muted"), self.columns, None))
        self._column_line.hide()
        self.count = Label("", "strong", wrap=True)
        self.cost = Label("", wrap=True)
        page = QWidget()
        line = row(self.choose_button, self._file_name)
        page.setLayout(column(line, self._read_as, self._column_line, self.count, self.cost, None, gap=6))
        return page

    def take_file(self, path: Path) -> None:
        """Reads a file and says how many addresses it holds and what they cost; nothing is uploaded."""
        self.segments.choose(FILE)
        self._on_segment(FILE)
        self._forget_file()
        self.work.start(
            self._open(path), busy=self.choose_button, fail=self._on_file_failed, name="read a file"
        )

    async def _choose(self) -> None:
        for path in await pick_files(self, "Choose a file of addresses", FILES, one=True):
            self.take_file(path)

    async def _open(self, path: Path) -> None:
        from turbodesk.services.columns import guessed
        from turbodesk.services.recipient_file import open_recipients

        file = await open_recipients(path)
        self._file = file
        self._file_name.setText(file.name)
        self._read_as.setText(file.words)
        likely = guessed(file).address
        self.columns.blockSignals(True)
        self.columns.set_items([(name, name) for name in file.columns])
        self.columns.choose(likely)
        self.columns.blockSignals(False)
        self._column_line.setVisible(len(file.columns) > 1)
        await self._count(file, likely)

    def _on_column(self, name: str) -> None:
        if self._file is not None and name:
            self.message.clear()
            self._what = None
            self._show_act()
            self.work.start(
                self._count(self._file, name), busy=self.columns, fail=self._on_file_failed, name="count"
            )

    async def _count(self, file: RecipientFile, name: str) -> None:
        from turbodesk.services.validation import addresses_of

        self.count.setText("Counting the addresses…")
        self.cost.setText("")
        self._fit()
        try:
            what = await asyncio.to_thread(addresses_of, file, name)
        except TurbodeskError:
            self.count.setText("")
            raise
        self._what = what
        self.count.setText(found_words(what))
        self.cost.setText(cost_words(len(what.emails), self._credits))
        self._show_act()
        self.act_button.setFocus()
        self._fit()

    def _forget_file(self) -> None:
        self._file = self._what = None
        for label in (self._read_as, self.count, self.cost):
            label.setText("")
        self._column_line.hide()
        self.message.clear()
        self._show_act()

    def _on_file_failed(self, error: TurbodeskError) -> bool:
        self.message.say(f"{error.says} {error.hint}".strip())
        self._fit()
        return True

    # the list of a file

    def _progress_page(self) -> QWidget:
        self.meter = Meter(name="How far the validation is", tone="accent")
        self.doing = Label("", "strong", tabular=True)
        self._note = Label("", "small", "muted", wrap=True)
        page = QWidget()
        pile = QVBoxLayout(page)
        pile.setContentsMargins(0, theme.px(4), 0, 0)
        pile.setSpacing(theme.px(8))
        for part in (self.doing, self.meter, self._note):
            pile.addWidget(part)
        pile.addStretch(1)
        return page

    async def _validate_all(self, what: ToValidate) -> None:
        self.paid = self._uploading = True
        self.results = await self._service.all_of(what, self._show_progress)
        self.accept()

    def _show_progress(self, now: Progress) -> None:
        # told once when the list is made, and again once it surely began
        self.begun = self.begun or (bool(self.list_id) and now.phase is Phase.VALIDATING)
        self.list_id = now.list_id or self.list_id
        self._last = now
        share = now.done / now.total if now.total else 0.0
        counts = now.phase is not Phase.UPLOADING and now.total
        of = f": {words.number(now.done)} of {words.number(now.total)}" if counts else ""
        self.doing.setText(f"{DOING[now.phase]}{of}")
        self.meter.set_share(share, f"{DOING[now.phase]}, {words.percent(share)}")
        self._note.setText(
            f"You may close this: the list goes on at {self._provider}, and its row in Account follows it."
            if self.begun
            else "Nothing is paid yet."
            if not self.list_id
            else ""
        )
        self.segments.hide()
        self._turn(PROGRESS)
        self.act_button.hide()
        self.back_button.setText("Close" if self.begun else "Cancel")
        self.back_button.updateGeometry()

    def _on_all_failed(self, error: TurbodeskError) -> bool:
        says = f"{error.says} {error.hint}".strip()
        stays = bool(self.list_id) and not (isinstance(error, Refused) and not self.begun)
        if stays:  # pressed again, it would be paid for twice
            says = f"{says} The list stays at {self._provider}: its row in Account goes on with it."
            self.doing.setText("Stopped")
        else:
            self.list_id, self._uploading = "", False
            self.segments.show()
            self._turn(FILE)
            self.act_button.show()
        self.back_button.setText("Close")
        self.message.say(says)
        self._fit()
        return True

    # both

    def _on_segment(self, key: str) -> None:
        self.message.clear()
        self._show_cost()
        self._show_act()
        self._turn(key)
        (self.address if key == ONE else self.choose_button).setFocus()

    def _show_cost(self) -> None:
        self._cost.setText(cost_words(1, self._credits))

    def _show_act(self) -> None:
        if self.segments.key == ONE:
            text, why = "Validate", "" if self.address.text().strip() else "Write an address first."
        else:
            count = len(self._what.emails) if self._what else 0
            text = f"Validate {words.number(count)}" if count else "Validate"
            why = "" if count else "Choose a file first."
        self.act_button.setText(text)
        self.act_button.updateGeometry()
        if why:
            self.act_button.off(why)
        else:
            self.act_button.on()

    def _fit(self) -> None:
        """Makes the dialog as high as what it shows."""
        for label in (self._read_as, self.count, self.cost):
            label.setVisible(bool(label.text()))
        self.layout().activate()
        self.resize(self.width(), self.heightForWidth(self.width()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_files(event.mimeData()) and not self.list_id and not self._uploading:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if files := local_files(event.mimeData()):
            event.acceptProposedAction()
            self.take_file(files[0])
