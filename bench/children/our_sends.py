"""The same sends through the adapter, so many at once; with `ledger`, through Outbox and Ledger as well."""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from bench.children.accounts import account
from bench.children.wires import TEXT
from turbodesk.model.message import Address, Message
from turbodesk.providers import open_provider
from turbodesk.providers.http import Gateway
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.store.ledger import Ledger

profile, credentials = account(sys.argv[1], sys.argv[2])
at_once, sends, with_ledger = int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:] == ["ledger"]


def message(number):
    return Message(Address("me@example.com"), (Address("you@example.com"),), f"Number {number}", TEXT)


async def through_ledger(outbox, numbers):
    for number in numbers:
        entry = await outbox.send(message(number))
        assert entry.state == "accepted", entry.reason


async def through_adapter(provider, numbers):
    async def mark():
        pass

    for number in numbers:
        result = await provider.send(message(number), mark)
        assert {outcome.verdict for outcome in result.outcomes} == {"accepted"}, result


async def go(directory):
    ledger = Ledger.open(directory)
    gateway = Gateway(slots=at_once)
    desk = Desk(profile, open_provider(profile, credentials, gateway))
    slot, taker = through_adapter, desk.provider
    if with_ledger:
        slot, taker = through_ledger, Outbox(ledger, desk)
    await slot(taker, range(2))
    numbers = iter(range(sends))
    begin = time.perf_counter()
    await asyncio.gather(*(slot(taker, numbers) for _ in range(at_once)))
    took = time.perf_counter() - begin
    await desk.aclose()
    await gateway.aclose()
    ledger.close()
    return sends / took


with tempfile.TemporaryDirectory() as name:
    print(json.dumps(asyncio.run(go(Path(name)))))
