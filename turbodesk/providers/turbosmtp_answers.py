"""What turboSMTP's v1 API answers: read into our model by plain functions without I/O.

The source of every fact is turboSMTP's v1 documentation; where it is silent the docstring says so.
"""

from __future__ import annotations

import ipaddress

import msgspec

from turbodesk.model.account import AccountInfo, Plan, SubAccount, TrackingTool
from turbodesk.model.reports import EmailStat, Report, ReportType
from turbodesk.providers.exchange import Answer, Garbled, JsonReader
from turbodesk.providers.scalars import Scalar, id_of, is_digits, limit_of, text_of, time_of
from turbodesk.providers.turbosmtp_calls import TOOLS
from turbodesk.providers.turbosmtp_words import read_count, status_of


class _ReportRow(msgspec.Struct):
    cid: Scalar = None
    email: Scalar = None
    ts: Scalar = None
    response: Scalar = None


class _StatRow(msgspec.Struct):
    id: Scalar = None
    subject: Scalar = None
    sender: Scalar = None
    recipient: Scalar = None
    sendTime: Scalar = None
    status: Scalar = None
    error: Scalar = None


class _Setting(msgspec.Struct):
    key: Scalar = None
    value: Scalar = None


class _Tool(msgspec.Struct):
    id: str
    enabled: bool
    forced: bool = False
    settings: list[_Setting] | None = None


class _Info(msgspec.Struct):
    email: str
    active: bool | None = None
    gateway: Scalar = None
    ip: Scalar = None
    accountid: Scalar = None


class _PlanRow(msgspec.Struct):
    id: Scalar = None
    smtp_limit: int | None = None
    smtp_count: int | None = None
    smtp_limit_interval: Scalar = None
    plan_expiration: Scalar = None
    last_used: Scalar = None
    expired: bool | None = None
    active: bool | None = None


class _SubRow(msgspec.Struct):
    id: Scalar = None
    email: Scalar = None
    active: bool | None = None
    ip: Scalar = None
    sent: int | None = None
    limit: int | None = None
    reputation: int | None = None


_reports = JsonReader(list[_ReportRow])
_stats = JsonReader(list[_StatRow])
_tool = JsonReader(_Tool)
_info = JsonReader(_Info)
_plans = JsonReader(list[_PlanRow])
_subs = JsonReader(list[_SubRow])


def read_total(answer: Answer) -> int | None:
    """A count beside a list, where a number that makes no sense only means that the total is not known."""
    try:
        return read_count(answer)
    except Garbled:
        return None


def read_reports(answer: Answer, type: ReportType) -> list[Report]:
    """One page in the provider's order. `GET /web/api/reports/{type}[/all]`, turboSMTP v1, documented."""
    return [
        Report(
            id_of(row.cid), type, text_of(row.email), time_of(row.ts), text_of(row.response), text_of(row.ts)
        )
        for row in _reports(answer.body)
    ]


def read_stats(answer: Answer) -> list[EmailStat]:
    """One page in the provider's order. `GET /api/stats/panes/emails`, `/api/stats/email-feed-last/{no}`,
    turboSMTP v1, documented.

    `sendTime` ends in Z but is the wall clock of the `tz` that was asked for; we ask for UTC, so both agree.
    """
    return [
        EmailStat(
            id_of(row.id),
            text_of(row.subject),
            text_of(row.sender),
            text_of(row.recipient),
            time_of(row.sendTime),
            status_of(row.status),
            text_of(row.error),
            text_of(row.status),
            text_of(row.sendTime),
        )
        for row in _stats(answer.body)
    ]


def read_tool(answer: Answer) -> TrackingTool:
    """A switch as it stands now. `GET` and `PUT /api/tools/…`, turboSMTP v1, documented."""
    tool = _tool(answer.body)
    ids = {theirs: ours for ours, theirs in TOOLS.items()}
    settings = tuple((text_of(each.key), text_of(each.value)) for each in tool.settings or ())
    return TrackingTool(ids.get(tool.id, tool.id), tool.enabled, tool.forced, settings)


def read_account(answer: Answer) -> AccountInfo:
    """Who is signed in. `GET /api/user/info`, turboSMTP v1, documented in part; `ip` comes as a number."""
    info = _info(answer.body)
    return AccountInfo(
        id_of(info.accountid), info.email, bool(info.active), _dotted(info.ip), text_of(info.gateway)
    )


def read_plans(answer: Answer) -> tuple[Plan, ...]:
    """The plans in the provider's order. `GET /api/plans`, turboSMTP v1, documented."""
    return tuple(
        Plan(
            id_of(row.id),
            limit_of(row.smtp_limit),
            row.smtp_count or 0,
            text_of(row.smtp_limit_interval),
            time_of(row.plan_expiration),
            time_of(row.last_used),
            bool(row.expired),
            bool(row.active),
        )
        for row in _plans(answer.body)
    )


def read_sub_accounts(answer: Answer) -> tuple[SubAccount, ...]:
    """The accounts below, in the provider's order. `GET /api/useraccounts/summary`, turboSMTP v1, documented;
    that -1 means no limit is written for v2 only."""
    return tuple(
        SubAccount(
            id_of(row.id),
            text_of(row.email),
            bool(row.active),
            _dotted(row.ip),
            row.sent or 0,
            limit_of(row.limit),
            row.reputation,
        )
        for row in _subs(answer.body)
    )


# ---- single values


def _dotted(found: Scalar) -> str:
    """An address as people write it; it comes dotted or as one big-endian number."""
    if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**32:
        return str(ipaddress.IPv4Address(found))
    text = text_of(found)
    return _dotted(int(text)) if is_digits(text) and 0 < int(text) < 2**32 else text
