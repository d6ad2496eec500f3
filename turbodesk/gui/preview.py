"""The letter as it will be read: cleaned, with nothing fetched and no file opened."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Coroutine, Mapping
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QColor, QDesktopServices, QImage, QImageReader, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QPlainTextEdit,
    QSizePolicy,
    QStackedWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from turbodesk.errors import FileTrouble
from turbodesk.gui import theme
from turbodesk.gui.parts.dialog import ask
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import Label
from turbodesk.model.message import Attachment
from turbodesk.services import mail_html
from turbodesk.services.mail_html import Blank, Reading

_log = logging.getLogger(__name__)

Picture = bytes | Attachment
"""A picture inside a letter; of an attachment the bytes are read off the loop."""

DELAY_MS = 200  # after the last change, before it is read again
PAPER, INK, LINK, MARKED = "#ffffff", "#1f2430", "#1d4ed8", "#cfdcf7"  # a mail's own, in both themes
BLANK, BLANK_INK = "#e4e7ec", "#5b6472"
# By their first bytes, before Qt looks at them: of an SVG it opens the files named in it to tell its size.
FORMATS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), b"png"),
    (re.compile(rb"\xff\xd8\xff"), b"jpeg"),
    (re.compile(rb"GIF8[79]a"), b"gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), b"webp"),
    (re.compile(rb"BM"), b"bmp"),
)
LARGEST_PX = 16_000_000
LARGEST_IMAGE_BYTES = 20_000_000
MOST_IMAGES = 64
SHOWN_WIDTH = 1_600
SAYS_HTML = "Reading view: cleaned, remote images off"
SAYS_TEXT = "The text part, as it is"
SAYS_SOURCE = "It could not be cleaned, so its source is shown"


class MailView(QTextBrowser):
    """Shows a Reading's HTML. Whatever the text asks for, it gets a picture of ours and never a file."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: dict[str, QImage] = {}
        self._blanks: tuple[Blank, ...] = ()
        self._nothing = QImage(1, 1, QImage.Format.Format_RGB32)
        self._nothing.fill(QColor(BLANK))
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("kind", "bare")
        self.setAccessibleName("Preview of the message")
        self.document().setDefaultStyleSheet(f"a {{ color: {LINK}; }}")

    def show_reading(self, reading: Reading, pictures: dict[str, QImage]) -> None:
        """Shows it; `pictures` are its images by content id. The place scrolled to stays."""
        self._pictures = {
            f"cid:shown-{number}": pictures[cid]
            for number, cid in enumerate(reading.images)
            if cid in pictures
        }
        self._blanks = reading.blanks
        bar = self.verticalScrollBar()
        place = bar.value()
        self._dress(reading.ground or PAPER)
        self.setHtml(reading.html)
        bar.setValue(min(place, bar.maximum()))

    def loadResource(self, kind: int, name: QUrl) -> QImage:
        """A picture of ours for every name: with anything empty Qt would look for a file itself."""
        wanted = name.toString()
        if wanted in self._pictures:
            return self._pictures[wanted]
        number = wanted.removeprefix("cid:blank-")
        if number != wanted and number.isdigit() and int(number) < len(self._blanks):
            return self._blank(int(number))
        return self._nothing

    def doSetSource(self, name: QUrl, kind: object = None) -> None:
        """It never turns to another page."""

    def _dress(self, ground: str) -> None:
        self.document().setDefaultFont(theme.font("lead"))
        self.document().setDocumentMargin(theme.px(20))
        dress = (
            f"QTextBrowser {{ background: {ground}; color: {INK}; border: 0; padding: 0;"
            f" selection-background-color: {MARKED}; selection-color: {INK}; }}"
        )
        if dress != self.styleSheet():
            self.setStyleSheet(dress)

    def _blank(self, number: int) -> QImage:
        """The room of an image that is not shown, with its description where that fits."""
        blank = self._blanks[number]
        if (
            number >= MOST_IMAGES
            or not blank.alt
            or blank.width * blank.height > 300_000
            or blank.height < 16
        ):
            return self._nothing
        image = QImage(blank.width, blank.height, QImage.Format.Format_RGB32)
        image.fill(QColor(BLANK))
        painter = QPainter(image)
        painter.setPen(QColor(BLANK_INK))
        painter.setFont(theme.font("small"))
        wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(QRectF(4, 0, blank.width - 8, blank.height), int(wrapped), blank.alt)
        painter.end()
        return image


