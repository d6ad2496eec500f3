"""Posts of events on their way to a receiver on this computer, over real HTTP, again until it says yes."""

from __future__ import annotations

import asyncio
import base64
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

RETRIES_S = (60.0, 300.0, 1800.0, 7200.0, 86_400.0)
"""How long after each failure the same is posted again, by SendPost's documentation; turboSMTP tells none."""
ANSWER_S = 10.0
AT_ONCE = 32
MOST_WAITING = 100_000
GRACE_S = 1.0
_POLL_S = 0.5  # another process on the same file may move the clock
_HEAD_LIMIT_BYTES = 65_536
_DRAINED_BYTES = 65_536

Tell = Callable[["Posting", bool, bool], None]
"""Told of each try: the posting, whether it was taken, and whether it is given up."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to post, on this computer. `basic` is the value of an Authorization header, or empty."""

    host: str
    port: int
    path: str
    basic: str = field(default="", repr=False)

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port


def target_of(url: str) -> Target | None:
    """The target that a URL names; None where it is not plain HTTP to this computer.

    A name and a password in the URL travel as HTTP Basic credentials.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme != "http" or not is_loopback(host) or not url.isascii() or not url.isprintable():
        return None
    basic = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        basic = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    address = "127.0.0.1" if host == "localhost" else host
    return None if " " in path else Target(address, 80 if port is None else port, path, basic)


def is_loopback(host: str) -> bool:
    """Whether it is a name or an address of this computer."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(slots=True, eq=False)
class Posting:
    """One body for one target. `webhook` is the id it is registered under, 0 where it is not."""

    target: Target
    body: bytes
    webhook: int = 0
    failures: int = 0


@dataclass(slots=True)
class Tally:
    """What became of the postings so far. `lost` were given up, or not taken in as too many waited."""

    taken: int = 0
    failed_tries: int = 0
    lost: int = 0


class Posts:
    """The postings of one server, in memory: what still waits when it stops is lost.

    `now` is the sandbox's clock, by which retries are due; `speed` how many times as fast they come as the
    services send them; an answer that takes longer than `answer_s` is none. The order in which postings
    arrive is not promised.
    """

    def __init__(
        self, now: Callable[[], float], tell: Tell, *, speed: float = 1.0, answer_s: float = ANSWER_S
    ) -> None:
        self.speed, self._answer_s = speed, answer_s
        self.tally = Tally()
        self._now, self._tell = now, tell
        self._due: list[tuple[float, int, Posting]] = []
        self._numbers = itertools.count()
        self._stirred, self._ended = asyncio.Event(), asyncio.Event()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._under_way: set[asyncio.Task[None]] = set()
        self._idle: list[_Line] = []

    @property
    def waiting(self) -> int:
        """How many are still to be taken."""
        return len(self._due) + len(self._under_way)

    def add(self, posting: Posting) -> None:
        """To be called on the loop; it is posted as soon as there is a turn."""
        if self.waiting >= MOST_WAITING:
            self.tally.lost += 1
            return
        self._add(posting, self._now())

    def _add(self, posting: Posting, due: float) -> None:
        heapq.heappush(self._due, (due, next(self._numbers), posting))
        self._stirred.set()

    def forget(self) -> None:
        """Forgets everything that waits, and the tally."""
        self._due.clear()
        self.tally = Tally()

    def stir(self) -> None:
        """To be called where the clock was moved: what is due by now goes at once."""
        self._stirred.set()

    @asynccontextmanager
    async def going_out(self) -> AsyncIterator[None]:
        """Posts while it is entered; leaving lets what is due end for a moment, and closes connections."""
        dispatcher = asyncio.create_task(self._dispatch())
        try:
            yield
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(GRACE_S):
                    await self._quiet()
            for task in (dispatcher, *self._under_way):
                task.cancel()
            await asyncio.gather(dispatcher, *self._under_way, return_exceptions=True)
            for line in self._idle:
                await line.closed()

    async def _quiet(self) -> None:
        """Returns once nothing is under way and nothing is due."""
        while self._under_way or (self._due and self._due[0][0] <= self._now()):
            self._ended.clear()
            await self._ended.wait()

    async def _dispatch(self) -> None:
        while True:
            self._stirred.clear()
            while self._due and self._due[0][0] <= self._now():
                await self._slots.acquire()
                if not self._due or self._due[0][0] > self._now():  # forgotten meanwhile
                    self._slots.release()
                    break
                task = asyncio.create_task(self._try(heapq.heappop(self._due)[2]))
                self._under_way.add(task)
                task.add_done_callback(self._end)
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_S if self._due else None):
                    await self._stirred.wait()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._slots.release()
        self._ended.set()

    async def _try(self, posting: Posting) -> None:
        taken = await self._posted(posting)
        if taken:
            self.tally.taken += 1
            self._tell(posting, True, False)
            return
        self.tally.failed_tries += 1
        given_up = posting.failures >= len(RETRIES_S)
        if given_up:
            self.tally.lost += 1
        else:
            self._add(posting, self._now() + RETRIES_S[posting.failures] / self.speed)
            posting.failures += 1
        self._tell(posting, False, given_up)

    async def _posted(self, posting: Posting) -> bool:
        """Whether the receiver said yes in time. A kept connection that was closed meanwhile is replaced."""
        line = self._taken_up(posting.target)
        try:
            async with asyncio.timeout(self._answer_s):
                status = await line.post(posting) if line else 0
                if line is None or not status:
                    line = await _Line.to(posting.target.address)
                    status = await line.post(posting)
        except (OSError, ValueError, TimeoutError, EOFError):
            if line:
                line.close()
            return False
        except asyncio.CancelledError:
            if line:
                line.close()
            raise
        if line.is_open:
            self._idle.append(line)
        if len(self._idle) > AT_ONCE:  # there may be any number of targets
            self._idle.pop(0).close()
        return 200 <= status < 300

    def _taken_up(self, target: Target) -> _Line | None:
        """A kept connection to where `target` is; None where there is none."""
        for place, line in enumerate(self._idle):
            if line.address == target.address:
                return self._idle.pop(place)
        return None


