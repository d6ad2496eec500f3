"""The part of the letter that says to whom: a file of recipients, its columns, its rows, what was found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from turbodesk.errors import FileTrouble, InvalidDraft
from turbodesk.files import safe_name
from turbodesk.gui import theme, words
from turbodesk.gui.drop_frame import DropFrame
from turbodesk.gui.file_taker import local_files
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Rule, row, scrolled
from turbodesk.gui.parts.choice import Choice
from turbodesk.gui.parts.dialog import pick_files
from turbodesk.gui.parts.field import IconLabel, Message
from turbodesk.gui.parts.label import Label, Link
from turbodesk.gui.parts.states import EmptyState, Loading, Pages
from turbodesk.gui.record_column import Column
from turbodesk.gui.record_table import RecordTable
from turbodesk.gui.row_findings import RowFindings
from turbodesk.gui.row_pace import Pace, RowPace, pace_of
from turbodesk.gui.work import Work
from turbodesk.model.message import Address
from turbodesk.services.columns import ColumnMemory, Mapping, guessed
from turbodesk.services.compose import Draft
from turbodesk.services.merge import Checked, Finding, Merge, People
from turbodesk.services.recipient_file import RecipientFile, open_recipients

TABLE_FILTER = "Tables (*.csv *.tsv *.txt);;All files (*)"
CHECK_MS = 300  # after the letter came to rest, before its rows are looked through
NO_NAME = ""
EMPTY, LOADING, FILE = "empty", "loading", "file"
TITLE = "One letter for each row of a file"
WHY = (
    "Choose or drop a CSV or TSV file with an address in each row. "
    "Its columns can stand in the letter, as {{ first_name }}."
)
MOST_COLUMNS = 40  # shown; more would be too many to look at


@dataclass(frozen=True)
class Read:
    """A file that was read, what its columns are, and who stands in it."""

    file: RecipientFile
    mapping: Mapping
    people: People


@dataclass(frozen=True)
class Shown:
    """One row of the table: its number in the file, its cells, what is said of it."""

    id: int
    cells: tuple[str, ...]
    note: str = ""


class RecipientRows(QWidget):
    """A file of recipients for one letter, or none. `chosen` when another file or mapping is in force or
    none, `turned` when another row is looked at, `checked` when the rows were looked through."""

    chosen = Signal()
    turned = Signal(int)
    checked = Signal()

    def __init__(self, work: Work, config_dir: Path, parent: QWidget | None = None) -> None:
        """`work` is what files are read with; mappings are remembered in `config_dir`."""
        super().__init__(parent)
        self.path: Path | None = None  # the file that was chosen, whether or not it could be read
        self.found: Checked | None = None
        self.row = 0
        self._read: Read | None = None
        self._kept: dict[str, Any] | None = None  # what was chosen before, until it is read again
        self._trouble = ""
        self._asked = 0  # how often another file was asked for: the last one counts
        self._suppressed: frozenset[str] = frozenset()
        self._barred: Callable[[Address], str] = lambda _address: ""
        self._work, self._memory = work, ColumnMemory(config_dir)
        self._tasks: set[asyncio.Task[None]] = set()
        self._draft: Draft | None = None
        self._looked_at: tuple[object, ...] = ()
        self._stop = Event()
        self._timer = QTimer(self, singleShot=True, interval=CHECK_MS)
        self._timer.timeout.connect(self._on_rested)
        self._make()
        self._lay_out()
        self._connect()
        self._show_nothing()
        self.setAcceptDrops(True)
        self.destroyed.connect(lambda: self._stop.set())

    # what others ask

    @property
    def is_chosen(self) -> bool:
        """Whether the letter goes to the rows of a file."""
        return self.path is not None

    @property
    def is_reading(self) -> bool:
        """Whether the first file is just being read; then it is not known yet to whom the letter goes."""
        return self._read is None and self._pages.key == LOADING

    @property
    def file(self) -> RecipientFile | None:
        """The file as it was read, None while there is none."""
        return self._read.file if self._read is not None else None

    @property
    def mapping(self) -> Mapping | None:
        """What its columns are, None while there is none."""
        return self._read.mapping if self._read is not None else None

    @property
    def total(self) -> int:
        """How many rows there are, 0 while no file is read."""
        return len(self.file.rows) if self.file is not None else 0

    @property
    def words(self) -> str:
        """ "128 rows of list.csv"; empty without a file."""
        if self.path is None:
            return ""
        return f"{words.counted(self.total, 'row')} of {self.file.name}" if self.file else self.path.name

    def merge(self, draft: Draft) -> Merge | None:
        """A letter for each row of the file; None without one. Raises InvalidDraft while one is chosen that
        is not read, or columns are: a letter meant for its rows goes to nobody else."""
        if self.path is None:
            return None
        if self._read is None:
            raise InvalidDraft({"to": self._trouble or f"{self.path.name} is still being read."})
        if self._chosen_mapping(self._read.mapping) != self._read.mapping:
            raise InvalidDraft({"to": f"The columns of {self.path.name} are still being read."})
        return Merge(draft, self._read.file, self._read.mapping, self._read.people)

    async def is_another(self) -> bool:
        """Whether the file on disk is another one than was read; then its rows are read again. Raises
        InvalidDraft where it is gone, or cannot be read any more."""
        read = self._read
        if read is None:
            return False
        try:
            file = await open_recipients(read.file.path)
            if file.sha256 == read.file.sha256:
                return False
            mapping = await self._mapping_for(file, {})
            people = await asyncio.to_thread(People.read, file, mapping)
        except FileTrouble as error:
            raise InvalidDraft({"to": f"{error.says} {error.hint}".strip()}) from error
        if read is self._read:
            self._take(Read(file, mapping, people), {"sha256": read.file.sha256})
        return True

    def seen(self, draft: Draft) -> Draft:
        """The draft as the row that is looked at gets it, itself without a file. Raises InvalidDraft."""
        merge = self.merge(draft)
        return draft if merge is None else merge.message_for(self.row)

    def set_suppressed(self, addresses: Iterable[str]) -> None:
        """Takes the addresses that the account sends nothing to; they are skipped."""
        self._suppressed = frozenset(addresses)
        self._look_again()

    def set_barred(self, barred: Callable[[Address], str]) -> None:
        """Takes what tells why an address may not be written to; such rows stop the send."""
        self._barred = barred
        self._look_again()

    def look(self, draft: Draft) -> None:
        """Looks the rows through with this draft, once it came to rest."""
        self._draft = draft
        asked = (draft.subject, draft.html, draft.text, draft.cc, draft.bcc, self._suppressed)
        if self._read is not None and asked != self._looked_at:
            self._looked_at = asked
            self._stop.set()
            self._timer.start()

    def turn(self, row_number: int) -> None:
        """Looks at another row."""
        if 1 <= row_number <= self.total and row_number != self.row:
            self.row = row_number
            self._mark()
            self.turned.emit(row_number)

    def values(self) -> dict[str, Any] | None:
        """What was chosen, as plain values for a file; None where nothing was."""
        if self._read is None:
            return self._kept
        file, mapping = self._read.file, self._read.mapping
        chosen = {"path": str(file.path), "sha256": file.sha256, "row": self.row}
        columns = {"address": mapping.address, "name": mapping.name}
        return {**chosen, **columns, "pace": self.pace.pace._asdict()}

    def fill(self, value: object) -> None:
        """Chooses again what `values` gave; a file that is gone or another one since is told."""
        path = value.get("path") if isinstance(value, dict) else None
        if not isinstance(path, str) or not path:
            self.remove()
            return
        self._forget()
        self._kept, self.path = dict(value), Path(path)
        pace = self._kept.get("pace")
        self.pace.show_pace(pace_of(pace) if isinstance(pace, dict) else Pace())
        self._start(self._open(Path(path), dict(value)))
        self.chosen.emit()

    def choose(self) -> None:
        """Lets a file be picked."""
        self._start(self._pick())

    def open(self, path: Path) -> None:
        """Takes a file that was dropped or picked."""
        self._start(self._open(path, {}))

    def remove(self) -> None:
        """Takes the file out of the letter again."""
        before = self.is_chosen
        self._asked += 1
        self._forget()
        self._show_nothing()
        if before:
            self.chosen.emit()

    def focus(self) -> None:
        """Puts the focus where something can be done."""
        (self.choose_button if self._read is None else self.address).setFocus()

    async def settled(self) -> None:
        """Comes back once the rows were looked through with what was asked for last."""
        while self._timer.isActive() or self._tasks:
            if self._timer.isActive():
                self._timer.stop()
                self._on_rested()
            await asyncio.wait(set(self._tasks))

    # the parts

    def _make(self) -> None:
        self.choose_button = self._make_choose_button()
        self.again_button = Button("Choose another…", "file", kind="quiet", size="small")
        self.remove_button = Button("Remove file", "close", kind="quiet", size="small")
        self.empty, self.loading = EmptyState(), Loading()
        self.name = Label(role="strong", elide="middle")
        self.read_as = Label(role="small", tone="muted", wrap=True)
        self.message = Message()
        self.address = Choice(name="Column with the address")
        self.named = Choice(name="Column with the name")
        self.variables = Label(role="mono", tone="muted", wrap=True)
        self.findings, self.pace = RowFindings(), RowPace()
        self.caption = Label(role="small-strong", tone="muted", elide="right")
        self.back = Link("First rows", "small-medium")
        self.table = RecordTable([_number()], name="Rows of the file")
        self._frame = DropFrame(self)

    def _lay_out(self) -> None:
        self._pages = Pages()
        inside = QWidget()
        pile = QVBoxLayout(inside)
        pile.setContentsMargins(0, 0, 0, 0)
        pile.setSpacing(0)
        pile.addLayout(_room(self._head(), top=10, bottom=8))
        pile.addLayout(_room(self._mapping_line(), top=0, bottom=4))
        pile.addLayout(_room(row(self.variables), top=0, bottom=4))
        pile.addLayout(_room(row(self.pace), top=0, bottom=8))
        pile.addWidget(Rule())
        pile.addWidget(self.findings)
        line = QHBoxLayout()
        line.setSpacing(theme.px(8))
        line.addWidget(self.caption, 1)
        line.addWidget(self.back)
        pile.addLayout(_room(line, top=8, bottom=6))
        pile.addWidget(self.table, 1)
        self.table.setMinimumHeight(theme.px(190))
        self._area = scrolled(inside)
        for key, page in ((EMPTY, self.empty), (LOADING, self.loading), (FILE, self._area)):
            self._pages.add(key, page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)

    def _head(self) -> QVBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(theme.px(8))
        line.addWidget(IconLabel("rows", "muted"))
        line.addWidget(self.name, 1)
        line.addWidget(self.again_button)
        line.addWidget(self.remove_button)
        head = QVBoxLayout()
        head.setSpacing(theme.px(2))
        head.addLayout(line)
        head.addWidget(self.read_as)
        head.addWidget(self.message)
        return head

    def _mapping_line(self) -> QHBoxLayout:
        return row(
            Label("Address", tone="muted"), self.address, 8, Label("Name", tone="muted"), self.named, None
        )

    def _connect(self) -> None:
        self.again_button.clicked.connect(self.choose)
        self.remove_button.clicked.connect(self.remove)
        self.loading.cancel_asked.connect(self.remove)
        self.address.key_changed.connect(lambda _key: self._on_mapped())
        self.named.key_changed.connect(lambda _key: self._on_mapped())
        self.findings.asked.connect(self._show_finding)
        self.back.clicked.connect(self._show_first)
        self.table.chosen.connect(lambda shown: self.turn(shown.id) if shown is not None else None)

    def _start(self, coro: Coroutine[Any, Any, None]) -> None:
        task = self._work.start(coro, name="recipients")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # reading

    async def _pick(self) -> None:
        for path in await pick_files(self.window(), "Choose a file of recipients", TABLE_FILTER, one=True):
            await self._open(path, {})

    async def _open(self, path: Path, kept: Map[str, Any]) -> None:
        """Reads a file and chooses it; one that cannot be read is told in its place, and where another one
        is chosen already, that stays."""
        self._asked += 1
        asked = self._asked
        if self._read is None:
            self.loading.begin("rows")
            self._pages.turn(LOADING)
        try:
            file = await open_recipients(path)
            mapping = await self._mapping_for(file, kept)
            people = await asyncio.to_thread(People.read, file, mapping)
        except FileTrouble as error:
            if asked == self._asked:
                self._tell(path, error)
        else:
            if asked == self._asked:
                self._take(Read(file, mapping, people), kept)

    async def _mapping_for(self, file: RecipientFile, kept: Map[str, Any]) -> Mapping:
        address, name = kept.get("address"), kept.get("name")
        if address in file.columns and name in (None, *file.columns):
            return replace(guessed(file), address=address, name=name)
        return await asyncio.to_thread(self._memory.mapping_for, file)

    def _take(self, read: Read, kept: Map[str, Any]) -> None:
        self._forget()
        self._read, self.path = read, read.file.path
        row_number = kept.get("row")
        self.row = row_number if isinstance(row_number, int) and 1 <= row_number <= self.total else 1
        self._show_file(read)
        if kept.get("sha256") not in (None, read.file.sha256):
            said = f"{read.file.name} is another one than when it was chosen. Look its rows through."
            self.message.say(said, tone="warning")
        self._look_again()
        self.chosen.emit()

    def _tell(self, path: Path, error: FileTrouble) -> None:
        """Says why a file could not be read."""
        said = f"{error.says} {error.hint}".strip()
        self.loading.end()
        if self._read is not None:
            self.message.say(said)
            return
        self._trouble = error.says
        drop = [self._drop_button()] if self.is_chosen else []
        self._say_empty("warning", f"{safe_name(path.name)} was not read", said, drop)

    def _say_empty(self, icon: str, title: str, why: str, more: Sequence[Button] = ()) -> None:
        """Says why there are no rows; what it shows goes with its buttons, so it gets new ones."""
        self.choose_button = self._make_choose_button()
        self.empty.say(icon, title, why, [self.choose_button, *more])
        self._pages.turn(EMPTY)

    def _make_choose_button(self) -> Button:
        choose = Button("Choose a CSV file…", "file", kind="primary")
        choose.clicked.connect(self.choose)
        return choose

    def _drop_button(self) -> Button:
        drop = Button("Go without it", kind="quiet")
        drop.clicked.connect(self.remove)
        return drop

    def _forget(self) -> None:
        self._stop.set()
        self._timer.stop()
        self.loading.end()
        self.path = self.found = self._read = self._kept = None
        self.row, self._trouble, self._looked_at = 0, "", ()

    # looking through

    def _look_again(self) -> None:
        self._looked_at = ()
        if self._draft is not None:
            self.look(self._draft)

    def _on_rested(self) -> None:
        if asyncio._get_running_loop() is not None:  # else the program is ending
            self._start(self._check())

    async def _check(self) -> None:
        draft, read = self._draft, self._read
        if draft is None or read is None:
            return
        self._stop = stop = Event()
        if self.found is None:
            self.findings.show_waiting()
        try:
            found = await asyncio.to_thread(_checked, draft, read, self._suppressed, self._barred, stop)
        except asyncio.CancelledError:
            stop.set()  # the thread goes on until it is told
            raise
        if not stop.is_set():
            self.found = found
            self.findings.show_checked(found, self.total)
            self.checked.emit()

    # what is seen

    def _show_nothing(self) -> None:
        self._say_empty("rows", TITLE, WHY)

    def _show_file(self, read: Read) -> None:
        file, mapping = read.file, read.mapping
        self.name.setText(f"{file.name}, {words.counted(self.total, 'row')}")
        self.read_as.setText(f"{file.words}.")
        self.message.clear()
        columns = [(column, column) for column in file.columns]
        for choice, items, key in (
            (self.address, columns, mapping.address),
            (self.named, [(NO_NAME, "No name"), *columns], mapping.name or NO_NAME),
        ):
            choice.blockSignals(True)
            choice.set_items(items)
            choice.choose(key)
            choice.blockSignals(False)
        self.variables.setText("  ".join(f"{{{{ {name} }}}}" for name in _one_each(mapping)))
        self.findings.show_waiting()
        self._show_first()
        self._pages.turn(FILE)

    def _show_first(self) -> None:
        if self._read is not None:
            first = self._read.file.preview()
            what = "All rows" if len(first) == self.total else f"The first {len(first)} rows"
            rows = [Shown(number, cells) for number, cells in enumerate(first, 1)]
            self._show_rows(self._read.file, what, rows)
            self.back.setVisible(False)

    def _show_finding(self, finding: Finding) -> None:
        if self._read is not None:
            file, notes = self._read.file, finding.notes or ("",) * len(finding.rows)
            rows = [Shown(at, _wide(file, at), note) for at, note in zip(finding.rows, notes, strict=True)]
            self._show_rows(file, finding.says, rows, noted=any(notes))
            self.back.setVisible(True)
            self.turn(finding.rows[0])
            QTimer.singleShot(0, self.table, lambda: self._area.ensureWidgetVisible(self.table))

    def _show_rows(
        self, file: RecipientFile, caption: str, rows: Sequence[Shown], *, noted: bool = False
    ) -> None:
        self.caption.setText(caption)
        blocked = self.table.blockSignals(True)
        self.table.set_rows([])  # those of another file have other cells
        self.table.set_columns(_columns(file.columns, noted=noted))
        self.table.set_rows(rows)
        self.table.blockSignals(blocked)
        self._mark()

    def _mark(self) -> None:
        """Marks the row that is looked at, where the table shows it."""
        blocked = self.table.blockSignals(True)
        self.table.select_key(self.row)
        self.table.blockSignals(blocked)

    def _on_mapped(self) -> None:
        if self._read is not None:
            self._start(self._map(self._read, self._chosen_mapping(self._read.mapping)))

    def _chosen_mapping(self, mapping: Mapping) -> Mapping:
        """The mapping with the columns that are shown as chosen."""
        return replace(mapping, address=self.address.key, name=self.named.key or None)

    async def _map(self, read: Read, mapping: Mapping) -> None:
        """Takes other columns for address and name, and remembers them."""
        self._asked += 1
        asked = self._asked
        people = await asyncio.to_thread(People.read, read.file, mapping)
        if asked != self._asked:
            return
        self._read, self.found = replace(read, mapping=mapping, people=people), None
        self._look_again()
        self.chosen.emit()
        if not read.file.has_header:
            return
        try:
            await asyncio.to_thread(self._memory.remember, read.file.columns, mapping)
        except FileTrouble as error:
            self.message.say(f"The columns are not remembered: {error.says}", tone="warning")

    # files that are dropped

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if len(local_files(event.mimeData())) == 1:
            event.acceptProposedAction()
            self._frame.show_over("Let go to use its rows")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._frame.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._frame.hide()
        for path in local_files(event.mimeData())[:1]:
            event.acceptProposedAction()
            self.open(path)


def _checked(
    draft: Draft, read: Read, suppressed: frozenset[str], barred: Callable[[Address], str], stop: Event
) -> Checked:
    """Runs off the loop."""
    return Merge(draft, read.file, read.mapping, read.people).check(suppressed, stop.is_set, barred)


def _one_each(mapping: Mapping) -> list[str]:
    """One name for each column, the first it has."""
    names: dict[str, str] = {}
    for name, column in mapping.variables.items():
        names.setdefault(column, name)
    return list(names.values())


def _wide(file: RecipientFile, number: int) -> tuple[str, ...]:
    cells = file.rows[number - 1]
    return cells + ("",) * (len(file.columns) - len(cells))


def _number() -> Column:
    return Column("Row", lambda shown: shown.id, words.number, width=64, align="right", kind="muted")


def _columns(names: Sequence[str], *, noted: bool) -> list[Column]:
    note = [Column("Why", lambda shown: shown.note, width=180, stretch=2, kind="muted")] if noted else []
    cells = [
        Column(name, lambda shown, at=at: shown.cells[at], words.one_line, width=130, stretch=1)
        for at, name in enumerate(names[:MOST_COLUMNS])
    ]
    return [_number(), *note, *cells]


def _room(inner: Any, *, top: int, bottom: int) -> Any:
    inner.setContentsMargins(theme.px(16), theme.px(top), theme.px(16), theme.px(bottom))
    return inner
