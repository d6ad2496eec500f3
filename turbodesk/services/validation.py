"""Addresses validated by the provider: one at once, or those of a file as a list that takes its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from turbodesk.errors import InvalidDraft, Refused, TurbodeskError
from turbodesk.model.message import Address, AddressError
from turbodesk.model.reports import ALL_TIME, Page, Period
from turbodesk.model.validation import Validated, ValidationCredits, ValidationList, ValidationStatus
from turbodesk.services.columns import guessed
from turbodesk.services.csv_lines import ROWS_AT_ONCE, csv_lines
from turbodesk.together import together

if TYPE_CHECKING:
    from turbodesk.services.desk import Desk
    from turbodesk.services.recipient_file import RecipientFile

_POLL_S = (1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 5.0)  # between looks at a list; the last one again and again
_TYPO = "possible_typo"
_TYPOS_ASKED, _AT_ONCE = 200, 8  # corrections are told one by one
_NOTHING = "Nothing was validated"
NOT_ASKED = "not asked"
_COLUMNS = (
    *("Address", "Status", "Reason", "Did you mean", "Free mail", "Domain", "Domain age in days"),
    *("Mail provider", "MX found", "MX record"),
)


class Phase(StrEnum):
    """What is being done with a list: `done` of a progress counts bytes while it is uploaded, then
    addresses."""

    UPLOADING = "uploading"
    VALIDATING = "validating"
    READING = "reading"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a list is; `list_id` is empty until the provider has it."""

    phase: Phase
    done: int
    total: int
    list_id: str = ""


Told = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class ToValidate:
    """The addresses of a file, each once and in its order.

    `skipped` are cells that are no address at all, which are not paid for; `repeated` counts addresses that
    came before.
    """

    name: str
    column: str
    emails: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class Results:
    """A list and what is known of its addresses; `complete`: the results are surely all of them."""

    list: ValidationList
    rows: tuple[Validated, ...]
    complete: bool

    @property
    def counts(self) -> dict[ValidationStatus, int]:
        """How many have which status, those that none has left out."""
        found = [row.status for row in self.rows]
        return {status: found.count(status) for status in ValidationStatus if status in found}


