"""Every way a send can end, and that each of them ends in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from turbodesk.errors import (
    InvalidDraft,
    NoConnection,
    NotOffered,
    OutcomeUnknown,
    ProviderBroken,
    Refused,
    SignInRefused,
    StoreTrouble,
    Throttled,
    TurbodeskError,
)
from turbodesk.files import attachment_of
from turbodesk.model.account import Profile
from turbodesk.model.message import Address, Message
from turbodesk.model.outcome import RecipientOutcome, SendResult, SendState, Verdict
from turbodesk.providers.port import Provider, WireMark
from turbodesk.services.desk import SMTP, Desk
from turbodesk.services.outbox import Outbox
from turbodesk.store.ledger import Entry, Ledger

MESSAGE = Message(
    sender=Address("me@example.com"),
    to=(Address("ann@example.com"), Address("bob@example.com")),
    subject="Hi",
    text="Hello",
)


class Line:
    """Lets a test stop a send at a place, and go on."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def wait(self) -> None:
        self.reached.set()
        await self.go_on.wait()


class Scripted(Provider):
    """Does what a test says before the wire mark, and after it."""

    title = "Scripted"

    def __init__(self) -> None:
        self.before: Callable[[], Awaitable[None]] | Exception | None = None
        self.after: Callable[[], Awaitable[None]] | Exception | None = None
        self.answer: Callable[[Message], SendResult] = lambda m: SendResult.for_all(
            m, Verdict.ACCEPTED, provider_id="17"
        )
        self.marks = True
        self.sent: list[Message] = []

    async def send(self, message: Message, mark: WireMark) -> SendResult:
        await _do(self.before)
        if self.marks:
            await mark()
        self.sent.append(message)
        await _do(self.after)
        return self.answer(message)


async def _do(what: Callable[[], Awaitable[None]] | Exception | None) -> None:
    if isinstance(what, Exception):
        raise what
    if what is not None:
        await what()


@dataclass
class Place:
    directory: Path
    ledger: Ledger
    provider: Scripted
    outbox: Outbox


def desk(provider: Provider, name: str = "shop", relay: Provider | None = None) -> Desk:
    return Desk(Profile(name, "scripted"), provider, relay=relay)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    ledger = Ledger.open(tmp_path / "config")
    provider = Scripted()
    yield Place(tmp_path, ledger, provider, Outbox(ledger, desk(provider)))
    ledger.close()


def whats(entry: Entry) -> list[str]:
    return [step.what for step in entry.steps]


def test_what_is_accepted(place: Place) -> None:
    async def go() -> None:
        entry = await place.outbox.send(MESSAGE)
        assert (entry.state, entry.provider_id, entry.profile) == (SendState.ACCEPTED, "17", "shop")
        assert place.provider.sent[0].key == entry.key
        assert place.outbox.failure(entry.id) is None
        assert await place.outbox.entries() == [entry]

    asyncio.run(go())


NOT_LEFT = [
    NoConnection("No line."),
    Throttled("Too many.", retry_after_s=2),
    SignInRefused("Wrong password.", status=401),
    InvalidDraft({"headers": "Not over this wire."}),
    Refused("Refused early."),
    ProviderBroken("Odd."),
    OutcomeUnknown("Unsure."),
    ValueError("a bug"),
]


@pytest.mark.parametrize("error", NOT_LEFT, ids=lambda error: type(error).__name__)
def test_whatever_fails_before_the_mark_waits_in_the_queue(place: Place, error: Exception) -> None:
    async def go() -> None:
        place.provider.before = error
        entry = await place.outbox.send(MESSAGE)
        assert entry.state is SendState.QUEUED
        assert entry.reason
        assert "a bug" not in entry.reason
        assert {outcome.verdict for outcome in entry.outcomes} == {Verdict.WAITING}
        failure = place.outbox.failure(entry.id)
        assert isinstance(failure, TurbodeskError)
        assert failure is error or isinstance(error, ValueError)
        place.provider.before = None
        again = await place.outbox.send_again(entry.id)
        assert (again.state, again.attempts, again.reason) == (SendState.ACCEPTED, 2, "")
        assert place.outbox.failure(entry.id) is None
        assert [message.key for message in place.provider.sent] == [entry.key]

    asyncio.run(go())


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NoConnection("Sent elsewhere."), SendState.QUEUED),
        (Throttled("Too many."), SendState.QUEUED),
        (SignInRefused("Wrong password.", status=401), SendState.QUEUED),
        (InvalidDraft({"to": "No such thing."}), SendState.QUEUED),
        (Refused("Refused.", words=("550 no", "really"), status=400), SendState.REFUSED),
        (ProviderBroken("Odd.", status=500), SendState.UNKNOWN),
        (OutcomeUnknown("No answer."), SendState.UNKNOWN),
        (ValueError("password=Marked-Secret-7351"), SendState.UNKNOWN),
        (TimeoutError(), SendState.UNKNOWN),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_what_fails_after_the_mark(place: Place, error: Exception, state: SendState) -> None:
    async def go() -> None:
        place.provider.after = error
        entry = await place.outbox.send(MESSAGE)
        assert entry.state is state
        assert entry == await place.ledger.entry(entry.id)
        failure = place.outbox.failure(entry.id)
        assert isinstance(failure, OutcomeUnknown) == (state is SendState.UNKNOWN)
        if state is SendState.REFUSED:
            assert {outcome.words for outcome in entry.outcomes} == {"550 no\nreally"}
        told = f"{entry}{failure!r}{failure and failure.detail}"
        assert "Marked-Secret-7351" not in told

    asyncio.run(go())


