"""Accepted sends per second, ledger included, over bare httpx, the official SDK, and prebuilt bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import CHILDREN, Row, child, environment, folder, in_turn, sandbox

TIMES = 3
BARE = "bare httpx, a client per slot"
CONNECTIONS, MAILS = 10, 1000


def rows() -> list[Row]:
    found = []
    with folder() as place, sandbox("--history-rows", 0) as ready:
        file = place / "ready.json"
        file.write_text(json.dumps(ready))
        found.append(_against_httpx(file, "turbosmtp-v1", 1, 200, "none set"))
        for provider in ("turbosmtp-v1", "turbosmtp-v2", "sendpost"):
            found.append(_against_httpx(file, provider, 20, 1000, "≥ 0.7"))
        sdk, ours = in_turn(
            lambda: child("sdk_sends.py", file, 1000),
            lambda: child("our_sends.py", file, "sendpost", 20, 1000),
            TIMES,
        )
        found.append(Row("W2 sendpost, 20 at once", "the official SDK's loop", sdk, ours, "1/s", "≥ 1.0"))
    found.append(_relay())
    return found


def _against_httpx(file: Path, provider: str, at_once: int, sends: int, budget: str) -> Row:
    words = (file, provider, at_once, sends)
    floor, ours = in_turn(
        lambda: child("bare_sends.py", *words), lambda: child("our_sends.py", *words), TIMES
    )
    return Row(f"W1 {provider} sends per second, {at_once} at once", BARE, floor, ours, "1/s", budget)


def _relay() -> Row:
    with bare_relay() as relay, folder() as place:
        file = place / "ready.json"
        file.write_text(json.dumps(_only_a_relay(relay)))
        there = [relay[name] for name in ("host", "port", "ca_file", "user", "password")]
        floor, ours = in_turn(
            lambda: child("prebuilt_smtp.py", *there, CONNECTIONS, MAILS),
            lambda: child("our_sends.py", file, "smtp", CONNECTIONS, MAILS),
            TIMES,
        )
    name = f"W5 relay sends per second, {CONNECTIONS} connections"
    return Row(name, "prebuilt bytes, as many connections", floor, ours, "1/s", "≥ 0.7")


def _only_a_relay(relay: dict[str, object]) -> dict[str, object]:
    """A ready document in which only the relay is real."""
    return {
        "turbosmtp_v1": {"dashboard_url": "", "send_url": "", "user": "", "password": ""},
        "turbosmtp_v2": {},
        "sendpost": {},
        "smtp": relay,
    }


@contextmanager
def bare_relay() -> Iterator[dict[str, object]]:
    """aiosmtpd by itself in a process of its own; how to reach it, as the ready document says it."""
    with folder() as place:
        ca_file = place / "ca.pem"
        process = subprocess.Popen(
            [sys.executable, str(CHILDREN / "bare_smtp.py"), str(ca_file)],
            stdout=subprocess.PIPE, text=True, env=environment(),
        )  # fmt: skip
        try:
            assert process.stdout is not None
            port = json.loads(process.stdout.readline())
            yield {
                "host": "127.0.0.1", "port": port, "ca_file": str(ca_file), "user": "me", "password": "x",
            }  # fmt: skip
        finally:
            process.terminate()
            process.wait(30)
            if process.stdout:
                process.stdout.close()
