"""How long a window's loop stood still while a batch went out on it, or the same requests by bare httpx."""

import asyncio
import gc
import json
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from bench.children.batches import Stage
from bench.children.gaps import Gaps
from bench.children.wires import send_of

file, provider, way = sys.argv[1], sys.argv[2], sys.argv[5]
at_once, count = int(sys.argv[3]), int(sys.argv[4])


async def bare(clients):
    url, headers, body = send_of(file, provider)
    numbers = iter(range(count))

    async def slot(client):
        for number in numbers:
            (await client.post(url, headers=headers, json=body(number))).raise_for_status()

    await asyncio.gather(*(slot(client) for client in clients))


async def go(directory):
    stage = Stage(directory, file, provider, at_once)
    gaps = Gaps()
    await stage.send(await stage.fill(2), 2)
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
            for _ in range(at_once if way == "bare" else 0)
        ]
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        gaps.begin()
        if way == "bare":
            await bare(clients)
        else:
            await stage.send(await stage.fill(count), count)
        result = {"longest_ms": gaps.longest_ms, "p999_ms": gaps.share_ms(0.999)}
    await stage.aclose()
    return result


application = QApplication([])
with QEventLoop(application) as loop, tempfile.TemporaryDirectory() as name:
    asyncio.set_event_loop(loop)
    print(json.dumps(loop.run_until_complete(go(Path(name)))))