@pytest.mark.parametrize("state", [SendState.ACCEPTED, SendState.UNKNOWN, SendState.CANCELLED])
def test_only_what_waits_is_sent_again(place: Place, state: SendState) -> None:
    async def go() -> None:
        place.provider.after = OutcomeUnknown("No answer.") if state is SendState.UNKNOWN else None
        place.provider.before = NoConnection("No line.") if state is SendState.CANCELLED else None
        entry = await place.outbox.send(MESSAGE)
        if state is SendState.CANCELLED:
            entry = await place.outbox.discard(entry.id)
        assert entry.state is state
        sent = len(place.provider.sent)
        with pytest.raises(StoreTrouble, match="only what waits"):
            await place.outbox.send_again(entry.id)
        assert len(place.provider.sent) == sent

    asyncio.run(go())


def test_another_profiles_mail_is_not_sent_from_here(place: Place) -> None:
    async def go() -> None:
        place.provider.before = NoConnection("No line.")
        entry = await place.outbox.send(MESSAGE)
        other = Outbox(place.ledger, desk(place.provider, "private"))
        with pytest.raises(StoreTrouble, match="written for the profile shop"):
            await other.send_again(entry.id)
        assert await other.entries() == []

    asyncio.run(go())


def test_a_profile_made_anew_for_another_provider_does_not_send_what_the_old_one_wrote(place: Place) -> None:
    async def go() -> None:
        place.provider.before = NoConnection("No line.")
        entry = await place.outbox.send(MESSAGE)
        for provider in ("sendpost", SMTP):
            other = Outbox(place.ledger, Desk(Profile("shop", provider), place.provider))
            with pytest.raises(StoreTrouble, match=f"written for {entry.provider}.*is {provider} by now"):
                await other.send_again(entry.id)
        assert (await place.ledger.entry(entry.id)).state is SendState.QUEUED

    asyncio.run(go())


def test_two_who_send_again_at_once_send_once(place: Place) -> None:
    async def go() -> None:
        place.provider.before = NoConnection("No line.")
        entry = await place.outbox.send(MESSAGE)
        place.provider.before = None
        await asyncio.gather(*(place.outbox.send_again(entry.id) for _ in range(5)), return_exceptions=True)
        assert len(place.provider.sent) == 1

    asyncio.run(go())


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("again", [False, True])
def test_who_is_cancelled_leaves_an_honest_row(place: Place, where: str, again: bool) -> None:
    async def go() -> None:
        if again:
            place.provider.before = NoConnection("No line.")
            held = await place.outbox.send(MESSAGE)
        line = Line()
        place.provider.before = None
        setattr(place.provider, where, line.wait)
        work = place.outbox.send_again(held.id) if again else place.outbox.send(MESSAGE)
        task = asyncio.ensure_future(work)
        await line.reached.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()  # also by who is impatient
        with pytest.raises(asyncio.CancelledError):
            await task
        (entry,) = await place.outbox.entries()
        assert entry.state is (SendState.QUEUED if where == "before" else SendState.UNKNOWN)
        assert "cancelled" in entry.reason

    asyncio.run(go())


@pytest.mark.parametrize("steps", range(14))
def test_cancelled_at_any_moment_nothing_is_left_half_done(place: Place, steps: int) -> None:
    async def go() -> None:
        task = asyncio.ensure_future(place.outbox.send(MESSAGE))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        try:
            entry = await task
            assert entry.state is SendState.ACCEPTED
        except asyncio.CancelledError:
            for entry in await place.outbox.entries():
                left = bool(place.provider.sent)
                honest = {SendState.UNKNOWN, SendState.ACCEPTED} if left else {SendState.QUEUED}
                assert entry.state in honest

    asyncio.run(go())


