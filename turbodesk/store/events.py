"""What services posted to the receiver: each event once, in a file of its own beside the ledger."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from turbodesk.errors import StoreTrouble
from turbodesk.model.event import WebhookEvent
from turbodesk.store.database import Database, Migration
from turbodesk.store.entry import microseconds, moment
from turbodesk.store.writer import Kind, Writer

EVENTS_FILE = "events.sqlite"
APPLICATION_ID = 0x54444B45  # "TDKE"

# Times are microseconds since 1970, UTC. What has been received is never changed.
_FIRST: Migration = (
    """CREATE TABLE event (
        number INTEGER PRIMARY KEY,
        received INTEGER NOT NULL,
        service TEXT NOT NULL,
        identity TEXT NOT NULL,
        kind TEXT NOT NULL,
        message_id TEXT NOT NULL,
        recipient TEXT NOT NULL,
        at INTEGER,
        word TEXT NOT NULL,
        key TEXT NOT NULL,
        campaign TEXT NOT NULL,
        subject TEXT NOT NULL,
        words TEXT NOT NULL,
        url TEXT NOT NULL,
        ip TEXT NOT NULL,
        user_agent TEXT NOT NULL,
        raw TEXT NOT NULL,
        UNIQUE (service, identity)
    )""",
)
MIGRATIONS: tuple[Migration, ...] = (_FIRST,)

_FIELDS = (
    "service", "identity", "kind", "message_id", "recipient", "at", "word", "key", "campaign", "subject",
    "words", "url", "ip", "user_agent", "raw",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO event (received, {', '.join(_FIELDS)}) VALUES (?{', ?' * len(_FIELDS)})"  # noqa: S608
    " ON CONFLICT (service, identity) DO NOTHING"
)
_SELECT = f"SELECT number, received, {', '.join(_FIELDS)} FROM event"  # noqa: S608

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Received:
    """An event as it was written down: `number` counts up from 1, in the order in which they came."""

    number: int
    received: datetime
    event: WebhookEvent


class Events:
    """The events of one config dir. Many programs may have them open at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = Writer(database, database.connect(write=True))
        self._reading = database.connect(write=False)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="events-reader")
        self._closed = False

    @classmethod
    def open(cls, directory: Path) -> Events:
        """Opens those of `directory`, making the file where there is none. Blocks; raises StoreTrouble."""
        database = Database(directory / EVENTS_FILE, APPLICATION_ID, MIGRATIONS)
        with database.exclusive():
            database.prepare()
            return cls(database)

    def close(self) -> None:
        """Finishes what was asked for and lets go. Blocks."""
        self._closed = True
        self._writer.close()
        self._reader.shutdown()
        self._reading.close()

    async def keep(self, events: Sequence[WebhookEvent]) -> int:
        """Writes them down, all or none; how many of them were new comes back once they are on the disk.

        What was received before is left as it is. Raises StoreTrouble.
        """
        if self._closed:
            raise _closed()
        now = time.time_ns() // 1_000
        return await self._writer.submit(_KEEP, [_row(event, now) for event in events]).written()

    async def page(self, after: int = 0, limit: int = 100) -> list[Received]:
        """At most so many of those that came after the one of that number, oldest first."""
        return await self._rows("WHERE number > ? ORDER BY number LIMIT ?", (after, limit))

    async def last(self, count: int) -> list[Received]:
        """At most so many of those that came last, oldest first."""
        return (await self._rows("ORDER BY number DESC LIMIT ?", (count,)))[::-1]

    async def count(self) -> int:
        """How many there are in all."""
        return await self._read(lambda c: int(c.execute("SELECT count(*) FROM event").fetchone()[0]))

    async def _rows(self, where: str, values: tuple[int, ...]) -> list[Received]:
        return await self._read(lambda c: [_received(row) for row in c.execute(f"{_SELECT} {where}", values)])

    async def _read(self, look: Callable[[sqlite3.Connection], T]) -> T:
        def reading() -> T:
            try:
                return look(self._reading)
            except sqlite3.Error as error:
                raise self._database.trouble(error) from error

        if self._closed:
            raise _closed()
        return await asyncio.get_running_loop().run_in_executor(self._reader, reading)


def _closed() -> StoreTrouble:
    return StoreTrouble("The file of events is closed already.", hint="Start Turbodesk again.")


def _row(event: WebhookEvent, now: int) -> tuple[object, ...]:
    values = {field: getattr(event, field) for field in _FIELDS}
    return now, *{**values, "at": None if event.at is None else microseconds(event.at)}.values()


def _received(row: tuple[object, ...]) -> Received:
    number, received, *values = row
    fields = dict(zip(_FIELDS, values, strict=True))
    at = fields["at"]
    fields["at"] = moment(at) if isinstance(at, int) else None
    return Received(int(str(number)), moment(int(str(received))), WebhookEvent(**fields))  # type: ignore[arg-type]


def _insert(connection: sqlite3.Connection, jobs: list[list[tuple[object, ...]]]) -> list[int]:
    with closing(connection.cursor()) as cursor:
        return [cursor.executemany(_INSERT, rows).rowcount for rows in jobs]


_KEEP: Kind[list[tuple[object, ...]], int] = Kind(0, _insert)
