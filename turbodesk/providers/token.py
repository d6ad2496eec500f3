"""TokenKeeper, a token that is fetched when first needed, kept, and renewed once when it is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from turbodesk.errors import NotSignedIn, SignInRefused
from turbodesk.model.account import Secret

T = TypeVar("T")


class TokenKeeper:
    """One token. `fetch` gets a new one; whoever asks meanwhile waits for the same answer, good or bad."""

    def __init__(self, fetch: Callable[[], Coroutine[Any, Any, Secret]]) -> None:
        self._fetch = fetch
        self._token: Secret | None = None
        self._fetching: asyncio.Task[Secret] | None = None

    async def get(self) -> Secret:
        """The token, fetched where there is none; raises what fetching raises, and NotSignedIn where
        `aclose` put an end to it."""
        if self._token is not None:
            return self._token
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._fetched)
        fetching = self._fetching
        try:
            return await asyncio.shield(fetching)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if fetching.cancelled() and task and not task.cancelling():  # it is not we who are cancelled
                raise NotSignedIn("The account was closed before it was signed in.") from None
            raise

    async def renew(self) -> None:
        """Fetches a new one, whatever there was before."""
        self._token = None
        await self.get()

    async def take(self) -> Secret | None:
        """The token there is, or that is on its way, for the last time: it is forgotten here."""
        if self._fetching is not None:
            await asyncio.wait({self._fetching})
        token, self._token = self._token, None
        return token

    async def during(self, work: Callable[[Secret], Awaitable[T]]) -> T:
        """`work` with the token; once more with a new one where that token is not taken any longer."""
        token = await self.get()
        try:
            return await work(token)
        except SignInRefused as refused:
            if refused.status != 401 or not self._replaceable(token):
                raise
            return await work(await self.get())

    async def aclose(self) -> None:
        """Forgets the token and ends the fetching of one. Nothing is asked."""
        self._token = None
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    def _replaceable(self, token: Secret) -> bool:
        """Whether a new one may take the place of a refused token, which is forgotten: not where it was
        taken meanwhile, or nobody would give the new one back, nor where another try has just failed."""
        if self._token == token:
            self._token = None
            return True
        return self._token is not None or self._fetching is not None

    def _fetched(self, task: asyncio.Task[Secret]) -> None:
        self._fetching = None
        if not task.cancelled() and task.exception() is None:
            self._token = task.result()
