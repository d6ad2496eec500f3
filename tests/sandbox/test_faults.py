"""The sandbox told to fail, seen from the other end of the socket."""

from __future__ import annotations

import http.client
import json
import socket
import time

import httpx
import pytest

from turbodesk.sandbox.state import ACCOUNT_KEY, CONSUMER_KEY, CONSUMER_SECRET, SUBACCOUNT_KEY

from .conftest import V1_SEND, V2_SEND, Caller, Clock, Opener

INFO = "/api/user/info"
CLOSED = (httpx.RemoteProtocolError, httpx.ReadError)


def accepted(sandbox: Caller) -> int:
    total: int = sandbox.http.get("/sandbox/accepted").json()["total"]
    return total


def raw_answer(sandbox: Caller, path: str = V2_SEND) -> bytes:
    """Every byte that comes back for one send, until the connection closes."""
    host, port = sandbox.at.send_url.removeprefix("http://").split(":")
    body = json.dumps({"from": "me@example.com", "to": "ok@example.com", **sandbox.secrets}).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host}:{port}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    head = "\r\n".join([*lines, "", ""])
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionResetError:
            pass
        return received


@pytest.mark.parametrize(
    ("status", "number"),
    [(400, None), (401, 3), (403, 7), (404, 4), (409, 6), (429, None), (500, 5), (503, 5)],
)
def test_a_status_instead_of_an_answer(sandbox: Caller, status: int, number: int | None) -> None:
    sandbox.fault("status", status=status, retry_after="7")
    answer = sandbox.send()
    assert (answer.status_code, answer.json().get("errorCode")) == (status, number)
    assert answer.headers["retry-after"] == "7"
    assert accepted(sandbox) == 0


def test_html_of_any_status(sandbox: Caller) -> None:
    for status in (200, 500, 502):
        sandbox.fault("html", status=status)
        answer = sandbox.send()
        assert (answer.status_code, answer.headers["content-type"][:9]) == (status, "text/html")
        assert answer.text.startswith("<!doctype html>")
    assert accepted(sandbox) == 0


def test_closed_before_and_after(sandbox: Caller) -> None:
    sandbox.fault("close_before")
    assert raw_answer(sandbox) == b""
    with pytest.raises(CLOSED):
        sandbox.send()
    assert accepted(sandbox) == 0
    sandbox.fault("close_after")
    assert raw_answer(sandbox) == b""
    with pytest.raises(CLOSED):
        sandbox.send()
    assert accepted(sandbox) == 2


def test_a_truncated_answer_promises_more_than_it_brings(sandbox: Caller) -> None:
    sandbox.fault("truncated")
    head, _, body = raw_answer(sandbox).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert 0 < len(body) < promised
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        sandbox.send()
    assert accepted(sandbox) == 2


def test_a_delay_and_a_drip(sandbox: Caller) -> None:
    sandbox.fault("delay", seconds=0.3)
    began = time.monotonic()
    assert sandbox.send().status_code == 200
    assert time.monotonic() - began >= 0.3
    sandbox.fault("drip", seconds=0.01)
    began = time.monotonic()
    assert sandbox.send().json()["message"] == "OK"
    assert time.monotonic() - began >= 0.3


def test_the_missing_comma(sandbox: Caller) -> None:
    sandbox.fault("broken_comma")
    answer = sandbox.send()
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="delimiter"):
        answer.json()
    assert '"message": "OK" "mid": ' in answer.text
    assert sandbox.send(path=V1_SEND).json() == {"message": "OK"}


def test_a_huge_answer(sandbox: Caller) -> None:
    sandbox.fault("huge")
    answer = sandbox.send()
    assert len(answer.content) > 10_000_000
    assert answer.json()["message"] == "OK"
    assert accepted(sandbox) == 1


def test_an_error_under_200(sandbox: Caller) -> None:
    sandbox.fault("error_under_200")
    answer = sandbox.send(to="", path=V1_SEND)
    assert answer.status_code == 200
    assert answer.json() == {"message": "error", "errors": ["missing recipients (to)"]}


def test_flat_errors(sandbox: Caller) -> None:
    sandbox.fault("flat_errors")
    assert sandbox.send(to="a@,b@").json()["errors"] == [
        "'a@' 'to' email not valid",
        "'b@' 'to' email not valid",
    ]
    assert sandbox.send(mime_raw="no message").json()["errors"] == ["Invalid Mime"]
    assert sandbox.send().json()["message"] == "OK"


def test_a_token_that_dies_on_the_way(sandbox: Caller) -> None:
    headers = {"Authorization": sandbox.sign_in()}
    assert sandbox.http.get(INFO, headers=headers).status_code == 200
    sandbox.fault("expire_token", match=INFO, times=1)
    assert sandbox.http.get(INFO, headers=headers).json()["errorCode"] == 3
    assert sandbox.http.get(INFO, headers={"Authorization": sandbox.sign_in()}).status_code == 200


