"""The ledger's SQL: each function is one step inside a transaction, or one question."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from turbodesk.errors import StoreTrouble
from turbodesk.model.message import Address, Message
from turbodesk.model.outcome import RecipientOutcome, SendResult, SendState, Verdict
from turbodesk.store.entry import Attempt, Entry, Step, moment
from turbodesk.store.payload import digest_of

ENDED_BEFORE = "Turbodesk ended before this left. Nothing was sent."
ENDED_AFTER = (
    "Turbodesk ended after this had begun to leave. Nobody knows yet whether it was taken: "
    "look in Stats and Reports before sending it again."
)

_encode = msgspec.json.Encoder().encode
_outcomes = msgspec.json.Decoder(tuple[RecipientOutcome, ...]).decode
_address = msgspec.json.Decoder(Address).decode

_SELECT = (
    "SELECT number, id, key, profile, provider, sender, subject, body_sha256, size_bytes, created, updated, "
    "state, reason, provider_id, outcomes FROM message "
)
_SETTLED = (SendState.ACCEPTED, SendState.PARTLY, SendState.REFUSED, SendState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Change:
    """How an attempt ended: the state it leads to, and what is written down of it.

    `outcomes` None: those there are, with `verdict` and `words` for all of them.
    """

    state: SendState
    reason: str
    phase: str
    excerpt: str
    status: int = 0
    outcomes: tuple[RecipientOutcome, ...] | None = None
    verdict: Verdict = Verdict.WAITING
    words: str = ""
    provider_id: str = ""


@dataclass(slots=True)
class Live:
    """A send that this program is at: its entry as it stood when the attempt began, and that attempt."""

    number: int
    n: int
    started: int
    entry: Entry
    wire: int | None = None

    def ended(self, change: Change, outcomes: tuple[RecipientOutcome, ...], now: int) -> Entry:
        """The entry after `change`."""
        attempt = Attempt(self.n, self.started, self.wire, now, change.phase, change.status, change.excerpt)
        return replace(
            self.entry,
            state=change.state,
            reason=change.reason,
            updated=moment(now),
            outcomes=outcomes,
            provider_id=change.provider_id,
            steps=(*self.entry.steps, *attempt.steps()),
        )


def written(id: str, message: Message, payload: bytes, profile: str, provider: str, now: int) -> Entry:
    """The entry of a message that is about to be written down."""
    return Entry(
        id=id,
        key=message.key,
        profile=profile,
        provider=provider,
        state=SendState.QUEUED,
        reason="",
        sender=message.sender,
        subject=message.subject,
        created=moment(now),
        updated=moment(now),
        body_sha256=digest_of(payload),
        size_bytes=len(payload) + sum(it.size_bytes for it in message.attachments),
        outcomes=SendResult.for_all(message, Verdict.WAITING).outcomes,
        attachments=tuple((it.name, it.size_bytes) for it in message.attachments),
        steps=(Step(moment(now), "Written down"),),
    )


def insert(
    connection: sqlite3.Connection,
    entry: Entry,
    message: Message,
    payload: bytes,
    now: int,
    instance: str | None,
) -> int:
    """Writes a message down, queued or, where an instance is named, taken by it; its number comes back."""
    number = connection.execute(
        "INSERT INTO message (id, key, profile, provider, sender, subject, body_sha256, size_bytes, created, "
        "updated, state, outcomes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.id,
            entry.key,
            entry.profile,
            entry.provider,
            _encode(entry.sender),
            entry.subject,
            entry.body_sha256,
            entry.size_bytes,
            now,
            now,
            "sending" if instance else "queued",
            _encode(entry.outcomes),
        ),
    ).lastrowid
    if number is None:
        raise StoreTrouble("The outbox did not take the message.", hint="Nothing was sent. Try again.")
    connection.execute("INSERT INTO payload (message, body) VALUES (?, ?)", (number, payload))
    for position, it in enumerate(message.attachments):
        connection.execute(
            "INSERT INTO attachment (message, position, name, size_bytes, sha256) VALUES (?, ?, ?, ?, ?)",
            (number, position, it.name, it.size_bytes, it.sha256),
        )
    if instance:
        _begin_attempt(connection, number, 1, instance, now)
    return number


def _begin_attempt(connection: sqlite3.Connection, number: int, n: int, instance: str, now: int) -> None:
    connection.execute(
        "INSERT INTO attempt (message, n, instance, started) VALUES (?, ?, ?, ?)", (number, n, instance, now)
    )


def claim(connection: sqlite3.Connection, id: str, instance: str, now: int) -> Live | None:
    """Takes a queued send for this program; None where it is not queued (any more)."""
    number = number_of(connection, id)
    entry = entry_of(connection, number)
    if entry.state is not SendState.QUEUED:
        return None
    n = entry.attempts + 1
    _begin_attempt(connection, number, n, instance, now)
    taken = connection.execute(
        "UPDATE message SET state = 'sending', reason = '', updated = ? "
        "WHERE number = ? AND state = 'queued'",
        (now, number),
    ).rowcount
    if taken != 1:
        raise StoreTrouble("Another program took this message.", hint="Look in the outbox how it stands.")
    return Live(number, n, now, replace(entry, state=SendState.SENDING, reason="", attempts=n))


def mark_wire(connection: sqlite3.Connection, live: Live, now: int) -> None:
    """Marks a live attempt, once; raises StoreTrouble where it is not live, or marked before."""
    marked = connection.execute(
        "UPDATE attempt SET wire = ? WHERE message = ? AND n = ? AND ended IS NULL AND wire IS NULL",
        (now, live.number, live.n),
    ).rowcount
    if marked != 1:
        raise not_ours()
    live.wire = now


def finish(connection: sqlite3.Connection, live: Live, change: Change, now: int) -> Entry | None:
    """Ends a live attempt; None where it has ended already."""
    ended = connection.execute(
        "UPDATE attempt SET ended = ?, phase = ?, status = ?, excerpt = ? "
        "WHERE message = ? AND n = ? AND ended IS NULL",
        (now, change.phase, change.status, change.excerpt, live.number, live.n),
    ).rowcount
    if ended != 1:
        return None
    outcomes = _move(connection, live.number, live.entry.outcomes, change, now)
    return live.ended(change, outcomes, now)


def not_ours() -> StoreTrouble:
    """What is told who meddles with a send that this program is not at."""
    return StoreTrouble(
        "This message is not this program's to send, so nothing was changed.",
        hint="Look in the outbox how it stands.",
    )


def _move(
    connection: sqlite3.Connection,
    number: int,
    before: tuple[RecipientOutcome, ...],
    change: Change,
    now: int,
) -> tuple[RecipientOutcome, ...]:
    outcomes = change.outcomes
    if outcomes is None:
        outcomes = tuple(replace(it, verdict=change.verdict, words=change.words) for it in before)
    connection.execute(
        "UPDATE message SET state = ?, reason = ?, provider_id = ?, outcomes = ?, updated = ? "
        "WHERE number = ?",
        (change.state, change.reason, change.provider_id, _encode(outcomes), now, number),
    )
    return outcomes


def note_late(connection: sqlite3.Connection, id: str, change: Change, now: int) -> Entry:
    """Notes an end that came for a send which has ended already; raises StoreTrouble where it has not."""
    number = number_of(connection, id)
    state = entry_of(connection, number).state
    if state not in _SETTLED:
        raise not_ours()
    detail = f"{change.phase}. {change.excerpt}".strip()
    connection.execute(
        "INSERT INTO note (message, at, what, detail) VALUES (?, ?, ?, ?)",
        (number, now, "Something came later, and changed nothing", detail),
    )
    connection.execute("UPDATE message SET updated = ? WHERE number = ?", (now, number))
    return entry_of(connection, number)


def discard(connection: sqlite3.Connection, id: str, now: int) -> Entry:
    """Cancels a queued send; raises StoreTrouble where it is not queued."""
    number = number_of(connection, id)
    done = connection.execute(
        "UPDATE message SET state = 'cancelled', reason = '', updated = ? "
        "WHERE number = ? AND state = 'queued'",
        (now, number),
    ).rowcount
    if not done:
        raise StoreTrouble(
            "Only what waits in the queue can be discarded.", hint="Look in the outbox how it stands."
        )
    connection.execute(
        "INSERT INTO note (message, at, what, detail) VALUES (?, ?, 'Discarded by hand', '')", (number, now)
    )
    return entry_of(connection, number)


def recover(connection: sqlite3.Connection, alive: Iterable[str], now: int) -> int:
    """Puts right what programs left unfinished that are not among the living; how many sends comes back."""
    living = set(alive)
    live = connection.execute(
        "SELECT message, wire, instance FROM attempt WHERE ended IS NULL ORDER BY message"
    ).fetchall()
    dead = [(number, wire) for number, wire, instance in live if instance not in living]
    for number, wire in dead:
        recover_one(connection, number, wire is not None, now)
    return len(dead)


def recover_one(connection: sqlite3.Connection, number: int, left: bool, now: int) -> None:
    """Ends the attempt that nobody works on any more: unknown where it had left, else queued."""
    reason = ENDED_AFTER if left else ENDED_BEFORE
    connection.execute(
        "UPDATE attempt SET ended = ?, phase = 'Found unfinished', excerpt = ? "
        "WHERE message = ? AND ended IS NULL",
        (now, reason, number),
    )
    state, verdict = (SendState.UNKNOWN, Verdict.UNKNOWN) if left else (SendState.QUEUED, Verdict.WAITING)
    before = entry_of(connection, number).outcomes
    _move(connection, number, before, Change(state, reason, "", "", verdict=verdict), now)


def number_of(connection: sqlite3.Connection, id: str) -> int:
    """The number of a send; raises StoreTrouble where there is none of that name."""
    row = connection.execute("SELECT number FROM message WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise StoreTrouble(
            "There is no such message in the outbox.", hint="Look at the outbox again.", detail=id
        )
    return int(row[0])


def payload_of(connection: sqlite3.Connection, id: str) -> tuple[bytes, str]:
    """A message as it was frozen, and the hash it had then."""
    row = connection.execute(
        "SELECT CAST(body AS BLOB), body_sha256 FROM message JOIN payload ON message = number "
        "WHERE number = ?",
        (number_of(connection, id),),
    ).fetchone()
    return bytes(row[0]), str(row[1])


def kept_files(connection: sqlite3.Connection) -> list[str]:
    """The hashes of all attachments that sends refer to."""
    return [row[0] for row in connection.execute("SELECT DISTINCT sha256 FROM attachment")]


def data_version(connection: sqlite3.Connection) -> int:
    """Another number whenever another connection, here or elsewhere, has committed."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def entry_of(connection: sqlite3.Connection, number: int) -> Entry:
    """One send, whole."""
    rows = connection.execute(_SELECT + "WHERE number = ?", (number,)).fetchall()
    return _entries(connection, rows)[0]