def test_a_recipient_that_the_answer_forgets_is_unknown(place: Place) -> None:
    async def go() -> None:
        place.provider.answer = lambda m: SendResult(
            (RecipientOutcome(m.to[1], m.recipients[1][0], Verdict.ACCEPTED),)
        )
        entry = await place.outbox.send(MESSAGE)
        assert entry.state is SendState.UNKNOWN
        assert [outcome.verdict for outcome in entry.outcomes] == [Verdict.UNKNOWN, Verdict.ACCEPTED]

    asyncio.run(go())


def test_an_answer_without_a_mark_is_still_an_answer(place: Place) -> None:
    async def go() -> None:
        place.provider.marks = False
        entry = await place.outbox.send(MESSAGE)
        assert entry.state is SendState.ACCEPTED
        assert "The request left this computer" in whats(entry)

    asyncio.run(go())


def test_a_mark_that_cannot_be_written_sends_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        async def full(self: Ledger, id: str) -> None:
            raise StoreTrouble("ledger.sqlite cannot be written: the disk is full.")

        monkeypatch.setattr(Ledger, "mark_wire", full)
        entry = await place.outbox.send(MESSAGE)
        assert (entry.state, place.provider.sent) == (SendState.QUEUED, [])
        assert "disk is full" in entry.reason

    asyncio.run(go())


def test_an_end_that_cannot_be_written_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        async def full(self: Ledger, id: str, result: SendResult) -> Entry:
            raise StoreTrouble("ledger.sqlite cannot be written: the disk is full.")

        monkeypatch.setattr(Ledger, "settle", full)
        with pytest.raises(StoreTrouble, match="has left, but what came of it") as told:
            await place.outbox.send(MESSAGE)
        assert "disk is full" in told.value.detail
        (entry,) = await place.outbox.entries()
        place.ledger.close()
        place.ledger = Ledger.open(place.directory / "config")
        assert (await place.ledger.entry(entry.id)).state is SendState.UNKNOWN
        place.ledger.close()

    asyncio.run(go())


def test_an_attachment_is_sent_as_it_was_queued(place: Place) -> None:
    file = place.directory / "a.bin"
    file.write_bytes(bytes(range(256)) * 5000)
    data = file.read_bytes()
    message = replace(MESSAGE, attachments=(attachment_of(file),))

    async def go() -> None:
        place.provider.before = NoConnection("No line.")
        entry = await place.outbox.send(message)
        file.unlink()
        place.provider.before = None
        assert (await place.outbox.send_again(entry.id)).state is SendState.ACCEPTED
        assert b"".join(place.provider.sent[0].attachments[0].source.slices()) == data
        with pytest.raises(InvalidDraft) as told:
            await place.outbox.send(
                replace(message, attachments=(replace(message.attachments[0], sha256="0"),))
            )
        assert told.value.field == "attachments"
        assert len(place.provider.sent) == 1

    asyncio.run(go())


def test_many_at_once(place: Place) -> None:
    async def go() -> None:
        entries = await asyncio.gather(*(place.outbox.send(MESSAGE) for _ in range(100)))
        assert {entry.state for entry in entries} == {SendState.ACCEPTED}
        assert len({message.key for message in place.provider.sent}) == 100

    asyncio.run(go())


def test_what_was_written_for_the_relay_goes_by_the_relay_again(place: Place) -> None:
    async def go() -> None:
        relay = Scripted()
        outbox = Outbox(place.ledger, desk(place.provider, relay=relay))
        relay.before = NoConnection("No line.")
        held = await outbox.send(MESSAGE, SMTP)
        assert (held.state, held.provider) == (SendState.QUEUED, SMTP)
        with pytest.raises(NotOffered, match="no SMTP relay"):
            await place.outbox.send_again(held.id)
        relay.before = None
        assert (await outbox.send_again(held.id)).state is SendState.ACCEPTED
        assert len(relay.sent) == 1 and place.provider.sent == []

    asyncio.run(go())


def test_what_the_way_cannot_carry_is_not_even_written_down(place: Place) -> None:
    async def go() -> None:
        with pytest.raises(InvalidDraft) as told:
            await place.outbox.send(replace(MESSAGE, groups=("winter",)))
        assert list(told.value.problems) == ["groups"]
        assert await place.outbox.entries() == []

    asyncio.run(go())
