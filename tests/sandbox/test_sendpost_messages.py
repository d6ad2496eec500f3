"""SendPost's messages: one and many, whatever sent them, and the events of their way."""

from __future__ import annotations

import base64
import smtplib
import ssl
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from turbodesk.sandbox.server import SandboxServer

from .conftest import NOON, Caller, Clock, Opener
from .sendpost_caller import SendPostCaller

NOON_NS = int(NOON) * 1_000_000_000
AT_NOON = datetime.fromtimestamp(NOON, UTC)
V1_MEMBERS = {
    "messageId", "subAccountId", "publicIp", "emailType", "submittedAt", "from", "to", "headerTo", "headerCc",
    "headerBcc", "attachments", "groups", "ipPool", "headers", "subject", "preText", "htmlBody", "textBody",
    "ampBody", "trackOpens", "trackClicks",
}  # fmt: skip
LEGACY_MEMBERS = (V1_MEMBERS - {"messageId", "subAccountId", "publicIp"}) | {
    "messageID", "subAccountID", "publicIP", "accountID", "ipID", "accountIPPoolID", "localIP",
    "customFields", "attempt", "webhookEndpoint", "mxRecords",
}  # fmt: skip
FILE = {"filename": "note.txt", "content": base64.b64encode(b"note").decode()}
PERSON = {
    "email": "You@gmail.com",
    "name": "You",
    "customFields": {"name": "You", "order": {"total": 5}},
    "cc": [{"email": "cc@example.net", "name": "Copy"}],
    "bcc": [{"email": "bcc@example.net", "customFields": {"n": 1}}],
}
WHOLE: dict[str, Any] = {
    "subject": "For {{name}}",
    "htmlBody": "<p>{{name}}</p>",
    "ampBody": "<html ⚡4email>{{name}}</html>",
    "preText": "In short",
    "replyTo": {"email": "back@example.com", "name": "Back"},
    "headers": {"X-Campaign": "spring"},
    "groups": ["spring", "news", "spring"],
    "ippool": "slow pool",
    "attachments": [FILE],
    "trackClicks": False,
    "webhookEndpoint": "https://hooks.example.com/mine",
}


@pytest.fixture
def v1(sandbox: Caller) -> SendPostCaller:
    return SendPostCaller(sandbox)


@pytest.fixture(scope="module")
def past() -> Iterator[SendPostCaller]:
    """A sandbox with a history, at a known time."""
    with SandboxServer(history_rows=1_000, clock=lambda: NOON) as server:
        caller = Caller(server)
        with caller.http:
            yield SendPostCaller(caller)


def test_a_message_in_v1(opened: Opener, clock: Clock) -> None:
    with opened(clock=clock) as caller:
        v1 = SendPostCaller(caller)
        id = v1.sent(PERSON, **WHOLE)[0]["messageId"]
        message = v1.get(f"/account/message/{id}")
        assert v1.get(f"/account/message/{id.upper()}") == message
    assert set(message) == V1_MEMBERS | {"replyTo"}
    assert (message["messageId"], message["subAccountId"], message["submittedAt"]) == (id, 117, NOON_NS)
    assert message["from"] == {"email": "me@example.com", "name": "Me"}
    assert message["replyTo"] == WHOLE["replyTo"]
    cc = {"email": "cc@example.net", "name": "Copy", "customFields": {}}
    bcc = {"email": "bcc@example.net", "name": "", "customFields": {"n": 1}}
    assert message["to"] == message["headerTo"] == {**PERSON, "cc": [cc], "bcc": [bcc]}
    assert (message["headerCc"], message["headerBcc"]) == ([cc], [bcc])
    assert message["attachments"] == [FILE]
    assert message["groups"] == ["spring", "news"]
    assert (message["ipPool"], message["emailType"]) == ("slow pool", "gmail")
    assert message["headers"] == {"X-Campaign": "spring"}
    assert (message["subject"], message["preText"]) == ("For You", "In short")
    assert (message["htmlBody"], message["textBody"]) == ("<p>You</p>", "Hello")
    assert message["ampBody"] == "<html ⚡4email>You</html>"
    assert (message["trackOpens"], message["trackClicks"]) == (True, False)


