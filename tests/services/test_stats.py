"""Counts by day, their sums and rates, mailings, and the CSV of what was filtered."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from turbodesk.model.counts import Counts, DayCounts, Rate
from turbodesk.model.message import Address, Message
from turbodesk.model.reports import ALL_TIME, EmailStat, MailStatus, Period
from turbodesk.services.desk import Desk
from turbodesk.services.stats import (
    Grain,
    StatsQuery,
    StatsService,
    Tally,
    count_up,
    rows_csv,
    with_text,
)
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)

Work = Callable[[Desk], Awaitable[None]]


def at_sandbox(tmp_path: Path, work: Work, *, history_rows: int = 0) -> None:
    """Runs `work` over a desk at a sandbox of its own."""

    async def go() -> None:
        async with Workplace(
            tmp_path, vault=MemoryVault(), environment={}, history_rows=history_rows
        ) as place:
            await work(await place.desk("sandbox"))

    asyncio.run(go())


def row(
    status: MailStatus, at: datetime | None = NOON, subject: str = "Hello", to: str = "kim@example.com"
) -> EmailStat:
    return EmailStat("1", subject, "shop@example.com", to, at, status, raw_status=status.value)


def test_a_click_counts_as_open_and_delivery_too() -> None:
    sums = count_up([row(status) for status in MailStatus]).sums
    assert sums == Counts(
        sent=10, delivered=5, opened=4, clicked=1, bounced=1, complained=1, unsubscribed=1, dropped=1
    )


def test_rates_are_taken_of_the_fitting_whole() -> None:
    counts = Counts(sent=200, delivered=180, opened=90, bounced=10, complained=1)
    assert counts.rate("delivered") == Rate(180, 200)
    assert counts.rate("bounced") == Rate(10, 200)
    assert counts.rate("opened") == Rate(90, 180)
    assert counts.rate("complained").value == pytest.approx(1 / 180)
    assert Rate(1, 0).value is None
    assert Rate(9, 99).too_few
    assert not Rate(9, 100).too_few


def test_every_day_of_the_period_has_its_counts() -> None:
    period = Period(date(2026, 11, 18), date(2026, 11, 21))
    tally = count_up(
        [row(MailStatus.SUCCESS), row(MailStatus.FAIL), row(MailStatus.SUCCESS, NOON - DAY)], period, UTC
    )
    assert [(day.day, counts.sent, counts.bounced) for day, counts in tally.days.items()] == [
        (18, 0, 0), (19, 1, 0), (20, 2, 1), (21, 0, 0),
    ]  # fmt: skip


def test_all_time_reaches_from_the_first_mail_to_the_last() -> None:
    assert count_up([]).days == {}
    tally = count_up([row(MailStatus.SUCCESS), row(MailStatus.SUCCESS, NOON - 3 * DAY)], ALL_TIME, UTC)
    assert [day.day for day in tally.days] == [17, 18, 19, 20]


def test_a_day_is_the_day_of_the_place() -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    (day,) = count_up([row(MailStatus.SUCCESS, late)], ALL_TIME, timezone(timedelta(hours=1))).days
    assert day == date(2026, 11, 21)


def test_mail_without_a_date_counts_in_all_but_on_no_day() -> None:
    tally = count_up([row(MailStatus.OPEN, None), row(MailStatus.OPEN)], ALL_TIME, UTC)
    assert (tally.sums.opened, tally.undated) == (2, 1)
    assert sum(counts.opened for counts in tally.days.values()) == 1


def test_days_are_gathered_to_weeks_and_months() -> None:
    period = Period(date(2026, 10, 30), date(2026, 11, 10))  # Friday to Tuesday
    rows = [row(MailStatus.SUCCESS, datetime(2026, 11, day, 12, tzinfo=UTC)) for day in (1, 2, 3, 8, 9)]
    tally = count_up(rows, period, UTC)
    weeks = tally.spans(Grain.WEEK)
    assert [(s.start.isoformat(), s.end.isoformat(), s.counts.sent) for s in weeks] == [
        ("2026-10-30", "2026-11-01", 1),
        ("2026-11-02", "2026-11-08", 3),
        ("2026-11-09", "2026-11-10", 1),
    ]
    assert [(s.start.month, s.counts.sent) for s in tally.spans(Grain.MONTH)] == [(10, 0), (11, 5)]
    assert len(tally.spans(Grain.DAY)) == 12


def test_mailings_are_summed_by_subject_the_last_one_first() -> None:
    tally = Tally(ALL_TIME, UTC)
    new = tally.add([row(MailStatus.OPEN, NOON - DAY, "Old"), row(MailStatus.SUCCESS, NOON, "New")])
    assert [mailing.subject for mailing in new] == ["Old", "New"]
    again = tally.add([row(MailStatus.FAIL, NOON - 2 * DAY, "Old"), row(MailStatus.SUCCESS, None, "Undated")])
    assert [mailing.subject for mailing in again] == ["Undated"]
    assert [(m.subject, m.counts.sent, m.last) for m in tally.mailings] == [
        ("New", 1, NOON), ("Old", 2, NOON - DAY), ("Undated", 1, None),
    ]  # fmt: skip
    assert new[0].counts.bounced == 1  # the line that is shown already grows
    assert tally.mailing_count == 3


def test_pages_add_up_to_the_same_as_all_at_once() -> None:
    statuses = list(MailStatus)
    rows = [row(statuses[n % 10], NOON - n * timedelta(hours=5), f"Subject {n % 7}") for n in range(1000)]
    whole, paged = count_up(rows, ALL_TIME, UTC), Tally(ALL_TIME, UTC)
    for start in range(0, 1000, 10):
        paged.add(rows[start : start + 10])
    assert (paged.sums, paged.days, paged.mailings) == (whole.sums, whole.days, whole.mailings)


def test_a_text_is_looked_for_in_subject_sender_and_recipient() -> None:
    rows = [row(MailStatus.OPEN, subject="Große Neuigkeiten"), row(MailStatus.OPEN, to="Ines@Example.net")]
    assert with_text(rows, "GROSSE") == rows[:1]
    assert with_text(rows, "ines@example") == rows[1:]
    assert with_text(rows, "shop@") == rows
    assert with_text(rows, "  ") == rows
    assert with_text(rows, "example.netshop") == []


def test_every_row_is_read_once_and_counted(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        service, told = StatsService(desk), []
        found = await service.fetch(StatsQuery(), lambda read, total: told.append((read, total)))
        assert len(found.rows) == 300 == len({row.id for row in found.rows})
        assert (found.total, found.complete) == (300, True)
        assert told[0] == (10, 300)
        assert await service.count(StatsQuery()) == 300
        bounces = StatsQuery(statuses=frozenset({MailStatus.FAIL}))
        assert await service.count(bounces) == count_up(found.rows).sums.bounced > 0

    at_sandbox(tmp_path, work, history_rows=300)


def test_what_was_sent_is_counted_and_exported(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        async def mark() -> None:
            pass

        to = tuple(Address(f"{name}@example.com") for name in ("ok", "hardbounce", "click"))
        await desk.provider.send(Message(Address("shop@example.com"), to, "=1+1", text="x", key="k"), mark)
        service = StatsService(desk)
        sums = count_up((await service.fetch(StatsQuery())).rows).sums
        assert (sums.sent, sums.delivered, sums.clicked, sums.bounced) == (3, 2, 1, 1)
        whole = b"".join([piece async for piece in service.export(StatsQuery())]).decode()
        assert all(f"{name}@example.com" in whole for name in ("ok", "hardbounce", "click"))
        part = b"".join([piece async for piece in service.export_with_text(StatsQuery(), "HARD")]).decode()
        head, line = csv.reader(part.splitlines(), delimiter=";")
        assert head == ["Id", "Status", "Subject", "From", "To", "Date", "Error", "Campaign"]
        assert (line[1], line[2], line[4]) == ("FAIL", "'=1+1", "hardbounce@example.com")

    at_sandbox(tmp_path, work)


def test_our_own_file_keeps_a_time_that_made_no_sense() -> None:
    odd = EmailStat("7", "s", "a@example.com", "b@example.com", None, MailStatus.OTHER, "", "WEIRD", "soon")

    async def go() -> bytes:
        return b"".join([piece async for piece in rows_csv([odd])])

    assert asyncio.run(go()).decode().splitlines()[1] == "7;WEIRD;s;a@example.com;b@example.com;soon;;"


def test_what_the_provider_counts_stands_for_itself_and_rows_are_only_gathered() -> None:
    tally = Tally(Period(date(2026, 11, 1), date(2026, 11, 3)), told=True)
    tally.add_days([DayCounts(date(2026, 11, 2), Counts(sent=10, delivered=9, opened=4))])
    tally.add_days(
        [DayCounts(date(2026, 11, 2), Counts(sent=1)), DayCounts(date(2026, 11, 1), Counts(sent=5))]
    )
    at = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
    rows = [
        EmailStat(str(n), "News", "a@example.com", "b@example.com", at, MailStatus.OTHER) for n in range(3)
    ]
    new = tally.add(rows)
    assert [(it.subject, it.counts.sent, it.last) for it in new] == [("News", 3, at)]
    assert tally.sums == Counts(sent=16, delivered=9, opened=4)
    assert [(day.day, counts.sent) for day, counts in tally.days.items()] == [(1, 5), (2, 11), (3, 0)]
    assert sum(span.counts.sent for span in tally.spans(Grain.MONTH)) == 16
