"""What both of turboSMTP's APIs answer alike: every no, the yes to a send, a token, a status.

The source of every fact is turboSMTP's documentation; where it is silent the docstring says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from turbodesk.model.message import Message
from turbodesk.model.outcome import SendResult, Verdict
from turbodesk.model.reports import MailStatus
from turbodesk.providers.exchange import Answer, Garbled, JsonReader, Objection, Reason
from turbodesk.providers.scalars import Scalar, id_of, number_of, text_of

_OK_IN_RUINS = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{[^<]*"message"\s*:\s*"ok"', re.IGNORECASE)
_MID_IN_RUINS = re.compile(rb'"mid"\s*:\s*"?(\d{1,30})"?\s*[,}]')
_FIELD_WORDS = (
    (re.compile(r"sender email|\(from\)"), "from"),
    (re.compile(r"'to' email not valid|\(to\)|recipient email not valid"), "to"),
    (re.compile(r"'?cc'? email not valid"), "cc"),
    (re.compile(r"'?bcc'? email not valid"), "bcc"),
    (re.compile(r"subject", re.IGNORECASE), "subject"),
)
_MOST_TEXTS, _LONGEST_TEXT = 20, 500  # of a no; whatever is kept of it is kept for every recipient
_NUMBERS = {
    1: Reason.CREDENTIALS,
    2: Reason.INACTIVE,
    3: Reason.CREDENTIALS,
    4: Reason.MISSING,
    5: Reason.FAULT,
    8: Reason.CREDENTIALS,
    9: Reason.CREDENTIALS,
}
_REASON_WORDS = (
    (re.compile(r"\bwrong[ _]credentials", re.IGNORECASE), Reason.CREDENTIALS),
    (re.compile(r"\bis inactive\b|account_is_inactive", re.IGNORECASE), Reason.INACTIVE),
    (re.compile(r"\bno_?credit\b|insufficient_credit", re.IGNORECASE), Reason.CREDIT),
    (re.compile(r"feature_not_available"), Reason.PLAN),
    (re.compile(r"_not_found\b"), Reason.MISSING),
)


class _Words(msgspec.Struct):
    message: Any = None
    mid: Any = None
    errorCode: Any = None
    error: Any = None
    errors: Any = None
    res: Any = None
    details: Any = None


class _Token(msgspec.Struct):
    auth: str


class _Count(msgspec.Struct):
    count: Scalar = None


class _Success(msgspec.Struct):
    success: bool


_words = JsonReader(_Words)
_token = JsonReader(_Token)
_count = JsonReader(_Count)
_success = JsonReader(_Success)


def read_objection(answer: Answer) -> Objection | None:
    """The no in an answer, whatever its status and its shape; None where it is a yes.

    A 200 is a no too where `message` is `error` or a number stands in `errorCode` or `error`.
    Every shape that either description shows, and those seen in clients.
    """
    if not answer.body.lstrip().startswith(b"{"):
        return None if answer.ok else _objection_of(answer, (answer.excerpt,), None)
    try:
        words = _words(answer.body)
    except Garbled:
        return None if answer.ok else _objection_of(answer, (answer.excerpt,), None)
    number = number_of(words.errorCode) or _number(words.error) or None
    if answer.ok and number is None and text_of(words.message).lower() != "error":
        return None
    texts = (
        tuple(islice(_flat(words.errors), _MOST_TEXTS))
        or tuple(text_of(found) for found in (words.message, words.res, words.details) if text_of(found))[:1]
    )
    return _objection_of(answer, texts, number)


def read_token(answer: Answer) -> str:
    """The token for the header. `POST …/authorize`, both APIs, documented."""
    token = _token(answer.body).auth.strip()
    if not token or not token.isascii() or not token.isprintable():
        raise Garbled("no token that could stand in a header")
    return token


def read_nothing(answer: Answer) -> None:
    """Any yes will do. `POST …/deauthorize`, both APIs, documented."""


def read_sent(answer: Answer, message: Message, note: str = "") -> SendResult:
    """One outcome for every recipient, all accepted; raises Garbled where the answer is no clear yes.

    A yes is `message` OK in any letter case, or a `mid`. An object that is no good JSON but holds
    `"message": "OK"` counts as well: the documentation itself prints one, its comma missing. Any other text
    under 200 might be a page of something between us, so it proves nothing and the outcome stays unknown.
    An id is taken out of such ruins only where its end is to be seen.
    `POST /api/v2/mail/send`, `POST /api/mail/send`, both APIs, documented.
    """
    notes = [note]
    try:
        words = _words(answer.body)
        id, said_yes = id_of(words.mid), text_of(words.message).lower() == "ok"
        if not said_yes and not id:
            raise Garbled("neither OK nor an id")
    except Garbled:
        if not _OK_IN_RUINS.match(answer.body):
            raise
        mid = _MID_IN_RUINS.search(answer.body)
        id = mid[1].decode() if mid else ""
        notes.append("turboSMTP's answer was damaged, but it says OK.")
    else:
        if words.mid is not None and not id:
            notes.append("turboSMTP took it, but gave an id that can't be read.")
        if answer.media_type not in ("", "application/json", "text/json"):
            notes.append(f"turboSMTP marked its answer as {answer.media_type}.")
    return SendResult.for_all(
        message, Verdict.ACCEPTED, provider_id=id, words="OK", note=" ".join(filter(None, notes))
    )


def read_count(answer: Answer) -> int:
    """How many rows there are in all. `…/count` of v1 and every list of v2, documented. Raises Garbled where
    it is no number."""
    number = count_of(_count(answer.body).count)
    if number is None:
        raise Garbled("a count that is no number")
    return number


def read_done(answer: Answer) -> None:
    """`{"success": true}`, or a 204. What deletes reports or suppressions, both APIs, documented."""
    if answer.status != 204 and not _success(answer.body).success:
        raise Garbled("not done, without a word why")


def count_of(found: Scalar) -> int | None:
    """A number of rows, None where it is none."""
    number = number_of(found)
    return None if number is None or number < 0 else number


def status_of(found: Scalar) -> MailStatus:
    """A status in our words, which are theirs; OTHER for one that nobody has described."""
    try:
        return MailStatus(text_of(found).upper())
    except ValueError:
        return MailStatus.OTHER


def _objection_of(answer: Answer, texts: tuple[str, ...], number: int | None) -> Objection:
    texts = tuple(text[:_LONGEST_TEXT] for text in texts if text) or (f"HTTP {answer.status}",)
    everything = "\n".join(texts)
    reason = next((reason for pattern, reason in _REASON_WORDS if pattern.search(everything)), None)
    reason = reason or _NUMBERS.get(number or 0) or (Reason.MISSING if answer.status == 404 else Reason.INPUT)
    field = next((field for pattern, field in _FIELD_WORDS if pattern.search(everything)), "")
    return Objection(texts, reason, field)


def _flat(found: Any, depth: int = 0) -> Iterator[str]:
    """Every text in a nest of lists and objects, without the bare word `error`."""
    if depth > 8:
        return
    if isinstance(found, str) and found and found != "error":
        yield found
    elif isinstance(found, list):
        for each in found:
            yield from _flat(each, depth + 1)
    elif isinstance(found, dict):
        yield from _flat(found.get("errors"), depth + 1)
        yield from _flat(found.get("message"), depth + 1)


def _number(found: Any) -> int | None:
    """What `error` says as a number; as text it is what became of a message, even where that is `550`."""
    return None if isinstance(found, str) else number_of(found)
