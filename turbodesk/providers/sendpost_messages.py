"""The messages that SendPost remembers: listed window by window, and one looked up with what became of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable
from datetime import date, datetime, timedelta
from functools import partial

from turbodesk.errors import NoConnection, ProviderBroken, ProviderError, Refused
from turbodesk.model.reports import EmailStat, MessageEvent, MessageRecord, Page, Period
from turbodesk.providers import sendpost_answers as heard
from turbodesk.providers import sendpost_calls as said
from turbodesk.providers.http import Manner
from turbodesk.providers.port import Capability
from turbodesk.providers.sendpost_events import event_of_suppression, read_events, with_events
from turbodesk.providers.sendpost_keys import KeyedClient
from turbodesk.providers.sendpost_suppressions import Suppressions
from turbodesk.providers.windows import Batch, Walk, read_windows

QUIET = 6  # windows of 59 days: after about a year without mail nobody looks further back
MARKED_PAGE, MOST_PAGES = 25, 200  # whole letters come with a page, so it is small
ASIDE = Manner(1, 10.0, again_after_wire=True)  # a question whose answer only rounds off another one

_EVENTS_REFUSED = (401, 403, 404, 405, 406)
_SMALLER = {100: 25, 25: 5, 5: 1}


class Messages:
    """The messages of one account. It learns on the way how many can be read at once, and whether events are
    told."""

    def __init__(self, client: KeyedClient, suppressions: Suppressions, today: Callable[[], date]) -> None:
        self._client, self._suppressions, self._today = client, suppressions, today
        self._tells_events = True
        self._step = said.PAGE

    def pages(self, period: Period) -> AsyncGenerator[Page[EmailStat], None]:
        """The messages sent in a period, newest first."""
        span = said.span_of(period)
        walk = Walk.over(said.days_of(period), said.MESSAGE_DIFFERENCE, self._today(), quiet=QUIET)
        return read_windows(walk, partial(self._page, span), identity=lambda row: row, when=_sent_at)

    async def _page(self, span: said.Span | None, window: Period, number: int) -> Batch[EmailStat]:
        """One page. Whole letters come with it: where they are too long to be read together, fewer are
        asked for at once, now and from then on."""
        rows: list[EmailStat] = []
        start, end = number * said.PAGE, (number + 1) * said.PAGE
        while start < end:
            step = self._step
            try:
                part = await self._client.ask(
                    said.messages_call(window, span, start, step), heard.read_messages
                )
            except ProviderBroken as broken:
                if broken.status or step not in _SMALLER:  # without a status: it was not read to its end
                    raise
                self._step = min(self._step, _SMALLER[step])
                continue
            rows += part
            start += step
            if len(part) < step:
                break
        return Batch(rows, last=len(rows) < said.PAGE)

    async def marked(self, first: datetime, last: datetime, key: str) -> tuple[list[EmailStat], bool]:
        """The messages sent between two moments that carry our key, newest first; and whether all of them
        were looked through: after so many pages nobody looks on."""
        window, found = Period(first.date(), last.date()), list[EmailStat]()
        for page in range(MOST_PAGES):
            call = said.messages_call(window, (first, last), page * MARKED_PAGE, MARKED_PAGE)
            rows = await self._client.ask(call, partial(heard.read_marked, key=key))
            found += [row for row, ours in rows if ours]
            if len(rows) < MARKED_PAGE:
                return found, True
        return found, False

    async def one(self, id: str) -> MessageRecord | None:
        """One message, None where there is none of this id.

        What became of it is taken from its events, else from the list of suppressed addresses.
        """
        if not id.strip(". "):
            return None  # it would ask for something else
        try:
            record, sub_account = await self._client.ask(said.message_call(id), heard.read_message)
        except Refused as refused:
            if refused.status in said.NOT_THERE:
                return None
            raise
        events = record.events or await self._events(id, sub_account)
        if not events and (proof := await self._proof(record)):
            events = (proof,)
        return with_events(record, events)

    async def _events(self, id: str, sub_account: str) -> tuple[MessageEvent, ...] | None:
        """What happened to a message, None where this is not told; then it is not asked for again."""
        if not self._tells_events or not sub_account:
            return None
        call = said.message_call(id, "events", (("subAccountId", sub_account),))
        try:
            events = await self._client.ask(call, read_events, ASIDE)
        except (ProviderError, NoConnection) as error:
            self._tells_events = getattr(error, "status", 0) not in _EVENTS_REFUSED
            return None
        self._tells_events = events is not None
        return events

    async def _proof(self, record: MessageRecord) -> MessageEvent | None:
        """What the list of suppressed addresses proves about a message, None where it proves nothing or could
        not be asked."""
        email, at = record.stat.recipient, record.stat.at
        if Capability.SUPPRESSIONS not in self._client.offers or not email or at is None:
            return None
        pages = self._suppressions.pages(_after(at, self._today()), frozenset(), email)
        try:
            async with contextlib.aclosing(pages):
                async for page in pages:
                    for report in page.rows:
                        if event := event_of_suppression(report, record):
                            return event
        except (ProviderError, NoConnection):
            return None
        return None


def _after(at: datetime, today: date) -> Period:
    """The days in which a message may have led to a suppression: one window, as what comes later
    speaks of other mail."""
    first = at.date()
    if first >= today:
        return Period(first, first)
    return Period(first, min(today, first + timedelta(days=said.SUPPRESSION_DIFFERENCE)))


def _sent_at(row: EmailStat) -> float | None:
    return row.at.timestamp() if row.at else None
