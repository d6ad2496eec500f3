"""What turboSMTP's v2 API answers, read from every shape that is described, and from damaged ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from turbodesk.errors import Refused, SignInRefused, TurbodeskError
from turbodesk.model import reports
from turbodesk.model.account import AccountInfo, ApiKey, Secret, SubAccount
from turbodesk.model.reports import EmailStat, Imported, MailStatus, Report, ReportType
from turbodesk.providers import turbosmtp_v2_answers as heard
from turbodesk.providers import turbosmtp_words as words
from turbodesk.providers.exchange import Answer, Garbled, Reason, question_error

PACIFIC = timezone(timedelta(hours=-7))
ROW = {
    "id": 1800872493473406976,
    "subject": "Invoice 7",
    "sender": "me@example.com",
    "recipient": "you@example.org",
    "send_time": "2023-08-10 04:04:21",
    "status": "SUCCESS",
    "domain": "example.com",
    "contact_domain": "example.org",
    "x_campaign_id": "td-abc",
    "error": "",
}


def ok(body: object, status: int = 200) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer("GET", "/x", status, {"content-type": "application/json"}, data)


def names(*statuses: str) -> frozenset[MailStatus]:
    return frozenset(map(MailStatus, statuses))


@pytest.mark.parametrize(
    ("group", "statuses"),
    [
        (reports.QUEUED, names("NEW", "DEFER")),
        (reports.DELIVERED, names("SUCCESS", "OPEN", "CLICK", "UNSUB", "REPORT")),
        (reports.OPENED, names("OPEN", "CLICK", "UNSUB", "REPORT")),
        (reports.CLICKED, names("CLICK")),
        (reports.UNSUBSCRIBED, names("UNSUB")),
        (reports.COMPLAINED, names("REPORT")),
        (reports.BOUNCED, names("FAIL")),
        (reports.DROPPED, names("SYSFAIL")),
    ],
)
def test_the_groups_of_statuses_are_those_that_turbosmtp_describes(
    group: frozenset[MailStatus], statuses: frozenset[MailStatus]
) -> None:
    assert group == statuses


def test_every_described_status_is_known_and_in_a_group() -> None:
    described = {"NEW", "DEFER", "SUCCESS", "OPEN", "CLICK", "REPORT", "FAIL", "SYSFAIL", "UNSUB"}
    assert {status.value for status in MailStatus} == described | {"OTHER"}
    grouped = reports.QUEUED | reports.DELIVERED | reports.BOUNCED | reports.DROPPED
    assert grouped == names(*described)


# ---- statistics


def test_a_row_keeps_every_digit_and_every_text() -> None:
    (row,), total = heard.read_stats(ok({"count": 1, "results": [ROW]}), PACIFIC)
    assert total == 1
    assert row == EmailStat(
        "1800872493473406976",
        "Invoice 7",
        "me@example.com",
        "you@example.org",
        datetime(2023, 8, 10, 11, 4, 21, tzinfo=UTC),
        MailStatus.SUCCESS,
        "",
        "SUCCESS",
        "2023-08-10 04:04:21",
        "td-abc",
    )


@pytest.mark.parametrize(
    ("id", "read"),
    [
        (1475205839938715648, "1475205839938715648"),
        (9223372036854775807, "9223372036854775807"),
        ("1475205839938715648", "1475205839938715648"),
        (4612864212, "4612864212"),
        (1.475e18, ""),  # rounded on its way: these are not the digits
        (None, ""),
        (True, ""),
        (-1, ""),
    ],
)
def test_an_id_is_text_and_never_a_rounded_number(id: object, read: str) -> None:
    (row,), _ = heard.read_stats(ok({"count": 1, "results": [{**ROW, "id": id}]}), UTC)
    assert row.id == read


@pytest.mark.parametrize(
    ("status", "read"), [("FOO", MailStatus.OTHER), ("open", MailStatus.OPEN), (None, MailStatus.OTHER)]
)
def test_an_unknown_status_is_kept_as_it_came(status: object, read: MailStatus) -> None:
    (row,), _ = heard.read_stats(ok({"count": 1, "results": [{**ROW, "status": status}]}), UTC)
    assert (row.status, row.raw_status) == (read, status or "")


@pytest.mark.parametrize("written", ["0000-00-00 00:00:00", "", None, 1524567486, "yesterday"])
def test_a_time_that_is_none_is_kept_as_it_came(written: object) -> None:
    (row,), _ = heard.read_stats(ok({"count": 1, "results": [{**ROW, "send_time": written}]}), UTC)
    assert (row.at, row.raw_at) == (None, str(written) if written else "")


def test_an_error_may_hold_line_breaks_and_the_rest_may_be_missing() -> None:
    (row,), _ = heard.read_stats(ok({"results": [{"id": 7, "error": "550 no\r\n550 such user"}]}), UTC)
    assert (row.id, row.error, row.subject, row.campaign) == ("7", "550 no\r\n550 such user", "", "")


@pytest.mark.parametrize("results", [[], None])
def test_an_empty_list_is_empty(results: Any) -> None:
    empty = ok({"count": 0, "results": results})
    for rows, total in (
        heard.read_stats(empty, UTC),
        heard.read_suppressions(empty, UTC),
        heard.read_sub_accounts(empty),
    ):
        assert (list(rows), total) == ([], 0)
    assert heard.read_keys(ok({"count": 0, "results": results})) == ()


@pytest.mark.parametrize(
    ("count", "total"),
    [
        (520, 520),
        ("7", 7),
        (0, 0),
        (-1, None),
        (None, None),
        (True, None),
        (1.5, None),
        (7.0, 7),
        ("-1", None),
        ("seven", None),
        (10**15, 10**15),
        (10**15 + 1, None),
        (10**90, None),
        ("9" * 5000, None),
    ],
)
def test_the_count_beside_the_rows(count: object, total: int | None) -> None:
    answer = ok({"count": count, "results": [ROW]})
    assert heard.read_stats(answer, UTC)[1] == total
    if total is None:
        with pytest.raises(Garbled):
            words.read_count(answer)
    else:
        assert words.read_count(answer) == total


DAMAGED = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"x"',
    b'{"count": 1',
    b'{"count": 1, "results": {}}',
    b'{"count": 1, "results": [1]}',
    b'{"count": 1, "results": [[]]}',
    b'{"count": 1, "results": [{}]',
    b"<html>Maintenance</html>",
    b'{"results": ' + b"[" * 100_000,
    '{"count": 0, "results": []}'.encode("utf-16"),
]


@pytest.mark.parametrize("body", DAMAGED)
def test_a_damaged_list_is_garbled_and_nothing_else(body: bytes) -> None:
    readers: list[Callable[[Answer], object]] = [
        lambda answer: heard.read_stats(answer, UTC),
        lambda answer: heard.read_suppressions(answer, UTC),
        heard.read_sub_accounts,
        heard.read_keys,
    ]
    for read in readers:
        with pytest.raises(Garbled):
            read(ok(body))


def test_one_message_is_read_with_its_campaign() -> None:
    record = heard.read_message(ok(ROW), PACIFIC)
    assert (record.stat.id, record.groups, record.events) == ("1800872493473406976", ("td-abc",), None)
    assert record.stat.at == datetime(2023, 8, 10, 11, 4, 21, tzinfo=UTC)
    assert heard.read_message(ok({**ROW, "x_campaign_id": ""}), UTC).groups == ()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"message": "OK"}', b'{"id": 1.5e18}'])
def test_what_is_no_message_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        heard.read_message(ok(body), UTC)


# ---- suppressions


def suppression(**more: object) -> dict[str, object]:
    return {
        "date": "2024-02-21 08:30:00",
        "sender": "me@example.com",
        "source": "bounce",
        "subject": "Hi",
        "recipient": "gone@example.org",
        "reason": "550 5.1.1 unknown user",
        **more,
    }


def test_a_suppression_is_known_by_its_address() -> None:
    (row,), total = heard.read_suppressions(ok({"count": 9, "results": [suppression()]}), PACIFIC)
    assert total == 9
    assert row == Report(
        "gone@example.org",
        ReportType.BOUNCE,
        "gone@example.org",
        datetime(2024, 2, 21, 15, 30, tzinfo=UTC),
        "550 5.1.1 unknown user",
        "2024-02-21 08:30:00",
        "me@example.com",
        "Hi",
    )


@pytest.mark.parametrize(
    ("source", "type"),
    [
        ("bounce", ReportType.BOUNCE),
        ("spam", ReportType.SPAM),
        ("unsubscribe", ReportType.UNSUBSCRIBE),
        ("manual", ReportType.MANUAL),
        ("validation_failed", ReportType.VALIDATION_FAILED),
        ("Bounce", ReportType.BOUNCE),
    ],
)
def test_every_source_is_a_type(source: str, type: ReportType) -> None:
    (row,), _ = heard.read_suppressions(ok({"results": [suppression(source=source)]}), UTC)
    assert (row.type, row.words) == (type, "550 5.1.1 unknown user")


def test_a_source_that_nobody_described_is_named() -> None:
    found, _ = heard.read_suppressions(
        ok({"results": [suppression(source="trap"), suppression(source="trap", reason=None)]}), UTC
    )
    rows = list(found)
    assert [row.words for row in rows] == ["trap: 550 5.1.1 unknown user", "trap"]
    assert {row.type for row in rows} == {ReportType.MANUAL}


def test_what_may_be_null_is_empty() -> None:
    bare = suppression(sender=None, recipient=None, reason=None, subject="")
    (row,), _ = heard.read_suppressions(ok({"results": [bare]}), UTC)
    assert (row.id, row.email, row.words, row.sender, row.subject) == ("", "", "", "", "")


@pytest.mark.parametrize(
    ("body", "imported"),
    [
        (
            {"status": "success", "valid": ["a@example.com"], "invalid": ["b@@example.com"]},
            Imported(("a@example.com",), ("b@@example.com",)),
        ),
        ({"status": "success", "valid": [], "invalid": []}, Imported((), ())),
        ({"status": "success"}, Imported(None, ())),
        ({"status": "success", "valid": None, "invalid": None}, Imported(None, ())),
    ],
)
def test_what_became_of_an_import(body: object, imported: Imported) -> None:
    assert heard.read_imported(ok(body)) == imported


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"status": "queued"}', b'{"valid": [[1]]}'])
def test_an_import_that_says_nothing_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        heard.read_imported(ok(body))


# ---- account and keys


def test_sub_accounts_are_read() -> None:
    row = {
        "subaccount_id": 9007199254740993,
        "parent_id": 1,
        "email": "shop@example.com",
        "active": True,
        "ip": "199.187.174.71",
        "limit": -1,
        "sent": 15,
        "last_used": None,
        "plan_expiration": "2026-01-01 00:00:00",
        "plan_limit_interval": "Monthly",
        "expired": False,
    }
    subs, total = heard.read_sub_accounts(
        ok({"count": 2, "results": [row, {"subaccount_id": 2, "limit": 100}]})
    )
    assert total == 2
    assert list(subs) == [
        SubAccount("9007199254740993", "shop@example.com", True, "199.187.174.71", 15, None),
        SubAccount("2", "", False, "", None, 100),
    ]


@pytest.mark.parametrize(
    ("more", "sent", "limit", "active"),
    [
        ({"sent": "15", "limit": "-1", "active": "1"}, 15, None, True),
        ({"sent": 15.0, "limit": 10**40, "active": "true"}, 15, None, True),
        ({"sent": 1.5, "limit": "none", "active": "no"}, None, None, False),
        ({"sent": True, "limit": "", "active": 7}, None, None, False),
        ({"sent": 10**300, "limit": -(10**300), "active": None}, None, None, False),
    ],
)
def test_one_odd_number_spoils_no_list(
    more: dict[str, object], sent: int | None, limit: int | None, active: bool
) -> None:
    (sub, other), _ = heard.read_sub_accounts(
        ok({"results": [{"subaccount_id": 1, **more}, {"subaccount_id": 2}]})
    )
    assert (sub.sent, sub.limit, sub.active, other.id) == (sent, limit, active, "2")


def test_keys_are_read_in_both_descriptions() -> None:
    new = {
        "consumerKey": "a" * 32,
        "label": "Shop",
        "creation_time": "2024-02-21 08:30:00",
        "ips": ["192.0.2.1"],
        "is_legacy": False,
        "permissions": ["SEND_API", "APIS"],
    }
    old = {"consumerKey": "b" * 32, "label": "Old", "creation_time": "2020-01-01 00:00:00"}
    assert heard.read_keys(ok({"count": 2, "results": [new, {**old, "is_legacy": True}]})) == (
        ApiKey(
            "a" * 32,
            "Shop",
            datetime(2024, 2, 21, 8, 30, tzinfo=UTC),
            ("SEND_API", "APIS"),
            ("192.0.2.1",),
        ),
        ApiKey("b" * 32, "Old", datetime(2020, 1, 1, tzinfo=UTC), legacy=True),
    )


def test_a_new_key_hides_both_halves() -> None:
    made = heard.read_new_key(ok({"consumerKey": "kkk", "consumerSecret": "sss"}, 201))
    assert (made.key, made.secret) == (Secret("kkk"), Secret("sss"))
    assert "kkk" not in repr(made) and "sss" not in repr(made)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"consumerKey": "k"}', b'{"consumerKey": "k", "consumerSecret": ""}']
)
def test_half_a_key_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        heard.read_new_key(ok(body))


@pytest.mark.parametrize(
    ("body", "info"),
    [
        ({"email": "o@example.com", "account_type": "paid"}, AccountInfo("", "o@example.com", True)),
        ({"account_type": "free", "more": [1]}, AccountInfo("", "me@example.com", True)),
        ({"email": None}, AccountInfo("", "me@example.com", True)),
    ],
)
def test_the_account_as_far_as_clients_have_seen_it(body: object, info: AccountInfo) -> None:
    assert heard.read_account(ok(body), "me@example.com") == info


# ---- every no


@pytest.mark.parametrize(
    ("body", "status", "kind", "reason"),
    [
        ({"message": "wrong_credentials_specified"}, 403, SignInRefused, Reason.CREDENTIALS),
        ({"message": "account_is_inactive"}, 401, SignInRefused, Reason.INACTIVE),
        ({"message": "invalid_authorization_key"}, 401, SignInRefused, Reason.INPUT),
        ({"message": "missing_authorization_key"}, 401, SignInRefused, Reason.INPUT),
        ({"message": "feature_not_available_for_active_plan"}, 403, Refused, Reason.PLAN),
        ({"message": "email_not_found"}, 404, Refused, Reason.MISSING),
        ({"message": "page_not_found"}, 404, Refused, Reason.MISSING),
        ({"message": "key_not_found"}, 404, Refused, Reason.MISSING),
        ({"message": "invalid_status_value"}, 400, Refused, Reason.INPUT),
        ({"message": "insufficient_credit"}, 400, Refused, Reason.CREDIT),
        ({"res": "invalid_mail_address_list"}, 400, Refused, Reason.INPUT),
    ],
)
def test_every_code_becomes_our_error(
    body: object, status: int, kind: type[TurbodeskError], reason: Reason
) -> None:
    objection = words.read_objection(ok(body, status))
    assert objection is not None and objection.reason is reason
    error = question_error("turboSMTP", ok(body, status), objection)
    assert type(error) is kind
    if isinstance(error, Refused):
        assert error.words == objection.words


@pytest.mark.parametrize(
    "row", [ROW, {**ROW, "error": "550 5.1.1 unknown user"}, {"count": 1, "results": []}]
)
def test_a_message_with_an_error_text_is_no_objection(row: object) -> None:
    assert words.read_objection(ok(row)) is None


@pytest.mark.parametrize(
    ("body", "is_no"),
    [
        ({"errorCode": "3", "message": "Invalid authorization token"}, True),
        ({"errorCode": 3}, True),
        ({"error": 3, "message": "no"}, True),
        ({"errorCode": 0, "message": "OK"}, False),
        ({"error": 0, "message": "OK"}, False),
        ({"errorCode": "0"}, False),
        ({**ROW, "error": "550"}, False),  # what became of a message, not what is wrong with the question
        ({"error": True}, False),
    ],
)
def test_a_number_under_200_is_a_no_where_it_is_one(body: object, is_no: bool) -> None:
    assert (words.read_objection(ok(body)) is not None) == is_no
