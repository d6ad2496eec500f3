"""What turboSMTP's v2 API is told: bodies and queries, by plain functions without I/O.

The source of every fact is turboSMTP's v2 description; where it is silent the docstring says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

import msgspec

from turbodesk.errors import InvalidDraft
from turbodesk.model.message import SUBJECT_LIMIT, Attachment, Message
from turbodesk.model.reports import MailStatus, Period, ReportType, Restriction, Suppressing
from turbodesk.providers.cid import with_domain
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

ROOT = "/api/v2"
PAGE = 1000  # rows; no maximum is stated, and this is the most that clients are known to ask for
AT_ONCE = 500  # addresses in one request; no maximum is stated
PERMISSIONS = ("SEND_SMTP", "SEND_API", "APIS")

SOURCES = {
    ReportType.BOUNCE: "bounce",
    ReportType.SPAM: "spam",
    ReportType.UNSUBSCRIBE: "unsubscribe",
    ReportType.MANUAL: "manual",
    ReportType.VALIDATION_FAILED: "validation_failed",
}
"""The lists in our words and in theirs, those that people ask for first at the beginning."""

# The ids count milliseconds since this day, so no message of theirs is older.
_FIRST_DAY = date(2010, 1, 1)
_DAY = timedelta(days=1)
_RESTRICTED = ("sender", "recipient", "reason", "subject")
_SPECIAL = frozenset('<>"\\ ')

Query = tuple[tuple[str, str], ...]


# ---- signing in


def sign_in_body(user: str, password: str, *, no_expire: bool) -> Body:
    """What asks for a token. `POST /authorize`, turboSMTP v2, documented.

    Raises InvalidDraft for what no JSON can carry.
    """
    refuse_halves(user, password)
    return Body(JSON, msgspec.json.encode({"email": user, "password": password, "no_expire": no_expire}))


# ---- sending


def send_body(message: Message, form: str) -> Body:
    """What sends a message, in the form `fields` or as a whole mail (`mime`).

    Raises InvalidDraft for what that form cannot carry. `POST /mail/send`, turboSMTP v2, documented.
    """
    check_message(message, form)
    try:
        if form == "mime":
            return _mime_body(message)
        texts = letter_texts(message)
        if message.html:
            ids = (each.content_id for each in message.attachments)
            texts["html_content"] = with_domain(message.html, ids, message.sender.domain)
        fields: dict[str, object] = {**letter_addresses(message, named=True), **texts}
        if headers := custom_headers(message):
            fields["custom_headers"] = headers
        return json_body(JSON, {**fields, **_marks(message)}, message.attachments, _entry)
    except UnicodeEncodeError:
        raise half_a_character() from None


def check_message(message: Message, form: str) -> None:
    """Raises InvalidDraft, by field, where this form of sending cannot carry the message."""
    problems = field_problems(message, whole_mail=form == "mime")
    if len(message.subject) > SUBJECT_LIMIT:
        problems["subject"] = f"A subject has at most {SUBJECT_LIMIT} characters; this one has more."
    if len(message.groups) > 1:
        problems["groups"] = "turboSMTP counts a message under one campaign: name one only."
    elif any(not group.isprintable() for group in message.groups):
        problems["groups"] = "The campaign holds a line break or a sign that nobody sees."
    if odd := next((each for each in message.attachments if not _is_id(each.content_id)), None):
        problems["attachments"] = f"The picture {odd.name} has a name that no cid: link can carry."
    if problems:
        raise InvalidDraft(problems)


def _is_id(content_id: str) -> bool:
    return content_id.isprintable() and not _SPECIAL.intersection(content_id)


def _marks(message: Message) -> dict[str, str]:
    """What the message is found by again: the campaign comes back in lists, the reference in webhooks."""
    campaign = next(filter(None, (*message.groups, message.key)), "")
    marks = {"X-campaign-ID": campaign, "reference_id": message.key}
    return {name: mark for name, mark in marks.items() if mark}


def _entry(attachment: Attachment) -> dict[str, object]:
    entry: dict[str, object] = {"name": attachment.name, "type": attachment.media_type}
    return {**entry, "content_id": attachment.content_id} if attachment.content_id else entry


def _mime_body(message: Message) -> Body:
    """`mime_raw` takes the place of both texts, of the headers and of the attachments."""
    from turbodesk.providers.mime import Stamp, mime_pieces  # slow to import; the other form needs it not

    fields = {**letter_addresses(message, named=True), "subject": message.subject, **_marks(message)}
    stamp, head = Stamp.now(message), msgspec.json.encode(fields)
    names = [each.name for each in message.attachments]
    msgspec.json.encode((letter_texts(message), custom_headers(message), names))  # what can't be, is told now

    def pieces() -> Iterator[bytes]:
        pending = head[:-1] + b',"mime_raw":"'
        for piece in mime_pieces(message, stamp):
            yield pending + msgspec.json.encode(piece.decode("ascii"))[1:-1]
            pending = b""
        yield b'"}'

    return Body(JSON, pieces=pieces)


# ---- lists


@dataclass(frozen=True, slots=True)
class Days:
    """The days that are asked for, both included, and the zone they are days of."""

    first: date
    last: date
    zone: timezone

    @property
    def fields(self) -> dict[str, str]:
        """`from`, `to` and `tz`."""
        sign, offset = "+", self.zone.utcoffset(None)
        if offset < timedelta(0):
            sign, offset = "-", -offset
        hours, minutes = divmod(offset // timedelta(minutes=1), 60)
        return {"from": str(self.first), "to": str(self.last), "tz": f"{sign}{hours:02}:{minutes:02}"}

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """When they begin, and when they are over, in UTC."""
        begins, last = (datetime.combine(day, time.min, self.zone) for day in (self.first, self.last))
        return begins.astimezone(UTC), last.astimezone(UTC) + _DAY


def days_of(period: Period) -> Days:
    """The days that hold the whole period.

    The wire has days only, and one offset for all of them. It is asked in the offset that this computer
    has at the end of the period: where it had the same at the beginning, the days are exactly those of
    the calendar here. Where clocks were changed in between, the beginning falls between two of their
    days, and the earlier one comes whole: up to a day more, never an hour less. All time ends tomorrow,
    which has begun somewhere already.
    """
    if period.all_time:
        return Days(_FIRST_DAY, datetime.now(UTC).date() + timedelta(days=1), UTC)
    first, last = period.moments()
    zone = _zone(last.astimezone().utcoffset() or timedelta(0))
    return Days(first.astimezone(zone).date(), last.astimezone(zone).date(), zone)


def exact_days(period: Period) -> tuple[Days, ...]:
    """Days that together are the period and not a minute more, for what must not reach beyond it: once in
    the offset of its beginning, and where clocks were changed once more in that of its end.

    Raises InvalidDraft for a single day of less than 24 hours: no days of theirs lie within it.
    """
    if period.start is None or period.end is None:
        return (days_of(period),)
    first, last = period.moments()
    begins, ends = first, last + timedelta(seconds=1)
    offsets = (
        datetime.combine(period.start, time.min, UTC) - begins,
        datetime.combine(period.end, time.min, UTC) + _DAY - ends,
    )
    spans = [span for offset in dict.fromkeys(offsets) if (span := _within(begins, ends, _zone(offset)))]
    if not spans or spans[0].moments[1] < spans[-1].moments[0]:
        says = "Clocks were put forward on that day, and turboSMTP knows days of 24 hours only."
        raise InvalidDraft({"period": f"{says} Take its addresses off by name."}, "Nothing was taken off")
    return tuple(spans)


def _within(begins: datetime, ends: datetime, zone: timezone) -> Days | None:
    """All the days of that zone that lie between two moments; None where none does."""
    first, last = begins.astimezone(zone), ends.astimezone(zone) - _DAY
    day = first.date() if first.time() == time.min else first.date() + _DAY
    return Days(day, last.date(), zone) if day <= last.date() else None


def _zone(offset: timedelta) -> timezone:
    return timezone(offset - offset % timedelta(minutes=1))  # before time zones there were odd seconds


def on_page(page: int, limit: int = PAGE) -> dict[str, object]:
    """Which rows of a list."""
    return {"page": page, "limit": limit}


def analytics_fields(days: Days, statuses: Iterable[MailStatus] = ()) -> dict[str, object]:
    """Days, zone and filter. `GET /analytics`, `GET /analytics/csv`, turboSMTP v2, documented."""
    wanted = [status.value for status in wanted_statuses(statuses)]
    return {**days.fields, **({"status[]": wanted} if wanted else {})}


def campaign_fields(days: Days, key: str) -> dict[str, object]:
    """What finds the rows of one campaign. The text is searched for in the campaign too, but no column may be
    named for it; the provider's guide asks without one. `GET /analytics`, turboSMTP v2, documented."""
    return {**days.fields, "filter": key}


