"""A mail server that plays a script over real sockets, and keeps every byte it is told, in clear or not."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import trustme

Play = Callable[["MailServer", asyncio.StreamWriter], Awaitable[None]]
Reply = bytes | Play
CA = trustme.CA()
OTHER_CA = trustme.CA()


def server_context(
    names: tuple[str, ...] = ("127.0.0.1", "localhost"), *, ca: trustme.CA = CA, expired: bool = False
) -> ssl.SSLContext:
    """TLS of a server with a certificate for these names."""
    ended = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC) if expired else None
    started = datetime.datetime(2019, 1, 1, tzinfo=datetime.UTC) if expired else None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names, not_after=ended, not_before=started).configure_cert(context)
    return context


def spellings(user: str, password: str) -> list[bytes]:
    """Every way in which a login may stand on the wire."""
    texts = [f"\0{user}\0{password}", user, password]
    return [password.encode(), *(b64encode(text.encode()) for text in texts)]


async def close(_server: MailServer, writer: asyncio.StreamWriter) -> None:
    """Closes without a word."""
    writer.close()


async def hang(server: MailServer, _writer: asyncio.StreamWriter) -> None:
    """Never answers."""
    await server.over.wait()


async def deaf(server: MailServer, writer: asyncio.StreamWriter) -> None:
    """Reads no more."""
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    await server.over.wait()


def late(reply: bytes, seconds: float) -> Play:
    """Answers after a while."""

    async def play(_server: MailServer, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        writer.write(reply)

    return play


@dataclass
class MailServer:
    """`replies` by verb replace the usual ones, each a list played in order, its last again and again;
    the verbs are those of SMTP, and `greeting`, `letter`, `RCPT a@b.c`, `EHLO tls` for the one after TLS.
    `tls` is how TLS begins, as a profile has it; `context` None: none is spoken whatever is asked."""

    tls: str = "none"
    context: ssl.SSLContext | None = None
    replies: Mapping[str, list[Reply]] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("SIZE 26214400", "8BITMIME", "SMTPUTF8")
    login: str = "AUTH PLAIN LOGIN"
    offers_tls: bool = True
    clear: bytearray = field(default_factory=bytearray)
    secure: bytearray = field(default_factory=bytearray)
    commands: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[MailServer]:
        """Listens on a free port; leaving closes every connection."""
        at_once = self.context if self.tls == "tls" else None
        tasks: set[asyncio.Task[None]] = set()

        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            tasks.add(task)
            # Nobody waits for the writer to be closed: where STARTTLS failed, it never says so.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._talk(reader, writer)
            writer.transport.abort()
            tasks.discard(task)

        server = await asyncio.start_server(connection, "127.0.0.1", 0, ssl=at_once, limit=2**26)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.over.set()
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await server.wait_closed()

    @property
    def heard(self) -> bytes:
        """All that came, in clear or not."""
        return bytes(self.clear + self.secure)

    @property
    def verbs(self) -> list[str]:
        return [command.split(" ")[0].split(":")[0] for command in self.commands]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._encrypted = self.tls == "tls"
        self._step = ""
        await self._answer("greeting", b"220 mail.example ESMTP\r\n", writer)
        while not writer.is_closing():
            line = await self._line(reader)
            if not line:
                return
            await self._obey(line.decode("utf-8").removesuffix("\r\n"), reader, writer)

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        try:
            line = await reader.readuntil(b"\r\n")
        except asyncio.IncompleteReadError as error:
            line = error.partial
        (self.secure if self._encrypted else self.clear).extend(line)
        return line if line.endswith(b"\r\n") else b""

    async def _obey(self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._step == "login":
            self._step = ""
            await self._answer("password", b"334 UGFzc3dvcmQ6\r\n", writer)
            await self._line(reader)
            await self._answer("AUTH", b"235 2.7.0 ok\r\n", writer)
            return
        self.commands.append(line)
        verb = line.split(" ")[0].upper()
        if verb == "EHLO":
            key = "EHLO tls" if self._encrypted and "EHLO tls" in self.replies else "EHLO"
            await self._answer(key, self._offers(), writer)
        elif verb == "STARTTLS":
            await self._answer(verb, b"220 2.0.0 go\r\n", writer)
            if self.context and ("STARTTLS" not in self.replies or "injects" in self.replies):
                await writer.start_tls(self.context)
                self._encrypted = True
        elif line.upper() == "AUTH LOGIN":
            self._step = "login"
            writer.write(b"334 VXNlcm5hbWU6\r\n")
        elif verb == "RCPT":
            address = line.partition("<")[2].rpartition(">")[0]
            key = f"RCPT {address}" if f"RCPT {address}" in self.replies else verb
            await self._answer(key, b"250 2.1.5 ok\r\n", writer)
        elif verb == "DATA":
            await self._answer(verb, b"354 go\r\n", writer)
            if "DATA" not in self.replies or self.replies.get("takes"):
                await self._take(reader, writer)
        elif verb == "QUIT":
            await self._answer(verb, b"221 2.0.0 bye\r\n", writer)
            if "QUIT" not in self.replies:
                writer.close()
        else:
            await self._answer(verb, b"235 2.7.0 ok\r\n" if verb == "AUTH" else b"250 2.0.0 ok\r\n", writer)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if cut := self.replies.get("cut"):
            await reader.readexactly(1000)
            await self._play(cut[0], writer)
            return
        letter = bytearray()
        while (line := await self._line(reader)) != b".\r\n":
            if not line:
                return
            letter += line
        self.mails.append(bytes(letter))
        await self._answer("letter", b"250 2.0.0 Ok: queued as 4fA-7.b\r\n", writer)

    def _offers(self) -> bytes:
        may_sign_in = self._encrypted or self.tls == "none"
        starttls = self.tls == "starttls" and not self._encrypted and self.offers_tls
        offers = [*([self.login] if may_sign_in and self.login else []), *self.extensions]
        lines = ["mail.example", *offers, *(["STARTTLS"] if starttls else [])]
        marks = ["-"] * (len(lines) - 1) + [" "]
        return "".join(f"250{mark}{line}\r\n" for mark, line in zip(marks, lines, strict=True)).encode()

    async def _answer(self, key: str, usual: bytes, writer: asyncio.StreamWriter) -> None:
        replies = self.replies.get(key)
        await self._play((replies.pop(0) if len(replies) > 1 else replies[0]) if replies else usual, writer)

    async def _play(self, reply: Reply, writer: asyncio.StreamWriter) -> None:
        if isinstance(reply, bytes):
            writer.write(reply)
            await writer.drain()
        else:
            await reply(self, writer)
