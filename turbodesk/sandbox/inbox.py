"""The sandbox's own API: what it caught, what shall become of it, how it is to fail, what time it is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from turbodesk.sandbox import mime
from turbodesk.sandbox.fate import EVENTS
from turbodesk.sandbox.faults import Faults, NotAFault
from turbodesk.sandbox.history import DEFAULT_DAYS
from turbodesk.sandbox.post import Part
from turbodesk.sandbox.state import CannotBecome, State, TooFar
from turbodesk.sandbox.tables import EmailRow, MailRow, moment_ms
from turbodesk.sandbox.times import timestamp
from turbodesk.sandbox.wire import Answer, NotValid, Unreadable, fields_of, text_of

TOKEN_HEADER = "X-Sandbox-Token"  # noqa: S105 (a name)


class TokenCheck:
    """Lets only who has the token of this run ask for anything under /sandbox."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if f"{scope['path']}/".startswith("/sandbox/"):
            given = Headers(scope=scope).get(TOKEN_HEADER, "").encode()
            app = app if hmac.compare_digest(given, self._token) else _NO_TOKEN
        await app(scope, receive, send)


class Inbox:
    """The answers under /sandbox."""

    def __init__(self, state: State, faults: Faults) -> None:
        self._state = state
        self._faults = faults

    def routes(self) -> list[Route]:
        return [
            Route("/sandbox/messages", self._messages),
            Route("/sandbox/messages/{id}", self._message),
            Route("/sandbox/messages/{id}/events", self._event, methods=["POST"]),
            Route("/sandbox/faults", self._show_faults),
            Route("/sandbox/faults", self._set_faults, methods=["PUT"]),
            Route("/sandbox/clock", self._clock, methods=["POST"]),
            Route("/sandbox/credit", self._credit, methods=["PUT"]),
            Route("/sandbox/history", self._history, methods=["POST"]),
            Route("/sandbox/accepted", self._accepted),
            Route("/sandbox/reset", self._reset, methods=["POST"]),
        ]

    async def _messages(self, request: Request) -> Response:
        limit, offset = _whole(request, "limit", 100), _whole(request, "offset", 0)
        mails = self._state.mails(limit, offset)
        return Answer(
            {"count": self._state.mail_count(), "messages": [self._summary(mail) for mail in mails]}
        )

    async def _message(self, request: Request) -> Response:
        mail = self._mail(request)
        if mail is None:
            return _no_message()
        post = self._state.post(mail)
        source = mime.source(post, mail.id, moment_ms(mail.id) / 1000)
        return Answer(
            {
                **self._summary(mail),
                "headers": mime.headers_in(source),
                "text": post.text,
                "html": post.html,
                "source": source,
                "attachments": [_attachment(part) for part in post.parts],
            }
        )

    async def _event(self, request: Request) -> Response:
        mail = self._mail(request)
        if mail is None:
            return _no_message()
        fields = await _fields(request)
        wanted, event = text_of(fields.get("recipient")).lower(), text_of(fields.get("event"))
        row = next((row for row in self._state.recipients(mail) if row.recipient.lower() == wanted), None)
        if row is None:
            return Answer({"message": "The message has no such recipient."}, 404)
        if event not in EVENTS:
            raise NotValid("event")
        try:
            return Answer(_recipient(self._state.happen(row, event)))
        except CannotBecome as cannot:
            return Answer({"message": str(cannot)}, 409)

    def _mail(self, request: Request) -> MailRow | None:
        id = request.path_params["id"]
        return self._state.mail(int(id)) if re.fullmatch("[0-9]{1,18}|[1-8][0-9]{18}", id) else None

    def _summary(self, mail: MailRow) -> dict[str, object]:
        return {
            "id": str(mail.id),
            "at": timestamp(moment_ms(mail.id)),
            "sender": {"email": mail.sender, "name": mail.sender_name},
            "subject": mail.subject,
            "size_bytes": mail.size,
            "attachments": mail.attachments,
            "recipients": [_recipient(row) for row in self._state.recipients(mail)],
        }

    async def _show_faults(self, request: Request) -> Response:
        return Answer({"faults": self._faults.as_json()})

    async def _set_faults(self, request: Request) -> Response:
        fields = await _fields(request)
        try:
            self._faults.set(fields.get("faults"))
        except NotAFault as wrong:
            return Answer({"message": str(wrong)}, 400)
        return Answer({"faults": self._faults.as_json()})

    async def _clock(self, request: Request) -> Response:
        seconds = (await _fields(request)).get("advance_s")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e10:
            raise NotValid("advance_s")
        try:
            self._state.advance(seconds)
        except TooFar:
            raise NotValid("advance_s") from None
        return Answer({"now": timestamp(self._state.now_ms())})

    async def _credit(self, request: Request) -> Response:
        """How many more recipients may be sent to; null takes the limit away."""
        left = (await _fields(request)).get("left")
        if isinstance(left, bool) or not (left is None or (isinstance(left, int) and 0 <= left < 2**62)):
            raise NotValid("left")
        self._state.set_credit(left)
        return Answer({"left": left})

    async def _history(self, request: Request) -> Response:
        """Adds sample history; `bounce_share` up to 1.0 makes long reports."""
        fields = await _fields(request)
        rows, days = fields.get("rows"), fields.get("days", DEFAULT_DAYS)
        share = fields.get("bounce_share", 0.019)
        if not isinstance(rows, int) or not 0 <= rows <= 10_000_000:
            raise NotValid("rows")
        if not isinstance(days, int) or not 1 <= days <= 3650:
            raise NotValid("days")
        if not isinstance(share, int | float) or not 0 <= share <= 1:
            raise NotValid("bounce_share")
        self._state.add_history(rows, days=days, bounce_share=share)
        return Answer({"rows": rows})

    async def _accepted(self, request: Request) -> Response:
        total, by_key = self._state.accepted()
        return Answer({"total": total, "by_key": by_key})

    async def _reset(self, request: Request) -> Response:
        self._state.reset()
        self._faults.set([])
        return Answer({"message": "OK"})


_NO_TOKEN = Answer({"message": f"{TOKEN_HEADER} must be the token that the sandbox told at its start."}, 401)


def _no_message() -> Answer:
    return Answer({"message": "There is no such message."}, 404)


async def _fields(request: Request) -> dict[str, object]:
    try:
        return await fields_of(request)
    except Unreadable:
        raise NotValid("body") from None


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotValid(name)
    return int(text)


def _recipient(row: EmailRow) -> dict[str, object]:
    return {
        "kind": row.kind,
        "email": row.recipient,
        "name": row.name,
        "status": row.status,
        "error": row.error or "",
    }


def _attachment(part: Part) -> dict[str, object]:
    return {
        "name": part.name,
        "type": part.type,
        "size": len(part.content),
        "sha256": hashlib.sha256(part.content).hexdigest(),
        "content_base64": base64.b64encode(part.content).decode("ascii"),
        "content_id": part.content_id,
    }
