"""A viewer's desk over every provider and every service: what really went over the wire is questions."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from turbodesk.errors import Guarded, NotOffered
from turbodesk.model.account import SANDBOXES
from turbodesk.model.message import Address, Message
from turbodesk.model.reports import ALL_TIME, Report, ReportType, Suppressing
from turbodesk.services.account import AccountService
from turbodesk.services.alerts import AlertsService
from turbodesk.services.desk import API, SMTP, Desk
from turbodesk.services.inbox import EVENTS, InboxService
from turbodesk.services.outbox import Outbox
from turbodesk.services.reports import Listed, ReportQuery, ReportsService
from turbodesk.services.stats import StatsQuery, StatsService
from turbodesk.services.subaccounts import SubAccountsService
from turbodesk.services.suppressions import SuppressionsService
from turbodesk.services.tools import CLICK_TRACKING, ToolsService
from turbodesk.services.validation import ToValidate, ValidationService
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace, sandbox_profile

LETTER = Message(Address("me@example.com"), (Address("you@example.org"),), "Hi", "Hello")
QUESTIONS = {  # what is asked by POST and changes nothing
    "/api/authorize",
    "/api/v2/authorize",
    "/api/deauthorize",
    "/api/v2/suppressions",
}
_HEAD = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n(.*?)\r\n\r\n", re.DOTALL)


class Recorder:
    """Stands between a desk and one port of the sandbox, and keeps what the desk said, by connection."""

    def __init__(self) -> None:
        self.said: list[bytearray] = []

    @asynccontextmanager
    async def before(self, port: int) -> AsyncIterator[int]:
        """The port that leads to `port`."""
        tasks: set[asyncio.Task[None]] = set()

        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            kept = bytearray()
            self.said.append(kept)
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            there, back = await asyncio.open_connection("127.0.0.1", port)
            try:
                await asyncio.gather(_pour(reader, back, kept), _pour(there, writer))
            except (OSError, asyncio.CancelledError):
                pass  # one side hung up, or the test is over
            finally:
                back.close()
                writer.close()
                tasks.discard(task)

        server = await asyncio.start_server(connection, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def requests(self) -> list[tuple[str, str]]:
        """Method and path of every request, in the order of the connections."""
        found = []
        for kept in self.said:
            rest = bytes(kept)
            while rest:
                head = _HEAD.match(rest)
                assert head is not None, rest[:200]
                length = re.search(rb"(?i)^content-length: *(\d+)", head[3], re.MULTILINE)
                rest = rest[head.end() + int(length[1] if length else 0) :]
                found.append((head[1].decode(), urlsplit(head[2].decode()).path))
        return found


async def _pour(
    source: asyncio.StreamReader, into: asyncio.StreamWriter, kept: bytearray | None = None
) -> None:
    while data := await source.read(65536):
        if kept is not None:
            kept += data
        into.write(data)
        await into.drain()
    into.close()


@asynccontextmanager
async def viewing(
    place: Workplace, name: str, recorder: Recorder, environment: dict[str, str]
) -> AsyncIterator[Desk]:
    """The desk of a viewer at one of the sandbox's wires, every HTTP host of it recorded."""
    await place.desk(name)
    assert place.endpoints is not None
    profile, credentials = sandbox_profile(place.profile(name), place.endpoints)
    hosts = {field: getattr(profile, field) for field in ("api_url", "send_url", "inbox_url")}
    ports = {field: port for field, url in hosts.items() if (port := urlsplit(url).port)}
    async with AsyncExitStack() as stack:
        recorded = {
            port: f"http://127.0.0.1:{await stack.enter_async_context(recorder.before(port))}"
            for port in set(ports.values())
        }
        hosts = {field: recorded[port] for field, port in ports.items()}
        environment["TURBODESK_SECRET_SANDBOX_TOKEN"] = place.endpoints.control_token
        desk = place.desk_with(replace(profile, name="Shop", viewer=True, **hosts), credentials)
        try:
            yield desk
        finally:
            await desk.aclose()


async def whole(pages: Callable[..., AsyncIterator[Any]], *what: Any) -> None:
    """Reads to the end; what is not offered has none."""
    try:
        async for _ in pages(*what):
            pass
    except NotOffered:
        pass


async def looked(asking: Awaitable[Any]) -> Any:
    try:
        return await asking
    except NotOffered:
        return None


