"""A provider that does what a test says, a clock that a test sets, and the outbox over both."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from turbodesk.model.account import Profile
from turbodesk.model.lookup import Found, Sought, Trace
from turbodesk.model.message import Address, Message
from turbodesk.model.outcome import SendResult, Verdict
from turbodesk.providers.port import Provider, WireMark
from turbodesk.services.clock import Clock
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.store.ledger import Ledger

Deed = Callable[[Message], Awaitable[None]] | Exception | None


def message(address: str = "ann@example.com", subject: str = "Hi") -> Message:
    return Message(sender=Address("me@example.com"), to=(Address(address),), subject=subject, text="Hello")


class Script(Provider):
    """`before` is done ahead of the wire mark, `after` behind it; `found` is what a look brings."""

    title = "Scripted"

    def __init__(self) -> None:
        self.before: Callable[[Message], Deed] = lambda message: None
        self.after: Callable[[Message], Deed] = lambda message: None
        self.verdict: Callable[[Message], Verdict] = lambda message: Verdict.ACCEPTED
        self.found: Callable[[Sought], Found] = lambda sought: Found(Trace.ABSENT, "Not there.")
        self.sent: list[Message] = []
        self.sought: list[Sought] = []
        self.leaving, self.most = 0, 0

    async def send(self, message: Message, mark: WireMark) -> SendResult:
        await _do(self.before(message), message)
        await mark()
        self.sent.append(message)
        self.leaving += 1
        self.most = max(self.most, self.leaving)
        try:
            await _do(self.after(message), message)
        finally:
            self.leaving -= 1
        return SendResult.for_all(message, self.verdict(message), provider_id=f"id-{len(self.sent)}")

    async def look_up(self, sought: Sought) -> Found:
        self.sought.append(sought)
        return self.found(sought)

    @property
    def subjects(self) -> list[str]:
        return [message.subject for message in self.sent]

    @property
    def addresses(self) -> list[str]:
        return [message.to[0].email for message in self.sent]


async def _do(deed: Deed, message: Message) -> None:
    if isinstance(deed, Exception):
        raise deed
    if deed is not None:
        await deed(message)


class SetClock(Clock):
    """Time that passes when a test says so; the time of day can be set as well."""

    def __init__(self) -> None:
        self.day = datetime.now(UTC)
        self.passed = 1000.0
        super().__init__(lambda: self.day, lambda: self.passed)

    def let_pass(self, seconds: float) -> None:
        self.day += timedelta(seconds=seconds)
        self.passed += seconds

    def set(self, by: timedelta) -> None:
        self.day += by

    def later(self, seconds: float) -> datetime:
        return self.day + timedelta(seconds=seconds)


def outbox_over(
    ledger: Ledger, provider: Provider, *, clock: Clock | None = None, repeats: bool = False, **guards: object
) -> Outbox:
    profile = Profile("shop", "scripted", **guards)  # type: ignore[arg-type]
    return Outbox(ledger, Desk(profile, provider), repeats=repeats, clock=clock)


async def until(holds: Callable[[], Awaitable[bool]] | Callable[[], bool], tries: int = 2000) -> None:
    """Comes back once something holds; the loop goes on meanwhile."""
    for _ in range(tries):
        found = holds()
        if found if isinstance(found, bool) else await found:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to hold")
