"""Sends: three forms, who may, what is refused and in which words."""

from __future__ import annotations

import base64
import http.client
import json
from typing import Any

import pytest

from turbodesk.sandbox.addresses import read_address

from .conftest import V1_SEND, V2_SEND, Caller

NO_KEY = {
    "errorCode": 3,
    "message": "Invalid authorization token",
    "details": "No authorization key was specified for request: POST /api/mail/send",
}


def error(*errors: object) -> dict[str, object]:
    return {"message": "error", "errors": list(errors)}


def test_v2_answers_ok_with_an_id_of_its_own(sandbox: Caller) -> None:
    first, second = sandbox.send(), sandbox.send()
    assert first.status_code == 200
    assert first.json() == {"message": "OK", "mid": first.json()["mid"]}
    assert 2**53 < first.json()["mid"] < second.json()["mid"] < 2**63
    assert [mail["id"] for mail in sandbox.caught()] == [str(second.json()["mid"]), str(first.json()["mid"])]


def test_v1_answers_ok_and_nothing_more(sandbox: Caller) -> None:
    answer = sandbox.send(path=V1_SEND)
    assert (answer.status_code, answer.json()) == (200, {"message": "OK"})


@pytest.mark.parametrize("path", [V1_SEND, V2_SEND])
def test_name_and_password_may_be_headers(sandbox: Caller, path: str) -> None:
    body = {"from": "me@example.com", "to": "ok@example.com", "authuser": None, "authpass": None}
    assert sandbox.http.post(path, json=body, headers=sandbox.secrets).status_code == 200


def test_name_and_password_in_the_query_are_good_for_v1_and_not_for_v2(sandbox: Caller) -> None:
    body = {"from": "me@example.com", "to": "ok@example.com"}
    assert sandbox.http.post(V1_SEND, json=body, params=sandbox.secrets).status_code == 200
    assert sandbox.http.post(V1_SEND, data=body, params=sandbox.secrets).status_code == 200
    refused = sandbox.http.post(V2_SEND, json=body, params=sandbox.secrets)
    assert (refused.status_code, refused.json()) == (401, NO_KEY)


@pytest.mark.parametrize("path", [V1_SEND, V2_SEND])
def test_the_token_alone_sends_nothing(sandbox: Caller, path: str) -> None:
    body = {"from": "me@example.com", "to": "ok@example.com"}
    answer = sandbox.http.post(path, json=body, headers={"Authorization": sandbox.sign_in()})
    assert (answer.status_code, answer.json()) == (401, NO_KEY)
    assert sandbox.caught() == []


def test_the_token_beside_name_and_password_does_no_harm(sandbox: Caller) -> None:
    body = {"from": "me@example.com", "to": "ok@example.com", **sandbox.secrets}
    answer = sandbox.http.post(V2_SEND, json=body, headers={"Authorization": "stale"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", [V1_SEND, V2_SEND])
def test_wrong_credentials_and_inactive_accounts(sandbox: Caller, path: str) -> None:
    wrong = sandbox.send(path=path, authpass="nope")
    assert wrong.status_code == 401
    assert wrong.json() == {"error": 3, "message": "Wrong credentials specified"}
    inactive = sandbox.send(path=path, authuser="inactive@example.com")
    assert inactive.status_code == 401
    assert inactive.json() == {"error": 3, "message": "Account for  inactive@example.com  is inactive"}


def test_credentials_are_looked_at_before_anything_else(sandbox: Caller) -> None:
    assert sandbox.http.post(V2_SEND, content=b"{").json() == NO_KEY
    assert sandbox.send(to="", authpass="nope").status_code == 401
    assert sandbox.http.post(V2_SEND, content=b"{", headers=sandbox.secrets).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"from": ""},
        {"from": None},
        {"from": "me"},
        {"from": "broken@@@x.@@"},
        {"from": "me@example.com\r\nBcc: you@example.com"},
        {"from": ["me@example.com"]},
        {"from": "Me <me@example.com> more"},
        {"from": "bad", "to": "also bad"},
    ],
)
def test_the_sender_comes_first(sandbox: Caller, fields: dict[str, Any]) -> None:
    answer = sandbox.send(**{"to": "ok@example.com", **fields})
    assert (answer.status_code, answer.json()) == (400, error("missing or not valid sender email (from)"))


@pytest.mark.parametrize("to", ["", " , ,", None, ["ok@example.com"]])
def test_recipients_must_be_there(sandbox: Caller, to: Any) -> None:
    answer = sandbox.send(to=to, cc="bad")
    assert (answer.status_code, answer.json()) == (400, error("missing recipients (to)"))


@pytest.mark.parametrize("path", [V1_SEND, V2_SEND])
def test_bad_addresses_are_named_in_a_nested_list(sandbox: Caller, path: str) -> None:
    answer = sandbox.send("ok@example.com, a@, b@c@d.com", path=path, cc="x", bcc="y@z,fine@example.org")
    said = ["'a@' 'to' email not valid", "'b@c@d.com' 'to' email not valid", "'x' 'cc' email not valid"]
    assert (answer.status_code, answer.json()) == (400, error([*said, "'y@z' 'bcc' email not valid"]))
    assert sandbox.caught() == []


