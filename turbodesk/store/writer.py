"""One thread that writes: what many ask for at once goes into one transaction, and is on the disk before
anybody is told."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar, cast

from turbodesk.errors import StoreTrouble
from turbodesk.store.database import Database

A = TypeVar("A")
T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
"""What is done inside a transaction. It may run again after its transaction was taken back."""

_AT_ONCE = 256
_CROWD = (
    8  # after so many in one commit it pays to wait a little for more: a commit costs as much as ten jobs
)
_REST_S = 0.002


@dataclass(slots=True, eq=False)
class Kind(Generic[A, T]):
    """Work that is done for many in one go: `run` gets all arguments and gives a result for each.

    In one transaction kinds are run by their `order`, whoever asked first. Where `run` raises, the
    transaction is taken back and each argument is tried for itself.
    """

    order: int
    run: Callable[[sqlite3.Connection, list[A]], Sequence[T]]


@dataclass(slots=True)
class Job(Generic[T]):
    """Work that stands in line, and what came of it."""

    kind: Kind[Any, T]
    argument: Any
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[T]
    result: T | None = None
    error: Exception | None = None
    told: bool = False

    async def written(self) -> T:
        """What the work gave, once it is on the disk; a CancelledError comes after that, see Writer.run."""
        try:
            return await self.done
        except asyncio.CancelledError:
            while not self.told:
                self.done = self.loop.create_future()
                with suppress(asyncio.CancelledError, Exception):
                    await self.done
            raise

    def tell(self) -> None:
        """Lets those know who wait for it."""
        self.told = True
        if self.done.done():
            return
        if self.error is not None:
            self.done.set_exception(self.error)
            self.done.exception()  # nobody has to ask
        else:
            self.done.set_result(cast(T, self.result))


def _one_by_one(connection: sqlite3.Connection, works: list[Work[Any]]) -> list[Any]:
    return [work(connection) for work in works]


_ANY: Kind[Work[Any], Any] = Kind(9, _one_by_one)


def closed() -> StoreTrouble:
    """What is told who asks a closed ledger."""
    return StoreTrouble("The outbox is closed already.", hint="Start Turbodesk again.")


class Writer:
    """Everything that changes the ledger goes through here, in the order in which it was asked for."""

    def __init__(self, database: Database, connection: sqlite3.Connection) -> None:
        self._database = database
        self._connection = connection
        self._jobs: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._write, name="ledger-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Work[T]) -> T:
        """Does `work` and commits it; what it gives comes back once that is on the disk.

        Who is cancelled meanwhile gets the CancelledError after that, never before: it is known then
        whether it was written. Raises StoreTrouble.
        """
        return cast(T, await self.submit(_ANY, work).written())

    def submit(self, kind: Kind[A, T], argument: A) -> Job[T]:
        """Puts work in line. Raises StoreTrouble where closed."""
        loop = asyncio.get_running_loop()
        job: Job[T] = Job(kind, argument, loop, loop.create_future())
        with self._lock:
            if self._closed:
                raise closed()
            self._jobs.put(job)
        return job

    def close(self) -> None:
        """Finishes what was asked for, and closes the connection. Blocks."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        self._connection.close()

    def _write(self) -> None:
        going_on, crowd = True, 0
        while going_on:
            jobs = [self._jobs.get()]
            if crowd >= _CROWD:
                time.sleep(_REST_S)
            with suppress(Empty):
                while len(jobs) < _AT_ONCE:
                    jobs.append(self._jobs.get_nowait())
            batch = [job for job in jobs if job is not None]
            going_on, crowd = len(batch) == len(jobs), len(batch)
            if batch:
                self._commit(batch)
                _tell(batch)

    def _commit(self, batch: list[Job[Any]]) -> None:
        """All together; where one of them fails, each for itself, so that one spoils nothing for others."""
        failed = self._together(batch)
        if failed and len(batch) > 1:
            for job in batch:
                job.error = None
                self._together([job])

    def _together(self, batch: list[Job[Any]]) -> bool:
        """Whether the work of one of them failed; then nothing of the batch is written."""
        at_work = False
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            at_work = True
            for kind, jobs in _by_kind(batch):
                results = kind.run(self._connection, [job.argument for job in jobs])
                for job, result in zip(jobs, results, strict=True):
                    job.result = result
            at_work = False
            self._connection.execute("COMMIT")
        except Exception as error:  # whatever it is, it belongs to those who wait
            with suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            for job in batch:
                job.error = self._told(error)
            return at_work
        return False

    def _told(self, error: Exception) -> Exception:
        if isinstance(error, sqlite3.IntegrityError):
            return StoreTrouble(
                "The outbox refused a change that must not happen.",
                hint="Nothing was changed by it. This is a fault of Turbodesk: please report it.",
                detail=str(error),
            )
        return self._database.trouble(error) if isinstance(error, sqlite3.Error) else error


def _by_kind(batch: list[Job[Any]]) -> list[tuple[Kind[Any, Any], list[Job[Any]]]]:
    found: dict[Kind[Any, Any], list[Job[Any]]] = {}
    for job in batch:
        found.setdefault(job.kind, []).append(job)
    return sorted(found.items(), key=lambda item: item[0].order)


def _tell(batch: list[Job[Any]]) -> None:
    loops: dict[int, list[Job[Any]]] = {}
    for job in batch:
        loops.setdefault(id(job.loop), []).append(job)
    for jobs in loops.values():
        with suppress(RuntimeError):  # its loop is closed: nobody waits any more
            jobs[0].loop.call_soon_threadsafe(_tell_here, jobs)


def _tell_here(jobs: list[Job[Any]]) -> None:
    for job in jobs:
        job.tell()
