"""How a post is answered, and what a receiver may do to it: read, kept, given up, never stuck."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace

import pytest

from turbodesk.sandbox.webhook_post import (
    AT_ONCE,
    MOST_WAITING,
    Posting,
    Posts,
    Target,
    is_loopback,
    target_of,
)

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
YES = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


async def read(reader: asyncio.StreamReader) -> bytes:
    """One request; raises IncompleteReadError where there is none any more."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(it for it in head.split(b"\r\n") if it.lower().startswith(b"content-length"))
    return head + await reader.readexactly(int(length.partition(b":")[2]))


class Server:
    """Answers each request with the next of `answers`, the last one again and again; None: never."""

    def __init__(self, *answers: bytes | None, closes: bool = False) -> None:
        self.answers, self.closes = answers, closes
        self.asked: list[bytes] = []
        self.connections = 0
        self.target = Target("", 0, "/")
        self.talks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Server]:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.target = Target("127.0.0.1", server.sockets[0].getsockname()[1], "/")
        try:
            yield self
        finally:
            server.close()
            await asyncio.gather(*self.talks)
            await server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if task := asyncio.current_task():
            self.talks.append(task)
        try:
            while True:
                self.asked.append(await read(reader))
                answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
                if answer is None:
                    await reader.read()
                    break
                writer.write(answer)
                if self.closes or not answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


class Told:
    """What the posts told, and something to wait for."""

    def __init__(self) -> None:
        self.tries: list[tuple[bool, bool]] = []
        self._more = asyncio.Event()

    def __call__(self, _posting: Posting, taken: bool, given_up: bool) -> None:
        self.tries.append((taken, given_up))
        self._more.set()

    async def first(self, count: int) -> list[tuple[bool, bool]]:
        async with asyncio.timeout(10):
            while len(self.tries) < count:
                self._more.clear()
                await self._more.wait()
        return self.tries[:count]


def posted(*answers: bytes | None, posts: int = 1, closes: bool = False) -> tuple[Told, Server]:
    """So many postings, one after the other has been tried."""

    async def go() -> tuple[Told, Server]:
        told = Told()
        async with Server(*answers, closes=closes).listening() as server:
            sent = Posts(lambda: 0.0, told, answer_s=0.3)
            async with sent.going_out():
                for number in range(posts):
                    sent.add(Posting(server.target, b'{"n": 1}'))
                    await told.first(number + 1)
        return told, server

    return asyncio.run(go())


@pytest.mark.parametrize(
    "answer",
    [
        YES,
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 202 Accepted\r\ncontent-length:0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_yes_is_a_yes_and_its_connection_is_kept(answer: bytes) -> None:
    told, server = posted(answer, posts=3)
    assert told.tries == [(True, False)] * 3
    assert (server.connections, len(server.asked)) == (1, 3)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n",
    ],
)
def test_a_yes_that_leaves_a_doubt_where_it_ends_closes_the_connection(answer: bytes) -> None:
    told, server = posted(answer, posts=2)
    assert told.tries == [(True, False)] * 2
    assert (server.connections, len(server.asked)) == (2, 2)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b"HTTP/1.1 199 Odd\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 \xb2\xb2\xb2 OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"hello",
        b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nOK",
    ],
)
def test_whatever_else_comes_is_no_yes_and_comes_to_an_end(answer: bytes | None) -> None:
    told, server = posted(answer, closes=True)
    assert told.tries == [(False, False)]
    assert len(server.asked) == 1


def test_a_kept_connection_that_was_closed_meanwhile_is_replaced() -> None:
    told, server = posted(YES, YES, posts=2, closes=True)
    assert told.tries == [(True, False)] * 2
    assert (server.connections, len(server.asked)) == (2, 2)


def test_of_any_number_of_receivers_only_a_few_connections_are_kept() -> None:
    async def go() -> None:
        told, servers = Told(), [Server(YES) for _ in range(AT_ONCE + 8)]
        async with AsyncExitStack() as stack:
            posts = Posts(lambda: 0.0, told)
            for server in servers:
                await stack.enter_async_context(server.listening())
            async with posts.going_out():
                for number, server in enumerate(servers, 1):
                    for path in ("/a", "/b"):
                        posts.add(Posting(replace(server.target, path=path), b"{}"))
                    await told.first(2 * number)
                async with asyncio.timeout(10):
                    await asyncio.gather(*servers[0].talks)  # the oldest was closed to make room
            assert [len(it.asked) for it in servers] == [2] * len(servers)

    asyncio.run(go())


def test_where_nobody_listens_it_waits_for_its_time() -> None:
    async def go() -> None:
        told, now = Told(), [0.0]
        async with Server(YES).listening() as server:
            target = server.target
        posts = Posts(lambda: now[0], told, speed=60)
        async with posts.going_out():
            posts.add(Posting(target, b"{}"))
            assert await told.first(1) == [(False, False)]
            for _ in range(5):
                now[0] += 86_400
                posts.stir()
                await told.first(len(told.tries) + 1)
        assert told.tries == [(False, False)] * 5 + [(False, True)]
        assert (posts.waiting, posts.tally.lost) == (0, 1)

    asyncio.run(go())


def test_no_more_wait_than_there_is_room_for() -> None:
    posts = Posts(lambda: 0.0, lambda *_: None)
    posting = Posting(Target("127.0.0.1", 9, "/"), b"{}")
    for _ in range(MOST_WAITING + 5):
        posts.add(posting)
    assert (posts.waiting, posts.tally.lost) == (MOST_WAITING, 5)
    posts.forget()
    assert (posts.waiting, posts.tally.lost) == (0, 0)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8025/a?b=c#d", ("127.0.0.1", 8025, "/a?b=c")),
        ("http://localhost", ("127.0.0.1", 80, "/")),
        ("http://[::1]:1/", ("::1", 1, "/")),
        ("http://127.9.8.7:0/", ("127.9.8.7", 0, "/")),
    ],
)
def test_a_url_of_this_computer_is_a_target(url: str, expected: tuple[str, int, str]) -> None:
    target = target_of(url)
    assert target is not None
    assert (target.host, target.port, target.path, target.basic) == (*expected, "")
    with_login = target_of(url.replace("http://", "http://ann:word@"))
    assert with_login is not None and with_login.basic == "Basic YW5uOndvcmQ="
    assert "YW5u" not in repr(with_login)


@pytest.mark.parametrize("host", ["", "127.0.0.1.example.com", "0.0.0.0", "10.0.0.1", "localhost.", "::"])
def test_no_other_host_is_this_computer(host: str) -> None:
    assert not is_loopback(host)
    assert target_of(f"http://{host}/") is None
