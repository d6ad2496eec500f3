"""Whole mails, read back by the standard library."""

from __future__ import annotations

import base64
import os
import quopri
import re
import tracemalloc
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turbodesk.errors import InvalidDraft
from turbodesk.model.message import Address, Attachment, BytesSource, Header, Message
from turbodesk.providers import mime
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


# ---- headers


SIGNS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))
WORDS = st.text(SIGNS, max_size=120).map(lambda text: " ".join(text.split()))
NAMED = st.sampled_from(
    ["", "=?utf-8?q?x?=", '"', "\\", "a, b", "😀" * 60, "مرحبا \u202bשלום", "x" * 400, "É" * 300]
)


@settings(max_examples=300, deadline=None)
@given(subject=WORDS | NAMED, name=WORDS | NAMED, value=WORDS | NAMED, file=WORDS | NAMED)
def test_any_header_and_any_name_reads_back(subject: str, name: str, value: str, file: str) -> None:
    more = (Attachment.of_bytes(file or "x", b"1"),)
    boxes = (Address("a@example.org", name), Address("b@example.org", name))
    source = written(
        sender=Address("me@example.com", name),
        to=boxes,
        subject=subject,
        headers=(Header("X-Free", value),),
        attachments=more,
    )
    assert source.isascii() and max(map(len, source.split(b"\r\n"))) <= 998
    mail = read_easily(source)
    assert mail["Subject"] == subject
    assert (mail["X-Free"] or "") == value
    assert boxes_of(source, "To") == [(name, "a@example.org"), (name, "b@example.org")]
    assert boxes_of(source, "From") == [(name, "me@example.com")]
    assert next(mail.iter_attachments()).get_filename() == (file or "x")


def boxes_of(source: bytes, header: str) -> list[tuple[str, str]]:
    """Names and addresses, decoded by hand: the newer parser puts a space between two encoded words."""
    raw = message_from_bytes(source)[header].replace("\r\n", "").replace("\n", "")
    return [(str(make_header(decode_header(name))), email) for name, email in getaddresses([raw])]


def read_easily(source: bytes) -> Any:
    """As `read`, where a name may look like a defect to the standard library."""
    return message_from_bytes(source, policy=default)


def test_a_link_in_a_header_stays_as_it_is() -> None:
    link = f"<https://example.com/{'a' * 300}>"
    value = f"{link}, <mailto:out@example.com>"
    source = written(headers=(Header("List-Unsubscribe", value),))
    assert f"List-Unsubscribe: {link},\r\n <mailto:out@example.com>\r\n".encode() in source
    longest = written(headers=(Header("X-Long", "a" * 5000),))
    assert read(longest)["X-Long"] == "a" * 5000
    assert max(map(len, longest.split(b"\r\n"))) <= 78


def test_headers_are_folded_at_78_and_encoded_words_end_with_characters() -> None:
    source = written(
        sender=Address("me@example.com", "Jänne " * 30),
        to=tuple(Address(f"somebody.number.{n}@example.org", f"Some Body {n}") for n in range(200)),
        reply_to=Address("me@example.com", "漢字" * 50),
        subject="漢字かな交じり文 " * 40,
        headers=(Header("X-" + "Long-Name-" * 7, "Grüße " * 50),),
    )
    lines = source.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert max(len(line) for line in lines if not line.startswith(b"X-Long")) <= 78
    for word in re.findall(rb"=\?utf-8\?b\?(.*?)\?=", source):
        base64.b64decode(word).decode()
    for word in re.findall(rb"=\?utf-8\?q\?(.*?)\?=", source):
        quopri.decodestring(word).decode()


def test_an_address_beyond_ascii_is_refused_unless_it_may_go_as_it_is() -> None:
    message = Message(Address("me@example.com"), (Address("jürgen@example.org", "Jürgen"),), "Hi", text="x")
    with pytest.raises(InvalidDraft, match="SMTPUTF8"):
        list(mime_pieces(message, STAMP))
    source = b"".join(mime.written(message, STAMP, utf8=True).pieces())
    assert "<jürgen@example.org>\r\n".encode() in source
    assert mime.needs_utf8(message) and not mime.needs_utf8(Message(Address("a@b.c"), (), ""))


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("body", {"text": "a\0"}),
        ("body", {"html": "a\0"}),
        ("body", {"text": "\ud800"}),
        ("body", {"html": "\udfff"}),
        ("body", {"subject": "\ud800"}),
        ("body", {"to": (Address("a@b.c", "\ud800"),)}),
        ("body", {"attachments": (Attachment.of_bytes("\ud800", b""),)}),
        ("headers", {"key": "a\r\nBcc: evil@example.com"}),
        ("headers", {"headers": (Header("X: 1\r\nBcc", "evil@example.com"),)}),
        ("headers", {"to": (Address("a@b.c\r\nBcc: evil@example.com"),)}),
    ],
)
def test_what_no_mail_can_carry_is_refused(field: str, more: dict[str, Any]) -> None:
    message = Message(**{"sender": Address("me@example.com"), "to": (), "subject": "", **more})
    with pytest.raises(InvalidDraft) as caught:
        list(mime_pieces(message, Stamp.now(message)))
    assert caught.value.field == field


# ---- texts


LINES = st.lists(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=200), max_size=5
)


