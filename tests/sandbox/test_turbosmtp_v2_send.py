"""Sends with a key pair: who may, what is refused and in which words, what is kept of them."""

from __future__ import annotations

import base64
import http.client
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from turbodesk.sandbox.state import State
from turbodesk.sandbox.turbosmtp_v2_keys import (
    ELSEWHERE_KEY,
    ELSEWHERE_SECRET,
    INACTIVE_KEY,
    INACTIVE_SECRET,
    SEND_ONLY_KEY,
    SEND_ONLY_SECRET,
)

from .conftest import V1_SEND, Caller
from .v2_caller import V2Caller, v2_sandbox

NO_KEY = {
    "errorCode": 3,
    "message": "Invalid authorization token",
    "details": "No authorization key was specified for request: POST /api/mail/send",
}
WRONG = {"errorCode": 3, "message": "Wrong credentials specified"}
MESSAGE = {"from": "me@example.com", "to": "ok@example.com"}


@pytest.fixture
def v2(sandbox: Caller) -> V2Caller:
    return V2Caller(sandbox)


def send_as(v2: V2Caller, **headers: str) -> tuple[int, object]:
    answer = v2.call("POST", "/mail/send", headers, json=MESSAGE)
    return answer.status_code, answer.json()


def errors(answer: httpx.Response) -> list[object]:
    body = answer.json()
    assert (answer.status_code, list(body), body["message"]) == (400, ["message", "errors"], "error")
    assert isinstance(body["errors"], list)
    return body["errors"]


def test_a_key_pair_sends(v2: V2Caller) -> None:
    first, second = v2.send(), v2.send()
    assert first.status_code == 200
    assert first.json() == {"message": "OK", "mid": first.json()["mid"]}
    assert 2**53 < first.json()["mid"] < second.json()["mid"] < 2**63
    assert [mail["id"] for mail in v2.caller.caught()] == [
        str(second.json()["mid"]),
        str(first.json()["mid"]),
    ]


def test_who_may_send(v2: V2Caller) -> None:
    may = {"consumerKey": SEND_ONLY_KEY, "consumerSecret": SEND_ONLY_SECRET}
    assert send_as(v2, **may)[0] == 200
    assert send_as(v2, **may, Authorization="stale")[0] == 200
    assert send_as(v2, **may, authuser="nobody@example.com", authpass="no")[0] == 200
    assert send_as(v2, **v2.caller.secrets)[0] == 200
    assert send_as(v2, **v2.caller.secrets, consumerKey=SEND_ONLY_KEY)[0] == 200


def test_who_may_not_send(v2: V2Caller) -> None:
    assert send_as(v2) == (401, NO_KEY)
    assert send_as(v2, **v2.sign_in()) == (401, NO_KEY)
    assert send_as(v2, consumerKey=SEND_ONLY_KEY) == (401, NO_KEY)
    assert send_as(v2, consumerKey=SEND_ONLY_KEY, consumerSecret="x") == (401, WRONG)
    assert send_as(v2, consumerKey="x", consumerSecret=SEND_ONLY_SECRET) == (401, WRONG)
    assert send_as(v2, consumerKey="x", consumerSecret="x", **v2.caller.secrets) == (401, WRONG)
    elsewhere = {"consumerKey": ELSEWHERE_KEY, "consumerSecret": ELSEWHERE_SECRET}
    assert send_as(v2, **elsewhere) == (401, NO_KEY)
    inactive = {"consumerKey": INACTIVE_KEY, "consumerSecret": INACTIVE_SECRET}
    says = "Account for inactive@example.com is inactive"
    assert send_as(v2, **inactive) == (401, {"errorCode": 3, "message": says})
    made = v2.call(
        "POST", "/user/consumerKeys", v2.sign_in(), json={"label": "Reads", "permissions": ["APIS"]}
    )
    assert send_as(v2, **made.json()) == (401, NO_KEY)
    assert v2.caller.caught() == []


def test_a_key_pair_is_no_good_where_the_first_api_sends(v2: V2Caller) -> None:
    answer = v2.http.post(V1_SEND, json=MESSAGE, headers=v2.keys)
    assert (answer.status_code, answer.json()) == (401, NO_KEY)


