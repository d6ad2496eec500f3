"""What turboSMTP answers, read from samples as the wire gave them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from turbodesk.errors import OutcomeUnknown, ProviderBroken, Refused, SignInRefused, TurbodeskError
from turbodesk.model.account import AccountInfo, Plan, SubAccount, TrackingTool
from turbodesk.model.message import Address, Message
from turbodesk.model.outcome import SendState, state_of
from turbodesk.model.reports import MailStatus, ReportType
from turbodesk.providers import turbosmtp_answers as heard
from turbodesk.providers import turbosmtp_words as words_of
from turbodesk.providers.exchange import Answer, Garbled, Reason, question_error, send_error

Sample = Callable[[str], bytes]

MESSAGE = Message(
    Address("me@example.com"),
    (Address("a@example.com"), Address("b@example.org")),
    "Hi",
    bcc=(Address("c@example.net"),),
)


def ok(body: bytes, type: str = "application/json") -> Answer:
    return Answer("POST", "/x", 200, {"content-type": type}, body)


@pytest.mark.parametrize(
    ("name", "status", "words", "reason", "field"),
    [
        ("e1.json", 401, ("Invalid authorization token",), Reason.CREDENTIALS, ""),
        ("e2.json", 401, ("Wrong credentials specified",), Reason.CREDENTIALS, ""),
        ("e3.json", 401, ("Account for  me@example.com  is inactive",), Reason.INACTIVE, ""),
        (
            "e4.json",
            400,
            ("missing or not valid sender email (from)", "missing recipients (to)"),
            Reason.INPUT,
            "from",
        ),
        (
            "e5.json",
            400,
            ("'broken@@@x.@@' 'to' email not valid", "'broken@@@y.@@' 'bcc' email not valid"),
            Reason.INPUT,
            "to",
        ),
        ("e6.json", 400, ("Invalid Mime",), Reason.INPUT, ""),
        ("e6_credit.json", 400, ("nocredit",), Reason.CREDIT, ""),
        ("e7.json", 403, ("feature_not_available_for_active_plan",), Reason.PLAN, ""),
        ("e8.json", 400, ("no valid rows in file",), Reason.INPUT, ""),
        ("e9.html", 502, ("502 Bad Gateway 502 Bad Gateway nginx",), Reason.INPUT, ""),
        (
            "beta_error.json",
            200,
            ("'broken@@@x.@@' recipient email not valid", "'broken@@@y.@@' bcc email not valid"),
            Reason.INPUT,
            "to",
        ),
    ],
)
def test_every_shape_of_a_no_is_read(
    sample: Sample, name: str, status: int, words: tuple[str, ...], reason: Reason, field: str
) -> None:
    objection = words_of.read_objection(Answer("POST", "/x", status, {}, sample(name)))
    assert objection is not None
    assert (objection.words, objection.reason, objection.field) == (words, reason, field)


def test_a_400_without_a_body_still_has_words() -> None:
    objection = words_of.read_objection(Answer("GET", "/x", 400))
    assert objection is not None
    assert objection.words == ("HTTP 400",)


@pytest.mark.parametrize(
    "name", ["sent.json", "sent_v1.json", "sent_missing_comma.json", "stats.json", "count.json"]
)
def test_a_yes_is_no_objection(sample: Sample, name: str) -> None:
    assert words_of.read_objection(ok(sample(name))) is None


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("e1.json", 200, SignInRefused),
        ("e3.json", 200, SignInRefused),
        ("e4.json", 200, Refused),
        ("e4.json", 413, Refused),
        ("e7.json", 403, SignInRefused),
        ("e9.html", 404, Refused),
        ("e9.html", 502, OutcomeUnknown),
        ("e4.json", 500, OutcomeUnknown),
        ("e4.json", 409, OutcomeUnknown),
        ("e4.json", 408, OutcomeUnknown),
        ("e9.html", 302, OutcomeUnknown),
    ],
)
def test_a_no_to_a_send_becomes_our_error(
    sample: Sample, name: str, status: int, kind: type[TurbodeskError]
) -> None:
    answer = Answer("POST", "/x", status, {}, sample(name))
    error = send_error("turboSMTP", answer, words_of.read_objection(answer))
    assert type(error) is kind
    if isinstance(error, Refused):
        assert error.words == words_of.read_objection(answer).words  # type: ignore[union-attr]


@pytest.mark.parametrize("status", [401, 403, 412])
def test_a_wrong_password_is_one_under_every_status(status: int) -> None:
    for words in ("Wrong credentials specified", "wrong_credentials_specified"):
        answer = Answer("POST", "/api/authorize", status, {}, b'{"message": "%s"}' % words.encode())
        assert type(question_error("turboSMTP", answer, words_of.read_objection(answer))) is SignInRefused


def test_a_fault_of_theirs_under_any_status_leaves_a_send_unknown_and_a_question_broken() -> None:
    answer = Answer("POST", "/x", 200, {}, b'{"errorCode": 5, "message": "Internal error"}')
    objection = words_of.read_objection(answer)
    assert type(send_error("turboSMTP", answer, objection)) is OutcomeUnknown
    assert type(question_error("turboSMTP", answer, objection)) is ProviderBroken


@pytest.mark.parametrize(
    ("body", "id", "noted"),
    [
        (b'{"message": "OK", "mid": 1475205839938715648}', "1475205839938715648", False),
        (b'{"message": "ok", "mid": "1871534200146968576"}', "1871534200146968576", False),
        (b'{"mid": 18446744073709551617}', "18446744073709551617", False),
        (b'{"message": "OK"}', "", False),
        (b'{"message": "OK", "mid": null}', "", False),
        (b'{"message": "OK", "mid": 1.475e18}', "", True),
        (b'{"message": "OK", "mid": -5}', "", True),
        (b'{"message": "OK", "mid": [1]}', "", True),
        (b'{"message": "OK", "mid": NaN}', "", True),
        (b'{"message": "OK" "mid": 77}', "77", True),
        (b'\xef\xbb\xbf{"message": "OK", "mid": 78}', "78", True),
        (b'{"message": "OK", "mid": ' + b"9" * 5000 + b"}", "", True),
        (b'{"message": "OK", "mid": "' + b"x" * 5000 + b'"}', "", True),
        (b'{"message": "OK", "mid": "a\\u0000b"}', "", True),
        (b'{"message": "OK", "mid": 1475', "", True),  # cut in the middle of its digits
    ],
)
def test_a_yes_to_a_send_is_read(body: bytes, id: str, noted: bool) -> None:
    result = words_of.read_sent(ok(body), MESSAGE)
    assert state_of(result.outcomes) is SendState.ACCEPTED
    assert [outcome.address.email for outcome in result.outcomes] == [
        "a@example.com",
        "b@example.org",
        "c@example.net",
    ]
    assert result.provider_id == id
    assert bool(result.note) is noted


def test_the_documented_body_without_its_comma_is_survived(sample: Sample) -> None:
    result = words_of.read_sent(ok(sample("sent_missing_comma.json")), MESSAGE)
    assert result.provider_id == "1475205839938715648"
    assert "damaged" in result.note


def test_a_yes_under_a_wrong_type_is_flagged(sample: Sample) -> None:
    assert "text/plain" in words_of.read_sent(ok(sample("sent.json"), "text/plain"), MESSAGE).note


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"ok"',
        b"{}",
        b"OK",
        b'{"mess',
        b'{"message": "queued"}',
        b'{"mid": null}',
        b"<html>OK</html>",
        b'<script>{"message": "OK"}</script>',
        b'[{"message": "OK"}]',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b'{"message":' * 50_000,
        '{"message": "OK"}'.encode("utf-16"),
    ],
)
def test_what_is_no_clear_yes_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        words_of.read_sent(ok(body), MESSAGE)


def test_reports_are_read(sample: Sample) -> None:
    rows = heard.read_reports(ok(sample("reports.json")), ReportType.BOUNCE)
    assert [row.id for row in rows] == ["323223135", "323223134", "323223133"]
    assert rows[0].at == datetime(2018, 4, 24, 8, 58, 6, tzinfo=UTC)
    assert (rows[0].email, rows[0].words, rows[0].type) == (
        "gone@example.com",
        "550 5.1.1 user unknown",
        ReportType.BOUNCE,
    )
    assert rows[1].words == ""
    assert (rows[2].at, rows[2].raw_at) == (None, "0000-00-00")


def test_statistics_are_read_with_all_digits_of_the_id(sample: Sample) -> None:
    first, second = heard.read_stats(ok(sample("stats.json")))
    assert (first.id, first.status, first.error) == ("4612864212", MailStatus.SUCCESS, "")
    assert first.at == datetime(2018, 4, 24, 10, 58, 6, tzinfo=UTC)
    assert first.raw_at == "2018-04-24T10:58:06.000Z"
    assert (second.id, second.subject) == ("1871534200146968576", "")
    assert (second.status, second.raw_status) == (MailStatus.OTHER, "FOO")
    assert (second.at, second.raw_at) == (None, "1524567486")


@pytest.mark.parametrize(
    ("body", "total"), [(b'{"count": 520}', 520), (b'{"count": "7"}', 7), (b'{"count": 0}', 0)]
)
def test_a_count_is_read(body: bytes, total: int) -> None:
    assert words_of.read_count(ok(body)) == heard.read_total(ok(body)) == total


@pytest.mark.parametrize(
    "body",
    [
        b'{"count": -1}',
        b"{}",
        b'{"count": null}',
        b'{"count": true}',
        b'{"count": 1.5}',
        b"x",
        '{"count": "²"}'.encode(),
        b'{"count": "' + b"1" * 5000 + b'"}',
    ],
)
def test_a_count_that_makes_no_sense_is_not_known(body: bytes) -> None:
    assert heard.read_total(ok(body)) is None
    with pytest.raises(Garbled):
        words_of.read_count(ok(body))


def test_a_tool_is_read(sample: Sample) -> None:
    settings = (("clicktracking", "true"), ("clicktracking_plaintext", "false"))
    assert heard.read_tool(ok(sample("tool.json"))) == TrackingTool("click-tracking", True, False, settings)


def test_the_account_is_read_its_address_dotted(sample: Sample) -> None:
    assert heard.read_account(ok(sample("user_info.json"))) == AccountInfo(
        "18897904", "owner@example.com", True, "199.187.174.71", "q1"
    )


def test_plans_are_read(sample: Sample) -> None:
    first, second = heard.read_plans(ok(sample("plans.json")))
    expires, used = datetime(2019, 1, 4, tzinfo=UTC), datetime(2018, 4, 24, 8, 58, 6, tzinfo=UTC)
    assert first == Plan("1", 200, 1, "Daily", expires, used, expired=False, active=True)
    assert second == Plan("2", None, 7, "Monthly", None, None, expired=True, active=False)


def test_sub_accounts_are_read(sample: Sample) -> None:
    first, second = heard.read_sub_accounts(ok(sample("sub_accounts.json")))
    assert first == SubAccount("12", "shop@example.com", True, "199.187.174.71", 15, None, 5)
    assert second == SubAccount("13", "old@example.com", False, "", 0, 100, None)


def test_done_is_done(sample: Sample) -> None:
    words_of.read_done(ok(sample("deleted.json")))
    words_of.read_done(Answer("DELETE", "/x", 204))
    with pytest.raises(Garbled):
        words_of.read_done(ok(b'{"success": false}'))


def test_a_token_that_could_not_stand_in_a_header_is_no_token(sample: Sample) -> None:
    assert words_of.read_token(ok(sample("token.json"))).startswith("7a8b")
    for body in (
        b'{"auth": ""}',
        b'{"auth": "a\\nX: y"}',
        '{"auth": "tökén"}'.encode(),
        b"{}",
        b'{"auth": null}',
    ):
        with pytest.raises(Garbled):
            words_of.read_token(ok(body))


@pytest.mark.parametrize(
    "body", [{"message": "error", "errors": ["x" * 9_000] * 9_000}, {"message": "x" * 9_000_000}]
)
def test_a_no_without_an_end_is_kept_short(body: dict[str, Any]) -> None:
    objection = words_of.read_objection(Answer("POST", "/x", 400, {}, json.dumps(body).encode()))
    assert objection is not None and sum(map(len, objection.words)) <= 10_000
