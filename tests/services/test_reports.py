"""Bounces, complaints, unsubscribes: fetched whole, counted, gathered, exported, deleted."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from turbodesk.errors import InvalidDraft, ProviderBroken
from turbodesk.model.message import Address, Message
from turbodesk.model.reports import ALL_TIME, Period, Report, ReportType
from turbodesk.model.smtp_reply import BounceKind
from turbodesk.services.desk import Desk
from turbodesk.services.reports import (
    LEFT_THE_LIST,
    MARKED_AS_SPAM,
    ByAddress,
    ReportQuery,
    ReportsService,
    rows_csv,
)
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

Work = Callable[[Desk], Awaitable[None]]


def at_sandbox(tmp_path: Path, work: Work, *, history_rows: int = 0) -> None:
    """Runs `work` over a desk at a sandbox of its own."""

    async def go() -> None:
        async with Workplace(
            tmp_path, vault=MemoryVault(), environment={}, history_rows=history_rows
        ) as place:
            await work(await place.desk("sandbox"))

    asyncio.run(go())


async def send(desk: Desk, *to: str) -> None:
    async def mark() -> None:
        pass

    for email in to:
        message = Message(Address("shop@example.com"), (Address(email),), "Hello", text="Hello", key=email)
        await desk.provider.send(message, mark)


def entry(
    id: str, email: str, at: datetime | None, words: str = "", type: ReportType = ReportType.BOUNCE
) -> Report:
    return Report(id, type, email, at, words)


def test_what_bounced_is_on_its_lists_and_counted(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await send(
            desk, "hardbounce@example.com", "softbounce@example.com", "spam@example.org", "ok@example.org"
        )
        service = ReportsService(desk)
        counts = await service.counts(Period.last_days(2, datetime.now(UTC).date() + timedelta(days=1)))
        assert counts == {
            ReportType.BOUNCE: 2,
            ReportType.HARD_BOUNCE: 1,
            ReportType.SOFT_BOUNCE: 1,
            ReportType.SPAM: 1,
            ReportType.UNSUBSCRIBE: 0,
        }
        hard = await service.fetch(ReportQuery(ReportType.HARD_BOUNCE))
        assert [row.email for row in hard.rows] == ["hardbounce@example.com"]
        assert (hard.total, hard.complete) == (1, True)
        assert hard.rows[0].words

    at_sandbox(tmp_path, work)


def test_every_page_is_read_each_entry_once_with_progress(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        service, told = ReportsService(desk), []
        found = await service.fetch(ReportQuery(), lambda read, total: told.append((read, total)))
        assert len(found.rows) > 40
        assert found.total == len(found.rows) == len({row.id for row in found.rows})
        assert told[0] == (20, found.total)
        assert told[-1][0] == found.total
        assert len(told) - -(-len(found.rows) // 20) in (0, 1)  # an empty page ends a list of full ones
        times = [row.at for row in found.rows if row.at]
        assert times == sorted(times, reverse=True)
        assert await service.count(ReportQuery()) == found.total

    at_sandbox(tmp_path, work, history_rows=4000)


def test_a_text_narrows_the_list(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await send(desk, "hardbounce@example.com", "hardbounce@example.net")
        found = await ReportsService(desk).fetch(ReportQuery(text="example.net"))
        assert [row.email for row in found.rows] == ["hardbounce@example.net"]

    at_sandbox(tmp_path, work)


def test_what_is_deleted_is_off_every_list(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await send(desk, *(["hardbounce@example.com"] * 60), "hardbounce@example.net")
        service, told = ReportsService(desk), []
        query = ReportQuery(ReportType.HARD_BOUNCE)
        ids = [row.id for row in (await service.fetch(query)).rows if row.email.endswith(".com")]
        assert len(ids) == 60
        number = await service.delete(
            query.type, [*ids, ids[0]], lambda done, total: told.append((done, total))
        )
        assert number == 60
        assert told == [(50, 60), (60, 60)]
        assert [row.email for row in (await service.fetch(ReportQuery())).rows] == ["hardbounce@example.net"]

    at_sandbox(tmp_path, work)


@pytest.mark.parametrize("ids", [[], ["12", "all"], ["1,2"], ["../3"]])
def test_ids_that_are_none_are_refused_before_anything_is_asked(tmp_path: Path, ids: list[str]) -> None:
    async def work(desk: Desk) -> None:
        with pytest.raises(InvalidDraft):
            await ReportsService(desk).delete(ReportType.BOUNCE, ids)

    at_sandbox(tmp_path, work)


def test_a_failure_in_the_middle_leaves_the_bundles_before_it_done(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        assert desk.control is not None
        await send(desk, *(["hardbounce@example.com"] * 60))
        service = ReportsService(desk)
        ids = [row.id for row in (await service.fetch(ReportQuery())).rows]
        faults = [{"match": "/web/api/reports", "method": "DELETE", "kind": "html", "times": 0}]
        breaking: list[asyncio.Task[None]] = []

        def after_first(_done: int, _total: int | None) -> None:
            breaking.append(asyncio.ensure_future(desk.control.set_faults(faults)))

        with pytest.raises(ProviderBroken):
            for start in (0, 50):
                await service.delete(ReportType.BOUNCE, ids[start : start + 50], after_first)
                await breaking[0]
        assert await service.count(ReportQuery()) == 10

    at_sandbox(tmp_path, work)


def test_all_complaints_go_at_once(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await send(desk, "spam@example.com", "spam@example.net", "hardbounce@example.net")
        service = ReportsService(desk)
        await service.delete_all_spam()
        counts = await service.counts(ALL_TIME)
        assert (counts[ReportType.SPAM], counts[ReportType.BOUNCE]) == (0, 1)

    at_sandbox(tmp_path, work)


def test_the_export_is_the_providers_own_file(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await send(desk, "hardbounce@example.com", "softbounce@example.com")
        text = b"".join([piece async for piece in ReportsService(desk).export(ReportQuery())]).decode()
        assert "hardbounce@example.com" in text
        assert "softbounce@example.com" in text

    at_sandbox(tmp_path, work)


def test_entries_of_one_address_are_gathered_the_newest_first() -> None:
    by = ByAddress()
    first = by.add(
        [entry("3", "kim@Example.com", NOON, "550 No such user"), entry("2", "lee@example.com", NOON)]
    )
    again = by.add([entry("1", "kim@example.com", NOON - HOUR), entry("4", "kim@example.COM", NOON + HOUR)])
    assert [listed.email for listed in first] == ["kim@Example.com", "lee@example.com"]
    assert again == []
    kim = by.listed[0]
    assert kim.ids == ["4", "3", "1"]
    assert kim.newest.at == NOON + HOUR


def test_letter_case_before_the_at_makes_another_address() -> None:
    by = ByAddress()
    assert len(by.add([entry("1", "Kim@example.com", NOON), entry("2", "kim@example.com", NOON)])) == 2


def test_an_entry_without_a_time_stands_after_those_with_one() -> None:
    by = ByAddress()
    by.add([entry("1", "kim@example.com", None), entry("2", "kim@example.com", NOON)])
    assert by.listed[0].ids == ["2", "1"]


def test_kind_and_cause_follow_the_list_and_then_the_words() -> None:
    by = ByAddress()
    by.add(
        [
            entry("1", "a@example.com", NOON, "451 try again later", ReportType.HARD_BOUNCE),
            entry("2", "b@example.com", NOON, "451 try again later"),
            entry("3", "c@example.com", NOON, "", ReportType.SPAM),
            entry("4", "d@example.com", NOON, "", ReportType.UNSUBSCRIBE),
        ]
    )
    assert [listed.kind for listed in by.listed[:2]] == [BounceKind.HARD, BounceKind.SOFT]
    assert [listed.cause for listed in by.listed[2:]] == [MARKED_AS_SPAM, LEFT_THE_LIST]


def test_the_words_are_read_again_when_a_newer_entry_comes() -> None:
    by = ByAddress()
    by.add([entry("1", "a@example.com", NOON, "550 5.1.1 no such user")])
    listed = by.listed[0]
    assert listed.reply.code == 550
    by.add([entry("2", "a@example.com", NOON + HOUR, "452 4.2.2 mailbox full")])
    assert listed.reply.code == 452


def test_our_own_file_holds_every_entry_and_no_formula() -> None:
    rows = [
        entry(str(n), "kim@example.com", NOON, "=HYPERLINK(1)" if n == 5 else "a;b\nc") for n in range(2500)
    ]
    rows.append(Report("9", ReportType.BOUNCE, "-1@example.com", None, "", "yesterday"))

    async def go() -> bytes:
        return b"".join([piece async for piece in rows_csv(rows)])

    lines = list(csv.reader(asyncio.run(go()).decode().splitlines(keepends=True), delimiter=";"))
    assert lines[0] == ["Id", "Address", "Date", "Response", "From", "Subject"]
    assert len(lines) == 2502
    assert lines[1] == ["0", "kim@example.com", "2026-11-20T12:00:00+00:00", "a;b\nc", "", ""]
    assert lines[6][3] == "'=HYPERLINK(1)"
    assert lines[-1][1:3] == ["'-1@example.com", "yesterday"]
