"""Runs of the program that end in the middle: each sends, or only starts, and is killed at a named place.

One run for each line of stdin, `[config_dir, port, place, deed, naive, wire]` as JSON, answered by its exit
code. The deeds are send, queue-then-send-again, start; the wires are `plain` and those of real_wires.py.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.reliability.real_wires import opened, watch
from tests.reliability.wire import Here, PlainProvider
from turbodesk.model.account import Profile
from turbodesk.model.message import Address, Attachment, Message
from turbodesk.providers.port import Provider
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.store import records
from turbodesk.store.attachments import Attachments
from turbodesk.store.ledger import Ledger

MESSAGE = Message(
    sender=Address("me@example.com"),
    to=(Address("ann@example.com"),),
    subject="Hi",
    text="Hello " * 100,
    attachments=(Attachment.of_bytes("guide.bin", bytes(5000)),),
)

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
}
"""Where a kill can be put before or after, without the program knowing of it."""


def desk(wire: str, port: int, here: Here = lambda place: None) -> Desk:
    """A desk that sends to a port of this computer; with a real wire `watch` tells the places."""
    provider: Provider = PlainProvider(port, here) if wire == "plain" else opened(wire, port)
    return Desk(Profile("shop", wire), provider)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def put_kill(place: str) -> None:
    """`before X` or `after X`: the process ends there, at the first time that it comes by."""
    when, _, name = place.partition(" ")
    if name not in SEAMS:
        return
    owner, attribute = SEAMS[name]
    setattr(owner, attribute, _deadly(getattr(owner, attribute), when))


def _deadly(whole: Callable[..., Any], when: str) -> Callable[..., Any]:
    @functools.wraps(whole)
    def plain(*args: Any, **named: Any) -> Any:
        if when == "before":
            die()
        whole(*args, **named)
        return die()

    @functools.wraps(whole)
    async def coroutine(*args: Any, **named: Any) -> Any:
        if when == "before":
            die()
        await whole(*args, **named)
        return die()

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
    ledger.close()


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
