"""What turboSMTP's v2 API answers: read into our model by plain functions without I/O.

The source of every fact is turboSMTP's v2 description; where it is silent the docstring says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from functools import partial

import msgspec

from turbodesk.model.account import AccountInfo, ApiKey, NewKey, Secret, SubAccount
from turbodesk.model.reports import EmailStat, Imported, MessageRecord, Report, ReportType
from turbodesk.providers.exchange import Answer, Garbled, JsonReader
from turbodesk.providers.scalars import Scalar, id_of, is_yes, limit_of, number_of, text_of, time_of
from turbodesk.providers.turbosmtp_v2_calls import SOURCES
from turbodesk.providers.turbosmtp_words import count_of, status_of

_TYPES = {source: type for type, source in SOURCES.items()}


class _StatRow(msgspec.Struct):
    id: Scalar = None
    subject: Scalar = None
    sender: Scalar = None
    recipient: Scalar = None
    send_time: Scalar = None
    status: Scalar = None
    x_campaign_id: Scalar = None
    error: Scalar = None


class _Stats(msgspec.Struct):
    results: list[_StatRow] | None
    count: Scalar = None


class _Suppression(msgspec.Struct):
    date: Scalar = None
    sender: Scalar = None
    source: Scalar = None
    subject: Scalar = None
    recipient: Scalar = None
    reason: Scalar = None


class _Suppressions(msgspec.Struct):
    results: list[_Suppression] | None
    count: Scalar = None


class _Import(msgspec.Struct):
    status: Scalar = None
    valid: list[Scalar] | None = None
    invalid: list[Scalar] | None = None


class _Sub(msgspec.Struct):
    subaccount_id: Scalar = None
    email: Scalar = None
    active: Scalar = None
    ip: Scalar = None
    limit: Scalar = None
    sent: Scalar = None


class _Subs(msgspec.Struct):
    results: list[_Sub] | None
    count: Scalar = None


class _Key(msgspec.Struct):
    consumerKey: str
    label: Scalar = None
    creation_time: Scalar = None
    ips: list[Scalar] | None = None
    is_legacy: Scalar = None
    permissions: list[Scalar] | None = None


class _Keys(msgspec.Struct):
    results: list[_Key] | None


class _NewKey(msgspec.Struct):
    consumerKey: str
    consumerSecret: str


class _Config(msgspec.Struct):
    email: Scalar = None


_stat = JsonReader(_StatRow)
_stats = JsonReader(_Stats)
_suppressions = JsonReader(_Suppressions)
_import = JsonReader(_Import)
_subs = JsonReader(_Subs)
_keys = JsonReader(_Keys)
_new_key = JsonReader(_NewKey)
_config = JsonReader(_Config)


def read_stats(answer: Answer, zone: tzinfo) -> tuple[Iterator[EmailStat], int | None]:
    """One page in the provider's order, its rows made as they are taken, and how many rows there are in all,
    None where that makes no sense.

    Times come without a zone, in the `tz` that was asked for. `GET /analytics`, turboSMTP v2, documented.
    """
    found = _stats(answer.body)
    return map(partial(_email_stat, zone=zone), found.results or ()), count_of(found.count)


def read_message(answer: Answer, zone: tzinfo) -> MessageRecord:
    """One row alone. `GET /analytics/{Id}`, turboSMTP v2, documented."""
    row = _stat(answer.body)
    if not id_of(row.id):
        raise Garbled("a message without an id")
    stat = _email_stat(row, zone)
    return MessageRecord(stat, groups=(stat.campaign,) if stat.campaign else ())


def _email_stat(row: _StatRow, zone: tzinfo) -> EmailStat:
    return EmailStat(
        id_of(row.id),
        text_of(row.subject),
        text_of(row.sender),
        text_of(row.recipient),
        time_of(row.send_time, zone),
        status_of(row.status),
        text_of(row.error),
        text_of(row.status),
        text_of(row.send_time),
        text_of(row.x_campaign_id),
    )


def read_suppressions(answer: Answer, zone: tzinfo) -> tuple[Iterator[Report], int | None]:
    """One page as in `read_stats`. There are no ids: the address is what a row is taken off by.
    `GET` and `POST /suppressions`, turboSMTP v2, documented."""
    found = _suppressions(answer.body)
    return map(partial(_report, zone=zone), found.results or ()), count_of(found.count)


def _report(row: _Suppression, zone: tzinfo) -> Report:
    """A row; one of a source that nobody has described counts as put there by hand, and names it."""
    email, source, words = text_of(row.recipient), text_of(row.source), text_of(row.reason)
    type = _TYPES.get(source.lower())
    if type is None:
        type, words = ReportType.MANUAL, ": ".join(filter(None, (source, words)))
    return Report(
        email,
        type,
        email,
        time_of(row.date, zone),
        words,
        text_of(row.date),
        text_of(row.sender),
        text_of(row.subject),
    )


def read_imported(answer: Answer) -> Imported:
    """Which addresses were taken, and which not. `POST /suppressions/import`, turboSMTP v2, documented."""
    found = _import(answer.body)
    if found.valid is None and found.invalid is None and text_of(found.status).lower() != "success":
        raise Garbled("neither success nor addresses")
    valid = None if found.valid is None else tuple(map(text_of, found.valid))
    return Imported(valid, tuple(map(text_of, found.invalid or ())))


def read_sub_accounts(answer: Answer) -> tuple[Iterator[SubAccount], int | None]:
    """One page as in `read_stats`. `GET /subaccounts/list`, turboSMTP v2, documented."""
    found = _subs(answer.body)
    return map(_sub_account, found.results or ()), count_of(found.count)


def _sub_account(row: _Sub) -> SubAccount:
    return SubAccount(
        id_of(row.subaccount_id),
        text_of(row.email),
        is_yes(row.active),
        text_of(row.ip),
        number_of(row.sent),
        limit_of(number_of(row.limit)),
    )


def read_keys(answer: Answer) -> tuple[ApiKey, ...]:
    """The key pairs in the provider's order, without their secrets. Their times come without a zone and none
    can be asked for, so UTC is assumed. `GET /user/consumerKeys`, turboSMTP v2, documented."""
    return tuple(
        ApiKey(
            row.consumerKey,
            text_of(row.label),
            time_of(row.creation_time),
            _texts(row.permissions),
            _texts(row.ips),
            is_yes(row.is_legacy),
        )
        for row in _keys(answer.body).results or ()
    )


def read_new_key(answer: Answer) -> NewKey:
    """The pair just made. `POST /user/consumerKeys`, turboSMTP v2, documented."""
    found = _new_key(answer.body)
    if not found.consumerKey or not found.consumerSecret:
        raise Garbled("a key pair with a half missing")
    return NewKey(Secret(found.consumerKey), Secret(found.consumerSecret))


def read_account(answer: Answer, user: str) -> AccountInfo:
    """Who is signed in; `user` is what stands in where there is no address in it. It is active, or there
    would be no answer. `GET /user/config`, turboSMTP v2, not documented: seen in clients, which read its
    `email`."""
    return AccountInfo("", text_of(_config(answer.body).email) or user, active=True)


def _texts(found: Sequence[Scalar] | None) -> tuple[str, ...]:
    return tuple(filter(None, map(text_of, found or ())))
