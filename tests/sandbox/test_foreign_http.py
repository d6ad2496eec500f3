"""HTTP as clients speak it that nobody here wrote: old, hasty, wordy and wrong ones."""

from __future__ import annotations

import json
import socket
import sqlite3
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from turbodesk.sandbox.state import CONSUMER_KEY, CONSUMER_SECRET, SUBACCOUNT_KEY

from .conftest import V1_SEND, V2_SEND, Caller, Opener

KEYS = {"consumerKey": CONSUMER_KEY, "consumerSecret": CONSUMER_SECRET}
SUB = {"X-SubAccount-ApiKey": SUBACCOUNT_KEY}
V1_CONTRACT = {"X-SendPost-Public-Contract": "v1"}
LETTER = {"from": "me@example.com", "to": "ann@example.com", "subject": "Hi", "content": "Hello"}
SENDPOST_LETTER: dict[str, Any] = {
    "from": {"email": "me@example.com"},
    "to": [{"email": "ann@example.com"}],
    "subject": "Hi",
    "textBody": "Hello",
}
# one path of each provider, and how it says that something is wrong
SPEAKERS = [
    ("/api/user/info", ["errorCode", "message"]),
    ("/web/api/reports/bounce", ["errorCode", "message"]),
    ("/api/v2/analytics", ["message"]),
    ("/api/v1/account/message", ["status", "message"]),
    ("/elsewhere", ["errorCode", "message"]),
]


def address(sandbox: Caller) -> tuple[str, int]:
    host, port = sandbox.at.inbox_url.removeprefix("http://").split(":")
    return host, int(port)


def talk(sandbox: Caller, said: bytes, *, then_hang_up: bool = False) -> bytes:
    """Everything that comes back until the server closes the connection."""
    with socket.create_connection(address(sandbox), timeout=10) as connection:
        connection.sendall(said)
        if then_hang_up:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


def lines(*words: str, body: bytes = b"") -> bytes:
    return "\r\n".join([*words, "", ""]).encode() + body


def urllib_status(sandbox: Caller, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    """Asks the way Python's own library does: the body in one go, and no second request."""
    request = urllib.request.Request(sandbox.at.inbox_url + path, body, headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


# bodies


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v2/suppressions/import", 401),
        ("/api/v1/subaccount/email/", 401),
        ("/api/v1/nothing", 404),
        ("/api/deauthorize", 401),
        ("/api/plans", 404),
        ("/sandbox/reset", 401),
        ("/", 404),
    ],
)
def test_whoever_is_refused_amid_an_upload_gets_to_read_why(sandbox: Caller, path: str, status: int) -> None:
    assert urllib_status(sandbox, path, b"x" * 5_000_000)[0] == status


def test_whoever_uploads_too_much_gets_to_read_it(sandbox: Caller) -> None:
    body = b"x" * 70_000_000
    for path, headers, shape in (
        (V2_SEND, KEYS, ["message", "errors"]),
        ("/api/v2/suppressions/import", KEYS, ["message"]),
        ("/api/v1/subaccount/email/", SUB, ["status", "message"]),
    ):
        status, answer = urllib_status(sandbox, path, body, **headers)
        assert (status, list(json.loads(answer))) == (413, shape)


def test_whoever_waits_with_an_upload_is_answered_at_once(sandbox: Caller) -> None:
    head = lines(
        "POST /api/v2/suppressions/import HTTP/1.1", "Host: localhost", "Expect: 100-continue",
        "Content-Length: 5000000", "Connection: close",
    )  # fmt: skip
    assert talk(sandbox, head).startswith(b"HTTP/1.1 401 ")


