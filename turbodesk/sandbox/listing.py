"""Which rows a question selects, remembered between its pages: a deep page costs no more than the first."""

from __future__ import annotations

import sqlite3
from array import array
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | float | None

# Ids only grow, so what was selected stays the beginning of what is selected now, until a row
# changes or goes; `changes` in the meta table counts those moments.
REPORTS = """
SELECT cid FROM report WHERE cid > :after AND list = :list AND (:hard IS NULL OR hard = :hard)
AND at >= :since AND at < :until AND (:like IS NULL OR email LIKE :like ESCAPE '\\') ORDER BY cid
"""
EMAILS = """
SELECT id FROM email WHERE id > :after AND id >= :since AND id < :until
AND (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses))) ORDER BY id
"""
_CHANGES = "SELECT value FROM meta WHERE key = 'changes'"
_REMEMBERED = 8


@dataclass(slots=True)
class _Selection:
    changes: int
    ids: array[int]


class Listings:
    """The selections last asked for, over one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._selections: OrderedDict[tuple[object, ...], _Selection] = OrderedDict()

    def ids(self, sql: str, parameters: Mapping[str, Value]) -> array[int]:
        """The ids that REPORTS or EMAILS selects with `parameters`, oldest first; not to be changed."""
        changes: int = self._connection.execute(_CHANGES).fetchone()[0]
        signature = (sql, *parameters.items())
        known = self._selections.get(signature)
        if known is None or known.changes != changes:
            known = self._selections[signature] = _Selection(changes, array("q"))
        self._selections.move_to_end(signature)
        after = known.ids[-1] if known.ids else 0
        rows = self._connection.execute(sql, {**parameters, "after": after})
        known.ids.extend(row[0] for row in rows)
        while len(self._selections) > _REMEMBERED:
            self._selections.popitem(last=False)
        return known.ids


def newest_first(ids: array[int], page: int, size: int) -> list[int]:
    """Page `page` (from 1) of `ids`, newest first; empty past the end."""
    end = len(ids) - (page - 1) * size
    return list(reversed(ids[max(end - size, 0) : max(end, 0)]))
