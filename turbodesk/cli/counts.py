"""`stats counts`: what was sent and what became of it, day by day and in all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from turbodesk.cli.base import Setting, as_json, show
from turbodesk.cli.documents import Document, table
from turbodesk.cli.records import Range, period_options, tell_incomplete

if TYPE_CHECKING:
    from turbodesk.model.counts import Counts
    from turbodesk.services.desk import Desk
    from turbodesk.workplace import Workplace

_NAMES = ("sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "dropped")


@click.command("counts")
@period_options
@click.option("--sub-account", default="", metavar="ID", help="Only what this sub-account sent.")
@click.option("--campaign", "group", default="", help="Only what was sent under this campaign.")
@as_json
@click.pass_obj
def count_days(setting: Setting, /, sub_account: str, group: str, as_json: bool, **given: Any) -> int:
    """The days with mail, newest first, and their sum.

    A provider that counts by itself does so in days of UTC; a campaign of one sub-account it may count as a
    whole only, on the last day. Elsewhere the messages are read and counted, in days of this computer.
    """
    from turbodesk.services.stats import StatsQuery, StatsService

    query = StatsQuery(Range(**given).period(), sub_account=sub_account.strip(), group=group.strip())

    async def work(place: Workplace, desk: Desk) -> None:
        tally, complete = await StatsService(desk).counted(query)
        days = [(day, counts) for day, counts in reversed(tally.days.items()) if any(_numbers(counts))]
        document = {
            "days": [{"day": day.isoformat(), **_document(counts)} for day, counts in days],
            "total": _document(tally.sums),
            "complete": complete,
        }
        rows = [(day.isoformat(), *_numbers(counts)) for day, counts in days]
        total = ("In all", *_numbers(tally.sums))
        show(as_json, document, table(("Day", *map(str.title, _NAMES)), [*rows, total]))
        tell_incomplete(complete)

    return setting.at_desk(work)


def _numbers(counts: Counts) -> list[int]:
    return [counts.of(name) for name in _NAMES]


def _document(counts: Counts) -> Document:
    return dict(zip(_NAMES, _numbers(counts), strict=True))
