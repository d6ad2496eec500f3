"""Call and Answer: one exchange as plain data, and the error that an answer makes where it is a no."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from html import escape
from json import dumps
from typing import Generic, TypeVar
from urllib.parse import quote, quote_plus, urlencode

import msgspec

from turbodesk.errors import (
    NoConnection,
    OutcomeUnknown,
    ProviderBroken,
    Refused,
    SignInRefused,
    Throttled,
    TurbodeskError,
)

EXCERPT = 200  # characters of an answer that go into a detail
RETRY_AFTER_CAP_S = 900.0

# Every sign is gone over once: a script that is not closed ends with the text, a tag where the next begins.
_TAG = re.compile(r"<(script|style)\b.*?(?:</\1>|\Z)|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")

LOOK_FIRST = "Look it up in the outbox before sending again, or people may get it twice."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Body:
    """What a call carries: bytes in memory, or pieces that are read as they go.

    `pieces` yields no empty piece and may be called again; it may block, so it runs off the loop.
    `length` None where it is not known beforehand: then it is measured by going through the pieces once.
    """

    media_type: str
    data: bytes = field(default=b"", repr=False)
    pieces: Callable[[], Iterator[bytes]] | None = field(default=None, repr=False)
    length: int | None = None


ANSWER_LIMIT_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` holds nothing secret and comes first in every detail; `query` is never shown.

    `secrets` are the texts to strike out of an answer that repeats what it was sent. An answer longer
    than `answer_limit_bytes` is not read. `keeps_secrets`: the answer holds secrets of others, so what is
    odd about it, or a no, is told without quoting it. `unescaped` are the signs that a query may show as
    they are.
    `last_step` ends the path on the wire and is never shown.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: Body | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    answer_limit_bytes: int = ANSWER_LIMIT_BYTES
    keeps_secrets: bool = False
    unescaped: str = ":,"
    last_step: str = field(default="", repr=False)

    @property
    def target(self) -> str:
        """Path and query as they stand on the request line; a plus sign goes as %2B, a space as %20."""
        path = f"{self.path}/{quote(self.last_step, safe='')}" if self.last_step else self.path
        if not self.query:
            return path
        return f"{path}?{urlencode(self.query, quote_via=quote, safe=self.unescaped)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, read whole; the names of `headers` are lower case."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """The type without its parameters, lower case, empty where none was given."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def excerpt(self) -> str:
        """The beginning of it as one line of plain text, without tags."""
        text = self.body[:20_000].decode("utf-8", "replace")
        return _SPACE.sub(" ", _TAG.sub(" ", text)).strip()[:EXCERPT]

    @property
    def detail(self) -> str:
        """For the log: what was asked, the status, how the answer begins."""
        return f"{self.method} {self.path} → {self.status}: {self.excerpt or '(empty)'}"

    def without(self, secrets: tuple[str, ...]) -> Answer:
        """The same answer with these texts struck out, however the server has escaped them."""
        body = self.body
        for secret in secrets:
            for text in sorted(spellings(secret), key=len, reverse=True):
                body = body.replace(text.encode("utf-8", "replace"), "•••".encode())
        return replace(self, body=body)


_ESCAPES: tuple[Callable[[str], str], ...] = (
    lambda text: dumps(text)[1:-1],
    lambda text: dumps(text, ensure_ascii=False)[1:-1],
    lambda text: quote(text, errors="replace"),
    lambda text: quote_plus(text, errors="replace"),
    escape,
)


def spellings(secret: str) -> set[str]:
    """The ways in which a server may repeat a text: escaped for JSON, a URL or a page, and so again."""
    found = {secret} - {""}
    for _ in range(2):
        found |= {spell(text) for text in found for spell in _ESCAPES}
    return found


class Garbled(ValueError):
    """An answer that can't be read as what it should be; its message says what is odd, not what it holds."""


class JsonReader(Generic[T]):
    """Reads answers as JSON of one type: strict about JSON, easy about numbers written as text.

    A cut, doubled, overlong or bottomless text raises Garbled and nothing else.
    """

    def __init__(self, type: type[T]) -> None:
        self._decoder = msgspec.json.Decoder(type, strict=False)

    def __call__(self, body: bytes) -> T:
        try:
            return self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Garbled(f"{type(error).__name__}: {str(error)[:100]}") from None


class Reason(StrEnum):
    """Why a provider says no, as far as its numbers and words tell."""

    INPUT = "input"
    CREDENTIALS = "credentials"
    INACTIVE = "inactive"
    CREDIT = "credit"
    PLAN = "plan"
    MISSING = "missing"
    CONFLICT = "conflict"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Objection:
    """A no in the provider's own words, at least one; `field` names the field of the form they speak of."""

    words: tuple[str, ...]
    reason: Reason = Reason.INPUT
    field: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """What lets one in, as a sentence names it, and what to do where it is not taken."""

    name: str = "the user name and password"
    hint: str = "Check them in Account and sign in again."


