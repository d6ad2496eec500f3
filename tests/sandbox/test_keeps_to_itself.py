"""What comes into the sandbox stays there: nothing is relayed, no name of others' becomes a file, and no
secret that was typed by mistake is kept."""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import V1_SEND, V2_SEND, Caller, Opener

_watching: list[list[object]] = []


def _hook(event: str, words: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo") and _watching:
        _watching[-1].append(words[1] if event != "socket.getaddrinfo" else (words[0], words[1]))


@contextmanager
def connections() -> Iterator[list[object]]:
    """Whatever this process connects to, or looks the name up of, meanwhile; a hook cannot be taken out."""
    if not hasattr(sys, "_watched_by_the_sandbox_tests"):
        sys.addaudithook(_hook)
        sys._watched_by_the_sandbox_tests = True  # type: ignore[attr-defined]
    _watching.append([])
    try:
        yield _watching[-1]
    finally:
        _watching.pop()


def mailed(caller: Caller, *recipients: str) -> None:
    at = caller.at.smtp
    with smtplib.SMTP(at.host, at.port, timeout=20) as smtp:
        smtp.starttls(context=ssl.create_default_context(cafile=at.ca_file))
        smtp.login(at.user, at.password)
        smtp.sendmail("me@example.com", recipients, "Subject: Hi\r\nMessage-ID: <../../x>\r\n\r\nHello")


def test_nothing_is_relayed(sandbox: Caller) -> None:
    with connections() as made:
        for path in (V1_SEND, V2_SEND):
            sandbox.send("ann@example.org,kim@example.net", path)
        mailed(sandbox, "ann@example.org", "kim@example.net")

    assert len(sandbox.caught()) >= 3
    hosts = {str(it[0]) for it in made if isinstance(it, tuple)}
    assert hosts, "its own client connected"
    assert {it for it in hosts if it != "localhost" and not ipaddress.ip_address(it).is_loopback} == set()


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/passwd", "..\\..\\x", "C:\\x", "a/b", "x\0y", "CON", "." * 300]
)
def test_no_name_of_others_becomes_a_file(opened: Opener, tmp_path: Path, name: str) -> None:
    with opened(tmp_path / "sandbox.sqlite") as caller:
        before = set(tmp_path.rglob("*"))
        file = {"name": name, "type": "text/plain", "content": "AAAA", "content_id": name}
        answer = caller.send(
            attachments=[file], custom_headers={"Message-ID": f"<{name}>", "X-File": name.replace("\0", "")}
        )
        assert answer.status_code < 500
        mailed(caller, "ann@example.org")
        after = set(tmp_path.rglob("*"))
        ours = {it for it in after - before if not it.name.startswith("sandbox.sqlite")}
        assert ours == set()
        assert all(it["id"].isalnum() for it in caller.caught())


def test_a_secret_typed_by_mistake_is_nowhere_on_file(opened: Opener, tmp_path: Path) -> None:
    secret = "Re4l-S3cret-0f-Somebody"
    with opened(tmp_path / "sandbox.sqlite") as caller:
        for path in (V1_SEND, V2_SEND):
            refused = caller.send(path=path, authuser="real@example.com", authpass=secret)
            assert refused.status_code in (400, 401, 403), refused.text
        for path in ("/api/authorize", "/api/v2/authorize"):
            caller.http.post(path, json={"email": "real@example.com", "password": secret})
        for header in ("Authorization", "consumerSecret", "X-SubAccount-ApiKey", "X-Account-ApiKey"):
            caller.http.post(V2_SEND, json={"from": "me@example.com"}, headers={header: secret})
            caller.http.get("/api/v1/account/subaccount/", headers={header: secret})
        at = caller.at.smtp
        with smtplib.SMTP(at.host, at.port, timeout=20) as smtp:
            smtp.starttls(context=ssl.create_default_context(cafile=at.ca_file))
            with pytest.raises(smtplib.SMTPAuthenticationError):
                smtp.login("real@example.com", secret)
        assert caller.send().status_code == 200
    files = {it.name: it.read_bytes() for it in tmp_path.rglob("*") if it.is_file()}
    assert "sandbox.sqlite" in files
    assert [name for name, data in files.items() if secret.encode() in data] == []
