"""One batch on its way out: some rows at a time, at its pace, until it is through or somebody must look."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from turbodesk.errors import (
    FileTrouble,
    Guarded,
    InvalidDraft,
    NoConnection,
    StoreTrouble,
    Throttled,
    TurbodeskError,
)
from turbodesk.model.message import Message
from turbodesk.model.outcome import Hold, SendState
from turbodesk.services.clock import Clock
from turbodesk.services.outbox import BUSY_S, FIRST_TRY_S, LONGEST_WAIT_S
from turbodesk.store.entry import Batch, BatchState

if TYPE_CHECKING:
    from turbodesk.services.outbox import Outbox
    from turbodesk.store.entry import Entry
    from turbodesk.store.ledger import Ledger

FEWEST_JUDGED = 20  # so many rows have an outcome before a share of refusals says anything
MOST_PUT_OFF = 3  # so often a row is put off because of its recipient, then a person looks at it
SILENT_IN_A_ROW = 5  # so many rows without an answer, one behind the other, and somebody must look
WATCHED_S = 0.5  # how often it is asked whether another program has paused it
LAST_SENDS_S = 5.0  # how long a pause waits for what is leaving
TRIED_FOR_S = 24 * 3600.0

CUT_OFF = "Turbodesk was closed while this was going out."
SILENCE = "The last {} rows got no answer. Look them up before going on, or people may get it twice."
TOO_MANY_REFUSED = "{} of {} rows were refused, which is {} %, and it was to stop at {} %."
ROW_WAITS = "1 row could not be sent and waits for you."
ROWS_WAIT = "{} rows could not be sent and wait for you."


class _Turn:
    """One row's turn to leave, of so many at once: over with the answer, while that is still written down."""

    def __init__(self, turns: asyncio.Semaphore) -> None:
        self._turns, self._mine = turns, False

    async def begin(self) -> None:
        self._mine = await self._turns.acquire()

    def end(self) -> None:
        if self._mine:
            self._mine = False
            self._turns.release()


