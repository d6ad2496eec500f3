"""`reports` and `stats`: lists of a period, counted, exported, deleted."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from turbodesk.cli.base import (
    Command,
    Setting,
    as_json,
    say,
    show,
)
from turbodesk.model.reports import ALL_TIME, Period, ReportType

DEFAULT_SINCE = "30d"

if TYPE_CHECKING:
    from turbodesk.services.desk import Desk
    from turbodesk.services.reports import ReportQuery
    from turbodesk.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Range:
    """The options that name a period."""

    since: str | None
    start: datetime | None
    end: datetime | None
    all_time: bool

    def period(self) -> Period:
        """The period they name; raises click.UsageError where they contradict each other."""
        today = date.today()  # noqa: DTZ011 (a person's own today is meant)
        ways = [bool(self.since), bool(self.start or self.end), self.all_time]
        if sum(ways) > 1:
            raise click.UsageError("Give one of --since, --from with --to, or --all-time.")
        if self.all_time:
            return ALL_TIME
        try:
            if self.start or self.end:
                if not self.start:
                    raise click.UsageError("--to needs --from.")
                return Period(self.start.date(), self.end.date() if self.end else today)
            return Period.since(self.since or DEFAULT_SINCE, today)
        except ValueError as error:
            raise click.UsageError(str(error)) from None


def ranged(command: Command) -> Command:
    """Adds the options of a period and of a text filter."""
    text = click.option("--filter", "text", default="", help="Only those that hold this text.")
    return period_options(text(command))


def period_options(command: Command) -> Command:
    """Adds the options of a period."""
    for option in (
        click.option("--since", help=f"A length of time up to today: 7d, 2w, 3m (default {DEFAULT_SINCE})."),
        click.option("--from", "start", type=click.DateTime(["%Y-%m-%d"]), help="First day."),
        click.option("--to", "end", type=click.DateTime(["%Y-%m-%d"]), help="Last day, included."),
        click.option("--all-time", is_flag=True, help="As far back as the provider remembers."),
    ):
        command = option(command)
    return command


report_type = click.option(
    "--type",
    "type_name",
    type=click.Choice([str(kind) for kind in ReportType]),
    default=str(ReportType.BOUNCE),
    help="Which list (default: bounce).",
)


@click.group("reports")
def report_words() -> None:
    """Bounces, complaints, unsubscribes, and addresses put on a list by hand or by a check."""


def _query(type_name: str, **given: Any) -> ReportQuery:
    from turbodesk.services.reports import ReportQuery

    text = given.pop("text").strip()
    return ReportQuery(ReportType(type_name), Range(**given).period(), text)


@report_words.command("list")
@report_type
@ranged
@as_json
@click.pass_obj
def list_reports(setting: Setting, /, as_json: bool, **given: Any) -> int:
    """Every entry of a list in a period, newest first."""
    from turbodesk.cli.documents import report_document, table
    from turbodesk.services.reports import ReportsService

    query = _query(**given)

    async def work(place: Workplace, desk: Desk) -> None:
        found = await ReportsService(desk).fetch(query)
        documents = [report_document(row) for row in found.rows]
        rows = [
            (row.id, row.at, row.email, it["cause"], row.words)
            for row, it in zip(found.rows, documents, strict=True)
        ]
        show(
            as_json,
            {"reports": documents, "total": found.total, "complete": found.complete},
            table(("Id", "When", "Address", "Cause", "Provider's words"), rows),
        )
        tell_incomplete(found.complete)

    return setting.at_desk(work)


@report_words.command("count")
@report_type
@ranged
@as_json
@click.pass_obj
def count_reports(setting: Setting, /, as_json: bool, **given: Any) -> int:
    """How many entries a list has in a period."""
    from turbodesk.services.reports import ReportsService

    query = _query(**given)

    async def work(place: Workplace, desk: Desk) -> None:
        number = await ReportsService(desk).count(query)
        show(as_json, {"count": number}, str(number))

    return setting.at_desk(work)


@report_words.command("export")
@report_type
@ranged
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; none: stdout.")
@as_json
@click.pass_obj
def export_reports(setting: Setting, /, as_json: bool, output: Path | None, **given: Any) -> int:
    """A list as CSV: the provider's own where it makes one, else ours."""
    from turbodesk.services.reports import ReportsService

    query = _query(**given)
    return export_to(setting, as_json, output, lambda desk: ReportsService(desk).export(query))


