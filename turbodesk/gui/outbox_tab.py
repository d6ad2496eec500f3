"""What waits, what went, what is unknown."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.errors import StoreTrouble, TurbodeskError
from turbodesk.gui import outbox_rows as rows_of
from turbodesk.gui import theme, words
from turbodesk.gui.batch_actions import BatchActions
from turbodesk.gui.batch_detail import BatchDetail
from turbodesk.gui.batch_page import BatchPage
from turbodesk.gui.batch_words import title_of
from turbodesk.gui.notices import Notices
from turbodesk.gui.outbox_actions import SendActions
from turbodesk.gui.outbox_detail import SendDetail
from turbodesk.gui.outbox_rows import Row
from turbodesk.gui.outbox_words import GROUPS, LOOK_UP, TELLING, taker
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import ToolBar
from turbodesk.gui.parts.detail import DetailSplit
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.parts.states import EmptyState, Loading, Pages
from turbodesk.gui.record_table import RecordTable
from turbodesk.gui.tab import Tab
from turbodesk.providers.port import Capability
from turbodesk.services.batches import BatchRuns
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.store.entry import Batch, Entry

SEEN_EVERY_MS, HIDDEN_EVERY_MS = 400, 1500  # how often the ledger's change counter is looked at
TICK_MS = 1000
REST = 4  # times as long as it took to read is waited before it is read again: a batch writes all the time
STATES = (
    ("all", "All"),
    ("waiting", "Waiting"),
    ("sending", "Sending"),
    ("accepted", "Accepted"),
    ("partly", "Partly"),
    ("refused", "Refused"),
    ("unknown", "Unknown"),
    ("cancelled", "Cancelled"),
)
ONLY_WHERE_ANY = ("sending", "cancelled")
LIST, BATCH = "list", "batch"


class OutboxWorld(Protocol):
    """What the tab asks of the program around it."""

    async def outbox(self) -> Outbox:
        """The outbox of the account that is open; raises our errors."""
        ...

    async def batches(self) -> BatchRuns:
        """The batches of this config dir."""
        ...

    async def take_up(self, id: str) -> None:
        """Lets a batch go out, beside everything else."""
        ...

    def nudge(self) -> None:
        """Something was queued or put off: what leaves by itself looks at once."""
        ...


class OutboxTab(Tab):
    """Every send in the ledger, a batch as one row, which opens. It looks at the ledger's change counter, so
    a row changes by itself when an answer arrives, whoever started the send. `waiting` tells how many have
    not left yet, `taken_back` gives a letter that is not to go after all, and its draft."""

    key = "outbox"
    title = "Outbox"
    icon = "outbox"

    waiting = Signal(int)
    taken_back = Signal(object, object)  # the entry, and the draft that it was written from

    def __init__(self, notices: Notices, world: OutboxWorld) -> None:
        super().__init__(notices)
        self.world = world
        self._outbox: Outbox | None = None
        self._runs: BatchRuns | None = None
        self._seen_counter: int | None = None
        self._wanted = ""
        self._not_before = 0.0
        self._looking: asyncio.Task[None] | None = None
        self.detail, self.batch = SendDetail(), BatchDetail()
        self.side = Pages()
        self.side.add("send", self.detail)
        self.side.add("batch", self.batch)
        self.page = BatchPage()
        self.box.addWidget(self._heads())
        self.lists = Pages()
        self.lists.add(LIST, self._list())
        self.lists.add(BATCH, self.page)
        self.lists.setMinimumWidth(theme.px(320))
        self.split = DetailSplit(self.lists, self.side, width=408)
        self.box.addWidget(self.split, 1)
        self._connect()
        self._actions = (SendActions(self), BatchActions(self))
        self._watch = self._timer(HIDDEN_EVERY_MS, self._on_watch)
        self._second = self._timer(TICK_MS, self._on_second)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self, self.reload)

    def _connect(self) -> None:
        self.detail.look_asked.connect(lambda tab: self.turn_to.emit(tab, None))
        self.detail.batch_asked.connect(self._on_batch_asked)
        self.detail.close_button.clicked.connect(self.split.close_detail)
        self.batch.close_button.clicked.connect(self.split.close_detail)
        self.batch.rows_asked.connect(self._on_rows_asked)
        self.page.chosen.connect(lambda _row: self._show_current())
        self.page.opened.connect(self._on_row_opened)
        self.page.table.clicked.connect(self._on_clicked)
        self.page.left.connect(self.leave_batch)

    def _timer(self, every_ms: int, act: object) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(every_ms)
        timer.timeout.connect(act)
        return timer

    def set_desk(self, desk: Desk | None) -> None:
        super().set_desk(desk)
        self._watch.stop()
        self._outbox, self._seen_counter, self._not_before = None, None, 0.0
        self.leave_batch()
        self._show_rows([])
        self.pages.turn("loading")
        self.loading.end()
        if desk is not None:
            self.reload()

    def shown(self) -> None:
        self._watch.setInterval(SEEN_EVERY_MS)
        self._second.start()
        self.reload()

    def leaving(self) -> None:
        self._watch.setInterval(HIDDEN_EVERY_MS)
        self._second.stop()

    def receive(self, payload: object) -> None:
        """Selects the send or the batch of that id, as soon as it is read; a row of a batch in its batch."""
        self._wanted = str(payload or "")
        self.leave_batch()
        self.segments.choose("all")
        self.table.set_where(None)
        self._select_wanted()
        self.reload()

    def reload(self) -> None:
        """Reads the ledger anew."""
        if self.desk is None:
            return
        if self._seen_counter is None:
            self.pages.turn("loading")
            self.loading.begin("sends")
        self.work.start(self.read_now(), fail=self._on_read_failed, name="read outbox")

    def focus_regions(self) -> list[QWidget]:
        if self.in_batch:
            return [self.page.head, self.page.table, self.side]
        return [self.segments, self.table, self.side]

    @property
    def rows(self) -> list[Row]:
        """The sends and batches as they were last read."""
        return list(self.table.rows)

    @property
    def in_batch(self) -> bool:
        """Whether the rows of one batch are looked at."""
        return bool(self.page.batch_id)

    # read

    async def read_now(self) -> None:
        """Reads sends and batches, and the rows of the batch that is looked at."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            outbox = self._outbox or await self.world.outbox()
            runs = self._runs or await self.world.batches()
            self._outbox, self._runs = outbox, runs
            counter = await outbox.change_counter()
            rows: list[Row] = [*await outbox.entries()]
            rows += await runs.all(self.desk.profile.name if self.desk is not None else None)
            of_batch = await outbox.entries(batch=self.page.batch_id) if self.in_batch else []
        finally:
            self.loading.end()
        self._not_before = loop.time() + REST * (loop.time() - began)
        self._seen_counter = counter
        self.notices.take_back("outbox-read")
        self._show_rows(rows)
        if of_batch and of_batch[0].batch == self.page.batch_id:
            self.page.show_rows(of_batch)
        await self._find_wanted(outbox)
        self._watch.start()

    def _on_read_failed(self, error: TurbodeskError) -> bool:
        self._watch.stop()
        if self._seen_counter is not None:
            self.notices.tell_error(error, [("Read again", "refresh", self.reload)], key="outbox-read")
            return True
        self._offer_again("warning", error.says, error.hint)
        return True

    def _on_cancelled(self) -> None:
        self.work.cancel_all()
        self._offer_again("outbox", "Not read", "Reading the ledger was cancelled.")

    def _offer_again(self, icon: str, title: str, why: str) -> None:
        again = Button("Try again", "refresh")
        again.clicked.connect(self.reload)
        self.empty.say(icon, title, why, [again])
        self.pages.turn("empty")

    def _on_watch(self) -> None:
        if self.window().isVisible() and (self._looking is None or self._looking.done()):
            self._looking = self.work.start(self._look(), fail=self._on_read_failed, name="watch outbox")

    async def _look(self) -> None:
        """Reads the ledger again where somebody has written to it: a batch that goes out at every look, many
        rows only every now and then."""
        if self._outbox is None or await self._outbox.change_counter() == self._seen_counter:
            return
        if asyncio.get_running_loop().time() >= self._not_before:
            await self.read_now()
        elif self._runs is not None and (batch := self._batch_shown()) is not None:
            self._show_batch(await self._runs.batch(batch.id))

    def _on_second(self) -> None:
        """Times that are counted down go on, without a look at the ledger."""
        if any(map(rows_of.counts_down, self.table.rows)):
            self.table.viewport().update()
        self.detail.tick()

    # shown

    def _show_rows(self, rows: Sequence[Row]) -> None:
        self.table.set_rows(rows)
        self._select_wanted()
        self._count(rows)
        if rows:
            self.pages.turn("table")
        elif self._seen_counter is not None:
            self._say_empty()
        self._choose_one()

    def _select_wanted(self) -> None:
        if self._wanted and any(row.id == self._wanted for row in self.table.rows):
            self.table.select_key(self._wanted)
            self._wanted = ""
            self.split.open_detail()

    async def _find_wanted(self, outbox: Outbox) -> None:
        """What is wanted and does not stand alone may be a row of a batch."""
        wanted, self._wanted = self._wanted, ""
        if not wanted:
            return
        try:
            entry = await outbox.entry(wanted)
        except StoreTrouble:  # it was never written down here
            return
        batch = self._row(entry.batch)
        if isinstance(batch, Batch):
            self.open_batch(batch)
            self.page.show_rows(await outbox.entries(batch=batch.id))
            self.page.table.select_key(entry.id)

    def _show_current(self) -> None:
        for pane in (self.detail, self.batch):
            pane.close_button.setVisible(self.split.overlaid)
        entry = self.page.table.current if self.in_batch else self.table.current
        batch = self._batch_shown()
        if batch is not None:
            self._show_batch(batch)
            return
        inside = self._row(self.page.batch_id) if self.in_batch else None
        self.detail.show_crumb(title_of(inside) if isinstance(inside, Batch) else "")
        if isinstance(entry, Entry):
            self.detail.show_entry(entry, self._taker(entry), self._looks())
        else:
            self.detail.show_none()
        self.side.turn("send")

    def _batch_shown(self) -> Batch | None:
        """The batch that the detail is about, None where it is about a send or nothing."""
        if self.in_batch:
            row = self._row(self.page.batch_id) if self.page.table.current is None else None
        else:
            row = self.table.current
        return row if isinstance(row, Batch) else None

    def _show_batch(self, batch: Batch) -> None:
        runs = self._runs
        if runs is None:
            return
        ending = runs.goes(batch.id) and not runs.leaves(batch.id)
        look_up = self.desk is not None and self.desk.has(Capability.LOOK_UP)
        self.batch.show_batch(runs.progress(batch), ending=ending, look_up=look_up, inside=self.in_batch)
        self.side.turn("batch")

    def _choose_one(self) -> None:
        """Chooses the first row where none is and there is room for its detail."""
        if not self.in_batch and self.table.current is None and not self.split.overlaid:
            self.table.select_first()
        if self.in_batch and isinstance(batch := self._row(self.page.batch_id), Batch):
            self.page.head.show_batch(batch)
        self._show_current()

    def _row(self, id: str) -> Row | None:
        return next((row for row in self.table.rows if row.id == id), None)

    def _taker(self, entry: Entry) -> str:
        if self.desk is None:
            return "The provider"
        return taker(entry, self.desk.provider.title, self.desk.profile.provider)

    def _looks(self) -> list[str]:
        """The tabs in which this account can tell what became of a message."""
        if self.desk is None:
            return list(TELLING)
        told = [tab for tab, capability in TELLING.items() if self.desk.has(capability)]
        return [*told, LOOK_UP] if self.desk.has(Capability.LOOK_UP) else told

    def _count(self, rows: Sequence[Row]) -> None:
        found = Counter(rows_of.segment_of(row) for row in rows)
        self.segments.set_count("all", len(rows))
        for key, _ in STATES[1:]:
            self.segments.set_count(key, found[key])
        for key in ONLY_WHERE_ANY:
            self.segments.set_shown(key, found[key] > 0)
            if self.segments.key == key and not found[key]:
                self._choose("all")
        needing = sum(map(rows_of.needs_person, rows))
        self.counter.emit(needing, "warning" if any(map(rows_of.is_urgent, rows)) else "")
        self.waiting.emit(sum(map(rows_of.waiting, rows)))
        parts = [rows_of.settled(row) for row in rows]
        settled, total = sum(part for part, _ in parts), sum(whole for _, whole in parts)
        self.status.emit(f"{words.number(settled)} of {words.number(total)} settled" if rows else "")

    def _say_empty(self) -> None:
        write = Button("Write a message", "compose", kind="primary")
        write.clicked.connect(lambda: self.turn_to.emit("compose", None))
        self.empty.say(
            "outbox",
            "Nothing sent yet",
            "Every send is written down here before it leaves, with what came of each recipient.",
            [write],
        )
        self.pages.turn("empty")

    def _choose(self, key: str) -> None:
        self.segments.choose(key)
        self.table.set_where(None if key == "all" else lambda row: rows_of.segment_of(row) == key)
        self._choose_one()

    # a batch

    def open_batch(self, batch: Batch, state: str = "") -> None:
        """Shows the rows of a batch, those in one state or all."""
        self.page.begin(batch, state)
        self.heads.turn(BATCH)
        self.lists.turn(BATCH)
        self._show_current()
        self.work.start(self._read_batch(), fail=self._on_read_failed, name="read batch")

    async def _read_batch(self) -> None:
        id, outbox = self.page.batch_id, self._outbox
        if outbox is not None:
            rows = await outbox.entries(batch=id)
            if self.page.batch_id == id:
                self.page.show_rows(rows)
                self.page.table.setFocus()

    def leave_batch(self) -> None:
        """Goes back to the list of everything; nothing happens where that is shown."""
        if not self.in_batch:
            return
        id = self.page.batch_id
        self.page.end()
        self.heads.turn(LIST)
        self.lists.turn(LIST)
        self.table.select_key(id)
        self._show_current()
        self.table.setFocus()

    def _on_rows_asked(self, state: str) -> None:
        if self.in_batch:
            self.page.choose(state)
        elif isinstance(batch := self.table.current, Batch):
            self.open_batch(batch, state)

    def _on_batch_asked(self) -> None:
        self.page.leave_row()
        self._show_current()
        self.page.table.setFocus()

    def _on_row_opened(self) -> None:
        self._show_current()
        self.split.open_detail()
        self.detail.setFocus()

    # pressed

    def _on_chosen(self, _row: object) -> None:
        if not self.in_batch:
            self._show_current()

    def _on_opened(self, row: object) -> None:
        if isinstance(row, Batch):
            self.open_batch(row)
            return
        self._show_current()
        self.split.open_detail()
        self.detail.setFocus()

    def _on_clicked(self) -> None:
        table = self.page.table if self.in_batch else self.table
        if self.split.overlaid and table.current is not None:
            self.split.open_detail()

    def _heads(self) -> QWidget:
        bar = ToolBar()
        self.segments = Segmented(STATES, name="Which sends")
        self.segments.chosen.connect(self._choose)
        bar.add(self.segments)
        bar.gap()
        self.heads = Pages()
        self.heads.add(LIST, bar)
        self.heads.add(BATCH, self.page.head)
        self.heads.setFixedHeight(bar.height())
        return self.heads

    def _list(self) -> QWidget:
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, 0)
        self.pages = Pages()
        self.loading = Loading()
        self.loading.cancel_asked.connect(self._on_cancelled)
        self.empty = EmptyState()
        self.table = RecordTable(rows_of.columns(), name="Sends", group=rows_of.group_of, groups=list(GROUPS))
        self.table.sort_by(rows_of.WHEN, True)
        self.table.chosen.connect(self._on_chosen)
        self.table.opened.connect(self._on_opened)
        self.table.clicked.connect(self._on_clicked)
        for key, page in (("loading", self.loading), ("empty", self.empty), ("table", self.table)):
            self.pages.add(key, page)
        box.addWidget(self.pages)
        return holder
