"""Opens one SQLite file, migrates it, backs it up first."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from turbodesk.errors import StoreTrouble
from turbodesk.files import sync_directory

BUSY_S = 10.0
JOURNAL_BYTES = 4_000_000  # a journal that was longer is cut back to this
CHECKED_BYTES = 32_000_000  # a file up to this is gone through at every opening, which takes up to 0.1 s
_MAGIC = b"SQLite format 3\x00"

Migration = Sequence[str]
"""The statements that lead from one version of a schema to the next, run in one transaction."""

_CLOSE_IT = "Close the other program, then try again."
_KEEP_IT = "Close Turbodesk and move the file to a safe place; the next start begins with a new one."
_PERMIT_IT = "Change the permissions of its folder."
_BROKEN = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_TROUBLES = {
    sqlite3.SQLITE_FULL: ("{name} cannot be written: the disk is full.", "Free some space, then try again."),
    sqlite3.SQLITE_READONLY: ("{name} may not be written.", _PERMIT_IT),
    sqlite3.SQLITE_PERM: ("{name} may not be written.", _PERMIT_IT),
    sqlite3.SQLITE_CANTOPEN: ("{name} cannot be opened.", _PERMIT_IT),
    sqlite3.SQLITE_BUSY: ("{name} is in use by another program.", _CLOSE_IT),
    sqlite3.SQLITE_LOCKED: ("{name} is in use by another program.", _CLOSE_IT),
    sqlite3.SQLITE_CORRUPT: ("{name} is damaged.", _KEEP_IT),
    sqlite3.SQLITE_NOTADB: ("{name} is no longer a database.", _KEEP_IT),
    sqlite3.SQLITE_IOERR: ("The disk failed to read or write {name}.", "Check the disk, then try again."),
}


class Database:
    """One SQLite file of ours: its schema up to date, its owner the only reader, every commit on the disk.

    `application_id` marks the file as ours; `migrations` lead from nothing to the newest version.
    """

    def __init__(self, path: Path, application_id: int, migrations: Sequence[Migration]) -> None:
        self.path = path
        self._application_id = application_id
        self._migrations = migrations

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keeps every other program out while this one opens the file; makes its folder where it is missing.

        Raises StoreTrouble, also for what the disk or the folder did not allow inside.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self.path.with_name(self.path.name + ".lock"), timeout=BUSY_S, mode=0o600):
                yield
        except Timeout:
            raise StoreTrouble(
                f"{self.path.name} is being opened by another program.", hint="Wait a moment, then try again."
            ) from None
        except OSError as error:
            raise StoreTrouble(
                f"{self.path.name} cannot be made or used in {self.path.parent}.",
                hint="Free some space or change the folder's permissions, then try again.",
                detail=f"{type(error).__name__}: {error.strerror}",
            ) from error

    def prepare(self) -> None:
        """Makes the file where there is none, and brings an older one up to date, a copy put beside it first.

        A file that is no database of ours is set aside under a dated name, and StoreTrouble tells it; the
        next call then begins a new one. A newer version's file is left alone, and StoreTrouble tells it.
        To be called inside `exclusive`.
        """
        if not self.path.exists():
            self._make()
            return
        try:
            version = self._version()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _BROKEN:
                raise self.trouble(error) from error
            self._set_aside("is damaged")
        else:
            if version > len(self._migrations):
                raise StoreTrouble(
                    f"{self.path.name} was written by a newer Turbodesk.",
                    hint="Install the newest version, or use another folder with --config-dir.",
                    detail=f"schema {version}, known up to {len(self._migrations)}",
                )
            if version < len(self._migrations):
                self._migrate(version)

    def connect(self, *, write: bool) -> sqlite3.Connection:
        """A connection that may go to another thread; transactions are begun by hand. Raises StoreTrouble."""
        connection: sqlite3.Connection | None = None
        try:
            connection = self._open(self.path)
            connection.execute(f"PRAGMA query_only = {0 if write else 1}")
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise self.trouble(error) from error
        return connection

    def trouble(self, error: sqlite3.Error) -> StoreTrouble:
        """What an error of SQLite means, in our words."""
        code = getattr(error, "sqlite_errorcode", 0)
        says, hint = _TROUBLES.get(code & 0xFF, ("{name} did not take this.", "Nothing was changed by it."))
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        return StoreTrouble(says.format(name=self.path.name), hint=hint, detail=f"{name}: {error}")

    def _make(self) -> None:
        """Under another name first: a file at its own place is always one with a schema."""
        new = self.path.with_name(f".{self.path.name}.{uuid4().hex}.new")
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        try:
            with closing(self._open(new)) as connection:
                connection.execute(f"PRAGMA application_id = {self._application_id}")
                self._run(connection, 0)
            new.replace(self.path)
        except sqlite3.Error as error:
            raise self.trouble(error) from error
        finally:
            for rest in (new, new.with_name(new.name + "-journal")):
                with suppress(OSError):
                    rest.unlink(missing_ok=True)
        sync_directory(self.path.parent)

    def _version(self) -> int:
        """The schema's version; sets aside what has none of ours."""
        with self.path.open("rb") as file:
            head = file.read(len(_MAGIC))
        if not head:
            self._set_aside("was empty")
        if head != _MAGIC:
            self._set_aside("is no database")
        with closing(self._open(self.path)) as connection:
            ours = connection.execute("PRAGMA application_id").fetchone()[0] == self._application_id
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # reads it, so damage shows
            if self.path.stat().st_size <= CHECKED_BYTES:
                found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
                if found != "ok":
                    damaged = sqlite3.DatabaseError(found)
                    damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                    raise damaged
        if not ours or not version:
            self._set_aside("belongs to another program")
        return version

    def _set_aside(self, why: str) -> None:
        stamp = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S-%f")
        aside = self.path.with_name(f"{self.path.name}.set-aside-{stamp}")
        journal = self.path.with_name(self.path.name + "-journal")
        if journal.exists():  # left here, it would be played into the new file
            journal.replace(aside.with_name(aside.name + "-journal"))
        self.path.replace(aside)
        sync_directory(self.path.parent)
        raise StoreTrouble(
            f"{self.path.name} {why}, so it was set aside as {aside.name}.",
            hint="What it held is no longer shown. Try again to begin with a new one, and keep the old file.",
        )

    def _migrate(self, version: int) -> None:
        backup = self.path.with_name(f"{self.path.name}.before-{version + 1}.bak")
        try:
            with closing(self._open(self.path)) as connection:
                self._copy(connection, backup)
                self._run(connection, version)
        except sqlite3.Error as error:
            raise self.trouble(error) from error

    def _copy(self, connection: sqlite3.Connection, backup: Path) -> None:
        new = backup.with_name(backup.name + ".new")
        new.unlink(missing_ok=True)
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(self._open(new)) as copy:
            connection.backup(copy)
        new.replace(backup)
        sync_directory(backup.parent)

    def _run(self, connection: sqlite3.Connection, version: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for migration in self._migrations[version:]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(self._migrations)}")
        connection.execute("COMMIT")

    def _open(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(
            path,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,  # the same statement for one row, for two, and so on
        )
        try:
            # no WAL: before SQLite 3.51.3 two connections that checkpoint at once may lose a commit
            # and no TRUNCATE: a journal that keeps its length is synced without the file system's own journal
            connection.execute("PRAGMA journal_mode = PERSIST")
            connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            if sys.platform == "darwin":
                connection.execute("PRAGMA fullfsync = ON")  # fsync alone stops at the drive's cache
        except BaseException:
            connection.close()
            raise
        return connection
