"""The one guarded reader of files that a person picks, and the one writer that writes whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import os
import re
import stat
import sys
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path, PureWindowsPath
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO, TypeVar, cast

from turbodesk.errors import FileTrouble
from turbodesk.model.message import SLICE_BYTES, Attachment

NAME_LIMIT = 150  # characters of an attachment's name; file systems end at 255 bytes
TEXT_LIMIT_BYTES = 24_000_000
WRITE_BYTES = 1024 * 1024

_NO_BLOCK = getattr(os, "O_NONBLOCK", 0)  # opening a pipe would wait for its other end
_FLAGS = os.O_RDONLY | _NO_BLOCK | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_PRETENDING = ("proc", "sys", "dev")  # folders whose files are not files
_FORBIDDEN_IN_NAMES = re.compile(r'[<>:"/\\|?*]')
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
PICK_ANOTHER = "Pick another file."

Result = TypeVar("Result")


class _ChangedWhileReading(FileTrouble):
    """A file that is no longer what it was when it was looked at."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} changed while it was read.",
            hint="Wait until whatever writes it has finished, then attach it again.",
        )


@dataclass(frozen=True, slots=True)
class FileSource:
    """The bytes of a file on disk, as long as it keeps the size and the time it had."""

    path: Path
    size_bytes: int
    modified_ns: int

    def slices(self, size: int = SLICE_BYTES) -> Iterator[bytes]:
        """The bytes in order, in slices of exactly `size` but the last.

        Raises FileTrouble where the file is gone, unreadable or changed; the last slice comes only
        once it is sure that nothing changed.
        """
        with open_regular(self.path) as file:
            left = self.size_bytes
            while True:
                piece = file.read(min(size, left))
                left -= len(piece)
                if not left or not piece:
                    self._check(file, complete=not left)
                if piece:
                    yield piece
                if not left:
                    return

    def _check(self, file: BinaryIO, *, complete: bool) -> None:
        now = os.fstat(file.fileno())
        same = (now.st_size, now.st_mtime_ns) == (self.size_bytes, self.modified_ns)
        if not complete or not same or file.read(1):
            raise _ChangedWhileReading(self.path.name)


def open_regular(path: Path) -> BinaryIO:
    """Opens a regular file for reading, never anything else, and never waits for it.

    A link is followed first; what it leads to must be a file. Raises FileTrouble.
    """
    try:
        real = path.resolve(strict=True)
        _refuse_special(real, path.name)
        number = os.open(real, _FLAGS)
    except (OSError, RuntimeError, ValueError) as error:
        raise _unreadable(path, error) from error
    try:
        _refuse_kind(os.fstat(number).st_mode, path.name)
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def _refuse_special(real: Path, name: str) -> None:
    if sys.platform == "win32":
        special = PureWindowsPath(real).is_reserved()
    else:
        special = real.parts[1:2] != () and real.parts[1] in _PRETENDING
    if special:
        raise FileTrouble(f"{name} is no ordinary file.", hint=PICK_ANOTHER)
    _refuse_kind(real.lstat().st_mode, name)


def _refuse_kind(mode: int, name: str) -> None:
    if stat.S_ISREG(mode):
        return
    kind = next((word for test, word in _KINDS if test(mode)), "no ordinary file")
    hint = "Attach the files in it, or pack it first." if stat.S_ISDIR(mode) else PICK_ANOTHER
    raise FileTrouble(f"{name or 'That'} is {kind}, not a file.", hint=hint)


def _unreadable(path: Path, error: Exception) -> FileTrouble:
    name = path.name or str(path)
    if isinstance(error, FileNotFoundError):
        return FileTrouble(f"{name} is not there.", hint="It may have been moved, renamed or deleted.")
    if isinstance(error, PermissionError):
        return FileTrouble(f"{name} may not be read.", hint="Change its permissions, or pick another file.")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    detail = f"{type(error).__name__}: {reason}"
    return FileTrouble(f"{name} cannot be read.", hint=PICK_ANOTHER, detail=detail)


# Each thread keeps the memory of slices it has let go of; one thread for all of them keeps one slice's.
_slices = ThreadPoolExecutor(1, thread_name_prefix="slices")


async def in_slice_thread(work: Callable[..., Result], *arguments: Any) -> Result:
    """What `work` gives, done in the one thread that reads files of our own in large slices."""
    return await asyncio.get_running_loop().run_in_executor(_slices, partial(work, *arguments))


def size_of(path: Path) -> int:
    """How many bytes a regular file has; nothing of it is read. Raises FileTrouble."""
    with open_regular(path) as file:
        return os.fstat(file.fileno()).st_size