@pytest.mark.parametrize("contract", ["legacy", ""])
def test_a_message_as_it_was(sandbox: Caller, contract: str) -> None:
    legacy = SendPostCaller(sandbox, contract)
    id = legacy.sent(PERSON, **WHOLE)[0]["messageId"]
    message = legacy.get(f"/account/message/{id}")
    assert set(message) == LEGACY_MEMBERS | {"replyTo"}
    assert (message["messageID"], message["subAccountID"]) == (id, 117)
    assert (message["headerCc"], message["headerBcc"]) == (["cc@example.net"], ["bcc@example.net"])
    assert message["attachments"] == ["note.txt"]
    assert message["to"]["customFields"] == {"name": "You", "order": '{"total": 5}'}
    assert message["webhookEndpoint"] == WHOLE["webhookEndpoint"]
    plain = legacy.get(f"/account/message/{legacy.sent('ok@example.com')[0]['messageId']}")
    assert plain["headerCc"] is plain["headerBcc"] is None
    assert "replyTo" not in plain


def test_copies_are_messages_of_their_own(v1: SendPostCaller) -> None:
    v1.sent({"email": "one@example.com", "cc": [{"email": "cc@example.com"}]}, "two@example.com")
    now = datetime.now(UTC)
    messages = v1.get(
        "/account/message",
        **{"from": (now - timedelta(1)).isoformat(), "to": (now + timedelta(1)).isoformat()},
    )
    shown = [
        (it["to"]["email"], it["headerTo"]["email"], [copy["email"] for copy in it["headerCc"]])
        for it in messages
    ]
    assert shown == [
        ("two@example.com", "two@example.com", []),
        ("cc@example.com", "one@example.com", ["cc@example.com"]),
        ("one@example.com", "one@example.com", ["cc@example.com"]),
    ]
    assert [it["to"]["cc"] != [] for it in messages] == [False, False, True]
    assert len({it["messageId"] for it in messages}) == 3


def test_what_another_interface_sent(v1: SendPostCaller) -> None:
    v1.sandbox.send("a@example.com,b@example.com", cc="c@example.com", reply_to="back@example.com")
    now = datetime.now(UTC)
    window = {"from": (now - timedelta(1)).isoformat(), "to": (now + timedelta(1)).isoformat()}
    third, second, first = v1.get("/account/message", **window)
    assert [it["to"]["email"] for it in (first, second, third)] == [
        "a@example.com",
        "b@example.com",
        "c@example.com",
    ]
    assert third["headerTo"]["email"] == "a@example.com"
    assert [it["email"] for it in second["headerCc"]] == ["c@example.com"]
    assert (first["subject"], first["textBody"], first["ipPool"]) == ("Hi", "Hello", "default")
    assert first["replyTo"] == {"email": "back@example.com", "name": ""}


# the list


