"""What waits, a batch, and the settling of what is unknown: killed anywhere, each goes exactly once."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.reliability import counted
from tests.reliability.child import DRAFT, ROWS
from tests.reliability.test_kills import Runs
from tests.reliability.wire import CountingServer
from turbodesk.model.outcome import Hold, SendState
from turbodesk.store.database import Database
from turbodesk.store.ledger import Entry, Ledger
from turbodesk.store.schema import APPLICATION_ID, MIGRATIONS

ENDED = {SendState.ACCEPTED, SendState.REFUSED}

UNDOING = [
    "before queue",
    "after queue",
    "before put off",
    "after put off",
    "before claim",
    "after claim statement",
    "after claim",
    "at connected",
    "before mark",
    "after mark statement",
    "after mark",
    "at half head",
    "at body sent",
    "at answer read",
    "before settle",
    "after finish statement",
    "after settle",
]
SETTLING = [
    "before look",
    "at looked",
    "after look",
    "before look noted",
    "after look noted",
    "before take again",
    "after take again statement",
    "after take again",
    "before mark",
    "after mark",
    "at body sent",
    "at answer read",
    "before settle",
    "after settle",
]
OPENING = [
    "before opened",
    "after opened",
    "before recover",
    "after recover",
    "before tidy",
    "after tidy",
]
MIGRATING = ["before backup", "after backup", "before migrate", "after migrate"]
# How often a statement is run depends on how many rows share it. Of 200 rows with 8 leaving at once no more
# than 8 are marked together, and no more than 16 end together: so often it comes by for certain.
IN_A_BATCH = [
    "before queue row#1",
    "after queue row#50",
    "after queue row#200",
    "before take batch",
    "after take batch",
    "before claim rows",
    "after claim rows statement#3",
    "after claim rows#5",
    "before mark#30",
    "after mark statement#5",
    "after mark statement#25",
    "after mark#77",
    "at body sent",
    "at answer read",
    "after finish statement#4",
    "after finish statement#12",
    "after settle#90",
    "before end batch",
    "after end batch",
]


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    running = Runs()
    yield running
    running.close()


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with CountingServer() as running:
        yield running


class Play:
    """One config dir, and the runs that are played over it."""

    def __init__(self, runs: Runs, server: CountingServer, directory: Path) -> None:
        self.runs, self.server, self.directory = runs, server, directory

    def run(self, deed: str, place: str = "", *, may_end: bool = False) -> bool:
        """Whether it was killed; without a place it must come to its end."""
        ended = self.runs(self.directory, self.server.port, place, deed, False)
        killed = ended == -signal.SIGKILL
        counted.add(kills=killed)
        assert killed or ended == 0, f"{deed} {place}: {ended}"
        assert killed or may_end or not place, f"{deed} never came to {place}"
        return killed

    def entries(self) -> list[Entry]:
        async def read() -> list[Entry]:
            ledger = Ledger.open(self.directory)
            try:
                return await ledger.entries(batch=None, limit=10_000)
            finally:
                ledger.close()

        return asyncio.run(read())

    def sent_by_hand(self) -> None:
        """A person sends what waits for one."""

        async def send() -> None:
            from tests.reliability.child import desk
            from turbodesk.services.outbox import Outbox

            ledger = Ledger.open(self.directory)
            outbox = Outbox(ledger, desk("plain", self.server.port))
            for entry in await ledger.entries(batch=None, limit=10_000):
                if entry.state is SendState.QUEUED and entry.hold is Hold.PERSON:
                    await outbox.send_again(entry.id)
            ledger.close()

        asyncio.run(send())

    def finish(self) -> list[Entry]:
        """Everything that can still go goes, and what is unknown is settled."""
        self.server.manner, self.server.manners = "ok", None
        self.run("go on")
        self.sent_by_hand()
        self.run("settle")
        return self.entries()

    def faults(self, entries: list[Entry], written: int | None) -> list[str]:
        """What is wrong, and it is counted."""
        twice = [it.key for it in entries if self.server.accepted[it.key] > 1]
        lost = [
            it.key for it in entries if it.state is SendState.ACCEPTED and not self.server.accepted[it.key]
        ]
        open_still = [f"{it.key} {it.state}" for it in entries if it.state not in ENDED]
        missing = 0 if written is None else written - len(entries)
        counted.add(accepted_twice=len(twice), lost=len(lost) + max(missing, 0))
        extra = set(self.server.accepted) - {it.key for it in entries}
        return [
            *(f"{key} accepted twice" for key in twice),
            *(f"{key} called accepted and never was" for key in lost),
            *open_still,
            *(f"{key} accepted and not written down" for key in extra),
            *([f"{missing} are gone"] if missing else []),
        ]


def drafts_kept(directory: Path) -> list[str]:
    """The drafts of what has not left."""
    with closing(sqlite3.connect(directory / "ledger.sqlite")) as connection:
        rows = connection.execute(
            "SELECT CAST(body AS TEXT) FROM draft JOIN message ON number = message WHERE state = 'queued'"
        ).fetchall()
    return [row[0] for row in rows]


def undo_killed(play: Play, place: str) -> list[str]:
    play.run("undo", place, may_end=place.endswith("put off"))
    for draft in drafts_kept(play.directory):
        assert json.loads(draft) == DRAFT
    written = None if place == "before queue" else 1
    entries = play.finish()
    return play.faults(entries, written if entries or written else None)


def settling_killed(play: Play, place: str, manner: str) -> list[str]:
    """A send whose answer was lost, or that was cut off before anything was taken, and a kill while it is
    settled."""
    if manner == "never arrived":
        play.run("send", "at half head")
    else:
        play.server.manner = "drop"
        play.run("send")
        play.server.manner = "ok"
    assert [it.state for it in play.entries()] == [SendState.UNKNOWN]
    play.run("settle", place, may_end=True)
    return play.faults(play.finish(), 1)


def batch_killed(play: Play, place: str) -> list[str]:
    play.run("batch", place)
    entries = play.entries()
    if len(entries) < ROWS:  # killed while it was written down: nothing of it may go, now or later
        assert not play.server.accepted
        assert not [it for it in play.finish() if it.state is SendState.ACCEPTED]
        return []
    return play.faults(play.finish(), ROWS)


def together(folder: Path, cases: list[str], judge: object) -> dict[str, list[str]]:
    """The cases that went wrong; two at a time."""
    with ThreadPoolExecutor(2) as workers:
        found = workers.map(judge, cases)  # type: ignore[arg-type]
        return {case: wrong for case, wrong in zip(cases, found, strict=True) if wrong}


def named(case: str) -> str:
    return case.replace(" ", "_").replace("#", "-")


def of_undo(runs: Runs, folder: Path, places: list[str]) -> dict[str, list[str]]:
    def judge(place: str) -> list[str]:
        with CountingServer() as server:
            return undo_killed(Play(runs, server, folder / named(place)), place)

    return together(folder, places, judge)


def of_settling(runs: Runs, folder: Path, places: list[str], manner: str) -> dict[str, list[str]]:
    def judge(place: str) -> list[str]:
        with CountingServer() as server:
            return settling_killed(Play(runs, server, folder / named(place)), place, manner)

    return together(folder, places, judge)


def of_batches(runs: Runs, folder: Path, places: list[str]) -> dict[str, list[str]]:
    def judge(place: str) -> list[str]:
        with CountingServer() as server:
            return batch_killed(Play(runs, server, folder / named(place)), place)

    return together(folder, places, judge)


def test_undo_killed_at_some_places(runs: Runs, tmp_path: Path) -> None:
    assert of_undo(runs, tmp_path, ["after queue", "after claim", "after mark", "at answer read"]) == {}


def test_settling_killed_at_some_places(runs: Runs, tmp_path: Path) -> None:
    for manner in ("answer lost", "never arrived"):
        folder = tmp_path / named(manner)
        assert of_settling(runs, folder, ["at looked", "after look", "after take again"], manner) == {}


def test_a_batch_killed_at_some_places(runs: Runs, tmp_path: Path) -> None:
    assert of_batches(runs, tmp_path, ["after queue row#50", "after claim rows#5", "after mark#77"]) == {}


def batch_of_many_kills(runs: Runs, folder: Path, kills: int, seed: int) -> None:
    """A batch of 200 rows, killed again and again at random moments and taken up each time, while some of the
    answers are lost and some rows are refused."""
    rng = Random(seed)
    with CountingServer() as server:
        lost = {"drop": 0.03, "cut": 0.02, "fault": 0.02, "refuse": 0.02}

        def manner(_key: str) -> str:
            drawn = rng.random()
            for name, share in lost.items():
                if (drawn := drawn - share) < 0:
                    return name
            return "ok"

        play = Play(runs, server, folder)
        play.run("batch", "before take batch")
        killed = 0
        for _ in range(kills * 4):
            server.manners = manner
            if play.run("go on", f"in {rng.randint(20, 220)} ms", may_end=True):
                killed += 1
            waiting = [it for it in play.entries() if it.state is SendState.QUEUED]
            if killed >= kills or not waiting:
                break
        entries = play.finish()
        assert play.faults(entries, ROWS) == [], f"seed {seed}"
        assert len(entries) == ROWS


def test_a_batch_killed_at_random_moments(runs: Runs, tmp_path: Path) -> None:
    batch_of_many_kills(runs, tmp_path / "config", 3, seed=1)


def old_ledger(directory: Path) -> None:
    """A ledger as the first version wrote it, with one send that waits."""
    directory.mkdir(mode=0o700)
    with Database(directory / "ledger.sqlite", APPLICATION_ID, MIGRATIONS[:1]).exclusive():
        Database(directory / "ledger.sqlite", APPLICATION_ID, MIGRATIONS[:1]).prepare()
    with closing(sqlite3.connect(directory / "ledger.sqlite", isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO message (id, key, profile, provider, sender, subject, body_sha256, size_bytes, "
            "created, updated, state, outcomes) VALUES "
            "('one', 'td-aaaaaaaaaaaaaaaaaaaaaaaaaa', 'shop', 'plain', "
            "'{\"email\":\"me@example.com\",\"name\":\"\"}', 'Hi', 'x', 1, 1, 1, 'queued', '[]')"
        )
        connection.execute("INSERT INTO payload VALUES (1, '{}')")


@pytest.mark.parametrize("place", MIGRATING)
def test_killed_while_an_old_ledger_is_brought_up_to_date(
    runs: Runs, server: CountingServer, tmp_path: Path, place: str
) -> None:
    directory = tmp_path / "config"
    old_ledger(directory)
    play = Play(runs, server, directory)
    play.run("start", place)
    assert [it.id for it in play.entries()] == ["one"]
    backup = directory / "ledger.sqlite.before-2.bak"
    assert backup.exists()
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT id FROM message").fetchall() == [("one",)]


@pytest.mark.parametrize("place", OPENING)
def test_killed_while_it_opens_what_waits_still_goes_once(
    runs: Runs, server: CountingServer, tmp_path: Path, place: str
) -> None:
    play = Play(runs, server, tmp_path / "config")
    play.run("undo", "after queue")
    play.run("start", place)
    (entry,) = play.entries()
    assert (entry.state, entry.hold) == (SendState.QUEUED, Hold.UNDO), "its own ledger is known again"
    assert play.faults(play.finish(), 1) == []


def test_a_copy_put_back_asks_before_anything_goes(
    runs: Runs, server: CountingServer, tmp_path: Path
) -> None:
    play = Play(runs, server, tmp_path / "config")
    play.run("undo", "after queue")
    ledger = play.directory / "ledger.sqlite"
    shutil.copy(ledger, tmp_path / "backup")
    play.run("go on")
    assert sum(server.accepted.values()) == 1
    shutil.copy(tmp_path / "backup", ledger)
    (entry,) = play.entries()
    assert (entry.state, entry.hold) == (SendState.QUEUED, Hold.PERSON) and "is a copy" in entry.reason
    play.run("go on")
    assert sum(server.accepted.values()) == 1, "nothing of it goes by itself"


@pytest.mark.prove
@pytest.mark.parametrize("round", range(3))
def test_undo_killed_everywhere(runs: Runs, tmp_path: Path, round: int) -> None:
    assert of_undo(runs, tmp_path, UNDOING) == {}


@pytest.mark.prove
@pytest.mark.parametrize("manner", ["answer lost", "never arrived"])
def test_settling_killed_everywhere(runs: Runs, tmp_path: Path, manner: str) -> None:
    assert of_settling(runs, tmp_path, SETTLING, manner) == {}


@pytest.mark.prove
def test_a_batch_killed_everywhere(runs: Runs, tmp_path: Path) -> None:
    assert of_batches(runs, tmp_path, IN_A_BATCH) == {}


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(2, 5))
def test_a_batch_of_two_hundred_rows_killed_twenty_times(runs: Runs, tmp_path: Path, seed: int) -> None:
    batch_of_many_kills(runs, tmp_path / "config", 20, seed)


@pytest.mark.prove
def test_killed_at_random_moments(runs: Runs, tmp_path: Path) -> None:
    rng = Random(7)
    cases = [f"in {rng.randint(1, 60)} ms" for _ in range(60)]

    def judge(case: str) -> list[str]:
        with CountingServer() as server:
            play = Play(runs, server, tmp_path / named(f"{case} {rng.random()}"))
            play.run(rng.choice(["undo", "send", "queue-then-send-again"]), case, may_end=True)
            return play.faults(play.finish(), None)

    assert together(tmp_path, cases, judge) == {}
