"""100,000 report rows into the Reports tab: the longest UI gap; and list rows per second over bare httpx."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

from bench.measure import Row, child, folder, in_turn, sandbox

ROWS = 100_000
COMPARED = 4_000
MESSAGES = 20_000
DAY_MS = 86_400_000


def rows() -> list[Row]:
    with folder() as place:
        data = place / "s.sqlite"
        with sandbox("--history-rows", 0, "--data", data):
            pass
        _fill(data)
        with sandbox("--data", data) as ready:
            v1 = ready["turbosmtp_v1"]
            words = (v1["dashboard_url"], v1["user"])
            seen = child("our_reports.py", *words, ROWS)
            floor, ours = in_turn(
                lambda: child("bare_list.py", *words, COMPARED),
                lambda: child("our_list.py", *words, COMPARED),
                3,
            )
    idle = "the same loop idle, worst"
    return [
        *_messages(),
        Row(
            "T4 longest UI gap, 100,000 report rows",
            idle,
            seen["idle_ms"],
            seen["longest_ms"],
            "ms",
            "≤ 50 ms",
        ),
        Row("T4 the same, p99.9", idle, seen["idle_ms"], seen["p999_ms"], "ms", "≤ 16 ms"),
        Row("W3 list rows per second", "bare httpx, a client per slot", floor, ours, "1/s", "≥ 0.8"),
    ]


def _messages() -> list[Row]:
    """Messages of the last weeks through the adapters that page them by the hundred and by the thousand."""
    found = []
    with folder() as place, sandbox("--history-rows", MESSAGES * 2) as ready:
        file = place / "ready.json"
        file.write_text(json.dumps(ready))
        for provider in ("turbosmtp-v2", "sendpost"):
            words = (file, provider, MESSAGES)
            floor, ours = in_turn(
                lambda words=words: child("bare_pages.py", *words),
                lambda words=words: child("our_pages.py", *words),
                3,
            )
            name = f"W3 {provider} list rows per second"
            found.append(Row(name, "bare httpx, a client per slot", floor, ours, "1/s", "≥ 0.8"))
    return found


def _fill(data: Path) -> None:
    """Writes the reports straight into the sandbox's file: no history has this many bounces."""
    now = int(time.time() * 1000)
    found = (
        (
            "bounce",
            1,
            f"gone{n}@example.com",
            now - n * (60 * DAY_MS // ROWS),
            f"550 5.1.1 <gone{n}@example.com>: unknown",
            0,
        )
        for n in range(ROWS)
    )
    with sqlite3.connect(data) as database:
        database.executemany(
            "INSERT INTO report(list, hard, email, at, response, sent) VALUES (?, ?, ?, ?, ?, ?)", found
        )
    database.close()