@pytest.mark.parametrize(("asked", "status"), [(0, 302), (301, 301), (307, 307), (308, 308)])
def test_a_redirect_leads_nowhere(sandbox: Caller, asked: int, status: int) -> None:
    sandbox.fault("redirect", status=asked or 500)
    answer = sandbox.send()
    assert answer.status_code == status
    assert answer.headers["location"] == f"{sandbox.at.send_url}/redirected"
    assert sandbox.http.get("/redirected").status_code == 404
    assert accepted(sandbox) == 0


def test_which_requests_a_fault_meets_and_how_often(sandbox: Caller) -> None:
    sandbox.fault("status", match=V2_SEND, method="post", status=503, times=2)
    assert sandbox.get(INFO).status_code == 200
    assert sandbox.send(path=V1_SEND).status_code == 200
    assert [sandbox.send().status_code for _ in range(3)] == [503, 503, 200]
    assert sandbox.http.get("/sandbox/faults").json() == {"faults": []}


def test_the_first_fault_that_meets_happens(sandbox: Caller) -> None:
    faults = [{"kind": "status", "status": 404, "times": 1}, {"kind": "status", "status": 503}]
    sandbox.http.put("/sandbox/faults", json={"faults": faults})
    assert [sandbox.send().status_code for _ in range(3)] == [404, 503, 503]
    assert len(sandbox.http.get("/sandbox/faults").json()["faults"]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"faults": {}},
        {"faults": ["x"]},
        {"faults": [{"kind": "explode"}]},
        {"faults": [{"kind": "delay", "seconds": -1}]},
        {"faults": [{"kind": "delay", "seconds": "1"}]},
        {"faults": [{"kind": "status", "status": 99}]},
        {"faults": [{"kind": "status", "match": 1}]},
        {"faults": [{"kind": "status", "times": True}]},
    ],
)
def test_what_is_no_fault(sandbox: Caller, wrong: dict[str, object]) -> None:
    answer = sandbox.http.put("/sandbox/faults", json=wrong)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_a_fault_and_a_scenario_address_together(sandbox: Caller) -> None:
    sandbox.fault("delay", seconds=0.01)
    with pytest.raises(CLOSED):
        sandbox.send("drop@example.com")
    assert accepted(sandbox) == 1


def test_a_kept_connection_lives_through_a_refused_upload(sandbox: Caller) -> None:
    sandbox.fault("status", status=503, times=1)
    host, port = sandbox.at.send_url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    for expected in (503, 401):
        connection.request("POST", V2_SEND, body=b"x" * 3_000_000)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == expected
    connection.close()


KEYS = {"consumerKey": CONSUMER_KEY, "consumerSecret": CONSUMER_SECRET}
PERIOD = {"from": "2020-01-01", "to": "2099-12-31"}
SUB = {"X-SubAccount-ApiKey": SUBACCOUNT_KEY}
ACCOUNT = {"X-Account-ApiKey": ACCOUNT_KEY}
V1_CONTRACT = {"X-SendPost-Public-Contract": "v1"}


def test_errors_can_be_nested_as_they_were(sandbox: Caller) -> None:
    body = {"from": "me@example.com", "to": "broken@@x", "content": "Hi"}
    flat = sandbox.http.post(V2_SEND, json=body, headers=KEYS).json()
    assert flat == {"message": "error", "errors": ["'broken@@x' 'to' email not valid"]}
    sandbox.fault("nested_errors", match=V2_SEND)
    nested = sandbox.http.post(V2_SEND, json=body, headers=KEYS)
    assert (nested.status_code, nested.json()) == (400, {**flat, "errors": [flat["errors"]]})


@pytest.mark.parametrize("path", ["/api/v2/analytics/csv", "/api/stats/emails/csv"])
def test_statistics_as_csv_can_be_as_described(opened: Opener, clock: Clock, path: str) -> None:
    def text() -> str:
        return caller.http.get(path, params=asked, headers={**KEYS, "Authorization": token}).text

    with opened(clock=clock) as caller:
        token = caller.sign_in()
        asked = {**PERIOD, "tz": "+00:00"}
        caller.fault("csv_comma")
        assert text() == ""
        caller.send("ann@example.com", subject="One, two")
        caller.send("hardbounce@example.com")
        second, first = text().splitlines()
        id, rest = first.split(",", 1)
        assert id.isdigit()
        assert rest == ('SUCCESS,"One, two",me@example.com,ann@example.com,"Sunday, March 17 2030 5:46 PM","')
        assert ',FAIL,"Hi",me@example.com,hardbounce@example.com,"Sunday, ' in second
        assert second.count('"') == 6  # and the last quote of all is forgotten


def test_the_older_contract_alone_can_be_served(sandbox: Caller) -> None:
    def served() -> str:
        answer = sandbox.http.get("/api/v1/subaccount/domain", headers={**SUB, **V1_CONTRACT})
        return answer.headers["x-sendpost-public-contract"]

    assert served() == "v1"
    sandbox.fault("legacy_only", match="/api/v1")
    assert served() == "legacy"


