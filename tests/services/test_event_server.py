"""The receiver of events over real sockets: a yes means that the disk has it, all else says why not."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from turbodesk.errors import StoreTrouble
from turbodesk.model.account import Secret
from turbodesk.services import event_server
from turbodesk.services.event_server import BODY_LIMIT_BYTES, EventServer, Receiver
from turbodesk.store.events import EVENTS_FILE, Events

JSON = {"Content-Type": "application/json"}
LOGIN = ("desk", Secret("pässword"))


def event(number: int) -> dict[str, Any]:
    return {"id": str(number), "mid": f"m-{number}", "status": "DELIVERED", "email": "you@example.com"}


def basic(text: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Message
    body: dict[str, Any]


class Caller:
    """Posts to one receiver, each on a connection of its own."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None and parts.port is not None
        self.place = parts.hostname, parts.port

    async def __call__(self, body: Any, headers: Mapping[str, str] = JSON, **more: Any) -> Reply:
        return await asyncio.to_thread(self._ask, body, headers, **more)

    def _ask(self, body: Any, headers: Mapping[str, str], method: str = "POST", path: str = "/") -> Reply:
        sent = body if isinstance(body, bytes | Iterator) else json.dumps(body).encode()
        with closing(http.client.HTTPConnection(*self.place, timeout=20)) as connection:
            connection.request(method, path, sent, dict(headers), encode_chunked=not isinstance(sent, bytes))
            answer = connection.getresponse()
            assert answer.headers["Content-Type"] == "application/json"
            return Reply(answer.status, answer.headers, json.loads(answer.read()))


@pytest.fixture
def events(tmp_path: Path) -> Iterator[Events]:
    opened = Events.open(tmp_path)
    yield opened
    opened.close()


@asynccontextmanager
async def served(events: Events, **more: Any) -> AsyncIterator[Caller]:
    async with EventServer(Receiver(events, **more)) as server:
        yield Caller(server.url)


def kept(directory: Path) -> list[str]:
    """What another program finds on the disk."""
    with closing(sqlite3.connect(directory / EVENTS_FILE)) as connection:
        return [row[0] for row in connection.execute("SELECT message_id FROM event ORDER BY number")]


def test_a_yes_means_that_it_is_on_the_disk_once(events: Events, tmp_path: Path) -> None:
    async def go() -> None:
        async with served(events) as post:
            answer = await post(event(1))
            assert (answer.status, answer.body) == (200, {"stored": 1, "duplicates": 0})
            assert kept(tmp_path) == ["m-1"]
            answer = await post([event(2), event(1), event(2)])
            assert (answer.status, answer.body) == (200, {"stored": 1, "duplicates": 2})
            assert kept(tmp_path) == ["m-1", "m-2"]

    asyncio.run(go())


def test_no_yes_comes_before_the_disk_has_it(events: Events, tmp_path: Path) -> None:
    """Another program holds the file; whoever posts waits until it lets go."""

    async def go() -> None:
        async with served(events) as post:
            with closing(sqlite3.connect(tmp_path / EVENTS_FILE, isolation_level=None)) as other:
                other.execute("BEGIN EXCLUSIVE")
                posting = asyncio.create_task(post(event(1)))
                assert await asyncio.wait({posting}, timeout=0.3) == (set(), {posting})
                other.execute("ROLLBACK")
            assert (await posting).status == 200
            assert kept(tmp_path) == ["m-1"]

    asyncio.run(go())


def test_many_posts_at_once_share_commits(events: Events, tmp_path: Path) -> None:
    async def go() -> None:
        async with served(events) as post:
            answers = await asyncio.gather(*(post(event(n)) for n in range(100)))
        assert {answer.status for answer in answers} == {200}
        assert sorted(kept(tmp_path)) == sorted(f"m-{n}" for n in range(100))

    asyncio.run(go())


@pytest.mark.parametrize(
    ("body", "headers", "more", "status", "says"),
    [
        (b"{", JSON, {}, 400, "no JSON"),
        ([], JSON, {}, 400, "no event"),
        ({"hello": "world"}, JSON, {}, 400, "no event of turboSMTP"),
        ([event(1), {}], JSON, {}, 400, "no event of turboSMTP"),
        (event(1), JSON, {"path": "/elsewhere"}, 404, "posted to /"),
        (event(1), JSON, {"method": "PUT"}, 405, "with POST"),
        (b"", {}, {"method": "GET"}, 405, "with POST"),
        (event(1), {**JSON, "Origin": "http://127.0.0.1"}, {}, 403, "Web pages"),
        (event(1), {**JSON, "Host": "evil.example.com"}, {}, 403, "127.0.0.1"),
        (event(1), {**JSON, "Host": "["}, {}, 403, "127.0.0.1"),
        (event(1), {}, {}, 415, "application/json"),
        (event(1), {"Content-Type": "text/plain"}, {}, 415, "application/json"),
        (event(1), {**JSON, "Content-Encoding": "gzip"}, {}, 415, "Compressed"),
        (b" " * (BODY_LIMIT_BYTES + 1), JSON, {}, 413, "1,000,000"),
        (b" " * (3 * BODY_LIMIT_BYTES), JSON, {}, 413, "1,000,000"),
        (b" " * (3 * BODY_LIMIT_BYTES), {}, {}, 415, "application/json"),
    ],
)
def test_what_is_refused_says_why_and_nothing_is_kept(
    events: Events, tmp_path: Path, body: Any, headers: dict[str, str], more: Any, status: int, says: str
) -> None:
    async def go() -> None:
        async with served(events) as post:
            answer = await post(body, headers, **more)
            assert answer.status == status and says in answer.body["error"]
            assert kept(tmp_path) == []
            assert (await post(event(1))).status == 200, "it goes on"

    asyncio.run(go())


