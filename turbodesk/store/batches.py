"""Batches in the ledger: one message for each row of a file, written down together, going out together."""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from turbodesk.errors import StoreTrouble
from turbodesk.model.outcome import SendState
from turbodesk.store.entry import Batch, BatchState, moment

T = TypeVar("T")

HALF_WRITTEN = "Turbodesk ended before all rows were written down. Nothing of it was sent."
NOT_BEGUN = "Turbodesk was closed before the first letter left. Nothing of it was sent."
INTERRUPTED = "Turbodesk ended while this was going out. What has left has left; the rest waits."

_SELECT = (
    "SELECT number, id, profile, provider, name, created, updated, state, reason, concurrency, "
    "stop_at_percent, per_second, total FROM batch "
)


class Run(Protocol):
    """Does a piece of work with the ledger open, off the loop; raises StoreTrouble."""

    async def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> T: ...


class Batches:
    """The batches of one ledger. `write` runs a step in a transaction, `read` asks."""

    def __init__(self, write: Run, read: Run, instance: str) -> None:
        self._write, self._read, self._instance = write, read, instance

    async def begin(
        self,
        *,
        profile: str,
        provider: str,
        name: str,
        total: int,
        concurrency: int,
        stop_at_percent: int,
        per_second: float,
        id: str = "",
    ) -> tuple[str, int]:
        """A new batch whose rows are being written down, by an id of its own or the one that was chosen for
        it; its id and its number for `Ledger.queue_row`."""
        id, now = id or uuid4().hex, _now()
        values = (
            id,
            profile,
            provider,
            name,
            now,
            now,
            self._instance,
            concurrency,
            stop_at_percent,
            per_second,
            total,
        )

        def work(connection: sqlite3.Connection) -> int:
            connection.execute(
                "INSERT INTO batch (id, profile, provider, name, created, updated, state, keeper, "
                "concurrency, stop_at_percent, per_second, total) "
                "VALUES (?, ?, ?, ?, ?, ?, 'filling', ?, ?, ?, ?, ?)",
                values,
            )
            return int(connection.execute("SELECT number FROM batch WHERE id = ?", (id,)).fetchone()[0])

        return id, await self._write(work)

    async def take(self, id: str) -> Batch:
        """Makes this program the one that sends a batch; raises StoreTrouble where another one does, or where
        nothing of it may go out any more. A batch that was being written down must be complete."""

        def work(connection: sqlite3.Connection) -> Batch:
            batch = batch_of(connection, id)
            keeper = connection.execute("SELECT keeper FROM batch WHERE id = ?", (id,)).fetchone()[0]
            if batch.state is BatchState.RUNNING and keeper not in ("", self._instance):
                raise StoreTrouble(
                    "Another Turbodesk is sending this batch.", hint="Look in its outbox how far it is."
                )
            if batch.is_over:
                raise StoreTrouble(f"This batch is {batch.state}.", hint=_another(batch))
            if batch.waiting + batch.finished != batch.total:
                raise StoreTrouble(
                    "Not all rows of this batch were written down.",
                    hint="Discard it, and send the file as a new batch.",
                )
            _move(connection, id, BatchState.RUNNING, "", self._instance)
            return batch_of(connection, id)

        return await self._write(work)

    async def end(self, id: str, state: BatchState, reason: str = "") -> Batch:
        """A batch pauses, stops, or is done. Rows that wait stay queued. One that another program has taken
        up meanwhile stays as it is."""

        def work(connection: sqlite3.Connection) -> Batch:
            before = batch_of(connection, id)
            keeper = connection.execute("SELECT keeper FROM batch WHERE id = ?", (id,)).fetchone()[0]
            if before.is_over or keeper not in ("", self._instance):
                return before
            _move(connection, id, state, reason, "")
            return batch_of(connection, id)

        return await self._write(work)

    async def ask_pause(self, id: str, reason: str) -> Batch:
        """Asks the program that sends a batch to pause it; nothing is changed where none does."""

        def work(connection: sqlite3.Connection) -> Batch:
            connection.execute(
                "UPDATE batch SET state = 'paused', reason = ?, updated = ? "
                "WHERE id = ? AND state = 'running'",
                (reason, _now(), id),
            )
            return batch_of(connection, id)

        return await self._write(work)

    async def cancel(self, id: str, reason: str = "") -> Batch:
        """Nothing more of it goes out: what waits is cancelled, what is leaving comes to its end. One that is
        done stays so."""

        def work(connection: sqlite3.Connection) -> Batch:
            before = batch_of(connection, id)
            if before.state is BatchState.DONE and not before.waiting:
                return before
            connection.execute(
                "UPDATE message SET state = 'cancelled', reason = '', hold = 'person', not_before = NULL, "
                "updated = ? WHERE state = 'queued' AND batch = (SELECT number FROM batch WHERE id = ?)",
                (_now(), id),
            )
            over = BatchState.DONE if before.state is BatchState.DONE else BatchState.CANCELLED
            _move(connection, id, over, reason, "")
            return batch_of(connection, id)

        return await self._write(work)

    async def waiting(self, id: str, after: int, limit: int) -> list[tuple[int, str]]:
        """The next rows that wait for their batch: number of the row and id, in the order of the file."""

        def work(connection: sqlite3.Connection) -> list[tuple[int, str]]:
            return connection.execute(
                'SELECT "row", id FROM message WHERE batch = (SELECT number FROM batch WHERE id = ?) '
                "AND state = 'queued' AND hold = 'batch' AND \"row\" > ? ORDER BY \"row\" LIMIT ?",
                (id, after, limit),
            ).fetchall()

        return await self._read(work)

    async def stands(self, id: str) -> tuple[BatchState, str]:
        """The state of a batch and the reason; its rows are not counted."""

        def work(connection: sqlite3.Connection) -> tuple[BatchState, str]:
            row = connection.execute("SELECT state, reason FROM batch WHERE id = ?", (id,)).fetchone()
            return BatchState(row[0]), row[1]

        return await self._read(work)

    async def batch(self, id: str) -> Batch:
        """One batch; raises StoreTrouble where there is none of that id."""
        return await self._read(lambda connection: batch_of(connection, id))

    async def all(self, *, profile: str | None = None, limit: int = 200) -> list[Batch]:
        """The newest first, of all profiles or of one."""

        def work(connection: sqlite3.Connection) -> list[Batch]:
            where, values = ("", ()) if profile is None else ("WHERE profile = ? ", (profile,))
            rows = connection.execute(
                _SELECT + where + "ORDER BY number DESC LIMIT ?", (*values, limit)
            ).fetchall()
            return _batches(connection, rows)

        return await self._read(work)


