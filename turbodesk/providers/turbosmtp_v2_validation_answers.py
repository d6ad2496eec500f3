"""What turboSMTP's v2 API answers about validating addresses: read into our model without I/O.

The source of every fact is turboSMTP's v2 description; where it is silent the docstring says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, tzinfo
from decimal import Decimal, InvalidOperation
from functools import partial

import msgspec

from turbodesk.model.validation import (
    Uploaded,
    Validated,
    ValidationCredits,
    ValidationList,
    ValidationStatus,
)
from turbodesk.providers.exchange import Answer, Garbled, JsonReader
from turbodesk.providers.scalars import Scalar, id_of, is_yes, number_of, text_of, time_of
from turbodesk.providers.turbosmtp_words import count_of


class _Subscription(msgspec.Struct):
    currency: Scalar = None
    free_credits: Scalar = None
    free_credits_used: Scalar = None
    remaining_free_credit: Scalar = None
    paid_credits: Scalar = None
    latest_period_start_date: Scalar = None
    period_expiration_date: Scalar = None
    last_used_period: Scalar = None


class _Record(msgspec.Struct):
    email: Scalar = None
    id: Scalar = None
    status: Scalar = None
    sub_status: Scalar = None
    free_email: Scalar = None
    domain: Scalar = None
    domain_age_days: Scalar = None
    smtp_provider: Scalar = None
    mx_found: Scalar = None
    mx_record: Scalar = None
    did_you_mean: Scalar = None
    account: Scalar = None
    firstname: Scalar = None
    lastname: Scalar = None
    gender: Scalar = None
    country: Scalar = None
    region: Scalar = None
    city: Scalar = None
    zipcode: Scalar = None
    processed_at: Scalar = None


class _Records(msgspec.Struct):
    results: list[_Record] | None
    count: Scalar = None
    processed: Scalar = None


class _Summed(msgspec.Struct):
    status: Scalar = None
    total: Scalar = None


class _List(msgspec.Struct):
    id: Scalar = None
    creation_time: Scalar = None
    file_name: Scalar = None
    is_processed: Scalar = None
    percentage: Scalar = None
    total_emails: Scalar = None
    total_processed: Scalar = None
    status_summary: list[_Summed] | None = None


class _Lists(msgspec.Struct):
    results: list[_List] | None
    count: Scalar = None


class _Upload(msgspec.Struct):
    list_id: Scalar = None
    total_emails: Scalar = None


_PERSON = ("account", "firstname", "lastname", "gender", "country", "region", "city", "zipcode")

_subscription = JsonReader(_Subscription)
_record = JsonReader(_Record)
_records = JsonReader(_Records)
_list = JsonReader(_List)
_lists = JsonReader(_Lists)
_upload = JsonReader(_Upload)
_anything = JsonReader(object)


def read_credits(answer: Answer) -> ValidationCredits:
    """What is left. Its times come without a zone and none can be asked for, so UTC is assumed.
    `GET /emailvalidation/subscription`, turboSMTP v2, documented."""
    found = _subscription(answer.body)
    left, paid = number_of(found.remaining_free_credit), _money(found.paid_credits)
    if left is None and paid is None:
        raise Garbled("neither free nor paid credits")
    return ValidationCredits(
        number_of(found.free_credits),
        number_of(found.free_credits_used),
        left,
        paid,
        text_of(found.currency),
        time_of(found.latest_period_start_date),
        time_of(found.period_expiration_date),
        time_of(found.last_used_period),
    )


def read_record(answer: Answer) -> Validated:
    """What is known of one address, of a list or asked alone. Times are taken for UTC, as in
    `read_credits`. `POST /emailvalidation/validateEmail`,
    `GET /emailvalidation/lists/{Id}/emails/{emailId}`, turboSMTP v2, documented."""
    found = _record(answer.body)
    if not text_of(found.status):
        raise Garbled("a result without a status")
    return _validated(found)


def read_records(answer: Answer) -> tuple[Iterator[Validated], int | None]:
    """One page in the provider's order, its rows made as they are taken, and how many results there are by
    now: `count` is of the whole list, validated or not. `GET /emailvalidation/lists/{Id}/emails`, turboSMTP
    v2, documented."""
    found = _records(answer.body)
    total = found.count if found.processed is None else found.processed
    return map(_validated, found.results or ()), count_of(total)


def read_list(answer: Answer, zone: tzinfo = UTC) -> ValidationList:
    """One list. `GET /emailvalidation/lists/{Id}`, turboSMTP v2, documented."""
    found = _list(answer.body)
    if not id_of(found.id):
        raise Garbled("a list without an id")
    return _validation_list(found, zone)


def read_lists(answer: Answer, zone: tzinfo) -> tuple[Iterator[ValidationList], int | None]:
    """One page as in `read_records`; times are in the `tz` that was asked for.
    `GET /emailvalidation/lists`, turboSMTP v2, documented."""
    found = _lists(answer.body)
    return map(partial(_validation_list, zone=zone), found.results or ()), count_of(found.count)


def read_uploaded(answer: Answer) -> Uploaded:
    """The list just made. `POST /emailvalidation/upload`, turboSMTP v2, documented."""
    found = _upload(answer.body)
    id = id_of(found.list_id)
    if not id:
        raise Garbled("a list without an id")
    return Uploaded(id, count_of(found.total_emails))


def read_started(answer: Answer) -> None:
    """Nothing or any JSON: what a yes holds is not described. Raises Garbled for anything else, which might
    be a page of something between us. `POST /emailvalidation/lists/{Id}/validate`, turboSMTP v2."""
    if answer.body.strip():
        _anything(answer.body)


def status_of(found: Scalar) -> ValidationStatus:
    """A status in our words; an older description writes `catch-all`."""
    try:
        return ValidationStatus(text_of(found).strip().lower().replace("-", "_"))
    except ValueError:
        return ValidationStatus.OTHER


def _validated(found: _Record) -> Validated:
    person = ((name, text_of(getattr(found, name))) for name in _PERSON)
    return Validated(
        email=text_of(found.email),
        status=status_of(found.status),
        words=text_of(found.status),
        sub_status=text_of(found.sub_status),
        did_you_mean=text_of(found.did_you_mean),
        free_email=_yes_or_no(found.free_email),
        domain=text_of(found.domain),
        domain_age_days=number_of(found.domain_age_days),
        smtp_provider=text_of(found.smtp_provider),
        mx_found=_yes_or_no(found.mx_found),
        mx_record=text_of(found.mx_record),
        person=tuple((name, value) for name, value in person if value),
        at=time_of(found.processed_at),
        id=id_of(found.id),
    )


def _validation_list(found: _List, zone: tzinfo) -> ValidationList:
    counts = ((status_of(each.status), count_of(each.total) or 0) for each in found.status_summary or ())
    return ValidationList(
        id_of(found.id),
        text_of(found.file_name),
        time_of(found.creation_time, zone),
        count_of(found.total_emails) or 0,
        count_of(found.total_processed) or 0,
        min(count_of(found.percentage) or 0, 100),
        is_yes(found.is_processed),
        tuple(counts),
    )


def _yes_or_no(found: Scalar) -> bool | None:
    return None if text_of(found) == "" else is_yes(found)


def _money(found: Scalar) -> Decimal | None:
    """An amount, written as a number or as text; None where it is none."""
    try:
        amount = Decimal(text_of(found))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
