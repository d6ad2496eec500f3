"""Usage alerts: who is told when so much of the account's limit is used up."""

from __future__ import annotations

from dataclasses import dataclass, replace

from turbodesk.errors import InvalidDraft
from turbodesk.model.alert import Alert
from turbodesk.model.message import Address, AddressError
from turbodesk.services.desk import Desk
from turbodesk.services.made_once import made_once

_ALL = 100  # per cent


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An alert before a change and after it."""

    before: Alert
    after: Alert


class AlertsService:
    """The usage alerts of one desk's account."""

    def __init__(self, desk: Desk) -> None:
        self._provider = desk.provider

    async def show(self) -> tuple[Alert, ...]:
        """Every alert, in the provider's order."""
        return await self._provider.alerts()

    async def add(self, email: str, percentage: int) -> Alert:
        """Makes an alert, and never a second one: where the answer is lost it is looked for in the list. Its
        id is empty where the provider does not show it yet.

        Raises InvalidDraft, by field, for what makes no sense or is there already.
        """
        wanted = _checked(Alert("", email, percentage), "No alert was made")
        if await self._id_of(wanted):
            problem = f"{wanted.email} is told at {percentage} % already."
            raise InvalidDraft({"email": problem}, "No alert was made")
        id = await made_once(
            lambda: self._provider.add_alert(wanted.email, percentage),
            lambda: self._id_of(wanted),
        )
        return replace(wanted, id=id)

    async def edit(self, id: str, *, email: str | None = None, percentage: int | None = None) -> AlertChange:
        """Changes what is given and leaves the rest. What it was before comes back too, so that it can be put
        back the same way. Raises InvalidDraft, by field, for what makes no sense."""
        before = await self._one(id, "Nothing was changed")
        wanted = replace(
            before,
            email=before.email if email is None else email,
            percentage=before.percentage if percentage is None else percentage,
        )
        await self._provider.edit_alert(_checked(wanted, "Nothing was changed"))
        return AlertChange(before, await self._one(id, "It was there a moment ago"))

    async def remove(self, id: str) -> Alert:
        """Takes an alert away. It comes back, so that it can be added again, though under another id.
        Raises InvalidDraft where there is none of this id."""
        before = await self._one(id, "Nothing was removed")
        await self._provider.remove_alert(id)
        return before

    async def _one(self, id: str, nothing: str) -> Alert:
        found = await self._provider.alert(id)
        if found is None:
            raise InvalidDraft({"id": f"There is no alert {id}; the list of them shows which."}, nothing)
        return found

    async def _id_of(self, wanted: Alert) -> str:
        for alert in await self._provider.alerts():
            same_box = alert.email.casefold() == wanted.email.casefold()
            if same_box and alert.percentage == wanted.percentage:
                return alert.id
        return ""


def _checked(alert: Alert, nothing: str) -> Alert:
    """The alert, its address bare; raises InvalidDraft, by field."""
    problems = {}
    try:
        alert = replace(alert, email=Address.parse(alert.email).email)
    except AddressError:
        wrong = f"{alert.email!r} is no e-mail address."
        problems["email"] = wrong if alert.email.strip() else "Write the e-mail address of who is told."
    if not 0 <= alert.percentage <= _ALL:
        problems["percentage"] = f"A percentage is a whole number from 0 to {_ALL}."
    if problems:
        raise InvalidDraft(problems, nothing)
    return alert
