"""Connections that break at each place of a request, and answers that would fill the memory."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import struct
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from turbodesk.errors import NoConnection, OutcomeUnknown, ProviderBroken, TurbodeskError
from turbodesk.model.message import Attachment

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
YES = b'{"message": "OK", "mid": 17}'
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def whole_request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))


async def picked_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reset(writer)


async def in_the_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(1000)
    reset(writer)


async def behind_the_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await whole_request(reader)
    reset(writer)


async def behind_the_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await whole_request(reader)
    writer.write(HEAD + b"Content-Length: 28\r\n\r\n")
    await writer.drain()
    reset(writer)


async def in_the_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await whole_request(reader)
    writer.write(HEAD + b"Content-Length: 28\r\n\r\n" + YES[:12])
    await writer.drain()
    reset(writer)


async def a_short_answer_without_a_length(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await whole_request(reader)
    writer.write(HEAD + b"Connection: close\r\n\r\n" + YES[:12])
    await writer.drain()
    writer.close()


async def met(tools: Any, talk: Talk, *, scheme: str = "http") -> tuple[TurbodeskError, int]:
    """What a send of some length comes to, and how often its wire mark was asked for."""
    marks = tools.Marks()
    big = Attachment.of_bytes("big.bin", bytes(3_000_000))
    async with tools.listening(talk) as origin, tools.gateway() as gateway:
        provider = tools.provider(gateway, origin.replace("http:", f"{scheme}:"))
        with pytest.raises(TurbodeskError) as told:
            await provider.send(tools.message(attachments=(big,)), marks)
    assert tools.naps == []  # it was not tried again
    return told.value, marks.count


@pytest.mark.parametrize(
    "talk",
    [
        picked_up,
        in_the_request,
        behind_the_request,
        behind_the_head,
        in_the_answer,
        a_short_answer_without_a_length,
    ],
)
def test_a_connection_that_breaks_once_something_may_have_left_is_unknown(tools: Any, talk: Talk) -> None:
    error, marked = asyncio.run(met(tools, talk))

    assert type(error) is OutcomeUnknown
    assert marked == 1 and "before sending again" in error.hint


def test_a_connection_that_breaks_before_it_is_safe_leaves_the_letter_here(tools: Any) -> None:
    error, marked = asyncio.run(met(tools, picked_up, scheme="https"))

    assert type(error) is NoConnection
    assert marked == 0


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await whole_request(reader)
    writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
            await writer.drain()


def packed(kind: str) -> Talk:
    inner = gzip.compress(b" " * 50_000_000, 1)
    bomb = {"gzip": inner, "gzip, gzip": gzip.compress(inner)}.get(kind, b"x" * 300_000)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await whole_request(reader)
        head = HEAD + f"Content-Encoding: {kind}\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
        with contextlib.suppress(ConnectionError):
            writer.write(head + bomb)
            await writer.drain()
        writer.close()

    return talk


@pytest.mark.parametrize("kind", ["", "gzip", "gzip, gzip", "br", "zstd"])
def test_an_answer_without_measure_costs_little_memory(tools: Any, kind: str) -> None:
    talk, most = (packed(kind), 20_000_000) if kind else (endless, 50_000_000)

    async def go() -> int:
        async with tools.listening(talk) as origin, tools.gateway() as gateway:
            provider = tools.provider(gateway, origin)
            tracemalloc.start()
            try:
                with pytest.raises(ProviderBroken):
                    await provider.sign_in()
                with pytest.raises(OutcomeUnknown):
                    await provider.send(tools.message(), tools.Marks())
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    assert asyncio.run(go()) < most
