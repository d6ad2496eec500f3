"""Resources are found, and what should be there is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from turbodesk import resources


def test_the_checkouts_resources_are_found() -> None:
    assert resources.root() == Path(__file__).parents[1] / "resources"
    assert resources.path("icons/send.svg").is_file()


def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        resources.path("icons/nothing.svg")


def test_every_colour_has_a_light_and_a_dark_form() -> None:
    tokens = json.loads(resources.path("tokens.json").read_text("utf-8"))

    assert {len(value) for value in tokens.values()} == {2}


def test_a_bundle_looks_beside_its_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "resources").mkdir()
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)

    assert resources.root.__wrapped__() == tmp_path / "resources"
