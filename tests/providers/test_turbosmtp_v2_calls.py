"""What turboSMTP's v2 API is told: bodies and queries."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from turbodesk.errors import InvalidDraft, NotOffered
from turbodesk.model.message import Address, Attachment, BytesSource, Header, Message
from turbodesk.model.reports import (
    ALL_TIME,
    BOUNCED,
    QUEUED,
    MailStatus,
    Period,
    ReportType,
    Restriction,
    Suppressing,
)
from turbodesk.providers import turbosmtp_v2_calls as said
from turbodesk.providers.exchange import Body, Call

ME, YOU = Address("me@example.com"), Address("you@example.org")
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
DAYS = said.Days(date(2026, 3, 1), date(2026, 3, 31), UTC)


def message(**more: Any) -> Message:
    return Message(**{"sender": ME, "to": (YOU,), "subject": "Hi", "text": "Hello", "key": "td-1", **more})


def data(body: Body) -> bytes:
    return b"".join(body.pieces()) if body.pieces else body.data


def sent(message: Message, form: str = "fields") -> Any:
    return json.loads(data(said.send_body(message, form)))


def picture(id: str, name: str = "logo.png") -> Attachment:
    return Attachment(name, "image/png", 4, "", BytesSource(b"\x89PNG"), id)


# ---- sending


def test_the_smallest_send_holds_what_is_needed_and_nothing_else() -> None:
    assert sent(message()) == {
        "from": "me@example.com",
        "to": "you@example.org",
        "subject": "Hi",
        "content": "Hello",
        "custom_headers": {"X-Turbodesk-ID": "td-1"},
        "X-campaign-ID": "td-1",
        "reference_id": "td-1",
    }
    assert set(sent(message(key=""))) == {"from", "to", "subject", "content"}


@pytest.mark.parametrize(
    ("groups", "key", "campaign"),
    [
        ((), "td-1", "td-1"),
        (("",), "td-1", "td-1"),
        (("spring",), "td-1", "spring"),
        (("spring",), "", "spring"),
    ],
)
@pytest.mark.parametrize("form", ["fields", "mime"])
def test_the_campaign_is_the_group_and_without_one_our_key(
    groups: tuple[str, ...], key: str, campaign: str, form: str
) -> None:
    fields = sent(message(groups=groups, key=key), form)
    assert fields["X-campaign-ID"] == campaign
    assert fields.get("reference_id", "") == key


@pytest.mark.parametrize("form", ["fields", "mime"])
def test_no_name_of_a_recipient_stands_where_the_server_splits_at_commas(form: str) -> None:
    jane = Address("jane@example.org", "Doe, Jane")
    fields = sent(
        message(to=(jane,), cc=(Address("c@example.org", "C"),), bcc=(Address("b@x.org", "B,"),)), form
    )
    assert (fields["to"], fields["cc"], fields["bcc"]) == ("jane@example.org", "c@example.org", "b@x.org")


def test_a_full_send_holds_everything() -> None:
    boxes = tuple(Address(f"{name}@example.org", "Doe, Jane") for name in "abc")
    full = message(
        sender=Address("me@example.com", "Doe, Jane"),
        to=boxes[:2],
        cc=(boxes[2], boxes[0]),
        bcc=(Address("d@example.net", "Doe, Jane"),),
        reply_to=Address("back@example.com", "Bäck"),
        html="<b>Hi</b>",
        headers=(Header("List-Unsubscribe", "<mailto:x@example.com>"),),
        groups=("spring",),
        attachments=(Attachment.of_bytes("Größe.pdf", b"%PDF", "application/pdf"),),
    )
    fields = sent(full)
    assert fields == {
        "from": '"Doe, Jane" <me@example.com>',
        "to": "a@example.org,b@example.org",
        "cc": "c@example.org",  # the one that stands in To already is not sent twice
        "bcc": "d@example.net",
        "subject": "Hi",
        "content": "Hello",
        "html_content": "<b>Hi</b>",
        "custom_headers": {
            "List-Unsubscribe": "<mailto:x@example.com>",
            "Reply-To": "=?utf-8?b?QsOkY2s=?= <back@example.com>",
            "X-Turbodesk-ID": "td-1",
        },
        "X-campaign-ID": "spring",
        "reference_id": "td-1",
        "attachments": [
            {"name": "Größe.pdf", "type": "application/pdf", "content": base64.b64encode(b"%PDF").decode()}
        ],
    }


def test_a_picture_inside_the_letter_goes_with_its_bare_id_and_the_html_names_the_senders_domain() -> None:
    html = '<img src="cid:logo"><img src="cid:logo2"><img src="cid:full@example.org">'
    fields = sent(message(html=html, attachments=(picture("logo"), picture("full@example.org"))))
    assert fields["html_content"] == (
        '<img src="cid:logo@example.com"><img src="cid:logo2"><img src="cid:full@example.org">'
    )
    assert [entry["content_id"] for entry in fields["attachments"]] == ["logo", "full@example.org"]


def test_without_html_there_is_nothing_to_rewrite() -> None:
    fields = sent(message(text="see cid:logo", attachments=(picture("logo"),)))
    assert fields["content"] == "see cid:logo"
    assert "html_content" not in fields
    assert fields["attachments"][0]["content_id"] == "logo"


def test_a_whole_mail_goes_as_text_in_the_fields_of_the_envelope() -> None:
    blob = bytes(range(256)) * 5000
    full = message(
        sender=Address("me@example.com", "Jürgen"),
        bcc=(Address("secret@example.net"),),
        html='<b title="\\">100 % "ü"\t</b>',
        groups=("spring",),
        headers=(Header("X-Own", 'back\\slash "quoted"'),),
        attachments=(Attachment.of_bytes('Größe "1".bin', blob, "application/x-thing"),),
    )
    body = said.send_body(full, "mime")
    assert body.pieces is not None
    assert b"".join(body.pieces()) == b"".join(body.pieces())  # measured once, sent once: the same bytes
    assert all(body.pieces())
    fields = json.loads(data(body))
    assert set(fields) == {"from", "to", "bcc", "subject", "X-campaign-ID", "reference_id", "mime_raw"}
    assert (fields["from"], fields["to"]) == ("Jürgen <me@example.com>", "you@example.org")
    assert (fields["bcc"], fields["subject"]) == ("secret@example.net", "Hi")
    assert (fields["X-campaign-ID"], fields["reference_id"]) == ("spring", "td-1")
    mail = message_from_bytes(fields["mime_raw"].encode("ascii"), policy=default)
    assert "\r\n" in fields["mime_raw"] and "secret@example.net" not in fields["mime_raw"]
    assert (mail["X-Turbodesk-ID"], mail["X-Own"]) == ("td-1", 'back\\slash "quoted"')
    (file,) = mail.iter_attachments()  # type: ignore[attr-defined]
    assert (file.get_filename(), file.get_content()) == ('Größe "1".bin', blob)
    html = mail.get_body(("html",)).get_content()  # type: ignore[attr-defined]
    assert html.strip() == full.html


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"to": (), "bcc": (YOU,)}, "to"),
        ({"to": (Address("a\r\nb@example.org"),)}, "to"),
        ({"sender": Address("me@example.com", "a\r\nb")}, "to"),
        ({"subject": "a\r\nBcc: x@example.com"}, "subject"),
        ({"subject": "x" * 701}, "subject"),
        ({"headers": (Header("X-A", "b\nBcc: x@example.com"),)}, "headers"),
        ({"headers": (Header("X-A: 1\r\nBcc", "x@example.com"),)}, "headers"),
        ({"headers": (Header("X-A", "1"), Header("x-a", "2"))}, "headers"),
        ({"headers": (Header("x-turbodesk-id", "mine"),)}, "headers"),
        ({"headers": (Header("Reply-To", "x@example.com"),), "reply_to": YOU}, "headers"),
        ({"groups": ("spring", "summer")}, "groups"),
        ({"groups": ("spr\ning",)}, "groups"),
        ({"groups": ("spr\r\nX: y",)}, "groups"),
        ({"groups": ("spr\u2028ing",)}, "groups"),
        ({"reply_to": Address("x@example.com", "a\r\nBcc: y@example.com")}, "to"),
        ({"reply_to": Address("x@example.com\r\nBcc: y@example.com")}, "to"),
        ({"cc": (Address("c@example.com", "a\nb"),)}, "to"),
        ({"attachments": (picture("a\r\nX: y"),)}, "attachments"),
        ({"attachments": (picture("a> <b"),)}, "attachments"),
        ({"text": "half \ud800"}, "body"),
        ({"html": "half \ud800"}, "body"),
        ({"attachments": (Attachment.of_bytes("half \ud800", b""),)}, "body"),
    ],
)
@pytest.mark.parametrize("form", ["fields", "mime"])
def test_what_the_wire_cannot_carry_is_refused_aloud(more: dict[str, Any], field: str, form: str) -> None:
    with pytest.raises(InvalidDraft) as refused:
        said.send_body(message(**more), form)
    assert field in refused.value.problems


@pytest.mark.parametrize("odd", [{"name": "a\r\nX: y.png"}, {"media_type": "image/png\r\nX: y"}])
def test_a_file_cannot_write_a_header_of_its_own(odd: dict[str, str]) -> None:
    letter = message(attachments=(replace(Attachment.of_bytes("a.png", b"", "image/png"), **odd),))
    with pytest.raises(InvalidDraft) as refused:
        said.send_body(letter, "fields")
    assert set(refused.value.problems) == {"attachments"}
    head = sent(letter, "mime")["mime_raw"]  # there Turbodesk writes the headers, and encodes them
    assert "\nX: y" not in head


def test_a_subject_of_700_signs_of_any_width_is_taken() -> None:
    assert sent(message(subject="ü😀" * 350))["subject"] == "ü😀" * 350


def test_a_whole_mail_takes_no_second_date_and_fields_do() -> None:
    dated = message(headers=(Header("Date", "today"),))
    with pytest.raises(InvalidDraft) as refused:
        said.send_body(dated, "mime")
    assert "headers" in refused.value.problems
    assert sent(dated)["custom_headers"]["Date"] == "today"


# ---- signing in


@pytest.mark.parametrize("no_expire", [True, False])
def test_signing_in_asks_with_a_boolean(no_expire: bool) -> None:
    fields = json.loads(said.sign_in_body("me@example.com", "pä\\ss", no_expire=no_expire).data)
    assert fields == {"email": "me@example.com", "password": "pä\\ss", "no_expire": no_expire}


def test_half_a_character_in_the_password_is_told_as_such() -> None:
    with pytest.raises(InvalidDraft) as caught:
        said.sign_in_body("me@example.com", "pass\udcff", no_expire=False)
    assert set(caught.value.problems) == {"password"}


# ---- lists


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "+00:00"), (60, "+01:00"), (330, "+05:30"), (-420, "-07:00"), (-210, "-03:30"), (840, "+14:00")],
)
def test_an_offset_is_written_with_its_sign(minutes: int, text: str) -> None:
    zone = timezone(timedelta(minutes=minutes))
    assert said.Days(date(2026, 3, 1), date(2026, 3, 2), zone).fields == {
        "from": "2026-03-01",
        "to": "2026-03-02",
        "tz": text,
    }


def test_all_time_begins_before_their_first_message_and_ends_tomorrow() -> None:
    days = said.days_of(ALL_TIME)
    today = datetime.now(UTC).date()
    assert days.first == date(2010, 1, 1)
    assert days.last in (today + timedelta(days=1), today + timedelta(days=2))  # midnight may pass meanwhile
    assert days.fields["tz"] == "+00:00"


def test_what_is_asked_of_analytics() -> None:
    assert said.analytics_fields(DAYS) == {"from": "2026-03-01", "to": "2026-03-31", "tz": "+00:00"}
    assert said.analytics_fields(DAYS, QUEUED)["status[]"] == ["NEW", "DEFER"]
    call = Call("GET", "/x", said.query_of({**said.analytics_fields(DAYS, QUEUED), **said.on_page(2)}))
    assert call.target == (
        "/x?from=2026-03-01&to=2026-03-31&tz=%2B00:00&status%5B%5D=NEW&status%5B%5D=DEFER&page=2&limit=1000"
    )
    assert said.analytics_fields(DAYS, BOUNCED)["status[]"] == ["FAIL"]
    with pytest.raises(InvalidDraft):
        said.analytics_fields(DAYS, {MailStatus.OTHER})


def test_what_is_asked_of_suppressions() -> None:
    which = Suppressing(MARCH, frozenset({ReportType.SPAM, ReportType.BOUNCE}), "a+b & ü")
    fields = said.suppressions_fields(which, DAYS)
    assert fields == {
        "from": "2026-03-01",
        "to": "2026-03-31",
        "tz": "+00:00",
        "filter": "a+b & ü",
        "smart_search": True,
        "filter_by": ["bounce", "spam"],
    }
    assert Call("GET", "/x", said.query_of(fields)).target == (
        "/x?from=2026-03-01&to=2026-03-31&tz=%2B00:00&filter=a%2Bb%20%26%20%C3%BC&smart_search=true"
        "&filter_by=bounce&filter_by=spam"
    )
    for blank in ("", "  "):  # a server might take blanks for everything
        assert set(said.suppressions_fields(Suppressing(MARCH, text=blank), DAYS)) == {"from", "to", "tz"}


def test_restrictions_are_written_out() -> None:
    restrictions = (
        Restriction("sender", "me@example.com", exact=True),
        Restriction("subject", "offer", include=False),
    )
    fields = said.suppressions_fields(Suppressing(MARCH, restrictions=restrictions), DAYS)
    assert fields["restrict"] == [
        {"by": "sender", "operator": "include", "filter": "me@example.com", "smart_search": False},
        {"by": "subject", "operator": "exclude", "filter": "offer", "smart_search": True},
    ]
    for senseless in (Restriction("colour", "red"), Restriction("reason", ""), Restriction("reason", "  ")):
        with pytest.raises(InvalidDraft) as refused:
            said.suppressions_fields(Suppressing(restrictions=(senseless,)), DAYS)
        assert "restrict" in refused.value.problems


def test_a_report_is_looked_for_by_its_address() -> None:
    for blank in ("", " "):
        every = said.suppressing(ReportType.SPAM, MARCH, blank)
        assert every == Suppressing(MARCH, frozenset({ReportType.SPAM}))
    assert said.suppressing(ReportType.SPAM, MARCH, "x@y").restrictions == (Restriction("recipient", "x@y"),)


@pytest.mark.parametrize("type", [ReportType.HARD_BOUNCE, ReportType.SOFT_BOUNCE])
def test_hard_and_soft_bounces_are_no_lists_of_their_own(type: ReportType) -> None:
    with pytest.raises(NotOffered, match=type.value):
        said.sources_of(frozenset({type, ReportType.SPAM}))


def test_half_a_character_in_a_filter_is_told_before_anything_is_asked() -> None:
    for which in (Suppressing(text="\ud800"), Suppressing(restrictions=(Restriction("reason", "\ud800"),))):
        with pytest.raises(InvalidDraft):
            said.json_of(said.suppressions_fields(which, DAYS))


def test_addresses_go_in_bundles_each_once() -> None:
    emails = [f"{number}@example.com" for number in range(1001)]
    found = list(said.bundles([*emails, emails[0]]))
    assert [len(bundle) for bundle in found] == [500, 500, 1]
    assert [email for bundle in found for email in bundle] == emails


def test_a_new_key_may_do_everything_from_anywhere_unless_told_otherwise() -> None:
    assert said.key_fields("Shop", (), ()) == {
        "label": "Shop",
        "permissions": ["SEND_SMTP", "SEND_API", "APIS"],
    }
    assert said.key_fields("Shop", ["APIS"], ["192.0.2.1"]) == {
        "label": "Shop",
        "permissions": ["APIS"],
        "ips": ["192.0.2.1"],
    }


def test_an_import_is_by_hand_and_may_say_why() -> None:
    assert said.import_fields(["a@example.com"], "") == {"type": "manual", "content": ["a@example.com"]}
    assert said.import_fields(("a@example.com",), "asked")["reason"] == "asked"
