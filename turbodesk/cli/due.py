"""`outbox run`: sends what is due, where there is no window to do it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from turbodesk.cli.base import CANCELLED, OK, PARTLY, UNKNOWN, Setting, as_json, say, show

if TYPE_CHECKING:
    from asyncio import Task

    from turbodesk.services.sending import Sending
    from turbodesk.store.entry import Entry
    from turbodesk.store.ledger import Ledger
    from turbodesk.workplace import Workplace

LOOK_S = 0.2  # how often it is looked what has left
GOES = "What is due is sent from here. Ctrl+C ends it."
OTHER = "Another Turbodesk sends over this folder; this one takes its place once that one has ended."


@click.command("run")
@click.option("--until-empty", is_flag=True, help="End once nothing waits for its time any more.")
@as_json
@click.pass_obj
def run_outbox(setting: Setting, until_empty: bool, as_json: bool) -> int:
    """Sends what is due, as the window does: scheduled sends, undo time that is over, next tries.

    For computers without a window. Goes on until it is told to stop (Ctrl+C, SIGTERM).
    """
    import asyncio

    async def work(place: Workplace) -> int:
        sending, watch = await place.sending(0.0), _Watch(await place.ledger())
        await watch.look()
        running = asyncio.create_task(sending.run())
        say(GOES)
        told_to_stop = False
        try:
            await _follow(sending, watch, running, until_empty)
        except asyncio.CancelledError:
            told_to_stop = True
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await watch.look()
        show(as_json, {"counts": dict(watch.counts)}, watch.sentence)
        if told_to_stop:
            return CANCELLED if until_empty else OK  # without an end of its own, this is its ordinary one
        return watch.code

    return setting.go(work)


async def _follow(sending: Sending, watch: _Watch, running: Task[None], until_empty: bool) -> None:
    """Tells what leaves, until nothing waits or sending has ended; raises what ended it."""
    import asyncio

    waits = False
    while not running.done():
        await asyncio.wait((running,), timeout=LOOK_S)
        if not (sending.owns or waits or running.done()):
            waits = True
            say(OTHER)
        await watch.look()
        if until_empty and not watch.leaving and await sending.is_idle():
            return
    running.result()


class _Watch:
    """Tells the outcome of everything that waited for a time."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: set[str] = set()
        self.leaving: set[str] = set()
        self.counts: Counter[str] = Counter()

    async def look(self) -> None:
        from turbodesk.services.sending import END_OF_TIME

        due = {entry.id for entry in await self._ledger.due(END_OF_TIME)}
        self.leaving = (self.leaving | self._waiting) - due
        self._waiting = due
        for id in sorted(self.leaving):
            entry = await self._ledger.entry(id)
            if entry.state != "sending":
                self.leaving.discard(id)
                self.counts[str(entry.state)] += 1
                say(_line(entry))

    @property
    def sentence(self) -> str:
        told = ", ".join(f"{count:,} {state}" for state, count in self.counts.items())
        return f"{told}." if told else "Nothing was due."

    @property
    def code(self) -> int:
        """All accepted, or taken back: done; some unknown comes before some refused."""
        if self.counts["unknown"]:
            return UNKNOWN
        return PARTLY if any(self.counts[it] for it in ("partly", "refused", "queued")) else OK


def _line(entry: Entry) -> str:
    from turbodesk.cli.documents import printable

    to = ", ".join(it.address.email for it in entry.outcomes)
    return printable(" ".join(f"{entry.state}: “{entry.subject}” to {to}. {entry.reason}".split()))
