"""Watches one file on disk and tells when it holds something else, however it was written.

Editors write into the file, put a new one in its place, or take it away and make it anew; folders may be on a
network, where the system tells nothing. So it is looked at: a look costs one question to the disk.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from turbodesk.errors import FileTrouble
from turbodesk.files import read_bytes

LOOK_S = 0.4
RESTED_LOOKS = 2  # so many looks that find the same, before it is read
GONE_LOOKS = 6  # so many that find no file, or an empty one, before it is that and not being written anew
RACY_NS = 3_000_000_000  # a file that young may change again without its times showing it

_Stamp = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of the file: its new bytes, or None where it is gone or cannot be read; `why` says so."""

    data: bytes | None
    why: str = ""


class FileWatch:
    """One file, known as it was when the watch began. What it holds is told once it has come to rest."""

    def __init__(self, path: Path, known: bytes) -> None:
        """`known` are the bytes that it held when they were read."""
        self.path = path
        self._digest = _digest(known)
        self._seen: _Stamp | None = None  # as it stood at the last look
        self._rested = 0  # looks in a row that found it so
        self._read: _Stamp | None = None  # as it stood when it was last read through, and is known since
        self._missing, self._told_gone = 0, False

    async def changes(self, every_s: float = LOOK_S) -> AsyncIterator[Change]:
        """Each change, for ever; looks in a thread."""
        while True:
            await asyncio.sleep(every_s)
            if (change := await asyncio.to_thread(self.look)) is not None:
                yield change

    def look(self) -> Change | None:
        """One look: what changed since the file was last told of, None for nothing or not yet. Blocks."""
        try:
            now = _stamp(self.path)
        except OSError as error:
            return self._miss(error)
        self._rested = self._rested + 1 if now == self._seen else 1
        self._seen = now
        enough = RESTED_LOOKS if now[3] else GONE_LOOKS  # an empty file is about to be written
        if self._rested < enough or now == self._read:
            return None
        return self._read_through(now)

    def _read_through(self, now: _Stamp) -> Change | None:
        try:
            data = read_bytes(self.path)
            after = _stamp(self.path)
        except (FileTrouble, OSError) as error:
            return self._miss(error)
        if after != now:
            return None  # it is being written
        self._missing = 0
        self._read = now if time.time_ns() - now[1] > RACY_NS else None
        digest = _digest(data)
        if digest == self._digest and not self._told_gone:
            return None
        self._digest, self._told_gone = digest, False
        return Change(data)

    def _miss(self, error: Exception) -> Change | None:
        self._seen = self._read = None
        self._missing += 1
        if self._missing < GONE_LOOKS or self._told_gone:
            return None
        self._told_gone = True
        if isinstance(error, FileTrouble):
            return Change(None, error.says)
        there = "is not there any more" if isinstance(error, FileNotFoundError) else "cannot be read"
        return Change(None, f"{self.path.name} {there}.")


def _stamp(path: Path) -> _Stamp:
    """What shows that a file was written: which one it is, its times, its size."""
    now = path.stat()
    return now.st_ino, now.st_mtime_ns, now.st_ctime_ns, now.st_size, now.st_dev


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
