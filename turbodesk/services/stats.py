"""Counts by day, their sums and rates, and the messages they are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING

from turbodesk.model.counts import Counts, DayCounts
from turbodesk.model.reports import ALL_TIME, EmailStat, MailStatus, MessageRecord, Page, Period
from turbodesk.providers.port import Capability
from turbodesk.services.csv_lines import ROWS_AT_ONCE, csv_lines
from turbodesk.services.reports import Progress

if TYPE_CHECKING:
    from turbodesk.model.account import SubAccount
    from turbodesk.services.desk import Desk

_COLUMNS = ("Id", "Status", "Subject", "From", "To", "Date", "Error", "Campaign")


@dataclass(frozen=True, slots=True)
class StatsQuery:
    """What is asked for: a period, and the statuses wanted (none: all).

    `sub_account` is the id of the one whose mails are counted, empty for the whole account, `group` what they
    were sent under, empty for all; both narrow the provider's own counters only.
    """

    period: Period = ALL_TIME
    statuses: frozenset[MailStatus] = frozenset()
    sub_account: str = ""
    group: str = ""


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
    """Mails counted as they come: by day, by subject and in all. Adding a page costs a page.

    `zone` says what a day is, None the computer's own. `undated` mails count in all but on no day. With
    `told` the provider counts by itself, in days of UTC: then only `add_days` counts, and `add` gathers
    the mails by subject.
    """

    def __init__(self, period: Period = ALL_TIME, zone: tzinfo | None = None, *, told: bool = False) -> None:
        self.sums = Counts()
        self.undated = 0
        self.told = told
        self._period = period
        self._zone = UTC if told else zone
        self._days: dict[date, Counts] = {}
        self._mailings: dict[str, Mailing] = {}

    def add(self, rows: Sequence[EmailStat]) -> list[Mailing]:
        """Counts these in; the mailings not met before come back, in the order they were met."""
        known = len(self._mailings)
        alike = Counter((self._day(row.at), row.subject, row.status) for row in rows)
        for (day, subject, status), number in alike.items():
            self._mailings.setdefault(subject, Mailing(subject)).counts.add(status, number)
            if self.told:
                continue
            self.sums.add(status, number)
            if day is None:
                self.undated += number
            else:
                self._days.setdefault(day, Counts()).add(status, number)
        for row in rows:
            mailing = self._mailings[row.subject]
            if row.at is not None and (mailing.last is None or row.at > mailing.last):
                mailing.last = row.at
        return list(self._mailings.values())[known:] if len(self._mailings) > known else []

    def add_days(self, days: Iterable[DayCounts]) -> None:
        """Counts in what the provider counted; a day that comes again is added to itself."""
        for day in days:
            self.sums = self.sums + day.counts
            self._days[day.day] = self._days.get(day.day, Counts()) + day.counts

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
    return (row.id, row.raw_status, row.subject, row.sender, row.recipient, at, row.error, row.campaign)


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

    @property
    def told(self) -> bool:
        """Whether the provider counts by itself, and the messages do not say what became of them."""
        return self._desk.has(Capability.COUNTS)

    @property
    def lists(self) -> bool:
        """Whether the provider lists the messages themselves."""
        return self._desk.has(Capability.STATS)

    def tally(self, query: StatsQuery) -> Tally:
        """Nothing counted yet, for the rows and the days of a query."""
        return Tally(query.period, told=self.told)

    def day_pages(self, query: StatsQuery) -> AsyncIterator[Page[DayCounts]]:
        """What the provider counted on its days, newest first."""
        return self._desk.provider.daily_counts(
            query.period, sub_account=query.sub_account, group=query.group
        )

    async def counted(self, query: StatsQuery) -> tuple[Tally, bool]:
        """The days of a query, and whether nothing was missed: as the provider counted them where it does so,
        perhaps all at once, else as its messages tell. Raises NotOffered where only its own counters could
        tell."""
        tally, complete = self.tally(query), True
        if self.told or query.sub_account or query.group:
            async for page in self.day_pages(query):
                tally.add_days(page.rows)
                complete = page.complete
            return tally, complete
        days = None if query.statuses else await self._desk.provider.days_at_once(query.period)
        if days is not None:
            tally.add_days(days)
            return tally, complete
        found = await self.fetch(query)
        tally.add(found.rows)
        return tally, found.complete

    async def sub_accounts(self) -> tuple[SubAccount, ...]:
        """Those that can be counted on their own; empty where the provider has none."""
        if not (self.told and self._desk.has(Capability.SUB_ACCOUNTS)):
            return ()
        return await self._desk.provider.sub_accounts()

    async def message(self, id: str) -> MessageRecord | None:
        """What the provider knows of one message; None where it knows none of this id."""
        return await self._desk.provider.message(id)

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
        """The query as CSV, the bytes as they come: the provider's own file where it makes one, else ours."""
        if self._desk.has(Capability.STATS_CSV):
            return self._desk.provider.stats_csv(query.period, statuses=query.statuses)
        return self.export_with_text(query, "")

    async def export_with_text(self, query: StatsQuery, text: str) -> AsyncIterator[bytes]:
        """The rows of the query that hold `text`, as `rows_csv` writes them."""
        async for piece in rows_csv(with_text((await self.fetch(query)).rows, text)):
            yield piece
