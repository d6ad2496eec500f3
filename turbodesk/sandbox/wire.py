"""What every pretend provider needs of HTTP: bodies in, JSON out, and a connection that can be cut."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

BODY_LIMIT_BYTES = 64 * 1024 * 1024
_ENCODER = json.JSONEncoder(ensure_ascii=False)


def told(request: Request, behaviour: str) -> bool:
    """Whether a fault of this kind is set for the request."""
    return request.scope.get("behaviour") == behaviour


class TooLarge(Exception):
    """A request body over BODY_LIMIT_BYTES."""


class Unreadable(Exception):
    """A text that is not what it should be: a body of its Content-Type, or JSON."""


class NoSuchThing(Exception):
    """A path that leads nowhere."""


class NotValid(Exception):
    """A parameter that cannot be read; its name."""


class Answer(Response):
    """A JSON answer."""

    media_type = "application/json"

    def __init__(self, body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(_dumped(body), status, headers)

    def render(self, content: bytes) -> bytes:
        return content


def _dumped(body: object) -> bytes:
    return _ENCODER.encode(body).encode("utf-8", "replace")


class HangUp(Response):
    """No answer at all: the connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await hang_up(scope, receive)


def anything(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    """A route for every method, also one that nobody has heard of."""
    route = Route(path, endpoint)
    route.methods = None
    return route


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Closes the connection of this request at once, and returns when it is closed."""
    transport_of(scope).abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def transport_of(scope: Scope) -> asyncio.Transport:
    """The connection this request came over; the server puts it into the scope."""
    transport: asyncio.Transport = scope["state"]["transport"]
    return transport


def requests_under_way(scope: Scope) -> int:
    """How many requests the server has begun and not ended, this one among them."""
    return len(scope["state"]["tasks"])


async def body_of(request: Request) -> bytes:
    """The whole body; raises TooLarge."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > BODY_LIMIT_BYTES:
        raise TooLarge
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        chunks.append(chunk)
        size += len(chunk)
        if size > BODY_LIMIT_BYTES:
            raise TooLarge
    body = b"".join(chunks)
    request._body = body  # a multipart form is parsed from here
    return body


def is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "").lower()
    return kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data"))


async def fields_of(request: Request) -> dict[str, object]:
    """The members of a JSON object or of either kind of form; raises Unreadable and TooLarge.

    A form's `a[0][b]` becomes a list of objects under `a`.
    """
    body = await body_of(request)
    kind = request.headers.get("content-type", "").lower()
    if kind.startswith("application/x-www-form-urlencoded"):
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")
        return _nested(pairs)
    if kind.startswith("multipart/form-data"):
        return _nested(await _multipart(request))
    members = json_of(body)
    if not isinstance(members, dict):
        raise Unreadable
    return members


def json_of(text: str | bytes) -> object:
    """What a JSON text says; raises Unreadable, for numbers that no JSON text can hold as well."""
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise Unreadable from error


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


async def _multipart(request: Request) -> list[tuple[str, str]]:
    from starlette.exceptions import HTTPException
    from starlette.formparsers import MultiPartException

    pairs: list[tuple[str, str]] = []
    try:
        async with request.form(max_part_size=BODY_LIMIT_BYTES) as form:
            for name, value in form.multi_items():
                text = value if isinstance(value, str) else (await value.read()).decode("utf-8", "replace")
                pairs.append((name, text))
    except (HTTPException, MultiPartException) as error:
        raise Unreadable from error
    return pairs


class File(NamedTuple):
    """A file that came in a form."""

    name: str
    content: bytes


async def uploaded(request: Request, field: str) -> File | None:
    """The last file of a multipart form in that field, None where there is none; raises Unreadable and
    TooLarge."""
    from starlette.exceptions import HTTPException
    from starlette.formparsers import MultiPartException

    await body_of(request)
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return None
    try:
        async with request.form(max_part_size=BODY_LIMIT_BYTES) as form:
            files = [value for value in form.getlist(field) if not isinstance(value, str)]
            return File(files[-1].filename or "", await files[-1].read()) if files else None
    except (HTTPException, MultiPartException) as error:
        raise Unreadable from error


def _nested(pairs: list[tuple[str, str]]) -> dict[str, object]:
    fields: dict[str, object] = {}
    groups: dict[str, dict[str, dict[str, object]]] = {}
    for name, value in pairs:
        outer, bracket, rest = name.partition("[")
        if bracket and "][" in rest and rest.endswith("]"):
            number, _, member = rest[:-1].partition("][")
            groups.setdefault(outer, {}).setdefault(number, {})[member] = value
        else:
            fields[name] = value
    return {**fields, **{name: list(members.values()) for name, members in groups.items()}}


def text_of(value: object) -> str:
    """A member as text; nothing where it is anything else. Half a surrogate pair becomes U+FFFD."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
