"""The floor of reading a list: the same pages by bare httpx, a client for each of four at once."""

import asyncio
import json
import sys
import time

import httpx

url, user, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3])


async def slot(token, pages):
    read = 0
    async with httpx.AsyncClient(trust_env=False, base_url=url, headers={"Authorization": token}) as client:
        for page in pages:
            question = {"page": page, "tz": "+00:00"}
            read += len((await client.get("/web/api/reports/bounce/all", params=question)).json())
    return read


async def go():
    async with httpx.AsyncClient(trust_env=False, base_url=url) as client:
        answer = await client.post("/api/authorize", json={"email": user, "password": "sandbox"})
    token = answer.json()["auth"]
    await slot(token, range(1, 3))
    pages = iter(range(1, wanted // 20 + 1))
    begin = time.perf_counter()
    read = sum(await asyncio.gather(*(slot(token, pages) for _ in range(4))))
    return read / (time.perf_counter() - begin)


print(json.dumps(asyncio.run(go())))
