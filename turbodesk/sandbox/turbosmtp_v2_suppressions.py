"""turboSMTP's API v2: who gets nothing any more, and why; shown, exported, added and taken off."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator, Mapping
from datetime import tzinfo

from starlette.requests import Request
from starlette.responses import Response

from turbodesk.sandbox import turbosmtp_v2_questions as questions
from turbodesk.sandbox.addresses import is_address
from turbodesk.sandbox.exports import csv_answer, line, quoted
from turbodesk.sandbox.fate import MANUAL
from turbodesk.sandbox.listing import Question, Value, containing
from turbodesk.sandbox.state import State
from turbodesk.sandbox.suppressing import suppress, unsuppress
from turbodesk.sandbox.tables import ReportRow
from turbodesk.sandbox.times import timestamp, wall_clock
from turbodesk.sandbox.turbosmtp_v2_questions import Asked, Coded, body_fields, page_of
from turbodesk.sandbox.wire import Answer, TooLarge, Unreadable, body_of, is_form, json_of, text_of

# source → the list of ours that it is
_LISTS = {
    "manual": "manual",
    "bounce": "bounce",
    "spam": "spam",
    "unsubscribe": "unsub",
    "validation_failed": "validation_failed",
}
_SOURCES = {ours: source for source, ours in _LISTS.items()}
_CSV_WORDS = {
    "manual": "MANUAL",
    "bounce": "FAIL",
    "spam": "REPORT",
    "unsub": "UNSUB",
    "validation_failed": "VALIDATION_FAILED",
}
_OTHER_WORDS = {**_CSV_WORDS, "bounce": "BOUNCE"}  # both words for a bounce are seen
_CSV_HEADER = "Status;Subject;From;To;Date;Reason"
_WRONG_SOURCE = "filter_by_can_only_be_manual_or_bounce_or_spam_or_unsubscribe_or_validation_failed"
_WRONG_ORDER = "orderby_can_only_be_date_or_source_or_recipient_or_reason"
_FIELDS = ("sender", "recipient", "reason", "subject")
_CELL_END = re.compile("[,;\t]")

# Soft bounces keep nobody from being written to.
_SELECT = """
SELECT cid FROM report LEFT JOIN email ON email.id = sent
WHERE cid > :after AND cid <= :top AND (list != 'bounce' OR hard)
AND (:lists IS NULL OR list IN (SELECT value FROM json_each(:lists))) AND at >= :since AND at < :until
AND (:patterns IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(:patterns) AS pattern WHERE NOT (
    report.email LIKE pattern.value ESCAPE '\\' OR coalesce(response, '') LIKE pattern.value ESCAPE '\\'
    OR coalesce(sender, '') LIKE pattern.value ESCAPE '\\'
    OR coalesce(subject, '') LIKE pattern.value ESCAPE '\\')))
AND (:restrict IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(:restrict) AS one WHERE json_extract(
    one.value, '$.exclude') = (coalesce(CASE json_extract(one.value, '$.by') WHEN 'sender' THEN sender
        WHEN 'recipient' THEN report.email WHEN 'subject' THEN subject ELSE response END, '')
    LIKE json_extract(one.value, '$.like') ESCAPE '\\')))