def test_credentials_are_looked_at_before_anything_else(v2: V2Caller) -> None:
    assert v2.call("POST", "/mail/send", {}, content=b"{").json() == NO_KEY
    assert errors(v2.call("POST", "/mail/send", content=b"{")) == ["request body is not valid"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"from": ""}, ["missing or not valid sender email (from)"]),
        ({"from": "bad", "to": "bad"}, ["missing or not valid sender email (from)"]),
        ({"to": ""}, ["missing recipients (to)"]),
        ({"to": None, "cc": "bad"}, ["missing recipients (to)"]),
        ({"to": ["ok@example.com"]}, ["missing recipients (to)"]),
        (
            {"to": "a@, ok@example.com", "cc": "x", "bcc": "y@z"},
            [
                "'a@' 'to' email not valid",
                "'x' 'cc' email not valid",
                "'y@z' 'bcc' email not valid",
            ],
        ),
        ({"to": '"Doe, Jane" <jane@example.com>'}, ["'\"Doe' 'to' email not valid"]),
        ({"mime_raw": "no message", "to": "bad"}, ["'bad' 'to' email not valid"]),
        ({"mime_raw": "no message"}, ["Invalid Mime"]),
    ],
)
def test_every_error_stands_on_one_level(v2: V2Caller, fields: dict[str, Any], said: list[str]) -> None:
    assert errors(v2.send(**{"to": "ok@example.com", **fields})) == said
    assert v2.caller.caught() == []


def test_name_and_password_get_the_nested_errors_of_their_time(v2: V2Caller) -> None:
    """The same address, the same mistakes; only who asks is another."""
    nested = v2.caller.send("a@,b@")
    assert nested.json()["errors"] == [["'a@' 'to' email not valid", "'b@' 'to' email not valid"]]
    assert errors(v2.send("a@,b@")) == nested.json()["errors"][0]
    assert v2.caller.send(mime_raw="x").json()["errors"] == {"message": "error", "errors": "Invalid Mime"}


def test_no_credit(v2: V2Caller) -> None:
    v2.http.put("/sandbox/credit", json={"left": 1})
    assert errors(v2.send("a@example.com,b@example.com")) == ["nocredit"]
    assert v2.send().status_code == 200
    assert errors(v2.send()) == ["nocredit"]


def test_flat_errors_nest_and_nested_ones_flatten_when_told_to(v2: V2Caller) -> None:
    v2.caller.fault("nested_errors")
    assert v2.send("a@,b@").json()["errors"] == [["'a@' 'to' email not valid", "'b@' 'to' email not valid"]]
    assert v2.send(mime_raw="x").json()["errors"] == {"message": "error", "errors": "Invalid Mime"}
    v2.caller.fault("flat_errors")
    assert errors(v2.caller.send("a@")) == ["'a@' 'to' email not valid"]


def test_limits(v2: V2Caller) -> None:
    assert v2.send(subject="😀" * 700).status_code == 200
    assert "700" in str(errors(v2.send(subject="x" * 701))[0])
    part = {"name": "a", "content": "A" * 23_999_992}
    assert v2.send(content="x" * 8, attachments=[part]).status_code == 200
    assert "24000000" in str(errors(v2.send(content="x" * 9, attachments=[part]))[0])


def test_every_optional_member_may_be_null_and_strays_are_ignored(v2: V2Caller) -> None:
    names = ("subject", "cc", "bcc", "content", "html_content", "custom_headers", "mime_raw", "attachments",
             "reference_id", "X-campaign-ID", "reply_to", "authuser", "authpass")  # fmt: skip
    assert v2.send(**dict.fromkeys(names)).status_code == 200
    assert v2.send(stray={"deep": [1]}, custom_headers=[]).status_code == 200
    assert v2.send(**{"X-campaign-ID": 7, "reference_id": ["x"]}).status_code == 200


def test_the_campaign_comes_back_and_the_reference_is_kept(v2: V2Caller) -> None:
    mid = v2.send("a@example.com,b@example.com", **{"X-campaign-ID": "spring", "reference_id": "r-1"}).json()[
        "mid"
    ]
    rows = v2.found("/analytics")
    assert [row["x_campaign_id"] for row in rows] == ["spring", "spring"]
    assert v2.get(f"/analytics/{mid}").json()["x_campaign_id"] == "spring"
    v2.caller.send(**{"X-campaign-ID": "by-password", "reference_id": None})
    assert v2.found("/analytics")[0]["x_campaign_id"] == "by-password"
    v2.caller.send(path=V1_SEND, **{"X-campaign-ID": "not here"})
    assert v2.found("/analytics")[0]["x_campaign_id"] == ""


