"""`suppressions`: addresses that get no mail any more, listed, added, taken off."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from turbodesk.cli.base import FAILED, OK, PARTLY, Setting, as_json, show
from turbodesk.cli.records import Range, confirm, export_to, ranged, tell_incomplete
from turbodesk.errors import FileTrouble, InvalidDraft
from turbodesk.model.reports import ReportType, Restriction, Suppressing

if TYPE_CHECKING:
    from turbodesk.cli.base import Command
    from turbodesk.services.desk import Desk
    from turbodesk.workplace import Workplace

RESTRICTED = ("sender", "recipient", "reason", "subject")


@click.group("suppressions")
def suppression_words() -> None:
    """Addresses that get no mail any more, and why."""


def chosen(command: Command) -> Command:
    """Adds the options that choose suppressions."""
    for option in (
        click.option(
            "--type",
            "types",
            multiple=True,
            type=click.Choice([str(kind) for kind in ReportType]),
            help="Only these; none: all.",
        ),
        click.option("--where", multiple=True, metavar="FIELD=TEXT", help=f"FIELD: {', '.join(RESTRICTED)}."),
        click.option("--where-not", multiple=True, metavar="FIELD=TEXT", help="The opposite."),
    ):
        command = option(command)
    return ranged(command)


def _which(
    types: tuple[str, ...], where: tuple[str, ...], where_not: tuple[str, ...], text: str, **given: Any
) -> Suppressing:
    restrictions = [_restriction(it, include=True) for it in where]
    restrictions += [_restriction(it, include=False) for it in where_not]
    return Suppressing(
        Range(**given).period(), frozenset(map(ReportType, types)), text.strip(), tuple(restrictions)
    )


def _restriction(text: str, *, include: bool) -> Restriction:
    field, sign, value = text.partition("=")
    if not sign or field not in RESTRICTED or not value:
        raise click.UsageError(
            f"{text!r} is no restriction: write FIELD=TEXT, FIELD {', '.join(RESTRICTED)}."
        )
    return Restriction(field, value, include)


@suppression_words.command("list")
@chosen
@as_json
@click.pass_obj
def list_suppressions(setting: Setting, /, as_json: bool, **given: Any) -> int:
    """Every suppressed address of a period, newest first."""
    from turbodesk.cli.documents import report_document, table
    from turbodesk.services.suppressions import SuppressionsService

    which = _which(**given)

    async def work(place: Workplace, desk: Desk) -> None:
        found = await SuppressionsService(desk).fetch(which)
        rows = [(row.at, row.type, row.email, row.sender, row.words) for row in found.rows]
        show(
            as_json,
            {
                "suppressions": [report_document(row) for row in found.rows],
                "total": found.total,
                "complete": found.complete,
            },
            table(("When", "Type", "Address", "From", "Provider's words"), rows),
        )
        tell_incomplete(found.complete)

    return setting.at_desk(work)


@suppression_words.command("export")
@chosen
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; none: stdout.")
@as_json
@click.pass_obj
def export_suppressions(setting: Setting, /, as_json: bool, output: Path | None, **given: Any) -> int:
    """The provider's own CSV of them, as it comes."""
    from turbodesk.services.suppressions import SuppressionsService

    which = _which(**given)
    return export_to(setting, as_json, output, lambda desk: SuppressionsService(desk).export(which))


@suppression_words.command("import")
@click.argument("emails", nargs=-1)
@click.option("--file", type=click.Path(path_type=Path), help="A UTF-8 file, one address per line.")
@click.option("--reason", default="", help="Why; kept by the provider where it has a field for it.")
@click.option(
    "--type",
    "type_name",
    type=click.Choice([str(kind) for kind in ReportType]),
    help="Which list, where there is a choice; none: manual.",
)
@as_json
@click.pass_obj
def import_suppressions(
    setting: Setting,
    emails: tuple[str, ...],
    file: Path | None,
    reason: str,
    type_name: str | None,
    as_json: bool,
) -> int:
    """Puts addresses on the list: they get no mail any more."""
    from turbodesk.cli.documents import table
    from turbodesk.services.suppressions import SuppressionsService

    async def work(place: Workplace, desk: Desk) -> int:
        wanted = [*emails, *await _lines(file)]
        kind = ReportType(type_name) if type_name else None
        done = await SuppressionsService(desk).add(wanted, reason=reason, type=kind)
        rows = [(email, "suppressed") for email in done.valid or ()]
        rows += [(email, "no address") for email in done.invalid]
        text = table(("Address", "Outcome"), rows) if rows else "Done; the provider does not say more."
        valid = None if done.valid is None else list(done.valid)
        show(as_json, {"valid": valid, "invalid": list(done.invalid)}, text)
        if not done.invalid:
            return OK
        return FAILED if done.valid == () else PARTLY

    return setting.at_desk(work)


@suppression_words.command("delete")
@click.argument("emails", nargs=-1)
@click.option("--file", type=click.Path(path_type=Path), help="A UTF-8 file, one address per line.")
@click.option("--matching", is_flag=True, help="Instead of addresses: all that the other options choose.")
@chosen
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def delete_suppressions(
    setting: Setting,
    /,
    emails: tuple[str, ...],
    file: Path | None,
    matching: bool,
    yes: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Takes addresses off every list, so that mail flows to them again. This cannot be undone."""
    from turbodesk.services.suppressions import SuppressionsService

    if matching == bool(emails or file):
        raise click.UsageError("Name addresses, or give --matching with the options that choose.")
    if matching and not any(given.values()):
        raise click.UsageError("--matching alone means every one: say --all-time, or choose fewer.")
    which = _which(**given)
    if not matching and any(value for value in given.values()):
        raise click.UsageError("Options that choose go with --matching only.")
    if not yes:
        confirm(as_json, "Take everything that matches off the list?" if matching else "Take these off?")

    async def work(place: Workplace, desk: Desk) -> None:
        service = SuppressionsService(desk)
        if matching:
            await service.take_off_where(which)
            show(as_json, {"deleted": "matching"}, "Taken off the list.")
            return
        number = await service.take_off([*emails, *await _lines(file)])
        show(as_json, {"deleted": number}, f"Named: {number}. None of them is on a list any more.")

    return setting.at_desk(work)


async def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    import asyncio

    from turbodesk.files import read_text

    try:
        return (await asyncio.to_thread(read_text, file)).splitlines()
    except FileTrouble as error:
        raise InvalidDraft({"file": error.says}, "Nothing was changed") from error
