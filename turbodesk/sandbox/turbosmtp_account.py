"""The pretend turboSMTP account: what both of its APIs tell of it, and of those below it."""

from __future__ import annotations

from typing import NamedTuple

ACCOUNT_ID = 18_897_904
IP = "203.0.113.25"


class SubAccount(NamedTuple):
    """One account below the main one. `limit` -1: none; `idle_days` None: it has never sent anything."""

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
