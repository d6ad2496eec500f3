"""What rows of a provider's list say about a send whose outcome is unknown: plain functions without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from turbodesk.model.lookup import Found, Sought, Trace
from turbodesk.model.message import RecipientKind
from turbodesk.model.outcome import RecipientOutcome, Verdict
from turbodesk.model.reports import EmailStat, Period

BEFORE, AFTER = timedelta(minutes=2), timedelta(minutes=10)
"""A row of a send lies within this of its first and of its last byte, where clocks agree."""


def days_around(sought: Sought) -> Period:
    """The days to look in, one more on either side: the provider's clock and its days may be others."""
    day = timedelta(days=1)
    return Period((sought.began - day).astimezone().date(), (sought.ended + day).astimezone().date())


def hours_around(sought: Sought) -> tuple[datetime, datetime]:
    """The first and the last moment to look at, UTC, where the wire takes times: the provider's clock may be
    up to an hour off."""
    hour = timedelta(hours=1)
    return sought.began - hour, sought.ended + hour


def by_key(sought: Sought, rows: Iterable[EmailStat], where: str) -> Found:
    """Rows that carry the send's own key: whoever has one was taken. `where` names what was asked.

    A copy (Cc, Bcc) without a row of its own went with the first one in To.
    """
    ours = list(rows)
    if not ours:
        return Found(Trace.ABSENT, f"{where} has nothing with the key {sought.key}.")
    return _found(sought, ours, f"{where} has it by its own key.")


def by_count(sought: Sought, counted: int, where: str, *, all_of_them: bool) -> Found:
    """What is known where no row carries the key, but mails are counted under it: as many as recipients means
    all were taken. `all_of_them` False: there were more rows than were looked through."""
    wanted = len(sought.recipients)
    if counted >= wanted:
        outcomes = tuple(
            RecipientOutcome(address, kind, Verdict.ACCEPTED) for kind, address in sought.recipients
        )
        return Found(Trace.FOUND, f"{where} has counted {counted} under its own key.", outcomes)
    if counted:
        return Found(Trace.UNCLEAR, f"{where} has counted {counted} of {wanted} recipients, but not which.")
    if not all_of_them:
        return Found(Trace.UNCLEAR, f"{where} had too much mail at that time to look through all of it.")
    return Found(Trace.ABSENT, f"{where} has nothing with the key {sought.key}.")


def by_likeness(sought: Sought, rows: Iterable[EmailStat], where: str) -> Found:
    """Rows of the same sender, subject and recipients at that time, where the wire has no key. Whatever could
    be another send makes it unclear: nothing is guessed."""
    like = [row for row in rows if _alike(row, sought)]
    if not like:
        return Found(Trace.ABSENT, f"{where} has nothing of this sender, subject and recipient.")
    if not sought.alone:
        return Found(
            Trace.UNCLEAR,
            f"{where} has one like it, but another send of yours is like it too: compare them by hand.",
        )
    then = [row for row in like if _at_that_time(row.at, sought)]
    if not then or len({row.recipient.casefold() for row in then}) < len(then):
        return Found(
            Trace.UNCLEAR, f"{where} has some like it, and nothing tells which it is: {_times(like)}."
        )
    return _found(sought, then, f"{where} has it, by sender, subject, recipient and time.")


def cannot(why: str) -> Found:
    """There is no way to look."""
    return Found(Trace.CANNOT, why)


def _alike(row: EmailStat, sought: Sought) -> bool:
    recipients = {address.email.casefold() for _, address in sought.recipients}
    return (
        row.recipient.casefold() in recipients
        and " ".join(row.subject.split()) == " ".join(sought.subject.split())
        and sought.sender.email.casefold() in row.sender.casefold()
        and (not sought.groups or row.campaign in ("", *sought.groups))
    )


def _at_that_time(at: datetime | None, sought: Sought) -> bool:
    return at is not None and sought.began - BEFORE <= at <= sought.ended + AFTER


def _times(rows: Sequence[EmailStat]) -> str:
    shown = [f"{row.at.astimezone():%d %b %H:%M}" if row.at else row.raw_at for row in rows[:3]]
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    return ", ".join(filter(None, shown)) + more


def _found(sought: Sought, rows: Sequence[EmailStat], words: str) -> Found:
    seen = {row.recipient.casefold(): row for row in reversed(rows)}
    first = next((kind_and for kind_and in sought.recipients if kind_and[0] is RecipientKind.TO), None)
    copied = seen.get(first[1].email.casefold()) if first else None
    outcomes = []
    for kind, address in sought.recipients:
        row = seen.get(address.email.casefold()) or (copied if kind is not RecipientKind.TO else None)
        if row is None:
            outcomes.append(RecipientOutcome(address, kind, Verdict.UNKNOWN))
        else:
            said = "; ".join(filter(None, (row.raw_status, row.error)))
            outcomes.append(RecipientOutcome(address, kind, Verdict.ACCEPTED, row.id, said))
    missing = sum(it.verdict is Verdict.UNKNOWN for it in outcomes)
    if missing:
        words = f"{words} Of {missing} of {len(outcomes)} recipients it has nothing yet."
    trace = Trace.PARTLY if missing else Trace.FOUND
    return Found(trace, words, tuple(outcomes), rows[0].id)
