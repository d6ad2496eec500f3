"""Sends that the sandbox stores, over the same kind of server answering the same route without storing."""

from __future__ import annotations

import subprocess
import sys
import time

from bench.measure import Row, child, folder, in_turn, sandbox
from bench.sends import bare_relay, bare_route

SENDS, AT_ONCE, TIMES = 2000, 10, 3


def rows() -> list[Row]:
    with folder() as place, bare_route() as floor_url, sandbox("--data", place / "s.sqlite") as ready:
        ours_url = ready["turbosmtp_v1"]["send_url"]
        floor, ours = in_turn(lambda: _per_second(floor_url), lambda: _per_second(ours_url), TIMES)
    with bare_relay() as relay, folder() as place, sandbox("--data", place / "s.sqlite") as ready:
        bare_smtp, our_smtp = in_turn(
            lambda: _mails_per_second(relay), lambda: _mails_per_second(ready["smtp"]), TIMES
        )
    with folder() as place:
        with sandbox("--data", place / "s.sqlite"):
            pass  # its history is made once
        begin = time.perf_counter()
        with sandbox("--data", place / "s.sqlite"):
            listening = time.perf_counter() - begin
    bare = "the same route without storing"
    python = min(_seconds_of_python() for _ in range(3))
    return [
        Row("X1 mails stored per second by SMTP", "bare aiosmtpd", bare_smtp, our_smtp, "1/s", "≥ 0.6"),
        Row("X2 sends stored per second", bare, floor, ours, "1/s", "≥ 0.5"),
        Row(
            "`sandbox serve` to listening", "python -c ''", python * 1000, listening * 1000, "ms", "≤ 400 ms"
        ),
    ]


def _per_second(url: str) -> float:
    return float(child("post_mail.py", url, AT_ONCE, SENDS))


def _mails_per_second(relay: dict[str, object]) -> float:
    there = [relay[name] for name in ("host", "port", "ca_file", "user", "password")]
    return float(child("prebuilt_smtp.py", *there, AT_ONCE, SENDS))


def _seconds_of_python() -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", ""], check=True)
    return time.perf_counter() - begin
