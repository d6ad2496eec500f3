"""Letters written into a ledger over a disk whose power is cut everywhere, and what must be there then."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Awaitable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeVar

from tests.reliability.power import Cut, Disk, recorded
from turbodesk.errors import StoreTrouble
from turbodesk.model.lookup import Found, Trace
from turbodesk.model.message import Address, Message
from turbodesk.model.outcome import Hold, SendResult, SendState, Verdict
from turbodesk.store.copies import COPIED
from turbodesk.store.database import Database
from turbodesk.store.ledger import Ledger, new_id, new_key
from turbodesk.store.payload import digest_of, freeze
from turbodesk.store.reading import encoded
from turbodesk.store.schema import APPLICATION_ID, MIGRATIONS

T = TypeVar("T")

LETTER = Message(Address("me@example.com"), (Address("ann@example.com"),), "Hi", "Hello " * 200)
TAKEN = SendResult.for_all(LETTER, Verdict.ACCEPTED, provider_id="17")
ABSENT = Found(Trace.ABSENT, "Not there.")
WHERE = {"profile": "shop", "provider": "plain"}
FILES = ("ledger.sqlite", "ledger.sqlite-journal", "ledger.sqlite-wal", "ledger.opened")


@dataclass(frozen=True, slots=True)
class Step:
    """A send was asked to become `state` (as it is after a restart), then somebody was told that it is."""

    asked: int
    told: int
    state: SendState


@dataclass(slots=True)
class Promises:
    """What was told to be written down, by the id of the send; times are things asked of the disk by then."""

    disk: Disk
    steps: defaultdict[str, list[Step]] = field(default_factory=lambda: defaultdict(list))

    def add(self, id: str, asked: int, state: SendState) -> None:
        """It was told just now that a send is in that state."""
        self.steps[id].append(Step(asked, self.disk.now, state))

    async def told(self, id: str, state: SendState, work: Awaitable[T]) -> T:
        """Does `work`; that it comes back is a promise."""
        asked = self.disk.now
        result = await work
        self.add(id, asked, state)
        return result

    def made_by(self, at: int) -> int:
        """How many had been made by then."""
        return sum(it.told <= at for steps in self.steps.values() for it in steps)

    def places(self, random: Random, count: int) -> set[int]:
        """Some places in what was asked of the disk, half of them where a promise has just been made."""
        made = sorted(
            {it.told for steps in self.steps.values() for it in steps if 0 < it.told <= self.disk.now}
        )
        just_made = random.sample(made, min(count // 2, len(made)))
        return {*just_made, *random.sample(range(1, self.disk.now + 1), count - len(just_made))}

    def broken(self, at: int, found: dict[str, SendState]) -> list[str]:
        """Which promises of before a cut are not kept by what was found after it."""
        wrong = [f"{found[id]}, though nobody wrote it" for id in found.keys() - self.steps.keys()]
        for id, steps in self.steps.items():
            asked = [it for it in steps if it.asked <= at]
            kept = sum(it.told <= at for it in asked)
            promised = asked[kept - 1].state if kept else "nothing"
            if id not in found:
                wrong += [f"lost, though told to be {promised}"] if kept else []
            elif found[id] not in {it.state for it in asked[max(0, kept - 1) :]}:
                wrong.append(f"{found[id]}, though told to be {promised}")
        return wrong


class Writing:
    """A program's letters, each on another way through the states. Some are left unfinished."""

    def __init__(self, ledger: Ledger, promises: Promises) -> None:
        self.ledger, self.promises = ledger, promises

    async def one_by_one(self) -> None:
        """Every way once, one after the other."""
        await self.accepted()
        await self.taken_back()
        await self.put_back()
        await self.settled_later()

    async def round(self) -> None:
        """Every way once, some of them at the same time."""
        await self.one_by_one()
        await asyncio.gather(self.refused(), self.accepted(), self.left(), self.refused())
        await self.batch()

    async def queued(self) -> str:
        id = new_id()
        writing = self.ledger.queue(LETTER, **WHERE, id=id, draft=b'{"to": "ann"}')
        await self.promises.told(id, SendState.QUEUED, writing)
        return id

    async def left(self) -> str:
        """Who has waited for the wire mark has waited for the letter too."""
        id, asked = new_id(), self.promises.disk.now
        await self.ledger.begin(LETTER, **WHERE, id=id)
        self.promises.steps[id].append(Step(asked, 2**60, SendState.QUEUED))  # nobody is told
        await self.mark(id)
        return id

    async def mark(self, id: str) -> None:
        await self.promises.told(id, SendState.UNKNOWN, self.ledger.mark_wire(id))

    async def accepted(self) -> None:
        id = await self.queued()
        assert await self.promises.told(id, SendState.QUEUED, self.ledger.claim(id))
        await self.mark(id)
        await self.promises.told(id, SendState.ACCEPTED, self.ledger.settle(id, TAKEN))

    async def refused(self) -> None:
        id = await self.left()
        await self.promises.told(id, SendState.REFUSED, self.ledger.refuse(id, "No.", "no", status=400))

    async def taken_back(self) -> None:
        id = await self.queued()
        await self.promises.told(id, SendState.CANCELLED, self.ledger.take_back(id))

    async def put_back(self) -> None:
        id = await self.left()
        await self.promises.told(id, SendState.QUEUED, self.ledger.hold(id, "Too busy."))
        await self.promises.told(id, SendState.QUEUED, self.ledger.put_off(id, Hold.PERSON, None, "Later."))
        assert await self.promises.told(id, SendState.QUEUED, self.ledger.claim(id))

    async def settled_later(self) -> None:
        id, told = await self.left(), self.promises.told
        await told(id, SendState.UNKNOWN, self.ledger.lose(id, "No answer."))
        await told(id, SendState.UNKNOWN, self.ledger.note_look(id, ABSENT, ABSENT.words, sure=True))
        await told(id, SendState.UNKNOWN, self.ledger.take_again(id))
        await self.mark(id)
        await told(id, SendState.ACCEPTED, self.ledger.settle(id, TAKEN))

    async def batch(self) -> None:
        batches = self.ledger.batches
        named = await batches.begin(
            **WHERE, name="people.csv", total=4, concurrency=2, stop_at_percent=0, per_second=0
        )

        async def row(number: int) -> None:
            asked = self.promises.disk.now
            entry = await self.ledger.queue_row(LETTER, number, **WHERE, batch=named)
            self.promises.add(entry.id, asked, SendState.QUEUED)

        async def sent(id: str) -> None:
            await self.mark(id)
            await self.promises.told(id, SendState.ACCEPTED, self.ledger.settle(id, TAKEN))

        await asyncio.gather(*map(row, range(1, 5)))
        await batches.take(named[0])
        claimed = await self.ledger.claim_rows(named[0], 3)
        await asyncio.gather(*(sent(entry.id) for entry, _ in claimed[:2]))


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is such a place: what was synced is what the recording says."""
    memory = Path("/dev/shm")
    made = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def written(directory: Path, rounds: int) -> Promises:
    """Letters written into a ledger that is opened `rounds` times; each opening puts right what the one
    before left unfinished."""
    Ledger.open(directory).close()
    promises = Promises(_disk(directory))
    with recorded(promises.disk):
        for _ in range(rounds):
            ledger = Ledger.open(directory)
            try:
                asyncio.run(Writing(ledger, promises).round())
            finally:
                ledger.close()
    return promises


def brought_up_to_date(directory: Path) -> Promises:
    """A ledger as the first version wrote it, opened by this one."""
    database = Database(directory / "ledger.sqlite", APPLICATION_ID, MIGRATIONS[:1])
    with database.exclusive():
        database.prepare()
    ids, payload = [new_id() for _ in range(20)], freeze(LETTER)
    with closing(database.connect(write=True)) as connection:
        for number, id in enumerate(ids, 1):
            connection.execute(
                "INSERT INTO message (id, key, profile, provider, sender, subject, body_sha256, size_bytes, "
                "created, updated, state, outcomes) VALUES (?, ?, 'shop', 'plain', ?, 'Hi', ?, ?, 1, 1, "
                "'queued', ?)",
                (
                    id,
                    new_key(),
                    encoded(LETTER.sender),
                    digest_of(payload),
                    len(payload),
                    encoded(TAKEN.outcomes),
                ),
            )
            connection.execute("INSERT INTO payload (message, body) VALUES (?, ?)", (number, payload))
    promises = Promises(_disk(directory))
    for id in ids:
        promises.add(id, 0, SendState.QUEUED)
    with recorded(promises.disk):
        Ledger.open(directory).close()
    return promises


def _disk(directory: Path) -> Disk:
    return Disk({it: (directory / it).read_bytes() for it in FILES if (directory / it).exists()})


@dataclass(slots=True)
class Cuts:
    """How many different states were looked at, those that were left with a promise broken, and those that
    did not open; by what was wrong, how often."""

    states: int = 0
    lost: int = 0
    damaged: int = 0
    wrong: Counter[str] = field(default_factory=Counter)


def cut_everywhere(promises: Promises, random: Random, *, places: int | None = None) -> Cuts:
    """Cuts the power behind every single thing that was asked of the disk, or behind so many of them, picked
    at random, and as a promise has just been made in half of them; opens what is left with the ledger's own
    code, and asks for every promise. Two cuts that leave the same files and the same promises are one."""
    behind = None if places is None else promises.places(random, places)
    seen: set[bytes] = set()
    cuts = [it for it in promises.disk.cuts(random, behind=behind) if _is_new(it, promises, seen)]
    found = Cuts(len(cuts))
    with quick_folder() as directory, asyncio.Runner() as runner:
        for cut in cuts:
            for name in FILES:
                (directory / name).unlink(missing_ok=True)
            for name, data in cut.files.items():
                (directory / name).write_bytes(data)
            try:
                wrong = promises.broken(cut.at, runner.run(_states(directory)))
            except StoreTrouble as trouble:
                found.damaged += 1
                found.wrong[f"{trouble.says} {trouble.detail}"] += 1
            else:
                found.lost += bool(wrong)
                found.wrong.update(wrong)
    return found


def _is_new(cut: Cut, promises: Promises, seen: set[bytes]) -> bool:
    named = hashlib.sha256(b"%d" % promises.made_by(cut.at))
    for name in sorted(cut.files):
        named.update(b"%s %d " % (name.encode(), len(cut.files[name])))
        named.update(cut.files[name])
    key = named.digest()
    is_new = key not in seen
    seen.add(key)
    return is_new


async def _states(directory: Path) -> dict[str, SendState]:
    """How every send stands once the ledger is open again; raises StoreTrouble where it is damaged, or is no
    longer known as this program's own."""
    ledger = Ledger.open(directory)
    try:
        entries = await ledger.entries(batch=None)
        if any(it.reason == COPIED for it in entries):
            raise StoreTrouble("The ledger was taken for a copy.")
        for entry in entries[:1]:
            await ledger.message(entry.id)  # its hash is checked
        return {it.id: it.state for it in entries}
    finally:
        ledger.close()


def one_program(directory: Path, disk: Disk) -> None:
    """Opens the ledger and writes letters, one after the other."""
    ledger = Ledger.open(directory)
    try:
        asyncio.run(Writing(ledger, Promises(disk)).one_by_one())
    finally:
        ledger.close()


if __name__ == "__main__":
    one_program(Path(sys.argv[1]), Disk())
