"""Bounces, complaints, unsubscribes of a Period: fetched whole, counted, exported, deleted."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from turbodesk.errors import InvalidDraft, NotOffered
from turbodesk.model.reports import ALL_TIME, Page, Period, Report, ReportType, Suppressing
from turbodesk.model.smtp_reply import BounceKind, Cause, SmtpReply, read_reply
from turbodesk.providers.port import Capability
from turbodesk.services.csv_lines import ROWS_AT_ONCE, csv_lines
from turbodesk.together import together

if TYPE_CHECKING:
    from turbodesk.services.desk import Desk

Progress = Callable[[int, int | None], None]
"""Called with rows read so far and how many there are in all, None where that is not known."""

DELETE_AT_ONCE = 50  # ids in one request; they travel in the URL
_ID = re.compile(r"[0-9]+|[^\s,/@]+@[^\s,/@]+")

_COLUMNS = ("Id", "Address", "Date", "Response", "From", "Subject")
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
PUT_BY_HAND = Cause(
    "Put there by hand",
    "Somebody put the address on the list",
    "A person or a program of this account asked for no mail to it, for reasons of its own.",
    "ask who put it there, then allow it again or leave it.",
)
NOT_VALID = Cause(
    "Failed the check",
    "The provider does not take it for a real address",
    "Its own check of addresses said no, so nothing was tried at the server of the reader.",
    "look for a slip in the address, and ask its owner for the right one.",
)
_CAUSE_OF = {
    ReportType.SPAM: MARKED_AS_SPAM,
    ReportType.UNSUBSCRIBE: LEFT_THE_LIST,
    ReportType.MANUAL: PUT_BY_HAND,
    ReportType.VALIDATION_FAILED: NOT_VALID,
}
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
        return _CAUSE_OF.get(self.newest.type) or self.reply.cause

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
            (row.id, row.email, _moment(row), row.words, row.sender, row.subject)
            for row in rows[start : start + ROWS_AT_ONCE]
        )


def _moment(row: Report) -> str:
    return row.at.isoformat() if row.at else row.raw_at


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
        """How many entries each list of the provider has in a period; without those it does not count."""
        types = self._desk.provider.report_types
        found = await together(*(self._count_told(ReportQuery(type, period)) for type in types))
        return {type: count for type, count in zip(types, found, strict=True) if count is not None}

    async def _count_told(self, query: ReportQuery) -> int | None:
        try:
            return await self.count(query)
        except NotOffered:
            return None

    def export(self, query: ReportQuery) -> AsyncIterator[bytes]:
        """The query as CSV, the bytes as they come: the provider's own file where it makes one, else ours."""
        if self._desk.has(Capability.REPORTS_CSV):
            return self._desk.provider.reports_csv(query.type, query.period, text=query.text)
        return self._own_csv(query)

    async def _own_csv(self, query: ReportQuery) -> AsyncIterator[bytes]:
        async for piece in rows_csv((await self.fetch(query)).rows):
            yield piece

    async def delete(self, type: ReportType, ids: Sequence[str], progress: Progress | None = None) -> int:
        """Takes these entries off the list, in bundles; how many were taken off comes back.

        Raises InvalidDraft where no id is given, or one that is neither a number nor an address. A failure
        in the middle leaves the bundles before it done.
        """
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            raise InvalidDraft({"ids": "Name at least one entry to delete."}, "Nothing was deleted")
        if odd := next((id for id in wanted if not _ID.fullmatch(id)), None):
            raise InvalidDraft({"ids": f"{odd!r} is no id of an entry."}, "Nothing was deleted")
        for start in range(0, len(wanted), DELETE_AT_ONCE):
            bundle = wanted[start : start + DELETE_AT_ONCE]
            await self._desk.provider.delete_reports(type, bundle)
            if progress:
                progress(start + len(bundle), len(wanted))
        return len(wanted)

    async def allow_again(
        self, type: ReportType, chosen: Sequence[Listed], progress: Progress | None = None
    ) -> int:
        """Lets mail flow to these addresses again; how many were taken off comes back: addresses where
        the provider keeps one list of them, else entries of this list."""
        if not self._desk.has(Capability.SUPPRESSIONS):
            return await self.delete(type, [id for listed in chosen for id in listed.ids], progress)
        emails = [listed.email for listed in chosen]
        for start in range(0, len(emails), DELETE_AT_ONCE):
            bundle = emails[start : start + DELETE_AT_ONCE]
            await self._desk.provider.delete_suppressions(bundle)
            if progress:
                progress(start + len(bundle), len(emails))
        return len(emails)

    async def delete_all_spam(self) -> None:
        """Takes every complaint off the list."""
        if self._desk.has(Capability.FILTERED_DELETE):
            every = Suppressing(types=frozenset({ReportType.SPAM}))
            await self._desk.provider.delete_suppressions_where(every)
        else:
            await self._desk.provider.delete_all_spam()
