"""The floor of reading messages: the same pages by bare httpx, a client for each of four at once."""

import asyncio
import json
import sys
import time

import httpx

from bench.children.wires import page_of

url, headers, size, question = page_of(sys.argv[1], sys.argv[2])
wanted = int(sys.argv[3])


async def slot(pages):
    read = 0
    async with httpx.AsyncClient(trust_env=False, headers=headers) as client:
        for page in pages:
            found = (await client.get(url, params=question(page))).json()
            read += len(found if isinstance(found, list) else found["results"])
    return read


async def go():
    await slot(range(1, 2))
    pages = iter(range(1, wanted // size + 1))
    begin = time.perf_counter()
    read = sum(await asyncio.gather(*(slot(pages) for _ in range(4))))
    return read / (time.perf_counter() - begin)


print(json.dumps(asyncio.run(go())))
