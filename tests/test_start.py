"""What the window has loaded when it is painted for the first time, and what it has left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from turbodesk import settings

HEAVY = (
    *("httpx", "msgspec", "keyring", "sqlite3", "starlette", "uvicorn", "pyqtgraph", "numpy", "nh3"),
    *("jinja2", "email_validator", "email.message", "click", "turbodesk.store.ledger"),
    "turbodesk.gui.first_run",
)
PROGRAM = f"""
import json, linecache, os, sys
from turbodesk import app

live = app._live

async def watched(desktop, tour):
    def told():
        tab = desktop.window.made_tabs()[0]
        print(json.dumps({{
            "loaded": [name for name in {HEAVY!r} if name in sys.modules],
            "sources": [name for name in linecache.cache if "turbodesk" in name],
            "tab": tab.key, "seen": tab.isVisible(), "tabs": len(desktop.window.made_tabs()),
        }}), flush=True)
        os._exit(0)

    desktop.window.painted.connect(told)
    return await live(desktop, tour)

app._live = watched
app.main(["--config-dir", sys.argv[1]])
"""


@pytest.mark.parametrize("tab", ["reports", "outbox", "account", "stats", "tools", "compose"])
def test_the_first_paint_shows_the_last_tab_and_has_loaded_nothing_slow(tmp_path: Path, tab: str) -> None:
    settings.make_config_dir(tmp_path)
    settings.save(tmp_path, settings.Settings(seen_first_run=True, last_tab=tab))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert json.loads(done.stdout) == {"loaded": [], "sources": [], "tab": tab, "seen": True, "tabs": 1}
