"""Gateway, the one way out to the network, over httpx.

It guards what every provider needs alike: certificates are checked against the system's, nothing of the
environment is believed (proxies, key logs), nobody is followed to another address, no answer is inflated
or grows without end, every request ends in time, and a letter goes out at most once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator

import httpx
import truststore

from turbodesk import __version__
from turbodesk.errors import NoConnection
from turbodesk.files import in_slice_thread
from turbodesk.model.request import Spelled
from turbodesk.providers.exchange import Answer, Body, Call
from turbodesk.providers.port import WireMark
from turbodesk.providers.trouble import broke_off, no_way_in, trail

CONNECT_S = 15.0
SEND_S = 60.0
SEND_BYTES_PER_S = 256 * 1024  # a slow line gets one more second for each of these
EXPORT_S = 120.0
EXPORT_BYTES_PER_S = 64 * 1024  # what a growing export must bring to be waited for any longer
SILENCE_S = 30.0
SLOT_IDLE_S = 2.0  # a connection that rested longer may be closed at the other end already
QUESTION_CONNECTIONS = 8

_BEFORE_FIRST_BYTE = "http11.send_request_headers.started"
_USUAL_CA_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

# They write addresses at INFO and whole requests at DEBUG, whatever level the program logs at.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

Sleep = Callable[[float], Awaitable[object]]


class Lost(Exception):
    """No answer that can be used. `sent`: some of the request may have left; `garbled`: something came."""

    def __init__(
        self, says: str, *, hint: str = "", detail: str = "", sent: bool, garbled: bool = False
    ) -> None:
        super().__init__(says)
        self.says, self.hint, self.detail = says, hint, detail
        self.sent, self.garbled = sent, garbled


class Gateway:
    """The one way out to the network: one set of certificates, connections for questions, others for sends.

    A send gets a connection of its own. With `slots`, that many of them are kept between sends, so that a
    batch need not connect for every letter; one that rested over two seconds is not used again.
    `ssl_context` replaces the system's certificates, `patience` stretches every deadline,
    `sleep` waits between tries. What goes out by other means than HTTP keeps to `slots` and `patience` too.
    """

    def __init__(
        self,
        *,
        slots: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        patience: float = 1.0,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.slots, self.patience = slots, patience
        self._ssl_context = ssl_context
        self._connect_s = CONNECT_S * patience
        self.sleep = sleep
        self._building = asyncio.Lock()
        self._lanes: dict[bool, _Lanes] = {}

    async def aclose(self) -> None:
        """Closes every connection. The gateway opens new ones if it is used again."""
        lanes, self._lanes = list(self._lanes.values()), {}
        for lane in lanes:
            await lane.aclose()

    async def ask(self, origin: str, call: Call, *, deadline_s: float, kept: bool = True) -> Answer:
        """One try of a question; raises Lost. With `kept` False it gets a fresh connection."""
        lanes = await self._open_lanes(origin)
        upload = await _Upload.begin(call.body) if call.body else None
        request = _Request(origin, call, self._connect_s, upload)
        return await request.whole(lanes.questions if kept else lanes.fresh, deadline_s * self.patience)

    async def send(self, origin: str, call: Call, mark: WireMark) -> Answer:
        """One send, once. `mark` is awaited when the connection stands and nothing has left.

        Raises Lost, and whatever `mark` raises; what the body's pieces raise comes through before
        the mark, and as Lost after it.
        """
        lanes = await self._open_lanes(origin)
        upload = await _Upload.begin(call.body) if call.body else None
        request = _Request(origin, call, self._connect_s, upload, mark)
        deadline_s = (SEND_S + request.size_bytes / SEND_BYTES_PER_S) * self.patience
        with lanes.slot() as transport:
            return await request.whole(transport, deadline_s)

    async def spelled(self, origin: str, call: Call) -> Spelled:
        """What `send` would put on the wire. Nothing is connected."""
        upload = await _Upload.begin(call.body) if call.body else None
        built = _Request(origin, call, self._connect_s, upload).built()
        body = b"".join([piece async for piece in upload]) if upload else built.content
        return Spelled(built.method, str(built.url), _as_written(built), body)

    async def download(self, origin: str, call: Call, *, deadline_s: float) -> Download:
        """One try of an export, its bytes still to come; raises Lost. The deadline is for its head."""
        lanes = await self._open_lanes(origin)
        request = _Request(origin, call, self._connect_s)
        response = await request.head(lanes.fresh, deadline_s * self.patience)
        return Download(request, response, self.patience)

    async def _open_lanes(self, origin: str) -> _Lanes:
        secure = origin.startswith("https:")
        if secure not in self._lanes:
            async with self._building:
                if secure not in self._lanes:
                    self._lanes[secure] = _Lanes(await self._trusted(secure), self.slots)
        return self._lanes[secure]

    async def _trusted(self, secure: bool) -> ssl.SSLContext:
        if not secure:  # plain http to loopback: this one trusts nobody, and costs nothing
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return await self.certificates()

    async def certificates(self) -> ssl.SSLContext:
        """What every server is checked against, one context for all of them."""
        if self._ssl_context is None:  # reading the system's certificates takes 20 ms
            self._ssl_context = await asyncio.to_thread(system_certificates)
        return self._ssl_context


def system_certificates() -> ssl.SSLContext:
    """A context that trusts what the system trusts, whatever the environment says. Blocks for 20 ms."""
    context = _trusting_the_system()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _trusting_the_system() -> ssl.SSLContext:
    if sys.platform in ("win32", "darwin"):
        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # On Linux truststore would read the system's files again for every connection, on the loop.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    built_in = ssl.get_default_verify_paths()
    places = [{"capath": built_in.openssl_capath}, {"cafile": built_in.openssl_cafile}]
    for place in places + [{"cafile": path} for path in _USUAL_CA_FILES]:
        with contextlib.suppress(OSError):  # absent, or no certificates in it: the others may have them
            context.load_verify_locations(**place)
    return context


class _Lanes:
    """The connections of one scheme: kept ones for questions, fresh ones, and slots for batches."""

    def __init__(self, context: ssl.SSLContext, slots: int) -> None:
        def transport(**limits: float | None) -> httpx.AsyncHTTPTransport:
            return httpx.AsyncHTTPTransport(
                verify=context,
                trust_env=False,
                http1=True,
                http2=False,
                retries=0,
                limits=httpx.Limits(**limits),  # type: ignore[arg-type]
            )

        self.questions = transport(
            max_connections=QUESTION_CONNECTIONS,
            max_keepalive_connections=QUESTION_CONNECTIONS,
            keepalive_expiry=15.0,
        )
        self.fresh = transport(max_connections=None, max_keepalive_connections=0)
        self._idle = [
            transport(max_connections=1, max_keepalive_connections=1, keepalive_expiry=SLOT_IDLE_S)
            for _ in range(slots)
        ]
        self._all = [self.questions, self.fresh, *self._idle]

    @contextlib.contextmanager
    def slot(self) -> Iterator[httpx.AsyncHTTPTransport]:
        """A slot for one send, or the fresh lane where there is none or all are taken."""
        if not self._idle:
            yield self.fresh
            return
        taken = self._idle.pop()
        try:
            yield taken
        finally:
            self._idle.append(taken)

    async def aclose(self) -> None:
        for transport in self._all:
            await transport.aclose()


class _Upload:
    """A body on its way. Its first piece is read before anything is sent, so that a file that can't be
    read is told while nothing has left."""

    def __init__(self, pieces: Iterator[bytes], length: int, first: bytes) -> None:
        self._pieces, self._first = pieces, first
        self.length = length

    @classmethod
    async def begin(cls, body: Body) -> _Upload | None:
        """The upload of a body that is read in pieces, None of one in memory."""
        make = body.pieces
        if make is None:
            return None
        length = body.length
        if length is None:
            length = await in_slice_thread(lambda: sum(map(len, make())))
        pieces = make()
        return cls(pieces, length, await in_slice_thread(next, pieces, b""))

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        piece = self._first
        while piece:
            yield piece
            piece = await in_slice_thread(next, self._pieces, b"")


class _Request:
    """One request on its way, and how far it got."""

    def __init__(
        self,
        origin: str,
        call: Call,
        connect_s: float,
        upload: _Upload | None = None,
        mark: WireMark | None = None,
    ) -> None:
        self._call, self._connect_s, self._upload, self._mark = call, connect_s, upload, mark
        self._url = origin + call.target
        self.host = origin.partition("://")[2]
        self.sent = False
        self._limit: asyncio.Timeout | None = None

    @property
    def size_bytes(self) -> int:
        """How long its body is."""
        if self._upload:
            return self._upload.length
        return len(self._call.body.data) if self._call.body else 0

    async def whole(self, transport: httpx.AsyncHTTPTransport, deadline_s: float) -> Answer:
        """Sends it and reads the whole answer in that time; raises Lost."""
        with self._losses():
            built = self.built()
            async with asyncio.timeout(deadline_s) as self._limit:
                response = await transport.handle_async_request(built)
                async with contextlib.aclosing(response):
                    return await self.read(response)

    async def head(self, transport: httpx.AsyncHTTPTransport, deadline_s: float) -> httpx.Response:
        """Sends it and reads the head of the answer; who calls closes the response. Raises Lost."""
        with self._losses():
            built = self.built()
            async with asyncio.timeout(deadline_s) as self._limit:
                response = await transport.handle_async_request(built)
            try:
                self._check_packing(response)
            except Lost:
                await response.aclose()
                raise
            return response

    async def rest(self, response: httpx.Response, deadline_s: float) -> Answer:
        """The whole answer whose head was read before; raises Lost."""
        with self._losses():
            async with asyncio.timeout(deadline_s) as self._limit:
                return await self.read(response)

    async def read(self, response: httpx.Response) -> Answer:
        """The answer with its body; raises Lost where it is packed or too large."""
        self._check_packing(response)
        declared, limit = response.headers.get("content-length", "0"), self._call.answer_limit_bytes
        if declared.isdigit() and int(declared[:20]) > limit:
            raise self._odd(response, f"more than {limit:,} bytes")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > limit:
                raise self._odd(response, f"more than {limit:,} bytes")
        return self.answer(response, bytes(body))

    async def chunk(self, chunks: AsyncIterator[bytes], deadline_s: float) -> bytes:
        """The next bytes of an answer, empty at its end; raises Lost where they don't come in time."""
        with self._losses():
            async with asyncio.timeout(max(deadline_s, 0)) as self._limit:
                return await anext(chunks, b"")

    def answer(self, response: httpx.Response, body: bytes = b"") -> Answer:
        """The response as plain data."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(self._call.method, self._call.path, response.status_code, headers, body)

    def _check_packing(self, response: httpx.Response) -> None:
        packed = response.headers.get("content-encoding", "identity").strip().lower()
        if packed not in ("", "identity"):
            raise self._odd(response, "an answer packed in a way that was not asked for")

    def _odd(self, response: httpx.Response, what: str) -> Lost:
        return Lost(
            f"{self.host} sent {what}.",
            hint="It was not read any further. Check the address of the server in Account.",
            detail=f"{self._call.method} {self._call.path} → {response.status_code}: {what}",
            sent=True,
            garbled=True,
        )

    def built(self) -> httpx.Request:
        """The request as it goes on the wire; raises ValueError where a header can't be sent."""
        headers = {
            "User-Agent": f"Turbodesk/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            **_sendable(self._call.headers),
        }
        content: bytes | _Upload | None = None
        if body := self._call.body:
            headers["Content-Type"] = body.media_type
            headers["Content-Length"] = str(self.size_bytes)
            content = self._upload or body.data
        return httpx.Request(
            self._call.method,
            self._url,
            headers=headers,
            content=content,
            extensions={"trace": self._trace, "timeout": {"connect": self._connect_s}},
        )

    async def _trace(self, event: str, _info: object) -> None:
        if event == _BEFORE_FIRST_BYTE:
            if self._mark is not None:
                await self._marked(self._mark)
            self.sent = True

    async def _marked(self, mark: WireMark) -> None:
        """Awaits the mark with the clock stopped: a slow disk must not cut off its commit half-way."""
        limit, loop = self._limit, asyncio.get_running_loop()
        when = limit.when() if limit else None
        before = loop.time()
        if limit:
            limit.reschedule(None)
        await mark()
        if limit and when is not None:
            limit.reschedule(when + loop.time() - before)

    @contextlib.contextmanager
    def _losses(self) -> Iterator[None]:
        """Turns whatever goes wrong on the line into Lost; what the mark raises passes through."""
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise self._lost(error) from error
        except TimeoutError as error:
            if self._limit is None or not self._limit.expired():
                raise
            raise self._lost(error) from error
        except Lost:
            raise
        except Exception as error:
            if not (self._mark and self.sent):
                raise
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> Lost:
        detail = f"{self._call.method} {self._call.path} at {self.host}: {trail(error)}"
        if self.sent:
            says, hint = broke_off(self.host, error)
        else:
            says, hint = no_way_in(self.host, error)
        return Lost(says, hint=hint, detail=detail, sent=self.sent)


