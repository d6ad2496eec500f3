"""What is said of a file that is no longer what was attached, and that it is never sent so in silence."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from turbodesk.errors import InvalidDraft
from turbodesk.files import attachment_of
from turbodesk.services import attached
from turbodesk.services.attached import Attached, changed
from turbodesk.services.compose import ComposeService, Draft


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (1_800_000, 2_100_000, "1.8 MB then, 2.1 MB now."),
        (999, 42_000, "999 bytes then, 42 KB now."),
        (1_800_000, 1_800_001, "1,800,000 bytes then, 1,800,001 bytes now."),
        (2_000, 0, "2 KB then, 0 bytes now."),
    ],
)
def test_another_size_is_said(tmp_path: Path, before: int, after: int, said: str) -> None:
    guide = tmp_path / "guide.pdf"
    guide.write_bytes(b"x" * before)
    was = Attached.of(guide, attachment_of(guide))
    assert changed(was, attachment_of(guide)) == ""
    guide.write_bytes(b"x" * after)
    sentence = changed(was, attachment_of(guide))
    assert sentence == f"guide.pdf changed since it was attached: {said} Attach it again or remove it."


def test_other_bytes_of_the_same_size_are_said(tmp_path: Path) -> None:
    guide = tmp_path / "guide.pdf"
    guide.write_bytes(b"one")
    was = Attached.of(guide, attachment_of(guide))
    guide.write_bytes(b"two")
    assert "3 bytes as before, but other bytes" in changed(was, attachment_of(guide))


def test_what_was_never_read_cannot_have_changed(tmp_path: Path) -> None:
    guide = tmp_path / "guide.pdf"
    guide.write_bytes(b"one")
    assert changed(Attached(guide), attachment_of(guide)) == ""


def test_it_comes_back_from_a_file_as_it_was(tmp_path: Path) -> None:
    was = Attached(tmp_path / "guide.pdf", 7, "ab" * 32)
    assert attached.read(json.loads(json.dumps(was.plain()))) == was
    assert attached.read(str(was.path)) == Attached(was.path)  # as older drafts have it


@pytest.mark.parametrize("value", [None, 7, "", [], {}, {"path": 7}, {"path": ""}])
def test_what_is_no_attachment_is_none(value: object) -> None:
    assert attached.read(value) is None


@pytest.mark.parametrize(
    "value",
    [
        {"path": "a"},
        {"path": "a", "size": "7", "sha256": "x"},
        {"path": "a", "size": -1, "sha256": "x"},
        {"path": "a", "size": True, "sha256": ""},
    ],
)
def test_a_path_without_a_good_size_is_a_path(value: object) -> None:
    assert attached.read(value) == Attached(Path("a"))


def test_a_changed_file_stops_the_letter(tmp_path: Path) -> None:
    guide, terms = tmp_path / "guide.pdf", tmp_path / "terms.txt"
    guide.write_bytes(b"one")
    terms.write_bytes(b"same")
    known = {path: Attached.of(path, attachment_of(path)) for path in (guide, terms)}
    draft = Draft("me@example.com", "ok@example.com", text="Hi", attachments=[guide, terms], attached=known)
    service = ComposeService(lambda: 1_000_000)
    assert len(asyncio.run(service.message(draft)).attachments) == 2
    guide.write_bytes(b"other")
    with pytest.raises(InvalidDraft) as caught:
        asyncio.run(service.message(draft))
    assert list(caught.value.problems) == ["attachments"]
    assert caught.value.problems["attachments"].startswith("guide.pdf changed since it was attached: 3 bytes")
    draft.attached = {**known, guide: Attached.of(guide, attachment_of(guide))}  # attached again
    assert asyncio.run(service.message(draft)).attachments[0].size_bytes == 5