def test_chunks_with_extensions_and_trailers_are_one_body(sandbox: Caller) -> None:
    letter = json.dumps(LETTER).encode()
    pieces = [letter[at : at + 7] for at in range(0, len(letter), 7)]
    chunks = b"".join(b"%x;name=value\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    head = lines(
        f"POST {V2_SEND} HTTP/1.1", "HOST: localhost", f"CONSUMERKEY: {CONSUMER_KEY}",
        f"consumersecret: {CONSUMER_SECRET}", "transfer-encoding: chunked", "connection: close",
    )  # fmt: skip
    assert talk(sandbox, head + chunks + b"0\r\nX-Sum: 1\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert sandbox.caught()[0]["subject"] == "Hi"


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "9" * 5000])
def test_a_number_that_is_none_is_no_json(sandbox: Caller, number: str) -> None:
    letter = json.dumps({**SENDPOST_LETTER, "groups": ["g"]})[:-1]
    body = f'{letter}, "to": [{{"email": "a@example.com", "customFields": {{"n": {number}}}}}]}}'.encode()
    assert sandbox.http.post("/api/v1/subaccount/email/", content=body, headers=SUB).status_code == 422
    body = f'{json.dumps(LETTER)[:-1]}, "custom_headers": {{"X-N": {number}}}}}'.encode()
    assert sandbox.http.post(V2_SEND, content=body, headers=KEYS).status_code == 400
    for path in ("/sandbox/clock", "/sandbox/history"):
        body = f'{{"advance_s": {number}, "rows": {number}}}'.encode()
        assert sandbox.http.post(path, content=body).status_code == 400


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Content-Type: text/plain; charset=idna\r\n\r\n" + "a" * 300, "a" * 300),
        ("Content-Type: text/plain; charset=unicode_escape\r\n\r\n\\ud800", "\ufffd"),
        ("Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA-!", "\ufffd!"),
        ("Content-Type: text/plain; charset=undefined\r\n\r\nx", "x"),
        ('Content-Type: text/plain; charset="utf\0-8"\r\n\r\nx', "x"),
        ("Content-Type: text/plain; charset=no-such\r\n\r\nx", "x"),
    ],
)
def test_an_odd_charset_is_read_as_well_as_it_can_be(sandbox: Caller, raw: str, text: str) -> None:
    subject = "Subject: =?unicode_escape?q?=5Cud800?=\r\n"
    answer = sandbox.http.post(
        V2_SEND, json={**LETTER, "subject": "", "mime_raw": subject + raw}, headers=KEYS
    )
    assert answer.status_code == 200
    shown = sandbox.show()
    assert (shown["text"], shown["subject"]) == (text, "\ufffd")


# requests


def test_requests_that_do_not_wait_for_answers(sandbox: Caller) -> None:
    letter = json.dumps(LETTER).encode()
    send = lines(
        f"POST {V2_SEND} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in KEYS.items()),
        f"Content-Length: {len(letter)}", body=letter,
    )  # fmt: skip
    token = f"X-Sandbox-Token: {sandbox.at.control_token}"
    last = lines("GET /sandbox/accepted HTTP/1.1", "Host: localhost", token, "Connection: close")
    answers = talk(sandbox, send * 3 + last)
    assert answers.count(b"HTTP/1.1 200 ") == 4
    assert b'{"total": 3,' in answers


def test_http_1_0_with_and_without_a_host(sandbox: Caller) -> None:
    for host in ((), ("Host: localhost",)):
        answer = talk(sandbox, lines("GET / HTTP/1.0", *host))
        assert answer.startswith(b"HTTP/1.1 200 ")
    elsewhere = lines("GET / HTTP/1.0", "Origin: https://evil.example.com")
    assert talk(sandbox, elsewhere).startswith(b"HTTP/1.1 403 ")


