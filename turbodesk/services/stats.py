"""Counts by day, their sums and rates, and the messages they are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING

from turbodesk.model.reports import (
    ALL_TIME,
    BOUNCED,
    CLICKED,
    COMPLAINED,
    DELIVERED,
    DROPPED,
    OPENED,
    UNSUBSCRIBED,
    EmailStat,
    MailStatus,
    Page,
    Period,
)
from turbodesk.services.csv_lines import ROWS_AT_ONCE, csv_lines
from turbodesk.services.reports import Progress

if TYPE_CHECKING:
    from turbodesk.services.desk import Desk

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
_COLUMNS = ("Id", "Status", "Subject", "From", "To", "Date", "Error")


@dataclass(frozen=True, slots=True)
class StatsQuery:
    """What is asked for: a period, and the statuses wanted (none: all)."""

    period: Period = ALL_TIME
    statuses: frozenset[MailStatus] = frozenset()


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


@dataclass(slots=True)
class Mailing:
    """All mails of one subject: one line of the table below the chart. `last` is the newest sending."""

    subject: str
    last: datetime | None = None
    counts: Counts = field(default_factory=Counts)


class Grain(StrEnum):
    """How much time one column of the chart stands for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def first_day(self, day: date) -> date:
        """The first day of the column that `day` falls in; weeks begin on Monday."""
        if self is Grain.WEEK:
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if self is Grain.MONTH else day


@dataclass(frozen=True, slots=True)
class Span:
    """The counts of some days on end, both included: one column of the chart."""

    start: date
    end: date
    counts: Counts


class Tally:
    """Mails counted as they come: by local day, by subject and in all. Adding a page costs a page.

    `zone` says what a day is, None the computer's own. `undated` mails count in all but on no day.
    """

    def __init__(self, period: Period = ALL_TIME, zone: tzinfo | None = None) -> None:
        self.sums = Counts()
        self.undated = 0
        self._period = period
        self._zone = zone
        self._days: dict[date, Counts] = {}
        self._mailings: dict[str, Mailing] = {}

    def add(self, rows: Sequence[EmailStat]) -> list[Mailing]:
        """Counts these in; the mailings not met before come back, in the order they were met."""
        known = len(self._mailings)
        alike = Counter((self._day(row.at), row.subject, row.status) for row in rows)
        for (day, subject, status), number in alike.items():
            self.sums.add(status, number)
            self._mailings.setdefault(subject, Mailing(subject)).counts.add(status, number)
            if day is None:
                self.undated += number
            else:
                self._days.setdefault(day, Counts()).add(status, number)
        for row in rows:
            mailing = self._mailings[row.subject]
            if row.at is not None and (mailing.last is None or row.at > mailing.last):
                mailing.last = row.at
        return list(self._mailings.values())[known:] if len(self._mailings) > known else []

    @property
    def mailings(self) -> list[Mailing]:
        """The mails summed by subject, the subject sent last first."""
        return sorted(
            self._mailings.values(), key=lambda it: it.last.timestamp() if it.last else 0.0, reverse=True
        )

    @property
    def mailing_count(self) -> int:
        """How many different subjects there are."""
        return len(self._mailings)

    @property
    def days(self) -> dict[date, Counts]:
        """Every day of the period in order, empty ones too; for all time from the first mail to the last."""
        found = sorted(self._days)
        if not self._period.all_time:
            found = sorted({*self._period.days, *found})
        elif found:
            found = list(Period(found[0], found[-1]).days)
        return {day: self._days.get(day, Counts()) for day in found}

    def spans(self, grain: Grain) -> list[Span]:
        """The days in order, gathered to days, weeks or months; the outer ones may be cut by the period."""
        gathered: dict[date, list[tuple[date, Counts]]] = {}
        for day, counts in self.days.items():
            gathered.setdefault(grain.first_day(day), []).append((day, counts))
        return [
            Span(days[0][0], days[-1][0], sum((counts for _, counts in days), Counts()))
            for days in gathered.values()
        ]

    def _day(self, at: datetime | None) -> date | None:
        return None if at is None else at.astimezone(self._zone).date()


def count_up(rows: Sequence[EmailStat], period: Period = ALL_TIME, zone: tzinfo | None = None) -> Tally:
    """Rows counted all at once."""
    tally = Tally(period, zone)
    tally.add(rows)
    return tally


def with_text(rows: Iterable[EmailStat], text: str) -> list[EmailStat]:
    """The rows whose subject, sender or recipient holds `text`, letter case aside."""
    needle = text.strip().casefold()
    if not needle:
        return list(rows)
    return [row for row in rows if needle in f"{row.subject}\n{row.sender}\n{row.recipient}".casefold()]


async def rows_csv(rows: Sequence[EmailStat]) -> AsyncIterator[bytes]:
    """The rows as a CSV of ours, in the provider's columns, times in UTC, some rows at a time."""
    yield csv_lines([_COLUMNS])
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield csv_lines(_cells(row) for row in rows[start : start + ROWS_AT_ONCE])


def _cells(row: EmailStat) -> tuple[str, ...]:
    at = row.at.isoformat() if row.at else row.raw_at
    return (row.id, row.raw_status, row.subject, row.sender, row.recipient, at, row.error)


@dataclass(slots=True)
class Stats:
    """What a query brought: rows newest first, each once, and whether that is surely all of them."""

    rows: list[EmailStat] = field(default_factory=list)
    total: int | None = None
    complete: bool = True


class StatsService:
    """The statistics of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def pages(self, query: StatsQuery) -> AsyncIterator[Page[EmailStat]]:
        """The rows page by page, newest first, so that a view can fill while they come."""
        return self._desk.provider.stats(query.period, statuses=query.statuses)

    async def fetch(self, query: StatsQuery, progress: Progress | None = None) -> Stats:
        """Every row of the query. Cancel the task to stop; nothing is changed by reading."""
        found = Stats()
        async for page in self.pages(query):
            found.rows.extend(page.rows)
            found.total, found.complete = page.total, page.complete
            if progress:
                progress(len(found.rows), page.total)
        return found

    async def count(self, query: StatsQuery) -> int:
        """How many rows the provider says there are."""
        return await self._desk.provider.count_stats(query.period, statuses=query.statuses)

    def export(self, query: StatsQuery) -> AsyncIterator[bytes]:
        """The provider's own CSV of the query, the bytes as they come."""
        return self._desk.provider.stats_csv(query.period, statuses=query.statuses)

    async def export_with_text(self, query: StatsQuery, text: str) -> AsyncIterator[bytes]:
        """The rows of the query that hold `text`, as `rows_csv` writes them."""
        async for piece in rows_csv(with_text((await self.fetch(query)).rows, text)):
            yield piece
