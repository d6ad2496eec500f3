"""From the start of the process to the first paint, over an empty PySide6+qasync window; and memory after."""

from __future__ import annotations

from bench.measure import Row, child, folder, in_turn, seconds_to_line
from turbodesk import settings

TIMES = 9


def rows() -> list[Row]:
    with folder() as config_dir:
        settings.save(config_dir, settings.Settings(seen_first_run=True, last_tab="reports"))
        seconds_to_line("our_window.py", config_dir, "ready")  # makes the sandbox's file and the byte code
        floor, ours = in_turn(
            lambda: seconds_to_line("empty_window.py", "paint"),
            lambda: seconds_to_line("our_window.py", config_dir, "paint"),
            TIMES,
        )
        ready_floor, ready = in_turn(
            lambda: seconds_to_line("empty_window.py", "paint"),
            lambda: seconds_to_line("our_window.py", config_dir, "ready"),
            5,
        )
        memory_floor, memory = (
            child("empty_window.py", "memory"),
            child("our_window.py", config_dir, "memory"),
        )
    empty = "empty PySide6+qasync window"
    return [
        Row("S1 first paint", empty, floor * 1000, ours * 1000, "ms", "≤ 1.3"),
        Row("S2 ready to send", empty, ready_floor * 1000, ready * 1000, "ms", "≤ 2.5"),
        Row("S5 memory after start", empty, memory_floor / 1e6, memory / 1e6, "MB", "≤ 1.6"),
    ]
