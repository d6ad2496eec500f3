"""The proofs are sharp: the program as it is passes them, and each of six broken builds fails one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.broken import BUILDS

ROOT = Path(__file__).parents[2]
CAUGHT_BY = {
    "no wire mark": "a_kill_behind_the_wire_mark",
    "queued again without an answer": "a_lost_answer",
    "faults are tried again": "a_fault_of_the_server",
    "redirects are followed": "a_redirect",
    "not on the disk": "a_power_cut",
    "nobody claims": "two_programs_and_one_letter",
}


def played(directory: Path, *build: str) -> dict[str, list[str]]:
    words = [sys.executable, "-m", "tests.reliability.trials", str(directory), *build]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_program_as_it_is_passes(tmp_path: Path) -> None:
    assert played(tmp_path) == {}


@pytest.mark.parametrize("build", BUILDS)
def test_a_broken_build_is_caught(tmp_path: Path, build: str) -> None:
    assert CAUGHT_BY[build] in played(tmp_path, build)
