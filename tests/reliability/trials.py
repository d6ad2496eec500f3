"""One trial for each promise that a broken build breaks.

`python -m tests.reliability.trials DIR [BUILD]` plays all of them with the program as it is, or broken so,
and says as JSON what went wrong.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.reliability.broken import BUILDS
from tests.reliability.child import MESSAGE
from tests.reliability.power_cuts import cut_everywhere, written
from tests.reliability.real_wires import opened
from tests.reliability.wire import CountingServer, PlainProvider
from turbodesk.errors import TurbodeskError
from turbodesk.model.account import Profile
from turbodesk.model.message import Message
from turbodesk.model.outcome import SendResult, SendState
from turbodesk.providers.port import Provider
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.store.ledger import Entry, Ledger


def outbox_of(ledger: Ledger, provider: Provider, wire: str = "plain") -> Outbox:
    return Outbox(ledger, Desk(Profile("shop", wire), provider))


async def sent(directory: Path, server: CountingServer, wire: str) -> list[str]:
    """Sends once, and once more by hand whatever waits; what is wrong with that."""
    ledger = Ledger.open(directory)
    provider = PlainProvider(server.port) if wire == "plain" else opened(wire, server.port)
    outbox = outbox_of(ledger, provider, wire)
    wrong = []
    try:
        entry = await outbox.send(MESSAGE)
        if entry.state is SendState.QUEUED:
            if server.accepted[entry.key]:
                wrong.append("called queued, though it was accepted")
            server.manner = "ok"
            await outbox.send_again(entry.id)
        if server.accepted[entry.key] > 1:
            wrong.append("accepted twice")
    except TurbodeskError as error:
        wrong.append(f"not written down: {error.says}")
    finally:
        await provider.aclose()
        ledger.close()
    return wrong


def a_lost_answer(directory: Path) -> list[str]:
    with CountingServer() as server:
        server.manner = "drop"
        return asyncio.run(sent(directory / "drop", server, "plain"))


def a_fault_of_the_server(directory: Path) -> list[str]:
    with CountingServer() as server:
        server.manner = "fault"
        return asyncio.run(sent(directory / "fault", server, "turbosmtp-v2"))


def a_redirect(directory: Path) -> list[str]:
    with CountingServer() as server, CountingServer() as elsewhere:
        server.manner = f"redirect {elsewhere.port}"
        asyncio.run(sent(directory / "redirect", server, "turbosmtp-v2"))
        return ["the keys went elsewhere"] if elsewhere.accepted else []


def a_kill_behind_the_wire_mark(directory: Path) -> list[str]:
    """A program of its own is killed once the letter has left; then the ledger is looked at."""
    with CountingServer() as server:
        process = os.fork()
        if not process:
            try:
                asyncio.run(_killed(directory / "kill", server.port))
            finally:
                os._exit(1)
        os.waitpid(process, 0)
        entries = asyncio.run(_entries(directory / "kill"))
        if not entries:
            return ["lost"]
        return [
            f"called {it.state}, though it was accepted"
            for it in entries
            if it.state is not SendState.UNKNOWN and server.accepted[it.key]
        ]


async def _entries(directory: Path) -> list[Entry]:
    ledger = Ledger.open(directory)
    try:
        return await ledger.entries()
    finally:
        ledger.close()


async def _killed(directory: Path, port: int) -> None:
    def here(place: str) -> None:
        if place == "answer read":
            os._exit(9)

    ledger = Ledger.open(directory)
    await outbox_of(ledger, PlainProvider(port, here)).send(MESSAGE)


def two_programs_and_one_letter(directory: Path) -> list[str]:
    return asyncio.run(_two_programs(directory))


class _Held(PlainProvider):
    """Stops where the first byte is about to leave, until it is let go."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.there, self.go = asyncio.Event(), asyncio.Event()

    async def _ask(
        self, message: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> SendResult:
        self.there.set()
        await self.go.wait()
        return await super()._ask(message, reader, writer)


async def _two_programs(directory: Path) -> list[str]:
    """Both have seen that the letter waits; one is just sending it when the other one wants to take it."""
    with CountingServer() as server:
        ledgers = [Ledger.open(directory / "two"), Ledger.open(directory / "two")]
        entry = await ledgers[0].queue(MESSAGE, profile="shop", provider="plain")
        held = _Held(server.port)
        one, other = outbox_of(ledgers[0], held), outbox_of(ledgers[1], PlainProvider(server.port))
        read, seen = ledgers[1].message, asyncio.Event()

        async def read_late(id: str) -> Message:
            seen.set()
            await held.there.wait()
            return await read(id)

        ledgers[1].message = read_late  # type: ignore[method-assign]
        late = asyncio.create_task(other.send_again(entry.id))
        async with asyncio.timeout(10):
            await seen.wait()
        sending = asyncio.create_task(one.send_again(entry.id))
        await asyncio.gather(late, return_exceptions=True)
        held.go.set()
        await asyncio.gather(sending, return_exceptions=True)
        for ledger in ledgers:
            ledger.close()
        return ["accepted twice"] if server.accepted[entry.key] > 1 else []


def a_power_cut(directory: Path) -> list[str]:
    """Whether a cut anywhere loses what was told to be written down."""
    try:
        promises = written(directory / "power", 1)
    except TurbodeskError as error:
        return [f"not written down: {error.says}"]
    return sorted(cut_everywhere(promises, Random(8), places=20).wrong)


TRIALS: tuple[Callable[[Path], list[str]], ...] = (
    a_kill_behind_the_wire_mark,
    a_lost_answer,
    a_fault_of_the_server,
    a_redirect,
    a_power_cut,
    two_programs_and_one_letter,
)


def played(directory: Path) -> dict[str, list[str]]:
    found = {trial.__name__: trial(directory) for trial in TRIALS}
    return {name: wrong for name, wrong in found.items() if wrong}


def main() -> None:
    directory, *build = sys.argv[1:]
    for name in build:
        BUILDS[name]()
    sys.stdout.write(json.dumps(played(Path(directory))))


if __name__ == "__main__":
    main()
