"""Finds a send or a batch by what a person types of its name."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

AFTER_ALL = "\U0010ffff"
NAMED = 5  # so many are told where a beginning fits several


@dataclass(frozen=True, slots=True)
class Named:
    """The ids of sends and of batches that a text may mean, a few of them; both empty where it is none's."""

    sends: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()


def named(connection: sqlite3.Connection, text: str) -> Named:
    """What has `text` as its id or its key, or as the beginning of one."""
    if not text:
        return Named()
    span = (text, text + AFTER_ALL)
    sends = connection.execute(
        "SELECT id FROM message WHERE id BETWEEN ? AND ? OR key BETWEEN ? AND ? ORDER BY number LIMIT ?",
        (*span, *span, NAMED),
    )
    batches = connection.execute(
        "SELECT id FROM batch WHERE id BETWEEN ? AND ? ORDER BY number LIMIT ?", (*span, NAMED)
    )
    return Named(tuple(row[0] for row in sends), tuple(row[0] for row in batches))
