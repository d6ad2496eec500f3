"""Every send, written down before it leaves, and what came of it.

queue → claim → mark_wire, all before the first byte leaves, then one of settle, hold, refuse, lose.
A send without the wire mark has surely not left; one with the mark and without an outcome is unknown,
and nothing here ever takes it back into the queue by itself: it is found at the provider, or a person
settles it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from base64 import b32encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TypeVar

from turbodesk.errors import StoreTrouble
from turbodesk.files import in_slice_thread
from turbodesk.model.lookup import Found, Sought
from turbodesk.model.message import BytesSource, Message
from turbodesk.model.outcome import Hold, SendResult, SendState, Verdict, state_of
from turbodesk.store import batches, copies, limits, naming, reading, records, waiting
from turbodesk.store.attachments import Attachments
from turbodesk.store.batches import Batches
from turbodesk.store.database import Database
from turbodesk.store.entry import Entry, Step, microseconds
from turbodesk.store.instances import Instance, living
from turbodesk.store.limits import Counted, Limit
from turbodesk.store.payload import digest_of, freeze, thaw, with_sources
from turbodesk.store.schema import APPLICATION_ID, MIGRATIONS
from turbodesk.store.writer import Job, Writer, closed

__all__ = ["Entry", "Ledger", "Step", "new_id", "new_key"]

_random = Random()  # names must differ, not be secret; the time in front keeps an index together
EXCERPT = 2000  # characters of an answer that are kept
TWINS_US = 15 * 60 * 1_000_000  # sends of one subject so close to each other may be taken for one another
CLOCK_US = 60_000_000  # so far a clock may go back before what waits for its hour asks first
CLOCK_WENT_BACK = (
    "This computer's clock went back behind what was last written down here, so nothing goes by itself."
)

T = TypeVar("T")


def new_id() -> str:
    """A name for one send in the ledger: 32 hexadecimal digits, later ones behind earlier ones."""
    return f"{_now():014x}{_random.getrandbits(72):018x}"


def new_key() -> str:
    """A name for one send on the wire: `td-` and 26 characters, never given twice."""
    value = (time.time_ns() // 1_000_000 << 85 | _random.getrandbits(85)) << 6
    return "td-" + b32encode(value.to_bytes(17, "big"))[:26].decode().lower()


@dataclass(frozen=True, slots=True)
class Begun:
    """A send that is being written down, and the message to be sent."""

    entry: Entry
    message: Message
    job: Job[int]

    async def written(self) -> None:
        """Comes back once it is on the disk; raises StoreTrouble where it could not be written down."""
        await self.job.written()


class Ledger:
    """The ledger of one config dir, open. Several programs may have it open at once.

    What a method has written is on the disk when it comes back, but for `begin`, which says when. All
    of them raise StoreTrouble, also where a change is asked for that must not happen; then nothing was
    changed.
    """

    def __init__(self, database: Database, instance: Instance, attachments: Attachments) -> None:
        self._database = database
        self._instance = instance
        self._attachments = attachments
        self._closed = False
        self._live: dict[str, records.Live] = {}  # what this program is sending
        self._writer = Writer(database, database.connect(write=True))
        self._reading = database.connect(write=False)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="ledger-reader")
        self.batches = Batches(self._writer.run, self._read, instance.id)

    @classmethod
    def open(cls, directory: Path) -> Ledger:
        """Opens the ledger of `directory`, making it where there is none. Blocks; raises StoreTrouble.

        Sends that a program left unfinished when it ended are put right: without the wire mark they are
        queued again and wait for a person or for their batch, with it they are unknown. Batches that were
        going out pause. Where the clock went back, or the ledger is a copy that was put back, whatever would
        go by itself waits for a person. Nothing is sent.
        """
        database = Database(directory / "ledger.sqlite", APPLICATION_ID, MIGRATIONS)
        with database.exclusive():
            database.prepare()
            alive = living(directory / "instances")
            attachments = Attachments(directory / "attachments")
            _put_right(database, alive, attachments)
            instance = Instance(directory / "instances")
            try:
                return cls(database, instance, attachments)
            except BaseException:
                instance.close()
                raise

    def close(self) -> None:
        """Finishes what was asked for and lets go. Blocks. What is being sent must have ended before."""
        self._closed = True
        self._writer.close()
        self._reader.shutdown()
        self._reading.close()
        self._instance.close()

    async def queue(
        self,
        message: Message,
        *,
        profile: str,
        provider: str,
        id: str = "",
        hold: Hold = Hold.PERSON,
        not_before: datetime | None = None,
        draft: bytes = b"",
    ) -> Entry:
        """Writes the message down, attachments copied, and leaves it waiting for a person, or for the time
        that `not_before` names. `draft` is what it was written from, and comes back from `take_back`.

        It gets its key where it has none. Raises FileTrouble where an attachment cannot be read or is
        no longer what was attached.
        """
        now, until = _now(), None if not_before is None else microseconds(not_before)
        kept, payload = await self._prepared(message)
        entry = records.written(id or new_id(), kept, payload, profile, provider, now, hold, until)
        new = records.New(entry, kept, payload, now, keeper=self._instance.id, draft=draft)
        await self._writer.submit(records.INSERT, new).written()
        return entry

    async def queue_row(
        self,
        message: Message,
        row: int,
        *,
        profile: str,
        provider: str,
        batch: tuple[str, int],
        draft: bytes = b"",
    ) -> Entry:
        """Writes down the message of one row of a batch, which is named by what `Batches.begin` gave."""
        now, (name, number) = _now(), batch
        kept, payload = await self._prepared(message)
        queued = records.written(new_id(), kept, payload, profile, provider, now, Hold.BATCH)
        entry = replace(queued, batch=name, row=row)
        new = records.New(entry, kept, payload, now, keeper=self._instance.id, batch=number, draft=draft)
        await self._writer.submit(records.INSERT, new).written()
        return entry

    async def begin(
        self, message: Message, *, profile: str, provider: str, id: str = "", limit: Limit | None = None
    ) -> Begun:
        """`queue` and `claim` in one; the message comes back as it is kept, to be sent.

        It is put in line, in front of the wire mark that follows: whoever waits for that mark has
        waited for both, and they may share a commit. Raises FileTrouble as `queue` does. What `limit`
        raises comes out of `written`, and then nothing was written down.
        """
        now = _now()
        kept, payload = await self._prepared(message)
        queued = records.written(id or new_id(), kept, payload, profile, provider, now)
        entry = replace(queued, state=SendState.SENDING, attempts=1, first_try=queued.created)

        new = records.New(entry, kept, payload, now, self._instance.id, self._live, limit=limit)
        return Begun(entry, kept, self._writer.submit(records.INSERT, new))

    async def claim(self, id: str, limit: Limit | None = None) -> bool:
        """Takes a queued send for this program; False where it is no longer queued. Raises what `limit`
        raises."""

        def work(connection: sqlite3.Connection) -> bool:
            live = records.claim(connection, id, self._instance.id, _now(), limit)
            if live is not None:
                self._live[id] = live
            return live is not None

        return await self._writer.run(work)

    async def claim_rows(
        self, batch: str, most: int, limit: Limit | None = None, *, after: int = 0
    ) -> list[tuple[Entry, Message]]:
        """Takes the next rows of a batch that wait for it and stand behind row `after` of the file, at most
        so many, in their order; each with its message. What is damaged is held back for a person and left
        out; none come back only where none waits. Raises what `limit` raises where it has room for none."""

        taken: list[tuple[records.Live, bytes]] = []

        def work(connection: sqlite3.Connection) -> None:
            taken[:] = records.claim_rows(connection, batch, most, self._instance.id, _now(), limit, after)
            self._live.update((live.entry.id, live) for live, _ in taken)

        try:
            while True:
                await self._writer.run(work)
                readable = await self._readable(taken)
                if readable or not taken:
                    return readable
        except (asyncio.CancelledError, StoreTrouble):
            for live, _ in taken:
                with suppress(StoreTrouble):  # it can be given back later; nothing of it has left
                    await self.release(live.entry.id)
            raise

    async def release(self, id: str) -> None:
        """Gives back what was taken and never begun."""
        live = self._live.get(id)
        if live is not None:
            await self._writer.run(lambda c: records.release(c, live, _now()))
            self._live.pop(id, None)

    async def _readable(self, found: list[tuple[records.Live, bytes]]) -> list[tuple[Entry, Message]]:
        def thawed(_connection: sqlite3.Connection) -> list[Message | StoreTrouble]:
            return [self._thawed_or_not(live.entry, payload) for live, payload in found]

        readable = []
        for (live, _), message in zip(found, await self._read(thawed), strict=True):
            if isinstance(message, StoreTrouble):
                await self.release(live.entry.id)
                await self.put_off(live.entry.id, Hold.PERSON, None, message.says)
            else:
                readable.append((live.entry, message))
        return readable

    def _thawed_or_not(self, entry: Entry, payload: bytes) -> Message | StoreTrouble:
        try:
            return self._thawed(entry.id, payload, entry.body_sha256)
        except StoreTrouble as trouble:
            return trouble

    async def mark_wire(self, id: str) -> None:
        """Writes down that the first byte is about to leave. Only then may it leave."""
        await self._writer.submit(records.MARK, records.Mark(id, _now(), self._live)).written()

    async def settle(self, id: str, result: SendResult) -> Entry:
        """What the provider answered, one outcome for every recipient.

        Of a send that is settled already only a note is taken.
        """
        state = state_of(result.outcomes)
        change = records.Change(
            state,
            reason=result.note,
            outcomes=result.outcomes,
            provider_id=result.provider_id,
            phase=_ANSWERS[state],
            excerpt=result.note[:EXCERPT],
        )
        return await self._finish(id, change)

    async def hold(
        self,
        id: str,
        reason: str,
        *,
        status: int = 0,
        detail: str = "",
        until: datetime | None = None,
        for_person: bool = False,
    ) -> Entry:
        """Back into the queue: it surely was not taken. It waits for its batch, for a person or, with
        `until`, for the next try; `reason` says why. With `for_person` its batch goes on without it."""
        change = records.Change(
            SendState.QUEUED,
            reason=reason,
            phase="Put back into the queue",
            status=status,
            excerpt=(detail or reason)[:EXCERPT],
            not_before=None if until is None else microseconds(until),
            for_person=for_person,
        )
        return await self._finish(id, change)

    async def refuse(self, id: str, reason: str, words: str, *, status: int = 0) -> Entry:
        """A complete answer said no, to all recipients; `words` are the provider's."""
        change = records.Change(
            SendState.REFUSED,
            reason=reason,
            verdict=Verdict.REFUSED,
            words=words,
            phase="The provider refused it",
            status=status,
            excerpt=words[:EXCERPT],
        )
        return await self._finish(id, change)

    async def lose(self, id: str, reason: str, *, detail: str = "") -> Entry:
        """It went out and nothing says what became of it."""
        change = records.Change(
            SendState.UNKNOWN,
            reason=reason,
            verdict=Verdict.UNKNOWN,
            phase="No answer that says what became of it",
            excerpt=(detail or reason)[:EXCERPT],
        )
        return await self._finish(id, change)

    async def discard(self, id: str) -> Entry:
        """Takes a queued send out of the queue for good, by hand."""
        return await self._writer.run(lambda c: records.discard(c, id, _now()))

    async def take_back(self, id: str) -> tuple[Entry, bytes]:
        """Discards a queued send; what it was written from comes back with it, empty where that was not
        kept."""

        def work(connection: sqlite3.Connection) -> tuple[Entry, bytes]:
            draft = waiting.draft_of(connection, id)
            return records.discard(connection, id, _now()), draft

        return await self._writer.run(work)

    async def draft(self, id: str) -> bytes:
        """What a send was written from, empty where that was not kept."""
        return await self._read(lambda c: waiting.draft_of(c, id))

    async def put_off(self, id: str, hold: Hold, not_before: datetime | None, reason: str = "") -> Entry:
        """Makes a queued send wait for something else. `reason` is a sentence why."""
        until = None if not_before is None else microseconds(not_before)
        return await self._writer.run(lambda c: waiting.put_off(c, id, hold, until, reason, _now()))

    async def due(self, until: datetime) -> list[Entry]:
        """What waits for a time and may go by `until`, the earliest first, of all profiles."""
        return await self._read(lambda c: waiting.due(c, microseconds(until)))

    async def unknown(self, *, since: datetime, profile: str | None = None) -> list[Entry]:
        """What became unknown after `since` and still is, the first that was written down first."""
        return await self._read(lambda c: waiting.unknown(c, profile, microseconds(since)))

    async def sought(self, id: str) -> Sought:
        """Everything that an unknown send can be known by at its provider."""
        return await self._read(lambda c: self._sought(c, id))

    async def note_look(
        self, id: str, found: Found, words: str, *, sure: bool, attempts: int | None = None
    ) -> Entry:
        """Writes down what a look at the provider brought, `words` for people, and settles what was found.
        `sure`: what was not there never went; left out where it was tried more than `attempts` times by now.
        """
        return await self._writer.run(
            lambda c: waiting.note_look(c, id, found, words, sure, _now(), attempts)
        )

    async def close_as_sent(self, id: str) -> Entry:
        """A person says that an unknown send was taken."""
        return await self._writer.run(lambda c: waiting.close_as_sent(c, id, _now()))

    async def take_again(self, id: str, limit: Limit | None = None, *, sure_only: bool = False) -> None:
        """Takes an unknown send for this program once more, because a person asked for it; with `sure_only`
        only what surely is not at the provider. Whatever comes of it but a yes, it is unknown again
        afterwards. Raises what `limit` raises."""

        def work(connection: sqlite3.Connection) -> None:
            self._live[id] = waiting.take_again(
                connection, id, self._instance.id, _now(), limit, sure_only=sure_only
            )

        await self._writer.run(work)

    async def counted(self, profile: str, since: datetime, but: str = "") -> Counted:
        """To how many recipients something of this profile has left since then or is leaving; the send of the
        id `but` does not count."""

        def asked(connection: sqlite3.Connection) -> Counted:
            number = reading.number_of(connection, but) if but else 0
            return limits.counted(connection, profile, microseconds(since), number)

        return await self._read(asked)

    async def entries(
        self, *, profile: str | None = None, limit: int = 1000, batch: str | None = "", state: str = ""
    ) -> list[Entry]:
        """The newest sends first, of all profiles or of one; those that stand alone, those of one batch in
        the order of its rows, or with None all of them; in one state, or in any."""
        return await self._read(lambda c: reading.entries(c, profile, limit, batch, state))

    async def entry(self, id: str) -> Entry:
        """One send; raises StoreTrouble where there is none of that name."""
        return await self._read(lambda c: reading.entry_of(c, reading.number_of(c, id)))

    def new_key(self) -> str:
        """A name for a send on the wire, never given twice."""
        return new_key()

    async def entry_with_key(self, key: str) -> Entry | None:
        """The send of that name on the wire, None where it was never written down."""
        return await self._read(lambda c: reading.entry_with_key(c, key))

    async def named(self, text: str) -> naming.Named:
        """The sends and batches whose id or key is `text`, or begins with it."""
        return await self._read(lambda c: naming.named(c, text))

    async def message(self, id: str) -> Message:
        """The message as it was queued; hashes are checked again, of attachments too."""
        return await self._read(lambda c: self._thawed(id, *reading.payload_of(c, id)))

    async def change_counter(self) -> int:
        """A number that is another one whenever any program has written."""
        return await self._read(reading.data_version)

    async def _prepared(self, message: Message) -> tuple[Message, bytes]:
        """The message with its key and its attachments kept, and what is written down of it."""
        if not message.key:
            message = replace(message, key=new_key())
        if message.attachments:
            await in_slice_thread(self._keep, message)
            message = with_sources(message, self._attachments.source)
        try:
            return message, freeze(message)
        except UnicodeEncodeError:
            raise StoreTrouble(
                "The message holds half a character, which cannot be written down.",
                hint="Nothing was sent. Take out what looks broken, then send it again.",
            ) from None

    def _keep(self, message: Message) -> None:
        for attachment in message.attachments:
            self._attachments.keep(attachment)

    def _thawed(self, id: str, payload: bytes, sha256: str) -> Message:
        if digest_of(payload) != sha256:
            raise reading.damaged(id)
        return thaw(payload, self._attachments.source)

    def _sought(self, connection: sqlite3.Connection, id: str) -> Sought:
        payload, _ = reading.payload_of(connection, id)
        groups = thaw(payload, lambda _name, _sha256: BytesSource(b"")).groups
        return waiting.sought(connection, id, groups, TWINS_US)

    async def _finish(self, id: str, change: records.Change) -> Entry:
        live = self._live.get(id)
        end = records.End(id, _now(), change, self._live)
        try:
            return await self._writer.submit(records.FINISH, end).written()
        except Exception:
            live = None  # this program is still at it
            raise
        finally:
            if live is not None and self._live.get(id) is live:  # it may have been taken again meanwhile
                del self._live[id]

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._closed:
            raise closed()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._reader, work, self._reading)
        except sqlite3.Error as error:
            raise self._database.trouble(error) from error


_ANSWERS = {
    SendState.ACCEPTED: "The provider accepted it",
    SendState.PARTLY: "The provider accepted it for some",
    SendState.REFUSED: "The provider refused it",
    SendState.UNKNOWN: "The answer does not say what became of it",
}


def _put_right(database: Database, alive: set[str], attachments: Attachments) -> None:
    connection = database.connect(write=True)
    try:
        connection.execute("BEGIN IMMEDIATE")
        now = _now()
        if not copies.opened(connection, database.path.parent):
            waiting.ask_first(connection, copies.COPIED, now)
        elif waiting.newest(connection) > now + CLOCK_US:
            waiting.ask_first(connection, CLOCK_WENT_BACK, now)
        records.recover(connection, alive, now)
        waiting.give_up_waiting(connection, alive, now)
        batches.recover(connection, alive, now)
        connection.execute("COMMIT")
        copies.committed(database.path.parent)
        attachments.clear(reading.kept_files(connection))
    except sqlite3.Error as error:
        raise database.trouble(error) from error
    finally:
        connection.close()


def _now() -> int:
    return time.time_ns() // 1000