async def look_everywhere(desk: Desk) -> None:
    """Reads all that there is to read."""
    account, reports, stats = AccountService(desk), ReportsService(desk), StatsService(desk)
    suppressions, inbox = SuppressionsService(desk), InboxService(desk)
    validation = ValidationService(desk)
    await account.show(test=True)
    await looked(desk.provider.sign_in())
    for type in desk.provider.report_types:
        await whole(reports.pages, ReportQuery(type))
    await whole(reports.export, ReportQuery(ReportType.BOUNCE))
    await reports.counts(ALL_TIME)
    await whole(suppressions.pages, Suppressing())
    await whole(suppressions.export, Suppressing())
    await whole(stats.pages, StatsQuery())
    await whole(stats.export, StatsQuery())
    await whole(stats.day_pages, StatsQuery())
    await looked(stats.count(StatsQuery()))
    await looked(stats.message("1"))
    await looked(ToolsService(desk).show())
    await looked(AlertsService(desk).show())
    for sub in await looked(desk.provider.sub_accounts()) or ():
        await looked(SubAccountsService(desk).show(sub.id))
    await looked(validation.credits())
    await whole(validation.lists)
    await looked(desk.provider.validation_list("48151"))
    for mail in await inbox.messages():
        await inbox.message(mail.id)


async def change_everything(desk: Desk, outbox: Outbox) -> int:
    """Tries to write all that there is to write; how many of the tries came to a guard."""
    reports, suppressions, tools = ReportsService(desk), SuppressionsService(desk), ToolsService(desk)
    listed = Listed("you@example.org", [Report("1", ReportType.BOUNCE, "you@example.org", None)])
    validation = ValidationService(desk)
    control = desk.control
    assert control is not None
    writes: list[tuple[Callable[..., Awaitable[Any]], tuple[Any, ...]]] = [
        (outbox.send, (LETTER, API)),
        (desk.provider.send, (LETTER, _never)),
        (reports.delete, (ReportType.BOUNCE, ["1"])),
        (reports.allow_again, (ReportType.BOUNCE, [listed])),
        (reports.delete_all_spam, ()),
        (suppressions.add, (["you@example.org"],)),
        (suppressions.take_off, (["you@example.org"],)),
        (suppressions.take_off_where, (Suppressing(),)),
        (desk.provider.set_tracking, (CLICK_TRACKING, False)),
        (desk.provider.create_key, ("desk",)),
        (desk.provider.revoke_key, ("0123456789abcdef",)),
        (desk.provider.limit_sub_account, ("1", 5)),
        (desk.provider.activate_sub_account, ("1", False)),
        (SubAccountsService(desk).enter, ("shop@example.com",)),
        (desk.provider.add_alert, ("you@example.org", 80)),
        (desk.provider.remove_alert, ("1",)),
        (validation.one, ("you@example.org",)),
        (validation.all_of, (ToValidate("list", "Email", ("you@example.org",)), print)),
        (validation.start, ("1",)),
        (validation.delete, ("1",)),
        *((InboxService(desk).make, ("1", "you@example.org", event)) for event in EVENTS),
        (control.set_faults, ([],)),
        (control.advance_clock, (60,)),
        (control.reset, ()),
    ]
    if desk.relay is not None:
        writes += [(outbox.send, (LETTER, SMTP)), (desk.relay.send, (LETTER, _never))]
    for write, given in writes:
        with pytest.raises(Guarded, match="Shop only looks"):
            await write(*given)
    if await looked(tools.show()):
        with pytest.raises(Guarded):
            await tools.switch(CLICK_TRACKING, False)
    return len(writes)


async def _never() -> None:
    raise AssertionError("a viewer came to the wire mark")


@pytest.mark.parametrize("name", SANDBOXES)
def test_nothing_but_questions_leaves_a_viewers_desk(name: str, tmp_path: Path) -> None:
    async def go() -> None:
        recorder = Recorder()
        known: dict[str, str] = {}
        async with Workplace(tmp_path, vault=MemoryVault(), environment=known, history_rows=120) as place:
            async with viewing(place, name, recorder, known) as desk:
                outbox = await place.outbox(desk)
                before = await desk.control.accepted() if desk.control else {}
                await look_everywhere(desk)
                looked_at = len(recorder.requests())
                assert await change_everything(desk, outbox) >= 20
                assert await outbox.entries() == []
                assert desk.control is not None
                assert await desk.control.accepted() == before
            asked = recorder.requests()
        assert looked_at > (1 if name == "sandbox-smtp" else 8), "the recorder was passed by"
        writes = [(method, path) for method, path in asked if method != "GET" and path not in QUESTIONS]
        assert writes == []

    asyncio.run(go())
