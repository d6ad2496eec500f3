"""What every command stands on: options before the word, exit codes, how a failure is told."""

from __future__ import annotations

import json
import signal
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from turbodesk.errors import (
    NoConnection,
    NotSignedIn,
    OutcomeUnknown,
    SecretsLocked,
    SignInRefused,
    TurbodeskError,
)

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task

    from turbodesk.services.desk import Desk
    from turbodesk.workplace import Workplace

OK, FAILED, USAGE, SIGN_IN, NETWORK, PARTLY, UNKNOWN, CANCELLED = 0, 1, 2, 3, 4, 5, 6, 130

Json = dict[str, Any]
Command = TypeVar("Command", bound=Callable[..., Any])


def exit_code(error: TurbodeskError) -> int:
    """The exit code that belongs to a failure."""
    if isinstance(error, SignInRefused | NotSignedIn | SecretsLocked):
        return SIGN_IN
    if isinstance(error, NoConnection):
        return NETWORK
    return UNKNOWN if isinstance(error, OutcomeUnknown) else FAILED


def places(error: BaseException) -> str:
    """Where in the program a fault of ours happened; what it says may quote a secret and is left out."""
    lines = [type(error).__qualname__]
    for place in traceback.extract_tb(error.__traceback__):
        lines.append(f"  {Path(place.filename).name}:{place.lineno} in {place.name}")
    return "\n".join(lines)


def say(text: str) -> None:
    """A message for the person at the terminal, never part of the answer."""
    click.echo(text, err=True)


def say_why(error: TurbodeskError) -> None:
    """Tells a failure that does not end the command."""
    say("\n".join(filter(None, (error.says, error.hint))))


@contextmanager
def _sigterm_cancels(loop: AbstractEventLoop, task: Task[int] | None) -> Iterator[None]:
    """SIGTERM cancels the task, so that it is written down how far it came, as Ctrl+C does by itself."""
    before = signal.getsignal(signal.SIGTERM)
    if task is None or before in (signal.SIG_IGN, None):
        yield
        return
    signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(task.cancel))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@dataclass(slots=True)
class Setting:
    """What stands before the word."""

    config_dir: Path
    profile: str | None

    def go(self, work: Callable[[Workplace], Awaitable[int | None]]) -> int:
        """Opens the workplace, does the work, closes it; the exit code comes back."""
        import asyncio

        from turbodesk.workplace import Workplace

        async def inside() -> int:
            with _sigterm_cancels(asyncio.get_running_loop(), asyncio.current_task()):
                async with Workplace(self.config_dir) as place:
                    if place.settings.note:
                        say(place.settings.note)
                    return await work(place) or OK

        with asyncio.Runner() as runner:
            return runner.run(inside())

    def at_desk(self, work: Callable[[Workplace, Desk], Awaitable[int | None]]) -> int:
        """The same with the desk of the chosen profile open."""

        async def inside(place: Workplace) -> int | None:
            name = self.profile or place.settings.last_profile
            desk = await place.desk(name)
            if name != place.settings.last_profile:
                place.change(lambda settings: replace(settings, last_profile=name))
            try:
                return await work(place, desk)
            finally:
                await desk.aclose()

        return self.go(inside)


def default_config_dir() -> Path:
    """Where this user's settings belong when nobody names another place."""
    from platformdirs import user_config_path

    return user_config_path("turbodesk", appauthor=False)


as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")


def show(as_json: bool, document: Json, text: str) -> None:
    """The answer, as a document for programs or as text for people."""
    click.echo(json.dumps(document, ensure_ascii=False) if as_json else text)
