"""What Reports says of an address on a list: its columns, its pill, its sentences."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from turbodesk.gui import words
from turbodesk.gui.record_column import Column
from turbodesk.model.reports import Period, Report, ReportType
from turbodesk.model.smtp_reply import BounceKind
from turbodesk.services.reports import Listed

KINDS = (
    ("bounce", "Bounces"),
    ("spam", "Complaints"),
    ("unsub", "Unsubscribes"),
    ("manual", "By hand"),
    ("validation_failed", "Failed checks"),
)
CLASSES = (("bounce", "All"), ("hardbounce", "Hard"), ("softbounce", "Soft"))
BOUNCES = frozenset({ReportType.BOUNCE, ReportType.HARD_BOUNCE, ReportType.SOFT_BOUNCE})
NOUNS = {
    ReportType.BOUNCE: "bounce",
    ReportType.HARD_BOUNCE: "hard bounce",
    ReportType.SOFT_BOUNCE: "soft bounce",
    ReportType.SPAM: "complaint",
    ReportType.UNSUBSCRIBE: "unsubscribe",
    ReportType.MANUAL: "entry by hand",
    ReportType.VALIDATION_FAILED: "failed check",
}
_PLURALS = {ReportType.MANUAL: "entries by hand"}
LAST = 4  # the column that says when, newest first as the provider lists them

PILLS = {
    BounceKind.HARD: ("hard", None),
    BounceKind.SOFT: ("soft", None),
    BounceKind.UNKNOWN: ("warn", "Bounce"),
}
_PILL_OF: dict[ReportType, tuple[str, str | None]] = {
    ReportType.SPAM: ("complaint", None),
    ReportType.UNSUBSCRIBE: ("unsubscribed", None),
    ReportType.MANUAL: ("suppressed", None),
    ReportType.VALIDATION_FAILED: ("refused", "Failed the check"),
}
CLASS_WORDS = {BounceKind.HARD: "Hard", BounceKind.SOFT: "Soft", BounceKind.UNKNOWN: "Not said"}


def columns(narrow: Callable[[], bool]) -> list[Column]:
    """What the list shows of an address; the provider's words go first where there is no room."""
    return [
        Column("Address", lambda it: it.email, kind="medium", width=160, stretch=1),
        Column("Cause", lambda it: it.cause.title, width=164),
        Column("Provider’s words", _words_of, kind="muted", width=170, stretch=4, keep=2),
        Column("Times", lambda it: len(it.entries), words.number, align="right", width=58),
        Column("Last", lambda it: it.newest.at, lambda at: _last(at, narrow()), align="right", width=114),
    ]


def find_in(listed: Listed) -> str:
    """What the text filter looks in."""
    newest = listed.newest
    return f"{listed.email}\n{listed.cause.title}\n{newest.words}\n{newest.sender}\n{newest.subject}"


def many(type: ReportType) -> str:
    """The entries of a list in the plural."""
    return _PLURALS.get(type) or f"{NOUNS[type]}s"


def counted(count: int, type: ReportType) -> str:
    """`1 bounce`, `3 hard bounces`."""
    return words.counted(count, NOUNS[type], many(type))


def at_words(entry: Report) -> str:
    """Day and time of an entry, or the provider's own text where that makes no sense."""
    return _last(entry.at, False) if entry.at else entry.raw_at or "time not given"


def head_line(listed: Listed) -> str:
    """`3 bounces, last on 20 Nov 10:57`."""
    number = counted(len(listed.entries), listed.newest.type)
    return f"{number}, {'last ' if len(listed.entries) > 1 else ''}on {at_words(listed.newest)}"


def pill_of(listed: Listed) -> tuple[str, str | None]:
    """State and word of the pill over an address."""
    return _PILL_OF.get(listed.newest.type) or PILLS[listed.kind]


def class_of(listed: Listed) -> str:
    """`Hard, mailbox does not exist`."""
    title = listed.cause.title
    return f"{CLASS_WORDS[listed.kind]}, {title[0].lower()}{title[1:]}"


def file_name(type: ReportType, period: Period) -> str:
    """What an export of a list is called."""
    name = many(type).replace(" ", "-")
    return f"{name}.csv" if period.all_time else f"{name} {period.start} to {period.end}.csv"


def allowing_title(chosen: Sequence[Listed], profile: str) -> str:
    """The question before addresses may get mail again; it names them and the profile."""
    whose = chosen[0].email if len(chosen) == 1 else words.counted(len(chosen), "address", "addresses")
    return f"Allow {whose} again at {profile}?"


def offered_kinds(types: Collection[ReportType]) -> list[str]:
    """The keys of KINDS that a provider's lists make up."""
    have = {"bounce" if type in BOUNCES else type.value for type in types}
    return [key for key, _ in KINDS if key in have]


def offered_classes(types: Collection[ReportType]) -> list[str]:
    """The keys of CLASSES among a provider's lists."""
    return [key for key, _ in CLASSES if ReportType(key) in types]


def _words_of(listed: Listed) -> str:
    return words.one_line(listed.newest.words)


def _last(at: datetime | None, narrow: bool) -> str:
    if at is None:
        return "–"
    return words.day(at) if narrow else f"{words.day(at)} {words.clock(at)}"
