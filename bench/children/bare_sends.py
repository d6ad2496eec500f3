"""The floor of sending: the same POSTs by bare httpx, one client for each of so many at once, made before."""

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack

import httpx

from bench.children.wires import send_of

url, headers, body = send_of(sys.argv[1], sys.argv[2])
at_once, sends = int(sys.argv[3]), int(sys.argv[4])


async def slot(client, numbers):
    for number in numbers:
        answer = await client.post(url, json=body(number))
        assert answer.status_code == 200, answer.text
        answer.json()


async def go():
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(trust_env=False, headers=headers))
            for _ in range(at_once)
        ]
        await slot(clients[0], range(2))
        numbers = iter(range(sends))
        begin = time.perf_counter()
        await asyncio.gather(*(slot(client, numbers) for client in clients))
        return sends / (time.perf_counter() - begin)


print(json.dumps(asyncio.run(go())))
