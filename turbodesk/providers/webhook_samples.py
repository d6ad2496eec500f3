"""Sample events as each service would post them: plain functions without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from turbodesk.model.event import KINDS, SENDPOST, SERVICES
from turbodesk.providers import turbosmtp_webhook_events

_RECIPIENT, _SENDER, _SUBJECT = "sample@example.com", "desk@example.com", "A sample event of Turbodesk"
_URL, _AGENT, _IP = "https://example.com/", "Turbodesk sample", "192.0.2.1"
_NUMBERED = {
    "processed": (0, "processed"),
    "dropped": (1, "dropped"),
    "delivered": (2, "delivered"),
    "soft bounce": (3, "softBounced"),
    "hard bounce": (4, "hardBounced"),
    "opened": (5, "opened"),
    "clicked": (6, "clicked"),
    "unsubscribed": (7, "unsubscribed"),
    "complained": (8, "spam"),
    "sent": (9, "sent"),
    "given up": (10, "smtpDropped"),
}
"""Number and name of each kind at SendPost (contract section 11.3)."""
_STATUSES = {kind: status for status, kind in turbosmtp_webhook_events.KINDS.items()}
_SAID = {
    "delivered": (250, "2.0.0 OK"),
    "soft bounce": (451, "4.7.1 try again later"),
    "hard bounce": (550, "5.1.1 unknown user"),
    "given up": (554, "5.7.1 refused"),
}


def kinds_of(service: str) -> tuple[str, ...]:
    """The kinds that a service posts, in our words."""
    known: Mapping[str, object] = _NUMBERED if service == SENDPOST else _STATUSES
    return tuple(kind for kind in KINDS if kind in known)


def sample(service: str, kind: str, *, id: str, at: datetime) -> bytes:
    """The body of one event: a service of SERVICES, a kind of `kinds_of` it, an id that no other event
    has, and when it happened."""
    if service not in SERVICES or kind not in kinds_of(service):
        raise ValueError(f"no event {kind!r} of {service!r}")
    return msgspec.json.encode(_sendpost(kind, id, at) if service == SENDPOST else _turbosmtp(kind, id, at))


def _sendpost(kind: str, id: str, at: datetime) -> dict[str, Any]:
    (number, name), (code, words) = _NUMBERED[kind], _SAID.get(kind, (0, ""))
    nanoseconds = int(at.timestamp()) * 10**9
    seen = {"trackedIp": _IP, "rawUserAgent": _AGENT} if kind in ("opened", "clicked") else {}
    event = {
        "eventId": id,
        "messageId": f"sample-{id}",
        "type": number,
        "typeName": name,
        "from": _SENDER,
        "to": _RECIPIENT,
        "subject": _SUBJECT,
        "groups": [],
        "submittedAt": nanoseconds,
        "timestamp": nanoseconds,
        "eventMetadata": {
            **({"smtpCode": code, "smtpDescription": words} if code else {}),
            **({"clickedUrl": _URL} if kind == "clicked" else {}),
            **seen,
        },
    }
    letter = {
        "messageID": f"sample-{id}",
        "submittedAt": nanoseconds,
        "from": {"email": _SENDER},
        "to": {"email": _RECIPIENT},
    }
    return {"event": event, "emailMessage": letter}


def _turbosmtp(kind: str, id: str, at: datetime) -> dict[str, Any]:
    code, words = _SAID.get(kind, (0, "Dropped due to bounced recipient" if kind == "dropped" else ""))
    said = f"{code} {words}" if code else words
    event: dict[str, Any] = {
        "id": id,
        "mid": f"sample-{id}",
        "status": _STATUSES[kind],
        "email": _RECIPIENT,
        "subject": None if kind == "dropped" else _SUBJECT,
        "timestamp": int(at.timestamp()),
    }
    if kind == "soft bounce":
        event |= {"reason": said, "attempt": 1}
    elif kind in ("hard bounce", "dropped"):
        event["reason"] = {"0": said, "response": said}
    elif kind in ("opened", "clicked"):
        event |= {"useragent": _AGENT, "ip": _IP}
    if kind == "clicked":
        event["url"] = _URL
    return event
