"""The two ports of the pretend relay: STARTTLS on one, TLS from the first byte on the other.

What is spoken there is imported with the first connection: whoever only wants HTTP need not wait for it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import socket
from typing import TYPE_CHECKING

from turbodesk.sandbox.faults import Faults
from turbodesk.sandbox.smtp_post import PostOffice
from turbodesk.sandbox.state import State

if TYPE_CHECKING:
    from turbodesk.sandbox.smtp_session import Session

_BACKLOG = 1024
_HANDSHAKE_S = 30.0


class Relay:
    """The sessions of one server. `context` is its TLS."""

    def __init__(self, state: State, faults: Faults, context: ssl.SSLContext) -> None:
        self._office = PostOffice(state, faults)
        self._context = context
        self._sessions: set[Session] = set()

    @asynccontextmanager
    async def listening(self, plain: socket, secure: socket) -> AsyncIterator[None]:
        """Answers on both sockets while the context lasts; cuts whatever is open at its end."""
        loop = asyncio.get_running_loop()
        ports = [
            await loop.create_server(lambda: self._session(self._context), sock=plain, backlog=_BACKLOG),
            await loop.create_server(
                lambda: self._session(None),
                sock=secure,
                backlog=_BACKLOG,
                ssl=self._context,
                ssl_handshake_timeout=_HANDSHAKE_S,
            ),
        ]
        try:
            yield
        finally:
            for port in ports:
                port.close()
            for session in list(self._sessions):
                session.cut()

    def _session(self, starttls: ssl.SSLContext | None) -> asyncio.Protocol:
        """What speaks on a new connection; `starttls` None where it is encrypted already."""
        from turbodesk.sandbox.smtp_session import Session

        return Session(self._office, starttls, self._sessions)
