"""The reading view against mail that wants files, hosts and time. Opened files are counted by the kernel."""

from __future__ import annotations

import asyncio
import ctypes
import os
import random
import re
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QUrl
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QTextBrowser

from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.preview import SAYS_HTML, SAYS_SOURCE, MailView, Preview
from turbodesk.services.mail_html import Reading, reading

Run = Callable[..., Any]
IN_OPEN, IN_NONBLOCK = 0x20, 0x800

# mail that wants what it must not get; DIR is a folder on disk
FRAGMENTS = {
    "file url": "<img src=file://DIR/c.png>",
    "absolute path": '<img src="DIR/c.png" width=20 height=20>',
    "relative path": '<img src="../c.png">',
    "parent path": '<img src="....//c.png">',
    "other host by slashes": '<img src="//evil.example.com/s/c.png">',
    "other host by backslashes": r"<img src='\\evil.example.com\s\c.png'>",
    "Qt's own files": "<img src='qrc:/c.png'><img src=':/c.png'>",
    "remote image": '<img src="http://evil.example.com/p.gif" width=1 height=1>',
    "srcset": '<img srcset="DIR/c.png 2x" src="DIR/c.png">',
    "svg as data": "<img src='data:image/svg+xml,<svg><image href=\"file://DIR/c.png\"/></svg>'>",
    "table background": '<table background="DIR/c.png"><tr><td background="file://DIR/c.png">x</td></tr></table>',
    "style url": '<p style="background:url(DIR/c.png)">x</p>',
    "style url quoted": "<p style=\"background-image: u\\rl('file://DIR/c.png')\">x</p>",
    "style escaped": '<p style="background:&#117;rl(DIR/c.png)">x</p>',
    "style import": "<style>@import url(file://DIR/c.css);</style><p>x</p>",
    "style sheet rule": "<style>body{background:url(file://DIR/c.png)}</style><p>x</p>",
    "list image": '<ul style="list-style-image:url(file://DIR/c.png)"><li>x</ul>',
    "content": '<p style="content:url(file://DIR/c.png)">x</p>',
    "script": "<script>fetch('file://DIR/c.png')</script>",
    "onload": "<body onload=alert(1)><p onclick=alert(1)>x</p>",
    "svg onload": "<svg onload=alert(1)><image href='DIR/c.png'/></svg>",
    "svg foreign": "<svg><foreignObject><img src=DIR/c.png></foreignObject></svg>",
    "math style": "<math><mtext><table><mglyph><style><img src=file://DIR/c.png></style></mglyph></table></mtext></math>",
    "noscript title": '<noscript><p title="</noscript><img src=DIR/c.png>"></noscript>',
    "template": "<template><img src=DIR/c.png></template>",
    "textarea": "<textarea></textarea><img src=DIR/c.png></textarea>",
    "xmp": "<xmp><img src=DIR/c.png></xmp>",
    "comment": "<!--><img src=DIR/c.png>--><!-- <img src=DIR/c.png> --!><img src=DIR/c.png>",
    "cdata": "<![CDATA[><img src=DIR/c.png>]]>",
    "meta refresh": '<meta http-equiv=refresh content="0;url=file://DIR/c.html">',
    "base": '<base href="file://DIR/"><img src=c.png>',
    "link": '<link rel=stylesheet href="file://DIR/c.css"><p>x</p>',
    "form": "<form action=file://DIR/c><input type=image src=DIR/c.png></form>",
    "iframe": "<iframe src=file://DIR/c.html srcdoc='<img src=DIR/c.png>'></iframe>",
    "object": "<object data=file://DIR/c.png><img src=DIR/c.png></object>",
    "embed": "<embed src=file://DIR/c.png>",
    "video": "<video poster=file://DIR/c.png src=DIR/c.png></video>",
    "audio": "<audio src=file://DIR/c.png></audio>",
    "old body": "<body background=file://DIR/c.png><p>x</p></body>",
    "unquoted": "<img/src=DIR/c.png>",
    "broken tag": "<img src=DIR/c.png <b>x</b>",
    "upper case": "<IMG SRC=FILE://DIR/c.png>",
    "entities": "<img src='&#x66;ile://DIR/c.png'>",
    "tabs": "<img src='fi\tle://DIR/c.png'>",
    "cid with a path": "<img src='cid:../../DIR/c.png'>",
    "cid unknown": "<img src='cid:nobody'>",
    "dynsrc": "<img dynsrc=DIR/c.png lowsrc=DIR/c.png>",
    "style attribute break": "<p style='color:red\"><img src=DIR/c.png>'>x</p>",
    "attribute break": "<img alt='\"><img src=DIR/c.png>' src=x>",
    "face": '<font face="x\'><img src=DIR/c.png>">x</font>',
}

