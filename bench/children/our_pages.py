"""The same messages through the adapter: decoded, put in order, each row once."""

import asyncio
import json
import sys
import time
from datetime import date, timedelta

from bench.children.accounts import account
from turbodesk.model.reports import Period
from turbodesk.providers import open_provider
from turbodesk.providers.http import Gateway

profile, credentials = account(sys.argv[1], sys.argv[2])
wanted = int(sys.argv[3])


async def read(provider, number):
    found, pages = 0, provider.stats(Period(date.today() - timedelta(58), date.today()))
    async for page in pages:
        found += len(page.rows)
        if found >= number:
            break
    await pages.aclose()
    return found


async def go():
    gateway = Gateway()
    provider = open_provider(profile, credentials, gateway)
    await read(provider, 1)
    begin = time.perf_counter()
    found = await read(provider, wanted)
    took = time.perf_counter() - begin
    await provider.aclose()
    await gateway.aclose()
    return found / took


print(json.dumps(asyncio.run(go())))
