"""Counts by day that the provider tells in one answer are those that its messages tell."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from turbodesk.model.reports import MailStatus, Period
from turbodesk.services.desk import Desk
from turbodesk.services.stats import StatsQuery, StatsService
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

TODAY = datetime.now(UTC).astimezone().date()
MONTH = StatsQuery(Period(TODAY - timedelta(days=20), TODAY))


async def counted(desk: Desk, query: StatsQuery = MONTH) -> tuple[Any, Any, int]:
    """The days, the sums, and how often the messages were read for them."""
    read, stats = [0], desk.provider.stats

    def pages(*given: Any, **named: Any) -> Any:
        read[0] += 1
        return stats(*given, **named)

    desk.provider.stats = pages  # type: ignore[method-assign]
    try:
        tally, complete = await StatsService(desk).counted(query)
    finally:
        desk.provider.stats = stats  # type: ignore[method-assign]
    assert complete
    return tally.days, tally.sums, read[0]


def test_days_told_at_once_are_those_of_the_messages(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=1_500) as place:
            desk = await place.desk("sandbox-v2")
            assert desk.control is not None
            days, sums, read = await counted(desk)
            clocks_changed = len({at.astimezone().utcoffset() for at in MONTH.period.moments()}) > 1
            assert read == (1 if clocks_changed else 0) and sums.sent > 0 and sums.opened > sums.clicked > 0
            opened = StatsQuery(MONTH.period, frozenset({MailStatus.OPEN}))
            assert (await counted(desk, opened))[1:] != (sums, 0)
            await desk.control.set_faults([{"kind": "hidden_off", "match": "/api/v2/", "times": 0}])
            assert await counted(desk) == (days, sums, 1)
            await desk.control.set_faults([])
            assert await counted(desk) == (days, sums, 1)  # it is not asked for again

    asyncio.run(go())
