"""What turboSMTP's v1 API is told: bodies, paths and queries, by plain functions without I/O.

The source of every fact is turboSMTP's v1 documentation; where it is silent the docstring says so.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from urllib.parse import urlencode

import msgspec

from turbodesk.errors import InvalidDraft
from turbodesk.model.message import Attachment, Message
from turbodesk.model.reports import MailStatus, Period, ReportType
from turbodesk.providers.exchange import Body
from turbodesk.providers.json_pieces import json_body
from turbodesk.providers.turbosmtp_fields import (
    JSON,
    check_list,
    custom_headers,
    field_problems,
    half_a_character,
    letter_addresses,
    letter_texts,
    refuse_halves,
    wanted_statuses,
)

FORM = "application/x-www-form-urlencoded"
MOMENT = "%Y-%m-%d %H:%M:%S"
TZ = "+00:00"  # asked for with every list, so that every time that comes back is UTC

REPORT_PAGE = 20
STATS_PAGE = 10

TOOLS = {"click-tracking": "clickTracking", "open-tracking": "openingTracking"}

LISTS = (
    ReportType.BOUNCE,
    ReportType.HARD_BOUNCE,
    ReportType.SOFT_BOUNCE,
    ReportType.SPAM,
    ReportType.UNSUBSCRIBE,
)
"""The lists there are, those that people ask for first at the beginning."""

Query = tuple[tuple[str, str], ...]

_EVERY_DAY = Period(date(2000, 1, 1), date(2099, 12, 31))
_FORM_SAFE = string.ascii_letters.encode() + string.digits.encode() + b"-._~"


# ---- sending


def sign_in_body(user: str, password: str, *, no_expire: bool) -> Body:
    """What asks for a token. `POST /api/authorize`, turboSMTP v1, documented.

    Raises InvalidDraft for what no JSON can carry.
    """
    fields = {"email": user, "password": password, "no_expire": "1" if no_expire else "0"}
    refuse_halves(user, password)
    return Body(JSON, msgspec.json.encode(fields))


def send_body(message: Message, form: str, user: str, password: str) -> Body:
    """What sends a message in the form `v2`, `v1` or `beta`; credentials stand in it.

    Raises InvalidDraft for what that form cannot carry.
    Send V2 `POST /api/v2/mail/send`, Send V1 and Beta 1.0 `POST /api/mail/send`, turboSMTP v1, documented.
    """
    check_message(message, form)
    refuse_halves(user, password)
    secrets = {"authuser": user, "authpass": password}
    try:
        if form == "beta":
            return _form_body(message, secrets)
        fields: dict[str, object] = {
            **secrets,
            **letter_addresses(message, named=form == "v2"),
            **letter_texts(message),
        }
        fields["custom_headers"] = custom_headers(message)
        return json_body(JSON, fields, message.attachments, _entry)
    except UnicodeEncodeError:
        raise half_a_character() from None


def _entry(attachment: Attachment) -> dict[str, object]:
    return {"name": attachment.name, "type": attachment.media_type}


def send_note(message: Message, form: str) -> str:
    """A sentence about what that form leaves out of this message, or nothing."""
    bare = form == "v1" or (form == "beta" and not message.attachments)
    if bare and message.sender.name:
        return "The sender's name did not go along: this way of sending takes an address only."
    return ""


def check_message(message: Message, form: str) -> None:
    """Raises InvalidDraft, by field, where this form of sending cannot carry the message."""
    whole_mail = form == "beta" and bool(message.attachments)
    if problems := field_problems(message, whole_mail=whole_mail):
        raise InvalidDraft(problems)


# ---- the Beta form


def _form_body(message: Message, secrets: dict[str, str]) -> Body:
    """Beta 1.0 has no field for attachments: a message that has some goes as a whole mail in `mime_raw`."""
    fields = {**secrets, **letter_addresses(message, named=False)}
    if not message.attachments:
        headers = msgspec.json.encode(custom_headers(message)).decode()
        return Body(FORM, urlencode({**fields, **letter_texts(message), "custom_headers": headers}).encode())
    from turbodesk.providers.mime import Stamp, mime_pieces  # slow to import; other forms need it not

    stamp, head = Stamp.now(message), urlencode({**fields, "subject": message.subject}).encode()

    def pieces() -> Iterator[bytes]:
        pending = head + b"&mime_raw="
        for piece in mime_pieces(message, stamp):
            yield pending + _form_quoted(piece)
            pending = b""

    return Body(FORM, pieces=pieces)


def _form_quoted(piece: bytes) -> bytes:
    """Percent-encoded, sign by sign: Base64 has five signs to replace and a million bytes to look at."""
    signs = set(piece.translate(None, _FORM_SAFE))
    for sign in sorted(
        signs, key=lambda sign: sign != ord("%")
    ):  # the percent sign first, it is in all others
        piece = piece.replace(bytes([sign]), b"%%%02X" % sign)
    return piece


# ---- questions


def reports_path(type: ReportType, period: Period | None = None, part: str = "") -> str:
    """The path of a list; `part` is nothing, `count` or `csv`. turboSMTP v1, documented.

    Raises NotOffered for a list that there is not.
    """
    check_list(type, LISTS)
    ever = ["all"] if period and period.all_time else []
    return "/".join(["/web/api/reports", type.value, *ever, *([part] if part else [])])


def listed_type(type: ReportType) -> ReportType:
    """The list that a row is taken off: hard and soft bounces are views of one list of bounces, and only
    three types are documented for `DELETE` and for the all-time export."""
    return ReportType.BOUNCE if type in (ReportType.HARD_BOUNCE, ReportType.SOFT_BOUNCE) else type


def export_period(type: ReportType, period: Period) -> Period:
    """The period to export: hard and soft bounces have no all-time export, so all days are named."""
    return _EVERY_DAY if period.all_time and type is not listed_type(type) else period


def reports_query(period: Period, text: str) -> Query:
    """Days, filter and zone of a list; `page` comes after.

    The wire has days only. They are those in UTC that the period touches here, so that a mail of this
    evening is never missing; at either end there may be some hours more.
    """
    days: Query = ()
    if not period.all_time:
        first, last = period.moments()
        days = (("start", str(first.date())), ("end", str(last.date())))
    return (*days, *((("filter", text),) if text else ()), ("tz", TZ))


def stats_query(period: Period, statuses: Iterable[MailStatus], *, export: bool = False) -> Query:
    """Times, filter and zone of statistics; the export has other names for the same times. Without times
    it is since ever, as the provider's own plugin asks."""
    names = ("start_date", "end_date") if export else ("start", "end")
    times: Query = ()
    if not period.all_time:
        first, last = period.moments()
        times = ((names[0], f"{first:{MOMENT}}"), (names[1], f"{last:{MOMENT}}"))
    return (*times, *_status_filter(statuses), ("tz", TZ))


def stats_between(first: datetime, last: datetime) -> Query:
    """Times and zone of statistics, to the second."""
    return (("start", f"{first:{MOMENT}}"), ("end", f"{last:{MOMENT}}"), ("tz", TZ))


def _status_filter(statuses: Iterable[MailStatus]) -> Query:
    wanted = wanted_statuses(statuses)
    return (("filter", msgspec.json.encode(wanted).decode()),) if wanted else ()
