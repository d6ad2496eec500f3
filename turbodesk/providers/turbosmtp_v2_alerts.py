"""The usage alerts of a turboSMTP v2 account: calls, and what is told and heard in them.

The source of every fact is turboSMTP's v2 description; where it is silent the docstring says so.
"""

from __future__ import annotations

import msgspec

from turbodesk.errors import Refused
from turbodesk.model.alert import Alert
from turbodesk.providers.exchange import Answer, Call, Garbled, JsonReader
from turbodesk.providers.http import DELETE, ONCE, TOGGLE
from turbodesk.providers.port import Capability
from turbodesk.providers.scalars import Scalar, id_of, number_of, text_of
from turbodesk.providers.turbosmtp_v2_asking import Asking, in_path, read_yes
from turbodesk.providers.turbosmtp_v2_calls import ROOT, json_of

_ALERTS = f"{ROOT}/tools/alerts"
_NO_ID = "This is no id of an alert: it is a number, as the list of alerts has it."


class _Alert(msgspec.Struct):
    id: Scalar = None
    email: Scalar = None
    percentage: Scalar = None


class _Alerts(msgspec.Struct):
    results: list[_Alert] | None


_one = JsonReader(_Alert)
_list = JsonReader(_Alerts)


class Alerts(Asking):
    """The usage alerts of one account."""

    async def alerts(self) -> tuple[Alert, ...]:
        """All of them at once: there are no pages. `GET /tools/alerts`, turboSMTP v2, documented."""
        self._need(Capability.ALERTS)
        return await self._asked(Call("GET", _ALERTS), read_alerts)

    async def alert(self, id: str) -> Alert | None:
        """`GET /tools/alerts/{Id}`, turboSMTP v2, documented."""
        self._need(Capability.ALERTS)
        call = Call("GET", f"{_ALERTS}/{in_path(id, _NO_ID)}")
        try:
            return await self._asked(call, read_alert)
        except Refused as refused:
            if "alert_not_found" not in refused.words:
                raise
            return None

    async def add_alert(self, email: str, percentage: int) -> str:
        """`POST /tools/alerts`, turboSMTP v2, documented but for what it answers."""
        self._need(Capability.ALERTS)
        body = json_of(alert_fields(email, percentage))
        return await self._asked(Call("POST", _ALERTS, body=body), read_added, ONCE)

    async def edit_alert(self, alert: Alert) -> None:
        """Both members go, whether or not they are required. `PATCH /tools/alerts/{Id}`, turboSMTP v2,
        documented but for what it answers."""
        self._need(Capability.ALERTS)
        body = json_of(alert_fields(alert.email, alert.percentage))
        call = Call("PATCH", f"{_ALERTS}/{in_path(alert.id, _NO_ID)}", body=body)
        await self._asked(call, read_yes, TOGGLE)

    async def remove_alert(self, id: str) -> None:
        """`DELETE /tools/alerts/{Id}`, turboSMTP v2, documented."""
        self._need(Capability.ALERTS)
        await self._asked(Call("DELETE", f"{_ALERTS}/{in_path(id, _NO_ID)}"), read_yes, DELETE)


def alert_fields(email: str, percentage: int) -> dict[str, object]:
    """What makes or changes an alert. `POST /tools/alerts`, `PATCH /tools/alerts/{Id}`, turboSMTP v2,
    documented."""
    return {"email": email, "percentage": percentage}


def read_alerts(answer: Answer) -> tuple[Alert, ...]:
    """The alerts in the provider's order. `GET /tools/alerts`, turboSMTP v2, documented."""
    return tuple(map(_alert, _list(answer.body).results or ()))


def read_alert(answer: Answer) -> Alert:
    """One alert. `GET /tools/alerts/{Id}`, turboSMTP v2, documented."""
    return _alert(_one(answer.body))


def read_added(answer: Answer) -> str:
    """The id of the new alert, empty where it is not told. `POST /tools/alerts`, turboSMTP v2; that it
    answers the alert is not documented."""
    return id_of(_one(answer.body).id)


def _alert(row: _Alert) -> Alert:
    id, percentage = id_of(row.id), number_of(row.percentage)
    if not id or percentage is None:
        raise Garbled("an alert without an id or a percentage")
    return Alert(id, text_of(row.email), percentage)
