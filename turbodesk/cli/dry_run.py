"""`send --dry-run`: the exact request that a send would make. Nothing leaves, and nothing is written down."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from turbodesk.cli.base import OK, Json, say, show
from turbodesk.errors import Guarded

if TYPE_CHECKING:
    from turbodesk.model.message import Message
    from turbodesk.model.request import Spelled
    from turbodesk.services.desk import Desk
    from turbodesk.services.merge import Checked


async def spell(desk: Desk, message: Message, way: str, as_json: bool, more: Json | None = None) -> int:
    """Prints the request of this message, its secrets left out; raises where the wire or a guard stands
    against it. What the daily cap would say is not asked: it counts what has really left."""
    from turbodesk.services import guards
    from turbodesk.services.copy_as import as_curl, as_text
    from turbodesk.store.ledger import new_key

    recipients = tuple(address for _, address in message.recipients)
    profile = replace(desk.profile, daily_cap=0)
    try:
        guards.check(profile, recipients, sent_today=0, confirmed=len(recipients))
    except Guarded as guarded:
        say(f"It would not go: {guarded.says}")
        raise
    spelled = await desk.sender(way).spelled(replace(message, key=message.key or new_key()))
    document = {**_document(spelled), "curl": as_curl(spelled)}
    show(as_json, {"request": document, "sent": False, **(more or {})}, as_text(spelled))
    say("Nothing was sent, and nothing was written down.")
    return OK


def row_to_show(checked: Checked, wanted: int | None) -> int:
    """The row whose request is shown: the wanted one, else the first that goes. Raises click.UsageError."""
    if wanted is None:
        return checked.going[0]
    if wanted not in checked.going:
        raise click.UsageError(f"--row {wanted}: that row does not go; see what was found.")
    return wanted


def _document(spelled: Spelled) -> dict[str, Any]:
    return {
        "method": spelled.method,
        "url": spelled.url,
        "headers": [list(pair) for pair in spelled.headers],
        "commands": list(spelled.commands),
        "sender": spelled.sender,
        "recipients": list(spelled.recipients),
        "body": spelled.body.decode("utf-8", "replace"),
    }
