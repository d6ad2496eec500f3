"""One connection to the pretend relay, spoken by aiosmtpd."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from typing import Any

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, TLSSetupException
from aiosmtpd.smtp import Session as Greeted

from turbodesk.sandbox.smtp_post import SIZE_LIMIT_BYTES, TOO_LARGE, PostOffice

_HOST = "sandbox.example.com"
_IDENT = "ESMTP Turbodesk sandbox"
_TIMEOUT_S = 300.0
_MOST_SESSIONS = 200
_CHUNK_BYTES = 1 << 20  # more than there can be waiting: a read takes all of it
_END = b"\r\n.\r\n"
_PLAIN_PATH = re.compile(r"<([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+)>(.*)")
_log = logging.getLogger(__name__)
logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd tells everything that is said


class Session(SMTP):
    """One client, from its greeting to its end; in `sessions` for as long as it is there.

    One that is too many is sent away instead.
    """

    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"

    def __init__(self, office: PostOffice, starttls: ssl.SSLContext | None, sessions: set[Session]) -> None:
        super().__init__(
            _Hooks(office),
            data_size_limit=SIZE_LIMIT_BYTES,
            enable_SMTPUTF8=True,
            hostname=_HOST,
            ident=_IDENT,
            tls_context=starttls,
            auth_require_tls=starttls is not None,
            authenticator=self._let_in,
            timeout=_TIMEOUT_S,
            loop=asyncio.get_running_loop(),
        )
        self._office = office
        self._sessions = sessions
        self.offers_starttls = starttls is not None

    # its life

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._is_welcome = self in self._sessions or len(self._sessions) < _MOST_SESSIONS
        self._sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sessions.discard(self)
        super().connection_lost(error)
        closed: asyncio.Future[None] = vars(self)["_closed"]
        if closed.done() and not closed.cancelled():
            closed.exception()  # nobody waits for it; untaken it may be told when both are collected

    def cut(self) -> None:
        """Closes the connection at once."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    async def _handle_client(self) -> None:
        if not self._is_welcome:
            await self.push("421 4.3.2 Too many connections, try again later")
            self._writer.close()
            return
        try:
            await super()._handle_client()
        except OSError as gone:
            _log.debug("a client of the relay hung up: %s", gone)

    # what it is told

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._goes_wrong("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not self.offers_starttls:
            await self.push("502 5.5.1 STARTTLS is not offered")
        elif self._tls_protocol:
            await self.push("503 5.5.1 TLS is active already")
        elif not await self._goes_wrong("STARTTLS"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str | None) -> None:
        """The mechanism may be written in any case."""
        mechanism, space, initial = (arg or "").partition(" ")
        if await self._goes_wrong("AUTH"):
            return
        try:
            await super().smtp_AUTH(f"{mechanism.upper()}{space}{initial}")
        except ValueError:  # of the reader: what was said went on and on, and may still do so
            await self.push("500 5.5.6 Authentication exchange line is too long")
            self.cut()

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self._goes_wrong("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self._goes_wrong("RCPT"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
        elif arg:
            await self.push("501 5.5.4 Syntax: DATA")
        elif not await self._goes_wrong("DATA"):
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            content = await self._content()
            self.envelope = self._create_envelope()
            await self._answer(envelope, content)

    async def check_auth_needed(self, caller_method: str) -> bool:
        if self.session is not None and self.session.authenticated:
            return False
        await self.push("530 5.7.0 Authentication required")
        return True

    async def _content(self) -> bytes | None:
        """The data up to the final dot, other dots undone; None where they are too many: nothing is kept."""
        kept, size = bytearray(b"\r\n"), 0
        while True:
            chunk = await self._reader.read(_CHUNK_BYTES)
            if not chunk:
                raise ConnectionResetError("the data ended before the final dot")
            begin = max(len(kept) - len(_END) + 1, 0)
            kept += chunk
            end = kept.find(_END, begin)
            if end >= 0:
                rest = bytes(kept[end + len(_END) :])
                if rest:
                    self._reader.feed_data(rest)
                del kept[end + 2 :]
                fits = size + end <= SIZE_LIMIT_BYTES
                return bytes(kept.replace(b"\r\n.", b"\r\n")[2:]) if fits else None
            if size + len(kept) > SIZE_LIMIT_BYTES + len(_END):
                size += len(kept) - len(_END)
                del kept[: -len(_END)]

    async def _answer(self, envelope: Envelope, content: bytes | None) -> None:
        if await self._goes_wrong("END"):
            return
        reply = TOO_LARGE
        if content is not None:
            reply = await self._office.take(
                envelope.mail_from or "", envelope.rcpt_tos, content, alone=len(self._sessions) == 1
            )
        if reply:
            await self.push(reply)
        else:
            self.cut()

    async def _goes_wrong(self, step: str) -> bool:
        """Whether a fault has given the answer."""
        fault = self._office.faults.take_smtp(step, "smtp_reply", "smtp_delay")
        if fault is None:
            return False
        await asyncio.sleep(fault.seconds)
        if fault.kind == "smtp_delay":
            return False
        await self.push(f"{fault.status} {fault.status // 100}.0.0 As it was told to answer")
        if fault.status == 421 and self.transport is not None:
            self.transport.close()
        return True

    def _let_in(
        self, server: SMTP, session: Greeted, envelope: Envelope, mechanism: str, login: LoginPassword
    ) -> AuthResult:
        user, password = (text.decode("utf-8", "replace") for text in login)
        refusal = self._office.login_refusal(user, password)
        return AuthResult(success=not refusal, handled=False, message=refusal or None)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Takes the everyday path apart at once: the general way takes most of the time of a command."""
        if match := _PLAIN_PATH.fullmatch(arg):
            return match[1], match[2]
        address, rest = super()._getaddr(arg)
        as_written = address is not None and address in arg  # what it had to mend was no address
        return (address, rest) if as_written else (None, None)


class _Hooks:
    """Where aiosmtpd asks what to answer."""

    def __init__(self, office: PostOffice) -> None:
        self._office = office

    async def handle_EHLO(
        self, server: Session, session: Greeted, envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        if self._office.faults.take_smtp("EHLO", "smtp_no_starttls"):
            server.offers_starttls = False
            answers.remove("250-STARTTLS")
        return [*answers[:-1], "250-PIPELINING", answers[-1]]

    async def handle_MAIL(
        self, server: Session, session: Greeted, envelope: Envelope, address: str, options: list[str]
    ) -> Any:
        return self._office.sender_refusal(address) or MISSING

    async def handle_RCPT(
        self, server: Session, session: Greeted, envelope: Envelope, address: str, options: list[str]
    ) -> Any:
        refusal = self._office.recipient_refusal(
            envelope.mail_from or "", address, others=len(envelope.rcpt_tos), utf8=envelope.smtp_utf8
        )
        if refusal:
            return refusal
        again = any(address.lower() == known.lower() for known in envelope.rcpt_tos)
        return "250 OK" if again else MISSING

    async def handle_exception(self, error: Exception) -> str:
        if not isinstance(error, TLSSetupException):  # the client does not like the certificate
            _log.error("the sandbox failed over SMTP", exc_info=error)
        return "451 4.3.0 An error occurred on the server"
