"""What is said of one send, by its state: its group, its counts, what happened and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from turbodesk.gui import words
from turbodesk.gui.parts import steps
from turbodesk.gui.waiting_batch import WaitingBatch
from turbodesk.model.outcome import Hold, RecipientOutcome, SendState, Verdict
from turbodesk.providers.port import Capability
from turbodesk.services.desk import SMTP
from turbodesk.store.entry import Entry, Step

NEEDS_YOU, NOW, TODAY, EARLIER = "Needs you", "Now", "Today", "Earlier"
GROUPS = (NEEDS_YOU, NOW, TODAY, EARLIER)

# verdict: icon, tone, state of a pill
LOOKS = {
    Verdict.ACCEPTED: ("check", "info", "accepted"),
    Verdict.REFUSED: ("refused", "danger", "refused"),
    Verdict.UNKNOWN: ("unknown", "warning", "unknown"),
    Verdict.WAITING: ("clock", "muted", "waiting"),
}
# tab: what it takes to tell there what became of a message
TELLING = {"reports": Capability.REPORTS, "stats": Capability.STATS}
LOOK_UP = "look-up"  # beside the tabs: the provider can be asked for one send
_CANCELLED = ("cancelled", "muted")
MINUTE_S = 60


class Said(NamedTuple):
    """The card of one send: what is so, why, and a quiet word below the buttons."""

    title: str
    text: str
    foot: str = ""


def needs_person(entry: Entry) -> bool:
    """Whether somebody has to look at it: nothing more happens to it by itself."""
    if entry.state is SendState.QUEUED:
        return entry.hold is Hold.PERSON
    return entry.state in (SendState.UNKNOWN, SendState.REFUSED, SendState.PARTLY)


def asking(entries: Sequence[Entry]) -> tuple[str, str]:
    """What is told of sends that wait for a person though nobody has looked at them yet: what and why."""
    reasons = {entry.reason for entry in entries}
    why = reasons.pop() if len(reasons) == 1 else "Each says why in the outbox."
    if len(entries) == 1:
        return f"“{subject_of(entries[0])}” waits for you.", why
    return f"{words.counted(len(entries), 'letter waits', 'letters wait')} for you.", why


def seconds_left(entry: Entry | WaitingBatch, now: datetime | None = None) -> float:
    """How long a queued send waits yet; below zero where it should have gone."""
    until = entry.not_before or entry.created
    return (until - (now or datetime.now(UTC))).total_seconds()


def counts_down(entry: Entry) -> bool:
    """Whether what is said of its time changes from second to second."""
    return entry.state is SendState.QUEUED and entry.not_before is not None


def when_words(entry: Entry) -> str:
    """When it goes, where it waits for a time; else when it was written down."""
    if not counts_down(entry):
        return words.when(entry.created)
    left_s = seconds_left(entry)
    if entry.hold is Hold.AGAIN:
        return f"next try {words.time_left(left_s)}"
    if left_s < MINUTE_S or entry.hold is Hold.UNDO:
        return words.time_left(left_s)
    return words.day_and_hour(goes_at(entry)).removeprefix("today, ").replace(",", "")


def goes_at(entry: Entry) -> datetime:
    """When it goes by itself where it does, else when it was written down."""
    return entry.not_before if entry.state is SendState.QUEUED and entry.not_before else entry.created


def waits(entry: Entry) -> bool:
    """Whether it has not left yet, or is on its way out."""
    return entry.state in (SendState.QUEUED, SendState.SENDING)


def group_of(entry: Entry, now: datetime | None = None) -> str:
    """The group of the list that the entry stands in."""
    if needs_person(entry):
        return NEEDS_YOU
    if waits(entry):
        return NOW
    today = (now or datetime.now().astimezone()).date()
    return TODAY if entry.created.astimezone().date() == today else EARLIER


def counts(entry: Entry) -> list[tuple[str, str, int]]:
    """Icon, tone and number of every verdict among the recipients; the numbers sum up to them."""
    if entry.state is SendState.CANCELLED:
        return [(*_CANCELLED, len(entry.outcomes))]
    found = Counter(outcome.verdict for outcome in entry.outcomes)
    return [(*LOOKS[verdict][:2], found[verdict]) for verdict in LOOKS if found[verdict]]


def counts_aloud(entry: Entry) -> str:
    """The same in words: `2 accepted, 1 refused`."""
    if entry.state is SendState.CANCELLED:
        return f"{words.number(len(entry.outcomes))} cancelled"
    found = Counter(outcome.verdict for outcome in entry.outcomes)
    return ", ".join(f"{words.number(found[verdict])} {verdict.value}" for verdict in LOOKS if found[verdict])


def first_recipient(entry: Entry) -> tuple[str, str]:
    """The first address, and `+n` for those after it."""
    if not entry.outcomes:
        return "", ""
    more = len(entry.outcomes) - 1
    return entry.outcomes[0].address.email, f"+{words.number(more)}" if more else ""


def via(entry: Entry) -> str:
    """By which way it went, or will go: `SMTP` or `API`."""
    return "SMTP" if entry.provider == SMTP else "API"


def taker(entry: Entry, title: str, profile_provider: str) -> str:
    """Who took it or is to take it; `title` is the provider of the profile, which its relay is not."""
    return "The SMTP relay" if entry.provider == SMTP != profile_provider else title


def in_order_of_need(outcomes: Sequence[RecipientOutcome]) -> list[RecipientOutcome]:
    """Those that were not accepted first, else in envelope order."""
    return sorted(outcomes, key=lambda outcome: outcome.verdict is Verdict.ACCEPTED)


def refused(entry: Entry) -> list[str]:
    """The addresses that were refused, in envelope order."""
    return [it.address.email for it in entry.outcomes if it.verdict is Verdict.REFUSED]


def subject_of(entry: Entry | WaitingBatch) -> str:
    """The subject on one line, or a word that there is none."""
    return words.one_line(entry.subject) or "(no subject)"


def said_of(entry: Entry, service: str, looks: Sequence[str] = tuple(TELLING)) -> Said:
    """What the card says; `service` names the provider, `looks` the tabs that know what became of it."""
    all_of_them = words.counted(len(entry.outcomes), "recipient")
    match entry.state:
        case SendState.QUEUED:
            return _said_of_waiting(entry)
        case SendState.SENDING:
            return Said("On its way out", f"{service} has not answered yet.")
        case SendState.ACCEPTED:
            return Said(
                f"{service} took it for {all_of_them}",
                f"Accepted means queued there, not yet delivered. {_read_in(looks)}",
                _settled(entry),
            )
        case SendState.PARTLY:
            taken, refused = _split(entry)
            return Said(
                f"Accepted for {words.number(taken)}, refused for {words.number(refused)}",
                entry.reason
                or f"{service} took it for some and refused it for others; its words stand below.",
                "Mend what it names, then write to the refused ones again.",
            )
        case SendState.REFUSED:
            return Said(
                f"{service} refused it",
                _first_words(entry.outcomes) or entry.reason or "It gave no reason.",
                "Nothing was delivered. Mend what it names, then write it again.",
            )
        case SendState.UNKNOWN:
            return Said(
                "It may have left, it may not",
                f"{entry.reason or 'The request went out and no answer came.'} "
                "Turbodesk does not send it again by itself.",
                _looked(entry, service, looks),
            )
        case SendState.CANCELLED:
            return Said("Discarded", "It was never sent.")


def _said_of_waiting(entry: Entry) -> Said:
    at = words.day_and_hour(entry.not_before) if entry.not_before else ""
    match entry.hold:
        case Hold.UNDO:
            left = words.time_left(seconds_left(entry))
            return Said(f"It leaves {left}", "Until then it can be taken back, with everything in it.")
        case Hold.TIME:
            return Said(
                f"It goes {at}",
                "Turbodesk must be running then. Found more than ten minutes later, it asks first.",
            )
        case Hold.AGAIN:
            return Said(
                f"It is tried again {words.time_left(seconds_left(entry))}",
                entry.reason or "It could not leave.",
                "Nothing of it was taken, so trying again is safe.",
            )
        case Hold.BATCH:
            return Said("It waits for its batch", entry.reason or "It goes with the other rows.")
    return Said(
        "It has not left",
        entry.reason or "It waits in the queue until somebody sends it.",
        "Nothing is sent again by itself.",
    )


def _looked(entry: Entry, service: str, looks: Sequence[str]) -> str:
    """What looking for an unknown send has brought, or will."""
    if entry.look_up is not None:
        return f"{words.moment(entry.look_up.at)}: {entry.look_up.words}"
    if "look-up" in looks:
        return f"Look it up asks {service} for this send, and sends nothing."
    if "stats" in looks:
        return "Look for its recipients in Stats before you write it again."
    return "Look on the provider's own page, or ask a recipient, before you write it again."


def _settled(entry: Entry) -> str:
    """How an unknown send came to be known."""
    if entry.settled_by == "person":
        return "Nobody knew at first; a person said that it went."
    if entry.settled_by and entry.look_up is not None:
        return f"Nobody knew at first. {words.moment(entry.look_up.at)}: {entry.look_up.words}"
    return ""


def _read_in(looks: Sequence[str]) -> str:
    if not looks:
        return "More than that is not told here: look on the provider's own page."
    return f"What became of it afterwards is read in {' and '.join(it.capitalize() for it in looks)}."


def outcome_pill(entry: Entry, outcome: RecipientOutcome) -> str:
    """The state whose pill stands beside one recipient."""
    return "cancelled" if entry.state is SendState.CANCELLED else LOOKS[outcome.verdict][2]


def step_line(step: Step, last: bool, entry: Entry) -> steps.Step:
    """One step of what happened, with the icon of what it led to."""
    icon, tone = _step_look(step, last, entry)
    strong = last and tone in ("warning", "danger")
    return steps.Step(icon, tone, step.what, words.clock(step.at, seconds=True), step.detail, strong)


def details_of(entry: Entry, service: str) -> str:
    """Everything that is known of one send as plain text, for the clipboard."""
    lines = [
        f"Subject: {subject_of(entry)}",
        f"State: {entry.state.value}" + (f" ({entry.reason})" if entry.reason else ""),
        f"From: {entry.sender}",
        f"Service: {service}, by {via(entry)}",
        f"X-Turbodesk-ID: {entry.key}",
    ]
    if entry.provider_id:
        lines.append(f"Provider’s id: {entry.provider_id}")
    lines += [f"Body SHA-256: {entry.body_sha256}", "", "Recipients:"]
    for outcome in entry.outcomes:
        said = f": {words.one_line(outcome.words)}" if outcome.words else ""
        id = f" [{outcome.provider_id}]" if outcome.provider_id not in ("", entry.provider_id) else ""
        lines.append(f"  {outcome.kind.value} {outcome.address.email}, {outcome.verdict.value}{id}{said}")
    lines += ["", "What happened:"]
    for step in entry.steps:
        detail = f" ({words.one_line(step.detail)})" if step.detail else ""
        lines.append(f"  {step.at.isoformat(timespec='seconds')} {step.what}{detail}")
    return "\n".join(lines)


def _split(entry: Entry) -> tuple[int, int]:
    found = Counter(outcome.verdict for outcome in entry.outcomes)
    return found[Verdict.ACCEPTED], found[Verdict.REFUSED]


def _first_words(outcomes: tuple[RecipientOutcome, ...]) -> str:
    return next((outcome.words for outcome in outcomes if outcome.words), "")


_STEP_LOOKS = {  # by the ledger's own words for a step that others followed
    "The request left this computer": ("send", "info"),
    "Put back into the queue": ("clock", "warning"),
    "Looked up": ("search", "info"),
}
_LAST_LOOKS = {
    SendState.QUEUED: ("clock", "warning"),
    SendState.SENDING: ("outbox", "info"),
    SendState.ACCEPTED: ("check", "info"),
    SendState.PARTLY: ("partly", "warning"),
    SendState.REFUSED: ("refused", "danger"),
    SendState.UNKNOWN: ("unknown", "warning"),
    SendState.CANCELLED: ("cancelled", "neutral"),
}


def _step_look(step: Step, last: bool, entry: Entry) -> tuple[str, str]:
    if step is entry.steps[0]:
        return "note", "neutral"
    if last:
        return _LAST_LOOKS[entry.state]
    return _STEP_LOOKS.get(step.what, ("outbox", "info"))
