"""Mail HTML that anybody may have written: made safe to look at, and turned into plain text.

Cleaning has three steps, and each stands alone: a look at the raw text for what would keep the parser
busy for minutes, nh3 with a list of what is allowed, and a second pass of our own over its result that
checks every attribute again, counts what the layout will cost, and writes anew what it has checked.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

LONGEST = 1_000_000  # characters of HTML that are looked at as HTML
LONGEST_TEXT = 300_000  # characters of plain text that are shown
DEEPEST = 100  # elements inside one another
DEEPEST_TABLES = 8  # each level doubles the time of the layout
LONGEST_RUN = 5_000  # characters without a place to break the line
BUDGET_US = 200_000  # what laying it out may take, estimated in microseconds
_DEEPEST_RAW = 2_000  # nh3 takes 0.8 s for 20,000 levels and minutes for 200,000
_MOST_REOPENED = 200_000  # what html5's reopening of formatting elements may add
_LINE = 2_000  # plain text is broken there for the eye, or one line alone takes a second


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FORMATTING = _names("a b big code em font i nobr s small strike strong tt u")
_UNCLOSED = _names(
    "area base br col embed hr img input link meta param source track wbr p li td th tr dt dd option"
)
_VOID = _names("br hr img col")
_TAGS = _names(
    """a abbr address article aside b bdi bdo blockquote br caption center cite code col colgroup dd del dfn
    div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p
    pre q s samp section small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var wbr"""
)
_SILENT = _names(
    """script style title noscript template svg math iframe object embed video audio canvas select textarea
    noembed noframes xmp plaintext"""
)
_ATTRIBUTES = {
    "*": {"style", "align", "dir"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "face", "size"},
    "table": {"width", "bgcolor", "border", "cellpadding", "cellspacing"},
    "tr": {"bgcolor", "valign"},
    "td": {"width", "height", "bgcolor", "valign", "colspan", "rowspan"},
    "th": {"width", "height", "bgcolor", "valign", "colspan", "rowspan"},
    "hr": {"width"},
    "ol": {"start", "type"},
    "ul": {"type"},
}

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_ANY_TAG = re.compile(r"<[^<>]*>")
_COLOUR = r"(?:#[0-9a-f]{6}|#[0-9a-f]{3}|[a-z]{3,20}|rgba?\([0-9.,% ]{5,30}\))"
_WEB = re.compile(r"https?://[^\s\\/?#<>\"'\x00-\x20]+[^\s\\<>\"'\x00-\x1f]*", re.IGNORECASE)
_MAIL = re.compile(r"mailto:[^\s\\/<>\"'\x00-\x20]+@[^\s\\<>\"'\x00-\x1f]*", re.IGNORECASE)
_LENGTH = r"\d{1,4}(?:\.\d{1,4})?(?:px|pt|em|%)?"
_VALUES = {
    "width": re.compile(r"\d{1,4}(?:px|%)?"),
    "height": re.compile(r"\d{1,4}(?:px|%)?"),
    "bgcolor": re.compile(_COLOUR, re.IGNORECASE),
    "color": re.compile(_COLOUR, re.IGNORECASE),
    "border": re.compile(r"\d{1,2}"),
    "cellpadding": re.compile(r"\d{1,3}"),
    "cellspacing": re.compile(r"\d{1,3}"),
    "colspan": re.compile(r"\d{1,2}"),
    "rowspan": re.compile(r"\d{1,2}"),
    "size": re.compile(r"[+-]?[1-7]"),
    "start": re.compile(r"\d{1,5}"),
    "type": re.compile(r"[1aAiI]|disc|circle|square"),
    "align": re.compile(r"left|right|center|justify", re.IGNORECASE),
    "valign": re.compile(r"top|middle|bottom|baseline", re.IGNORECASE),
    "dir": re.compile(r"ltr|rtl|auto", re.IGNORECASE),
    "face": re.compile(r"[\w ,'\"-]{1,120}"),
}
_SPACES = re.compile(rf"(?:{_LENGTH}|auto)(?:\s+(?:{_LENGTH}|auto)){{0,3}}")
_BORDER = re.compile(rf"(?:(?:{_LENGTH}|none|solid|dashed|dotted|double|{_COLOUR})\s*){{1,3}}", re.IGNORECASE)
_SIDES = ("top", "right", "bottom", "left")
_STYLES = {
    "color": _VALUES["color"],
    "background-color": _VALUES["color"],
    "font-family": re.compile(r"[\w ,'\"-]{1,200}"),
    "font-size": re.compile(
        r"\d{1,2}(?:\.\d{1,3})?(?:px|pt)|small|medium|large|x-large|x-small|larger|smaller"
    ),
    "font-style": re.compile(r"normal|italic|oblique"),
    "font-weight": re.compile(r"normal|bold|bolder|lighter|[1-9]00"),
    "line-height": re.compile(r"\d{1,3}(?:\.\d{1,4})?(?:px|%)?|normal"),
    "text-align": _VALUES["align"],
    "text-decoration": re.compile(r"none|underline|line-through|overline"),
    "text-transform": re.compile(r"none|uppercase|lowercase|capitalize"),
    "vertical-align": re.compile(r"top|middle|bottom|baseline|sub|super"),
    "width": _VALUES["width"],
    "height": _VALUES["height"],
    "display": re.compile(r"none"),
    "border-collapse": re.compile(r"collapse|separate"),
    **dict.fromkeys(("padding", "margin"), _SPACES),
    **dict.fromkeys(
        (f"{name}-{side}" for name in ("padding", "margin") for side in _SIDES), re.compile(_LENGTH)
    ),
    **dict.fromkeys(("border", *(f"border-{side}" for side in _SIDES)), _BORDER),
}
_MOST_FACES = 8  # each unknown one costs a search through all fonts of the computer
_STAND_IN = (
    "color:#5b6472;background-color:#eceef2"  # the words in place of an image, on the mail's own paper
)
_BODY = re.compile(r"<body\b([^<>]{0,2000})>", re.IGNORECASE)
_GROUND = re.compile(
    rf"""bgcolor\s*=\s*["']?\s*({_COLOUR})(?!\w)|background(?:-color)?\s*:\s*({_COLOUR})\s*[;"']""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Blank:
    """The room of an image that is not shown, in px, and its description."""

    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A letter as the reading view shows it: `html`, or where that is empty `text`, and then `why`.

    Images in `html` are `cid:shown-N`, the N-th of `images` (content ids), or `cid:blank-N`, the N-th of
    `blanks`; nothing else is ever asked for. `ground` is the colour of the page, empty for white.
    """

    html: str
    text: str = ""
    why: str = ""
    ground: str = ""
    images: tuple[str, ...] = ()
    blanks: tuple[Blank, ...] = ()


def reading(html: str, cids: Collection[str] = ()) -> Reading:
    """`html` made safe to look at; `cids` are the content ids whose images may be shown.

    It takes up to a second for a megabyte: call it off the loop.
    """
    if len(html) > LONGEST:
        return _as_text(html, f"It is longer than {LONGEST:,} characters, so it is shown as text.")
    if _wild(html):
        return _as_text(html, "It is too deeply nested for the reading view, so it is shown as text.")
    second = _Second({content_id(cid) for cid in cids})
    second.feed(_clean(html))
    second.close()
    if second.too_complex:
        return _as_text(html, f"{second.too_complex}, so it is shown as text.")
    return Reading(
        "".join(second.out),
        ground=_ground(html),
        images=tuple(second.images),
        blanks=tuple(second.blanks),
    )


def plain_reading(text: str) -> Reading:
    """A plain text as the reading view shows it: as it is, very long lines broken for the eye."""
    return Reading("", _for_the_eye(text))


def text_of(html: str) -> str:
    """`html` as a plain text part that reads well: paragraphs, list marks, addresses behind their links."""
    if len(html) > LONGEST or _wild(html):
        stripped = _ANY_TAG.sub(" ", html[:LONGEST])
        return "\n".join(" ".join(line.split()) for line in stripped.splitlines() if line.strip())
    writer = _Writer()
    writer.feed(_clean(html))
    writer.close()
    return writer.text()


def web_address(url: str) -> str:
    """`url` where it is an absolute http, https or mailto address, else an empty text."""
    url = url.strip()
    if len(url) > 4_000 or not (_WEB.fullmatch(url) or _MAIL.fullmatch(url)):
        return ""
    try:
        parts = urlsplit(url)
        return url if parts.scheme.lower() == "mailto" or parts.hostname else ""
    except ValueError:
        return ""


def content_id(text: str) -> str:
    """A content id without its angles, as `cid:` names it."""
    return unquote(text).strip().strip("<>").strip()


def _as_text(html: str, why: str) -> Reading:
    return Reading("", _for_the_eye(text_of(html)), why)


def _for_the_eye(text: str) -> str:
    shown = text[:LONGEST_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    lines = [
        line[start : start + _LINE]
        for line in shown.split("\n")
        for start in range(0, max(1, len(line)), _LINE)
    ]
    if len(text) > LONGEST_TEXT:
        lines.append(f"… {len(text) - LONGEST_TEXT:,} more characters are not shown here.")
    return "\n".join(lines)


def _wild(html: str) -> bool:
    """Whether a parser would need minutes for it: depth without end, or formatting reopened without end."""
    depth = formatting = reopened = 0
    for match in _TAG.finditer(html):
        name = match[2].lower()
        if name in _FORMATTING:
            formatting = max(0, formatting + (-1 if match[1] else 1))
        elif not match[1]:
            reopened += formatting
        if name not in _UNCLOSED:
            depth = max(0, depth + (-1 if match[1] else 1))
        if depth > _DEEPEST_RAW or reopened > _MOST_REOPENED:
            return True
    return False


def _clean(html: str) -> str:
    import nh3  # here, because only those who look at HTML need it

    return nh3.clean(
        html.replace("\x00", ""),
        tags=set(_TAGS),
        clean_content_tags=set(_SILENT),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto", "cid"},
        url_relative="deny",
        link_rel=None,
        strip_comments=True,
    )


def _ground(html: str) -> str:
    body = _BODY.search(html)
    found = _GROUND.search(body[1] + ";") if body else None
    colour = (found[1] or found[2]).lower() if found else ""
    return "" if colour in ("transparent", "inherit", "none", "initial") else colour


class _Second(HTMLParser):
    """Reads what nh3 made, checks it again, and writes what the view is given."""

    def __init__(self, cids: set[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.images: list[str] = []
        self.blanks: list[Blank] = []
        self.too_complex = ""
        self._cids = cids
        self._open: list[str] = []
        self._tables = 0
        self._faces: set[str] = set()
        self._cost = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.too_complex or tag not in _TAGS:
            return
        allowed = _ATTRIBUTES["*"] | _ATTRIBUTES.get(tag, set())
        kept = {name: self._value(name, text or "") for name, text in attrs if name in allowed}
        kept = {name: value for name, value in kept.items() if value}
        if tag == "img":
            self._image(kept)
        else:
            self._write(tag, kept)
        if tag not in _VOID:
            self._open.append(tag)
            self._tables += tag == "table"
        self._pay(12 if tag not in ("td", "th") else self._cell(kept))
        if len(self._open) > DEEPEST:
            self.too_complex = f"More than {DEEPEST} elements stand inside one another"
        elif self._tables > DEEPEST_TABLES:
            self.too_complex = f"More than {DEEPEST_TABLES} tables stand inside one another"

    def handle_endtag(self, tag: str) -> None:
        if self.too_complex or tag not in self._open:
            return
        while self._open:
            closed = self._open.pop()
            self._tables -= closed == "table"
            self.out.append(f"</{closed}>")
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        if self.too_complex:
            return
        self._pay(len(data) // 2)
        for run in data.split() if len(data) > 200 else ():
            if len(run) > LONGEST_RUN:
                self.too_complex = f"It has {len(run):,} characters without a space"
                return
            self._pay(3 * len(run) if len(run) > 200 else 0)
        self.out.append(escape(data))

    def close(self) -> None:
        super().close()
        self.out.extend(f"</{tag}>" for tag in reversed(self._open))

    def _cell(self, kept: dict[str, str]) -> int:
        """What a cell costs; its table's contents are laid out twice for every level it stands deep."""
        room: int = int(kept.get("colspan") or 1) * int(kept.get("rowspan") or 1)
        return room * (45 + (17 << max(0, self._tables - 1)))

    def _pay(self, cost: int) -> None:
        self._cost += cost
        if self._cost > BUDGET_US and not self.too_complex:
            self.too_complex = "It is too large to be laid out at once"

    def _write(self, tag: str, kept: dict[str, str]) -> None:
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
        self.out.append(f"<{tag}{attributes}>")

    def _image(self, kept: dict[str, str]) -> None:
        source = kept.pop("src", "")
        alt = " ".join(kept.pop("alt", "").split())
        if source:
            self.images.append(source)
            self._write("img", {"src": f"cid:shown-{len(self.images) - 1}", **kept})
            return
        width, height = (_pixels(kept.get(side, "")) for side in ("width", "height"))
        if (width is not None and width < 3) or (height is not None and height < 3):
            return  # a counting pixel
        if width is None or height is None:
            words = escape(alt or "Image not loaded")
            self.out.append(f'<span style="{_STAND_IN}">&nbsp;{words}&nbsp;</span>')
            return
        self.blanks.append(Blank(min(width, 1200), min(height, 1200), alt[:200]))
        self._write("img", {"src": f"cid:blank-{len(self.blanks) - 1}", **kept})

    def _value(self, name: str, text: str) -> str:
        """An attribute's value as it may stay, empty where it may not."""
        text = text.strip()
        if name == "style":
            return self._style(text)
        if name == "href":
            return web_address(text)
        if name == "src":
            cid = content_id(text[4:]) if text[:4].lower() == "cid:" else ""
            return cid if cid in self._cids else ""
        if name == "alt":
            return text[:500]
        if name == "face":
            return text if _VALUES["face"].fullmatch(text) and self._known_face(text) else ""
        return text if _VALUES[name].fullmatch(text) else ""

    def _style(self, text: str) -> str:
        kept = []
        for declaration in text[:4_000].split(";"):
            name, _, value = declaration.partition(":")
            name, value = name.strip().lower(), value.replace("!important", "").strip()
            if name == "background":
                name, value = "background-color", (value.split() or [""])[0]
            allowed = _STYLES.get(name)
            if allowed is None or not allowed.fullmatch(value.lower()):
                continue
            if name == "font-family" and not self._known_face(value):
                continue
            kept.append(f"{name}:{value}")
        return ";".join(kept)

    def _known_face(self, faces: str) -> bool:
        wanted = {face.strip(" '\"").lower() for face in faces.split(",")}
        if len(self._faces | wanted) > _MOST_FACES:
            return False
        self._faces |= wanted
        return True


def _pixels(text: str) -> int | None:
    return int(text.removesuffix("px")) if text.removesuffix("px").isdigit() else None


_BREAKS = _names(
    """address article aside blockquote center dd div dl dt figure figcaption footer header main nav section
    table tr caption li"""
)
_PARAGRAPHS = _names("p h1 h2 h3 h4 h5 h6 ul ol pre blockquote table")


class _Writer(HTMLParser):
    """Writes plain text from what nh3 made."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]
        self._links: list[tuple[str, int]] = []
        self._lists: list[int | None] = []
        self._hidden: list[str] = []
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._hidden or re.search(r"display\s*:\s*none", given.get("style") or ""):
            if tag not in _VOID:
                self._hidden.append(tag)
            return
        if tag in _PARAGRAPHS and not self._inner(tag):
            self._paragraph()
        elif tag in _BREAKS or tag in ("br", "ul", "ol"):
            self._break(always=tag == "br")
        if tag in ("ul", "ol"):
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._mark()
        elif tag == "a":
            self._links.append((web_address(given.get("href") or ""), self._length()))
        elif tag == "img":
            self.handle_data(given.get("alt") or "")
        elif tag == "hr":
            self._paragraph()
            self._lines[-1] = "-" * 40
            self._paragraph()
        elif tag in ("td", "th") and self._lines[-1].strip():
            self._lines[-1] += "  "
        self._pre += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag in self._hidden:
                del self._hidden[len(self._hidden) - 1 - self._hidden[::-1].index(tag) :]
            return
        if tag == "a" and self._links:
            self._close_link(*self._links.pop())
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        self._pre -= tag == "pre"
        if tag in _PARAGRAPHS and not self._inner(tag):
            self._paragraph()
        elif tag in _BREAKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._pre > 0:
            first, *others = data.split("\n")
            self._lines[-1] += first
            self._lines.extend(others)
            return
        words = re.sub(r"[ \t\r\n\f]+", " ", data)
        if not self._lines[-1] or self._lines[-1].endswith(" "):
            words = words.lstrip(" ")
        self._lines[-1] += words

    def text(self) -> str:
        """What was written: lines without spaces at their ends, never two empty ones together."""
        text = "\n".join(line.replace("\xa0", " ").rstrip() for line in self._lines)
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n")

    def _length(self) -> int:
        return sum(map(len, self._lines[-50:]))

    def _close_link(self, url: str, before: int) -> None:
        written = self._lines[-1]
        bare = url.removeprefix("mailto:")
        if not url or self._length() == before or written.endswith((bare, bare.rstrip("/"))):
            return
        self._lines[-1] = f"{written.rstrip()} ({bare})"

    def _mark(self) -> None:
        number = self._lists[-1] if self._lists else None
        if number is not None:
            self._lists[-1] = number + 1
        self._lines[-1] = "  " * max(0, len(self._lists) - 1) + (f"{number}. " if number else "- ")

    def _break(self, *, always: bool = False) -> None:
        if always or self._lines[-1].strip() not in ("", "-"):
            self._lines.append("")

    def _paragraph(self) -> None:
        if self._lines[-1].strip() and not self._only_mark():
            self._lines.append("")
        if len(self._lines) > 1 and self._lines[-2].strip() and not self._only_mark():
            self._lines.append("")

    def _inner(self, tag: str) -> bool:
        """Whether it is a list inside a list."""
        return tag in ("ul", "ol") and bool(self._lists)

    def _only_mark(self) -> bool:
        return bool(re.fullmatch(r"\s*(?:-|\d+\.)\s*", self._lines[-1]))
