"""What turboSMTP is told: bodies, paths and queries."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import parse_qs

import pytest

from turbodesk.errors import InvalidDraft, NotOffered
from turbodesk.model.message import Address, Attachment, Header, Message
from turbodesk.model.reports import ALL_TIME, BOUNCED, QUEUED, MailStatus, Period, ReportType
from turbodesk.providers import turbosmtp_calls as said
from turbodesk.providers.exchange import Body, Call

ME, YOU = Address("me@example.com"), Address("you@example.org")
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))


def message(**more: Any) -> Message:
    return Message(**{"sender": ME, "to": (YOU,), "subject": "Hi", "text": "Hello", "key": "td-1", **more})


def data(body: Body) -> bytes:
    return b"".join(body.pieces()) if body.pieces else body.data


def sent(message: Message, form: str = "v2") -> Any:
    return json.loads(data(said.send_body(message, form, "owner@example.com", "pass")))


def test_the_smallest_send_holds_what_is_needed_and_nothing_else() -> None:
    assert sent(message()) == {
        "authuser": "owner@example.com",
        "authpass": "pass",
        "from": "me@example.com",
        "to": "you@example.org",
        "subject": "Hi",
        "content": "Hello",
        "custom_headers": {"X-Turbodesk-ID": "td-1"},
    }


def test_a_full_send_holds_everything() -> None:
    boxes = tuple(Address(f"{name}@example.org", "Doe, Jane") for name in "abc")
    full = message(
        sender=Address("me@example.com", "Jürgen"),
        to=boxes[:2],
        cc=(boxes[2], boxes[0]),
        bcc=(Address("d@example.net"),),
        reply_to=Address("back@example.com", "Bäck"),
        html="<b>Hi</b>",
        headers=(Header("List-Unsubscribe", "<mailto:x@example.com>"),),
    )
    fields = sent(full)
    assert fields["from"] == "Jürgen <me@example.com>"
    assert (fields["to"], fields["cc"], fields["bcc"]) == (
        "a@example.org,b@example.org",
        "c@example.org",  # the one that stands in To already is not sent twice
        "d@example.net",
    )
    assert (fields["content"], fields["html_content"]) == ("Hello", "<b>Hi</b>")
    assert fields["custom_headers"] == {
        "List-Unsubscribe": "<mailto:x@example.com>",
        "Reply-To": "=?utf-8?b?QsOkY2s=?= <back@example.com>",
        "X-Turbodesk-ID": "td-1",
    }


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("", "me@example.com"),
        ("Jane Doe", "Jane Doe <me@example.com>"),
        ("Doe, Jane", '"Doe, Jane" <me@example.com>'),
        ('Jane "JD" Doe', '"Jane \\"JD\\" Doe" <me@example.com>'),
        ("Jane (Sales)", '"Jane (Sales)" <me@example.com>'),
        ("me@example.com", '"me@example.com" <me@example.com>'),
        ("back\\slash", '"back\\\\slash" <me@example.com>'),
    ],
)
def test_the_senders_name_is_quoted_where_it_must_be(name: str, wire: str) -> None:
    assert sent(message(sender=Address("me@example.com", name)))["from"] == wire


@pytest.mark.parametrize("form", ["v1", "beta"])
def test_the_older_forms_take_a_bare_sender_and_say_so(form: str) -> None:
    named = message(sender=Address("me@example.com", "Jane"))
    body = data(said.send_body(named, form, "u", "p")).decode()
    assert "Jane" not in body
    assert "name" in said.send_note(named, form)
    assert said.send_note(message(), form) == said.send_note(named, "v2") == ""


class Counting:
    """A source that tells in which slices it was read."""

    def __init__(self, size: int) -> None:
        self.size, self.slices_read = size, 0

    def slices(self, size: int = 768 * 1024) -> Iterator[bytes]:
        left = self.size
        while left:
            piece = b"x" * min(left, size)
            left -= len(piece)
            self.slices_read += 1
            yield piece


@pytest.mark.parametrize("sizes", [(0,), (1,), (2, 3), (786_432, 786_433, 0, 5)])
def test_attachments_go_as_base64_and_the_length_is_known_before(sizes: tuple[int, ...]) -> None:
    files = tuple(
        Attachment.of_bytes(
            f'{number} "ü".bin', bytes(range(256)) * (size // 256) + b"z" * (size % 256), "image/gif"
        )
        for number, size in enumerate(sizes)
    )
    body = said.send_body(message(attachments=files), "v2", "u", "p")
    assert body.length == len(data(body))
    entries = json.loads(data(body))["attachments"]
    assert [entry["name"] for entry in entries] == [file.name for file in files]
    assert {entry["type"] for entry in entries} == {"image/gif"}
    for entry, file in zip(entries, files, strict=True):
        assert base64.b64decode(entry["content"], validate=True) == b"".join(file.source.slices())


def test_attachments_are_read_piece_by_piece_and_only_when_sent() -> None:
    source = Counting(5 * 1024 * 1024)
    body = said.send_body(
        message(attachments=(Attachment("a.bin", "application/octet-stream", source.size, "", source),)),
        "v2",
        "u",
        "p",
    )
    assert source.slices_read == 0
    assert body.pieces
    pieces = body.pieces()
    next(pieces)
    assert source.slices_read == 1
    assert all(0 < len(piece) <= 1_100_000 for piece in pieces)


def test_the_beta_form_is_a_form() -> None:
    body = said.send_body(message(text="a+b & c=ü\n"), "beta", "u@example.com", "p+&=%ü")
    assert body.media_type == "application/x-www-form-urlencoded"
    fields = {name: values[0] for name, values in parse_qs(body.data.decode(), strict_parsing=True).items()}
    assert fields.pop("custom_headers") == '{"X-Turbodesk-ID":"td-1"}'
    assert fields == {
        "authuser": "u@example.com",
        "authpass": "p+&=%ü",
        "from": "me@example.com",
        "to": "you@example.org",
        "subject": "Hi",
        "content": "a+b & c=ü\n",
    }


def test_the_beta_form_sends_attachments_as_a_whole_mail() -> None:
    blob = bytes(range(256)) * 5000
    full = message(
        sender=Address("me@example.com", "Jürgen"),
        bcc=(Address("secret@example.net"),),
        html="<b>100%</b>",
        attachments=(Attachment.of_bytes("Größe 100%.bin", blob, "image/png"),),
    )
    body = said.send_body(full, "beta", "u", "p")
    fields = {
        name: values[0] for name, values in parse_qs(data(body).decode("ascii"), strict_parsing=True).items()
    }
    assert set(fields) == {"authuser", "authpass", "from", "to", "bcc", "subject", "mime_raw"}
    mail = message_from_bytes(fields["mime_raw"].encode("ascii"), policy=default)
    assert mail["X-Turbodesk-ID"] == "td-1"
    assert [part.get_filename() for part in mail.iter_attachments()] == ["Größe 100%.bin"]  # type: ignore[attr-defined]
    assert next(mail.iter_attachments()).get_content() == blob  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"to": (), "bcc": (YOU,)}, "to"),
        ({"subject": "a\r\nBcc: x@example.com"}, "subject"),
        ({"headers": (Header("X-A", "b\nBcc: x@example.com"),)}, "headers"),
        ({"headers": (Header("X-A: 1\r\nBcc", "x@example.com"),)}, "headers"),
        ({"headers": (Header("X-A", "1"), Header("x-a", "2"))}, "headers"),
        ({"headers": (Header("x-turbodesk-id", "mine"),)}, "headers"),
        ({"headers": (Header("Reply-To", "x@example.com"),), "reply_to": YOU}, "headers"),
        ({"sender": Address("me@example.com", "a\r\nb")}, "to"),
        ({"text": "half \ud800"}, "body"),
    ],
)
@pytest.mark.parametrize("form", ["v2", "v1", "beta"])
def test_what_the_wire_cannot_carry_is_refused_aloud(more: dict[str, Any], field: str, form: str) -> None:
    with pytest.raises(InvalidDraft) as refused:
        said.send_body(message(**more), form, "u", "p")
    assert field in refused.value.problems


def test_a_whole_mail_takes_no_second_date() -> None:
    file = Attachment.of_bytes("a", b"a")
    with pytest.raises(InvalidDraft) as refused:
        said.send_body(message(headers=(Header("Date", "today"),), attachments=(file,)), "beta", "u", "p")
    assert "headers" in refused.value.problems


@pytest.mark.parametrize("form", ["v2", "v1", "beta"])
def test_half_a_character_in_the_password_is_told_as_such(form: str) -> None:
    for ask in (
        lambda: said.send_body(message(), form, "owner@example.com", "pass\udcff"),
        lambda: said.sign_in_body("owner\udcff", "pass", no_expire=False),
    ):
        with pytest.raises(InvalidDraft) as caught:
            ask()
        assert set(caught.value.problems) == {"password"}


def test_signing_in_asks_with_texts() -> None:
    fields = json.loads(said.sign_in_body("me@example.com", "p", no_expire=True).data)
    assert fields == {"email": "me@example.com", "password": "p", "no_expire": "1"}
    assert json.loads(said.sign_in_body("m", "p", no_expire=False).data)["no_expire"] == "0"


@pytest.mark.parametrize(
    ("type", "period", "part", "path"),
    [
        (ReportType.BOUNCE, MARCH, "", "/web/api/reports/bounce"),
        (ReportType.HARD_BOUNCE, MARCH, "count", "/web/api/reports/hardbounce/count"),
        (ReportType.UNSUBSCRIBE, ALL_TIME, "", "/web/api/reports/unsub/all"),
        (ReportType.SOFT_BOUNCE, ALL_TIME, "count", "/web/api/reports/softbounce/all/count"),
        (ReportType.SPAM, ALL_TIME, "csv", "/web/api/reports/spam/all/csv"),
    ],
)
def test_the_paths_of_reports(type: ReportType, period: Period, part: str, path: str) -> None:
    assert said.reports_path(type, period, part) == path


@pytest.mark.parametrize("type", [ReportType.MANUAL, ReportType.VALIDATION_FAILED])
def test_a_list_that_there_is_not_has_no_path(type: ReportType) -> None:
    with pytest.raises(NotOffered, match=type.value):
        said.reports_path(type, ALL_TIME)


def test_queries_are_escaped() -> None:
    call = Call("GET", "/x", (*said.reports_query(MARCH, "a+b c&d=ü"), ("page", "2")))
    assert call.target == (
        "/x?start=2026-03-01&end=2026-03-31&filter=a%2Bb%20c%26d%3D%C3%BC&tz=%2B00:00&page=2"
    )
    assert Call("GET", "/x", said.reports_query(ALL_TIME, "")).target == "/x?tz=%2B00:00"


def test_the_times_and_filters_of_statistics() -> None:
    assert said.stats_query(MARCH, QUEUED) == (
        ("start", "2026-03-01 00:00:00"),
        ("end", "2026-03-31 23:59:59"),
        ("filter", '["NEW","DEFER"]'),
        ("tz", "+00:00"),
    )
    assert said.stats_query(MARCH, BOUNCED, export=True)[0] == ("start_date", "2026-03-01 00:00:00")
    assert said.stats_query(ALL_TIME, ()) == (("tz", "+00:00"),)
    with pytest.raises(InvalidDraft):
        said.stats_query(MARCH, {MailStatus.OTHER})


def test_hard_and_soft_bounces_are_taken_off_the_list_of_bounces() -> None:
    assert said.listed_type(ReportType.HARD_BOUNCE) is ReportType.BOUNCE
    assert said.listed_type(ReportType.SPAM) is ReportType.SPAM
    assert said.export_period(ReportType.SPAM, ALL_TIME) is ALL_TIME
    assert not said.export_period(ReportType.SOFT_BOUNCE, ALL_TIME).all_time
    assert said.export_period(ReportType.SOFT_BOUNCE, MARCH) is MARCH
