"""Sends and batches by what was typed of their name, and the outbox of the profile they were written for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from turbodesk.errors import TurbodeskError

if TYPE_CHECKING:
    from turbodesk.services.outbox import Outbox
    from turbodesk.store.entry import Batch, Entry
    from turbodesk.workplace import Workplace

ID_SHOWN, BATCH_SHOWN = 14, 8  # characters of an id that a list shows: they name it


async def entry_named(place: Workplace, text: str) -> Entry:
    """The send whose id or key begins with `text`; raises TurbodeskError where that is none, or several."""
    ledger = await place.ledger()
    return await ledger.entry(_only(text, "send", (await ledger.named(text)).sends))


async def batch_named(place: Workplace, text: str) -> Batch:
    """The batch whose id begins with `text`; raises TurbodeskError where that is none, or several."""
    ledger = await place.ledger()
    return await ledger.batches.batch(_only(text, "batch", (await ledger.named(text)).batches))


async def either_named(place: Workplace, text: str) -> Entry | Batch:
    """The one send or the one batch that `text` names; raises TurbodeskError where it is not one."""
    ledger = await place.ledger()
    found = await ledger.named(text)
    id = _only(text, "send or batch", (*found.sends, *found.batches))
    return await (ledger.entry(id) if found.sends else ledger.batches.batch(id))


def _only(text: str, what: str, ids: Sequence[str]) -> str:
    if len(ids) == 1:
        return ids[0]
    if not ids:
        says = f"There is no {what} {text!r} in the outbox."
        where = "`outbox batches`" if what == "batch" else "`outbox list`"
        raise TurbodeskError(says, hint=f"{where} shows those there are.", field="id")
    raise TurbodeskError(
        f"{text!r} is the beginning of several: {', '.join(ids)}.",
        hint="Write more of it.",
        field="id",
    )


@asynccontextmanager
async def outbox_of(place: Workplace, profile: str) -> AsyncIterator[Outbox]:
    """The outbox of a profile, its desk open meanwhile."""
    desk = await place.desk(profile)
    try:
        yield await place.outbox(desk)
    finally:
        await desk.aclose()
