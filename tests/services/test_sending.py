"""What goes by itself goes once, at its time, and asks where its time is past."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.services.scripted import Script, SetClock, message, outbox_over, until
from turbodesk.errors import NoConnection, NotSignedIn, OutcomeUnknown, StoreTrouble, Throttled
from turbodesk.model.lookup import Found, Sought, Trace
from turbodesk.model.outcome import Hold, SendResult, SendState, Verdict
from turbodesk.services.outbox import Outbox
from turbodesk.services.sending import Sending
from turbodesk.store.ledger import Ledger


class Stage:
    """A ledger, a provider, a clock, and the one that sends by itself."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ledger = Ledger.open(directory)
        self.provider, self.clock = Script(), SetClock()
        self.outbox = outbox_over(self.ledger, self.provider, clock=self.clock, repeats=True)

    async def outbox_of(self, name: str) -> Outbox:
        assert name == "shop"
        return self.outbox

    def sending(self) -> Sending:
        return Sending(self.ledger, self.outbox_of, self.directory, clock=self.clock, undo_s=5)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Sending]:
        sending = self.sending()
        task = asyncio.create_task(sending.run())
        try:
            yield sending
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def rounds(self, sending: Sending, count: int = 3) -> None:
        """So many looks at what is due."""
        for _ in range(count):
            sending.nudge()
            await asyncio.sleep(0.02)

    async def state(self, id: str) -> SendState:
        return (await self.ledger.entry(id)).state

    async def is_(self, id: str, state: SendState) -> None:
        async def holds() -> bool:
            return await self.state(id) is state

        await until(holds)


Play = Callable[[Stage], Coroutine[Any, Any, None]]


def on_stage(tmp_path: Path, play: Play) -> None:
    stage = Stage(tmp_path / "config")
    try:
        asyncio.run(play(stage))
    finally:
        stage.ledger.close()


