"""SendPost's events: what happened to a message, as its routes and its webhooks tell it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from email.utils import parseaddr
from typing import NamedTuple

from turbodesk.sandbox.fate import GIVEN_UP
from turbodesk.sandbox.sendpost_account import ACCOUNT_ID, DEFAULT, IP_ID, LOCAL_IP, PUBLIC_IP
from turbodesk.sandbox.sendpost_stats import is_hard
from turbodesk.sandbox.sendpost_wire import nanoseconds
from turbodesk.sandbox.tables import EmailRow, moment_ms, uuid_of

PROCESSED, DROPPED, DELIVERED, SOFT_BOUNCED, HARD_BOUNCED, OPENED = 0, 1, 2, 3, 4, 5
CLICKED, UNSUBSCRIBED, SPAM, SENT, SMTP_DROPPED = 6, 7, 8, 9, 10
NAMES = (
    "processed", "dropped", "delivered", "softBounced", "hardBounced", "opened", "clicked", "unsubscribed",
    "spam", "sent", "smtpDropped",
)  # fmt: skip
"""The name of each type, at the place of its number."""

_POOL_ID, _DOMAIN_ID = 3, 2001
_STEP_MS = 5  # between two events of a message: the sandbox has nobody wait
_CODE = re.compile(r"(?<![\d.])([245]\d\d)(?![\d.])")
_MAILBOXES = {
    "gmail.com": "gmail",
    "googlemail.com": "gmail",
    "yahoo.com": "yahoo",
    "outlook.com": "microsoft",
    "hotmail.com": "microsoft",
    "icloud.com": "icloud",
}
_ENDS = {
    "NEW": (),
    "DEFER": (SENT, SOFT_BOUNCED),
    "SUCCESS": (SENT, DELIVERED),
    "OPEN": (SENT, DELIVERED, OPENED),
    "UNSUB": (SENT, DELIVERED, UNSUBSCRIBED),
    "REPORT": (SENT, DELIVERED, SPAM),
}
_LINK, _READER_IP = "https://www.example.com/", "198.51.100.77"
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


class Whole(NamedTuple):
    """One accepted send as the messages of it need it; `files` are names and contents."""

    sender_name: str
    rows: Sequence[EmailRow]
    headers: Mapping[str, str]
    text: str
    html: str
    files: Sequence[tuple[str, bytes]]
    options: Mapping[str, object]


NOTHING = Whole("", (), {}, "", "", (), {})
"""What the sample history has of a send."""


def groups_of(row: EmailRow, options: Mapping[str, object]) -> list[object]:
    """The groups of a message; a campaign is one too."""
    groups = options.get("groups")
    own = list(groups) if isinstance(groups, list) else []
    return [*own, row.campaign] if row.campaign and row.campaign not in own else own


def mailbox_of(email: str) -> str:
    """SendPost's word for whose mailbox it is."""
    return _MAILBOXES.get(email.rpartition("@")[2].lower(), "default")


def happened(row: EmailRow, whole: Whole) -> list[int]:
    """The types of what happened to the message of `row`, in order; it was processed at least."""
    return [PROCESSED, *_then(row, whole)]


def _then(row: EmailRow, whole: Whole) -> Iterator[int]:
    match row.status:
        case "FAIL":
            yield from (SENT, HARD_BOUNCED if is_hard(row.error) else SOFT_BOUNCED)
        case "SYSFAIL":
            yield SMTP_DROPPED if row.error == GIVEN_UP.error else DROPPED
        case "CLICK":
            yield from (SENT, DELIVERED)
            if whole.options.get("track_opens", True):
                yield OPENED
            yield CLICKED
        case _:
            yield from _ENDS[row.status]


def moments(row: EmailRow, count: int) -> list[int]:
    """When so many events of a message happened that came one after the other, in epoch milliseconds."""
    taken_ms = moment_ms(row.id)
    return [taken_ms + number * _STEP_MS for number in range(count)]


# ---- one event, in either contract


def as_legacy(row: EmailRow, whole: Whole, type: int, at_ms: int) -> dict[str, object]:
    """The event under the older names; `submittedAt` is when it happened."""
    code, words = _said(row, type)
    return {
        "eventID": _event_id(row, type),
        "messageID": uuid_of(row.id),
        "type": type,
        "from": row.sender,
        "fromName": whole.sender_name,
        "to": row.recipient,
        "toName": row.name or "",
        "messageSubject": row.subject,
        "groups": groups_of(row, whole.options),
        "submittedAt": nanoseconds(at_ms),
        "accountID": ACCOUNT_ID,
        "subAccountID": DEFAULT.id,
        "ipID": IP_ID,
        "ipPoolID": _POOL_ID,
        "domainID": _DOMAIN_ID,
        "tpspId": 0,
        "messageType": mailbox_of(row.recipient),
        "smtpCode": code,
        "smtpDescription": words,
        "eventMetadata": {"smtpCode": code, "smtpDescription": words, **_visit(type)},
    }


