"""What was looked up before a send was tried once more is not told of that try."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.services.scripted import message, until
from tests.services.test_sending import Stage, on_stage
from turbodesk.errors import NoConnection, OutcomeUnknown
from turbodesk.model.lookup import Found, Sought, Trace
from turbodesk.model.outcome import SendState

ABSENT = Found(Trace.ABSENT, "Not there.")
SETTLED_S = 40 * 60.0


@pytest.mark.parametrize("leaves", [True, False])
def test_a_look_is_told_until_something_leaves_again(tmp_path: Path, leaves: bool) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.after = lambda it: OutcomeUnknown("Nobody answered.")
        id = (await stage.outbox.send(message())).id
        stage.clock.let_pass(SETTLED_S)
        assert (await stage.outbox.look_up(id)).may_go_again
        stage.provider.before = lambda it: None if leaves else NoConnection("No network.")
        again = await stage.outbox.resend(id)
        for entry in (again, await stage.ledger.entry(id)):
            assert (entry.state, entry.may_go_again) == (SendState.UNKNOWN, False)
            assert (entry.look_up is None) is leaves

    on_stage(tmp_path, play)


@pytest.mark.parametrize("again", [True, False])
def test_a_look_that_was_under_way_while_it_was_sent_again_is_not_told(tmp_path: Path, again: bool) -> None:
    async def play(stage: Stage) -> None:
        stage.provider.after = lambda it: OutcomeUnknown("Nobody answered.")
        id = (await stage.outbox.send(message())).id
        stage.clock.let_pass(SETTLED_S)
        asked, answer = asyncio.Event(), asyncio.Event()

        async def slow(_sought: Sought) -> Found:
            asked.set()
            await answer.wait()
            return ABSENT

        stage.provider.look_up = slow  # type: ignore[method-assign]
        looking = asyncio.create_task(stage.outbox.look_up(id))
        await until(asked.is_set)
        if again:
            await stage.outbox.resend(id)
        answer.set()
        entry = await looking
        assert entry.may_go_again is not again and (entry.look_up is None) is again

    on_stage(tmp_path, play)
