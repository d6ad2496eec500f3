"""turboSMTP's API v2: usage alerts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from turbodesk.sandbox.addresses import is_address
from turbodesk.sandbox.state import State
from turbodesk.sandbox.tables import id_at
from turbodesk.sandbox.turbosmtp_v2_questions import Coded, body_fields, id_in_path, whole_of
from turbodesk.sandbox.wire import Answer, text_of

Row = tuple[int, str, int]

_ALL = 100  # per cent


class Alerts:
    """`/tools/alerts`; all raise Coded. Nobody is written to: the sandbox never sends mail."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def all(self, request: Request) -> Response:
        rows = self._state.connection.execute("SELECT id, email, percentage FROM alert ORDER BY id")
        results = [_alert(row) for row in rows]
        return Answer({"count": len(results), "results": results})

    async def one(self, request: Request) -> Response:
        return Answer(_alert(self._row(request)))

    async def add(self, request: Request) -> Response:
        fields = await body_fields(request)
        email, percentage = _email(fields.get("email")), _percentage(fields.get("percentage"))
        with self._state.writing() as db:
            newest = db.execute("SELECT max(id) FROM alert").fetchone()[0] or 0
            row = (max(id_at(self._state.now_ms()), newest + 1), email, percentage)
            db.execute("INSERT INTO alert VALUES (?, ?, ?)", row)
        return Answer(_alert(row), 201)

    async def edit(self, request: Request) -> Response:
        """Either member may be left out, though not both."""
        fields = await body_fields(request)
        id, email, percentage = self._row(request)
        if "email" in fields or "percentage" not in fields:
            email = _email(fields.get("email"))
        if "percentage" in fields:
            percentage = _percentage(fields["percentage"])
        with self._state.writing() as db:
            db.execute("UPDATE alert SET email = ?, percentage = ? WHERE id = ?", (email, percentage, id))
        return Answer(_alert((id, email, percentage)))

    async def remove(self, request: Request) -> Response:
        id, *_ = self._row(request)
        with self._state.writing() as db:
            db.execute("DELETE FROM alert WHERE id = ?", (id,))
        return Answer({"message": "success"})

    def _row(self, request: Request) -> Row:
        id = id_in_path(request, "alert_not_found")
        sql = "SELECT id, email, percentage FROM alert WHERE id = ?"
        row: Row | None = self._state.connection.execute(sql, (id,)).fetchone()
        if row is None:
            raise Coded("alert_not_found", 404)
        return row


def _alert(row: Row) -> dict[str, object]:
    return dict(zip(("id", "email", "percentage"), row, strict=True))


def _email(given: object) -> str:
    email = text_of(given).strip()
    if not email:
        raise Coded("missing_required_parameter_email")
    if not is_address(email):
        raise Coded("invalid_mail_address")
    return email


def _percentage(given: object) -> int:
    if given in (None, ""):
        raise Coded("missing_required_parameter_percentage")
    percentage = whole_of(given, "percentage")
    if percentage < 0:
        raise Coded("percentage_should_not_be_less_than_0")
    if percentage > _ALL:
        raise Coded(f"percentage_should_not_be_higher_than_{_ALL}")
    return percentage
