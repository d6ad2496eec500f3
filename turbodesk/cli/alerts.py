"""`alerts`: who is told when so much of the limit is used up; listed, added, edited, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from turbodesk.cli.base import Setting, as_json, say, show
from turbodesk.cli.records import confirm

if TYPE_CHECKING:
    from turbodesk.services.desk import Desk
    from turbodesk.workplace import Workplace

PERCENTAGE = click.IntRange(0, 100)


@click.group("alerts")
def alert_words() -> None:
    """Who is told by mail when so much of the account's limit is used up."""


@alert_words.command("list")
@as_json
@click.pass_obj
def list_alerts(setting: Setting, /, as_json: bool) -> int:
    """Every usage alert, in the provider's order."""
    from turbodesk.cli.documents import alert_document, table
    from turbodesk.services.alerts import AlertsService

    async def work(place: Workplace, desk: Desk) -> None:
        found = await AlertsService(desk).show()
        show(
            as_json,
            {"alerts": [alert_document(it) for it in found]},
            table(("Id", "Address", "At %"), [(it.id, it.email, it.percentage) for it in found]),
        )

    return setting.at_desk(work)


@alert_words.command("add")
@click.argument("email")
@click.option("--at", "percentage", type=PERCENTAGE, required=True, help="Per cent of the limit, 0 to 100.")
@as_json
@click.pass_obj
def add_alert(setting: Setting, email: str, percentage: int, as_json: bool) -> int:
    """Tells EMAIL once so much of the limit is used."""
    from turbodesk.cli.documents import alert_document
    from turbodesk.services.alerts import AlertsService

    async def work(place: Workplace, desk: Desk) -> None:
        made = await AlertsService(desk).add(email, percentage)
        if not made.id:
            say("The provider does not show it in its list yet.")
        show(as_json, {"added": alert_document(made)}, f"{made.email} is told at {made.percentage} %.")

    return setting.at_desk(work)


@alert_words.command("edit")
@click.argument("id")
@click.option("--email", help="Who is told; left out: as before.")
@click.option("--at", "percentage", type=PERCENTAGE, help="Per cent of the limit; left out: as before.")
@as_json
@click.pass_obj
def edit_alert(setting: Setting, id: str, email: str | None, percentage: int | None, as_json: bool) -> int:
    """Changes one alert by its id."""
    from turbodesk.cli.documents import alert_document
    from turbodesk.services.alerts import AlertsService

    if email is None and percentage is None:
        raise click.UsageError("Say what to change: --email, --at or both.")

    async def work(place: Workplace, desk: Desk) -> None:
        change = await AlertsService(desk).edit(id, email=email, percentage=percentage)
        before, after = change.before, change.after
        text = (
            f"{after.email} is told at {after.percentage} %; it was {before.email} at {before.percentage} %."
        )
        show(as_json, {"before": alert_document(before), "after": alert_document(after)}, text)

    return setting.at_desk(work)


@alert_words.command("remove")
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def remove_alert(setting: Setting, id: str, yes: bool, as_json: bool) -> int:
    """Takes one alert away by its id: nobody is told by it any more."""
    from turbodesk.cli.documents import alert_document
    from turbodesk.services.alerts import AlertsService

    if not yes:
        confirm(as_json, "Remove this alert?", why="Nobody is told by it then")

    async def work(place: Workplace, desk: Desk) -> None:
        gone = await AlertsService(desk).remove(id)
        text = f"{gone.email} is not told at {gone.percentage} % any more."
        show(as_json, {"removed": alert_document(gone)}, text)

    return setting.at_desk(work)
