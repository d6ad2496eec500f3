"""What turboSMTP's v1 API is told: bodies, paths and queries, by plain functions without I/O.

The source of every fact is turboSMTP's v1 documentation; where it is silent the docstring says so.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from email.utils import formataddr
from urllib.parse import urlencode

import msgspec
import pybase64

from turbodesk.errors import InvalidDraft
from turbodesk.model.message import Address, Attachment, Message, RecipientKind
from turbodesk.model.reports import MailStatus, Period, ReportType
from turbodesk.providers.exchange import Body

JSON = "application/json; charset=utf-8"
FORM = "application/x-www-form-urlencoded"
KEY_HEADER = "X-Turbodesk-ID"
MOMENT = "%Y-%m-%d %H:%M:%S"
TZ = "+00:00"  # asked for with every list, so that every time that comes back is UTC

REPORT_PAGE = 20
STATS_PAGE = 10

TOOLS = {"click-tracking": "clickTracking", "open-tracking": "openingTracking"}

Query = tuple[tuple[str, str], ...]

_EVERY_DAY = Period(date(2000, 1, 1), date(2099, 12, 31))
_FORM_SAFE = string.ascii_letters.encode() + string.digits.encode() + b"-._~"
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAIN_NAME = re.compile(r"^[^\x00-\x1f\x7f()<>\[\]:;@\\,.\"]*$")


# ---- sending


def sign_in_body(user: str, password: str, *, no_expire: bool) -> Body:
    """What asks for a token. `POST /api/authorize`, turboSMTP v1, documented.

    Raises InvalidDraft for what no JSON can carry.
    """
    fields = {"email": user, "password": password, "no_expire": "1" if no_expire else "0"}
    _refuse_halves(user, password)
    return Body(JSON, msgspec.json.encode(fields))


def send_body(message: Message, form: str, user: str, password: str) -> Body:
    """What sends a message in the form `v2`, `v1` or `beta`; credentials stand in it.

    Raises InvalidDraft for what that form cannot carry.
    Send V2 `POST /api/v2/mail/send`, Send V1 and Beta 1.0 `POST /api/mail/send`, turboSMTP v1, documented.
    """
    if problems := _problems(message, form):
        raise InvalidDraft(problems)
    _refuse_halves(user, password)
    secrets = {"authuser": user, "authpass": password}
    try:
        if form == "beta":
            return _form_body(message, secrets)
        fields: dict[str, object] = {**secrets, **_addresses(message, form), **_texts(message)}
        fields["custom_headers"] = custom_headers(message)
        head = msgspec.json.encode(fields)
    except UnicodeEncodeError:
        raise InvalidDraft({"body": "The message holds half a character, which can't be sent."}) from None
    if not message.attachments:
        return Body(JSON, head)
    return Body(
        JSON, pieces=_JsonPieces(head, message.attachments), length=_json_length(head, message.attachments)
    )


def _refuse_halves(user: str, password: str) -> None:
    if _SURROGATE.search(user + password):
        raise InvalidDraft({"password": "The user name or password holds half a character; enter it again."})


def send_note(message: Message, form: str) -> str:
    """A sentence about what that form leaves out of this message, or nothing."""
    bare = form == "v1" or (form == "beta" and not message.attachments)
    if bare and message.sender.name:
        return "The sender's name did not go along: this way of sending takes an address only."
    return ""


def custom_headers(message: Message) -> dict[str, str]:
    """The headers beside the fields, in order: the writer's own, Reply-To, and our name for the send."""
    headers = {header.name: header.value for header in message.headers}
    if message.reply_to:
        headers["Reply-To"] = formataddr((message.reply_to.name, message.reply_to.email))
    if message.key:
        headers[KEY_HEADER] = message.key
    return headers


def _problems(message: Message, form: str) -> dict[str, str]:
    problems: dict[str, str] = {}
    if not message.to:
        problems["to"] = "turboSMTP needs at least one address in To."
    if _CONTROL.search(message.subject):
        problems["subject"] = "The subject holds a line break or a control character."
    names = [header.name.lower() for header in message.headers]
    ours = {KEY_HEADER.lower()} | ({"reply-to"} if message.reply_to else set())
    for name, header in zip(names, message.headers, strict=True):
        if names.count(name) > 1 or name in ours:
            problems["headers"] = f"The header {header.name} stands twice; turboSMTP takes each once."
        if _CONTROL.search(header.name + header.value):
            problems["headers"] = "A header holds a line break or a control character."
    boxes = [message.sender, *message.to, *message.cc, *message.bcc, *filter(None, [message.reply_to])]
    if form == "beta" and message.attachments and (taken := _structure().intersection(names) - {"reply-to"}):
        problems["headers"] = f"The header {min(taken)} is written by Turbodesk in this way of sending."
    if any(_CONTROL.search(box.email + box.name) for box in boxes):
        problems["to"] = "An address holds a line break or a control character."
    return problems


