"""Lists of addresses to validate, how far each is by the sandbox's clock, and what is paid for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from turbodesk.sandbox.state import State
from turbodesk.sandbox.times import midnight_ms
from turbodesk.sandbox.verdict import verdict

PER_SECOND = 100  # addresses of a list that are validated in a second of the sandbox's time
FREE_CREDITS = 1_000  # a calendar month
PAID = 10_000  # thousandths of the currency, at the beginning
PRICE = 4  # thousandths for one address, where no free credit is left

_ENTRIES = "SELECT id, list, place, email FROM validation_email"


class TooDear(Exception):
    """What is left does not pay for it."""


class AlreadyValidated(Exception):
    """A list that was validated before, or is just being."""


class Checklist(NamedTuple):
    """A list; `started_ms` is None until its validation begins."""

    id: int
    file_name: str
    created_ms: int
    started_ms: int | None
    total: int

    def processed(self, now_ms: int) -> int:
        """How many of its addresses are validated by then, the first ones first."""
        if self.started_ms is None:
            return 0
        return min(max(now_ms - self.started_ms, 0) * PER_SECOND // 1000, self.total)


class Entry(NamedTuple):
    """One address of a list; its place counts from 0."""

    id: int
    list: int
    place: int
    email: str


class Credits(NamedTuple):
    """What is left: free validations until the month ends, and money in thousandths. Times in epoch
    milliseconds."""

    free_used: int
    paid: int
    since_ms: int
    until_ms: int
    last_ms: int | None

    @property
    def free_left(self) -> int:
        return max(FREE_CREDITS - self.free_used, 0)


class Validations:
    """The lists of one State, and its credits."""

    def __init__(self, state: State) -> None:
        self._state = state

    # credits

    def credits(self) -> Credits:
        since_ms, until_ms = _month(self._state.now())
        free, paid, last = self._state.connection.execute(
            "SELECT coalesce(sum(CASE WHEN at >= ? THEN free END), 0), coalesce(sum(paid), 0), max(at) "
            "FROM validation_use",
            (since_ms,),
        ).fetchone()
        return Credits(free, PAID - paid, since_ms, until_ms, last)

    def pay_for_one(self) -> None:
        """Raises TooDear."""
        with self._state.writing():
            self._pay(1)

    def _pay(self, addresses: int) -> None:
        """Free credits first, then money; to be called inside `writing`."""
        left = self.credits()
        free = min(addresses, left.free_left)
        paid = (addresses - free) * PRICE
        if paid > left.paid:
            raise TooDear
        self._state.connection.execute(
            "INSERT INTO validation_use VALUES (?, ?, ?)", (self._state.now_ms(), free, paid)
        )

    # lists

    def add(self, file_name: str, emails: Sequence[str]) -> Checklist:
        made = (file_name, self._state.now_ms(), len(emails))
        with self._state.writing() as db:
            (id,) = db.execute(
                "INSERT INTO validation_list(file_name, created, total) VALUES (?, ?, ?) RETURNING id", made
            ).fetchone()
            db.executemany(
                "INSERT INTO validation_email(list, place, email, status) VALUES (?, ?, ?, ?)",
                ((id, place, email, verdict(email).status) for place, email in enumerate(emails)),
            )
        return Checklist(id, file_name, made[1], None, len(emails))

    def lists(self, since_ms: int, until_ms: int, *, limit: int, offset: int) -> tuple[int, list[Checklist]]:
        """How many were made in a half-open range of time, and some of them, newest first."""
        where, span = "FROM validation_list WHERE created >= ? AND created < ?", (since_ms, until_ms)
        (count,) = self._state.connection.execute(f"SELECT count(*) {where}", span).fetchone()
        rows = self._state.connection.execute(
            f"SELECT * {where} ORDER BY id DESC LIMIT ? OFFSET ?", (*span, limit, offset)
        )
        return count, [Checklist(*row) for row in rows]

    def one(self, id: int) -> Checklist | None:
        row = self._state.connection.execute("SELECT * FROM validation_list WHERE id = ?", (id,)).fetchone()
        return Checklist(*row) if row else None

    def delete(self, id: int) -> bool:
        """False where there is no such list."""
        with self._state.writing() as db:
            db.execute("DELETE FROM validation_email WHERE list = ?", (id,))
            return bool(db.execute("DELETE FROM validation_list WHERE id = ?", (id,)).rowcount)

    def start(self, id: int) -> bool:
        """Begins to validate a list, and pays; False where there is none. Raises AlreadyValidated and
        TooDear."""
        with self._state.writing() as db:
            checklist = self.one(id)
            if checklist is None:
                return False
            if checklist.started_ms is not None:
                raise AlreadyValidated
            self._pay(checklist.total)
            db.execute("UPDATE validation_list SET started = ? WHERE id = ?", (self._state.now_ms(), id))
        return True

    def processed(self, checklist: Checklist) -> int:
        """How many of its addresses are validated by now."""
        return checklist.processed(self._state.now_ms())

    def entries(self, checklist: Checklist, *, limit: int = -1, offset: int = 0) -> list[Entry]:
        """Those that are validated by now, in the order of the file."""
        rows = self._state.connection.execute(
            f"{_ENTRIES} WHERE list = ? AND place < ? ORDER BY place LIMIT ? OFFSET ?",
            (checklist.id, self.processed(checklist), limit, offset),
        )
        return [Entry(*row) for row in rows]

    def entries_of(self, ids: Sequence[int]) -> Iterator[Entry]:
        for id in ids:
            row = self._state.connection.execute(f"{_ENTRIES} WHERE id = ?", (id,))
            yield from (Entry(*found) for found in row)

    def entry(self, checklist: Checklist, id: int) -> Entry | None:
        """One of them, None where it is not validated yet or not of this list."""
        found = next(self.entries_of([id]), None)
        if found is None or found.list != checklist.id or found.place >= self.processed(checklist):
            return None
        return found

    def summary(self, checklist: Checklist) -> dict[str, int]:
        """How many of those validated by now have which status."""
        counts = self._state.connection.execute(
            "SELECT status, count(*) FROM validation_email WHERE list = ? AND place < ? GROUP BY status",
            (checklist.id, self.processed(checklist)),
        )
        return dict(counts.fetchall())


def _month(now: float) -> tuple[int, int]:
    """The calendar month around a moment, in UTC."""
    first = datetime.fromtimestamp(now, UTC).date().replace(day=1)
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return midnight_ms(first), midnight_ms(after)
