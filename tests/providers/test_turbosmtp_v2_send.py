"""A letter on the wire of turboSMTP v2: how it goes, what is refused first, and that it goes once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.providers.turbosmtp_v2_script import MID, Work, later, run
from turbodesk.errors import (
    InvalidDraft,
    NotOffered,
    OutcomeUnknown,
    Refused,
    SignInRefused,
    Throttled,
    TurbodeskError,
)
from turbodesk.model.message import Address, Attachment, BytesSource, Header
from turbodesk.providers.port import Provider
from turbodesk.providers.turbosmtp_v2_worth import SENDING


@pytest.mark.parametrize("form", ["", "fields", "mime"])
@pytest.mark.parametrize("password", [False, True])
@pytest.mark.parametrize("attached", [False, True])
def test_a_send_is_one_post_with_the_key_pair_and_nothing_else(
    tools: Any, form: str, password: bool, attached: bool
) -> None:
    blob = bytes(range(256)) * 8000
    files = (Attachment.of_bytes("a ü.bin", blob, "image/png"),) if attached else ()
    message = tools.message(attachments=files, bcc=(Address("c@example.net"),))
    marks = tools.Marks()
    result, (seen,) = run(
        tools,
        lambda p: p.send(message, marks),
        tools.answer({"message": "OK", "mid": MID}),
        password=password,
        send_form=form,
    )
    assert result.provider_id == str(MID)
    assert [outcome.address.email for outcome in result.outcomes] == ["you@example.org", "c@example.net"]
    assert {outcome.provider_id for outcome in result.outcomes} == {str(MID)}
    assert (seen.method, seen.target) == ("POST", "/api/v2/mail/send")
    assert seen.headers["content-type"] == "application/json; charset=utf-8"
    assert int(seen.headers["content-length"]) == len(seen.body)
    assert {"consumerKey", "consumerSecret"} <= set(seen.header_names)
    assert (seen.headers["consumerkey"], seen.headers["consumersecret"]) == (tools.key, tools.key_secret)
    assert not {"authorization", "cookie", "expect", "transfer-encoding"} & set(seen.headers)
    fields = seen.json
    assert not {"authuser", "authpass", "reply_to"} & set(fields)
    assert (fields["from"], fields["to"], fields["bcc"]) == (
        "me@example.com",
        "you@example.org",
        "c@example.net",
    )
    assert (fields["X-campaign-ID"], fields["reference_id"]) == ("td-abc", "td-abc")
    assert ("mime_raw" in fields, "content" in fields) == (form == "mime", form != "mime")
    assert marks.count == 1


def test_a_letter_with_everything_stands_on_the_wire(tools: Any) -> None:
    picture = Attachment("logo.png", "image/png", 4, "", BytesSource(b"\x89PNG"), "logo")
    message = tools.message(
        sender=Address("me@example.com", "Doe, Jane"),
        to=(Address("you@example.org", "You, Too"),),
        cc=(Address("cc@example.net"),),
        reply_to=Address("back@example.com"),
        html='<img src="cid:logo">',
        headers=(Header("X-Own", "1"),),
        groups=("spring",),
        attachments=(picture,),
    )
    _, (seen,) = run(tools, lambda p: p.send(message, tools.Marks()), tools.answer({"message": "OK"}))
    assert seen.json == {
        "from": '"Doe, Jane" <me@example.com>',
        "to": "you@example.org",
        "cc": "cc@example.net",
        "subject": "Hi",
        "content": "Hello",
        "html_content": '<img src="cid:logo@example.com">',
        "custom_headers": {"X-Own": "1", "Reply-To": "back@example.com", "X-Turbodesk-ID": "td-abc"},
        "X-campaign-ID": "spring",
        "reference_id": "td-abc",
        "attachments": [
            {"name": "logo.png", "type": "image/png", "content_id": "logo", "content": "iVBORw=="}
        ],
    }


@pytest.mark.parametrize(
    "more",
    [
        {"groups": ("a", "b")},
        {"track_opens": True},
        {"fields": (("name", "x"),)},
        {"subject": "x" * 701},
        {"headers": (Header("X", "a\nb"),)},
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is_asked(tools: Any, more: dict[str, Any]) -> None:
    async def work(p: Provider) -> None:
        marks = tools.Marks()
        with pytest.raises(InvalidDraft):
            p.check_message(tools.message(**more))
        with pytest.raises(InvalidDraft):
            await p.send(tools.message(**more), marks)
        assert marks.count == 0

    assert run(tools, work, tools.answer({"message": "OK"}))[1] == []


def test_without_a_key_pair_nothing_is_sent_and_it_is_said_what_to_do(tools: Any) -> None:
    async def work(p: Provider) -> None:
        marks = tools.Marks()
        for send in (p.send(tools.message(), marks), later(lambda: p.check_message(tools.message()))):
            with pytest.raises(NotOffered, match="key pair") as refused:
                await send
            assert "Create a key pair" in refused.value.hint
        assert marks.count == 0
        assert not SENDING & p.offers
        for capability in SENDING:
            assert "key pair" in p.why_not(capability)

    assert run(tools, work, tools.answer({}), pair=False, password=True)[1] == []


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"message": "error", "errors": ["'bad' 'to' email not valid"]}, 400, Refused),
        ({"message": "error", "errors": [["'bad' 'to' email not valid"]]}, 400, Refused),
        ({"message": "error", "errors": {"message": "error", "errors": "nocredit"}}, 400, Refused),
        (
            {"errorCode": 3, "message": "Invalid authorization token", "details": "POST /api/mail/send"},
            401,
            SignInRefused,
        ),
        ({"error": 3, "message": "Wrong credentials specified"}, 401, SignInRefused),
        ({"message": "error", "errors": ["too large"]}, 413, Refused),
        ({"message": "slow down"}, 429, Throttled),
        ("", 500, OutcomeUnknown),
        ("<html>OK</html>", 200, OutcomeUnknown),
        ({"count": 1}, 200, OutcomeUnknown),
        ({"message": "error", "errors": ["no"]}, 200, Refused),
    ],
)
def test_no_answer_makes_a_send_go_out_twice(
    tools: Any, body: Any, status: int, kind: type[TurbodeskError]
) -> None:
    async def work(p: Provider) -> TurbodeskError:
        with pytest.raises(TurbodeskError) as refused:
            await p.send(tools.message(), tools.Marks())
        return refused.value

    error, asked = run(tools, work, tools.answer(body, status), password=True)
    assert type(error) is kind
    assert len(asked) == 1
    if kind is SignInRefused:
        assert "key pair" in error.says and "SEND_API" in error.hint


def test_the_body_without_its_comma_is_survived(tools: Any, sample: Callable[[str], bytes]) -> None:
    work: Work = lambda p: p.send(tools.message(), tools.Marks())  # noqa: E731
    result, _ = run(tools, work, tools.answer(sample("sent_missing_comma.json")))
    assert result.provider_id == str(MID)
