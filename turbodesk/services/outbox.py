"""The one owner of sending: writes it down, sends it once, writes down what came of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import uniform
from typing import TYPE_CHECKING, Any

from turbodesk.errors import (
    FileTrouble,
    InvalidDraft,
    NoConnection,
    OutcomeUnknown,
    Refused,
    SignInRefused,
    StoreTrouble,
    Throttled,
    TurbodeskError,
)
from turbodesk.model.message import Message
from turbodesk.model.outcome import Hold, RecipientOutcome, SendResult, SendState, Verdict, state_of
from turbodesk.services import guards, settle
from turbodesk.services.clock import Clock
from turbodesk.services.desk import API, SMTP
from turbodesk.store.entry import microseconds
from turbodesk.store.limits import Counted, Limit

if TYPE_CHECKING:
    from turbodesk.model.account import Profile
    from turbodesk.model.message import Address
    from turbodesk.model.request import Spelled
    from turbodesk.providers.port import Provider
    from turbodesk.services.desk import Desk
    from turbodesk.store.entry import Entry
    from turbodesk.store.ledger import Ledger

CANCELLED_BEFORE = "It was cancelled before it left. Nothing was sent."
CANCELLED_AFTER = (
    "It was cancelled after it had begun to leave. Nobody knows yet whether it was taken: "
    "look in Stats and Reports before sending it again."
)
LOOK_FIRST = "Look it up in the outbox before sending it again, or people may get it twice."

SHOWN, WHOLE_BATCH = 1000, 100_000  # entries that are read at once
FIRST_TRY_S, LONGEST_WAIT_S = 0.5, 300.0  # between tries while nothing can be reached, doubled each time
BUSY_S = 30.0  # where a provider that wants us to slow down does not say for how long
TRIED_FOR = timedelta(hours=24)  # since the first try

_NOT_TAKEN = (InvalidDraft, NoConnection, Throttled, SignInRefused)
"""What a provider raises where the letter surely was not taken, whether or not something left."""


@dataclass(slots=True)
class _WireMark:
    """Awaited by the provider before the first byte; afterwards nobody can say that nothing left."""

    ledger: Ledger
    id: str
    left: bool = False

    async def __call__(self) -> None:
        await self.ledger.mark_wire(self.id)
        self.left = True


class Outbox:
    """Everything one desk sends. A send that was begun always comes to an end in the ledger.

    What became of a send is never raised, it stands in the entry that comes back: accepted, partly,
    refused, unknown, or queued with its reason where it surely was not taken. What is raised is
    StoreTrouble where the ledger cannot be written, Guarded and ConfirmFirst where the profile's guards
    stand against it, and InvalidDraft where an attachment can no longer be read; a send that meets these
    has not left, unless the sentence says so.

    `guarded` gives the profile as its guards stand at that moment, that of the desk where there is none. The
    daily cap is asked once more in the transaction that lets a send go.

    With `repeats`, what surely let nothing leave (no connection, or a provider that is too busy) is queued
    for its next try, which `Sending` makes; else it waits for a person. Nothing else is ever repeated but
    by hand.
    """

    def __init__(
        self,
        ledger: Ledger,
        desk: Desk,
        *,
        guarded: Callable[[], Profile] | None = None,
        repeats: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._ledger = ledger
        self._desk = desk
        self._guarded = guarded or (lambda: desk.profile)
        self._repeats = repeats
        self._clock = clock or Clock()
        self._failures: dict[str, TurbodeskError] = {}
        self._left: set[str] = set()

    async def send(self, message: Message, way: str = API, *, confirmed: int = 0) -> Entry:
        """Writes the message down and sends it once, over the API or by SMTP. Raises NotOffered where the
        account has no such way, InvalidDraft where that way cannot carry the message. `confirmed` is the
        number of recipients that a person said yes to."""
        sender, provider = await self._let_through(message, way, confirmed)
        limit = self._limit()
        try:
            begun = await self._ledger.begin(
                message, profile=self._desk.profile.name, provider=provider, limit=limit
            )
        except FileTrouble as error:
            raise InvalidDraft({"attachments": error.says}) from error
        try:
            if limit is not None:  # it may be refused, and then nobody is to be called
                await begun.written()
        except asyncio.CancelledError:
            with suppress(StoreTrouble):
                await self._ledger.hold(begun.entry.id, CANCELLED_BEFORE)
            raise
        try:
            return await self._deliver(begun.entry, begun.message, sender)
        except StoreTrouble:
            await begun.written()  # where this is what failed, it says more
            raise

    async def queue(
        self,
        message: Message,
        way: str = API,
        *,
        hold: Hold,
        not_before: datetime,
        confirmed: int = 0,
        draft: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Writes the message down to be sent when its undo time is over, or at its hour (`hold`). `draft` is
        what it was written from, plain values, which `take_back` gives back. Raises as `send` does."""
        _, provider = await self._let_through(message, way, confirmed)
        try:
            return await self._ledger.queue(
                message,
                profile=self._desk.profile.name,
                provider=provider,
                hold=hold,
                not_before=not_before,
                draft=b"" if draft is None else json.dumps(draft).encode(),
            )
        except FileTrouble as error:
            raise InvalidDraft({"attachments": error.says}) from error

    async def take_back(self, id: str) -> tuple[Entry, dict[str, Any] | None]:
        """Cancels what waits in the queue; the draft that it was written from comes back with it, None
        where that was not kept. Raises StoreTrouble for all else: then it was too late."""
        entry, draft = await self._ledger.take_back(id)
        return entry, _plain(draft)

    async def batch_draft(self, batch: str) -> dict[str, Any] | None:
        """What the rows of a batch were written from, None where that was not kept."""
        first = await self._ledger.entries(batch=batch, limit=1)
        return await self.draft(first[0].id) if first else None

    async def draft(self, id: str) -> dict[str, Any] | None:
        """What a send was written from, None where that was not kept."""
        return _plain(await self._ledger.draft(id))

    async def move(self, id: str, not_before: datetime) -> Entry:
        """Gives what waits in the queue another hour; raises StoreTrouble for all else."""
        return await self._ledger.put_off(id, Hold.TIME, not_before)

    async def send_again(self, id: str, *, confirmed: int = 0) -> Entry:
        """Sends what waits in the queue by the way it was written for, because a person asked for it or
        because its time has come. `confirmed` as for `send`; what was confirmed when it was written down is
        not asked for again.

        Raises StoreTrouble for all else, NotOffered where the account has that way no more.
        """
        entry = await self._ledger.entry(id)
        self._check_written_for(entry)
        if entry.state is not SendState.QUEUED:
            raise StoreTrouble(
                f"This message is {entry.state}; only what waits in the queue is sent again.",
                hint="To send the same once more, write it as a new message.",
            )
        message, sender = await self._kept(entry, confirmed or len(entry.outcomes))
        try:
            if not await self._ledger.claim(id, self._limit()):
                return await self._ledger.entry(id)  # somebody else was quicker
        except asyncio.CancelledError:
            with suppress(StoreTrouble):
                await self._ledger.hold(id, CANCELLED_BEFORE)
            raise
        return await self._deliver(_begun(entry), message, sender)

    async def claim_rows(self, batch: str, most: int, *, after: int = 0) -> list[tuple[Entry, Message]]:
        """Takes the next rows of a batch behind row `after` for this program; `send_claimed` sends one,
        `release` gives it back. Raises Guarded where the daily cap has room for none."""
        return await self._ledger.claim_rows(batch, most, self._limit(), after=after)

    async def release(self, id: str) -> None:
        """Gives back a row that was taken and not sent: it waits as before."""
        await self._ledger.release(id)

    async def send_claimed(
        self, entry: Entry, message: Message, on_end: Callable[[SendState], None] = lambda state: None
    ) -> Entry:
        """Sends a row that was taken. `on_end` is told how it ended before that is written down; whatever
        is asked of the ledger afterwards comes behind it. A row that cannot be carried waits for a person.

        Raises Guarded and NotOffered where it may not go any more; then it is given back.
        """
        try:
            self._check_written_for(entry)
            sender = self._desk.sender(SMTP if entry.provider == SMTP else API)
            recipients = tuple(address for _, address in message.recipients)
            await self._guard(recipients, len(recipients), but=entry.id)
        except BaseException:
            await self.release(entry.id)
            raise
        return await self._deliver(entry, message, sender, on_end)

    async def resend(self, id: str, *, confirmed: int = 0, sure_only: bool = False) -> Entry:
        """Sends once more what is unknown, because a person asked for it though it may arrive twice; with
        `sure_only` only where it surely is not at the provider. Until an answer says yes it stays unknown.
        Raises StoreTrouble for all else."""
        entry = await self._ledger.entry(id)
        self._check_written_for(entry)
        message, sender = await self._kept(entry, confirmed or len(entry.outcomes))
        try:
            await self._ledger.take_again(id, self._limit(), sure_only=sure_only)
        except asyncio.CancelledError:
            with suppress(StoreTrouble):
                await self._ledger.hold(id, CANCELLED_BEFORE)
            raise
        return await self._deliver(_begun(entry), message, sender)

    async def look_up(self, id: str) -> Entry:
        """Asks the provider what became of a send that is unknown, and writes down what it says: found, it
        is accepted. Sends nothing. Raises StoreTrouble for what is not unknown, else as questions do."""
        entry = await self._ledger.entry(id)
        if entry.state is not SendState.UNKNOWN:
            raise StoreTrouble(
                f"This message is {entry.state}; only what is unknown is looked up.",
                hint="Look in the outbox how it stands.",
            )
        self._check_profile(entry)
        provider = self._desk.provider
        sought = await self._ledger.sought(id)
        found = await provider.look_up(sought)
        age_s = (self._clock.now() - sought.ended).total_seconds()
        verdict = settle.verdict(found, age_s, provider.settling_s)
        return await self._ledger.note_look(
            id, found, verdict.words, sure=verdict.sure, attempts=entry.attempts
        )

    async def close_as_sent(self, id: str) -> Entry:
        """A person says that an unknown send was taken; raises StoreTrouble for all else."""
        return await self._ledger.close_as_sent(id)

    async def discard(self, id: str) -> Entry:
        """Takes a queued send out of the queue for good; raises StoreTrouble for all else."""
        return await self._ledger.discard(id)

    async def entries(self, *, batch: str = "") -> list[Entry]:
        """What this profile has sent or waits to send, newest first, without the rows of its batches; or the
        rows of one batch, in its order."""
        limit = WHOLE_BATCH if batch else SHOWN
        return await self._ledger.entries(profile=self._desk.profile.name, batch=batch, limit=limit)

    async def entry(self, id: str) -> Entry:
        """One send; raises StoreTrouble where there is none of that id."""
        return await self._ledger.entry(id)

    async def message(self, id: str) -> Message:
        """A message as it was queued; raises StoreTrouble where what is kept of it is damaged."""
        return await self._ledger.message(id)

    async def spelled(self, id: str) -> Spelled:
        """The request of a send as it was made, or will be, secrets replaced by their names. Sends nothing;
        raises StoreTrouble where it was written for another account."""
        entry = await self._ledger.entry(id)
        self._check_written_for(entry)
        sender = self._desk.sender(SMTP if entry.provider == SMTP else API)
        return await sender.spelled(await self._ledger.message(id))

    async def sent_today(self) -> int:
        """To how many recipients something of this profile has left since this computer's midnight."""
        return (await self._ledger.counted(self._desk.profile.name, self._midnight())).left

    def new_key(self) -> str:
        """A name for a send that is about to begin, so that it can be asked for should it be cut off."""
        return self._ledger.new_key()

    async def sent_as(self, key: str) -> Entry | None:
        """The send of that name, None where it was never written down: then nothing of it has left."""
        return await self._ledger.entry_with_key(key)

    async def change_counter(self) -> int:
        """A number that is another one whenever any program has written to the ledger."""
        return await self._ledger.change_counter()

    def left(self, id: str) -> bool:
        """Whether something of this outbox's last try at a send left this computer."""
        return id in self._left

    async def admit(self, way: str, total: int, confirmed: int) -> tuple[str, str]:
        """Whether so many messages may be sent together by `way`: the names of the profile and the provider
        they are written down for. Raises Guarded, ConfirmFirst and NotOffered."""
        self._desk.sender(way)
        await self._guard((), confirmed, together=total)
        profile = self._desk.profile
        return profile.name, SMTP if way == SMTP else profile.provider

    async def check(self, message: Message, way: str) -> None:
        """Raises what stands against sending this message, were it one of a batch that was let through."""
        self._desk.sender(way).check_message(message)
        recipients = tuple(address for _, address in message.recipients)
        await self._guard(recipients, len(recipients))

    async def queue_row(
        self,
        message: Message,
        row: int,
        way: str,
        batch: tuple[str, int],
        draft: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Writes down one row of a batch, named as `Batches.begin` names it. Raises FileTrouble."""
        profile = self._desk.profile
        provider = SMTP if way == SMTP else profile.provider
        return await self._ledger.queue_row(
            message,
            row,
            profile=profile.name,
            provider=provider,
            batch=batch,
            draft=b"" if draft is None else json.dumps(draft).encode(),
        )

    def failure(self, id: str) -> TurbodeskError | None:
        """The error that this outbox's last try at a send met, None where it met none."""
        return self._failures.get(id)

    async def _let_through(self, message: Message, way: str, confirmed: int) -> tuple[Provider, str]:
        """What sends the message, and the provider it is written down for; raises where something stands
        against it."""
        sender = self._desk.sender(way)
        sender.check_message(message)
        await self._guard(tuple(address for _, address in message.recipients), confirmed)
        return sender, SMTP if way == SMTP else self._desk.profile.provider

    async def _guard(
        self,
        recipients: tuple[Address, ...],
        confirmed: int,
        *,
        together: int | None = None,
        but: str = "",
    ) -> None:
        """Raises what stands against it; the send of the id `but` does not count against the daily cap."""
        profile, counted = self._guarded(), Counted(0, 0)
        if profile.daily_cap:
            counted = await self._ledger.counted(self._desk.profile.name, self._midnight(), but)
        guards.check(
            profile,
            recipients,
            sent_today=counted.left,
            leaving=counted.leaving,
            confirmed=confirmed,
            together=together,
        )

    def _limit(self) -> Limit | None:
        """The daily cap, to be asked when a send is taken; None where there is none."""
        profile = self._guarded()
        if not profile.daily_cap:
            return None

        def refusal(counted: Counted, more: int) -> Exception:
            return guards.over_cap(profile, more, sent_today=counted.left, leaving=counted.leaving)

        return Limit(profile.daily_cap, microseconds(self._midnight()), refusal)

    def _midnight(self) -> datetime:
        return self._clock.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)

    async def _kept(self, entry: Entry, confirmed: int) -> tuple[Message, Provider]:
        """A message as it was written down, and what sends it; the guards of today are asked."""
        sender = self._desk.sender(SMTP if entry.provider == SMTP else API)
        message = await self._ledger.message(entry.id)
        await self._guard(tuple(address for _, address in message.recipients), confirmed, but=entry.id)
        return message, sender

    def _check_profile(self, entry: Entry) -> None:
        if entry.profile != self._desk.profile.name:
            raise StoreTrouble(
                f"This message was written for the profile {entry.profile}.",
                hint="Change over to that profile, then try again.",
            )

    def _check_written_for(self, entry: Entry) -> None:
        self._check_profile(entry)
        if entry.provider not in (SMTP, self._desk.profile.provider):
            raise StoreTrouble(
                f"This message was written for {entry.provider}, and the profile {entry.profile} is "
                f"{self._desk.profile.provider} by now.",
                hint="Write it as a new message.",
            )

    async def _deliver(
        self,
        entry: Entry,
        message: Message,
        sender: Provider,
        on_end: Callable[[SendState], None] = lambda state: None,
    ) -> Entry:
        id = entry.id
        self._failures.pop(id, None)
        self._left.discard(id)
        mark = _WireMark(self._ledger, id)
        try:
            result = await sender.send(message, mark)
            if not mark.left:  # it was answered, so it has left, whatever the provider forgot
                mark.left = True
                await self._ledger.mark_wire(id)
        except asyncio.CancelledError:
            await self._withdraw(mark)
            raise
        except Exception as error:
            return await self._fail(entry, mark, error, on_end)
        result = _complete(message, result)
        on_end(state_of(result.outcomes))
        return await _written(self._ledger.settle(id, result))

    async def _withdraw(self, mark: _WireMark) -> None:
        with suppress(StoreTrouble):  # the next start puts it right
            if mark.left:
                await self._ledger.lose(mark.id, CANCELLED_AFTER)
            else:
                await self._ledger.hold(mark.id, CANCELLED_BEFORE)

    async def _fail(
        self, entry: Entry, mark: _WireMark, error: Exception, on_end: Callable[[SendState], None]
    ) -> Entry:
        failure = error if isinstance(error, TurbodeskError) else _fault(error, left=mark.left)
        self._failures[mark.id] = failure
        if mark.left:
            self._left.add(mark.id)
        status = getattr(failure, "status", 0)
        if not mark.left or isinstance(failure, _NOT_TAKEN):
            until = self._next_try(entry, mark, failure) if self._repeats else None
            on_end(SendState.QUEUED)
            return await self._ledger.hold(
                mark.id,
                failure.says,
                status=status,
                detail=failure.detail,
                until=until,
                for_person=isinstance(failure, InvalidDraft | FileTrouble),
            )
        if isinstance(failure, Refused):
            words = "\n".join(failure.words)
            on_end(SendState.REFUSED)
            return await _written(self._ledger.refuse(mark.id, failure.says, words, status=status))
        if not isinstance(failure, OutcomeUnknown):
            failure = OutcomeUnknown(failure.says, hint=LOOK_FIRST, detail=failure.detail)
            self._failures[mark.id] = failure
        on_end(SendState.UNKNOWN)
        return await _written(self._ledger.lose(mark.id, failure.says, detail=failure.detail))

    def _next_try(self, entry: Entry, mark: _WireMark, failure: TurbodeskError) -> datetime | None:
        """When it is tried again, None where only a person may."""
        now = self._clock.now()
        if entry.batch or now - (entry.first_try or now) > TRIED_FOR:
            return None
        if isinstance(failure, Throttled):
            wait_s = BUSY_S if failure.retry_after_s is None else failure.retry_after_s
        elif isinstance(failure, NoConnection) and not mark.left:
            wait_s = min(FIRST_TRY_S * 2.0 ** min(entry.attempts, 20), LONGEST_WAIT_S) * uniform(0.5, 1.0)
        else:
            return None
        return now + timedelta(seconds=wait_s)


