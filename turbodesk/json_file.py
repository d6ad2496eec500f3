"""One small JSON file: written whole or not at all, with its last good state beside it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from turbodesk.errors import FileTrouble

LARGEST_BYTES = 4_000_000  # what is larger was not written by us
LOCK_TIMEOUT_S = 10.0


class NotOursError(ValueError):
    """A file is there, and what it holds is not what we write; the text names the place."""


def make_directory(directory: Path) -> None:
    """Makes `directory` where it is missing, and open to its owner alone.

    One that was there before is closed to others only where it is empty or holds files of ours.
    Raises FileTrouble.
    """
    try:
        if not directory.is_dir():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)  # another start may make it just now
        elif sys.platform != "win32" and directory.stat().st_mode & 0o077 and _is_ours(directory):
            directory.chmod(0o700)
    except OSError as error:
        raise FileTrouble(
            f"The folder {directory} cannot be made or used.",
            hint="Choose another with --config-dir, or change its permissions.",
            detail=f"{type(error).__name__}: {error.strerror}",
        ) from error


def _is_ours(directory: Path) -> bool:
    names = {entry.name for entry in directory.iterdir()}
    return not names or not names.isdisjoint({"settings.json", "vault.json", "ledger.sqlite"})


def read(path: Path) -> dict[str, Any]:
    """The object that `path` holds.

    Raises FileNotFoundError where there is none, NotOursError where it is too large, is not JSON, is not an
    object or names a member twice, and FileTrouble where it cannot be read.
    """
    try:
        if not path.is_file() and path.exists():  # opening a pipe would wait for its other end
            raise IsADirectoryError(21, "not a file")
        with path.open("rb") as file:
            raw = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FileTrouble(
            f"{path} cannot be read.",
            hint="Change its permissions, or move it away.",
            detail=f"{type(error).__name__}: {error.strerror}",
        ) from error
    if len(raw) > LARGEST_BYTES:
        raise NotOursError(f"it is larger than {LARGEST_BYTES:,} bytes")
    try:
        value = json.loads(raw, object_pairs_hook=_once_each)
    except json.JSONDecodeError as error:
        raise NotOursError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except NotOursError:
        raise
    except (ValueError, RecursionError) as error:  # ValueError: no text, or a number of thousands of digits
        raise NotOursError(f"it is not JSON ({type(error).__name__})") from None
    if not isinstance(value, dict):
        raise NotOursError("it is not a JSON object")
    return value


def _once_each(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise NotOursError(f"the member {name!r} stands in it twice")
        members[name] = value
    return members


def write(path: Path, value: dict[str, Any]) -> None:
    """Puts `value` in place of what `path` held, and the same into its `.bak`; both 0600.

    A reader sees the old file or the new one, also after a power cut. Raises FileTrouble.
    """
    from turbodesk.files import write_whole  # here, because reading at start needs none of it

    raw = (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
    make_directory(path.parent)
    write_whole(backup_of(path), raw)  # first, so that after a failure here nothing has changed
    write_whole(path, raw)


def set_aside(path: Path) -> Path:
    """Moves a file that is not what we write out of the way, under a name with the date, which comes back.

    Raises FileTrouble.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    aside = path.with_name(f"{path.stem}.broken-{moment}{path.suffix}")
    try:
        path.replace(aside)
    except FileNotFoundError:
        pass  # another process was faster
    except OSError as error:
        raise FileTrouble(
            f"{path} could not be understood and cannot be moved away.",
            hint="Move it away by hand, then start again.",
            detail=f"{type(error).__name__}: {error.strerror}",
        ) from error
    return aside


def backup_of(path: Path) -> Path:
    """Where the last good state of `path` stands."""
    return path.with_name(path.name + ".bak")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keeps other processes out while `path` is read, changed and written. Raises FileTrouble."""
    from filelock import FileLock, Timeout  # here, because reading at start needs no lock

    make_directory(path.parent)
    lock = FileLock(path.with_name(path.name + ".lock"), timeout=LOCK_TIMEOUT_S, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise FileTrouble(
            f"{path} is in use by another program.", hint="Close the other one, then try again."
        ) from None
    try:
        yield
    finally:
        lock.release()
