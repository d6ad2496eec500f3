"""Sends as forms, and sends of a whole MIME message."""

from __future__ import annotations

import base64
import json
from email.message import EmailMessage

import pytest

from .conftest import V1_SEND, V2_SEND, Caller

INVALID_MIME = {"message": "error", "errors": {"message": "error", "errors": "Invalid Mime"}}


def form(sandbox: Caller, **fields: str) -> dict[str, str]:
    return {
        "from": "me@example.com",
        "to": "ok@example.com",
        "subject": "Ä+ & =",
        **sandbox.secrets,
        **fields,
    }


@pytest.mark.parametrize("multipart", [False, True])
@pytest.mark.parametrize("path", [V1_SEND, V2_SEND])
def test_a_form_of_either_kind_sends(sandbox: Caller, path: str, multipart: bool) -> None:
    fields = form(sandbox, content="Hellö\nyou", html_content="<p>Hi</p>", custom_headers='{"X-A": "1"}')
    if multipart:
        answer = sandbox.http.post(path, files={name: (None, value) for name, value in fields.items()})
    else:
        answer = sandbox.http.post(path, data=fields)
    assert answer.status_code == 200, answer.text
    assert ("mid" in answer.json()) is (path == V2_SEND)
    seen = sandbox.show()
    assert (seen["subject"], seen["html"]) == ("Ä+ & =", "<p>Hi</p>")
    assert seen["text"].replace("\r\n", "\n") == "Hellö\nyou"
    assert ["X-A", "1"] in seen["headers"]


def test_attachments_of_a_form_go_with_v2_and_not_with_beta(sandbox: Caller) -> None:
    fields = form(
        sandbox,
        **{
            "attachments[0][name]": "a.txt",
            "attachments[0][type]": "text/plain",
            "attachments[0][content]": "aGk=",
        },
    )
    assert sandbox.http.post(V2_SEND, data=fields).status_code == 200
    part = sandbox.show()["attachments"][0]
    assert (part["name"], part["type"], part["content_base64"]) == ("a.txt", "text/plain", "aGk=")
    assert sandbox.http.post(V1_SEND, data=fields).status_code == 200
    assert sandbox.caught()[0]["attachments"] == 0


def test_a_large_multipart_field_and_a_broken_multipart(sandbox: Caller) -> None:
    fields = form(sandbox, content="x" * 3_000_000)
    assert sandbox.http.post(V1_SEND, files={k: (None, v) for k, v in fields.items()}).status_code == 200
    headers = {**sandbox.secrets, "Content-Type": "multipart/form-data; boundary=x"}
    assert sandbox.http.post(V1_SEND, content=b"--y\r\nrubbish", headers=headers).status_code == 400
    headers["Content-Type"] = "multipart/form-data"
    assert sandbox.http.post(V1_SEND, content=b"rubbish", headers=headers).status_code == 400


def whole_message() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Grüße"
    message["X-Turbodesk-ID"] = "from-the-message"
    message.set_content("text\n")
    message.add_alternative("<p>html</p>\n", subtype="html")
    message.add_attachment(bytes(range(256)), maintype="image", subtype="png", filename="ü.png")
    return message


@pytest.mark.parametrize("name", ["mime_raw", "mime"])
@pytest.mark.parametrize("path", [V1_SEND, V2_SEND])
def test_a_whole_message_replaces_both_parts(sandbox: Caller, path: str, name: str) -> None:
    raw = whole_message().as_bytes().decode("ascii")
    fields = form(sandbox, **{name: raw, "content": "ignored", "html_content": "ignored", "subject": ""})
    assert sandbox.http.post(path, data=fields).status_code == 200
    seen = sandbox.show()
    assert (seen["text"], seen["html"], seen["subject"]) == ("text\n", "<p>html</p>\n", "Grüße")
    assert base64.b64decode(seen["attachments"][0]["content_base64"]) == bytes(range(256))
    assert seen["attachments"][0]["name"] == "ü.png"
    assert raw in seen["source"]
    assert ["From", "me@example.com"] in seen["headers"]
    assert sandbox.http.get("/sandbox/accepted").json() == {"total": 1, "by_key": {"from-the-message": 1}}


def test_a_message_without_headers_begins_with_an_empty_line(sandbox: Caller) -> None:
    assert sandbox.http.post(V1_SEND, data=form(sandbox, mime_raw="\r\nJust text.")).status_code == 200
    assert sandbox.show()["text"] == "Just text."
    refused = sandbox.http.post(V1_SEND, data=form(sandbox, mime_raw="Just text."))
    assert (refused.status_code, refused.json()) == (400, INVALID_MIME)


@pytest.mark.parametrize(
    "raw",
    [
        "Subject: only headers",
        "Subject: x\nno colon here\n\nbody",
        " folded: first\n\nbody",
        "Content-Type: multipart/mixed\n\nbody",
        'Content-Type: multipart/mixed; boundary="a"\n\nno boundary in here',
        "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(2_000)),
    ],
)
def test_what_is_no_message(sandbox: Caller, raw: str) -> None:
    answer = sandbox.http.post(V2_SEND, json=form(sandbox, mime_raw=raw))
    assert (answer.status_code, answer.json()) == (400, INVALID_MIME)


@pytest.mark.parametrize(
    "raw",
    [
        "Content-Type: text/plain; charset=nope\n\nb\u00e4r",
        "Content-Transfer-Encoding: base64\n\n!!!",
        "Subject: =?utf-8?b?%%%?=\n\nx\x00y",
        "Subject: x\n" * 5_000 + "\nbody",
        "X-Long: " + "a" * 100_000 + "\n\nbody",
        'Content-Type: image/png; name="../../x"\nContent-ID: <../../x>\n\nAAAA',
    ],
)
def test_an_odd_message_is_taken_and_can_be_shown(sandbox: Caller, raw: str) -> None:
    assert sandbox.http.post(V2_SEND, json=form(sandbox, mime_raw=raw)).status_code == 200
    assert sandbox.show()["source"].endswith(raw)


def test_mime_is_looked_at_after_the_addresses(sandbox: Caller) -> None:
    answer = sandbox.http.post(V2_SEND, json=form(sandbox, mime_raw="no message", to="bad"))
    assert answer.json()["errors"] == [["'bad' 'to' email not valid"]]


def test_custom_headers_as_text_in_json(sandbox: Caller) -> None:
    fields = form(sandbox, custom_headers=json.dumps({"X-Turbodesk-ID": "k", "X-B": 7}))
    assert sandbox.http.post(V2_SEND, json=fields).status_code == 200
    assert ["X-B", "7"] in sandbox.show()["headers"]
