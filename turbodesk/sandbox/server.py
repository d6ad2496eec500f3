"""The pretend providers on one loopback port, in a thread of their own."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from turbodesk.sandbox.faults import Faults, FaultyApp
from turbodesk.sandbox.inbox import Inbox
from turbodesk.sandbox.state import PASSWORD, USER, State
from turbodesk.sandbox.turbosmtp_v1 import TurboSmtpV1, no_such_resource, numbered
from turbodesk.sandbox.wire import Answer, NotValid, TooLarge

HOST = "127.0.0.1"
_LOOPBACK = (b"127.0.0.1", b"localhost", b"::1")
_KEEP_ALIVE_S = 30
_GRACE_S = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a sandbox answers (origins), and as whom it lets one in."""

    dashboard_url: str
    send_url: str
    user: str
    password: str
    inbox_url: str

    def as_json(self) -> dict[str, object]:
        """One member for each provider, and the inbox."""
        turbosmtp_v1 = {
            "dashboard_url": self.dashboard_url,
            "send_url": self.send_url,
            "user": self.user,
            "password": self.password,
        }
        return {"turbosmtp_v1": turbosmtp_v1, "inbox_url": self.inbox_url}


def sandbox_app(state: State) -> ASGIApp:
    """Everything the sandbox answers, as an ASGI app over `state`."""
    faults = Faults()
    routes = [
        *TurboSmtpV1(state).routes(),
        *Inbox(state, faults).routes(),
        Route("/{path:path}", _nothing_here, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    ]
    router = Router(routes, redirect_slashes=False)
    return Guard(FaultyApp(router, faults, state.expire_tokens))


async def _nothing_here(request: Request) -> Response:
    return no_such_resource()


class Guard:
    """Lets in only what calls this machine by its loopback name; makes a 500 of what goes wrong inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path: str = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            scope["path"] = path.rstrip("/")
        try:
            await self._handle(scope, receive, watched)
        except ClientDisconnect:
            pass  # it hung up in the middle of its request: nobody is there to be answered
        except Exception:
            _log.exception("the sandbox failed at %s", _masked(path))
            if not status:
                await numbered(5, "An error occurred on the server", 500)(scope, receive, watched)
        _log.debug("%s %s %s", scope["method"], _masked(path), status)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_local(scope):
            await numbered(7, "No access to this resource", 403)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except TooLarge:
            answer = Answer(
                {"message": "error", "errors": ["request body too large"]}, 413, {"Connection": "close"}
            )
            await answer(scope, receive, send)
        except NotValid as name:
            await Answer({"message": f"{name} is not valid."}, 400)(scope, receive, send)


def _is_local(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return _is_own(headers.get(b"host", b""), headers.get(b"origin"))


@lru_cache(maxsize=64)
def _is_own(host: bytes, origin: bytes | None) -> bool:
    """Whether the Host is a loopback name and the Origin, where there is one, is that host."""
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
        super().connection_made(transport)


class _Server(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config, listening: threading.Event) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening.set()


class SandboxServer:
    """One sandbox over one data file, or over memory, on one port of 127.0.0.1.

    `history_rows` None makes the past of ordinary size, 0 none; a data file keeps the one it has.
    `start` and `stop` may be called from any thread; a context manager does both.
    """

    endpoints: Endpoints

    def __init__(
        self,
        data: Path | None = None,
        *,
        port: int = 0,
        history_rows: int | None = None,
        history_days: int = 90,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._state_arguments: dict[str, Any] = {
            "data": data,
            "history_rows": history_rows,
            "history_days": history_days,
            "clock": clock,
        }
        self._port = port
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._server: _Server | None = None
        self._listening = threading.Event()
        self._failures: list[Exception] = []

    def start(self) -> Endpoints:
        """Returns once it listens; raises OSError where the port is taken or the data file is no good."""
        with self._lock:
            if self._thread is not None:
                return self.endpoints
            listener = _listener(self._port)
            origin = f"http://{HOST}:{listener.getsockname()[1]}"
            self.endpoints = Endpoints(origin, origin, USER, PASSWORD, origin)
            self._listening.clear()
            self._failures.clear()
            self._thread = threading.Thread(target=self._run, args=(listener,), name="sandbox", daemon=True)
            self._thread.start()
            self._listening.wait()
            if self._failures:
                self._thread.join()
                self._thread = None
                raise self._failures[0]
            return self.endpoints

    def stop(self) -> None:
        """Closes the port and every connection; does nothing where it is not running."""
        with self._lock:
            if self._thread is None:
                return
            if self._server is not None:
                self._server.should_exit = True
            self._thread.join()
            self._thread = None

    def __enter__(self) -> SandboxServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, listener: socket.socket) -> None:
        try:
            with listener, asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._serve(listener))
        except Exception as error:
            self._failures.append(error)
        finally:
            self._listening.set()

    async def _serve(self, listener: socket.socket) -> None:
        logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # it warns of other people's forms
        state = State(**self._state_arguments)
        try:
            config = uvicorn.Config(
                sandbox_app(state),
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
            self._server = _Server(config, self._listening)
            await self._server.serve([listener])
        finally:
            state.close()


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
