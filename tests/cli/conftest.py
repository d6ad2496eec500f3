"""Runs the command line as its user does: a process, its words, its answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Answer]


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a process of ours needs and no more: no display, no message bus, so no keyring."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "SYSTEMROOT")}
    return {**kept, "HOME": str(home), "PYTHONUTF8": "1", **more}


@pytest.fixture
def cli(tmp_path: Path) -> Run:
    """`cli(*words, stdin=…, env=…)` over a config dir of this test's own."""

    def run(
        *words: str, stdin: str = "", env: dict[str, str] | None = None, before: tuple[str, ...] = ()
    ) -> Answer:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "turbodesk.cli",
                "--config-dir",
                str(tmp_path / "config"),
                *before,
                *words,
            ],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            env=environment(tmp_path, **(env or {})),
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return run
