"""Writes a message as Internet mail: headers, parts, attachments as Base64, CRLF throughout."""

from __future__ import annotations

import re
import secrets
from binascii import b2a_qp
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, make_msgid
from urllib.parse import quote

import pybase64

from turbodesk.errors import InvalidDraft
from turbodesk.model.message import Address, Attachment, Message
from turbodesk.providers.cid import renamed

LINE_BYTES = 57  # make 76 characters of Base64
SLICE_BYTES = LINE_BYTES * 13_797  # about 768 KiB in whole lines
PIECE_BYTES = 1024 * 1024

STRUCTURE = frozenset(
    {
        *("from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "mime-version"),
        *("content-type", "content-transfer-encoding", "content-disposition", "content-id"),
    }
)
"""Headers that are written here, or that would break the mail if a writer set them; lower case."""

_FOLD_AT = 78  # characters of a line that should not be passed
_LONGEST_LINE = 998  # bytes of a line that must not be passed
_LONGEST_WORD = 900  # of a header, so that a name and a comma find room beside it
_LONGEST_NAME = 60  # characters of a name or a file name that stays as it is
_WORD = 56  # characters within an encoded word, so that "Reply-To: " finds room beside one
_LEAST_WORD = 20
_OPEN, _CLOSE = "=?utf-8?", "?="

# Not message/… or multipart/…: RFC 2046 does not let those go as Base64.
_TYPE = re.compile(r"(?!message/|multipart/)[\w!#$&^.+-]{1,60}/[\w!#$&^.+-]{1,60}", re.ASCII | re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BREAK = re.compile("\r\n|\r")
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+( [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_CONTENT_ID = re.compile(r"[\w!#$&'*+/=?^`{|}~.@-]+", re.ASCII)
_ENCODED_BYTE = re.compile(r"%..|.", re.DOTALL)
_Q_BARE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")
_Q = [chr(byte) if byte in _Q_BARE else "_" if byte == 32 else f"={byte:02X}" for byte in range(256)]

Parts = list[bytes | Attachment]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is decided once for a mail, so that writing it again gives the same bytes."""

    date: datetime
    message_id: str
    boundary: str

    @classmethod
    def now(cls, message: Message) -> Stamp:
        """The stamp of this moment; the Message-ID is `<key@domain of the sender>` where there is a key."""
        id = (
            f"<{message.key}@{message.sender.domain}>"
            if message.key
            else make_msgid(domain=message.sender.domain)
        )
        return cls(datetime.now(UTC), id, f"=_{secrets.token_hex(16)}")


@dataclass(frozen=True, slots=True)
class Mail:
    """A message as it stands on the wire: what is written already, and the attachments in between.

    `eight_bit`: it holds bytes beyond ASCII in its body.
    """

    parts: tuple[bytes | Attachment, ...]
    eight_bit: bool = False

    @property
    def size_bytes(self) -> int:
        """How long it is; nothing is read for that."""
        return sum(len(part) if isinstance(part, bytes) else _encoded_size(part) for part in self.parts)

    @property
    def in_memory(self) -> bool:
        """Whether nothing of it is still to be read or encoded."""
        return not any(isinstance(part, Attachment) for part in self.parts)

    def pieces(self) -> Iterator[bytes]:
        """Its bytes in pieces of about a megabyte, none empty. Reading attachments may raise FileTrouble."""
        pending = b""
        for part in self.parts:
            if isinstance(part, bytes):
                pending += part
                while len(pending) > PIECE_BYTES:
                    yield pending[:PIECE_BYTES]
                    pending = pending[PIECE_BYTES:]
                continue
            for data in part.source.slices(SLICE_BYTES):
                yield pending + pybase64.encodebytes(data).replace(b"\n", b"\r\n")
                pending = b""
        if pending:
            yield pending


def mime_pieces(message: Message, stamp: Stamp) -> Iterator[bytes]:
    """The message as it stands on the wire, in ASCII, in pieces of about a megabyte, none empty.

    There is no Bcc header. Raises InvalidDraft for what no mail can carry; reading attachments may raise
    FileTrouble.
    """
    return written(message, stamp).pieces()


def written(message: Message, stamp: Stamp, *, eight_bit: bool = False, utf8: bool = False) -> Mail:
    """The message as a mail, nothing of its attachments read yet.

    With `eight_bit` texts may go as they are where their lines are short enough, with `utf8` addresses
    beyond ASCII are written as they are. Raises InvalidDraft for what no mail can carry.
    """
    if problems := mail_problems(message, utf8=utf8):
        raise InvalidDraft(problems)
    body = _body(message, stamp.boundary, eight_bit)
    parts: Parts = [b"".join(_headers(message, stamp)), *body]
    ascii = all(part.isascii() for part in body if isinstance(part, bytes))
    return Mail(tuple(_joined(parts)), eight_bit=not ascii)


def mail_problems(message: Message, *, utf8: bool = True) -> dict[str, str]:
    """What no mail can carry: field to sentence, empty where nothing is."""
    problems: dict[str, str] = {}
    body = message.text + message.html
    if "\0" in body:
        problems["body"] = "The message holds a NUL character, which can't be sent."
    names = [box.name for box in _all_boxes(message)] + [it.name for it in message.attachments]
    heads = [message.subject, *names, *(header.value for header in message.headers)]
    if _SURROGATE.search(body) or _SURROGATE.search("".join(heads)):
        problems["body"] = "The message holds half a character, which can't be sent."
    beyond = next((box.email for box in _all_boxes(message) if not box.email.isascii()), "")
    if beyond and (not utf8 or _SURROGATE.search(beyond)):
        problems["to"] = f"{ascii(beyond)[1:-1]} needs SMTPUTF8, which this way of sending does not have."
    return problems


def needs_utf8(message: Message) -> bool:
    """Whether an address of it is beyond ASCII, so that only SMTPUTF8 can carry it."""
    return not all(box.email.isascii() for box in _all_boxes(message))


def _all_boxes(message: Message) -> list[Address]:
    replies = [message.reply_to] if message.reply_to else []
    return [message.sender, *message.to, *message.cc, *message.bcc, *replies]


def _encoded_size(attachment: Attachment) -> int:
    return attachment.wire_bytes + 2 * -(-attachment.size_bytes // LINE_BYTES)


def _joined(parts: Iterable[bytes | Attachment]) -> Iterator[bytes | Attachment]:
    """The same with neighbouring bytes as one."""
    pending: list[bytes] = []
    for part in parts:
        if isinstance(part, bytes):
            pending.append(part)
            continue
        yield b"".join(pending)
        pending.clear()
        yield part
    yield b"".join(pending)


# ---- headers


def _headers(message: Message, stamp: Stamp) -> Iterator[bytes]:
    """The lines of the head but those that describe the content."""
    yield _line("From", _boxes((message.sender,)))
    for name, addresses in (("To", message.to), ("Cc", message.cc)):
        if addresses:
            yield _line(name, _boxes(addresses))
    if message.reply_to:
        yield _line("Reply-To", _boxes((message.reply_to,)))
    yield _text_line("Subject", message.subject)
    yield _line("Date", [format_datetime(stamp.date)])
    yield _line("Message-ID", [stamp.message_id])
    for header in message.headers:
        yield _text_line(header.name, header.value)
    if message.key:
        yield _line("X-Turbodesk-ID", [message.key])
    yield b"MIME-Version: 1.0\r\n"


def _line(name: str, words: Sequence[str]) -> bytes:
    """One header, folded between its words. Raises InvalidDraft where one would break out of its line."""
    line = whole = f"{name}:"
    for number, word in enumerate(words):
        if not number or len(line) + 1 + len(word) <= _FOLD_AT:  # never before the first word
            line = f"{line} {word}"
            whole += f" {word}"
        else:
            line = f" {word}"
            whole += f"\n {word}"
    if _CONTROL.search(whole.replace("\n ", "")):
        raise InvalidDraft({"headers": "A header holds a line break or a control character."})
    return whole.replace("\n", "\r\n").encode() + b"\r\n"


def _text_line(name: str, value: str) -> bytes:
    """A header of free text, as it is where that is safe, else in encoded words."""
    one_line = len(name) + 2 + len(value) <= _FOLD_AT
    words = value.split(" ")
    plain = value.isascii() and value.isprintable() and "=?" not in value and value == value.strip()
    if plain and (one_line or ("" not in words and max(map(len, words)) <= _LONGEST_WORD)):
        return _line(name, [value] if one_line else words)
    room = _FOLD_AT - len(f"{name}: {_OPEN}b?{_CLOSE}")
    return _line(name, _encoded_words(value, max(_LEAST_WORD, min(_WORD, room))))


def _boxes(addresses: Sequence[Address]) -> list[str]:
    """The words of a list of addresses."""
    words: list[str] = []
    for address in addresses:
        words += [*_phrase(address.name), f"<{address.email}>"] if address.name else [address.email]
        words[-1] += ","
    words[-1] = words[-1][:-1]
    return words


def _phrase(name: str) -> list[str]:
    plain = name.isascii() and name.isprintable() and "=?" not in name and len(name) <= _LONGEST_NAME
    if not plain:
        return _encoded_words(name)
    return [name] if _ATOMS.fullmatch(name) else [_quoted(name)]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _encoded_words(text: str, width: int = _WORD) -> list[str]:
    """The text in words as RFC 2047 has them, `width` characters within, none ending within a character."""
    data = text.encode()
    signs = [_Q[byte] for byte in data]
    if sum(map(len, signs)) > len(data) * 4 // 3:
        cuts = _cuts(data, [1] * len(data), width // 4 * 3)
        return [f"{_OPEN}b?{pybase64.b64encode(data[a:b]).decode()}{_CLOSE}" for a, b in cuts]
    cuts = _cuts(data, [len(sign) for sign in signs], width)
    return [f"{_OPEN}q?{''.join(signs[a:b])}{_CLOSE}" for a, b in cuts]


def _cuts(data: bytes, sizes: Sequence[int], room: int) -> Iterator[tuple[int, int]]:
    """Where to cut UTF-8 between characters so that the sizes of a run's bytes find room."""
    start = end = used = 0
    for place, byte in enumerate(data):
        if byte & 0xC0 != 0x80:  # a character begins here
            end = place
        used += sizes[place]
        if used > room:
            yield start, end
            start, used = end, sum(sizes[end : place + 1])
    if start < len(data):
        yield start, len(data)


# ---- parts


def _body(message: Message, boundary: str, eight_bit: bool) -> Parts:
    """Everything from the first header that describes the content on. Where the HTML is missing, a
    picture for it goes as a file."""
    # RFC 2046 compares the beginning of a line only: no boundary may begin another one.
    pictures = [it for it in message.attachments if it.content_id] if message.html else []
    files = [it for it in message.attachments if it not in pictures]
    letters: list[Parts] = []
    if message.text or not message.html:
        letters.append([_leaf("plain", message.text, eight_bit)])
    if message.html:
        ids = _content_ids(pictures, message.sender.domain)
        html: Parts = [_leaf("html", renamed(message.html, ids), eight_bit)]
        shown = [_file(it, ids[it.content_id]) for it in pictures]
        related = 'related; type="text/html"'
        letters.append(_multipart(related, f"{boundary}=r", [html, *shown]) if shown else html)
    letter = letters[0] if len(letters) == 1 else _multipart("alternative", f"{boundary}=a", letters)
    if files:
        return _multipart("mixed", f"{boundary}=m", [letter, *map(_file, files)])
    return letter


def _multipart(kind: str, boundary: str, parts: Sequence[Parts]) -> Parts:
    begin = b"--" + boundary.encode()
    whole: Parts = [f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()]
    for part in parts:
        whole += [begin, b"\r\n", *part]
    return [*whole, begin, b"--\r\n"]


def _leaf(kind: str, text: str, eight_bit: bool) -> bytes:
    """A text with its own head; it ends with a line break that is not part of it."""
    encoding, data = _encoded(_BREAK.sub("\n", text).encode(), eight_bit)
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + data.replace(b"\n", b"\r\n") + b"\r\n"


def _encoded(data: bytes, eight_bit: bool) -> tuple[str, bytes]:
    """The name of the encoding that suits a text best, and the text in it; lines end in LF."""
    ascii = data.isascii()
    if (ascii or eight_bit) and max(map(len, data.split(b"\n"))) <= _LONGEST_LINE:
        return "7bit" if ascii else "8bit", data
    beyond = len(data) if ascii else len(data.decode().encode("ascii", "ignore"))
    if (len(data) - beyond) * 5 > len(data):  # beyond a fifth Base64 is the shorter one
        return "base64", pybase64.encodebytes(data.replace(b"\n", b"\r\n")).removesuffix(b"\n")
    return "quoted-printable", b2a_qp(data, quotetabs=False, istext=True)


def _content_ids(pictures: Sequence[Attachment], domain: str) -> dict[str, str]:
    """What each picture is called on the wire. What no msg-id may hold gets another name."""
    named = {it.content_id: it.content_id for it in pictures}
    for number, id in enumerate(named):
        bare = id if _CONTENT_ID.fullmatch(id) and id.count("@") < 2 else f"picture-{number}"
        named[id] = bare if "@" in bare else f"{bare}@{domain}"
    return named


def _file(attachment: Attachment, content_id: str = "") -> Parts:
    media_type = attachment.media_type
    lines = [
        f"Content-Type: {media_type if _TYPE.fullmatch(media_type) else 'application/octet-stream'}",
        "Content-Transfer-Encoding: base64",
        f"Content-Disposition: {'inline' if content_id else 'attachment'}{_file_name(attachment.name)}",
        *([f"Content-ID: <{content_id}>"] if content_id else []),
    ]
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return [head, attachment] if attachment.size_bytes else [head + b"\r\n"]


def _file_name(name: str) -> str:
    """The parameter that names a file, as RFC 2231 has it where it is long or beyond ASCII."""
    if name.isascii() and name.isprintable() and "=?" not in name and len(name) <= _LONGEST_NAME:
        return f"; filename={_quoted(name)}"
    sections, section = [], "utf-8''"
    for sign in _ENCODED_BYTE.findall(quote(name, safe="!#$&+-.^_`|~")):
        if len(section) + len(sign) > _LONGEST_NAME:
            sections.append(section)
            section = ""
        section += sign
    sections.append(section)
    if len(sections) == 1:
        return f";\r\n filename*={section}"
    return "".join(f";\r\n filename*{number}*={section}" for number, section in enumerate(sections))
