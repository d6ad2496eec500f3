"""The pretend turboSMTP account: what both of its APIs tell of it, and of those below it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from turbodesk.sandbox.state import State
from turbodesk.sandbox.tables import id_at

ACCOUNT_ID = 18_897_904
IP = "203.0.113.25"
NO_LIMIT = -1
CONTACT_LENGTHS: Mapping[str, int] = MappingProxyType(
    {
        "first_name": 50,
        "last_name": 50,
        "address_1": 255,
        "address_2": 255,
        "city": 100,
        "company_name": 100,
        "country": 64,
        "region": 100,
        "zip_code": 10,
        "phone_number": 30,
        "site_url": 45,
    }
)
"""The texts that say who an account belongs to, and how long each may be."""


class SubAccount(NamedTuple):
    """One account below the main one. `limit` -1: none; `idle_days` None: it has never sent anything.

    `contact` holds texts by the names of CONTACT_LENGTHS; those that are not in it are empty.
    """

    id: int
    email: str
    active: bool
    ip: str
    sent: int
    limit: int
    interval: str
    reputation: int
    idle_days: int | None
    expired: bool = False
    contact: Mapping[str, str] = MappingProxyType({"first_name": "Alex", "last_name": "Sample"})
    policy_agree: bool = True


SUB_ACCOUNTS = (
    SubAccount(ACCOUNT_ID + 1, "shop@example.com", True, "203.0.113.31", 18_240, 40_000, "Monthly", 5, 0),
    SubAccount(
        ACCOUNT_ID + 2, "newsletter@example.org", True, "203.0.113.32", 48_610, 50_000, "Monthly", 4, 1
    ),
    SubAccount(ACCOUNT_ID + 3, "billing@example.com", True, "203.0.113.33", 3_907, -1, "Yearly", 5, 2),
    SubAccount(ACCOUNT_ID + 4, "events@example.net", True, "198.51.100.14", 7_455, 10_000, "Monthly", 3, 9),
    SubAccount(ACCOUNT_ID + 5, "workshop@example.com", True, "198.51.100.15", 212, 5_000, "Daily", 5, 30),
    SubAccount(
        ACCOUNT_ID + 6, "archive@example.org", False, "198.51.100.16", 0, 1_000, "Monthly", 2, None, True
    ),
)
_MOST_SEEDED = max(sub.limit for sub in SUB_ACCOUNTS)
IPS = frozenset({IP, *(sub.ip for sub in SUB_ACCOUNTS)})
"""The addresses that the account may give to those below it."""


class SubAccounts:
    """The accounts there are below the main one. One of the table outranks a seeded one of the same id."""

    def __init__(self, state: State) -> None:
        self._state = state

    def all(self) -> list[SubAccount]:
        """Oldest first."""
        rows = self._state.connection.execute("SELECT facts FROM sub_account ORDER BY id")
        made = (SubAccount(**json.loads(facts)) for (facts,) in rows)
        return list({sub.id: sub for sub in (*SUB_ACCOUNTS, *made)}.values())

    def one(self, id: int) -> SubAccount | None:
        return next((sub for sub in self.all() if sub.id == id), None)

    def limit_above(self) -> int:
        """What the main account may send: no account below it may be given more. It is never less than what
        the seeded ones have."""
        return max(self._state.plan_limit(), _MOST_SEEDED)

    def keep(self, sub: SubAccount) -> None:
        """Writes a new one or a changed one down."""
        facts = json.dumps({**sub._asdict(), "contact": dict(sub.contact)})
        with self._state.writing() as db:
            db.execute("INSERT OR REPLACE INTO sub_account VALUES (?, ?)", (sub.id, facts))

    def new_id(self) -> int:
        """An id that is free; like those of messages it is wider than 53 bits."""
        newest = self._state.connection.execute("SELECT max(id) FROM sub_account").fetchone()[0] or 0
        return int(max(id_at(self._state.now_ms()), newest + 1))
