"""The window is killed while somebody types into it; started again, the letter is there."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from turbodesk.store.ledger import Ledger

CHILD = Path(__file__).with_name("typing_window.py")


def start(config_dir: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(config_dir), *words],
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(config_dir), "QT_QPA_PLATFORM": "offscreen"},
    )


def on_disk(config_dir: Path) -> str:
    try:
        kept: dict[str, Any] = json.loads((config_dir / "draft.json").read_bytes())
    except FileNotFoundError:
        return ""
    html = kept["letter"]["html"]
    assert isinstance(html, str)
    return html


def test_what_was_typed_outlives_a_kill(tmp_path: Path) -> None:
    config, guide = tmp_path / "config", tmp_path / "guide.pdf"
    guide.write_bytes(b"x" * 1_800_000)
    deadline = time.monotonic() + 60
    with start(config, "type", str(guide)) as window:
        try:
            while len(on_disk(config)) < 80:  # it is written though no key ever waits for it
                assert window.poll() is None and time.monotonic() < deadline
                time.sleep(0.02)
        finally:
            window.kill()
        kept, said = on_disk(config), (window.stdout.read().split() if window.stdout else [])
    whole = "".join(f"{number} " for number in _typed(int(said[-1]) + 100))
    guide.write_bytes(b"x" * 2_100_000)
    with start(config, "show") as again:
        shown = json.loads(again.communicate(timeout=60)[0])
    assert again.returncode == 0
    assert shown["subject"] == "Order guide"
    assert whole.startswith(shown["html"]) and len(shown["html"]) >= len(kept) >= 80
    changed = "guide.pdf changed since it was attached: 1.8 MB then, 2.1 MB now."
    assert shown["attached"] == [[str(guide), f"{changed} Attach it again or remove it."]]
    assert shown["notices"] == [changed]


@pytest.mark.prove
@pytest.mark.parametrize("undo_s", [0, 5])
def test_no_letter_is_lost_or_written_down_twice_by_kills_around_send(tmp_path: Path, undo_s: int) -> None:
    """A letter that was on disk is in the draft or in the ledger, whenever the window dies."""
    config, chance, kills, last = tmp_path / "config", Random(undo_s), 15, 0
    config.mkdir()
    (config / "settings.json").write_text(
        json.dumps({"format": 1, "undo_s": undo_s, "seen_first_run": True, "last_tab": "compose"})
    )
    for _ in range(kills):
        with start(config, "send", str(last + 1)) as window:
            try:
                assert window.stdout is not None
                for _ in range(chance.randint(1, 4)):
                    said = window.stdout.readline()
                    assert said, "the window ended by itself"
                    last = int(said)
                time.sleep(chance.uniform(0, 0.12))  # somewhere within the send
            finally:
                window.kill()
            last = int((window.stdout.read().split() or [last])[-1])
        written = _written_down(config)
        open_still = json.loads((config / "draft.json").read_bytes())["letter"]["subject"]
        if open_still == f"Letter {last + 1}":
            last += 1  # on disk already, and killed before it could say so
        assert sorted({*written, open_still} - {""}, key=_number) == [
            f"Letter {n}" for n in range(1, last + 1)
        ]
        assert len(written) == len(set(written)), "a letter is there twice"
    print(f"{kills} kills around Send, undo {undo_s} s: {last} letters, none lost, none twice")  # noqa: T201


def _written_down(config: Path) -> list[str]:
    ledger = Ledger.open(config)
    try:
        return [it.subject for it in asyncio.run(ledger.entries(limit=100_000))]
    finally:
        ledger.close()


def _number(subject: str) -> int:
    return int(subject.removeprefix("Letter "))


def _typed(most: int) -> list[int]:
    """The numbers that are typed: each says how many characters stand before it."""
    found, typed = [], 0
    while typed <= most:
        found.append(typed)
        typed += len(f"{typed} ")
    return found
