"""The rows of the outbox: sends that stand alone, and batches as one row each."""

from __future__ import annotations

from datetime import datetime

from turbodesk.gui import batch_words, outbox_words, words
from turbodesk.gui.record_column import Column
from turbodesk.model.outcome import SendState
from turbodesk.services.desk import SMTP
from turbodesk.store.entry import Batch, Entry

Row = Entry | Batch
WHEN = 5  # the column that the list is sorted by at first


def columns() -> list[Column]:
    """What the list shows of a row; state, subject and time always stay."""
    return [
        Column("State", pill_of, lambda it: it, lambda it: it[1], kind="pill", width=126),
        Column("Subject", subject_of, kind="medium", width=150, stretch=3),
        Column("To", to_whom, lambda it: it, kind="address", width=150, stretch=2, keep=2),
        Column("What came of it", counts, lambda it: it, sort=None, kind="counts", width=132, keep=3),
        Column("Via", via, kind="muted", width=56, keep=4),
        Column("When", lambda it: it, when, at, align="right", width=132),
    ]


def pill_of(row: Row) -> tuple[str, str]:
    """The state of its pill, and the word."""
    if isinstance(row, Batch):
        return batch_words.pill_of(row)
    return row.state.value, row.state.value.capitalize()


def subject_of(row: Row) -> str:
    """The subject; of a batch that of its first row."""
    return batch_words.title_of(row) if isinstance(row, Batch) else outbox_words.subject_of(row)


def to_whom(row: Row) -> tuple[str, str]:
    """The first address and how many more, or how far a batch is."""
    return (batch_words.rows_words(row), "") if isinstance(row, Batch) else outbox_words.first_recipient(row)


def counts(row: Row) -> list[tuple[str, str, int]]:
    """Icon, tone and number of every outcome."""
    return batch_words.counts(row) if isinstance(row, Batch) else outbox_words.counts(row)


def via(row: Row) -> str:
    """By which way it goes."""
    return "SMTP" if row.provider == SMTP else "API"


def at(row: Row) -> datetime:
    """When it goes by itself, else when it was written down."""
    return row.created if isinstance(row, Batch) else outbox_words.goes_at(row)


def when(row: Row) -> str:
    """The same in words."""
    return words.when(row.created) if isinstance(row, Batch) else outbox_words.when_words(row)


def group_of(row: Row) -> str:
    """The group of the list that it stands in."""
    return batch_words.group_of(row) if isinstance(row, Batch) else outbox_words.group_of(row)


def needs_person(row: Row) -> bool:
    """Whether somebody has to look at it."""
    return batch_words.needs_person(row) if isinstance(row, Batch) else outbox_words.needs_person(row)


def is_urgent(row: Row) -> bool:
    """Whether something of it hangs in the air until somebody looks."""
    if not needs_person(row):
        return False
    if isinstance(row, Batch):
        return row.waiting > 0 or row.counts.get(SendState.UNKNOWN, 0) > 0
    return row.state in (SendState.QUEUED, SendState.UNKNOWN)


def segment_of(row: Row) -> str:
    """The segment that it is counted in."""
    if isinstance(row, Batch):
        return batch_words.segment_of(row)
    return "waiting" if row.state is SendState.QUEUED else row.state.value


def waiting(row: Row) -> int:
    """How many letters of it have not left yet, or are just leaving."""
    return row.waiting if isinstance(row, Batch) else int(outbox_words.waits(row))


def settled(row: Row) -> tuple[int, int]:
    """How many of its letters have an outcome that is known, of how many."""
    if isinstance(row, Batch):
        return row.finished - row.counts.get(SendState.UNKNOWN, 0), sum(row.counts.values())
    return int(not outbox_words.waits(row) and row.state is not SendState.UNKNOWN), 1


def counts_down(row: Row) -> bool:
    """Whether what is said of its time changes from second to second."""
    return isinstance(row, Entry) and outbox_words.counts_down(row)
