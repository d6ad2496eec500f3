"""Caught mail as a whole message: the source text of what was posted, and what a raw message holds."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from email import errors, message_from_bytes
from email.header import Header, decode_header, make_header
from email.message import Message
from email.parser import HeaderParser
from email.utils import formataddr, formatdate, getaddresses

from turbodesk.sandbox.post import Part, Post
from turbodesk.sandbox.wire import text_of

_HEADER_LINE = re.compile(rb"[!-9;-~]+[ \t]*:")
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_BROKEN = (
    errors.NoBoundaryInMultipartDefect,
    errors.StartBoundaryNotFoundDefect,
    errors.MultipartInvariantViolationDefect,
)
_DEEPEST = 100  # the parser calls itself for every level
_LONGEST_LINE = 998


def is_message(raw: bytes) -> bool:
    """Whether `raw` is a message: headers and an empty line, or an empty line to begin with."""
    head, found, _ = _lines(raw).partition(b"\n\n")
    if raw[:1] not in (b"\n", b"\r"):
        lines = head.split(b"\n")
        if not found or not _HEADER_LINE.match(lines[0]):
            return False
        if not all(line[:1] in (b" ", b"\t") or _HEADER_LINE.match(line) for line in lines):
            return False
    if is_too_deep(raw):
        return False
    return not any(isinstance(defect, _BROKEN) for part in parsed(raw).walk() for defect in part.defects)


def is_too_deep(raw: bytes) -> bool:
    """Whether taking `raw` apart might take more levels than can be."""
    return raw.lower().count(b"multipart/") > _DEEPEST


def _lines(raw: bytes) -> bytes:
    text = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return b"\n" + text if text.startswith(b"\n") else text


def parsed(raw: bytes) -> Message:
    return message_from_bytes(raw)


@dataclass(frozen=True, slots=True)
class Caught:
    """A message taken apart: its headers in order, its first text and HTML parts, and the rest."""

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    parts: tuple[Part, ...]


def read(raw: bytes) -> Caught:
    """Takes `raw` apart; what cannot be decoded is shown with replacement characters."""
    return taken_apart(parsed(raw))


def taken_apart(message: Message) -> Caught:
    texts: dict[str, str] = {}
    parts: list[Part] = []
    for leaf in message.walk():
        if leaf.is_multipart():
            continue
        kind = leaf.get_content_type()
        attached = leaf.get_content_disposition() == "attachment" or leaf.get_filename()
        content = leaf.get_payload(decode=True)
        payload = content if isinstance(content, bytes) else b""
        if kind in ("text/plain", "text/html") and not attached and kind not in texts:
            texts[kind] = _text(payload, leaf.get_content_charset() or "utf-8")
        else:
            content_id = str(leaf.get("Content-ID", "")).strip().strip("<>")
            parts.append(Part(_word(leaf.get_filename() or ""), kind, payload, content_id))
    headers = tuple((name, _word(_plain(value))) for name, value in message.raw_items())
    return Caught(headers, texts.get("text/plain", ""), texts.get("text/html", ""), tuple(parts))


def addresses(message: Message, header: str) -> list[tuple[str, str]]:
    """Names and e-mails in all headers of that name, in order; what has no e-mail is left out."""
    values = [_plain(value) for name, value in message.raw_items() if name.lower() == header]
    return [(_word(name), email) for name, email in getaddresses(values) if email]


def _plain(value: str) -> str:
    """A header as one line of text, its bytes above ASCII read as UTF-8."""
    line = _FOLD.sub("", str(value))
    return line if line.isascii() else line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def headers_in(source: str) -> list[tuple[str, str]]:
    """The headers of a message's source text, in order, decoded."""
    return [(name, _word(str(value))) for name, value in HeaderParser().parsestr(source).items()]


def _text(payload: bytes, charset: str) -> str:
    try:
        return text_of(payload.decode(charset, "replace"))
    except (LookupError, ValueError):  # no charset, or one of those that replace nothing
        return payload.decode("utf-8", "replace")