USER_AND_PASSWORD = Login()

_HINTS = {
    Reason.CREDIT: "There is no credit left on this account: look at the plan in Account.",
    Reason.PLAN: "This account's plan does not include it.",
    Reason.MISSING: "It may be gone already; if nothing is ever found, check the address in Account.",
    Reason.CONFLICT: "There may be one like it already, or the key may not do this: look at both in Account.",
}


def question_error(
    title: str, answer: Answer, objection: Objection | None, login: Login = USER_AND_PASSWORD
) -> TurbodeskError:
    """The error that an answer to a question makes; `title` is the provider's name."""
    reason = objection.reason if objection else None
    if answer.status == 401 or reason in (Reason.CREDENTIALS, Reason.INACTIVE):
        return _sign_in_refused(title, answer, objection, login)
    if answer.status in (425, 429):
        return _throttled(title, answer)
    if 300 <= answer.status < 400:
        return _points_elsewhere(title, answer)
    if answer.status >= 500 or answer.status == 408 or reason is Reason.FAULT:
        return ProviderBroken(
            f"{title} has a fault on its side ({answer.status}).",
            hint="Try again in a few minutes.",
            detail=answer.detail,
            status=answer.status,
        )
    return _refused(title, answer, objection)


def send_error(
    title: str, answer: Answer, objection: Objection | None, login: Login = USER_AND_PASSWORD
) -> TurbodeskError:
    """The error that an answer to a send makes: whatever is no plain refusal leaves the outcome unknown."""
    status = answer.status
    faulty = objection is not None and objection.reason is Reason.FAULT
    conflict = objection is not None and objection.reason is Reason.CONFLICT
    if status == 401 or (status == 403 and not conflict):
        return _sign_in_refused(title, answer, objection, login)
    if status in (307, 308):  # these two ask for the same again elsewhere: nothing was done yet
        elsewhere = _points_elsewhere(title, answer)
        return NoConnection(elsewhere.says, hint=elsewhere.hint, detail=elsewhere.detail)
    if status >= 500 or 300 <= status < 400 or status in (408, 409) or faulty:
        return outcome_unknown(f"{title} answered with a fault of its own ({status}).", answer.detail)
    return question_error(title, answer, objection, login)


def unreadable(title: str, answer: Answer, why: Garbled) -> ProviderBroken:
    """The error of an answer to a question that can't be read."""
    return ProviderBroken(
        f"{title} sent an answer that makes no sense.",
        hint="Try again; if it stays so, check the address of the server in Account.",
        detail=f"{answer.detail} ({why})",
        status=answer.status,
    )


def outcome_unknown(why: str, detail: str) -> OutcomeUnknown:
    """The error of a letter that may or may not have been taken."""
    return OutcomeUnknown(
        f"Nobody knows yet whether the message was taken: {why}", hint=LOOK_FIRST, detail=detail
    )


def retry_after_s(answer: Answer) -> float | None:
    """What `Retry-After` asks for in seconds, written as a number or as a date, at most 15 minutes.

    None where it is absent or makes no sense.
    """
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), RETRY_AFTER_CAP_S)
    until, now = _date(text), _date(answer.headers.get("date", "")) or datetime.now(UTC)
    if until is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), RETRY_AFTER_CAP_S)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _sign_in_refused(title: str, answer: Answer, objection: Objection | None, login: Login) -> SignInRefused:
    if objection and objection.reason is Reason.INACTIVE:
        says, hint = f"{title} says that this account is not active.", f"Ask {title} to open it again."
    else:
        says, hint = f"{title} did not take {login.name}.", login.hint
    words = f" {'; '.join(objection.words)}" if objection else ""
    return SignInRefused(says, hint=hint, detail=answer.detail + words, status=answer.status)


def _throttled(title: str, answer: Answer) -> Throttled:
    wait_s = retry_after_s(answer)
    return Throttled(
        f"{title} asks us to slow down.",
        retry_after_s=wait_s,
        hint=f"Try again in {wait_s:.0f} seconds." if wait_s else "Try again in a minute.",
        detail=answer.detail,
        status=answer.status,
    )


def _points_elsewhere(title: str, answer: Answer) -> ProviderBroken:
    return ProviderBroken(
        f"{title}'s server points to another address, and Turbodesk does not follow.",
        hint="Check the address of the server in Account; on a public network, open its log-in page first.",
        detail=answer.detail,
        status=answer.status,
    )


def _refused(title: str, answer: Answer, objection: Objection | None) -> Refused:
    words = objection.words if objection else (answer.excerpt or f"HTTP {answer.status}",)
    return Refused(
        f"{title} refused: {'; '.join(words)[:300]}",
        words=words,
        hint=_HINTS.get(objection.reason, "") if objection else "",
        detail=answer.detail,
        field=objection.field if objection else "",
        status=answer.status,
    )
