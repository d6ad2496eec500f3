"""A file is watched however it is written; each look is made by hand, on a real disk."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from turbodesk.services.file_watch import GONE_LOOKS, RACY_NS, Change, FileWatch


def looks(watch: FileWatch, times: int = GONE_LOOKS + 1) -> list[Change]:
    """What so many looks find, nothing left out."""
    return [change for change in (watch.look() for _ in range(times)) if change is not None]


def watched(tmp_path: Path, data: bytes = b"one") -> tuple[Path, FileWatch]:
    path = tmp_path / "guide.html"
    path.write_bytes(data)
    watch = FileWatch(path, data)
    assert looks(watch) == []
    return path, watch


def test_a_file_that_is_written_into_is_told_once(tmp_path: Path) -> None:
    path, watch = watched(tmp_path)
    path.write_bytes(b"two")  # the same size
    assert looks(watch) == [Change(b"two")]
    with path.open("ab") as file:
        file.write(b" more")
    assert looks(watch) == [Change(b"two more")]


def test_a_file_that_is_put_in_its_place_is_told(tmp_path: Path) -> None:
    path, watch = watched(tmp_path)
    new = tmp_path / ".guide.html.swp"
    new.write_bytes(b"new")
    stamp = path.stat()
    os.utime(new, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # of the same age and size
    new.replace(path)
    assert looks(watch) == [Change(b"new")]


def test_it_is_told_when_it_has_come_to_rest(tmp_path: Path) -> None:
    path, watch = watched(tmp_path)
    for size in range(10, 15):
        path.write_bytes(b"x" * size)
        assert watch.look() is None
    assert looks(watch) == [Change(b"x" * 14)]


def test_a_file_that_is_emptied_before_it_is_written_is_waited_for(tmp_path: Path) -> None:
    path, watch = watched(tmp_path)
    path.write_bytes(b"")
    assert looks(watch, GONE_LOOKS - 1) == []
    path.write_bytes(b"whole")
    assert looks(watch) == [Change(b"whole")]
    path.write_bytes(b"")
    assert looks(watch) == [Change(b"")]  # it stays so: it is meant


def test_a_file_that_is_made_anew_is_not_gone(tmp_path: Path) -> None:
    path, watch = watched(tmp_path)
    path.unlink()
    assert looks(watch, GONE_LOOKS - 1) == []
    path.write_bytes(b"anew")
    assert looks(watch) == [Change(b"anew")]


def test_a_file_that_is_gone_is_told_once_and_again_when_it_is_back(tmp_path: Path) -> None:
    path, watch = watched(tmp_path)
    path.unlink()
    assert looks(watch, 20) == [Change(None, "guide.html is not there any more.")]
    path.write_bytes(b"one")
    assert looks(watch) == [Change(b"one")]
    path.unlink()
    path.mkdir()
    assert looks(watch, 20) == [Change(None, "guide.html is a folder, not a file.")]


def test_the_same_bytes_are_no_change(tmp_path: Path) -> None:
    path, watch = watched(tmp_path)
    path.write_bytes(b"one")
    os.utime(path, ns=(0, 0))
    assert looks(watch) == []


def test_a_change_that_the_times_do_not_show_is_found_while_it_is_young(tmp_path: Path) -> None:
    path, watch = watched(tmp_path)
    path.write_bytes(b"two")
    assert looks(watch) == [Change(b"two")]
    seen = path.stat()
    path.write_bytes(b"six")
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert looks(watch) == [Change(b"six")]


def test_an_old_file_is_not_read_again(tmp_path: Path) -> None:
    path, watch = watched(tmp_path)
    old = path.stat().st_mtime_ns - 10 * RACY_NS
    os.utime(path, ns=(old, old))
    assert looks(watch) == []
    if os.geteuid():  # who may read everything would read it all the same
        path.chmod(0)
        assert looks(watch, 2) == []


def test_it_goes_on_by_itself(tmp_path: Path) -> None:
    path, watch = watched(tmp_path)

    async def go() -> list[bytes | None]:
        found = []
        path.write_bytes(b"first")
        async for change in watch.changes(every_s=0.005):
            found.append(change.data)
            if len(found) == 2:
                return found
            path.write_bytes(b"second")
        return found

    assert asyncio.run(asyncio.wait_for(go(), 10)) == [b"first", b"second"]
