"""The guarded reader refuses what is no plain file at once; the writer writes whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import stat
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from turbodesk import files
from turbodesk.errors import FileTrouble
from turbodesk.files import (
    attachment_of,
    media_type,
    read_text,
    safe_name,
    size_of,
    write_stream,
    write_whole,
)
from turbodesk.model.message import SLICE_BYTES


@pytest.mark.parametrize("size", [0, 1, SLICE_BYTES - 1, SLICE_BYTES, SLICE_BYTES + 1, 3 * SLICE_BYTES])
def test_a_file_is_read_in_exact_slices(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    attachment = attachment_of(path)
    assert (attachment.name, attachment.media_type, attachment.size_bytes) == (
        "a.pdf",
        "application/pdf",
        size,
    )
    assert attachment.sha256 == hashlib.sha256(data).hexdigest()
    for _ in range(2):
        slices = list(attachment.source.slices())
        assert b"".join(slices) == data
        assert all(len(piece) == SLICE_BYTES for piece in slices[:-1])
        assert all(slices)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(path.parent)  # names of sockets must be short
        made.bind(path.name)


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


SPECIAL: dict[str, Callable[[Path], object]] = {
    "is a folder": lambda path: path.mkdir(),
    "is a pipe": _pipe,
    "is a socket": _socket,
    "cannot be read": _loop,
    "is not there": _dangling,
    "x is not there": lambda path: None,
}


@pytest.mark.parametrize("says", list(SPECIAL))
def test_what_is_no_file_is_refused_at_once(
    tmp_path: Path, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "x"
    SPECIAL[says](path)
    begun = time.monotonic()
    for read in (attachment_of, size_of, read_text):
        with pytest.raises(FileTrouble, match=says) as told:
            read(path)
        assert told.value.hint
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize(
    "name", ["/dev/zero", "/dev/stdin", "/proc/self/environ", "/proc/self/mem", "/sys", "a\0b"]
)
def test_what_only_looks_like_a_file_is_refused(name: str) -> None:
    with pytest.raises(FileTrouble):
        attachment_of(Path(name))


def test_a_link_to_a_special_file_is_refused_and_one_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(FileTrouble):
        attachment_of(tmp_path / "zero")
    (tmp_path / "real.txt").write_bytes(b"abc")
    (tmp_path / "link.txt").symlink_to("real.txt")
    assert attachment_of(tmp_path / "link.txt").size_bytes == 3


def test_what_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.txt"
    path.write_bytes(b"abc")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.os, "open", refuse)  # the super-user may read everything
    with pytest.raises(FileTrouble, match=r"secret\.txt may not be read"):
        attachment_of(path)


@pytest.mark.parametrize("change", [b"abcd", b"ab", b"abc"])
def test_a_file_that_changes_after_it_was_looked_at_is_noticed(tmp_path: Path, change: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc")
    source = attachment_of(path).source
    path.write_bytes(change)
    os.utime(path, ns=(1, 1))
    with pytest.raises(FileTrouble, match="changed while it was read"):
        list(source.slices())


def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(bytes(2 * SLICE_BYTES))
    tries = 0

    class Growing:
        def __init__(self) -> None:
            nonlocal tries
            tries += 1
            self.whole = hashlib.sha256()

        def update(self, piece: bytes) -> None:
            self.whole.update(piece)
            with path.open("ab") as file:
                file.write(b"more")

        def hexdigest(self) -> str:
            return self.whole.hexdigest()

    monkeypatch.setattr(files, "hashlib", type("Hashes", (), {"sha256": Growing}))
    with pytest.raises(FileTrouble, match="changed while it was read"):
        attachment_of(path)
    assert tries == 2


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\x.txt", "x.txt"),
        ("a\r\nX: 1", "aX_ 1"),
        ('a".exe', "a_.exe"),
        ("inv\u202egpj.exe", "invgpj.exe"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
        ("x" * 300, "x" * 150),
        (".", "attachment"),
        ("..", "attachment"),
        ("", "attachment"),
        ("\0", "attachment"),
        ("Größe – 3.pdf", "Größe – 3.pdf"),
        ("\ud800.txt", ".txt"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_the_type_is_read_from_the_name() -> None:
    assert media_type("a.PNG") == "image/png"
    assert media_type("noending") == "application/octet-stream"


def test_texts_are_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "letter.html"
    path.write_bytes(b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe")
    assert read_text(path) == "Grüße"
    path.write_bytes(b"Gr\xfc\xdfe")
    with pytest.raises(FileTrouble, match=r"not written in UTF-8 \(byte 2\)"):
        read_text(path)
    monkeypatch.setattr(files, "TEXT_LIMIT_BYTES", 4)
    with pytest.raises(FileTrouble, match="too large"):
        read_text(path)


def test_what_is_written_replaces_whole_and_is_the_owners(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize("target", ["folder", "none/out.csv", "/dev/null"])
def test_what_cannot_be_replaced_is_told(tmp_path: Path, target: str) -> None:
    (tmp_path / "folder").mkdir()
    path = Path(target) if target.startswith("/") else tmp_path / target
    with pytest.raises(FileTrouble, match="cannot be written"):
        write_whole(path, b"x")
    assert Path("/dev/null").is_char_device()


async def _pieces(*pieces: bytes | Exception) -> AsyncIterator[bytes]:
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


def test_a_stream_is_written_whole(tmp_path: Path) -> None:
    pieces = [os.urandom(700_000) for _ in range(5)]
    path = tmp_path / "out.bin"
    assert asyncio.run(write_stream(path, _pieces(*pieces))) == 3_500_000
    assert path.read_bytes() == b"".join(pieces)


def test_a_stream_that_breaks_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="broken"):
        asyncio.run(write_stream(path, _pieces(bytes(3_000_000), ValueError("broken"))))
    assert path.read_bytes() == b"old"
    with pytest.raises(FileTrouble):
        asyncio.run(write_stream(tmp_path, _pieces(b"x")))
    assert [p.name for p in tmp_path.iterdir()] == ["out.bin"]
