"""What the tests of turboSMTP v2 share: periods, answers, and how a provider is made to ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from turbodesk.model.reports import ALL_TIME, Period, Restriction
from turbodesk.providers.turbosmtp_v2_calls import days_of

Work = Callable[[Any], Any]
Expected = tuple[str, str, str, Any]

DAYS = Period(date(2026, 2, 1), date(2026, 2, 28))  # no clock in the world is changed in it
FIELDS = days_of(DAYS).fields
ASKED = f"from=2026-02-01&to=2026-02-28&tz={FIELDS['tz'].replace('+', '%2B')}"
EVER = days_of(ALL_TIME).fields
EVER_ASKED = f"from=2010-01-01&to={EVER['to']}&tz=%2B00:00"
MID = 1475205839938715648
ROW = {
    "id": 1800872493473406976,
    "subject": "Hi",
    "sender": "me@example.com",
    "recipient": "you@example.org",
    "send_time": "2026-03-10 04:04:21",
    "status": "SUCCESS",
    "error": "",
}
GONE = {
    "date": "2026-03-10 04:04:21",
    "source": "bounce",
    "recipient": "gone@example.org",
    "reason": "550 no",
}
STATS: Any = {"count": 1, "results": [ROW]}
SUPPRESSED: Any = {"count": 1, "results": [GONE]}
NONE: Any = {"count": 0, "results": []}
DONE: Any = {"success": True}
KEYS: Any = {"count": 1, "results": [{"consumerKey": "k" * 32, "label": "Shop"}]}
SUBS: Any = {"count": 1, "results": [{"subaccount_id": 7, "email": "shop@example.com", "active": True}]}
NEW_KEY = {"consumerKey": "n" * 32, "consumerSecret": "t" * 32}
CSV = b"Status;Subject\r\n"
BY_ADDRESS = (Restriction("recipient", "a+b"),)
RESTRICT = [{"by": "recipient", "operator": "include", "filter": "a+b", "smart_search": True}]


async def all_of(found: Any) -> list[Any]:
    return [each async for each in found]


async def rows_of(pages: Any) -> list[Any]:
    return [row async for page in pages for row in page.rows]


def run(
    tools: Any, work: Callable[[Any], Awaitable[Any]], *replies: Any, **options: Any
) -> tuple[Any, list[Any]]:
    """What `work` returns, and what was asked for it beside signing in."""

    async def go() -> tuple[Any, list[Any]]:
        script = tools.signed_in(*replies)
        async with script.serve() as server, tools.gateway() as gateway:
            provider = tools.turbosmtp_v2(gateway, server.origin, **options)
            result = await work(provider)
            await provider.aclose()
            return result, tools.asked(script)

    return asyncio.run(go())


def refusal(tools: Any, code: str, status: int) -> Any:
    return tools.answer({"message": code}, status)


async def later(work: Callable[[], Any]) -> Any:
    return work()