LINKS = (
    "javascript:alert(1)",
    " java\tscript:alert(1)",
    "file:///etc/passwd",
    "smb://evil.example.com/share",
    "ms-msdt:/id",
    "//evil.example.com/share",
    "/etc/passwd",
    "data:text/html,<b>x</b>",
    "vbscript:x",
    "http:evil.example.com",
    "http:/\\evil.example.com",
    "https://",
    "https:///path",
    "mailto:",
    "cid:logo",
    "https://a b.example.com/",
)

WRAPS = (
    "<div>{}</div>", "<table><tr><td>{}</td></tr></table>", "<p>{}", "<a href='https://example.com'>{}</a>",
    "<b>{}", "<svg>{}</svg>", "<math><mi>{}</mi></math>", "<style>{}</style>", "<!--{}-->", "<ul><li>{}</ul>",
    "<select>{}</select>", "<noscript>{}</noscript>", "<title>{}</title>", "<font size=9>{}", "{}",
)  # fmt: skip


def hostile(seed: int, folder: Path) -> str:
    """One of endlessly many: fragments one after another, wrapped in each other, sometimes damaged."""
    chance = random.Random(seed)
    pieces = []
    for _ in range(chance.randint(1, 3)):
        piece = chance.choice(list(FRAGMENTS.values()))
        for _ in range(chance.randint(0, 2)):
            piece = chance.choice(WRAPS).replace("{}", piece)
        pieces.append(piece)
    html = "".join(pieces).replace("DIR", str(folder))
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        at = chance.randrange(len(html))
        html = html[:at] + chance.choice("<>\"'&/= \x00\\;") + html[at + chance.randint(0, 2) :]
    return html


class Watch:
    """The kernel's own list of what was opened in a folder (inotify)."""

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._number = libc.inotify_init1(IN_NONBLOCK)
        assert self._number >= 0
        assert libc.inotify_add_watch(self._number, os.fsencode(folder), IN_OPEN) >= 0

    def opened(self) -> list[str]:
        """Names of the files opened since the last look."""
        names = []
        try:
            data = os.read(self._number, 65_536)
        except BlockingIOError:
            return names
        while data:
            _, _, _, length = struct.unpack_from("iIII", data)
            names.append(data[16 : 16 + length].rstrip(b"\0").decode())
            data = data[16 + length :]
        return [name for name in names if name]

    def close(self) -> None:
        """Gives the watch back."""
        os.close(self._number)


class Unwatched:
    """Where the kernel keeps no such list, the names asked for are what is tested."""

    def opened(self) -> list[str]:
        """Nothing is known."""
        return []

    def close(self) -> None:
        """Nothing to give back."""