def as_v1(row: EmailRow, whole: Whole, type: int, at_ms: int) -> dict[str, object]:
    """The event under the newer names; `submittedAt` is when the message was taken in."""
    code, words = _said(row, type)
    return {
        "eventId": _event_id(row, type),
        "messageId": uuid_of(row.id),
        "type": type,
        "typeName": NAMES[type],
        "from": row.sender,
        "to": row.recipient,
        "subject": row.subject,
        "groups": groups_of(row, whole.options),
        "submittedAt": nanoseconds(moment_ms(row.id)),
        "timestamp": nanoseconds(at_ms),
        "eventMetadata": {"smtpCode": code, "smtpDescription": words, **_visit_v1(type)},
    }


def payload(row: EmailRow, whole: Whole, type: int, at_ms: int, *, v1: bool) -> dict[str, object]:
    """What a webhook is sent of it: the event, and the message it happened to."""
    event = as_v1(row, whole, type, at_ms) if v1 else as_legacy(row, whole, type, at_ms)
    return {"event": event, "emailMessage": _message(row, whole, v1=v1)}


def _message(row: EmailRow, whole: Whole, *, v1: bool) -> dict[str, object]:
    """The message of an event, alike in both contracts but for its recipient."""
    options = whole.options
    fields = options.get("fields")
    own = fields.get(row.recipient.lower(), {}) if isinstance(fields, dict) else {}
    to: dict[str, object] = {"email": row.recipient, "name": row.name or "", "customFields": own}
    name, email = parseaddr(next((it for key, it in whole.headers.items() if key.lower() == "reply-to"), ""))
    return {
        "messageID": uuid_of(row.id),
        "accountID": ACCOUNT_ID,
        "subAccountID": DEFAULT.id,
        "ipID": IP_ID,
        "publicIP": PUBLIC_IP,
        "localIP": LOCAL_IP,
        "emailType": mailbox_of(row.recipient),
        "submittedAt": nanoseconds(moment_ms(row.id)),
        "from": {"email": row.sender, "name": whole.sender_name},
        "replyTo": {"email": email, "name": name},
        "to": to if v1 else [to],
        "groups": groups_of(row, options),
        "ipPool": options.get("ip_pool", "default"),
        "headers": {key: value for key, value in whole.headers.items() if key.lower() != "reply-to"},
        "customFields": own,
        "trackOpens": options.get("track_opens", True),
        "trackClicks": options.get("track_clicks", True),
        "webhookEndpoint": options.get("webhook", ""),
    }


def _event_id(row: EmailRow, type: int) -> str:
    return str(uuid.uuid5(uuid.UUID(uuid_of(row.id)), str(type)))


def _said(row: EmailRow, type: int) -> tuple[int, str]:
    """The remote server's code and words; 0 and nothing where it had no say."""
    if type == DELIVERED:
        return 250, "2.0.0 Ok: queued"
    if type in (SOFT_BOUNCED, HARD_BOUNCED, SMTP_DROPPED):
        words = row.error or ""
        code = _CODE.search(words)
        return int(code[1]) if code else 550 if is_hard(words) else 450, words
    return 0, row.error or "" if type == DROPPED else ""


def _visit(type: int) -> dict[str, object]:
    """Who opened the message or followed a link, the same person every time."""
    if type not in (OPENED, CLICKED):
        return {}
    browser = {"Family": "Firefox", "Major": "128", "Minor": "0", "Patch": ""}
    return {
        "clickedURL": _LINK if type == CLICKED else "",
        "trackedIP": _READER_IP,
        "rawUserAgent": _AGENT,
        "userAgent": browser,
        "os": {"Family": "Linux", "Major": "", "Minor": "", "Patch": "", "PatchMinor": ""},
        "device": {"Family": "Other"},
        "geo": {"cityID": "0", "countryCode": "DE", "continentCode": "EU", "postalCode": "", "timeZone": ""},
    }


def _visit_v1(type: int) -> dict[str, object]:
    if type not in (OPENED, CLICKED):
        return {}
    return {
        "clickedUrl": _LINK if type == CLICKED else "",
        "trackedIp": _READER_IP,
        "rawUserAgent": _AGENT,
        "userAgent": {"family": "Firefox", "major": "128", "minor": "0", "patch": ""},
        "os": {"family": "Linux", "major": "", "minor": "", "patch": "", "patchMinor": ""},
        "device": {"family": "Other"},
        "geo": {"cityId": 0, "countryCode": "DE", "continentCode": "EU", "postalCode": "", "timeZone": ""},
    }
