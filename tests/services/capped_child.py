"""A program with a capped profile: opens the ledger of a folder, says so, and sends ten letters at once as
soon as a line comes in. How many were accepted and how many refused by the cap is its last line."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.services.scripted import Script, message, outbox_over
from turbodesk.errors import Guarded
from turbodesk.store.ledger import Ledger

LETTERS = 10


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(directory: Path, cap: int) -> None:
    ledger = Ledger.open(directory)
    outbox = outbox_over(ledger, Script(), daily_cap=cap)
    say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    try:
        ends = await asyncio.gather(
            *(outbox.send(message(f"p{it}@example.com")) for it in range(LETTERS)), return_exceptions=True
        )
    finally:
        ledger.close()
    refused = sum(isinstance(it, Guarded) for it in ends)
    others = [it for it in ends if isinstance(it, BaseException) and not isinstance(it, Guarded)]
    assert not others, others
    say(f"{LETTERS - refused} {refused}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
