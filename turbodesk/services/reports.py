"""Bounces, complaints, unsubscribes of a Period: fetched whole, counted, exported, deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from turbodesk.errors import InvalidDraft
from turbodesk.model.reports import ALL_TIME, Page, Period, Report, ReportType
from turbodesk.model.smtp_reply import BounceKind, Cause, SmtpReply, read_reply
from turbodesk.services.csv_lines import ROWS_AT_ONCE, csv_lines
from turbodesk.together import together

if TYPE_CHECKING:
    from turbodesk.services.desk import Desk

Progress = Callable[[int, int | None], None]
"""Called with rows read so far and how many there are in all, None where that is not known."""

DELETE_AT_ONCE = 50  # ids in one request; they travel in the URL

_COLUMNS = ("Id", "Address", "Date", "Response")
MARKED_AS_SPAM = Cause(
    "Marked as spam",
    "The reader marked it as spam",
    "Their mail service passed it on as a complaint. Many complaints harm the name of the sending domain.",
    "leave the address on the list, unless its owner asks for mail again.",
)
LEFT_THE_LIST = Cause(
    "Unsubscribed",
    "The reader wants no more mail",
    "They used the unsubscribe link. In many countries the law wants this wish kept.",
    "leave the address on the list, unless its owner asks for mail again.",
)
_KIND_OF = {ReportType.HARD_BOUNCE: BounceKind.HARD, ReportType.SOFT_BOUNCE: BounceKind.SOFT}


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """What is asked for: one list, a period, and a text that the address must hold."""

    type: ReportType = ReportType.BOUNCE
    period: Period = ALL_TIME
    text: str = ""


@dataclass(slots=True)
class Reports:
    """What a query brought: rows newest first, each once, and whether that is surely all of them."""

    rows: list[Report] = field(default_factory=list)
    total: int | None = None
    complete: bool = True


@dataclass(slots=True)
class Listed:
    """One address on a list, with every entry it has there, the newest first; never without one."""

    email: str
    entries: list[Report]
    _reply: tuple[str, SmtpReply] | None = None

    @property
    def newest(self) -> Report:
        """The entry that says how things stand now."""
        return self.entries[0]

    @property
    def ids(self) -> list[str]:
        """What must be deleted so that mail flows to the address again."""
        return [entry.id for entry in self.entries]

    @property
    def reply(self) -> SmtpReply:
        """What the newest words say; read once."""
        words = self.newest.words
        if self._reply is None or self._reply[0] != words:
            self._reply = (words, read_reply(words))
        return self._reply[1]

    @property
    def cause(self) -> Cause:
        """Why the address is on the list."""
        if self.newest.type is ReportType.SPAM:
            return MARKED_AS_SPAM
        return LEFT_THE_LIST if self.newest.type is ReportType.UNSUBSCRIBE else self.reply.cause

    @property
    def kind(self) -> BounceKind:
        """Hard or soft: as the list says it is, else as the words do."""
        return _KIND_OF.get(self.newest.type, self.reply.kind)


class ByAddress:
    """Entries gathered by address as they come. Adding a page costs a page."""

    def __init__(self) -> None:
        self._listed: dict[str, Listed] = {}

    def add(self, rows: Iterable[Report]) -> list[Listed]:
        """Takes entries in; the addresses not met before come back, in the order they were met."""
        new: list[Listed] = []
        for row in rows:
            local, _, domain = row.email.rpartition("@")
            key = f"{local}@{domain.lower()}"
            listed = self._listed.get(key)
            if listed is None:
                self._listed[key] = listed = Listed(row.email, [row])
                new.append(listed)
            elif _newer(row, listed.newest):
                listed.entries.insert(0, row)
            else:
                listed.entries.append(row)
        return new

    @property
    def listed(self) -> list[Listed]:
        """Every address, in the order they were met."""
        return list(self._listed.values())


def _newer(row: Report, other: Report) -> bool:
    return row.at is not None and (other.at is None or row.at > other.at)


async def rows_csv(rows: Sequence[Report]) -> AsyncIterator[bytes]:
    """The entries as a CSV of ours, times in UTC, some rows at a time."""
    yield csv_lines([_COLUMNS])
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield csv_lines(
            (row.id, row.email, row.at.isoformat() if row.at else row.raw_at, row.words)
            for row in rows[start : start + ROWS_AT_ONCE]
        )


class ReportsService:
    """The lists of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def pages(self, query: ReportQuery) -> AsyncIterator[Page[Report]]:
        """The rows page by page, newest first, so that a view can fill while they come."""
        return self._desk.provider.reports(query.type, query.period, text=query.text)

    async def fetch(self, query: ReportQuery, progress: Progress | None = None) -> Reports:
        """Every row of the query. Cancel the task to stop; nothing is changed by reading."""
        found = Reports()
        async for page in self.pages(query):
            found.rows.extend(page.rows)
            found.total, found.complete = page.total, page.complete
            if progress:
                progress(len(found.rows), page.total)
        return found

    async def count(self, query: ReportQuery) -> int:
        """How many rows the provider says there are."""
        return await self._desk.provider.count_reports(query.type, query.period, text=query.text)

    async def counts(self, period: Period) -> dict[ReportType, int]:
        """How many entries each list has in a period."""
        found = await together(*(self.count(ReportQuery(type, period)) for type in ReportType))
        return dict(zip(ReportType, found, strict=True))

    def export(self, query: ReportQuery) -> AsyncIterator[bytes]:
        """The provider's own CSV of the query, the bytes as they come."""
        return self._desk.provider.reports_csv(query.type, query.period, text=query.text)

    async def delete(self, type: ReportType, ids: Sequence[str], progress: Progress | None = None) -> int:
        """Takes these entries off the list, in bundles; how many were taken off comes back.

        Raises InvalidDraft where no id is given. A failure in the middle leaves the bundles before it done.
        """
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            raise InvalidDraft({"ids": "Name at least one entry to delete."}, "Nothing was deleted")
        if odd := next((id for id in wanted if not (id.isascii() and id.isdigit())), None):
            raise InvalidDraft({"ids": f"{odd!r} is no id of an entry."}, "Nothing was deleted")
        for start in range(0, len(wanted), DELETE_AT_ONCE):
            bundle = wanted[start : start + DELETE_AT_ONCE]
            await self._desk.provider.delete_reports(type, bundle)
            if progress:
                progress(start + len(bundle), len(wanted))
        return len(wanted)

    async def delete_all_spam(self) -> None:
        """Takes every complaint off the list."""
        await self._desk.provider.delete_all_spam()
