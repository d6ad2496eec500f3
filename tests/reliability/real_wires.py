"""The adapters that people send by, told where they are on their way, and a mail server that counts."""

from __future__ import annotations

import socket
import socketserver
from collections.abc import AsyncIterator
from typing import Any

from tests.reliability.wire import CountingServer, Here, key_of
from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.providers import gateway, open_provider, smtp_session
from turbodesk.providers.port import Provider

REAL_WIRES = ("turbosmtp-v2", "sendpost", "smtp")
CREDENTIALS = {it: Secret(f"{it.value}-0123456789") for it in Credential if it is not Credential.PASSWORD}

_ANSWERED = frozenset({"ok", "fault", "refuse"})
_ANY = _ANSWERED | {"drop", "cut"}

PLACES = {
    "connection.connect_tcp.complete": _ANY,
    "http11.send_request_headers.started": _ANY,  # the mark is written, and nothing has left
    "http11.send_request_headers.complete": _ANY,
    "half body": _ANY,
    "http11.send_request_body.complete": _ANY,
    "http11.receive_response_headers.complete": _ANSWERED,
    "http11.receive_response_body.complete": _ANSWERED,
}
"""Where a letter over HTTP can be, and the manners of the server with which it comes there."""

MAIL_PLACES = {
    "said EHLO": _ANY,
    "heard EHLO 250": _ANY,
    "said MAIL": _ANY,
    "heard MAIL 250": _ANY,
    "said RCPT": _ANY,
    "heard RCPT 250": _ANY,
    "said DATA": _ANY,
    "heard DATA 354": _ANY,
    "half letter": _ANY,
    "said the final dot": _ANY,
    "heard DATA 250": {"ok"},
    "heard DATA 554": {"refuse"},
}
"""The same by SMTP."""

BEFORE_MARK = ("connection.connect_tcp.complete", *list(MAIL_PLACES)[:8])


def opened(wire: str, port: int) -> Provider:
    """An adapter that sends to this port."""
    origin = f"http://127.0.0.1:{port}"
    profile = Profile(
        "shop", wire, api_url=origin, send_url=origin, smtp_host="127.0.0.1", smtp_port=port, smtp_tls="none"
    )
    credentials = {} if wire == "smtp" else CREDENTIALS
    return open_provider(profile, credentials, gateway.Gateway())


def watch(here: Here) -> None:
    """Has every adapter of this process tell `here` each place that a send has come to."""
    _watch_http(here)
    _watch_mail(here)


def _watch_http(here: Here) -> None:
    trace, pieces = gateway._Request._trace, gateway._Upload.__aiter__

    async def traced(self: gateway._Request, event: str, info: object) -> None:
        await trace(self, event, info)
        here(event)

    async def halved(self: gateway._Upload) -> AsyncIterator[bytes]:
        async for piece in pieces(self):
            yield piece
            here("half body")

    gateway._Request._trace = traced  # type: ignore[method-assign]
    gateway._Upload.__aiter__ = halved  # type: ignore[method-assign,assignment]


def _watch_mail(here: Here) -> None:
    write, checked = smtp_session._Wire.write, smtp_session.Session._checked

    def halved(self: smtp_session._Wire, data: bytes) -> None:
        if data.endswith(b"\r\n.\r\n"):
            middle = len(data) // 2
            write(self, data[:middle])
            here("half letter")
            write(self, data[middle:])
            here("said the final dot")
            return
        write(self, data)
        here(f"said {data[:4].decode()}")

    def heard(self: smtp_session.Session, verb: str, code: int, text: str) -> Any:
        here(f"heard {verb} {code}")
        return checked(self, verb, code, text)

    smtp_session._Wire.write = halved  # type: ignore[method-assign]
    smtp_session.Session._checked = heard  # type: ignore[method-assign]


class CountingMailServer(CountingServer):
    """Counts letters by key. `fault` accepts one and says what is no reply; the rest as with HTTP."""

    def _serve(self, handler: socketserver.StreamRequestHandler) -> None:
        try:
            self._say(handler, b"220 mail.example ESMTP")
            while line := handler.rfile.readline():
                if line != b"DATA\r\n":
                    self._say(handler, b"221 bye" if line == b"QUIT\r\n" else b"250 ok")
                elif not self._take(handler):
                    return
        except OSError:
            return  # the other end was killed

    def _take(self, handler: socketserver.StreamRequestHandler) -> bool:
        """Whether the conversation goes on after a letter."""
        self._say(handler, b"354 go")
        letter = b""
        while (line := handler.rfile.readline()) != b".\r\n":
            if not line:
                return False
            letter += line
        if self.manner == "refuse":
            self._say(handler, b"554 no")
            return True
        self.accepted[key_of(letter)] += 1
        answers = {"ok": b"250 ok: queued as 4fA7b", "fault": b"What?"}
        if self.manner == "cut":
            handler.wfile.write(b"25")
        elif self.manner in answers:
            self._say(handler, answers[self.manner])
            return True
        handler.connection.shutdown(socket.SHUT_WR)
        return False

    def _say(self, handler: socketserver.StreamRequestHandler, reply: bytes) -> None:
        handler.wfile.write(reply + b"\r\n")
