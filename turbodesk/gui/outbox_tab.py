"""What waits, what went, what is unknown."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme, words
from turbodesk.gui.notices import Notices
from turbodesk.gui.outbox_detail import SendDetail
from turbodesk.gui.outbox_words import (
    GROUPS,
    LOOK_UP,
    TELLING,
    counts,
    first_recipient,
    goes_at,
    group_of,
    needs_person,
    subject_of,
    taker,
    via,
    waits,
)
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import ToolBar
from turbodesk.gui.parts.detail import DetailSplit
from turbodesk.gui.parts.dialog import ask
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.parts.states import EmptyState, Loading, Pages
from turbodesk.gui.record_table import Column, RecordTable
from turbodesk.gui.tab import Tab
from turbodesk.model.outcome import SendState
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.store.entry import Entry

SEEN_EVERY_MS, HIDDEN_EVERY_MS = 400, 1500  # how often the ledger's change counter is looked at
STATES = (
    ("all", "All"),
    ("waiting", "Waiting"),
    ("accepted", "Accepted"),
    ("partly", "Partly"),
    ("refused", "Refused"),
    ("unknown", "Unknown"),
    ("cancelled", "Cancelled"),
)
WHEN = 5  # the column that the list is sorted by at first


def columns() -> list[Column]:
    """What the list shows of a send; state, subject and time always stay."""
    return [
        Column("State", lambda entry: entry.state.value, kind="pill", width=126),
        Column("Subject", subject_of, kind="medium", width=150, stretch=3),
        Column("To", first_recipient, lambda value: value, kind="address", width=150, stretch=2, keep=2),
        Column("What came of it", counts, lambda value: value, sort=None, kind="counts", width=132, keep=3),
        Column("Via", via, kind="muted", width=56, keep=4),
        Column("When", goes_at, words.when, align="right", width=76),
    ]


def segment_of(entry: Entry) -> str:
    """The segment that an entry is counted in."""
    return "waiting" if waits(entry) else entry.state.value


class OutboxTab(Tab):
    """Every send in the ledger. It looks at the ledger's change counter, so a row changes by itself when an
    answer arrives, whoever started the send. `waiting` tells how many have not left yet, `taken_back` gives
    the draft of a letter that is not to go after all."""

    key = "outbox"
    title = "Outbox"
    icon = "outbox"

    waiting = Signal(int)
    taken_back = Signal(object)  # the draft that a letter was written from

    def __init__(self, notices: Notices, open_outbox: Callable[[], Awaitable[Outbox]]) -> None:
        super().__init__(notices)
        self._open_outbox = open_outbox
        self._outbox: Outbox | None = None
        self._seen_counter: int | None = None
        self._wanted = ""
        self._looking: asyncio.Task[None] | None = None
        self.box.addWidget(self._head())
        self.detail = SendDetail()
        self.detail.again_asked.connect(self._on_again_asked)
        self.detail.discard_asked.connect(self._on_discard_asked)
        self.detail.settle_asked.connect(self._on_settle_asked)
        self.detail.sent_asked.connect(lambda id: self.work.start(self._close_as_sent(id), name="close"))
        self.detail.resend_asked.connect(self._on_resend_asked)
        self.detail.back_asked.connect(lambda id: self.work.start(self._take_back(id), name="take back"))
        self.detail.look_asked.connect(lambda tab: self.turn_to.emit(tab, None))
        self.split = DetailSplit(self._list(), self.detail, width=408)
        self.detail.close_button.clicked.connect(self.split.close_detail)
        self.box.addWidget(self.split, 1)
        self._watch = QTimer(self)
        self._watch.setInterval(HIDDEN_EVERY_MS)
        self._watch.timeout.connect(self._on_watch)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self, self.reload)

    def set_desk(self, desk: Desk | None) -> None:
        super().set_desk(desk)
        self._watch.stop()
        self._outbox, self._seen_counter = None, None
        self._show_entries([])
        self.pages.turn("loading")
        self.loading.end()
        if desk is not None:
            self.reload()

    def shown(self) -> None:
        self._watch.setInterval(SEEN_EVERY_MS)
        self.reload()

    def leaving(self) -> None:
        self._watch.setInterval(HIDDEN_EVERY_MS)

    def receive(self, payload: object) -> None:
        """Selects the send of that id, as soon as it is read."""
        self._wanted = str(payload or "")
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
        self.work.start(self._read(), fail=self._on_read_failed, name="read outbox")

    def focus_regions(self) -> list[QWidget]:
        return [self.segments, self.table, self.detail]

    @property
    def rows(self) -> list[Entry]:
        """The entries as they were last read."""
        return list(self.table.rows)

    async def _read(self) -> None:
        try:
            outbox = self._outbox or await self._open_outbox()
            self._outbox = outbox
            counter = await outbox.change_counter()
            entries = await outbox.entries()
        finally:
            self.loading.end()
        self._seen_counter = counter
        self.notices.take_back("outbox-read")
        self._show_entries(entries)
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
        """Reads the ledger again where somebody has written to it."""
        if self._outbox is not None and await self._outbox.change_counter() != self._seen_counter:
            await self._read()

    def _show_entries(self, entries: list[Entry]) -> None:
        self.table.set_rows(entries)
        self._select_wanted()
        self._count(entries)
        if entries:
            self.pages.turn("table")
        elif self._seen_counter is not None:
            self._say_empty()
        self._choose_one()

    def _select_wanted(self) -> None:
        if self._wanted and any(entry.id == self._wanted for entry in self.table.rows):
            self.table.select_key(self._wanted)
            self._wanted = ""
            self.split.open_detail()

    def _show_current(self) -> None:
        entry = self.table.current
        self.detail.close_button.setVisible(self.split.overlaid)
        if entry is None:
            self.detail.show_none()
        else:
            self.detail.show_entry(entry, self._taker(entry), self._looks())

    def _choose_one(self) -> None:
        """Chooses the first row where none is and there is room for its detail."""
        if self.table.current is None and not self.split.overlaid:
            self.table.select_first()
        self._show_current()

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

    def _count(self, entries: list[Entry]) -> None:
        found = Counter(segment_of(entry) for entry in entries)
        self.segments.set_count("all", len(entries))
        for key, _ in STATES[1:]:
            self.segments.set_count(key, found[key])
        self.segments.set_shown("cancelled", found["cancelled"] > 0)
        if self.segments.key == "cancelled" and not found["cancelled"]:
            self._choose("all")
        needing = sum(needs_person(entry) for entry in entries)
        pressing = (SendState.QUEUED, SendState.UNKNOWN)
        urgent = any(entry.state in pressing and needs_person(entry) for entry in entries)
        self.counter.emit(needing, "warning" if urgent else "")
        self.waiting.emit(found["waiting"])
        settled = len(entries) - found["waiting"] - found["unknown"]
        self.status.emit(
            f"{words.number(settled)} of {words.number(len(entries))} settled" if entries else ""
        )

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
        self.table.set_where(None if key == "all" else lambda entry: segment_of(entry) == key)
        self._choose_one()

    def _on_chosen(self, _entry: object) -> None:
        self._show_current()

    def _on_opened(self, _entry: object) -> None:
        self._show_current()
        self.split.open_detail()
        self.detail.setFocus()

    def _on_clicked(self) -> None:
        if self.split.overlaid and self.table.current is not None:
            self.split.open_detail()

    def _on_again_asked(self, id: str) -> None:
        self.sending.start(self._send_again(id), busy=self.detail.again_button, name="send again")

    async def _send_again(self, id: str) -> None:
        if self._outbox is None:
            return
        outbox = self._outbox
        await outbox.send_again(id)
        await self._read()

    def _on_settle_asked(self, id: str) -> None:
        self.work.start(self._settle(id), busy=self.detail.settle_button, name="look up")

    async def _settle(self, id: str) -> None:
        if self._outbox is None:
            return
        entry = await self._outbox.look_up(id)
        await self._read()
        if entry.state is not SendState.UNKNOWN:
            self.notices.tell("ok", f"Found: {entry.state}.", entry.look_up.words if entry.look_up else "")

    async def _close_as_sent(self, id: str) -> None:
        entry, outbox = self._entry(id), self._outbox
        if entry is None or outbox is None:
            return
        sure = await ask(
            self.window(),
            f"Close “{subject_of(entry)}” as sent?",
            "Do this where you know that it arrived. Nothing is sent, and it is not looked for any more.",
            _facts_of(entry),
            "Close as sent",
            act_icon="check",
        )
        if sure:
            await outbox.close_as_sent(id)
            await self._read()

    def _on_resend_asked(self, id: str) -> None:
        self.sending.start(self._resend(id), busy=self.detail.resend_button, name="send once more")

    async def _resend(self, id: str) -> None:
        """One press where it surely is not there; else it is asked, for it may arrive twice."""
        entry, outbox = self._entry(id), self._outbox
        if entry is None or outbox is None:
            return
        if not entry.may_go_again:
            looked = entry.look_up.words if entry.look_up else "It was not looked up yet."
            sure = await ask(
                self.window(),
                f"Send “{subject_of(entry)}” once more?",
                "Nobody knows whether it went. People may get it twice.",
                [*_facts_of(entry), ("Looked up", looked)],
                "Send it once more",
                act_icon="send",
                danger=True,
                back_label="Do not send",
            )
            if not sure:
                return
        await outbox.resend(id)
        await self._read()

    async def _take_back(self, id: str) -> None:
        if self._outbox is None:
            return
        _, draft = await self._outbox.take_back(id)
        await self._read()
        if draft is not None:
            self.taken_back.emit(draft)

    def _entry(self, id: str) -> Entry | None:
        return next((entry for entry in self.table.rows if entry.id == id), None)

    def _on_discard_asked(self, id: str) -> None:
        self.work.start(self._discard(id), name="discard")

    async def _discard(self, id: str) -> None:
        entry, outbox = self._entry(id), self._outbox
        if entry is None or outbox is None:
            return
        sure = await ask(
            self.window(),
            f"Discard “{subject_of(entry)}”?",
            "It has not left, and after this it never will. The row stays, as cancelled.",
            _facts_of(entry),
            "Discard",
            act_icon="delete",
            danger=True,
            back_label="Keep it",
        )
        if sure:
            await outbox.discard(id)
            await self._read()

    def _head(self) -> QWidget:
        bar = ToolBar()
        self.segments = Segmented(STATES, name="Which sends")
        self.segments.chosen.connect(self._choose)
        bar.add(self.segments)
        bar.gap()
        return bar

    def _list(self) -> QWidget:
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, 0)
        self.pages = Pages()
        self.loading = Loading()
        self.loading.cancel_asked.connect(self._on_cancelled)
        self.empty = EmptyState()
        self.table = RecordTable(columns(), name="Sends", group=group_of, groups=list(GROUPS))
        self.table.sort_by(WHEN, True)
        self.table.chosen.connect(self._on_chosen)
        self.table.opened.connect(self._on_opened)
        self.table.clicked.connect(self._on_clicked)
        for key, page in (("loading", self.loading), ("empty", self.empty), ("table", self.table)):
            self.pages.add(key, page)
        box.addWidget(self.pages)
        holder.setMinimumWidth(theme.px(320))
        return holder


def _facts_of(entry: Entry) -> list[tuple[str, str]]:
    to, more = first_recipient(entry)
    return [("To", f"{to} {more}".strip()), ("Profile", entry.profile)]
