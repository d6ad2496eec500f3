"""What turboSMTP posts to a webhook, read as events.

The source of every fact is turboSMTP's page on webhooks and its parsers of them (contract section 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from turbodesk.model.event import TURBOSMTP, WebhookEvent
from turbodesk.providers.scalars import id_of, number_of, text_of, time_of
from turbodesk.providers.webhook_pieces import LONG, cut, identity, raw_json, whole_identity

KINDS = {
    "PROCESSED": "processed",
    "DEFERRED": "soft bounce",
    "DELIVERED": "delivered",
    "BOUNCED": "hard bounce",
    "DROPPED": "dropped",
    "OPENED": "opened",
    "CLICKED": "clicked",
    "UNSUBSCRIBED": "unsubscribed",
    "REPORT": "complained",
}
"""Their statuses of events, in our words."""


def event_of(found: Mapping[str, Any]) -> WebhookEvent | None:
    """The event that this object is; None where it is none of turboSMTP's.

    Theirs has a `status` and an `id` or a `mid`. Their `id` may be that of a recipient's row, which all
    events of one message to one recipient share, so it takes the other members to tell two events apart.
    """
    id, mid, word = id_of(found.get("id")), id_of(found.get("mid")), text_of(found.get("status")).strip()
    if not word or not (id or mid):
        return None
    at = _time(found)
    recipient, url, ip, agent = (text_of(found.get(it)) for it in ("email", "url", "ip", "useragent"))
    parts = (id, mid, word.upper(), recipient, at, text_of(found.get("attempt")), url, ip, agent)
    return WebhookEvent(
        TURBOSMTP,
        identity(parts) if id else whole_identity(found),
        KINDS.get(word.upper(), cut(word)),
        mid,
        cut(recipient),
        at,
        cut(word),
        key=cut(text_of(found.get("reference_id"))),
        subject=cut(text_of(found.get("subject")), LONG),
        words=cut(_reason(found.get("reason")), LONG),
        url=cut(url, LONG),
        ip=cut(ip),
        user_agent=cut(agent, LONG),
        raw=raw_json(found),
    )


def _time(found: Mapping[str, Any]) -> datetime | None:
    """Seconds, as a number or as text; live bodies may spell the member with a capital, which then counts."""
    said = next((found[name] for name in ("Timestamp", "timestamp") if found.get(name) is not None), None)
    seconds = number_of(said)
    if seconds is None:
        return time_of(said)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _reason(found: Any) -> str:
    """A text where it was put off; an object that says it under two names where it was given up."""
    if not isinstance(found, Mapping):
        return text_of(found)
    return next(filter(None, map(text_of, (found.get("response"), *found.values()))), "")
