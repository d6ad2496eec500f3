"""Mail on its way into the store: many sends that arrive together are one transaction."""

from __future__ import annotations

import asyncio

from turbodesk.sandbox.post import Post
from turbodesk.sandbox.state import State

# What the scenario addresses ratelimit@ and slow@ make of a send, whoever brings it.
RETRY_AFTER_S = 2
SLOW_S = 2.0


class Intake:
    """Stores what arrives in one turn of the loop together: many sends, one transaction."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._waiting: list[tuple[Post, asyncio.Future[int | None]]] = []

    async def store(self, post: Post, *, alone: bool) -> int | None:
        """The id it was given once it is on file; None: there is no credit left.

        `alone`: no other request is under way that might be worth waiting for.
        """
        if alone:
            return self._state.accept([post])[0]
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[int | None] = loop.create_future()
        self._waiting.append((post, stored))
        if len(self._waiting) == 1:
            loop.call_soon(self._flush)
        return await stored

    def _flush(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            ids = self._state.accept([post for post, _ in batch])
        except Exception as error:
            for _, stored in batch:
                if not stored.done():
                    stored.set_exception(error)
            return
        for (_, stored), id in zip(batch, ids, strict=True):
            if not stored.done():
                stored.set_result(id)
