"""Addresses that get no mail any more: listed whole, put on the list, taken off it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from turbodesk.errors import InvalidDraft
from turbodesk.model.message import Address, AddressError
from turbodesk.model.reports import Imported, Page, Report, ReportType, Suppressing
from turbodesk.services.reports import Progress, Reports

if TYPE_CHECKING:
    from turbodesk.services.desk import Desk


class SuppressionsService:
    """The suppressed addresses of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def pages(self, which: Suppressing) -> AsyncIterator[Page[Report]]:
        """The entries page by page, newest first, so that a view can fill while they come."""
        return self._desk.provider.suppressions(which)

    async def fetch(self, which: Suppressing, progress: Progress | None = None) -> Reports:
        """Every entry. Cancel the task to stop; nothing is changed by reading."""
        found = Reports()
        async for page in self.pages(which):
            found.rows.extend(page.rows)
            found.total, found.complete = page.total, page.complete
            if progress:
                progress(len(found.rows), page.total)
        return found

    def export(self, which: Suppressing) -> AsyncIterator[bytes]:
        """The provider's own CSV of them, the bytes as they come."""
        return self._desk.provider.suppressions_csv(which)

    async def add(
        self, emails: Iterable[str], *, reason: str = "", type: ReportType | None = None
    ) -> Imported:
        """Puts addresses on the list, each once; which of them the provider took comes back.

        What is no address is not asked for: some providers would refuse all the others with it. Raises
        InvalidDraft where none is given.
        """
        wanted = _each_once(emails, "Nothing was suppressed")
        invalid = tuple(email for email in wanted if not _is_address(email))
        good = [email for email in wanted if email not in invalid]
        if not good:
            return Imported((), invalid)
        done = await self._desk.provider.import_suppressions(good, reason=reason, type=type)
        return replace(done, invalid=(*invalid, *done.invalid))

    async def take_off(self, emails: Iterable[str]) -> int:
        """Takes addresses off every list, so that mail flows to them again; how many were named.

        Raises InvalidDraft where none is given.
        """
        wanted = _each_once(emails, "Nothing was taken off")
        await self._desk.provider.delete_suppressions(wanted)
        return len(wanted)

    async def take_off_where(self, which: Suppressing) -> None:
        """Takes off everything that `fetch` would bring."""
        await self._desk.provider.delete_suppressions_where(which)


def _is_address(email: str) -> bool:
    try:
        Address.parse(email)
    except AddressError:
        return False
    return True


def _each_once(emails: Iterable[str], nothing: str) -> list[str]:
    """The addresses in their order, letter case aside each once."""
    wanted = {email.casefold(): email for email in map(str.strip, emails) if email}
    if not wanted:
        raise InvalidDraft({"emails": "Name at least one address."}, nothing)
    return list(wanted.values())
