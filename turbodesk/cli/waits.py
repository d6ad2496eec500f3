"""What a send on the command line waits for: a yes, the end of its undo time, its hour."""

from __future__ import annotations

import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

import click

from turbodesk.cli.base import say
from turbodesk.errors import ConfirmFirst, InvalidDraft

T = TypeVar("T")

FARTHEST_YEARS = 100  # ahead; beyond it an hour is a slip of the hand


async def with_a_yes(act: Callable[[int], Awaitable[T]], confirmed: int) -> T:
    """What `act` gives, handed the number of recipients that a person said yes to.

    Asks at a terminal where a locked profile wants that; raises ConfirmFirst where there is none, or the
    answer is another number.
    """
    try:
        return await act(confirmed)
    except ConfirmFirst as first:
        if confirmed or not _asks(first):
            hint = f"{first.hint} On the command line: --confirm {first.recipients}."
            raise ConfirmFirst(
                first.says, recipients=first.recipients, typed=first.typed, hint=hint
            ) from first
        return await act(first.recipients)


def _asks(first: ConfirmFirst) -> bool:
    """Whether a person at the terminal said yes; click.Abort where they said no."""
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    say(first.says)
    with _signals_interrupt():
        if not first.typed:
            return click.confirm(f"Send it to {first.recipients:,}?", abort=True, err=True)
        typed: str = click.prompt(f"Type {first.recipients} to send it", err=True)
    return typed.strip().replace(",", "") == str(first.recipients)


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Ctrl+C and SIGTERM end a question at once; the loop would only hear of them behind it."""
    names = (signal.SIGINT, signal.SIGTERM)
    before = {name: signal.signal(name, signal.default_int_handler) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


async def count_down(seconds: float) -> None:
    """Waits, and tells how long; raises CancelledError where a person takes it back meanwhile."""
    import asyncio

    loop = asyncio.get_running_loop()
    over = loop.time() + seconds
    drawn = sys.stderr.isatty()
    if not drawn:
        say(f"It leaves in {seconds:g} s; Ctrl+C takes it back.")
    try:
        while (left := over - loop.time()) > 0:
            if drawn:
                click.echo(f"\rIt leaves in {left:2.0f} s; Ctrl+C takes it back.", nl=False, err=True)
            await asyncio.sleep(min(left, 1.0 if drawn else left))
    finally:
        if drawn:
            click.echo(err=True)


def hour(text: str) -> datetime:
    """A time as it was typed, `2026-12-01 09:00` in this computer's zone or ISO 8601 with one, as an aware
    one; raises click.UsageError where it is none, or over."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        at = None
    if at is None or len(text.strip()) <= len("2026-12-01"):
        raise click.UsageError(f"--at {text!r} is no time: write it as 2026-12-01 09:00.")
    try:
        at = _here(at)
    except (OverflowError, ValueError):
        raise click.UsageError(f"--at {text!r} is no time that this computer knows.") from None
    except InvalidDraft as error:
        raise click.UsageError(f"--at {text!r}: {error.problems['when']}") from None
    if at <= datetime.now(at.tzinfo):
        raise click.UsageError(f"--at {text!r} is over: it is {datetime.now(at.tzinfo):%Y-%m-%d %H:%M} now.")
    return at


def _here(at: datetime) -> datetime:
    """The moment, aware; raises InvalidDraft where the clocks leave it out here."""
    from turbodesk.services import later

    farthest = datetime.now(UTC).year + FARTHEST_YEARS
    if at.year > farthest:
        raise ValueError("too far away")
    return at.astimezone() if at.tzinfo is not None else later.local(at.date(), at.time())


def a_number(_context: click.Context, option: click.Parameter, value: float) -> float:
    """A number as it was typed; raises click.BadParameter for `nan`, which no range keeps out."""
    if value != value:
        raise click.BadParameter("it is no number.", param=option)
    return value
