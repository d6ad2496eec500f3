"""Runs of the program that end in the middle: each sends, or only starts, and is killed at a named place.

One run for each line of stdin, `[config_dir, port, place, deed, naive]` as JSON, answered by its exit code.
The deeds are send, queue-then-send-again, start.
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
from types import SimpleNamespace
from typing import Any

from tests.reliability.wire import PlainProvider
from turbodesk.model.message import Address, Attachment, Message
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


def desk(provider: PlainProvider) -> Any:
    """As much of a desk as sending needs."""
    return SimpleNamespace(profile=SimpleNamespace(name="shop", provider="plain"), provider=provider)


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


async def work(directory: Path, port: int, place: str, deed: str) -> None:
    ledger = Ledger.open(directory)
    provider = PlainProvider(port, lambda reached: die() if f"at {reached}" == place else None)
    outbox = Outbox(ledger, desk(provider))
    if deed == "send":
        await outbox.send(MESSAGE)
    elif deed == "queue-then-send-again":
        entry = await ledger.queue(MESSAGE, profile="shop", provider="plain")
        await outbox.send_again(entry.id)
    ledger.close()


def run(directory: str, port: int, place: str, deed: str, naive: bool) -> None:
    if naive:
        make_naive()
    put_kill(place)
    asyncio.run(work(Path(directory), port, place, deed))


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
