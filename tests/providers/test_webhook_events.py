"""What both services post to a webhook, in every shape that is known, read as events."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from turbodesk.model.event import KINDS, WebhookEvent
from turbodesk.providers import sendpost_events, turbosmtp_webhook_events
from turbodesk.providers.exchange import Garbled
from turbodesk.providers.webhook_events import MOST_EVENTS, read_webhook
from turbodesk.providers.webhook_pieces import RAW_LIMIT
from turbodesk.providers.webhook_samples import kinds_of, sample

KEY = "td-abcdefghijklmnopqrstuvwxyz"
NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
NOON_NS = int(NOON.timestamp()) * 10**9

V1 = {
    "event": {
        "eventId": "ev-1",
        "messageId": "1800872493473406976",
        "type": 4,
        "typeName": "hardBounced",
        "from": "shop@example.com",
        "to": "gone@example.com",
        "subject": "Spring offer",
        "groups": ["spring", KEY],
        "submittedAt": NOON_NS - 5 * 10**9,
        "timestamp": NOON_NS,
        "eventMetadata": {"smtpCode": 550, "smtpDescription": "5.1.1 unknown user"},
    },
    "emailMessage": {
        "messageID": "1800872493473406976",
        "to": {"email": "gone@example.com", "name": "Gone"},
        "headers": {"x-turbodesk-id": KEY},
        "webhookEndpoint": "https://me:hunter2@hooks.example.com/",
    },
}
LEGACY = {
    "event": {
        "eventID": "ev-2",
        "messageID": 1800872493473406976,
        "type": 6,
        "to": "reader@example.com",
        "toName": "Reader",
        "messageSubject": "Spring offer",
        "groups": None,
        "submittedAt": NOON_NS,
        "accountID": 1,
        "smtpCode": 0,
        "eventMetadata": {
            "clickedURL": "https://shop.example.com/spring",
            "trackedIP": "192.0.2.7",
            "rawUserAgent": "Mozilla/5.0",
            "userAgent": {"Family": "Firefox", "Major": "130"},
            "geo": {"cityID": "12", "country": "AT"},
        },
    },
    "emailMessage": {"to": [{"email": "reader@example.com"}], "groups": ["spring"]},
}
SHORT = {
    "eventId": "ev-3",
    "event": "delivered",
    "messageId": "m-3",
    "recipient": "you@example.com",
    "timestamp": "2026-11-29T12:00:00Z",
}
BOUNCED = {
    "id": "5943830007",
    "mid": "5520650288",
    "status": "BOUNCED",
    "email": "gone@example.com",
    "subject": "Spring offer",
    "timestamp": 1576711314,
    "reason": {"0": "550 5.1.1 unknown user", "response": "550 5.1.1 unknown user"},
}


def read(*found: Any) -> WebhookEvent:
    (event,) = read_webhook(json.dumps(found[0] if len(found) == 1 else found).encode())
    return event


def turbosmtp(status: str, **more: Any) -> dict[str, Any]:
    return {**BOUNCED, "status": status, **more}


def sendpost(**more: Any) -> dict[str, Any]:
    return {**V1, "event": {**V1["event"], **more}}


def test_sendposts_newer_shape() -> None:
    event = read(V1)
    assert (event.service, event.identity, event.kind, event.word) == (
        "sendpost",
        "ev-1",
        "hard bounce",
        "hardBounced",
    )
    assert (event.message_id, event.recipient, event.at) == ("1800872493473406976", "gone@example.com", NOON)
    assert (event.key, event.campaign, event.subject) == (KEY, "spring", "Spring offer")
    assert event.words == "550 5.1.1 unknown user"


def test_sendposts_older_shape() -> None:
    event = read(LEGACY)
    assert (event.identity, event.kind, event.word, event.at) == ("ev-2", "clicked", "type 6", NOON)
    assert (event.message_id, event.recipient) == ("1800872493473406976", "reader@example.com")
    assert (event.url, event.ip, event.user_agent) == (
        "https://shop.example.com/spring",
        "192.0.2.7",
        "Mozilla/5.0",
    )
    assert (event.key, event.campaign, event.words) == ("", "spring", "")


def test_sendposts_short_sample() -> None:
    event = read(SHORT)
    assert (event.service, event.identity, event.kind, event.message_id) == (
        "sendpost",
        "ev-3",
        "delivered",
        "m-3",
    )
    assert (event.recipient, event.at, event.word) == ("you@example.com", NOON, "delivered")


@pytest.mark.parametrize(
    ("number", "kind"),
    [*enumerate(sendpost_events._NUMBERS[n] for n in range(11)), (29, "hard bounce"), (35, "type 35")],
)
def test_every_number_of_sendpost(number: int, kind: str) -> None:
    event = read(sendpost(type=number, typeName=None))
    assert (event.kind, event.word) == (kind, f"type {number}")


def test_a_kind_that_nobody_knows_is_kept_as_theirs() -> None:
    assert read(sendpost(type=99, typeName="teleported")).kind == "teleported"
    assert read(sendpost(type=99, typeName=None)).kind == "type 99"
    event = read(turbosmtp("TELEPORTED"))
    assert (event.kind, event.word) == ("TELEPORTED", "TELEPORTED")


@pytest.mark.parametrize(
    ("status", "more", "kind", "words"),
    [
        ("PROCESSED", {"reason": None}, "processed", ""),
        ("DEFERRED", {"reason": "400 try again later", "attempt": 2}, "soft bounce", "400 try again later"),
        ("DELIVERED", {"reason": None}, "delivered", ""),
        ("BOUNCED", {}, "hard bounce", "550 5.1.1 unknown user"),
        ("BOUNCED", {"reason": {"0": "only here"}}, "hard bounce", "only here"),
        (
            "DROPPED",
            {"reason": {"response": "Dropped due to complaining recipient"}, "subject": None},
            "dropped",
            "Dropped due to complaining recipient",
        ),
        ("OPENED", {"reason": None, "useragent": "Mozilla/5.0", "ip": "192.0.2.7"}, "opened", ""),
        ("CLICKED", {"reason": None, "url": "https://shop.example.com/"}, "clicked", ""),
        ("UNSUBSCRIBED", {"reason": None}, "unsubscribed", ""),
        ("REPORT", {"reason": None}, "complained", ""),
    ],
)
def test_every_status_of_turbosmtp(status: str, more: dict[str, Any], kind: str, words: str) -> None:
    event = read(turbosmtp(status, **more))
    assert (event.service, event.kind, event.word, event.words) == ("turbosmtp", kind, status, words)
    assert (event.message_id, event.recipient) == ("5520650288", "gone@example.com")
    assert event.subject == ("" if "subject" in more else "Spring offer")
    assert (event.url, event.ip, event.user_agent) == (
        more.get("url", ""),
        more.get("ip", ""),
        more.get("useragent", ""),
    )


def test_the_reference_of_turbosmtp_is_our_key() -> None:
    assert read(turbosmtp("OPENED", reference_id=KEY)).key == KEY


@pytest.mark.parametrize(
    ("members", "at"),
    [
        ({"timestamp": 1576711314}, datetime(2019, 12, 18, 23, 21, 54, tzinfo=UTC)),
        ({"timestamp": "1576711314"}, datetime(2019, 12, 18, 23, 21, 54, tzinfo=UTC)),
        ({"Timestamp": 1576711314, "timestamp": 1}, datetime(2019, 12, 18, 23, 21, 54, tzinfo=UTC)),
        ({"timestamp": 10**15}, None),
        ({"timestamp": "soon"}, None),
        ({"timestamp": None}, None),
    ],
)
def test_every_way_to_write_a_time_of_turbosmtp(members: dict[str, Any], at: datetime | None) -> None:
    assert read({**BOUNCED, **members}).at == at


def test_every_kind_of_theirs_has_one_of_our_words() -> None:
    assert set(KINDS) == set(sendpost_events._EVENTS)
    assert set(turbosmtp_webhook_events.KINDS.values()) <= set(KINDS)


def test_a_list_is_read_in_its_order_whoever_posted_it() -> None:
    events = read_webhook(json.dumps([V1, BOUNCED, SHORT]).encode())
    assert [event.service for event in events] == ["sendpost", "turbosmtp", "sendpost"]


def test_a_delivery_again_has_the_same_identity_and_another_event_has_not() -> None:
    again = dict(reversed(BOUNCED.items()))
    assert read(BOUNCED).identity == read(again).identity
    others = [
        turbosmtp("DELIVERED"),
        {**BOUNCED, "timestamp": 1576711315},
        {**BOUNCED, "id": "5943830008"},
        turbosmtp("DEFERRED", attempt=1),
        turbosmtp("DEFERRED", attempt=2),
        turbosmtp("CLICKED", url="https://a.example/"),
        turbosmtp("CLICKED", url="https://b.example/"),
    ]
    identities = {read(it).identity for it in (BOUNCED, *others)}
    assert len(identities) == 1 + len(others), "one row id may be shared by all events of a recipient"


def test_an_event_without_an_id_is_known_by_all_it_says() -> None:
    bare = sendpost(eventId=None)
    assert (
        read(bare).identity == read({"emailMessage": bare["emailMessage"], "event": bare["event"]}).identity
    )
    assert read(bare).identity != read(sendpost(eventId=None, type=5)).identity
    without = {name: it for name, it in BOUNCED.items() if name != "id"}
    assert read(without).identity != read({**without, "status": "OPENED"}).identity


def test_the_address_it_was_posted_to_is_not_kept() -> None:
    event = read(V1)
    assert "hunter2" not in event.raw and "5.1.1 unknown user" in event.raw
    older = {**LEGACY, "emailMessage": {"webhook_endpoint": "https://me:hunter2@hooks.example.com/"}}
    assert "hunter2" not in read(older).raw


def test_what_is_kept_has_bounds_and_no_orders_for_a_terminal() -> None:
    event = read(sendpost(to="x" * 5_000, subject="\x1b[2J" + "y" * 50_000, eventId="e" * 5_000))
    assert (len(event.recipient), len(event.raw)) == (320, RAW_LIMIT)
    assert len(event.identity) < 101 and "\x1b" not in event.subject


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"<html>", "no JSON"),
        (b'{"a": NaN}', "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'"\xff"', "no JSON"),
        (b'{"a":"\\ud800"}', "no JSON"),
        (b"[]", "no event"),
        (b"7", "must be a JSON object"),
        (b"[7]", "must be a JSON object"),
        (b"{}", "no event of turboSMTP"),
        (b'{"event": {}}', "no event of turboSMTP"),
        (b'{"event": {"to": "x"}}', "no event of turboSMTP"),
        (b'{"status": "OPENED"}', "no event of turboSMTP"),
        (b"[" + b",".join([b"{}"] * (MOST_EVENTS + 1)) + b"]", "at most 5,000"),
    ],
)
def test_what_is_no_event_is_refused_with_a_sentence(body: bytes, says: str) -> None:
    with pytest.raises(Garbled, match=says):
        read_webhook(body)


_ODD: list[Any] = [None, True, 7, -1, 1.5, 1e300, 10**30, "", "x", "²", [], [1], ["a"], {}, {"a": [1]}]


@pytest.mark.parametrize("sample", [V1, LEGACY, SHORT, BOUNCED])
def test_a_member_of_any_type_is_read_or_refused(sample: dict[str, Any]) -> None:
    insides = [(), *((name,) for name, it in sample.items() if isinstance(it, dict))]
    if ("event",) in insides:
        insides.append(("event", "eventMetadata"))
    for path in insides:
        for name in _inside(sample, path):
            for odd in _ODD:
                changed = json.loads(json.dumps(sample))
                _inside(changed, path)[name] = odd
                try:
                    event = read(changed)
                except Garbled:
                    continue
                assert event.identity and len(event.raw) <= RAW_LIMIT
                assert event.at is None or event.at.tzinfo is UTC


def _inside(sample: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for name in path:
        sample = sample[name]
    return sample


@pytest.mark.parametrize("service", ["sendpost", "turbosmtp"])
def test_a_sample_of_every_kind_is_read_as_that_kind(service: str) -> None:
    for kind in kinds_of(service):
        (event,) = read_webhook(sample(service, kind, id="s-1", at=NOON))
        assert (event.service, event.kind, event.at) == (service, kind, NOON)
        assert event.recipient == "sample@example.com" and event.message_id == "sample-s-1"


@pytest.mark.prove
def test_bytes_that_were_changed_on_the_way_are_read_or_refused() -> None:
    random = Random(20261129)
    bodies = [json.dumps(it).encode() for it in (V1, LEGACY, SHORT, BOUNCED, [V1, BOUNCED])]
    outcomes: Counter[bool] = Counter()
    for _ in range(100_000):
        body = bytearray(random.choice(bodies))
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(body))
            change = random.randrange(4)
            if change == 0:
                body[at] = random.randrange(256)
            elif change == 1:
                del body[at : at + random.randint(1, 9)]
            elif change == 2:
                body[at:at] = random.choice((b"null", b"[", b"}", b'"', b"1e9", b"\\u0000", b"-", b"{}"))
            else:
                body[at : at + 20] = body[:20]
        try:
            events = read_webhook(bytes(body))
        except Garbled as why:
            assert str(why)
            outcomes[False] += 1
        else:
            assert all(event.identity and event.kind is not None for event in events)
            outcomes[True] += 1
    assert min(outcomes[True], outcomes[False]) > 1_000, "both were met"
