"""What a network and a bad host can do, against every API: the right error, and no secret on the way."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import trustme

from turbodesk.errors import (
    NoConnection,
    OutcomeUnknown,
    ProviderBroken,
    Throttled,
    TurbodeskError,
)
from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.model.outcome import Verdict
from turbodesk.model.reports import ALL_TIME
from turbodesk.providers import open_provider
from turbodesk.providers.port import Provider

pytestmark = pytest.mark.prove

MARKERS = {it: f"Mark-{it.value}-7f3a91" for it in Credential}
SECRETS = {it: Secret(text) for it, text in MARKERS.items()}
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@dataclass(frozen=True)
class Api:
    """One adapter: its cheapest question, and an answer that is right for it."""

    ask: Callable[[Provider], Awaitable[object]]
    good: object
    without: tuple[Credential, ...] = ()


APIS = {
    "turbosmtp-v1": Api(lambda p: p.count_stats(ALL_TIME), {"count": 5}),
    "turbosmtp-v2": Api(
        lambda p: p.count_stats(ALL_TIME), {"count": 5, "results": []}, (Credential.PASSWORD,)
    ),
    "sendpost": Api(lambda p: p.sub_accounts(), []),
}


def opened(name: str, gateway: Any, origin: str) -> Provider:
    profile = Profile("faulty", name, user="owner@example.com", api_url=origin, send_url=origin)
    secrets = {it: secret for it, secret in SECRETS.items() if it not in APIS[name].without}
    return open_provider(profile, secrets, gateway)


def scripted(tools: Any, *replies: Any) -> Any:
    """A script that lets whoever signs in do so, and plays the replies to everything else."""
    left = list(replies)

    def reply(seen: Any) -> Any:
        if seen.path.endswith("/authorize"):
            return tools.answer({"auth": tools.token})
        found = left.pop(0) if len(left) > 1 else left[0]
        return found if isinstance(found, bytes) or asyncio.iscoroutinefunction(found) else found(seen)

    return tools.Script([reply])


async def met(tools: Any, provider: Provider, name: str, work: str) -> tuple[TurbodeskError | None, Any]:
    """The error that a question or a send meets, and the wire mark of the send."""
    marks = tools.Marks()
    try:
        if work == "send":
            result = await provider.send(tools.message(), marks)
            if {outcome.verdict for outcome in result.outcomes} == {Verdict.UNKNOWN}:
                return OutcomeUnknown(result.note or "unknown"), marks
            return None, marks
        await APIS[name].ask(provider)
    except TurbodeskError as error:
        return error, marks
    return None, marks


def holds_no_secret(error: TurbodeskError) -> bool:
    told = f"{error!r} {error} {error.says} {error.hint} {error.detail} {error.__cause__!r}"
    return not any(marker in told for marker in MARKERS.values())


PLAYED: dict[str, tuple[type[TurbodeskError], int, type[TurbodeskError]]] = {
    # of a question, how often it is asked, of a send
    "never answers": (NoConnection, 3, OutcomeUnknown),
    "closes": (NoConnection, 3, OutcomeUnknown),
    "resets": (NoConnection, 3, OutcomeUnknown),
    "cut JSON": (NoConnection, 3, OutcomeUnknown),
    "short JSON": (ProviderBroken, 3, OutcomeUnknown),
    "429": (Throttled, 3, Throttled),
    "500": (ProviderBroken, 3, OutcomeUnknown),
    "503": (ProviderBroken, 3, OutcomeUnknown),
    "HTML": (ProviderBroken, 3, OutcomeUnknown),
    "gzip bomb": (ProviderBroken, 1, OutcomeUnknown),
    "10 MB": (ProviderBroken, 1, OutcomeUnknown),
    "10 MB unannounced": (ProviderBroken, 1, OutcomeUnknown),
    "slow drip": (NoConnection, 3, OutcomeUnknown),
    "slow head": (NoConnection, 3, OutcomeUnknown),
}


def play(tools: Any, fault: str) -> Any:
    chunk = b"%x\r\n%s\r\n" % (1 << 20, b" " * (1 << 20))
    bomb = gzip.compress(b" " * 50_000_000)
    return {
        "never answers": lambda: tools.hang,
        "closes": lambda: tools.close,
        "resets": lambda: tools.reset,
        "cut JSON": lambda: tools.cut(JSON_HEAD + b'Content-Length: 90\r\n\r\n{"count": 5, "resu'),
        "short JSON": lambda: tools.answer('{"count": 5, "resu'),
        "429": lambda: tools.answer({"message": "slow down"}, 429),
        "500": lambda: tools.answer(b"", 500),
        "503": lambda: tools.answer("<p>maintenance</p>", 503, "text/html"),
        "HTML": lambda: tools.answer("<!doctype html><p>Welcome</p>", 200, "text/html"),
        "gzip bomb": lambda: tools.answer(bomb, Content_Encoding="gzip"),
        "10 MB": lambda: tools.cut(JSON_HEAD + b"Content-Length: 10500000\r\n\r\n" + b" " * 10_500_000),
        "10 MB unannounced": lambda: tools.cut(
            JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 11
        ),
        "slow drip": lambda: tools.drip(JSON_HEAD + b"Content-Length: 100000\r\n\r\n"),
        "slow head": lambda: tools.drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"y"),
    }[fault]()


@pytest.mark.parametrize("work", ["ask", "send"])
@pytest.mark.parametrize("fault", PLAYED)
@pytest.mark.parametrize("name", APIS)
def test_an_answer_that_is_none(tools: Any, name: str, fault: str, work: str) -> None:
    of_question, tries, of_send = PLAYED[fault]

    async def go() -> None:
        script = scripted(tools, play(tools, fault))
        waits = fault in ("never answers", "slow drip", "slow head")
        async with script.serve(), tools.gateway(patience=0.01 if waits else 1.0) as gateway:
            provider = opened(name, gateway, script.origin)
            error, marks = await met(tools, provider, name, work)
            await provider.aclose()
        assert type(error) is (of_send if work == "send" else of_question), error
        assert error is not None and error.says and holds_no_secret(error)
        asked = [seen for seen in script.seen if not seen.path.endswith("authorize")]
        assert len(asked) == (1 if work == "send" else tries)
        assert marks.count == (work == "send")

    asyncio.run(go())


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("name", APIS)
def test_a_read_waits_as_long_as_it_is_asked_to(tools: Any, name: str, status: int) -> None:
    async def go() -> None:
        busy = tools.answer({"message": "slow down"}, status, Retry_After="7")
        script = scripted(tools, busy, busy, tools.answer(APIS[name].good))
        async with script.serve(), tools.gateway() as gateway:
            provider = opened(name, gateway, script.origin)
            assert (await met(tools, provider, name, "ask"))[0] is None
        assert len(tools.naps) == 2
        if status == 429:
            assert min(tools.naps) >= 7

    asyncio.run(go())


@pytest.mark.parametrize("name", APIS)
def test_a_send_that_is_throttled_says_until_when_and_is_not_repeated(tools: Any, name: str) -> None:
    async def go() -> None:
        script = scripted(tools, tools.answer({"message": "slow down"}, 429, Retry_After="7"))
        async with script.serve(), tools.gateway() as gateway:
            error, _ = await met(tools, opened(name, gateway, script.origin), name, "send")
        assert isinstance(error, Throttled) and error.retry_after_s == 7
        assert (len(script.seen), tools.naps) == (1, [])

    asyncio.run(go())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("work", ["ask", "send"])
@pytest.mark.parametrize("name", APIS)
def test_nobody_is_followed_to_another_host(tools: Any, name: str, work: str, status: int) -> None:
    async def go() -> None:
        other = tools.Script([tools.answer(APIS[name].good)])
        async with other.serve(), tools.gateway() as gateway:
            away = tools.answer(b"", status, Location=f"{other.origin}/somewhere")
            script = scripted(tools, away)
            async with script.serve():
                error, _ = await met(tools, opened(name, gateway, script.origin), name, work)
        assert error is not None and holds_no_secret(error)
        assert (other.connections, bytes(other.received)) == (0, b"")

    asyncio.run(go())


@pytest.mark.parametrize("work", ["ask", "send"])
@pytest.mark.parametrize("name", APIS)
@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:9", "https://no-such-host.invalid"], ids=["refused", "no such name"]
)
def test_a_host_that_cannot_be_reached(tools: Any, name: str, work: str, origin: str) -> None:
    async def go() -> None:
        async with tools.gateway() as gateway:
            error, marks = await met(tools, opened(name, gateway, origin), name, work)
        assert type(error) is NoConnection
        assert error.hint and holds_no_secret(error)
        assert marks.count == 0

    asyncio.run(go())


def certificate(kind: str) -> tuple[trustme.LeafCert, ssl.SSLContext]:
    """A server's certificate of one kind, and a client that trusts the authority it trusts."""
    authority, trusted = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    then = {
        "not_before": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
        "not_after": datetime.datetime(2021, 1, 1, tzinfo=datetime.UTC),
    }
    leaf = {
        "other name": lambda: authority.issue_cert("mail.example.com"),
        "expired": lambda: authority.issue_cert("127.0.0.1", **then),
        "unknown authority": lambda: trustme.CA().issue_cert("127.0.0.1"),
    }[kind]()
    authority.configure_trust(trusted)
    return leaf, trusted