def entries(connection: sqlite3.Connection, profile: str | None, limit: int) -> list[Entry]:
    """The newest first."""
    where, values = ("", ()) if profile is None else ("WHERE profile = ? ", (profile,))
    connection.execute("BEGIN")  # one state of things for all questions
    try:
        rows = connection.execute(
            _SELECT + where + "ORDER BY number DESC LIMIT ?", (*values, limit)
        ).fetchall()
        return _entries(connection, rows)
    finally:
        connection.execute("COMMIT")


def _entries(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> list[Entry]:
    if not rows:
        return []
    attempts: defaultdict[int, list[Attempt]] = defaultdict(list)
    files: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    notes: defaultdict[int, list[Step]] = defaultdict(list)
    span = (rows[-1][0], rows[0][0])
    for number, *values in connection.execute(
        "SELECT message, n, started, wire, ended, phase, status, excerpt FROM attempt "
        "WHERE message BETWEEN ? AND ? ORDER BY message, n",
        span,
    ):
        attempts[number].append(Attempt(*values))
    for number, name, size in connection.execute(
        "SELECT message, name, size_bytes FROM attachment WHERE message BETWEEN ? AND ? "
        "ORDER BY message, position",
        span,
    ):
        files[number].append((name, size))
    for number, at, what, detail in connection.execute(
        "SELECT message, at, what, detail FROM note WHERE message BETWEEN ? AND ? ORDER BY message, number",
        span,
    ):
        notes[number].append(Step(moment(at), what, detail))
    return [_entry(row, attempts[row[0]], files[row[0]], notes[row[0]]) for row in rows]


def _entry(
    row: tuple[Any, ...], attempts: list[Attempt], files: list[tuple[str, int]], notes: list[Step]
) -> Entry:
    _, id, key, profile, provider, sender, subject, sha256, size, *rest = row
    created, updated, state, reason, provider_id, outcomes = rest
    steps = [Step(moment(created), "Written down")]
    for attempt in attempts:
        steps += attempt.steps()
    return Entry(
        id=id,
        key=key,
        profile=profile,
        provider=provider,
        state=SendState(state),
        reason=reason,
        sender=_address(sender),
        subject=subject,
        created=moment(created),
        updated=moment(updated),
        body_sha256=sha256,
        size_bytes=size,
        outcomes=_outcomes(outcomes),
        attachments=tuple(files),
        provider_id=provider_id,
        attempts=len(attempts),
        steps=tuple(sorted((*steps, *notes), key=lambda step: step.at)),
    )