class BatchRun:
    """One batch on its way out.

    So many rows may be leaving at once, and there are twice as many workers: while some rows leave, others
    have their outcome written down, or are taken from the ledger. The outcome stands in line in front of
    the wire mark of whoever has its turn next, so both may share a commit, and never does the mark come
    first.
    """

    def __init__(self, ledger: Ledger, outbox: Outbox, batch: Batch, clock: Clock) -> None:
        self._ledger, self._outbox, self._batch, self._clock = ledger, outbox, batch, clock
        self._state, self._reason = BatchState.DONE, ""
        self._ended = asyncio.Event()
        self._turns = asyncio.Semaphore(batch.concurrency)
        self._taken: deque[tuple[Entry, Message]] = deque()  # taken from the ledger together: one commit
        self._taking = asyncio.Lock()
        self._reached = 0  # the row that was taken last
        self._none_left = False
        self._not_before = 0.0  # steady time; nothing leaves before, because the provider or the line said so
        self._waits = 0
        self._lost_since: float | None = None
        self.waits_for = ""
        self._put_off: dict[str, int] = {}  # how often a row was put off because of its recipient
        self._held: dict[str, str] = {}  # rows that go on only by hand, and why
        self._again = False  # whether rows that were put back are gone through
        self._refused = self._settled = 0  # since somebody let it go on
        self._silent = 0
        self._next_at = 0.0
        self._lately: deque[float] = deque(maxlen=200)

    def end(self, state: BatchState, reason: str) -> None:
        """No further row leaves."""
        if not self._ended.is_set():
            self._state, self._reason = state, reason
            self._ended.set()

    @property
    def ended(self) -> bool:
        """Whether no further row leaves."""
        return self._ended.is_set()

    def waits_s(self) -> float:
        """For how many seconds nothing may leave, because the provider or the line said so."""
        return self._not_before - self._clock.steady()

    def pace(self) -> float | None:
        """Rows a second, of the last ones; None while too few are through."""
        if len(self._lately) < 2:
            return None
        span_s = self._clock.steady() - self._lately[0]
        return (len(self._lately) - 1) / span_s if span_s > 0 else None

    async def go(self) -> Batch:
        workers = [asyncio.create_task(self._work()) for _ in range(2 * self._batch.concurrency)]
        watch = asyncio.create_task(self._watch())
        try:
            return await self._until_over(workers)
        finally:
            watch.cancel()

    async def _until_over(self, workers: list[asyncio.Task[None]]) -> Batch:
        try:
            await asyncio.wait(workers)
        except asyncio.CancelledError:
            self.end(BatchState.PAUSED, CUT_OFF)
            await self._let_end(workers)
            await self._close()
            raise
        for worker in workers:
            if not worker.cancelled() and (error := worker.exception()) is not None:
                self.end(BatchState.PAUSED, str(error))
                await self._close()
                raise error
        return await self._close()

    async def _watch(self) -> None:
        """Ends it where another program has paused or cancelled it."""
        with suppress(StoreTrouble):  # who sends meets it too, and ends with it
            while not self._ended.is_set():
                await asyncio.sleep(WATCHED_S)
                state, reason = await self._ledger.batches.stands(self._batch.id)
                if state is not BatchState.RUNNING:
                    self.end(state, reason)

    async def _close(self) -> Batch:
        """What was taken and not begun is given back; how the batch stands then."""
        await asyncio.gather(*(self._outbox.release(entry.id) for entry, _ in self._taken))
        reason = self._reason
        if self._state is BatchState.DONE:
            waiting = (await self._ledger.batches.batch(self._batch.id)).waiting
            if waiting:
                reason = ROW_WAITS if waiting == 1 else ROWS_WAIT.format(waiting)
        if self._state is BatchState.CANCELLED:
            return await self._ledger.batches.cancel(self._batch.id)
        return await self._ledger.batches.end(self._batch.id, self._state, reason)

    async def _let_end(self, workers: list[asyncio.Task[None]]) -> None:
        """What is leaving comes to its end where it can within a few seconds; the rest is cut off."""
        with suppress(asyncio.CancelledError):
            await asyncio.wait(workers, timeout=LAST_SENDS_S)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while (row := await self._next_row()) is not None and await self._send(*row):
                pass
        except TurbodeskError as error:
            self.end(BatchState.PAUSED, error.says)

    async def _next_row(self) -> tuple[Entry, Message] | None:
        """The next row that waits; None where there is none, or none may leave any more."""
        while not self._ended.is_set():
            if self._taken:
                return self._taken.popleft()
            async with self._taking:
                if not self._taken and not await self._take():
                    return None
        return None

    async def _take(self) -> bool:
        """Takes some rows; where none can be taken, those that were taken before still leave."""
        if self._none_left:
            return False
        claimed = self._outbox.claim_rows
        try:
            found = await claimed(self._batch.id, self._batch.concurrency, after=self._reached)
            if not found and self._reached:  # what was put back stands in front
                found = await claimed(self._batch.id, self._batch.concurrency)
                self._again = True
        except TurbodeskError as error:
            self._state, self._reason, self._none_left = BatchState.PAUSED, error.says, True
            return False
        self._reached = found[-1][0].row if found else 0
        self._taken += found
        return bool(found)

    async def _send(self, entry: Entry, message: Message) -> bool:
        """Sends a row when its turn has come; False where none may leave any more."""
        turn, leaves = _Turn(self._turns), False

        def on_end(state: SendState) -> None:
            self._judge(entry.id, state)
            turn.end()

        try:
            await turn.begin()
            leaves = await self._may_leave()
            if leaves:
                await self._send_or_hold(entry, message, on_end)
            return leaves
        finally:
            turn.end()
            if not leaves:
                self._taken.append((entry, message))  # given back with the others

    async def _send_or_hold(
        self, entry: Entry, message: Message, on_end: Callable[[SendState], None]
    ) -> None:
        """Sends a row; one that stands against a guard itself, or was put off too often, waits for a person
        while the others go on."""
        try:
            await self._outbox.send_claimed(entry, message, on_end)
        except Guarded as error:
            if not error.addresses:
                raise
            self._held[entry.id] = error.says
        if why := self._held.pop(entry.id, ""):
            with suppress(StoreTrouble):  # another worker took it meanwhile, and meets the same
                await self._ledger.put_off(entry.id, Hold.PERSON, None, why)

    async def _may_leave(self) -> bool:
        """Waits as long as the provider, the line or the pace asks for; False where it ended meanwhile."""
        while not self._ended.is_set():
            now = self._clock.steady()
            paced = now >= self._not_before  # else the pace is asked once that is over
            if self._batch.per_second and paced:
                at = max(now, self._next_at)
                self._next_at = at + 1 / self._batch.per_second
            else:
                at = self._not_before
            if at <= now:
                return True
            with suppress(TimeoutError):  # not wait_for, which before 3.12 may lose a cancellation
                async with asyncio.timeout(at - now):
                    await self._ended.wait()
                return False
            if paced and self._clock.steady() >= self._not_before:
                return True
        return False

    def _judge(self, id: str, state: SendState) -> None:
        """What the outcome of a row means for the others; it is not written down yet."""
        if state is SendState.QUEUED:
            self._on_put_back(id)
            return
        self._waits, self._lost_since = 0, None
        self._settled += 1
        self._lately.append(self._clock.steady())
        self._silent = self._silent + 1 if state is SendState.UNKNOWN else 0
        self._refused += state is SendState.REFUSED
        if self._silent >= SILENT_IN_A_ROW:
            self.end(BatchState.PAUSED, SILENCE.format(self._silent))
        stop = self._batch.stop_at_percent
        judged = max(self._settled, min(FEWEST_JUDGED, self._batch.waiting))
        if stop and self._refused * 100 >= stop * judged and self._refused:
            share = math.floor(self._refused * 100 / self._settled)
            reason = TOO_MANY_REFUSED.format(self._refused, self._settled, share, stop)
            self.end(BatchState.STOPPED, reason)

    def _on_put_back(self, id: str) -> None:
        """A row that surely was not taken: it waits for its batch again where that helps, which then waits
        too; else the batch pauses, or the row waits for a person."""
        failure, now = self._outbox.failure(id), self._clock.steady()
        if isinstance(failure, Throttled) and failure.of_recipient:
            tries = self._put_off[id] = self._put_off.get(id, 0) + 1
            if tries >= MOST_PUT_OFF:
                self._held[id] = failure.says
                return
            wait_s = BUSY_S if self._again else 0.0  # the others go first
        elif isinstance(failure, Throttled):
            wait_s = BUSY_S if failure.retry_after_s is None else failure.retry_after_s
        elif isinstance(failure, NoConnection) and not self._outbox.left(id):
            self._lost_since = now if self._lost_since is None else self._lost_since
            if now - self._lost_since > TRIED_FOR_S:
                self.end(BatchState.PAUSED, failure.says)
            wait_s = min(FIRST_TRY_S * 2.0 ** min(self._waits, 20), LONGEST_WAIT_S)
            if now >= self._not_before:  # one failure counts once, however many rows met it together
                self._waits += 1
        elif isinstance(failure, InvalidDraft | FileTrouble):
            return
        else:
            self.end(BatchState.PAUSED, failure.says if failure else "")
            return
        if wait_s:
            self._not_before, self.waits_for = max(self._not_before, now + wait_s), failure.says
