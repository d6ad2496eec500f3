"""CaughtMail, CaughtMessage: what the sandbox took in instead of sending it on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from turbodesk.model.message import Address, RecipientKind
from turbodesk.model.reports import MailStatus


@dataclass(frozen=True, slots=True)
class CaughtRecipient:
    """One recipient of a caught mail: where it stands, and what the receiving server is said to have said."""

    kind: RecipientKind
    address: Address
    status: MailStatus
    error: str = ""


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One mail as a line of the inbox. `at` is aware UTC, `attachments` how many there are."""

    id: str
    at: datetime
    sender: Address
    subject: str
    size_bytes: int
    attachments: int
    recipients: tuple[CaughtRecipient, ...]


@dataclass(frozen=True, slots=True)
class CaughtAttachment:
    """One attachment as it arrived. `content_id` is empty where it is no inline part."""

    name: str
    media_type: str
    size_bytes: int
    sha256: str
    content: bytes = field(repr=False)
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class CaughtMessage:
    """One mail, whole. `headers` stand in their order, `source` is the mail as text."""

    mail: CaughtMail
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    source: str = field(repr=False)
    attachments: tuple[CaughtAttachment, ...] = ()
