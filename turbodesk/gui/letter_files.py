"""Files that come to the letter: attached, read as its HTML part, or pasted as a picture."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from turbodesk.gui.attachments_bar import AttachmentsBar
from turbodesk.gui.file_taker import as_png
from turbodesk.gui.html_watch import HtmlWatch
from turbodesk.gui.letter_body import HTML, LetterBody
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.dialog import pick_files
from turbodesk.gui.work import Work
from turbodesk.services.draft_keeper import DraftKeeper

HTML_ENDINGS = (".html", ".htm")
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
    ) -> None:
        self._window, self._body, self._attachments, self._watch = window, body, attachments, watch
        self._keeper, self._work, self._notices = keeper, work, notices

    def add(self, paths: Iterable[Path]) -> None:
        """Takes files that were dropped, pasted or picked."""
        given = list(paths)
        if len(given) == 1 and given[0].suffix.lower() in HTML_ENDINGS:
            self._take_html(given[0])
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

    async def _swap_in(self, path: Path) -> None:
        await self._read_html(path)
        for piece in self._attachments.tiles.pieces:
            if piece.path == path:
                self._attachments.tiles.remove(piece)

    async def _read_html(self, path: Path) -> None:
        await self._watch.open(path)
        self._body.turn(HTML)
        self._notices.tell("ok", f"{path.name} is the HTML part now.")

    async def _keep_picture(self, picture: QImage) -> None:
        data = await asyncio.to_thread(as_png, picture)
        if data:
            self._attachments.add([await asyncio.to_thread(self._keeper.add_file, "image.png", data)])
