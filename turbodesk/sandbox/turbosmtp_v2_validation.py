"""turboSMTP's API v2: validation of addresses, one at once or a list that takes its time."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, tzinfo

from starlette.requests import Request
from starlette.responses import Response

from turbodesk.sandbox import turbosmtp_v2_questions as questions
from turbodesk.sandbox.addresses import is_address
from turbodesk.sandbox.exports import csv_answer
from turbodesk.sandbox.state import State
from turbodesk.sandbox.times import wall_clock
from turbodesk.sandbox.turbosmtp_account import ACCOUNT_ID
from turbodesk.sandbox.turbosmtp_v2_questions import Asked, Coded, body_fields
from turbodesk.sandbox.validations import (
    FREE_CREDITS,
    PER_SECOND,
    AlreadyValidated,
    Checklist,
    Entry,
    TooDear,
    Validations,
)
from turbodesk.sandbox.verdict import STATUSES, Verdict, verdict
from turbodesk.sandbox.wire import Answer, TooLarge, Unreadable, text_of, uploaded

_KINDS = (".csv", ".txt")
_CELL_END = re.compile("[,;\t]")
_ID = re.compile(r"\d{1,18}", re.ASCII)
_PERSON = ("account", "firstname", "lastname", "gender", "country", "region", "city", "zipcode")
_CSV = (
    *("email", "id", "status", "sub_status", "free_email", "domain", "domain_age_days", "smtp_provider"),
    *("mx_found", "mx_record", "did_you_mean", "score"),
)


class Validation:
    """The ten operations under `/emailvalidation`; all raise Coded."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._validations = Validations(state)

    async def subscription(self, request: Request) -> Response:
        left = self._validations.credits()
        return Answer(
            {
                "currency": "$",
                "free_credits": FREE_CREDITS,
                "free_credits_used": left.free_used,
                "remaining_free_credit": left.free_left,
                "paid_credits": left.paid / 1000,
                "latest_period_start_date": wall_clock(left.since_ms, UTC),
                "period_expiration_date": wall_clock(left.until_ms, UTC),
                "last_used_period": None if left.last_ms is None else wall_clock(left.last_ms, UTC),
            }
        )

    async def one_address(self, request: Request) -> Response:
        """Costs a credit, and none where it is no address at all."""
        email = text_of((await body_fields(request)).get("email")).strip()
        if not email:
            raise Coded("missing_required_parameter_email")
        if not is_address(email):
            raise Coded("invalid_email_address")
        try:
            self._validations.pay_for_one()
        except TooDear:
            raise Coded("insufficient_credit") from None
        found = verdict(email)
        return Answer(
            {
                "email": email,
                **_known(found),
                "did_you_mean": found.did_you_mean,
                **dict.fromkeys(_PERSON),
                "processed_at": wall_clock(self._state.now_ms(), UTC),
            }
        )

    async def upload(self, request: Request) -> Response:
        """What is no address may stand in it, as long as something is one."""
        try:
            file = await uploaded(request, "file")
        except Unreadable:
            file = None
        if file is None:
            raise Coded("missing_upload_file")
        if not file.name.lower().endswith(_KINDS):
            raise Coded("unsupported_file_format")
        emails = list(_cells(file.content, parted=file.name.lower().endswith(".csv")))
        if len(emails) > questions.MOST_ADDRESSES:
            raise TooLarge
        if not any(map(is_address, emails)):
            raise Coded("invalid_mail_address_list")
        made = self._validations.add(file.name, emails)
        return Answer({"list_id": made.id, "total_emails": made.total}, 201)

    async def lists(self, request: Request) -> Response:
        asked = Asked.in_query(request)
        page, limit = asked.page()
        zone = asked.zone()
        since_ms, until_ms = asked.period(zone)
        count, some = self._validations.lists(since_ms, until_ms, limit=limit, offset=(page - 1) * limit)
        return Answer({"count": count, "results": [self._shown(one, zone) for one in some]})

    async def one_list(self, request: Request) -> Response:
        found = self._list(request)
        counts = self._validations.summary(found)
        summary = [{"status": status, "total": counts[status]} for status in STATUSES if status in counts]
        return Answer({**self._shown(found, UTC), "status_summary": summary})

    async def delete(self, request: Request) -> Response:
        if not self._validations.delete(_number(request.path_params["id"])):
            raise Coded("list_not_found", 404)
        return Answer({"success": True})

    async def start(self, request: Request) -> Response:
        try:
            started = self._validations.start(_number(request.path_params["id"]))
        except AlreadyValidated:
            raise Coded("list_already_validated") from None
        except TooDear:
            raise Coded("insufficient_credit") from None
        if not started:
            raise Coded("list_not_found", 404)
        return Answer({"success": True})

    async def emails(self, request: Request) -> Response:
        found = self._list(request)
        page, limit = Asked.in_query(request).page()
        rows = self._validations.entries(found, limit=limit, offset=(page - 1) * limit)
        return Answer(
            {
                "count": found.total,
                "processed": self._validations.processed(found),
                "results": [{"email": row.email, "id": row.id, **_known(verdict(row.email))} for row in rows],
            }
        )

    async def one_email(self, request: Request) -> Response:
        found = self._list(request)
        row = self._validations.entry(found, _number(request.path_params["email"]))
        if row is None or found.started_ms is None:
            raise Coded("email_not_found", 404)
        what = verdict(row.email)
        done_ms = found.started_ms + (row.place + 1) * 1000 // PER_SECOND
        return Answer(
            {
                "email": row.email,
                "id": row.id,
                **_known(what),
                "did_you_mean": what.did_you_mean,
                **dict.fromkeys(_PERSON),
                "processed_at": wall_clock(done_ms, UTC),
                "account_id": ACCOUNT_ID,
                "created_at": wall_clock(found.created_ms, UTC),
                "list_id": found.id,
            }
        )

    async def export(self, request: Request) -> Response:
        rows = self._validations.entries(self._list(request))

        def lines(ids: list[int]) -> Iterator[str]:
            return map(_line, self._validations.entries_of(ids))

        return csv_answer(",".join(_CSV), [row.id for row in rows], lines)

    def _list(self, request: Request) -> Checklist:
        found = self._validations.one(_number(request.path_params["id"]))
        if found is None:
            raise Coded("list_not_found", 404)
        return found

    def _shown(self, found: Checklist, zone: tzinfo) -> dict[str, object]:
        processed = self._validations.processed(found)
        return {
            "id": found.id,
            "creation_time": wall_clock(found.created_ms, zone),
            "file_name": found.file_name,
            "is_processed": processed == found.total,
            "percentage": processed * 100 // found.total,
            "total_emails": found.total,
            "total_processed": processed,
        }


