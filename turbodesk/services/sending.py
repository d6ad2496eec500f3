"""Sends what is due: undo time that is over, a schedule whose hour has come, the next try after a failure
that surely let nothing leave; takes up interrupted batches, and looks up what is unknown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from turbodesk.errors import StoreTrouble, TurbodeskError
from turbodesk.model.outcome import Hold, SendState
from turbodesk.services import settle
from turbodesk.services.batch_run import CUT_OFF
from turbodesk.services.clock import Clock
from turbodesk.store.batches import HALF_WRITTEN, INTERRUPTED, NOT_BEGUN
from turbodesk.store.copies import COPIED
from turbodesk.store.entry import BatchState

if TYPE_CHECKING:
    from turbodesk.services.batches import BatchRuns
    from turbodesk.services.outbox import Outbox
    from turbodesk.store.entry import Batch, Entry
    from turbodesk.store.ledger import Ledger

LOCK = "sending.lock"
LATE = timedelta(minutes=10)  # what is found later than this asks before it goes
LOOK_S = 1.0  # how often the ledger is looked at for what other programs have queued
LOCK_S = 2.0  # how often a second program asks whether the first one still sends
AGAIN_S = 2.0  # after the ledger took nothing, before the same send is seen to again
LOOKS_S = 5.0  # how often unknown sends are gone through for those whose time has come
LOOKING = "look-ups"
END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)
JUMP_S = 5.0  # the time of day may drift so far from steady time before it counts as set
KNOWN_FOR = timedelta(days=7)  # so long an unknown send is looked for

TOO_LATE = "It was to go at {}, and Turbodesk was not running. Send it now, or choose another time."
CLOCK_SET = "This computer's clock was set while it waited, so it did not go by itself."

_log = logging.getLogger(__name__)

OutboxOf = Callable[[str], Awaitable["Outbox"]]
"""The outbox of a profile by its name; raises our errors where it cannot be opened."""


@dataclass(frozen=True, slots=True)
class _Wait:
    """When a send is due: by the clock, and by time that nobody can set."""

    not_before: datetime
    steady: float


class Sending:
    """The one that sends by itself over one config dir: of several programs, the first that asks.

    `run` goes on until it is cancelled. `undo_s` is the undo time that what was found waiting gets anew, so
    that a restart leaves time to think.
    """

    def __init__(
        self,
        ledger: Ledger,
        outbox_of: OutboxOf,
        config_dir: Path,
        *,
        batches: BatchRuns | None = None,
        undo_s: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        self._ledger, self._outbox_of, self._batches = ledger, outbox_of, batches
        self._lock = FileLock(config_dir / LOCK, timeout=0, mode=0o600, thread_local=False)
        self._undo_s = undo_s
        self._clock = clock or Clock()
        self._counter: int | None = None
        self._waiting: list[Entry] = []
        self._waits: dict[str, _Wait] = {}
        self._rests: dict[str, float] = {}  # until when, in steady time, a send is left alone
        self._looked: set[str] = set()
        self._began = False
        self._next_look = 0.0
        self._closed: set[str] = set()  # profiles that did not open
        self._nudged = asyncio.Event()
        self._going: dict[str, asyncio.Task[None]] = {}
        self._cut = {LOOKING}  # of what goes, what does not come to its end where this one ends

    def nudge(self) -> None:
        """Something was queued or put off: look at once."""
        self._nudged.set()

    def take_up(self, id: str) -> None:
        """Lets a batch go out from here, beside everything else."""
        if self._batches is not None and id not in self._going:
            self._cut.add(id)
            self._start(id, self._run_batch(self._batches, id))

    @property
    def owns(self) -> bool:
        """Whether it is this program that sends by itself, and no other."""
        return self._lock.is_locked

    @property
    def began(self) -> bool:
        """Whether what an earlier program left has been seen to here."""
        return self._began

    async def change_counter(self) -> int:
        """A number that is another one whenever any program has written to the ledger."""
        return await self._ledger.change_counter()

    async def queued(self) -> list[Entry]:
        """What waits in the queue and is no row of a batch, of all profiles, the newest first."""
        return await self._ledger.entries(state=SendState.QUEUED)

    async def interrupted(self) -> list[Batch]:
        """The batches of all profiles that rest though no person has paused them and no refusals stopped
        them, the newest first: they were cut off, or this outbox is a copy."""
        rests = (BatchState.PAUSED, BatchState.STOPPED)
        why = (INTERRUPTED, HALF_WRITTEN, NOT_BEGUN, CUT_OFF, COPIED)
        return [it for it in await self._ledger.batches.all() if it.state in rests and it.reason in why]

    async def is_idle(self) -> bool:
        """Whether nothing waits for a time, and nothing is leaving from here."""
        leaving = self._going.keys() - {LOOKING}
        begins = self.owns and not self._began
        return not begins and not leaving and not await self._ledger.due(END_OF_TIME)

    async def run(self) -> None:
        """Sends what is due, until cancelled; what is leaving then comes to its end first, and is cut off
        where it is cancelled once more. Where another program does it already, this one waits until that one
        has ended."""
        try:
            while not self._take_lock():  # noqa: ASYNC110 (another program's lock tells nobody when it goes)
                await asyncio.sleep(LOCK_S)
            await self._begin()
            self._began = True
            while True:
                await self._round()
                await self._rest()
        finally:
            try:
                await self._end()
            finally:
                self._lock.release()

    def _take_lock(self) -> bool:
        try:
            self._lock.acquire()
        except (Timeout, OSError):
            return False
        return True

    async def _begin(self) -> None:
        """What an earlier program left waiting: undo time is given anew, a batch cut off just now goes on."""
        now = self._clock.now()
        later = now + timedelta(seconds=self._undo_s)
        for entry in await self._ledger.due(later):
            if entry.hold is Hold.UNDO and now - _due(entry) <= LATE:
                await self._put_off(entry, Hold.UNDO, later)
        for batch in await self._ledger.batches.all():
            if (
                batch.state is BatchState.PAUSED
                and batch.reason == INTERRUPTED
                and now - batch.updated < LATE
            ):
                self.take_up(batch.id)

    async def _end(self) -> None:
        """What is leaving comes to its end, batches pause, and nothing more is looked up."""
        for id in self._going.keys() & self._cut:
            self._going[id].cancel()
        await asyncio.gather(*self._going.values(), return_exceptions=True)

    async def _round(self) -> None:
        """Everything that is due begins to leave; what is late, or whose clock was set, asks."""
        self._nudged.clear()
        counter = await self._ledger.change_counter()
        if counter != self._counter:
            self._waiting = await self._ledger.due(END_OF_TIME)
            self._counter = counter
            gone = self._waits.keys() - {entry.id for entry in self._waiting}
            for id in gone:
                del self._waits[id]
                self._rests.pop(id, None)
        for entry in self._waiting:
            if entry.id not in self._going:
                await self._see_to(entry)
        await self._look_up_some()

    async def _see_to(self, entry: Entry) -> None:
        now, steady = self._clock.now(), self._clock.steady()
        if steady < self._rests.get(entry.id, steady):
            return
        not_before = _due(entry)
        wait = self._waits.get(entry.id)
        if wait is None or wait.not_before != not_before:
            wait = _Wait(not_before, steady + (not_before - now).total_seconds())
            self._waits[entry.id] = wait
        over, by_clock = steady >= wait.steady, now >= not_before
        late = min(timedelta(seconds=steady - wait.steady), now - not_before)  # by both: clocks are set
        if late > LATE:
            when = f"{not_before.astimezone():%d %b %H:%M}"
            await self._put_off(entry, Hold.PERSON, None, TOO_LATE.format(when))
        elif entry.hold is Hold.TIME and by_clock and wait.steady - steady > JUMP_S:
            await self._put_off(entry, Hold.PERSON, None, CLOCK_SET)
        elif over and (by_clock or entry.hold is not Hold.TIME):
            self._start(entry.id, self._send(entry))

    async def _put_off(self, entry: Entry, hold: Hold, until: datetime | None, reason: str = "") -> None:
        try:
            await self._ledger.put_off(entry.id, hold, until, reason)
        except StoreTrouble:  # somebody took it meanwhile, or the disk takes nothing
            self._leave_alone(entry.id)

    def _leave_alone(self, id: str) -> None:
        """What failed and is still due is not seen to for a moment, or it would be tried without end."""
        self._rests[id] = self._clock.steady() + AGAIN_S

    async def _send(self, entry: Entry) -> None:
        try:
            outbox = await self._outbox_of(entry.profile)
            await outbox.send_again(entry.id)
        except TurbodeskError as error:
            await self._put_off(entry, Hold.PERSON, None, error.says)

    async def _run_batch(self, batches: BatchRuns, id: str) -> None:
        with suppress(StoreTrouble):  # its state says why
            await batches.run(id)

    def _start(self, id: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._going[id] = task
        task.add_done_callback(lambda done: self._on_done(id, done))

    def _on_done(self, id: str, task: asyncio.Task[None]) -> None:
        self._going.pop(id, None)
        self.nudge()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._leave_alone(id)
            _log.error("sending ended with a fault of its own: %s", type(error).__name__)

    async def _rest(self) -> None:
        """Until the next send is due, or somebody has queued something."""
        steady = self._clock.steady()
        nexts = [wait.steady - steady for id, wait in self._waits.items() if id not in self._going]
        rest_s = min([LOOK_S, *(it for it in nexts if it > 0)])
        with suppress(TimeoutError):  # not wait_for, which before 3.12 may lose a cancellation
            async with asyncio.timeout(rest_s):
                await self._nudged.wait()

    # ---- what is unknown

    async def _look_up_some(self) -> None:
        """Asks for the unknown sends whose time has come, one after the other, beside everything else."""
        if LOOKING not in self._going and self._clock.steady() >= self._next_look:
            self._next_look = self._clock.steady() + LOOKS_S
            self._start(LOOKING, self._look_up_all())

    async def _look_up_all(self) -> None:
        """Each at its time, and once after every start, however often it was looked for before."""
        now = self._clock.now()
        for entry in await self._ledger.unknown(since=now - KNOWN_FOR):
            lost = entry.lost or entry.created
            looked = entry.look_up.at if entry.look_up and entry.id in self._looked else lost
            at_s = settle.next_look((looked - lost).total_seconds())
            if at_s is not None and (now - lost).total_seconds() >= at_s:
                self._looked.add(entry.id)
                await self._look_up(entry)

    async def _look_up(self, entry: Entry) -> None:
        if entry.profile in self._closed:
            return
        try:
            outbox = await self._outbox_of(entry.profile)
        except TurbodeskError as error:  # not asked again: it may open a dialog of the key store
            self._closed.add(entry.profile)
            _log.info("%s is not looked up: %s", entry.profile, error.kind)
            return
        with suppress(TurbodeskError):  # it stays unknown, and is asked for again
            await outbox.look_up(entry.id)


def _due(entry: Entry) -> datetime:
    return entry.not_before or entry.created