def test_the_beta_form_words_bad_addresses_its_own_way(sandbox: Caller) -> None:
    form = {"from": "me@example.com", "to": "broken@@@x.@@", "bcc": "broken@@@y.@@", **sandbox.secrets}
    answer = sandbox.http.post(V1_SEND, data=form)
    said = ["'broken@@@x.@@' recipient email not valid", "'broken@@@y.@@' bcc email not valid"]
    assert (answer.status_code, answer.json()) == (400, error(*said))


@pytest.mark.parametrize(
    "address",
    ["a" * 65 + "@example.com", "a@-example.com", "a@localhost", "a@[127.0.0.1]", "a b@example.com",
     ".a@example.com", "a..b@example.com", "a@example.com\n", "a\x00b@example.com", "jürgen@example.com"],
)  # fmt: skip
def test_what_is_no_address(sandbox: Caller, address: str) -> None:
    answer = sandbox.send(f"ok@example.com,{address};")
    assert answer.status_code == 400


def test_a_quoted_sender_is_read_without_its_quotes() -> None:
    assert read_address(r'"Zoë, \"Z\"" <a@example.com>') == ('Zoë, "Z"', "a@example.com")


def test_a_comma_in_a_quoted_name_tears_the_entry(sandbox: Caller) -> None:
    answer = sandbox.send('"Doe, Jane" <jane@example.com>')
    assert answer.json() == error(["'\"Doe' 'to' email not valid"])
    assert sandbox.send("ok@example.com", **{"from": '"Doe, Jane" <jane@example.com>'}).status_code == 200
    assert sandbox.caught()[0]["sender"] == {"email": "jane@example.com", "name": "Doe, Jane"}


def test_names_trailing_commas_and_doubles_are_understood(sandbox: Caller) -> None:
    answer = sandbox.send(
        "Ann <ann@example.com>, bob@example.com,", cc="BOB@example.com", bcc="o'neil+x@mail.example.org"
    )
    assert answer.status_code == 200
    seen = [(to["kind"], to["email"], to["name"]) for to in sandbox.caught()[0]["recipients"]]
    assert seen == [
        ("to", "ann@example.com", "Ann"),
        ("to", "bob@example.com", ""),
        ("bcc", "o'neil+x@mail.example.org", ""),
    ]


@pytest.mark.parametrize("nothing", ["None", "", None])
def test_none_in_words_is_no_copy(sandbox: Caller, nothing: str | None) -> None:
    assert sandbox.send(cc=nothing, bcc=nothing).status_code == 200
    assert len(sandbox.caught()[0]["recipients"]) == 1


def test_every_optional_member_may_be_null(sandbox: Caller) -> None:
    names = ("subject", "cc", "bcc", "content", "html_content", "custom_headers", "mime_raw", "attachments",
             "reference_id", "X-campaign-ID", "reply_to")  # fmt: skip
    assert sandbox.send(**dict.fromkeys(names)).status_code == 200
    assert sandbox.send(stray={"deep": [1]}).status_code == 200


def test_the_subject_has_700_characters_and_no_line_break(sandbox: Caller) -> None:
    assert sandbox.send(subject="😀" * 700).status_code == 200
    for bad in ("x" * 701, "a\r\nBcc: b@example.com", "a\nb", "a\rb"):
        assert sandbox.send(subject=bad).status_code == 400
    assert "700" in sandbox.send(subject="x" * 701).json()["errors"][0]


@pytest.mark.parametrize("given", [{"X-A": "1", "List-Id": "ä"}, '{"X-A": "1", "List-Id": "ä"}'])
def test_custom_headers_come_as_an_object_or_as_its_text(sandbox: Caller, given: object) -> None:
    assert sandbox.send(custom_headers=given).status_code == 200
    headers = sandbox.show()["headers"]
    assert ["X-A", "1"] in headers
    assert ["List-Id", "ä"] in headers


@pytest.mark.parametrize("nothing", [[], {}, "", "[]", None])
def test_no_custom_headers_in_many_ways(sandbox: Caller, nothing: object) -> None:
    assert sandbox.send(custom_headers=nothing).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        "{",
        '["a"]',
        ["a"],
        {"X A": "1"},
        {"": "1"},
        {"X-Ü": "1"},
        {"X-A": "1\r\nBcc: b@example.com"},
        {"X:A": "1"},
    ],
)
def test_custom_headers_that_are_none(sandbox: Caller, given: object) -> None:
    answer = sandbox.send(custom_headers=given)
    assert answer.status_code == 400
    assert "custom" in answer.json()["errors"][0]


def test_reply_to_outranks_the_header(sandbox: Caller) -> None:
    sandbox.send(reply_to="b@example.com", custom_headers={"reply-to": "a@example.com"})
    headers = [value for name, value in sandbox.show()["headers"] if name.lower() == "reply-to"]
    assert headers == ["b@example.com"]


