"""The ledger's SQL: each function is one step inside a transaction, or one question."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from turbodesk.errors import StoreTrouble
from turbodesk.model.message import Message
from turbodesk.model.outcome import Hold, RecipientOutcome, SendResult, SendState, Verdict
from turbodesk.store.entry import Attempt, Entry, Step, microseconds, moment
from turbodesk.store.limits import Limit
from turbodesk.store.payload import digest_of
from turbodesk.store.reading import encoded, entries_of, entry_of, number_of
from turbodesk.store.writer import Kind

ENDED_BEFORE = "Turbodesk ended before this left. Nothing was sent."
ENDED_AFTER = (
    "Turbodesk ended after this had begun to leave. Nobody knows yet whether it was taken: "
    "look in Stats and Reports before sending it again."
)

STILL_IN_DOUBT = "Nobody knows yet whether the try before was taken. This time: {}"

_SETTLED = (SendState.ACCEPTED, SendState.PARTLY, SendState.REFUSED, SendState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Change:
    """How an attempt ended: the state it leads to, and what is written down of it.

    `outcomes` None: those there are, with `verdict` and `words` for all of them. What is queued again waits
    until `not_before` where there is one, else for its batch, or for a person; with `for_person` surely that.
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
    not_before: int | None = None
    for_person: bool = False

    def hold(self, batch: str) -> Hold:
        """What the send waits for after this change; `batch` names its batch, or is empty."""
        if self.state is not SendState.QUEUED:
            return Hold.PERSON
        if self.not_before is not None:
            return Hold.AGAIN
        return Hold.BATCH if batch and not self.for_person else Hold.PERSON

    def in_doubt(self) -> Change:
        """The same where nobody knows of a try before: only a yes ends that."""
        if self.state not in (SendState.QUEUED, SendState.REFUSED):
            return self
        return replace(
            self,
            state=SendState.UNKNOWN,
            reason=STILL_IN_DOUBT.format(self.reason),
            outcomes=None,
            verdict=Verdict.UNKNOWN,
            words="",
            not_before=None,
        )

    def outcomes_after(self, before: tuple[RecipientOutcome, ...]) -> tuple[RecipientOutcome, ...]:
        """The outcomes after this change."""
        if self.outcomes is not None:
            return self.outcomes
        return tuple(replace(it, verdict=self.verdict, words=self.words) for it in before)


@dataclass(slots=True)
class Live:
    """A send that this program is at: its entry as it stood when the attempt began, and that attempt.

    `doubt`: it is sent once more by hand, and nobody knows of the try before.
    """

    number: int
    n: int
    started: int
    entry: Entry
    wire: int | None = None
    doubt: bool = False

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
            hold=change.hold(self.entry.batch),
            not_before=None if change.not_before is None else moment(change.not_before),
            lost=moment(now) if change.state is SendState.UNKNOWN else None,
            look_up=self.entry.look_up if self.wire is None else None,
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """The first byte of a send is about to leave. `lives` are the sends that this program is at."""

    id: str
    now: int
    lives: Mapping[str, Live]


@dataclass(frozen=True, slots=True)
class End:
    """A send has come to an end. `lives` are the sends that this program is at."""

    id: str
    now: int
    change: Change
    lives: Mapping[str, Live]


def written(
    id: str,
    message: Message,
    payload: bytes,
    profile: str,
    provider: str,
    now: int,
    hold: Hold = Hold.PERSON,
    not_before: int | None = None,
) -> Entry:
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
        hold=hold,
        not_before=None if not_before is None else moment(not_before),
    )


@dataclass(frozen=True, slots=True)
class New:
    """A message to be written down: queued or, where `taken_by` names this program, taken by it, so that
    it is among its `lives` afterwards.

    `keeper` is the program that keeps it waiting, `batch` the number of its batch, `draft` what it was
    written from. With a `limit` it is refused where that has no room for it.
    """

    entry: Entry
    message: Message
    payload: bytes
    now: int
    taken_by: str = ""
    lives: dict[str, Live] = field(default_factory=dict)
    keeper: str = ""
    batch: int | None = None
    draft: bytes = b""
    limit: Limit | None = None