class Recorder(MailView):
    """A MailView that remembers every name it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def loadResource(self, kind: int, name: QUrl) -> QImage:
        self.asked.append(name.toString())
        return super().loadResource(kind, name)


@pytest.fixture
def bait(tmp_path: Path) -> Path:
    """A folder with a picture and a page that nobody may open."""
    folder = tmp_path / "bait"
    folder.mkdir()
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(QColor("red"))
    assert picture.save(str(folder / "c.png"))
    (folder / "c.css").write_text("p { color: red }")
    (folder / "c.html").write_text("<p>bait</p>")
    return folder


@pytest.fixture
def watch(bait: Path) -> Iterator[Watch | Unwatched]:
    """What was opened in the bait's folder."""
    found = Watch(bait) if sys.platform == "linux" else Unwatched()
    yield found
    found.close()


@pytest.fixture
def preview(window_of: Run) -> Preview:
    """A preview on a screen."""
    shown: Preview = window_of(Preview(delay_ms=0), 600, 500)
    return shown


def render(view: QTextBrowser, html: str) -> None:
    """Lays it out and paints it."""
    view.setHtml(html)
    view.document().documentLayout().documentSize()
    view.grab()


def test_the_watch_sees_what_an_unguarded_view_opens(bait: Path, watch: Watch, window_of: Run) -> None:
    render(window_of(QTextBrowser(), 300, 200), f"<img src='{bait}/c.png'>")
    assert ("c.png" in watch.opened()) == (sys.platform == "linux")


@pytest.mark.parametrize("fragment", FRAGMENTS.values(), ids=FRAGMENTS.keys())
def test_no_fragment_opens_a_file_or_asks_for_another_name(
    fragment: str, bait: Path, watch: Watch, window_of: Run
) -> None:
    view: Recorder = window_of(Recorder(), 500, 400)
    found = reading(fragment.replace("DIR", str(bait)))
    view.show_reading(found, {})
    view.grab()
    assert watch.opened() == []
    assert all(name.startswith(("cid:shown-", "cid:blank-")) for name in view.asked)
    tags = "".join(re.findall(r"<[^>]*>", found.html))
    assert "<script" not in tags and str(bait) not in tags and "url(" not in tags


@pytest.mark.parametrize("fragment", FRAGMENTS.values(), ids=FRAGMENTS.keys())
def test_the_view_alone_opens_nothing_even_uncleaned(
    fragment: str, bait: Path, watch: Watch, window_of: Run
) -> None:
    view: Recorder = window_of(Recorder(), 500, 400)
    render(view, fragment.replace("DIR", str(bait)))
    view.setSource(QUrl.fromLocalFile(str(bait / "c.html")))
    assert watch.opened() == [] and "bait" not in view.toPlainText().replace(str(bait), "")


@pytest.mark.parametrize("link", LINKS)
def test_what_is_no_web_or_mail_address_is_no_link(link: str) -> None:
    assert "href" not in reading(f"<a href='{link}'>here</a>").html


@pytest.mark.parametrize(
    ("href", "host", "warning"),
    [
        ("https://evil.example.net/x", "evil.example.net", "browser opens it"),
        ("https://bank.example.com@evil.example.net/", "evil.example.net", "before the @"),
        ("https://b\u00fccher.example.com/", "xn--bcher-kva.example.com", "another alphabet"),
    ],
)
def test_a_click_names_the_real_host(
    preview: Preview, run: Run, until: Any, href: str, host: str, warning: str
) -> None:
    opened: list[str] = []
    preview.open_url = lambda url: opened.append(url.toString())

    async def go() -> None:
        preview.view.anchorClicked.emit(QUrl(href))
        await until(lambda: _dialog() is not None)
        dialog = _dialog()
        assert dialog.heading.text() == f"Open {host}?"
        assert any(warning in label.text() for label in dialog.findChildren(type(dialog.heading)))
        dialog.reject()
        await preview.settled()
        assert opened == []
        preview.view.anchorClicked.emit(QUrl(href))
        await until(lambda: _dialog() is not None)
        _dialog().accept()
        await preview.settled()
        assert len(opened) == 1

    run(go())


