"""`outbox batches`, `pause` and `resume`: many sends together, how far they are, and their progress."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from turbodesk.cli.base import CANCELLED, FAILED, OK, PARTLY, UNKNOWN, Json, Setting, as_json, say, show

if TYPE_CHECKING:
    from asyncio import Task

    from turbodesk.services.batches import BatchRuns, Progress
    from turbodesk.store.entry import Batch
    from turbodesk.workplace import Workplace

MANY = 1000  # rows, from which on writing them down is told
DRAWN_S = 0.25  # between two drawings of the progress
TROUBLED = ("unknown", "refused", "partly")  # states of rows that somebody looks at
STEP = 10  # per cent between two lines of progress where nothing can be drawn


@click.command("batches")
@click.option("--all-profiles", is_flag=True, help="Not only those of the chosen profile.")
@as_json
@click.pass_obj
def list_batches(setting: Setting, all_profiles: bool, as_json: bool) -> int:
    """The batches, newest first, and how far each is."""
    from turbodesk.cli.documents import batch_document, table
    from turbodesk.cli.named import BATCH_SHOWN

    async def work(place: Workplace) -> None:
        profile = None if all_profiles else setting.profile or place.settings.last_profile
        found = await (await place.batches()).all(profile)
        rows = [
            (
                *(it.id[:BATCH_SHOWN], it.created, it.name, it.state),
                *(through(it), it.reason),
            )
            for it in found
        ]
        show(
            as_json,
            {"batches": [batch_document(batch) for batch in found]},
            table(("Batch", "When", "File", "State", "Through", "Reason"), rows),
        )

    return setting.go(work)


@click.command("pause")
@click.argument("batch")
@as_json
@click.pass_obj
def pause_batch(setting: Setting, batch: str, as_json: bool) -> int:
    """Lets no further row of a batch leave, whichever program sends it."""
    from turbodesk.cli.documents import batch_document
    from turbodesk.cli.named import batch_named

    async def work(place: Workplace) -> None:
        found = await (await place.batches()).pause((await batch_named(place, batch)).id)
        show(as_json, batch_document(found), batch_sentence(found))

    return setting.go(work)


@click.command("resume")
@click.argument("batch")
@as_json
@click.pass_obj
def resume_batch(setting: Setting, batch: str, as_json: bool) -> int:
    """Sends what still waits of a batch. Ctrl+C pauses it.

    Ends 0 where all were accepted, 5 where some were not, 6 where the outcome of some is unknown.
    """
    from turbodesk.cli.named import batch_named

    async def work(place: Workplace) -> int:
        return await run_batch(place, (await batch_named(place, batch)).id, as_json)

    return setting.go(work)


def through(batch: Batch) -> str:
    """`300 of 300, 4 unknown`: how many rows have an outcome, and what is to be looked at."""
    told = [f"{count:,} {state}" for state, count in batch.counts.items() if state in TROUBLED and count]
    return ", ".join([f"{batch.finished:,} of {batch.total:,}", *told])


def batch_sentence(batch: Batch) -> str:
    """How a batch stands, in words."""
    from turbodesk.cli.documents import printable

    counts = ", ".join(f"{count:,} {state}" for state, count in batch.counts.items())
    told = f"{str(batch.state).capitalize()}: {batch.name}, {counts or 'no rows'}. {batch.reason}"
    return printable(" ".join(told.split()))


async def run_batch(place: Workplace, id: str, as_json: bool, more: Json | None = None) -> int:
    """Sends a batch from here, its progress on stderr; prints how it stands then, and `more` with it as JSON.
    Its exit code."""
    import asyncio

    from turbodesk.cli.documents import batch_document
    from turbodesk.cli.named import BATCH_SHOWN

    batches = await place.batches()
    running = asyncio.create_task(batches.run(id))
    drawing = asyncio.create_task(_draw(batches, id, running))
    cut = False
    try:
        batch = await asyncio.shield(running)
    except asyncio.CancelledError:
        cut = True
        say("\nPausing: what is just leaving comes to its end.")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        batch = await batches.batch(id)
    finally:
        drawing.cancel()
        await asyncio.gather(drawing, return_exceptions=True)
    show(as_json, {**batch_document(batch), **(more or {})}, batch_sentence(batch))
    if batch.waiting and not batch.is_over:
        name = id[:BATCH_SHOWN]
        say(f"`outbox resume {name}` sends the rest, `outbox cancel {name}` lets it never leave.")
    return CANCELLED if cut else batch_code(batch)


def batch_code(batch: Batch) -> int:
    """The exit code of a batch that stands so."""
    from turbodesk.model.outcome import SendState

    if batch.counts.get(SendState.UNKNOWN):
        return UNKNOWN
    if batch.counts.get(SendState.ACCEPTED, 0) == batch.total:
        return OK
    return PARTLY if batch.finished else FAILED


async def _draw(batches: BatchRuns, id: str, running: Task[Batch]) -> None:
    """Tells how far a batch is until it has ended: one line drawn anew on a terminal, else one at a time."""
    import asyncio

    tell = drawn() if sys.stderr.isatty() else _steps()
    waits_for = ""
    while not running.done():
        await asyncio.wait((running,), timeout=DRAWN_S)
        progress = batches.progress(await batches.batch(id))
        if progress.waits_for and progress.waits_for != waits_for:
            say(f"\n{progress.waits_for} It goes on in {span(progress.waits_s)}.".lstrip("\n"))
        waits_for = progress.waits_for
        tell(progress.batch.finished, progress.batch.total, _far(progress))
    if sys.stderr.isatty():
        click.echo(err=True)


def written_down(total: int) -> Callable[[int], None]:
    """What tells how many rows are written down; nothing where they are few."""
    if total < MANY:
        return lambda count: None
    tell = drawn() if sys.stderr.isatty() else _steps()

    def filled(count: int) -> None:
        tell(count, total, f"{count:,} of {total:,} written down; nothing leaves before all are.")
        if count == total and sys.stderr.isatty():
            click.echo(err=True)

    return filled


def drawn() -> Callable[[int, int, str], None]:
    """What writes each text over the one before."""
    width = 0

    def tell(_finished: int, _total: int, text: str) -> None:
        nonlocal width
        click.echo(f"\r{text.ljust(width)}", nl=False, err=True)
        width = len(text)

    return tell


def _steps() -> Callable[[int, int, str], None]:
    """What writes a line for every so many per cent."""
    before = 0

    def tell(finished: int, total: int, text: str) -> None:
        nonlocal before
        step = finished * 100 // max(total, 1) // STEP
        if step > before:
            before = step
            say(text)

    return tell


def _far(progress: Progress) -> str:
    """How far a batch is, in one line."""
    from turbodesk.model.outcome import SendState

    batch = progress.batch
    parts = [
        f"{batch.finished * 100 // max(batch.total, 1)} %",
        f"{batch.finished:,} of {batch.total:,}",
    ]
    for state in (SendState.REFUSED, SendState.UNKNOWN):
        if count := batch.counts.get(state):
            parts.append(f"{count:,} {state}")
    if batch.waiting and progress.waits_s > 0:
        parts.append(f"next try in {span(progress.waits_s)}")
    elif batch.waiting and progress.per_second:
        parts.append(f"{progress.per_second:.3g} a second")
    if batch.waiting and progress.left_s is not None:
        parts.append(f"{span(progress.left_s)} left")
    return ", ".join(parts)


def span(seconds: float) -> str:
    """A length of time, in words."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
