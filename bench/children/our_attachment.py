"""One message with a large attachment, from the file on disk to the answer, in the window's own loop."""

import asyncio
import gc
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from gaps import Gaps
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.providers import open_provider
from turbodesk.providers.http import Gateway
from turbodesk.services.compose import ComposeService, Draft
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.store.ledger import Ledger

url, user, file = sys.argv[1], sys.argv[2], Path(sys.argv[3])


class Memory(threading.Thread):
    """The most memory this process had while it was watched."""

    def __init__(self):
        super().__init__(daemon=True)
        self.process, self.most, self.stopped = psutil.Process(), 0, threading.Event()
        self.before = self.process.memory_info().rss

    def run(self):
        while not self.stopped.wait(0.002):
            self.most = max(self.most, self.process.memory_info().rss)


async def send(outbox, compose, attachments, subject):
    draft = Draft(
        sender="me@example.com", to="you@example.com", subject=subject, text="Hello", attachments=attachments
    )
    entry = await outbox.send(await compose.message(draft))
    assert entry.state == "accepted", entry.reason


async def go(directory):
    profile = Profile("bench", "turbosmtp-v1", user=user, api_url=url, send_url=url)
    gateway, ledger = Gateway(), Ledger.open(directory)
    desk = Desk(profile, open_provider(profile, {Credential.PASSWORD: Secret("sandbox")}, gateway))
    outbox, compose = Outbox(ledger, desk), ComposeService(lambda: desk.provider.wire_limit_bytes)
    small = directory / "small.bin"
    small.write_bytes(b"x" * 100_000)
    await send(outbox, compose, [small], "Warm")  # what is loaded once is no part of the attachment
    gc.collect()
    gaps = Gaps()
    await asyncio.sleep(0.3)
    idle = gaps.longest_ms
    memory = Memory()
    memory.start()
    gaps.begin()
    begin = time.perf_counter()
    await send(outbox, compose, [file], "Guide")
    seconds = time.perf_counter() - begin
    longest = gaps.longest_ms
    memory.stopped.set()
    memory.join()
    await gateway.aclose()
    ledger.close()
    return {
        "seconds": seconds,
        "extra_bytes": max(0, memory.most - memory.before),
        "longest_gap_ms": longest,
        "idle_gap_ms": idle,
    }


application = QApplication([])
with QEventLoop(application) as loop, tempfile.TemporaryDirectory() as name:
    asyncio.set_event_loop(loop)
    print(json.dumps(loop.run_until_complete(go(Path(name)))))