def test_statuses_speak_as_the_provider_does(sandbox: Caller) -> None:
    sandbox.fault("status", match="/api/v1", status=503, retry_after="3")
    answer = sandbox.http.get("/api/v1/subaccount/domain", headers={**SUB, **V1_CONTRACT})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert answer.json()["error"]["type"] == "api_error"
    answer = sandbox.http.get("/api/v1/subaccount/domain", headers=SUB)
    assert answer.json()["status"] == "error"
    assert answer.headers["deprecation"] == "true"


def test_what_is_hidden_can_be_off(sandbox: Caller) -> None:
    to = [{"email": "ann@example.com"}]
    letter = {"from": {"email": "me@example.com"}, "to": to, "subject": "Hi", "textBody": "Hello"}
    (sent,) = sandbox.http.post(
        "/api/v1/subaccount/email/", json=letter, headers={**SUB, **V1_CONTRACT}
    ).json()
    path = f"/api/v1/account/message/{sent['messageId']}/events"
    assert sandbox.http.get(path, params={"subAccountId": "117"}, headers=ACCOUNT).status_code == 200
    sandbox.fault("hidden_off")
    assert sandbox.http.get(path, params={"subAccountId": "117"}, headers=ACCOUNT).status_code in (404, 405)
    assert sandbox.http.get(path.removesuffix("/events"), headers=ACCOUNT).status_code == 200


# every way to fail, whoever is asked

SIGNED_IN = {"authuser": "sandbox@example.com", "authpass": "sandbox"}
ASKED: dict[str, tuple[str, str, dict[str, str], dict[str, str]]] = {  # a question to each provider
    "v1": ("GET", "/api/stats/panes/emails", SIGNED_IN, {}),
    "v1 reports": ("GET", "/web/api/reports/bounce", SIGNED_IN, {}),
    "v2": ("GET", "/api/v2/analytics", PERIOD, KEYS),
    "SendPost": ("GET", "/api/v1/account/subaccount/", {}, ACCOUNT),
}


@pytest.mark.parametrize("who", ASKED)
def test_every_provider_can_be_told_to_fail(sandbox: Caller, who: str) -> None:
    def ask() -> httpx.Response:
        return sandbox.http.request(method, path, params=parameters, headers=headers)

    method, path, parameters, headers = ASKED[who]
    good = ask().content
    for kind, status in (("status", 503), ("html", 502), ("redirect", 302)):
        sandbox.fault(kind, match=path, method="get", status=status, times=1)
        assert ask().status_code == status
        assert ask().content == good
    for kind in ("close_before", "close_after", "truncated"):
        sandbox.fault(kind, match=path)
        with pytest.raises(CLOSED):
            ask()
    for kind, seconds in (("delay", 0.1), ("drip", 0.0001), ("broken_comma", 0.0), ("error_under_200", 0.0)):
        sandbox.fault(kind, match=path, seconds=seconds)
        assert ask().content == good
    sandbox.fault("huge", match=path)
    assert len(ask().content) > 10_000_000


@pytest.mark.parametrize(
    ("status", "number", "first", "second", "sendpost"),
    [
        (400, 0, "Bad request", "bad_request", "invalid_request"),
        (413, 0, "Request body too large", "request_body_too_large", "invalid_request"),
        (422, 0, "Bad request", "bad_request", "validation_error"),
        (429, 0, "Too many requests", "too_many_requests", "rate_limit_exceeded"),
        (409, 6, "Concurrent change", "conflict", "resource_exists"),
        (502, 5, "An error occurred on the server", "internal_server_error", "internal_error"),
    ],
)
def test_a_status_has_the_shape_of_the_provider(
    sandbox: Caller, status: int, number: int, first: str, second: str, sendpost: str
) -> None:
    sandbox.fault("status", status=status)
    refused = {"errorCode": number, "message": first} if number else {"message": "error", "errors": [first]}
    assert [sandbox.send(path=path).json() for path in (V1_SEND, V2_SEND)] == [refused] * 2
    assert sandbox.http.get(INFO).json()["message"] == first
    assert sandbox.http.get("/api/v2/analytics", headers=KEYS).json() == {"message": second}
    error = sandbox.http.get("/api/v1/account/subaccount", headers={**ACCOUNT, **V1_CONTRACT}).json()["error"]
    assert (error["code"], error["message"]) == (sendpost, f"{first}.")


@pytest.mark.parametrize("match", ["/api/v1/subaccount/email/", "/api/v1/subaccount/email", "/api/v1/sub"])
def test_a_fault_meets_a_path_with_and_without_its_last_slash(sandbox: Caller, match: str) -> None:
    sandbox.fault("status", match=match, status=503)
    for path in ("/api/v1/subaccount/email/", "/api/v1/subaccount/email"):
        assert sandbox.http.post(path, json={}, headers=SUB).status_code == 503
    assert sandbox.http.get("/api/v1/account/subaccount", headers=ACCOUNT).status_code == 200
