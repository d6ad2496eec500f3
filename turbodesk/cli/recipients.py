"""`send --csv`: one message for each row of a file, checked before anything is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from turbodesk.cli.base import CANCELLED, Json, say, say_why, show
from turbodesk.cli.dry_run import row_to_show, spell
from turbodesk.cli.waits import count_down, with_a_yes
from turbodesk.errors import ConfirmFirst, Guarded, StoreTrouble, TurbodeskError
from turbodesk.model.outcome import SendState

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from turbodesk.services.batches import BatchRuns
    from turbodesk.services.columns import Mapping
    from turbodesk.services.compose import ComposeService, Draft
    from turbodesk.services.desk import Desk
    from turbodesk.services.guards import Quota
    from turbodesk.services.merge import Checked, Finding, Merge
    from turbodesk.services.recipient_file import RecipientFile
    from turbodesk.store.entry import Batch
    from turbodesk.workplace import Workplace

NAMED = 8  # rows that a line of findings tells with their notes


def check_words(given: dict[str, Any]) -> None:
    """Raises click.UsageError where options do not go together with --csv, or only with it."""
    if given["csv"] is None:
        alone = {"--map": given["maps"], "--concurrency": given["concurrency"], "--stop-at": given["stop_at"]}
        alone |= {"--per-second": given["per_second"]}
        alone |= {"--row": given["row"]}
        if wrong := [option for option, value in alone.items() if value]:
            raise click.UsageError(f"{wrong[0]} goes together with --csv alone.")
    elif given["to"]:
        raise click.UsageError("--to and --csv do not go together: who gets it stands in the file.")
    elif given["at"]:
        raise click.UsageError("--at and --csv do not go together.")


async def merged(place: Workplace, draft: Draft, given: dict[str, Any]) -> Merge:
    """The draft over the file, how that was read told on stderr; raises FileTrouble and click.UsageError."""
    import asyncio

    from turbodesk.cli.documents import printable
    from turbodesk.services.columns import ColumnMemory
    from turbodesk.services.merge import Merge
    from turbodesk.services.recipient_file import open_recipients

    file = await open_recipients(given["csv"])
    memory = ColumnMemory(place.config_dir)
    mapping = _mapped(file, await asyncio.to_thread(memory.mapping_for, file), given["maps"])
    if given["maps"] and file.has_header and not given["dry_run"]:
        await asyncio.to_thread(memory.remember, file.columns, mapping)
    merge = await asyncio.to_thread(Merge, draft, file, mapping)
    named = f", names in {mapping.name}" if mapping.name else ""
    rows = f"{file.name}: {_rows(len(merge))}, {file.words}; addresses in {mapping.address}{named}."
    say(printable(rows))
    return merge


def _mapped(file: RecipientFile, mapping: Mapping, maps: list[tuple[str, str]]) -> Mapping:
    """The mapping with what was named by hand."""
    from dataclasses import replace

    for what, column in maps:
        if column not in file.columns:
            told = ", ".join(file.columns)
            raise click.UsageError(f"--map {what}={column}: {file.name} has no such column; it has {told}.")
        if what == "address":
            mapping = replace(mapping, address=column)
        elif what == "name":
            mapping = replace(mapping, name=column)
        else:
            mapping = replace(mapping, variables={**mapping.variables, what: column})
    return mapping


async def send_rows(
    place: Workplace, desk: Desk, compose: ComposeService, draft: Draft, given: dict[str, Any], as_json: bool
) -> int:
    """Checks, writes all rows down, and sends them; its exit code. Raises where something stops it, and then
    nothing was written down."""
    import asyncio
    from dataclasses import replace

    from turbodesk.cli.batches import run_batch, written_down
    from turbodesk.services import guards, row_send
    from turbodesk.services.batches import AT_ONCE, BatchPlan

    merge = await merged(place, draft, given)
    checked = await check(desk, merge)
    quota = await _quota(desk, len(checked.going))
    first = await compose.message(merge.message_for(checked.going[0]))
    if given["dry_run"]:
        try:
            guards.check(
                replace(desk.profile, daily_cap=0),  # what has left today only the outbox knows
                (),
                sent_today=0,
                confirmed=given["confirmed"],
                together=len(checked.going),
            )
        except ConfirmFirst as ask_first:
            say(f"It would ask first: {ask_first.says}")
        row = row_to_show(checked, given["row"])
        message = compose.another(first, merge.message_for(row))
        found = [finding_document(it) for it in checked.findings]
        return await spell(desk, message, given["way"], as_json, {"row": row, "findings": found})
    outbox, batches = await place.outbox(desk), await place.batches()
    plan = BatchPlan(
        merge.file.name,
        len(checked.going),
        way=given["way"],
        concurrency=given["concurrency"] or AT_ONCE,
        stop_at_percent=given["stop_at"],
        per_second=given["per_second"],
    )

    tell = written_down(plan.total)

    def start(yes: int) -> Coroutine[Any, Any, Batch]:
        rows = row_send.messages(merge, checked, compose, first)
        return batches.start(outbox, plan, rows, confirmed=yes, filled=tell)

    batch = await with_a_yes(start, given["confirmed"])
    more: Json = {
        "findings": [finding_document(it) for it in checked.findings],
        "quota": quota and {"wanted": quota.wanted, "left": quota.left},
        "skipped": len(merge) - len(checked.going),
    }
    if given["undo"]:
        try:
            await count_down(given["undo"])
        except asyncio.CancelledError:
            return await _take_back(batches, batch.id, as_json, more)
    return await run_batch(place, batch.id, as_json, more)


async def _take_back(batches: BatchRuns, id: str, as_json: bool, more: Json) -> int:
    """Nothing more of it leaves; where another program sends it already, what has left is told."""
    from turbodesk.cli.batches import batch_sentence
    from turbodesk.cli.documents import batch_document

    try:
        batch = await batches.cancel(id)
    except StoreTrouble as error:
        say_why(error)
        batch = await batches.batch(id)
    cancelled = batch.counts.get(SendState.CANCELLED, 0) == batch.total
    text = "Cancelled. Nothing was sent." if cancelled else batch_sentence(batch)
    show(as_json, {**batch_document(batch), **more}, text)
    return CANCELLED


async def check(desk: Desk, merge: Merge) -> Checked:
    """Looks through all rows and tells what was found; raises InvalidDraft where something stops it."""
    import asyncio
    from threading import Event

    from turbodesk.services import guards

    suppressed, barred = await _suppressed(desk), guards.barred(desk.profile)
    stopped = Event()
    try:
        checked = await asyncio.to_thread(merge.check, suppressed, stopped.is_set, barred)
    finally:
        stopped.set()
    checked.refuse()
    for finding in checked.findings:
        say(finding_line(finding))
    say(f"{len(checked.going):,} of {_rows(len(merge))} {'goes' if len(checked.going) == 1 else 'go'}.")
    return checked


async def _suppressed(desk: Desk) -> frozenset[str]:
    """The addresses that the provider takes no letters for; where it cannot be asked, that is told."""
    from turbodesk.services import row_send

    try:
        return await row_send.suppressed(desk)
    except TurbodeskError as error:
        say("Suppressed addresses are not looked for:")
        say_why(error)
        return frozenset()


async def _quota(desk: Desk, wanted: int) -> Quota | None:
    """What the batch takes of what is left, told on stderr; None where nobody says. Raises Guarded where it
    is more than that."""
    from turbodesk.services import row_send

    try:
        quota = await row_send.quota(desk, wanted)
    except Guarded:
        raise
    except TurbodeskError as error:
        say("How many are left cannot be told:")
        say_why(error)
        return None
    if quota is not None:
        say(quota.says)
    return quota


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def finding_line(finding: Finding) -> str:
    """A finding with its first rows, in one line."""
    from turbodesk.cli.documents import printable

    if not finding.rows or finding.kind == "empty":  # these name their rows themselves
        return printable(finding.says)
    notes = finding.notes or ("",) * len(finding.rows)
    told = [
        f"row {row:,}" + (f" ({note.rstrip('.')})" if note else "")
        for row, note in zip(finding.rows[:NAMED], notes[:NAMED], strict=True)
    ]
    more = len(finding.rows) - NAMED
    rest = f" and {more:,} more" if more > 0 else ""
    return printable(f"{finding.says.rstrip('.')}: {', '.join(told)}{rest}.")


def finding_document(finding: Finding) -> Json:
    """A finding with all its rows."""
    return {
        "kind": str(finding.kind),
        "effect": str(finding.effect),
        "says": finding.says,
        "rows": list(finding.rows),
        "notes": list(finding.notes),
    }
