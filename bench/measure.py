"""What every row is made of: a floor and ours, measured in turn in the same run, and their ratio."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CHILDREN = ROOT / "bench" / "children"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `ratio` is ours over the floor; `budget` how docs state what it should be."""

    name: str
    floor_name: str
    floor: float
    ours: float
    unit: str
    budget: str

    @property
    def ratio(self) -> float:
        return self.ours / self.floor if self.floor else 0.0


def environment() -> dict[str, str]:
    """For a child: off the screen, without a keyring, importing from this checkout; byte code is kept, as it
    is of whatever is installed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def child(script: str, *words: object) -> Any:
    """Runs a script of children/ to its end; the JSON document it prints last comes back."""
    done = subprocess.run(
        [sys.executable, str(CHILDREN / script), *map(str, words)],
        capture_output=True, text=True, check=False, env=environment(), timeout=600,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{script} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def seconds_to_line(script: str, *words: object) -> float:
    """Seconds from starting a script of children/ to the first line it prints."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, str(CHILDREN / script), *map(str, words)], stdout=subprocess.PIPE, env=environment()
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        took = time.perf_counter() - begin
        process.wait(30)
    return took


def in_turn(floor: Callable[[], float], ours: Callable[[], float], times: int) -> tuple[float, float]:
    """Medians of a floor and of ours, measured alternately so that both meet the same machine."""
    floors, oursides = [], []
    for _ in range(times):
        floors.append(floor())
        oursides.append(ours())
    return statistics.median(floors), statistics.median(oursides)


@contextmanager
def sandbox(*words: object) -> Iterator[dict[str, Any]]:
    """The sandbox in a process of its own; its ready document comes back."""
    process = subprocess.Popen(
        [sys.executable, "-m", "turbodesk.cli", "sandbox", "serve", *map(str, words)],
        stdout=subprocess.PIPE, text=True, env=environment(), cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout:
            process.stdout.close()


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="turbodesk-bench-") as name:
        yield Path(name)
