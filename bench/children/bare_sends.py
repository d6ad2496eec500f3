"""The floor of sending: the same POSTs by bare httpx, one client for each of so many at once."""

import asyncio
import json
import sys
import time

import httpx

url, user, at_once, sends = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])


async def slot(numbers):
    async with httpx.AsyncClient(trust_env=False) as client:
        for number in numbers:
            body = {
                "authuser": user,
                "authpass": "sandbox",
                "from": "me@example.com",
                "to": "you@example.com",
                "subject": f"Number {number}",
                "content": "Hello, this is a letter of a benchmark.\n" * 7,
                "custom_headers": {"X-Turbodesk-ID": f"td-bare-{number}"},
            }
            answer = await client.post(f"{url}/api/v2/mail/send", json=body)
            assert answer.json()["message"] == "OK"


async def go():
    await slot(range(2))
    numbers = iter(range(sends))
    begin = time.perf_counter()
    await asyncio.gather(*(slot(numbers) for _ in range(at_once)))
    return sends / (time.perf_counter() - begin)


print(json.dumps(asyncio.run(go())))
