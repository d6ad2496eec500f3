"""Any history of sends, ends, restarts and second programs: what the ledger shows is what happened."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from turbodesk.errors import StoreTrouble
from turbodesk.model.lookup import Found, Trace
from turbodesk.model.message import Address, Message
from turbodesk.model.outcome import Hold, SendResult, SendState, Verdict
from turbodesk.store import records
from turbodesk.store.ledger import Entry, Ledger, new_key

T = TypeVar("T")

MESSAGE = Message(
    sender=Address("me@example.com"),
    to=(Address("ann@example.com"), Address("bob@example.com")),
    subject="Hi",
    text="Hello",
)
WHERE = {"profile": "shop", "provider": "plain"}
SETTLED = {SendState.ACCEPTED, SendState.PARTLY, SendState.REFUSED, SendState.UNKNOWN, SendState.CANCELLED}


class Histories(RuleBasedStateMachine):
    """Two programs over one ledger. `model` holds what each send must be; `wire` how often each left."""

    put_right: ClassVar[Callable[..., None]] = staticmethod(records.recover_one)
    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.runner = asyncio.Runner()
        self.programs: list[Ledger] = []
        self.model: dict[str, SendState] = {}
        self.owner: dict[str, Ledger] = {}
        self.left: set[str] = set()
        self.doubt: set[str] = set()  # sent once more by hand, and nobody knows of the try before
        self.honest = records.recover_one
        records.recover_one = type(self).put_right  # type: ignore[assignment]
        self.programs = [Ledger.open(self.directory), Ledger.open(self.directory)]

    def teardown(self) -> None:
        for program in self.programs:
            program.close()
        self.runner.close()
        records.recover_one = self.honest
        shutil.rmtree(self.directory)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def refused(self, work: Coroutine[Any, Any, Any]) -> None:
        with pytest.raises(StoreTrouble):
            self.run(work)

    @rule(
        target=ids,
        who=st.integers(0, 1),
        far=st.sampled_from(["queued", "waiting", "taken", "left", "left", "lost"]),
    )
    def write(self, who: int, far: str) -> str:
        program = self.programs[who]
        if far == "queued":
            entry = self.run(program.queue(replace(MESSAGE, key=new_key()), **WHERE))
        elif far == "waiting":
            message, later = replace(MESSAGE, key=new_key()), datetime.now(UTC) + timedelta(hours=1)
            waits = program.queue(message, **WHERE, hold=Hold.TIME, not_before=later, draft=b'{"a": 1}')
            entry = self.run(waits)
        else:
            entry = self.run(self.begin(program))
            self.owner[entry.id] = program
        self.model[entry.id] = entry.state
        if far in ("left", "lost"):
            self.run(program.mark_wire(entry.id))
            self.left.add(entry.id)
        if far == "lost":
            self.model[entry.id] = self.run(program.lose(entry.id, "no answer")).state
        return entry.id

    async def begin(self, program: Ledger) -> Entry:
        begun = await program.begin(MESSAGE, **WHERE)
        await begun.written()
        return begun.entry

    @rule(id=ids, who=st.integers(0, 1))
    def claim(self, id: str, who: int) -> None:
        got = self.run(self.programs[who].claim(id))
        assert got == (self.model[id] is SendState.QUEUED)
        if got:
            self.model[id] = SendState.SENDING
            self.owner[id] = self.programs[who]
            self.left.discard(id)

    @rule(id=ids, who=st.integers(0, 1))
    def mark(self, id: str, who: int) -> None:
        program = self.programs[who]
        if self.model[id] is SendState.SENDING and self.owner[id] is program and id not in self.left:
            self.run(program.mark_wire(id))
            self.left.add(id)
        else:
            self.refused(program.mark_wire(id))

    @rule(
        id=ids,
        who=st.integers(0, 1),
        verdicts=st.tuples(*[st.sampled_from([Verdict.ACCEPTED, Verdict.REFUSED, Verdict.UNKNOWN])] * 2),
    )
    def settle(self, id: str, who: int, verdicts: tuple[Verdict, Verdict]) -> None:
        outcomes = SendResult.for_all(MESSAGE, Verdict.WAITING).outcomes
        result = SendResult(tuple(replace(o, verdict=v) for o, v in zip(outcomes, verdicts, strict=True)))
        states = {
            frozenset({Verdict.ACCEPTED}): SendState.ACCEPTED,
            frozenset({Verdict.REFUSED}): SendState.REFUSED,
            frozenset({Verdict.ACCEPTED, Verdict.REFUSED}): SendState.PARTLY,
        }
        state = states.get(frozenset(verdicts), SendState.UNKNOWN)
        self.end(id, who, state, lambda program: program.settle(id, result), needs_wire=True)

    @rule(id=ids, who=st.integers(0, 1))
    def lose(self, id: str, who: int) -> None:
        self.end(id, who, SendState.UNKNOWN, lambda program: program.lose(id, "lost"), needs_wire=True)

    @rule(id=ids, who=st.integers(0, 1))
    def refuse(self, id: str, who: int) -> None:
        self.end(
            id, who, SendState.REFUSED, lambda program: program.refuse(id, "no", "550 no"), needs_wire=True
        )

    @rule(id=ids, who=st.integers(0, 1))
    def hold(self, id: str, who: int) -> None:
        self.end(id, who, SendState.QUEUED, lambda program: program.hold(id, "busy"), needs_wire=False)

    def end(
        self,
        id: str,
        who: int,
        state: SendState,
        ending: Callable[[Ledger], Coroutine[Any, Any, Any]],
        *,
        needs_wire: bool,
    ) -> None:
        """An end by its owner moves the state; of what is settled a note is taken; all else is refused."""
        program, before = self.programs[who], self.model[id]
        live = before is SendState.SENDING and self.owner[id] is program
        if id in self.doubt and state in (SendState.QUEUED, SendState.REFUSED):
            state = SendState.UNKNOWN  # only a yes ends the doubt
        if before in SETTLED - {SendState.CANCELLED}:
            assert self.run(ending(program)).state is before
        elif not live or (needs_wire and id not in self.left | self.doubt):
            self.refused(ending(program))
        else:
            assert self.run(ending(program)).state is state
            self.model[id] = state

    @rule(id=ids)
    def discard(self, id: str) -> None:
        if self.model[id] is SendState.QUEUED:
            self.run(self.programs[0].discard(id))
            self.model[id] = SendState.CANCELLED
        else:
            self.refused(self.programs[0].discard(id))

    @rule(id=ids)
    def take_back(self, id: str) -> None:
        if self.model[id] is SendState.QUEUED:
            entry, draft = self.run(self.programs[0].take_back(id))
            assert draft in (b"", b'{"a": 1}')
            self.model[id] = entry.state
            assert entry.state is SendState.CANCELLED
        else:
            self.refused(self.programs[0].take_back(id))

    @rule(id=ids, hold=st.sampled_from([Hold.PERSON, Hold.UNDO, Hold.TIME, Hold.AGAIN]))
    def put_off(self, id: str, hold: Hold) -> None:
        later = None if hold is Hold.PERSON else datetime.now(UTC) + timedelta(hours=2)
        putting = self.programs[1].put_off(id, hold, later, "because")
        if self.model[id] is SendState.QUEUED:
            entry = self.run(putting)
            assert (entry.hold, entry.not_before) == (hold, later)
        else:
            self.refused(putting)

    @rule(id=ids, who=st.integers(0, 1))
    def resend(self, id: str, who: int) -> None:
        """By hand, and only what is unknown."""
        program = self.programs[who]
        if self.model[id] is SendState.UNKNOWN:
            self.run(program.take_again(id))
            self.model[id], self.owner[id] = SendState.SENDING, program
            self.left.discard(id)
            self.doubt.add(id)
        else:
            self.refused(program.take_again(id))

    @rule(id=ids, trace=st.sampled_from([Trace.FOUND, Trace.PARTLY, Trace.ABSENT, Trace.UNCLEAR]))
    def look_up(self, id: str, trace: Trace) -> None:
        """What is found is accepted where it was unknown; nothing else is ever changed by looking."""
        before = self.run(self.programs[0].entry(id))
        found = Found(trace, "words")
        if trace in (Trace.FOUND, Trace.PARTLY):
            verdicts = [Verdict.ACCEPTED, Verdict.ACCEPTED if trace is Trace.FOUND else Verdict.UNKNOWN]
            outcomes = zip(before.outcomes, verdicts, strict=True)
            found = Found(trace, "words", tuple(replace(it, verdict=v) for it, v in outcomes), "17")
        after = self.run(self.programs[0].note_look(id, found, "words", sure=trace is Trace.ABSENT))
        if before.state is not SendState.UNKNOWN or not found.outcomes:
            assert (after.state, after.outcomes) == (before.state, before.outcomes)
        else:
            known = {SendState.ACCEPTED, SendState.PARTLY}
            assert after.state in (known if trace is Trace.FOUND else known | {SendState.UNKNOWN})
            assert (after.settled_by == "look-up") == (after.state is not SendState.UNKNOWN)
        self.model[id] = after.state
        assert after.may_go_again == (after.state is SendState.UNKNOWN and trace is Trace.ABSENT)

    @rule(id=ids)
    def close_as_sent(self, id: str) -> None:
        if self.model[id] is SendState.UNKNOWN:
            entry = self.run(self.programs[1].close_as_sent(id))
            assert entry.state in (SendState.ACCEPTED, SendState.PARTLY) and entry.settled_by == "person"
            self.model[id] = entry.state
        else:
            self.refused(self.programs[1].close_as_sent(id))

    @rule(who=st.integers(0, 1))
    def restart(self, who: int) -> None:
        """The program ends without ending its sends, and starts again."""
        gone = self.programs[who]
        gone.close()
        self.programs[who] = Ledger.open(self.directory)
        for id, state in self.model.items():
            if state is SendState.SENDING and self.owner[id] is gone:
                unsure = id in self.left or id in self.doubt
                self.model[id] = SendState.UNKNOWN if unsure else SendState.QUEUED

    @invariant()
    def shows_what_happened(self) -> None:
        for program in self.programs:
            entries = self.run(program.entries())
            assert {entry.id: entry.state for entry in entries} == self.model
            for entry in entries:
                assert len(entry.outcomes) == 2
                waiting = {outcome.verdict for outcome in entry.outcomes} == {Verdict.WAITING}
                unsettled = (SendState.QUEUED, SendState.SENDING, SendState.CANCELLED)
                assert waiting == (entry.state in unsettled)


class Careless(Histories):
    """The mistake that the proof must notice: what was sending is queued again, mark or no mark."""

    put_right = staticmethod(lambda c, number, left, now: _honest(c, number, False, now))


_honest = records.recover_one


def _play(machine: type[Histories], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # finding is enough: making an example smaller takes minutes
            report_multiple_bugs=False,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_short_histories() -> None:
    _play(Histories, 15, 20)


def test_the_proof_notices_a_careless_restart() -> None:
    with pytest.raises(AssertionError):
        _play(Careless, 20, 15)


@pytest.mark.prove
def test_long_histories() -> None:
    _play(Histories, 120, 40)
