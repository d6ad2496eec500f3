"""`events serve` as it is, or broken in one way that the burst must find out.

`python -m tests.reliability.event_receiver DIR PORT [BUILD]`
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from turbodesk import cli
from turbodesk.model.event import WebhookEvent
from turbodesk.store.events import Events

_honest = Events.keep


def answers_first() -> None:
    """The yes goes out while the events still wait in memory for a larger commit."""
    waiting: list[WebhookEvent] = []
    tasks: list[asyncio.Task[None]] = []

    async def write(self: Events) -> None:
        while True:
            await asyncio.sleep(0.5)
            if waiting:
                taken, waiting[:] = list(waiting), []
                await _honest(self, taken)

    async def keep(self: Events, events: Sequence[WebhookEvent]) -> int:
        if not tasks:
            tasks.append(asyncio.create_task(write(self)))
        waiting.extend(events)
        return len(events)

    Events.keep = keep  # type: ignore[method-assign]


def keeps_duplicates() -> None:
    """Each post is another event."""

    async def keep(self: Events, events: Sequence[WebhookEvent]) -> int:
        return await _honest(self, [replace(event, identity=uuid4().hex) for event in events])

    Events.keep = keep  # type: ignore[method-assign]


BUILDS = {build.__name__: build for build in (answers_first, keeps_duplicates)}


def main() -> None:
    directory, port, *build = sys.argv[1:]
    for name in build:
        BUILDS[name]()
    cli.main(["--config-dir", directory, "events", "serve", "--port", port, "--json"])


if __name__ == "__main__":
    main()
