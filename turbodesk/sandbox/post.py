"""Post: one accepted send as the wire brought it, whichever form it came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_VERIFIED_DOMAINS = ("example.com", "example.org", "example.net")
_OWNERS_SENDER = "hello@playwithsendpost.io"


def is_verified(sender: str) -> bool:
    """Whether mail may come from this address where only verified domains may send."""
    domain = sender.rpartition("@")[2].lower()
    verified = any(domain == ours or domain.endswith(f".{ours}") for ours in _VERIFIED_DOMAINS)
    return verified or sender.lower() == _OWNERS_SENDER


def may_reach(sender: str, recipient: str, owner: str) -> bool:
    """Whether `sender` may write to `recipient`: the address lent to everybody reaches its owner alone."""
    return sender.lower() != _OWNERS_SENDER or recipient.lower() == owner.lower()


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address of a send; `kind` is to, cc or bcc."""

    kind: str
    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One attachment. `content_id` is the whole id, `logo@example.com`, without angle brackets, or empty."""

    name: str
    type: str
    content: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One message to one or more recipients.

    `mime` is the raw message where one was posted; text, HTML and parts are then what it holds.
    `key` is what the sender wrote into an id header of its own, or nothing.

    `track_opens` and `track_clicks` None: as the account's switches say. Where it `heeds_suppressions`,
    recipients on one of the lists get nothing. `options` is what else the wire said, as JSON can hold it:
    `api` (turbosmtp, sendpost or smtp), `groups`, `reference_id`, `fields` of each recipient, and the like.
    """

    sender: str
    sender_name: str
    recipients: tuple[Recipient, ...]
    subject: str = ""
    text: str = ""
    html: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()
    mime: bytes | None = None
    key: str = ""
    campaign: str = ""
    track_opens: bool | None = None
    track_clicks: bool | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    heeds_suppressions: bool = False

    @property
    def size_bytes(self) -> int:
        """Bytes of the text, the HTML and the attachments, or of the raw message."""
        if self.mime is not None:
            return len(self.mime)
        texts = len(self.text.encode()) + len(self.html.encode())
        return texts + sum(len(part.content) for part in self.parts)
