"""The one way out: when the mark is awaited, what is refused, what is cut off."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import gzip
import logging
import os
import socket
import ssl
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from turbodesk.errors import (
    FileTrouble,
    NoConnection,
    OutcomeUnknown,
    ProviderBroken,
    ProviderError,
    Refused,
    StoreTrouble,
    Throttled,
)
from turbodesk.model.message import Attachment
from turbodesk.providers.exchange import Answer, Call
from turbodesk.providers.gateway import Lost, system_certificates
from turbodesk.providers.http import ApiClient, Gateway, Manner

OK = {"message": "OK", "mid": 7}
QUICK = 0.01  # of the usual patience
GET = Call("GET", "/x")


def client(gateway: Gateway, origin: str) -> ApiClient:
    return ApiClient(gateway, origin, title="The server", read_objection=lambda _answer: None)


def whole(answer: Answer) -> bytes:
    return answer.body


# ---- the wire mark


@pytest.mark.parametrize("tls", [False, True])
def test_the_mark_comes_after_the_connection_and_before_the_first_byte(tools: Any, tls: bool) -> None:
    async def go() -> None:
        ca = trustme.CA()
        script = tools.Script([tools.answer(OK)])
        async with script.serve(server_context(ca) if tls else None) as server:

            async def mark() -> None:
                await asyncio.wait_for(server.connected.wait(), 10)  # with TLS: after the handshake
                assert server.received == b""
                raise StoreTrouble("The disk is full.")

            async with tools.gateway(ssl_context=client_context(ca)) as gateway:
                provider = tools.provider(gateway, server.origin)
                with pytest.raises(StoreTrouble):
                    await provider.send(tools.message(), mark)
                await asyncio.wait_for(server.ended.wait(), 10)
                assert (server.received, server.seen) == (b"", [])
                marks = tools.Marks()
                await provider.send(tools.message(), marks)
                assert (marks.count, len(server.seen)) == (1, 1)

    asyncio.run(go())


@pytest.mark.parametrize("error", [OSError("full"), TimeoutError(), ValueError("x"), RuntimeError("x")])
def test_whatever_the_mark_raises_comes_through_with_nothing_sent(tools: Any, error: Exception) -> None:
    async def go() -> None:
        async with tools.Script([tools.answer(OK)]).serve() as server, tools.gateway(slots=1) as gateway:
            with pytest.raises(type(error)) as raised:
                await tools.provider(gateway, server.origin).send(tools.message(), tools.Marks(error))
            assert raised.value is error
            await asyncio.wait_for(server.ended.wait(), 10)
            assert server.received == b""

    asyncio.run(go())


def test_the_clock_stands_still_while_the_mark_is_written(tools: Any) -> None:
    async def go() -> None:
        now = asyncio.get_running_loop().time

        async def slow() -> None:
            await asyncio.to_thread(threading.Event().wait, 1)

        script, began = tools.Script([tools.answer(OK)]), now()
        async with script.serve() as server, tools.gateway(patience=0.01) as gateway:  # 0.6 s for a send
            result = await tools.provider(gateway, server.origin).send(tools.message(), slow)
        assert result.provider_id == "7"
        assert now() - began >= 1

    asyncio.run(go())


def test_a_send_never_reaches_a_connection_that_was_not_made_for_it(tools: Any) -> None:
    async def go(slots: int) -> int:
        async with tools.Script([tools.answer(OK)]).serve() as server, tools.gateway(slots=slots) as gateway:
            provider = tools.provider(gateway, server.origin)
            for _ in range(3):
                await provider.send(tools.message(), tools.Marks())
            return int(server.connections)

    assert asyncio.run(go(0)) == 3
    assert asyncio.run(go(1)) == 1


def test_with_all_slots_taken_a_send_gets_a_fresh_connection(tools: Any) -> None:
    async def go() -> None:
        both = asyncio.Barrier(2)

        async def mark() -> None:
            await asyncio.wait_for(both.wait(), 10)

        async with tools.Script([tools.answer(OK)]).serve() as server, tools.gateway(slots=1) as gateway:
            provider = tools.provider(gateway, server.origin)
            await asyncio.gather(*(provider.send(tools.message(), mark) for _ in range(2)))
            assert server.connections == 2

    asyncio.run(go())


# ---- no way in


def server_context(ca: trustme.CA, name: str = "127.0.0.1", **more: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name, **more).configure_cert(context)
    return context


def client_context(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ca.configure_trust(context)
    return context


@pytest.mark.parametrize(
    ("flaw", "words"),
    [
        ("unknown", "unable to get local issuer certificate"),
        ("name", "IP address mismatch"),
        ("expired", "certificate has expired"),
    ],
)
def test_a_certificate_that_is_not_valid_is_named_and_nothing_is_sent(
    tools: Any, flaw: str, words: str
) -> None:
    ca, other = trustme.CA(), trustme.CA()
    past = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)
    contexts = {
        "unknown": lambda: server_context(other),
        "name": lambda: server_context(ca, "elsewhere.example.com"),
        "expired": lambda: server_context(ca, not_before=past - datetime.timedelta(1), not_after=past),
    }

    async def go() -> None:
        marks = tools.Marks()
        async with tools.Script([tools.answer(OK)]).serve(contexts[flaw]()) as server:
            async with tools.gateway(ssl_context=client_context(ca)) as gateway:
                provider = tools.provider(gateway, server.origin)
                with pytest.raises(NoConnection) as send:
                    await provider.send(tools.message(), marks)
                with pytest.raises(NoConnection) as ask:
                    await provider.sign_in()
            assert (marks.count, server.seen, server.received) == (0, [], b"")
        for refused in (send, ask):
            assert words in refused.value.says
            assert "password" in refused.value.hint

    asyncio.run(go())


def test_plain_http_where_tls_should_be_is_told(tools: Any) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert b"owner" not in await reader.read(65536)
        writer.write(tools.answer(b"<h1>Bad Request</h1>", 400, "text/html"))
        await writer.drain()

    async def go() -> None:
        async with tools.listening(plain) as origin, tools.gateway() as gateway:
            provider = tools.provider(gateway, origin.replace("http:", "https:"))
            with pytest.raises(NoConnection, match="No safe connection"):
                await provider.send(tools.message(), tools.Marks())

    asyncio.run(go())


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_refused_connection_leaves_the_letter_here(tools: Any) -> None:
    async def go() -> None:
        marks = tools.Marks()
        async with tools.gateway() as gateway:
            with pytest.raises(NoConnection, match=r"refused the connection") as refused:
                await tools.provider(gateway, f"http://127.0.0.1:{free_port()}").send(tools.message(), marks)
        assert "Nothing left this computer" in refused.value.hint
        assert (marks.count, tools.naps) == (0, [])

    asyncio.run(go())


def test_a_host_that_does_not_exist_is_told(tools: Any) -> None:
    async def go() -> None:
        async with tools.gateway() as gateway:
            for origin in ("https://api.example.invalid", f"https://{'a' * 63}.{'b' * 63}.invalid"):
                with pytest.raises(NoConnection, match="There is no host called") as unknown:
                    await tools.provider(gateway, origin).send(tools.message(), tools.Marks())
                assert origin.removeprefix("https://") in unknown.value.says

    asyncio.run(go())


def test_a_host_that_does_not_pick_up_is_told(tools: Any) -> None:
    async def go() -> None:
        with socket.socket() as deaf, contextlib.ExitStack() as callers:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            address = deaf.getsockname()
            for _ in range(4):  # fill the queue of those who wait to be picked up
                caller = callers.enter_context(socket.socket())
                caller.setblocking(False)
                caller.connect_ex(address)
            async with tools.gateway(patience=QUICK) as gateway:
                with pytest.raises(NoConnection, match="did not pick up in time"):
                    await tools.provider(gateway, f"http://127.0.0.1:{address[1]}").send(
                        tools.message(), tools.Marks()
                    )

    asyncio.run(go())


# ---- what comes back


def plays(tools: Any) -> dict[str, Any]:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    bomb = gzip.compress(b" " * 30_000_000)
    return {
        "closed": tools.close,
        "reset": tools.reset,
        "cut head": tools.cut(b"HTTP/1.1 20"),
        "cut body": tools.cut(head + b'Content-Length: 50\r\n\r\n{"message": "OK"'),
        "cut body, reset": tools.cut(head + b"Content-Length: 50\r\n\r\n"),
        "silent": tools.hang,
        "drips its head": tools.drip(b"HTTP/1.1 200 OK\r\nX: "),
        "drips its body": tools.drip(head + b"Content-Length: 100000\r\n\r\n"),
        "many headers": tools.cut(head + b"X-Y: z\r\n" * 50_000 + b"\r\n"),
        "long header": tools.cut(head + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n"),
        "broken header": tools.cut(b"HTTP/1.1 200 OK\r\nX Y\x00: z\r\n\r\n"),
        "no http": tools.cut(b"SSH-2.0-OpenSSH\r\n"),
        "gzip": tools.answer(bomb, Content_Encoding="gzip"),
        "brotli": tools.answer(b"x", Content_Encoding="br"),
        "huge, said": tools.cut(head + b"Content-Length: 1000000000\r\n\r\n{"),
        "huge, chunked": chunked_for_ever(head),
    }


def chunked_for_ever(head: bytes) -> Any:
    async def play(_script: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
            await writer.drain()

    return play


FAULTS = (
    *("closed", "reset", "cut head", "cut body", "cut body, reset", "silent", "drips its head"),
    *("drips its body", "many headers", "long header", "broken header", "no http", "gzip", "brotli"),
    *("huge, said", "huge, chunked"),
)


def patience(fault: str) -> float:
    """Little where the server keeps us waiting for ever."""
    return QUICK if fault == "silent" or fault.startswith("drips") else 1.0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_send_without_a_whole_answer_is_unknown_and_not_repeated(tools: Any, fault: str) -> None:
    async def go() -> None:
        marks = tools.Marks()
        async with tools.Script([plays(tools)[fault]]).serve() as server:
            async with tools.gateway(patience=patience(fault)) as gateway:
                with pytest.raises(OutcomeUnknown) as unknown:
                    await tools.provider(gateway, server.origin).send(tools.message(), marks)
            assert (marks.count, len(server.seen), tools.naps) == (1, 1, [])
        assert "before sending again" in unknown.value.hint
        assert "/api/v2/mail/send" in unknown.value.detail

    asyncio.run(go())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_question_without_a_whole_answer_ends_in_one_of_our_errors(tools: Any, fault: str) -> None:
    async def go() -> None:
        async with tools.Script([plays(tools)[fault]]).serve() as server:
            async with tools.gateway(patience=patience(fault)) as gateway:
                with pytest.raises((NoConnection, ProviderBroken)):
                    await client(gateway, server.origin).ask(GET, whole)
            packed_or_huge = fault in ("gzip", "brotli", "huge, said", "huge, chunked")
            assert len(server.seen) == (1 if packed_or_huge else 3)

    asyncio.run(go())


def test_a_server_that_never_reads_leaves_a_long_letter_unknown(tools: Any) -> None:
    async def go() -> None:
        big = Attachment.of_bytes("big.bin", bytes(12_000_000))
        script = tools.Script([], reads=False)
        async with script.serve() as server, tools.gateway(patience=0.002) as gateway:
            with pytest.raises(OutcomeUnknown, match="did not answer in time"):
                await tools.provider(gateway, server.origin).send(
                    tools.message(attachments=(big,)), tools.Marks()
                )

    asyncio.run(go())


def test_an_early_no_to_a_long_letter_is_heard(tools: Any) -> None:
    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(tools.answer({"message": "error", "errors": ["too large"]}, 413, Connection="close"))
        await writer.drain()
        while await reader.read(65536):
            pass

    async def go() -> None:
        big = Attachment.of_bytes("big.bin", bytes(3_000_000))
        async with tools.listening(early) as origin, tools.gateway() as gateway:
            with pytest.raises(Refused) as refused:
                await tools.provider(gateway, origin).send(tools.message(attachments=(big,)), tools.Marks())
        assert (refused.value.status, refused.value.words) == (413, ("too large",))

    asyncio.run(go())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nobody_is_followed_to_another_host(tools: Any, status: int) -> None:
    async def go() -> None:
        kind = NoConnection if status >= 307 else OutcomeUnknown
        async with tools.Script([tools.answer(OK)]).serve() as elsewhere:
            there = tools.answer(b"", status, Location=f"{elsewhere.origin}/api/v2/mail/send")
            async with tools.Script([there]).serve() as server, tools.gateway() as gateway:
                provider = tools.provider(gateway, server.origin)
                with pytest.raises(kind):
                    await provider.send(tools.message(), tools.Marks())
                with pytest.raises(ProviderBroken, match="does not follow"):
                    await provider.sign_in()
            assert elsewhere.connections == 0

    asyncio.run(go())


def test_cookies_are_not_kept(tools: Any) -> None:
    async def go() -> None:
        async with tools.Script([tools.answer({}, Set_Cookie="Authorization=x")]).serve() as server:
            async with tools.gateway() as gateway:
                for _ in range(2):
                    await client(gateway, server.origin).ask(GET, whole)
            assert all("cookie" not in seen.headers for seen in server.seen)

    asyncio.run(go())


# ---- attachments


class Failing:
    """A file that can be read up to a point."""

    def __init__(self, good_slices: int) -> None:
        self.good_slices = good_slices

    def slices(self, size: int = 768 * 1024) -> Iterator[bytes]:
        for _ in range(self.good_slices):
            yield bytes(size)
        raise FileTrouble("The file has changed.")


def test_a_file_that_cannot_be_read_is_told_while_nothing_has_left(tools: Any) -> None:
    async def go() -> None:
        file, marks = Attachment("a", "a/b", 3_000_000, "", Failing(0)), tools.Marks()
        async with tools.Script([tools.answer(OK)]).serve() as server, tools.gateway() as gateway:
            with pytest.raises(FileTrouble):
                await tools.provider(gateway, server.origin).send(tools.message(attachments=(file,)), marks)
            assert (marks.count, server.connections) == (0, 0)

    asyncio.run(go())


def test_a_file_that_breaks_off_on_the_way_leaves_the_send_unknown(tools: Any) -> None:
    async def go() -> None:
        file = Attachment("a", "a/b", 3_000_000, "", Failing(2))
        async with tools.Script([tools.answer(OK)]).serve() as server, tools.gateway() as gateway:
            with pytest.raises(OutcomeUnknown, match="attachment could not be read"):
                await tools.provider(gateway, server.origin).send(
                    tools.message(attachments=(file,)), tools.Marks()
                )
            assert server.seen == []

    asyncio.run(go())


def test_a_large_attachment_costs_little_memory(tools: Any) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        left = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while left:
            left -= len(await reader.read(65536))
        writer.write(tools.answer(OK))
        await writer.drain()

    class Zeros:
        def slices(self, size: int = 768 * 1024) -> Iterator[bytes]:
            for start in range(0, 16_000_000, size):
                yield bytes(min(size, 16_000_000 - start))

    async def go() -> int:
        file = Attachment("a.bin", "image/png", 16_000_000, "", Zeros())
        async with tools.listening(swallow) as origin, tools.gateway() as gateway:
            provider = tools.provider(gateway, origin)
            await provider.send(tools.message(), tools.Marks())
            tracemalloc.start()
            try:
                await provider.send(tools.message(attachments=(file,)), tools.Marks())
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    peak = asyncio.run(go())
    assert 1_000_000 < peak < 8_000_000


# ---- what the environment says


def test_the_environment_is_not_believed(tmp_path: Path) -> None:
    """Run in a process of its own, where the variables stand from the start."""
    keys = tmp_path / "keys.log"
    code = (
        "import asyncio\n"
        "from turbodesk.providers.exchange import Call\n"
        "from turbodesk.providers.gateway import Gateway, Lost, system_certificates\n"
        "assert system_certificates().keylog_filename is None\n"
        "async def go():\n"
        "    gateway = Gateway()\n"
        "    for origin in ('https://127.0.0.1:9', 'http://127.0.0.1:9'):\n"
        "        try:\n"
        "            await gateway.ask(origin, Call('GET', '/'), deadline_s=20)\n"
        "        except Lost as lost:\n"
        "            print(lost.says)\n"
        "    await gateway.aclose()\n"
        "asyncio.run(go())\n"
    )
    proxy = "http://proxy.example.invalid:3128"
    named = {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "ALL_PROXY": "socks5://x", "SSL_CERT_FILE": "/none"}
    environment = {**os.environ, **named, "http_proxy": proxy, "SSLKEYLOGFILE": str(keys)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["127.0.0.1:9 refused the connection."] * 2
    assert not keys.exists()


def test_the_systems_certificates_are_checked_strictly() -> None:
    context = system_certificates()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


# ---- asking again


def test_a_question_is_asked_three_times_with_growing_pauses(tools: Any) -> None:
    async def go() -> None:
        replies = [tools.close, tools.answer(b"<p>no</p>", 503), tools.answer({"a": 1})]
        async with tools.Script(replies).serve() as server, tools.gateway() as gateway:
            assert await client(gateway, server.origin).ask(GET, whole) == b'{"a": 1}'
            assert len(server.seen) == 3
        first, second = tools.naps
        assert 0.25 <= first <= 0.5 <= second <= 1.0

    asyncio.run(go())


def test_a_slow_down_is_obeyed_where_it_is_short(tools: Any) -> None:
    async def go() -> None:
        replies = [tools.answer({}, 429, Retry_After="7"), tools.answer({})]
        async with tools.Script(replies).serve() as server, tools.gateway() as gateway:
            await client(gateway, server.origin).ask(GET, whole)
        assert tools.naps == [7.0]

    asyncio.run(go())


def test_a_long_slow_down_is_for_the_user_to_decide(tools: Any) -> None:
    async def go() -> None:
        async with tools.Script([tools.answer({}, 429, Retry_After="120")]).serve() as server:
            async with tools.gateway() as gateway:
                with pytest.raises(Throttled) as slow:
                    await client(gateway, server.origin).ask(GET, whole)
            assert (slow.value.retry_after_s, tools.naps, len(server.seen)) == (120.0, [], 1)

    asyncio.run(go())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 422])
def test_a_plain_no_is_not_asked_again(tools: Any, status: int) -> None:
    async def go() -> None:
        async with tools.Script([tools.answer({}, status)]).serve() as server, tools.gateway() as gateway:
            with pytest.raises(ProviderError):
                await client(gateway, server.origin).ask(GET, whole)
            assert len(server.seen) == 1

    asyncio.run(go())


def test_what_may_not_be_repeated_is_not(tools: Any) -> None:
    async def go() -> None:
        for reply in (tools.close, tools.answer({}, 500), tools.answer({}, 429)):
            async with tools.Script([reply]).serve() as server, tools.gateway() as gateway:
                with pytest.raises((NoConnection, ProviderError)):
                    await client(gateway, server.origin).ask(
                        GET, whole, manner=Manner(3, 30.0, again_after_wire=False)
                    )
                assert len(server.seen) == 1

    asyncio.run(go())


def test_gone_is_done_only_where_an_earlier_try_may_have_done_it(tools: Any) -> None:
    async def go() -> None:
        manner = Manner(3, 30.0, again_after_wire=True, gone_is_done=True)
        gone = tools.answer({"message": "not there"}, 404)
        async with tools.gateway() as gateway:
            async with tools.Script([tools.close, gone]).serve() as server:
                await client(gateway, server.origin).ask(GET, lambda answer: answer.status, manner=manner)
            async with tools.Script([gone]).serve() as server:
                with pytest.raises(Refused):
                    await client(gateway, server.origin).ask(GET, whole, manner=manner)

    asyncio.run(go())


def test_a_header_that_would_break_out_is_stopped_without_showing_it(tools: Any) -> None:
    async def go() -> None:
        async with tools.Script([tools.answer({})]).serve() as server, tools.gateway() as gateway:
            for value in ("s3cret\r\nX: y", "s3cret\n", "s3cret\u200b", "s3crét", "s3cret\x00"):
                call = Call("GET", "/x", headers=(("Authorization", value),))
                with pytest.raises(NoConnection) as stopped:
                    await client(gateway, server.origin).ask(call, whole)
                error = stopped.value
                assert "s3cr" not in f"{error!r} {error} {error.says} {error.hint} {error.detail}"
            assert server.connections == 0

    asyncio.run(go())


def test_lost_is_never_seen_outside(tools: Any) -> None:
    async def go() -> None:
        async with tools.gateway() as gateway:
            with pytest.raises(Lost) as lost:
                await gateway.ask(f"http://127.0.0.1:{free_port()}", GET, deadline_s=10)
            assert not lost.value.sent

    asyncio.run(go())


def test_the_libraries_below_log_no_addresses(tools: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def go() -> None:
        async with tools.Script([tools.answer({})]).serve() as server, tools.gateway() as gateway:
            call = Call("GET", "/x", query=(("filter", "someone@example.com"),))
            await client(gateway, server.origin).ask(call, whole)

    asyncio.run(go())
    assert [record for record in caplog.records if record.name.startswith(("httpx", "httpcore"))] == []
