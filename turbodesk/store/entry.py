"""Entry, Step, Batch: one send as the ledger shows it, what happened to it, and many sends together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from turbodesk.model.lookup import Trace
from turbodesk.model.message import Address
from turbodesk.model.outcome import Hold, RecipientOutcome, SendState


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a send; `detail` may be empty."""

    at: datetime
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LookUp:
    """What the provider knew of an unknown send when it was asked; `words` is a sentence for people.

    `sure`: what was not there then never went.
    """

    at: datetime
    trace: Trace
    words: str
    sure: bool = False


class BatchState(StrEnum):
    """Where a batch stands: its rows being written down, going out, or no longer going out."""

    FILLING = "filling"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Batch:
    """One message for each row of a file, as the ledger has it.

    `name` is the file's, `subject` that of the first row, `reason` a sentence why it is not going out.
    `per_second` is how many may leave in a second, 0 for no limit; at `stop_at_percent` of refusals it stops,
    0 for never. `counts` has the rows by state, those without any left out.
    """

    id: str
    profile: str
    provider: str
    name: str
    created: datetime
    updated: datetime
    state: BatchState
    reason: str
    concurrency: int
    stop_at_percent: int
    per_second: float
    total: int
    counts: Mapping[SendState, int] = field(default_factory=dict)
    subject: str = ""

    @property
    def finished(self) -> int:
        """How many rows have an outcome, unknown and cancelled among them."""
        return sum(self.counts.values()) - self.waiting

    @property
    def waiting(self) -> int:
        """How many rows have not left yet, or are just leaving."""
        return self.counts.get(SendState.QUEUED, 0) + self.counts.get(SendState.SENDING, 0)

    @property
    def is_over(self) -> bool:
        """Whether nothing of it will go out any more."""
        return self.state in (BatchState.DONE, BatchState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Entry:
    """One send as the ledger has it.

    `key` is its name on the wire, `reason` a sentence why it waits, was refused or is unknown. There is
    one outcome for every recipient, in envelope order. `attachments` are names and sizes, `attempts` how
    often it was begun, `steps` the whole story, oldest first.

    While it is queued, `hold` says what for, and `not_before` until when where that is a time. `batch` is
    the id of its batch, `row` its row there, counted from 1. `settled_by` is `look-up` or `person` where it
    was unknown and is no longer, `look_up` what the last look brought, None once it left again. `lost` is
    when its last try ended without an answer, None where it has one or none began; `first_try` is when the
    first one began.
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
    hold: Hold = Hold.PERSON
    not_before: datetime | None = None
    batch: str = ""
    row: int = 0
    settled_by: str = ""
    look_up: LookUp | None = None
    lost: datetime | None = None
    first_try: datetime | None = None

    @property
    def may_go_again(self) -> bool:
        """Whether it is unknown and surely is not at the provider."""
        look = self.look_up
        if self.state is not SendState.UNKNOWN or look is None or not look.sure:
            return False
        return self.lost is None or look.at >= self.lost


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


def microseconds(at: datetime) -> int:
    """An aware datetime as a time of the ledger."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
