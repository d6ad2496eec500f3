"""The HTML part that was read from a file follows that file while it changes on disk."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QWidget

from turbodesk import files
from turbodesk.errors import FileTrouble
from turbodesk.gui import theme
from turbodesk.gui.html_editor import HtmlEditor
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import paint_dot
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import paint_runs
from turbodesk.gui.work import Work
from turbodesk.services.file_watch import LOOK_S, Change, FileWatch

NOTICE = "html-watch"
LONGEST = 150  # px of the drawings for the name of the file


class WatchButton(Button):
    """A dot and `Watching guide.html`; a ring while the file is gone. Opens what can be done about it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", kind="quiet", size="small", parent=parent)
        self._file, self._there = "", True

    def show_file(self, path: Path, there: bool) -> None:
        """Shows which file is watched, and whether it is there."""
        self._file, self._there = path.name, there
        self.setAccessibleName(self._said)
        self.set_tip(f"{path}\n{'Read again whenever it changes' if there else 'It is not there now'}")
        self.updateGeometry()
        self.update()

    @property
    def _said(self) -> str:
        return f"Watching {self._file}" if self._there else f"{self._file} is gone"

    def _shown(self) -> str:
        metrics = QFontMetricsF(theme.font("small"))
        return metrics.elidedText(self._said, Qt.TextElideMode.ElideMiddle, theme.px(LONGEST))

    def sizeHint(self) -> QSize:
        wide = QFontMetricsF(theme.font("small")).horizontalAdvance(self._shown())
        return QSize(int(wide + 0.999) + theme.px(8 + 8 + 8 + 8), theme.px(26))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.underMouse() or self.isDown():
            frame(painter, QRectF(self.rect()), theme.px(6), fill=theme.colour("hover"))
        side = theme.px(8)
        spot = QRectF(theme.px(8), (self.height() - side) / 2, side, side)
        paint_dot(painter, spot, theme.colour("success" if self._there else "warning"), not self._there, 2)
        left = spot.right() + theme.px(8)
        room = QRectF(left, 0, self.width() - left, self.height())
        paint_runs(painter, room, [(self._shown(), "muted", "small")])


class HtmlWatch(QObject):
    """Follows one file. What was edited here since it was read is never overwritten unasked.

    `changed` when another file is watched, or none; `read` when the letter took what the file holds.
    """

    changed = Signal()
    read = Signal()

    def __init__(
        self, editor: HtmlEditor, work: Work, notices: Notices, open_other: Callable[[], object]
    ) -> None:
        super().__init__(editor)
        self._editor, self._work, self._notices, self._open_other = editor, work, notices, open_other
        self.path: Path | None = None
        self.every_s = LOOK_S
        self._base = ""  # the hash of the text as it was read
        self._task: asyncio.Task[None] | None = None
        self.button = WatchButton()
        self.button.setVisible(False)
        self.button.clicked.connect(self._open_menu)

    @property
    def edited(self) -> bool:
        """Whether the HTML part is another one than was read from the file."""
        return _hash(self._editor.text()) != self._base

    async def open(self, path: Path) -> None:
        """Reads a file into the HTML part, and follows it. Raises FileTrouble with nothing changed."""
        raw = await asyncio.to_thread(files.read_bytes, path)
        self._take(files.text_of(path.name, raw))
        self._follow(path, raw)

    def stop(self) -> None:
        """Follows nothing any more."""
        if self._task is not None:
            self._task.cancel()
        self._notices.take_back(NOTICE)
        self._task = self.path = None
        self.button.setVisible(False)
        self.changed.emit()

    def plain(self) -> dict[str, Any] | None:
        """What is followed, as plain values for a file; None where nothing is."""
        return {"path": str(self.path), "base": self._base} if self.path is not None else None

    def restore(self, value: object) -> None:
        """Follows again what `plain` gave; a change since is met as any other."""
        self.stop()
        if isinstance(value, dict) and isinstance(path := value.get("path"), str) and path:
            base = value.get("base")
            self._base = base if isinstance(base, str) else ""
            self._follow(Path(path), None)

    def take_up(self) -> None:
        """Goes on where the work was cancelled."""
        if self.path is not None and (self._task is None or self._task.done()):
            self._follow(self.path, None)

    def _follow(self, path: Path, raw: bytes | None) -> None:
        if self._task is not None:
            self._task.cancel()
        self._notices.take_back(NOTICE)
        self.path = path
        self.button.show_file(path, True)
        self.button.setVisible(True)
        self.changed.emit()
        self._task = self._work.start(self._watch(path, raw), name="watch the file")

    async def _watch(self, path: Path, raw: bytes | None) -> None:
        if raw is None:
            raw = await self._caught_up(path)
        async for change in FileWatch(path, raw).changes(self.every_s):
            self._meet(path, change)

    async def _caught_up(self, path: Path) -> bytes:
        """The bytes of a file that was followed before; what they changed is met first."""
        try:
            raw = await asyncio.to_thread(files.read_bytes, path)
        except FileTrouble:
            return b""  # the watch says that it is gone
        if _hash(_as_written(path, raw)) != self._base:
            self._meet(path, Change(raw))
        return raw

    def _meet(self, path: Path, change: Change) -> None:
        self.button.show_file(path, change.data is not None)
        if change.data is None:
            why = "The letter keeps what was read; it is read again once the file is back."
            self._notices.tell("warn", change.why, why, key=NOTICE)
            return
        try:
            text = files.text_of(path.name, change.data)
        except FileTrouble as error:
            self._notices.tell_error(error, key=NOTICE)
            return
        if _hash(text) == _hash(self._editor.text()):
            self._base = _hash(text)
            self._notices.take_back(NOTICE)
        elif self.edited:
            self._ask(path, text)
        else:
            self._take(text)
            self._notices.take_back(NOTICE)

    def _ask(self, path: Path, text: str) -> None:
        def take() -> None:
            self._take(text)

        self._notices.tell(
            "warn",
            f"{path.name} changed on disk, and the letter was edited here since.",
            "Nothing was overwritten.",
            [("Take the file's", "refresh", take), ("Keep mine", "", lambda: None)],
            key=NOTICE,
        )

    def _take(self, text: str) -> None:
        """Writes the text where it is another one, and stays at the place that is looked at."""
        editor = self._editor
        if text != editor.text():
            place, shift = editor.textCursor().position(), editor.verticalScrollBar().value()
            editor.set_text(text)
            cursor = editor.textCursor()
            cursor.setPosition(min(place, editor.document().characterCount() - 1))
            editor.setTextCursor(cursor)
            editor.verticalScrollBar().setValue(shift)
        self._base = _hash(editor.text())
        self.read.emit()

    def menu(self) -> QMenu:
        """What can be done about the file that is followed."""
        menu = QMenu(self.button)
        path = self.path
        if path is not None:
            again = menu.addAction(theme.icon("refresh"), "Read it again now")
            again.triggered.connect(lambda: self._work.start(self.open(path), name="read HTML"))
        other = menu.addAction(theme.icon("file"), "Open another file…")
        other.triggered.connect(lambda: self._open_other())
        stop = menu.addAction(theme.icon("close"), "Stop watching")
        stop.triggered.connect(self.stop)
        return menu

    def _open_menu(self) -> None:
        menu = self.menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.button.mapToGlobal(QPoint(0, self.button.height() + theme.px(4))))


def _as_written(path: Path, raw: bytes) -> str:
    try:
        return files.text_of(path.name, raw)
    except FileTrouble:
        return ""


def _hash(text: str) -> str:
    """A hash of a text as the editor keeps it: its line ends are line feeds."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()
