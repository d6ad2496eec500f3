"""A disk whose power can be cut: whatever SQLite asks of it is recorded, and what may be left of the files
after a cut at any place is built anew.

The ledger's own code runs over it, with its own statements and pragmas; only `sqlite3.connect` gives a
connection of apsw, whose file layer can be listened to. What was synced is there after a cut; of what was
not, nothing, everything, any part, or a write torn between two sectors.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import apsw

from turbodesk.store import copies

SECTOR = 512
_names = count()


@dataclass(frozen=True, slots=True)
class Op:
    """One thing asked of the disk: `create`, `write`, `truncate`, `sync`, `delete` or `replace` of one file.

    `at` is where a write begins, or the size that is left by a truncation.
    """

    what: str
    file: str
    at: int = 0
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Cut:
    """What is left of the files, by name, after a power cut once `at` things had been asked of the disk."""

    at: int
    kind: str
    files: Mapping[str, bytes]


@dataclass(slots=True)
class Disk:
    """Everything that was asked of the disk since `files` were safely on it, by name. `before` is told what
    is about to be done, by its number, and may raise what SQLite then meets."""

    files: dict[str, bytes] = field(default_factory=dict)
    ops: list[Op] = field(default_factory=list)
    before: Callable[[int, Op], None] = lambda number, op: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, op: Op) -> None:
        """It was done."""
        with self._lock:
            self.ops.append(op)

    def begin(self, op: Op) -> None:
        """It is about to be done."""
        self.before(self.now, op)

    @property
    def now(self) -> int:
        """How many things were asked of it by now."""
        with self._lock:
            return len(self.ops)

    def cuts(self, random: Random, halves: int = 2, behind: Container[int] | None = None) -> Iterator[Cut]:
        """What may be left after a cut behind every single thing that was asked, or those `behind` names:
        nothing of what is not yet synced, all of it, `halves` random parts of it, and a part with one write
        torn."""
        safe = {name: bytearray(data) for name, data in self.files.items()}
        pending: list[Op] = []
        for at, op in enumerate(self.ops, 1):
            if op.what == "sync":
                for mine in [it for it in pending if it.file == op.file]:
                    _apply(safe, mine)
                pending = [it for it in pending if it.file != op.file]
            elif op.what == "delete":
                pending = [it for it in pending if it.file != op.file]
                safe.pop(op.file, None)
            elif op.what == "replace":
                safe[op.file] = bytearray(op.data)
            else:
                pending.append(op)
            if behind is not None and at not in behind:
                continue
            for kind, kept in _choices(pending, random, halves):
                left = {name: bytearray(data) for name, data in safe.items()}
                for it in kept:
                    _apply(left, it)
                yield Cut(at, kind, {name: bytes(data) for name, data in left.items()})


def _choices(pending: list[Op], random: Random, halves: int) -> Iterator[tuple[str, list[Op]]]:
    yield "none", []
    if not pending:
        return
    yield "all", pending
    for _ in range(halves):
        yield "half", [it for it in pending if random.random() < 0.5]
    long = [at for at, it in enumerate(pending) if len(it.data) > SECTOR]
    if long:
        torn = random.choice(long)
        length = SECTOR * random.randrange(1, -(-len(pending[torn].data) // SECTOR))
        cut = Op("write", pending[torn].file, pending[torn].at, pending[torn].data[:length])
        others = [it for it in pending[:torn] if random.random() < 0.7]
        yield "torn", [*others, cut]


def _apply(files: dict[str, bytearray], op: Op) -> None:
    if op.what == "create":
        files.setdefault(op.file, bytearray())
        return
    data = files.get(op.file)
    if data is None:  # the file's own name did not outlast the cut
        return
    if op.what == "truncate":
        del data[op.at :]
        data.extend(bytes(op.at - len(data)))
    else:
        data.extend(bytes(max(0, op.at - len(data))))
        data[op.at : op.at + len(op.data)] = op.data


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: apsw.URIFilename | str | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        given = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._disk, self._name = disk, Path(given).name if given else ""

    def xWrite(self, data: bytes, offset: int) -> None:
        with self._doing(Op("write", self._name, offset, bytes(data))):
            super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        with self._doing(Op("truncate", self._name, newsize)):
            super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        with self._doing(Op("sync", self._name)):
            super().xSync(flags)

    @contextmanager
    def _doing(self, op: Op) -> Iterator[None]:
        if self._name:  # else it is one of SQLite's own for the moment
            self._disk.begin(op)
        yield
        if self._name:
            self._disk.note(op)


class _Vfs(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.name = f"recorded-{next(_names)}"
        super().__init__(self.name, "")

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> _File:
        given = name.filename() if isinstance(name, apsw.URIFilename) else name
        is_new = given is not None and not Path(given).exists()
        file = _File(self._disk, name, flags)
        if given is not None and is_new and Path(given).exists():
            self._disk.note(Op("create", Path(given).name))
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self._disk.note(Op("delete", Path(filename).name))


class _Cursor:
    """As much of a cursor of sqlite3's as the store asks for."""

    def __init__(self, rows: list[tuple[Any, ...]], rowcount: int, lastrowid: int) -> None:
        self._rows, self.rowcount, self.lastrowid = rows, rowcount, lastrowid

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.fetchall())


class _Connection:
    """As much of a connection of sqlite3's as the store asks for, over a recorded disk."""

    def __init__(self, path: Path, vfs: _Vfs, timeout_s: float) -> None:
        self._real = apsw.Connection(str(path), vfs=vfs.name)
        self._real.set_busy_timeout(round(timeout_s * 1000))

    def execute(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> _Cursor:
        given = values if isinstance(values, Mapping) else [_plain(value) for value in values]
        with _as_sqlite3():
            rows = self._real.execute(sql, given).fetchall()
            return _Cursor(rows, self._real.changes(), self._real.last_insert_rowid())

    def backup(self, other: _Connection) -> None:
        with _as_sqlite3(), other._real.backup("main", self._real, "main") as backup:
            while not backup.done:
                backup.step(-1)

    @property
    def in_transaction(self) -> bool:
        return self._real.in_transaction

    def close(self) -> None:
        self._real.close()


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


@contextmanager
def _as_sqlite3() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        kind = sqlite3.IntegrityError if isinstance(error, apsw.ConstraintError) else sqlite3.OperationalError
        told = kind(str(error))
        told.sqlite_errorcode = getattr(error, "extendedresult", 0)
        told.sqlite_errorname = type(error).__name__
        raise told from error


@contextmanager
def recorded(disk: Disk) -> Iterator[None]:
    """Whatever is opened by sqlite3 meanwhile is opened over `disk`, and the file beside the ledger, which is
    synced before it takes its place, is replaced there."""
    vfs = _Vfs(disk)
    honest: Callable[..., Any] = sqlite3.connect
    write_beside = copies._write

    def connect(path: Path, *, timeout: float, **_more: Any) -> Any:
        return _Connection(path, vfs, timeout)

    def write(path: Path, value: dict[str, str]) -> None:
        write_beside(path, value)
        disk.note(Op("replace", path.name, 0, path.read_bytes()))

    sqlite3.connect, copies._write = connect, write  # type: ignore[assignment]
    try:
        yield
    finally:
        sqlite3.connect, copies._write = honest, write_beside  # type: ignore[assignment]
        vfs.unregister()
