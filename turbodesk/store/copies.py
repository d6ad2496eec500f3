"""Notices a ledger that is not the one this program last had open: an older copy put back, or one that was
carried to another computer. What waits there may have gone already from elsewhere."""

from __future__ import annotations

import json
import platform
import sqlite3
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from turbodesk.files import replacing

FILE = "ledger.opened"
COPIED = (
    "This outbox is a copy, put back from a backup or brought from another computer, so what waits here may "
    "have gone already. Nothing of it goes by itself."
)


def opened(connection: sqlite3.Connection, directory: Path) -> bool:
    """Marks the ledger as open here, inside a transaction; whether it is the one that was open here last.

    The mark stands in the ledger and in a file beside it. The file is written first and names the mark
    before too, so that a program that ends in between finds its own ledger again; `committed` takes that
    one out.
    """
    path, here = directory / FILE, platform.node()
    row = connection.execute("SELECT value FROM mark WHERE name = 'opened'").fetchone()
    in_ledger = str(row[0]) if row else ""
    beside = _read(path)
    ours = not in_ledger or (
        in_ledger in (beside.get("mark"), beside.get("before")) and beside.get("computer") == here
    )
    mark = uuid4().hex
    _write(path, {"mark": mark, "before": in_ledger, "computer": here})
    connection.execute("INSERT OR REPLACE INTO mark (name, value) VALUES ('opened', ?)", (mark,))
    return ours


def committed(directory: Path) -> None:
    """The mark stands in the ledger now: from here on the one before belongs to a copy. A disk that does not
    take it is told by whatever is written next."""
    path = directory / FILE
    with suppress(OSError):
        _write(path, {**_read(path), "before": ""})


def _write(path: Path, value: dict[str, str]) -> None:
    with replacing(path) as file:
        file.write(json.dumps(value).encode())


def _read(path: Path) -> dict[str, str]:
    with suppress(OSError, ValueError):
        value = json.loads(path.read_bytes()[:10_000])
        if isinstance(value, dict):
            return value
    return {}