def _word(value: str) -> str:
    if "=?" not in value:  # as in nearly all headers
        return text_of(value)
    try:
        return text_of(str(make_header(decode_header(value))))
    except (errors.HeaderParseError, LookupError, ValueError):
        return text_of(value)


def _service_headers(post: Post, mid: int, at: float) -> list[tuple[str, str]]:
    """The headers the service puts on `post`: its own, then the sender's, which outrank them."""
    own = [
        ("Date", formatdate(at, usegmt=True)),
        ("Message-ID", f"<{mid}@sandbox.example.com>"),
        ("From", formataddr((post.sender_name, post.sender)) if post.sender_name else post.sender),
        ("To", _listed(post, "to")),
        ("Cc", _listed(post, "cc")),
        ("Subject", post.subject),
    ]
    given = {name.lower() for name, _ in post.headers}
    kept = [(name, value) for name, value in own if value and name.lower() not in given]
    return [*kept, *post.headers]


def _listed(post: Post, kind: str) -> str:
    return ", ".join(
        f"{to.name} <{to.email}>" if to.name else to.email for to in post.recipients if to.kind == kind
    )


def source(post: Post, mid: int, at: float) -> str:
    """The whole message as text, as it would have gone out at `at` (epoch seconds)."""
    headers = _service_headers(post, mid, at)
    if post.mime is not None:
        return _raw_source(post.mime, headers)
    bodies = [_leaf(kind, body) for kind, body in (("plain", post.text), ("html", post.html)) if body]
    content = _joined("alternative", bodies, mid) if len(bodies) > 1 else (bodies or [_leaf("plain", "")])[0]
    if post.parts:
        content = _joined("mixed", [content, *(_attached(part, post.html) for part in post.parts)], mid)
    return _head([*headers, ("MIME-Version", "1.0")]) + content


def _raw_source(raw: bytes, headers: list[tuple[str, str]]) -> str:
    """The raw message with those of `headers` in front that it does not carry itself."""
    text = raw.decode("utf-8", "replace")
    if text[:1] in ("\r", "\n"):
        return _head(headers) + text
    own = {name.lower() for name in parsed(raw).keys()}  # noqa: SIM118 - a message is no mapping
    return _head([(name, value) for name, value in headers if name.lower() not in own]) + text


def _head(headers: list[tuple[str, str]]) -> str:
    return "".join(f"{name}: {_encoded(value)}\r\n" for name, value in headers)


def _encoded(value: str) -> str:
    return value if value.isascii() else Header(value, "utf-8").encode(linesep="\r\n")


def _leaf(kind: str, body: str) -> str:
    """A text part: as it is where its lines are short enough, otherwise in Base64."""
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: "
    if max((len(line.encode()) for line in body.splitlines()), default=0) > _LONGEST_LINE:
        return f"{head}base64\r\n\r\n{_base64(body.encode())}"
    lines = body.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    return f"{head}8bit\r\n\r\n{lines}"


def _attached(part: Part, html: str) -> str:
    inline = part.content_id and f"cid:{part.content_id}" in html
    name = _encoded(_UNPRINTABLE.sub("", part.name)).replace('"', "'").replace("\r\n ", "")
    content_id = f"Content-ID: <{part.content_id}>\r\n" if part.content_id else ""
    return (
        f'Content-Type: {_UNPRINTABLE.sub("", part.type)}; name="{name}"\r\n'
        f'Content-Disposition: {"inline" if inline else "attachment"}; filename="{name}"\r\n'
        f"{content_id}Content-Transfer-Encoding: base64\r\n\r\n{_base64(part.content)}"
    )


def _joined(kind: str, parts: list[str], mid: int) -> str:
    boundary = f"={kind}={mid}="
    inner = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n{inner}--{boundary}--\r\n'


def _base64(content: bytes) -> str:
    return base64.encodebytes(content).decode("ascii").replace("\n", "\r\n")
