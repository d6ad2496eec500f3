"""One thread that writes: what many ask for at once goes into one transaction, and is on the disk before
anybody is told."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar, cast

from turbodesk.errors import StoreTrouble
from turbodesk.store.database import Database

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
"""What is done inside a transaction. It may run again after its transaction was taken back."""

_AT_ONCE = 256


@dataclass(slots=True)
class Job(Generic[T]):
    """Work that stands in line, and what came of it."""

    work: Work[T]
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
        return await self.submit(work).written()

    def submit(self, work: Work[T]) -> Job[T]:
        """Puts `work` in line, in front of whatever is asked for later. Raises StoreTrouble where closed."""
        loop = asyncio.get_running_loop()
        job = Job(work, loop, loop.create_future())
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
        going_on = True
        while going_on:
            jobs = [self._jobs.get()]
            with suppress(Empty):
                while len(jobs) < _AT_ONCE:
                    jobs.append(self._jobs.get_nowait())
            batch = [job for job in jobs if job is not None]
            going_on = len(batch) == len(jobs)
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
            for job in batch:
                job.result = job.work(self._connection)
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