def test_the_reference_outlives_the_process(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    with v2_sandbox(data) as v2:
        v2.send(reference_id="r-1")
        v2.send()
    state = State(data)
    options = [state.post(mail).options for mail in state.mails(2, 0)]
    state.close()
    assert [(one["api"], one.get("reference_id")) for one in options] == [
        ("turbosmtp", None),
        ("turbosmtp", "r-1"),
    ]


def test_headers_reply_to_and_pictures(v2: V2Caller) -> None:
    part = {
        "name": "logo.png",
        "type": "image/png",
        "content": "data:image/png;base64,AAAA",
        "content_id": "logo",
    }
    answer = v2.send(
        html_content='<img src="cid:logo@example.com">',
        attachments=[part],
        reply_to="b@example.com",
        custom_headers={"reply-to": "a@example.com", "X-Entity-Ref-ID": "7"},
    )
    assert answer.status_code == 200
    seen = v2.caller.show()
    assert ["X-Entity-Ref-ID", "7"] in seen["headers"]
    assert [value for name, value in seen["headers"] if name.lower() == "reply-to"] == ["b@example.com"]
    assert "Content-ID: <logo@example.com>" in seen["source"]
    assert seen["attachments"][0]["content_base64"] == "AAAA"
    for bad in ({"X-A": "1\r\nBcc: b@example.com"}, "{", {"X A": "1"}):
        assert "custom" in str(errors(v2.send(custom_headers=bad))[0])


@pytest.mark.parametrize("multipart", [False, True])
def test_a_form_of_either_kind_sends(v2: V2Caller, multipart: bool) -> None:
    fields = {
        "from": "Me <me@example.com>",
        "to": "Ann <ann@example.com>, bob@example.com",
        "cc": "c@example.com",
        "subject": "Ä+ & =",
        "content": "Hellö",
        "custom_headers": '{"X-A": "1"}',
        "X-campaign-ID": "forms",
        "attachments[0][name]": "a.txt",
        "attachments[0][type]": "text/plain",
        "attachments[0][content]": base64.b64encode(b"hi").decode(),
        "attachments[1][name]": "b.png",
        "attachments[1][content]": "AAAA",
        "attachments[1][content_id]": "b",
    }
    given: dict[str, Any] = {"data": fields}
    if multipart:
        given = {"files": {name: (None, value) for name, value in fields.items()}}
    answer = v2.call("POST", "/mail/send", **given)
    assert answer.status_code == 200, answer.text
    seen = v2.caller.show()
    assert (seen["subject"], seen["text"], seen["sender"]["name"]) == ("Ä+ & =", "Hellö", "Me")
    assert [(part["name"], part["content_id"]) for part in seen["attachments"]] == [
        ("a.txt", ""),
        ("b.png", "b@example.com"),
    ]
    assert {row["x_campaign_id"] for row in v2.found("/analytics")} == {"forms"}


def test_a_form_gets_the_same_words(v2: V2Caller) -> None:
    assert errors(v2.call("POST", "/mail/send", data={**MESSAGE, "to": "a@"})) == [
        "'a@' 'to' email not valid"
    ]


def test_header_names_come_in_any_case(v2: V2Caller) -> None:
    host, port = v2.caller.at.send_url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    headers = {name.upper(): value for name, value in v2.keys.items()}
    connection.request("POST", "/api/v2/mail/send", json.dumps(MESSAGE), headers)
    assert connection.getresponse().status == 200
    connection.close()


def test_who_is_on_a_list_gets_nothing_from_key_pairs(v2: V2Caller) -> None:
    v2.post("/suppressions/import", {"type": "manual", "reason": "asked", "content": ["gone@example.com"]})
    assert v2.send("Gone@Example.com,ok@example.com").status_code == 200
    rows = {row["recipient"]: row for row in v2.found("/analytics")}
    assert rows["Gone@Example.com"]["status"] == "SYSFAIL"
    assert "Dropped due to" in rows["Gone@Example.com"]["error"]
    assert (rows["ok@example.com"]["status"], rows["ok@example.com"]["error"]) == ("SUCCESS", "")
    v2.caller.send("gone@example.com")
    assert v2.found("/analytics")[0]["status"] == "SUCCESS"
    v2.post("/suppressions/bulk_delete", ["GONE@example.com"])
    v2.send("gone@example.com")
    assert v2.found("/analytics")[0]["status"] == "SUCCESS"


def test_scenario_addresses_play_their_part(v2: V2Caller) -> None:
    broken = v2.send("error500@example.com")
    assert broken.status_code == 500
    limited = v2.send("ratelimit@example.com")
    assert (limited.status_code, int(limited.headers["retry-after"]) > 0) == (429, True)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        v2.send("drop@example.com")
    assert len(v2.caller.caught()) == 1
    for _ in range(2):
        v2.send("hardbounce@example.com")
    assert [row["status"] for row in v2.found("/analytics")] == ["FAIL", "FAIL", "SUCCESS"]


def test_the_broken_comma_is_a_fault_here_too(v2: V2Caller) -> None:
    v2.caller.fault("broken_comma")
    assert '"message": "OK" "mid": ' in v2.send().text