def test_a_from_in_the_custom_headers_stands_once(sandbox: Caller) -> None:
    sandbox.send(custom_headers={"Message-ID": "<own@example.com>"})
    values = [value for name, value in sandbox.show()["headers"] if name.lower() == "message-id"]
    assert values == ["<own@example.com>"]


def test_attachments_arrive_byte_for_byte(sandbox: Caller) -> None:
    content = bytes(range(256)) * 300
    wrapped = base64.encodebytes(content).decode()
    plain = base64.b64encode(content).decode()
    given = [
        {"name": "a.bin", "type": "application/octet-stream", "content": plain},
        {"name": "ü.pdf", "type": "application/pdf", "content": f"data:application/pdf;base64,{plain}"},
        {"name": "c", "content": wrapped},
        {"name": "", "type": None, "content": ""},
    ]
    assert sandbox.send(attachments=given).status_code == 200
    seen = sandbox.show()["attachments"]
    assert [base64.b64decode(part["content_base64"]) for part in seen] == [content, content, content, b""]
    assert [part["name"] for part in seen] == ["a.bin", "ü.pdf", "c", ""]
    assert seen[3]["type"] == "application/octet-stream"
    assert sandbox.caught()[0]["attachments"] == 4


@pytest.mark.parametrize("given", [{"name": "a"}, "text", [1], [{"name": "a", "content": "not base64!"}]])
def test_attachments_that_are_none(sandbox: Caller, given: object) -> None:
    assert sandbox.send(attachments=given).status_code == 400


def test_an_inline_part_gets_the_domain_of_the_sender(sandbox: Caller) -> None:
    part = {"name": "logo.png", "type": "image/png", "content": "AAAA", "content_id": "logo"}
    sandbox.send(html_content='<img src="cid:logo@example.com">', attachments=[part])
    right = sandbox.show()
    assert right["attachments"][0]["content_id"] == "logo@example.com"
    assert "Content-ID: <logo@example.com>" in right["source"]
    assert "Content-Disposition: inline" in right["source"]
    sandbox.send(html_content='<img src="cid:logo">', attachments=[part])
    assert "Content-Disposition: inline" not in sandbox.show()["source"]


@pytest.mark.parametrize(("path", "limit"), [(V1_SEND, 4_000_000), (V2_SEND, 24_000_000)])
def test_the_size_limit_counts_base64(sandbox: Caller, path: str, limit: int) -> None:
    part = {"name": "a", "content": "A" * (limit - 8)}
    assert sandbox.send(path=path, content="x" * 8, attachments=[part]).status_code == 200
    over = sandbox.send(path=path, content="x" * 9, attachments=[part])
    assert over.status_code == 400
    assert str(limit) in over.json()["errors"][0]
    assert len(sandbox.caught()) == 1


def test_both_spellings_of_the_html_field(sandbox: Caller) -> None:
    sandbox.send(content_html="<b>old</b>")
    assert sandbox.show()["html"] == "<b>old</b>"
    sandbox.send(html_content="<b>new</b>", content_html="<b>old</b>")
    assert sandbox.show()["html"] == "<b>new</b>"


def test_half_a_surrogate_pair_is_no_crash(sandbox: Caller) -> None:
    body = json.dumps({"from": "me@example.com", "to": "ok@example.com", **sandbox.secrets})
    odd = body[:-1] + ', "subject": "a\\ud800b", "content": "\\ud83d\\ude00"}'
    assert sandbox.http.post(V2_SEND, content=odd.encode()).status_code == 200
    assert (sandbox.show()["subject"], sandbox.show()["text"]) == ("a\ufffdb", "😀")


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{'a': 1}", b"\xff\xfe{", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"]
)
def test_a_body_that_is_no_object(sandbox: Caller, body: bytes) -> None:
    answer = sandbox.http.post(V2_SEND, content=body, headers=sandbox.secrets)
    assert (answer.status_code, answer.json()["message"]) == (400, "error")


def test_no_credit(sandbox: Caller) -> None:
    assert sandbox.http.put("/sandbox/credit", json={"left": 2}).status_code == 200
    assert sandbox.send("a@example.com,b@example.com").status_code == 200
    answer = sandbox.send()
    assert answer.status_code == 400
    assert answer.json() == {"message": "error", "errors": {"message": "error", "errors": "nocredit"}}
    sandbox.http.put("/sandbox/credit", json={"left": None})
    assert sandbox.send().status_code == 200
    assert sandbox.http.put("/sandbox/credit", json={"left": -1}).status_code == 400


def test_a_body_over_the_cap_is_refused_early(sandbox: Caller) -> None:
    host, port = sandbox.at.send_url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    connection.putrequest("POST", V2_SEND)
    connection.putheader("Content-Length", str(65 * 1024 * 1024))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_send_in_chunks_and_after_a_100_continue(sandbox: Caller) -> None:
    body = json.dumps({"from": "me@example.com", "to": "ok@example.com", **sandbox.secrets}).encode()
    answer = sandbox.http.post(
        V2_SEND, content=iter([body[:10], body[10:]]), headers={"Expect": "100-continue"}
    )
    assert answer.status_code == 200
