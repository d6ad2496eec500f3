"""A batch of 5,000 rows to the sandbox over the bare loop: its pace, what it costs, and what the window
feels of it; and how fast the ledger writes."""

from __future__ import annotations

import json

from bench.measure import Row, child, folder, in_turn, sandbox

ROWS, AT_ONCE, TIMES = 5000, 20, 3
PROVIDER = "turbosmtp-v2"


def rows() -> list[Row]:
    with folder() as place, sandbox("--history-rows", 0) as ready:
        file = place / "ready.json"
        file.write_text(json.dumps(ready))
        floors, ours = [], []
        for _ in range(TIMES):
            floors.append(child("bare_sends.py", file, PROVIDER, AT_ONCE, ROWS))
            ours.append(child("our_batch.py", file, PROVIDER, AT_ONCE, ROWS))
        bare_gaps = child("batch_gaps.py", file, PROVIDER, AT_ONCE, ROWS // 5, "bare")
        our_gaps = child("batch_gaps.py", file, PROVIDER, AT_ONCE, ROWS // 5, "batch")
        memory = child("batch_memory.py", file, PROVIDER, AT_ONCE, ROWS)
    middle = sorted(ours, key=lambda it: it["per_second"])[TIMES // 2]
    bare_ledger, our_ledger = in_turn(lambda: child("bare_ledger.py"), lambda: child("our_ledger.py"), TIMES)
    loop, window = f"bare httpx, a client per slot, {AT_ONCE} at once", "the bare loop in the same window"
    bare, sent, written = sorted(floors)[TIMES // 2], middle["per_second"], middle["written_per_second"]
    longest, p999 = ((bare_gaps[key], our_gaps[key]) for key in ("longest_ms", "p999_ms"))
    frozen, peak = memory["rows_mb"], memory["peak_mb"]
    return [
        Row(f"B1 batch of {ROWS:,} rows sent", loop, bare, sent, "1/s", "≥ 0.7"),
        Row("B2 the same rows written down before", loop, bare, written, "1/s", "none set"),
        Row("B3 ledger, writes a second", "a commit a write", bare_ledger, our_ledger, "1/s", "≥ 1"),
        Row("B4 longest gap of the window meanwhile", window, *longest, "ms", "≤ 50 ms"),
        Row("B4 the same, p99.9", window, *p999, "ms", "≤ 16 ms"),
        Row("B5 peak memory of the batch", "all its rows as frozen", frozen, peak, "MB", "none set"),
    ]
