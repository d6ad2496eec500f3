"""What SendPost's API answers: read into our model by plain functions without I/O.

SendPost answers in one of two shapes, an older one and `v1`, which differ in the spelling of members; both
are read alike. What it says where it says no is read in sendpost_objections.py, what happened to a message
in sendpost_events.py. The source of every fact is SendPost's documentation and its official clients; where
both are silent the docstring says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from turbodesk.model.account import DnsRecord, Domain, SubAccount
from turbodesk.model.counts import Counts, DayCounts
from turbodesk.model.message import Address, Message, RecipientKind
from turbodesk.model.outcome import RecipientOutcome, SendResult, Verdict
from turbodesk.model.reports import (
    EmailStat,
    MailStatus,
    MessageRecord,
    Period,
    Report,
    ReportType,
)
from turbodesk.model.subaccount import SubAccountDetails
from turbodesk.providers.exchange import Answer, Garbled
from turbodesk.providers.json_pieces import KEY_HEADER
from turbodesk.providers.scalars import id_of
from turbodesk.providers.sendpost_events import events_of, status_after, status_of_word, words_of
from turbodesk.providers.sendpost_rows import (
    Row,
    folded,
    read_json,
    read_packed_row,
    read_packed_rows,
    read_rows,
    unpacked,
)
from turbodesk.providers.windows import Batch

_CODES = {
    1: "The address is not valid.",
    2: "The address is on the suppression list.",
    3: "The sender's domain is not verified.",
    4: "Too many messages at once; send it again later.",
    5: "The sender's address is not valid.",
}
_LONGEST_TEXT = 300  # of what is said to one recipient; its copies repeat it
_OF_THE_ADDRESS = (1, 2)  # these two say nothing about the copies of the same message
_SILENT = "SendPost does not say whether it sent this"
_NOT_NAMED = "SendPost's answer does not name this address."
_SUPPRESSED = {
    0: ReportType.MANUAL,
    1: ReportType.UNSUBSCRIBE,
    2: ReportType.HARD_BOUNCE,
    3: ReportType.SPAM,
    4: ReportType.HARD_BOUNCE,
}
_SUPPRESSED_WORDS = {
    "manual": ReportType.MANUAL,
    "unsubscribe": ReportType.UNSUBSCRIBE,
    "hardbounce": ReportType.HARD_BOUNCE,
    "spamcomplaint": ReportType.SPAM,
}
_FOUND_BY_VALIDATION = 4
_VALIDATION_WORDS = "SendPost's check of addresses found that this one does not work."

_DNS = (
    ("dkim", "DKIM"),
    ("returnpath", "return path"),
    ("track", "tracking"),
    ("dmarc", "DMARC"),
    ("spf", "SPF"),
)


# ---- sending


def read_sent(answer: Answer, message: Message) -> SendResult:
    """One outcome for every recipient; raises Garbled where the answer is no list.

    Entries are matched by their address, letter case aside, not by position, and those that nobody asked
    for are left out; a recipient without an entry is unknown, as is one whose number has no documented
    meaning. It is not documented whether copies get entries: for those without one see `_of_copy`.
    `POST /subaccount/email/`, SendPost, documented.
    """
    found = read_json(answer.body)
    if not isinstance(found, list):
        raise Garbled("no list of recipients")
    entries: dict[str, list[Row]] = {}
    for row in map(Row, found):
        entries.setdefault(_named(row).lower(), []).append(row)
    chosen = {address: _entry_of(address, entries) for _, address in message.recipients}
    first = chosen[message.to[0]]
    outcomes = tuple(
        _of_copy(kind, address, message.to[0], first)
        if kind is not RecipientKind.TO and chosen[address] is None
        else _outcome(kind, address, chosen[address])
        for kind, address in message.recipients
    )
    id = next((outcome.provider_id for outcome in outcomes if outcome.provider_id), "")
    return SendResult(outcomes, id)


def _named(entry: Row) -> str:
    return _email(entry, "to").strip()


def _entry_of(address: Address, entries: Mapping[str, Sequence[Row]]) -> Row | None:
    """The entry of an address: one in its own spelling before others, one that was accepted before others."""
    alike = entries.get(address.email.lower(), ())
    own = [entry for entry in alike if _named(entry) == address.email] or alike
    return next((entry for entry in own if entry.number("errorcode") == 0), next(iter(own), None))


def _outcome(kind: RecipientKind, address: Address, entry: Row | None) -> RecipientOutcome:
    if entry is None:
        return RecipientOutcome(address, kind, Verdict.UNKNOWN, words=_NOT_NAMED)
    code, id = entry.number("errorcode"), id_of(entry.get("messageid"))
    said = entry.text("message")[:_LONGEST_TEXT]
    silent = entry.get("errorcode") is None
    if code == 0 or (silent and (id or said.lower() == "ok")):
        return RecipientOutcome(address, kind, Verdict.ACCEPTED, id, said)
    if code in _CODES:
        return RecipientOutcome(address, kind, Verdict.REFUSED, id, f"{_CODES[code]} {said}".strip())
    meant = "an answer without a number" if code is None else f"the number {code}, which has no known meaning"
    words = f"SendPost gave {meant}. {said}".strip()
    return RecipientOutcome(address, kind, Verdict.UNKNOWN, id, words)


def _of_copy(kind: RecipientKind, address: Address, owner: Address, entry: Row | None) -> RecipientOutcome:
    """The outcome of a copy that has no entry: that of the recipient it hangs on, in words that say so. Where
    that one was refused for its own address, nobody knows whether its copies went out."""
    whose = _outcome(kind, owner, entry)
    unsure = entry is None or entry.number("errorcode") in _OF_THE_ADDRESS
    told = f"{_SILENT if unsure else 'A'} copy of the message to {owner.email}. {whose.words}".strip()
    return RecipientOutcome(
        address, kind, Verdict.UNKNOWN if unsure else whose.verdict, whose.provider_id, told
    )


# ---- messages


def read_messages(answer: Answer) -> list[EmailStat]:
    """One page in the provider's order; bodies are not unpacked.

    `GET /account/message`, SendPost, documented.
    """
    return [_stat(row) for row in read_packed_rows(answer)]


def read_marked(answer: Answer, key: str) -> list[tuple[EmailStat, bool]]:
    """One page, and of each message whether it carries our key: in its header, or among its groups.

    `GET /account/message`, SendPost, documented.
    """
    return [(_stat(row), _carries(row, key)) for row in read_packed_rows(answer)]


def _carries(row: Row, key: str) -> bool:
    marked = any(name.lower() == KEY_HEADER.lower() and value == key for name, value in _headers(row))
    return marked or key in _groups(row)


def read_message(answer: Answer) -> tuple[MessageRecord, str]:
    """One message, and the id of its sub-account, which its events are asked with.

    No status is documented for it; should one come, or events, they are read.
    `GET /account/message/{id}`, SendPost, documented.
    """
    row = read_packed_row(answer)
    stat = _stat(row)
    if not (stat.id or stat.recipient):
        raise Garbled("no message")
    record = MessageRecord(
        stat,
        events_of(row.rows("events")) if row.rows("events") else None,
        _groups(row),
        row.flag("trackopens"),
        row.flag("trackclicks"),
        _headers(row),
        row.text("textbody"),
        row.text("htmlbody"),
    )
    return record, row.text("subaccountid")


def _stat(row: Row) -> EmailStat:
    word = row.text("status")
    events = events_of(row.rows("events"))
    status = status_after(events)
    if status is MailStatus.OTHER and word:
        status = status_of_word(word)
    return EmailStat(
        row.text("messageid", "id"),
        row.text("subject"),
        _email(row, "from"),
        _email(row, "to") or _email(row, "headerto"),
        row.moment("submittedat"),
        status,
        words_of(events, status),
        word,
        row.text("submittedat"),
        _campaign(row),
    )


def _email(row: Row, name: str) -> str:
    """The address of a mailbox, which is an object, in old answers a list of them or a text."""
    return row.row(name).text("email") or row.text(name)


def _campaign(row: Row) -> str:
    """The first group that is not our own name for the send."""
    groups = _groups(row)
    if not groups:
        return ""  # the headers need not be unpacked
    key = next((value for name, value in _headers(row) if name.lower() == KEY_HEADER.lower()), "")
    return next((group for group in groups if group != key), "")


def _groups(row: Row) -> tuple[str, ...]:
    found = row.get("groups")
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()


def _headers(row: Row) -> tuple[tuple[str, str], ...]:
    """The headers in their order; an object, in very old answers the text of one."""
    found = row.get("headers")
    if isinstance(found, str):
        found = unpacked(found.encode())
    if not isinstance(found, dict):
        return ()
    return tuple((name, value) for name, value in found.items() if isinstance(value, str))


# ---- suppressions


def read_suppressions(answer: Answer, kind: str = "") -> list[Report]:
    """One page in the provider's order; what does not say its reason is of the `kind` that was asked for.

    `GET /subaccount/suppression`, SendPost, documented.
    """
    return [_report(row, _SUPPRESSED_WORDS.get(kind.lower(), ReportType.MANUAL)) for row in read_rows(answer)]


def _report(row: Row, otherwise: ReportType) -> Report:
    reason, email = row.number("reason"), row.text("email")
    type = _SUPPRESSED.get(-1 if reason is None else reason)
    type = type or _SUPPRESSED_WORDS.get(folded(row.text("reasontext")), otherwise)
    words = row.text("smtperror") or (_VALIDATION_WORDS if reason == _FOUND_BY_VALIDATION else "")
    at, raw_at = row.moment("created"), row.text("created")
    return Report(email, type, email, at, words, raw_at, message_id=row.text("messageuuid"))


def read_listed(answer: Answer) -> set[str]:
    """The addresses, in lower case, that an answer says were put on a list; none where it says nothing of
    them, as a yes is one without that as well.

    `POST /subaccount/suppression`, SendPost, documented.
    """
    return {email for row in _rows_of_yes(answer) if (email := row.text("email").strip().lower())}


def read_yes(answer: Answer) -> None:
    """Any yes will do: an object in one shape, a list in the other. Raises Garbled for what is no JSON.

    `DELETE /subaccount/suppression`, SendPost, documented.
    """
    _rows_of_yes(answer)


def _rows_of_yes(answer: Answer) -> list[Row]:
    found = read_json(answer.body) if answer.body.strip() else None
    return [Row(each) for each in found] if isinstance(found, list) else []


# ---- counters


def read_days(answer: Answer, window: Period) -> Batch[DayCounts]:
    """The days of a window that have mail, in the provider's order.

    Counters stand in `stat`, in `stats`, or in the row itself. Rows without a date are the days of the
    window in order where there is one for each; else they are left out, as are days that were not asked
    for, and the batch is not whole.
    `GET /account/stat[/group]`, `GET /account/subaccount/stat/{id}`, SendPost, documented.
    """
    rows, days = read_rows(answer), window.days
    places: Sequence[date | None] = days if len(rows) == len(days) else [None] * len(rows)
    counted = [
        (_day(row.text("date")) or place, counts)
        for row, place in zip(rows, places, strict=True)
        if (counts := read_counters(row)) != Counts()
    ]
    found = [DayCounts(day, counts) for day, counts in counted if day is not None and day in days]
    return Batch(found, whole=len(found) == len(counted))


def read_sum(answer: Answer) -> Counts:
    """All of a question summed by the provider.

    `GET /account/stat/aggregate[/group]`, `GET /account/subaccount/stat/{id}/{aggregate|group}`, SendPost,
    documented.
    """
    found = read_json(answer.body)
    if found is not None and not isinstance(found, dict):
        raise Garbled("no object with counters")
    return read_counters(Row(found))


def read_counters(row: Row) -> Counts:
    """Counters as our counts. A missing one is 0.

    `processed` is everything that was taken, like our `sent`; theirs is what is left of it without what was
    dropped. A soft bounce is tried again and may yet arrive, so only hard ones are bounces. What was given
    up at the other server's door was dropped as well.
    """
    inner = row.row("stat") or row.row("stats") or row

    def of(*names: str) -> int:
        return max(0, inner.number(*names) or 0)

    dropped = of("dropped") + of("smtpdropped")
    return Counts(
        sent=of("processed") or of("sent") + dropped,
        delivered=of("delivered"),
        opened=of("opened", "opens"),
        clicked=of("clicked", "clicks"),
        bounced=of("hardbounced"),
        complained=of("spam", "spams"),
        unsubscribed=of("unsubscribed"),
        dropped=dropped,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


# ---- the account


def read_sub_accounts(answer: Answer) -> list[SubAccount]:
    """One page in the provider's order. Keys and passwords that stand there are not read at all.

    `GET /account/subaccount/`, SendPost, documented.
    """
    return [
        SubAccount(row.text("id"), "", not row.flag("blocked"), name=row.text("name"))
        for row in read_packed_rows(answer)
    ]


def read_sub_account(answer: Answer) -> SubAccountDetails:
    """One of them, without its keys and passwords. `GET /account/subaccount/{id}`, SendPost, documented."""
    row = read_packed_row(answer)
    id = row.text("id")
    if not id:
        raise Garbled("a sub-account without an id")
    name, above = row.text("name"), row.text("accountid")
    return SubAccountDetails(id, "", not row.flag("blocked"), parent_id=above, name=name)


def read_domains(answer: Answer) -> list[Domain]:
    """One page in the provider's order. `GET /subaccount/domain`, SendPost, documented.

    Old answers do not say `verified`: it is true once DKIM is.
    """
    return [_domain(row) for row in read_rows(answer)]


def read_domain(answer: Answer) -> Domain:
    """One. `GET /subaccount/domain/{id}`, SendPost, documented."""
    found = Row(read_json(answer.body))
    if not found.text("id"):
        raise Garbled("no domain")
    return _domain(found)


def _domain(row: Row) -> Domain:
    verified = row.flag("verified")
    records = (
        DnsRecord(
            purpose,
            record.text("host"),
            record.text("type"),
            record.text("textvalue"),
            bool(row.flag(f"{name}verified")),
            row.text(f"{name}failurereason"),
        )
        for name, purpose in _DNS
        if (record := row.row(name))
    )
    return Domain(
        row.text("id"),
        row.text("name"),
        bool(row.flag("dkimverified")) if verified is None else verified,
        row.moment("created"),
        tuple(records),
    )
