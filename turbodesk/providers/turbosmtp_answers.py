"""What turboSMTP's v1 API answers: read into our model by plain functions without I/O.

The source of every fact is turboSMTP's v1 documentation; where it is silent the docstring says so.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from turbodesk.model.account import AccountInfo, Plan, SubAccount, TrackingTool
from turbodesk.model.message import Message
from turbodesk.model.outcome import SendResult, Verdict
from turbodesk.model.reports import EmailStat, MailStatus, Report, ReportType
from turbodesk.providers.exchange import Answer, Garbled, JsonReader, Objection, Reason
from turbodesk.providers.turbosmtp_calls import TOOLS

Scalar = str | int | float | bool | None

_OK_IN_RUINS = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{[^<]*"message"\s*:\s*"ok"', re.IGNORECASE)
_MID_IN_RUINS = re.compile(rb'"mid"\s*:\s*"?(\d{1,30})"?\s*[,}]')
_LONGEST_ID = 100
_FIELD_WORDS = (
    (re.compile(r"sender email|\(from\)"), "from"),
    (re.compile(r"'to' email not valid|\(to\)|recipient email not valid"), "to"),
    (re.compile(r"'?cc'? email not valid"), "cc"),
    (re.compile(r"'?bcc'? email not valid"), "bcc"),
    (re.compile(r"subject", re.IGNORECASE), "subject"),
)
_NUMBERS = {
    1: Reason.CREDENTIALS,
    2: Reason.INACTIVE,
    3: Reason.CREDENTIALS,
    4: Reason.MISSING,
    5: Reason.FAULT,
    8: Reason.CREDENTIALS,
    9: Reason.CREDENTIALS,
}
_REASON_WORDS = (
    (re.compile(r"\bwrong[ _]credentials", re.IGNORECASE), Reason.CREDENTIALS),
    (re.compile(r"\bis inactive\b|account_is_inactive", re.IGNORECASE), Reason.INACTIVE),
    (re.compile(r"\bno_?credit\b|insufficient_credit", re.IGNORECASE), Reason.CREDIT),
    (re.compile(r"feature_not_available"), Reason.PLAN),
    (re.compile(r"_not_found\b"), Reason.MISSING),
)


class _Words(msgspec.Struct):
    message: Any = None
    mid: Any = None
    errorCode: Any = None
    error: Any = None
    errors: Any = None
    res: Any = None
    details: Any = None


class _Token(msgspec.Struct):
    auth: str


class _Count(msgspec.Struct):
    count: Scalar = None


class _Success(msgspec.Struct):
    success: bool


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


_words = JsonReader(_Words)
_token = JsonReader(_Token)
_count = JsonReader(_Count)
_success = JsonReader(_Success)
_reports = JsonReader(list[_ReportRow])
_stats = JsonReader(list[_StatRow])
_tool = JsonReader(_Tool)
_info = JsonReader(_Info)
_plans = JsonReader(list[_PlanRow])
_subs = JsonReader(list[_SubRow])


def read_objection(answer: Answer) -> Objection | None:
    """The no in an answer, whatever its status and its shape; None where it is a yes.

    A 200 is a no too where `message` is `error` or a number stands in `errorCode` or `error`.
    All v1 answers, documented; shapes seen in v2's descriptions are read as well.
    """
    if not answer.body.lstrip().startswith(b"{"):
        return None if answer.ok else _objection_of(answer, (answer.excerpt,), None)
    try:
        words = _words(answer.body)
    except Garbled:
        return None if answer.ok else _objection_of(answer, (answer.excerpt,), None)
    number = _number(words.errorCode) or _number(words.error)
    if answer.ok and number is None and _text(words.message).lower() != "error":
        return None
    texts = (
        tuple(_flat(words.errors))
        or tuple(_text(found) for found in (words.message, words.res, words.details) if _text(found))[:1]
    )
    return _objection_of(answer, texts, number)


def read_token(answer: Answer) -> str:
    """The token for the header. `POST /api/authorize`, turboSMTP v1, documented."""
    token = _token(answer.body).auth.strip()
    if not token or not token.isascii() or not token.isprintable():
        raise Garbled("no token that could stand in a header")
    return token


def read_nothing(answer: Answer) -> None:
    """Any yes will do. `POST /api/deauthorize`, turboSMTP v1, documented."""


def read_sent(answer: Answer, message: Message, note: str = "") -> SendResult:
    """One outcome for every recipient, all accepted; raises Garbled where the answer is no clear yes.

    A yes is `message` OK in any letter case, or a `mid`. An object that is no good JSON but holds
    `"message": "OK"` counts as well: the documentation itself prints one, its comma missing. Any other text
    under 200 might be a page of something between us, so it proves nothing and the outcome stays unknown.
    An id is taken out of such ruins only where its end is to be seen.
    Send V2 `POST /api/v2/mail/send`, Send V1 and Beta 1.0 `POST /api/mail/send`, turboSMTP v1, documented.
    """
    notes = [note]
    try:
        words = _words(answer.body)
        id, said_yes = _id(words.mid), _text(words.message).lower() == "ok"
        if not said_yes and not id:
            raise Garbled("neither OK nor an id")
    except Garbled:
        if not _OK_IN_RUINS.match(answer.body):
            raise
        mid = _MID_IN_RUINS.search(answer.body)
        id = mid[1].decode() if mid else ""
        notes.append("turboSMTP's answer was damaged, but it says OK.")
    else:
        if words.mid is not None and not id:
            notes.append("turboSMTP took it, but gave an id that can't be read.")
        if answer.media_type not in ("", "application/json", "text/json"):
            notes.append(f"turboSMTP marked its answer as {answer.media_type}.")
    return SendResult.for_all(
        message, Verdict.ACCEPTED, provider_id=id, words="OK", note=" ".join(filter(None, notes))
    )


def read_count(answer: Answer) -> int:
    """`…/count` of reports and statistics, turboSMTP v1, documented. Raises Garbled where it is no number."""
    number = _count(answer.body).count
    if isinstance(number, bool) or not isinstance(number, int | str) or not _digits(str(number)):
        raise Garbled("a count that is no number")
    return int(number)


def read_total(answer: Answer) -> int | None:
    """The same beside a list, where a number that makes no sense only means that the total is not known."""
    try:
        return read_count(answer)
    except Garbled:
        return None


def read_done(answer: Answer) -> None:
    """`{"success": true}`, or a 204. `DELETE /web/api/reports/{type}`, turboSMTP v1, documented."""
    if answer.status != 204 and not _success(answer.body).success:
        raise Garbled("not done, without a word why")


def read_reports(answer: Answer, type: ReportType) -> list[Report]:
    """One page in the provider's order. `GET /web/api/reports/{type}[/all]`, turboSMTP v1, documented."""
    return [
        Report(_id(row.cid), type, _text(row.email), _time(row.ts), _text(row.response), _text(row.ts))
        for row in _reports(answer.body)
    ]


