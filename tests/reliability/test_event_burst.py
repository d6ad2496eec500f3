"""A burst of webhook events while the receiver is killed: afterwards each is stored, and stored once."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from tests.reliability import counted
from tests.reliability.event_poster import TWICE_EACH, message_id
from turbodesk.store.events import EVENTS_FILE

ROOT = Path(__file__).parents[2]
PER_S = 500


class ReceiverProcess:
    """`events serve` in a process of its own, which may be killed and started again on the same port."""

    def __init__(self, directory: Path, build: str = "") -> None:
        self._directory, self._build = directory, [build] if build else []
        self.port = 0
        self.kills = 0
        self.start()

    def start(self) -> None:
        words = ["tests.reliability.event_receiver", str(self._directory), str(self.port), *self._build]
        self._process = _started(words)
        self.port = int(json.loads(_out(self._process).readline())["url"].rstrip("/").rpartition(":")[2])

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        _out(self._process).close()
        self.kills += 1

    def stop(self) -> None:
        self._process.terminate()
        assert self._process.wait(30) == 0
        _out(self._process).close()


def _started(words: Sequence[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", *words]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)


def _out(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


@dataclass(frozen=True)
class Found:
    """What the poster says, and what another program reads from the disk afterwards."""

    yes: int
    posts: int
    given_up: int
    seconds: float
    kills: int
    stored: Counter[str]
    count: int

    @property
    def lost(self) -> int:
        return sum(not self.stored[message_id(n)] for n in range(self.count))

    @property
    def twice(self) -> int:
        return sum(times > 1 for times in self.stored.values())


def burst(directory: Path, seconds: int, kills: int, build: str = "", kill_at: Sequence[int] = ()) -> Found:
    """Posts for so long while the receiver is killed so often, at even shares of the burst, or when these
    numbers of events have had their yes."""
    count = PER_S * seconds
    kill_at = list(kill_at) or [count * (n + 1) // (kills + 1) for n in range(kills)]
    receiver = ReceiverProcess(directory, build)
    poster = _started(["tests.reliability.event_poster", str(receiver.port), str(count), str(PER_S)])
    try:
        for line in _out(poster):
            if line.startswith("{"):
                said = json.loads(line)
            elif kill_at and int(line) >= kill_at[0]:
                del kill_at[0]
                receiver.kill()
                receiver.start()
        assert poster.wait() == 0
    finally:
        if poster.poll() is None:
            poster.kill()
            poster.wait()
        _out(poster).close()
        receiver.stop()
    with closing(sqlite3.connect(directory / EVENTS_FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = Counter(row[0] for row in connection.execute("SELECT message_id FROM event"))
    return Found(said["yes"], said["posts"], said["given_up"], said["seconds"], receiver.kills, stored, count)


def check(found: Found, kills: int) -> None:
    counted.add(
        events=found.count,
        event_posts=found.posts,
        event_ms=round(found.seconds * 1_000),
        receiver_kills=found.kills,
        events_lost=found.lost,
        events_twice=found.twice,
    )
    assert found.kills == kills
    assert (found.yes, found.given_up) == (found.count, 0)
    assert found.posts > found.count + found.count // TWICE_EACH, "what got no answer was posted again"
    assert (found.lost, found.twice) == (0, 0)
    assert found.stored == Counter({message_id(n): 1 for n in range(found.count)})


def test_a_burst_is_stored_once_though_the_receiver_is_killed(tmp_path: Path) -> None:
    check(burst(tmp_path, 2, kills=1), 1)


@pytest.mark.prove
def test_thirty_seconds_of_it_with_three_kills(tmp_path: Path) -> None:
    check(burst(tmp_path, 30, kills=3), 3)


@pytest.mark.prove
@pytest.mark.parametrize("first", (100, 400, 700))
def test_it_may_be_killed_early_and_late(tmp_path: Path, first: int) -> None:
    check(burst(tmp_path, 2, kills=1, kill_at=[first]), 1)


@pytest.mark.prove
@pytest.mark.parametrize(("build", "wrong"), [("answers_first", "lost"), ("keeps_duplicates", "twice")])
def test_a_broken_receiver_is_found_out(tmp_path: Path, build: str, wrong: str) -> None:
    found = burst(tmp_path, 2, kills=1, build=build)
    assert getattr(found, wrong) > 0
