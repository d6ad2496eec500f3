"""Copies of what is attached, beside the ledger: what was queued is what is sent."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from turbodesk.errors import FileTrouble, StoreTrouble
from turbodesk.files import FileSource, digest, replacing
from turbodesk.model.message import Attachment

_REST_S = 24 * 3600  # what is younger may belong to a send that is just being written down


class Attachments:
    """A folder of files, each named by its SHA-256. Its methods block."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._checked: dict[str, FileSource] = {}

    def keep(self, attachment: Attachment) -> FileSource:
        """Copies the bytes while hashing them, unless they are here already.

        Raises FileTrouble where they are no longer those that were attached, StoreTrouble where the disk
        does not take them.
        """
        path = self._directory / attachment.sha256
        with suppress(FileTrouble, StoreTrouble, OSError):
            if path.stat().st_mtime < time.time() - _REST_S / 2:  # lest who reads it notices
                os.utime(path)  # first, so that nobody clears it away meanwhile
            return self.source(attachment.name, attachment.sha256)
        try:
            self._directory.mkdir(mode=0o700, exist_ok=True)
            found = hashlib.sha256()
            with replacing(path) as file:
                for piece in attachment.source.slices():
                    found.update(piece)
                    file.write(piece)
                if found.hexdigest() != attachment.sha256:
                    raise FileTrouble(
                        f"{attachment.name} changed since it was attached.", hint="Attach it again."
                    )
        except OSError as error:
            why = (error.strerror or "unknown reason").lower()
            raise StoreTrouble(
                f"{attachment.name} cannot be copied into the outbox: {why}.",
                hint="Free some space or change the folder's permissions, then try again.",
                detail=f"{type(error).__name__}: {error.strerror}",
            ) from error
        self._checked[attachment.sha256] = source = _source(path)
        return source

    def source(self, name: str, sha256: str) -> FileSource:
        """The kept bytes, their hash checked again unless the file is as this program last saw it.

        Raises StoreTrouble where they are gone or changed; `name` is what the sentence calls them.
        """
        path = self._directory / sha256
        try:
            source = _source(path)
            if self._checked.get(sha256) != source:
                if digest(source) != sha256:
                    raise FileTrouble("The hash is another.")
                self._checked[sha256] = source
        except (OSError, FileTrouble) as error:
            raise StoreTrouble(
                f"The outbox's copy of {name} is gone or damaged.",
                hint="Nothing was sent. Write the message anew and attach the file again.",
                detail=f"{path.name}: {type(error).__name__}",
            ) from error
        return source

    def clear(self, needed: Iterable[str]) -> None:
        """Takes away what no entry refers to, and what was left half written, once it is a day old."""
        keep, oldest = set(needed), time.time() - _REST_S
        with suppress(OSError):  # it is tidying only, and there may be nothing yet
            for path in self._directory.iterdir():
                if path.name not in keep and path.stat().st_mtime < oldest:
                    path.unlink()


def _source(path: Path) -> FileSource:
    now = path.stat()
    return FileSource(path, now.st_size, now.st_mtime_ns)
