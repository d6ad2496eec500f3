"""The pretend providers on one loopback port, in a thread of their own."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import h11
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Router, request_response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from turbodesk.sandbox.certificate import certified, published
from turbodesk.sandbox.endpoints import Endpoints, SmtpEndpoint, endpoints
from turbodesk.sandbox.failures import failure
from turbodesk.sandbox.faults import Faults, FaultyApp
from turbodesk.sandbox.front_page import FrontPage
from turbodesk.sandbox.inbox import Inbox, TokenCheck
from turbodesk.sandbox.openapi import routes as descriptions
from turbodesk.sandbox.sendpost import SendPost
from turbodesk.sandbox.smtp import Relay
from turbodesk.sandbox.state import State
from turbodesk.sandbox.turbosmtp_send import Sending
from turbodesk.sandbox.turbosmtp_v1 import TurboSmtpV1
from turbodesk.sandbox.turbosmtp_v2 import TurboSmtpV2
from turbodesk.sandbox.webhook_post import target_of
from turbodesk.sandbox.webhooks import Webhooks
from turbodesk.sandbox.wire import Answer, NotValid, TooLarge, anything, transport_of

__all__ = ["HOST", "Endpoints", "SandboxServer", "sandbox_app"]

HOST = "127.0.0.1"
_LOOPBACK = (b"127.0.0.1", b"localhost", b"::1")
# Browsers say so of what a page asks for, even where they name no Origin: a picture is a GET like any other.
_OWN_SITES = (None, b"none", b"same-origin")
_KEEP_ALIVE_S = 30
_DATE_S = 1
_GRACE_S = 1
_LINGER_S = 5
_MOST_CONNECTIONS = 500
_PATIENCE_S = 60.0  # with a request of which nothing more comes
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_log = logging.getLogger(__name__)


def sandbox_app(state: State, faults: Faults, there: Endpoints, webhooks: Webhooks) -> ASGIApp:
    """Everything the sandbox answers over HTTP, over `state`; `there` is what it says of itself."""
    routes = [
        *descriptions(),
        *Sending(state).routes(),
        *TurboSmtpV1(state).routes(),
        *TurboSmtpV2(state).routes(),
        *SendPost(state).routes(),
        *FrontPage(state, there).routes(),
        *Inbox(state, faults).routes(),
        *webhooks.routes(),
        anything("/{path:path}", _nothing_here),
    ]
    router = Router(routes, redirect_slashes=False, default=request_response(_nothing_here))
    guarded = TokenCheck(router, there.control_token)
    return Guard(FaultyApp(guarded, faults, state.expire_tokens))


async def _nothing_here(request: Request) -> Response:
    return failure(request, 404)


class Guard:
    """Lets in only what calls this machine by its loopback name; makes a 500 of what goes wrong inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        exchange = _Exchange(headers, receive, send)
        path: str = scope["path"]
        scope["path"] = path.rstrip("/") or "/"
        try:
            await self._handle(scope, headers, exchange)
        except ClientDisconnect:
            pass  # it hung up in the middle of its request: nobody is there to be answered
        except Exception:
            _log.exception("the sandbox failed at %s", _masked(path))
            if not exchange.status:
                await exchange.answer(scope, failure(Request(scope), 500))
        _log.debug("%s %s %s", scope["method"], _masked(path), exchange.status)

    async def _handle(self, scope: Scope, headers: Mapping[bytes, bytes], exchange: _Exchange) -> None:
        own = _is_own(headers.get(b"host"), headers.get(b"origin"))
        if not own or headers.get(b"sec-fetch-site") not in _OWN_SITES:
            await exchange.answer(scope, failure(Request(scope), 403, "Only loopback names are let in"))
            return
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except TooLarge:
            await exchange.answer(scope, failure(Request(scope), 413, headers={"Connection": "close"}))
        except NotValid as name:
            await exchange.answer(scope, Answer({"message": f"{name} is not valid."}, 400))


class _Exchange:
    """One request and its answer. `status` is that of the answer, 0 before it has begun."""

    def __init__(self, headers: Mapping[bytes, bytes], receive: Receive, send: Send) -> None:
        has_body = b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
        self._unread = has_body and b"expect" not in headers
        self._receive, self._send = receive, send
        self.status = 0

    async def answer(self, scope: Scope, response: Response) -> None:
        await response(scope, self.receive, self.send)

    async def receive(self) -> Message:
        message = await self._receive()
        self._unread = self._unread and message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif self._unread and not message.get("more_body"):
            await self._send({**message, "more_body": True})
            await self._linger()
            message = {"type": "http.response.body"}
        await self._send(message)

    async def _linger(self) -> None:
        """Takes in the rest of the body: closed now, the connection would lose the answer on its way."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                while self._unread:
                    await self.receive()


@lru_cache(maxsize=64)
def _is_own(host: bytes | None, origin: bytes | None) -> bool:
    """Whether the Host is a loopback name and the Origin, where there is one, is that host.

    No Host at all is HTTP/1.0, which no browser speaks that somebody might have led here.
    """
    if host is None:
        return origin is None
    try:
        local = urlsplit(b"//" + host).hostname in _LOOPBACK
    except ValueError:
        return False
    return local and origin in (None, b"http://" + host)


def _masked(path: str) -> str:
    return "/api/authorize/***" if path.startswith("/api/authorize/") else path


class _Protocol(H11Protocol):
    """HTTP/1.1 whose requests know their connection, to cut it off, and what else is under way."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport, "tasks": self.tasks}
        self.lost = asyncio.get_running_loop().create_future()
        super().connection_made(transport)
        self._heard = self.loop.time()
        self._look = self.loop.call_later(_PATIENCE_S, self._look_for_more)
        if len(self.connections) > _MOST_CONNECTIONS:
            transport.write(_BUSY)
            transport.close()

    def data_received(self, data: bytes) -> None:
        self._heard = self.loop.time()
        super().data_received(data)

    def _look_for_more(self) -> None:
        """Closes a connection that has said nothing for long although it is its turn."""
        left = self._heard + _PATIENCE_S - self.loop.time()
        if left <= 0 and self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            transport_of({"state": self.app_state}).close()
        else:
            self._look = self.loop.call_later(left if left > 0 else _PATIENCE_S, self._look_for_more)

    def connection_lost(self, exc: Exception | None) -> None:
        self._look.cancel()
        super().connection_lost(exc)
        self.lost.set_result(None)