def test_undo_gives_back_the_draft_and_nothing_leaves(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        draft = {"subject": "Hi", "attachments": ["/somewhere/guide.pdf"]}
        async with stage.running() as sending:
            entry = await stage.outbox.queue(
                message(), hold=Hold.UNDO, not_before=stage.clock.later(5), draft=draft
            )
            assert (entry.state, entry.hold, entry.not_before) == (
                SendState.QUEUED,
                Hold.UNDO,
                stage.clock.later(5),
            )
            stage.clock.let_pass(4.9)
            await stage.rounds(sending)
            undone, given_back = await stage.outbox.take_back(entry.id)
            assert (undone.state, given_back) == (SendState.CANCELLED, draft)
            stage.clock.let_pass(60)
            await stage.rounds(sending)
        assert stage.provider.sent == []

    on_stage(tmp_path, play)


def test_it_ends_when_it_is_told_to_even_if_it_is_nudged_just_then(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        for _ in range(50):
            sending = stage.sending()
            task = asyncio.create_task(sending.run())
            while not sending.owns:
                await asyncio.sleep(0)
            await asyncio.sleep(0.002)
            sending.nudge()
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=5)
            assert done, "the cancellation was lost"

    on_stage(tmp_path, play)


def test_undo_time_over_sends_once(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        async with stage.running() as sending:
            entry = await stage.outbox.queue(message(), hold=Hold.UNDO, not_before=stage.clock.later(5))
            await stage.rounds(sending)
            assert stage.provider.sent == []
            stage.clock.let_pass(5)
            sending.nudge()
            await stage.is_(entry.id, SendState.ACCEPTED)
            await stage.rounds(sending)
            with pytest.raises(StoreTrouble):
                await stage.outbox.take_back(entry.id)
        assert stage.provider.subjects == ["Hi"]

    on_stage(tmp_path, play)


def test_a_restart_gives_time_to_undo_again(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        entry = await stage.outbox.queue(message(), hold=Hold.UNDO, not_before=stage.clock.later(1))
        stage.clock.let_pass(30)
        async with stage.running() as sending:
            await stage.rounds(sending)
            assert stage.provider.sent == [], "nobody had the time to press Undo"
            assert (await stage.ledger.entry(entry.id)).not_before == stage.clock.later(5)
            stage.clock.let_pass(5)
            sending.nudge()
            await stage.is_(entry.id, SendState.ACCEPTED)

    on_stage(tmp_path, play)


@pytest.mark.parametrize("hold", [Hold.TIME, Hold.UNDO])
def test_what_is_found_too_late_asks(tmp_path: Path, hold: Hold) -> None:
    async def play(stage: Stage) -> None:
        entry = await stage.outbox.queue(message(), hold=hold, not_before=stage.clock.later(60))
        stage.clock.let_pass(60 + 601)
        async with stage.running() as sending:
            await stage.rounds(sending)
        found = await stage.ledger.entry(entry.id)
        assert (found.state, found.hold, found.not_before) == (SendState.QUEUED, Hold.PERSON, None)
        assert "was not running" in found.reason
        assert stage.provider.sent == []

    on_stage(tmp_path, play)


def test_what_is_a_little_late_goes(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        entry = await stage.outbox.queue(message(), hold=Hold.TIME, not_before=stage.clock.later(60))
        stage.clock.let_pass(60 + 599)
        async with stage.running():
            await stage.is_(entry.id, SendState.ACCEPTED)

    on_stage(tmp_path, play)


def test_a_clock_set_forward_sends_nothing_early(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        later = stage.clock.later(3600)
        entry = await stage.outbox.queue(message(), hold=Hold.TIME, not_before=later)
        undo = await stage.outbox.queue(message(), hold=Hold.UNDO, not_before=stage.clock.later(5))
        async with stage.running() as sending:
            await stage.rounds(sending)
            stage.clock.set(timedelta(hours=1))
            await stage.rounds(sending)
            assert stage.provider.sent == []
            found = await stage.ledger.entry(entry.id)
            assert (found.hold, "clock was set" in found.reason) == (Hold.PERSON, True)
            stage.clock.let_pass(5)
            sending.nudge()
            await stage.is_(undo.id, SendState.ACCEPTED)

    on_stage(tmp_path, play)


def test_a_clock_set_back_waits_for_the_hour_that_was_chosen(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        entry = await stage.outbox.queue(message(), hold=Hold.TIME, not_before=stage.clock.later(60))
        async with stage.running() as sending:
            await stage.rounds(sending)
            stage.clock.set(-timedelta(minutes=30))
            stage.clock.let_pass(61)
            await stage.rounds(sending)
            assert stage.provider.sent == []
            stage.clock.let_pass(30 * 60)
            sending.nudge()
            await stage.is_(entry.id, SendState.ACCEPTED)

    on_stage(tmp_path, play)


def test_sleep_through_the_hour_asks_after_ten_minutes(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        entry = await stage.outbox.queue(message(), hold=Hold.TIME, not_before=stage.clock.later(60))
        async with stage.running() as sending:
            await stage.rounds(sending)
            stage.clock.let_pass(3 * 3600)
            await stage.rounds(sending)
        assert (await stage.ledger.entry(entry.id)).hold is Hold.PERSON
        assert stage.provider.sent == []

    on_stage(tmp_path, play)


def test_no_connection_is_tried_again_and_nothing_else_is(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.before = lambda it: NoConnection("Nothing there.") if it.subject == "Hi" else None
        async with stage.running() as sending:
            entry = await stage.outbox.send(message())
            assert (entry.state, entry.hold) == (SendState.QUEUED, Hold.AGAIN)
            assert entry.not_before is not None
            wait_s = (entry.not_before - stage.clock.now()).total_seconds()
            assert 0.5 <= wait_s <= 1.0
            stage.provider.before = lambda it: None
            stage.clock.let_pass(1)
            sending.nudge()
            await stage.is_(entry.id, SendState.ACCEPTED)

            stage.provider.after = lambda it: NoConnection("It broke off in the middle.")
            left = await stage.outbox.send(message())
            assert (left.state, left.hold) == (SendState.QUEUED, Hold.PERSON)
            stage.provider.after = lambda it: OutcomeUnknown("No answer.")
            lost = await stage.outbox.send(message())
            assert lost.state is SendState.UNKNOWN
            before = len(stage.provider.sent)
            stage.clock.let_pass(3600)
            await stage.rounds(sending)
            assert len(stage.provider.sent) == before

    on_stage(tmp_path, play)


def test_a_busy_provider_is_asked_again_when_it_said_so(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.after = lambda it: Throttled("Too fast.", retry_after_s=120)
        async with stage.running() as sending:
            entry = await stage.outbox.send(message())
            assert (entry.hold, entry.not_before) == (Hold.AGAIN, stage.clock.later(120))
            stage.provider.after = lambda it: None
            stage.clock.let_pass(119)
            await stage.rounds(sending)
            assert len(stage.provider.sent) == 1
            stage.clock.let_pass(1)
            sending.nudge()
            await stage.is_(entry.id, SendState.ACCEPTED)

    on_stage(tmp_path, play)


def test_after_a_day_without_connection_a_person_is_asked(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.before = lambda it: NoConnection("Nothing there.")
        entry = await stage.outbox.send(message())
        stage.clock.let_pass(24 * 3600 + 1)
        again = await stage.outbox.send_again(entry.id)
        assert (again.state, again.hold) == (SendState.QUEUED, Hold.PERSON)

    on_stage(tmp_path, play)


def test_what_nobody_can_send_by_itself_waits_with_the_reason(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        entry = await stage.outbox.queue(message(), hold=Hold.TIME, not_before=stage.clock.later(1))

        async def locked(name: str) -> Outbox:
            raise NotSignedIn("No password is kept.")

        sending = Sending(stage.ledger, locked, stage.directory, clock=stage.clock)
        task = asyncio.create_task(sending.run())
        stage.clock.let_pass(1)
        sending.nudge()

        async def held() -> bool:
            return (await stage.ledger.entry(entry.id)).hold is Hold.PERSON

        await until(held)
        assert (await stage.ledger.entry(entry.id)).reason == "No password is kept."
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    on_stage(tmp_path, play)


def test_of_two_programs_one_sends(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        other = Ledger.open(stage.directory)
        outbox = outbox_over(other, stage.provider, clock=stage.clock)

        async def other_outbox(name: str) -> Outbox:
            return outbox

        second = Sending(other, other_outbox, stage.directory, clock=stage.clock)
        async with stage.running() as sending:
            await stage.rounds(sending)
            waiting = asyncio.create_task(second.run())
            ids = [
                (await stage.outbox.queue(message(), hold=Hold.UNDO, not_before=stage.clock.later(1))).id
                for _ in range(20)
            ]
            stage.clock.let_pass(1)
            sending.nudge()
            second.nudge()
            for id in ids:
                await stage.is_(id, SendState.ACCEPTED)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        other.close()
        assert len(stage.provider.sent) == 20

    on_stage(tmp_path, play)


def found_all(sought: Sought) -> Found:
    outcomes = tuple(it for it in SendResult.for_all(message(), Verdict.ACCEPTED, provider_id="77").outcomes)
    return Found(Trace.FOUND, "Found by its key.", outcomes, "77")


def test_what_is_unknown_is_looked_up_and_found(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.after = lambda it: OutcomeUnknown("No answer.")
        entry = await stage.outbox.send(message())
        stage.provider.found = found_all
        stage.clock.let_pass(20)
        async with stage.running():
            await stage.is_(entry.id, SendState.ACCEPTED)
        found = await stage.ledger.entry(entry.id)
        assert (found.settled_by, found.provider_id) == ("look-up", "77")
        assert found.look_up is not None and found.look_up.words == "Found by its key."
        assert len(stage.provider.sent) == 1
        (sought,) = stage.provider.sought
        assert (sought.key, sought.subject, sought.alone) == (entry.key, "Hi", True)

    on_stage(tmp_path, play)


def test_what_another_program_tries_again_is_left_to_it(tmp_path: Path) -> None:
    """Whoever opens the ledger sees a program that wrote it and has ended, and one that lives and retries."""

    async def play(stage: Stage) -> None:
        entry = await stage.outbox.queue(message(), hold=Hold.UNDO, not_before=stage.clock.later(-1))
        stage.ledger.close()
        stage.ledger = Ledger.open(stage.directory)  # the writer has ended
        stage.outbox = outbox_over(stage.ledger, stage.provider, clock=stage.clock, repeats=True)
        stage.provider.before = lambda it: NoConnection("Nothing there.")
        await stage.outbox.send_again(entry.id)
        assert (await stage.ledger.entry(entry.id)).hold is Hold.AGAIN
        other = Ledger.open(stage.directory)
        try:
            assert (await other.entry(entry.id)).hold is Hold.AGAIN
        finally:
            other.close()

    on_stage(tmp_path, play)


def test_what_waited_for_weeks_is_looked_up_from_when_it_was_lost(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.after = lambda it: OutcomeUnknown("No answer.")
        entry = await stage.outbox.send(message())
        with sqlite3.connect(stage.directory / "ledger.sqlite") as aside:
            aside.execute("DROP TRIGGER frozen_message")
            aside.execute("UPDATE message SET created = created - ?", (30 * 86_400 * 1_000_000,))
        stage.provider.found = found_all
        async with stage.running() as sending:
            await stage.rounds(sending)
            assert await stage.state(entry.id) is SendState.UNKNOWN, "nobody shows it at once"
            stage.clock.let_pass(20)
            await stage.is_(entry.id, SendState.ACCEPTED)

    on_stage(tmp_path, play)


def test_what_is_not_there_may_go_again_once_it_is_sure_and_only_by_hand(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.after = lambda it: OutcomeUnknown("No answer.")
        entry = await stage.outbox.send(message())
        stage.clock.let_pass(60)
        early = await stage.outbox.look_up(entry.id)
        assert (early.state, early.may_go_again) == (SendState.UNKNOWN, False)
        stage.clock.let_pass(stage.provider.settling_s)
        sure = await stage.outbox.look_up(entry.id)
        assert (sure.state, sure.may_go_again) == (SendState.UNKNOWN, True)
        async with stage.running() as sending:
            stage.clock.let_pass(24 * 3600)
            await stage.rounds(sending)
            assert len(stage.provider.sent) == 1
        stage.provider.after = lambda it: None
        again = await stage.outbox.resend(entry.id)
        assert (again.state, again.key, len(stage.provider.sent)) == (SendState.ACCEPTED, entry.key, 2)

    on_stage(tmp_path, play)


def test_what_was_sure_of_one_try_says_nothing_of_the_next(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.after = lambda it: OutcomeUnknown("No answer.")
        entry = await stage.outbox.send(message())
        stage.clock.let_pass(stage.provider.settling_s + 60)
        assert (await stage.outbox.look_up(entry.id)).may_go_again
        again = await stage.outbox.resend(entry.id, sure_only=True)
        assert (again.state, again.may_go_again) == (SendState.UNKNOWN, False)
        with pytest.raises(StoreTrouble):
            await stage.outbox.resend(entry.id, sure_only=True)
        assert len(stage.provider.sent) == 2

    on_stage(tmp_path, play)


def test_a_look_that_was_asked_before_the_next_try_is_sure_of_nothing(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.after = lambda it: OutcomeUnknown("No answer.")
        entry = await stage.outbox.send(message())
        stage.clock.let_pass(stage.provider.settling_s + 60)
        asked = await stage.ledger.entry(entry.id)
        await stage.outbox.resend(entry.id)
        absent = Found(Trace.ABSENT, "Not there.")
        late = await stage.ledger.note_look(
            entry.id, absent, "Not there.", sure=True, attempts=asked.attempts
        )
        assert not late.may_go_again
        now = await stage.ledger.note_look(entry.id, absent, "Not there.", sure=True, attempts=late.attempts)
        assert now.may_go_again

    on_stage(tmp_path, play)


@pytest.mark.parametrize("how", ["no connection", "refused", "killed"])
def test_a_resend_that_fails_leaves_the_doubt(tmp_path: Path, how: str) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.after = lambda it: OutcomeUnknown("No answer.")
        entry = await stage.outbox.send(message())
        stage.provider.after = lambda it: None
        if how == "no connection":
            stage.provider.before = lambda it: NoConnection("Nothing there.")
            await stage.outbox.resend(entry.id)
        elif how == "refused":
            stage.provider.verdict = lambda it: Verdict.REFUSED
            await stage.outbox.resend(entry.id)
        else:
            await stage.ledger.take_again(entry.id)
            stage.ledger.close()
            stage.ledger = Ledger.open(stage.directory)
        found = await stage.ledger.entry(entry.id)
        assert found.state is SendState.UNKNOWN, "the try before may have arrived"
        assert [it.verdict for it in found.outcomes] == [Verdict.UNKNOWN]

    on_stage(tmp_path, play)


def test_a_person_may_say_that_it_went(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.after = lambda it: OutcomeUnknown("No answer.")
        entry = await stage.outbox.send(message())
        closed = await stage.outbox.close_as_sent(entry.id)
        assert (closed.state, closed.settled_by) == (SendState.ACCEPTED, "person")
        with pytest.raises(StoreTrouble):
            await stage.outbox.resend(entry.id)

    on_stage(tmp_path, play)


def test_twins_are_not_taken_for_one_another(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.outbox.send(message())
        stage.provider.after = lambda it: OutcomeUnknown("No answer.")
        entry = await stage.outbox.send(message())
        other = await stage.outbox.send(message(subject="Another"))
        await stage.outbox.look_up(entry.id)
        await stage.outbox.look_up(other.id)
        assert [it.alone for it in stage.provider.sought] == [False, True]

    on_stage(tmp_path, play)


def test_it_tells_whether_it_is_the_one_that_sends_and_whether_anything_waits(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        entry = await stage.outbox.queue(message(), hold=Hold.TIME, not_before=stage.clock.later(60))
        second = stage.sending()
        waiting = asyncio.create_task(second.run())
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        async with stage.running() as sending:
            await until(lambda: sending.owns)
            assert not second.owns
            await stage.rounds(sending)
            assert not await sending.is_idle()
            stage.clock.let_pass(60)
            sending.nudge()
            await stage.is_(entry.id, SendState.ACCEPTED)
            await until(sending.is_idle)
        assert not sending.owns

    on_stage(tmp_path, play)


def test_what_does_not_end_is_cut_off_when_it_is_told_twice_and_the_lock_is_free(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        async def for_ever(_message: object) -> None:
            await asyncio.Event().wait()

        stage.provider.after = lambda it: for_ever
        sending = stage.sending()
        task = asyncio.create_task(sending.run())
        await until(lambda: sending.began)
        entry = await stage.outbox.queue(message(), hold=Hold.UNDO, not_before=stage.clock.later(0))
        await stage.is_(entry.id, SendState.SENDING)
        await until(lambda: stage.provider.leaving == 1)
        for told in range(2):
            task.cancel()
            await asyncio.wait([task], timeout=0.05)
            assert task.done() == bool(told), "the first time it waits for what is leaving"
        assert not sending.owns
        assert await stage.state(entry.id) is SendState.UNKNOWN

    on_stage(tmp_path, play)


def test_it_knows_what_waits_of_every_profile(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        async with stage.running() as sending:
            await until(lambda: sending.began)
            entry = await stage.outbox.queue(message(), hold=Hold.TIME, not_before=stage.clock.later(60))
            await stage.outbox.send(message("bob@example.com"))
            assert await sending.queued() == [entry]
            assert await sending.interrupted() == []

    on_stage(tmp_path, play)
