"""The same list through the adapter: decoded, put in order, each row once."""

import asyncio
import json
import sys
import time

from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.model.reports import ALL_TIME, ReportType
from turbodesk.providers import open_provider
from turbodesk.providers.http import Gateway

url, user, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3])


async def go():
    gateway = Gateway()
    profile = Profile("bench", "turbosmtp-v1", user=user, api_url=url, send_url=url)
    provider = open_provider(profile, {Credential.PASSWORD: Secret("sandbox")}, gateway)
    await provider.sign_in()
    read, begin = 0, time.perf_counter()
    pages = provider.reports(ReportType.BOUNCE, ALL_TIME)
    async for page in pages:
        read += len(page.rows)
        if read >= wanted:
            break
    took = time.perf_counter() - begin
    await pages.aclose()
    await gateway.aclose()
    return read / took


print(json.dumps(asyncio.run(go())))
