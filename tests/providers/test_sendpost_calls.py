"""What SendPost is told: bodies, paths and queries, and what is refused because the wire cannot carry it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.sendpost_desk import YOU, letter
from turbodesk.errors import InvalidDraft
from turbodesk.model.message import Address, Attachment, Header
from turbodesk.providers import sendpost_calls as said
from turbodesk.providers.exchange import Body

NS = 1_767_225_600_000_000_123  # 2026-01-01T00:00:00.000000123Z
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def body_of(body: Body) -> Any:
    data = b"".join(body.pieces()) if body.pieces else body.data
    assert body.length in (None, len(data))
    return json.loads(data)


def sent(**more: Any) -> Any:
    return body_of(said.send_body(letter(**more), track_opens=True, track_clicks=False))


# ---- what a send says


def test_the_smallest_send() -> None:
    assert sent(sender=Address("me@example.com"), to=(Address("you@example.org"),), key="") == {
        "from": {"email": "me@example.com"},
        "to": [{"email": "you@example.org"}],
        "subject": "Hi",
        "textBody": "Hello",
        "trackOpens": True,
        "trackClicks": False,
    }


def test_a_full_send() -> None:
    blob = bytes(range(256)) * 4000
    fields = sent(
        to=(YOU, Address("two@example.org")),
        cc=(Address("cc@example.net", "Copy"), YOU),
        bcc=(Address("bcc@example.net"),),
        reply_to=Address("back@example.com", "Bäck"),
        html="<p>Hällo {{name}}</p>",
        headers=(Header("X-Campaign", "spring"),),
        groups=("spring", "td-1", "news"),
        track_opens=False,
        track_clicks=True,
        fields=(("name", "Zoë"),),
        attachments=(Attachment.of_bytes("Größe.bin", blob), Attachment.of_bytes("empty.txt", b"")),
    )
    assert [entry.pop("content") for entry in fields["attachments"]] == [base64.b64encode(blob).decode(), ""]
    mine = {"customFields": {"name": "Zoë"}}
    assert fields == {
        "from": {"email": "me@example.com", "name": "Me"},
        "to": [
            {
                "email": "you@example.org",
                "name": "You",
                **mine,
                "cc": [{"email": "cc@example.net", "name": "Copy", **mine}],  # who is in To is not copied
                "bcc": [{"email": "bcc@example.net", **mine}],
            },
            {"email": "two@example.org", **mine},
        ],
        "replyTo": {"email": "back@example.com", "name": "Bäck"},
        "subject": "Hi",
        "htmlBody": "<p>Hällo {{name}}</p>",
        "textBody": "Hello",
        "headers": {"X-Campaign": "spring", "X-Turbodesk-ID": "td-1"},
        "groups": ["spring", "td-1", "news"],
        "trackOpens": False,
        "trackClicks": True,
        "attachments": [{"filename": "Größe.bin"}, {"filename": "empty.txt"}],
    }


@pytest.mark.parametrize(("template", "member"), [("welcome", "template"), ("501", "templateId")])
def test_a_stored_letter_is_named_and_its_values_stand_in_both_places(template: str, member: str) -> None:
    message = letter(template=template, subject="", text="", fields=(("name", "Zoë"), ("city", "Rom")))
    call = said.send_call(message, track_opens=True, track_clicks=False)
    assert (call.method, call.path) == ("POST", "/api/v1/subaccount/email/template")
    assert call.body is not None
    values = {"name": "Zoë", "city": "Rom"}
    assert body_of(call.body) == {
        "from": {"email": "me@example.com", "name": "Me"},
        "to": [{"email": "you@example.org", "name": "You", "customFields": values}],
        member: template,
        "templateVariables": values,
        "headers": {"X-Turbodesk-ID": "td-1"},
        "groups": ["td-1"],
        "trackOpens": True,
        "trackClicks": False,
    }


def test_what_is_written_beside_a_stored_letter_goes_along() -> None:
    fields = sent(template="welcome", subject="Mine", text="And mine", html="<p>Mine</p>")
    assert (fields["subject"], fields["textBody"], fields["htmlBody"]) == ("Mine", "And mine", "<p>Mine</p>")
    assert "templateVariables" not in fields
    plain = said.send_call(letter(), track_opens=True, track_clicks=True)
    assert plain.path == "/api/v1/subaccount/email/"


@given(
    st.lists(st.sampled_from([f"{name}@Example.org" for name in "abcdeABCDE"]), min_size=1, max_size=4),
    st.lists(st.sampled_from([f"{name}@example.org" for name in "abcdefgh"]), max_size=4),
    st.lists(st.sampled_from([f"{name}@example.org" for name in "defghij"]), max_size=4),
)
def test_nobody_gets_the_mail_twice(to: list[str], cc: list[str], bcc: list[str]) -> None:
    message = letter(
        to=tuple(map(Address, to)), cc=tuple(map(Address, cc)), bcc=tuple(map(Address, bcc)), key="k"
    )
    recipients = body_of(said.send_body(message, track_opens=True, track_clicks=True))["to"]
    everybody = [
        each["email"] for entry in recipients for each in (entry, *entry.get("cc", ()), *entry.get("bcc", ()))
    ]
    assert sorted(everybody) == sorted(address.email for _, address in message.recipients)
    assert len({Address(email).key for email in everybody}) == len(everybody)
    assert all(not ({"cc", "bcc"} & set(entry)) for entry in recipients[1:])


BIG = Attachment("big.bin", "application/octet-stream", 18_750_001, "", Attachment.of_bytes("a", b"").source)
FITS = Attachment("big.bin", "application/octet-stream", 18_750_000, "", Attachment.of_bytes("a", b"").source)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"to": (), "cc": (YOU,)}, "to"),
        ({"to": tuple(Address(f"{n}@example.org") for n in range(501))}, "to"),
        ({"cc": tuple(Address(f"{n}@example.org") for n in range(51))}, "cc"),
        ({"bcc": tuple(Address(f"{n}@example.org") for n in range(51))}, "bcc"),
        ({"to": (Address("a@example.org", "x" * 257),)}, "to"),
        ({"cc": (Address("a@example.org", "x" * 257),)}, "cc"),
        ({"sender": Address("a@example.org", "x" * 257)}, "from"),
        ({"reply_to": Address("a@example.org", "x" * 257)}, "reply-to"),
        ({"to": (Address("a@example.org", "x\ny"),)}, "to"),
        ({"text": ""}, "body"),
        ({"text": "half \ud800"}, "body"),
        ({"subject": "a\r\nBcc: x@example.com"}, "subject"),
        ({"reply_to": Address("a@example.org", "x\r\nBcc: x@example.com")}, "to"),
        ({"headers": (Header("X-A", "1\r\nBcc: x@example.com"),)}, "headers"),
        ({"headers": (Header("X-A: 1\nBcc", "x@example.com"),)}, "headers"),
        ({"groups": ("spring\nsummer",)}, "groups"),
        ({"fields": (("a\nb", "x"),)}, "fields"),
        ({"template": "a\nb"}, "template"),
        ({"subject": "Hi {{name}}", "fields": (("name", "x\r\nBcc: x@example.com"),)}, "fields"),
        ({"headers": (Header("X-A", "{{name}}"),), "fields": (("name", "x\ny"),)}, "fields"),
        ({"headers": (Header("X-A", "1"), Header("x-a", "2"))}, "headers"),
        ({"headers": (Header("Subject", "other"),)}, "headers"),
        ({"headers": (Header("x-turbodesk-id", "mine"),)}, "headers"),
        ({"attachments": (BIG,)}, "attachments"),
        ({"attachments": (Attachment.of_bytes("x" * 256, b""),)}, "attachments"),
        ({"attachments": (Attachment.of_bytes("", b"x"),)}, "attachments"),
        ({"attachments": (Attachment.of_bytes('a"\r\nX: y', b"x"),)}, "attachments"),
        ({"fields": (("unsubscribe", "x"),)}, "fields"),
        ({"fields": (("a", "x"), ("a", "y"))}, "fields"),
    ],
)
def test_what_the_wire_cannot_carry_is_refused_aloud(more: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidDraft) as refused:
        said.send_body(letter(**more), track_opens=True, track_clicks=True)
    assert field in refused.value.problems


def test_the_largest_that_goes() -> None:
    said.check_message(letter(attachments=(FITS,), to=tuple(Address(f"{n}@example.org") for n in range(500))))


def test_lines_of_a_placeholder_may_go_into_the_body() -> None:
    fields = sent(fields=(("address", "Via Roma 1\nMilano"),), text="{{address}}")
    assert fields["to"][0]["customFields"] == {"address": "Via Roma 1\nMilano"}


def test_a_file_name_may_hold_any_sign_that_people_see() -> None:
    name = "Screenshot 9.41\u202fAM \u00e4\u4e2d.png"
    assert sent(attachments=(Attachment.of_bytes(name, b"x"),))["attachments"][0]["filename"] == name


def test_half_a_character_in_an_address_is_told() -> None:
    with pytest.raises(InvalidDraft):
        said.unsuppress_call(["a\ud800@example.org"])
