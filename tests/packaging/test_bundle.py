"""The specs agree, and what the bundle leaves out is known."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, PACKAGING / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return load("check_bundle")


def calls(spec: str) -> list[str]:
    """The statements of a spec, its name put aside."""
    tree = ast.parse((PACKAGING / f"{spec}.spec").read_text("utf-8"))
    return [ast.unparse(node).replace(f"'{spec}'", "NAME") for node in tree.body]


def test_the_two_specs_differ_in_their_names_only(check: ModuleType) -> None:
    assert sorted(check.SPECS.values()) == sorted(spec.stem for spec in PACKAGING.glob("*.spec"))
    assert calls("turbodesk") == calls("turbodesk-lite")


def test_every_entry_runs_the_main_of_a_front_end() -> None:
    for entry, module in (("gui_entry", "turbodesk.__main__"), ("cli_entry", "turbodesk.cli")):
        tree = ast.parse((PACKAGING / f"{entry}.py").read_text("utf-8"))
        (come_from,) = [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
        assert come_from == module
        assert ast.unparse(tree.body[-1]) == "main()"


def test_the_backends_of_the_vault_are_packed() -> None:
    from turbodesk.vault import BACKENDS

    source = (PACKAGING / "bundle.py").read_text("utf-8")
    (packed,) = re.findall(r'keyring\.backends\.\{name\}" for name in \((.*?)\)', source)

    wanted = {module.rpartition(".")[2] for places in BACKENDS.values() for _, module, _ in places}
    assert set(ast.literal_eval(f"({packed})")) == wanted


@pytest.mark.parametrize(
    "name",
    ["_internal/libgtk-3.so.0", "PySide6/Qt/lib/libQt6Network.so.6", "keyrings/alt", "pytest", "uv"],
)
def test_strangers_are_known(name: str, check: ModuleType) -> None:
    assert check.STRANGERS.search(name)


@pytest.mark.parametrize(
    "name", ["keyring/backends/SecretService", "_internal/PySide6/Qt/lib/libQt6Gui.so.6", "uvicorn/server"]
)
def test_ours_are_no_strangers(name: str, check: ModuleType) -> None:
    assert not check.STRANGERS.search(name)


@pytest.mark.parametrize(("code", "misses"), [(0, 0), (3, 1)])
def test_a_program_that_fails_is_a_miss(code: int, misses: int, check: ModuleType, tmp_path: Path) -> None:
    write_program(tmp_path, f"exit {code}")

    assert len(check.trouble_with(tmp_path, ["turbodesk", "--self-check"], tmp_path, {})) == misses


def test_a_program_sees_nothing_of_our_environment(
    check: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    write_program(tmp_path, 'test -z "$PYTHONPATH" && test "$DISPLAY" = :99')

    assert check.trouble_with(tmp_path, ["turbodesk", "--self-check"], tmp_path, {"DISPLAY": ":99"}) == []
    assert check.trouble_with(tmp_path, ["turbodesk", "--self-check"], tmp_path, {}) != []


def write_program(folder: Path, script: str) -> None:
    program = folder / "turbodesk"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
