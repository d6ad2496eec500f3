"""Serves each description beneath the API that it is about."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from turbodesk.sandbox.wire import Answer

NAME = "openapi.json"


def routes() -> list[Route]:
    """One for each API; anybody may ask for them."""
    return [
        Route(f"/api/{NAME}", _serving("turbosmtp_v1")),
        Route(f"/api/v2/{NAME}", _serving("turbosmtp_v2")),
        Route(f"/api/v1/{NAME}", _serving("sendpost")),
    ]


@cache
def described(api: str) -> dict[str, object]:
    """The document of one API. It is put together when it is first asked for: hardly anybody asks."""
    if api == "turbosmtp_v1":
        from turbodesk.sandbox.openapi import turbosmtp_v1

        return turbosmtp_v1.DOCUMENT
    if api == "turbosmtp_v2":
        from turbodesk.sandbox.openapi import turbosmtp_v2

        return turbosmtp_v2.DOCUMENT
    from turbodesk.sandbox.openapi import sendpost

    return sendpost.DOCUMENT


def _serving(api: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        return Answer(described(api))

    return serve
