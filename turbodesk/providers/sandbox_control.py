"""Asks the sandbox for its inbox, and to fail."""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec
import pybase64

from turbodesk.model.account import Profile, Secret
from turbodesk.model.inbox import CaughtAttachment, CaughtMail, CaughtMessage, CaughtRecipient
from turbodesk.model.message import Address, RecipientKind
from turbodesk.model.reports import MailStatus
from turbodesk.providers.exchange import Answer, Body, Call, Garbled, JsonReader, Login, Objection, Reason
from turbodesk.providers.http import ONCE, TOGGLE, ApiClient, Gateway
from turbodesk.providers.looking import only_looks

MAIL_LIMIT_BYTES = 120_000_000  # the largest mail that is taken, as source and as parts, in JSON


class _Box(msgspec.Struct):
    email: str
    name: str = ""


class _Recipient(msgspec.Struct):
    kind: RecipientKind
    email: str
    status: str
    name: str = ""
    error: str | None = None


class _Mail(msgspec.Struct):
    id: str
    at: datetime
    sender: _Box
    subject: str
    size_bytes: int
    recipients: list[_Recipient]


class _Line(_Mail):
    attachments: int = 0


class _Lines(msgspec.Struct):
    messages: list[_Line]


class _Part(msgspec.Struct):
    name: str
    type: str
    size: int
    sha256: str
    content_base64: str
    content_id: str | None = None


class _Whole(_Mail):
    headers: list[tuple[str, str]]
    text: str | None = None
    html: str | None = None
    source: str = ""
    attachments: list[_Part] = []


class _Said(msgspec.Struct):
    message: str = ""


class _Accepted(msgspec.Struct):
    total: int
    by_key: dict[str, int]


_lines = JsonReader(_Lines)
_whole = JsonReader(_Whole)
_recipient = JsonReader(_Recipient)
_said = JsonReader(_Said)
_accepted = JsonReader(_Accepted)
_anything = JsonReader(Any)

_REASONS = {401: Reason.CREDENTIALS, 404: Reason.MISSING}
_TOKEN = Login(
    "the token of this run of the sandbox",
    "`sandbox serve` prints it as control_token: give it in TURBODESK_SECRET_SANDBOX_TOKEN.",
)
Query = tuple[tuple[str, str], ...]


class SandboxControl:
    """The other side of one sandbox: what it caught, and what should become of it.

    All of it is the sandbox's own API below `/sandbox`, ours. Raises NoConnection where it does not
    run, SignInRefused without the token of its run, Refused where it says no, ProviderBroken where something
    else answers at its address.
    """

    def __init__(self, inbox_url: str, gateway: Gateway, token: Secret | None = None) -> None:
        self._api = ApiClient(
            gateway, inbox_url, title="The sandbox", read_objection=_read_objection, login=_TOKEN
        )
        self._token = token

    async def messages(self, limit: int = 200) -> list[CaughtMail]:
        """What was caught, newest first, one per accepted send; `limit` at most. `GET /sandbox/messages`."""
        call = self._call("GET", "/sandbox/messages", (("limit", str(limit)),))
        return await self._api.ask(
            call, lambda answer: [_line(each) for each in _lines(answer.body).messages]
        )

    async def message(self, id: str) -> CaughtMessage:
        """One of them, whole; Refused where there is none of that id. `GET /sandbox/messages/{id}`."""
        path = f"/sandbox/messages/{quote(id, safe='')}"
        call = self._call("GET", path, answer_limit_bytes=MAIL_LIMIT_BYTES)
        return await self._api.ask(call, _message)

    async def make(self, id: str, recipient_email: str, event: str) -> CaughtRecipient:
        """Lets `event` happen to a mail; the recipient as it stands then comes back. Refused where the mail
        can't move there. `POST /sandbox/messages/{id}/events`."""
        body = _json({"recipient": recipient_email, "event": event})
        call = self._call("POST", f"/sandbox/messages/{quote(id, safe='')}/events", body=body)
        return await self._api.ask(call, lambda answer: _caught(_recipient(answer.body)), manner=ONCE)

    async def set_faults(self, faults: Sequence[Mapping[str, object]]) -> None:
        """Replaces the faults it plays. `PUT /sandbox/faults`."""
        call = self._call("PUT", "/sandbox/faults", body=_json({"faults": list(faults)}))
        await self._api.ask(call, _read_anything, manner=TOGGLE)

    async def advance_clock(self, seconds: float) -> None:
        """Moves its clock on, with it tokens and fates. `POST /sandbox/clock`."""
        call = self._call("POST", "/sandbox/clock", body=_json({"advance_s": seconds}))
        await self._api.ask(call, _read_anything, manner=ONCE)

    async def reset(self) -> None:
        """Empties mail, faults and history. `POST /sandbox/reset`."""
        await self._api.ask(self._call("POST", "/sandbox/reset"), _read_anything, manner=TOGGLE)

    async def accepted(self) -> dict[str, Any]:
        """How many sends it took (`total`), and how often each X-Turbodesk-ID was among them (`by_key`).
        `GET /sandbox/accepted`."""
        call = self._call("GET", "/sandbox/accepted")
        return await self._api.ask(call, lambda answer: msgspec.structs.asdict(_accepted(answer.body)))

    def _call(self, method: str, path: str, query: Query = (), **more: Any) -> Call:
        if not self._token:
            return Call(method, path, query, **more)
        token = self._token.reveal()
        return Call(method, path, query, (("X-Sandbox-Token", token),), secrets=(token,), **more)


