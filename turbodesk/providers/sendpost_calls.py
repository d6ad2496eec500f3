"""What SendPost's API is told: bodies, paths and queries, by plain functions without I/O.

The source of every fact is SendPost's documentation and its official clients; where both are silent the
docstring says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from urllib.parse import quote

import msgspec

from turbodesk.errors import InvalidDraft
from turbodesk.model.message import Address, Attachment, Message, RecipientKind
from turbodesk.model.reports import Period, ReportType
from turbodesk.providers.exchange import ANSWER_LIMIT_BYTES, Body, Call
from turbodesk.providers.json_pieces import CONTROL, KEY_HEADER, json_body, letter_problems
from turbodesk.providers.sendpost_rows import is_number

JSON = "application/json"

SEND = "/api/v1/subaccount/email/"
SEND_TEMPLATE = "/api/v1/subaccount/email/template"
SUPPRESSION = "/api/v1/subaccount/suppression"
DOMAINS = "/api/v1/subaccount/domain"
MESSAGES = "/api/v1/account/message"
STAT = "/api/v1/account/stat"
SUB_ACCOUNTS = "/api/v1/account/subaccount/"
SUB_ACCOUNT_STAT = "/api/v1/account/subaccount/stat"
WEBHOOKS = "/api/v1/account/webhook"

NOT_THERE = (404, 406)  # how a no tells that there is no such thing
PAGE = 100  # rows; the most that is documented for messages and suppressions
LEAST_PAGE = 20  # rows; what comes where a list does not heed how many were asked for
BUNDLE = 500  # addresses in one call; no limit is documented
WIRE_LIMIT_BYTES = 25_000_000
WHOLE_MESSAGE_BYTES = 40_000_000  # a stored message with everything attached to it

# How many days after the first the last day of one question may be.
DAILY_DIFFERENCE = 30
SUM_DIFFERENCE = 365
SUPPRESSION_DIFFERENCE = 59
MESSAGE_DIFFERENCE = 58  # a window of messages ends with the midnight after its last day

KINDS = {
    ReportType.BOUNCE: "hardBounce",
    ReportType.HARD_BOUNCE: "hardBounce",
    ReportType.SPAM: "spamComplaint",
    ReportType.UNSUBSCRIBE: "unsubscribe",
    ReportType.MANUAL: "manual",
}

Query = tuple[tuple[str, str], ...]
Span = tuple[datetime, datetime]

_MOST_TO, _MOST_COPIES, _LONGEST_NAME, _LONGEST_FILE_NAME = 500, 50, 256, 255
_STRUCTURE = frozenset(
    ("from", "to", "cc", "bcc", "subject", "reply-to", "sender", "date", "message-id", "mime-version")
)
_RESERVED_FIELD = "unsubscribe"


# ---- sending


def send_call(message: Message, *, track_opens: bool, track_clicks: bool) -> Call:
    """What sends a message, to a path of its own where it names a stored template.

    `POST /subaccount/email/`, `POST /subaccount/email/template`, SendPost, documented.
    """
    body = send_body(message, track_opens=track_opens, track_clicks=track_clicks)
    return Call("POST", SEND_TEMPLATE if message.template else SEND, body=body)


def send_body(message: Message, *, track_opens: bool, track_clicks: bool) -> Body:
    """What sends a message; `track_opens` and `track_clicks` are what it asks for where it says nothing.

    Every address in To becomes a recipient of its own. Copies hang on a recipient, and everybody gets one
    mail only, so all copies hang on the first. Both switches always stand there: what the server does
    without them is told in its newest description only. A template is named by its id where it is a number,
    else by its name; whether its placeholders are filled from each recipient or from variables of the whole
    is not told, so the values stand in both. Raises InvalidDraft for what the wire cannot carry.
    """
    check_message(message)
    fields: dict[str, object] = {"from": _mailbox(message.sender), "to": _recipients(message)}
    if message.reply_to:
        fields["replyTo"] = _mailbox(message.reply_to)
    if message.subject or not message.template:
        fields["subject"] = message.subject
    fields |= {name: text for name, text in (("htmlBody", message.html), ("textBody", message.text)) if text}
    if message.template:
        fields["templateId" if is_number(message.template) else "template"] = message.template
        if message.fields:
            fields["templateVariables"] = dict(message.fields)
    if headers := _headers(message):
        fields["headers"] = headers
    if groups := list(dict.fromkeys(filter(None, (*message.groups, message.key)))):
        fields["groups"] = groups
    opens, clicks = message.track_opens, message.track_clicks
    fields["trackOpens"] = track_opens if opens is None else opens
    fields["trackClicks"] = track_clicks if clicks is None else clicks
    try:
        return json_body(JSON, fields, message.attachments, _entry)
    except UnicodeEncodeError:
        raise InvalidDraft({"body": "The message holds half a character, which can't be sent."}) from None


def check_message(message: Message) -> None:
    """Raises InvalidDraft, by field, where the wire cannot carry the message."""
    problems = letter_problems(message, "SendPost", ours=_STRUCTURE)
    problems |= _recipient_problems(message) | _content_problems(message)
    if problems:
        raise InvalidDraft(problems)


def _recipient_problems(message: Message) -> dict[str, str]:
    boxes = {kind.value: _of_kind(message, kind) for kind in RecipientKind}
    problems = {
        field: f"SendPost takes {most} addresses there; {len(boxes[field])} are written."
        for field, most in (("to", _MOST_TO), ("cc", _MOST_COPIES), ("bcc", _MOST_COPIES))
        if len(boxes[field]) > most
    }
    if not boxes["to"]:
        problems["to"] = "SendPost needs at least one address in To."
    boxes |= {"from": [message.sender], "reply-to": [box for box in [message.reply_to] if box]}
    for field, named in boxes.items():
        if any(len(box.name) > _LONGEST_NAME for box in named):
            problems[field] = f"A name beside an address has more than {_LONGEST_NAME} characters."
    return problems


def _content_problems(message: Message) -> dict[str, str]:
    problems: dict[str, str] = {}
    if CONTROL.search(message.template):
        problems["template"] = "The name of a template holds a line break or a control character."
    if not (message.text or message.html or message.template):
        problems["body"] = "SendPost needs a text beside the files."
    if any(CONTROL.search(group) for group in message.groups):
        problems["groups"] = "A campaign holds a line break or a control character."
    names = [file.name for file in message.attachments]
    if not all(names) or any(map(CONTROL.search, names)):
        problems["attachments"] = "A file has no name, or one with a line break or a control character."
    elif any(len(name) > _LONGEST_FILE_NAME for name in names):
        problems["attachments"] = f"A file name has more than {_LONGEST_FILE_NAME} characters."
    elif sum(file.wire_bytes for file in message.attachments) > WIRE_LIMIT_BYTES:
        problems["attachments"] = "The attachments have more than 25 MB as Base64; SendPost takes no more."
    if problem := _field_problem(message):
        problems["fields"] = problem
    return problems


def _field_problem(message: Message) -> str:
    """What is wrong with the placeholders, or nothing. Where the subject or a header has some, none of them
    may bring a line break there."""
    names = [name for name, _ in message.fields]
    heads = [message.subject, *(header.value for header in message.headers)]
    if _RESERVED_FIELD in names:
        return "SendPost fills the placeholder unsubscribe itself, with a link for each reader."
    if len(set(names)) < len(names):
        return "A placeholder stands twice; SendPost takes each once."
    if any(map(CONTROL.search, names)):
        return "The name of a placeholder holds a line break or a control character."
    if any("{{" in head for head in heads) and any(CONTROL.search(value) for _, value in message.fields):
        return "A placeholder holds a line break, and the subject or a header would be broken by it."
    return ""


def _of_kind(message: Message, wanted: RecipientKind) -> list[Address]:
    return [address for kind, address in message.recipients if kind is wanted]


def _recipients(message: Message) -> list[dict[str, object]]:
    to, cc, bcc = (
        [_mailbox(address, message.fields) for address in _of_kind(message, kind)] for kind in RecipientKind
    )
    to[0] |= {name: copies for name, copies in (("cc", cc), ("bcc", bcc)) if copies}
    return to


def _mailbox(address: Address, fields: Sequence[tuple[str, str]] = ()) -> dict[str, object]:
    found: dict[str, object] = {"email": address.email}
    if address.name:
        found["name"] = address.name
    if fields:
        found["customFields"] = dict(fields)
    return found


def _headers(message: Message) -> dict[str, str]:
    headers = {header.name: header.value for header in message.headers}
    if message.key:
        headers[KEY_HEADER] = message.key
    return headers


def _entry(attachment: Attachment) -> dict[str, object]:
    """The wire has no field for the type: SendPost takes it from the name."""
    return {"filename": attachment.name}


# ---- questions


def paged(offset: int, limit: int = PAGE) -> Query:
    """Which rows of a list."""
    return (("limit", str(limit)), ("offset", str(offset)))


def span_of(period: Period) -> Span | None:
    """The first and the last second of a period as this computer knows it; None for all time, and at the ends
    of the calendar, where another time zone would lie beyond it."""
    with contextlib.suppress(OverflowError, ValueError):
        return None if period.all_time else period.moments()
    return None


def days_of(period: Period) -> Period:
    """The days in UTC that a period touches, so that nothing of this evening is missed."""
    span = span_of(period)
    return Period(span[0].date(), span[1].date()) if span else period


def days(window: Period) -> Query:
    """The days of a question, both included, in UTC."""
    return (("from", str(window.start)), ("to", str(window.end)))


def message_call(id: str, part: str = "", query: Query = ()) -> Call:
    """One message, or a part of it (`events`).

    `GET /account/message/{id}`, SendPost, documented; `…/events` seen in clients only.
    """
    path = "/".join(filter(None, (MESSAGES, step(id), part)))
    return Call("GET", path, query, answer_limit_bytes=WHOLE_MESSAGE_BYTES)


def messages_call(window: Period, span: Span | None, offset: int, limit: int) -> Call:
    """Messages of the days of a window, in UTC, as far as they lie between the two moments of `span`.

    Times end with Z; a window ends with the midnight after it, so that nothing falls between two. A single
    message may be as long as a message can be. `GET /account/message`, SendPost, documented.
    """
    if window.start is None or window.end is None:
        raise ValueError("a window has days")
    first = datetime.combine(window.start, time.min, UTC)
    last = datetime.combine(window.end, time.min, UTC) + timedelta(days=1)
    if span:
        first = max(first, span[0])
        if span[1] < last:  # else it may be the last second of the calendar, which has no next
            last = span[1] + timedelta(seconds=1)
    query = (("from", _moment(first)), ("to", _moment(last)), *paged(offset, limit))
    most = WHOLE_MESSAGE_BYTES if limit == 1 else ANSWER_LIMIT_BYTES
    return Call("GET", MESSAGES, query, unescaped="", answer_limit_bytes=most)


def _moment(time: datetime) -> str:
    return f"{time.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def suppressions_call(window: Period, kind: str, text: str, offset: int) -> Call:
    """Suppressed addresses by the day they were put there; an empty `kind`: of all four.

    `GET /subaccount/suppression`, SendPost, documented.
    """
    query = [*days(window), *paged(offset)]
    query += [(name, asked) for name, asked in (("search", text), ("type", kind)) if asked]
    return Call("GET", SUPPRESSION, tuple(query))


def suppress_call(emails: Sequence[str], type: ReportType) -> Call:
    """Puts addresses on a list. `POST /subaccount/suppression`, SendPost, documented."""
    return Call("POST", SUPPRESSION, body=_body({KINDS[type]: _entries(emails)}))


def unsuppress_call(emails: Sequence[str]) -> Call:
    """Takes addresses off, whatever list they are on: a DELETE with a body.

    `DELETE /subaccount/suppression`, SendPost, documented.
    """
    return Call("DELETE", SUPPRESSION, body=_body({"suppressions": _entries(emails)}))


def stat_call(window: Period, sub_account: str, group: str, *, summed: bool) -> Call:
    """Counters: one row for each day, or `summed` to one.

    A group within one sub-account is counted as a whole only, so it is always summed.
    `GET /account/stat[/aggregate][/group]`, `GET /account/subaccount/stat/{id}[/aggregate|/group]`,
    SendPost, documented.
    """
    asked = (("group", group),) if group else ()
    if sub_account:
        path = f"{SUB_ACCOUNT_STAT}/{step(sub_account)}"
        path += "/group" if group else "/aggregate" if summed else ""
    else:
        path = STAT + ("/aggregate" if summed else "") + ("/group" if group else "")
    return Call("GET", path, (*asked, *days(window)))


def step(text: str) -> str:
    """A text as one step of a path. What no id has goes as a question mark: half a character, and nothing or
    dots alone, which would lead to another path."""
    return quote(text if text.strip(".") else "?", safe="", errors="replace")


def _entries(emails: Sequence[str]) -> list[dict[str, str]]:
    return [{"email": email} for email in emails]


def _body(fields: Mapping[str, object]) -> Body:
    try:
        return Body(JSON, msgspec.json.encode(fields))
    except UnicodeEncodeError:
        problem = {"emails": "An address holds half a character, which can't be sent."}
        raise InvalidDraft(problem, "Nothing was changed") from None
