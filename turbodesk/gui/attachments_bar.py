"""The foot of the letter: its attachments, and how much of what the provider takes is used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme
from turbodesk.gui.attachment_tiles import AttachmentTiles, Piece, size_words
from turbodesk.gui.parts.field import Message
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.meter import Meter
from turbodesk.gui.work import Work
from turbodesk.model.message import Attachment
from turbodesk.services.attached import Attached, changed, gone
from turbodesk.services.pictures import shown_as

NARROW = 590  # below that many px of the drawings the meter says less


class AttachmentsBar(QWidget):
    """Tiles, what is wrong with one of them, and the meter. `changed` when there is another sum to make;
    `strange` when files were looked at again that are gone or no longer what was attached."""

    changed = Signal()
    strange = Signal()

    def __init__(
        self, work: Work, read: Callable[[Path], Awaitable[Attachment]], parent: QWidget | None = None
    ) -> None:
        """`read` checks a file off the loop and gives it as an attachment; it raises TurbodeskError."""
        super().__init__(parent)
        self._work, self._read = work, read
        self.tiles = AttachmentTiles()
        self.message = Message()
        self.meter = Meter(small=True, name="Size on the wire")
        self._words = Label(role="small", tabular=True)
        self._used, self._limit = 0, 0
        self._refused: list[str] = []
        self._looking, self._tell, self._strange_said = 0, True, ""
        self._told: set[tuple[Path, str, str]] = set()  # of what is strange, told already
        self._hint = ""  # what is said of pictures that cannot be carried
        line = QHBoxLayout()
        line.setContentsMargins(0, theme.px(10), 0, 0)
        line.setSpacing(theme.px(8))
        line.addWidget(self.meter, 1)
        line.addWidget(self._words)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        column.setSpacing(0)
        column.addWidget(self.tiles)
        column.addWidget(self.message)
        column.addLayout(line)
        self.tiles.changed.connect(self._on_tiles_changed)
        self.tiles.measured.connect(self.changed)
        self.tiles.accept_asked.connect(lambda piece: self.accept([piece]))

    @property
    def paths(self) -> list[Path]:
        """The files attached, in order."""
        return [piece.path for piece in self.tiles.pieces]

    @property
    def known(self) -> list[Attachment]:
        """Those that were read so far."""
        return [piece.attachment for piece in self.tiles.pieces if piece.attachment is not None]

    @property
    def attached(self) -> list[Attached]:
        """The files as they were attached, in order."""
        return [piece.was or Attached(piece.path) for piece in self.tiles.pieces]

    @property
    def strangers(self) -> list[Piece]:
        """Those that are gone, or no longer what was attached."""
        return [piece for piece in self.tiles.pieces if piece.tone]

    def add(self, paths: Iterable[Path]) -> None:
        """Attaches files, each checked off the loop; one that cannot be sent is said and not attached."""
        self._refused = []
        for path in paths:
            piece = self.tiles.add(path)
            if piece is not None:
                self._work.start(self._take(piece), name="attach")

    def restore(self, files: Iterable[Attached]) -> None:
        """Puts back what was attached before; what is gone or changed since stays, marked."""
        self._refused = []
        for was in files:
            self.tiles.add(was.path, was if was.sha256 else None)
        self.look_again()

    def look_again(self, *, all_of_them: bool = False, tell: bool = True) -> None:
        """Looks at those whose reading was cut short, or at all: are they still what was attached? Without
        `tell` it is said here alone."""
        self._tell = tell
        for piece in self.tiles.pieces:
            if all_of_them or (piece.attachment is None and not piece.problem):
                self._looking += 1
                self._work.start(self._look_at(piece), name="attach").add_done_callback(self._on_looked)

    def accept(self, pieces: Iterable[Piece]) -> None:
        """Attaches those that changed as they are now."""
        for piece in pieces:
            if piece.attachment is not None and piece.changed:
                piece.was, piece.changed = Attached.of(piece.path, piece.attachment), ""
                self.tiles.show_piece(piece)
        self._say_strange()
        self.changed.emit()

    def show_sum(self, used_bytes: int, limit_bytes: int) -> None:
        """Shows how much of the limit is used; a limit of 0 is not known."""
        self._used, self._limit = used_bytes, limit_bytes
        share = used_bytes / limit_bytes if limit_bytes else None
        self._show_words()
        self.meter.set_share(share, self._words.text())

    def show_names(self, html: str, cannot: str = "") -> dict[str, Attachment]:
        """Marks the pictures that `html` shows, and gives those read so far by the names it gives them.

        `cannot` is said where there is one and the way the letter goes by cannot carry it.
        """
        names = shown_as(html, [piece.path.name for piece in self.tiles.pieces])
        self.tiles.show_names(names)
        hint = cannot if any(names) else ""
        if self.message.sentence in ("", self._hint):
            if hint:
                self.message.say(hint, tone="warning")
            else:
                self.message.clear()
        self._hint = hint
        return {
            name: piece.attachment
            for name, piece in zip(names, self.tiles.pieces, strict=True)
            if name and piece.attachment is not None
        }

    def show_problem(self, sentence: str) -> None:
        """Says what is wrong with the attachments, and looks at them again."""
        self.message.say(sentence)
        self.look_again(all_of_them=True, tell=False)

    def _show_words(self) -> None:
        wide = self.width() >= theme.px(NARROW)
        of = f" of {round(self._limit / 1_000_000)} MB on the wire" if self._limit else " on the wire"
        tone = "danger" if self._limit and self._used > self._limit else "text"
        more = ", base64 counted" if wide and self.tiles.pieces else ""
        self._words.set_runs([(size_words(self._used), tone, "small-strong"), (of + more, "muted", "small")])

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        self._show_words()

    def _on_tiles_changed(self) -> None:
        self.message.clear()
        self._say_strange()
        self.changed.emit()

    async def _take(self, piece: Piece) -> None:
        try:
            piece.attachment = await self._read(piece.path)
        except TurbodeskError as error:
            self.tiles.remove(piece)
            self._refused.append(f"{error.says} {error.hint}".strip())
        else:
            piece.was = Attached.of(piece.path, piece.attachment)
            self.tiles.show_piece(piece)
        if self._refused:  # those of one drop together: a later one doesn't hide the one before
            self.message.say("\n".join(self._refused))

    async def _look_at(self, piece: Piece) -> None:
        """One that was attached before: is it still that?"""
        try:
            piece.attachment = await self._read(piece.path)
        except TurbodeskError as error:
            piece.problem = gone(piece.was or Attached(piece.path), error.says)
            piece.attachment, piece.changed = None, ""
        else:
            piece.was = piece.was or Attached.of(piece.path, piece.attachment)
            piece.problem, piece.changed = "", changed(piece.was, piece.attachment)
        self.tiles.show_piece(piece)

    def _on_looked(self, _task: object) -> None:
        self._looking -= 1
        if not self._looking and isValid(self):
            self._say_strange()
            strange = {(piece.path, piece.problem, piece.changed) for piece in self.strangers}
            news, self._told = strange - self._told, strange
            if news and self._tell:
                self.strange.emit()
            elif self.strangers and self.tiles.add_tile.hasFocus():
                self.tiles.focus()  # now that it is known which one is meant

    def _say_strange(self) -> None:
        """Says what is wrong with files that were attached before; those that changed are one link away."""
        strangers = self.strangers
        altered = [piece for piece in strangers if piece.changed]
        if strangers:
            link = "Attach again" if len(altered) == 1 else f"Attach all {len(altered)} again"
            said = "\n".join(piece.problem or piece.changed for piece in strangers)
            self.message.say(said, link if altered else "", lambda: self.accept(altered))
        elif self.message.sentence == self._strange_said:
            self.message.clear()
        self._strange_said = self.message.sentence if strangers else ""
