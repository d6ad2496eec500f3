"""A disk that fails: a sentence to act on, and nothing is sent that is not written down."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.reliability.child import MESSAGE, desk
from tests.reliability.wire import CountingServer
from turbodesk.errors import StoreTrouble
from turbodesk.model.outcome import SendState
from turbodesk.services.outbox import Outbox
from turbodesk.store import database
from turbodesk.store.ledger import Ledger
from turbodesk.store.schema import MIGRATIONS

ROOT = Path(__file__).parents[2]


def send(directory: Path, server: CountingServer) -> list[SendState]:
    """Opens the ledger and sends one letter through it; how everything in it stands then."""

    async def go() -> list[SendState]:
        ledger = Ledger.open(directory)
        try:
            await Outbox(ledger, desk("plain", server.port)).send(MESSAGE)
            return [it.state for it in await ledger.entries()]
        finally:
            ledger.close()

    return asyncio.run(go())


def with_letters(directory: Path, server: CountingServer, count: int = 60) -> Path:
    """A ledger of several pages."""
    for _ in range(count // 20):

        async def go() -> None:
            ledger = Ledger.open(directory)
            outbox = Outbox(ledger, desk("plain", server.port))
            await asyncio.gather(*(outbox.send(MESSAGE) for _ in range(20)))
            ledger.close()

        asyncio.run(go())
    return directory / "ledger.sqlite"


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def junk(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))


def cut_short(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def a_page_zeroed(path: Path) -> None:
    """One in the middle, which nothing looks at that only reads the head."""
    with closing(sqlite3.connect(path)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        root = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'payload'").fetchone()[0]
    assert pages > 8
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(bytes(size))


DAMAGES = [emptied, junk, cut_short, a_page_zeroed]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_ledger_is_set_aside_and_named_and_nothing_is_sent(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    with CountingServer() as server:
        path = with_letters(tmp_path / "config", server)
        before = sum(server.accepted.values())
        damage(path)
        harmed = path.read_bytes()
        with pytest.raises(StoreTrouble) as told:
            send(path.parent, server)
        assert sum(server.accepted.values()) == before
        (aside,) = (
            it for it in path.parent.glob("ledger.sqlite.set-aside-*") if not it.name.endswith("-journal")
        )
        assert aside.name in told.value.says and told.value.hint
        assert aside.read_bytes() == harmed, "it is kept as it was found"
        assert not path.exists(), "nothing new stands in its place yet"
        assert send(path.parent, server) == [SendState.ACCEPTED], "the next start begins anew"


def test_a_ledger_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    with CountingServer() as server:
        path = with_letters(tmp_path / "config", server, 20)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        before, data = sum(server.accepted.values()), path.read_bytes()
        with pytest.raises(StoreTrouble) as told:
            send(path.parent, server)
        assert "newer Turbodesk" in told.value.says and told.value.hint
        assert (sum(server.accepted.values()), path.read_bytes()) == (before, data)


def test_a_ledger_that_another_program_holds_is_told_and_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is a program of its own that writes and does not end."""
    monkeypatch.setattr(database, "BUSY_S", 0.2)
    with CountingServer() as server:
        path = with_letters(tmp_path / "config", server, 20)
        before = sum(server.accepted.values())
        hold = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
            "c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.read()"
        )
        words = [sys.executable, "-c", hold, str(path)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout and other.stdout.readline() == "held\n"
            with pytest.raises(StoreTrouble) as told:
                send(path.parent, server)
            other.communicate("")
        assert "in use by another program" in told.value.says and told.value.hint
        assert sum(server.accepted.values()) == before
        assert send(path.parent, server)[0] is SendState.ACCEPTED


def test_a_disk_that_fills_up_while_it_sends(tmp_path: Path) -> None:
    """The ledger may not grow any more: what cannot be written down does not leave."""
    with CountingServer() as server:
        with_letters(tmp_path / "config", server, 20)
        before = sum(server.accepted.values())

        async def go() -> None:
            ledger = Ledger.open(tmp_path / "config")
            ledger._writer._connection.execute(
                "PRAGMA max_page_count = 1"
            )  # as large as it is, and no larger
            outbox = Outbox(ledger, desk("plain", server.port))
            with pytest.raises(StoreTrouble) as told:
                for _ in range(50):
                    await outbox.send(MESSAGE)
            assert "disk is full" in told.value.says and told.value.hint
            entries = await ledger.entries()
            assert {it.state for it in entries} <= {SendState.ACCEPTED, SendState.UNKNOWN}
            accepted = sum(server.accepted.values())
            assert accepted <= len(entries), "nothing was sent that is not written down"
            assert accepted >= before
            ledger.close()

        asyncio.run(go())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    check_unwritable(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_folder_that_may_not_be_written_by_this_user(tmp_path: Path) -> None:
    """Root may write everywhere, so the part is played by a program of somebody else's."""
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    locked = tmp_path / "config"
    locked.mkdir(mode=0o755)
    program = (
        "import os, sys, uuid, filelock; from pathlib import Path\n"
        "from turbodesk.store.ledger import Ledger; from turbodesk.errors import StoreTrouble\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try:\n    Ledger.open(Path(sys.argv[1]))\n"
        "except StoreTrouble as told:\n    print(told.says, '|', told.hint)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(locked)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "cannot be made or used" in done.stdout and "permissions" in done.stdout
    assert list(locked.iterdir()) == []


def check_unwritable(tmp_path: Path) -> None:
    locked = tmp_path / "config"
    locked.mkdir(mode=0o555)
    with CountingServer() as server:
        with pytest.raises(StoreTrouble) as told:
            send(locked, server)
        assert "cannot be made or used" in told.value.says and told.value.hint
        assert not server.accepted
