"""A provider that speaks plainly over a socket, and a server that counts what it accepted."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import socketserver
import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType

from turbodesk.errors import NoConnection, OutcomeUnknown, Refused
from turbodesk.model.lookup import Found, Sought, Trace
from turbodesk.model.message import Message
from turbodesk.model.outcome import RecipientOutcome, SendResult, Verdict
from turbodesk.providers.port import Provider, WireMark

_KEY = re.compile(rb"td-[a-z2-7]{26}")
_YES = {
    b"/": b"OK",
    b"/api/v2/mail/send": b'{"message": "OK", "mid": 1475205839938715648}',
    b"/api/v1/subaccount/email/": b'[{"errorCode": 0, "to": "ann@example.com", "messageId": "7f9c"}]',
}
Here = Callable[[str], None]
"""Told each place that a send has come to."""


class PlainProvider(Provider):
    """Sends a message as one HTTP request, in pieces, telling `here` after each of them."""

    title = "Plain"

    def __init__(self, port: int, here: Here = lambda place: None) -> None:
        self._port = port
        self._here = here

    async def send(self, message: Message, mark: WireMark) -> SendResult:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError as error:
            raise NoConnection("The server cannot be reached.") from error
        try:
            self._here("connected")
            await mark()
            return await self._ask(message, reader, writer)
        finally:
            writer.close()

    settling_s = 0.0  # it knows at once what it has taken

    async def look_up(self, sought: Sought) -> Found:
        """Asks the server whether it has taken the send of that key."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            body = json.dumps({"key": sought.key}).encode()
            writer.write(b"POST /look HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            answer = await asyncio.wait_for(reader.read(), 5)
        finally:
            writer.close()
        self._here("looked")
        if not answer.endswith(b"yes"):
            return Found(Trace.ABSENT, "Plain has nothing with this key.")
        outcomes = tuple(RecipientOutcome(it, kind, Verdict.ACCEPTED, "1") for kind, it in sought.recipients)
        return Found(Trace.FOUND, "Plain has it.", outcomes, "1")

    async def _ask(
        self, message: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> SendResult:
        body = json.dumps({"key": message.key, "text": message.text}).encode()
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        pieces = {
            "half head": head[:20],
            "head sent": head[20:],
            "half body": body[: len(body) // 2],
            "body sent": body[len(body) // 2 :],
        }
        try:
            for place, piece in pieces.items():
                writer.write(piece)
                await writer.drain()
                self._here(place)
            answer = await asyncio.wait_for(reader.read(), 5)
        except (OSError, TimeoutError) as error:
            raise OutcomeUnknown("No answer came.") from error
        self._here("answer read")
        return _decode(message, answer)


def _decode(message: Message, answer: bytes) -> SendResult:
    if answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"OK"):
        return SendResult.for_all(message, Verdict.ACCEPTED, provider_id="1")
    if answer.startswith(b"HTTP/1.1 400"):
        raise Refused("The server refused it.", words=("no",), status=400)
    raise OutcomeUnknown("The answer does not say what became of it.")


def key_of(letter: bytes) -> str:
    """Our own name for the send, which stands in every letter."""
    found = _KEY.search(letter)
    assert found
    return found[0].decode()


class CountingServer:
    """Counts accepted requests by key. `manner` says how the next ones are answered:

    redirect PORT (accepts nothing, says 307 to the same path there) ·
    ok · drop (accepts, then no answer) · fault (accepts, then says 500) · cut (accepts, answers half) ·
    refuse (accepts nothing, says 400).
    """

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        self.manner = "ok"
        self.manners: Callable[[str], str] | None = None  # by key, where not all are answered alike
        counting = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 10

            def handle(self) -> None:
                counting._serve(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False  # all of them are joined on closing
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> CountingServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self, handler: socketserver.StreamRequestHandler) -> None:
        try:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = handler.rfile.readline()
                if not line:
                    return
                head += line
            length = int(head.lower().split(b"content-length:")[1].split()[0])
            body = handler.rfile.read(length)
            if len(body) == length:
                self._answer(handler, head.split(b" ")[1], key_of(body))
        except OSError:
            return  # the other end was killed

    def _answer(self, handler: socketserver.StreamRequestHandler, path: bytes, key: str) -> None:
        if path == b"/look":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + (b"yes" if self.accepted[key] else b"no"))
            handler.connection.shutdown(socket.SHUT_WR)
            return
        manner = self.manners(key) if self.manners else self.manner
        if manner == "refuse":
            handler.wfile.write(b"HTTP/1.1 400 Bad\r\n\r\nno")
            return
        if manner.startswith("redirect"):
            port = manner.split()[1]
            there = f"http://127.0.0.1:{port}".encode() + path
            handler.wfile.write(
                b"HTTP/1.1 307 There\r\nLocation: " + there + b"\r\nContent-Length: 0\r\n\r\n"
            )
            handler.connection.shutdown(socket.SHUT_WR)
            return
        self.accepted[key] += 1
        answers = {
            "ok": b"HTTP/1.1 200 OK\r\n\r\n" + _YES[path],
            "fault": b"HTTP/1.1 500 No\r\n\r\n",
            "cut": b"HTTP/1.1 20",
        }
        if manner in answers:
            handler.wfile.write(answers[manner])
            handler.connection.shutdown(socket.SHUT_WR)