@pytest.mark.parametrize("kind", ["other name", "expired", "unknown authority"])
@pytest.mark.parametrize("work", ["ask", "send"])
@pytest.mark.parametrize("name", APIS)
def test_a_certificate_that_is_no_good(tools: Any, name: str, work: str, kind: str) -> None:
    leaf, trusted = certificate(kind)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(server)

    async def go() -> None:
        script = scripted(tools, tools.answer(APIS[name].good))
        async with script.serve(server), tools.gateway(ssl_context=trusted) as gateway:
            error, marks = await met(tools, opened(name, gateway, script.origin), name, work)
        assert type(error) is NoConnection
        assert (script.seen, bytes(script.received), marks.count) == ([], b"", 0)
        assert holds_no_secret(error)

    asyncio.run(go())


@contextlib.asynccontextmanager
async def mute(tools: Any) -> AsyncIterator[str]:
    """A server that takes connections and says nothing, not even in TLS."""
    over = asyncio.Event()

    async def talk(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await over.wait()

    async with tools.listening(talk) as origin:
        try:
            yield origin.replace("http:", "https:")
        finally:
            over.set()


@pytest.mark.parametrize("work", ["ask", "send"])
@pytest.mark.parametrize("name", APIS)
def test_a_time_limit_before_anything_has_left(tools: Any, name: str, work: str) -> None:
    async def go() -> None:
        async with mute(tools) as origin, tools.gateway(patience=0.01) as gateway:
            error, marks = await met(tools, opened(name, gateway, origin), name, work)
        assert type(error) is NoConnection
        assert marks.count == 0

    asyncio.run(go())
