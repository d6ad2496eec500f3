"""WebhookEvent: what a service posted by itself about one message to one recipient."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

KINDS = (
    "processed",
    "sent",
    "delivered",
    "soft bounce",
    "hard bounce",
    "dropped",
    "given up",
    "opened",
    "clicked",
    "unsubscribed",
    "complained",
)
"""Our words for what may happen to a message, the same that a message's own story is told in."""

SENDPOST, TURBOSMTP = "sendpost", "turbosmtp"
SERVICES = (SENDPOST, TURBOSMTP)


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One thing that happened to one message, as its service posted it.

    `identity` is what all deliveries of this event have in common and no other event of the `service` has.
    `kind` is one of KINDS, or the service's own word (`word`) where we have none for it. `message_id` is the
    id that the send was answered with. `at` is when it happened, aware UTC, None where that can't be read.

    `key` is our name for the send and `campaign` that of its campaign, where the service says them. `words`
    is what the remote server said. `url`, `ip` and `user_agent` are of a click or an open. `raw` is the event
    as JSON, cut off where it is very long, without the address that it was posted to.
    """

    service: str
    identity: str
    kind: str
    message_id: str = ""
    recipient: str = ""
    at: datetime | None = None
    word: str = ""
    key: str = ""
    campaign: str = ""
    subject: str = ""
    words: str = ""
    url: str = ""
    ip: str = ""
    user_agent: str = ""
    raw: str = field(default="", repr=False)
