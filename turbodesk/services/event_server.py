"""Receives what services post to a webhook: a post is answered with a yes once its events are on the disk."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlsplit

import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from turbodesk.errors import StoreTrouble
from turbodesk.model.account import Secret
from turbodesk.providers import is_loopback
from turbodesk.providers.exchange import Garbled
from turbodesk.providers.webhook_events import read_webhook
from turbodesk.store.events import Events

HOST = "127.0.0.1"
BODY_LIMIT_BYTES = 1_000_000
_READ_LIMIT_BYTES = 8_000_000  # of what is too large: who is cut off while it posts never reads why
_BODY_S = 10.0
_HEAD_S = 10.0
_KEEP_ALIVE_S = 30
_GRACE_S = 5
_MOST_CONNECTIONS = 500
_RETRY_AFTER_S = 30

Login = tuple[str, Secret]
"""User name and password that whoever posts must show."""


class Receiver:
    """Answers posts of events, over ASGI. 200: all of them are on the disk, `stored` now or `duplicates` of
    what was there; every other answer says in `error` why nothing was kept.

    Without a login only posts to a loopback name are taken, so that no web page can reach it by a name of
    its own. `on_trouble` hears of a disk that refuses, once until it takes something again.
    """

    def __init__(
        self,
        events: Events,
        login: Login | None = None,
        on_trouble: Callable[[StoreTrouble], None] | None = None,
    ) -> None:
        self._events = events
        self._login = login and _digest(f"{login[0]}:{login[1].reveal()}".encode())
        self._on_trouble = on_trouble
        self._in_trouble = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except ClientDisconnect:
            return  # it hung up in the middle of its post, and will post again
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        refusal = self._refusal(request)
        try:
            async with asyncio.timeout(_BODY_S):
                body = await _body_of(request)
        except TimeoutError:
            return _no(408, "The body did not come in time.", {"Connection": "close"})
        if refusal is not None:
            return refusal
        if body is None:
            says = f"The body is too large; at most {BODY_LIMIT_BYTES:,} bytes are taken."
            return _no(413, says, {"Connection": "close"})
        try:
            events = read_webhook(body)
        except Garbled as why:
            return _no(400, str(why))
        try:
            new = await self._events.keep(events)
        except StoreTrouble as trouble:
            self._tell(trouble)
            says = f"{trouble.says} Nothing was kept; post it again later."
            return _no(503, says, {"Retry-After": str(_RETRY_AFTER_S)})
        self._in_trouble = False
        return JSONResponse({"stored": new, "duplicates": len(events) - new})

    def _refusal(self, request: Request) -> Response | None:
        """What stands against a post, as far as its head says."""
        headers = request.headers
        if request.url.path != "/":
            return _no(404, "Events are posted to / and nowhere else.")
        if request.method != "POST":
            return _no(405, "Events are posted here, with POST.", {"Allow": "POST"})
        if "origin" in headers:
            return _no(403, "Web pages may not post here.")
        if self._login is None and not _is_loopback_name(headers.get("host", "")):
            return _no(403, "Without a login, only posts to 127.0.0.1 or localhost are taken.")
        if self._login is not None and not _shows(headers.get("authorization", ""), self._login):
            return _no(401, "The user name or password is not the right one.", _ASK)
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json" and not media_type.endswith("+json"):
            return _no(415, "Events are posted as application/json.")
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            return _no(415, "Compressed bodies are not taken.")
        return None

    def _tell(self, trouble: StoreTrouble) -> None:
        if self._on_trouble and not self._in_trouble:
            self._on_trouble(trouble)
        self._in_trouble = True


_ASK = {"WWW-Authenticate": 'Basic realm="Turbodesk events", charset="UTF-8"'}


def _no(status: int, says: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": says}, status, headers)


async def _body_of(request: Request) -> bytes | None:
    """The body, read whole; None where it is too large."""
    size, pieces = 0, []
    async for piece in request.stream():
        size += len(piece)
        if size <= BODY_LIMIT_BYTES:
            pieces.append(piece)
        elif size > _READ_LIMIT_BYTES:
            break
    return b"".join(pieces) if size <= BODY_LIMIT_BYTES else None


def _is_loopback_name(host: str) -> bool:
    try:
        return is_loopback((urlsplit(f"//{host}").hostname or "").lower())
    except ValueError:
        return False


def _shows(authorization: str, wanted: bytes) -> bool:
    """Whether the login is shown, in a time that does not tell how much of it was right."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        given = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        given = b""
    return hmac.compare_digest(_digest(given), wanted) and scheme.lower() == "basic"


def _digest(text: bytes) -> bytes:
    return sha256(text).digest()


class EventServer:
    """One receiver that listens, on this computer alone unless `host` opens it. Entering it binds the port
    and raises OSError where that can't be; leaving it answers what is being written down, and ends."""

    url: str

    def __init__(self, receiver: Receiver, *, host: str = HOST, port: int = 0) -> None:
        self._receiver, self._host, self._port = receiver, host, port

    async def __aenter__(self) -> Self:
        self._listener = _listener(self._host, self._port)
        port = self._listener.getsockname()[1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.url = f"http://{host}:{port}/"
        listening = asyncio.Event()
        self._server = _Server(_config(self._receiver), listening)
        self._serving = asyncio.create_task(self._server.serve([self._listener]))
        self._serving.add_done_callback(lambda _: listening.set())
        await listening.wait()
        if self._serving.done():
            await self._serving
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        try:
            await self._serving
        finally:
            self._listener.close()


class _Server(uvicorn.Server):
    """A server that says when it listens, and leaves the signals to who runs it."""

    def __init__(self, config: uvicorn.Config, listening: asyncio.Event) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(H11Protocol):
    """HTTP/1.1 with an end to too many connections, and to those whose next request never gets whole."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > _MOST_CONNECTIONS:
            transport.abort()
            return
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_between(self._last):
            self._expect_head()

    @property
    def _last(self) -> RequestResponseCycle | None:
        return cast("RequestResponseCycle | None", self.cycle)  # there is none before the first request

    def _expect_head(self) -> None:
        self.loop.call_later(_HEAD_S, self._close_if_none_came, self._last)

    def _close_if_none_came(self, last: RequestResponseCycle | None) -> None:
        if last is self._last and self._is_between(last):
            self.transport.close()

    @staticmethod
    def _is_between(last: RequestResponseCycle | None) -> bool:
        return last is None or last.response_complete


def _config(receiver: Receiver) -> uvicorn.Config:
    return uvicorn.Config(
        receiver,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.CRITICAL,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )


def _listener(host: str, port: int) -> socket.socket:
    """A listening socket; the protocol is named, or asyncio would leave Nagle's algorithm on."""
    family, kind, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # there it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener
