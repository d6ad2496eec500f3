"""What the pretend relay makes of senders, recipients and messages, in the words of its replies."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from email.message import Message

from turbodesk.sandbox import mime
from turbodesk.sandbox.addresses import is_address, key_of
from turbodesk.sandbox.fate import local_part
from turbodesk.sandbox.faults import Faults
from turbodesk.sandbox.intake import SLOW_S, Intake
from turbodesk.sandbox.post import Post, Recipient, is_verified, may_reach
from turbodesk.sandbox.state import SMTP_PASSWORD, SMTP_USER, USER, Standing, State
from turbodesk.sandbox.tables import uuid_of
from turbodesk.sandbox.turbosmtp_v2_keys import SEND_SMTP, KeyRing

SIZE_LIMIT_BYTES = 26_214_400
TOO_LARGE = "552 5.3.4 Message size exceeds the limit"

_MOST_RECIPIENTS = 1000
_LONGEST_LINE = 1000  # with its CR LF
_THREAD_FROM_BYTES = 1_000_000


class PostOffice:
    """The answers of the relay, over one State. Refusals are reply lines, empty where there is none."""

    def __init__(self, state: State, faults: Faults) -> None:
        self.faults = faults
        self._state = state
        self._keys = KeyRing(state)
        self._intake = Intake(state)

    def login_refusal(self, user: str, password: str) -> str:
        """Let in are the relay's own user, a key pair that may use it, and the account itself."""
        wrong = "535 5.7.8 Authentication credentials invalid"
        if user == SMTP_USER:
            return "" if password == SMTP_PASSWORD else wrong
        if pair := self._keys.pair((user, password)):
            here = not pair.ips or "127.0.0.1" in pair.ips
            return "" if pair.active and here and SEND_SMTP in pair.permissions else wrong
        match self._state.standing(user, password):
            case Standing.GOOD:
                return ""
            case Standing.INACTIVE:
                return f"535 5.7.8 Account for {user} is inactive"
        return wrong

    def sender_refusal(self, sender: str) -> str:
        if not _is_address(sender):
            return f"553 5.1.7 <{sender.strip('<>')}>: Sender address rejected: not a valid address"
        if is_verified(sender):
            return ""
        return f"550 5.7.1 <{sender}>: Sender address rejected: its domain is not verified"

    def recipient_refusal(self, sender: str, recipient: str, *, others: int, utf8: bool) -> str:
        """`others` are the recipients of the message so far."""
        if not _is_address(recipient):
            return f"553 5.1.3 <{recipient.strip('<>')}>: Recipient address rejected: not a valid address"
        if not utf8 and not recipient.isascii():
            return f"553 5.6.7 <{recipient}>: Recipient address rejected: SMTPUTF8 was not asked for"
        if others >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        if not may_reach(sender, recipient, USER):
            return f"550 5.7.1 <{recipient}>: Recipient address rejected: {sender} may write to {USER} only"
        match local_part(recipient):
            case "refuse550":
                return f"550 5.1.1 <{recipient}>: Recipient address rejected: User unknown"
            case "refuse451":
                return f"451 4.2.0 <{recipient}>: Recipient address rejected: Greylisted, try again later"
        return ""

    async def take(self, sender: str, recipients: Sequence[str], content: bytes, *, alone: bool) -> str:
        """Stores a message and says so, or says why not; nothing where the connection is to be cut.

        `alone`: no other session might be about to send.
        """
        if refusal := _content_refusal(content):
            return refusal
        words = {local_part(to) for to in recipients}
        if "error500" in words:
            return "554 5.3.0 An error occurred on the server"
        if "ratelimit" in words:
            return "451 4.7.1 Too many messages, try again later"
        if len(content) < _THREAD_FROM_BYTES:
            post = _read(sender, recipients, content)
        else:
            post = await asyncio.to_thread(_read, sender, recipients, content)
        if refusal := self.sender_refusal(post.sender):
            return refusal
        if not all(may_reach(post.sender, to, USER) for to in recipients):
            return f"550 5.7.1 {post.sender} may write to {USER} only"
        id = await self._intake.store(post, alone=alone)
        if id is None:
            return "550 5.7.1 There is no credit left"
        if "drop" in words or self.faults.take_smtp("END", "smtp_cut_after_data"):
            return ""
        if "slow" in words:
            await asyncio.sleep(SLOW_S)
        return f"250 2.0.0 Ok: queued as {uuid_of(id + 1)}"


def _is_address(text: str) -> bool:
    """As in a send over HTTP; letters above ASCII count as letters."""
    ascii = text if text.isascii() else "".join(it if it.isascii() else "x" for it in text)
    return text.isprintable() and is_address(ascii)


def _content_refusal(content: bytes) -> str:
    if max(map(len, content.split(b"\n"))) >= _LONGEST_LINE:
        return "500 5.5.2 Line too long"
    return "554 5.6.0 Too many parts within parts" if mime.is_too_deep(content) else ""


def _read(sender: str, recipients: Iterable[str], content: bytes) -> Post:
    """The message as it is kept: what is in no header of it is a blind copy."""
    message = mime.parsed(content)
    caught = mime.taken_apart(message)
    headers = {name.lower(): value for name, value in reversed(caught.headers)}
    name, email = next(iter(mime.addresses(message, "from")), ("", sender))
    return Post(
        sender=email,
        sender_name=name,
        recipients=tuple(_kinds(message, recipients)),
        subject=headers.get("subject", ""),
        text=caught.text,
        html=caught.html,
        parts=caught.parts,
        headers=tuple((name, value) for name, value in caught.headers if name.lower().startswith("x-")),
        mime=content,
        key=key_of(caught.headers).strip(),
        options={"api": "smtp"},
        heeds_suppressions=True,
    )


def _kinds(message: Message, recipients: Iterable[str]) -> Iterable[Recipient]:
    named: dict[str, Recipient] = {}
    for kind in ("to", "cc"):
        for name, email in mime.addresses(message, kind):
            named.setdefault(email.lower(), Recipient(kind, email, name))
    for email in recipients:
        known = named.get(email.lower())
        yield Recipient(known.kind, email, known.name) if known else Recipient("bcc", email)
