"""Address, Attachment, Message: what is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

SUBJECT_LIMIT = 700  # characters, turboSMTP's documented limit and our own for every provider
SLICE_BYTES = 768 * 1024  # a multiple of 3, so that base64 of slices can be joined

_ANGLED = re.compile(r"^\s*(?P<name>.*?)\s*<(?P<email>[^<>]*)>\s*$", re.DOTALL)
_FORBIDDEN = re.compile("[\x00-\x1f\x7f\x80-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SPECIAL = re.compile(r'[][\\()<>@,:;".]')  # a name that holds one of these stands in quotes
_ESCAPED = re.compile(r'["\\]')
_SURROGATE = re.compile("[\ud800-\udfff]")


class AddressError(ValueError):
    """A text that is no mail address; its message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox, parsed once: `email` as it goes on the wire, `name` as people read it (or empty)."""

    email: str
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address that `text` writes, as `a@b.c` or `Name <a@b.c>`; raises AddressError.

        The domain comes back lower case and as A-labels, the local part as it was written.
        """
        text = text.strip()
        if not text:
            raise AddressError("The address is empty.")
        if bad := _FORBIDDEN.search(text) or _SURROGATE.search(text):
            raise AddressError(f"The address holds a character that no address may hold: {bad.group()!a}.")
        name, email = "", text
        if match := _ANGLED.match(text):
            name, email = _unquoted(match["name"].strip()), match["email"].strip()
        return cls(_checked(email), name)

    @property
    def domain(self) -> str:
        """The part after the @, lower case."""
        return self.email.rpartition("@")[2]

    @property
    def key(self) -> str:
        """What makes two addresses the same mailbox for us: local part exact, domain lower case."""
        local, _, domain = self.email.rpartition("@")
        return f"{local}@{domain.lower()}"

    def __str__(self) -> str:
        """`Name <a@b.c>` for people and for headers, quoted where the name needs it."""
        if not self.name:
            return self.email
        if not _SPECIAL.search(self.name):
            return f"{self.name} <{self.email}>"
        escaped = _ESCAPED.sub(r"\\\g<0>", self.name)
        return f'"{escaped}" <{self.email}>'


def _unquoted(name: str) -> str:
    if len(name) > 1 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1]).strip()
    return name.strip('"').strip()


def _checked(email: str) -> str:
    if "," in email.rpartition("@")[2]:
        raise AddressError(f"{email}: a comma stands in the domain.")
    if email.count("@") != 1:
        raise AddressError(f"{email} is no address: it needs exactly one @.")
    # Slow to import, and needed only by who types an address: not before the first paint.
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(
            email, check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True
        )
    except EmailNotValidError as error:
        raise AddressError(f"{email}: {str(error)[:1].lower()}{str(error)[1:]}") from None
    domain = found.ascii_domain
    if "." not in domain:
        raise AddressError(f"{email}: the domain has no dot.")
    return f"{found.local_part}@{domain}"


class Source(Protocol):
    """Where an attachment's bytes come from."""

    def slices(self, size: int = SLICE_BYTES) -> Iterator[bytes]:
        """The bytes in order, in slices of exactly `size` but the last; may be called again.

        Raises FileTrouble where they cannot be read, or are no longer those that were attached.
        """
        ...


@dataclass(frozen=True, slots=True)
class BytesSource:
    """Bytes that are in memory already."""

    data: bytes = field(repr=False)

    def slices(self, size: int = SLICE_BYTES) -> Iterator[bytes]:
        view = memoryview(self.data)
        for start in range(0, len(view), size):
            yield bytes(view[start : start + size])


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message. Base64 is the adapter's business.

    With a `content_id` it is a picture shown inside the HTML, which names it as `cid:<content_id>`; the id
    is bare, as the writer wrote it there.
    """

    name: str
    media_type: str
    size_bytes: int
    sha256: str
    source: Source = field(repr=False, compare=False)
    content_id: str = ""

    @classmethod
    def of_bytes(cls, name: str, data: bytes, media_type: str = "application/octet-stream") -> Attachment:
        """An attachment of bytes that are in memory already."""
        return cls(name, media_type, len(data), hashlib.sha256(data).hexdigest(), BytesSource(data))

    @property
    def wire_bytes(self) -> int:
        """Its size as Base64, which is what counts against a provider's limit."""
        return base64_size(self.size_bytes)


def base64_size(size_bytes: int) -> int:
    """How many characters `size_bytes` bytes make as Base64 without line breaks."""
    return -(-size_bytes // 3) * 4


class RecipientKind(StrEnum):
    """In which field a recipient stands."""

    TO = "to"
    CC = "cc"
    BCC = "bcc"


@dataclass(frozen=True, slots=True)
class Header:
    """One custom header, name and value already checked."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it is to be sent. Whoever makes one has checked it (see services/compose.py).

    `key` is our own name for this send, on the wire as `X-Turbodesk-ID`, so that it can be found again.
    `groups` are the words it is counted under at the provider (turboSMTP: one campaign). `track_opens` and
    `track_clicks` are what is asked for this message, None: as the account has it. `fields` are the values
    of the placeholders in subject and bodies, where the provider fills them in. `template` is the name or the
    number of a letter that the provider keeps: what the message leaves empty comes from there.
    """

    sender: Address
    to: tuple[Address, ...]
    subject: str
    text: str = ""
    html: str = ""
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: Address | None = None
    headers: tuple[Header, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    key: str = ""
    groups: tuple[str, ...] = ()
    track_opens: bool | None = None
    track_clicks: bool | None = None
    fields: tuple[tuple[str, str], ...] = ()
    template: str = ""

    @property
    def recipients(self) -> tuple[tuple[RecipientKind, Address], ...]:
        """The envelope in the order To, Cc, Bcc; of an address that stands twice, the first stays."""
        seen: set[str] = set()
        found: list[tuple[RecipientKind, Address]] = []
        groups = ((RecipientKind.TO, self.to), (RecipientKind.CC, self.cc), (RecipientKind.BCC, self.bcc))
        for kind, addresses in groups:
            for address in addresses:
                if address.key not in seen:
                    seen.add(address.key)
                    found.append((kind, address))
        return tuple(found)
