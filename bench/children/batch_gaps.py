"""How long a window's loop stood still while a batch went out on it, or the same requests by bare httpx."""

import asyncio
import gc
import json
import sys
import tempfile
from pathlib import Path

import httpx
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from bench.children.batches import Stage
from bench.children.gaps import Gaps
from bench.children.wires import send_of

file, provider, way = sys.argv[1], sys.argv[2], sys.argv[5]
at_once, count = int(sys.argv[3]), int(sys.argv[4])


async def bare():
    url, headers, body = send_of(file, provider)
    numbers = iter(range(count))

    async def slot():
        async with httpx.AsyncClient(trust_env=False, headers=headers) as client:
            for number in numbers:
                (await client.post(url, json=body(number))).raise_for_status()

    await asyncio.gather(*(slot() for _ in range(at_once)))


async def go(directory):
    stage = Stage(directory, file, provider, at_once)
    gaps = Gaps()
    await stage.send(await stage.fill(2), 2)
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gaps.begin()
    if way == "bare":
        await bare()
    else:
        await stage.send(await stage.fill(count), count)
    result = {"longest_ms": gaps.longest_ms, "p999_ms": gaps.share_ms(0.999)}
    await stage.aclose()
    return result


application = QApplication([])
with QEventLoop(application) as loop, tempfile.TemporaryDirectory() as name:
    asyncio.set_event_loop(loop)
    print(json.dumps(loop.run_until_complete(go(Path(name)))))
