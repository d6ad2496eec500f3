"""The power is cut anywhere: what was told to be written down is there when the ledger is opened again."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.reliability import counted
from tests.reliability.power import SECTOR, Disk, Op, recorded
from tests.reliability.power_cuts import (
    Cuts,
    brought_up_to_date,
    cut_everywhere,
    one_program,
    quick_folder,
    written,
)
from turbodesk.store.database import Database
from turbodesk.store.ledger import Ledger

ROOT = Path(__file__).parents[2]


def cut(rounds: int, seed: int, places: int | None = None) -> Cuts:
    with quick_folder() as directory:
        return cut_everywhere(written(directory, rounds), Random(seed), places=places)


def nothing_lost(found: Cuts) -> None:
    counted.add(power_cuts=found.states, lost_by_them=found.lost, damaged=found.damaged)
    assert (found.lost, found.damaged) == (0, 0), found.wrong


@pytest.fixture
def opened_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Builds the program with other pragmas."""
    honest = Database._open

    def build(journal: str, synchronous: str) -> None:
        def opened(self: Database, path: Path) -> Any:
            connection: sqlite3.Connection = honest(self, path)
            connection.execute(f"PRAGMA journal_mode = {journal}")
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            return connection

        monkeypatch.setattr(Database, "_open", opened)

    return build


def test_what_was_told_to_be_written_down_outlasts_a_power_cut() -> None:
    found = cut(1, seed=1, places=60)

    nothing_lost(found)
    assert found.states >= 120


@pytest.mark.prove
def test_five_thousand_power_cuts_lose_nothing() -> None:
    found = cut(3, seed=2)

    nothing_lost(found)
    assert found.states >= 5000


def test_an_old_ledger_that_is_brought_up_to_date_outlasts_a_power_cut(tmp_path: Path) -> None:
    nothing_lost(cut_everywhere(brought_up_to_date(tmp_path), Random(6), places=40))


@pytest.mark.prove
def test_an_old_ledger_outlasts_a_power_cut_anywhere(tmp_path: Path) -> None:
    nothing_lost(cut_everywhere(brought_up_to_date(tmp_path), Random(7)))


@pytest.mark.parametrize("journal", ["TRUNCATE", "WAL"])  # PERSIST waits at the end of a commit even so
def test_a_build_that_does_not_wait_for_the_disk_is_caught(
    opened_with: Callable[[str, str], None], journal: str
) -> None:
    opened_with(journal, "NORMAL")

    found = cut(1, seed=3, places=30)

    assert found.lost > 0


def test_a_log_written_ahead_that_waits_for_the_disk_loses_nothing_either(
    opened_with: Callable[[str, str], None],
) -> None:
    """The harness asks for what is kept, not for one way to keep it."""
    opened_with("WAL", "FULL")

    found = cut(1, seed=4, places=30)

    assert (found.lost, found.damaged) == (0, 0), found.wrong


def test_a_disk_keeps_what_was_synced_and_any_part_of_the_rest() -> None:
    old, new = b"o" * 3 * SECTOR, b"n" * 3 * SECTOR
    disk = Disk({"a": old})
    for op in (
        Op("write", "a", 0, new),
        Op("create", "b"),
        Op("write", "b", 2, b"xy"),
        Op("sync", "b"),
        Op("truncate", "a", SECTOR),
        Op("sync", "a"),
        Op("delete", "b"),
    ):
        disk.note(op)

    cuts = list(disk.cuts(Random(1), halves=20))

    def left(at: int) -> set[tuple[tuple[str, bytes], ...]]:
        return {tuple(sorted(it.files.items())) for it in cuts if it.at == at}

    torn = [new[: SECTOR * n] + old[SECTOR * n :] for n in (1, 2)]
    assert left(1) <= {(("a", it),) for it in (old, new, *torn)} and len(left(1)) >= 3
    assert (("a", old),) in left(3) and (("a", new), ("b", b"\0\0xy")) in left(3)
    assert all(("b", b"\0\0xy") in files for files in left(4)), "synced"
    assert (("a", old), ("b", b"\0\0xy")) in left(4), "not synced"
    assert {dict(files)["a"] for files in left(5)} >= {old, new[:SECTOR], old[:SECTOR], new}
    assert left(6) == {(("a", new[:SECTOR]), ("b", b"\0\0xy"))}
    assert left(7) == {(("a", new[:SECTOR]),)}


_ASKED = re.compile(r"(pwrite64|fdatasync|fsync|ftruncate)\(\d+<[^>]*/(ledger\.sqlite(?:-journal)?)>")
_NAMES = {"pwrite64": "write", "fdatasync": "sync", "fsync": "sync", "ftruncate": "truncate"}


@pytest.mark.skipif(shutil.which("strace") is None, reason="nothing here that watches a program's calls")
def test_what_is_recorded_is_what_python_s_own_sqlite_asks_of_the_system(tmp_path: Path) -> None:
    ours, watched, log = tmp_path / "ours", tmp_path / "watched", tmp_path / "log"
    for directory in (ours, watched):
        Ledger.open(directory).close()
    disk = Disk()
    with recorded(disk):
        one_program(ours, disk)
    calls = "trace=pwrite64,fdatasync,fsync,ftruncate"
    child = [sys.executable, "-m", "tests.reliability.power_cuts", str(watched)]
    done = subprocess.run(
        ["strace", "-f", "-y", "-e", calls, "-o", log, *child], cwd=ROOT, stderr=subprocess.PIPE
    )
    if b"ptrace" in done.stderr:
        pytest.skip("programs may not be watched here")
    assert done.returncode == 0, done.stderr

    asked = [(_NAMES[call], file) for call, file in _ASKED.findall(log.read_text())]

    assert asked == [(op.what, op.file) for op in disk.ops if op.file != "ledger.opened"]
    assert len(asked) > 300
