"""Which running programs share the ledger: one lock file for each, held as long as it lives."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout


class Instance:
    """One running program. The lock goes with the process, however it ends."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, exist_ok=True)
        self.id = uuid4().hex
        self._lock = _lock(directory / f"{self.id}.lock")
        self._lock.acquire()

    def close(self) -> None:
        """Lets others see that this program has ended."""
        self._lock.release()
        with suppress(OSError):
            Path(self._lock.lock_file).unlink(missing_ok=True)


def living(directory: Path) -> set[str]:
    """The ids of all programs that still run; what the dead have left is cleared away.

    To be called while nobody else begins, see Database.exclusive.
    """
    found = set()
    for path in directory.glob("*.lock"):
        lock = _lock(path)
        try:
            lock.acquire()
        except Timeout:
            found.add(path.stem)
        else:
            lock.release()
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return found


def _lock(path: Path) -> FileLock:
    return FileLock(path, timeout=0, mode=0o600, thread_local=False)
