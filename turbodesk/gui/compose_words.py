"""What Compose says of a letter that was sent, or that waits."""

from __future__ import annotations

from typing import NamedTuple

from turbodesk.model.outcome import Hold, SendState, Verdict
from turbodesk.store.entry import Entry


class Told(NamedTuple):
    """A notice: its tone, what is so and why; `stays` where somebody has to look at it."""

    tone: str
    what: str
    why: str = ""
    stays: bool = True


def sent(entry: Entry) -> Told:
    """What is told of a send when it has come to its end."""
    accepted = sum(outcome.verdict is Verdict.ACCEPTED for outcome in entry.outcomes)
    match entry.state:
        case SendState.ACCEPTED:
            return Told("ok", f"Accepted for {accepted}.", stays=False)
        case SendState.PARTLY:
            refused = [o.address.email for o in entry.outcomes if o.verdict is Verdict.REFUSED]
            who = ", ".join(refused[:3]) + (" …" if len(refused) > 3 else "")
            return Told("warn", f"Accepted for {accepted}, refused for {len(refused)}:", who)
        case SendState.REFUSED:
            return Told("error", "The letter was refused.", entry.reason)
        case SendState.UNKNOWN:
            return Told("warn", "It may have left; Turbodesk does not send it again by itself.", entry.reason)
        case _:
            waits = "It is tried again by itself." if entry.hold is Hold.AGAIN else "It waits in Outbox."
            return Told("warn", "Not sent yet.", f"{entry.reason} {waits}".strip())


def kept(entry: Entry) -> Told:
    """What is told of a letter that was on its way when the window closed."""
    return Told(
        "warn", "The letter was on its way when Turbodesk closed.", f"The outbox has it now: {entry.state}."
    )


def tested(entry: Entry) -> Told:
    """What is told of a test."""
    told = sent(entry)
    if entry.state is SendState.ACCEPTED:
        return Told("ok", f"The test was accepted for {len(entry.outcomes)}.", stays=False)
    return told._replace(what=f"Test: {told.what[:1].lower()}{told.what[1:]}")
