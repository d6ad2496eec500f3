"""Who gets nothing any more: everybody on a list, but for soft bounces."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from turbodesk.sandbox.fate import BOUNCE
from turbodesk.sandbox.tables import ADD_REPORT


def suppressed(db: sqlite3.Connection, emails: Iterable[str]) -> dict[str, str]:
    """Those of `emails` that get nothing any more, each with the list it was put on last."""
    asked = {email: email.lower() for email in emails}
    rows = db.execute(
        "SELECT email, list FROM report WHERE email COLLATE NOCASE IN (SELECT value FROM json_each(?)) "
        "AND (list != 'bounce' OR hard) ORDER BY cid",
        (json.dumps(list(asked)),),
    )
    lists = {email.lower(): kind for email, kind in rows}
    return {email: lists[lower] for email, lower in asked.items() if lower in lists}


def suppress(
    db: sqlite3.Connection, now_ms: int, list: str, emails: Iterable[str], reason: str = ""
) -> list[int]:
    """Puts `emails` on a list; the ids of their entries in that order.

    Who is on it already stays as they are. To be called inside State.writing.
    """
    return [_entry(db, now_ms, list, email, reason) for email in emails]


def _entry(db: sqlite3.Connection, now_ms: int, list: str, email: str, reason: str) -> int:
    hard = list == BOUNCE
    found = db.execute(
        "SELECT cid FROM report WHERE email = ? COLLATE NOCASE AND list = ? AND hard = ?", (email, list, hard)
    ).fetchone()
    if found:
        return int(found[0])
    added = db.execute(ADD_REPORT, (list, hard, email, now_ms, reason, 0))
    return int(added.lastrowid or 0)


def unsuppress(db: sqlite3.Connection, emails: Iterable[str]) -> int:
    """Takes `emails` off all lists that keep them from being written to; how many entries went.

    To be called inside State.writing; where any went, State.changed has to be as well.
    """
    return db.execute(
        "DELETE FROM report WHERE email COLLATE NOCASE IN (SELECT value FROM json_each(?)) "
        "AND (list != 'bounce' OR hard)",
        (json.dumps(list(emails)),),
    ).rowcount
