"""turboSMTP's API v2: what became of every message, in pages, one by one and as CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

from starlette.requests import Request
from starlette.responses import Response

from turbodesk.sandbox.exports import csv_answer, line, quoted
from turbodesk.sandbox.listing import EMAILS, Question, Value
from turbodesk.sandbox.state import State
from turbodesk.sandbox.tables import ID_MAX, EmailRow, id_at, moment_ms
from turbodesk.sandbox.times import wall_clock
from turbodesk.sandbox.turbosmtp_v2_questions import Asked, Coded, page_of
from turbodesk.sandbox.wire import Answer, told

STATUSES = ("NEW", "DEFER", "SUCCESS", "OPEN", "CLICK", "REPORT", "FAIL", "SYSFAIL", "UNSUB")

_READ = ("OPEN", "CLICK", "REPORT", "UNSUB")
SERIES = {
    "all": STATUSES,
    "queued": ("NEW", "DEFER"),
    "delivered": ("SUCCESS", *_READ),
    "bounce": ("FAIL",),
    "opens": _READ,
    "clicks": ("CLICK",),
    "unsubscribes": ("UNSUB",),
    "spam": ("REPORT",),
    "drop": ("SYSFAIL",),
}
"""The statuses that each line of a chart counts."""

_COLUMNS = ("subject", "sender", "recipient", "domain", "x_campaign_id")
_WRONG_COLUMN = "filter_by_can_only_be_subject_or_sender_or_recipient_or_domain"
_WRONG_ORDER = "orderby_can_only_be_subject_or_sender_or_recipient_or_domain"  # the service's own words
_CSV_HEADER = "Id;Status;Subject;From;To;Date;Error"
_ID = re.compile(r"\d{1,19}", re.ASCII)

_SELECT = """
SELECT id FROM email WHERE id > max(:after, :since - 1) AND id <= min(:top, :until - 1)
AND (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses)))
AND (:patterns IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(:patterns) AS pattern WHERE NOT (
    (:subject AND subject LIKE pattern.value ESCAPE '\\')
    OR (:sender AND sender LIKE pattern.value ESCAPE '\\')
    OR (:recipient AND recipient LIKE pattern.value ESCAPE '\\')
    OR (:domain AND (sender LIKE '%@' || pattern.value ESCAPE '\\'
        OR recipient LIKE '%@' || pattern.value ESCAPE '\\'))
    OR (:x_campaign_id AND campaign LIKE pattern.value ESCAPE '\\'))))
