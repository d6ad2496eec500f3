"""An SMTP relay: sends a message as Internet mail, and offers no more than that."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from turbodesk.errors import (
    FileTrouble,
    InvalidDraft,
    NoConnection,
    Refused,
    SignInRefused,
    Throttled,
    TurbodeskError,
)
from turbodesk.files import PICK_ANOTHER, open_regular
from turbodesk.model.account import Profile, Secret, Unlocked
from turbodesk.model.message import Address, Message, RecipientKind
from turbodesk.model.outcome import RecipientOutcome, SendResult, Verdict
from turbodesk.model.request import Spelled
from turbodesk.providers.exchange import outcome_unknown, spellings
from turbodesk.providers.gateway import SLOT_IDLE_S, Gateway, Lost, system_certificates
from turbodesk.providers.json_pieces import letter_problems
from turbodesk.providers.mime import STRUCTURE, Mail, Stamp, mail_problems, needs_utf8, written
from turbodesk.providers.port import Capability, Provider, WireMark
from turbodesk.providers.relay_presets import OTHER, PRESETS, preset_of
from turbodesk.providers.smtp_session import OURSELVES, Reply, Session, pieces_of

SIGN_IN_S = 20.0
USUAL_LIMIT_BYTES = 25_000_000  # where the relay does not say how much it takes
MECHANISMS = ("PLAIN", "LOGIN")
WORDS = 500  # characters of a reply that are kept

_CA_FILE_BYTES = 1_000_000
_LONG_LETTER = 200_000  # characters that are better encoded off the loop
_CLOSING = 421  # the code of a server that is about to close
_LOGIN_CODES = (530, 534, 535, 538)

_UNSEEN = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]|[\\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+"
)
_ENCODED = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")
_UNSPEAKABLE = re.compile("[\0\ud800-\udfff]")
_QUEUE_IDS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bqueued as <?([\w.@+-]+)",
        r"\bid[= ]<?([\w.@+-]+)",
        r"^(?:2\.\d+\.\d+ )?([\w.@+-]{6,}) message accepted",
        r"^(?:2\.\d+\.\d+ )?ok:? <?([\w.@+-]{8,})>?$",
    )
)


@dataclass(slots=True)
class _Kept:
    """A session that rests between two letters of a batch, and the call that ends it."""

    session: Session
    ending: asyncio.TimerHandle


ONLY_CARRIES = (
    "A relay only carries mail and answers no questions. "
    "Add the same account with its API keys as another profile, or look on the provider's own page."
)
TRACKING_ELSEWHERE = (
    "Tracking can't be chosen over SMTP: what is set for the account on the provider's own page counts."
)


class SmtpRelay(Provider):
    """One login at one relay. A letter gets a connection of its own; where the gateway has slots, that
    many are kept for the next letter of a batch, none longer than two seconds."""

    title = "SMTP relay"
    offers = frozenset({Capability.SEND, Capability.INLINE_IMAGES})
    wire_limit_bytes = USUAL_LIMIT_BYTES

    def __init__(self, profile: Profile, login: tuple[Secret, Secret], gateway: Gateway) -> None:
        self._host, self._port, self._tls = profile.smtp_host, profile.smtp_port, profile.smtp_tls
        self._ca_file = profile.ca_file
        self._user, self._password = login
        self._gateway = gateway
        self._trusted: ssl.SSLContext | None = None
        self._building = asyncio.Lock()
        self._kept: list[_Kept] = []
        self._leaving: set[asyncio.Task[None]] = set()
        self._unspoken, self._blobs = _spoken(*login), _encoded(*login)
        if (preset := preset_of(self._host)) != OTHER:
            self.title = PRESETS[preset].title

    # ---- signing in

    async def sign_in(self) -> None:
        """Connects, signs in and leaves again; the connection is closed when it comes back."""
        await (await self._tried()).leave()

    async def check(self) -> tuple[Unlocked, ...]:
        """Signs in where there is a login. Raises FileTrouble where the file of authorities can't be read."""
        named = "SMTP user name and password" if self._user else "connection without a login"
        try:
            session = await self._tried()
        except SignInRefused as refused:
            return (Unlocked(named, False, refused.says),)
        words = _offered(session)
        await session.leave()  # not behind the back: who asked may be about to close everything
        return (Unlocked(named, True, words, tuple(sorted(it.value for it in self.offers))),)

    async def aclose(self) -> None:
        """Leaves every connection; none is waited for longer than two seconds."""
        while self._kept:
            self._leave(self._take_kept())
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _tried(self) -> Session:
        with self._told():
            try:
                async with asyncio.timeout(SIGN_IN_S * self._gateway.patience):
                    return await self._open()
            except TimeoutError as error:
                raise NoConnection(
                    f"{self._host} did not answer in time.",
                    hint="Check the address of the relay, its port, and how TLS begins there.",
                    detail=f"no sign-in at {self._host}:{self._port} within the time",
                ) from error

    # ---- sending

    def why_not(self, capability: Capability) -> str:
        """Why a relay has no such thing; empty where it has."""
        if capability in self.offers:
            return ""
        if capability in (Capability.TRACKING, Capability.CHOOSE_TRACKING):
            return TRACKING_ELSEWHERE
        return ONLY_CARRIES

    def check_message(self, message: Message) -> None:
        """Raises InvalidDraft, by field, where no mail can carry the message."""
        super().check_message(message)
        if problems := self._problems(message):
            raise InvalidDraft(problems)

    async def send(self, message: Message, mark: WireMark) -> SendResult:
        """One mail, once. `mark` is awaited when the server has asked for the letter and nothing of it has
        left; until its final dot leaves, a server takes nothing, whatever goes wrong.

        Raises FileTrouble where an attachment can't be read before the mark.
        """
        self.check_message(message)
        with self._told():
            session, mail, reply = await self._begun(message)
            with self._ending(session):
                result = await self._sent(session, message, mail, reply, mark)
            if result.addresses(Verdict.ACCEPTED):
                self._keep(session)
            else:
                self._leave(session)
            return result

    async def spelled(self, message: Message) -> Spelled:
        """What is said to a relay that offers no more than STARTTLS and AUTH PLAIN; one that takes more gets
        the same mail written shorter. The login is left out."""
        self.check_message(message)
        mail = await asyncio.to_thread(written, message, Stamp.now(message))
        body = b"".join([piece async for piece in pieces_of(mail)])
        recipients = tuple(address.email for _, address in message.recipients)
        hello = f"EHLO {OURSELVES.decode()}"
        commands = [hello, *(["STARTTLS", hello] if self._tls == "starttls" else [])]
        commands += ["AUTH PLAIN <USER AND PASSWORD>"] if self._user or self._password else []
        commands += [f"MAIL FROM:<{message.sender.email}>", *(f"RCPT TO:<{it}>" for it in recipients), "DATA"]
        scheme = "smtps" if self._tls == "tls" else "smtp"
        return Spelled(
            "SMTP",
            f"{scheme}://{self._host}:{self._port}",
            body=body,
            commands=tuple(commands),
            sender=message.sender.email,
            recipients=recipients,
        )

    async def _begun(self, message: Message) -> tuple[Session, Mail, Reply]:
        """A session, the mail as that server takes it, and its reply to MAIL. A kept session that is gone
        by now is replaced: nothing of the message has left with it."""
        while self._kept:
            session = self._take_kept()
            with contextlib.suppress(Lost):
                mail, reply = await self._introduced(session, message)
                if reply.code != _CLOSING:
                    return session, mail, reply
            session.cut()
        session = await self._open()
        mail, reply = await self._introduced(session, message)
        return session, mail, reply

    async def _introduced(self, session: Session, message: Message) -> tuple[Mail, Reply]:
        """MAIL, with what the server must know beforehand."""
        with self._ending(session):
            mail = await self._written(session, message)
            options = [f"FROM:<{message.sender.email}>".encode()]
            if session.offers("size"):
                options.append(b"SIZE=%d" % mail.size_bytes)
            if mail.eight_bit:
                options.append(b"BODY=8BITMIME")
            if needs_utf8(message):
                options.append(b"SMTPUTF8")
            return mail, await session.say("MAIL", *options)

    async def _written(self, session: Session, message: Message) -> Mail:
        """The mail as this server takes it; raises InvalidDraft where it does not."""
        stamp, eight_bit, utf8 = Stamp.now(message), session.offers("8bitmime"), session.offers("smtputf8")
        if len(message.text) + len(message.html) > _LONG_LETTER:
            mail = await asyncio.to_thread(written, message, stamp, eight_bit=eight_bit, utf8=utf8)
        else:
            mail = written(message, stamp, eight_bit=eight_bit, utf8=utf8)
        if 0 < session.size_limit < mail.size_bytes:
            field = "attachments" if message.attachments else "body"
            size, limit = f"{mail.size_bytes:,}", f"{session.size_limit:,}"
            raise InvalidDraft(
                {field: f"The message makes {size} bytes as a mail; {self.title} takes {limit}."}
            )
        return mail

    async def _sent(
        self, session: Session, message: Message, mail: Mail, reply: Reply, mark: WireMark
    ) -> SendResult:
        """The rest of the envelope and the letter."""
        if not reply.ok:
            return self._turned_down(message, reply, "MAIL")
        replies = await self._addressed(session, message)
        if not any(reply.ok for *_, reply in replies):
            return self._result(replies, None)
        pieces = pieces_of(mail)
        async with contextlib.aclosing(pieces):
            first = await anext(pieces)  # a file that can't be read is told while nothing has left
            reply = await session.data()
            if reply.code != 354:
                return self._turned_down(message, reply, "DATA")
            await mark()
            reply = await self._delivered(session, first, pieces)
        if not reply.ok:
            raise self._refusal(reply, "the letter")
        return self._result(replies, reply)

    def _turned_down(self, message: Message, reply: Reply, verb: str) -> SendResult:
        """A no for good to the whole message, before any of it left, is an answer for every recipient;
        any other no is raised."""
        refusal = self._refusal(reply, verb)
        if not isinstance(refusal, Refused):
            raise refusal
        return SendResult.for_all(message, Verdict.REFUSED, words=self._words(reply), note=refusal.says)

    async def _addressed(
        self, session: Session, message: Message
    ) -> list[tuple[RecipientKind, Address, Reply]]:
        """What the server says to each recipient; raises where it takes none, but not for good."""
        found = []
        for kind, address in message.recipients:
            reply = await session.say("RCPT", f"TO:<{address.email}>".encode())
            found.append((kind, address, reply))
            if reply.code == _CLOSING:
                raise self._refusal(reply, "RCPT")
        if not any(reply.ok for *_, reply in found):
            for *_, reply in found:  # one that may be taken later is reason enough to try all of it again
                if not 500 <= reply.code < 600 or reply.code in _LOGIN_CODES:
                    raise self._refusal(reply, "RCPT")
        return found

    async def _delivered(self, session: Session, first: bytes, pieces: AsyncIterator[bytes]) -> Reply:
        try:
            return await session.letter(first, pieces)
        except FileTrouble as error:
            raise NoConnection(
                f"An attachment could not be read to its end while it was being sent: {error.says}",
                hint="Nothing was taken. Attach it again.",
                detail=error.detail,
            ) from error

    def _result(self, replies: list[tuple[RecipientKind, Address, Reply]], final: Reply | None) -> SendResult:
        """An outcome for each recipient; `final` is the reply to the letter, None where it did not leave."""
        receipt = self._words(final) if final else ""
        id = _queue_id(receipt.partition(" ")[2])
        outcomes = tuple(
            RecipientOutcome(address, kind, Verdict.ACCEPTED, id, receipt)
            if reply.ok
            else RecipientOutcome(address, kind, Verdict.REFUSED, words=self._words(reply))
            for kind, address, reply in replies
        )
        note = "" if final else "No recipient was taken, so nothing was sent."
        if any(reply.for_now for *_, reply in replies):
            note = "Some recipients were refused for now only; send it to them again later."
        return SendResult(outcomes, id, note)

    def _problems(self, message: Message) -> dict[str, str]:
        problems = {} if message.recipients else {"to": "A mail needs at least one recipient."}
        problems |= letter_problems(message, self.title, ours=STRUCTURE) | mail_problems(message)
        for header in message.headers:
            if header.name.lower() in STRUCTURE:
                problems["headers"] = (
                    f"The header {header.name} is written by Turbodesk in this way of sending."
                )
        return problems

    # ---- connections

    async def _open(self) -> Session:
        """A fresh session, signed in; raises Lost and our errors, with nothing of a message sent."""
        at_once = await self._certificates() if self._tls == "tls" else None
        session = await Session.open(self._host, self._port, at_once, self._gateway.patience)
        with self._ending(session):
            await self._greeted(session)
            if self._tls == "starttls":
                await self._encrypted(session)
            self._check_privacy(session)
            await self._signed_in(session)
            self.wire_limit_bytes = session.size_limit or USUAL_LIMIT_BYTES
        return session

    def _check_privacy(self, session: Session) -> None:
        """Raises NoConnection where the line is not encrypted and leaves this computer."""
        if session.is_encrypted or (self._tls == "none" and session.is_loopback):
            return
        raise NoConnection(
            f"{self._host} is another computer: without TLS everybody on the way could read along.",
            hint="Nothing was sent. Choose STARTTLS or TLS in Account.",
            detail=f"{self._host}:{self._port} is no loopback address, and the line is not encrypted",
        )

    async def _greeted(self, session: Session) -> None:
        for verb, said in (("CONNECT", session.greeting), ("EHLO", session.hello)):
            reply = await said()
            if not reply.ok:
                raise self._turned_away(reply, verb)

    async def _encrypted(self, session: Session) -> None:
        if not session.offers("starttls"):
            raise NoConnection(
                f"{self._host} does not offer STARTTLS; nothing was sent.",
                hint="Somebody on the way may have taken the offer out. Try another port, or TLS at once.",
                detail=f"EHLO at {self._host}:{self._port}: no STARTTLS among what it offers",
            )
        reply = await session.start_tls(await self._certificates())
        if not reply.ok:
            raise self._turned_away(reply, "STARTTLS")
        reply = await session.hello()
        if not reply.ok:
            raise self._turned_away(reply, "EHLO")

    async def _signed_in(self, session: Session) -> None:
        """AUTH, over a line that is encrypted or does not leave this computer. No login: no AUTH."""
        if not self._user and not self._password:
            return
        mechanism = next((it for it in MECHANISMS if it in session.mechanisms), "")
        if not mechanism:
            raise NoConnection(
                f"{self._host} offers no way to sign in that Turbodesk knows; nothing was sent.",
                hint="Turbodesk knows PLAIN and LOGIN. Check the port, and how TLS begins there.",
                detail=f"EHLO at {self._host}: AUTH {self._cleaned(' '.join(session.mechanisms))}",
            )
        if _UNSPEAKABLE.search(self._user.reveal() + self._password.reveal()):
            raise InvalidDraft(
                {"password": "The user name or password holds a sign that can't be sent; enter it again."}
            )
        reply = await session.sign_in(mechanism, self._user, self._password)
        if reply.code == 235:
            return
        raise self._login_refused(reply) if reply.code >= 500 else self._turned_away(reply, "AUTH")

    async def _certificates(self) -> ssl.SSLContext:
        """What the relay is checked against; built once, off the loop."""
        async with self._building:
            if self._trusted is None:
                if self._ca_file:
                    self._trusted = await asyncio.to_thread(_with_authorities, Path(self._ca_file))
                else:
                    self._trusted = await self._gateway.certificates()
        return self._trusted

    def _keep(self, session: Session) -> None:
        if len(self._kept) >= self._gateway.slots or not session.usable:
            self._leave(session)
            return
        loop = asyncio.get_running_loop()
        self._kept.append(_Kept(session, loop.call_later(SLOT_IDLE_S, self._rested, session)))

    def _take_kept(self) -> Session:
        kept = self._kept.pop()
        kept.ending.cancel()
        return kept.session

    def _rested(self, session: Session) -> None:
        self._kept = [kept for kept in self._kept if kept.session is not session]
        self._leave(session)

    @contextlib.contextmanager
    def _ending(self, session: Session) -> Iterator[None]:
        """Ends the session where the block fails: politely where the server was only told no."""
        try:
            yield
        except TurbodeskError:
            self._leave(session)
            raise
        except BaseException:
            session.cut()
            raise

    def _leave(self, session: Session) -> None:
        """Says goodbye without anybody waiting for it."""
        task = asyncio.create_task(session.leave())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    # ---- failures

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turns what goes wrong on the line into our errors."""
        try:
            yield
        except Lost as lost:
            if lost.sent:
                raise outcome_unknown(lost.says, lost.detail) from lost
            raise NoConnection(lost.says, hint=lost.hint, detail=lost.detail) from lost

    def _refusal(self, reply: Reply, verb: str) -> TurbodeskError:
        """The error of a complete no to a send: nothing was taken."""
        said, detail = self._words(reply), self._detail(reply, verb)
        if reply.for_now:
            return Throttled(
                f"{self.title} put the message off: {_ended(said[:300])}",
                hint="Nothing was taken. Try again in a few minutes.",
                detail=detail,
                status=reply.code,
                of_recipient=verb == "RCPT" and reply.code != _CLOSING,
            )
        if reply.code in _LOGIN_CODES:
            return self._login_refused(reply)
        if reply.code >= 500:
            says = f"{self.title} refused: {_ended(said[:300])}"
            return Refused(says, words=(said,), detail=detail, status=reply.code)
        if verb == "the letter":
            return outcome_unknown(f"{self.title}'s answer makes no sense.", detail)
        return self._turned_away(reply, verb)

    def _turned_away(self, reply: Reply, verb: str) -> TurbodeskError:
        """The error of a server that does not let the conversation begin."""
        if reply.for_now:
            return self._refusal(reply, verb)
        return NoConnection(
            f"{self.title} turned Turbodesk away: {_ended(self._words(reply)[:300])}",
            hint="Nothing was sent. Check the relay and its port in Account.",
            detail=self._detail(reply, verb),
        )

    def _login_refused(self, reply: Reply) -> SignInRefused:
        login = bool(self._user or self._password)
        return SignInRefused(
            f"{self.title} {'did not take the' if login else 'asks for a'} user name and password.",
            hint="Check them in Account. A relay may have a user name and password of its own.",
            detail=self._detail(reply, "AUTH"),
            status=reply.code,
        )

    def _detail(self, reply: Reply, verb: str) -> str:
        return f"{verb} at {self._host}:{self._port} → {self._words(reply)}"

    def _words(self, reply: Reply) -> str:
        """The reply as one line for people, the login struck out."""
        return f"{reply.code} {self._cleaned(reply.text)}".strip()

    def _cleaned(self, text: str) -> str:
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for secret in self._unspoken:
            text = text.replace(secret, "•••")
        text = _ENCODED.sub(lambda found: "•••" if self._is_of_login(found[0]) else found[0], text)
        return _UNSEEN.sub(" ", text).strip()[:WORDS]

    def _is_of_login(self, run: str) -> bool:
        """Whether it is some of what signed in: a server may break it between lines, or cut it."""
        return any(run in blob for blob in self._blobs)


def _spoken(user: Secret, password: Secret) -> tuple[str, ...]:
    """How a server may repeat a login, longest first. A user name that is an address is no secret."""
    name, word = user.reveal(), password.reveal()
    texts = (word, word.strip(), *(() if "@" in name else (name,)))
    found = {spelling for text in texts for spelling in spellings(text)}
    return tuple(sorted({*found, *_encoded(user, password)}, key=len, reverse=True))


def _encoded(user: Secret, password: Secret) -> tuple[str, ...]:
    """What goes over the wire to sign in."""
    name, word = user.reveal(), password.reveal()
    texts = filter(None, (f"\0{name}\0{word}" if name or word else "", name, word))
    return tuple(b64encode(text.encode("utf-8", "replace")).decode() for text in texts)


def _with_authorities(path: Path) -> ssl.SSLContext:
    """The system's certificates and those of a PEM file. Blocks; raises FileTrouble."""
    with open_regular(path) as file:
        text = file.read(_CA_FILE_BYTES).decode("ascii", "ignore")
    context = system_certificates()
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise FileTrouble(
            f"{path.name} holds no certificates that can be read.",
            hint=f"It should be a PEM file of the relay's authority. {PICK_ANOTHER}",
            detail=type(error).__name__,
        ) from error
    return context


def _offered(session: Session) -> str:
    """What the server says that it can do, for people."""
    limit = f"mails of up to {session.size_limit:,} bytes" if session.size_limit else "mails of any size"
    yes_no = [
        f"{'with' if session.offers(it.lower()) else 'without'} {it}" for it in ("8BITMIME", "SMTPUTF8")
    ]
    return f"It takes {limit}, {' and '.join(yes_no)}."


def _queue_id(text: str) -> str:
    """What the server calls the letter in its final reply, empty where it does not say."""
    return next((match[1].strip(".") for it in _QUEUE_IDS if (match := it.search(text))), "")


def _ended(words: str) -> str:
    """A server's words as the end of a sentence, so that another one can follow."""
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."
