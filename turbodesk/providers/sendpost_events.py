"""What happened to a message at SendPost, in our words, and where the mail stands after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from turbodesk.model.reports import MailStatus, MessageEvent, MessageRecord, Report, ReportType
from turbodesk.providers.exchange import Answer, Garbled
from turbodesk.providers.sendpost_rows import EPOCH, Row, folded, read_json

# In the order in which one outdoes another.
_EVENTS = {
    "processed": MailStatus.NEW,
    "sent": MailStatus.NEW,
    "soft bounce": MailStatus.DEFER,
    "delivered": MailStatus.SUCCESS,
    "dropped": MailStatus.SYSFAIL,
    "given up": MailStatus.SYSFAIL,
    "hard bounce": MailStatus.FAIL,
    "opened": MailStatus.OPEN,
    "clicked": MailStatus.CLICK,
    "unsubscribed": MailStatus.UNSUB,
    "complained": MailStatus.REPORT,
}
_RANKS = {name: rank for rank, name in enumerate(_EVENTS)}
_OWN = ("processed", "dropped", "delivered", "soft bounce", "hard bounce", "opened", "clicked")
_NUMBERS = {
    **dict(enumerate((*_OWN, "unsubscribed", "complained", "sent", "given up"))),
    # by way of Amazon SES
    **dict(enumerate(("processed", "delivered", "hard bounce", "soft bounce", "complained"), 27)),
    32: "dropped",
    33: "opened",
    34: "clicked",
    36: "unsubscribed",
    # by way of another relay
    **dict(enumerate(("processed", "sent", "delivered", "soft bounce", "dropped", "hard bounce"), 58)),
    **dict(enumerate(("soft bounce", "opened", "clicked", "complained", "unsubscribed"), 64)),
}
_WORDS = {
    **{name.replace(" ", ""): name for name in _EVENTS},
    "softbounced": "soft bounce",
    "hardbounced": "hard bounce",
    "bounced": "hard bounce",
    "smtpdropped": "given up",
    "spam": "complained",
}
_FAILED = (MailStatus.DEFER, MailStatus.SYSFAIL, MailStatus.FAIL)
_SUPPRESSED = {
    ReportType.HARD_BOUNCE: "hard bounce",
    ReportType.SPAM: "complained",
    ReportType.UNSUBSCRIBE: "unsubscribed",
}


def read_events(answer: Answer) -> tuple[MessageEvent, ...] | None:
    """What happened to a message, oldest first; None where the answer is no list of it.

    `GET /account/message/{id}/events`, SendPost, not documented, seen in clients.
    """
    try:
        found = read_json(answer.body)
    except Garbled:
        return None
    return events_of([Row(each) for each in found]) if isinstance(found, list) else None


def events_of(rows: Sequence[Row]) -> tuple[MessageEvent, ...]:
    """The events of these rows, oldest first, those without a time before them."""
    events = [_event(row) for row in rows if row]
    return tuple(sorted(events, key=lambda event: event.at or EPOCH))


def _event(row: Row) -> MessageEvent:
    """`timestamp` is when it happened; older answers have that in `submittedAt`."""
    return MessageEvent(kind_of(row)[0], row.moment("timestamp", "submittedat"), server_words(row))


def kind_of(row: Row) -> tuple[str, str]:
    """Our word for what happened, theirs where we have none, and theirs, which is a word or a number."""
    number, word = row.number("type"), row.text("typename")
    name = _NUMBERS.get(-1 if number is None else number) or _our_word(word or row.text("type"))
    told = word or (f"type {number}" if number is not None else row.text("type"))
    return name or told, told


def _our_word(word: str) -> str:
    return _WORDS.get(folded(word).replace(" ", ""), "")


def server_words(row: Row) -> str:
    """What the remote server said, its code first."""
    about = row.row("eventmetadata")
    code = about.text("smtpcode") or row.text("smtpcode")
    said = about.text("smtpdescription") or row.text("smtpdescription")
    return said if code in ("", "0") or said.startswith(code) else f"{code} {said}".strip()


def status_of_word(word: str) -> MailStatus:
    """Where a mail stands of which this is said; OTHER for what we do not know."""
    return _EVENTS.get(_our_word(word), MailStatus.OTHER)


def status_after(events: Sequence[MessageEvent]) -> MailStatus:
    """Where a mail stands after these events, in whatever order they came; OTHER after none that we know."""
    known = [event.type for event in events if event.type in _RANKS]
    return _EVENTS[max(known, key=_RANKS.__getitem__)] if known else MailStatus.OTHER


def words_of(events: Sequence[MessageEvent], status: MailStatus) -> str:
    """Why a mail stands there, as the remote server put it; nothing where it did not fail, or nobody said."""
    if status not in _FAILED:
        return ""
    said = (event.words for event in reversed(events) if _EVENTS.get(event.type) is status)
    return next(filter(None, said), "")


def with_events(record: MessageRecord, events: tuple[MessageEvent, ...] | None) -> MessageRecord:
    """The record with its events, and with what they say about where the mail stands; as it was where they
    are not told (None)."""
    if events is None:
        return record
    status = status_after(events)
    if status is MailStatus.OTHER:
        return replace(record, events=events)
    stat = replace(record.stat, status=status, error=words_of(events, status))
    return replace(record, stat=stat, events=events)


def event_of_suppression(report: Report, record: MessageRecord) -> MessageEvent | None:
    """What a suppressed address proves about a message: a hard bounce, a complaint or an unsubscription.

    It speaks of the message where it names it, or names none, is of its recipient and came later. None
    where it proves nothing.
    """
    stat = record.stat
    if report.type not in _SUPPRESSED or report.message_id not in ("", stat.id):
        return None
    later = report.at is not None and stat.at is not None and report.at > stat.at
    if report.message_id or (later and report.email.lower() == stat.recipient.lower()):
        return MessageEvent(_SUPPRESSED[report.type], report.at, report.words)
    return None
