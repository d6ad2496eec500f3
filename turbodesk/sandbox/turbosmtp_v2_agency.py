"""turboSMTP's API v2: what the accounts below are shown of the agency above them."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from turbodesk.sandbox.state import State
from turbodesk.sandbox.turbosmtp_v2_questions import Coded, body_fields
from turbodesk.sandbox.wire import Answer, text_of

LENGTHS = {"agency_name": 128, "agency_website": 128, "agency_footer": 2048}
_KEY = "agency"


class AgencyPages:
    """`/subaccounts/agency`; all raise Coded. There is no logo."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def show(self, request: Request) -> Response:
        return Answer({**self._kept(), "logoUrl": ""})

    async def edit(self, request: Request) -> Response:
        """Texts that are left out stay as they were."""
        fields = await body_fields(request)
        given = {name: text_of(fields[name]).strip() for name in LENGTHS if name in fields}
        for name, text in given.items():
            if len(text) > LENGTHS[name]:
                raise Coded(f"{name}_should_be_shorter_than_{LENGTHS[name]}_characters")
        kept = json.dumps({**self._kept(), **given})
        with self._state.writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_KEY, kept))
        return Answer({"message": "success"})

    def _kept(self) -> dict[str, str]:
        row = self._state.connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
        return {**dict.fromkeys(LENGTHS, ""), **(json.loads(row[0]) if row else {})}
