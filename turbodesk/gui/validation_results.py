"""What came of a list of addresses: one row each, by status, and as a CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.account_page import AccountPage
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Ground
from turbodesk.gui.parts.field import Field, IconLabel
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.record_table import Column, RecordTable
from turbodesk.gui.validation_words import STATUSES, pill_of, reason_of
from turbodesk.model.validation import Validated, ValidationList, ValidationStatus
from turbodesk.services.validation import Results


def columns() -> list[Column]:
    """What the table shows of a result; status and address always stay."""
    return [
        Column("Status", lambda row: row, pill_of, lambda row: row.status, kind="pill", width=126),
        Column("Address", lambda row: row.email, kind="address", width=190, stretch=3),
        Column("Why", reason_of, kind="muted", width=170, stretch=2, keep=2),
        Column("May be meant", lambda row: row.did_you_mean, kind="address", width=150, stretch=2, keep=3),
        Column("Mail provider", lambda row: row.smtp_provider, kind="muted", width=104, keep=5),
        Column("Mail server", lambda row: row.mx_record, kind="muted", width=140, stretch=1, keep=4),
    ]


def _text(row: Validated) -> str:
    return " ".join((row.email, reason_of(row), row.did_you_mean, row.mx_record))


class ResultsPage(AccountPage):
    """The results of one list. `save_asked` tells that they are wanted as a file."""

    save_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.list_id = ""
        self.name = ""
        self.rows: Sequence[Validated] = ()
        self.skipped: Sequence[str] = ()
        shown = [(status.value, word) for status, (_, word, _) in STATUSES.items()]
        self.segments = Segmented([("", "All"), *shown], name="Which results")
        self.filter = Field("Filter", "search", name="Filter the results", clear=True)
        self.filter.setFixedWidth(theme.px(160))
        self.save_button = Button("Save as CSV…", "export")
        self.head.add(self.segments)
        self.head.box.addWidget(self.filter, 0, Qt.AlignmentFlag.AlignVCenter)
        self.head.add(self.save_button)
        self.note = Label("", "small", wrap=True)
        self._notes = Ground("surface", line="bottom", across=True)
        self._notes.box.setContentsMargins(theme.px(16), theme.px(8), theme.px(16), theme.px(8))
        self._notes.box.setSpacing(theme.px(8))
        self._notes.box.addWidget(IconLabel("warning", "warning", 14))
        self._notes.box.addWidget(self.note, 1)
        self.table = RecordTable(columns(), name="Results", key=lambda row: row.id or row.email, text=_text)
        table = QWidget()
        pile = QVBoxLayout(table)
        pile.setContentsMargins(0, 0, 0, 0)
        pile.setSpacing(0)
        pile.addWidget(self._notes)
        pile.addWidget(self.table, 1)
        self.pages.add("table", table)
        self.segments.chosen.connect(self._on_segment)
        self.filter.changed.connect(self.table.set_filter)
        self.save_button.clicked.connect(self.save_asked)
        self.loading.cancel_asked.connect(self.left)

    def begin(self, found: ValidationList) -> None:
        """Turns to a list whose results are still to be read."""
        self.list_id, self.name = found.id, found.name
        self.rows, self.skipped = (), ()
        self.title.setText(found.name or f"List {found.id}")
        self.save_button.off("The results are still being read.")
        self.filter.setText("")
        self.segments.choose("")
        self._count(())
        self.turn("loading")
        self.loading.begin("results")

    def show_results(self, found: Results, skipped: Sequence[str] = ()) -> None:
        """Shows what is known of the list's addresses. `skipped` are cells that were no address."""
        self.loading.end()
        self.rows, self.skipped = found.rows, skipped
        self.table.set_rows(found.rows)
        self._count(found.rows)
        self._on_segment("")
        self._say(found, len(skipped))
        if not found.rows:
            why = "The provider has told no result of it." if found.list.done else "It is not validated yet."
            self.empty.say("clock", "No results yet", why)
            self.turn("empty")
            return
        self.save_button.on()
        self.turn("table")

    def fail(self, says: str, hint: str, again: Button) -> None:
        """Says why nothing could be read, with a button that tries again."""
        self.loading.end()
        self.empty.say("warning", says, hint, [again])
        self.turn("empty")

    def end(self) -> None:
        """Lets the results go."""
        self.list_id = ""
        self.loading.end()
        self.rows, self.skipped = (), ()
        self.table.set_rows([])

    @property
    def file_name(self) -> str:
        """What the saved file is called at first."""
        return f"{PurePath(self.name).stem or 'list'} validated.csv"

    def focus_regions(self) -> list[QWidget]:
        return [self.back_button, self.segments, self.filter, self.table]

    def _say(self, found: Results, skipped: int) -> None:
        told = []
        if not found.list.done:
            total, done = words.number(found.list.total), words.number(len(found.rows))
            told.append(f"It is still being validated: {done} of {total} so far.")
        elif not found.complete:
            told.append("The provider did not give all results: some addresses are missing here.")
        if skipped:
            what = words.counted(skipped, "cell of the file was", "cells of the file were")
            told.append(f"{what} no address and not asked; the saved file names them.")
        self.note.setText(" ".join(told))
        self._notes.setVisible(bool(told))

    def _count(self, rows: Sequence[Validated]) -> None:
        counts = Counter(row.status for row in rows)
        self.segments.set_count("", len(rows) if rows else None)
        for status in ValidationStatus:
            self.segments.set_count(status.value, counts[status])
            self.segments.set_shown(status.value, counts[status] > 0)

    def _on_segment(self, key: str) -> None:
        self.table.set_where(None if not key else lambda row: row.status.value == key)
