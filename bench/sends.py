"""Accepted sends per second, ledger included, over a bare httpx loop doing the same POSTs."""

from __future__ import annotations

from bench.measure import Row, child, in_turn, sandbox

TIMES = 3


def rows() -> list[Row]:
    found = []
    with sandbox("--history-rows", 0) as ready:
        v1 = ready["turbosmtp_v1"]
        for at_once, sends, budget in ((1, 200, "none set"), (20, 1000, "≥ 0.7")):
            words = (v1["send_url"], v1["user"], at_once, sends)
            floor, ours = in_turn(
                lambda words=words: child("bare_sends.py", *words),
                lambda words=words: child("our_sends.py", *words),
                TIMES,
            )
            name = f"W1 sends per second, {at_once} at once"
            found.append(Row(name, "bare httpx, a client per slot", floor, ours, "1/s", budget))
    return found
