"""The first window over a config dir; every later start hands it what was wanted and ends."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from turbodesk import json_file
from turbodesk.errors import FileTrouble

LOCK = "window.lock"
REQUESTS = "requests"
ANSWER_S = 20.0  # how long a window may take to look into the folder; it may just be opening
FRESH_S = 60.0  # what has waited longer was asked of a window that is gone
LOOK_S = 0.05

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a start asks for: a profile, a tab, a file for the letter. All empty: the window alone."""

    profile: str = ""
    tab: str = ""
    file: str = ""


class FirstStart:
    """One start of the window over a config dir.

    The lock is the system's own: it goes with the process, however that ends.
    """

    def __init__(self, config_dir: Path) -> None:
        self.config_dir = config_dir
        self._lock = config_dir / LOCK
        self.requests = config_dir / REQUESTS
        self._held: int | None = None

    def begin(self) -> bool:
        """Whether this start is the first one, and has the lock from now on. Raises FileTrouble where
        nothing can be kept in the folder, so that nobody can tell."""
        if self._held is None:
            json_file.make_directory(self.config_dir)
            json_file.make_directory(self.requests)
            self._held = _locked(self._lock)
        return self._held is not None

    def hand_over(self, wish: Wish, *, answer_s: float = ANSWER_S) -> bool:
        """Gives the wish to the window that is open, and waits until it was taken. False where that window
        ended meanwhile: then this start is the first one. Blocks.

        Raises FileTrouble where the wish cannot be written, or the window does not look at it.
        """
        from turbodesk.files import write_whole

        path = self.requests / f"{time.time_ns()}-{os.getpid()}.json"
        write_whole(path, json.dumps(asdict(wish)).encode("utf-8", "surrogatepass"))
        until = time.monotonic() + answer_s
        while path.exists():
            if self.begin():
                path.unlink(missing_ok=True)
                return False
            if time.monotonic() > until:
                return _taken_at_last(path)
            time.sleep(LOOK_S)
        return True

    def wishes(self) -> list[Wish]:
        """What later starts have asked for since this was asked last, the oldest first."""
        found = []
        for path in sorted(self.requests.glob("*")):
            with suppress(OSError):
                fresh = time.time() - path.stat().st_mtime < FRESH_S
                wish = _read(path) if fresh and path.suffix == ".json" else None
                if path.suffix == ".json" or not fresh:  # else it is just being written
                    path.unlink(missing_ok=True)
                if wish is not None:
                    found.append(wish)
        return found

    def close(self) -> None:
        """The window has ended: the next start is the first one."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


def _taken_at_last(path: Path) -> bool:
    """True where the wish was taken just now; else it is withdrawn, and FileTrouble raised."""
    try:
        path.unlink()
    except FileNotFoundError:
        return True
    raise FileTrouble(
        "Turbodesk is open already, and does not answer.",
        hint="Close its window, or end it if it hangs; then start it again.",
    )


def _read(path: Path) -> Wish | None:
    """The wish that a file holds, None where it was not written by us."""
    try:
        value = json_file.read(path)
    except (FileNotFoundError, FileTrouble, json_file.NotOursError) as error:
        _log.info("a request was not understood: %s", type(error).__name__)
        return None
    return Wish(**{it.name: _text(value.get(it.name)) for it in fields(Wish)})


def _text(member: Any) -> str:
    return member if isinstance(member, str) else ""


def _locked(path: Path) -> int | None:
    """The locked file, open as long as the lock is held; None where another program has it."""
    number = -1
    try:
        number = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        if _lock(number):
            return number
        os.close(number)
        return None
    except OSError as error:
        if number >= 0:
            os.close(number)
        raise FileTrouble(
            f"{path} cannot be made or locked.",
            hint="Change its permissions, or choose another folder with --config-dir.",
            detail=f"{type(error).__name__}: {error.strerror}",
        ) from error


if sys.platform == "win32":
    import msvcrt

    def _lock(number: int) -> bool:
        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    # Not filelock: to import it before the first paint takes a tenth of the time until then.
    def _lock(number: int) -> bool:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
