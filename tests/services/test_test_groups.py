"""Groups of testers on a real disk: kept, chosen, checked by address, and what is said of a broken file."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from turbodesk.errors import FileTrouble, InvalidDraft
from turbodesk.services import test_groups as groups_file
from turbodesk.services.test_groups import Groups, checked


def test_there_is_none_at_first(tmp_path: Path) -> None:
    found = groups_file.load(tmp_path)
    assert found == Groups() and found.current is None and found.note == ""


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    us = checked("Us", 'Anna <anna@example.com>, "B, Ben" <ben@EXAMPLE.org>\nanna@example.com')
    shop = checked("Shop", "shop@bücher.example")
    kept = Groups().with_group(us).with_group(shop).choosing("Us")
    groups_file.keep(tmp_path / "config", kept)
    found = groups_file.load(tmp_path / "config")
    assert found == kept and found.current == us
    assert [str(it) for it in us.testers] == ["Anna <anna@example.com>", '"B, Ben" <ben@example.org>']
    assert found.group("Shop").testers[0].email == "shop@xn--bcher-kva.example"  # type: ignore[union-attr]


def test_a_group_is_changed_in_its_place() -> None:
    a, b, c = (checked(name, "x@example.com") for name in "abc")
    kept = Groups().with_group(a).with_group(b).with_group(c)
    assert kept.chosen == "c"
    renamed = kept.with_group(checked("B2", "y@example.com"), instead_of="b")
    assert [it.name for it in renamed.groups] == ["a", "B2", "c"] and renamed.chosen == "B2"
    gone = renamed.without_group("B2")
    assert [it.name for it in gone.groups] == ["a", "c"] and gone.current == a


@pytest.mark.parametrize(
    ("name", "testers", "field", "said"),
    [
        ("", "a@example.com", "name", "Give the group a name."),
        ("x" * 41, "a@example.com", "name", "at most 40"),
        ("a\nb", "a@example.com", "name", "printable"),
        ("us", "a@example.com", "name", "already"),
        ("New", " , ", "testers", "at least one"),
        ("New", "tom@example,com", "testers", "comma stands in the domain"),
        ("New", "nobody", "testers", "nobody"),
    ],
)
def test_what_cannot_be_a_group_is_said_at_its_field(name: str, testers: str, field: str, said: str) -> None:
    with pytest.raises(InvalidDraft) as caught:
        checked(name, testers, taken=("Us",))
    assert list(caught.value.problems) == [field] and said in caught.value.problems[field]


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"[1]",
        b'{"format": 2}',
        b'{"format": 1, "groups": {}}',
        b'{"format": 1, "groups": [7]}',
        b'{"format": 1, "groups": [{"name": "Us", "testers": [1]}]}',
        b'{"format": 1, "groups": [{"name": "Us", "testers": ["nobody"]}]}',
        b'{"format": 1, "groups": [], "chosen": 7}',
        b'{"format": 1, "groups": [], "mark": "yes"}',
    ],
)
def test_a_broken_file_is_said_and_never_overwritten(tmp_path: Path, junk: bytes) -> None:
    kept = Groups().with_group(checked("Us", "anna@example.com"))
    groups_file.keep(tmp_path, kept)
    path = tmp_path / "test-groups.json"
    path.write_bytes(junk)
    found = groups_file.load(tmp_path)
    assert found == kept and "could not be understood" in found.note and str(path) in found.note
    groups_file.keep(tmp_path, found)
    (aside,) = tmp_path.glob("test-groups.broken-*.json")
    assert aside.read_bytes() == junk
    assert groups_file.load(tmp_path).note == ""
    path.write_bytes(junk)
    (tmp_path / "test-groups.json.bak").write_bytes(junk)
    assert "begin anew" in groups_file.load(tmp_path).note


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="needs a folder one may not write to"
)
def test_a_folder_that_may_not_be_written_to_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(FileTrouble):
        groups_file.keep(tmp_path, Groups())
    tmp_path.chmod(0o700)


def test_it_is_readable_json(tmp_path: Path) -> None:
    groups_file.keep(tmp_path, Groups().with_group(checked("Us", "Anna <anna@example.com>")))
    assert json.loads((tmp_path / "test-groups.json").read_text()) == {
        "format": 1,
        "chosen": "Us",
        "mark": True,
        "groups": [{"name": "Us", "testers": ["Anna <anna@example.com>"]}],
    }
