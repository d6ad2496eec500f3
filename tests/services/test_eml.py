"""Mail files of any making become drafts, or a sentence."""

from __future__ import annotations

import random
import time
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from turbodesk.errors import FileTrouble
from turbodesk.model.message import Address, Attachment, Header, Message
from turbodesk.services.copy_as import as_eml
from turbodesk.services.eml import read_file, read_mail
from turbodesk.services.pictures import shown_as

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def test_our_own_mail_comes_back_whole() -> None:
    message = Message(
        sender=Address("me@example.com", "Grüße, Müller"),
        to=(Address("ann@example.com", "Ann"), Address("bob@example.org")),
        cc=(Address("copy@example.com"),),
        reply_to=Address("answers@example.com"),
        subject="Grüße – and more",
        text="Hello\nthere",
        html='<p>Hello <img src="cid:logo"></p>',
        headers=(Header("X-Order", "17"), Header("List-Unsubscribe", "<mailto:no@example.com>")),
        attachments=(
            Attachment.of_bytes("guide.bin", bytes(range(256))),
            Attachment("logo.png", "image/png", *_hashed(PNG), content_id="logo"),  # type: ignore[arg-type]
        ),
    )
    found = read_mail(as_eml(message))
    draft = found.draft
    assert draft.sender == '"Grüße, Müller" <me@example.com>'
    assert draft.to == '"Ann" <ann@example.com>, bob@example.org'
    assert (draft.cc, draft.bcc, draft.reply_to) == ("copy@example.com", "", "answers@example.com")
    assert (draft.subject, draft.text.rstrip("\n")) == (message.subject, message.text)
    assert set(draft.headers) >= {("X-Order", "17"), ("List-Unsubscribe", "<mailto:no@example.com>")}
    assert dict(found.files) == {"guide.bin": bytes(range(256)), "logo.png": PNG}
    names = [name for name, _ in found.files]
    assert shown_as(draft.html, names)[names.index("logo.png")], "the letter still shows its picture"


def _hashed(data: bytes) -> tuple[object, ...]:
    made = Attachment.of_bytes("x", data)
    return made.size_bytes, made.sha256, made.source


def test_what_servers_and_strangers_wrote_is_left_out_and_told() -> None:
    mail = EmailMessage(policy=policy.SMTP)
    mail["Received"] = "from a by b"
    mail["DKIM-Signature"] = "v=1; a=rsa-sha256"
    mail["Return-Path"] = "<back@example.com>"
    mail["From"], mail["To"], mail["Bcc"] = "me@example.com", "ann@example.com", "secret@example.com"
    mail["Subject"] = "Hi"
    mail.set_content("Hello")
    found = read_mail(bytes(mail))
    assert found.draft.headers == [] and found.draft.bcc == ""
    assert any("servers wrote" in note for note in found.notes)
    assert any(note.startswith("Bcc was left out") for note in found.notes)


BAD = {
    "empty": b"",
    "no headers": b"just a text\n\nand more",
    "a picture": PNG,
    "many headers": b"Subject: x\n" * 5000 + b"\nbody",
    "nested": b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(300)
    )
    + b"\nend",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_no_mail_is_a_sentence(data: bytes) -> None:
    with pytest.raises(FileTrouble) as told:
        read_mail(data, "letter.eml")
    assert "letter.eml" in told.value.says and told.value.hint


def test_twenty_parts_within_each_other_and_no_more() -> None:
    def nested(count: int) -> bytes:
        head = b"From: me@example.com\nSubject: x\n"
        opened = b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(count)
        )
        closed = b"".join(b"\n--b%d--\n" % n for n in reversed(range(count)))
        return head + opened + b"Content-Type: text/plain\n\nHello" + closed

    assert read_mail(nested(20)).draft.text == "Hello"
    with pytest.raises(FileTrouble) as told:
        read_mail(nested(30))
    assert "nested too deep" in told.value.says


ODD = {
    "unknown charset": (b"Content-Type: text/plain; charset=nope\n\nH\xc3\xa9llo", "not known"),
    "broken text": (b"Content-Type: text/plain; charset=utf-8\n\nH\xe9llo", "could not be read"),
    "bad base64": (
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!!a",
        "damaged",
    ),
    "two subjects": (b"Subject: two\nContent-Type: text/plain\n\nHello", "more than one Subject"),
}


@pytest.mark.parametrize(("rest", "note"), ODD.values(), ids=ODD.keys())
def test_what_is_odd_is_told(rest: bytes, note: str) -> None:
    found = read_mail(b"From: me@example.com\nSubject: one\n" + rest)
    assert any(note in each for each in found.notes), found.notes
    assert found.draft.subject == "one"


def test_a_name_cannot_be_a_path_nor_a_line() -> None:
    mail = (
        b'From: me@example.com\nSubject: a\n b\nContent-Type: multipart/mixed; boundary="x"\n\n--x\n'
        b'Content-Disposition: attachment; filename="../../etc/passwd"\n\none\n--x\n'
        b'Content-Disposition: attachment; filename="passwd"\n\ntwo\n--x--\n'
    )
    found = read_mail(mail)
    assert [name for name, _ in found.files] == ["passwd", "passwd-2"]
    assert "\n" not in found.draft.subject


def test_a_file_is_read_and_what_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "letter.eml"
    path.write_bytes(b"From: me@example.com\nSubject: Hi\n\nHello")
    assert read_file(path).draft.subject == "Hi"
    with pytest.raises(FileTrouble):
        read_file(tmp_path / "gone.eml")
    with pytest.raises(FileTrouble):
        read_file(tmp_path)


def _mutated(data: bytes, rng: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(rng.randint(1, 30)):
        at = rng.randrange(len(found))
        match rng.randint(0, 3):
            case 0:
                found[at] = rng.randrange(256)
            case 1:
                del found[at : at + rng.randint(1, 40)]
            case 2:
                found[at:at] = rng.choice(
                    [b"\n\n", b"\r", b"\0", b"=?utf-8?q?=ff?=", b"--b\n", b'"; charset=x']
                )
            case _:
                piece = found[at : at + 60]
                found[at:at] = piece
    return bytes(found)


def fuzz(count: int) -> None:
    message = Message(
        sender=Address("me@example.com", "Grüße"),
        to=(Address("ann@example.com"),),
        subject="Grüße",
        text="Hello",
        html="<p>Hello</p>",
        attachments=(Attachment.of_bytes("guide.bin", bytes(range(256))),),
    )
    data, rng, slowest = as_eml(message), random.Random(4), 0.0
    for _ in range(count):
        begin = time.perf_counter()
        try:
            read_mail(_mutated(data, rng))
        except FileTrouble as trouble:
            assert trouble.says
        slowest = max(slowest, time.perf_counter() - begin)


def test_damaged_mails_make_sentences() -> None:
    fuzz(400)


@pytest.mark.prove
def test_many_damaged_mails_make_sentences() -> None:
    fuzz(20_000)