class ValidationService:
    """The validation of one desk. `sleep` waits between looks at a list."""

    def __init__(self, desk: Desk, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._desk, self._sleep = desk, sleep

    async def credits(self) -> ValidationCredits:
        """What is left to validate with."""
        return await self._desk.provider.validation_credits()

    async def one(self, email: str) -> Validated:
        """What the provider finds of one address, for one credit. Raises InvalidDraft for what is none, and
        nothing is paid; OutcomeUnknown where it may be paid and no answer came."""
        try:
            address = Address.parse(email)
        except AddressError as error:
            raise InvalidDraft({"address": str(error)}, _NOTHING) from error
        return await self._desk.provider.validate_address(address.email)

    async def all_of(self, what: ToValidate, told: Told) -> Results:
        """Uploads, starts, waits, reads. It costs a credit for each address, once it is started.

        Where the provider refuses to start it (no credit left), the list is taken away again. Whatever else
        stops it leaves the list there, and `resume` brings its results. Raises OutcomeUnknown where it may
        have begun and no answer came.
        """
        provider = self._desk.provider

        def leaving(done: int, total: int) -> None:
            told(Progress(Phase.UPLOADING, done, total))

        made = await provider.upload_validation(what.name, what.emails, leaving)
        told(Progress(Phase.VALIDATING, 0, made.total or len(what.emails), made.id))
        try:
            await provider.start_validation(made.id)
        except Refused:
            with suppress(TurbodeskError):
                await provider.delete_validation_list(made.id)
            raise
        return await self.resume(made.id, told)

    async def start(self, list_id: str) -> None:
        """Begins to validate a list, for a credit each. Raises Refused where it was begun before or there is
        no credit left, OutcomeUnknown where it may have begun and no answer came."""
        await self._desk.provider.start_validation(list_id)

    async def resume(self, list_id: str, told: Told) -> Results:
        """Waits for a list that was started, and reads it; costs nothing. Raises Refused where the provider
        has no such list."""
        return await self.results(await self.follow(list_id, told), told)

    async def follow(self, list_id: str, told: Told) -> ValidationList:
        """Waits for a list that was started; it comes back once it is done. Raises Refused as `resume`."""
        waits = _waits()
        while True:
            found = await self.list(list_id)
            told(Progress(Phase.VALIDATING, found.processed, found.total, list_id))
            if found.done:
                return found
            await self._sleep(next(waits))

    async def results(self, found: ValidationList, told: Told) -> Results:
        """What is known by now of a list's addresses, with corrections where they are told."""
        rows: list[Validated] = []
        complete = True
        async for page in self._desk.provider.validation_results(found.id):
            rows.extend(page.rows)
            complete = page.complete
            told(Progress(Phase.READING, len(rows), found.total, found.id))
        return Results(
            found, tuple(await self._corrected(found.id, rows)), complete and len(rows) == found.total
        )

    async def _corrected(self, list_id: str, rows: Sequence[Validated]) -> Sequence[Validated]:
        """The rows, the first likely slips with what may be meant: the rows of a list do not hold it."""
        slips = [row for row in rows if row.sub_status == _TYPO and row.id and not row.did_you_mean]
        slips, meant = slips[:_TYPOS_ASKED], dict[str, str]()
        with suppress(TurbodeskError):  # the results are whole without
            for start in range(0, len(slips), _AT_ONCE):
                some = slips[start : start + _AT_ONCE]
                asked = (self._desk.provider.validation_result(list_id, row.id) for row in some)
                told = await together(*asked)
                meant |= {row.id: one.did_you_mean for row, one in zip(some, told, strict=True) if one}
        return [replace(row, did_you_mean=meant[row.id]) if row.id in meant else row for row in rows]

    async def list(self, id: str) -> ValidationList:
        """One list, and how far it is; raises Refused where there is none."""
        found = await self._desk.provider.validation_list(id)
        if found is None:
            title = self._desk.provider.title
            raise Refused(
                f"{title} has no list {id} to validate.", hint="Look which ones there are.", field="list"
            )
        return found

    def lists(self, period: Period = ALL_TIME) -> AsyncIterator[Page[ValidationList]]:
        """The lists made in a period, page by page, so that a view can fill while they come."""
        return self._desk.provider.validation_lists(period)

    async def newest(self) -> Sequence[ValidationList]:
        """Every list, newest first. The provider may leave out their counts."""
        found = [it async for page in self.lists() for it in page.rows]
        return sorted(found, key=lambda it: it.created.timestamp() if it.created else 0.0, reverse=True)

    async def counted(self, lists: Sequence[ValidationList]) -> Sequence[ValidationList]:
        """Those of the lists that have results and no counts, asked for one by one; without those that cannot
        be asked for now."""
        found = []
        wanted = [it for it in lists if it.processed and not it.counts]
        for start in range(0, len(wanted), _AT_ONCE):
            with suppress(TurbodeskError):  # a list is whole without
                found += await together(*(self.list(it.id) for it in wanted[start : start + _AT_ONCE]))
        return found

    async def delete(self, id: str) -> None:
        """Takes a list away with its results, for good."""
        await self._desk.provider.delete_validation_list(id)

    def export(self, id: str) -> AsyncIterator[bytes]:
        """The provider's own CSV of a list, the bytes as they come."""
        return self._desk.provider.validation_csv(id)


def addresses_of(file: RecipientFile, column: str = "") -> ToValidate:
    """The addresses of one column, the likeliest where none is named. Blocks for a long file.

    Raises InvalidDraft where there is no such column, or no address in it.
    """
    column = column or guessed(file).address
    if column not in file.columns:
        told = ", ".join(file.columns)
        raise InvalidDraft({"column": f"{file.name} has no column {column!r}; it has {told}."}, _NOTHING)
    at = file.columns.index(column)
    emails: dict[str, str] = {}
    skipped: dict[str, None] = {}
    repeated = 0
    for cell in (row[at].strip() for row in file.rows if at < len(row)):
        if not cell:
            continue
        try:
            address = Address.parse(cell)
        except AddressError:
            skipped[cell] = None
            continue
        repeated += address.key in emails
        emails.setdefault(address.key, address.email)
    if not emails:
        raise InvalidDraft({"file": f"{file.name} holds no address in the column {column}."}, _NOTHING)
    return ToValidate(file.name, column, tuple(emails.values()), tuple(skipped), repeated)


async def results_csv(rows: Sequence[Validated], skipped: Sequence[str] = ()) -> AsyncGenerator[bytes, None]:
    """Results as a CSV of ours, some rows at a time; at the end what was not asked, and says so."""
    yield csv_lines([_COLUMNS])
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield csv_lines(map(_cells, rows[start : start + ROWS_AT_ONCE]))
    blank = ("",) * (len(_COLUMNS) - 3)
    for start in range(0, len(skipped), ROWS_AT_ONCE):
        some = skipped[start : start + ROWS_AT_ONCE]
        yield csv_lines((cell, NOT_ASKED, "no address", *blank) for cell in some)


def _cells(row: Validated) -> tuple[str, ...]:
    age = "" if row.domain_age_days is None else str(row.domain_age_days)
    return (
        *(row.email, row.words or row.status.value, row.sub_status, row.did_you_mean, _said(row.free_email)),
        *(row.domain, age, row.smtp_provider, _said(row.mx_found), row.mx_record),
    )


def _said(found: bool | None) -> str:
    return "" if found is None else "yes" if found else "no"


def _waits() -> Iterator[float]:
    """Seconds between looks at a list, without end."""
    yield from _POLL_S
    while True:
        yield _POLL_S[-1]
