"""turboSMTP's events: what its webhook is sent as mail moves, one flat object for each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from turbodesk.sandbox.sendpost_stats import is_hard
from turbodesk.sandbox.tables import EmailRow

_HAPPENED = {
    "NEW": ("PROCESSED",),
    "DEFER": ("PROCESSED", "DEFERRED"),
    "SUCCESS": ("PROCESSED", "DELIVERED"),
    "SYSFAIL": ("DROPPED",),
    "OPEN": ("PROCESSED", "DELIVERED", "OPENED"),
    "UNSUB": ("PROCESSED", "DELIVERED", "UNSUBSCRIBED"),
    "REPORT": ("PROCESSED", "DELIVERED", "REPORT"),
}
_LINK, _READER_IP = "https://www.example.com/", "198.51.100.77"
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def happened(row: EmailRow, options: Mapping[str, object]) -> list[str]:
    """The statuses that the message of `row` went through, in order; a soft bounce was put off before."""
    match row.status:
        case "FAIL":
            return ["PROCESSED", "BOUNCED"] if is_hard(row.error) else ["PROCESSED", "DEFERRED", "BOUNCED"]
        case "CLICK":
            opened = ["OPENED"] if options.get("track_opens", True) else []
            return ["PROCESSED", "DELIVERED", *opened, "CLICKED"]
        case _:
            return list(_HAPPENED[row.status])


def payload(
    row: EmailRow, mid: int, options: Mapping[str, object], status: str, at_ms: int
) -> dict[str, object]:
    """What the webhook is sent of one status. `mid` is the id that the send was answered with."""
    body: dict[str, object] = {
        "id": str(_event_id(row, status)),
        "mid": str(mid),
        "status": status,
        "email": row.recipient,
        "subject": None if status == "DROPPED" else row.subject,
        "timestamp": at_ms // 1000,
    }
    if reference := options.get("reference_id"):
        body["reference_id"] = reference
    match status:
        case "DROPPED" | "BOUNCED":
            body["reason"] = {"0": row.error or "", "response": row.error or ""}
        case "DEFERRED":
            body |= {"reason": row.error or "400 try again later", "attempt": 2}
        case "OPENED" | "CLICKED":
            body |= {"useragent": _AGENT, "ip": _READER_IP}
            if status == "CLICKED":
                body["url"] = _LINK
    return body


def _event_id(row: EmailRow, status: str) -> int:
    """A number for this status of this message, always the same."""
    digest = hashlib.blake2b(f"{row.id} {status}".encode(), digest_size=7).digest()
    return int.from_bytes(digest)
