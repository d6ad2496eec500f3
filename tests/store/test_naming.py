"""A send is found by the beginning of its id or its key, a batch by the beginning of its id."""

from __future__ import annotations

import asyncio

from tests.services.scripted import message
from turbodesk.model.outcome import Hold, SendState
from turbodesk.store.ledger import Ledger


def test_what_a_beginning_names(ledger: Ledger) -> None:
    async def go() -> None:
        async def queued() -> tuple[str, str]:
            entry = await ledger.queue(message(), profile="shop", provider="scripted", hold=Hold.PERSON)
            return entry.id, entry.key

        ids = [await queued() for _ in range(3)]
        batch, number = await ledger.batches.begin(
            profile="shop", provider="scripted", name="list.csv", total=1, concurrency=1,
            stop_at_percent=0, per_second=0,
        )  # fmt: skip
        row = await ledger.queue_row(message(), 1, profile="shop", provider="scripted", batch=(batch, number))
        for id, key in [*ids, (row.id, row.key)]:
            assert (await ledger.named(id)).sends == (id,)
            assert (await ledger.named(key)).sends == (id,)
        assert (await ledger.named("td-")).sends == (*(id for id, _ in ids), row.id)
        assert (await ledger.named(batch[:12])).batches == (batch,)
        for none in ("", "%", "_", "td_", ids[0][0] + "0", ids[0][0][1:]):
            found = await ledger.named(none)
            assert (found.sends, found.batches) == ((), ())

    asyncio.run(go())


def test_entries_of_one_state_are_found_in_batches_too(ledger: Ledger) -> None:
    async def go() -> None:
        alone = await ledger.queue(message(), profile="shop", provider="scripted", hold=Hold.PERSON)
        await ledger.take_back(alone.id)
        batch = await ledger.batches.begin(
            profile="shop", provider="scripted", name="list.csv", total=1, concurrency=1,
            stop_at_percent=0, per_second=0,
        )  # fmt: skip
        row = await ledger.queue_row(message(), 1, profile="shop", provider="scripted", batch=batch)
        waiting = await ledger.entries(batch=None, state=SendState.QUEUED)
        assert [it.id for it in waiting] == [row.id]
        assert [it.id for it in await ledger.entries(batch=None, state=SendState.CANCELLED)] == [alone.id]
        assert await ledger.entries(profile="other", batch=None, state=SendState.QUEUED) == []

    asyncio.run(go())
