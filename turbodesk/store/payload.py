"""A message as the ledger keeps it: JSON, always the same for the same message, attachments by their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from turbodesk.model.message import Address, Attachment, Header, Message, Source

SourceOf = Callable[[str, str], Source]
"""Name and SHA-256 of an attachment → where its bytes are."""


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class _Payload:
    key: str
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    reply_to: Address | None
    subject: str
    headers: tuple[Header, ...]
    text: str
    html: str
    attachments: tuple[_Kept, ...]
    groups: tuple[str, ...] = ()  # from here on: not in the payloads of the first version
    track_opens: bool | None = None
    track_clicks: bool | None = None
    fields: tuple[tuple[str, str], ...] = ()
    template: str = ""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Payload).decode


def freeze(message: Message) -> bytes:
    """The message as JSON; raises UnicodeEncodeError where it holds half a character."""
    attachments = tuple(
        _Kept(it.name, it.media_type, it.size_bytes, it.sha256, it.content_id) for it in message.attachments
    )
    return _encode(
        _Payload(
            message.key,
            message.sender,
            message.to,
            message.cc,
            message.bcc,
            message.reply_to,
            message.subject,
            message.headers,
            message.text,
            message.html,
            attachments,
            message.groups,
            message.track_opens,
            message.track_clicks,
            message.fields,
            message.template,
        )
    )


def thaw(payload: bytes, source_of: SourceOf) -> Message:
    """The message that was frozen; raises msgspec.DecodeError, and whatever `source_of` raises."""
    kept = _decode(payload)
    return Message(
        sender=kept.sender,
        to=kept.to,
        subject=kept.subject,
        text=kept.text,
        html=kept.html,
        cc=kept.cc,
        bcc=kept.bcc,
        reply_to=kept.reply_to,
        headers=kept.headers,
        attachments=tuple(
            Attachment(
                it.name,
                it.media_type,
                it.size_bytes,
                it.sha256,
                source_of(it.name, it.sha256),
                it.content_id,
            )
            for it in kept.attachments
        ),
        key=kept.key,
        groups=kept.groups,
        track_opens=kept.track_opens,
        track_clicks=kept.track_clicks,
        fields=kept.fields,
        template=kept.template,
    )


def with_sources(message: Message, source_of: SourceOf) -> Message:
    """The same message, its attachments read from where `source_of` says."""
    if not message.attachments:
        return message
    found = tuple(replace(it, source=source_of(it.name, it.sha256)) for it in message.attachments)
    return replace(message, attachments=found)


def digest_of(payload: bytes) -> str:
    """The SHA-256 of a payload, lower-case hex."""
    return hashlib.sha256(payload).hexdigest()