def insert_all(connection: sqlite3.Connection, news: Sequence[New]) -> list[int]:
    """Writes messages down; their numbers come back, in the same order."""
    taken: defaultdict[str, int] = defaultdict(int)  # by those of this transaction, which are not yet written
    for new in news:
        recipients = len(new.entry.outcomes)
        if new.limit is not None:
            new.limit.check(connection, new.entry.profile, taken[new.entry.profile] + recipients)
        taken[new.entry.profile] += recipients if new.taken_by else 0
    last = connection.execute(
        _many(
            "INSERT INTO message (id, key, profile, provider, sender, subject, body_sha256, size_bytes, "
            'created, updated, state, outcomes, hold, not_before, batch, "row", keeper) VALUES {}',
            len(news),
            17,
        ),
        [value for new in news for value in _columns(new)],
    ).lastrowid
    if last is None:
        raise StoreTrouble("The outbox did not take the message.", hint="Nothing was sent. Try again.")
    numbers = list(range(last - len(news) + 1, last + 1))
    connection.execute(
        _many("INSERT INTO payload (message, body) VALUES {}", len(news), 2),
        [value for number, new in zip(numbers, news, strict=True) for value in (number, new.payload)],
    )
    begun: list[int | str] = []
    for number, new in zip(numbers, news, strict=True):
        for position, it in enumerate(new.message.attachments):
            connection.execute(
                "INSERT INTO attachment (message, position, name, size_bytes, sha256) VALUES (?, ?, ?, ?, ?)",
                (number, position, it.name, it.size_bytes, it.sha256),
            )
        if new.draft:
            connection.execute("INSERT INTO draft (message, body) VALUES (?, ?)", (number, new.draft))
        if new.taken_by:
            begun += (number, 1, new.taken_by, new.now)
            new.lives[new.entry.id] = Live(number, 1, new.now, new.entry)
    if begun:
        connection.execute(
            _many("INSERT INTO attempt (message, n, instance, started) VALUES {}", len(begun) // 4, 4), begun
        )
    return numbers


def _columns(new: New) -> tuple[str | int | bytes | None, ...]:
    entry = new.entry
    return (
        entry.id,
        entry.key,
        entry.profile,
        entry.provider,
        encoded(entry.sender),
        entry.subject,
        entry.body_sha256,
        entry.size_bytes,
        new.now,
        new.now,
        entry.state,
        encoded(entry.outcomes),
        entry.hold,
        None if entry.not_before is None else microseconds(entry.not_before),
        new.batch,
        entry.row,
        new.keeper,
    )


def _many(sql: str, rows: int, columns: int) -> str:
    """`sql` with `{}` made question marks for so many rows of values, since one statement is one way
    to the database and back, during which every other thread may have its turn."""
    return sql.replace("{}", ", ".join([f"({', '.join('?' * columns)})"] * rows))


def claim(
    connection: sqlite3.Connection, id: str, instance: str, now: int, limit: Limit | None = None
) -> Live | None:
    """Takes a queued send for this program; None where it is not queued (any more). Raises what `limit`
    raises."""
    number = number_of(connection, id)
    entry = entry_of(connection, number)
    if entry.state is not SendState.QUEUED:
        return None
    if limit is not None:
        limit.check(connection, entry.profile, len(entry.outcomes), but=number)
    n = entry.attempts + 1
    connection.execute(
        "INSERT INTO attempt (message, n, instance, started) VALUES (?, ?, ?, ?)", (number, n, instance, now)
    )
    taken = connection.execute(
        "UPDATE message SET state = 'sending', reason = '', hold = 'person', not_before = NULL, updated = ?, "
        "keeper = ? WHERE number = ? AND state = 'queued'",
        (now, instance, number),  # who takes it tries it again, whoever wrote it down
    ).rowcount
    if taken != 1:
        raise StoreTrouble("Another program took this message.", hint="Look in the outbox how it stands.")
    return Live(number, n, now, _taken(entry, now), doubt=_in_doubt(connection, number))


def _taken(entry: Entry, now: int) -> Entry:
    """The entry once its next attempt has begun."""
    return replace(
        entry,
        state=SendState.SENDING,
        reason="",
        attempts=entry.attempts + 1,
        hold=Hold.PERSON,
        not_before=None,
        first_try=entry.first_try or moment(now),
    )


def _in_doubt(connection: sqlite3.Connection, number: int) -> bool:
    """Whether nobody knows of an earlier try."""
    return bool(connection.execute("SELECT doubt FROM message WHERE number = ?", (number,)).fetchone()[0])


def claim_rows(
    connection: sqlite3.Connection,
    batch: str,
    most: int,
    instance: str,
    now: int,
    limit: Limit | None = None,
    after: int = 0,
) -> list[tuple[Live, bytes]]:
    """Takes the next rows of a batch that wait for it and stand behind row `after` of the file, at most so
    many and none that `limit` has no room for, in their order; each with its payload, which is as it was
    written down. Raises what `limit` raises where it has room for none, and StoreTrouble where a row is not
    as it was written down."""
    waiting = connection.execute(
        "SELECT number, profile, json_array_length(outcomes) FROM message "
        "WHERE batch = (SELECT number FROM batch WHERE id = ?) "
        "AND \"row\" > ? AND state = 'queued' AND hold = 'batch' ORDER BY \"row\" LIMIT ?",
        (batch, after, most),
    ).fetchall()
    if not waiting:
        return []
    if limit is not None:
        waiting = waiting[: limit.fitting(connection, waiting[0][1], [row[2] for row in waiting])]
    numbers = [row[0] for row in waiting]
    those = encoded(numbers).decode()
    entries = entries_of(connection, numbers)
    lives = []
    for number in numbers:
        entry = entries[number]
        lives.append(Live(number, entry.attempts + 1, now, _taken(entry, now)))
    connection.execute(
        _many("INSERT INTO attempt (message, n, instance, started) VALUES {}", len(lives), 4),
        [value for live in lives for value in (live.number, live.n, instance, now)],
    )
    connection.execute(
        "UPDATE message SET state = 'sending', reason = '', hold = 'person', not_before = NULL, updated = ? "
        "WHERE number IN (SELECT value FROM json_each(?))",
        (now, those),
    )
    payloads = dict(
        connection.execute(
            "SELECT message, CAST(body AS BLOB) FROM payload "
            "WHERE message IN (SELECT value FROM json_each(?))",
            (those,),
        ).fetchall()
    )
    return [(live, bytes(payloads[live.number])) for live in lives]


def release(connection: sqlite3.Connection, live: Live, now: int) -> None:
    """Gives back what was taken and never begun: as if it had waited all the time."""
    number = live.number
    gone = connection.execute(
        "DELETE FROM attempt WHERE message = ? AND n = ? AND ended IS NULL AND wire IS NULL", (number, live.n)
    ).rowcount
    if not gone:
        raise not_ours()
    hold = Hold.BATCH if live.entry.batch else Hold.PERSON
    connection.execute(
        "UPDATE message SET state = 'queued', hold = ?, updated = ? WHERE number = ?", (hold, now, number)
    )


def mark_all(connection: sqlite3.Connection, marks: Sequence[Mark]) -> list[None]:
    """Marks live attempts, each once; raises StoreTrouble where one is not live, or marked before."""
    lives = [live for mark in marks if (live := mark.lives.get(mark.id))]
    if len(lives) != len(marks):
        raise not_ours()
    now = marks[-1].now
    marked = connection.execute(
        _many(
            "UPDATE attempt SET wire = ? WHERE ended IS NULL AND wire IS NULL "
            "AND (message, n) IN (VALUES {})",
            len(lives),
            2,
        ),
        [now, *(value for live in lives for value in (live.number, live.n))],
    ).rowcount
    if marked != len(marks):
        raise not_ours()
    for live in lives:
        live.wire = now
    return [None] * len(marks)


def finish_all(connection: sqlite3.Connection, ends: Sequence[End]) -> list[Entry]:
    """Ends live attempts. Of a send that is settled already only a note is taken, where it comes alone."""
    lives = [live for end in ends if (live := end.lives.get(end.id))]
    ends = [_honest(end) for end in ends]
    if len(lives) == len(ends) and _end_attempts(connection, lives, ends):
        return _move_all(connection, lives, ends)
    if len(ends) > 1:
        raise not_ours()  # and each is tried for itself
    return [_note_late(connection, ends[0])]


def _honest(end: End) -> End:
    live = end.lives.get(end.id)
    return replace(end, change=end.change.in_doubt()) if live is not None and live.doubt else end


def _end_attempts(connection: sqlite3.Connection, lives: Sequence[Live], ends: Sequence[End]) -> bool:
    """Whether all of them were live."""
    values: list[int | str] = []
    for live, end in zip(lives, ends, strict=True):
        change = end.change
        values += (live.number, live.n, end.now, change.phase, change.status, change.excerpt)
    ended = connection.execute(
        _many(
            "UPDATE attempt SET ended = new.column3, phase = new.column4, status = new.column5, "
            "excerpt = new.column6 FROM (VALUES {}) AS new "
            "WHERE attempt.message = new.column1 AND attempt.n = new.column2 AND attempt.ended IS NULL",
            len(ends),
            6,
        ),
        values,
    ).rowcount
    return ended == len(ends)


def _move_all(connection: sqlite3.Connection, lives: Sequence[Live], ends: Sequence[End]) -> list[Entry]:
    entries: list[Entry] = []
    values: list[int | str | bytes | None] = []
    for live, end in zip(lives, ends, strict=True):
        change = end.change
        entry = live.ended(change, change.outcomes_after(live.entry.outcomes), end.now)
        entries.append(entry)
        values += (
            live.number,
            entry.state,
            entry.reason,
            entry.provider_id,
            encoded(entry.outcomes),
            end.now,
            entry.hold,
            change.not_before,
        )
    connection.execute(
        _many(
            "UPDATE message SET state = new.column2, reason = new.column3, provider_id = new.column4, "
            "outcomes = new.column5, updated = new.column6, hold = new.column7, not_before = new.column8 "
            "FROM (VALUES {}) AS new WHERE message.number = new.column1",
            len(ends),
            8,
        ),
        values,
    )
    return entries


def not_ours() -> StoreTrouble:
    """What is told who meddles with a send that this program is not at."""
    return StoreTrouble(
        "This message is not this program's to send, so nothing was changed.",
        hint="Look in the outbox how it stands.",
    )


def _note_late(connection: sqlite3.Connection, end: End) -> Entry:
    """Notes an end that came for a send which has ended already; raises StoreTrouble where it has not."""
    number = number_of(connection, end.id)
    if entry_of(connection, number).state not in _SETTLED:
        raise not_ours()
    detail = f"{end.change.phase}. {end.change.excerpt}".strip()
    connection.execute(
        "INSERT INTO note (message, at, what, detail) VALUES (?, ?, ?, ?)",
        (number, end.now, "Something came later, and changed nothing", detail),
    )
    connection.execute("UPDATE message SET updated = ? WHERE number = ?", (end.now, number))
    return entry_of(connection, number)


def discard(connection: sqlite3.Connection, id: str, now: int) -> Entry:
    """Cancels a queued send; raises StoreTrouble where it is not queued."""
    number = number_of(connection, id)
    done = connection.execute(
        "UPDATE message SET state = 'cancelled', reason = '', hold = 'person', not_before = NULL, "
        "updated = ? WHERE number = ? AND state = 'queued'",
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
    left = left or _in_doubt(connection, number)
    reason = ENDED_AFTER if left else ENDED_BEFORE
    connection.execute(
        "UPDATE attempt SET ended = ?, phase = 'Found unfinished', excerpt = ? "
        "WHERE message = ? AND ended IS NULL",
        (now, reason, number),
    )
    state, verdict = (SendState.UNKNOWN, Verdict.UNKNOWN) if left else (SendState.QUEUED, Verdict.WAITING)
    entry = entry_of(connection, number)
    outcomes = tuple(replace(it, verdict=verdict) for it in entry.outcomes)
    hold = Hold.BATCH if entry.batch and not left else Hold.PERSON
    connection.execute(
        "UPDATE message SET state = ?, reason = ?, outcomes = ?, hold = ?, not_before = NULL, updated = ? "
        "WHERE number = ?",
        (state, reason, encoded(outcomes), hold, now, number),
    )


INSERT = Kind(0, insert_all)
MARK = Kind(1, mark_all)
FINISH = Kind(2, finish_all)
