"""Reads a send as turboSMTP reads it: what is wrong with it, and what it asks for."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from turbodesk.sandbox import mime
from turbodesk.sandbox.addresses import CONTROL, HEADER_NAME, LINE_BREAK, key_of, read_address
from turbodesk.sandbox.post import Part, Post, Recipient
from turbodesk.sandbox.wire import Unreadable, json_of, text_of

SUBJECT_LIMIT = 700
MOST_RECIPIENTS = 10_000  # the service names no limit; more would keep everybody else waiting

_DATA_PREFIX = re.compile(r"data:[^,]{0,200};base64,")
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Dialect:
    """One of the ways to send. `beta` words errors its own way; `flat` lists all errors on one level.

    `keyed` senders show a key pair; what they send heeds the lists of those who get nothing any more.
    `marks`: a message may bring the name of its campaign, and a reference of the sender's own.
    """

    limit_bytes: int
    beta: bool = False
    flat: bool = False
    keyed: bool = False
    mid: bool = False
    marks: bool = False
    attachments: bool = True
    credentials_in_query: bool = True

    def errors(self, text: str) -> object:
        """How an answer writes down what is wrong with a message as a whole."""
        return [text] if self.flat else {"message": "error", "errors": text}

    def address_errors(self, texts: list[str]) -> list[object]:
        """How an answer writes down what is wrong with addresses."""
        return [*texts] if self.flat or self.beta else [texts]


BETA = Dialect(4_000_000, beta=True, attachments=False)
V1 = Dialect(4_000_000)
V2 = Dialect(24_000_000, mid=True, marks=True, credentials_in_query=False)
V2_KEYED = replace(V2, flat=True, keyed=True)


class Refused(Exception):
    """A send that is not taken; `errors` is what the answer says under that name."""

    def __init__(self, errors: object) -> None:
        super().__init__(errors)
        self.errors = errors


def read_send(fields: Mapping[str, object], dialect: Dialect) -> Post:
    """What `fields` ask for; raises Refused with the first kind of trouble found.

    The order is sender, recipients present, each address, subject and headers, MIME, attachments, size.
    """
    sender = read_address(text_of(fields.get("from")))
    if sender is None:
        raise Refused(["missing or not valid sender email (from)"])
    recipients = _recipients(fields, dialect)
    subject = text_of(fields.get("subject"))
    if len(subject) > SUBJECT_LIMIT:
        raise Refused([f"subject too long (max {SUBJECT_LIMIT} characters)"])
    if LINE_BREAK.search(subject):
        raise Refused(["subject not valid"])
    headers = _headers(fields)
    raw = text_of(fields.get("mime_raw") or fields.get("mime"))
    text = text_of(fields.get("content"))
    html = text_of(fields.get("html_content") or fields.get("content_html"))
    given = _attachments(fields) if dialect.attachments and not raw else []
    size = sum(len(part.encode()) for part in (raw, *(() if raw else (text, html))))
    if raw:
        post = _raw_post(sender, recipients, subject, headers, raw.encode(), size, dialect)
        return _marked(post, fields, dialect)
    parts = tuple(_part(attachment, sender[1]) for attachment in given)
    _check_size(size + sum(len(text_of(attachment.get("content"))) for attachment in given), dialect)
    name, email = sender
    post = Post(email, name, recipients, subject, text, html, headers, parts, key=key_of(headers))
    return _marked(post, fields, dialect)


def _marked(post: Post, fields: Mapping[str, object], dialect: Dialect) -> Post:
    """`post` with the marks its sender put on it, and with what goes without saying in this dialect."""
    options: dict[str, object] = {"api": "turbosmtp"}
    reference = text_of(fields.get("reference_id")) if dialect.marks else ""
    if reference:
        options["reference_id"] = reference
    campaign = text_of(fields.get("X-campaign-ID")) if dialect.marks else ""
    return replace(post, campaign=campaign, options=options, heeds_suppressions=dialect.keyed)


def _raw_post(
    sender: tuple[str, str],
    recipients: tuple[Recipient, ...],
    subject: str,
    headers: tuple[tuple[str, str], ...],
    raw: bytes,
    size: int,
    dialect: Dialect,
) -> Post:
    if not mime.is_message(raw):
        raise Refused(dialect.errors("Invalid Mime"))
    _check_size(size, dialect)
    caught = mime.read(raw)
    name, email = sender
    return Post(
        sender=email,
        sender_name=name,
        recipients=recipients,
        subject=subject or next((value for name, value in caught.headers if name.lower() == "subject"), ""),
        text=caught.text,
        html=caught.html,
        headers=headers,
        parts=caught.parts,
        mime=raw,
        key=key_of(headers) or key_of(caught.headers),
    )


def _check_size(size: int, dialect: Dialect) -> None:
    if size > dialect.limit_bytes:
        raise Refused([f"message too large: {size} bytes with Base64, at most {dialect.limit_bytes}"])


def _recipients(fields: Mapping[str, object], dialect: Dialect) -> tuple[Recipient, ...]:
    """Everybody in `to`, `cc` and `bcc`, each address once.

    The lists are torn at every comma, even inside a quoted name: so does the service.
    """
    lists = {kind: _entries(text_of(fields.get(kind))) for kind in ("to", "cc", "bcc")}
    for kind in ("cc", "bcc"):
        if lists[kind] == ["None"]:  # an old Python client writes its missing value so
            lists[kind] = []
    if not lists["to"]:
        raise Refused(["missing recipients (to)"])
    if sum(map(len, lists.values())) > MOST_RECIPIENTS:
        raise Refused([f"too many recipients (max {MOST_RECIPIENTS})"])
    found: dict[str, Recipient] = {}
    bad: list[str] = []
    for kind, entries in lists.items():
        for entry in entries:
            address = read_address(entry)
            if address is None:
                bad.append(_bad_address(entry, kind, dialect))
            else:
                name, email = address
                found.setdefault(email.lower(), Recipient(kind, email, name))
    if bad:
        raise Refused(dialect.address_errors(bad))
    return tuple(found.values())


def _entries(text: str) -> list[str]:
    return [entry for entry in (piece.strip() for piece in text.split(",")) if entry]


def _bad_address(entry: str, kind: str, dialect: Dialect) -> str:
    if dialect.beta:
        return f"'{entry}' {'recipient' if kind == 'to' else kind} email not valid"
    return f"'{entry}' '{kind}' email not valid"


def _headers(fields: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """`custom_headers` as an object, as the JSON text of one, or an empty list; `reply_to` outranks them."""
    given = fields.get("custom_headers")
    if isinstance(given, str) and given.strip():
        try:
            given = json_of(given)
        except Unreadable:
            raise Refused(["custom_headers is not a valid JSON object"]) from None
    if not given:
        given = {}
    if not isinstance(given, dict):
        raise Refused(["custom_headers is not a valid JSON object"])
    headers = {
        text_of(name): text_of(value if isinstance(value, str) else str(value))
        for name, value in given.items()
    }
    reply_to = text_of(fields.get("reply_to"))
    if reply_to:
        headers = {name: value for name, value in headers.items() if name.lower() != "reply-to"}
        headers["Reply-To"] = reply_to
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name) or LINE_BREAK.search(value):
            raise Refused([f"custom header '{name}' not valid"])
    return tuple(headers.items())


def _attachments(fields: Mapping[str, object]) -> list[dict[str, object]]:
    given = fields.get("attachments")
    if not given:
        return []
    if not isinstance(given, list) or not all(isinstance(attachment, dict) for attachment in given):
        raise Refused(["attachments is not a valid list"])
    return given


def _part(attachment: Mapping[str, object], sender: str) -> Part:
    """One attachment; its Content-ID gets the sender's domain, as the service writes it."""
    name = text_of(attachment.get("name"))
    content = text_of(attachment.get("content"))
    prefix = _DATA_PREFIX.match(content)
    if prefix:
        content = content[prefix.end() :]
    content_id = CONTROL.sub("", text_of(attachment.get("content_id")))
    if content_id:
        content_id = f"{content_id}@{sender.rpartition('@')[2]}"
    kind = text_of(attachment.get("type")) or "application/octet-stream"
    return Part(name, kind, _decoded(content, name), content_id)


def _decoded(content: str, name: str) -> bytes:
    try:
        return binascii.a2b_base64(content, strict_mode=True)
    except (ValueError, binascii.Error):
        pass  # wrapped lines are fine, rubbish is not
    try:
        return base64.b64decode(_BLANK.sub("", content), validate=True)
    except (ValueError, binascii.Error):
        raise Refused([f"attachment '{name}' is not valid Base64"]) from None
