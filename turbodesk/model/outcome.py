"""RecipientOutcome, SendResult: what the provider said to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from turbodesk.model.message import Address, Message, RecipientKind


class Verdict(StrEnum):
    """What is known of one recipient. Accepted means queued at the provider, not yet delivered."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RecipientOutcome:
    """What became of one recipient of one send; `words` are the provider's, or empty."""

    address: Address
    kind: RecipientKind
    verdict: Verdict
    provider_id: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class SendResult:
    """The answer to one send: an outcome for every recipient, in envelope order, never empty.

    `provider_id` is the provider's name for the whole message (turboSMTP's `mid`), empty where it
    gave none. `note` is a sentence for the user where something about the answer was odd.
    """

    outcomes: tuple[RecipientOutcome, ...]
    provider_id: str = ""
    note: str = ""

    @classmethod
    def for_all(
        cls, message: Message, verdict: Verdict, *, provider_id: str = "", words: str = "", note: str = ""
    ) -> SendResult:
        """The same outcome for every recipient, where a provider answers once for all."""
        return cls(
            tuple(
                RecipientOutcome(address, kind, verdict, provider_id, words)
                for kind, address in message.recipients
            ),
            provider_id,
            note,
        )

    def addresses(self, verdict: Verdict) -> tuple[Address, ...]:
        """The addresses that met this verdict, in envelope order."""
        return tuple(outcome.address for outcome in self.outcomes if outcome.verdict is verdict)


class SendState(StrEnum):
    """Where one send stands in the ledger."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    PARTLY = "partly"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class Hold(StrEnum):
    """What a queued send waits for: a person, the end of its undo time, its hour, its batch, or the next
    try after a failure that surely let nothing leave."""

    PERSON = "person"
    UNDO = "undo"
    TIME = "time"
    BATCH = "batch"
    AGAIN = "again"


def state_of(outcomes: Iterable[RecipientOutcome]) -> SendState:
    """The state of a send whose answer has come: one unknown makes it unknown, a mixture partly."""
    verdicts = {outcome.verdict for outcome in outcomes}
    if verdicts == {Verdict.ACCEPTED}:
        return SendState.ACCEPTED
    if verdicts == {Verdict.REFUSED}:
        return SendState.REFUSED
    if verdicts == {Verdict.ACCEPTED, Verdict.REFUSED}:
        return SendState.PARTLY
    return SendState.UNKNOWN