class _Server(uvicorn.Server):
    """A server that says when it listens, and ends when it is told to: uvicorn itself looks ten times a
    second whether it should, and then sleeps twice."""

    def __init__(self, config: uvicorn.Config, listening: threading.Event) -> None:
        super().__init__(config)
        self._listening = listening
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()

    def end(self) -> None:
        """Tells it to end, from any thread."""
        self.should_exit = True
        with suppress(RuntimeError):  # its loop is closed: it has ended
            self._loop.call_soon_threadsafe(self._told.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # which also sets the Date of the answers
            with suppress(TimeoutError):
                async with asyncio.timeout(_DATE_S):
                    await self._told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        state = self.server_state
        open_ones = [it for it in state.connections if isinstance(it, _Protocol)]
        for connection in open_ones:
            connection.shutdown()
        if under_way := [*state.tasks, *(it.lost for it in open_ones)]:
            await asyncio.wait(under_way, timeout=_GRACE_S)
        for task in state.tasks:
            task.cancel()


class SandboxServer:
    """One sandbox over one data file, or over memory, on three ports of 127.0.0.1: HTTP, and two of SMTP.

    `history_rows` None makes the past of ordinary size, 0 none; a data file keeps the one it has.
    `webhooks_to` is the URL on this computer that turboSMTP's events are posted to, empty for none; what is
    not taken is posted again, `webhook_speed` times as fast as the services do it.
    `control_token` is what its own API wants, empty for one of this run.
    `start` and `stop` may be called from any thread; a context manager does both.
    """

    endpoints: Endpoints

    def __init__(
        self,
        data: Path | None = None,
        *,
        port: int = 0,
        smtp_port: int = 0,
        smtp_tls_port: int = 0,
        history_rows: int | None = None,
        history_days: int = 90,
        clock: Callable[[], float] = time.time,
        webhooks_to: str = "",
        webhook_speed: float = 1.0,
        control_token: str = "",
    ) -> None:
        self._control_token = control_token
        self._webhooks: dict[str, Any] = {"turbosmtp": target_of(webhooks_to), "speed": webhook_speed}
        self._state_arguments: dict[str, Any] = {
            "data": data,
            "history_rows": history_rows,
            "history_days": history_days,
            "clock": clock,
        }
        self._data = data
        self._ports = port, smtp_port, smtp_tls_port
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._server: _Server | None = None
        self._listening = threading.Event()
        self._failures: list[Exception] = []

    def start(self) -> Endpoints:
        """Returns once it listens; raises OSError where a port is taken or the data file is no good."""
        with self._lock:
            if self._thread is not None:
                return self.endpoints
            listeners = _listeners(self._ports)
            self._listening.clear()
            self._failures.clear()
            self._thread = threading.Thread(target=self._run, args=(listeners,), name="sandbox", daemon=True)
            self._thread.start()
            self._listening.wait()
            if self._failures:
                self._thread.join()
                self._thread = None
                raise self._failures[0]
            return self.endpoints

    def stop(self) -> None:
        """Closes the ports and every connection; does nothing where it is not running."""
        with self._lock:
            if self._thread is None:
                return
            if self._server is not None:
                self._server.end()
            self._thread.join()
            self._thread = None

    def __enter__(self) -> SandboxServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, listeners: list[socket.socket]) -> None:
        try:
            with (
                ExitStack() as open_sockets,
                asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner,
            ):
                for listener in listeners:
                    open_sockets.enter_context(listener)
                runner.run(self._serve(*listeners))
        except Exception as error:
            self._failures.append(error)
        finally:
            self._listening.set()

    async def _serve(self, http: socket.socket, smtp: socket.socket, smtp_tls: socket.socket) -> None:
        logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # it warns of other people's forms
        with closing(State(**self._state_arguments)) as state:
            context, authority = certified()
            with published(authority, self._data) as ca_file:
                ports = _port_of(smtp), _port_of(smtp_tls)
                there = endpoints(
                    f"http://{HOST}:{_port_of(http)}",
                    SmtpEndpoint(HOST, *ports, str(ca_file)),
                    self._control_token or secrets.token_urlsafe(24),
                )
                self.endpoints = there
                faults = Faults()
                webhooks = Webhooks(state, **self._webhooks)
                async with webhooks.listening(), Relay(state, faults, context).listening(smtp, smtp_tls):
                    self._server = _Server(
                        _http_config(sandbox_app(state, faults, there, webhooks)), self._listening
                    )
                    await self._server.serve([http])


def _http_config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
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


def _listeners(ports: Iterable[int]) -> list[socket.socket]:
    """Listening sockets on these ports of this machine; raises OSError with none of them open."""
    with ExitStack() as on_failure:
        listeners = [on_failure.enter_context(_listener(port)) for port in ports]
        on_failure.pop_all()
        return listeners


def _port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _listener(port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it answers take 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # there it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(1024)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener
