"""A client of other people's, swaks, sends through the relay: nothing about it is made for us."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import Caller

SWAKS = shutil.which("swaks")
pytestmark = pytest.mark.skipif(SWAKS is None, reason="swaks is not installed")

# The exit codes that its manual gives: the connection, TLS, each command, the end of the data.
TLS_FAILED, AUTH_FAILED, MAIL_REFUSED, RCPT_REFUSED, DATA_REFUSED = 29, 28, 23, 24, 26


def swaks(caller: Caller, *words: str, way: str = "--tls", password: str = "") -> tuple[int, str]:
    """Its exit code and its transcript."""
    smtp = caller.at.smtp
    port = smtp.port if way == "--tls" else smtp.tls_port
    done = subprocess.run(
        [
            str(SWAKS), "--server", smtp.host, "--port", str(port), way, "--tls-verify",
            "--tls-ca-path", smtp.ca_file, "--auth-user", smtp.user,
            "--auth-password", password or smtp.password, "--helo", "client.example.com", "--timeout", "20",
            "--from", "me@example.com", *words,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("way", ["--tls", "--tls-on-connect"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_it_sends_either_way_with_either_mechanism(sandbox: Caller, way: str, mechanism: str) -> None:
    code, said = swaks(
        sandbox, "--auth", mechanism, "--to", "ann@example.com,bob@example.org", "--header",
        "Subject: From swaks", "--body", "first\n.dot\n..dots\nlast", way=way,
    )  # fmt: skip
    assert code == 0, said
    assert "235 2.7.0" in said
    assert "250 2.0.0 Ok: queued as " in said
    (message,) = sandbox.caught()
    assert message["subject"] == "From swaks"
    assert [to["email"] for to in message["recipients"]] == ["ann@example.com", "bob@example.org"]
    assert sandbox.show()["text"].splitlines()[:4] == ["first", ".dot", "..dots", "last"]


def test_it_sends_attachments(sandbox: Caller, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(bytes(range(256)) * 200)
    code, said = swaks(
        sandbox,
        "--auth",
        "PLAIN",
        "--to",
        "ann@example.com",
        "--attach-type",
        "image/png",
        "--attach",
        f"@{picture}",
    )
    assert code == 0, said
    parts = sandbox.show()["attachments"]
    assert [(part["name"], part["type"], part["size"]) for part in parts] == [
        ("picture.png", "image/png", 51_200)
    ]


def test_it_goes_on_for_the_others_where_one_is_refused(sandbox: Caller) -> None:
    code, said = swaks(sandbox, "--auth", "PLAIN", "--to", "refuse550@example.com,ann@example.com")
    assert code == 0, said
    assert "<~* 550 5.1.1 <refuse550@example.com>" in said
    assert [to["email"] for to in sandbox.caught()[0]["recipients"]] == ["ann@example.com"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--to", "refuse451@example.com"), RCPT_REFUSED, "451 4.2.0"),
        (("--to", "error500@example.com"), DATA_REFUSED, "554 5.3.0"),
        (("--to", "ann@example.com", "--from", "me@elsewhere.test"), MAIL_REFUSED, "550 5.7.1"),
    ],
)
def test_it_is_told_why_not(sandbox: Caller, words: tuple[str, ...], code: int, said: str) -> None:
    found, transcript = swaks(sandbox, "--auth", "PLAIN", *words)
    assert (found, said in transcript) == (code, True), transcript
    assert sandbox.caught() == []


def test_it_is_not_let_in_with_a_wrong_password(sandbox: Caller) -> None:
    code, said = swaks(sandbox, "--auth", "LOGIN", "--to", "ann@example.com", password="wrong")
    assert code == AUTH_FAILED, said
    assert "535 5.7.8" in said


def test_it_does_not_trust_the_relay_without_its_authority(sandbox: Caller, tmp_path: Path) -> None:
    code, said = swaks(sandbox, "--auth", "PLAIN", "--to", "ann@example.com", "--tls-ca-path", str(tmp_path))
    assert code == TLS_FAILED, said
    assert sandbox.caught() == []


def test_it_sends_all_commands_at_once(sandbox: Caller) -> None:
    code, said = swaks(sandbox, "--auth", "PLAIN", "--pipeline", "--to", "ann@example.com,bob@example.com")
    assert code == 0, said
    assert len(sandbox.caught()[0]["recipients"]) == 2
