"""Six ways to build the program wrong, each a mistake that has been made elsewhere. `breaking` breaks the
program of this process in one of them; the proofs must notice every one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from turbodesk.errors import NoConnection
from turbodesk.providers import gateway, http
from turbodesk.providers.exchange import Answer, Call
from turbodesk.store import reading, records
from turbodesk.store.database import Database
from turbodesk.store.ledger import Ledger
from turbodesk.store.limits import Limit


def no_wire_mark() -> None:
    """Nobody writes down that something is about to leave."""

    async def mark_wire(self: Ledger, id: str) -> None:
        pass

    Ledger.mark_wire = mark_wire  # type: ignore[method-assign]


def queued_again_without_an_answer() -> None:
    """No answer is taken for a no: the letter goes back into the queue."""

    async def lose(self: Ledger, id: str, reason: str, *, detail: str = "") -> Any:
        return await self.hold(id, reason)

    Ledger.lose = lose  # type: ignore[method-assign]


def faults_are_tried_again() -> None:
    """A fault of the server is taken for a no that may be a yes a moment later."""
    honest = http.send_error

    def send_error(title: str, answer: Answer, *rest: Any) -> Any:
        if answer.status >= 500:
            return NoConnection("The server has a fault; it is tried again.")
        return honest(title, answer, *rest)

    http.send_error = send_error


def redirects_are_followed() -> None:
    """A letter goes wherever an answer says, keys and all."""
    honest = gateway.Gateway.send

    async def send(self: gateway.Gateway, origin: str, call: Call, mark: Any) -> Answer:
        answer = await honest(self, origin, call, mark)
        if answer.status in (307, 308):
            there = answer.headers["location"]
            scheme, _, rest = there.partition("://")
            host, _, path = rest.partition("/")

            async def marked() -> None:
                pass

            return await honest(self, f"{scheme}://{host}", replace(call, path=f"/{path}"), marked)
        return answer

    gateway.Gateway.send = send  # type: ignore[method-assign]


def not_on_the_disk() -> None:
    """A log written ahead, with the pragmas that many give it: what is said to be written down may still be
    in memory."""
    honest = Database._open

    def opened(self: Database, path: Any) -> sqlite3.Connection:
        connection = honest(self, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    Database._open = opened  # type: ignore[method-assign]


def nobody_claims() -> None:
    """Whoever wants to send a queued letter sends it, whether or not somebody else is at it."""

    def claim(
        connection: sqlite3.Connection, id: str, instance: str, now: int, limit: Limit | None = None
    ) -> records.Live | None:
        connection.execute("DROP TRIGGER IF EXISTS edges")
        connection.execute("DROP TRIGGER IF EXISTS one_live_attempt")
        connection.execute("DROP INDEX IF EXISTS attempt_live")
        number = reading.number_of(connection, id)
        entry = reading.entry_of(connection, number)
        n = entry.attempts + 1
        connection.execute(
            "INSERT INTO attempt (message, n, instance, started) VALUES (?, ?, ?, ?)",
            (number, n, instance, now),
        )
        connection.execute("UPDATE message SET state = 'sending' WHERE number = ?", (number,))
        return records.Live(number, n, now, replace(entry, attempts=n))

    records.claim = claim


BUILDS: dict[str, Callable[[], None]] = {
    "no wire mark": no_wire_mark,
    "queued again without an answer": queued_again_without_an_answer,
    "faults are tried again": faults_are_tried_again,
    "redirects are followed": redirects_are_followed,
    "not on the disk": not_on_the_disk,
    "nobody claims": nobody_claims,
}
