"""Killed anywhere, started again: nothing is lost, nothing goes twice, nothing is called what it is not."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.reliability import counted
from tests.reliability.child import SEAMS, desk
from tests.reliability.real_wires import (
    BEFORE_MARK,
    MAIL_PLACES,
    PLACES,
    REAL_WIRES,
    CountingMailServer,
)
from tests.reliability.wire import CountingServer
from turbodesk.model.outcome import SendState
from turbodesk.services.outbox import Outbox
from turbodesk.store.ledger import Entry, Ledger

ROOT = Path(__file__).parents[2]
HONEST = {SendState.QUEUED, SendState.ACCEPTED, SendState.UNKNOWN, SendState.REFUSED}

ON_THE_WIRE = ["half head", "head sent", "half body", "body sent", "answer read"]
SENDING = [
    "before copy",
    "after copy",
    "before insert",
    "after insert",
    "after begin",
    "at connected",
    "before mark",
    "after mark statement",
    "after mark",
    *(f"at {place}" for place in ON_THE_WIRE),
    "before settle",
    "after finish statement",
    "after settle",
]
AGAIN = ["after queue", "before claim", "after claim statement", "after claim", "before mark", "after mark"]
RECOVERING = ["before recover", "before recover one", "after recover one", "after recover", "after tidy"]
UNFINISHED = [
    ("queue-then-send-again", "before mark"),
    ("send", "at body sent"),
]  # what a recovery can meet: not left, and left


@dataclass(frozen=True)
class Case:
    """Kills in a row: while sending, and where `recovering` is set once more at the start after that."""

    place: str
    deed: str = "send"
    manner: str = "ok"
    recovering: str = ""
    wire: str = "plain"

    @property
    def kills(self) -> int:
        return 2 if self.recovering else 1

    @property
    def written(self) -> bool:
        """Whether the message was surely written down before the kill, so that it must be found again."""
        unwritten = ("before copy", "after copy", "before insert", "after insert")
        not_marked = (f"at {place}" for place in ("connected", *BEFORE_MARK))
        first_commit = ("after begin", *not_marked, "before mark", "after mark statement")
        unsure = first_commit if self.deed == "send" else ()
        return self.place not in (*unwritten, *unsure)

    def __str__(self) -> str:
        words = (self.wire, self.deed, self.place, self.manner, self.recovering)
        return "-".join(filter(None, words)).replace(" ", "_")


EACH_ONCE = [
    *(Case(place) for place in SENDING),
    *(Case(place, "queue-then-send-again") for place in AGAIN),
    *(Case(place, deed, recovering=recovering) for deed, place in UNFINISHED for recovering in RECOVERING),
]
WITHOUT_OK = [place for place in SENDING if place not in ("before settle", "after settle")]
OTHERWISE = [
    Case(place, deed, manner)
    for manner in ("drop", "fault", "cut", "refuse")
    for deed in ("send", "queue-then-send-again")
    for place in WITHOUT_OK
    if (place, deed) != ("after begin", "queue-then-send-again")
]


class Runs:
    """Two processes that have everything imported, and start a run at each asking."""

    def __init__(self) -> None:
        self._idle: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
        self._all = [self._start(), self._start()]
        for process in self._all:
            self._idle.put(process)

    def _start(self) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "tests.reliability.child"]
        return subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(
        self, directory: Path, port: int, place: str, deed: str, naive: bool, wire: str = "plain"
    ) -> int:
        process = self._idle.get()
        try:
            assert process.stdin and process.stdout
            process.stdin.write(json.dumps([str(directory), port, place, deed, naive, wire]) + "\n")
            process.stdin.flush()
            return int(process.stdout.readline())
        finally:
            self._idle.put(process)

    def close(self) -> None:
        for process in self._all:
            process.communicate()


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    running = Runs()
    yield running
    running.close()


@pytest.fixture(scope="module")
def server() -> Iterator[CountingServer]:
    with CountingServer() as running:
        yield running


def play(runs: Runs, case: Case, directory: Path, server: CountingServer, *, naive: bool = False) -> None:
    """A run that is killed, perhaps one more that is killed while it puts things right, and one that ends."""
    counted.add(kills=case.kills)
    ended = runs(directory, server.port, case.place, case.deed, naive, case.wire)
    assert ended == -signal.SIGKILL, str(case)
    if case.recovering:
        assert runs(directory, server.port, case.recovering, "start", naive) == -signal.SIGKILL, str(case)
    assert runs(directory, server.port, "", "start", naive) == 0, str(case)


def judge(case: Case, directory: Path, server: CountingServer) -> list[str]:
    """What is wrong with the ledger after a case, and after a person has sent again what waits."""
    return asyncio.run(_judge(case, directory, server))


async def _judge(case: Case, directory: Path, server: CountingServer) -> list[str]:
    ledger = Ledger.open(directory)
    try:
        wrong = [fault for entry in await ledger.entries() for fault in _faults(entry, server)]
        if case.written and len(await ledger.entries()) != 1:
            wrong.append("lost")
        again = desk(case.wire, server.port)
        outbox = Outbox(ledger, again)
        for entry in await ledger.entries():
            if entry.state is SendState.QUEUED:
                ended = await outbox.send_again(entry.id)
                if server.accepted[entry.key] > 1:
                    wrong.append(f"accepted {server.accepted[entry.key]} times")
                wrong += _faults(ended, server)
        await again.aclose()
        return wrong
    finally:
        ledger.close()


def _faults(entry: Entry, server: CountingServer) -> list[str]:
    count = server.accepted[entry.key]
    wrong = [] if entry.state in HONEST else [f"still {entry.state}"]
    if entry.state is SendState.ACCEPTED and count != 1:
        wrong.append(f"called accepted, accepted {count} times")
    if entry.state in (SendState.QUEUED, SendState.REFUSED) and count:
        wrong.append(f"called {entry.state}, though it was accepted")
    return wrong


def play_all(runs: Runs, cases: list[Case], folder: Path, server: CountingServer) -> dict[str, list[str]]:
    """The cases that went wrong, each with what was wrong; two at a time."""

    def one(case: Case) -> list[str]:
        directory = folder / str(case)
        play(runs, case, directory, server)
        return judge(case, directory, server)

    with ThreadPoolExecutor(2) as workers:
        return {str(case): wrong for case, wrong in zip(cases, workers.map(one, cases), strict=True) if wrong}


def test_killed_once_at_each_place(runs: Runs, server: CountingServer, tmp_path: Path) -> None:
    names = {case.place.partition(" ")[2] for case in EACH_ONCE if not case.place.startswith("at ")}
    assert names <= set(SEAMS)
    assert play_all(runs, EACH_ONCE, tmp_path, server) == {}


def test_the_proof_notices_a_program_that_queues_again_whatever_was_sending(
    runs: Runs, server: CountingServer, tmp_path: Path
) -> None:
    case = Case("at body sent")
    play(runs, case, tmp_path, server, naive=True)
    wrong = judge(case, tmp_path, server)
    assert "called queued, though it was accepted" in wrong
    assert "accepted 2 times" in wrong


@pytest.mark.prove
@pytest.mark.parametrize("manner", ["ok", "drop", "fault", "cut", "refuse"])
def test_killed_everywhere_with_every_answer(
    runs: Runs, server: CountingServer, tmp_path: Path, manner: str
) -> None:
    cases = [case for case in (*EACH_ONCE, *OTHERWISE) if case.manner == manner]
    assert sum(case.kills for case in cases) >= 29
    server.manner = manner
    try:
        for round in range(4):
            assert play_all(runs, cases, tmp_path / str(round), server) == {}
    finally:
        server.manner = "ok"


@pytest.mark.prove
@pytest.mark.parametrize("manner", ["ok", "drop", "fault", "cut", "refuse"])
@pytest.mark.parametrize("wire", REAL_WIRES)
def test_killed_everywhere_on_a_real_wire(runs: Runs, tmp_path: Path, wire: str, manner: str) -> None:
    places, kind = (MAIL_PLACES, CountingMailServer) if wire == "smtp" else (PLACES, CountingServer)
    with kind() as server:
        server.manner = manner
        cases = [
            Case(f"at {place}", deed, manner, wire=wire)
            for deed in ("send", "queue-then-send-again")
            for place, comes in places.items()
            if manner in comes
        ]
        assert play_all(runs, cases, tmp_path, server) == {}