def test_a_list_is_newest_first_in_pages(past: SendPostCaller) -> None:
    window = {"from": (AT_NOON - timedelta(59)).isoformat(), "to": AT_NOON.isoformat()}
    rows: list[dict[str, Any]] = []
    while page := past.get("/account/message", limit=100, offset=len(rows), **window):
        rows += page
    assert 500 < len(rows) < 1_000
    assert len({row["messageId"] for row in rows}) == len(rows)
    times = [row["submittedAt"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert past.get("/account/message", **window) == rows[:50]
    assert past.get("/account/message", limit=7, offset=95, **window) == rows[95:102]
    assert set(rows[0]) == V1_MEMBERS
    assert past.get(f"/account/message/{rows[17]['messageId']}") == rows[17]
    assert {group for row in rows for group in row["groups"]} >= {"newsletter", "seasonal-sale"}


def test_a_list_has_the_names_of_attachments_alone(v1: SendPostCaller) -> None:
    id = v1.sent("ok@example.com", attachments=[FILE])[0]["messageId"]
    now = datetime.now(UTC)
    window = {"from": (now - timedelta(1)).isoformat(), "to": (now + timedelta(1)).isoformat()}
    (message,) = v1.get("/account/message", **window)
    assert message["attachments"] == [{"filename": "note.txt", "content": ""}]
    assert v1.get(f"/account/message/{id}")["attachments"] == [FILE]


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [  # taken in at 2030-03-17 17:46:40 UTC
        ("2030-03-17T17:46:40Z", "2030-03-17T17:46:40Z", 1),
        ("2030-03-17T17:46:40.001Z", "2030-03-17T17:46:41Z", 0),
        ("2030-03-17T00:00:00Z", "2030-03-17T17:46:39.999999Z", 0),
        ("2030-03-17T18:46:40+01:00", "2030-03-17T18:46:40+01:00", 1),
        ("2030-03-17T18:46:40.000000+0100", "2030-03-17T18:46:40.000000+0100", 1),
        ("2030-03-17T10:46:40-0700", "2030-03-17T10:46:40-07:00", 1),
        ("2030-03-17T17:46:40.000000+0000", "2030-03-17T17:46:40.000000+0000", 1),
        ("2030-03-17T17:46:40 0000", "2030-03-17T17:46:40 00:00", 1),
        ("2030-03-17T17:46:40", "2030-03-17T17:46:40.5", 1),
        ("2030-03-17 17:46:40", "2030-03-17 17:46:40", 1),
        ("2030-03-17", "2030-03-17", 1),
        ("2030-03-18", "2030-03-18", 0),
        ("2030-01-17", "2030-03-17", 1),
        ("2030-01-16T17:46:40Z", "2030-03-17T17:46:40Z", 1),
    ],
)
def test_moments_in_every_spelling(opened: Opener, clock: Clock, since: str, until: str, found: int) -> None:
    with opened(clock=clock) as caller:
        v1 = SendPostCaller(caller)
        v1.sent("ok@example.com")
        assert len(v1.get("/account/message", **{"from": since, "to": until})) == found


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"from": "2030-03-17"},
        {"to": "2030-03-17"},
        {"from": "", "to": "2030-03-17"},
        {"from": "2030-03-18", "to": "2030-03-17"},
        {"from": "2030-03-17T00:00:01Z", "to": "2030-03-17T00:00:00Z"},
        {"from": "2030-01-16", "to": "2030-03-17"},
        {"from": "2030-01-16T17:46:39Z", "to": "2030-03-17T17:46:40Z"},
        {"from": "2030-02-30", "to": "2030-03-17"},
        {"from": "2030-03-17T25:00:00Z", "to": "2030-03-17"},
        {"from": "yesterday", "to": "2030-03-17"},
        {"from": "1900000000", "to": "1900000000"},
        {"from": "2030-03-17", "to": "2030-03-17", "limit": 101},
        {"from": "2030-03-17", "to": "2030-03-17", "limit": 0},
        {"from": "2030-03-17", "to": "2030-03-17", "offset": "x"},
    ],
)
def test_a_list_that_cannot_be_asked_for(past: SendPostCaller, query: dict[str, object]) -> None:
    assert past.refusal("GET", "/account/message", **query) == 400


# events


def types(v1: SendPostCaller, id: str) -> list[int]:
    found = v1.get(f"/account/message/{id}/events", subAccountId=117)
    assert {it["messageID"] for it in found} == {id}
    times = [it["submittedAt"] for it in found]
    assert times == sorted(times)
    return [it["type"] for it in found]


@pytest.mark.parametrize(
    ("address", "fields", "happened"),
    [
        ("deliver@playwithsendpost.io", {}, [0, 9, 2]),
        ("test@playwithsendpost.io", {}, [0, 9, 2, 5, 6]),
        ("test@playwithsendpost.io", {"trackOpens": False}, [0, 9, 2, 6]),
        ("open@example.com", {}, [0, 9, 2, 5]),
        ("hardbounce@playwithsendpost.io", {}, [0, 9, 4]),
        ("softbounce@playwithsendpost.io", {}, [0, 9, 3]),
        ("dropped@playwithsendpost.io", {}, [0, 10]),
        ("unsub@example.com", {}, [0, 9, 2, 7]),
        ("spam@example.com", {}, [0, 9, 2, 8]),
    ],
)
def test_what_happened_to_a_message(
    v1: SendPostCaller, address: str, fields: dict[str, Any], happened: list[int]
) -> None:
    (entry,) = v1.sent(address, **fields)
    assert types(v1, entry["messageId"]) == happened


def test_a_suppressed_message_was_dropped(v1: SendPostCaller) -> None:
    v1.ask("POST", "/subaccount/suppression", body={"manual": [{"email": "gone@example.com"}]})
    (entry,) = v1.sent("gone@example.com")
    assert types(v1, entry["messageId"]) == [0, 1]


