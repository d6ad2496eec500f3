"""What the ledger holds, asked and put together: sends with all that happened to them."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from turbodesk.errors import StoreTrouble
from turbodesk.model.lookup import Trace
from turbodesk.model.message import Address
from turbodesk.model.outcome import Hold, RecipientOutcome, SendState
from turbodesk.store.entry import Attempt, Entry, LookUp, Step, moment

encoded = msgspec.json.Encoder().encode
_outcomes = msgspec.json.Decoder(tuple[RecipientOutcome, ...]).decode
_address = msgspec.json.Decoder(Address).decode

_SELECT = (
    "SELECT number, id, key, profile, provider, sender, subject, body_sha256, size_bytes, created, updated, "
    "state, reason, provider_id, outcomes, hold, not_before, settled_by, "
    '(SELECT id FROM batch WHERE batch.number = message.batch), "row" FROM message '
)
_THOSE = "WHERE number IN (SELECT value FROM json_each(?))"


def number_of(connection: sqlite3.Connection, id: str) -> int:
    """The number of a send; raises StoreTrouble where there is none of that name."""
    row = connection.execute("SELECT number FROM message WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise StoreTrouble(
            "There is no such message in the outbox.", hint="Look at the outbox again.", detail=id
        )
    return int(row[0])


def entry_with_key(connection: sqlite3.Connection, key: str) -> Entry | None:
    """The send of that name on the wire, None where there is none."""
    row = connection.execute("SELECT number FROM message WHERE key = ?", (key,)).fetchone()
    return None if row is None else entry_of(connection, int(row[0]))


def payload_of(connection: sqlite3.Connection, id: str) -> tuple[bytes, str]:
    """A message as it was frozen, and the hash it had then."""
    row = connection.execute(
        "SELECT CAST(body AS BLOB), body_sha256 FROM message JOIN payload ON message = number "
        "WHERE number = ?",
        (number_of(connection, id),),
    ).fetchone()
    if row is None:
        raise damaged(id)
    return bytes(row[0]), str(row[1])


def damaged(id: str) -> StoreTrouble:
    """What is told where a message is no longer kept as it was written down."""
    return StoreTrouble(
        "What the outbox kept of this message is damaged.",
        hint="Nothing was sent. Write the message anew.",
        detail=f"payload of {id}",
    )


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


def entries_of(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, Entry]:
    """Some sends by their numbers, whole."""
    rows = connection.execute(_SELECT + _THOSE, (encoded(numbers).decode(),)).fetchall()
    return {row[0]: entry for row, entry in zip(rows, _entries(connection, rows), strict=True)}


def entries(
    connection: sqlite3.Connection,
    profile: str | None,
    limit: int,
    batch: str | None = "",
    state: str = "",
) -> list[Entry]:
    """The newest first; of a batch in the order of its rows. `batch` empty: those that stand alone, None:
    all of them; `state` empty: in any."""
    wheres, values = ["1"], []
    order = "number DESC"
    if profile is not None:
        wheres.append("profile = ?")
        values.append(profile)
    if batch == "":
        wheres.append("batch IS NULL")
    elif batch is not None:
        wheres.append("batch = (SELECT number FROM batch WHERE id = ?)")
        values.append(batch)
        order = '"row"'
    if state:
        wheres.append("state = ?")
        values.append(state)
    sql = f"{_SELECT}WHERE {' AND '.join(wheres)} ORDER BY {order} LIMIT ?"
    connection.execute("BEGIN")  # one state of things for all questions
    try:
        return _entries(connection, connection.execute(sql, (*values, limit)).fetchall())
    finally:
        connection.execute("COMMIT")


def _entries(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> list[Entry]:
    if not rows:
        return []
    attempts: defaultdict[int, list[Attempt]] = defaultdict(list)
    files: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    notes: defaultdict[int, list[Step]] = defaultdict(list)
    looks: dict[int, LookUp] = {}
    those = encoded([row[0] for row in rows]).decode()
    for number, *values in connection.execute(
        "SELECT message, n, started, wire, ended, phase, status, excerpt FROM attempt "
        "WHERE message IN (SELECT value FROM json_each(?)) ORDER BY message, n",
        (those,),
    ):
        attempts[number].append(Attempt(*values))
    for number, name, size in connection.execute(
        "SELECT message, name, size_bytes FROM attachment "
        "WHERE message IN (SELECT value FROM json_each(?)) ORDER BY message, position",
        (those,),
    ):
        files[number].append((name, size))
    for number, at, what, detail in connection.execute(
        "SELECT message, at, what, detail FROM note "
        "WHERE message IN (SELECT value FROM json_each(?)) ORDER BY message, number",
        (those,),
    ):
        notes[number].append(Step(moment(at), what, detail))
    for number, at, trace, sure, said in connection.execute(
        "SELECT message, at, trace, sure, words FROM look_up "
        "WHERE message IN (SELECT value FROM json_each(?)) ORDER BY message, number",
        (those,),
    ):
        looks[number] = LookUp(moment(at), Trace(trace), said, bool(sure))
        notes[number].append(Step(moment(at), "Looked up", said))
    return [_entry(row, attempts[row[0]], files[row[0]], notes[row[0]], looks.get(row[0])) for row in rows]


def _entry(
    row: tuple[Any, ...],
    attempts: list[Attempt],
    files: list[tuple[str, int]],
    notes: list[Step],
    look: LookUp | None,
) -> Entry:
    _, id, key, profile, provider, sender, subject, sha256, size, *rest = row
    created, updated, state, reason, provider_id, outcomes, *waiting = rest
    hold, not_before, settled_by, batch, line = waiting
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
        hold=Hold(hold),
        not_before=None if not_before is None else moment(not_before),
        batch=batch or "",
        row=line,
        settled_by=settled_by,
        look_up=look if look is not None and not _left_since(attempts, look.at) else None,
        lost=_lost(attempts) if state == SendState.UNKNOWN else None,
        first_try=moment(attempts[0].started) if attempts else None,
    )


def _left_since(attempts: list[Attempt], at: datetime) -> bool:
    """Whether something left after that: a look before says nothing of it."""
    return any(it.wire is not None and moment(it.wire) > at for it in attempts)


def _lost(attempts: list[Attempt]) -> datetime | None:
    times = [it.ended or it.wire for it in attempts]
    return max((moment(at) for at in times if at), default=None)