def test_a_client_that_has_said_everything_is_answered(sandbox: Caller) -> None:
    letter = json.dumps({**LETTER, **sandbox.secrets}).encode()
    head = (f"POST {V1_SEND} HTTP/1.1", "Host: localhost", f"Content-Length: {len(letter)}")
    assert talk(sandbox, lines(*head, body=letter), then_hang_up=True).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "target", ["*", "//", "///", "/%2f", "http://localhost/sandbox/accepted", "/%00", "/%ff"]
)
def test_odd_targets_have_an_answer(sandbox: Caller, target: str) -> None:
    answer = talk(sandbox, lines(f"GET {target} HTTP/1.1", "Host: localhost", "Connection: close"))
    status = int(answer.split(b" ")[1])
    assert status in (200, 404)
    if status == 404:
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["errorCode"] == 4


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "QUERY", "OPTIONS", "PUT"])
@pytest.mark.parametrize(("path", "shape"), SPEAKERS)
def test_a_method_that_is_not_there_gets_the_words_of_the_provider(
    sandbox: Caller, method: str, path: str, shape: list[str]
) -> None:
    account = {"X-Account-ApiKey": sandbox.at.sendpost.account_key}
    answer = sandbox.http.request(method, path, headers=account)
    assert (answer.status_code, list(answer.json())) == (404, shape)


def test_a_head_is_a_get_without_its_body(sandbox: Caller) -> None:
    for path in ("/", "/sandbox/messages", "/api/v2/user/config"):
        full, head = (sandbox.http.request(method, path, headers=KEYS) for method in ("GET", "HEAD"))
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == full.headers["content-length"]


# what the server says before any provider is asked


@pytest.mark.parametrize(("path", "shape"), SPEAKERS)
def test_whoever_is_kept_out_hears_it_in_the_words_of_the_provider(
    sandbox: Caller, path: str, shape: list[str]
) -> None:
    answer = sandbox.http.get(path, headers={"Host": "evil.example.com"})
    assert (answer.status_code, list(answer.json())) == (403, shape)
    assert "loopback" in answer.json()["message"].lower()
    if "v1" in path:
        answer = sandbox.http.get(path, headers={"Host": "evil.example.com", **V1_CONTRACT})
        assert answer.json()["error"]["code"] == "resource_exists"


@pytest.mark.parametrize(
    ("method", "path", "headers", "shape"),
    [
        ("POST", V2_SEND, KEYS, ["errorCode", "message"]),
        ("GET", "/api/stats/panes/emails/count", {}, ["errorCode", "message"]),
        ("GET", "/api/v2/analytics?from=2020-01-01&to=2020-01-02", KEYS, ["message"]),
        ("POST", "/api/v1/subaccount/email/", SUB, ["status", "message"]),
    ],
)
def test_its_own_fault_comes_in_the_words_of_the_provider(
    opened: Opener, tmp_path: Path, heard: list[str], method: str, path: str, headers: dict[str, str],
    shape: list[str],
) -> None:  # fmt: skip
    data = tmp_path / "sandbox.sqlite"
    with opened(data) as caller:
        more = {} if headers else {"Authorization": caller.sign_in()}
        with sqlite3.connect(data) as db:
            db.execute("DROP TABLE email")
        db.close()
        letter = SENDPOST_LETTER if headers is SUB else LETTER
        body = letter if method == "POST" else None
        answer = caller.http.request(method, path, json=body, headers={**headers, **more})
        assert (answer.status_code, list(answer.json())) == (500, shape)
    assert heard == [f"turbodesk.sandbox.server ERROR: the sandbox failed at {path.partition('?')[0]}"]
    heard.clear()


# connections


def test_one_connection_too_many_is_sent_away(opened: Opener) -> None:
    ask = lines("GET / HTTP/1.1", "Host: localhost", "Connection: close")
    with opened() as caller:
        there = [socket.create_connection(address(caller), timeout=20) for _ in range(500)]
        assert talk(caller, b"").startswith(b"HTTP/1.1 503 ")
        for one in there[:2]:
            one.sendall(ask)
            assert one.recv(100).startswith(b"HTTP/1.1 200 ")
            while one.recv(100):
                pass
        assert talk(caller, ask).startswith(b"HTTP/1.1 200 ")
        for one in there:
            one.close()