def _addresses(message: Message, form: str) -> dict[str, str]:
    """`from`, `to`, `cc`, `bcc`. Recipients go bare: the server splits at every comma, even in a name."""
    fields = {"from": _sender(message.sender) if form == "v2" else message.sender.email}
    for kind in RecipientKind:
        if found := [address.email for its, address in message.recipients if its is kind]:
            fields[kind.value] = ",".join(found)
    return fields


def _sender(address: Address) -> str:
    """`Name <a@b.c>`, the name in quotes where it holds more than words; Send V2, documented."""
    if not address.name:
        return address.email
    if _PLAIN_NAME.match(address.name):
        return f"{address.name} <{address.email}>"
    escaped = address.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address.email}>'


def _texts(message: Message) -> dict[str, str]:
    parts = {"content": message.text, "html_content": message.html}
    return {"subject": message.subject, **{name: text for name, text in parts.items() if text}}


# ---- attachments, piece by piece


class _JsonPieces:
    """A JSON body whose attachments are read and encoded as it goes out."""

    def __init__(self, head: bytes, attachments: Sequence[Attachment]) -> None:
        self._head, self._attachments = head, attachments

    def __call__(self) -> Iterator[bytes]:
        pending = self._head[:-1] + b',"attachments":['
        for number, attachment in enumerate(self._attachments):
            pending += (b"," if number else b"") + _entry_head(attachment)
            for data in attachment.source.slices():
                yield pending + pybase64.b64encode(data)
                pending = b""
            pending += b'"}'
        yield pending + b"]}"


def _entry_head(attachment: Attachment) -> bytes:
    fields = {"name": attachment.name, "type": attachment.media_type}
    return msgspec.json.encode(fields)[:-1] + b',"content":"'


def _json_length(head: bytes, attachments: Sequence[Attachment]) -> int:
    entries = sum(len(_entry_head(each)) + each.wire_bytes + len(b'"},') for each in attachments)
    return len(head[:-1]) + len(b',"attachments":[') + entries - 1 + len(b"]}")


# ---- the Beta form


def _form_body(message: Message, secrets: dict[str, str]) -> Body:
    """Beta 1.0 has no field for attachments: a message that has some goes as a whole mail in `mime_raw`."""
    fields = {**secrets, **_addresses(message, "beta")}
    if not message.attachments:
        headers = msgspec.json.encode(custom_headers(message)).decode()
        return Body(FORM, urlencode({**fields, **_texts(message), "custom_headers": headers}).encode())
    from turbodesk.providers.mime import Stamp, mime_pieces  # slow to import; other forms need it not

    stamp, head = Stamp.now(message), urlencode({**fields, "subject": message.subject}).encode()

    def pieces() -> Iterator[bytes]:
        pending = head + b"&mime_raw="
        for piece in mime_pieces(message, stamp):
            yield pending + _form_quoted(piece)
            pending = b""

    return Body(FORM, pieces=pieces)


def _structure() -> frozenset[str]:
    from turbodesk.providers.mime import STRUCTURE

    return STRUCTURE


def _form_quoted(piece: bytes) -> bytes:
    """Percent-encoded, sign by sign: Base64 has five signs to replace and a million bytes to look at."""
    signs = set(piece.translate(None, _FORM_SAFE))
    for sign in sorted(
        signs, key=lambda sign: sign != ord("%")
    ):  # the percent sign first, it is in all others
        piece = piece.replace(bytes([sign]), b"%%%02X" % sign)
    return piece


# ---- questions


def reports_path(type: ReportType, period: Period, part: str = "") -> str:
    """The path of a list; `part` is nothing, `count` or `csv`. turboSMTP v1, documented."""
    steps = ["/web/api/reports", type.value, *(["all"] if period.all_time else []), *([part] if part else [])]
    return "/".join(steps)


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


def _status_filter(statuses: Iterable[MailStatus]) -> Query:
    wanted = [status for status in MailStatus if status in set(statuses)]
    if MailStatus.OTHER in wanted:
        raise InvalidDraft({"filter": "turboSMTP can't be asked for statuses that have no name."})
    return (("filter", msgspec.json.encode(wanted).decode()),) if wanted else ()
