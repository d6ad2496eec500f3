"""One conversation with a mail relay, over aiosmtplib's protocol: commands, replies, bounded waits."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import NoReturn

from aiosmtplib.auth import auth_login_encode, auth_plain_encode
from aiosmtplib.errors import SMTPException, SMTPResponseException
from aiosmtplib.esmtp import parse_esmtp_extensions
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse

from turbodesk.files import in_slice_thread
from turbodesk.model.account import Secret
from turbodesk.providers.gateway import CONNECT_S, Lost
from turbodesk.providers.mime import Mail
from turbodesk.providers.trouble import broke_off, no_way_in, trail

# RFC 5321, 4.5.3.2
REPLY_S = 300.0
DATA_S = 120.0
BLOCK_S = 180.0
FINAL_S = 600.0
QUIT_S = 2.0

_AT_ONCE_BYTES = 64 * 1024  # the end of a letter goes with its final dot where it is no longer than this

OURSELVES = b"[127.0.0.1]"  # tells nothing about this computer
_ANOTHER_ADDRESS_S = 0.25  # where the first address of a host does not answer, the next is tried beside it


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, its lines joined by LF, as the server wrote them; bytes that are no UTF-8 are surrogates."""

    code: int
    text: str

    @property
    def ok(self) -> bool:
        return 200 <= self.code < 300

    @property
    def for_now(self) -> bool:
        """Whether it is a no that may be a yes later."""
        return 400 <= self.code < 500


