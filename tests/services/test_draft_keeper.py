"""The draft that survives closing, on a real disk."""

from __future__ import annotations

import asyncio
import stat
import sys
from pathlib import Path

import pytest

from turbodesk.errors import FileTrouble
from turbodesk.services.draft_keeper import DraftKeeper


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    keeper = DraftKeeper(tmp_path / "config")
    assert keeper.load() == {}
    keeper.save({"subject": "Täglich \ud800", "html": "x" * 5_000_000})
    assert DraftKeeper(tmp_path / "config").load() == {"subject": "Täglich \ud800", "html": "x" * 5_000_000}


@pytest.mark.parametrize("junk", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_a_broken_file_gives_way_to_the_last_good_one(tmp_path: Path, junk: bytes) -> None:
    keeper = DraftKeeper(tmp_path)
    keeper.save({"subject": "kept"})
    (tmp_path / "draft.json").write_bytes(junk)
    assert keeper.load() == {"subject": "kept"}
    (aside,) = tmp_path.glob("draft.broken-*.json")
    assert aside.read_bytes() == junk and aside.name in keeper.note and "its copy" in keeper.note
    for name in ("draft.json", "draft.json.bak"):
        (tmp_path / name).write_bytes(junk)
    assert keeper.load() == {} and "begins anew" in keeper.note
    assert len(list(tmp_path.glob("draft.broken-*.json"))) == 2


@pytest.mark.parametrize("name", ["image.png", "../../image.png"])
def test_pasted_files_have_names_of_their_own_and_go_together(tmp_path: Path, name: str) -> None:
    keeper = DraftKeeper(tmp_path)
    first, second = keeper.add_file(name, b"one"), keeper.add_file(name, b"two")
    assert (first.name, second.name) == ("image.png", "image-2.png")
    assert first.parent == second.parent == tmp_path / "draft-files"
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")
    if sys.platform != "win32":
        assert stat.S_IMODE(first.parent.stat().st_mode) == 0o700
    keeper.forget_files()
    keeper.forget_files()
    assert not first.parent.exists()


def test_a_file_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    (tmp_path / "draft-files").write_text("in the way")
    with pytest.raises(FileTrouble, match="could not be kept"):
        DraftKeeper(tmp_path).add_file("image.png", b"x")


def test_a_draft_that_was_given_later_is_not_overwritten(tmp_path: Path) -> None:
    async def go() -> None:
        keeper = DraftKeeper(tmp_path)
        with keeper.writing:  # the disk is busy with something
            slow = asyncio.create_task(keeper.keep({"subject": "first"}))
            await asyncio.sleep(0)
            last = asyncio.create_task(keeper.keep({"subject": "last"}))
            await asyncio.sleep(0)
        await asyncio.gather(slow, last)
        assert keeper.load() == {"subject": "last"}
        keeper.save({"subject": "closing"})
        assert keeper.load() == {"subject": "closing"}

    asyncio.run(go())


def test_a_save_on_closing_wins_over_one_that_still_waits(tmp_path: Path) -> None:
    async def go() -> None:
        keeper = DraftKeeper(tmp_path)
        keeper.writing.acquire()
        slow = asyncio.create_task(keeper.keep({"subject": "before"}))
        await asyncio.sleep(0)  # it has its number now, and waits in its thread
        closing = asyncio.create_task(asyncio.to_thread(keeper.save, {"subject": "closing"}))
        await asyncio.sleep(0)
        keeper.writing.release()
        await asyncio.gather(slow, closing)
        assert keeper.load() == {"subject": "closing"}

    asyncio.run(go())