ORDER BY
"""
# A new entry may come anywhere: each one is a change.
_ANY_CHANGE = """
SELECT value || ' ' || (SELECT max(cid) FROM report), (SELECT max(cid) FROM report)
FROM meta WHERE key = 'changes'
"""
_QUESTIONS = {
    "date": Question(f"{_SELECT} at, cid", _ANY_CHANGE),
    "source": Question(
        f"{_SELECT} CASE list WHEN 'unsub' THEN 'unsubscribe' ELSE list END, at, cid", _ANY_CHANGE
    ),
    "recipient": Question(f"{_SELECT} report.email COLLATE NOCASE, at, cid", _ANY_CHANGE),
    "reason": Question(f"{_SELECT} coalesce(response, '') COLLATE NOCASE, at, cid", _ANY_CHANGE),
}


class Suppressions:
    """The seven operations under `/suppressions`; all raise Coded."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def page(self, request: Request) -> Response:
        return self._page(Asked.in_query(request))

    async def page_by_body(self, request: Request) -> Response:
        return self._page(await Asked.in_body(request))

    def _page(self, asked: Asked) -> Answer:
        page, limit = asked.page()
        zone = asked.zone()
        cids, descending = self._cids(asked, zone)
        rows = self._state.report_rows(page_of(cids, page, limit, descending=descending))
        return Answer({"count": len(cids), "results": [_entry(row, zone) for row in rows]})

    async def export(self, request: Request) -> Response:
        return self._export(Asked.in_query(request), _CSV_WORDS)

    async def export_by_body(self, request: Request) -> Response:
        return self._export(await Asked.in_body(request), _OTHER_WORDS)

    def _export(self, asked: Asked, words: Mapping[str, str]) -> Response:
        cids, descending = self._cids(asked, asked.zone())

        def lines(some: list[int]) -> Iterator[str]:
            return (_line(row, words) for row in self._state.report_rows(some))

        return csv_answer(_CSV_HEADER, cids[::-1] if descending else cids, lines)

    async def delete_matching(self, request: Request) -> Response:
        asked = await Asked.in_body(request)
        with self._state.writing() as db:
            cids, _ = self._cids(asked, asked.zone())
            gone = "DELETE FROM report WHERE cid IN (SELECT value FROM json_each(?))"
            if db.execute(gone, (json.dumps(list(cids)),)).rowcount:
                self._state.changed()
        return Answer({"success": True})

    async def delete_addresses(self, request: Request) -> Response:
        """A bare list of addresses; none of them has to be on any list, or be one at all."""
        try:
            given = json_of(await body_of(request))
        except Unreadable:
            given = None
        if not isinstance(given, list) or not given:
            raise Coded("no_contacts_were_provided")
        with self._state.writing() as db:
            if unsuppress(db, [text_of(one).strip() for one in given]):
                self._state.changed()
        return Answer({"success": True})

    async def add(self, request: Request) -> Response:
        fields = await body_fields(request)
        valid: list[str] = []
        invalid: list[str] = []
        entries = _listed(fields) if is_form(request) or fields.get("type") == "file" else _named(fields)
        if len(entries) > questions.MOST_ADDRESSES:
            raise TooLarge
        for entry in entries:
            (valid if is_address(entry) else invalid).append(entry)
        with self._state.writing() as db:
            suppress(db, self._state.now_ms(), MANUAL, valid, text_of(fields.get("reason")))
        return Answer({"status": "success", "valid": valid, "invalid": invalid})

    def _cids(self, asked: Asked, zone: tzinfo) -> tuple[array[int], bool]:
        """The entries asked for, ascending, and whether they are wanted the other way round."""
        since_ms, until_ms = asked.period(zone)
        sources = asked.several("filter_by", _LISTS, _WRONG_SOURCE)
        restrict = [_restriction(one) for one in asked.values("restrict")]
        if len(restrict) > questions.MOST_RESTRICTIONS:
            raise Coded("invalid_restrict")
        parameters: dict[str, Value] = {
            "since": since_ms,
            "until": until_ms,
            "lists": None if sources is None else json.dumps([_LISTS[source] for source in sources]),
            "patterns": asked.patterns(),
            "restrict": json.dumps(restrict) if restrict else None,
        }
        order = asked.one_of("orderby", _QUESTIONS, _WRONG_ORDER)
        descending = asked.descending()
        return self._state.ids(_QUESTIONS[order], parameters), descending


def _restriction(given: object) -> dict[str, object]:
    """One of `restrict`: a field is, or with a smart search contains, a text; or it does not."""
    if not isinstance(given, dict):
        raise Coded("invalid_restrict")
    asked = Asked(given.items())
    field, operator, text = asked.text("by"), asked.text("operator") or "include", asked.search("filter")
    if field not in _FIELDS or operator not in ("include", "exclude") or not text:
        raise Coded("invalid_restrict")
    like = containing(text) or ""
    return {
        "by": field,
        "exclude": operator == "exclude",
        "like": like if asked.smart() else like[1:-1],
    }


def _named(fields: Mapping[str, object]) -> list[str]:
    """The addresses that stand in the body itself."""
    content = fields.get("content")
    if not isinstance(content, list) or not content:
        raise Coded("invalid_mail_address_list")
    return [text_of(entry).strip() for entry in content]


def _listed(fields: Mapping[str, object]) -> list[str]:
    """The addresses of a file: the first cell of each of its lines."""
    if "file" not in fields:
        raise Coded("missing_upload_file")
    lines = text_of(fields["file"]).removeprefix("\ufeff").splitlines()
    cells = (_CELL_END.split(one, maxsplit=1)[0].strip().strip('"').strip() for one in lines)
    addresses = [cell for cell in cells if cell]
    if not addresses:
        raise Coded("invalid_mail_address_list")
    return addresses


def _entry(row: ReportRow, zone: tzinfo) -> dict[str, object]:
    return {
        "date": wall_clock(row.at_ms, zone),
        "sender": row.sender,
        "source": _SOURCES[row.list],
        "subject": row.subject or "",
        "recipient": row.email,
        "reason": row.response,
    }


def _line(row: ReportRow, words: Mapping[str, str]) -> str:
    """Its date is UTC and says so, unlike that of the JSON."""
    when = timestamp(row.at_ms)
    return line(words[row.list], quoted(row.subject), row.sender or "", row.email, when, quoted(row.response))
