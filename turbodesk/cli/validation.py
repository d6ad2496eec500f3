"""`validate`: one address, or those of a file, looked at by the provider before they are written to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from turbodesk.cli.base import Json, Setting, as_json, say, show
from turbodesk.cli.records import confirm, tell_incomplete

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from turbodesk.model.validation import Validated, ValidationCredits, ValidationList
    from turbodesk.services.desk import Desk
    from turbodesk.services.validation import Progress, Results, ToValidate, ValidationService
    from turbodesk.workplace import Workplace

_TOLD_PERCENT = 10  # how much more must be done for another line where nobody sees a line redrawn


@click.command("validate")
@click.argument("address", required=False)
@click.option(
    "--file", type=click.Path(path_type=Path), help="A CSV or text file: all addresses of a column."
)
@click.option("--column", default="", help="Which column of the file; none: the one that holds addresses.")
@click.option("--list", "list_id", metavar="ID", help="Waits for a list that was started before; at no cost.")
@click.option("--start", is_flag=True, help="With --list: begins to validate it, for a credit each.")
@click.option("--delete", is_flag=True, help="With --list: takes it away, for good.")
@click.option("--lists", is_flag=True, help="The lists there are, and how far each is.")
@click.option("--credits", is_flag=True, help="What is left to validate with.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="A CSV file for the results of a list."
)
@click.option(
    "--provider-csv",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --list: the provider's own CSV into this file, as it comes.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def validate(
    setting: Setting,
    address: str | None,
    file: Path | None,
    column: str,
    list_id: str | None,
    start: bool,
    delete: bool,
    lists: bool,
    credits: bool,
    out: Path | None,
    provider_csv: Path | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Whether mail to an ADDRESS would arrive, as the provider finds out. Each address costs a credit.

    The addresses of a file are validated as a list at the provider. Ctrl+C leaves it there, and --list brings
    its results later.
    """
    from turbodesk.services.validation import ValidationService

    if sum(map(bool, (address, file, list_id, lists, credits))) != 1:
        raise click.UsageError("Give an ADDRESS, or one of --file, --list, --lists and --credits.")
    if out and not (file or list_id):
        raise click.UsageError("--out goes together with --file or --list.")
    if not list_id and (start or delete or provider_csv):
        raise click.UsageError("--start, --delete and --provider-csv go together with --list.")
    if sum(map(bool, (start or out, delete, provider_csv))) > 1:
        raise click.UsageError("--delete and --provider-csv stand alone beside --list.")
    if column and not file:
        raise click.UsageError("--column goes together with --file.")
    if delete and not yes:
        confirm(as_json, f"Take the list {list_id} away with its results?")

    def work(service: ValidationService) -> Awaitable[None]:
        if address:
            return _one(service, address, as_json)
        if file:
            return _file(service, file, column, out, as_json)
        if list_id and delete:
            return _delete(service, list_id, as_json)
        if list_id and provider_csv:
            return _export(service, list_id, provider_csv, as_json)
        if list_id:
            return _list(service, list_id, start, out, as_json)
        return _lists(service, as_json) if lists else _credits(service, as_json)

    async def inside(place: Workplace, desk: Desk) -> None:
        await work(ValidationService(desk))

    return setting.at_desk(inside)


async def _one(service: ValidationService, address: str, as_json: bool) -> None:
    from turbodesk.cli.documents import printable

    found = await service.one(address)
    facts = [
        ("Address", found.email),
        ("Status", found.words),
        ("Reason", found.sub_status),
        ("Did you mean", found.did_you_mean),
        ("Domain", found.domain),
        ("Mail provider", found.smtp_provider),
        ("MX record", found.mx_record),
        *found.person,
    ]
    text = "\n".join(printable(f"{name}: {value}") for name, value in facts if value)
    show(as_json, {"result": validated_document(found)}, text)


async def _file(service: ValidationService, path: Path, column: str, out: Path | None, as_json: bool) -> None:
    import asyncio

    from turbodesk.cli.documents import printable
    from turbodesk.services.recipient_file import open_recipients
    from turbodesk.services.validation import addresses_of

    file = await open_recipients(path)
    what = await asyncio.to_thread(addresses_of, file, column)
    say(printable(f"{what.name}: {_words(what)}, in the column {what.column}."))
    found = await _followed(lambda told: service.all_of(what, told))
    await _tell(found, what.skipped, out, as_json, {"skipped": list(what.skipped), "repeated": what.repeated})


def _words(what: ToValidate) -> str:
    """How many there are to validate, and what is left out."""
    parts = [f"{len(what.emails):,} addresses to validate"]
    if what.repeated:
        parts.append(f"{what.repeated:,} repeated")
    if what.skipped:
        parts.append(f"{len(what.skipped):,} that are no address and are not asked")
    return ", ".join(parts)


async def _list(
    service: ValidationService, list_id: str, start: bool, out: Path | None, as_json: bool
) -> None:
    found = await service.list(list_id)
    if start:
        await service.start(list_id)
    elif not found.done and not found.processed:
        say("Nothing of this list is validated yet. If it was never started: Ctrl+C, then --start.")
    await _tell(await _followed(lambda told: service.resume(list_id, told)), (), out, as_json, {})


