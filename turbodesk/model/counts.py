"""Counts, Rate, DayCounts: how many mails became what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from turbodesk.model.reports import (
    BOUNCED,
    CLICKED,
    COMPLAINED,
    DELIVERED,
    DROPPED,
    OPENED,
    UNSUBSCRIBED,
    MailStatus,
)

TOO_FEW = 100  # below this many a rate says nothing

SERIES: tuple[tuple[str, frozenset[MailStatus]], ...] = (
    ("delivered", DELIVERED),
    ("opened", OPENED),
    ("clicked", CLICKED),
    ("bounced", BOUNCED),
    ("complained", COMPLAINED),
    ("unsubscribed", UNSUBSCRIBED),
    ("dropped", DROPPED),
)
_SERIES_OF = {status: tuple(name for name, group in SERIES if status in group) for status in MailStatus}
_OF_SENT = frozenset({"sent", "delivered", "bounced", "dropped"})


@dataclass(frozen=True, slots=True)
class Rate:
    """A part of a whole; a rate is never shown without both."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """Part over whole, None of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def too_few(self) -> bool:
        """Whether the whole is too small for the rate to say anything."""
        return self.whole < TOO_FEW


@dataclass(slots=True)
class Counts:
    """Mails counted, one per recipient. A mail that was clicked is also opened and delivered."""

    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    bounced: int = 0
    complained: int = 0
    unsubscribed: int = 0
    dropped: int = 0

    def add(self, status: MailStatus, number: int = 1) -> None:
        """Counts `number` mails of this status in."""
        self.sent += number
        for name in _SERIES_OF[status]:
            setattr(self, name, getattr(self, name) + number)

    def of(self, series: str) -> int:
        """The count of one series: `sent` or a name of SERIES."""
        number: int = getattr(self, series)
        return number

    def rate(self, series: str) -> Rate:
        """The rate of a series with its fitting whole: bounces of sent, clicks of delivered."""
        return Rate(self.of(series), self.sent if series in _OF_SENT else self.delivered)

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(self.of(name) + other.of(name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What the provider itself counted on one of its days, which are days in UTC."""

    day: date
    counts: Counts
