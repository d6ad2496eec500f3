"""How much mail is kept: what is older goes first, and is then known as the sample history is."""

from __future__ import annotations

import sqlite3

MOST_MAILS = 100_000
MOST_BYTES = 1 << 30

# Counting takes a while: in between this much may be there besides.
LOOK_AFTER_MAILS, LOOK_AFTER_BYTES = 1_000, 1 << 26


class Keeping:
    """What was taken in since somebody last looked whether it is too much."""

    def __init__(self) -> None:
        self._mails = self._bytes = 0

    def taken(self, db: sqlite3.Connection, mails: int, size_bytes: int) -> None:
        """So much was added in this transaction; now and then the oldest mail is let go of."""
        self._mails += mails
        self._bytes += size_bytes
        if self._mails >= LOOK_AFTER_MAILS or self._bytes >= LOOK_AFTER_BYTES:
            self._mails = self._bytes = 0
            _make_room(db)


def _make_room(db: sqlite3.Connection) -> None:
    count, size = db.execute("SELECT count(*), coalesce(sum(size), 0) FROM mail").fetchone()
    last = 0
    for id, size_bytes in db.execute("SELECT id, size FROM mail ORDER BY id"):
        if count <= MOST_MAILS and size <= MOST_BYTES:
            break
        last, count, size = id, count - 1, size - size_bytes
    if last:
        for gone in (
            "DELETE FROM mail WHERE id <= ?",
            "DELETE FROM part WHERE mail <= ?",
            "DELETE FROM mail_group WHERE mail <= ?",
        ):
            db.execute(gone, (last,))
