"""Whole mails, read back by the standard library."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from turbodesk.model.message import Address, Attachment, Header, Message
from turbodesk.providers.mime import Stamp, mime_pieces

STAMP = Stamp(datetime(2026, 3, 1, 12, tzinfo=UTC), "<td-1@example.com>", "=_boundary")


def written(**more: Any) -> bytes:
    fields = {
        "sender": Address("me@example.com"),
        "to": (Address("you@example.org"),),
        "subject": "Hi",
        "key": "td-1",
    }
    return b"".join(mime_pieces(Message(**{**fields, **more}), STAMP))  # type: ignore[arg-type]


def read(source: bytes) -> EmailMessage:
    mail = message_from_bytes(source, policy=default)
    assert isinstance(mail, EmailMessage)
    assert not [part.defects for part in mail.walk() if part.defects]
    return mail


FULL: dict[str, Any] = {
    "sender": Address("me@example.com", "Doe, Jänne"),
    "to": (Address("a@example.org", "Ünal, X"), Address("b@example.org")),
    "cc": (Address("c@example.net", 'He said "hi"'),),
    "bcc": (Address("secret@example.net"),),
    "reply_to": Address("back@example.com", "Zurück"),
    "subject": "Grüße an alle " * 20,
    "text": "Schöne Grüße\n" + "x" * 3000 + "\n.\nFrom me\n",
    "html": "<p>ü</p>" + "y" * 3000,
    "headers": (Header("X-Campaign", "März"),),
    "attachments": (
        Attachment.of_bytes("Rechnung für März; 'x'.pdf", bytes(range(256)) * 4000, "application/pdf"),
        Attachment.of_bytes("empty.txt", b"", "text/plain"),
        Attachment.of_bytes("odd", b"odd", "no type at all"),
        Attachment.of_bytes("mail.eml", b"Subject: x\n\ny", "message/rfc822"),
    ),
}


def test_a_full_mail_reads_back_as_it_was_written() -> None:
    mail = read(written(**FULL))
    assert str(mail["From"]) == '"Doe, Jänne" <me@example.com>'
    assert [box.display_name for box in mail["To"].addresses] == ["Ünal, X", ""]
    assert mail["Cc"].addresses[0].display_name == 'He said "hi"'
    assert mail["Reply-To"].addresses[0].addr_spec == "back@example.com"
    assert mail["Subject"] == FULL["subject"]
    assert mail["X-Campaign"] == "März"
    assert (mail["Message-ID"], mail["X-Turbodesk-ID"]) == ("<td-1@example.com>", "td-1")
    assert mail["Date"].datetime == STAMP.date
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None and text.get_content().replace("\r\n", "\n") == FULL["text"]
    assert html is not None and html.get_content().rstrip() == FULL["html"]
    files = list(mail.iter_attachments())
    assert [file.get_filename() for file in files] == [file.name for file in FULL["attachments"]]
    assert [file.get_payload(decode=True) for file in files] == [
        b"".join(file.source.slices()) for file in FULL["attachments"]
    ]
    assert [file.get_content_type() for file in files] == [
        "application/pdf",
        "text/plain",
        "application/octet-stream",
        "application/octet-stream",
    ]


def test_nobody_sees_who_was_copied_blindly() -> None:
    source = written(**FULL)
    assert b"secret@example.net" not in source
    assert "bcc" not in read(source)


def test_lines_end_in_crlf_are_ascii_and_short() -> None:
    source = written(**FULL)
    source.decode("ascii")
    assert source.count(b"\n") == source.count(b"\r\n") == source.count(b"\r")
    assert max(map(len, source.split(b"\r\n"))) <= 78
    pdf = source.partition(b"application/pdf")[2].partition(b"\r\n\r\n")[2].partition(b"\r\n--")[0]
    assert {len(line) for line in pdf.split(b"\r\n")[:-2]} == {76}


def test_writing_it_again_gives_the_same_bytes() -> None:
    message = Message(**{"key": "td-1", **FULL})
    stamp = Stamp.now(message)
    assert b"".join(mime_pieces(message, stamp)) == b"".join(mime_pieces(message, stamp))
    assert all(mime_pieces(message, stamp))
    assert stamp.message_id == "<td-1@example.com>"


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ({"text": "a"}, "text/plain"),
        ({"html": "<b>a</b>"}, "text/html"),
        ({"text": "a", "html": "<b>a</b>"}, "multipart/alternative"),
        ({}, "text/plain"),
    ],
)
def test_the_letter_has_the_parts_it_was_given(parts: dict[str, str], kind: str) -> None:
    assert read(written(**parts)).get_content_type() == kind
    mixed = read(written(**parts, attachments=(Attachment.of_bytes("a", b"a"),)))
    assert mixed.get_content_type() == "multipart/mixed"
    assert next(iter(mixed.iter_parts())).get_content_type() == kind