def attachment_of(path: Path) -> Attachment:
    """The file as an attachment: read once through for its hash, and named so that any system takes it.

    A file that changes meanwhile is read once more. Blocks; raises FileTrouble.
    """
    try:
        return _hashed(path)
    except _ChangedWhileReading:
        return _hashed(path)


def _hashed(path: Path) -> Attachment:
    with open_regular(path) as file:
        now = os.fstat(file.fileno())
    source = FileSource(path, now.st_size, now.st_mtime_ns)
    name = safe_name(path.name)
    return Attachment(name, media_type(name), now.st_size, digest(source), source)


def digest(source: FileSource) -> str:
    """The SHA-256 of all slices, as lower-case hex. Raises FileTrouble."""
    found = hashlib.sha256()
    for piece in source.slices():
        found.update(piece)
    return found.hexdigest()


def safe_name(name: str) -> str:
    """`name` as a bare file name: no folders, no controls, nothing that turns text round, not too long."""
    base = re.split(r"[/\\]", name)[-1]
    kept = "".join(char for char in base if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    kept = _FORBIDDEN_IN_NAMES.sub("_", kept).strip().rstrip(".")
    if len(kept) > NAME_LIMIT:
        stem, dot, ending = kept.rpartition(".")
        tail = dot + ending if stem and len(ending) <= 16 else ""
        kept = kept[: NAME_LIMIT - len(tail)] + tail
    return kept or "attachment"


def media_type(name: str) -> str:
    """The media type that the name's ending stands for, the same on every computer."""
    return _types().guess_type(name)[0] or "application/octet-stream"


@cache
def _types() -> mimetypes.MimeTypes:
    return mimetypes.MimeTypes()


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, a mark at its beginning taken off. Blocks; raises FileTrouble."""
    return text_of(path.name, read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that is to become a text, or one more than may be. Blocks; raises FileTrouble."""
    with open_regular(path) as file:
        return file.read(TEXT_LIMIT_BYTES + 1)


def text_of(name: str, raw: bytes) -> str:
    """The UTF-8 text that the bytes of a file write, as `read_text` gives it. Raises FileTrouble."""
    if len(raw) > TEXT_LIMIT_BYTES:
        raise FileTrouble(
            f"{name} is too large for a letter: more than {TEXT_LIMIT_BYTES:,} bytes.",
            hint="Shorten it, or attach it.",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileTrouble(
            f"{name} is not written in UTF-8 (byte {error.start}).",
            hint="Save it as UTF-8, then try again.",
        ) from None


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file, put in place of `path` when the block ends well; before that, `path` is as it was.

    It is on the disk when the block is left, and readable by its owner alone. Raises OSError.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():  # replacing a folder or a device would take it away
        raise IsADirectoryError(21, "not a file", str(path))
    prefix = f".{path.name[:80]}."
    with NamedTemporaryFile(dir=path.parent, prefix=prefix, suffix=".new", delete=False) as file:
        new = Path(file.name)
        try:
            yield cast(BinaryIO, file.file)
            file.flush()
            os.fsync(file.fileno())
            file.close()  # Windows replaces only what is closed
            new.replace(path)
        except BaseException:
            file.close()
            with suppress(OSError):
                new.unlink(missing_ok=True)
            raise
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Makes sure that names in `directory` outlast a power cut."""
    if sys.platform == "win32":
        return  # directories cannot be opened there
    number = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def write_whole(path: Path, data: bytes) -> None:
    """Puts `data` in place of what `path` held. Blocks; raises FileTrouble, and then nothing has changed."""
    with _told(path), replacing(path) as file:
        file.write(data)


async def write_stream(path: Path, pieces: AsyncIterator[bytes]) -> int:
    """Puts all pieces in place of what `path` held; how many bytes they were comes back.

    Raises FileTrouble, or what the pieces raise; then the old file is untouched.
    """
    with _told(path):
        held = replacing(path)
        file = await asyncio.to_thread(held.__enter__)
    size = 0
    try:
        waiting = bytearray()
        async for piece in pieces:
            size += len(piece)
            waiting += piece
            if len(waiting) >= WRITE_BYTES:
                with _told(path):
                    await asyncio.to_thread(file.write, bytes(waiting))
                waiting.clear()
        with _told(path):
            await asyncio.to_thread(file.write, bytes(waiting))
    except BaseException as error:
        with suppress(OSError):
            held.__exit__(type(error), error, error.__traceback__)
        raise
    with _told(path):
        await asyncio.to_thread(held.__exit__, None, None, None)
    return size


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise FileTrouble(
            f"{path} cannot be written: {(reason or 'unknown reason').lower()}.",
            hint="Free some space, change the permissions, or choose another place.",
            detail=f"{type(error).__name__}: {reason}",
        ) from error