def test_a_body_of_unknown_length_has_the_same_cap(events: Events) -> None:
    async def go() -> None:
        async with served(events) as post:
            answer = await post(iter([b" " * 100_000] * 20))
            assert answer.status == 413

    asyncio.run(go())


@pytest.mark.parametrize(
    "shown",
    [
        {},
        basic("desk:password"),
        basic("desk:"),
        basic("other:pässword"),
        basic("desk"),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic"},
        {"Authorization": basic("desk:pässword")["Authorization"].replace("Basic", "Bearer")},
    ],
)
def test_a_wrong_login_is_asked_for_another(events: Events, tmp_path: Path, shown: dict[str, str]) -> None:
    async def go() -> None:
        async with served(events, login=LOGIN) as post:
            answer = await post(event(1), {**JSON, **shown})
            assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Basic ")
            assert "pässword" not in json.dumps(answer.body, ensure_ascii=False)
            assert kept(tmp_path) == []

    asyncio.run(go())


def test_the_right_login_opens_it_under_any_name(events: Events, tmp_path: Path) -> None:
    async def go() -> None:
        async with served(events, login=LOGIN) as post:
            for number, host in enumerate(("127.0.0.1", "hooks.example.com")):
                answer = await post(event(number), {**JSON, **basic("desk:pässword"), "Host": host})
                assert answer.status == 200
            assert kept(tmp_path) == ["m-0", "m-1"]

    asyncio.run(go())


def test_a_disk_that_refuses_is_told_to_both_ends_and_the_post_comes_again(
    events: Events, tmp_path: Path
) -> None:
    told: list[StoreTrouble] = []
    connection = events._writer._connection

    async def go() -> None:
        async with served(events, on_trouble=told.append) as post:
            connection.execute("PRAGMA max_page_count = 1")  # SQLite then keeps the pages there are
            big = {**event(1), "subject": "x" * 30_000}
            for _ in range(2):
                answer = await post(big)
                assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
                assert "disk is full" in answer.body["error"]
            assert kept(tmp_path) == [] and len(told) == 1
            connection.execute("PRAGMA max_page_count = 1000000")
            assert (await post(big)).body == {"stored": 1, "duplicates": 0}

    asyncio.run(go())


def test_a_body_that_does_not_come_is_not_waited_for(events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_server, "_BODY_S", 0.1)

    async def go() -> None:
        async with served(events) as post:
            reader, writer = await asyncio.open_connection(*post.place)
            head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
            assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
            writer.close()

    asyncio.run(go())


@pytest.mark.parametrize("asked_before", [False, True])
def test_a_connection_that_does_not_go_on_is_closed(
    events: Events, monkeypatch: pytest.MonkeyPatch, asked_before: bool
) -> None:
    monkeypatch.setattr(event_server, "_HEAD_S", 0.1)

    async def go() -> None:
        async with served(events) as post:
            reader, writer = await asyncio.open_connection(*post.place)
            if asked_before:
                writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await reader.readuntil(b"}")
            writer.write(b"POST / HT")
            assert await reader.read() == b""
            writer.close()

    asyncio.run(go())


def test_a_body_may_take_longer_than_a_head(events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_server, "_HEAD_S", 0.1)

    async def go() -> None:
        async with served(events) as post:
            reader, writer = await asyncio.open_connection(*post.place)
            body = json.dumps(event(1)).encode()
            head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:9])
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):  # nothing is said meanwhile
                    await reader.read(1)
            writer.write(body[9:])
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            writer.close()

    asyncio.run(go())


def test_more_connections_than_it_takes_are_turned_away(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_server, "_MOST_CONNECTIONS", 1)

    async def go() -> None:
        async with served(events) as post:
            _, first = await asyncio.open_connection(*post.place)
            reader, second = await asyncio.open_connection(*post.place)
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
            for writer in (first, second):
                writer.close()

    asyncio.run(go())


def test_what_is_being_written_is_answered_before_it_ends(events: Events, tmp_path: Path) -> None:
    async def go() -> None:
        with closing(sqlite3.connect(tmp_path / EVENTS_FILE, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            async with served(events) as post:
                posting = asyncio.create_task(post(event(1)))
                await asyncio.wait({posting}, timeout=0.3)
                asyncio.get_running_loop().call_later(0.3, other.execute, "ROLLBACK")
        assert (await posting).status == 200

    asyncio.run(go())


def test_a_taken_port_is_an_error_of_the_system(events: Events) -> None:
    async def go() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with pytest.raises(OSError):
                async with EventServer(Receiver(events), port=taken.getsockname()[1]):
                    pass

    asyncio.run(go())


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_it_may_listen_on_the_other_loopback(events: Events) -> None:
    async def go() -> None:
        try:
            async with EventServer(Receiver(events), host="::1") as server:
                assert server.url.startswith("http://[::1]:")
                assert (await Caller(server.url)(event(1))).status == 200
        except OSError:
            pytest.skip("no IPv6 here")

    asyncio.run(go())