@pytest.mark.parametrize("href", ["file:///etc/passwd", "javascript:alert(1)", "relative", "smb://x/y"])
def test_a_click_on_anything_else_does_nothing(preview: Preview, run: Run, href: str) -> None:
    async def go() -> None:
        preview.view.anchorClicked.emit(QUrl(href))
        await asyncio.sleep(0)
        assert _dialog() is None and not preview._tasks

    run(go())


def png(width: int, height: int, colour: str = "red") -> bytes:
    """A picture as a file's bytes."""
    image = QImage(
        width, height, QImage.Format.Format_Mono if width * height > 10**7 else QImage.Format.Format_RGB32
    )
    image.fill(QColor(colour) if image.format() == QImage.Format.Format_RGB32 else 0)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, "PNG")
    return bytes(data.data())


def test_a_picture_of_the_letter_is_shown(preview: Preview, run: Run) -> None:
    async def go() -> None:
        preview.show_html(
            '<body style="margin:0"><img src="cid:logo@x" width="60" height="60">', {"<logo@x>": png(60, 60)}
        )
        await preview.settled()
        seen = preview.view.grab().toImage()
        assert any(seen.pixelColor(x, 40) == QColor("red") for x in range(seen.width()))

    run(go())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x" * 100,
        png(20_000, 1_000),
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
        png(50, 50)[:70],
        b"\x89PNG" + b"\0" * 21_000_000,
    ],
    ids=["empty", "junk", "too many pixels", "svg", "cut", "too many bytes"],
)
def test_a_picture_that_is_none_leaves_its_room_grey(preview: Preview, run: Run, data: bytes) -> None:
    async def go() -> None:
        preview.show_html('<img src="cid:a" width="60" height="60">', {"a": data})
        await preview.settled()
        seen = preview.view.grab().toImage()
        assert not any(seen.pixelColor(x, 40) == QColor("red") for x in range(seen.width()))

    run(go())


def test_a_picture_that_names_a_file_opens_none(bait: Path, watch: Watch, preview: Preview, run: Run) -> None:
    """An SVG that came with the letter, under any name: Qt would open what it links to."""
    svg = f'<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="{bait}/c.png"/></svg>'

    async def go() -> None:
        preview.show_html('<img src="cid:a" width="60" height="60">', {"a": svg.encode()})
        await preview.settled()
        preview.view.grab()

    run(go())
    assert watch.opened() == []


def test_a_blocked_picture_shows_its_description(preview: Preview, run: Run) -> None:
    async def go() -> None:
        preview.show_html('<img src="https://example.com/a.png" width="200" height="60" alt="Winter sale">')
        await preview.settled()
        room = preview.view.loadResource(2, QUrl("cid:blank-0"))
        assert (room.width(), room.height()) == (200, 60)
        assert preview.caption.text() == SAYS_HTML

    run(go())


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "a" * 1_000_000,
        "<div>" * 20_000,
        "<table><tr><td>" * 16,
        "<table>" + "<tr><td>x</td></tr>" * 200_000,
    ],
    ids=["unbroken", "nested", "tables", "cells"],
)
def test_what_would_stop_the_window_is_shown_as_text(preview: Preview, run: Run, html: str) -> None:
    gaps: list[float] = []

    async def beat() -> None:
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            await asyncio.sleep(0.01)
            gaps.append(loop.time() - begun)

    async def go() -> None:
        beating = asyncio.ensure_future(beat())
        preview.show_html(html)
        await preview.settled()
        await asyncio.sleep(0.1)
        beating.cancel()
        assert "shown as text" in preview.caption.text()
        assert preview.plain.isVisible() and not preview.view.isVisible()
        assert max(gaps) < 1.0, f"the loop stood still for {max(gaps):.2f} s"

    run(go(), 30)


