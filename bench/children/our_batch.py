"""A batch through the outbox: rows a second while they are written down, and while they are sent."""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from bench.children.batches import Stage

file, provider, at_once, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])


async def go(directory):
    stage = Stage(directory, file, provider, at_once)
    await stage.send(await stage.fill(2), 2)
    begin = time.perf_counter()
    id = await stage.fill(count)
    written = time.perf_counter()
    await stage.send(id, count)
    sent = time.perf_counter()
    await stage.aclose()
    return {"written_per_second": count / (written - begin), "per_second": count / (sent - written)}


with tempfile.TemporaryDirectory() as name:
    print(json.dumps(asyncio.run(go(Path(name)))))
