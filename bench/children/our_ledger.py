"""The ledger's writes a second, three of each send, twenty sends at once sharing commits."""

import asyncio
import json
import tempfile
import time
from pathlib import Path

from bench.children.batches import messages
from turbodesk.model.outcome import SendResult, Verdict
from turbodesk.store.ledger import Ledger

SENDS, AT_ONCE = 3000, 20


async def slot(ledger, some):
    for _, message in some:
        begun = await ledger.begin(message, profile="bench", provider="none")
        await ledger.mark_wire(begun.entry.id)
        await ledger.settle(begun.entry.id, SendResult.for_all(message, Verdict.ACCEPTED))


async def go(directory):
    ledger = Ledger.open(directory)
    some = messages(SENDS)
    begin = time.perf_counter()
    await asyncio.gather(*(slot(ledger, some) for _ in range(AT_ONCE)))
    took = time.perf_counter() - begin
    ledger.close()
    return 3 * SENDS / took


with tempfile.TemporaryDirectory() as name:
    print(json.dumps(asyncio.run(go(Path(name)))))
