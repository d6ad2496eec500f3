"""The sandbox posts what happens to mail: to whom, in which shape, and again until it is taken."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from turbodesk.sandbox.webhook_post import AT_ONCE

from .conftest import NOON, Caller, Clock, Opener
from .receiver import SOON_S, Got, Receiver, receiving
from .sendpost_caller import SendPostCaller

ALL = {"processed": True, "sent": True, "smtpDropped": True}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def registered(caller: SendPostCaller, url: str, **flags: bool) -> Any:
    answer = caller.ask("POST", "/account/webhook", body={"url": url, **flags})
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def told(caller: Caller) -> dict[str, Any]:
    found: dict[str, Any] = caller.http.get("/sandbox/webhooks").json()
    return found


def until(caller: Caller, **wanted: object) -> dict[str, Any]:
    """What the sandbox tells of its postings once it tells this."""
    deadline = time.monotonic() + SOON_S
    while True:
        now = told(caller)
        if all(now[name] == value for name, value in wanted.items()):
            return now
        assert time.monotonic() < deadline, now
        threading.Event().wait(0.01)


def happens(caller: Caller, event: str, recipient: str) -> None:
    id = caller.caught()[0]["id"]
    answer = caller.http.post(f"/sandbox/messages/{id}/events", json={"recipient": recipient, "event": event})
    assert answer.status_code == 200, answer.text


# ---- SendPost


def names(got: list[Got]) -> list[str]:
    return sorted(it.body["event"]["typeName"] for it in got)


def test_an_event_in_the_newer_contract(sandbox: Caller, receiver: Receiver) -> None:
    caller = SendPostCaller(sandbox)
    registered(caller, receiver.url("/v1?a=b"), clicked=False, delivered=False)
    (sent,) = caller.sent(
        {"email": "open@example.com", "name": "Ann", "customFields": {"n": "1"}}, groups=["spring"]
    )
    (got,) = receiver.first(1)
    assert got.path == "/v1?a=b"
    assert got.headers["content-type"] == "application/json"
    assert "authorization" not in got.headers
    event, message = got.body["event"], got.body["emailMessage"]
    assert got.body.keys() == {"event", "emailMessage"}
    assert event.pop("eventId") and event.pop("timestamp") > sent["submittedAt"]
    metadata = event.pop("eventMetadata")
    assert event == {
        "messageId": sent["messageId"],
        "type": 5,
        "typeName": "opened",
        "from": "me@example.com",
        "to": "open@example.com",
        "subject": "Hi",
        "groups": ["spring"],
        "submittedAt": sent["submittedAt"],
    }
    assert {"trackedIp", "rawUserAgent", "userAgent", "os", "device", "geo"} < metadata.keys()
    assert metadata["device"] == {"family": "Other"}
    assert message["messageID"] == sent["messageId"]
    assert message["to"] == {"email": "open@example.com", "name": "Ann", "customFields": {"n": "1"}}


def test_an_event_in_the_older_contract(sandbox: Caller, receiver: Receiver) -> None:
    legacy = SendPostCaller(sandbox, contract="")
    registered(legacy, receiver.url())
    (sent,) = legacy.sent("hardbounce@example.com")
    (got,) = receiver.first(1)
    event, message = got.body["event"], got.body["emailMessage"]
    assert {"eventID", "messageSubject", "fromName", "toName", "accountID", "tpspId"} < event.keys()
    assert (event["messageID"], event["type"], event["to"]) == (
        sent["messageId"],
        4,
        "hardbounce@example.com",
    )
    assert str(event["smtpCode"])[0] == "5" and event["smtpDescription"]
    assert event["eventMetadata"]["smtpCode"] == event["smtpCode"]
    assert [it["email"] for it in message["to"]] == ["hardbounce@example.com"]


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("ok@example.com", ["delivered", "processed", "sent"]),
        ("open@example.com", ["delivered", "opened", "processed", "sent"]),
        ("click@example.com", ["clicked", "delivered", "opened", "processed", "sent"]),
        ("unsub@example.com", ["delivered", "processed", "sent", "unsubscribed"]),
        ("spam@example.com", ["delivered", "processed", "sent", "spam"]),
        ("hardbounce@example.com", ["hardBounced", "processed", "sent"]),
        ("softbounce@example.com", ["processed", "sent", "softBounced"]),
        ("dropped@playwithsendpost.io", ["processed", "smtpDropped"]),
    ],
)
def test_every_event_that_is_asked_for_comes(
    sandbox: Caller, receiver: Receiver, email: str, expected: list[str]
) -> None:
    caller = SendPostCaller(sandbox)
    registered(caller, receiver.url(), **ALL)
    caller.sent(email)
    until(sandbox, waiting=0, taken=len(expected))
    got = receiver.first(len(expected))
    assert names(got) == expected
    assert len({it.body["event"]["eventId"] for it in got}) == len(expected)


def test_what_is_not_asked_for_does_not(sandbox: Caller, receiver: Receiver) -> None:
    caller = SendPostCaller(sandbox)
    hook = registered(caller, receiver.url("/some"), delivered=False)
    registered(caller, receiver.url("/off"), **ALL, enabled=False)
    registered(caller, receiver.url("/first"), opened=False, uniqueOpen=True, delivered=False)
    registered(caller, "https://hooks.example.com/elsewhere", **ALL)
    caller.sent("open@example.com")
    until(sandbox, waiting=0, taken=2)
    assert sorted(it.path for it in receiver.got) == ["/first", "/some"]
    assert names(receiver.got) == ["opened", "opened"]
    caller.ask("DELETE", f"/account/webhook/{hook['id']}")
    caller.sent("hardbounce@example.com")
    until(sandbox, waiting=0, taken=3)
    assert receiver.got[-1].path == "/first"


def test_a_message_may_name_its_own_webhook(sandbox: Caller, receiver: Receiver) -> None:
    caller = SendPostCaller(sandbox)
    registered(caller, receiver.url("/account"))
    caller.sent("ok@example.com", webhookEndpoint=receiver.url("/own"))
    until(sandbox, waiting=0, taken=3)
    assert {it.path for it in receiver.got} == {"/own"}
    assert receiver.got[0].body["emailMessage"]["webhookEndpoint"] == receiver.url("/own")


def test_what_happens_later_is_told_once(sandbox: Caller, receiver: Receiver) -> None:
    caller = SendPostCaller(sandbox)
    registered(caller, receiver.url())
    caller.sent("ok@example.com", "two@example.com")
    receiver.first(2)
    for event in ("open", "click", "unsubscribe"):
        happens(sandbox, event, "ok@example.com")
    until(sandbox, waiting=0, taken=5)
    assert names(receiver.got) == ["clicked", "delivered", "delivered", "opened", "unsubscribed"]
    happens(sandbox, "bounce", "two@example.com")
    until(sandbox, waiting=0, taken=6)
    assert receiver.got[-1].body["event"]["typeName"] == "hardBounced"


# ---- turboSMTP


def turbosmtp_to(sandbox: Caller, url: str | None) -> None:
    answer = sandbox.http.put("/sandbox/webhooks", json={"turbosmtp_url": url})
    assert answer.status_code == 200, answer.text


@pytest.fixture
def aimed(sandbox: Caller, receiver: Receiver) -> Iterator[Caller]:
    turbosmtp_to(sandbox, receiver.url("/turbo"))
    yield sandbox
    turbosmtp_to(sandbox, None)


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("ok@example.com", ["DELIVERED", "PROCESSED"]),
        ("open@example.com", ["DELIVERED", "OPENED", "PROCESSED"]),
        ("click@example.com", ["CLICKED", "DELIVERED", "OPENED", "PROCESSED"]),
        ("unsub@example.com", ["DELIVERED", "PROCESSED", "UNSUBSCRIBED"]),
        ("spam@example.com", ["DELIVERED", "PROCESSED", "REPORT"]),
        ("hardbounce@example.com", ["BOUNCED", "PROCESSED"]),
        ("softbounce@example.com", ["BOUNCED", "DEFERRED", "PROCESSED"]),
    ],
)
def test_every_status_is_one_flat_object(
    aimed: Caller, receiver: Receiver, email: str, expected: list[str]
) -> None:
    answer = aimed.send(email, subject="Spring")
    assert answer.status_code == 200
    until(aimed, waiting=0, taken=len(expected))
    bodies = {it.body["status"]: it.body for it in receiver.got}
    assert sorted(bodies) == expected
    assert len({body["id"] for body in bodies.values()}) == len(expected)
    for status, body in bodies.items():
        extra = {
            "BOUNCED": {"reason"},
            "DEFERRED": {"reason", "attempt"},
            "OPENED": {"useragent", "ip"},
            "CLICKED": {"useragent", "ip", "url"},
        }.get(status, set())
        assert body.keys() == {"id", "mid", "status", "email", "subject", "timestamp", *extra}
        assert (body["mid"], body["email"], body["subject"]) == (str(answer.json()["mid"]), email, "Spring")
        assert isinstance(body["timestamp"], int) and abs(body["timestamp"] - time.time()) < 60
    if "BOUNCED" in bodies:
        assert bodies["BOUNCED"]["reason"].keys() == {"0", "response"}
    if "DEFERRED" in bodies:
        assert isinstance(bodies["DEFERRED"]["reason"], str) and bodies["DEFERRED"]["attempt"] == 2


def test_what_is_dropped_says_why_and_no_subject(opened: Opener, receiver: Receiver) -> None:
    with opened(webhooks_to=receiver.url()) as caller:
        sendpost = SendPostCaller(caller)
        body = {"manual": [{"email": "listed@example.com"}]}
        assert sendpost.ask("POST", "/subaccount/suppression", body=body).status_code == 200
        pair = {"consumerKey": caller.at.turbosmtp_v2.consumer_key}
        pair["consumerSecret"] = caller.at.turbosmtp_v2.consumer_secret
        message = {"from": "me@example.com", "to": "listed@example.com", "subject": "Hi", "content": "Hello"}
        message |= {"reference_id": "order-7"}
        answer = caller.http.post(f"{caller.at.turbosmtp_v2.send_url}/mail/send", json=message, headers=pair)
        assert answer.status_code == 200, answer.text
        (got,) = receiver.first(1)
        assert (got.body["status"], got.body["subject"]) == ("DROPPED", None)
        assert got.body["reason"]["0"] == "Dropped due to suppressed recipient"
        assert got.body["reference_id"] == "order-7"


def test_mail_of_one_service_is_no_event_of_the_other(aimed: Caller, receiver: Receiver) -> None:
    sendpost = SendPostCaller(aimed)
    registered(sendpost, receiver.url("/sendpost"))
    aimed.send("ok@example.com")
    sendpost.sent("ok@example.com")
    until(aimed, waiting=0, taken=3)
    assert sorted(it.path for it in receiver.got) == ["/sendpost", "/turbo", "/turbo"]


def test_name_and_password_of_a_url_travel_as_basic_credentials(sandbox: Caller, receiver: Receiver) -> None:
    turbosmtp_to(sandbox, receiver.url(login="hook:s%40crét@".replace("é", "%C3%A9")))
    try:
        sandbox.send("ok@example.com")
        got = receiver.first(1)[0]
        scheme, _, value = got.headers["authorization"].partition(" ")
        assert (scheme, base64.b64decode(value).decode()) == ("Basic", "hook:s@crét")
        assert "s@cr" not in str(told(sandbox)) and "s%40" not in str(told(sandbox))
    finally:
        turbosmtp_to(sandbox, None)


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1:1/", "http://192.0.2.1/", "http://example.com/", "http://127.0.0.1.example.com/",
     "http://127.0.0.1:port/", "http://[::1/", "http://127.0.0.1/a\nb", "", 5],
)  # fmt: skip
def test_only_this_computer_is_posted_to(sandbox: Caller, url: object) -> None:
    assert sandbox.http.put("/sandbox/webhooks", json={"turbosmtp_url": url}).status_code == 400
    assert told(sandbox)["turbosmtp_url"] is None


@pytest.mark.parametrize("speed", [0, -1, "2", True, None, 1e7])
def test_a_speed_that_is_none(sandbox: Caller, speed: object) -> None:
    assert sandbox.http.put("/sandbox/webhooks", json={"speed": speed}).status_code == 400
    assert told(sandbox)["speed"] == 1.0


# ---- again until it is taken


def test_it_is_posted_again_at_the_documented_times(opened: Opener, clock: Clock) -> None:
    with receiving(0, 500, 302, 404, 500, 204) as receiver, opened(clock=clock) as caller:
        sendpost = SendPostCaller(caller)
        hook = registered(sendpost, receiver.url())
        sendpost.sent("ok@example.com")
        for number, wait_s in enumerate((60, 300, 1800, 7200, 86_400), 1):
            receiver.first(number)
            until(caller, failed_tries=number, waiting=1)
            shown = sendpost.get(f"/account/webhook/{hook['id']}")
            assert (shown["status"], shown["enabled"]) == ("degraded", True)
            clock.now += wait_s - 1
            caller.http.post("/sandbox/clock", json={"advance_s": 0})
            assert until(caller, waiting=1)["failed_tries"] == number
            clock.now += 1
            caller.http.post("/sandbox/clock", json={"advance_s": 0})
        assert until(caller, waiting=0) == {**told(caller), "taken": 1, "failed_tries": 5, "lost": 0}
        assert len({it.body["event"]["eventId"] for it in receiver.got}) == 1
        assert sendpost.get("/account/webhook")[0] == {**hook, "status": "active", "successRate": 16}
        assert clock.now == NOON + 60 + 300 + 1800 + 7200 + 86_400


def test_what_is_never_taken_is_given_up_and_switches_the_webhook_off(opened: Opener, clock: Clock) -> None:
    with receiving(503) as receiver, opened(clock=clock) as caller:
        sendpost = SendPostCaller(caller)
        hook = registered(sendpost, receiver.url())
        sendpost.sent("ok@example.com")
        for number in range(1, 6):
            until(caller, failed_tries=number, waiting=1)
            caller.http.post("/sandbox/clock", json={"advance_s": 86_400})
        assert until(caller, waiting=0)["lost"] == 1
        shown = sendpost.get(f"/account/webhook/{hook['id']}")
        assert (shown["enabled"], shown["status"]) == (False, "disabled")
        assert shown["disabledAt"] > hook["created"] and shown["disabledReason"]
        sendpost.sent("ok@example.com")
        assert until(caller, waiting=0)["failed_tries"] == 6


def test_it_is_taken_once_the_receiver_is_back_and_the_services_may_hurry(opened: Opener) -> None:
    with receiving() as receiver:
        port = receiver.port
    with opened(webhooks_to=f"http://localhost:{port}/", webhook_speed=3000) as caller:
        caller.send("ok@example.com")
        assert until(caller, waiting=2)["taken"] == 0
        with receiving(port=port) as receiver:
            assert {it.body["status"] for it in receiver.first(2)} == {"PROCESSED", "DELIVERED"}
            until(caller, waiting=0, taken=2, lost=0)


def test_connections_are_kept_and_few(aimed: Caller, receiver: Receiver) -> None:
    for number in range(10):
        aimed.send(",".join(f"to{number}.{each}@example.com" for each in range(10)))
    until(aimed, waiting=0, taken=200)
    assert receiver.connections <= AT_ONCE
    assert len({it.body["id"] for it in receiver.got}) == 200


def test_a_reset_forgets_webhooks_and_what_waits(sandbox: Caller) -> None:
    with receiving(500) as receiver:
        sendpost = SendPostCaller(sandbox)
        registered(sendpost, receiver.url())
        sendpost.sent("ok@example.com")
        until(sandbox, waiting=1, failed_tries=1)
        sandbox.http.post("/sandbox/reset")
        assert until(sandbox, waiting=0, taken=0, failed_tries=0)
        assert sendpost.get("/account/webhook") == []


def test_what_is_on_its_way_when_it_stops_arrives(opened: Opener, receiver: Receiver) -> None:
    with opened(webhooks_to=receiver.url()) as caller:
        caller.send(",".join(f"to{each}@example.com" for each in range(20)))
    assert len(receiver.got) == 40
