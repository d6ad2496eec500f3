"""Reads a mail file into a draft: its texts, its files, what is worth keeping of its headers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses
from pathlib import Path
from urllib.parse import quote

from turbodesk.errors import FileTrouble
from turbodesk.files import open_regular, safe_name
from turbodesk.services.compose import Draft

LARGEST_BYTES = 64_000_000
DEEPEST = 20  # multiparts within each other
MOST_HEADERS, MOST_PARTS, MOST_NESTS = 2_000, 500, 100

ANOTHER = "Choose another file."
_KEPT_HEADERS = re.compile(r"(x-|list-|importance$|priority$|auto-submitted$|precedence$)", re.IGNORECASE)
_NOT_KEPT = re.compile(r"x-(turbodesk|received|ms-|google|spam|mailer|original|forefront|gm-)", re.IGNORECASE)
_BLIND = ("bcc", "resent-to", "resent-cc", "resent-bcc")
_BOUNDARY = re.compile(rb'boundary="?([^";\s]{1,200})', re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class ReadMail:
    """What a mail file holds. `draft` has no attachments: `files` are their names and bytes, in order;
    `notes` are sentences about what was left out or could not be read."""

    draft: Draft
    files: tuple[tuple[str, bytes], ...]
    notes: tuple[str, ...]


def read_file(path: Path) -> ReadMail:
    """The mail of a file. Blocks; raises FileTrouble for what cannot be read or is no mail."""
    with open_regular(path) as file:
        data = file.read(LARGEST_BYTES + 1)
    return read_mail(data, path.name)


def read_mail(data: bytes, name: str = "The file") -> ReadMail:
    """The mail that these bytes write; raises FileTrouble where they write none."""
    _check_size(data, name)
    try:
        mail = BytesParser(policy=policy.compat32).parsebytes(data)
        return _Reading(mail, name).read()
    except FileTrouble:
        raise
    except (MessageError, ValueError, LookupError, RecursionError, TypeError, IndexError) as error:
        raise FileTrouble(
            f"{name} cannot be read as a mail.", hint=ANOTHER, detail=type(error).__name__
        ) from error


def _check_size(data: bytes, name: str) -> None:
    if len(data) > LARGEST_BYTES:
        raise FileTrouble(f"{name} is larger than a mail can be.", hint=ANOTHER)
    head = data.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    if not re.match(rb"[!-9;-~]+:", data.lstrip(b"\r\n")[:1000].partition(b"\n")[0]) and not re.match(
        rb"From ", data
    ):
        raise FileTrouble(f"{name} is no mail: it does not begin with headers.", hint=ANOTHER)
    if head.count(b"\n") > MOST_HEADERS:
        raise FileTrouble(f"{name} has more headers than a mail has.", hint=ANOTHER)
    if len(set(_BOUNDARY.findall(data))) > MOST_NESTS:  # reading them would take long before it fails
        raise FileTrouble(f"{name} has more parts within parts than can be read.", hint=ANOTHER)


class _Reading:
    """One mail being read."""

    def __init__(self, mail: Message, name: str) -> None:
        self._mail, self._name = mail, name
        self._notes: dict[str, None] = {}
        self._texts: dict[str, str] = {}
        self._files: list[tuple[str, bytes]] = []
        self._ids: dict[str, str] = {}

    def read(self) -> ReadMail:
        self._walk(self._mail, 0)
        html = self._texts.get("html", "")
        for id, file in self._ids.items():
            html = html.replace(f"cid:{id}", f"cid:{quote(file)}")
        draft = Draft(
            sender=self._addresses("from", limit=1),
            to=self._addresses("to"),
            cc=self._addresses("cc"),
            reply_to=self._addresses("reply-to", limit=1),
            subject=self._header("subject"),
            text=self._texts.get("text", ""),
            html=html,
            headers=self._kept_headers(),
        )
        for blind in _BLIND:
            if self._mail.get_all(blind):
                self._note(f"{blind.title()} was left out: nobody is written to because a file says so.")
        return ReadMail(draft, tuple(self._files), tuple(self._notes))

    def _walk(self, part: Message, depth: int) -> None:
        if depth > DEEPEST:
            raise FileTrouble(f"{self._name} has parts nested too deep (at most {DEEPEST}).", hint=ANOTHER)
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            for each in _parts(part):
                self._walk(each, depth + 1)
            return
        if len(self._files) >= MOST_PARTS:
            raise FileTrouble(f"{self._name} has more than {MOST_PARTS} files in it.", hint=ANOTHER)
        self._leaf(part)

    def _leaf(self, part: Message) -> None:
        kind, given = part.get_content_type(), _word(part.get_filename() or "")
        attached = part.get_content_disposition() == "attachment" or bool(given)
        if kind in ("text/plain", "text/html") and not attached:
            which = "html" if kind == "text/html" else "text"
            if which in self._texts:
                self._note("It has more than one text; the first was taken.")
            else:
                self._texts[which] = self._text(part)
            return
        data = part.as_bytes() if kind.startswith("message/") else self._bytes(part)
        name = self._free_name(safe_name(given) if given else _made_up(kind, len(self._files) + 1))
        self._files.append((name, data))
        if id := str(part.get("content-id") or "").strip().strip("<>"):
            self._ids[id] = name

    def _text(self, part: Message) -> str:
        data, charset = self._bytes(part), str(part.get_content_charset() or "utf-8")
        try:
            text = data.decode(charset)
        except LookupError:
            self._note(f"The character set {charset[:40]!r} is not known; the text was read as UTF-8.")
            text = data.decode("utf-8", "replace")
        except UnicodeDecodeError:
            self._note("Some characters of the text could not be read.")
            text = data.decode(charset, "replace")
        return _SURROGATE.sub("\ufffd", text).replace("\r\n", "\n").replace("\0", "")

    def _bytes(self, part: Message) -> bytes:
        data = part.get_payload(decode=True)
        if part.defects:
            self._note("Some of it is damaged; what could be read was taken.")
        return data if isinstance(data, bytes) else b""

    def _free_name(self, name: str) -> str:
        taken = {it for it, _ in self._files}
        path, number, found = Path(name), 1, name
        while found in taken:
            number += 1
            found = f"{path.stem}-{number}{path.suffix}"
        return found

    def _header(self, name: str) -> str:
        found = self._mail.get_all(name) or []
        if len(found) > 1:
            self._note(f"It has more than one {name.title()}; the first was taken.")
        return _word(str(found[0])) if found else ""

    def _addresses(self, name: str, limit: int | None = None) -> str:
        values = [_UNSEEN.sub(" ", str(it)) for it in self._mail.get_all(name) or []]
        pairs = [(shown, email) for shown, email in getaddresses(values) if "@" in email][:limit]
        return ", ".join(_written(_word(shown), _word(email)) for shown, email in pairs)

    def _kept_headers(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        left: set[str] = set()
        for name, value in self._mail.items():
            if _KEPT_HEADERS.match(name) and not _NOT_KEPT.match(name):
                found.append((name, _word(str(value))))
            elif name.lower() in ("received", "dkim-signature", "return-path", "arc-seal"):
                left.add(name)
        if left:
            self._note("What servers wrote into it on its way was left out.")
        return found

    def _note(self, sentence: str) -> None:
        self._notes[sentence] = None


def _parts(part: Message) -> Iterable[Message]:
    payload = part.get_payload()
    return [it for it in payload if isinstance(it, Message)] if isinstance(payload, list) else []


def _word(text: str) -> str:
    """A header's text for people, on one line."""
    with suppress(MessageError, LookupError, ValueError):
        text = str(make_header(decode_header(text)))
    return _UNSEEN.sub(" ", _SURROGATE.sub("\ufffd", text)).strip()


def _written(name: str, email: str) -> str:
    name = name.replace('"', "'").replace("\\", "")
    return f'"{name}" <{email}>' if name else email


def _made_up(kind: str, number: int) -> str:
    ending = {"message/rfc822": ".eml", "text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics"}
    main, _, sub = kind.partition("/")
    guess = f".{sub}" if main == "image" and sub.isalnum() else ".bin"
    return f"part-{number}{ending.get(kind, guess)}"
