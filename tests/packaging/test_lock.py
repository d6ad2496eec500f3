"""The lock, the lists of files and the commands say what they must."""

from __future__ import annotations

import ast
import importlib.util
import re
import tomllib
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, str]:
    """Every requirement of the lock by its name, with all that belongs to it."""
    entries = re.findall(r"^([a-z0-9-]+)==(.*(?:\n    --hash=.*)*)", LOCK, re.MULTILINE)
    return {f"{name}=={rest.split()[0]}": rest for name, rest in entries}


@pytest.fixture(scope="module")
def make_env() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_env", ROOT / "packaging" / "make_env.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_everything_in_the_lock_has_hashes() -> None:
    assert len(locked()) > 60
    assert [name for name, rest in locked().items() if "--hash=sha256:" not in rest] == []


def test_the_lock_names_no_host_and_no_place() -> None:
    assert "://" not in LOCK
    options = [line for line in LOCK.splitlines() if line.startswith("-") or re.search(r"#.*(/|\.org)", line)]
    assert options == []


def test_the_lock_has_all_that_the_project_asks_for() -> None:
    asked = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    names = {normal(re.split(r"[<>=!~;\[ ]", line)[0]) for line in asked}

    assert names - {name.partition("==")[0] for name in locked()} == set()


def test_no_keyring_that_writes_plain_files_comes_along() -> None:
    assert "keyrings" not in LOCK
    assert importlib.util.find_spec("keyrings") is None


def test_this_environment_is_the_locks() -> None:
    wanted = {name for name, rest in locked().items() if ";" not in rest.splitlines()[0]}
    here = {f"{normal(found.name)}=={found.version}" for found in metadata.distributions()}

    assert wanted - here == set()


def test_uv_is_installed_by_its_hash(make_env: ModuleType) -> None:
    lines = make_env.locked("uv").splitlines()

    assert re.match(r"uv==\d", lines[0])
    assert all(line.startswith("    --hash=sha256:") for line in lines[1:])
    assert len(lines) > 1


def test_settings_for_pip_hold_for_uv_too(make_env: ModuleType) -> None:
    pip = {"index-url": "https://mirror.example.com/simple", "cert": "ca.pem", "extra-index-url": "a b"}

    assert make_env.uv_settings(pip, {}) == {
        "UV_DEFAULT_INDEX": "https://mirror.example.com/simple",
        "UV_INDEX": "a b",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "SSL_CERT_FILE": "ca.pem",
    }


def test_settings_for_uv_itself_are_left_alone(make_env: ModuleType) -> None:
    pip = {"index-url": "https://mirror.example.com/simple"}

    assert make_env.uv_settings(pip, {"UV_DEFAULT_INDEX": "https://other.example.com"}) == {}


def test_the_environment_is_made_by_any_python_3() -> None:
    source = (ROOT / "packaging" / "make_env.py").read_text("utf-8")

    ast.parse(source, feature_version=(3, 7))


def test_an_old_python_is_told_so(make_env: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_env, "OLDEST", (3, 99))
    monkeypatch.setattr(make_env, "TOO_NEW", (3, 100))

    with pytest.raises(SystemExit, match=r"needs Python 3\.11"):
        make_env.find_python()


def test_every_target_is_told_by_help() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    told = set(re.findall(r"^\t@echo 'make (\w+)", makefile, re.MULTILINE))

    assert told == set(phony[1].split()) - {"help", "lint"}


def test_hooks_are_local() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")

    assert set(re.findall(r"repo: (\S+)", hooks)) == {"local"}
