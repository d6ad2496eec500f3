"""The floor of reading a list: the same pages by bare httpx, four at once, and nothing made of them."""

import asyncio
import json
import sys
import time

import httpx

url, user, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3])


async def go():
    async with httpx.AsyncClient(trust_env=False, base_url=url) as client:
        token = (await client.post("/api/authorize", json={"email": user, "password": "sandbox"})).json()[
            "auth"
        ]
        client.headers["Authorization"] = token
        pages = iter(range(1, wanted // 20 + 1))
        read = 0

        async def slot():
            nonlocal read
            for page in pages:
                question = {"page": page, "tz": "+00:00"}
                read += len((await client.get("/web/api/reports/bounce/all", params=question)).json())

        begin = time.perf_counter()
        await asyncio.gather(*(slot() for _ in range(4)))
        return read / (time.perf_counter() - begin)


print(json.dumps(asyncio.run(go())))
