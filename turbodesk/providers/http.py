"""ApiClient, one conversation over the gateway: address, sign-in, retries, failures in our words."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from turbodesk.errors import NoConnection, ProviderBroken, Throttled, TurbodeskError
from turbodesk.model.request import Spelled
from turbodesk.providers.exchange import (
    USER_AND_PASSWORD,
    Answer,
    Call,
    Garbled,
    Login,
    Objection,
    outcome_unknown,
    question_error,
    send_error,
    unreadable,
)
from turbodesk.providers.gateway import Download, Gateway, Lost
from turbodesk.providers.port import WireMark

__all__ = ["DELETE", "ONCE", "READ", "SIGN_IN", "TOGGLE", "ApiClient", "Gateway", "Manner"]

BEARABLE_WAIT_S = 60.0  # between the tries of one question, in all; longer waits are the user's to decide
BACKOFF_S = 0.5
SEND_ANSWER_BYTES = 1_000_000  # some hundred recipients with a sentence each make a tenth of it
_GONE = (404, 406)
_NO_BYTES = 100_000  # of a no that are read: nobody says more, and reading must not hold up the window

T = TypeVar("T")
Decode = Callable[[Answer], T]
ReadObjection = Callable[[Answer], Objection | None]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a question may be asked: how often, how long each time, and whether again after it may have
    arrived. `gone_is_done`: where an earlier try may have arrived, a 404 or 406 means that it did."""

    tries: int
    deadline_s: float
    again_after_wire: bool
    gone_is_done: bool = False


READ = Manner(3, 30.0, again_after_wire=True)
TOGGLE = Manner(3, 20.0, again_after_wire=True)
DELETE = Manner(3, 20.0, again_after_wire=True, gone_is_done=True)
SIGN_IN = Manner(2, 20.0, again_after_wire=False)  # a repeated wrong password may lock the account
ONCE = Manner(2, 30.0, again_after_wire=False)
EXPORT = Manner(2, 30.0, again_after_wire=False)  # the time until it begins


class ApiClient:
    """One conversation: one origin, one way of reading a no, questions asked again, failures in our words.

    `title` is the provider's name for sentences; `read_objection` finds the no in an answer, if it is one.
    `login` is what the calls show to be let in.
    """

    def __init__(
        self,
        gateway: Gateway,
        origin: str,
        *,
        title: str,
        read_objection: ReadObjection,
        login: Login = USER_AND_PASSWORD,
    ) -> None:
        self._gateway, self.origin, self._title = gateway, origin, title
        self._read_objection, self._login = read_objection, login

    async def ask(self, call: Call, decode: Decode[T], *, manner: Manner = READ) -> T:
        """What `decode` makes of the answer; it may raise Garbled.

        Raises NoConnection, SignInRefused, Throttled, Refused or ProviderBroken.
        """

        async def once(maybe_done: bool) -> T:
            answer = await self._gateway.ask(
                self.origin, call, deadline_s=manner.deadline_s, kept=manner.again_after_wire
            )
            if maybe_done and manner.gone_is_done and answer.status in _GONE:
                answer = Answer(call.method, call.path, 204)
            self._raise_no(call, answer, question_error)
            return self._decoded(call, answer, decode)

        return await self._asked(manner, once)

    async def download(self, call: Call) -> Download:
        """An export, its bytes still to come; the caller closes it. Raises as `ask` does."""

        async def once(_maybe_done: bool) -> Download:
            download = await self._gateway.download(self.origin, call, deadline_s=EXPORT.deadline_s)
            try:
                if not download.is_file:
                    answer = await download.words()
                    self._raise_no(call, answer, question_error)
                    raise unreadable(self._title, answer, Garbled("JSON where a file should be"))
            except BaseException:
                await download.aclose()
                raise
            return download

        return await self._asked(EXPORT, once)

    async def send(self, call: Call, decode: Decode[T], mark: WireMark) -> T:
        """Sends once, and never again. `mark` is awaited before the first byte leaves.

        Raises NoConnection where nothing left, Throttled, SignInRefused or Refused where a complete
        answer said no, OutcomeUnknown otherwise; and whatever `mark` raises, with nothing sent.
        """
        try:
            bounded = replace(call, answer_limit_bytes=SEND_ANSWER_BYTES)
            answer = await self._gateway.send(self.origin, bounded, mark)
        except Lost as lost:
            if lost.sent:
                raise outcome_unknown(lost.says, lost.detail) from lost
            raise NoConnection(lost.says, hint=lost.hint, detail=lost.detail) from lost
        self._raise_no(call, answer, send_error)
        try:
            return decode(answer)
        except Garbled as why:
            detail = unreadable(self._title, answer.without(call.secrets), why).detail
            raise outcome_unknown(f"{self._title}'s answer can't be read.", detail) from why

    async def spelled(self, call: Call) -> Spelled:
        """What `send` would put on the wire for this call; its secrets must be none."""
        return await self._gateway.spelled(self.origin, call)

    def _raise_no(
        self,
        call: Call,
        answer: Answer,
        error: Callable[[str, Answer, Objection | None, Login], TurbodeskError],
    ) -> None:
        if not answer.ok:
            answer = replace(answer, body=answer.body[:_NO_BYTES])
        meant = self._read_objection(answer)
        if answer.ok and meant is None:
            return
        answer = answer.without(call.secrets)
        told = self._read_objection(answer)
        if told and meant:  # a secret may be part of the very word that says why
            told = replace(told, reason=meant.reason)
        if call.keeps_secrets:  # its words are told, but where they are no more than how it begins
            blank = replace(answer, body=b"")
            if told and any(answer.excerpt.startswith(words) for words in told.words if words):
                told = self._read_objection(blank)
            answer = blank
        raise error(self._title, answer, told, self._login)

    def _decoded(self, call: Call, answer: Answer, decode: Decode[T]) -> T:
        try:
            return decode(answer)
        except Garbled as why:
            shown = replace(answer, body=b"") if call.keeps_secrets else answer.without(call.secrets)
            raise unreadable(self._title, shown, why) from why

    async def _asked(self, manner: Manner, once: Callable[[bool], Awaitable[T]]) -> T:
        """`once` again until it succeeds or may not be tried again; it is told whether an earlier try may
        have arrived."""
        maybe_done, waited_s = False, 0.0
        for left in reversed(range(manner.tries)):
            wait_s = BACKOFF_S * 2 ** (manner.tries - left - 1) * random.uniform(0.5, 1.0)
            try:
                return await once(maybe_done)
            except Lost as lost:
                if not left or lost.garbled or (lost.sent and not manner.again_after_wire):
                    raise _of_question(lost) from lost
                maybe_done |= lost.sent
            except (Throttled, ProviderBroken) as error:
                if isinstance(error, Throttled):
                    wait_s = max(wait_s, error.retry_after_s or 0.0)
                else:
                    maybe_done = True
                if not left or not manner.again_after_wire or 300 <= error.status < 400:
                    raise
                if waited_s + wait_s > BEARABLE_WAIT_S:
                    raise
            waited_s += wait_s
            await self._gateway.sleep(wait_s)
        raise AssertionError("a question is asked at least once")


def _of_question(lost: Lost) -> TurbodeskError:
    kind = ProviderBroken if lost.garbled else NoConnection
    return kind(lost.says, hint=lost.hint, detail=lost.detail)
