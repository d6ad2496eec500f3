"""turboSMTP's first API: reports and statistics, in pages, counted and as CSV."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from datetime import datetime, tzinfo

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from turbodesk.sandbox.exports import csv_answer, line, quoted
from turbodesk.sandbox.listing import newest
from turbodesk.sandbox.state import State
from turbodesk.sandbox.tables import EmailRow, ReportRow, moment_ms
from turbodesk.sandbox.times import DAY_MS, timestamp, zone_of
from turbodesk.sandbox.wire import Answer, NoSuchThing, NotValid

REPORT_PAGE, EMAIL_PAGE = 20, 10
_DEFAULT_ZONE = "+01:00"
_FEEDS = ("10", "20", "30")
_EVER_MS = (0, 253_402_300_800_000)

# type → the list it shows, and whether only hard or only soft bounces of it
_TYPES: dict[str, tuple[str, bool | None]] = {
    "bounce": ("bounce", None),
    "hardbounce": ("bounce", True),
    "softbounce": ("bounce", False),
    "spam": ("spam", None),
    "unsub": ("unsub", None),
}
_CSV_STATUS = {"bounce": "FAIL", "spam": "REPORT", "unsub": "UNSUB"}
_DATE_FORMS = (
    ("%Y-%m-%d %H:%M:%S", 1_000),
    ("%Y-%m-%d", DAY_MS),
    ("%Y-%m-%dT%H:%M:%S", 1_000),
)
_STATUS = re.compile(r"[A-Za-z]+|\*")


class Lists:
    """R1 to R8 and T1 to T4 of the API. A page that is no number, or is below 1, is read as page 1.

    All raise NoSuchThing for a type there is not, and NotValid for a parameter that cannot be read.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    # reports: `ts` is UTC, and `tz` says where the days of start and end begin

    async def reports(self, request: Request) -> Response:
        return self._report_page(request, _days(request))

    async def all_reports(self, request: Request) -> Response:
        return self._report_page(request, _EVER_MS)

    async def count_reports(self, request: Request) -> Response:
        return Answer({"count": len(self._cids(request, _days(request)))})

    async def count_all_reports(self, request: Request) -> Response:
        return Answer({"count": len(self._cids(request, _EVER_MS))})

    async def export_reports(self, request: Request) -> Response:
        return self._report_csv(request, _days(request))

    async def export_all_reports(self, request: Request) -> Response:
        return self._report_csv(request, _EVER_MS)

    async def delete_reports(self, request: Request) -> Response:
        ids = [piece.strip() for piece in request.query_params.get("ids", "").split(",") if piece.strip()]
        if not ids or not all(re.fullmatch(r"\d{1,18}", id) for id in ids):
            raise NotValid("ids")
        self._state.delete_reports(*_list_of(request), [int(id) for id in ids])
        return Answer({"success": True})

    async def delete_spam(self, request: Request) -> Response:
        self._state.delete_reports("spam", None)
        return Answer({"success": True})

    def _cids(self, request: Request, period: tuple[int, int]) -> array[int]:
        kind, hard = _list_of(request)
        contains = request.query_params.get("filter", "").strip()
        return self._state.reports(kind, hard, since_ms=period[0], until_ms=period[1], contains=contains)

    def _report_page(self, request: Request, period: tuple[int, int]) -> Answer:
        cids = newest(self._cids(request, period), offset=_offset(request, REPORT_PAGE), limit=REPORT_PAGE)
        return Answer(
            [
                {"cid": row.cid, "email": row.email, "ts": timestamp(row.at_ms), "response": row.response}
                for row in self._state.report_rows(cids)
            ]
        )

    def _report_csv(self, request: Request, period: tuple[int, int]) -> StreamingResponse:
        def lines(cids: list[int]) -> Iterator[str]:
            return (_report_line(row) for row in self._state.report_rows(cids))

        cids = self._cids(request, period)[::-1]
        return csv_answer("Status;Subject;From;To;Date;Reason", cids, lines)

    # statistics: `sendTime` is the wall clock of `tz`

    async def emails(self, request: Request) -> Response:
        zone = _zone(request)
        ids = self._ids(request, "start", "end")
        page = newest(ids, offset=_offset(request, EMAIL_PAGE), limit=EMAIL_PAGE)
        return Answer([_email(row, zone) for row in self._state.email_rows(page)])

    async def count_emails(self, request: Request) -> Response:
        return Answer({"count": len(self._ids(request, "start", "end"))})

    async def last_emails(self, request: Request) -> Response:
        count = request.path_params["no"]
        if count not in _FEEDS:
            raise NoSuchThing
        zone = _zone(request)
        return Answer([_email(row, zone) for row in self._state.last_emails(int(count))])

    async def export_emails(self, request: Request) -> Response:
        zone = _zone(request)

        def lines(ids: list[int]) -> Iterator[str]:
            return (_email_line(row, zone) for row in self._state.email_rows(ids))

        ids = self._ids(request, "start_date", "end_date")[::-1]
        return csv_answer("Id;Status;Subject;From;To;Date;Error", ids, lines)

    def _ids(self, request: Request, start: str, end: str) -> array[int]:
        since_ms, until_ms = _period(request, start, end)
        statuses = _statuses(request.query_params.get("filter", ""))
        return self._state.emails(since_ms=since_ms, until_ms=until_ms, statuses=statuses)