class _Line:
    """One connection to a receiver, kept while it answers in a way that leaves no doubt where it ends."""

    def __init__(
        self, address: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.address = address
        self._reader, self._writer = reader, writer

    @classmethod
    async def to(cls, address: tuple[str, int]) -> _Line:
        return cls(address, *await asyncio.open_connection(*address, limit=_HEAD_LIMIT_BYTES))

    @property
    def is_open(self) -> bool:
        return not self._writer.is_closing()

    def close(self) -> None:
        self._writer.close()

    async def closed(self) -> None:
        """Closes it, and returns when it is."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def post(self, posting: Posting) -> int:
        """The status of the answer; 0 where the connection was closed before a word of it came."""
        target = posting.target
        host = f"[{target.host}]" if ":" in target.host else target.host
        lines = [
            f"POST {target.path} HTTP/1.1",
            f"Host: {host}:{target.port}",
            "User-Agent: turbodesk-sandbox",
            "Content-Type: application/json",
            f"Content-Length: {len(posting.body)}",
            *([f"Authorization: {target.basic}"] if target.basic else []),
        ]
        try:
            self._writer.write("\r\n".join([*lines, "", ""]).encode() + posting.body)
            await self._writer.drain()
            head = await self._head()
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            self.close()
            if isinstance(error, asyncio.IncompleteReadError) and error.partial:
                raise
            return 0
        return await self._answered(head)

    async def _head(self) -> bytes:
        try:
            while True:
                head = await self._reader.readuntil(b"\r\n\r\n")
                if not head.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")):  # those only announce the answer
                    return head
        except asyncio.LimitOverrunError as error:
            raise ValueError("no head of an answer") from error

    async def _answered(self, head: bytes) -> int:
        """Reads the answer to its end, or closes the connection where that would not be short."""
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.partition(" ")[2][:3])
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (it.partition(":") for it in lines)
        }
        length = "0" if status in (204, 304) else headers.get("content-length", "")
        plain = first.startswith("HTTP/1.1") and length.isdigit() and int(length) <= _DRAINED_BYTES
        if plain and headers.get("connection", "").lower() != "close":
            await self._reader.readexactly(int(length))
        else:
            self.close()
        return status
