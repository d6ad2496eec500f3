"""A small server that plays a script over real sockets and writes down what it is asked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.model.message import Address, Message
from turbodesk.providers import open_provider
from turbodesk.providers.http import Gateway
from turbodesk.providers.port import Provider

USER, PASSWORD, TOKEN = "owner@example.com", "S3cr3t pässw\\ord+/=&", "t0ken-0123456789abcdef0123456789abcdef"


@dataclass
class Seen:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    header_names: list[str]
    body: bytes

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def raw_query(self) -> str:
        return urlsplit(self.target).query

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answer(
    body: bytes | str | object = b"", status: int = 200, type: str = "application/json", **headers: str
) -> bytes:
    """A whole response; anything but text or bytes goes as JSON. Underscores in names become hyphens."""
    if not isinstance(body, bytes | str):
        body = json.dumps(body)
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {type}", f"Content-Length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


KEY, KEY_SECRET = "0123456789abcdef0123456789abcdef", "S3cretOfTheKeyPair0123456789abcd"

Play = Callable[["Script", asyncio.StreamWriter], Awaitable[None]]
Reply = bytes | Play | Callable[[Seen], "bytes | Play"]


async def close(_script: Script, writer: asyncio.StreamWriter) -> None:
    """Closes without a word."""
    writer.close()


async def reset(_script: Script, writer: asyncio.StreamWriter) -> None:
    """Resets the connection."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang(script: Script, _writer: asyncio.StreamWriter) -> None:
    """Never answers."""
    await script.over.wait()


def cut(data: bytes) -> Play:
    """Sends this and closes."""

    async def play(_script: Script, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return play


def drip(head: bytes, each: bytes = b" ", pause_s: float = 0.02) -> Play:
    """Sends a head, and then a little now and then, for ever."""

    async def play(script: Script, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not (script.over.is_set() or writer.is_closing()):
            writer.write(each)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(script.over.wait(), pause_s)

    return play


Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(talk: Connection, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server on a free port whose connections `talk`; its origin. Leaving closes every connection."""
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        writers.append(writer)
        try:
            await talk(reader, writer)
            writer.close()
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()  # cancelled means that the test is over
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(connection, "127.0.0.1", 0, ssl=tls, limit=2**26)
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
        await server.wait_closed()


@dataclass
class Script:
    """The server: `replies` in order, the last one again and again. `reads` False: it never reads."""

    replies: list[Reply]
    reads: bool = True
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    received: bytearray = field(default_factory=bytearray)
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    origin: str = ""

    @contextlib.asynccontextmanager
    async def serve(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Script]:
        async with listening(self._connection, tls) as self.origin:
            try:
                yield self
            finally:
                self.over.set()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.connected.set()
        try:
            await self._talk(reader, writer)
        finally:
            self.ended.set()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.reads:
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await self.over.wait()
            return
        while not writer.is_closing():
            head = await self._read(reader, reader.readuntil(b"\r\n\r\n"))
            lines = head.decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ")
            pairs = [line.partition(": ")[::2] for line in lines[1:] if line]
            headers = {name.lower(): value for name, value in pairs}
            body = await self._read(reader, reader.readexactly(int(headers.get("content-length", "0"))))
            seen = Seen(method, target, headers, [name for name, _ in pairs], body)
            self.seen.append(seen)
            reply = self.replies[min(len(self.seen), len(self.replies)) - 1]
            await self._reply(reply, seen, writer)

    async def _read(self, reader: asyncio.StreamReader, reading: Awaitable[bytes]) -> bytes:
        try:
            data = await reading
        except asyncio.IncompleteReadError as error:
            self.received += error.partial
            raise
        self.received += data
        return data

    async def _reply(self, reply: Reply, seen: Seen, writer: asyncio.StreamWriter) -> None:
        if not isinstance(reply, bytes) and not asyncio.iscoroutinefunction(reply):
            reply = reply(seen)  # type: ignore[call-arg, assignment]
        if isinstance(reply, bytes):
            writer.write(reply)
            await writer.drain()
        else:
            await reply(self, writer)  # type: ignore[call-arg, misc, arg-type]


class Marks:
    """A wire mark that counts how often it was awaited."""

    def __init__(self, error: Exception | None = None) -> None:
        self.count, self.error = 0, error

    async def __call__(self) -> None:
        self.count += 1
        if self.error:
            raise self.error


@dataclass
class Tools:
    """What a test of this folder works with."""

    Script = Script
    Marks = Marks
    listening = staticmethod(listening)
    answer = staticmethod(answer)
    close = staticmethod(close)
    reset = staticmethod(reset)
    hang = staticmethod(hang)
    cut = staticmethod(cut)
    drip = staticmethod(drip)
    user = USER
    password = PASSWORD
    token = TOKEN
    key = KEY
    key_secret = KEY_SECRET

    def __post_init__(self) -> None:
        self.naps: list[float] = []

    async def nap(self, seconds: float) -> None:
        self.naps.append(seconds)

    @contextlib.asynccontextmanager
    async def gateway(self, **options: Any) -> AsyncIterator[Gateway]:
        gateway = Gateway(sleep=self.nap, **options)
        try:
            yield gateway
        finally:
            await gateway.aclose()

    def provider(self, gateway: Gateway, origin: str, **profile: Any) -> Provider:
        wanted = {"api_url": origin, "send_url": origin, "user": USER, **profile}
        secrets = {Credential.PASSWORD: Secret(PASSWORD)}
        return open_provider(Profile("test", "turbosmtp-v1", **wanted), secrets, gateway)

    def turbosmtp_v2(
        self, gateway: Gateway, origin: str, *, pair: bool = True, password: bool = False, **profile: Any
    ) -> Provider:
        wanted = {"api_url": origin, "send_url": origin, "user": USER, **profile}
        secrets = {Credential.PASSWORD: Secret(PASSWORD)} if password else {}
        if pair:
            secrets |= {Credential.CONSUMER_KEY: Secret(KEY), Credential.CONSUMER_SECRET: Secret(KEY_SECRET)}
        return open_provider(Profile("test", "turbosmtp-v2", **wanted), secrets, gateway)

    def message(self, **more: Any) -> Message:
        fields: dict[str, Any] = {
            "sender": Address("me@example.com"),
            "to": (Address("you@example.org"),),
            "subject": "Hi",
            "text": "Hello",
            "key": "td-abc",
        }
        return Message(**{**fields, **more})

    def signed_in(self, *replies: Reply) -> Script:
        """A script that gives a token to whoever asks, and plays the replies to everything else."""
        script = Script([])
        left = list(replies)

        def reply(seen: Seen) -> bytes | Play:
            if _signs_in(seen):
                return answer({"auth": TOKEN})
            found = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(found, bytes) or asyncio.iscoroutinefunction(found):
                return found
            return found(seen)  # type: ignore[call-arg, return-value, arg-type]

        script.replies = [reply]
        return script

    def asked(self, script: Script) -> list[Seen]:
        """What was asked beside signing in."""
        return [seen for seen in script.seen if not _signs_in(seen)]


def _signs_in(seen: Seen) -> bool:
    return seen.path in ("/api/authorize", "/api/v2/authorize")


@pytest.fixture
def tools() -> Tools:
    return Tools()


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """The bytes of a file in samples/."""
    return lambda name: (Path(__file__).parent / "samples" / name).read_bytes()
