"""A batch sends each of its rows once, no faster than it may, stops where it must, and can be taken up."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.services.scripted import Script, message, outbox_over, until
from turbodesk.errors import (
    ConfirmFirst,
    Guarded,
    InvalidDraft,
    NoConnection,
    OutcomeUnknown,
    SignInRefused,
    StoreTrouble,
    Throttled,
)
from turbodesk.model.message import Message
from turbodesk.model.outcome import Hold, SendState, Verdict
from turbodesk.services.batches import BY_HAND, BatchPlan, BatchRuns
from turbodesk.services.outbox import Outbox
from turbodesk.store.batches import INTERRUPTED, NOT_BEGUN
from turbodesk.store.entry import BatchState
from turbodesk.store.ledger import Ledger


class Stage:
    def __init__(self, directory: Path, **guards: object) -> None:
        self.directory, self.guards = directory, guards
        self.provider = Script()
        self.open()

    def open(self) -> None:
        self.ledger = Ledger.open(self.directory)
        self.outbox = outbox_over(self.ledger, self.provider, **self.guards)
        self.batches = BatchRuns(self.ledger, self.outbox_of)

    def restart(self) -> None:
        self.ledger.close()
        self.open()

    async def outbox_of(self, name: str, slots: int) -> Outbox:
        return self.outbox

    async def filled(self, count: int, *, confirmed: int = 0, **plan: Any) -> str:
        rows = list(messages(count))
        how = BatchPlan("list.csv", count, **plan)
        return (await self.batches.start(self.outbox, how, rows, confirmed=confirmed)).id


def messages(count: int) -> Iterator[tuple[int, Message]]:
    return ((row, message(f"row{row}@example.com", f"Row {row}")) for row in range(1, count + 1))


Play = Callable[[Stage], Coroutine[Any, Any, None]]


def on_stage(tmp_path: Path, play: Play, **guards: object) -> None:
    stage = Stage(tmp_path / "config", **guards)
    try:
        asyncio.run(play(stage))
    finally:
        stage.ledger.close()


def test_every_row_goes_once_and_no_more_at_once_than_asked_for(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        async def rest(_message: Message) -> None:
            await asyncio.sleep(0)

        stage.provider.after = lambda it: rest
        id = await stage.filled(230, concurrency=7)
        assert stage.provider.sent == [], "nothing leaves while rows are written down"
        batch = await stage.batches.run(id)
        assert (batch.state, batch.reason) == (BatchState.DONE, "")
        assert dict(batch.counts) == {SendState.ACCEPTED: 230}
        assert batch.subject == "Row 1"
        assert sorted(stage.provider.addresses) == sorted(f"row{row}@example.com" for row in range(1, 231))
        assert 1 < stage.provider.most <= 7
        rows = await stage.outbox.entries(batch=id)
        assert [it.row for it in rows] == list(range(1, 231))
        assert await stage.outbox.entries() == [], "they stand in their batch"

    on_stage(tmp_path, play)


def test_paused_it_ends_what_is_leaving_and_is_taken_up_at_the_first_row_without_an_outcome(
    tmp_path: Path,
) -> None:
    async def play(stage: Stage) -> None:
        id = await stage.filled(40, concurrency=3)

        async def pause_at_ten(_message: Message) -> None:
            if len(stage.provider.sent) == 10:
                await stage.batches.pause(id)

        stage.provider.after = lambda it: pause_at_ten
        batch = await stage.batches.run(id)
        assert batch.state is BatchState.PAUSED and "by hand" in batch.reason
        assert 10 <= batch.finished <= 12 and batch.waiting == 40 - batch.finished
        assert batch.counts.get(SendState.SENDING, 0) == 0
        stage.restart()
        again = await stage.batches.run(id)
        assert again.state is BatchState.DONE
        assert len(set(stage.provider.addresses)) == len(stage.provider.sent) == 40

    on_stage(tmp_path, play)


def test_cancelled_nothing_more_of_it_ever_leaves(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        id = await stage.filled(30, concurrency=2)

        async def cancel_at_five(_message: Message) -> None:
            if len(stage.provider.sent) == 5:
                await stage.batches.cancel(id)

        stage.provider.after = lambda it: cancel_at_five
        batch = await stage.batches.run(id)
        assert batch.state is BatchState.CANCELLED
        assert batch.counts[SendState.CANCELLED] == 30 - batch.counts[SendState.ACCEPTED]
        with pytest.raises(StoreTrouble):
            await stage.batches.run(id)

    on_stage(tmp_path, play)


def test_too_many_refusals_stop_it(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.verdict = lambda it: (
            Verdict.REFUSED if int(it.subject.split()[1]) % 2 else Verdict.ACCEPTED
        )
        id = await stage.filled(200, concurrency=1, stop_at_percent=10)
        batch = await stage.batches.run(id)
        assert batch.state is BatchState.STOPPED and "stop at 10 %" in batch.reason
        assert batch.finished <= 20
        again = await stage.batches.run(id)
        assert again.state is BatchState.STOPPED, "judged anew, for somebody has looked"
        assert batch.finished < again.finished <= 2 * batch.finished + 1

    on_stage(tmp_path, play)


def test_a_row_that_could_not_connect_goes_when_the_line_is_back(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        tried = 0

        def gone(it: Message) -> Exception | None:
            nonlocal tried
            tried += 1
            return NoConnection("Nothing there.") if tried in (3, 4) else None

        stage.provider.before = gone
        id = await stage.filled(12, concurrency=2)
        batch = await stage.batches.run(id)
        assert (batch.state, dict(batch.counts)) == (BatchState.DONE, {SendState.ACCEPTED: 12})
        assert len(stage.provider.sent) == 12 and tried == 14

    on_stage(tmp_path, play)


def test_a_busy_provider_holds_all_of_it_back(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        busy = [Throttled("Slow down.", retry_after_s=0.2)]
        at: list[float] = []

        def slow(it: Message) -> Exception | None:
            at.append(asyncio.get_running_loop().time())
            return busy.pop() if busy and len(at) == 3 else None

        stage.provider.after = slow
        id = await stage.filled(6, concurrency=1)
        batch = await stage.batches.run(id)
        assert dict(batch.counts) == {SendState.ACCEPTED: 6}
        assert at[3] - at[2] >= 0.2
        assert len(stage.provider.sent) == 7, "the row that was put off went again, and no other"

    on_stage(tmp_path, play)


def test_a_recipient_that_is_put_off_holds_no_other_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("turbodesk.services.batch_run.BUSY_S", 0.05)

    async def play(stage: Stage) -> None:
        tried: list[str] = []

        def grey(it: Message) -> Exception | None:
            tried.append(it.subject)
            return Throttled("Try later.", of_recipient=True) if it.subject == "Row 1" else None

        stage.provider.before = grey
        id = await stage.filled(4, concurrency=1)
        batch = await stage.batches.run(id)
        assert dict(batch.counts) == {SendState.ACCEPTED: 3, SendState.QUEUED: 1}
        assert tried == ["Row 1", "Row 2", "Row 3", "Row 4", "Row 1", "Row 1"]
        (waits,) = [it for it in await stage.outbox.entries(batch=id) if it.state is SendState.QUEUED]
        assert (waits.hold, waits.reason) == (Hold.PERSON, "Try later.")

    on_stage(tmp_path, play)


def test_what_a_batch_waits_for_is_told(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.after = lambda it: Throttled("Slow down.", retry_after_s=60.0)
        id = await stage.filled(2, concurrency=1)
        running = asyncio.create_task(stage.batches.run(id))
        async with asyncio.timeout(10):
            while not (told := stage.batches.progress(await stage.batches.batch(id))).waits_for:
                await asyncio.sleep(0.01)
        assert told.waits_for == "Slow down." and 50 < told.waits_s <= 60 and told.left_s is None
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    on_stage(tmp_path, play)


def test_a_batch_that_was_stopped_is_judged_anew_when_it_goes_on(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.verdict = lambda it: Verdict.REFUSED
        id = await stage.filled(30, concurrency=1, stop_at_percent=10)
        stopped = await stage.batches.run(id)
        assert stopped.state is BatchState.STOPPED
        stage.provider.verdict = lambda it: Verdict.ACCEPTED
        assert (await stage.batches.run(id)).state is BatchState.DONE

    on_stage(tmp_path, play)


def test_a_row_that_a_guard_stops_waits_while_the_others_go(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        id = await stage.filled(3, concurrency=1)
        rows = await stage.outbox.entries(batch=id)
        stage.guards = {"block": (rows[1].outcomes[0].address.email,)}
        stage.restart()
        batch = await stage.batches.run(id)
        assert dict(batch.counts) == {SendState.ACCEPTED: 2, SendState.QUEUED: 1}
        assert (await stage.ledger.entry(rows[1].id)).hold is Hold.PERSON

    on_stage(tmp_path, play)


def test_the_next_row_gets_ready_while_an_outcome_is_written_down_and_leaves_behind_it(
    tmp_path: Path,
) -> None:
    async def play(stage: Stage) -> None:
        path = stage.directory / "ledger.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None)) as other:

            async def answer(it: Message) -> None:
                if it.subject == "Row 1":
                    await until(lambda: taken(2))
                    other.execute("BEGIN IMMEDIATE")  # from here on nothing can be written down

            async def taken(row: int) -> bool:
                return (await stage.outbox.entries(batch=id))[row - 1].state is SendState.SENDING

            async def get_ready(it: Message) -> None:
                if it.subject == "Row 2":
                    assert other.in_transaction and stage.provider.subjects == ["Row 1"]
                    other.execute("ROLLBACK")

            stage.provider.before, stage.provider.after = (lambda it: get_ready), (lambda it: answer)
            id = await stage.filled(2, concurrency=1)
            batch = await stage.batches.run(id)
            assert dict(batch.counts) == {SendState.ACCEPTED: 2}
            assert stage.provider.most == 1
            attempts = other.execute("SELECT wire, ended FROM attempt ORDER BY message").fetchall()
            assert attempts[0][1] <= attempts[1][0], "its wire mark never comes first"

    on_stage(tmp_path, play)


def test_no_more_a_second_than_asked_for(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        at: list[float] = []

        def note(it: Message) -> None:
            at.append(asyncio.get_running_loop().time())

        stage.provider.after = note  # type: ignore[assignment]
        id = await stage.filled(6, concurrency=3, per_second=20.0)
        began = asyncio.get_running_loop().time()
        await stage.batches.run(id)
        assert at[-1] - began >= 5 / 20 - 0.02

    on_stage(tmp_path, play)


def test_silence_row_after_row_pauses_it(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.after = lambda it: OutcomeUnknown("No answer.")
        id = await stage.filled(30, concurrency=1)
        batch = await stage.batches.run(id)
        assert batch.state is BatchState.PAUSED and "Look them up" in batch.reason
        assert dict(batch.counts) == {SendState.UNKNOWN: 5, SendState.QUEUED: 25}

    on_stage(tmp_path, play)


def test_a_password_that_is_not_taken_pauses_it_and_loses_no_row(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.before = lambda it: SignInRefused("They did not take the key.")
        id = await stage.filled(10, concurrency=3)
        batch = await stage.batches.run(id)
        assert (batch.state, batch.reason) == (BatchState.PAUSED, "They did not take the key.")
        assert dict(batch.counts) == {SendState.QUEUED: 10}
        stage.provider.before = lambda it: None
        assert (await stage.batches.run(id)).state is BatchState.DONE

    on_stage(tmp_path, play)


def test_a_row_that_cannot_be_carried_waits_for_a_person_and_the_others_go(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        bad = InvalidDraft({"body": "Too large."})
        stage.provider.before = lambda it: bad if it.subject == "Row 3" else None
        id = await stage.filled(5)
        batch = await stage.batches.run(id)
        assert (batch.state, batch.reason) == (BatchState.DONE, "1 row could not be sent and waits for you.")
        third = (await stage.outbox.entries(batch=id))[2]
        assert (third.state, third.hold, third.reason) == (SendState.QUEUED, Hold.PERSON, "Too large.")

    on_stage(tmp_path, play)


def test_killed_while_it_was_filled_nothing_of_it_goes(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        name, number = await stage.ledger.batches.begin(
            profile="shop",
            provider="scripted",
            name="list.csv",
            total=3,
            concurrency=1,
            stop_at_percent=0,
            per_second=0,
        )
        await stage.outbox.queue_row(message(), 1, "api", (name, number))
        stage.restart()
        batch = await stage.batches.batch(name)
        assert batch.state is BatchState.STOPPED and "Nothing of it was sent" in batch.reason
        with pytest.raises(StoreTrouble):
            await stage.batches.run(name)
        assert (await stage.batches.cancel(name)).counts == {SendState.CANCELLED: 1}

    on_stage(tmp_path, play)


def test_two_programs_do_not_send_one_batch(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        id = await stage.filled(20, concurrency=1)
        other_ledger = Ledger.open(stage.directory)
        other = BatchRuns(other_ledger, stage.outbox_of)
        refused: list[str] = []

        async def meddle(_message: Message) -> None:
            if len(stage.provider.sent) == 2:
                with pytest.raises(StoreTrouble) as told:
                    await other.run(id)
                refused.append(told.value.says)

        stage.provider.after = lambda it: meddle
        assert (await stage.batches.run(id)).state is BatchState.DONE
        other_ledger.close()
        assert len(refused) == 1 and len(stage.provider.sent) == 20

    on_stage(tmp_path, play)


@pytest.mark.parametrize("ending", ["pause", "cancel"])
def test_another_program_pauses_or_cancels_it(tmp_path: Path, ending: str) -> None:
    async def play(stage: Stage) -> None:
        id = await stage.filled(20, concurrency=1)
        other_ledger = Ledger.open(stage.directory)
        other = BatchRuns(other_ledger, stage.outbox_of)

        async def meddle(_message: Message) -> None:
            if len(stage.provider.sent) == 3:
                told = await getattr(other, ending)(id)
                assert told.state is (BatchState.PAUSED if ending == "pause" else BatchState.CANCELLED)
                await until(lambda: not stage.batches.leaves(id))

        stage.provider.after = lambda it: meddle
        batch = await stage.batches.run(id)
        assert len(stage.provider.sent) == 3, "the row that was leaving came to its end, and no other left"
        if ending == "pause":
            assert (batch.state, batch.reason, batch.finished) == (BatchState.PAUSED, BY_HAND, 3)
            assert (await other.run(id)).state is BatchState.DONE, "and may be taken up from anywhere"
            assert len(set(stage.provider.addresses)) == len(stage.provider.sent) == 20
        else:
            assert batch.state is BatchState.CANCELLED
            assert batch.counts == {SendState.ACCEPTED: 3, SendState.CANCELLED: 17}
        other_ledger.close()

    on_stage(tmp_path, play)


def test_whoever_has_taken_it_up_meanwhile_keeps_it(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        id = await stage.filled(4, concurrency=1)
        other_ledger = Ledger.open(stage.directory)
        await stage.ledger.batches.take(id)
        await other_ledger.batches.ask_pause(id, BY_HAND)
        await other_ledger.batches.take(id)
        assert (await stage.ledger.batches.end(id, BatchState.PAUSED, BY_HAND)).state is BatchState.RUNNING
        other_ledger.close()

    on_stage(tmp_path, play)


def test_closing_pauses_it_and_what_was_leaving_has_its_outcome(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        id = await stage.filled(50, concurrency=4)
        running = asyncio.create_task(stage.batches.run(id))
        await until(lambda: len(stage.provider.sent) > 5)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        batch = await stage.batches.batch(id)
        assert batch.state is BatchState.PAUSED
        assert batch.counts.get(SendState.SENDING, 0) == 0
        assert batch.counts[SendState.ACCEPTED] == len(stage.provider.sent)

    on_stage(tmp_path, play)


def test_a_locked_profile_asks_for_the_number_of_all_rows(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        for confirmed in (0, 59):
            with pytest.raises(ConfirmFirst) as asked:
                await stage.filled(60, confirmed=confirmed)
            assert (asked.value.recipients, asked.value.typed) == (60, True)
        assert await stage.batches.all() == []
        id = await stage.filled(60, confirmed=60)
        assert (await stage.batches.run(id)).state is BatchState.DONE

    on_stage(tmp_path, play, locked=True)


def test_a_blocked_row_stops_the_whole_batch_before_anything_leaves(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        with pytest.raises(Guarded) as told:
            await stage.filled(30)
        assert "row7@example.com" in told.value.says
        assert [it.state for it in await stage.batches.all()] == [BatchState.CANCELLED]
        assert stage.provider.sent == []

    on_stage(tmp_path, play, block=("row7@example.com",))


def test_a_batch_over_the_daily_cap_is_not_begun(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.outbox.send(message())
        with pytest.raises(Guarded):
            await stage.filled(10)
        id = await stage.filled(9)
        assert (await stage.batches.run(id)).state is BatchState.DONE
        with pytest.raises(Guarded):
            await stage.outbox.send(message())

    on_stage(tmp_path, play, daily_cap=10)


def test_where_the_daily_cap_ends_it_all_rows_that_it_has_room_for_have_left(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        async def rest(_message: Message) -> None:
            await asyncio.sleep(0)

        id = await stage.filled(9, concurrency=4)
        for number in range(4):
            await stage.outbox.send(message(subject=f"Letter {number}"))
        stage.provider.after = lambda it: rest
        batch = await stage.batches.run(id)
        assert batch.state is BatchState.PAUSED and "at most 10 recipients a day" in batch.reason
        assert batch.counts == {SendState.ACCEPTED: 6, SendState.QUEUED: 3}

    on_stage(tmp_path, play, daily_cap=10)


def test_one_that_is_resumed_is_told_by_its_progress(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        id = await stage.filled(30, concurrency=1)
        seen: list[float | None] = []

        async def look(_message: Message) -> None:
            if len(stage.provider.sent) == 20:
                seen.append(stage.batches.progress(await stage.batches.batch(id)).left_s)

        stage.provider.after = lambda it: look
        await stage.batches.run(id)
        assert seen[0] is not None and seen[0] > 0
        done = stage.batches.progress(await stage.batches.batch(id))
        assert (done.left_s, replace(done.batch, counts={}).state) == (None, BatchState.DONE)

    on_stage(tmp_path, play)


def test_a_batch_whose_undo_time_was_cut_off_waits_for_a_person(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        id = await stage.filled(3)
        stage.restart()
        batch = await stage.batches.batch(id)
        assert (batch.state, batch.reason, batch.waiting) == (BatchState.PAUSED, NOT_BEGUN, 3)
        await stage.batches.run(id)
        assert (await stage.batches.batch(id)).counts == {SendState.ACCEPTED: 3}

    on_stage(tmp_path, play)


def test_a_batch_that_is_through_is_neither_cancelled_nor_sent_again(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        id = await stage.filled(2)
        await stage.batches.run(id)
        with pytest.raises(StoreTrouble, match="done: nothing of it waits"):
            await stage.batches.cancel(id)
        with pytest.raises(StoreTrouble) as again:
            await stage.batches.run(id)
        assert "everybody again" in again.value.hint

    on_stage(tmp_path, play)


def test_a_batch_cut_off_is_paused_as_of_when_its_last_row_left(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        id = await stage.filled(4, concurrency=1)
        await stage.ledger.batches.take(id)
        ((entry, _), *_) = await stage.outbox.claim_rows(id, 1)
        stage.restart()  # nobody has ended it
        batch = await stage.batches.batch(id)
        assert (batch.state, batch.reason) == (BatchState.PAUSED, INTERRUPTED)
        steps = (await stage.ledger.entry(entry.id)).steps
        assert [it.at for it in steps if it.what == "Sending began"] == [batch.updated]

    on_stage(tmp_path, play)
