"""Filtering, sorting and repainting 100,000 rows over a bare repaint of the full view."""

from __future__ import annotations

from bench.measure import Row, child


def rows() -> list[Row]:
    found = child("our_table.py", 100_000)
    repaint = "bare repaint of the full view"
    return [
        Row(
            "T1 keystroke to repaint, 100,000 rows, p99",
            repaint,
            found["repaint_ms"],
            found["filter_p99_ms"],
            "ms",
            "≤ 3",
        ),
        Row(
            "T3 sort by a column, worst",
            repaint,
            found["repaint_ms"],
            found["sort_worst_ms"],
            "ms",
            "≤ 60 ms",
        ),
    ]