def recipient_fields(days: Days, email: str) -> dict[str, object]:
    """What finds the rows of one recipient. `GET /analytics`, turboSMTP v2, documented."""
    return {**days.fields, "filter": email, "filter_by": "recipient"}


def suppressing(type: ReportType, period: Period, text: str) -> Suppressing:
    """One list as people ask for it: `text` is looked for in the address alone, and a filter would look
    everywhere."""
    restrictions = (Restriction("recipient", text),) if text.strip() else ()
    return Suppressing(period, frozenset({type}), restrictions=restrictions)


def suppressions_fields(which: Suppressing, days: Days) -> dict[str, object]:
    """What describes a list of suppressions, without paging.

    Raises NotOffered for a type that is no list there, InvalidDraft for a restriction that makes no sense.
    What `smart_search` does is not written; clients ask with it for texts that stand anywhere in a field.
    `/suppressions…`, turboSMTP v2, documented.
    """
    fields: dict[str, object] = {**days.fields}
    if which.text.strip():
        fields |= {"filter": _carried(which.text), "smart_search": True}
    if which.types:
        fields["filter_by"] = sources_of(which.types)
    if which.restrictions:
        fields["restrict"] = [_restriction(each) for each in which.restrictions]
    return fields


def import_fields(emails: Sequence[str], reason: str) -> dict[str, object]:
    """What puts addresses on the list by hand. `POST /suppressions/import`, turboSMTP v2, documented."""
    why = {"reason": reason} if reason else {}
    return {"type": SOURCES[ReportType.MANUAL], **why, "content": list(emails)}


