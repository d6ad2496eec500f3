"""How many recipients a profile may write to, asked in the transaction that lets a send go: of two that ask
at once, in one program or in two, the second one sees the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class Counted:
    """Recipients of a profile: to so many something `left`, and to so many more it is `leaving` just now."""

    left: int
    leaving: int


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many recipients since a moment, in microseconds since 1970. `refusal` makes what is raised,
    of what is counted already and how many are one too many."""

    most: int
    since: int
    refusal: Callable[[Counted, int], Exception]

    def check(self, connection: sqlite3.Connection, profile: str, recipients: int, but: int = 0) -> None:
        """Raises the refusal where `recipients` more are too many; the send numbered `but` does not count."""
        self.fitting(connection, profile, (recipients,), but)

    def fitting(self, connection: sqlite3.Connection, profile: str, each: Sequence[int], but: int = 0) -> int:
        """How many of these sends, each to so many recipients, go one after the other; raises the refusal
        where not even the first does."""
        before = counted(connection, profile, self.since, but)
        fit = sum(before.left + before.leaving + more <= self.most for more in accumulate(each))
        if each and not fit:
            raise self.refusal(before, each[0])
        return fit


def counted(connection: sqlite3.Connection, profile: str, since: int, but: int = 0) -> Counted:
    """What left since then and what is leaving, without the send of number `but`.

    What is leaving was taken by a program and has not come to its end.
    """
    left, both = connection.execute(
        """SELECT coalesce(sum(recipients) FILTER (WHERE wired), 0), coalesce(sum(recipients), 0) FROM
            (SELECT json_array_length(outcomes) AS recipients,
                number IN (SELECT message FROM attempt WHERE wire >= :since) AS wired
            FROM message WHERE profile = :profile AND number <> :but AND number IN
                (SELECT message FROM attempt WHERE wire >= :since
                UNION ALL SELECT message FROM attempt WHERE ended IS NULL))""",
        {"since": since, "profile": profile, "but": but},
    ).fetchone()
    return Counted(int(left), int(both) - int(left))
