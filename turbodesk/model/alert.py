"""Alert: who is told when so much of what may be sent is used up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alert:
    """A mail goes to `email` once `percentage` of the account's limit is used, 0 to 100."""

    id: str
    email: str
    percentage: int