def _begun(entry: Entry) -> Entry:
    """The entry once its next attempt has begun."""
    return replace(entry, attempts=entry.attempts + 1)


def _plain(draft: bytes) -> dict[str, Any] | None:
    value = json.loads(draft) if draft else None
    return value if isinstance(value, dict) else None


async def _written(ending: Awaitable[Entry]) -> Entry:
    """The end of a send that has left; where the disk does not take it, the sentence says what that means."""
    try:
        return await ending
    except StoreTrouble as error:
        raise StoreTrouble(
            "The message has left, but what came of it could not be written down.",
            hint=f"{LOOK_FIRST} After a restart the outbox shows it as unknown.",
            detail=f"{error.says} {error.detail}".strip(),
        ) from error


def _fault(error: Exception, *, left: bool) -> TurbodeskError:
    """Our own bug, in words; what the exception says may hold a secret, so only its kind is told."""
    detail = type(error).__name__
    if left:
        return OutcomeUnknown(
            "Turbodesk met a fault of its own after the message had begun to leave.",
            hint=LOOK_FIRST,
            detail=detail,
        )
    return TurbodeskError(
        "Turbodesk met a fault of its own before the message left. Nothing was sent.",
        hint="Try again; if it stays so, please report it.",
        detail=detail,
    )


def _complete(message: Message, result: SendResult) -> SendResult:
    """The result with exactly one outcome for every recipient, unknown for those it does not name."""
    envelope = message.recipients
    if len(result.outcomes) == len(envelope) and all(
        outcome.address == address for outcome, (_, address) in zip(result.outcomes, envelope, strict=True)
    ):
        return result
    named = {outcome.address.key: outcome for outcome in result.outcomes}
    found = tuple(
        named.get(address.key) or RecipientOutcome(address, kind, Verdict.UNKNOWN)
        for kind, address in envelope
    )
    return replace(result, outcomes=found)