def read_stats(answer: Answer) -> list[EmailStat]:
    """One page in the provider's order. `GET /api/stats/panes/emails`, `/api/stats/email-feed-last/{no}`,
    turboSMTP v1, documented.

    `sendTime` ends in Z but is the wall clock of the `tz` that was asked for; we ask for UTC, so both agree.
    """
    return [
        EmailStat(
            _id(row.id),
            _text(row.subject),
            _text(row.sender),
            _text(row.recipient),
            _time(row.sendTime),
            _status(row.status),
            _text(row.error),
            _text(row.status),
            _text(row.sendTime),
        )
        for row in _stats(answer.body)
    ]


def read_tool(answer: Answer) -> TrackingTool:
    """A switch as it stands now. `GET` and `PUT /api/tools/…`, turboSMTP v1, documented."""
    tool = _tool(answer.body)
    ids = {theirs: ours for ours, theirs in TOOLS.items()}
    settings = tuple((_text(each.key), _text(each.value)) for each in tool.settings or ())
    return TrackingTool(ids.get(tool.id, tool.id), tool.enabled, tool.forced, settings)


def read_account(answer: Answer) -> AccountInfo:
    """Who is signed in. `GET /api/user/info`, turboSMTP v1, documented in part; `ip` comes as a number."""
    info = _info(answer.body)
    return AccountInfo(
        _id(info.accountid), info.email, bool(info.active), _dotted(info.ip), _text(info.gateway)
    )