def _list_of(request: Request) -> tuple[str, bool | None]:
    try:
        return _TYPES[request.path_params["type"]]
    except KeyError:
        raise NoSuchThing from None


def _offset(request: Request, size: int) -> int:
    """How many rows come before the page asked for."""
    page = request.query_params.get("page", "")
    return (max(int(page), 1) - 1) * size if re.fullmatch(r"\d{1,9}", page) else 0


def _zone(request: Request) -> tzinfo:
    zone = zone_of(request.query_params.get("tz") or _DEFAULT_ZONE)
    if zone is None:
        raise NotValid("tz")
    return zone


def _days(request: Request) -> tuple[int, int]:
    return _period(request, "start", "end")


def _period(request: Request, start: str, end: str) -> tuple[int, int]:
    """Half-open, in epoch milliseconds. The end's whole day, or whole second, is in it; no date: no bound."""
    zone = _zone(request)
    since, until = _moment(request, start, zone), _moment(request, end, zone)
    return since[0] if since else _EVER_MS[0], until[1] if until else _EVER_MS[1]


def _moment(request: Request, name: str, zone: tzinfo) -> tuple[int, int] | None:
    """Where the day or the second that a parameter names begins and ends, in epoch milliseconds."""
    text = request.query_params.get(name, "").strip()
    if not text:
        return None
    for form, lasts_ms in _DATE_FORMS:
        try:
            began_ms = int(datetime.strptime(text, form).replace(tzinfo=zone).timestamp() * 1000)
        except (ValueError, OverflowError):
            continue
        return began_ms, began_ms + lasts_ms
    raise NotValid(name)


def _statuses(text: str) -> list[str] | None:
    """The statuses that a filter names, however it is written; None: all."""
    words = [word.upper() for word in _STATUS.findall(text)]
    return None if not words or "*" in words else sorted(set(words))


def _email(row: EmailRow, zone: tzinfo) -> dict[str, object]:
    return {
        "id": row.id,
        "subject": row.subject,
        "sender": row.sender,
        "recipient": row.recipient,
        "sendTime": timestamp(moment_ms(row.id), zone),
        "status": row.status,
        "error": row.error,
    }


def _report_line(row: ReportRow) -> str:
    status, when = _CSV_STATUS[row.list], timestamp(row.at_ms)
    cells = (status, quoted(row.subject), row.sender or "", row.email, when, quoted(row.response))
    return line(*cells)


def _email_line(row: EmailRow, zone: tzinfo) -> str:
    when = timestamp(moment_ms(row.id), zone)
    cells = (
        str(row.id),
        row.status,
        quoted(row.subject),
        row.sender,
        row.recipient,
        when,
        quoted(row.error),
    )
    return line(*cells)