@settings(max_examples=300, deadline=None)
@given(LINES.map("\n".join), st.booleans())
def test_any_text_reads_back(text: str, eight_bit: bool) -> None:
    message = Message(Address("me@example.com"), (), "Hi", text=text, html=f"<p>{text}", key="td-1")
    mail = mime.written(message, STAMP, eight_bit=eight_bit)
    source = b"".join(mail.pieces())
    assert len(source) == mail.size_bytes
    assert source.count(b"\n") == source.count(b"\r\n") == source.count(b"\r")
    assert max(map(len, source.split(b"\r\n"))) <= 998
    assert mail.eight_bit == (not source.isascii()) and (eight_bit or not mail.eight_bit)
    parts = list(read_easily(source).iter_parts()) if text else [read_easily(source)]
    bodies = [part.get_payload(decode=True).decode() for part in parts]
    lone = re.compile("\r\n|\r")
    assert lone.sub("\n", bodies[-1]).removesuffix("" if text else "\n") == lone.sub("\n", f"<p>{text}")
    assert not text or lone.sub("\n", bodies[0]) == lone.sub("\n", text)


@pytest.mark.parametrize(
    ("text", "seven", "eight"),
    [
        ("plain", b"7bit", b"7bit"),
        ("Grüße an alle, die dies lesen", b"quoted-printable", b"8bit"),
        ("漢字かな交じり文", b"base64", b"8bit"),
        ("x" * 1200, b"quoted-printable", b"quoted-printable"),
        ("x" * 999, b"quoted-printable", b"quoted-printable"),
        ("x" * 998, b"7bit", b"7bit"),
        ("ü" * 600, b"base64", b"base64"),
    ],
)
def test_a_text_is_encoded_as_suits_it(text: str, seven: bytes, eight: bytes) -> None:
    message = Message(Address("me@example.com"), (), "Hi", text=text)
    for eight_bit, encoding in ((False, seven), (True, eight)):
        source = b"".join(mime.written(message, STAMP, eight_bit=eight_bit).pieces())
        assert b"\r\nContent-Transfer-Encoding: " + encoding + b"\r\n" in source
        assert read(source).get_content().rstrip("\r\n") == text


# ---- parts


def picture(id: str, data: bytes = b"\x89PNG") -> Attachment:
    return Attachment(f"{id[:5]}.png", "image/png", len(data), "", BytesSource(data), id)


def test_pictures_stand_beside_the_html_that_shows_them() -> None:
    html = '<img src="cid:logo"><img src="CID:logo.2"><img src="cid:own@id"><img src="cid:größe%20x">'
    pictures = tuple(map(picture, ("logo", "logo.2", "own@id", "größe%20x")))
    file = Attachment.of_bytes("a.txt", b"file", "text/plain")
    mail = read(written(text="Hi", html=html, attachments=(*pictures, file)))
    assert mail.get_content_type() == "multipart/mixed"
    letter, last = mail.iter_parts()
    assert last.get_filename() == "a.txt" and last.get_content_disposition() == "attachment"
    assert letter.get_content_type() == "multipart/alternative"
    text, related = letter.iter_parts()
    assert (text.get_content(), related.get_content_type()) == ("Hi", "multipart/related")
    assert related.get_param("type") == "text/html"
    body, *shown = related.iter_parts()
    ids = ["logo@example.com", "logo.2@example.com", "own@id", "picture-3@example.com"]
    assert [part["Content-ID"] for part in shown] == [f"<{id}>" for id in ids]
    assert [part.get_content_disposition() for part in shown] == ["inline"] * 4
    assert re.findall(r'cid:([^"]+)', body.get_content(), re.IGNORECASE) == ids


def test_pictures_without_html_go_as_files() -> None:
    mail = read(written(text="Hi", attachments=(picture("logo"),)))
    _, file = mail.iter_parts()
    assert (file.get_content_disposition(), file["Content-ID"]) == ("attachment", None)


def test_no_boundary_begins_another_one() -> None:
    source = written(
        text="a", html="<img src='cid:x'>", attachments=(picture("x"), Attachment.of_bytes("b", b""))
    )
    found = re.findall(rb'boundary="([^"]+)"', source)
    assert len(set(found)) == 3
    assert not any(a != b and a.startswith(b) for a in found for b in found)


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 5700, mime.SLICE_BYTES, mime.SLICE_BYTES + 1, 3_000_000])
def test_the_size_is_known_before_anything_is_read(size: int) -> None:
    data = os.urandom(size)
    message = Message(Address("a@b.c"), (), "Hi", attachments=(Attachment.of_bytes("x", data), picture("y")))
    mail = mime.written(message, STAMP)
    source = b"".join(mail.pieces())
    assert len(source) == mail.size_bytes and not mail.in_memory
    assert [part.get_payload(decode=True) for part in read(source).iter_attachments()] == [data, b"\x89PNG"]


def test_a_24_mb_attachment_is_written_in_little_memory() -> None:
    size = 24_000_000
    data = bytes(size)
    message = Message(
        Address("a@b.c"), (), "Hi", attachments=(Attachment("x", "a/b", size, "", BytesSource(data)),)
    )
    tracemalloc.start()
    try:
        length = sum(map(len, mime_pieces(message, STAMP)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert length > size * 4 / 3
    assert peak < size / 4


def test_a_long_text_comes_in_pieces() -> None:
    pieces = list(mime_pieces(Message(Address("a@b.c"), (), "", text="line\n" * 1_000_000), STAMP))
    assert len(pieces) > 3 and max(map(len, pieces)) <= 2**20
