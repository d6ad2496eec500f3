"""The one draft that is open, kept on disk, so that no way the window may end loses what was typed."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

from turbodesk import json_file
from turbodesk.errors import FileTrouble
from turbodesk.model.message import Attachment
from turbodesk.services.attached import Attached

FILE = "draft.json"
FOLDER = "draft-files"
LARGEST_BYTES = 64_000_000  # what is larger was not written by us


class DraftKeeper:
    """The draft of one config dir: `draft.json`, and a folder for pasted pictures, which have no file yet.

    What was saved is on the disk, also after a power cut. All of it but `keep` blocks, for milliseconds.
    """

    def __init__(self, config_dir: Path) -> None:
        self.config_dir = config_dir
        self._path = config_dir / FILE
        self._folder = config_dir / FOLDER
        self._numbers = count(1)
        self._written = 0
        self.writing = Lock()  # held while the draft is written
        self.note = ""  # what happened while loading

    async def keep(self, snapshot: Mapping[str, Any]) -> None:
        """Keeps it in place of what was kept, in a thread; one that was given later stays. Raises
        FileTrouble."""
        number = next(self._numbers)
        await asyncio.to_thread(self._write, number, snapshot)

    def load(self) -> dict[str, Any]:
        """What was kept last, empty where there is none. A file that is not what we write is set aside, never
        written over, and `note` tells it; then the copy beside it counts."""
        found = _decoded(self._path)
        if found is not None:
            return found
        copy = _decoded(json_file.backup_of(self._path)) or {}
        if self._path.exists():
            used = "its copy is used" if copy else "the letter begins anew"
            try:
                aside = json_file.set_aside(self._path)
            except FileTrouble as error:
                self.note = f"{error.says} {error.hint}"
            else:
                self.note = f"{FILE} could not be understood. It is kept as {aside.name}; {used}."
        return copy

    def saved_at(self) -> datetime | None:
        """When the draft was last written, UTC; None where there is none."""
        try:
            return datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        except OSError:
            return None

    def save(self, snapshot: Mapping[str, Any]) -> None:
        """Keeps it in place of what was kept. Raises FileTrouble."""
        self._write(next(self._numbers), snapshot)

    def _write(self, number: int, snapshot: Mapping[str, Any]) -> None:
        with self.writing:
            if number > self._written:
                json_file.write(self._path, dict(snapshot))
                self._written = number

    def add_file(self, name: str, data: bytes) -> Path:
        """Keeps bytes that have no file of their own as `name`, numbered where that is taken.

        Raises FileTrouble.
        """
        wanted = Path(name)
        path, number = self._folder / wanted.name, 1
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            while path.exists():
                number += 1
                path = self._folder / f"{wanted.stem}-{number}{wanted.suffix}"
            with path.open("xb") as file:
                file.write(data)
        except OSError as error:
            raise FileTrouble(
                f"{wanted.name} could not be kept in {self._folder}.",
                hint="Look whether the disk is full, then paste it again.",
                detail=f"{type(error).__name__}: {error.strerror}",
            ) from error
        return path

    async def bring_back(self, files: Iterable[Attached], kept: Iterable[Attachment]) -> list[Attached]:
        """The same files; each that is not there any more as a new one of its bytes, where `kept` has them.

        Raises FileTrouble where they cannot be written, StoreTrouble where what is kept is damaged.
        """
        bytes_of = {it.sha256: it for it in kept}

        def one(was: Attached) -> Attached:
            found = bytes_of.get(was.sha256)
            if found is None or was.path.exists():
                return was
            path = self.add_file(was.path.name, b"".join(found.source.slices()))
            return Attached(path, was.size_bytes, was.sha256)

        return await asyncio.to_thread(lambda: [one(was) for was in files])

    def forget_files(self, needed: Iterable[Path] = ()) -> None:
        """Removes the pasted files but those that are `needed`; what was sent has copies of its own."""
        keep = set(needed)
        if not keep:
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        with suppress(OSError):  # it is tidying only
            for path in self._folder.iterdir():
                if path not in keep:
                    path.unlink()


def _decoded(path: Path) -> dict[str, Any] | None:
    """What a file holds, None where that is not what we write."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            return None
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
