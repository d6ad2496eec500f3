"""Sought, Found, Trace: what is looked for at a provider when nobody knows what became of a send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from turbodesk.model.message import Address, RecipientKind
from turbodesk.model.outcome import RecipientOutcome


class Trace(StrEnum):
    """What a look brought: all recipients, some of them, none, several sends that fit, or no way to look."""

    FOUND = "found"
    PARTLY = "partly"
    ABSENT = "absent"
    UNCLEAR = "unclear"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Sought:
    """A send whose outcome is unknown, by everything it could be known by.

    `began` is when its first byte was about to leave, `ended` when it was given up, both UTC. `alone` says
    that no other send of this program has the same sender, subject and a recipient at about that time.
    `by_relay`: it went as a mail over SMTP, where the key stands in a header alone.
    """

    key: str
    sender: Address
    subject: str
    recipients: tuple[tuple[RecipientKind, Address], ...]
    began: datetime
    ended: datetime
    groups: tuple[str, ...] = ()
    provider_id: str = ""
    alone: bool = True
    by_relay: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a look brought. `outcomes` has one for every recipient, in envelope order, where something was
    found, else none; `words` is one sentence for people: where it was looked for, and what was there."""

    trace: Trace
    words: str
    outcomes: tuple[RecipientOutcome, ...] = ()
    provider_id: str = ""
