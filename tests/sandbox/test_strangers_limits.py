"""What strangers cannot make the sandbox do: grow without end, wait without end, obey a page in a browser."""

from __future__ import annotations

import base64
import logging
import smtplib
import socket
import ssl
from typing import Any

import httpx
import pytest

from turbodesk.sandbox import keeping, sendpost_fill, sendpost_send, server, turbosmtp_v2_questions
from turbodesk.sandbox.state import SUBACCOUNT_KEY
from turbodesk.sandbox.turbosmtp_read import MOST_RECIPIENTS

from .conftest import Caller, Opener
from .v2_caller import V2Caller

SUB = {"X-SubAccount-ApiKey": SUBACCOUNT_KEY}


def talk(caller: Caller, said: bytes) -> bytes:
    """Everything that comes back until the sandbox closes the connection."""
    host, port = caller.at.inbox_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(said)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


def sendpost(caller: Caller, to: list[dict[str, Any]], **fields: Any) -> list[dict[str, Any]]:
    letter = {"from": {"email": "me@example.com"}, "to": to, "subject": "Hi", **fields}
    answer = caller.http.post("/api/v1/subaccount/email/", json=letter, headers=SUB)
    assert answer.status_code == 200, answer.text
    outcomes: list[dict[str, Any]] = answer.json()
    return outcomes


# pages in browsers


@pytest.mark.parametrize("site", ["cross-site", "same-site", ""])
def test_what_a_page_elsewhere_makes_a_browser_ask_is_kept_out(sandbox: Caller, site: str) -> None:
    """A picture's address is asked for without an Origin; this one would switch the tracking off."""
    path = "/api/tools/clickTracking/disable"
    answer = sandbox.http.get(path, params=sandbox.secrets, headers={"Sec-Fetch-Site": site})

    assert answer.status_code == 403
    assert sandbox.get("/api/tools/clickTracking").json()["enabled"] is True


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_what_somebody_asks_in_a_browser_is_answered(sandbox: Caller, site: str) -> None:
    assert sandbox.http.get("/", headers={"Sec-Fetch-Site": site}).status_code == 200


def test_no_answer_lets_another_origin_read_it(sandbox: Caller) -> None:
    answer = sandbox.http.options(
        "/api/plans", headers={"Origin": sandbox.at.inbox_url, "Access-Control-Request-Method": "PUT"}
    )
    for one in (answer, sandbox.http.get("/"), sandbox.http.get("/api/openapi.json")):
        assert not [name for name in one.headers if name.startswith("access-control-")]


# its own API


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sandbox/messages"),
        ("GET", "/sandbox/accepted"),
        ("PUT", "/sandbox/faults"),
        ("PUT", "/sandbox/webhooks"),
        ("POST", "/sandbox/reset"),
        ("POST", "/sandbox/reset/"),
        ("POST", "/%73andbox/reset"),
        ("GET", "/sandbox"),
    ],
)
def test_nobody_controls_it_without_the_token_of_its_run(sandbox: Caller, method: str, path: str) -> None:
    sandbox.send()
    for token in ("", "nonsense", "é", sandbox.at.control_token[:-1]):
        answer = sandbox.http.request(method, path, headers={"X-Sandbox-Token": token.encode()})
        assert answer.status_code == 401
        assert "X-Sandbox-Token" in answer.json()["message"]
        assert sandbox.at.control_token not in answer.text
    assert len(sandbox.caught()) == 1


def test_the_token_is_another_one_in_every_run_and_nowhere_to_be_read(opened: Opener) -> None:
    with opened() as one, opened() as other:
        assert one.at.control_token != other.at.control_token
        assert len(one.at.control_token) >= 32
        assert one.at.control_token not in repr(one.at)
        for path in ("/", "/api/openapi.json"):
            assert one.at.control_token not in one.http.get(path).text


# lines, heads and bodies


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-Many: a\r\n" * 20_000 + b"\r\n",
        b"no request at all\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example.com\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: local\x00host\r\n\r\n",
    ],
)
def test_a_head_that_is_none_or_too_long_ends_the_connection(sandbox: Caller, head: bytes) -> None:
    try:
        said = talk(sandbox, head)
    except ConnectionError:  # it went on and on, and was cut off
        said = b"HTTP/1.1 400 "
    assert said.startswith(b"HTTP/1.1 400 ")
    assert sandbox.http.get("/api/v2/openapi.json").status_code == 200


