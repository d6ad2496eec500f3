"""Which rows a question selects, remembered between its pages: a deep page costs no more than the first."""

from __future__ import annotations

import sqlite3
from array import array
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Question:
    """A selection of ids between `after` and `top`, and what says whether it is still the same."""

    select: str
    state: str


REPORTS = Question(
    """
SELECT cid FROM report WHERE cid > :after AND cid <= :top AND list = :list AND (:hard IS NULL OR hard = :hard)
AND at >= :since AND at < :until AND (:like IS NULL OR email LIKE :like ESCAPE '\\') ORDER BY cid
""",
    "SELECT value, (SELECT max(cid) FROM report) FROM meta WHERE key = 'changes'",
)
EMAILS = Question(
    """
SELECT id FROM email WHERE id > max(:after, :since - 1) AND id <= min(:top, :until - 1)
AND (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses))) ORDER BY id
""",
    "SELECT value, (SELECT max(id) FROM email) FROM meta WHERE key = 'changes'",
)
_REMEMBERED = 8


@dataclass(slots=True)
class _Selection:
    """The ids among all up to `top`, as they were after so many changes."""

    changes: Value
    top: int
    ids: array[int]


def containing(text: str) -> str | None:
    """The LIKE pattern (with a backslash as its escape) of texts that contain `text`; None: of any."""
    if not text:
        return None
    return "%" + text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"


class Listings:
    """The selections last asked for, over one connection.

    Ids only grow, so what was selected stays the beginning of what is selected now, until a row changes
    or goes; `changes` in the meta table counts those moments.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._selections: OrderedDict[tuple[object, ...], _Selection] = OrderedDict()

    def ids(self, question: Question, parameters: Mapping[str, Value]) -> array[int]:
        """The ids that `question` selects with `parameters`, oldest first; not to be changed."""
        changes, top = self._connection.execute(question.state).fetchone()
        signature = (question, *parameters.items())
        known = self._selections.get(signature)
        if known is None or known.changes != changes:
            known = self._selections[signature] = _Selection(changes, 0, array("q"))
        self._selections.move_to_end(signature)
        if top is not None and top > known.top:
            bounds = {"after": known.top, "top": top}
            rows = self._connection.execute(question.select, {**parameters, **bounds})
            known.ids.extend(row[0] for row in rows)
            known.top = top
        while len(self._selections) > _REMEMBERED:
            self._selections.popitem(last=False)
        return known.ids


def newest(ids: array[int], *, offset: int, limit: int) -> list[int]:
    """At most `limit` of `ids`, newest first, after the `offset` newest of them."""
    end = max(len(ids) - offset, 0)
    return list(reversed(ids[max(end - limit, 0) : end]))
