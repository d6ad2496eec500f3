"""The rows of one batch in a list: by outcome, those that need somebody first, and the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.gui import words
from turbodesk.gui.batch_words import title_of
from turbodesk.gui.outbox_words import counts_down, when_words
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import ToolBar
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.pill import PILLS
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.parts.states import Loading, Pages
from turbodesk.gui.record_column import Column
from turbodesk.gui.record_table import RecordTable
from turbodesk.model.outcome import Hold, SendState
from turbodesk.store.entry import Batch, Entry

HELD = "Needs you"
GROUPS = ("Unknown", "Refused", "Partly", HELD, "Sending", "Waiting", "Accepted", "Cancelled")
STATES = (
    ("", "All"),
    ("unknown", "Unknown"),
    ("refused", "Refused"),
    ("partly", "Partly"),
    ("queued", "Waiting"),
    ("sending", "Sending"),
    ("accepted", "Accepted"),
    ("cancelled", "Cancelled"),
)


def group_of(entry: Entry) -> str:
    """The group of the list that a row stands in."""
    if entry.state is SendState.QUEUED:
        return HELD if entry.hold is Hold.PERSON else "Waiting"
    return PILLS[entry.state.value].word


def address(entry: Entry) -> str:
    """Whom the row is for."""
    return entry.outcomes[0].address.email if entry.outcomes else ""


def said(entry: Entry) -> str:
    """Why a row stands as it does, in the provider's words where there are any; empty where its state says
    all."""
    if entry.state in (SendState.ACCEPTED, SendState.CANCELLED):
        return ""
    spoken = next((it.words for it in entry.outcomes if it.words and it.words.upper() != "OK"), "")
    return words.one_line(spoken or entry.reason)


def at(entry: Entry) -> datetime:
    """When something last happened to a row."""
    return entry.updated


def when(entry: Entry) -> str:
    """The same in words; of a row that nothing has happened to, nothing."""
    return when_words(entry) if counts_down(entry) else words.when(entry.updated) if entry.attempts else ""


def columns() -> list[Column]:
    """What the list shows of a row; its state, number and address always stay."""
    return [
        Column("State", lambda entry: entry.state.value, kind="pill", width=126),
        Column("Row", lambda entry: entry.row, words.number, align="right", width=64),
        Column("To", address, kind="address", width=170, stretch=3),
        Column("Why", said, kind="muted", width=150, stretch=3, keep=3),
        Column("When", lambda entry: entry, when, at, align="right", width=84, keep=2),
    ]


class BatchHead(ToolBar):
    """The way back to the outbox, the name of the batch, and which of its rows are shown."""

    back_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.back_button = Button("Outbox", "left", kind="quiet", name="Back to the outbox", tip="Esc")
        self.back_button.clicked.connect(self.back_asked)
        self.title = Label("", "strong", elide="right")
        self.title.setMinimumWidth(60)
        self.segments = Segmented(STATES, name="Which rows")
        self.add(self.back_button)
        self.add(Label("›", tone="muted"))
        self.add(self.title, 1)
        self.add(self.segments)

    def show_batch(self, batch: Batch) -> None:
        """Names the batch and counts its rows by state."""
        self.title.setText(title_of(batch))
        self.segments.set_count("", sum(batch.counts.values()))
        for key, _ in STATES[1:]:
            count = batch.counts.get(SendState(key), 0)
            self.segments.set_count(key, count)
            self.segments.set_shown(key, count > 0 or key == self.segments.key)


class BatchPage(QWidget):
    """The rows of one batch. `chosen` tells the row that is looked at, or None for the batch itself."""

    chosen = Signal(object)
    opened = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.batch_id = ""
        self.head = BatchHead()
        self.head.segments.chosen.connect(self._on_segment)
        self.head.back_asked.connect(self.left)
        self.loading = Loading()
        self.loading.cancel_asked.connect(self.left)
        self.table = RecordTable(
            columns(), name="Rows of the batch", group=group_of, groups=GROUPS, text=address
        )
        self.table.chosen.connect(self.chosen)
        self.table.opened.connect(lambda _row: self.opened.emit())
        self.pages = Pages()
        self.pages.add("loading", self.loading)
        self.pages.add("table", self.table)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.pages)
        for part in (self, self.head):
            back = QShortcut(QKeySequence(Qt.Key.Key_Escape), part)
            back.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            back.activated.connect(self.left)

    def begin(self, batch: Batch, state: str = "") -> None:
        """Turns to a batch, showing its rows in one state or all; they are still to be read."""
        self.batch_id = batch.id
        self.pages.turn("loading")
        self.loading.begin("rows")
        self.table.set_rows([])
        self.table.clearSelection()
        self.head.show_batch(batch)
        self.choose(state)

    def end(self) -> None:
        """Lets the batch go."""
        self.batch_id = ""
        self.loading.end()
        self.table.set_rows([])

    def choose(self, state: str) -> None:
        """Shows the rows in that state, empty for all."""
        self.head.segments.set_shown(state, True)
        self.head.segments.choose(state)
        self._on_segment(state)

    def show_rows(self, rows: Sequence[Entry]) -> None:
        """Shows the rows as they were read; the one that is looked at stays."""
        self.loading.end()
        self.table.set_rows(rows)
        self.pages.turn("table")

    def leave_row(self) -> None:
        """Looks at no row any more, but at the batch."""
        self.table.selectionModel().clear()

    def counted(self) -> Counter[SendState]:
        """The rows by state, as they were last read."""
        return Counter(entry.state for entry in self.table.rows)

    def _on_segment(self, key: str) -> None:
        self.table.set_where(None if not key else lambda entry: entry.state.value == key)
