"""Sending to turboSMTP: its three ways on two paths, and who may."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from turbodesk.sandbox.failures import failure
from turbodesk.sandbox.fate import local_part
from turbodesk.sandbox.intake import RETRY_AFTER_S, SLOW_S, Intake
from turbodesk.sandbox.post import Post
from turbodesk.sandbox.state import Standing, State
from turbodesk.sandbox.turbosmtp_read import BETA, V1, V2, V2_KEYED, Dialect, Refused, read_send
from turbodesk.sandbox.turbosmtp_v1 import no_key, numbered, wrong
from turbodesk.sandbox.turbosmtp_v2_keys import SEND_API, KeyRing, given_pair
from turbodesk.sandbox.wire import (
    Answer,
    HangUp,
    Unreadable,
    fields_of,
    is_form,
    requests_under_way,
    text_of,
)

_V1_PATH = "/api/mail/send"
_V2_PATH = "/api/v2/mail/send"


class Sending:
    """The answers of the send host, to senders of either generation."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._keys = KeyRing(state)
        self._intake = Intake(state)

    def routes(self) -> list[Route]:
        return [
            Route(_V2_PATH, self._send_v2, methods=["POST"]),
            Route(_V1_PATH, self._send_v1, methods=["POST"]),
        ]

    async def _send_v2(self, request: Request) -> Response:
        """A key pair, where there is one, decides; otherwise it is as with name and password on V1."""
        given = given_pair(request)
        return await self._send(request, V2_KEYED if given else V2, given)

    async def _send_v1(self, request: Request) -> Response:
        return await self._send(request, BETA if is_form(request) else V1)

    async def _send(
        self, request: Request, dialect: Dialect, given: tuple[str, str] | None = None
    ) -> Response:
        try:
            fields, readable = await fields_of(request), True
        except Unreadable:
            fields, readable = {}, False
        refusal = self._pair_refusal(request, given) if given else self._refusal(request, fields, dialect)
        if refusal is not None:
            return refusal
        if not readable:
            return Answer({"message": "error", "errors": ["request body is not valid"]}, 400)
        try:
            post = read_send(fields, dialect)
        except Refused as refused:
            return Answer({"message": "error", "errors": refused.errors}, 400)
        return await self._take(request, post, dialect)

    def _pair_refusal(self, request: Request, given: tuple[str, str]) -> Answer | None:
        """None where the key pair may send from where the request comes."""
        pair = self._keys.pair(given)
        if pair is None:
            return numbered(3, "Wrong credentials specified", 401)
        if not pair.active:
            return numbered(3, f"Account for {pair.account} is inactive", 401)
        return None if pair.allows(SEND_API, request) else no_key("POST", _V1_PATH)

    def _refusal(self, request: Request, fields: dict[str, object], dialect: Dialect) -> Answer | None:
        """None where name and password, which travel with the send, are good; a token is no good here."""
        user, password = (
            self._credential(request, fields, dialect, name) for name in ("authuser", "authpass")
        )
        if not user and not password:
            return no_key("POST", _V1_PATH)
        standing = self._state.standing(user, password)
        return None if standing is Standing.GOOD else wrong(standing, user)

    def _credential(self, request: Request, fields: dict[str, object], dialect: Dialect, name: str) -> str:
        query = request.query_params.get(name, "") if dialect.credentials_in_query else ""
        return text_of(fields.get(name)) or request.headers.get(name, "") or query

    async def _take(self, request: Request, post: Post, dialect: Dialect) -> Response:
        """Stores `post`, unless a scenario address forbids it, and answers as the addresses want it."""
        words = {local_part(to.email) for to in post.recipients}
        if "error500" in words:
            return failure(request, 500)
        if "ratelimit" in words:
            retry_after = {"Retry-After": str(RETRY_AFTER_S)}
            return Answer({"message": "error", "errors": ["too many requests"]}, 429, retry_after)
        mid = await self._intake.store(post, alone=requests_under_way(request.scope) == 1)
        if mid is None:
            return Answer({"message": "error", "errors": dialect.errors("nocredit")}, 400)
        if "drop" in words:
            return HangUp()
        if "slow" in words:
            await asyncio.sleep(SLOW_S)
        return Answer({"message": "OK", "mid": mid} if dialect.mid else {"message": "OK"})
