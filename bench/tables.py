"""Filtering and sorting 100,000 rows over a bare repaint of the full view; the least of some runs each."""

from __future__ import annotations

from bench.measure import Row, child


def rows() -> list[Row]:
    found = child("our_table.py", 100_000)

    def row(name: str, key: str, budget: str) -> Row:
        return Row(name, "bare repaint of the full view", found["repaint_ms"], found[key], "ms", budget)

    return [
        row("T1 keystroke to repaint, 100,000 rows, p99", "filter_p99_ms", "≤ 3"),
        row("T3 sort by a head, rows at rest, worst", "sort_ms", "≤ 60 ms"),
        row("T3 the same while they have just come", "sort_at_once_ms", ""),
        row("T3 longest the window is blocked", "sort_blocked_ms", "≤ 16 ms"),
    ]
