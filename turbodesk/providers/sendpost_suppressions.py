"""SendPost's list of suppressed addresses: read window by window, added to, taken off."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from turbodesk.errors import NotOffered, Refused
from turbodesk.model.reports import ALL_TIME, Imported, Page, Period, Report, ReportType
from turbodesk.providers import sendpost_answers as heard
from turbodesk.providers import sendpost_calls as said
from turbodesk.providers.http import TOGGLE
from turbodesk.providers.sendpost_keys import KeyedClient
from turbodesk.providers.windows import Batch, Walk, read_windows

LEAST = 24  # windows of 60 days: an old entry is found only by going back
QUIET = 6


class Suppressions:
    """The suppressed addresses of one sub-account."""

    def __init__(self, client: KeyedClient, today: Callable[[], date]) -> None:
        self._client, self._today = client, today

    async def pages(
        self, days: Period, kinds: frozenset[str], text: str
    ) -> AsyncGenerator[Page[Report], None]:
        """Entries of these kinds (none: of all) whose address holds `text`; the days are in UTC.

        One kind is asked for by name; of several SendPost is asked for all. What does not fit is left out
        here too, as it is not certain that every server heeds what it is asked.
        """
        kind, text = (next(iter(kinds)) if len(kinds) == 1 else ""), text.strip()
        walk = Walk.over(days, said.SUPPRESSION_DIFFERENCE, self._today(), quiet=QUIET, least=LEAST)

        async def fetch(window: Period, number: int) -> Batch[Report]:
            call = said.suppressions_call(window, kind, text, number * said.PAGE)
            rows = await self._client.ask(call, partial(heard.read_suppressions, kind=kind))
            return Batch(rows, last=len(rows) < said.PAGE)

        pages = read_windows(walk, fetch, identity=lambda row: row, when=_listed_at)
        async with contextlib.aclosing(pages):
            async for page in pages:
                yield replace(page, rows=[row for row in page.rows if _fits(row, kinds, text)])

    async def complaints(self) -> list[str]:
        """The addresses of all time that complained, each once."""
        pages = self.pages(ALL_TIME, kinds_of(frozenset({ReportType.SPAM})), "")
        async with contextlib.aclosing(pages):
            emails = [report.email async for page in pages for report in page.rows]
        return list(dict.fromkeys(emails))

    async def add(self, emails: Sequence[str], type: ReportType) -> Imported:
        """Puts addresses on one list, bundle by bundle. Where the answers and the newest entries name every
        address they come back as `valid`, else it is None."""
        kinds, wanted, listed = kinds_of(frozenset({type})), {email.lower() for email in emails}, set[str]()
        for bundle in _bundles(emails):
            listed |= await self._client.ask(said.suppress_call(bundle, type), heard.read_listed, TOGGLE)
        if not wanted <= listed:
            pages = self.pages(Period.last_days(2, self._today()), kinds, "")
            async with contextlib.aclosing(pages):
                listed |= {report.email.lower() async for page in pages for report in page.rows}
        return Imported(tuple(emails) if wanted <= listed else None)

    async def take_off(self, emails: Sequence[str]) -> None:
        """Takes addresses off every list, bundle by bundle; one that is on none is as good as taken off."""
        for bundle in _bundles(emails):
            try:
                await self._client.ask(said.unsuppress_call(bundle), heard.read_yes, TOGGLE)
            except Refused as refused:
                if refused.status not in said.NOT_THERE or len(bundle) > 1:
                    raise  # of several, some may still be there


def kinds_of(types: frozenset[ReportType]) -> frozenset[str]:
    """SendPost's words for these types; raises NotOffered where it has none."""
    if other := sorted(type.value for type in types if type not in said.KINDS):
        raise NotOffered(
            f"SendPost keeps no list of this kind: {', '.join(other)}.",
            hint="Nothing was asked. It has hard bounces, complaints, unsubscribes and what was added.",
        )
    return frozenset(said.KINDS[type] for type in types)


def _fits(row: Report, kinds: frozenset[str], text: str) -> bool:
    wanted = not kinds or said.KINDS[row.type] in kinds
    return bool(row.email) and wanted and text.lower() in row.email.lower()


def _bundles(emails: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(emails), said.BUNDLE):
        yield emails[start : start + said.BUNDLE]


def _listed_at(row: Report) -> float | None:
    return row.at.timestamp() if row.at else None
