"""From a file of recipients to a batch: what the account says of it, and a message for each row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from turbodesk.errors import Guarded
from turbodesk.model.reports import Suppressing
from turbodesk.providers.port import Capability
from turbodesk.services import guards
from turbodesk.services.suppressions import SuppressionsService

if TYPE_CHECKING:
    from turbodesk.model.message import Message
    from turbodesk.services.compose import ComposeService
    from turbodesk.services.desk import Desk
    from turbodesk.services.guards import Quota
    from turbodesk.services.merge import Checked, Merge


async def suppressed(desk: Desk) -> frozenset[str]:
    """The addresses that the account's provider takes no letters for, none where it keeps no list. Raises our
    errors where it cannot be asked."""
    if not desk.has(Capability.SUPPRESSIONS):
        return frozenset()
    found = await SuppressionsService(desk).fetch(Suppressing())
    return frozenset(row.email for row in found.rows)


async def quota(desk: Desk, wanted: int) -> Quota | None:
    """What so many letters take of what is left; None where nobody says. Raises our errors where the provider
    cannot be asked, and Guarded where it is more than that."""
    if not desk.has(Capability.PLANS):
        return None
    found = guards.quota(await desk.provider.plans(), wanted)
    if found.too_much:
        raise Guarded(found.says, hint="Nothing was sent. Take fewer rows, or another plan.")
    return found


def messages(
    merge: Merge, checked: Checked, compose: ComposeService, first: Message
) -> Iterator[tuple[int, Message]]:
    """The rows to go with their messages, each made when it is asked for: it blocks. `first` is the message
    of any of them; its files are taken over."""
    for row, draft in merge.drafts(checked.going):
        yield row, compose.another(first, draft)
