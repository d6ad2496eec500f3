"""What is said of a batch: its state, its counts, how far it is, what to do."""

from __future__ import annotations

from datetime import datetime

from turbodesk.gui import words
from turbodesk.gui.outbox_words import EARLIER, NEEDS_YOU, NOW, TODAY, Said
from turbodesk.model.outcome import SendState
from turbodesk.services.batches import Progress
from turbodesk.services.desk import SMTP
from turbodesk.store.entry import Batch, BatchState

# state: icon and tone of its count, in the order of need
COUNTS = {
    SendState.UNKNOWN: ("unknown", "warning"),
    SendState.REFUSED: ("refused", "danger"),
    SendState.PARTLY: ("partly", "warning"),
    SendState.ACCEPTED: ("check", "info"),
    SendState.SENDING: ("outbox", "info"),
    SendState.QUEUED: ("clock", "muted"),
    SendState.CANCELLED: ("cancelled", "muted"),
}
_PILLS = {
    BatchState.FILLING: ("queued", "Writing down"),
    BatchState.RUNNING: ("sending", "Sending"),
    BatchState.PAUSED: ("paused", "Paused"),
    BatchState.STOPPED: ("warn", "Stopped"),
    BatchState.CANCELLED: ("cancelled", "Cancelled"),
}
_HOUR_S = 3600


def asks_key(id: str) -> str:
    """The key of the notice that a batch waits for a person."""
    return f"asks-{id}"


def title_of(batch: Batch) -> str:
    """The subject of its first row, else the name of its file."""
    return words.one_line(batch.subject) or words.one_line(batch.name)


def pill_of(batch: Batch) -> tuple[str, str]:
    """The state and the word of its pill; a batch that is done looks as its rows ended."""
    if batch.state is BatchState.FILLING and is_whole(batch):
        return "queued", "Waiting"
    if batch.state is not BatchState.DONE:
        return _PILLS[batch.state]
    for state in (SendState.UNKNOWN, SendState.QUEUED):
        if batch.counts.get(state):
            return state.value, state.value.capitalize()
    ended = [state for state, count in batch.counts.items() if count and state is not SendState.CANCELLED]
    if len(ended) > 1:
        return "partly", "Partly"
    state = ended[0] if ended else SendState.CANCELLED
    return state.value, state.value.capitalize()


def is_whole(batch: Batch) -> bool:
    """Whether all its rows were written down; else it never goes out."""
    return sum(batch.counts.values()) == batch.total


def needs_person(batch: Batch) -> bool:
    """Whether somebody has to look at it: nothing more happens to it by itself."""
    if batch.state in (BatchState.PAUSED, BatchState.STOPPED):
        return True
    troubled = (SendState.UNKNOWN, SendState.REFUSED, SendState.PARTLY, SendState.QUEUED)
    return batch.state is BatchState.DONE and any(batch.counts.get(state) for state in troubled)


def group_of(batch: Batch, now: datetime | None = None) -> str:
    """The group of the list that it stands in."""
    if needs_person(batch):
        return NEEDS_YOU
    if not batch.is_over:
        return NOW
    today = (now or datetime.now().astimezone()).date()
    return TODAY if batch.created.astimezone().date() == today else EARLIER


def segment_of(batch: Batch) -> str:
    """The segment that it is counted in."""
    match batch.state:
        case BatchState.RUNNING:
            return "sending"
        case BatchState.DONE:
            state = pill_of(batch)[0]
            return "waiting" if state == "queued" else state
        case BatchState.CANCELLED:
            return "cancelled"
    return "waiting"


def rows_words(batch: Batch) -> str:
    """`row 88 of 128` while some wait, `128 rows` afterwards."""
    if batch.is_over or not is_whole(batch):
        return words.counted(batch.total, "row")
    row = min(batch.finished + 1, batch.total)
    return f"row {words.number(row)} of {words.number(batch.total)}"


def counts(batch: Batch) -> list[tuple[str, str, int]]:
    """Icon, tone and number of rows by state."""
    return [(*look, batch.counts[state]) for state, look in COUNTS.items() if batch.counts.get(state)]


