"""What sends by itself neither hurries where nothing can be written down, nor leaves anything behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

from filelock import FileLock

from tests.services.scripted import message, until
from tests.services.test_sending import Stage, on_stage
from turbodesk.errors import NoConnection, OutcomeUnknown, StoreTrouble
from turbodesk.model.lookup import Found, Sought
from turbodesk.model.message import Message
from turbodesk.model.outcome import Hold, SendState
from turbodesk.services.batch_run import CUT_OFF
from turbodesk.services.batches import BatchPlan, BatchRuns
from turbodesk.services.outbox import Outbox
from turbodesk.services.sending import AGAIN_S, LOCK, Sending
from turbodesk.store.entry import BatchState

DAY_S = 24 * 3600.0


class Batched:
    """A batch of six, and the one that sends it beside what is due."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.opened = stage, 0
        self.may_open, self.answer = asyncio.Event(), asyncio.Event()
        self.runs = BatchRuns(stage.ledger, self.outbox_of)
        self.sending = Sending(
            stage.ledger, stage.outbox_of, stage.directory, batches=self.runs, clock=stage.clock
        )
        stage.provider.after = lambda it: self.answered

    async def answered(self, _message: Message) -> None:
        await self.answer.wait()

    async def outbox_of(self, _name: str, _slots: int) -> Outbox:
        self.opened += 1
        await self.may_open.wait()
        return self.stage.outbox

    async def filled(self) -> str:
        rows = [(row, message(f"row{row}@example.com")) for row in range(1, 7)]
        plan = BatchPlan("list.csv", len(rows), concurrency=2)
        return (await self.runs.start(self.stage.outbox, plan, rows)).id


def test_a_disk_that_takes_nothing_is_not_asked_without_end(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        entry = await stage.outbox.queue(message(), hold=Hold.UNDO, not_before=stage.clock.later(1))
        async with stage.running() as sending:
            await until(lambda: sending.began)
            stage.clock.let_pass(5)
            full = StoreTrouble("ledger.sqlite cannot be written: the disk is full.")
            asked: list[str] = []

            async def refuse(id: str, *_more: object) -> None:
                asked.append(id)
                raise full

            claim, put_off = stage.ledger.claim, stage.ledger.put_off
            stage.ledger.claim = stage.ledger.put_off = refuse  # type: ignore[assignment, method-assign]
            sending.nudge()
            await until(lambda: len(asked) == 2)
            await stage.rounds(sending, 10)
            assert asked == [entry.id] * 2, "once to take it, once to let it wait"
            stage.ledger.claim, stage.ledger.put_off = claim, put_off  # type: ignore[method-assign]
            stage.clock.let_pass(AGAIN_S)
            sending.nudge()
            await stage.is_(entry.id, SendState.ACCEPTED)

    on_stage(tmp_path, play)


def test_a_batch_pauses_with_its_window_though_another_program_sends_what_is_due(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        it = Batched(stage)
        it.may_open.set()
        id = await it.filled()
        with FileLock(stage.directory / LOCK, timeout=0):
            running = asyncio.create_task(it.sending.run())
            it.sending.take_up(id)
            await until(lambda: len(stage.provider.sent) == 2)
            assert not it.sending.owns
            running.cancel()
            it.answer.set()
            await asyncio.gather(running, return_exceptions=True)
        batch = await it.runs.batch(id)
        assert (batch.state, batch.reason) == (BatchState.PAUSED, CUT_OFF)
        assert batch.counts.get(SendState.SENDING, 0) == 0
        assert batch.counts[SendState.ACCEPTED] == len(stage.provider.sent)

    on_stage(tmp_path, play)


def test_a_batch_that_is_just_being_opened_does_not_begin_once_it_ends(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        it = Batched(stage)
        it.answer.set()
        id = await it.filled()
        running = asyncio.create_task(it.sending.run())
        it.sending.take_up(id)
        it.sending.take_up(id)
        await until(lambda: it.opened > 0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert it.opened == 1, "taken up twice it goes out once"
        assert (await it.runs.batch(id)).state is BatchState.PAUSED and stage.provider.sent == []

    on_stage(tmp_path, play)


def test_it_ends_without_looking_up_all_that_is_unknown(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.after = lambda it: OutcomeUnknown("Nobody answered.")
        for _ in range(3):
            await stage.outbox.send(message())
        asked = 0

        async def never(_sought: Sought) -> Found:
            nonlocal asked
            asked += 1
            return await asyncio.Future()

        stage.provider.look_up = never  # type: ignore[method-assign]
        stage.clock.let_pass(20)
        async with stage.running():
            await until(lambda: asked == 1)
        assert asked == 1

    on_stage(tmp_path, play)


def test_what_was_to_go_in_days_is_tried_again_when_its_hour_finds_no_connection(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.before = lambda it: NoConnection("No network.")
        entry = await stage.outbox.queue(message(), hold=Hold.TIME, not_before=stage.clock.later(3 * DAY_S))
        async with stage.running() as sending:
            await until(lambda: sending.began)
            stage.clock.let_pass(3 * DAY_S)
            sending.nudge()

            async def waits() -> bool:
                return (await stage.ledger.entry(entry.id)).hold is Hold.AGAIN

            await until(waits)
            stage.provider.before = lambda it: None
            stage.clock.let_pass(1)
            sending.nudge()
            await stage.is_(entry.id, SendState.ACCEPTED)

    on_stage(tmp_path, play)