class _Paper(QWidget):
    """The sheet that the letter lies on, in its own colour in both themes, with rounded corners."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ground = ""
        self._words = Label("", tone="muted", wrap=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._nothing = QWidget()
        middle = QVBoxLayout(self._nothing)
        middle.addStretch(1)
        middle.addWidget(self._words)
        middle.addStretch(1)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._nothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, theme.px(4), 1, theme.px(4))
        column.addWidget(self.pages)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def lie_on(self, ground: str, page: QWidget) -> None:
        """Shows a letter on the colour of its own page."""
        self._ground = ground
        self.pages.setCurrentWidget(page)
        self.update()

    def lie_empty(self, words: str) -> None:
        """Shows no letter, and says so."""
        self._ground = ""
        self._words.setText(words)
        self.pages.setCurrentWidget(self._nothing)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        line = theme.colour("button-border" if self._ground else "border")
        fill = QColor(self._ground) if self._ground else theme.colour("surface")
        frame(painter, QRectF(self.rect()), theme.px(6), fill=fill, line=line)


class Preview(QWidget):
    """A letter to look at: `show_html`, `show_text` or `clear`. `caption` says what is seen.

    What is shown follows the last call after a short rest; cleaning runs off the loop, and a result
    that a newer call has overtaken is dropped.
    """

    def __init__(self, *, delay_ms: int = DELAY_MS, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caption = Label("", "small", "muted", elide="right")
        self.open_url = QDesktopServices.openUrl
        self.view = MailView()
        self.view.anchorClicked.connect(self._on_link_clicked)
        self.plain = self._plain()
        self._paper = _Paper()
        for page in (self.view, self.plain):
            self._paper.pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        column.addWidget(self.caption)
        column.addWidget(self._paper, 1)
        self._wanted: tuple[str, Mapping[str, Picture] | None] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(delay_ms)
        self._timer.timeout.connect(self._on_rested)
        self.clear()
        self._tasks: set[asyncio.Task[None]] = set()
        tasks = self._tasks
        self.destroyed.connect(lambda: [task.cancel() for task in tasks])

    def show_html(self, html: str, cids: Mapping[str, Picture] | None = None) -> None:
        """Shows HTML, cleaned; `cids` are the images it may show, by content id."""
        self._wanted = (html, dict(cids or {}))
        self._timer.start()

    def show_text(self, text: str) -> None:
        """Shows a plain text as it is."""
        self._wanted = (text, None)
        self._timer.start()

    def clear(self, words: str = "Nothing to show yet") -> None:
        """Shows no letter, at once, and says so."""
        self._timer.stop()
        self._wanted = None
        self.caption.setText("")
        self._paper.lie_empty(words)

    async def settled(self) -> None:
        """Comes back once what was asked for last is shown."""
        while self._timer.isActive() or self._tasks:
            if self._timer.isActive():
                self._timer.stop()
                self._on_rested()
            await asyncio.wait(set(self._tasks))

    def sizeHint(self) -> QSize:
        return QSize(theme.px(420), theme.px(360))

    def _plain(self) -> QPlainTextEdit:
        plain = QPlainTextEdit()
        plain.setReadOnly(True)
        plain.setUndoRedoEnabled(False)
        plain.setFrameShape(QFrame.Shape.NoFrame)
        plain.setProperty("kind", "bare")
        plain.setFont(theme.font("mono"))
        plain.document().setDocumentMargin(theme.px(16))
        plain.setAccessibleName("Preview of the text")
        plain.setStyleSheet(
            f"QPlainTextEdit {{ background: {PAPER}; color: {INK}; border: 0; padding: 0;"
            f" selection-background-color: {MARKED}; selection-color: {INK}; }}"
        )
        return plain

    def _start(self, coro: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coro)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_rested(self) -> None:
        if self._wanted is not None and asyncio._get_running_loop() is not None:  # else the program is ending
            self._start(self._render(self._wanted))

    async def _render(self, wanted: tuple[str, Mapping[str, Picture] | None]) -> None:
        try:
            preparing = asyncio.get_running_loop().run_in_executor(None, _prepared, *wanted)
        except RuntimeError:  # no loop runs any more: the program is ending
            return
        try:
            reading, pictures = await preparing
        except Exception as error:  # whatever a letter holds, the window goes on
            _log.error("a letter could not be cleaned: %s", type(error).__name__)
            reading, pictures = Reading("", mail_html.plain_reading(wanted[0]).text, SAYS_SOURCE), {}
        if wanted is not self._wanted:
            return
        if reading.html or (not reading.why and wanted[1] is not None):
            self.view.show_reading(reading, pictures)
            self.caption.setText(SAYS_HTML)
            self._paper.lie_on(reading.ground or PAPER, self.view)
            return
        wrap = QPlainTextEdit.LineWrapMode
        self.plain.setLineWrapMode(wrap.NoWrap if reading.why else wrap.WidgetWidth)
        self.plain.setPlainText(reading.text)
        self.caption.setText(reading.why or SAYS_TEXT)
        self._paper.lie_on(PAPER, self.plain)

    def _on_link_clicked(self, url: QUrl) -> None:
        address = mail_html.web_address(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))
        if address:
            self._start(self._ask_and_open(address))

    async def _ask_and_open(self, address: str) -> None:
        """Names the place that the link really leads to, and opens it where the user says so."""
        url = QUrl(address)
        if url.scheme() == "mailto":
            sure = await ask(
                self.window(), f"Write to {url.path()}?", "Your mail program opens.",
                act_label="Write", act_icon="mail",
            )  # fmt: skip
        else:
            sure = await ask(
                self.window(), f"Open {_host(url)}?", _warning(url),
                [("Address", (address[:300], "mono"))], "Open in browser", act_icon="external",
            )  # fmt: skip
        if sure:
            self.open_url(url)


def _host(url: QUrl) -> str:
    return url.host(QUrl.ComponentFormattingOption.FullyEncoded)


def _warning(url: QUrl) -> str:
    """What is odd about an address, or a plain sentence."""
    if url.userInfo():
        return f"What stands before the @ is not the place. The link leads to {_host(url)}."
    if "xn--" in _host(url):
        written = url.host(QUrl.ComponentFormattingOption.PrettyDecoded)
        return f"The name holds letters of another alphabet; it would be shown as {written}."
    return "The link leaves Turbodesk; your browser opens it."


def _prepared(text: str, cids: Mapping[str, Picture] | None) -> tuple[Reading, dict[str, QImage]]:
    """The reading of a letter and its pictures. Runs off the loop."""
    if cids is None:
        return mail_html.plain_reading(text), {}
    by_id = {mail_html.content_id(cid): data for cid, data in cids.items()}
    reading = mail_html.reading(text, by_id)
    wanted = list(dict.fromkeys(reading.images))[:MOST_IMAGES]
    decoded = {cid: _decoded(_bytes_of(by_id[cid])) for cid in wanted}
    return reading, {cid: image for cid, image in decoded.items() if image is not None}


def _bytes_of(picture: Picture) -> bytes:
    """Its bytes; none where it is too large to be shown, or its file is no longer what was attached."""
    if isinstance(picture, bytes):
        return picture
    if picture.size_bytes > LARGEST_IMAGE_BYTES:
        return b""
    try:
        return b"".join(picture.source.slices())
    except FileTrouble:
        return b""


def _decoded(data: bytes) -> QImage | None:
    """The image, or None where it is too large or of no kind that is shown."""
    kind = next((name for start, name in FORMATS if start.match(data)), None)
    if kind is None or len(data) > LARGEST_IMAGE_BYTES:
        return None
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(kind))
    reader.setAutoDetectImageFormat(False)
    size = reader.size()
    if size.isEmpty() or size.width() * size.height() > LARGEST_PX:
        return None
    if size.width() > SHOWN_WIDTH:
        reader.setScaledSize(size.scaled(SHOWN_WIDTH, LARGEST_PX, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return None if image.isNull() else image
