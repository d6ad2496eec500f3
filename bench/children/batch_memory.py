"""How much memory a batch takes at its peak, beyond what the program had before it; and how large its rows
are as they are frozen."""

import asyncio
import json
import resource
import sys
import tempfile
from pathlib import Path

from bench.children.batches import Stage, messages
from turbodesk.store.payload import freeze

file, provider, at_once, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def go(directory):
    stage = Stage(directory, file, provider, at_once)
    await stage.send(await stage.fill(100), 100)
    before = peak_mb()
    await stage.send(await stage.fill(count), count)
    after = peak_mb()
    await stage.aclose()
    rows_mb = sum(len(freeze(message)) for _, message in messages(count)) / 1_000_000
    return {"peak_mb": after - before, "rows_mb": rows_mb}


with tempfile.TemporaryDirectory() as name:
    print(json.dumps(asyncio.run(go(Path(name)))))