def _number(text: str) -> int:
    """An id of a path; one that nobody has where it is no number."""
    return int(text) if _ID.fullmatch(text) else -1


def _known(found: Verdict) -> dict[str, object]:
    return {
        "status": found.status,
        "sub_status": found.sub_status,
        "free_email": found.free_email,
        "domain": found.domain,
        "domain_age_days": found.domain_age_days,
        "smtp_provider": found.smtp_provider,
        "mx_found": found.mx_found,
        "mx_record": found.mx_record,
    }


def _cells(content: bytes, *, parted: bool) -> Iterator[str]:
    """The addresses of a file: its lines, of a CSV the first cell of each."""
    for line in content.decode("utf-8-sig", "replace").splitlines():
        cell = _CELL_END.split(line, maxsplit=1)[0] if parted else line
        if email := cell.strip().strip('"').strip():
            yield email


def _line(entry: Entry) -> str:
    """Booleans as 1 and 0, nothing for what is not known."""
    what = verdict(entry.email)
    known = {"email": entry.email, "id": entry.id, **_known(what)}
    known |= {"did_you_mean": what.did_you_mean, "score": what.score}
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(map(_cell, map(known.__getitem__, _CSV)))
    return buffer.getvalue()


def _cell(value: object) -> object:
    return int(value) if isinstance(value, bool) else value