@report_words.command("delete")
@report_type
@click.option("--ids", default="", help="Ids of entries, separated by commas.")
@click.option("--all", "everything", is_flag=True, help="Every complaint (only with --type spam).")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def delete_reports(
    setting: Setting, type_name: str, ids: str, everything: bool, yes: bool, as_json: bool
) -> int:
    """Takes entries off a list, so that mail flows to them again. This cannot be undone.

    Where entries go by their address, it is taken off every list.
    """
    from turbodesk.services.reports import ReportsService

    wanted = [id.strip() for id in ids.split(",") if id.strip()]
    if bool(wanted) == everything:
        raise click.UsageError("Give --ids, or --all for the complaints.")
    if everything and type_name != ReportType.SPAM:
        raise click.UsageError("--all goes with --type spam only; name the --ids of other lists.")
    if not yes:
        confirm(as_json, _sure(wanted))

    async def work(place: Workplace, desk: Desk) -> None:
        service = ReportsService(desk)
        if everything:
            await service.delete_all_spam()
        else:
            await service.delete(ReportType(type_name), wanted)
        done = "Taken off every list." if _by_address(wanted) else "Deleted."
        show(as_json, {"deleted": "all" if everything else wanted}, done)

    return setting.at_desk(work)


def _sure(ids: list[str]) -> str:
    if not ids:
        return "Delete every complaint?"
    return f"Take {len(ids)} addresses off every list?" if _by_address(ids) else f"Delete {len(ids)} entries?"


def _by_address(ids: list[str]) -> bool:
    """Whether entries are known by their address alone: then no list of them can be meant."""
    return any("@" in id for id in ids)


def confirm(as_json: bool, question: str, *, why: str = "This cannot be undone") -> None:
    """Asks whether it is meant; raises click.UsageError, which says `why`, where nobody is there to be
    asked."""
    if as_json or sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError(f"{why}; say --yes.")
    click.confirm(question, abort=True, err=True)


@click.group("stats")
def stats_words() -> None:
    """Messages sent, and where each of them stands."""


@stats_words.command("list")
@ranged
@as_json
@click.pass_obj
def list_stats(setting: Setting, /, as_json: bool, **given: Any) -> int:
    """Every message of a period, one line per recipient, newest first."""
    from turbodesk.cli.documents import stat_document, table
    from turbodesk.services.stats import StatsQuery, StatsService, with_text

    text, period = given.pop("text"), Range(**given).period()

    async def work(place: Workplace, desk: Desk) -> None:
        found = await StatsService(desk).fetch(StatsQuery(period))
        kept = with_text(found.rows, text)
        rows = [(row.id, row.at, row.raw_status, row.recipient, row.subject, row.error) for row in kept]
        show(
            as_json,
            {
                "stats": [stat_document(row) for row in kept],
                "total": found.total,
                "complete": found.complete,
            },
            table(("Id", "When", "Status", "Recipient", "Subject", "Error"), rows),
        )
        tell_incomplete(found.complete)

    return setting.at_desk(work)


@stats_words.command("count")
@ranged
@as_json
@click.pass_obj
def count_stats(setting: Setting, /, as_json: bool, **given: Any) -> int:
    """How many messages there are in a period."""
    from turbodesk.services.stats import StatsQuery, StatsService, with_text

    text, period = given.pop("text"), Range(**given).period()

    async def work(place: Workplace, desk: Desk) -> None:
        service = StatsService(desk)
        if text.strip():
            number = len(with_text((await service.fetch(StatsQuery(period))).rows, text))
        else:
            number = await service.count(StatsQuery(period))
        show(as_json, {"count": number}, str(number))

    return setting.at_desk(work)


@stats_words.command("export")
@ranged
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; none: stdout.")
@as_json
@click.pass_obj
def export_stats(setting: Setting, /, as_json: bool, output: Path | None, **given: Any) -> int:
    """A period as CSV: the provider's own where it makes one, else and with --filter ours."""
    from turbodesk.services.stats import StatsQuery, StatsService

    text, period = given.pop("text"), Range(**given).period()

    def csv(desk: Desk) -> AsyncIterator[bytes]:
        service = StatsService(desk)
        query = StatsQuery(period)
        return service.export_with_text(query, text) if text.strip() else service.export(query)

    return export_to(setting, as_json, output, csv)


def export_to(
    setting: Setting, as_json: bool, output: Path | None, csv: Callable[[Desk], AsyncIterator[bytes]]
) -> int:
    """Writes a CSV to a file, or to stdout where none is named."""
    from turbodesk.files import write_stream

    if as_json and not output:
        raise click.UsageError("--json needs --output: the CSV itself would go to stdout.")

    async def work(place: Workplace, desk: Desk) -> None:
        if output:
            size = await write_stream(output, csv(desk))
            show(as_json, {"output": str(output), "size": size}, f"{size} bytes written to {output}.")
            return
        async for piece in csv(desk):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()

    return setting.at_desk(work)


def tell_incomplete(complete: bool) -> None:
    """Says so where a list was not read whole."""
    if not complete:
        say("The list changed while it was read, or is shorter than the provider counted; read again.")
