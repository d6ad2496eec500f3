"""The foot of the letter: its attachments, and how much of what the provider takes is used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme
from turbodesk.gui.attachment_tiles import AttachmentTiles, Piece, size_words
from turbodesk.gui.parts.field import Message
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.meter import Meter
from turbodesk.gui.work import Work
from turbodesk.model.message import Attachment
from turbodesk.services.pictures import shown_as

NARROW = 590  # below that many px of the drawings the meter says less


class AttachmentsBar(QWidget):
    """Tiles, what is wrong with one of them, and the meter. `changed` when there is another sum to make."""

    changed = Signal()

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

    @property
    def paths(self) -> list[Path]:
        """The files attached, in order."""
        return [piece.path for piece in self.tiles.pieces]

    @property
    def known(self) -> list[Attachment]:
        """Those that were read so far."""
        return [piece.attachment for piece in self.tiles.pieces if piece.attachment is not None]

    def add(self, paths: Iterable[Path], *, keep_bad: bool = False) -> None:
        """Attaches files, each checked off the loop.

        One that cannot be sent is said and not attached; with `keep_bad` it stays, marked.
        """
        self._refused = []
        for path in paths:
            piece = self.tiles.add(path)
            if piece is not None:
                self._work.start(self._look_at(piece, keep_bad), name="attach")

    def look_again(self) -> None:
        """Looks at those whose reading was cut short."""
        for piece in self.tiles.pieces:
            if piece.attachment is None and not piece.problem:
                self._work.start(self._look_at(piece, keep_bad=True), name="attach")

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
        """Says what is wrong with the attachments."""
        self.message.say(sentence)

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
        self.changed.emit()

    async def _look_at(self, piece: Piece, keep_bad: bool) -> None:
        try:
            piece.attachment = await self._read(piece.path)
        except TurbodeskError as error:
            piece.problem = error.says
            if keep_bad:
                self.tiles.show_piece(piece)
            else:
                self.tiles.remove(piece)
            self._refused.append(f"{error.says} {error.hint}".strip())
        else:
            self.tiles.show_piece(piece)
        if self._refused:  # those of one drop together: a later one doesn't hide the one before
            self.message.say("\n".join(self._refused))