def test_a_body_in_endless_chunks_is_cut_short(sandbox: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_LINGER_S", 0.1)
    host, port = sandbox.at.inbox_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(
            b"POST /api/authorize HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        with pytest.raises(ConnectionError):
            for _ in range(1_000):
                connection.sendall(chunk)


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: local", b"POST /api/authorize HTTP/1.1\r\n"])
def test_whoever_begins_and_says_no_more_is_hung_up_on(
    sandbox: Caller, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_PATIENCE_S", 0.05)
    assert talk(sandbox, said) == b""


def test_whoever_waits_for_an_answer_is_not_hung_up_on(
    sandbox: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_PATIENCE_S", 0.02)
    sandbox.fault("delay", seconds=0.2, times=1)
    host, port = sandbox.at.inbox_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert connection.recv(15) == b"HTTP/1.1 200 OK"


# bodies that are small and mean much


def test_json_within_json_has_an_end(sandbox: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    letter = """{"from": {"email": "me@example.com"}, "textBody": "Hi", "groups": ["deep"],
        "to": [{"email": "ann@example.com", "customFields": {"a": DEEP}}]}"""
    statuses = set()
    http = httpx.Client(base_url=sandbox.at.dashboard_url, trust_env=False, timeout=20)
    for depth in (10, 100, *range(880, 1_000, 3), 100_000):
        body = letter.replace("DEEP", "[" * depth + "]" * depth)
        answer = http.post("/api/v1/subaccount/email/", content=body, headers=SUB)
        statuses.add(answer.status_code)
        if answer.status_code == 200:
            id = answer.json()[0]["messageId"]
            for contract in ("v1", "legacy"):
                headers = {
                    "X-Account-ApiKey": sandbox.at.sendpost.account_key,
                    "X-SendPost-Public-Contract": contract,
                }
                assert http.get(f"/api/v1/account/message/{id}", headers=headers).status_code == 200
    http.close()
    assert statuses == {200, 422}
    assert caplog.records == []


def test_a_text_of_placeholders_does_not_grow_without_end(
    sandbox: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sendpost_fill, "MOST_CHARACTERS", 1_000)
    to = [{"email": "ann@example.com", "customFields": {"a": "y" * 300}}]
    sendpost(sandbox, to, textBody="{{a}}" * 20)

    assert sandbox.show()["text"] == "y" * 900 + "{{a}}" * 17


def test_copies_that_would_fill_the_store_are_kept_as_one(
    sandbox: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sendpost_send, "_APART_LIMIT_BYTES", 10_000)
    to = [{"email": f"a{number}@example.com"} for number in range(30)]
    outcomes = sendpost(sandbox, to, textBody="{{unsubscribe}}" + "x" * 500)

    assert [one["errorCode"] for one in outcomes] == [0] * 30
    (mail,) = sandbox.caught()
    assert len(mail["recipients"]) == 30
    assert sandbox.show()["text"].startswith("{{unsubscribe}}x")


def test_a_letter_has_so_many_recipients_and_no_more(sandbox: Caller) -> None:
    to = [f"a{number}@example.com" for number in range(MOST_RECIPIENTS)]
    assert sandbox.send(",".join(to)).status_code == 200
    refused = sandbox.send(",".join(to), cc="one@example.com")

    assert refused.status_code == 400
    assert "too many recipients" in refused.text
    assert len(sandbox.caught()) == 1


def test_a_request_names_so_many_addresses_and_no_more(
    sandbox: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turbosmtp_v2_questions, "MOST_ADDRESSES", 10)
    keys = V2Caller(sandbox).keys
    for count, statuses in ((10, (200, 200, 201)), (11, (413, 413, 413))):
        addresses = [f"a{number}@example.com" for number in range(count)]
        files = {"file": ("list.txt", "\n".join(addresses).encode())}
        post, api = sandbox.http.post, "/api/v2"
        named = post(f"{api}/suppressions/import", json={"content": addresses}, headers=keys)
        listed = post(f"{api}/suppressions/import", data={"type": "file"}, files=files, headers=keys)
        uploaded = post(f"{api}/emailvalidation/upload", files=files, headers=keys)
        assert (named.status_code, listed.status_code, uploaded.status_code) == statuses


def test_a_question_has_so_many_restrictions_and_no_more(sandbox: Caller) -> None:
    one = {"by": "reason", "filter": "x"}
    for count, status in ((8, 200), (9, 400)):
        question = {"from": "2020-01-01", "to": "2099-12-31", "restrict": [one] * count}
        answer = V2Caller(sandbox).post("/suppressions", question)
        assert answer.status_code == status


def test_a_smart_search_has_so_many_words_and_no_more(sandbox: Caller) -> None:
    for words, status in ((["word"] * 200, 200), (range(20), 200), (range(21), 400)):
        asked = {"from": "2020-01-01", "to": "2099-12-31", "smart_search": "true"}
        text = " ".join(map(str, words))
        assert V2Caller(sandbox).get("/suppressions", **asked, filter=text).status_code == status


# how much is kept


def test_the_oldest_mail_goes_where_there_are_too_many(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LOOK_AFTER_MAILS", 1)
    monkeypatch.setattr(keeping, "MOST_MAILS", 3)
    with opened() as caller:
        part = {"content": base64.b64encode(b"hello").decode(), "name": "a.txt", "type": "text/plain"}
        for number in range(5):
            caller.send(subject=f"Letter {number}", attachments=[part])
        kept = caller.caught()
        seen = caller.get("/api/stats/panes/emails").json()

    assert [mail["subject"] for mail in kept] == ["Letter 4", "Letter 3", "Letter 2"]
    assert [mail["attachments"] for mail in kept] == [1, 1, 1]
    assert len(seen) == 5, "what became of it is still told"


def test_the_oldest_mail_goes_where_it_is_too_much(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LOOK_AFTER_BYTES", 1)
    monkeypatch.setattr(keeping, "MOST_BYTES", 2_500)
    with opened() as caller:
        for number in range(4):
            caller.send(subject=f"Letter {number}", content="x" * 1_000)
        assert [mail["subject"] for mail in caller.caught()] == ["Letter 3", "Letter 2"]


def test_a_letter_to_sendpost_is_known_after_its_mail_has_gone(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LOOK_AFTER_MAILS", 1)
    monkeypatch.setattr(keeping, "MOST_MAILS", 1)
    with opened() as caller:
        first, _ = (
            sendpost(caller, [{"email": f"{name}@example.com"}], textBody="Hi", groups=["g"])[0]["messageId"]
            for name in ("click", "open")
        )
        headers = {"X-Account-ApiKey": caller.at.sendpost.account_key}
        message = caller.http.get(f"/api/v1/account/message/{first}", headers=headers)

    assert (message.status_code, message.json()["textBody"]) == (200, "")


# the relay


def session(caller: Caller) -> smtplib.SMTP:
    smtp = caller.at.smtp
    session = smtplib.SMTP(smtp.host, smtp.port, "client.example.com", timeout=20)
    session.starttls(context=ssl.create_default_context(cafile=smtp.ca_file))
    session.login(smtp.user, smtp.password)
    return session


@pytest.mark.parametrize(
    "line", ["NOOP " + "a" * 600, "MAIL FROM:<" + "a" * 100_000 + "@example.com>", "a" * 1_000_000]
)
def test_a_command_without_end_is_refused_or_cut_off(sandbox: Caller, line: str) -> None:
    with session(sandbox) as talking:
        try:
            code, _ = talking.docmd(line)
        except (smtplib.SMTPServerDisconnected, ConnectionError, ssl.SSLError):
            code = 500
        assert code in (500, 501)
        talking.close()
    with session(sandbox) as another:
        assert another.noop()[0] == 250


def test_whoever_talks_nonsense_is_sent_away(sandbox: Caller) -> None:
    with session(sandbox) as talking:
        codes = []
        with pytest.raises(smtplib.SMTPServerDisconnected):
            for number in range(200):
                codes.append(talking.docmd(f"WHAT{number}")[0])
        talking.close()
    assert set(codes[:-1]) <= {500, 502}
    assert len(codes) < 100


def test_10_000_recipients_over_the_relay_are_a_thousand(sandbox: Caller) -> None:
    with session(sandbox) as talking:
        talking.docmd("MAIL FROM:<me@example.com>")
        said = b"".join(f"RCPT TO:<a{number}@example.com>\r\n".encode() for number in range(3_000))
        talking.send(said)
        codes = [talking.getreply()[0] for _ in range(3_000)]
    assert (codes.count(250), codes.count(452)) == (1_000, 2_000)