ORDER BY
"""
# Ids grow with the time. In any other order a new message may come anywhere: each one is a change.
_ANY_CHANGE = """
SELECT value || ' ' || (SELECT max(id) FROM email), (SELECT max(id) FROM email)
FROM meta WHERE key = 'changes'
"""
_QUESTIONS = {
    "send_time": Question(f"{_SELECT} id", EMAILS.state),
    "sender": Question(f"{_SELECT} sender COLLATE NOCASE, id", _ANY_CHANGE),
    "recipient": Question(f"{_SELECT} recipient COLLATE NOCASE, id", _ANY_CHANGE),
    "subject": Question(f"{_SELECT} subject COLLATE NOCASE, id", _ANY_CHANGE),
}


class Analytics:
    """`GET /analytics`, its CSV, and one message; all raise Coded."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def page(self, request: Request) -> Response:
        asked = Asked.in_query(request)
        page, limit = asked.page()
        zone = asked.zone()
        ids, descending = self._ids(asked, zone)
        rows = self._state.email_rows(page_of(ids, page, limit, descending=descending))
        answer: dict[str, object] = {"count": len(ids), "results": [_message(row, zone) for row in rows]}
        if ("int" in asked or "grp" in asked) and not told(request, "hidden_off"):
            answer["aggs"] = self._by_day(ids, zone) if asked.text("grp") == "day" else []
        return Answer(answer)

    def _by_day(self, ids: array[int], zone: tzinfo) -> list[dict[str, object]]:
        """An array for charts, oldest day first. Of its inner shape nothing is known but the names."""
        rows = self._state.connection.execute(
            "SELECT id, status FROM email WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
            (json.dumps(list(ids)),),
        )
        days: dict[str, dict[str, int]] = {}
        for id, status in rows:
            series = days.setdefault(wall_clock(moment_ms(id), zone)[:10], dict.fromkeys(SERIES, 0))
            for name, statuses in SERIES.items():
                series[name] += status in statuses
        return [{"date": day, **series} for day, series in days.items()]

    async def export(self, request: Request) -> Response:
        asked = Asked.in_query(request)
        zone = asked.zone()
        ids, descending = self._ids(asked, zone)

        def lines(some: list[int]) -> Iterator[str]:
            return (_line(row, zone) for row in self._state.email_rows(some))

        return csv_answer(_CSV_HEADER, ids[::-1] if descending else ids, lines)

    async def one(self, request: Request) -> Response:
        """By its own id, or the first recipient's message by the id that its send was given."""
        text = request.path_params["id"]
        if not _ID.fullmatch(text):
            raise Coded("invalid_id")
        zone = Asked.in_query(request).zone()
        id = int(text)
        found = self._state.email_rows([id]) if id <= ID_MAX else []
        if not found and id <= ID_MAX and (mail := self._state.mail(id)) is not None:
            found = self._state.recipients(mail)
        if not found:
            raise Coded("email_not_found", 404)
        return Answer(_message(found[0], zone))

    def _ids(self, asked: Asked, zone: tzinfo) -> tuple[array[int], bool]:
        """The messages asked for, ascending, and whether they are wanted the other way round."""
        since_ms, until_ms = asked.period(zone)
        columns = asked.several("filter_by", _COLUMNS, _WRONG_COLUMN)
        if "filter_by" in asked and columns is None and asked.text("filter"):
            raise Coded("missing_required_parameter_filter_by")
        statuses = _statuses(asked)
        parameters: dict[str, Value] = {
            "since": id_at(since_ms),
            "until": id_at(until_ms),
            "statuses": None if statuses is None else json.dumps(statuses),
            "patterns": asked.patterns(),
            **{column: columns is None or column in columns for column in _COLUMNS},
        }
        order = asked.one_of("orderby", _QUESTIONS, _WRONG_ORDER)
        descending = asked.descending()
        return self._state.ids(_QUESTIONS[order], parameters), descending


def _statuses(asked: Asked) -> list[str] | None:
    """The statuses wanted, each by itself or several in one text with commas; None: all."""
    words = [word for value in asked.values("status") for word in str(value).split(",")]
    return Asked([("status", words)]).several("status", STATUSES, "invalid_status_value")


def _message(row: EmailRow, zone: tzinfo) -> dict[str, object]:
    recipient_domain = row.recipient.rpartition("@")[2]
    return {
        "id": row.id,
        "subject": row.subject,
        "sender": row.sender,
        "recipient": row.recipient,
        "send_time": wall_clock(moment_ms(row.id), zone),
        "status": row.status,
        "domain": row.sender.rpartition("@")[2],
        "contact_domain": recipient_domain,
        "recipient_domain": recipient_domain,
        "x_campaign_id": row.campaign,
        "error": row.error or "",
    }


def _line(row: EmailRow, zone: tzinfo) -> str:
    when = wall_clock(moment_ms(row.id), zone)
    return line(
        str(row.id), row.status, quoted(row.subject), row.sender, row.recipient, when, quoted(row.error)
    )


def as_described(export: str) -> str:
    """An export of messages in the form that the description shows: commas, no header, days in words.

    Its last quote is never closed. Any other text comes back as it is.
    """
    if not export.startswith(_CSV_HEADER):
        return export
    lines = []
    for id, status, subject, sender, recipient, when, error in list(_read(export))[1:]:
        day = _in_words(datetime.fromisoformat(when).replace(tzinfo=UTC))
        cells = (id, status, f'"{_doubled(subject)}"', sender, recipient, f'"{day}"', f'"{_doubled(error)}"')
        lines.append(",".join(cells))
    return "\r\n".join(lines)[:-1]


def _read(export: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(export, newline=""), delimiter=";")


def _doubled(text: str) -> str:
    return text.replace('"', '""')


def _in_words(moment: datetime) -> str:
    """`Wednesday, February 21 2024 7:48 AM`"""
    return f"{moment:%A, %B} {moment.day} {moment.year} {moment.hour % 12 or 12}:{moment:%M %p}"
