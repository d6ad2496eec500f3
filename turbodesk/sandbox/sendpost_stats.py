"""SendPost's statistics: eleven counters for each UTC day, out of what became of the mail."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from turbodesk.sandbox.fate import GIVEN_UP
from turbodesk.sandbox.tables import id_at, moment_ms
from turbodesk.sandbox.times import DAY_MS

Counters = dict[str, int]

COUNTERS = (
    "processed", "sent", "dropped", "smtpDropped", "delivered", "softBounced", "hardBounced", "opened",
    "clicked", "unsubscribed", "spam",
)  # fmt: skip
_TAKEN = ("processed", "sent", "delivered")
_COUNTED = {
    "NEW": ("processed", "sent"),
    "DEFER": ("processed", "sent", "softBounced"),
    "SUCCESS": _TAKEN,
    "OPEN": (*_TAKEN, "opened"),
    "UNSUB": (*_TAKEN, "unsubscribed"),
    "REPORT": (*_TAKEN, "spam"),
}
_FIRST_MS = moment_ms(0)
_DAY_IDS = id_at(_FIRST_MS + DAY_MS)

# The first reply code in the words of a remote server; no part of an IP address looks like one.
_REPLY_CODE = re.compile(r"(?<![\d.])(?:([45])\d\d(?![\d.])|([45])\.\d{1,3}\.\d{1,3}(?![\d.]))")

# `said` is what the counters need besides the status: the words of a failure, and whether a click could
# be seen to be an opening too. Mail of the sample history has no kind, and was tracked.
_SAID = """
CASE WHEN email.status IN ('FAIL', 'SYSFAIL') THEN email.error
     WHEN email.status = 'CLICK' THEN email.kind IS NULL OR (
        SELECT json_extract(options, '$.track_opens') FROM mail AS whole WHERE whole.id < email.id
        ORDER BY whole.id DESC LIMIT 1) END
"""
_DAYS = f"""
SELECT (id - :first) / :span, status, {_SAID} AS said, count(*) FROM email
WHERE id >= :first AND id < :end GROUP BY 1, 2, 3
"""  # noqa: S608 - its one part is the constant above
_DAYS_OF_GROUP = f"""
SELECT (id - :first) / :span, status, said, count(*) FROM (
    SELECT email.id, status, {_SAID} AS said
    FROM mail_group JOIN mail ON mail.id = mail_group.mail
    JOIN email ON email.id > mail.id AND email.id <= mail.id + mail.recipients
    WHERE mail_group.name = :group AND mail.id >= :first AND mail.id < :end
    UNION
    SELECT email.id, status, {_SAID} FROM email WHERE id >= :first AND id < :end AND campaign = :group)
GROUP BY 1, 2, 3
"""  # noqa: S608


def daily(
    connection: sqlite3.Connection, since_ms: int, until_ms: int, group: str | None = None
) -> list[tuple[str, Counters]]:
    """The days on which mail was taken in, oldest first, each with its counters.

    From the midnight `since_ms` up to the midnight `until_ms`, in epoch milliseconds. `group`: only mail
    of that group; a campaign is a group too.
    """
    since_ms = max(since_ms, _FIRST_MS)
    parameters = {"first": id_at(since_ms), "end": id_at(until_ms), "span": _DAY_IDS, "group": group}
    found: dict[int, Counter[str]] = {}
    for day, status, said, count in connection.execute(
        _DAYS if group is None else _DAYS_OF_GROUP, parameters
    ):
        counters = found.setdefault(day, Counter())
        for name in counted(status, said):
            counters[name] += count
    return [
        (_date(since_ms + day * DAY_MS), {name: counters[name] for name in COUNTERS})
        for day, counters in sorted(found.items())
    ]


def aggregate(
    connection: sqlite3.Connection, since_ms: int, until_ms: int, group: str | None = None
) -> Counters:
    """The counters of all those days together."""
    total: Counter[str] = Counter()
    for _, counters in daily(connection, since_ms, until_ms, group):
        total.update(counters)
    return {name: total[name] for name in COUNTERS}


def counted(status: str, said: str | int | None) -> Iterator[str]:
    """The counters that one message moves.

    `said` is the reason of a failure, and for a click whether openings were looked for.
    """
    match status:
        case "FAIL":
            yield from ("processed", "sent", "hardBounced" if is_hard(said) else "softBounced")
        case "SYSFAIL":
            yield from ("processed", "smtpDropped" if said == GIVEN_UP.error else "dropped")
        case "CLICK":
            yield from (*_TAKEN, "clicked")
            if said:
                yield "opened"
        case _:
            yield from _COUNTED[status]


def is_hard(words: object) -> bool:
    """Whether a remote server's words mean never, rather than not now."""
    code = _REPLY_CODE.search(words) if isinstance(words, str) else None
    return code is None or "5" in (code[1], code[2])


def _date(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()