def read_plans(answer: Answer) -> tuple[Plan, ...]:
    """The plans in the provider's order. `GET /api/plans`, turboSMTP v1, documented."""
    return tuple(
        Plan(
            _id(row.id),
            _limit(row.smtp_limit),
            row.smtp_count or 0,
            _text(row.smtp_limit_interval),
            _time(row.plan_expiration),
            _time(row.last_used),
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
            _id(row.id),
            _text(row.email),
            bool(row.active),
            _dotted(row.ip),
            row.sent or 0,
            _limit(row.limit),
            row.reputation,
        )
        for row in _subs(answer.body)
    )


# ---- single values


def _objection_of(answer: Answer, texts: tuple[str, ...], number: int | None) -> Objection:
    texts = tuple(text for text in texts if text) or (f"HTTP {answer.status}",)
    everything = "\n".join(texts)
    reason = next((reason for pattern, reason in _REASON_WORDS if pattern.search(everything)), None)
    reason = reason or _NUMBERS.get(number or 0) or (Reason.MISSING if answer.status == 404 else Reason.INPUT)
    field = next((field for pattern, field in _FIELD_WORDS if pattern.search(everything)), "")
    return Objection(texts, reason, field)


def _flat(found: Any, depth: int = 0) -> Iterator[str]:
    """Every text in a nest of lists and objects, without the bare word `error`."""
    if depth > 8:
        return
    if isinstance(found, str) and found and found != "error":
        yield found
    elif isinstance(found, list):
        for each in found:
            yield from _flat(each, depth + 1)
    elif isinstance(found, dict):
        yield from _flat(found.get("errors"), depth + 1)
        yield from _flat(found.get("message"), depth + 1)


def _number(found: Any) -> int | None:
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _text(found: Any) -> str:
    """A scalar as text; nothing for nothing, and for what is no scalar."""
    if isinstance(found, bool):
        return str(found).lower()
    return str(found) if isinstance(found, str | int | float) else ""


def _id(found: Any) -> str:
    """An identifier as text, all digits kept; nothing for what can't be one (a rounded number is none)."""
    if isinstance(found, bool) or not isinstance(found, str | int) or (isinstance(found, int) and found < 0):
        return ""
    id = str(found).strip()
    return id if len(id) <= _LONGEST_ID and id.isprintable() else ""


def _digits(text: str) -> bool:
    """Whether it is a whole number that int() reads: isdigit alone knows signs like ² that it does not."""
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID


def _time(found: Scalar) -> datetime | None:
    """Aware UTC; a time without a zone is in the one that was asked for. None where it is no time."""
    if not isinstance(found, str):
        return None
    try:
        time = datetime.fromisoformat(found.strip())
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _status(found: Scalar) -> MailStatus:
    try:
        return MailStatus(_text(found).upper())
    except ValueError:
        return MailStatus.OTHER


def _limit(found: int | None) -> int | None:
    return None if found is None or found < 0 else found


def _dotted(found: Scalar) -> str:
    """An address as people write it; it comes dotted or as one big-endian number."""
    if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**32:
        return str(ipaddress.IPv4Address(found))
    text = _text(found)
    return _dotted(int(text)) if _digits(text) and 0 < int(text) < 2**32 else text