def test_a_letter_that_cannot_be_cleaned_shows_its_source(
    preview: Preview, run: Run, monkeypatch: pytest.MonkeyPatch, heard: list[str]
) -> None:
    def broken(html: str) -> str:
        raise RuntimeError("a parser's bug")

    monkeypatch.setattr("turbodesk.services.mail_html._clean", broken)

    async def go() -> None:
        preview.show_html("<p>Hi</p>")
        await preview.settled()
        assert preview.plain.toPlainText() == "<p>Hi</p>" and preview.caption.text() == SAYS_SOURCE

    run(go())
    assert heard == ["turbodesk.gui.preview ERROR: a letter could not be cleaned: RuntimeError"]
    heard.clear()


def test_a_plain_text_is_shown_as_it_is(preview: Preview, run: Run) -> None:
    async def go() -> None:
        preview.show_text("<b>Hi</b> javascript:alert(1) https://example.com\n" + "x" * 5_000)
        await preview.settled()
        assert preview.plain.toPlainText().startswith("<b>Hi</b> javascript:alert(1) https://example.com\n")

    run(go())


def test_only_the_newest_is_shown(preview: Preview, run: Run) -> None:
    async def go() -> None:
        preview.show_html("<p>first</p>" * 3_000)
        await asyncio.sleep(0.02)
        preview.show_html("<p>second</p>")
        await preview.settled()
        assert preview.view.toPlainText().strip() == "second"
        preview.show_html("<p>third</p>")
        preview.clear()
        await preview.settled()
        assert preview.view.toPlainText().strip() == "second" and not preview.view.isVisible()

    run(go())


def test_the_letter_keeps_its_own_colours(preview: Preview, run: Run, themer: Any) -> None:
    async def go() -> None:
        preview.show_html('<body bgcolor="#f2f0ea"><p>Hi</p>')
        await preview.settled()
        before = preview.grab().toImage()
        themer.pin("dark")
        preview.show_html('<body bgcolor="#f2f0ea"><p>Hi</p>')
        await preview.settled()
        after = preview.grab().toImage()
        assert before.pixelColor(300, 300) == after.pixelColor(300, 300) == QColor("#f2f0ea")

    run(go())


def test_the_place_scrolled_to_stays_while_writing(preview: Preview, run: Run) -> None:
    async def go() -> None:
        letter = "<p>line</p>" * 100
        preview.show_html(letter)
        await preview.settled()
        preview.view.verticalScrollBar().setValue(200)
        preview.show_html(letter + "<p>more</p>")
        await preview.settled()
        assert preview.view.verticalScrollBar().value() == 200

    run(go())


@pytest.mark.prove
def test_twenty_thousand_hostile_letters_open_nothing(bait: Path, watch: Watch, window_of: Run) -> None:
    view: Recorder = window_of(Recorder(), 500, 400)
    for seed in range(20_000):
        found = reading(hostile(seed, bait))
        view.show_reading(found if found.html else Reading("<p></p>"), {})
        view.document().documentLayout().documentSize()
    assert watch.opened() == []
    strange = [name for name in view.asked if not name.startswith(("cid:shown-", "cid:blank-"))]
    assert strange == []
    control: Recorder = window_of(Recorder(), 500, 400)
    for seed in range(5_000):
        render_quietly(control, hostile(seed, bait))
    unguarded = [name for name in control.asked if not name.startswith("cid:")]
    assert len(unguarded) > 1_000, "the generator has lost its teeth"


def render_quietly(view: QTextBrowser, html: str) -> None:
    """Lays it out without painting."""
    view.setHtml(html)
    view.document().documentLayout().documentSize()


def _dialog() -> Any:
    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, Dialog) and w.isVisible()), None)


def test_a_letter_that_meets_the_end_of_the_program_says_nothing(preview: Preview) -> None:
    """Qt may still step its task when no loop runs any more; what is logged on the side fails a test."""
    preview.show_html("<p>Good day</p>")
    assert preview._wanted is not None
    with pytest.raises(StopIteration):
        preview._render(preview._wanted).send(None)
    preview.clear()