class LookingControl(SandboxControl):
    """The same for a viewer: what was caught is shown, and nothing is made of it."""

    def __init__(self, inbox_url: str, gateway: Gateway, profile: str, token: Secret | None = None) -> None:
        super().__init__(inbox_url, gateway, token)
        self._profile = profile

    async def make(self, id: str, recipient_email: str, event: str) -> CaughtRecipient:
        raise only_looks(self._profile)

    async def set_faults(self, faults: Sequence[Mapping[str, object]]) -> None:
        raise only_looks(self._profile)

    async def advance_clock(self, seconds: float) -> None:
        raise only_looks(self._profile)

    async def reset(self) -> None:
        raise only_looks(self._profile)


def open_control(profile: Profile, gateway: Gateway, token: Secret | None = None) -> SandboxControl:
    """The control of the sandbox behind a profile that names one, a viewer's for looking alone. `token` is
    that of its run."""
    if profile.viewer:
        return LookingControl(profile.inbox_url, gateway, profile.name, token)
    return SandboxControl(profile.inbox_url, gateway, token)


def _json(value: object) -> Body:
    return Body("application/json", msgspec.json.encode(value))


def _read_anything(answer: Answer) -> None:
    if answer.body:
        _anything(answer.body)


def _read_objection(answer: Answer) -> Objection | None:
    if answer.ok:
        return None
    try:
        words = _said(answer.body).message
    except Garbled:
        words = ""
    reason = _REASONS.get(answer.status, Reason.INPUT)
    return Objection((words or answer.excerpt or f"HTTP {answer.status}",), reason)


def _message(answer: Answer) -> CaughtMessage:
    whole = _whole(answer.body)
    attachments = tuple(map(_attachment, whole.attachments))
    headers = tuple((name, value) for name, value in whole.headers)
    return CaughtMessage(
        _mail(whole, len(attachments)), headers, whole.text or "", whole.html or "", whole.source, attachments
    )


def _line(line: _Line) -> CaughtMail:
    return _mail(line, line.attachments)


def _mail(mail: _Mail, attachments: int) -> CaughtMail:
    return CaughtMail(
        mail.id,
        mail.at if mail.at.tzinfo else mail.at.replace(tzinfo=UTC),
        Address(mail.sender.email, mail.sender.name),
        mail.subject,
        mail.size_bytes,
        attachments,
        tuple(map(_caught, mail.recipients)),
    )


def _caught(found: _Recipient) -> CaughtRecipient:
    status = MailStatus(found.status) if found.status in MailStatus.__members__ else MailStatus.OTHER
    return CaughtRecipient(found.kind, Address(found.email, found.name), status, found.error or "")


def _attachment(part: _Part) -> CaughtAttachment:
    try:
        content = pybase64.b64decode(part.content_base64, validate=True)
    except (binascii.Error, ValueError):
        raise Garbled("an attachment that is no Base64") from None
    return CaughtAttachment(part.name, part.type, part.size, part.sha256, content, part.content_id or "")