def bundles(emails: Sequence[str]) -> Iterator[list[str]]:
    """The addresses, each once, as many at a time as go into one request."""
    wanted = list(dict.fromkeys(emails))
    for start in range(0, len(wanted), AT_ONCE):
        yield wanted[start : start + AT_ONCE]


def key_fields(label: str, permissions: Sequence[str], ips: Sequence[str]) -> dict[str, object]:
    """What makes a key pair. `POST /user/consumerKeys`, turboSMTP v2, documented; the permissions are
    required in its newest description only, and always sent."""
    bound = {"ips": list(ips)} if ips else {}
    return {"label": label, "permissions": list(permissions or PERMISSIONS), **bound}


def key_in_path(key: str) -> str:
    """The key as the last step of a path; raises InvalidDraft for what can be none there."""
    if not key.strip(".") or not key.isascii() or not key.isprintable():
        raise InvalidDraft({"key": "This is no key of turboSMTP."}, "Nothing was revoked")
    return key


def query_of(fields: Mapping[str, object]) -> Query:
    """The fields as a query, a list as one parameter for each of its members."""
    pairs = (
        (name, each)
        for name, value in fields.items()
        for each in (value if isinstance(value, list) else [value])
    )
    return tuple((name, "true" if each is True else str(each)) for name, each in pairs)


def json_of(found: object) -> Body:
    """Fields or a bare list as a body; raises InvalidDraft for what no JSON can carry."""
    try:
        return Body(JSON, msgspec.json.encode(found))
    except UnicodeEncodeError:
        raise _half_a_character() from None


def _carried(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _half_a_character() from None
    return text


def _half_a_character() -> InvalidDraft:
    return InvalidDraft({"text": "The text holds half a character; write it again."}, "Nothing was asked")


def sources_of(types: frozenset[ReportType]) -> list[str]:
    """The lists in their words; raises NotOffered for one that there is not."""
    for type in types:
        check_list(type, SOURCES)
    return [source for type, source in SOURCES.items() if type in types]


def _restriction(found: Restriction) -> dict[str, object]:
    if found.by not in _RESTRICTED:
        problem = f"There is no field {found.by!r} to look in; there is {', '.join(_RESTRICTED)}."
        raise InvalidDraft({"restrict": problem}, "Nothing was asked")
    if not found.text.strip():
        raise InvalidDraft({"restrict": f"Say what {found.by} is to hold."}, "Nothing was asked")
    operator = "include" if found.include else "exclude"
    return {"by": found.by, "operator": operator, "filter": found.text, "smart_search": not found.exact}