class _Wire(SMTPProtocol):
    """aiosmtplib's protocol, and what a letter sent in pieces needs beyond it, which aiosmtplib keeps to
    itself: waiting until the line takes more, and what came though nothing was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = self._loop.create_future()

    @property
    def spoke_out_of_turn(self) -> bool:
        """Whether a second reply came with the last one; it would be taken for the answer to the next."""
        return bool(self._buffer)

    async def flushed(self) -> None:
        """Waits until the line takes more."""
        await self._drain_helper()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if not self.closed.done():
            self.closed.set_result(None)


class Session:
    """One connection. What goes wrong on the line is raised as Lost: `sent` where the whole letter may have
    arrived, which is so from its final dot on and not before. `patience` stretches every wait."""

    def __init__(self, wire: _Wire, host: str, patience: float) -> None:
        self._wire, self.host, self._patience = wire, host, patience
        self._extensions: dict[str, str] = {}
        self._mechanisms: list[str] = []
        self._in_letter = self._sent = False

    @classmethod
    async def open(cls, host: str, port: int, tls: ssl.SSLContext | None, patience: float) -> Session:
        """A connection, with `tls` from the first byte; nothing is read or said yet. Raises Lost."""
        loop, limit_s = asyncio.get_running_loop(), CONNECT_S * patience
        try:
            async with asyncio.timeout(limit_s):
                _, wire = await loop.create_connection(
                    _Wire,
                    host,
                    port,
                    ssl=tls,
                    ssl_handshake_timeout=limit_s if tls else None,
                    happy_eyeballs_delay=_ANOTHER_ADDRESS_S,
                )
        except (OSError, UnicodeError) as error:
            raise _no_way(host, "CONNECT", error) from error
        return cls(wire, host, patience)

    # ---- what the server said

    @property
    def usable(self) -> bool:
        """Whether it still stands, as far as one can see."""
        return self._wire.is_connected and not self._in_letter and not self._wire.spoke_out_of_turn

    @property
    def is_encrypted(self) -> bool:
        """Whether everything that is said from now on is."""
        return self._wire.transport is not None and bool(self._wire.transport.get_extra_info("sslcontext"))

    @property
    def is_loopback(self) -> bool:
        """Whether the other end is this computer."""
        if self._wire.transport is None:
            return False
        return ipaddress.ip_address(self._wire.transport.get_extra_info("peername")[0]).is_loopback

    @property
    def size_limit(self) -> int:
        """The largest mail it says it takes, 0 where it does not say."""
        text = self._extensions.get("size", "").strip()
        return int(text[:18]) if text.isascii() and text.isdigit() else 0

    @property
    def mechanisms(self) -> list[str]:
        """The ways to sign in it offers, upper case, from every line that names some."""
        return [name.upper() for name in self._mechanisms]

    def offers(self, extension: str) -> bool:
        """Whether EHLO named it, lower case."""
        return extension in self._extensions

    # ---- commands

    async def greeting(self) -> Reply:
        """What the server says first."""
        return await self._heard("CONNECT", self._wire.read_response(timeout=REPLY_S * self._patience))

    async def hello(self) -> Reply:
        """EHLO; what is offered is known afterwards."""
        reply = await self.say("EHLO", OURSELVES)
        self._extensions, self._mechanisms = parse_esmtp_extensions(reply.text if reply.ok else "")
        return reply

    async def start_tls(self, context: ssl.SSLContext) -> Reply:
        """STARTTLS. After a 220 the line is encrypted, the certificate checked, whatever came in clear
        behind that reply dropped, and what was offered in clear forgotten."""
        self._extensions, self._mechanisms = {}, []
        refusal: SMTPResponseException | None = None
        try:
            limit_s = DATA_S * self._patience
            await self._wire.start_tls(context, server_hostname=self.host, timeout=limit_s)
        except SMTPResponseException as error:
            refusal = error
        except (OSError, UnicodeError) as error:
            raise _no_way(self.host, "STARTTLS", error) from error
        if refusal is None:
            return Reply(220, "")
        reply = self._checked("STARTTLS", refusal.code, refusal.message)
        if reply.code < 400:  # a yes of another kind: the line is as clear as before
            self._garbled("STARTTLS")
        return reply

    async def sign_in(self, mechanism: str, user: Secret, password: Secret) -> Reply:
        """AUTH by PLAIN or LOGIN; the last reply comes back."""
        if mechanism == "PLAIN":
            return await self.say("AUTH", b"PLAIN", auth_plain_encode(user.reveal(), password.reveal()))
        reply = await self.say("AUTH", b"LOGIN")
        for answer in auth_login_encode(user.reveal(), password.reveal()):
            if reply.code != 334:
                break
            reply = await self._command("AUTH", answer)
        return reply

    async def say(self, verb: str, *words: bytes, limit_s: float | None = None) -> Reply:
        """One command and its reply."""
        return await self._command(verb, verb.encode(), *words, limit_s=limit_s)

    async def data(self) -> Reply:
        """DATA; a 354 asks for the letter, and from then on nothing else may be said."""
        reply = await self.say("DATA", limit_s=DATA_S)
        self._in_letter = reply.code == 354
        return reply

    async def letter(self, first: bytes, more: AsyncIterator[bytes]) -> Reply:
        """The letter after a 354, and the final reply. Its lines end in CRLF; dots are doubled here.

        What `more` raises comes through, and then the letter has not arrived.
        """
        if self._wire.spoke_out_of_turn:
            self._garbled("DATA")
        held, at_line_start = _stuffed(first, True), first.endswith(b"\n")
        async for piece in more:
            await self._pass_on(held)
            held, at_line_start = _stuffed(piece, at_line_start), piece.endswith(b"\n")
        if len(held) > _AT_ONCE_BYTES:
            await self._pass_on(held)
            held = b""
        end = b".\r\n" if at_line_start else b"\r\n.\r\n"
        reply = await self._heard("DATA", self._finished(held + end))
        self._in_letter = self._sent = False  # an answer that makes no sense never comes here
        return reply

    # ---- the end

    async def leave(self) -> None:
        """QUIT, and closed, whatever the server does about it."""
        try:
            with contextlib.suppress(Lost):
                if self.usable:
                    await self.say("QUIT", limit_s=QUIT_S)
        finally:  # also where who waits for it is cancelled
            self.cut()
        await asyncio.wait((self._wire.closed,), timeout=QUIT_S)

    def cut(self) -> None:
        """Closes at once: a letter whose final dot has not left is not taken."""
        transport = self._wire.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()

    # ---- below

    async def _command(self, verb: str, *line: bytes, limit_s: float | None = None) -> Reply:
        if self._wire.spoke_out_of_turn:
            self._garbled(verb)
        limit_s = (limit_s or REPLY_S) * self._patience
        return await self._heard(verb, self._wire.execute_command(*line, timeout=limit_s))

    async def _finished(self, end: bytes) -> SMTPResponse:
        self._wire.write(end)
        self._sent = True
        return await self._wire.read_response(timeout=FINAL_S * self._patience)

    async def _pass_on(self, data: bytes) -> None:
        try:
            self._wire.write(data)
            async with asyncio.timeout(BLOCK_S * self._patience):
                await self._wire.flushed()
        except OSError as error:
            raise self._lost("DATA", error) from error

    async def _heard(self, verb: str, exchange: Awaitable[SMTPResponse]) -> Reply:
        try:
            response = await exchange
        except SMTPResponseException:
            response = None  # its text repeats the server's, which may repeat a secret: it goes no further
        except (OSError, SMTPException) as error:
            raise self._lost(verb, error) from error
        if response is None:
            self._garbled(verb)
        return self._checked(verb, response.code, response.message)

    def _checked(self, verb: str, code: int, text: str) -> Reply:
        if not 200 <= code < 600:
            self._garbled(verb)
        return Reply(code, text)

    def _lost(self, verb: str, error: Exception) -> Lost:
        says, hint = broke_off(self.host, error)
        hint = hint if self._sent else f"Nothing of the message was taken. {hint}"
        return Lost(says, hint=hint, detail=f"{verb} at {self.host}: {trail(error)}", sent=self._sent)

    def _garbled(self, verb: str) -> NoReturn:
        raise Lost(
            f"{self.host} sent an answer that makes no sense.",
            hint="Check the address of the relay, its port, and how TLS begins there.",
            detail=f"{verb} at {self.host}: no reply of SMTP, or more than was asked for",
            sent=self._sent,
            garbled=True,
        )


async def pieces_of(mail: Mail) -> AsyncGenerator[bytes, None]:
    """The pieces of a mail; files are read off the loop."""
    if mail.in_memory:
        for piece in mail.pieces():
            yield piece
        return
    pieces = mail.pieces()
    while piece := await in_slice_thread(next, pieces, b""):
        yield piece


def _stuffed(piece: bytes, at_line_start: bool) -> bytes:
    """The piece with a second dot before each one that begins a line."""
    dot = b"." if at_line_start and piece.startswith(b".") else b""
    return dot + piece.replace(b"\n.", b"\n..")


def _no_way(host: str, verb: str, error: Exception) -> Lost:
    says, hint = no_way_in(host, error)
    return Lost(says, hint=hint, detail=f"{verb} at {host}: {trail(error)}", sent=False)
