"""Entry, Step: one send as the ledger shows it, and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from turbodesk.model.message import Address
from turbodesk.model.outcome import RecipientOutcome, SendState


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a send; `detail` may be empty."""

    at: datetime
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One send as the ledger has it.

    `key` is its name on the wire, `reason` a sentence why it waits, was refused or is unknown. There is
    one outcome for every recipient, in envelope order. `attachments` are names and sizes, `attempts` how
    often it was begun, `steps` the whole story, oldest first.
    """

    id: str
    key: str
    profile: str
    provider: str
    state: SendState
    reason: str
    sender: Address
    subject: str
    created: datetime
    updated: datetime
    body_sha256: str
    size_bytes: int
    outcomes: tuple[RecipientOutcome, ...]
    attachments: tuple[tuple[str, int], ...] = ()
    provider_id: str = ""
    attempts: int = 0
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send, as the ledger has it; times are microseconds since 1970.

    `wire` is when the first byte was about to leave, None where none did. `phase` says how it ended.
    """

    n: int
    started: int
    wire: int | None
    ended: int | None
    phase: str
    status: int
    excerpt: str

    def steps(self) -> list[Step]:
        """What happened in it, oldest first."""
        again = f" (attempt {self.n})" if self.n > 1 else ""
        found = [Step(moment(self.started), f"Sending began{again}")]
        if self.wire is not None:
            found.append(Step(moment(self.wire), "The request left this computer"))
        if self.ended is not None:
            status = f"{self.status}: " if self.status else ""
            found.append(Step(moment(self.ended), self.phase, f"{status}{self.excerpt}".removesuffix(": ")))
        return found


def moment(microseconds: int) -> datetime:
    """A time of the ledger as an aware UTC datetime."""
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
