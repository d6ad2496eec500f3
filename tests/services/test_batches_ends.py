"""How a batch ends where something is in its way: no row is forgotten, and nothing goes out twice over."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.services.scripted import until
from tests.services.test_batches import Stage, messages, on_stage
from turbodesk.errors import Guarded, StoreTrouble, Throttled
from turbodesk.model.message import Attachment, BytesSource, Message
from turbodesk.model.outcome import Hold, SendState
from turbodesk.services.batches import BY_HAND, BatchPlan
from turbodesk.store.entry import BatchState, Entry

GUIDE = b"where everything stands"


def with_guide(message: Message) -> Message:
    guide = Attachment("guide.txt", "text/plain", len(GUIDE), sha256(GUIDE).hexdigest(), BytesSource(GUIDE))
    return replace(message, attachments=(guide,))


async def filled(stage: Stage, count: int, attached: int, concurrency: int) -> str:
    """A batch whose first rows have a file whose copy is gone."""
    rows = [(row, with_guide(it) if row <= attached else it) for row, it in messages(count)]
    plan = BatchPlan("list.csv", count, concurrency=concurrency)
    batch = await stage.batches.start(stage.outbox, plan, rows)
    stage.restart()
    shutil.rmtree(stage.directory / "attachments")
    return batch.id


@pytest.mark.parametrize("attached", [1, 13, 30])
def test_rows_whose_file_is_gone_wait_for_a_person_and_the_others_go(tmp_path: Path, attached: int) -> None:
    async def play(stage: Stage) -> None:
        id = await filled(stage, 30, attached, concurrency=2)
        batch = await stage.batches.run(id)
        rows = await stage.outbox.entries(batch=id)
        held = [it for it in rows if (it.state, it.hold) == (SendState.QUEUED, Hold.PERSON)]
        assert [it.row for it in held] == list(range(1, attached + 1))
        assert len(stage.provider.sent) == 30 - attached
        told = "1 row could not be sent and waits" if attached == 1 else f"{attached} rows could not be sent"
        assert batch.state is BatchState.DONE and batch.reason.startswith(told)

    on_stage(tmp_path, play)


def test_what_waits_of_a_batch_that_is_done_can_be_cancelled(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        id = await filled(stage, 5, 3, concurrency=2)
        await stage.batches.run(id)
        batch = await stage.batches.cancel(id)
        assert (batch.state, batch.reason) == (BatchState.DONE, "")
        assert dict(batch.counts) == {SendState.ACCEPTED: 2, SendState.CANCELLED: 3}
        with pytest.raises(StoreTrouble, match="nothing of it waits"):
            await stage.batches.cancel(id)

    on_stage(tmp_path, play)


def test_it_is_not_taken_up_while_what_was_leaving_comes_to_its_end(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        answer = asyncio.Event()

        async def slow(_message: Message) -> None:
            await answer.wait()

        stage.provider.after = lambda it: slow
        id = await stage.filled(6, concurrency=2)
        running = asyncio.create_task(stage.batches.run(id))
        await until(lambda: len(stage.provider.sent) == 2)
        await stage.batches.pause(id)
        with pytest.raises(StoreTrouble, match="comes to its end"):
            await stage.batches.run(id)
        answer.set()
        paused = await running
        assert (paused.state, paused.reason) == (BatchState.PAUSED, BY_HAND)
        assert (await stage.batches.run(id)).state is BatchState.DONE
        assert len(set(stage.provider.addresses)) == len(stage.provider.sent) == 6

    on_stage(tmp_path, play)


def test_after_a_pause_that_the_provider_asked_for_the_pace_is_kept(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        loop, begun = asyncio.get_running_loop(), list[float]()
        busy = [Throttled("Slow down.", retry_after_s=0.3)]

        async def send(_message: Message) -> None:
            begun.append(loop.time())
            if busy:
                raise busy.pop()

        stage.provider.before = lambda it: send
        id = await stage.filled(5, concurrency=5, per_second=20)
        assert (await stage.batches.run(id)).state is BatchState.DONE
        last = begun[-5:]
        assert all(later - before > 0.03 for before, later in pairwise(last)), last

    on_stage(tmp_path, play)


def test_a_row_that_was_taken_again_before_it_was_held_pauses_nothing(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        put_off, guard = stage.ledger.put_off, stage.outbox._guard
        taken: list[Entry] = []

        async def late(id: str, *more: Any) -> Entry:
            if taken:
                return await put_off(id, *more)
            taken.extend(entry for entry, _ in await stage.ledger.claim_rows(batch, 1))  # another is quicker
            try:
                return await put_off(id, *more)
            finally:
                await stage.ledger.release(id)

        async def guarded(recipients: Any, *more: Any, **named: Any) -> None:
            if recipients[0].email == "row1@example.com":
                raise Guarded("It is on the block-list.", addresses=("row1@example.com",))
            await guard(recipients, *more, **named)

        batch = await stage.filled(2, concurrency=1)
        stage.ledger.put_off = late  # type: ignore[method-assign]
        stage.outbox._guard = guarded  # type: ignore[method-assign]
        ended = await stage.batches.run(batch)
        assert [it.row for it in taken] == [1], "it was taken before it could be held"
        assert (ended.state, ended.reason) == (BatchState.DONE, "1 row could not be sent and waits for you.")
        assert stage.provider.addresses == ["row2@example.com"]
        held = (await stage.outbox.entries(batch=batch))[0]
        assert (held.hold, held.reason) == (Hold.PERSON, "It is on the block-list.")

    on_stage(tmp_path, play)
