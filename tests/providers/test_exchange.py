"""Answers as plain data, and the errors they make."""

from __future__ import annotations

import time

import pytest

from turbodesk.errors import (
    NoConnection,
    OutcomeUnknown,
    ProviderBroken,
    Refused,
    SignInRefused,
    Throttled,
    TurbodeskError,
)
from turbodesk.providers.exchange import (
    Answer,
    Body,
    Call,
    Garbled,
    JsonReader,
    question_error,
    retry_after_s,
    send_error,
)


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(
        "POST", "/api/x", status, {name.replace("_", "-"): value for name, value in headers.items()}, body
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2", 2.0),
        ("120", 120.0),
        ("0", 0.0),
        ("1000000000", 900.0),
        ("9" * 400, 900.0),
        ("Sat, 01 Mar 2025 12:00:30 GMT", 30.0),
        ("Sat, 01 Mar 2025 11:00:00 GMT", 0.0),
        ("Sat, 01 Mar 2099 11:00:00 GMT", 900.0),
        ("-1", None),
        ("abc", None),
        ("1.5", None),
        ("", None),
        ("٣", None),
        ("Sat, 99 Mar 2025 11:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_by_the_servers_clock(text: str, seconds: float | None) -> None:
    throttled = answer(429, retry_after=text, date="Sat, 01 Mar 2025 12:00:00 GMT")
    assert retry_after_s(throttled) == seconds


def test_retry_after_as_a_date_works_without_the_servers_clock() -> None:
    assert retry_after_s(answer(429, retry_after="Sat, 01 Mar 2025 12:00:30 GMT")) == 0.0


@pytest.mark.parametrize(
    ("status", "question", "send"),
    [
        (301, ProviderBroken, OutcomeUnknown),
        (302, ProviderBroken, OutcomeUnknown),
        (303, ProviderBroken, OutcomeUnknown),
        (307, ProviderBroken, NoConnection),
        (308, ProviderBroken, NoConnection),
        (400, Refused, Refused),
        (401, SignInRefused, SignInRefused),
        (403, Refused, SignInRefused),
        (404, Refused, Refused),
        (406, Refused, Refused),
        (408, ProviderBroken, OutcomeUnknown),
        (409, Refused, OutcomeUnknown),
        (413, Refused, Refused),
        (415, Refused, Refused),
        (422, Refused, Refused),
        (425, Throttled, Throttled),
        (429, Throttled, Throttled),
        (500, ProviderBroken, OutcomeUnknown),
        (502, ProviderBroken, OutcomeUnknown),
        (503, ProviderBroken, OutcomeUnknown),
        (526, ProviderBroken, OutcomeUnknown),
    ],
)
def test_every_status_has_its_error(
    status: int, question: type[TurbodeskError], send: type[TurbodeskError]
) -> None:
    for make, kind in ((question_error, question), (send_error, send)):
        error = make("turboSMTP", answer(status, b"<p>some words</p>"), None)
        assert type(error) is kind
        assert error.says.endswith((".", "words", ")."))
        assert error.detail == f"POST /api/x → {status}: some words"
        if isinstance(error, Refused):
            assert error.words == ("some words",)


def test_an_excerpt_is_one_short_line_without_tags() -> None:
    page = (
        b"<html><script>evil()</script><style>b{}</style><h1>Bad\x00\r\nGateway</h1>" + b"<p>x</p>" * 10_000
    )
    excerpt = answer(502, page).excerpt
    assert excerpt.startswith("Bad Gateway x x")
    assert len(excerpt) <= 200


def test_a_secret_is_struck_out_however_it_is_escaped() -> None:
    secret = 'p"ä s&+/=\\'
    echoes = b" ".join(
        [
            secret.encode(),
            b'p\\"\\u00e4 s&+/=\\\\',
            b"p%22%C3%A4%20s%26%2B/%3D%5C",
            b"p%22%C3%A4+s%26%2B%2F%3D%5C",
        ]
    )
    assert answer(400, echoes).without((secret,)).excerpt == "••• ••• ••• •••"


def test_no_repr_shows_what_a_call_carries() -> None:
    call = Call(
        "POST",
        "/x",
        query=(("filter", "someone@example.com"),),
        headers=(("Authorization", "t0ken"),),
        body=Body("application/json", b"s3cret"),
        secrets=("s3cret",),
    )
    assert "s3cret" not in repr(call) and "t0ken" not in repr(call)
    assert "s3cret" not in repr(answer(200, b"s3cret", set_cookie="s3cret"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        b'{"a": "x\x00y"}',
        b'{"a" 1}',
        b'{"a": 1,}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_odd_json_is_garbled_and_nothing_worse(body: bytes) -> None:
    for type_ in (dict, object):
        with pytest.raises(Garbled):
            JsonReader(type_)(body)


@pytest.mark.parametrize("sign", [b"<", b"<script ", b"<style>", b"<a ", b"<!--"])
def test_an_excerpt_of_a_hostile_page_does_not_hold_up_the_window(sign: bytes) -> None:
    before = time.perf_counter()
    assert len(answer(500, sign * 20_000).excerpt) <= 200
    assert time.perf_counter() - before < 0.05