class Download:
    """An export whose bytes are still to come: close it, however it ends."""

    def __init__(self, request: _Request, response: httpx.Response, patience: float) -> None:
        self._request, self._response, self._patience = request, response, patience
        self.answer = request.answer(response)

    @property
    def is_file(self) -> bool:
        """Whether a file comes, not the provider's words."""
        return self.answer.ok and self.answer.media_type != "application/json"

    async def words(self) -> Answer:
        """The whole answer where it is no file; raises Lost."""
        return await self._request.rest(self._response, SILENCE_S * self._patience)

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        """The bytes as they come. Raises NoConnection where they stop coming or come too slowly."""
        chunks, got, loop = self._response.aiter_raw(), 0, asyncio.get_running_loop()
        began = loop.time()
        try:
            while True:
                left_s = (EXPORT_S + got / EXPORT_BYTES_PER_S) * self._patience - (loop.time() - began)
                chunk = await self._request.chunk(chunks, min(left_s, SILENCE_S * self._patience))
                if not chunk:
                    return
                got += len(chunk)
                yield chunk
        except Lost as lost:
            raise NoConnection(
                "The export broke off before its end.",
                hint="What was written of it is incomplete; export again.",
                detail=lost.detail,
            ) from lost

    async def aclose(self) -> None:
        await self._response.aclose()


def _as_written(request: httpx.Request) -> tuple[tuple[str, str], ...]:
    """The headers of a request in their order, spelt as they are sent."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)


def _sendable(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The headers, none of which may break out of its line; the value never stands in the error."""
    for name, value in headers:
        if not value.isprintable() or not value.isascii():
            raise NoConnection(
                f"The text for {name} holds a character that may not travel there.",
                hint="It was probably pasted with a line break or an invisible sign: enter it again.",
                detail=f"header {name} not sendable; nothing was sent",
            )
    return dict(headers)
