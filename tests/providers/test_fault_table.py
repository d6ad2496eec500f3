"""Every operation against every fault: how often it is asked, and which of our errors comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from turbodesk.errors import (
    NoConnection,
    OutcomeUnknown,
    ProviderBroken,
    Refused,
    SignInRefused,
    Throttled,
    TurbodeskError,
)
from turbodesk.model.reports import ALL_TIME, ReportType
from turbodesk.providers.port import Provider

pytestmark = pytest.mark.prove

SPAM = ReportType.SPAM


async def first(found: Any) -> Any:
    return [each async for each in found]


OPERATIONS: dict[str, tuple[str, Callable[[Provider, Any], Any]]] = {
    "reports": ("question", lambda p, t: first(p.reports(SPAM, ALL_TIME))),
    "count of reports": ("question", lambda p, t: p.count_reports(SPAM, ALL_TIME)),
    "statistics": ("question", lambda p, t: first(p.stats(ALL_TIME))),
    "count of statistics": ("question", lambda p, t: p.count_stats(ALL_TIME)),
    "last feed": ("question", lambda p, t: p.last_stats(10)),
    "account": ("question", lambda p, t: p.account()),
    "plans": ("question", lambda p, t: p.plans()),
    "sub-accounts": ("question", lambda p, t: p.sub_accounts()),
    "switch": ("question", lambda p, t: p.set_tracking("click-tracking", True)),
    "delete": ("delete", lambda p, t: p.delete_reports(SPAM, ["1"])),
    "delete all": ("once", lambda p, t: p.delete_all_spam()),
    "export of reports": ("once", lambda p, t: first(p.reports_csv(SPAM, ALL_TIME))),
    "export of statistics": ("once", lambda p, t: first(p.stats_csv(ALL_TIME))),
    "send": ("send", lambda p, t: p.send(t.message(), t.Marks())),
}

# fault: error of a question, how often it is asked; error of a send
TABLE: dict[str, tuple[type[TurbodeskError], int, type[TurbodeskError]]] = {
    "closed": (NoConnection, 3, OutcomeUnknown),
    "reset": (NoConnection, 3, OutcomeUnknown),
    "cut": (NoConnection, 3, OutcomeUnknown),
    "packed": (ProviderBroken, 1, OutcomeUnknown),
    "huge": (ProviderBroken, 1, OutcomeUnknown),
    "302": (ProviderBroken, 1, OutcomeUnknown),
    "307": (ProviderBroken, 1, NoConnection),
    "400": (Refused, 1, Refused),
    "403": (Refused, 1, SignInRefused),
    "404": (Refused, 1, Refused),
    "408": (ProviderBroken, 3, OutcomeUnknown),
    "409": (Refused, 1, OutcomeUnknown),
    "413": (Refused, 1, Refused),
    "425": (Throttled, 3, Throttled),
    "429": (Throttled, 3, Throttled),
    "500": (ProviderBroken, 3, OutcomeUnknown),
    "503": (ProviderBroken, 3, OutcomeUnknown),
    "520": (ProviderBroken, 3, OutcomeUnknown),
    "no under 200": (Refused, 1, Refused),
    "fault under 200": (ProviderBroken, 3, OutcomeUnknown),
}


def plays(tools: Any, fault: str) -> Any:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    named = {
        "closed": tools.close,
        "reset": tools.reset,
        "cut": tools.cut(head + b"Content-Length: 50\r\n\r\n["),
        "packed": tools.answer(b"x", Content_Encoding="gzip"),
        "huge": tools.cut(head + b"Content-Length: 11000000\r\n\r\n["),
        "no under 200": tools.answer({"message": "error", "errors": ["no"]}),
        "fault under 200": tools.answer({"errorCode": 5, "message": "fault in the system"}),
    }
    if fault in named:
        return named[fault]
    return tools.answer(b"<p>words</p>", int(fault), "text/html", Location="http://127.0.0.1:9/")


@pytest.mark.parametrize("fault", TABLE)
@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_against_fault(tools: Any, name: str, fault: str) -> None:
    kind, work = OPERATIONS[name]
    of_question, tries, of_send = TABLE[fault]
    expected = of_send if kind == "send" else of_question
    if kind in ("once", "send"):
        tries = 1

    async def go() -> None:
        script = tools.signed_in(plays(tools, fault))
        async with script.serve() as server, tools.gateway() as gateway:
            provider = tools.provider(gateway, server.origin)
            with pytest.raises(expected) as raised:
                await work(provider, tools)
            assert type(raised.value) is expected
            assert raised.value.says
            await provider.aclose()
        assert len(tools.asked(script)) == tries
        assert len(tools.naps) == tries - 1

    asyncio.run(go())


@pytest.mark.parametrize("fault", [fault for fault in TABLE if fault not in ("400", "404")])
def test_signing_in_against_fault(tools: Any, fault: str) -> None:
    async def go() -> None:
        script = tools.Script([plays(tools, fault)])
        async with script.serve() as server, tools.gateway() as gateway:
            with pytest.raises(TurbodeskError) as raised:
                await tools.provider(gateway, server.origin).sign_in()
            assert type(raised.value) is TABLE[fault][0]
        assert (len(script.seen), tools.naps) == (1, [])  # a password is never tried twice by itself

    asyncio.run(go())


@pytest.mark.parametrize("fault", ["closed", "reset", "cut", "429", "500", "503"])
def test_a_passing_fault_is_not_noticed(tools: Any, fault: str) -> None:
    async def go() -> None:
        good = tools.answer({"count": 5})
        script = tools.signed_in(plays(tools, fault), plays(tools, fault), good)
        async with script.serve() as server, tools.gateway() as gateway:
            assert await tools.provider(gateway, server.origin).count_stats(ALL_TIME) == 5
        assert len(tools.naps) == 2

    asyncio.run(go())


@pytest.mark.parametrize("fault", ["closed", "reset", "cut", "500"])
def test_a_delete_whose_answer_was_lost_is_done_when_it_is_gone(tools: Any, fault: str) -> None:
    async def go() -> None:
        gone = tools.answer({"errorCode": 4, "message": "no such resource"}, 404)
        script = tools.signed_in(plays(tools, fault), gone)
        async with script.serve() as server, tools.gateway() as gateway:
            await tools.provider(gateway, server.origin).delete_reports(SPAM, ["1"])

    asyncio.run(go())
