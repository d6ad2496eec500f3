"""SendPost's adapter over a scripted server: what it returns, and what it asked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, datetime
from typing import Any

import pytest

from turbodesk.errors import TurbodeskError
from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.model.message import Address, Message
from turbodesk.model.reports import Period
from turbodesk.providers.exchange import Answer
from turbodesk.providers.sendpost import SendPost

TODAY = date(2026, 3, 31)
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
NS = 1_767_225_600_000_000_000  # 2026-01-01
ME, YOU = Address("me@example.com", "Me"), Address("you@example.org", "You")
SUB, ACC = "sub-key/+&=0123456789", "acc-key/+&=9876543210"
HEADER = {SUB: "x-subaccount-apikey", ACC: "x-account-apikey"}
KEYS = {Credential.SUBACCOUNT_KEY: Secret(SUB), Credential.ACCOUNT_KEY: Secret(ACC)}

MESSAGE = {
    "messageId": "7f9c",
    "subAccountId": 5,
    "submittedAt": NS,
    "subject": "Hi",
    "from": {"email": "me@example.com"},
    "to": {"email": "you@example.org"},
}
ENTRY = {"email": "you@example.org", "reason": 2, "created": NS, "smtpError": "550 no", "messageUUID": "7f9c"}
SENT = [{"to": "you@example.org", "errorCode": 0, "messageId": "7f9c", "message": "queued"}]

Work = Callable[[Any], Any]


@contextlib.contextmanager
def in_zone(name: str) -> Iterator[None]:
    """This computer's clocks in another time zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


async def all_of(found: Any) -> list[Any]:
    return [each async for each in found]


async def rows_of(pages: Any) -> list[Any]:
    return [row async for page in pages for row in page.rows]


def run(
    tools: Any,
    work: Callable[[SendPost], Awaitable[Any]],
    *replies: Any,
    keys: dict[Credential, Secret] = KEYS,
    **profile: Any,
) -> tuple[Any, list[Any]]:
    """What `work` returns, and what was asked."""

    async def go() -> tuple[Any, list[Any]]:
        script = tools.Script(list(replies))
        async with script.serve() as server, tools.gateway() as gateway:
            wanted = Profile("test", "sendpost", api_url=server.origin, **profile)
            provider = SendPost(wanted, keys, gateway, today=lambda: TODAY)
            return await work(provider), script.seen

    return asyncio.run(go())


def raised(tools: Any, work: Callable[[SendPost], Awaitable[Any]], *replies: Any, **more: Any) -> Any:
    """The error that `work` met."""

    async def go(provider: SendPost) -> Any:
        with pytest.raises(TurbodeskError) as caught:
            await work(provider)
        return caught.value

    return run(tools, go, *replies, **more)[0]


def assert_headers(seen: Any, key: str) -> None:
    """Exactly one key, the one of the path, and the shape that is asked for."""
    other = ACC if key is SUB else SUB
    assert seen.headers[HEADER[key]] == key
    assert HEADER[other] not in seen.headers
    assert seen.headers["x-sendpost-public-contract"] == "v1"
    assert seen.headers["accept"] == "application/json"
    assert seen.headers["accept-encoding"] == "identity"
    assert not {"authorization", "x-sendpost-private-api", "cookie"} & set(seen.headers)
    assert other.encode() not in seen.body and key.encode() not in seen.body


def days_apart(seen: Any) -> int:
    first, last = (datetime.fromisoformat(seen.query[name].rstrip("Z")) for name in ("from", "to"))
    return (last - first).days


def answer(found: Any, status: int = 200, **headers: str) -> Answer:
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    return Answer("GET", "/x", status, headers, body)


def letter(**more: Any) -> Message:
    return Message(**{"sender": ME, "to": (YOU,), "subject": "Hi", "text": "Hello", "key": "td-1", **more})
