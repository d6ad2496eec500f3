"""SendPost's conventions: both response contracts, error bodies, dates, pages and JSON bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

from starlette.requests import Request

from turbodesk.sandbox.times import DAY_MS, day_of, midnight_ms
from turbodesk.sandbox.wire import Answer, Unreadable, body_of, json_of, told

CONTRACT_HEADER = "X-SendPost-Public-Contract"
SUNSET = "Fri, 31 Dec 2032 23:59:59 GMT"
PAGE_LIMIT = 100

_LEGACY_HEADERS = {
    "Deprecation": "true",
    "Sunset": SUNSET,
    "Link": '<https://sendpost.example.com/contract-v1>; rel="deprecation"',
}
_V1_ERRORS = {
    400: ("invalid_request", "invalid_request_error"),
    401: ("authentication_failed", "authentication_error"),
    403: ("resource_exists", "conflict_error"),
    404: ("resource_not_found", "not_found_error"),
    406: ("resource_not_found", "not_found_error"),
    409: ("resource_exists", "conflict_error"),
    413: ("invalid_request", "invalid_request_error"),
    422: ("validation_error", "invalid_request_error"),
    429: ("rate_limit_exceeded", "rate_limit_error"),
}
_NO_HEADERS: Mapping[str, str] = {}
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:Z|([+\- ])(\d{2}):?(\d{2}))?)?"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one member of a body, such as `to[0].email`."""

    field: str
    message: str


class Refusal(Exception):
    """A request that is not taken: a status, a sentence, and what is wrong with each member."""

    def __init__(
        self,
        status: int,
        message: str,
        problems: Sequence[Problem] = (),
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.problems = problems
        self.headers = headers


# how the sandbox was told to behave


def is_v1(request: Request) -> bool:
    """Whether the contract v1 applies; the older one is served to whoever asks for none."""
    asked = request.headers.get(CONTRACT_HEADER, "").strip().lower()
    return asked == "v1" or (asked != "legacy" and told(request, "v1_by_default"))


# answers


def reply(
    request: Request, body: object, status: int = 200, headers: Mapping[str, str] = _NO_HEADERS
) -> Answer:
    """A JSON answer that names the contract it follows."""
    contract = {CONTRACT_HEADER: "v1"} if is_v1(request) else {CONTRACT_HEADER: "legacy", **_LEGACY_HEADERS}
    if told(request, "null_lists"):
        body = _without_empty_lists(body)
    return Answer(body, status, {**contract, **headers})


def refused(request: Request, refusal: Refusal) -> Answer:
    """The error body of either contract."""
    body: dict[str, object] = {"status": "error", "message": refusal.message}
    if is_v1(request):
        body = {"error": _v1_error(refusal)}
    return reply(request, body, refusal.status, refusal.headers)


def _v1_error(refusal: Refusal) -> dict[str, object]:
    code, kind = _V1_ERRORS.get(refusal.status, ("internal_error", "api_error"))
    error: dict[str, object] = {"code": code, "message": refusal.message, "type": kind}
    if refusal.problems:
        error["param"] = refusal.problems[0].field
        error["details"] = [{"field": it.field, "message": it.message} for it in refusal.problems]
    return error


def _without_empty_lists(body: object) -> object:
    """`body` with null for each list that holds nothing."""
    if isinstance(body, dict):
        return {name: _without_empty_lists(value) for name, value in body.items()}
    if isinstance(body, list):
        return [_without_empty_lists(value) for value in body] or None
    return body


def nanoseconds(at_ms: int) -> int:
    """The service's unit of time, of a moment in epoch milliseconds."""
    return at_ms * 1_000_000


# requests


async def json_body(request: Request) -> dict[str, object]:
    """The members of a JSON body; raises Refusal where it is none."""
    try:
        body = json_of(await body_of(request))
    except Unreadable:
        raise Refusal(422, "The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise Refusal(422, "The request body is not a JSON object.")
    return body


def page(request: Request, *, default: int = 20, most: int | None = None) -> tuple[int, int]:
    """How many rows are asked for, and after how many; raises Refusal."""
    limit, offset = _whole(request, "limit", default), _whole(request, "offset", 0)
    if limit < 1 or (most is not None and limit > most):
        raise Refusal(400, f"limit must be between 1 and {most}." if most else "limit must be at least 1.")
    return limit, offset


class Named(Protocol):
    """What a list can be searched by."""

    @property
    def name(self) -> str: ...


AnyNamed = TypeVar("AnyNamed", bound=Named)


def searched(request: Request, named: Sequence[AnyNamed]) -> list[AnyNamed]:
    """The page asked for of those whose names contain what is searched for; raises Refusal."""
    limit, offset = page(request)
    wanted = request.query_params.get("search", "").strip().lower()
    return [it for it in named if wanted in it.name.lower()][offset : offset + limit]


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name) or str(default)
    if not re.fullmatch("[0-9]{1,9}", text):
        raise Refusal(400, f"{name} must be a whole number.")
    return int(text)


def days(request: Request, most: int) -> tuple[int, int]:
    """Where the first of the days from `from` to `to` begins and the last ends, in epoch milliseconds.

    Both are of UTC and inclusive. Raises Refusal where one is missing, or where they are more than `most`.
    """
    first, last = _day(request, "from"), _day(request, "to")
    if first > last:
        raise Refusal(400, "from must not be later than to.")
    if (last - first).days >= most:
        raise Refusal(400, f"The date range must not be longer than {most} days.")
    return midnight_ms(first), midnight_ms(last) + DAY_MS


def _day(request: Request, name: str) -> date:
    text = request.query_params.get(name, "")
    if not text:
        raise Refusal(400, f"{name} is required.")
    day = day_of(text)
    if day is None:
        raise Refusal(400, f"{name} must be a date in the form YYYY-MM-DD.")
    return day


def moments(request: Request, most_days: int) -> tuple[int, int]:
    """From `from` to just after `to`, in epoch milliseconds; raises Refusal.

    No offset means UTC, and a date without a time its whole day.
    """
    since, last = _moment(request, "from")[0], _moment(request, "to")[1]
    if since > last:
        raise Refusal(400, "from must not be later than to.")
    if last - since > most_days * DAY_MS:
        raise Refusal(400, f"The time range must not be longer than {most_days} days.")
    return since, last + 1


def _moment(request: Request, name: str) -> tuple[int, int]:
    """The first and the last millisecond that a parameter names."""
    text = request.query_params.get(name, "")
    if not text:
        raise Refusal(400, f"{name} is required.")
    match = _MOMENT.fullmatch(text)
    try:
        if match:
            return _read_moment(match)
    except (ValueError, OverflowError):
        pass
    raise Refusal(400, f"{name} must be a date and time of ISO 8601.")


def _read_moment(match: re.Match[str]) -> tuple[int, int]:
    day, time, fraction, sign, hours, minutes = match.groups()
    at = datetime.fromisoformat(f"{day}T{time or '00:00:00'}+00:00")
    if time is None:
        at_ms = int(at.timestamp()) * 1000
        return at_ms, at_ms + DAY_MS - 1
    if sign:  # its plus may have become a space on the way
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        at = at + offset if sign == "-" else at - offset
    at_ms = int(at.timestamp()) * 1000 + int(f"{fraction or 0:<03}"[:3])
    return at_ms, at_ms
