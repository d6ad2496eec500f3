"""turboSMTP v2's validation of addresses: one at once, or a list that is uploaded, started and read."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from turbodesk.errors import NoConnection, OutcomeUnknown, ProviderBroken, Refused
from turbodesk.model.reports import Page, Period
from turbodesk.model.validation import (
    Uploaded,
    UploadProgress,
    Validated,
    ValidationCredits,
    ValidationList,
)
from turbodesk.providers import turbosmtp_v2_validation_answers as heard
from turbodesk.providers import turbosmtp_v2_validation_calls as said
from turbodesk.providers import turbosmtp_words as words
from turbodesk.providers.exchange import Answer, Call
from turbodesk.providers.gateway import SEND_BYTES_PER_S, SEND_S, Lost
from turbodesk.providers.http import DELETE, ONCE, Manner
from turbodesk.providers.paging import read_counted_pages
from turbodesk.providers.port import Capability
from turbodesk.providers.scalars import is_digits
from turbodesk.providers.turbosmtp_v2_asking import Asking
from turbodesk.providers.turbosmtp_v2_calls import PAGE, days_of

T = TypeVar("T")

_MISSING = frozenset({"list_not_found", "email_not_found"})
_NOT_DONE = (307, 308)  # both ask for the same again elsewhere


class Validating(Asking):
    """The part of an account at turboSMTP v2 that validates addresses.

    A validation costs credits, so it is asked again only where surely nothing left.
    """

    @abstractmethod
    async def _page(
        self, call: Call, decode: Callable[[Answer], tuple[Iterator[T], int | None]]
    ) -> tuple[list[T], int | None]:
        """One page, made row by row without holding up the window, and how many rows there are in all."""

    @abstractmethod
    def _export(self, call: Call) -> AsyncGenerator[bytes, None]:
        """A file as its bytes come."""

    async def validation_credits(self) -> ValidationCredits:
        """`GET /emailvalidation/subscription`, turboSMTP v2, documented."""
        self._need(Capability.VALIDATION)
        return await self._asked(said.credits_call(), heard.read_credits)

    async def validate_address(self, email: str) -> Validated:
        """`POST /emailvalidation/validateEmail`, turboSMTP v2, documented."""
        self._need(Capability.VALIDATION)
        return await self._spend(said.address_call(email), heard.read_record, "the address was validated")

    async def upload_validation(
        self, name: str, emails: Sequence[str], progress: UploadProgress | None = None
    ) -> Uploaded:
        """Asked once, or there might be two. `POST /emailvalidation/upload`, turboSMTP v2, documented."""
        self._need(Capability.VALIDATION)
        loop = asyncio.get_running_loop()

        def told(done: int, total: int) -> None:
            if progress:
                loop.call_soon_threadsafe(progress, done, total)

        call = await asyncio.to_thread(said.upload_call, name, emails, told)
        size = (call.body.length if call.body else None) or 0
        manner = Manner(ONCE.tries, SEND_S + size / SEND_BYTES_PER_S, again_after_wire=False)
        return await self._asked(call, heard.read_uploaded, manner)

    async def start_validation(self, id: str) -> None:
        """`POST /emailvalidation/lists/{Id}/validate`, turboSMTP v2, documented but for the body of a yes."""
        self._need(Capability.VALIDATION)
        call = said.list_call("POST", id, "/validate")
        await self._spend(call, heard.read_started, "the validation has begun")

    def validation_lists(self, period: Period) -> AsyncGenerator[Page[ValidationList], None]:
        """Pages of 1000. `GET /emailvalidation/lists`, turboSMTP v2, documented."""
        self._need(Capability.VALIDATION)
        decode = partial(heard.read_lists, zone=days_of(period).zone)
        return read_counted_pages(
            lambda page: self._page(said.lists_call(period, page), decode),
            page_size=PAGE,
            identity=lambda row: row.id or row,
        )

    async def validation_list(self, id: str) -> ValidationList | None:
        """`GET /emailvalidation/lists/{Id}`, turboSMTP v2, documented."""
        self._need(Capability.VALIDATION)
        return await self._found(said.list_call("GET", id), heard.read_list) if is_digits(id) else None

    async def delete_validation_list(self, id: str) -> None:
        """`DELETE /emailvalidation/lists/{Id}`, turboSMTP v2, documented."""
        self._need(Capability.VALIDATION)
        await self._asked(said.list_call("DELETE", id), words.read_done, DELETE)

    def validation_results(self, id: str) -> AsyncGenerator[Page[Validated], None]:
        """Pages of 1000. `GET /emailvalidation/lists/{Id}/emails`, turboSMTP v2, documented."""
        self._need(Capability.VALIDATION)
        return read_counted_pages(
            lambda page: self._page(said.results_call(id, page), heard.read_records),
            page_size=PAGE,
            identity=lambda row: row.id or row,
        )

    async def validation_result(self, list_id: str, id: str) -> Validated | None:
        """`GET /emailvalidation/lists/{Id}/emails/{emailId}`, turboSMTP v2, documented."""
        self._need(Capability.VALIDATION)
        if not (is_digits(list_id) and is_digits(id)):
            return None
        return await self._found(said.list_call("GET", list_id, f"/emails/{id}"), heard.read_record)

    def validation_csv(self, id: str) -> AsyncGenerator[bytes, None]:
        """`GET /emailvalidation/lists/{Id}/csv`, turboSMTP v2, documented with the layout of another file;
        the provider's guide shows its own."""
        self._need(Capability.VALIDATION)
        return self._export(said.list_call("GET", id, "/csv"))

    async def _found(self, call: Call, decode: Callable[[Answer], T]) -> T | None:
        """The answer, None where the provider knows of no such thing."""
        try:
            return await self._asked(call, decode)
        except Refused as refused:
            if _MISSING.isdisjoint(refused.words):
                raise
            return None

    async def _spend(self, call: Call, decode: Callable[[Answer], T], what: str) -> T:
        """Asks what costs credits; raises OutcomeUnknown where they may be spent and no clear answer came."""
        try:
            return await self._asked(call, decode, ONCE)
        except (NoConnection, ProviderBroken) as error:
            if _surely_not_done(error):
                raise
            raise OutcomeUnknown(
                f"Nobody knows yet whether {what}: {error.says}",
                hint="It was not asked again, as it may have cost credits. Look at the credits and the lists "
                "before you do.",
                detail=error.detail,
            ) from error


def _surely_not_done(error: NoConnection | ProviderBroken) -> bool:
    lost = error.__cause__
    if isinstance(lost, Lost):
        return not lost.sent
    return isinstance(error, NoConnection) or error.status in _NOT_DONE
