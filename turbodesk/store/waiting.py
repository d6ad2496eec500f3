"""The ledger's SQL for what waits: what is due, put off, taken back; and for what is unknown, once somebody
settles it. Each function is one step inside a transaction, or one question."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from turbodesk.errors import StoreTrouble
from turbodesk.model.lookup import Found, Sought, Trace
from turbodesk.model.outcome import Hold, RecipientOutcome, SendState, Verdict, state_of
from turbodesk.store import reading, records
from turbodesk.store.entry import Entry, moment
from turbodesk.store.limits import Limit

ENDED_WAITING = "Turbodesk ended while it waited to try this again. Nothing was sent."
MAY_BE_THERE = "Something has happened to this message since it was looked up; it may be there by now."
NOT_UNKNOWN = "Only a send whose outcome is unknown can be settled."


def due(connection: sqlite3.Connection, until: int) -> list[Entry]:
    """What waits for a time and may go by `until`, the earliest first."""
    rows = connection.execute(
        "SELECT number FROM message WHERE state = 'queued' AND not_before IS NOT NULL AND not_before <= ? "
        "ORDER BY not_before",
        (until,),
    ).fetchall()
    return [reading.entry_of(connection, row[0]) for row in rows]


def put_off(
    connection: sqlite3.Connection, id: str, hold: Hold, not_before: int | None, reason: str, now: int
) -> Entry:
    """Makes a queued send wait for something else; raises StoreTrouble where it is not queued."""
    number = reading.number_of(connection, id)
    done = connection.execute(
        "UPDATE message SET hold = ?, not_before = ?, reason = ?, updated = ? "
        "WHERE number = ? AND state = 'queued'",
        (hold, not_before, reason, now, number),
    ).rowcount
    if not done:
        raise StoreTrouble(
            "Only what waits in the queue can be put off.", hint="Look in the outbox how it stands."
        )
    return reading.entry_of(connection, number)


def draft_of(connection: sqlite3.Connection, id: str) -> bytes:
    """What a send was written from, empty where that was not kept."""
    row = connection.execute(
        "SELECT CAST(body AS BLOB) FROM draft WHERE message = ?", (reading.number_of(connection, id),)
    ).fetchone()
    return bytes(row[0]) if row else b""


def unknown(connection: sqlite3.Connection, profile: str | None, since: int) -> list[Entry]:
    """What is unknown and was lost after `since`, the first that was written down first. It may have waited
    for its hour for a long time before."""
    rows = connection.execute(
        "SELECT number, profile FROM message WHERE state = 'unknown' AND max(created, coalesce("
        "(SELECT max(coalesce(ended, wire)) FROM attempt WHERE message = number), 0)) >= ? ORDER BY number",
        (since,),
    ).fetchall()
    return [
        reading.entry_of(connection, number) for number, name in rows if profile is None or name == profile
    ]


def sought(connection: sqlite3.Connection, id: str, groups: tuple[str, ...], span: int) -> Sought:
    """Everything that an unknown send can be known by at its provider. It stands alone where no other send
    of the same sender and subject left for one of its recipients within `span` microseconds."""
    number = reading.number_of(connection, id)
    entry = reading.entry_of(connection, number)
    began, ended = connection.execute(
        "SELECT min(wire), max(ended) FROM attempt WHERE message = ? AND wire IS NOT NULL", (number,)
    ).fetchone()
    return Sought(
        key=entry.key,
        sender=entry.sender,
        subject=entry.subject,
        recipients=tuple((it.kind, it.address) for it in entry.outcomes),
        began=entry.created if began is None else moment(began),
        ended=entry.updated if ended is None else moment(ended),
        groups=groups,
        provider_id=entry.provider_id,
        by_relay=entry.provider == "smtp",
        alone=not _twins(connection, number, entry, span),
    )


def _twins(connection: sqlite3.Connection, number: int, entry: Entry, span: int) -> int:
    rows = connection.execute(
        """SELECT other.number FROM message AS this JOIN message AS other
            ON other.profile = this.profile AND other.subject = this.subject AND other.sender = this.sender
            AND other.number <> this.number AND other.created BETWEEN this.created - ? AND this.updated + ?
            WHERE this.number = ? AND EXISTS
                (SELECT 1 FROM attempt WHERE message = other.number AND wire IS NOT NULL)""",
        (span, span, number),
    ).fetchall()
    mine = {outcome.address.key for outcome in entry.outcomes}
    others = (reading.entry_of(connection, row[0]) for row in rows)
    return sum(not mine.isdisjoint({outcome.address.key for outcome in it.outcomes}) for it in others)


def note_look(
    connection: sqlite3.Connection,
    id: str,
    found: Found,
    words: str,
    sure: bool,
    now: int,
    attempts: int | None = None,
) -> Entry:
    """Writes down what a look at the provider brought; what was found there is settled by it. With another
    number of attempts than `attempts` it was tried again meanwhile: what was not there then is left out.

    Of a send that is no longer unknown nothing is changed, only the look is kept.
    """
    number = reading.number_of(connection, id)
    entry = reading.entry_of(connection, number)
    if found.trace is Trace.ABSENT and attempts not in (None, entry.attempts):
        return entry
    connection.execute(
        "INSERT INTO look_up (message, at, trace, sure, words) VALUES (?, ?, ?, ?, ?)",
        (number, now, found.trace, sure, words),
    )
    if entry.state is SendState.UNKNOWN and found.trace in (Trace.FOUND, Trace.PARTLY) and found.outcomes:
        outcomes = _merged(entry.outcomes, found.outcomes)
        state = state_of(outcomes)
        _settle(connection, number, state, outcomes, found.provider_id, words, "look-up", now)
    else:
        connection.execute("UPDATE message SET updated = ? WHERE number = ?", (now, number))
    return reading.entry_of(connection, number)


def close_as_sent(connection: sqlite3.Connection, id: str, now: int) -> Entry:
    """A person says that an unknown send was taken; raises StoreTrouble where it is not unknown."""
    number = reading.number_of(connection, id)
    entry = _unknown(connection, number)
    accepted = (replace(it, verdict=Verdict.ACCEPTED) for it in entry.outcomes)
    outcomes = tuple(
        new if old.verdict is Verdict.UNKNOWN else old
        for old, new in zip(entry.outcomes, accepted, strict=True)
    )
    _note(connection, number, "Closed as sent, by hand", "", now)
    state = state_of(outcomes)
    reason = "A person said that it went."
    _settle(connection, number, state, outcomes, entry.provider_id, reason, "person", now)
    return reading.entry_of(connection, number)


def take_again(
    connection: sqlite3.Connection,
    id: str,
    instance: str,
    now: int,
    limit: Limit | None = None,
    *,
    sure_only: bool = False,
) -> records.Live:
    """Takes an unknown send for this program once more, by hand; raises StoreTrouble where it is not unknown,
    or with `sure_only` where it may be at the provider, and what `limit` raises.

    From then on it is in doubt: whatever comes of this try but a yes, it is unknown again. What was sure of
    the tries before says nothing of this one.
    """
    number = reading.number_of(connection, id)
    entry = _unknown(connection, number)
    if sure_only and not entry.may_go_again:
        raise StoreTrouble(MAY_BE_THERE, hint="Look it up again, or say that it may arrive twice.")
    connection.execute("UPDATE look_up SET sure = 0 WHERE message = ?", (number,))
    _note(connection, number, "Sent again by hand, though it may have gone before", "", now)
    outcomes = tuple(replace(it, verdict=Verdict.WAITING, words="") for it in entry.outcomes)
    connection.execute(
        "UPDATE message SET state = 'queued', hold = 'person', doubt = 1, outcomes = ?, updated = ? "
        "WHERE number = ?",
        (reading.encoded(outcomes), now, number),
    )
    live = records.claim(connection, id, instance, now, limit)
    if live is None:
        raise StoreTrouble("Another program took this message.", hint="Look in the outbox how it stands.")
    return live


def give_up_waiting(connection: sqlite3.Connection, alive: Iterable[str], now: int) -> None:
    """What an ended program would have tried again waits for a person."""
    living = set(alive)
    rows = connection.execute(
        "SELECT number, keeper FROM message WHERE state = 'queued' AND hold = 'again' AND batch IS NULL"
    ).fetchall()
    for number, keeper in rows:
        if keeper not in living:
            connection.execute(
                "UPDATE message SET hold = 'person', not_before = NULL, reason = ?, updated = ? "
                "WHERE number = ?",
                (ENDED_WAITING, now, number),
            )


def ask_first(connection: sqlite3.Connection, reason: str, now: int) -> int:
    """Makes everything that would go by itself wait for a person; how many it were comes back."""
    connection.execute(
        "UPDATE batch SET state = 'paused', reason = ?, updated = ? WHERE state = 'running'", (reason, now)
    )
    return connection.execute(
        "UPDATE message SET hold = 'person', not_before = NULL, reason = ?, updated = ? "
        "WHERE state = 'queued' AND hold IN ('undo', 'time', 'again') AND batch IS NULL",
        (reason, now),
    ).rowcount


def newest(connection: sqlite3.Connection) -> int:
    """When the ledger was last written to, 0 where it never was."""
    row = connection.execute("SELECT max(updated) FROM message").fetchone()
    return int(row[0] or 0)


def _unknown(connection: sqlite3.Connection, number: int) -> Entry:
    entry = reading.entry_of(connection, number)
    if entry.state is not SendState.UNKNOWN:
        raise StoreTrouble(NOT_UNKNOWN, hint="Look in the outbox how it stands.", detail=str(entry.state))
    return entry


def _settle(
    connection: sqlite3.Connection,
    number: int,
    state: SendState,
    outcomes: tuple[RecipientOutcome, ...],
    provider_id: str,
    reason: str,
    by: str,
    now: int,
) -> None:
    """The new outcomes; the state moves where none of them is unknown any more."""
    if state is SendState.UNKNOWN:
        connection.execute(
            "UPDATE message SET outcomes = ?, provider_id = ?, reason = ?, updated = ? WHERE number = ?",
            (reading.encoded(outcomes), provider_id, reason, now, number),
        )
        return
    connection.execute(
        "UPDATE message SET state = ?, settled_by = ?, outcomes = ?, provider_id = ?, reason = ?, "
        "updated = ? WHERE number = ?",
        (state, by, reading.encoded(outcomes), provider_id, reason, now, number),
    )


def _merged(
    before: tuple[RecipientOutcome, ...], found: tuple[RecipientOutcome, ...]
) -> tuple[RecipientOutcome, ...]:
    """What is known of each recipient; what was known before stays."""
    new = {outcome.address.key: outcome for outcome in found}
    open_still = (Verdict.UNKNOWN, Verdict.WAITING)
    return tuple(new.get(it.address.key, it) if it.verdict in open_still else it for it in before)


def _note(connection: sqlite3.Connection, number: int, what: str, detail: str, now: int) -> None:
    connection.execute(
        "INSERT INTO note (message, at, what, detail) VALUES (?, ?, ?, ?)", (number, now, what, detail)
    )
