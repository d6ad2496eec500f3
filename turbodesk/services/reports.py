"""Bounces, complaints, unsubscribes of a Period: fetched whole, counted, exported, deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from turbodesk.errors import InvalidDraft
from turbodesk.model.reports import ALL_TIME, Page, Period, Report, ReportType
from turbodesk.services.desk import Desk

Progress = Callable[[int, int | None], None]
"""Called with rows read so far and how many there are in all, None where that is not known."""

DELETE_AT_ONCE = 50  # ids in one request; they travel in the URL


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

    def export(self, query: ReportQuery) -> AsyncIterator[bytes]:
        """The provider's own CSV of the query, the bytes as they come."""
        return self._desk.provider.reports_csv(query.type, query.period, text=query.text)

    async def delete(self, type: ReportType, ids: Sequence[str], progress: Progress | None = None) -> int:
        """Takes these entries off the list, in bundles; how many were taken off comes back.

        Raises InvalidDraft where no id is given. A failure in the middle leaves the bundles before it done.
        """
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            raise InvalidDraft({"ids": "Name at least one entry to delete."})
        if odd := next((id for id in wanted if not id.isdigit()), None):
            raise InvalidDraft({"ids": f"{odd!r} is no id of an entry."})
        for start in range(0, len(wanted), DELETE_AT_ONCE):
            bundle = wanted[start : start + DELETE_AT_ONCE]
            await self._desk.provider.delete_reports(type, bundle)
            if progress:
                progress(start + len(bundle), len(wanted))
        return len(wanted)

    async def delete_all_spam(self) -> None:
        """Takes every complaint off the list."""
        await self._desk.provider.delete_all_spam()
