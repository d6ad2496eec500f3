"""The disk fails at any single thing that a send asks of it, once or for good: the ledger stays honest."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from tests.reliability.power import Disk, Op, recorded
from tests.reliability.power_cuts import quick_folder
from tests.services.scripted import Script, message, outbox_over
from turbodesk.errors import StoreTrouble
from turbodesk.model.outcome import SendState
from turbodesk.store.entry import Entry
from turbodesk.store.ledger import Ledger

KINDS = {
    "full": (apsw.SQLITE_FULL, ("write",), False),
    "cannot write": (apsw.SQLITE_IOERR, ("write", "truncate"), False),
    "cannot sync": (apsw.SQLITE_IOERR, ("sync",), False),
    "gone for good": (apsw.SQLITE_IOERR, ("write", "truncate", "sync"), True),
}


def entries_of(directory: Path) -> list[Entry]:
    ledger = Ledger.open(directory)
    try:
        return asyncio.run(ledger.entries())
    finally:
        ledger.close()


def sent_over(directory: Path, disk: Disk, provider: Script) -> SendState | StoreTrouble:
    """Sends one letter; how it stands, or what was told."""
    ledger = Ledger.open(directory)
    with recorded(disk):
        writing = ledger._database.connect(write=True)
    honest, ledger._writer._connection = ledger._writer._connection, writing
    honest.close()
    try:
        return asyncio.run(outbox_over(ledger, provider).send(message())).state
    except StoreTrouble as trouble:
        return trouble
    finally:
        ledger.close()


@pytest.fixture
def fresh() -> Iterator[Path]:
    """A ledger that has room, to be copied."""
    with quick_folder() as folder:
        Ledger.open(folder / "fresh").close()
        yield folder


def wrong(told: SendState | StoreTrouble, provider: Script, found: list[Entry]) -> str:
    states, left = [it.state for it in found], len(provider.sent)
    if left > 1 or len(states) > 1:
        return f"left {left} times, written down as {states}"
    if isinstance(told, StoreTrouble) and not (told.says and told.hint):
        return "told without a way out"
    if left and states not in ([SendState.ACCEPTED], [SendState.UNKNOWN]):
        return f"left, and is {states or 'lost'}"
    if not left and states not in ([], [SendState.QUEUED], [SendState.UNKNOWN]):
        return f"did not leave, and is {states}"
    if isinstance(told, SendState) and states != [told]:
        return f"told to be {told}, and is {states or 'lost'}"
    return ""


def asked_of_a_sound_disk(fresh: Path) -> int:
    """How many things a send asks of the disk."""
    directory, disk, provider = fresh / "sound", Disk(), Script()
    shutil.copytree(fresh / "fresh", directory)
    assert sent_over(directory, disk, provider) is SendState.ACCEPTED
    shutil.rmtree(directory)
    return disk.now


def met(fresh: Path, kind: str, step: int) -> tuple[list[str], int]:
    """What went wrong with the disk failing from every `step`th thing on that a send asks of it, and how many
    were tried."""
    code, whats, for_good = KINDS[kind]
    faults: list[str] = []
    tried = 0
    for at in range(0, asked_of_a_sound_disk(fresh), step):
        directory, provider = fresh / f"{kind} {at}", Script()
        shutil.copytree(fresh / "fresh", directory)
        failed = False

        def before(number: int, op: Op, at: int = at) -> None:
            nonlocal failed
            if op.what in whats and number >= at and (for_good or not failed):
                failed = True
                raise apsw.exception_for(code)

        told = sent_over(directory, Disk(before=before), provider)
        tried += failed
        if problem := wrong(told, provider, entries_of(directory)):
            faults.append(f"{kind}, at {at}: {problem}")
        shutil.rmtree(directory)
    return faults, tried


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_fails_at_some_places_of_a_send(fresh: Path, kind: str) -> None:
    faults, tried = met(fresh, kind, 9)

    assert faults == []
    assert tried >= 8


@pytest.mark.prove
@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_fails_anywhere_in_a_send(fresh: Path, kind: str) -> None:
    faults, tried = met(fresh, kind, 1)

    assert faults == []
    assert tried >= 60


def test_the_proof_notices_a_mark_that_failed_and_was_passed_over(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Ledger.mark_wire

    async def careless(self: Ledger, id: str) -> None:
        with suppress(StoreTrouble):
            await honest(self, id)

    monkeypatch.setattr(Ledger, "mark_wire", careless)

    assert met(fresh, "gone for good", 9)[0]
