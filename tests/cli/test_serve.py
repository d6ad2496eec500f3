"""`sandbox serve` where it cannot start: what is wrong, and which option mends it; and whom it posts to."""

from __future__ import annotations

import base64
import json
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run, environment
from tests.sandbox.receiver import receiving


@pytest.fixture
def cli(cold: Run) -> Run:
    """Here every command is an interpreter that starts from nothing."""
    return cold


def test_a_file_of_something_else_is_told_at_its_option_and_stays(cli: Run, tmp_path: Path) -> None:
    broken, foreign = tmp_path / "broken.db", tmp_path / "foreign.db"
    broken.write_bytes(b"no database at all" * 100)
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE theirs (it TEXT)")
    for path in (broken, foreign, tmp_path / "nowhere" / "s.db"):
        before = path.read_bytes() if path.exists() else None
        answer = cli("sandbox", "serve", "--data", str(path), "--json")
        assert (answer.code, answer.json["error"]["field"]) == (1, "data")
        assert path.name in answer.json["error"]["says"] and "--data" in answer.json["error"]["hint"]
        assert (path.read_bytes() if path.exists() else None) == before


def test_a_taken_port_is_told_at_its_option(cli: Run, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answer = cli("sandbox", "serve", "--port", port, "--data", str(tmp_path / "s.db"), "--json")
    assert (answer.code, answer.json["error"]["field"]) == (1, "port")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://127.0.0.1/", "this computer"),
        ("http://hooks.example.com/", "this computer"),
        ("http://hook:secret-word@127.0.0.1:8080/", "TURBODESK_SECRET_EVENTS"),
    ],
)
def test_events_are_posted_to_this_computer_and_no_password_stands_in_the_words(
    cli: Run, url: str, says: str
) -> None:
    answer = cli("sandbox", "serve", "--webhooks-to", url, "--json")
    assert (answer.code, answer.json["error"]["kind"]) == (2, "usage")
    assert says in answer.json["error"]["says"]
    assert "secret-word" not in answer.out + answer.err


def test_turbosmtp_events_are_posted_with_the_login_of_the_receiver(tmp_path: Path) -> None:
    with receiving() as receiver:
        url = receiver.url("/a@b", login="hook@")
        served = subprocess.Popen(
            [sys.executable, "-m", "turbodesk.cli", "sandbox", "serve", "--webhooks-to", url],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(tmp_path, TURBODESK_SECRET_EVENTS="p/w:@é"),
        )
        assert served.stdout is not None
        try:
            ready = json.loads(served.stdout.readline())
            v1 = ready["turbosmtp_v1"]
            body = {"from": "me@example.com", "to": "ok@example.com", "subject": "Hi", "content": "Hello"}
            body |= {"authuser": v1["user"], "authpass": v1["password"]}
            sent = httpx.post(f"{v1['send_url']}/api/mail/send", json=body, trust_env=False)
            assert sent.status_code == 200, sent.text
            got = receiver.first(2)
        finally:
            served.terminate()
            assert served.wait(10) == 0
            served.stdout.close()
    assert {it.body["status"] for it in got} == {"PROCESSED", "DELIVERED"}
    assert got[0].path == "/a@b"
    assert base64.b64decode(got[0].headers["authorization"].removeprefix("Basic ")).decode() == "hook:p/w:@é"
