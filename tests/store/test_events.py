"""The file of events: each once, on the disk before anybody is told, read page by page."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from turbodesk.errors import StoreTrouble
from turbodesk.model.event import WebhookEvent
from turbodesk.store.events import EVENTS_FILE, Events

NOON = datetime(2026, 11, 29, 12, 0, 0, 123456, tzinfo=UTC)
FULL = WebhookEvent(
    "sendpost", "ev-1", "clicked", "18008724934734069760", "you@example.com", NOON, "uniqueClick", "td-key",
    "spring", "Subject", "250 OK", "https://example.com/", "192.0.2.7", "Mozilla/5.0", '{"event": {}}',
)  # fmt: skip


def numbered(number: int, service: str = "turbosmtp") -> WebhookEvent:
    return WebhookEvent(service, f"ev-{number}", "delivered", f"m-{number}")


@pytest.fixture
def events(tmp_path: Path) -> Iterator[Events]:
    opened = Events.open(tmp_path / "config")
    yield opened
    opened.close()


async def identities(events: Events) -> list[str]:
    return [it.event.identity for it in await events.page(limit=10_000)]


def test_an_event_comes_back_as_it_was_kept(events: Events) -> None:
    async def go() -> None:
        before = datetime.now(UTC)
        assert await events.keep([FULL, replace(FULL, identity="ev-2", at=None)]) == 2
        first, second = await events.page()
        assert (first.number, first.event) == (1, FULL)
        assert second.event.at is None
        assert before <= first.received <= datetime.now(UTC)

    asyncio.run(go())


def test_a_duplicate_is_ignored_and_the_first_stays(events: Events) -> None:
    async def go() -> None:
        assert await events.keep([FULL]) == 1
        assert await events.keep([replace(FULL, kind="opened"), numbered(2), numbered(2)]) == 1
        assert await events.keep([replace(FULL, service="turbosmtp")]) == 1, "an identity is of its service"
        assert [it.event.kind for it in await events.page()] == ["clicked", "delivered", "clicked"]

    asyncio.run(go())


def test_many_at_once_are_each_kept_once(events: Events) -> None:
    async def go() -> None:
        news = await asyncio.gather(*(events.keep([numbered(n % 500)]) for n in range(1_000)))
        assert sum(news) == await events.count() == 500
        assert sorted(await identities(events)) == sorted(f"ev-{n}" for n in range(500))

    asyncio.run(go())


def test_pages_follow_one_another_and_the_last_ones_are_read_from_the_end(events: Events) -> None:
    async def go() -> None:
        await events.keep([numbered(n) for n in range(25)])
        seen, after = [], 0
        while page := await events.page(after, 10):
            assert len(page) <= 10
            seen += [it.event.identity for it in page]
            after = page[-1].number
        assert seen == [f"ev-{n}" for n in range(25)]
        assert [it.event.identity for it in await events.last(3)] == ["ev-22", "ev-23", "ev-24"]

    asyncio.run(go())


def test_two_programs_write_and_read_the_same_file(events: Events, tmp_path: Path) -> None:
    other = Events.open(tmp_path / "config")

    async def go() -> None:
        news = await asyncio.gather(*(it.keep([numbered(n)]) for n in range(200) for it in (events, other)))
        assert sum(news) == await events.count() == await other.count() == 200

    try:
        asyncio.run(go())
    finally:
        other.close()


def test_every_commit_waits_for_the_disk(events: Events) -> None:
    with closing(events._database.connect(write=True)) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "persist"


def test_a_full_disk_is_told_and_the_next_try_is_kept(events: Events) -> None:
    """Filled by a limit on pages, the same code that a full disk gives."""
    connection = events._writer._connection

    async def go() -> None:
        await events.keep([numbered(1)])
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        big = [replace(numbered(n), raw="x" * 16_000) for n in range(2, 5)]
        with pytest.raises(StoreTrouble, match="disk is full"):
            await events.keep(big)
        assert await identities(events) == ["ev-1"], "all or none"
        connection.execute("PRAGMA max_page_count = 1000000")
        assert await events.keep(big) == 3

    asyncio.run(go())


def test_a_damaged_file_is_set_aside_and_the_next_start_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / EVENTS_FILE
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreTrouble, match="set aside"):
        Events.open(tmp_path)
    Events.open(tmp_path).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (0,)


def test_who_asks_a_closed_file_is_told(tmp_path: Path) -> None:
    closed = Events.open(tmp_path)
    closed.close()
    for question in (lambda: closed.keep([FULL]), closed.page):
        with pytest.raises(StoreTrouble, match="closed already"):
            asyncio.run(question())
