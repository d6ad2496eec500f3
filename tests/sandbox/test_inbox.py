"""The inbox: what was caught, newest first, and all of it."""

from __future__ import annotations

import base64
import hashlib
from email import message_from_bytes, policy
from typing import Any

from .conftest import Caller, Clock, Opener


def test_it_begins_empty_whatever_the_history(opened: Opener) -> None:
    with opened(history_rows=200) as caller:
        assert caller.http.get("/sandbox/messages").json() == {"count": 0, "messages": []}
        assert caller.get("/api/stats/panes/emails/count").json() == {"count": 200}


def test_a_summary(opened: Opener, clock: Clock) -> None:
    with opened(clock=clock) as caller:
        part = {"name": "a.txt", "type": "text/plain", "content": base64.b64encode(b"12345").decode()}
        mid = caller.send(
            "Ann <ann@example.com>", cc="bob@example.org", subject="Grüße", attachments=[part],
            **{"from": "Me <me@example.com>"},
        ).json()["mid"]  # fmt: skip
        assert caller.caught() == [
            {
                "id": str(mid),
                "at": "2030-03-17T17:46:40.000Z",
                "sender": {"email": "me@example.com", "name": "Me"},
                "subject": "Grüße",
                "size_bytes": 10,
                "attachments": 1,
                "recipients": [
                    {
                        "kind": "to",
                        "email": "ann@example.com",
                        "name": "Ann",
                        "status": "SUCCESS",
                        "error": "",
                    },
                    {"kind": "cc", "email": "bob@example.org", "name": "", "status": "SUCCESS", "error": ""},
                ],
            }
        ]


def test_a_message_whole(sandbox: Caller) -> None:
    content = bytes(range(256)) * 99
    part = {"name": "Bild ü.png", "type": "image/png", "content": base64.b64encode(content).decode()}
    sandbox.send(
        "Ann <ann@example.com>", bcc="secret@example.com", subject="Grüße & Küsse", content="Zeile\nä",
        html_content="<p>ä</p>", attachments=[part], custom_headers={"X-Note": "ö"},
    )  # fmt: skip
    seen = sandbox.show()
    assert (seen["text"], seen["html"]) == ("Zeile\nä", "<p>ä</p>")
    assert seen["attachments"] == [
        {
            "name": "Bild ü.png",
            "type": "image/png",
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "content_base64": base64.b64encode(content).decode(),
            "content_id": "",
        }
    ]
    headers = dict(seen["headers"])
    assert headers["Subject"] == "Grüße & Küsse"
    assert (headers["To"], headers["X-Note"]) == ("Ann <ann@example.com>", "ö")
    assert "secret" not in seen["source"]
    parsed: Any = message_from_bytes(seen["source"].encode(), policy=policy.default)
    assert parsed["Subject"] == "Grüße & Küsse"
    assert parsed.get_body(("plain",)).get_content() == "Zeile\r\nä"
    assert parsed.get_body(("html",)).get_content() == "<p>ä</p>"
    (attachment,) = parsed.iter_attachments()
    assert attachment.get_content() == content
    assert attachment.get_filename() == "Bild ü.png"


def test_a_long_line_is_encoded(sandbox: Caller) -> None:
    sandbox.send(content="ä" * 5_000)
    source = sandbox.show()["source"]
    assert max(len(line.encode()) for line in source.split("\r\n")) < 998
    parsed: Any = message_from_bytes(source.encode(), policy=policy.default)
    assert parsed.get_content() == "ä" * 5_000


def test_an_empty_message(sandbox: Caller) -> None:
    sandbox.send(content="", subject="")
    seen = sandbox.show()
    assert (seen["text"], seen["html"], seen["attachments"], seen["subject"]) == ("", "", [], "")


def test_limit_and_offset(sandbox: Caller) -> None:
    for n in range(5):
        sandbox.send(subject=f"n{n}")
    answer = sandbox.http.get("/sandbox/messages", params={"limit": 2, "offset": 1}).json()
    assert answer["count"] == 5
    assert [mail["subject"] for mail in answer["messages"]] == ["n3", "n2"]
    assert sandbox.http.get("/sandbox/messages", params={"limit": "x"}).status_code == 400


def test_messages_that_there_are_not(sandbox: Caller) -> None:
    for id in ("1", "x", "9" * 30, "9223372036854775807", "%00"):
        answer = sandbox.http.get(f"/sandbox/messages/{id}")
        assert answer.status_code == 404, id
        assert "message" in answer.json()
    assert sandbox.http.post("/sandbox/messages/1/events", json={}).status_code == 404


def test_attachment_names_cannot_break_the_source(sandbox: Caller) -> None:
    part = {"name": 'a"\r\nX-Evil: 1', "type": "text/plain\r\nX-Evil: 2", "content": "AAAA"}
    sandbox.send(attachments=[part])
    assert "\r\nX-Evil" not in sandbox.show()["source"]


def test_counting_by_the_senders_own_id(sandbox: Caller) -> None:
    for key in ("k1", "k1", "k2"):
        sandbox.send(custom_headers={"x-turbodesk-id": key})
    sandbox.send()
    assert sandbox.http.get("/sandbox/accepted").json() == {"total": 4, "by_key": {"k1": 2, "k2": 1}}


def test_reset_empties_everything(opened: Opener) -> None:
    with opened(history_rows=300) as caller:
        caller.send("hardbounce@example.com")
        caller.fault("delay", match="/nowhere")
        caller.get("/api/stats/panes/emails/count")
        assert caller.http.post("/sandbox/reset").status_code == 200
        assert caller.caught() == []
        assert caller.get("/api/stats/panes/emails/count").json() == {"count": 0}
        assert caller.get("/web/api/reports/bounce/all").json() == []
        assert caller.http.get("/sandbox/faults").json() == {"faults": []}


def test_history_can_be_added(sandbox: Caller) -> None:
    sandbox.send()
    assert sandbox.get("/api/stats/panes/emails/count").json() == {"count": 1}
    answer = sandbox.http.post("/sandbox/history", json={"rows": 500, "days": 7, "bounce_share": 1.0})
    assert answer.json() == {"rows": 500}
    assert sandbox.get("/api/stats/panes/emails/count").json() == {"count": 501}
    assert sandbox.get("/web/api/reports/bounce/all/count").json()["count"] > 350
    for wrong in ({}, {"rows": -1}, {"rows": 1, "days": 0}, {"rows": 1, "bounce_share": 2}):
        assert sandbox.http.post("/sandbox/history", json=wrong).status_code == 400
