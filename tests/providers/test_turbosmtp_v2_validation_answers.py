"""What turboSMTP v2 answers about validations, read from every shape that is described, and from odd ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from turbodesk.model.validation import (
    Uploaded,
    Validated,
    ValidationCredits,
    ValidationList,
    ValidationStatus,
)
from turbodesk.providers import turbosmtp_v2_validation_answers as heard
from turbodesk.providers.exchange import Answer, Garbled

PACIFIC = timezone(timedelta(hours=-7))
STATUSES = ("valid", "invalid", "catch_all", "unknown", "spamtrap", "abuse", "do_not_mail")
RECORD = {
    "email": "ann@example.com",
    "id": 9216301,
    "status": "do_not_mail",
    "sub_status": "role_based",
    "free_email": False,
    "domain": "example.com",
    "domain_age_days": 9692,
    "smtp_provider": "example",
    "mx_found": True,
    "mx_record": "mx.example.com",
}
ALONE = {
    **{name: value for name, value in RECORD.items() if name != "id"},
    "did_you_mean": "anne@example.com",
    "account": None,
    "firstname": "Ann",
    "lastname": "Lee",
    "gender": None,
    "country": "",
    "region": None,
    "city": "Rome",
    "zipcode": None,
    "processed_at": "2026-03-10 04:04:21",
}
LIST = {
    "id": 48151,
    "creation_time": "2026-03-10 04:04:21",
    "file_name": "spring.csv",
    "is_processed": True,
    "percentage": 100,
    "total_emails": 5,
    "total_processed": 5,
    "status_summary": [{"status": "valid", "total": 3}, {"status": "catch-all", "total": 2}],
}


def ok(body: object) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer("GET", "/x", 200, {"content-type": "application/json"}, data)


@pytest.mark.parametrize("status", STATUSES)
def test_every_described_status_is_known(status: str) -> None:
    found = heard.read_record(ok({**RECORD, "status": status}))
    assert (found.status.value, found.words) == (status, status)
    assert {it.value for it in ValidationStatus} == {*STATUSES, "other"}


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        ("catch-all", ValidationStatus.CATCH_ALL),
        ("VALID", ValidationStatus.VALID),
        ("brand_new", ValidationStatus.OTHER),
    ],
)
def test_other_spellings_keep_their_words(status: str, meant: ValidationStatus) -> None:
    found = heard.read_record(ok({**RECORD, "status": status}))
    assert (found.status, found.words) == (meant, status)


def test_one_address_is_read_with_all_that_is_known() -> None:
    assert heard.read_record(ok(ALONE)) == Validated(
        "ann@example.com",
        ValidationStatus.DO_NOT_MAIL,
        "do_not_mail",
        "role_based",
        "anne@example.com",
        False,
        "example.com",
        9692,
        "example",
        True,
        "mx.example.com",
        (("firstname", "Ann"), ("lastname", "Lee"), ("city", "Rome")),
        datetime(2026, 3, 10, 4, 4, 21, tzinfo=UTC),
    )


def test_what_is_not_known_is_none_or_nothing() -> None:
    names = ("sub_status", "domain_age_days", "smtp_provider", "mx_record", "mx_found", "free_email")
    found = heard.read_record(ok({**RECORD, **dict.fromkeys(names)}))
    assert (found.sub_status, found.smtp_provider, found.mx_record) == ("", "", "")
    assert (found.domain_age_days, found.mx_found, found.free_email) == (None, None, None)


def test_a_page_of_results_counts_what_is_validated_by_now() -> None:
    rows, total = heard.read_records(ok({"count": 5, "processed": 1, "results": [RECORD]}))
    (row,) = rows
    assert (total, row.id, row.email, row.at) == (1, "9216301", "ann@example.com", None)
    rows, total = heard.read_records(ok({"count": 5, "results": None}))
    assert (list(rows), total) == ([], 5)


def test_a_list_keeps_its_counts_and_its_time() -> None:
    found = heard.read_list(ok(LIST))
    counts = ((ValidationStatus.VALID, 3), (ValidationStatus.CATCH_ALL, 2))
    at = datetime(2026, 3, 10, 4, 4, 21, tzinfo=UTC)
    assert found == ValidationList("48151", "spring.csv", at, 5, 5, 100, True, counts)


def test_a_list_among_others_is_of_the_zone_that_was_asked_for_and_has_no_summary() -> None:
    plain = {name: value for name, value in LIST.items() if name != "status_summary"}
    rows, total = heard.read_lists(ok({"count": 7, "results": [plain]}), PACIFIC)
    (row,) = rows
    assert (total, row.counts) == (7, ())
    assert row.created == datetime(2026, 3, 10, 11, 4, 21, tzinfo=UTC)


def test_credits_are_free_ones_and_money() -> None:
    body: dict[str, Any] = {
        "currency": "€",
        "free_credits": 100,
        "free_credits_used": 42,
        "remaining_free_credit": 58,
        "paid_credits": 437.456,
        "latest_period_start_date": "2026-03-01 00:00:00",
        "period_expiration_date": None,
        "last_used_period": None,
    }
    start = datetime(2026, 3, 1, tzinfo=UTC)
    assert heard.read_credits(ok(body)) == ValidationCredits(100, 42, 58, Decimal("437.456"), "€", start)
    assert heard.read_credits(ok({"paid_credits": "12.50"})).paid == Decimal("12.50")
    assert heard.read_credits(ok({"remaining_free_credit": 0})).paid is None


def test_the_id_of_a_new_list_keeps_every_digit() -> None:
    made = heard.read_uploaded(ok({"list_id": 1475205839938715649, "total_emails": 3}))
    assert made == Uploaded("1475205839938715649", 3)
    assert heard.read_uploaded(ok({"list_id": "7"})) == Uploaded("7", None)


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (heard.read_record, {}),
        (heard.read_record, {"email": "a@example.com"}),
        (heard.read_record, [RECORD]),
        (heard.read_record, b'{"status": "val'),
        (heard.read_records, {}),
        (heard.read_list, {"file_name": "x"}),
        (heard.read_list, {"id": 1.5}),
        (heard.read_uploaded, {"total_emails": 3}),
        (heard.read_credits, {}),
        (heard.read_credits, {"paid_credits": "NaN"}),
        (heard.read_started, b"<html>Log in</html>"),
    ],
)
def test_what_makes_no_sense_is_garbled(read: Any, body: object) -> None:
    with pytest.raises(Garbled):
        read(ok(body))


@pytest.mark.parametrize("percentage", [None, -1, 250, "40", 39.5])
def test_a_percentage_is_one(percentage: object) -> None:
    assert 0 <= heard.read_list(ok({**LIST, "percentage": percentage})).percent <= 100
