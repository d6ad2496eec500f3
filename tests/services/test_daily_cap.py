"""The daily cap holds whoever sends at once: in one program, in two, and out of a batch."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.services.capped_child import LETTERS
from tests.services.scripted import Script, SetClock, message, outbox_over, until
from turbodesk.errors import Guarded, NoConnection, OutcomeUnknown, Throttled
from turbodesk.model.account import Profile
from turbodesk.model.message import Address, Message
from turbodesk.model.outcome import Hold, SendState
from turbodesk.services.batches import BatchPlan, BatchRuns
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.services.sending import Sending
from turbodesk.store.entry import BatchState
from turbodesk.store.ledger import Ledger

ROOT = Path(__file__).parents[2]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "config")
    yield opened
    opened.close()


def test_of_many_sends_at_once_no_more_leave_than_may(ledger: Ledger) -> None:
    provider = Script()
    outbox = outbox_over(ledger, provider, daily_cap=3)

    async def play() -> list[object]:
        return list(
            await asyncio.gather(
                *(outbox.send(message(f"p{it}@example.com")) for it in range(8)), return_exceptions=True
            )
        )

    ends = asyncio.run(play())

    refused = [it for it in ends if isinstance(it, Guarded)]
    assert (len(provider.sent), len(refused)) == (3, 5)
    assert all("Nothing was sent." in it.hint for it in refused)
    assert len(asyncio.run(ledger.entries())) == 3  # what was refused was not written down


def test_two_programs_at_once_send_no_more_together_than_may(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.services.capped_child", str(tmp_path / "config"), "7"]
    Ledger.open(tmp_path / "config").close()
    children = [
        subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for child in children:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    told = [child.communicate(timeout=60)[0] for child in children]

    assert [child.returncode for child in children] == [0, 0]
    counts = [tuple(map(int, line.split())) for line in told]
    assert (sum(it[0] for it in counts), sum(it[1] for it in counts)) == (7, 2 * LETTERS - 7)
    opened = Ledger.open(tmp_path / "config")
    try:
        assert len(asyncio.run(opened.entries())) == 7
    finally:
        opened.close()


def test_what_is_leaving_counts_and_is_told(ledger: Ledger) -> None:
    provider = Script()
    outbox = outbox_over(ledger, provider, daily_cap=2)

    async def play() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def wait(_message: Message) -> None:
            begun.set()
            await go_on.wait()

        provider.before = lambda message: wait
        first = asyncio.create_task(outbox.send(message()))
        await begun.wait()
        provider.before = lambda message: None
        pair = replace(message(), to=(Address("ann@example.com"), Address("bob@example.com")))
        with pytest.raises(Guarded) as told:
            await outbox.send(pair)
        assert "0 had mail today, mail to 1 more is leaving, and these are 2 more" in told.value.says
        assert "1 more may go today" in told.value.hint
        assert await outbox.sent_today() == 0
        go_on.set()
        assert (await first).state is SendState.ACCEPTED
        assert await outbox.sent_today() == 1

    asyncio.run(play())


def test_what_did_not_leave_makes_room_again(ledger: Ledger) -> None:
    provider = Script()
    outbox = outbox_over(ledger, provider, daily_cap=1)

    async def play() -> None:
        provider.before = lambda message: NoConnection("No line.")
        held = await outbox.send(message(subject="first"))
        assert held.state is SendState.QUEUED
        provider.before = lambda message: None
        assert (await outbox.send(message(subject="second"))).state is SendState.ACCEPTED
        with pytest.raises(Guarded):
            await outbox.send_again(held.id)
        assert (await ledger.entry(held.id)).state is SendState.QUEUED

    asyncio.run(play())
    assert provider.subjects == ["second"]


def test_a_letter_does_not_stand_in_its_own_way(ledger: Ledger) -> None:
    """One that a busy provider read and did not take, or whose answer was lost, is tried again under a cap
    of one: it is the same recipient."""
    provider = Script()
    outbox = outbox_over(ledger, provider, daily_cap=1)

    async def play() -> None:
        provider.after = lambda message: Throttled("Too busy.", retry_after_s=1)
        entry = await outbox.send(message())
        assert entry.state is SendState.QUEUED
        provider.after = lambda message: OutcomeUnknown("No answer.")
        assert (await outbox.send_again(entry.id)).state is SendState.UNKNOWN
        provider.after = lambda message: None
        assert (await outbox.resend(entry.id)).state is SendState.ACCEPTED
        with pytest.raises(Guarded):
            await outbox.send(message())

    asyncio.run(play())


def test_one_who_is_cancelled_while_it_is_written_down_leaves_nothing_behind(ledger: Ledger) -> None:
    provider = Script()
    outbox = outbox_over(ledger, provider, daily_cap=1)

    async def play() -> None:
        begin, task = ledger.begin, asyncio.Future[asyncio.Task[object]]()

        async def cancelling(*words: object, **named: object) -> object:
            begun = await begin(*words, **named)  # type: ignore[arg-type]
            task.result().cancel()
            return begun

        ledger.begin = cancelling  # type: ignore[method-assign, assignment]
        task.set_result(asyncio.create_task(outbox.send(message())))
        with pytest.raises(asyncio.CancelledError):
            await task.result()
        del ledger.begin  # type: ignore[method-assign]
        assert [it.state for it in await ledger.entries()] == [SendState.QUEUED]
        assert (await outbox.send(message())).state is SendState.ACCEPTED  # nothing is leaving any more

    asyncio.run(play())
    assert len(provider.sent) == 1


def test_of_two_letters_whose_undo_time_ends_together_one_waits_with_the_reason(
    ledger: Ledger, tmp_path: Path
) -> None:
    provider, clock = Script(), SetClock()
    outbox = outbox_over(ledger, provider, clock=clock, daily_cap=1)

    async def play() -> None:
        async def outbox_of(_name: str) -> Outbox:
            return outbox

        queued = [
            await outbox.queue(message(subject=it), hold=Hold.UNDO, not_before=clock.later(5))
            for it in ("first", "second")
        ]
        clock.let_pass(6)
        sending = asyncio.create_task(Sending(ledger, outbox_of, tmp_path, undo_s=0, clock=clock).run())

        async def settled() -> bool:
            clock.let_pass(0.1)
            found = [await ledger.entry(it.id) for it in queued]
            return SendState.ACCEPTED in {it.state for it in found} and any(it.reason for it in found)

        await until(settled)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        (held,) = await ledger.entries(state=SendState.QUEUED)
        assert held.hold is Hold.PERSON and "at most 1 recipients a day" in held.reason

    asyncio.run(play())
    assert len(provider.sent) == 1


def test_a_batch_whose_cap_was_lowered_sends_what_may_and_pauses(ledger: Ledger) -> None:
    """Somebody sets the cap while it goes out."""
    provider, profile = Script(), Profile("shop", "scripted", daily_cap=10)
    now = [profile]
    outbox = Outbox(ledger, Desk(profile, provider), guarded=lambda: now[0])

    async def play() -> None:
        async def opened(_name: str, _slots: int) -> Outbox:
            return outbox

        batches = BatchRuns(ledger, opened)
        rows = [(it, message(f"row{it}@example.com")) for it in range(1, 11)]
        batch = await batches.start(outbox, BatchPlan("people.csv", 10, concurrency=4), rows)
        now[0] = replace(profile, daily_cap=6)
        batch = await batches.run(batch.id)
        assert batch.state is BatchState.PAUSED
        assert "at most 6 recipients a day" in batch.reason
        assert batch.counts == {SendState.ACCEPTED: 6, SendState.QUEUED: 4}
        now[0] = profile
        assert (await batches.run(batch.id)).state is BatchState.DONE

    asyncio.run(play())
    assert sorted(provider.addresses) == sorted(f"row{it}@example.com" for it in range(1, 11))
