"""Sends one message for each row of a file: written down together, some at a time, paused and taken up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any

from turbodesk.errors import (
    FileTrouble,
    InvalidDraft,
    StoreTrouble,
    TurbodeskError,
)
from turbodesk.model.message import Message
from turbodesk.services.batch_run import CUT_OFF, BatchRun
from turbodesk.services.clock import Clock
from turbodesk.services.desk import API
from turbodesk.store.entry import Batch, BatchState

if TYPE_CHECKING:
    from turbodesk.services.outbox import Outbox
    from turbodesk.store.ledger import Ledger

AT_ONCE = 4  # how many rows leave at the same time where nobody says otherwise
MOST_AT_ONCE = 50
MERGED_AT_ONCE, WRITTEN_AT_ONCE = 50, 200

BY_HAND = "It was paused by hand."

OpenOutbox = Callable[[str, int], Awaitable["Outbox"]]
"""The outbox of a profile by name, keeping that many connections for a batch; raises our errors."""


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """How a batch goes out. `name` is the file's, `way` as for a single send; at `stop_at_percent` of
    refusals it stops, 0: never; `per_second` is how many may leave in a second, 0: as many as go."""

    name: str
    total: int
    way: str = API
    concurrency: int = AT_ONCE
    stop_at_percent: int = 0
    per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is. `per_second` is what left lately, `left_s` how long the rest takes at that pace;
    None where it cannot be told. While nothing may leave, `waits_s` is for how long yet, and `waits_for` why.
    """

    batch: Batch
    per_second: float | None = None
    left_s: float | None = None
    waits_s: float = 0.0
    waits_for: str = ""


