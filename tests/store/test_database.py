"""Opening one file: made whole, brought up to date with a copy beside it, never replaced in silence."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from turbodesk.errors import StoreTrouble
from turbodesk.store.database import Database, Migration
from turbodesk.store.ledger import Ledger

FIRST: Migration = ("CREATE TABLE a (x INTEGER)", "INSERT INTO a VALUES (1)")
SECOND: Migration = ("ALTER TABLE a ADD COLUMN y TEXT", "UPDATE a SET y = 'new'")
BROKEN: Migration = ("UPDATE a SET x = 2", "INSERT INTO nowhere VALUES (1)")


def prepared(path: Path, *migrations: Migration) -> Database:
    database = Database(path, 77, migrations)
    with database.exclusive():
        database.prepare()
    return database


def rows(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM a").fetchall()


def test_a_new_file_has_its_schema_and_safe_commits(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.sqlite"
    database = prepared(path, FIRST)
    assert rows(path) == [(1,)]
    with closing(database.connect(write=True)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("persist",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert [p.name for p in path.parent.iterdir() if p.suffix == ".new"] == []


def test_a_reading_connection_does_not_write(tmp_path: Path) -> None:
    database = prepared(tmp_path / "x.sqlite", FIRST)
    with closing(database.connect(write=False)) as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM a")


def test_an_older_file_is_brought_up_to_date_and_copied_first(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    prepared(path, FIRST)
    prepared(path, FIRST, SECOND)
    prepared(path, FIRST, SECOND)
    assert rows(path) == [(1, "new")]
    assert rows(tmp_path / "x.sqlite.before-2.bak") == [(1,)]


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    prepared(path, FIRST)
    with pytest.raises(StoreTrouble):
        prepared(path, FIRST, BROKEN)
    assert rows(path) == [(1,)]
    prepared(path, FIRST, SECOND)
    assert rows(path) == [(1, "new")]


def test_a_file_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    prepared(path, FIRST, SECOND)
    before = path.read_bytes()
    with pytest.raises(StoreTrouble, match="written by a newer Turbodesk"):
        prepared(path, FIRST)
    assert path.read_bytes() == before


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
        connection.commit()


def _zeroed(path: Path) -> None:
    prepared(path, FIRST)
    raw = bytearray(path.read_bytes())
    raw[100:4096] = bytes(3996)
    path.write_bytes(raw)


HARMS: dict[str, Callable[[Path], object]] = {
    "was empty": lambda path: path.write_bytes(b""),
    "is no database": lambda path: path.write_bytes(b"junk" * 2000),
    "is damaged": _zeroed,
    "belongs to another program": _foreign,
}


@pytest.mark.parametrize("why", list(HARMS))
def test_what_is_no_database_of_ours_is_set_aside_and_told(tmp_path: Path, why: str) -> None:
    path = tmp_path / "x.sqlite"
    HARMS[why](path)
    before = path.read_bytes()
    (tmp_path / "x.sqlite-journal").write_bytes(b"a leftover")
    with pytest.raises(StoreTrouble, match=why) as told:
        prepared(path, FIRST)
    (aside,) = [p for p in tmp_path.glob("x.sqlite.set-aside-*") if not p.name.endswith("-journal")]
    assert aside.name in told.value.says
    assert told.value.hint
    assert aside.read_bytes() == before or why == "is damaged"
    assert not (tmp_path / "x.sqlite-journal").exists()
    prepared(path, FIRST)
    assert rows(path) == [(1,)]
    assert aside.exists()


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("not a folder")
    with pytest.raises(StoreTrouble, match="cannot be made or used"):
        Ledger.open(tmp_path / "config")


def test_a_ledger_that_was_emptied_is_never_taken_for_a_new_one(tmp_path: Path) -> None:
    Ledger.open(tmp_path).close()
    (tmp_path / "ledger.sqlite").write_bytes(b"")
    with pytest.raises(StoreTrouble, match="was empty, so it was set aside as ledger"):
        Ledger.open(tmp_path)
    Ledger.open(tmp_path).close()
