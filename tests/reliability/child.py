"""Runs of the program that end in the middle: each sends, or only starts, and is killed at a named place.

One run for each line of stdin, `[config_dir, port, place, deed, naive, wire]` as JSON, answered by its exit
code. The deeds are send, queue-then-send-again, start, and those of DEEDS; the wires are `plain` and those of
real_wires.py.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.reliability.real_wires import opened, watch
from tests.reliability.wire import Here, PlainProvider
from turbodesk.model.account import Profile
from turbodesk.model.message import Address, Attachment, Message
from turbodesk.model.outcome import Hold, SendState
from turbodesk.providers.port import Provider
from turbodesk.services.batches import BatchPlan, BatchRuns
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.services.sending import Sending
from turbodesk.store import copies, records, waiting
from turbodesk.store.attachments import Attachments
from turbodesk.store.batches import Batches
from turbodesk.store.database import Database
from turbodesk.store.ledger import Ledger

MESSAGE = Message(
    sender=Address("me@example.com"),
    to=(Address("ann@example.com"),),
    subject="Hi",
    text="Hello " * 100,
    attachments=(Attachment.of_bytes("guide.bin", bytes(5000)),),
)

DRAFT = {"subject": "Hi", "html": "<p>Hello</p>"}
ROWS = 200


def row_message(row: int) -> Message:
    """The message of one row of the batch."""
    return Message(Address("me@example.com"), (Address(f"row{row}@example.com"),), f"Row {row}", "Hello")


SEAMS: dict[str, tuple[Any, str]] = {
    "copy": (Attachments, "keep"),
    "insert": (records.INSERT, "run"),
    "begin": (Ledger, "begin"),
    "queue": (Ledger, "queue"),
    "claim statement": (records, "claim"),
    "claim": (Ledger, "claim"),
    "mark statement": (records.MARK, "run"),
    "mark": (Ledger, "mark_wire"),
    "finish statement": (records.FINISH, "run"),
    "settle": (Ledger, "settle"),
    "recover one": (records, "recover_one"),
    "recover": (records, "recover"),
    "tidy": (Attachments, "clear"),
    "queue row": (Ledger, "queue_row"),
    "take batch": (Batches, "take"),
    "claim rows statement": (records, "claim_rows"),
    "claim rows": (Ledger, "claim_rows"),
    "end batch": (Batches, "end"),
    "put off": (waiting, "put_off"),
    "look": (waiting, "note_look"),
    "look noted": (Ledger, "note_look"),
    "take again statement": (waiting, "take_again"),
    "take again": (Ledger, "take_again"),
    "opened": (copies, "opened"),
    "migrate": (Database, "_run"),
    "backup": (Database, "_copy"),
}
"""Where a kill can be put before or after, without the program knowing of it."""


def desk(wire: str, port: int, here: Here = lambda place: None) -> Desk:
    """A desk that sends to a port of this computer; with a real wire `watch` tells the places."""
    provider: Provider = PlainProvider(port, here) if wire == "plain" else opened(wire, port)
    return Desk(Profile("shop", wire), provider)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def put_kill(place: str) -> None:
    """`before X` or `after X`: the process ends there, at the first time that it comes by, with `#N` at the
    Nth; `in N ms`: wherever it is then."""
    when, _, name = place.partition(" ")
    if when == "in":
        threading.Timer(int(name.split()[0]) / 1000, die).start()
        return
    name, _, nth = name.partition("#")
    if name not in SEAMS:
        return
    owner, attribute = SEAMS[name]
    setattr(owner, attribute, _deadly(getattr(owner, attribute), when, int(nth or 1)))


def _deadly(whole: Callable[..., Any], when: str, nth: int) -> Callable[..., Any]:
    left = iter(range(nth - 1, -1, -1))

    @functools.wraps(whole)
    def plain(*args: Any, **named: Any) -> Any:
        last = next(left, 1) == 0
        if last and when == "before":
            die()
        found = whole(*args, **named)
        if last:
            die()
        return found

    @functools.wraps(whole)
    async def coroutine(*args: Any, **named: Any) -> Any:
        last = next(left, 1) == 0
        if last and when == "before":
            die()
        found = await whole(*args, **named)
        if last:
            die()
        return found

    return coroutine if inspect.iscoroutinefunction(whole) else plain


def make_naive() -> None:
    """The mistake that the proof must notice: what was sending is queued again, mark or no mark."""
    honest = records.recover_one
    records.recover_one = lambda connection, number, left, now: honest(connection, number, False, now)


async def work(directory: Path, port: int, place: str, deed: str, wire: str) -> None:
    def here(reached: str) -> None:
        if f"at {reached}" == place:
            die()

    watch(here)
    ledger = Ledger.open(directory)
    outbox = Outbox(ledger, desk(wire, port, here))
    if deed == "send":
        await outbox.send(MESSAGE)
    elif deed == "queue-then-send-again":
        entry = await ledger.queue(MESSAGE, profile="shop", provider=wire)
        await outbox.send_again(entry.id)
    elif deed in DEEDS:
        await DEEDS[deed](Stage(directory, ledger, outbox))
    ledger.close()


@dataclass(frozen=True)
class Stage:
    """What the longer deeds work with."""

    directory: Path
    ledger: Ledger
    outbox: Outbox

    async def outbox_of(self, _name: str, _slots: int = 0) -> Outbox:
        return self.outbox

    def batches(self) -> BatchRuns:
        return BatchRuns(self.ledger, self.outbox_of)

    async def wait_out(self) -> None:
        """Lets whatever is due go, until nothing waits for a time any more."""
        sending = Sending(self.ledger, self.outbox_of, self.directory, undo_s=0.02)
        task = asyncio.create_task(sending.run())
        for _ in range(2000):
            if task.done() or not (waiting := await self.ledger.due(datetime(9000, 1, 1, tzinfo=UTC))):
                break
            sending.nudge()
            await asyncio.sleep(0.01)
        else:
            raise AssertionError(f"it never went: {waiting}, sends: {sending.owns}")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def undo(stage: Stage) -> None:
    """A letter waits out its undo time and goes by itself."""
    soon = datetime.now(UTC) + timedelta(seconds=0.02)
    await stage.outbox.queue(MESSAGE, hold=Hold.UNDO, not_before=soon, draft=DRAFT)
    await stage.wait_out()


async def go_on(stage: Stage) -> None:
    """Whatever an earlier run left waiting for its time goes, and batches go on."""
    await stage.wait_out()
    for batch in await stage.ledger.batches.all():
        if not batch.is_over and batch.waiting + batch.finished == batch.total:
            await stage.batches().run(batch.id)


async def batch(stage: Stage) -> None:
    """A batch is written down and goes out."""
    runs = stage.batches()
    rows = [(row, row_message(row)) for row in range(1, ROWS + 1)]
    plan = BatchPlan("list.csv", ROWS, concurrency=8)
    await runs.run((await runs.start(stage.outbox, plan, rows)).id)


async def settle(stage: Stage) -> None:
    """What is unknown is looked up; what surely is not there a person sends again."""
    for entry in await stage.ledger.entries(batch=None, limit=10_000):
        if entry.state is SendState.UNKNOWN and (await stage.outbox.look_up(entry.id)).may_go_again:
            await stage.outbox.resend(entry.id)


DEEDS: dict[str, Callable[[Stage], Awaitable[None]]] = {
    "undo": undo,
    "go on": go_on,
    "batch": batch,
    "settle": settle,
}


def run(directory: str, port: int, place: str, deed: str, naive: bool, wire: str) -> None:
    if naive:
        make_naive()
    put_kill(place)
    asyncio.run(work(Path(directory), port, place, deed, wire))


def main() -> None:
    """Each run is a process of its own, forked from this one, which has imported everything already."""
    for line in sys.stdin:
        process = os.fork()
        if not process:
            try:
                run(*json.loads(line))
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
