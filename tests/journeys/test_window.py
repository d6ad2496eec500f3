"""The window as its user meets it: started as a program, over its own sandbox, on real sockets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

TABS = ("compose", "outbox", "reports", "stats", "tools", "account", "inbox")


def start(tmp_path: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "FONTCONFIG_FILE")
    }
    environment |= {"HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen", "PYTHONUTF8": "1", **more}
    return subprocess.run(
        [sys.executable, "-m", "turbodesk", "--config-dir", str(tmp_path / "config"), *words],
        capture_output=True,
        text=True,
        timeout=180,
        env={name: value for name, value in environment.items() if value},
        check=False,
    )


@pytest.mark.parametrize(("theme", "size"), [("light", "1280x800"), ("dark", "900x600")])
def test_the_tour_sends_a_letter_and_looks_at_every_tab(tmp_path: Path, theme: str, size: str) -> None:
    pictures = tmp_path / "tour"
    done = start(tmp_path, "--tour", str(pictures), "--theme", theme, "--size", size)
    assert done.returncode == 0, done.stderr
    taken = sorted(path.stem for path in pictures.glob("*.png"))
    for tab in TABS:
        assert any(tab in name for name in taken), f"no picture of {tab} in {taken}"
    for path in pictures.glob("*.png"):
        image = QImage(str(path))
        assert f"{image.width()}x{image.height()}" == size
        colours = {image.pixel(x, y) for x in range(0, image.width(), 9) for y in range(0, image.height(), 9)}
        assert len(colours) > 8, f"{path.name} is nearly empty"


def test_a_tour_whose_step_fails_says_which_and_ends_non_zero(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "ledger.sqlite").mkdir()  # the ledger cannot be opened: nothing may be sent
    done = start(tmp_path, "--tour", str(tmp_path / "tour"))
    assert done.returncode == 1
    assert "The tour stopped at" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a program without telling it")
@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_the_window_as_its_user_would(tmp_path: Path, name: signal.Signals) -> None:
    config = tmp_path / "config"
    window = subprocess.Popen(
        [sys.executable, "-m", "turbodesk", "--config-dir", str(config)],
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"},
    )
    with window:
        deadline = time.monotonic() + 60
        while not (config / "settings.json").exists():  # written once the sandbox is open
            assert time.monotonic() < deadline
            assert window.poll() is None
            time.sleep(0.05)
        window.send_signal(name)
        _, said = window.communicate(timeout=30)
    assert window.returncode == 0, said
    assert "Traceback" not in said
    kept = json.loads((config / "settings.json").read_text())
    assert kept["geometry"]


def test_without_a_display_the_window_says_so(tmp_path: Path) -> None:
    done = start(tmp_path, QT_QPA_PLATFORM="")
    assert done.returncode == 1
    assert "There is no display here" in done.stderr