def test_what_an_event_says(v1: SendPostCaller) -> None:
    people = ({"email": "hardbounce@example.com", "name": "You"}, "click@example.com")
    bounced, clicked = v1.sent(*people, groups=["spring"], htmlBody="<p>x</p>")
    events = v1.get(f"/account/message/{bounced['messageId']}/events", subAccountId=117)
    last = events[-1]
    assert set(last) >= {"eventID", "accountID", "subAccountID", "ipID", "ipPoolID", "domainID", "tpspId"}
    assert len({str(uuid.UUID(it["eventID"])) for it in events}) == 3
    assert (last["from"], last["fromName"], last["to"], last["toName"]) == (
        "me@example.com",
        "Me",
        "hardbounce@example.com",
        "You",
    )
    assert (last["messageSubject"], last["groups"], last["subAccountID"]) == ("Hi", ["spring"], 117)
    assert 500 <= last["smtpCode"] < 600
    assert last["smtpDescription"] == last["eventMetadata"]["smtpDescription"] != ""
    assert events[0]["smtpCode"] == 0
    click = v1.get(f"/account/message/{clicked['messageId']}/events", subAccountId=117)[-1]
    assert click["eventMetadata"]["clickedURL"].startswith("https://")
    assert click["eventMetadata"]["userAgent"]["Family"] == "Firefox"
    assert click["type"] == 6


def test_events_want_the_sub_account(v1: SendPostCaller) -> None:
    path = f"/account/message/{v1.sent('ok@example.com')[0]['messageId']}/events"
    assert v1.refusal("GET", path) == 406
    assert v1.refusal("GET", path, subAccountId=118) == 406
    nobody = "/account/message/5ad9d5a4-0000-4000-8000-000000000000/events"
    assert v1.refusal("GET", nobody, subAccountId=117) == 404


def test_what_happened_to_a_recipient(v1: SendPostCaller) -> None:
    first = v1.sent("Some+One@example.com")[0]["messageId"]
    second = v1.sent("some+one@EXAMPLE.com", "other@example.com")[0]["messageId"]
    events = v1.get("/account/recipient/some%2Bone@example.com/messages")
    assert [(it["messageID"], it["type"]) for it in events] == [
        (id, type) for id in (second, first) for type in (0, 9, 2)
    ]
    assert v1.get("/account/recipient/nobody@example.com/messages") == []


def test_what_is_made_to_happen_later_shows(v1: SendPostCaller) -> None:
    (entry,) = v1.sent("ok@example.com")
    id = v1.sandbox.caught()[0]["id"]
    body = {"recipient": "ok@example.com", "event": "complain"}
    assert v1.sandbox.http.post(f"/sandbox/messages/{id}/events", json=body).status_code == 200
    assert types(v1, entry["messageId"]) == [0, 9, 2, 8]
    assert v1.today()["spam"] == 1
    (listed,) = v1.suppressed()
    assert (listed["messageUUID"], listed["reasonText"]) == (entry["messageId"], "spamComplaint")


def test_mail_over_smtp_is_like_any_other(v1: SendPostCaller) -> None:
    at = v1.sandbox.at.smtp
    v1.ask("POST", "/subaccount/suppression", body={"manual": [{"email": "gone@example.com"}]})
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "me@example.com", "test@playwithsendpost.io", "By wire"
    letter.set_content("Hello")
    with smtplib.SMTP(at.host, at.port) as relay:
        relay.starttls(context=ssl.create_default_context(cafile=at.ca_file))
        relay.login(at.user, at.password)
        people = ["test@playwithsendpost.io", "gone@example.com", "hardbounce@example.com"]
        relay.mail("me@example.com")
        for email in people:
            relay.rcpt(email)
        code, said = relay.data(letter.as_bytes())
    assert code == 250
    message = v1.get(f"/account/message/{said.decode().rpartition(' ')[2]}")
    assert (message["to"]["email"], message["subject"]) == (people[0], "By wire")
    assert (message["textBody"].strip(), message["trackOpens"], message["trackClicks"]) == (
        "Hello",
        True,
        True,
    )
    assert types(v1, message["messageId"]) == [0, 9, 2, 5, 6]
    assert v1.today() == {
        "processed": 3,
        "dropped": 1,
        "sent": 2,
        "delivered": 1,
        "hardBounced": 1,
        "opened": 1,
        "clicked": 1,
    }
    assert {row["email"] for row in v1.suppressed()} == {"gone@example.com", "hardbounce@example.com"}
