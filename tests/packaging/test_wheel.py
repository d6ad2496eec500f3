"""A wheel carries the program and its resources, and finds them where it is unpacked."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    line = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(line, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("turbodesk-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_program_and_its_resources_are_in_it(unpacked: Path) -> None:
    def files(folder: Path) -> set[str]:
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        return {name for name in found if "__pycache__" not in name}

    packed = files(unpacked / "turbodesk")
    assert {name.removeprefix("_resources/") for name in packed if name.startswith("_resources/")} == files(
        ROOT / "resources"
    )
    assert {name for name in packed if not name.startswith("_resources/")} == files(ROOT / "turbodesk")


def test_it_holds_no_tests_and_no_tools(unpacked: Path) -> None:
    assert sorted(path.name for path in unpacked.iterdir() if "dist-info" not in path.name) == ["turbodesk"]


def test_it_finds_its_resources_where_it_lies(unpacked: Path, tmp_path: Path) -> None:
    script = "from turbodesk import resources; print(resources.path('tokens.json'))"

    said = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(unpacked)},
        check=True,
        capture_output=True,
        text=True,
    )

    assert Path(said.stdout.strip()) == unpacked / "turbodesk" / "_resources" / "tokens.json"
