"""The one owner of sending: writes it down, sends it once, writes down what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

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
from turbodesk.model.outcome import RecipientOutcome, SendResult, SendState, Verdict
from turbodesk.services.desk import API, SMTP

if TYPE_CHECKING:
    from turbodesk.providers.port import Provider
    from turbodesk.services.desk import Desk
    from turbodesk.store.entry import Entry
    from turbodesk.store.ledger import Ledger

CANCELLED_BEFORE = "It was cancelled before it left. Nothing was sent."
CANCELLED_AFTER = (
    "It was cancelled after it had begun to leave. Nobody knows yet whether it was taken: "
    "look in Stats and Reports before sending it again."
)
LOOK_FIRST = "Look in Stats and Reports before sending it again, or people may get it twice."

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
    refused, unknown, or queued with its reason where it surely was not taken. Nothing is ever repeated
    but by `send_again`. What is raised is StoreTrouble where the ledger cannot be written, and
    InvalidDraft where an attachment can no longer be read; a send that meets these has not left, unless
    the sentence says so.
    """

    def __init__(self, ledger: Ledger, desk: Desk) -> None:
        self._ledger = ledger
        self._desk = desk
        self._failures: dict[str, TurbodeskError] = {}

    async def send(self, message: Message, way: str = API) -> Entry:
        """Writes the message down and sends it once, over the API or by SMTP. Raises NotOffered where the
        account has no such way, InvalidDraft where that way cannot carry the message."""
        profile, sender = self._desk.profile, self._desk.sender(way)
        sender.check_message(message)
        provider = SMTP if way == SMTP else profile.provider
        try:
            begun = await self._ledger.begin(message, profile=profile.name, provider=provider)
        except FileTrouble as error:
            raise InvalidDraft({"attachments": error.says}) from error
        try:
            return await self._deliver(begun.entry.id, begun.message, sender)
        except StoreTrouble:
            await begun.written()  # where this is what failed, it says more
            raise

    async def send_again(self, id: str) -> Entry:
        """Sends what waits in the queue by the way it was written for, because a person asked for it.

        Raises StoreTrouble for all else, NotOffered where the account has that way no more.
        """
        entry = await self._ledger.entry(id)
        if entry.profile != self._desk.profile.name:
            raise StoreTrouble(
                f"This message was written for the profile {entry.profile}.",
                hint="Change over to that profile, then send it again.",
            )
        if entry.provider not in (SMTP, self._desk.profile.provider):
            raise StoreTrouble(
                f"This message was written for {entry.provider}, and the profile {entry.profile} is "
                f"{self._desk.profile.provider} by now.",
                hint="Write it as a new message.",
            )
        if entry.state is not SendState.QUEUED:
            raise StoreTrouble(
                f"This message is {entry.state}; only what waits in the queue is sent again.",
                hint="To send the same once more, write it as a new message.",
            )
        sender = self._desk.sender(SMTP if entry.provider == SMTP else API)
        message = await self._ledger.message(id)
        try:
            if not await self._ledger.claim(id):
                return await self._ledger.entry(id)  # somebody else was quicker
        except asyncio.CancelledError:
            with suppress(StoreTrouble):
                await self._ledger.hold(id, CANCELLED_BEFORE)
            raise
        return await self._deliver(id, message, sender)

    async def discard(self, id: str) -> Entry:
        """Takes a queued send out of the queue for good; raises StoreTrouble for all else."""
        return await self._ledger.discard(id)

    async def entries(self) -> list[Entry]:
        """What this profile has sent or waits to send, newest first."""
        return await self._ledger.entries(profile=self._desk.profile.name)

    def new_key(self) -> str:
        """A name for a send that is about to begin, so that it can be asked for should it be cut off."""
        return self._ledger.new_key()

    async def sent_as(self, key: str) -> Entry | None:
        """The send of that name, None where it was never written down: then nothing of it has left."""
        return await self._ledger.entry_with_key(key)

    async def change_counter(self) -> int:
        """A number that is another one whenever any program has written to the ledger."""
        return await self._ledger.change_counter()

    def failure(self, id: str) -> TurbodeskError | None:
        """The error that this outbox's last try at a send met, None where it met none."""
        return self._failures.get(id)

    async def _deliver(self, id: str, message: Message, sender: Provider) -> Entry:
        self._failures.pop(id, None)
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
            return await self._fail(mark, error)
        return await _written(self._ledger.settle(id, _complete(message, result)))

    async def _withdraw(self, mark: _WireMark) -> None:
        with suppress(StoreTrouble):  # the next start puts it right
            if mark.left:
                await self._ledger.lose(mark.id, CANCELLED_AFTER)
            else:
                await self._ledger.hold(mark.id, CANCELLED_BEFORE)

    async def _fail(self, mark: _WireMark, error: Exception) -> Entry:
        failure = error if isinstance(error, TurbodeskError) else _fault(error, left=mark.left)
        self._failures[mark.id] = failure
        status = getattr(failure, "status", 0)
        if not mark.left or isinstance(failure, _NOT_TAKEN):
            return await self._ledger.hold(mark.id, failure.says, status=status, detail=failure.detail)
        if isinstance(failure, Refused):
            words = "\n".join(failure.words)
            return await _written(self._ledger.refuse(mark.id, failure.says, words, status=status))
        if not isinstance(failure, OutcomeUnknown):
            failure = OutcomeUnknown(failure.says, hint=LOOK_FIRST, detail=failure.detail)
            self._failures[mark.id] = failure
        return await _written(self._ledger.lose(mark.id, failure.says, detail=failure.detail))


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
