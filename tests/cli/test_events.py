"""`events` as its user runs it: one process receives, others post to it and look at what came."""

from __future__ import annotations

import io
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.cli.conftest import Answer, Run, environment
from turbodesk.cli import run as commands

PASSWORD = "an open sesame"
ENV = {"TURBODESK_SECRET_EVENTS": PASSWORD}


@contextmanager
def running(
    home: Path, *words: str, killed: bool = False, watched_s: float = 120.0, **env: str
) -> Iterator[IO[str]]:
    """Another process over the same config dir, and what it prints, until it is told to stop, or killed.

    After `watched_s` it is killed in any case, so that nobody waits for ever for what it prints.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "turbodesk.cli", "--config-dir", str(home / "config"), *words],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environment(home, **env),
    )
    watch = threading.Timer(watched_s, process.kill)
    watch.start()
    try:
        assert process.stdout is not None
        yield process.stdout
    finally:
        watch.cancel()
        if killed:
            process.kill()
        else:
            process.terminate()
        ended = process.wait(20)
        assert process.stdout is not None
        process.stdout.close()
    assert ended == (-signal.SIGKILL if killed else 0)


def test_what_is_posted_in_one_process_is_seen_in_another(cli: Run, tmp_path: Path) -> None:
    with running(tmp_path, "events", "serve", "--basic-auth", "desk", "--json", **ENV) as out:
        there = json.loads(out.readline())
        assert there["basic_auth"] == "desk" and PASSWORD not in json.dumps(there)
        post = ("events", "sample", "--to", there["url"], "--basic-auth", "desk", "--json")
        answer = cli(*post, env=ENV)
        assert (answer.code, answer.json["status"]) == (0, 200), answer.err
        answer = cli(*post, "--service", "turbosmtp", "--kind", "hard-bounce", stdin=PASSWORD + "\n")
        assert (answer.code, answer.json["kind"]) == (0, "hard bounce"), answer.err
        answer = cli(*post, env={"TURBODESK_SECRET_EVENTS": "wrong"})
        assert (answer.code, answer.json["error"]["kind"]) == (3, "sign-in-refused")
        assert "wrong" not in answer.out + answer.err
        found = cli("events", "tail", "--json").json["events"]
    assert [(it["service"], it["kind"]) for it in found] == [
        ("sendpost", "delivered"),
        ("turbosmtp", "hard bounce"),
    ]
    assert found[1]["words"] == "550 5.1.1 unknown user" and found[1]["at"].endswith("Z")
    text = cli("events", "tail", "-n", "1")
    assert text.out.count("\n") == 1 and "hard bounce" in text.out and "sample@example.com" in text.out
    assert PASSWORD.encode() not in (tmp_path / "config" / "events.sqlite").read_bytes()


def test_who_follows_sees_each_event_as_it_comes(cli: Run, tmp_path: Path) -> None:
    with running(tmp_path, "events", "serve", "--json") as serving:
        url = json.loads(serving.readline())["url"]
        assert cli("events", "sample", "--to", url).code == 0
        with running(tmp_path, "events", "tail", "--follow", "--json") as followed:
            assert json.loads(followed.readline())["kind"] == "delivered"
            for kind in ("opened", "clicked"):
                assert cli("events", "sample", "--to", url, "--kind", kind).code == 0
                assert json.loads(followed.readline())["kind"] == kind


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The same words in this process, with nothing on stdin."""

    def words(*words: str) -> Answer:
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        code = commands(["--config-dir", str(tmp_path / "config"), *words])
        return Answer(code, *capsys.readouterr())

    return words


def test_nothing_received_is_said(here: Run) -> None:
    assert "No event" in here("events", "tail").out
    assert here("events", "tail", "--json").json == {"events": []}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("serve", "--host", "0.0.0.0"), 2, "--basic-auth"),
        (("serve", "--basic-auth", "desk"), 1, "needs a password"),
        (("serve", "--basic-auth", "a:b"), 1, "colon"),
        (("sample", "--to", "http://127.0.0.1:1/", "--kind", "melted"), 2, "hard bounce"),
        (("sample", "--to", "http://127.0.0.1:1/", "--kind", "sent", "--service", "turbosmtp"), 2, "opened"),
        (("sample", "--to", "http://127.0.0.1:1/"), 4, ""),
        (("sample", "--to", "http://me:it@127.0.0.1:1/"), 1, "don't belong in the address"),
        (("sample", "--to", "127.0.0.1:1"), 1, "no address"),
        (("sample", "--to", "http://hooks.example.com/", "--basic-auth", "desk"), 1, "needs a password"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(here: Run, words: tuple[str, ...], code: int, says: str) -> None:
    answer = here("events", *words, "--json")
    assert answer.code == code, answer.err
    assert says in answer.json["error"]["says"]


def test_a_password_does_not_go_out_readable(here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURBODESK_SECRET_EVENTS", PASSWORD)
    words = ("events", "sample", "--to", "http://hooks.example.com/", "--basic-auth", "desk", "--json")
    answer = here(*words)
    assert (answer.code, answer.json["error"]["field"]) == (1, "to")
    assert "write https" in answer.json["error"]["says"]


def test_a_taken_port_is_told_at_its_option(here: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = here("events", "serve", "--port", str(taken.getsockname()[1]), "--json")
    assert (answer.code, answer.json["error"]["field"]) == (1, "port")


def test_a_damaged_file_is_told_and_set_aside(here: Run, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "events.sqlite").write_bytes(b"no database at all" * 100)
    answer = here("events", "serve", "--json")
    assert (answer.code, answer.json["error"]["kind"]) == (1, "store")
    assert "set aside" in answer.json["error"]["says"]
    assert here("events", "tail").code == 0
