"""Files that come to the letter: attached, read as its HTML part, pasted, or a table of those who get it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from turbodesk.gui.attachments_bar import AttachmentsBar
from turbodesk.gui.file_taker import as_png
from turbodesk.gui.html_watch import HtmlWatch
from turbodesk.gui.letter_body import HTML, ROWS, LetterBody
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.dialog import pick_files
from turbodesk.gui.work import Work
from turbodesk.services.draft_keeper import DraftKeeper

HTML_ENDINGS, TABLE_ENDINGS = (".html", ".htm"), (".csv", ".tsv")
HTML_FILTER = "HTML (*.html *.htm)"


class LetterFiles:
    """Takes files for one letter."""

    def __init__(
        self,
        window: QWidget,
        body: LetterBody,
        attachments: AttachmentsBar,
        watch: HtmlWatch,
        keeper: DraftKeeper,
        work: Work,
        notices: Notices,
        has_recipients: Callable[[], bool],
    ) -> None:
        """`has_recipients` tells whether somebody stands in the envelope."""
        self._has_recipients = has_recipients
        self._window, self._body, self._attachments, self._watch = window, body, attachments, watch
        self._keeper, self._work, self._notices = keeper, work, notices

    def add(self, paths: Iterable[Path]) -> None:
        """Takes files that were dropped, pasted or picked."""
        given = list(paths)
        ending = given[0].suffix.lower() if len(given) == 1 else ""
        if ending in HTML_ENDINGS:
            self._take_html(given[0])
        elif ending in TABLE_ENDINGS:
            self._take_table(given[0])
        else:
            self._attachments.add(given)

    def add_picture(self, picture: QImage) -> None:
        """Attaches a picture that has no file yet."""
        self._work.start(self._keep_picture(picture), name="paste")

    def pick_attachments(self) -> None:
        """Lets files be picked to attach."""
        self._work.start(self._pick_attachments(), name="attach")

    def pick_html(self) -> None:
        """Lets a file be picked that becomes the HTML part."""
        self._work.start(self._pick_html(), name="open HTML")

    async def _pick_attachments(self) -> None:
        self._attachments.add(await pick_files(self._window.window(), "Attach files"))

    async def _pick_html(self) -> None:
        for path in await pick_files(self._window.window(), "Open an HTML file", HTML_FILTER, one=True):
            await self._read_html(path)

    def _take_html(self, path: Path) -> None:
        """An HTML file becomes the HTML part where there is none yet; else it is attached, and offered."""
        if self._body.html.document().isEmpty():
            self._work.start(self._read_html(path), name="read HTML")
            return
        self._attachments.add([path])
        use = ("Use as HTML part", "file", lambda: self._work.start(self._swap_in(path), name="read HTML"))
        self._notices.tell("info", f"{path.name} was attached.", actions=[use], key="html-file")

    def _take_table(self, path: Path) -> None:
        """The rows of a table get the letter where nobody else does yet; else it is attached, and offered."""
        rows = self._body.rows
        if self._has_recipients() or rows.is_chosen:
            self._attachments.add([path])
            use = ("Write to its rows", "rows", lambda: self._write_to_rows(path))
            self._notices.tell("info", f"{path.name} was attached.", actions=[use], key="table-file")
            return
        self._write_to_rows(path)
        attach = ("Attach it instead", "paperclip", lambda: self._attach_instead(path))
        self._notices.tell(
            "info", f"Each row of {path.name} gets the letter.", "", [attach], key="table-file"
        )

    def _write_to_rows(self, path: Path) -> None:
        self._take_off(path)
        self._body.turn(ROWS)
        self._body.rows.open(path)

    def _attach_instead(self, path: Path) -> None:
        self._body.rows.remove()
        self._attachments.add([path])

    def _take_off(self, path: Path) -> None:
        for piece in self._attachments.tiles.pieces:
            if piece.path == path:
                self._attachments.tiles.remove(piece)

    async def _swap_in(self, path: Path) -> None:
        await self._read_html(path)
        self._take_off(path)

    async def _read_html(self, path: Path) -> None:
        await self._watch.open(path)
        self._body.turn(HTML)
        self._notices.tell("ok", f"{path.name} is the HTML part now.")

    async def _keep_picture(self, picture: QImage) -> None:
        data = await asyncio.to_thread(as_png, picture)
        if data:
            self._attachments.add([await asyncio.to_thread(self._keeper.add_file, "image.png", data)])