class BatchRuns:
    """The batches that go out from this program."""

    def __init__(self, ledger: Ledger, open_outbox: OpenOutbox, *, clock: Clock | None = None) -> None:
        self._ledger, self._open = ledger, open_outbox
        self._clock = clock or Clock()
        self._begun: set[str] = set()
        self._runs: dict[str, BatchRun] = {}

    async def start(
        self,
        outbox: Outbox,
        plan: BatchPlan,
        rows: Iterable[tuple[int, Message]],
        *,
        id: str = "",
        draft: Mapping[str, Any] | None = None,
        confirmed: int = 0,
        filled: Callable[[int], None] = lambda count: None,
    ) -> Batch:
        """Writes all rows down; nothing is sent before `run`. `rows` are the number of a row and its message,
        asked for off the loop as they are needed; `filled` is told how many are written down. `id` is one
        that the caller has chosen, so as to find the batch again with `known`; `draft` is what the rows were
        written from, which `Outbox.batch_draft` gives back.

        Raises what a single send raises, for the first row that meets it, and then the whole batch is
        cancelled; ConfirmFirst where the profile asks for it and `confirmed` is not their number.
        """
        profile, provider = await outbox.admit(plan.way, plan.total, confirmed)
        batch = await self._ledger.batches.begin(
            profile=profile,
            provider=provider,
            name=plan.name,
            total=plan.total,
            concurrency=max(1, min(plan.concurrency, MOST_AT_ONCE)),
            stop_at_percent=plan.stop_at_percent,
            per_second=plan.per_second,
            id=id,
        )
        try:
            await self._fill(outbox, plan, iter(rows), batch, draft, filled)
        except BaseException:
            with suppress(StoreTrouble):
                await self._ledger.batches.cancel(batch[0], "Not all rows could be written down.")
            raise
        return await self._ledger.batches.batch(batch[0])

    async def _fill(
        self,
        outbox: Outbox,
        plan: BatchPlan,
        rows: Iterator[tuple[int, Message]],
        batch: tuple[str, int],
        draft: Mapping[str, Any] | None,
        filled: Callable[[int], None],
    ) -> None:
        count = 0
        while some := await asyncio.to_thread(lambda: list(islice(rows, MERGED_AT_ONCE))):
            for _, message in some:
                await outbox.check(message, plan.way)
            try:
                for start in range(0, len(some), WRITTEN_AT_ONCE):
                    part = some[start : start + WRITTEN_AT_ONCE]
                    drafts = chain([draft if not count and not start else None], repeat(None))
                    await asyncio.gather(
                        *(
                            outbox.queue_row(message, row, plan.way, batch, kept)
                            for (row, message), kept in zip(part, drafts, strict=False)
                        )
                    )
            except FileTrouble as error:
                raise InvalidDraft({"attachments": error.says}) from error
            count += len(some)
            filled(count)

    async def known(self, id: str) -> Batch | None:
        """A batch by its id, None where it was not written down, or not to its last row."""
        found = next((it for it in await self._ledger.batches.all(limit=-1) if it.id == id), None)
        whole = found is not None and found.waiting + found.finished == found.total
        return found if whole else None

    async def run(self, id: str) -> Batch:
        """Sends what waits of a batch, until it is done, paused or stopped; how it stands then comes back.

        Raises StoreTrouble where another program sends it, this one still does, or it is over. Cancelled, it
        pauses: what is just leaving comes to its end first.
        """
        if id in self._begun:
            raise StoreTrouble(
                "This batch is going out already, or what was leaving comes to its end.",
                hint="Look in the outbox how far it is, then try again.",
            )
        self._begun.add(id)
        try:
            return await self._run(id)
        finally:
            self._begun.discard(id)

    async def _run(self, id: str) -> Batch:
        batch = await self._ledger.batches.take(id)
        try:
            outbox = await self._open(batch.profile, batch.concurrency)
        except TurbodeskError as error:
            return await self._ledger.batches.end(id, BatchState.PAUSED, error.says)
        except BaseException:
            await self._ledger.batches.end(id, BatchState.PAUSED, CUT_OFF)
            raise
        run = self._runs[id] = BatchRun(self._ledger, outbox, batch, self._clock)
        try:
            return await run.go()
        finally:
            del self._runs[id]

    def goes(self, id: str) -> bool:
        """Whether a batch is going out from this program."""
        return id in self._runs

    def leaves(self, id: str) -> bool:
        """Whether further rows of a batch will leave from this program."""
        run = self._runs.get(id)
        return run is not None and not run.ended

    async def pause(self, id: str, reason: str = BY_HAND) -> Batch:
        """Lets no further row of a batch leave; what is leaving comes to its end. Where another program
        sends it, that one pauses it within moments."""
        if run := self._runs.get(id):
            run.end(BatchState.PAUSED, reason)
            return await self._ledger.batches.batch(id)
        return await self._ledger.batches.ask_pause(id, reason)

    async def cancel(self, id: str) -> Batch:
        """Cancels all rows that have not left; what has left has left. Raises StoreTrouble if it is over."""
        found = await self._ledger.batches.batch(id)
        if found.is_over and not found.waiting:
            raise StoreTrouble(
                f"This batch is {found.state}: nothing of it waits.",
                hint="What has left cannot be taken back.",
            )
        if run := self._runs.get(id):
            run.end(BatchState.CANCELLED, "")
        return await self._ledger.batches.cancel(id)

    async def batch(self, id: str) -> Batch:
        """One batch; raises StoreTrouble where there is none of that id."""
        return await self._ledger.batches.batch(id)

    async def all(self, profile: str | None = None) -> list[Batch]:
        """The newest first, of all profiles or of one."""
        return await self._ledger.batches.all(profile=profile)

    def progress(self, batch: Batch) -> Progress:
        """How far a batch is, with the time left where it goes out from here."""
        run = self._runs.get(batch.id)
        if run is None:
            return Progress(batch)
        if (waits_s := run.waits_s()) > 0:
            return Progress(batch, waits_s=waits_s, waits_for=run.waits_for)
        pace = run.pace()
        return Progress(batch, pace, batch.waiting / pace if pace else None)