def interrupted(batch: Batch) -> tuple[str, str]:
    """What is told of a batch that does not go on by itself: what and why."""
    if not is_whole(batch):
        return f"“{title_of(batch)}” did not begin.", batch.reason
    return (
        f"“{title_of(batch)}” is {batch.state}, {words.counted(batch.waiting, 'row waits', 'rows wait')}.",
        batch.reason,
    )


def pace(per_second: float | None) -> str:
    """`12 a second`, `40 a minute`; empty where it is not known."""
    if not per_second:
        return ""
    if per_second >= 1:
        return f"{words.number(round(per_second))} a second"
    return f"{words.number(max(1, round(per_second * 60)))} a minute"


def time_left(left_s: float | None) -> str:
    """`about 3 min left`; empty where it is not known."""
    if left_s is None:
        return ""
    if left_s < 60:
        return "less than a minute left"
    if left_s < _HOUR_S:
        return f"about {words.number(round(left_s / 60))}{words.NARROW}min left"
    hours, minutes = divmod(round(left_s / 60), 60)
    return f"about {words.number(hours)}{words.NARROW}h {minutes}{words.NARROW}min left"


def how_far(progress: Progress) -> str:
    """`88 of 128 rows, about 3 min left, 12 a second`."""
    batch = progress.batch
    parts = [f"{words.number(batch.finished)} of {words.counted(batch.total, 'row')}"]
    if batch.state is BatchState.RUNNING and progress.waits_s > 0:
        parts.append(f"next try {words.time_left(progress.waits_s)}: {progress.waits_for}")
    elif batch.state is BatchState.RUNNING:
        parts += [time_left(progress.left_s), pace(progress.per_second)]
    return ", ".join(part for part in parts if part)


def said_of(batch: Batch, *, ending: bool = False) -> Said:
    """What its card says; `ending` while what is just leaving is waited for."""
    waiting = words.counted(batch.waiting, "row waits", "rows wait")
    match batch.state:
        case BatchState.FILLING if is_whole(batch):
            return Said("It leaves in a moment", "Until then it can be taken back, with everything in it.")
        case BatchState.FILLING:
            return Said("It is being written down", "Nothing of it leaves before all rows are.")
        case BatchState.RUNNING if ending:
            return Said("It is coming to rest", "What is just leaving comes to its end.")
        case BatchState.RUNNING:
            return Said("It is going out", "It goes on whatever tab is open, as long as Turbodesk runs.")
        case BatchState.PAUSED:
            return Said("It is paused", batch.reason, f"{waiting}.")
        case BatchState.STOPPED if not is_whole(batch):
            return Said("It did not begin", batch.reason, "Cancel it, and send the file as a new batch.")
        case BatchState.STOPPED:
            return Said("It stopped", batch.reason, "Look at the refused rows before you let it go on.")
        case BatchState.CANCELLED:
            left = batch.total - batch.counts.get(SendState.CANCELLED, 0)
            gone = f"{words.counted(left, 'row')} had left before." if is_whole(batch) and left else ""
            return Said("It was cancelled", batch.reason or gone or "Nothing of it had left.")
    if unknown := batch.counts.get(SendState.UNKNOWN, 0):
        rows = words.counted(unknown, "row")
        text = f"Of {rows} nobody knows whether they went. Turbodesk does not send them again by itself."
        return Said("It is through, not all is known", text)
    if batch.reason:
        return Said("It is through", batch.reason)
    return Said("It is through", "Every row has an outcome.")


def facts_of(batch: Batch) -> list[tuple[str, str]]:
    """How it goes out."""
    facts = [
        ("File", words.one_line(batch.name)),
        ("Begun", words.moment(batch.created)),
        ("Sent by", "SMTP" if batch.provider == SMTP else "API"),
        ("At once", words.counted(batch.concurrency, "row")),
    ]
    if batch.per_second:
        facts.append(("At most", pace(batch.per_second)))
    if batch.stop_at_percent:
        facts.append(("Stops at", f"{words.percent(batch.stop_at_percent / 100)} refused"))
    return facts