def _another(batch: Batch) -> str:
    """What to do where nothing of a batch may go any more: most of it may have arrived."""
    left = batch.total - batch.counts.get(SendState.CANCELLED, 0)
    if not left:
        return "Nothing of it has left: send the file as a new batch."
    if left == batch.total:
        return "All its rows have left. A new batch of the same file would write to everybody again."
    return (
        f"{left:,} of its {batch.total:,} rows have left. To write to the others, take those out of the file "
        "and send it as a new batch."
    )


def batch_of(connection: sqlite3.Connection, id: str) -> Batch:
    """One batch with its counts."""
    found = _batches(connection, connection.execute(_SELECT + "WHERE id = ?", (id,)).fetchall())
    if not found:
        raise StoreTrouble(
            "There is no such batch in the outbox.", hint="Look at the outbox again.", detail=id
        )
    return found[0]


def recover(connection: sqlite3.Connection, alive: Iterable[str], now: int) -> None:
    """Batches of programs that have ended: those half written down are stopped, those that were to leave in a
    moment wait for a person, the others are paused as of when the last of their rows began to leave."""
    living = set(alive)
    rows = connection.execute(
        "SELECT id, state, keeper FROM batch WHERE state IN ('filling', 'running')"
    ).fetchall()
    for id, state, keeper in rows:
        if keeper in living:
            continue
        half = state == BatchState.FILLING
        batch = batch_of(connection, id)
        if not half and not batch.waiting:
            _move(connection, id, BatchState.DONE, "", "", now)
        elif half and batch.waiting == batch.total:
            _move(connection, id, BatchState.PAUSED, NOT_BEGUN, "", now)
        elif half:
            _move(connection, id, BatchState.STOPPED, HALF_WRITTEN, "", now)
        else:
            _move(connection, id, BatchState.PAUSED, INTERRUPTED, "", _last_begun(connection, id) or now)


def _last_begun(connection: sqlite3.Connection, id: str) -> int:
    row = connection.execute(
        "SELECT max(started) FROM attempt WHERE message IN "
        "(SELECT message.number FROM message JOIN batch ON batch.number = message.batch WHERE batch.id = ?)",
        (id,),
    ).fetchone()
    return int(row[0] or 0)


def _move(
    connection: sqlite3.Connection, id: str, state: BatchState, reason: str, keeper: str, now: int = 0
) -> None:
    connection.execute(
        "UPDATE batch SET state = ?, reason = ?, keeper = ?, updated = ? WHERE id = ?",
        (state, reason, keeper, now or _now(), id),
    )


def _batches(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> list[Batch]:
    counts: defaultdict[int, dict[SendState, int]] = defaultdict(dict)
    subjects: dict[int, str] = {}
    for number, *_ in rows:
        first = connection.execute(
            'SELECT subject FROM message WHERE batch = ? ORDER BY "row" LIMIT 1', (number,)
        ).fetchone()
        subjects[number] = str(first[0]) if first else ""
        for state, count in connection.execute(
            "SELECT state, count(*) FROM message WHERE batch = ? GROUP BY state", (number,)
        ):
            counts[number][SendState(state)] = count
    return [_batch(row, counts[row[0]], subjects[row[0]]) for row in rows]


def _batch(row: tuple[Any, ...], counts: dict[SendState, int], subject: str) -> Batch:
    _, id, profile, provider, name, created, updated, state, reason, *numbers = row
    concurrency, stop_at_percent, per_second, total = numbers
    return Batch(
        id=id,
        profile=profile,
        provider=provider,
        name=name,
        created=moment(created),
        updated=moment(updated),
        state=BatchState(state),
        reason=reason,
        concurrency=concurrency,
        stop_at_percent=stop_at_percent,
        per_second=per_second,
        total=total,
        counts=counts,
        subject=subject,
    )


def _now() -> int:
    return time.time_ns() // 1000