async def _tell(
    found: Results, skipped: tuple[str, ...], out: Path | None, as_json: bool, more: Json
) -> None:
    from turbodesk.cli.documents import table
    from turbodesk.errors import FileTrouble
    from turbodesk.files import write_stream
    from turbodesk.services.validation import NOT_ASKED, results_csv

    counts = {str(status): number for status, number in found.counts.items()}
    document = {"list": list_document(found.list), "counts": counts, "complete": found.complete, **more}
    summary = ", ".join(f"{status} {number:,}" for status, number in counts.items())
    tell_incomplete(found.complete)
    if out:
        try:
            await write_stream(out, results_csv(found.rows, skipped))
        except FileTrouble:
            _say_where(found.list.id)
            raise
        show(as_json, {**document, "output": str(out)}, f"{summary}. Written to {out}.")
        return
    rows = [(row.email, row.words, row.sub_status, row.did_you_mean) for row in found.rows]
    rows += [(cell, NOT_ASKED, "no address", "") for cell in skipped]
    text = f"{table(('Address', 'Status', 'Reason', 'Did you mean'), rows)}\n\n{summary}"
    show(as_json, {**document, "results": list(map(validated_document, found.rows))}, text)


async def _delete(service: ValidationService, list_id: str, as_json: bool) -> None:
    await service.delete(list_id)
    show(as_json, {"deleted": list_id}, "Taken away.")


async def _export(service: ValidationService, list_id: str, path: Path, as_json: bool) -> None:
    from turbodesk.files import write_stream

    size = await write_stream(path, service.export(list_id))
    show(as_json, {"output": str(path), "size": size}, f"{size} bytes written to {path}.")


async def _lists(service: ValidationService, as_json: bool) -> None:
    from turbodesk.cli.documents import table

    found = [row async for page in service.lists() for row in page.rows]
    rows = [(it.id, it.created, it.name, it.processed, it.total, it.done) for it in found]
    text = table(("Id", "Made", "Name", "Validated", "Of", "Done"), rows)
    show(as_json, {"lists": list(map(list_document, found))}, text)


async def _credits(service: ValidationService, as_json: bool) -> None:
    from turbodesk.cli.documents import table

    left = await service.credits()
    rows = [
        ("Free", left.free_left, left.free, left.period_end),
        ("Paid", "–" if left.paid is None else f"{left.currency} {left.paid}".strip(), None, None),
    ]
    text = table(("Credits", "Left", "Of", "Until"), rows)
    show(as_json, {"credits": credits_document(left)}, text)


async def _followed(work: Callable[[Callable[[Progress], None]], Awaitable[Results]]) -> Results:
    """What `work` gives, its progress told on stderr; where it stops early, what is left of it is said."""
    from turbodesk.errors import Refused

    teller = _Teller()
    try:
        return await work(teller)
    except BaseException as error:
        if teller.list_id and not isinstance(error, Refused):
            _say_where(teller.list_id)
        raise
    finally:
        teller.end()


def _say_where(list_id: str) -> None:
    say(f"The list is at the provider: `validate --list {list_id}` brings its results.")


class _Teller:
    """Tells on stderr how far a list is: a line redrawn where somebody looks, else a line now and then."""

    def __init__(self) -> None:
        self.list_id = ""
        self._drawn = sys.stderr.isatty()
        self._told: tuple[str, int] = ("", 0)

    def __call__(self, now: Progress) -> None:
        self.list_id = now.list_id or self.list_id
        percent = now.done * 100 // now.total if now.total else 100
        phase, before = self._told
        if self._drawn:
            click.echo(f"\r{now.phase.value.capitalize()}: {percent:3} %", nl=False, err=True)
        elif phase != now.phase or percent - before >= _TOLD_PERCENT or (percent == 100 and before != 100):
            say(f"{now.phase.value.capitalize()}: {percent} %")
        else:
            return
        self._told = (now.phase, percent)

    def end(self) -> None:
        """Leaves the line that was redrawn."""
        if self._drawn and self._told[0]:
            click.echo(err=True)


def validated_document(found: Validated) -> Json:
    from turbodesk.cli.documents import when

    return {
        "address": found.email,
        "status": str(found.status),
        "words": found.words,
        "sub_status": found.sub_status,
        "did_you_mean": found.did_you_mean,
        "free_email": found.free_email,
        "domain": found.domain,
        "domain_age_days": found.domain_age_days,
        "smtp_provider": found.smtp_provider,
        "mx_found": found.mx_found,
        "mx_record": found.mx_record,
        "person": dict(found.person),
        "at": when(found.at),
        "id": found.id,
    }


def list_document(found: ValidationList) -> Json:
    from turbodesk.cli.documents import when

    return {
        "id": found.id,
        "name": found.name,
        "created": when(found.created),
        "total": found.total,
        "processed": found.processed,
        "percent": found.percent,
        "done": found.done,
        "counts": {str(status): number for status, number in found.counts},
    }


def credits_document(left: ValidationCredits) -> Json:
    from turbodesk.cli.documents import when

    return {
        "free": left.free,
        "free_used": left.free_used,
        "free_left": left.free_left,
        "paid": None if left.paid is None else str(left.paid),
        "currency": left.currency,
        "period_start": when(left.period_start),
        "period_end": when(left.period_end),
        "last_used": when(left.last_used),
    }
