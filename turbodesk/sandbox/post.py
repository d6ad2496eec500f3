"""Post: one accepted send as the wire brought it, whichever form it came in."""

from __future__ import annotations

from dataclasses import dataclass


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

    @property
    def size_bytes(self) -> int:
        """Bytes of the text, the HTML and the attachments, or of the raw message."""
        if self.mime is not None:
            return len(self.mime)
        texts = len(self.text.encode()) + len(self.html.encode())
        return texts + sum(len(part.content) for part in self.parts)
