"""What the ledger promises: written before it is told, one way through the states, nothing taken twice."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from turbodesk.errors import FileTrouble, StoreTrouble
from turbodesk.files import attachment_of
from turbodesk.model.message import Address, Attachment, Header, Message
from turbodesk.model.outcome import SendResult, SendState, Verdict
from turbodesk.store.ledger import Entry, Ledger, new_id, new_key

MESSAGE = Message(
    sender=Address("me@example.com", "Me"),
    to=(Address("ann@example.com", "Ann"), Address("bob@example.com")),
    bcc=(Address("carl@example.org"),),
    reply_to=Address("answers@example.com"),
    subject="Grüße – and more",
    text="Hello\nthere",
    html="<p>Hello</p>",
    headers=(Header("X-Order", "17"),),
)
WHERE = {"profile": "shop", "provider": "turbosmtp-v1"}


async def taken(ledger: Ledger, *, mark: bool = True) -> str:
    begun = await ledger.begin(MESSAGE, **WHERE)
    await begun.written()
    if mark:
        await ledger.mark_wire(begun.entry.id)
    return begun.entry.id


def result(verdict: Verdict = Verdict.ACCEPTED) -> SendResult:
    return SendResult.for_all(MESSAGE, verdict, provider_id="1800872493473406976")


def test_what_is_queued_is_read_back_by_another_program(ledger: Ledger, tmp_path: Path) -> None:
    async def go() -> None:
        entry = await ledger.queue(MESSAGE, **WHERE)
        assert entry.state is SendState.QUEUED
        assert [outcome.verdict for outcome in entry.outcomes] == [Verdict.WAITING] * 3
        assert re.fullmatch(r"td-[a-z2-7]{26}", entry.key)
        other = Ledger.open(tmp_path / "config")
        try:
            assert await other.entries() == [entry]
            assert await other.message(entry.id) == replace(MESSAGE, key=entry.key)
        finally:
            other.close()

    asyncio.run(go())


def test_a_send_told_by_its_steps(ledger: Ledger) -> None:
    async def go() -> None:
        id = await taken(ledger)
        entry = await ledger.settle(id, result())
        assert entry.state is SendState.ACCEPTED
        assert entry.provider_id == "1800872493473406976"
        assert [step.what for step in entry.steps] == [
            "Written down",
            "Sending began",
            "The request left this computer",
            "The provider accepted it",
        ]
        assert entry == await ledger.entry(id)

    asyncio.run(go())


End = Callable[[Ledger, str], Awaitable[Entry]]
ENDS: dict[SendState, End] = {
    SendState.ACCEPTED: lambda ledger, id: ledger.settle(id, result()),
    SendState.REFUSED: lambda ledger, id: ledger.refuse(id, "They refused it.", "550 no", status=400),
    SendState.UNKNOWN: lambda ledger, id: ledger.lose(id, "No answer came.", detail="ReadTimeout"),
    SendState.QUEUED: lambda ledger, id: ledger.hold(id, "Too busy.", status=429),
}
_mixed = [Verdict.ACCEPTED, Verdict.REFUSED, Verdict.ACCEPTED]
ENDS[SendState.PARTLY] = lambda ledger, id: ledger.settle(
    id,
    SendResult(tuple(replace(o, verdict=v) for o, v in zip(result().outcomes, _mixed, strict=True))),
)


@pytest.mark.parametrize("state", list(ENDS))
def test_every_end_is_what_is_read_back(ledger: Ledger, state: SendState) -> None:
    async def go() -> None:
        id = await taken(ledger)
        entry = await ENDS[state](ledger, id)
        assert entry.state is state
        assert entry == await ledger.entry(id)

    asyncio.run(go())


@pytest.mark.parametrize("first", [s for s in ENDS if s is not SendState.QUEUED])
@pytest.mark.parametrize("second", list(ENDS))
def test_what_is_settled_stays_and_what_comes_later_is_noted(
    ledger: Ledger, first: SendState, second: SendState
) -> None:
    async def go() -> None:
        id = await taken(ledger)
        before = await ENDS[first](ledger, id)
        after = await ENDS[second](ledger, id)
        assert (after.state, after.outcomes, after.reason) == (first, before.outcomes, before.reason)
        assert len(after.steps) == len(before.steps) + 1
        assert "came later" in after.steps[-1].what

    asyncio.run(go())


def test_what_no_one_is_sending_cannot_be_ended(ledger: Ledger) -> None:
    async def go() -> None:
        entry = await ledger.queue(MESSAGE, **WHERE)
        for end in ENDS.values():
            with pytest.raises(StoreTrouble):
                await end(ledger, entry.id)
        with pytest.raises(StoreTrouble, match="not this program's to send"):
            await ledger.mark_wire(entry.id)
        assert await ledger.entry(entry.id) == entry
        with pytest.raises(StoreTrouble):
            await ledger.entry("nobody")
        with pytest.raises(StoreTrouble):
            await ledger.claim("nobody")

    asyncio.run(go())


def test_the_wire_is_marked_once(ledger: Ledger) -> None:
    async def go() -> None:
        id = await taken(ledger)
        with pytest.raises(StoreTrouble):
            await ledger.mark_wire(id)

    asyncio.run(go())


def test_a_held_send_is_claimed_again_as_its_next_attempt(ledger: Ledger) -> None:
    async def go() -> None:
        id = await taken(ledger)
        held = await ledger.hold(id, "Too many at once.", status=429)
        assert (held.state, held.reason) == (SendState.QUEUED, "Too many at once.")
        assert await ledger.claim(id)
        assert not await ledger.claim(id)
        await ledger.mark_wire(id)
        entry = await ledger.settle(id, result())
        assert (entry.state, entry.attempts) == (SendState.ACCEPTED, 2)
        assert "Sending began (attempt 2)" in [step.what for step in entry.steps]
        assert entry == await ledger.entry(id)

    asyncio.run(go())


def test_only_what_waits_is_discarded(ledger: Ledger) -> None:
    async def go() -> None:
        waiting = await ledger.queue(MESSAGE, **WHERE)
        assert (await ledger.discard(waiting.id)).state is SendState.CANCELLED
        assert not await ledger.claim(waiting.id)
        sent = await taken(ledger)
        for id in (waiting.id, sent):
            with pytest.raises(StoreTrouble):
                await ledger.discard(id)

    asyncio.run(go())


def test_one_key_is_written_down_once(ledger: Ledger) -> None:
    async def go() -> None:
        message = replace(MESSAGE, key=new_key())
        await ledger.queue(message, **WHERE)
        others = [ledger.queue(MESSAGE, **WHERE) for _ in range(5)]
        answers = await asyncio.gather(ledger.queue(message, **WHERE), *others, return_exceptions=True)
        assert isinstance(answers[0], StoreTrouble)
        assert all(isinstance(answer, Entry) for answer in answers[1:])
        assert len(await ledger.entries()) == 6

    asyncio.run(go())


def test_of_many_who_claim_one_gets_it(ledger: Ledger, tmp_path: Path) -> None:
    async def go() -> None:
        other = Ledger.open(tmp_path / "config")
        try:
            for _ in range(10):
                entry = await ledger.queue(MESSAGE, **WHERE)
                claims = [who.claim(entry.id) for who in (ledger, other) for _ in range(4)]
                assert sorted(await asyncio.gather(*claims)) == [False] * 7 + [True]
        finally:
            other.close()

    asyncio.run(go())


def test_names_never_repeat_and_later_ones_come_later() -> None:
    ids, keys = [new_id() for _ in range(5000)], [new_key() for _ in range(5000)]
    assert len(set(ids)) == len(set(keys)) == 5000
    assert [id[:10] for id in ids] == sorted(id[:10] for id in ids)


def test_many_at_once_share_a_commit(ledger: Ledger) -> None:
    async def go() -> None:
        before = await ledger.change_counter()
        entries = await asyncio.gather(*(ledger.queue(MESSAGE, **WHERE) for _ in range(200)))
        assert len({entry.key for entry in entries}) == 200
        assert {entry.id for entry in await ledger.entries()} == {entry.id for entry in entries}
        assert await ledger.change_counter() != before
        assert len(await ledger.entries(limit=7)) == 7

    asyncio.run(go())


def test_entries_are_newest_first_and_of_one_profile(ledger: Ledger) -> None:
    async def go() -> None:
        ids = [(await ledger.queue(MESSAGE, profile=name, provider="turbosmtp-v1")).id for name in "abaab"]
        assert [entry.id for entry in await ledger.entries()] == ids[::-1]
        assert [entry.id for entry in await ledger.entries(profile="b")] == [ids[4], ids[1]]
        assert await ledger.entries(profile="c") == []

    asyncio.run(go())


def test_the_counter_moves_when_another_program_writes_and_only_then(ledger: Ledger, tmp_path: Path) -> None:
    async def go() -> None:
        other = Ledger.open(tmp_path / "config")
        try:
            first = await ledger.change_counter()
            assert await ledger.change_counter() == first
            await other.queue(MESSAGE, **WHERE)
            second = await ledger.change_counter()
            assert second != first
            assert await ledger.change_counter() == second
        finally:
            other.close()

    asyncio.run(go())


def test_what_is_being_sent_by_a_living_program_is_left_alone(ledger: Ledger, tmp_path: Path) -> None:
    async def go() -> None:
        ids = [await taken(ledger, mark=mark) for mark in (False, True)]
        other = await asyncio.to_thread(Ledger.open, tmp_path / "config")
        try:
            assert {(await other.entry(id)).state for id in ids} == {SendState.SENDING}
            with pytest.raises(StoreTrouble):
                await other.settle(ids[1], result())
        finally:
            other.close()
        assert (await ledger.settle(ids[1], result())).state is SendState.ACCEPTED

    asyncio.run(go())


def test_what_an_ended_program_left_is_put_right(tmp_path: Path) -> None:
    async def go() -> None:
        ended = Ledger.open(tmp_path)
        ids = [await taken(ended, mark=mark) for mark in (False, True)]
        ended.close()
        ledger = Ledger.open(tmp_path)
        try:
            before, after = [await ledger.entry(id) for id in ids]
            assert before.state is SendState.QUEUED
            assert before.reason == "Turbodesk ended before this left. Nothing was sent."
            assert after.state is SendState.UNKNOWN
            assert {outcome.verdict for outcome in after.outcomes} == {Verdict.UNKNOWN}
            assert "look in Stats and Reports" in after.reason
            assert [step.what for step in after.steps][-1] == "Found unfinished"
            assert await ledger.claim(before.id)
            assert not await ledger.claim(after.id)
            assert len(list((tmp_path / "instances").iterdir())) == 1
        finally:
            ledger.close()
        assert list((tmp_path / "instances").iterdir()) == []

    asyncio.run(go())


def test_attachments_are_copied_once_and_stay_what_they_were(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "guide.bin"
    file.write_bytes(os.urandom(900_000))
    data = file.read_bytes()

    async def go() -> None:
        message = replace(MESSAGE, attachments=(attachment_of(file), Attachment.of_bytes("empty", b"")))
        first = await ledger.queue(message, **WHERE)
        begun = await ledger.begin(message, **WHERE)
        await begun.written()
        second, kept = begun.entry, begun.message
        assert first.attachments == (("guide.bin", 900_000), ("empty", 0))
        assert len(list((tmp_path / "config" / "attachments").iterdir())) == 2
        file.write_bytes(b"something else")
        for message in (kept, await ledger.message(second.id)):
            assert b"".join(message.attachments[0].source.slices()) == data
            assert b"".join(message.attachments[1].source.slices()) == b""

    asyncio.run(go())


@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_a_harmed_copy_is_never_sent(tmp_path: Path, harm: str) -> None:
    async def go() -> None:
        ledger = Ledger.open(tmp_path)
        entry = await ledger.queue(
            replace(MESSAGE, attachments=(Attachment.of_bytes("a.txt", b"abc"),)), **WHERE
        )
        (copy,) = (tmp_path / "attachments").iterdir()
        if harm == "gone":
            copy.unlink()
        else:
            copy.write_bytes(b"abd")
        try:
            with pytest.raises(StoreTrouble, match=r"a\.txt is gone or damaged"):
                await ledger.message(entry.id)
        finally:
            ledger.close()

    asyncio.run(go())


def test_a_file_that_changed_since_it_was_attached_is_not_queued(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"abc")
    attachment = attachment_of(file)
    file.write_bytes(b"abcd")

    async def go() -> None:
        with pytest.raises(FileTrouble):
            await ledger.queue(replace(MESSAGE, attachments=(attachment,)), **WHERE)
        lying = replace(Attachment.of_bytes("b", b"abc"), sha256="0" * 64)
        with pytest.raises(FileTrouble):
            await ledger.queue(replace(MESSAGE, attachments=(lying,)), **WHERE)
        assert await ledger.entries() == []
        assert list((tmp_path / "config" / "attachments").iterdir()) == []

    asyncio.run(go())


def test_copies_nobody_refers_to_go_once_they_are_old(tmp_path: Path) -> None:
    async def go() -> None:
        ledger = Ledger.open(tmp_path)
        await ledger.queue(replace(MESSAGE, attachments=(Attachment.of_bytes("a", b"abc"),)), **WHERE)
        ledger.close()
        folder = tmp_path / "attachments"
        (kept,) = folder.iterdir()
        for name in ("0" * 64, ".half.new"):
            (folder / name).write_bytes(b"x")
        os.utime(folder / ("0" * 64), (0, 0))
        os.utime(kept, (0, 0))
        Ledger.open(tmp_path).close()
        assert {path.name for path in folder.iterdir()} == {kept.name, ".half.new"}

    asyncio.run(go())


def test_who_is_cancelled_knows_that_it_is_written(ledger: Ledger) -> None:
    async def go() -> None:
        id = new_id()
        task = asyncio.ensure_future(ledger.queue(MESSAGE, **WHERE, id=id))
        await asyncio.sleep(0)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await ledger.entry(id)).state is SendState.QUEUED

    asyncio.run(go())


def test_a_full_disk_is_told_and_nothing_is_half_written(tmp_path: Path) -> None:
    async def go() -> None:
        ledger = Ledger.open(tmp_path)
        try:
            first = await ledger.queue(MESSAGE, **WHERE)
            await ledger._writer.run(_limit_pages)
            big = replace(MESSAGE, text="x" * 200_000)
            with pytest.raises(StoreTrouble, match="the disk is full"):
                await ledger.queue(big, **WHERE)
            assert [entry.id for entry in await ledger.entries()] == [first.id]
            assert (await ledger.discard(first.id)).state is SendState.CANCELLED
        finally:
            ledger.close()

    asyncio.run(go())


def _limit_pages(connection: sqlite3.Connection) -> None:
    used = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {used + 5}")


def test_a_write_lock_held_by_another_is_told(ledger: Ledger, tmp_path: Path) -> None:
    async def go() -> None:
        await ledger._writer.run(lambda c: c.execute("PRAGMA busy_timeout = 50").fetchone())
        with closing(sqlite3.connect(tmp_path / "config" / "ledger.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreTrouble, match="in use by another program"):
                await ledger.queue(MESSAGE, **WHERE)
            other.execute("ROLLBACK")
        assert (await ledger.queue(MESSAGE, **WHERE)).state is SendState.QUEUED

    asyncio.run(go())


def test_a_changed_payload_is_noticed(ledger: Ledger, tmp_path: Path) -> None:
    async def go() -> None:
        entry = await ledger.queue(MESSAGE, **WHERE)
        with closing(sqlite3.connect(tmp_path / "config" / "ledger.sqlite")) as other:
            with pytest.raises(sqlite3.IntegrityError):
                other.execute("UPDATE payload SET body = '{}'")
            other.execute("DROP TRIGGER frozen_payload")
            other.execute("UPDATE payload SET body = '{}'")
            other.commit()
        with pytest.raises(StoreTrouble, match="damaged"):
            await ledger.message(entry.id)

    asyncio.run(go())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE message SET state = 'queued'",
        "UPDATE message SET state = 'sending'",
        "UPDATE message SET state = 'refused'",
        "UPDATE message SET state = 'lost'",
        "UPDATE message SET key = 'td-other'",
        "UPDATE message SET body_sha256 = ''",
        "INSERT INTO attempt (message, n, instance, started) SELECT number, 9, 'x', 1 FROM message",
    ],
)
def test_the_database_itself_keeps_the_rules(ledger: Ledger, tmp_path: Path, statement: str) -> None:
    async def go() -> None:
        await ledger.settle(await taken(ledger), result())
        await taken(ledger)
        with (
            closing(sqlite3.connect(tmp_path / "config" / "ledger.sqlite")) as other,
            pytest.raises(sqlite3.IntegrityError),
        ):
            other.execute(statement)

    asyncio.run(go())


def test_everything_is_its_owners_alone(ledger: Ledger, tmp_path: Path) -> None:
    async def go() -> None:
        await ledger.queue(replace(MESSAGE, attachments=(Attachment.of_bytes("a", b"abc"),)), **WHERE)

    asyncio.run(go())
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "config").rglob("*")}
    found[tmp_path / "config"] = stat.S_IMODE((tmp_path / "config").stat().st_mode)
    wrong = {path: oct(mode) for path, mode in found.items() if mode & 0o077}
    assert wrong == {}


def test_after_closing_nothing_is_taken_any_more(tmp_path: Path) -> None:
    async def go() -> None:
        ledger = Ledger.open(tmp_path)
        ledger.close()
        with pytest.raises(StoreTrouble):
            await ledger.queue(MESSAGE, **WHERE)
        with pytest.raises(StoreTrouble):
            await ledger.entries()

    asyncio.run(go())


def test_half_a_character_is_refused_with_a_sentence(ledger: Ledger) -> None:
    async def go() -> None:
        with pytest.raises(StoreTrouble, match="half a character"):
            await ledger.queue(replace(MESSAGE, subject="\ud800"), **WHERE)

    asyncio.run(go())


FIRST_VERSION = (
    b'{"key":"td-abcdefghijklmnopqrstuvwxyz","sender":{"email":"me@example.com","name":"Me"},'
    b'"to":[{"email":"ann@example.com","name":"Ann"}],"cc":[],"bcc":[],"reply_to":null,"subject":"Hi",'
    b'"headers":[{"name":"X-Order","value":"17"}],"text":"Hello","html":"","attachments":'
    b'[{"name":"a.txt","media_type":"text/plain","size_bytes":5,"sha256":'
    b'"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}]}'
)


def test_what_the_first_version_wrote_down_is_still_read(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("turbodesk.store.ledger.freeze", lambda _message: FIRST_VERSION)
    attached = Attachment.of_bytes("a.txt", b"hello", "text/plain")
    letter = Message(
        Address("me@example.com", "Me"),
        (Address("ann@example.com", "Ann"),),
        "Hi",
        "Hello",
        headers=(Header("X-Order", "17"),),
        attachments=(attached,),
        key="td-abcdefghijklmnopqrstuvwxyz",
    )

    async def go() -> None:
        entry = await ledger.queue(letter, **WHERE)
        assert entry.body_sha256 == hashlib.sha256(FIRST_VERSION).hexdigest()
        read = await ledger.message(entry.id)
        assert read == letter
        assert b"".join(read.attachments[0].source.slices()) == b"hello"

    asyncio.run(go())
