"""What is typed becomes a message, or all that is wrong with it is told at once, field by field."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from turbodesk.errors import FileTrouble, InvalidDraft
from turbodesk.model.message import Address, Header, Message
from turbodesk.services.compose import ComposeService, Draft, check_address, split_addresses, wire_size

LIMIT = 24_000_000


def draft(**changes: object) -> Draft:
    fields = {"sender": "me@example.com", "to": "ann@example.com", "subject": "Hi", "text": "Hello"}
    return Draft(**{**fields, **changes})  # type: ignore[arg-type]


def compose(given: Draft, limit: int = LIMIT) -> Message:
    return asyncio.run(ComposeService(lambda: limit).message(given))


def problems(given: Draft, limit: int = LIMIT) -> dict[str, str]:
    with pytest.raises(InvalidDraft) as told:
        compose(given, limit)
    return told.value.problems


def test_a_draft_becomes_a_message(tmp_path: Path) -> None:
    file = tmp_path / "guide.pdf"
    file.write_bytes(b"abc")
    message = compose(
        draft(
            sender="Me <me@example.com>",
            to='"Doe, J" <j@example.com>, ann@example.com\nann@EXAMPLE.com',
            cc="ann@example.com; bob@example.com",
            bcc="carl@bücher.example",
            reply_to="answers@example.com",
            html="<p>Hello</p>",
            headers=[("X-Order", " 17 "), ("", "")],
            attachments=[file],
        )
    )
    assert message.sender == Address("me@example.com", "Me")
    assert message.to == (Address("j@example.com", "Doe, J"), Address("ann@example.com"))
    assert message.cc == (Address("bob@example.com"),)
    assert message.bcc == (Address("carl@xn--bcher-kva.example"),)
    assert message.reply_to == Address("answers@example.com")
    assert message.headers == (Header("X-Order", "17"),)
    assert [(it.name, it.size_bytes) for it in message.attachments] == [("guide.pdf", 3)]
    assert message.key == ""


def test_all_problems_are_told_at_once() -> None:
    found = problems(
        Draft(
            sender="nobody",
            to="a@@b, c@example.com, d, e, f",
            cc="x",
            bcc="y",
            reply_to="a@example.com, b@example.com",
            subject="a\nb",
            headers=[("X A", "1")],
            attachments=[Path("missing.txt")],
        )
    )
    assert list(found) == ["from", "to", "cc", "bcc", "reply-to", "subject", "headers", "attachments"]
    assert "a@@b" in found["to"]
    assert "And 1 more." in found["to"]
    assert "missing.txt is not there" in found["attachments"]


def test_an_empty_draft() -> None:
    assert set(problems(Draft())) == {"from", "to", "body"}
    assert set(problems(draft(text=" \n", html=""))) == {"body"}


@pytest.mark.parametrize(
    "subject", ["x\r\nBcc: e@example.com", "x\ny", "x\ry", "x\u2028y", "x\x0by", "x\x85y", "x\0y", "s" * 701]
)
def test_subjects_that_are_refused(subject: str) -> None:
    assert list(problems(draft(subject=subject))) == ["subject"]


@pytest.mark.parametrize("subject", ["", "s" * 700, "😀" * 700, "Grüße\tnot"[:5]])
def test_subjects_that_are_taken(subject: str) -> None:
    assert compose(draft(subject=subject)).subject == subject


@pytest.mark.parametrize(
    "header",
    [
        ("X-A: 1\r\nBcc", "e@example.com"),
        ("X A", "1"),
        ("", "1"),
        ("X-Ü", "1"),
        ("X" * 77, "1"),
        ("X-A", "1\r\nBcc: e@example.com"),
        ("X-A", "1\r\n"),
        ("X-A", "a\0b"),
        ("X-A", "a\u2028b"),
        ("X-A", "v" * 20_000),
        ("X-A", ""),
        *((name, "x") for name in ("From", "To", "Cc", "BCC", "Subject", "Date", "Message-ID", "reply-to")),
        *((name, "x") for name in ("MIME-Version", "Content-Type", "Content-X", "DKIM-Signature", "Sender")),
        *((name, "x") for name in ("X-Turbodesk-ID", "Return-Path")),
    ],
)
def test_headers_that_are_refused(header: tuple[str, str]) -> None:
    assert list(problems(draft(headers=[header]))) == ["headers"]


def test_two_headers_that_differ_in_case_only_are_one_too_many() -> None:
    assert "twice" in problems(draft(headers=[("X-Order", "1"), ("x-order", "2")]))["headers"]


def test_halves_of_characters_are_replaced() -> None:
    message = compose(draft(subject="a\ud800", text="b\udfff", headers=[("X-A", "\ud83dx")]))
    assert (message.subject, message.text) == ("a\ufffd", "b\ufffd")
    assert message.headers[0].value == "\ufffdx"


def test_files_that_cannot_go(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    found = problems(draft(attachments=[tmp_path / name for name in ("folder", "pipe", "none")]))
    for words in ("folder is a folder", "pipe is a pipe", "none is not there"):
        assert words in found["attachments"]


def test_the_limit_counts_base64_and_is_exact(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(bytes(30_000))
    given = draft(attachments=[file])
    size = wire_size(given, [asyncio.run(ComposeService(lambda: LIMIT).attachment(file))])
    assert compose(given, size).attachments
    said = problems(given, size - 1)["attachments"]
    assert f"{size:,} bytes" in said
    with pytest.raises(FileTrouble, match="too large"):
        asyncio.run(ComposeService(lambda: 39_999).attachment(file))
    assert "body" in problems(draft(text="x" * 5000), 1000)


def test_the_meter_shows_what_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(os.urandom(50_000))
    attachment = asyncio.run(ComposeService(lambda: LIMIT).attachment(file))
    given = draft(text='"Grüße"\n\t' * 300, html="<p>\\</p>" * 200, headers=[("X-Order", "17")])
    request = {
        "authuser": "somebody@example.com",
        "authpass": "not so secret",
        "from": given.sender,
        "to": given.to,
        "subject": given.subject,
        "content": given.text,
        "html_content": given.html,
        "custom_headers": {"X-Order": "17", "X-Turbodesk-ID": "td-" + "a" * 26},
        "attachments": [
            {"content": "x" * attachment.wire_bytes, "name": "a.bin", "type": attachment.media_type}
        ],
    }
    sent = len(json.dumps(request, ensure_ascii=False).encode())
    assert wire_size(given, [attachment]) == pytest.approx(sent, rel=0.01)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", []),
        (" , ;\n ", []),
        ("a@example.com,b@example.com", ["a@example.com", "b@example.com"]),
        (
            "a@example.com; b@example.com\r\nc@example.com",
            ["a@example.com", "b@example.com", "c@example.com"],
        ),
        ("a@example.com b@example.com\tc@example.com", ["a@example.com", "b@example.com", "c@example.com"]),
        ('"Doe, J" <j@example.com>, k@example.com', ['"Doe, J" <j@example.com>', "k@example.com"]),
        ("Doe, J <j@example.com>, k@example.com", ["Doe, J <j@example.com>", "k@example.com"]),
        ('"a\\"b; c" <j@example.com>;k@example.com', ['"a\\"b; c" <j@example.com>', "k@example.com"]),
        ('"open <a@example.com>, b@example.com', ['"open <a@example.com>', "b@example.com"]),
        ("tom@example,com", ["tom@example,com"]),
        ("tom@example,com, ann@example.com", ["tom@example,com", "ann@example.com"]),
        ("garbage, a@example.com", ["garbage", "a@example.com"]),
        ("a@example.com, garbage", ["a@example.com", "garbage"]),
        ("a@example.com\r\nBcc: e@example.com", ["a@example.com", "Bcc: e@example.com"]),
    ],
)
def test_lists_are_parted(text: str, entries: list[str]) -> None:
    assert split_addresses(text) == entries


@pytest.mark.parametrize(
    "text",
    [
        *("a", "a@", "@b", "a@b@c", "a@[127.0.0.1]", "a@localhost", "ä@example.com", "a b@example.com"),
        *("alice@example.org)bob@example.com", "a\u202eb@example.com", "a\tb@example.com", "😀@example.com"),
        *(
            "x" * 65 + "@example.com",
            "a@" + "x" * 64 + ".com",
            "a@" + "x." * 130 + "com",
            "Bcc: e@example.com",
        ),
    ],
)
def test_what_is_no_address(text: str) -> None:
    check = check_address(text)
    assert not check.ok
    assert check.sentence.endswith((".", "?"))
    assert list(problems(draft(to=text))) == ["to"]


def test_a_slip_is_pointed_out() -> None:
    check = check_address("tom@example,com")
    assert (check.ok, check.suggestion) == (False, "tom@example.com")
    assert "Did you mean tom@example.com?" in check.sentence
    assert "tom@example.com" in problems(draft(to="tom@example,com"))["to"]


def test_offices_are_told_from_people() -> None:
    assert check_address("Info@example.com").role
    assert check_address("sales+eu@example.com").role
    assert not check_address("tom@example.com").role


def test_options_go_into_the_message() -> None:
    message = compose(
        draft(
            groups=" winter , shop,winter,",
            track_opens=False,
            fields=[("{{first_name}}", "Anna"), ("", ""), (" city ", "")],
        )
    )
    assert message.groups == ("winter", "shop")
    assert (message.track_opens, message.track_clicks) == (False, None)
    assert message.fields == (("first_name", "Anna"), ("city", ""))


def test_what_is_wrong_with_options_is_said_at_them() -> None:
    found = problems(draft(groups="x" * 201 + ",a\nb", fields=[("a", "1"), ("a", "2"), ("", "3")]))
    assert set(found) == {"groups", "fields"}
    assert "201" in found["groups"] and "one line" in found["groups"]
    assert "twice" in found["fields"] and "'3' has no placeholder" in found["fields"]


def test_a_picture_that_the_html_names_is_shown_in_it(tmp_path: Path) -> None:
    for name in ("logo.png", "guide.pdf"):
        (tmp_path / name).write_bytes(b"abc")
    files = [tmp_path / "guide.pdf", tmp_path / "logo.png"]
    message = compose(draft(html="<img src='cid:logo'>", attachments=files))
    assert [(it.name, it.content_id) for it in message.attachments] == [
        ("guide.pdf", ""),
        ("logo.png", "logo"),
    ]


def test_the_wire_is_asked_whether_it_can_carry_the_message() -> None:
    def refuse(message: Message) -> None:
        if message.groups:
            raise InvalidDraft({"groups": "No campaigns over this wire."})

    service = ComposeService(lambda: LIMIT, refuse)
    assert asyncio.run(service.message(draft())).groups == ()
    with pytest.raises(InvalidDraft, match="No campaigns"):
        asyncio.run(service.message(draft(groups="winter")))


def test_options_count_on_the_wire() -> None:
    plain = wire_size(draft())
    assert wire_size(draft(groups="g" * 100)) >= plain + 100
    assert wire_size(draft(fields=[("name", "v" * 100)])) >= plain + 104


def test_the_message_of_another_row_is_what_its_draft_alone_would_make(tmp_path: Path) -> None:
    picture, guide = tmp_path / "logo.png", tmp_path / "guide.pdf"
    picture.write_bytes(b"picture")
    guide.write_bytes(b"guide")
    service = ComposeService(lambda: LIMIT)
    same = {"attachments": [picture, guide], "headers": [("X-Order", "17")], "groups": "spring"}
    drafts = [
        draft(to="ann@example.com", html="<img src='cid:logo.png'>", **same),
        draft(to="Ben <ben@example.com>", subject="Hi Ben", html="<img src='cid:guide'>", **same),
        draft(to="eve@example.com", html="", text="Only text", **same),
    ]
    first = compose(drafts[0])
    alone = [compose(it) for it in drafts]
    picture.unlink()
    assert [service.another(first, it) for it in drafts] == alone
    assert [bool(it.content_id) for it in alone[1].attachments] == [False, True]


def test_another_row_that_makes_no_message_is_told_by_its_field() -> None:
    service = ComposeService(lambda: 2000)
    first = compose(draft(), 2000)
    for field, wrong in (
        ("subject", draft(subject="two\nlines")),
        ("to", draft(to="nobody")),
        ("body", draft(text=" ")),
        ("body", draft(text="x" * 2000)),
    ):
        with pytest.raises(InvalidDraft) as told:
            service.another(first, wrong)
        assert list(told.value.problems) == [field]
