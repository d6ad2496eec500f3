"""Accepted sends per second, by the adapter alone and with the ledger, over bare httpx, the official SDK,
and prebuilt bytes."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import CHILDREN, Row, child, environment, folder, in_turn, sandbox

TIMES = 3
BARE = "bare httpx, a client per slot"
CONNECTIONS, MAILS = 10, 1000
ANSWERS_IN_S = 0.05


def rows() -> list[Row]:
    found = []
    with folder() as place, sandbox("--history-rows", 0) as ready:
        file = place / "ready.json"
        file.write_text(json.dumps(ready))
        found.append(_against_httpx(file, "turbosmtp-v1", 1, 200, "ledger", "none set"))
        for provider in ("turbosmtp-v1", "turbosmtp-v2", "sendpost"):
            found.append(_against_httpx(file, provider, 20, 1000, "", "none set"))
            found.append(_against_httpx(file, provider, 20, 1000, "ledger", "≥ 0.7"))
        for way in ("", "ledger"):
            sdk, ours = in_turn(
                lambda: child("sdk_sends.py", file, 1000),
                lambda way=way: child("our_sends.py", file, "sendpost", 20, 1000, *filter(None, [way])),
                TIMES,
            )
            name = f"W2 sendpost{_named(way)}, 20 at once"
            found.append(Row(name, "the official SDK's loop", sdk, ours, "1/s", "≥ 1.0"))
    found.extend(_patient())
    found.extend(_relay())
    return found


def _named(way: str) -> str:
    return " with the ledger" if way else " by its adapter"


def _against_httpx(file: Path, provider: str, at_once: int, sends: int, way: str, budget: str) -> Row:
    words = (file, provider, at_once, sends)
    floor, ours = in_turn(
        lambda: child("bare_sends.py", *words),
        lambda: child("our_sends.py", *words, *filter(None, [way])),
        TIMES,
    )
    return Row(f"W1 {provider}{_named(way)}, {at_once} at once", BARE, floor, ours, "1/s", budget)


def _patient() -> list[Row]:
    """Sends to a server that takes its time: what is left of as many as could be under way at once."""
    with bare_route(ANSWERS_IN_S) as url, folder() as place:
        file = place / "ready.json"
        file.write_text(json.dumps(_only_a_route(url)))
        words = (file, "turbosmtp-v1", 20, 2000)
        alone = statistics.median(child("our_sends.py", *words, "ledger") for _ in range(TIMES))
        batch = statistics.median(child("our_batch.py", *words)["per_second"] for _ in range(TIMES))
    most, floor = 20 / ANSWERS_IN_S, f"20 in {ANSWERS_IN_S * 1000:.0f} ms, by arithmetic"
    return [
        Row(f"W2b turbosmtp-v1{_named('ledger')}, 20 at once", floor, most, alone, "1/s", "≥ 0.95"),
        Row("W2b turbosmtp-v1 in a batch, 20 at once", floor, most, batch, "1/s", "≥ 0.95"),
    ]


def _only_a_route(url: str) -> dict[str, object]:
    """A ready document in which only the sends of turboSMTP's v1 API are real."""
    return {
        "turbosmtp_v1": {"dashboard_url": url, "send_url": url, "user": "me", "password": "x"},
        "turbosmtp_v2": {},
        "sendpost": {},
        "smtp": {"host": "127.0.0.1", "port": 1, "ca_file": "", "user": "", "password": ""},
    }


def _relay() -> list[Row]:
    found = []
    with bare_relay() as relay, folder() as place:
        file = place / "ready.json"
        file.write_text(json.dumps(_only_a_relay(relay)))
        there = [relay[name] for name in ("host", "port", "ca_file", "user", "password")]
        for way, budget in (("", "≥ 0.7"), ("ledger", "none set")):
            floor, ours = in_turn(
                lambda: child("prebuilt_smtp.py", *there, CONNECTIONS, MAILS),
                lambda way=way: child("our_sends.py", file, "smtp", CONNECTIONS, MAILS, *filter(None, [way])),
                TIMES,
            )
            name = f"W5 relay{_named(way)}, {CONNECTIONS} connections"
            found.append(Row(name, "prebuilt bytes, as many connections", floor, ours, "1/s", budget))
    return found


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


@contextmanager
def bare_route(answers_in_s: float = 0.0) -> Iterator[str]:
    """The route of a send answered by a server that stores nothing, in a process of its own; its address."""
    words = [str(answers_in_s)] if answers_in_s else []
    process = subprocess.Popen(
        [sys.executable, str(CHILDREN / "bare_route.py"), *words],
        stdout=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout:
            process.stdout.close()
