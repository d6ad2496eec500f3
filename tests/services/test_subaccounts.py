"""The accounts below one, and its usage alerts: over the sandbox, and where answers are lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from turbodesk.errors import (
    Guarded,
    InvalidDraft,
    NoConnection,
    NotOffered,
    ProviderBroken,
    Refused,
    SignInRefused,
    Throttled,
    TurbodeskError,
)
from turbodesk.model.account import Plan, Profile, Secret, SubAccount
from turbodesk.model.alert import Alert
from turbodesk.model.subaccount import Contact, NewSubAccount
from turbodesk.providers.port import Capability, Provider
from turbodesk.services.alerts import AlertsService
from turbodesk.services.desk import Desk
from turbodesk.services.subaccounts import CONTACT_FIELDS, SubAccountsService
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

Work = Callable[[Desk], Awaitable[Any]]
SHOP = "shop@example.com"
PASSWORD = Secret("Str0ng-enough!")
NEW = NewSubAccount("new@example.com", PASSWORD, "203.0.113.25", Contact("Ada", "Rossi"), policy_agreed=True)


def at_desk(tmp_path: Path, work: Work, profile: str = "sandbox-v2") -> Any:
    async def go() -> Any:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            return await work(await place.desk(profile))

    return asyncio.run(go())


# ---- what they may send


def test_a_limit_is_set_and_put_back(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        service = SubAccountsService(desk)
        id = (await service.find(SHOP)).id
        change = await service.limit(id, 100)
        assert (change.id, change.before.limit, change.after.limit) == (id, 40_000, 100)
        undone = await service.undo(change)
        assert (undone.before.limit, undone.after.limit) == (100, 40_000)
        free = await service.limit(id, None)
        assert free.after.limit is None
        assert (await service.undo(free)).after.limit == 40_000
        assert (await service.find(SHOP)).limit == 40_000

    at_desk(tmp_path, work)


def test_one_is_suspended_resumed_and_the_status_put_back(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        service = SubAccountsService(desk)
        id = (await service.find(SHOP)).id
        change = await service.suspend(id)
        assert (change.before.active, change.after.active) == (True, False)
        assert (await service.find(SHOP)).active is False
        undone = await service.undo(change)
        assert (undone.before.active, undone.after.active) == (False, True)
        await service.suspend(id)
        assert (await service.resume(id)).after.active is True

    at_desk(tmp_path, work)


def test_what_somebody_changed_since_is_not_put_back(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        service = SubAccountsService(desk)
        id = (await service.find(SHOP)).id
        change = await service.limit(id, 100)
        await service.limit(id, 200)
        with pytest.raises(Refused, match="changed again"):
            await service.undo(change)
        assert (await service.find(SHOP)).limit == 200
        suspended = await service.suspend(id)
        await service.resume(id)
        with pytest.raises(Refused, match="changed again"):
            await service.undo(suspended)
        assert (await service.find(SHOP)).active is True

    at_desk(tmp_path, work)


@pytest.mark.parametrize("limit", [-1, -40])
def test_less_than_nothing_is_no_limit(tmp_path: Path, limit: int) -> None:
    async def work(desk: Desk) -> None:
        service = SubAccountsService(desk)
        id = (await service.find(SHOP)).id
        with pytest.raises(InvalidDraft) as refused:
            await service.limit(id, limit)
        assert refused.value.field == "limit"
        with pytest.raises(Refused) as too_high:
            await service.limit(id, 10**9)
        assert too_high.value.field == "limit"
        assert (await service.find(SHOP)).limit == 40_000

    at_desk(tmp_path, work)


# ---- which is meant, and what is told of it


def test_one_is_found_by_id_address_and_name_and_nobody_is_told_so(tmp_path: Path) -> None:
    async def by_address(desk: Desk) -> None:
        service = SubAccountsService(desk)
        shop = await service.find(f" {SHOP.upper()} ")
        assert shop.email == SHOP
        assert await service.find(shop.id) == shop
        for nobody in ("", "shop", "nobody@example.com", "7"):
            with pytest.raises(InvalidDraft) as refused:
                await service.find(nobody)
            assert refused.value.field == "sub-account"
        seen = await service.show(SHOP)
        assert seen.sub == shop and seen.details is not None and seen.plan is not None
        assert (seen.details.email, seen.plan.limit, seen.plan.used) == (SHOP, shop.limit, shop.sent)

    async def by_name(desk: Desk) -> None:
        service = SubAccountsService(desk)
        first = (await desk.provider.sub_accounts())[0]
        seen = await service.show(first.name.upper())
        assert (seen.sub, seen.plan) == (first, None)
        with pytest.raises(NotOffered, match="suspending sub-accounts"):
            await service.suspend(first.id)

    at_desk(tmp_path / "v2", by_address)
    at_desk(tmp_path / "sendpost", by_name, "sandbox-sendpost")


def test_details_are_changed_the_rest_stays_and_both_come_back(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        service = SubAccountsService(desk)
        id = await service.create(NEW)
        change = await service.edit(id, {"city": "Torino"}, ip="203.0.113.31")
        assert (change.before.contact, change.before.ip) == (NEW.contact, NEW.ip)
        assert change.after == replace(
            change.before, contact=replace(NEW.contact, city="Torino"), ip="203.0.113.31"
        )
        for texts, ip, field in (
            ({"colour": "red"}, "", "colour"),
            ({}, "::1", "ip"),
            ({"first_name": " "}, "", "first_name"),
            ({"zip_code": "x" * 11}, "", "zip_code"),
            ({}, "192.0.2.1", "ip"),
        ):
            with pytest.raises(TurbodeskError) as refused:
                await service.edit(id, texts, ip=ip)
            assert refused.value.field == field
        assert (await service.edit(id, {})).after == change.after
        with pytest.raises(InvalidDraft):
            await service.edit("7", {})

    at_desk(tmp_path, work)
    assert {"first_name", "site_url"} < set(CONTACT_FIELDS)


def test_an_agency_is_changed_and_the_rest_stays(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        service = SubAccountsService(desk)
        first = await service.edit_agency({"name": "Ours", "footer": "Bye"})
        change = await service.edit_agency({"footer": ""})
        assert (change.before, change.after) == (first.after, replace(first.after, footer=""))
        assert (change.after.name, await service.agency()) == ("Ours", change.after)
        for wrong in ({"logo_url": "x"}, {"website": "x" * 129}):
            with pytest.raises(InvalidDraft) as refused:
                await service.edit_agency(wrong)
            assert set(refused.value.problems) == set(wrong)

    at_desk(tmp_path, work)


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 404}, {"kind": "html"}])
def test_an_address_that_is_somebody_elses_is_told_before_a_password_leaves(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    async def work(desk: Desk) -> None:
        service = SubAccountsService(desk)
        assert desk.control is not None
        taken = replace(NEW, email="inactive@example.com")
        with pytest.raises(InvalidDraft) as refused:
            await service.create(taken)
        assert set(refused.value.problems) == {"email"}
        await desk.control.set_faults([{**fault, "match": "/api/v2/subaccounts/email-exists", "times": 0}])
        with pytest.raises(Refused) as told:
            await service.create(taken)
        assert told.value.field == "email"
        assert await service.create(NEW)

    at_desk(tmp_path, work)


def test_somebody_signs_in_as_one(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        service = SubAccountsService(desk)
        assert isinstance(await service.enter(f" {SHOP} "), Secret)
        with pytest.raises(Refused):
            await service.enter("nobody@example.com")

    at_desk(tmp_path, work)


# ---- made once


def test_one_is_made_and_not_a_second_time(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        service = SubAccountsService(desk)
        id = await service.create(NEW)
        assert (await service.find(NEW.email)).id == id
        with pytest.raises(InvalidDraft) as refused:
            await service.create(replace(NEW, email="NEW@example.com"))
        assert set(refused.value.problems) == {"email"}

    at_desk(tmp_path, work)


def test_what_makes_no_sense_is_told_field_by_field_and_makes_nothing(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        service = SubAccountsService(desk)
        before = await desk.provider.sub_accounts()
        with pytest.raises(InvalidDraft) as refused:
            await service.create(NewSubAccount("nonsense", Secret(""), "::1", Contact()))
        assert set(refused.value.problems) == {"email", "password", "ip"}
        with pytest.raises(InvalidDraft) as refused:
            await service.create(replace(NEW, contact=Contact()))
        assert set(refused.value.problems) == {"first_name", "last_name"}
        assert await desk.provider.sub_accounts() == before

    at_desk(tmp_path, work)


class Lossy(Provider):
    """An account whose answers are lost: `lost` is raised by whatever writes, after it was `done` or not, and
    `blind` by whatever reads from then on."""

    title = "Lossy"
    offers = frozenset(Capability) - {Capability.NAME_SUB_ACCOUNTS}

    def __init__(self, lost: TurbodeskError | None, *, done: bool, blind: bool = False) -> None:
        self.lost, self.done, self.blind = lost, done, blind
        self.asked: list[str] = []
        self.subs: list[SubAccount] = []
        self.kept: list[Alert] = []
        self.plan = Plan("1", 50, 0, "Monthly", None, None, False, True)

    async def send(self, message: Any, mark: Any) -> Any:
        raise AssertionError("nothing is sent here")

    def _write(self, what: str, do: Callable[[], None]) -> None:
        self.asked.append(what)
        if self.done:
            do()
        if self.lost:
            raise self.lost

    def _read(self) -> None:
        if self.blind and self.asked:
            raise NoConnection("There is no connection.")

    async def sub_accounts(self) -> tuple[SubAccount, ...]:
        self._read()
        return tuple(self.subs)

    async def sub_account_plan(self, id: str) -> Plan:
        self._read()
        return self.plan

    async def email_exists(self, email: str) -> bool:
        return False

    async def create_sub_account(self, new: NewSubAccount) -> str:
        self._write("create", lambda: self.subs.append(SubAccount("9", new.email, True)))
        return ""

    async def limit_sub_account(self, id: str, limit: int | None) -> Plan:
        self._write("limit", lambda: self._set(limit=limit))
        return self.plan

    def _set(self, **change: Any) -> None:
        self.plan = replace(self.plan, **change)

    async def alerts(self) -> tuple[Alert, ...]:
        self._read()
        return tuple(self.kept)

    async def add_alert(self, email: str, percentage: int) -> str:
        self._write("alert", lambda: self.kept.append(Alert("8", email, percentage)))
        return ""


LOST = [NoConnection("No answer came."), ProviderBroken("A fault.", hint="Try again.", status=502)]
MAKES: dict[str, tuple[str, str, Callable[[Desk], Awaitable[Any]]]] = {
    "sub-account": ("create", "9", lambda desk: SubAccountsService(desk).create(NEW)),
    "alert": ("alert", "8", lambda desk: _alert_id(desk)),
}


async def _alert_id(desk: Desk) -> str:
    return (await AlertsService(desk).add("ops@example.com", 80)).id


def over(provider: Provider) -> Desk:
    return Desk(Profile("Shop", "turbosmtp-v2"), provider)


@pytest.mark.parametrize("what", MAKES)
@pytest.mark.parametrize("lost", [None, *LOST])
def test_what_was_made_though_the_answer_was_lost_is_found_and_not_made_again(
    what: str, lost: TurbodeskError | None
) -> None:
    asked, id, make = MAKES[what]
    provider = Lossy(lost, done=True)
    assert asyncio.run(make(over(provider))) == id  # type: ignore[arg-type]
    assert provider.asked == [asked]


@pytest.mark.parametrize("what", MAKES)
@pytest.mark.parametrize("lost", LOST)
def test_what_was_not_made_is_told_as_it_failed(what: str, lost: TurbodeskError) -> None:
    asked, _, make = MAKES[what]
    provider = Lossy(lost, done=False)
    with pytest.raises(type(lost)) as told:
        asyncio.run(make(over(provider)))  # type: ignore[arg-type]
    assert told.value is lost and provider.asked == [asked]
    assert "made nevertheless" not in told.value.hint


@pytest.mark.parametrize("what", MAKES)
def test_where_nobody_can_look_the_hint_says_that_it_may_be_there(what: str) -> None:
    asked, _, make = MAKES[what]
    provider = Lossy(NoConnection("No answer came.", hint="Try later."), done=True, blind=True)
    with pytest.raises(NoConnection, match="No answer came") as told:
        asyncio.run(make(over(provider)))  # type: ignore[arg-type]
    assert told.value.hint.startswith("Try later. It may have been made nevertheless")
    assert provider.asked == [asked]


@pytest.mark.parametrize("no", [Refused("No."), Throttled("Slowly."), SignInRefused("Who?")])
@pytest.mark.parametrize("what", MAKES)
def test_a_no_is_a_no(what: str, no: TurbodeskError) -> None:
    provider = Lossy(no, done=True)
    with pytest.raises(type(no)):
        asyncio.run(MAKES[what][2](over(provider)))  # type: ignore[arg-type]


def test_a_limit_whose_answer_was_lost_is_read_and_told_as_it_is() -> None:
    async def set_limit(provider: Lossy) -> Any:
        return await SubAccountsService(over(provider)).limit("1", 7)

    change = asyncio.run(set_limit(Lossy(LOST[0], done=True)))
    assert (change.before.limit, change.after.limit) == (50, 7)
    for provider in (Lossy(LOST[0], done=False), Lossy(LOST[0], done=True, blind=True)):
        with pytest.raises(NoConnection) as told:
            asyncio.run(set_limit(provider))
        assert told.value is LOST[0]


AT = {"sub-account": "/api/v2/subaccounts", "alert": "/api/v2/tools/alerts"}


async def how_many(desk: Desk) -> dict[str, int]:
    subs, alerts = await desk.provider.sub_accounts(), await desk.provider.alerts()
    return {
        "sub-account": sum(sub.email == NEW.email for sub in subs),
        "alert": sum(alert.email == "ops@example.com" for alert in alerts),
    }


@pytest.mark.parametrize("what", MAKES)
@pytest.mark.parametrize("kind", ["close_after", "truncated"])
def test_one_is_made_where_the_line_is_cut_behind_the_request(tmp_path: Path, what: str, kind: str) -> None:
    async def work(desk: Desk) -> None:
        assert desk.control is not None
        await desk.control.set_faults([{"kind": kind, "match": AT[what], "method": "POST", "times": 0}])
        assert await MAKES[what][2](desk)
        assert (await how_many(desk))[what] == 1

    at_desk(tmp_path, work)


@pytest.mark.parametrize("what", MAKES)
@pytest.mark.parametrize(
    ("kind", "error"),
    [("close_before", NoConnection), ("status", ProviderBroken), ("html", ProviderBroken)],
)
def test_none_is_made_where_the_request_came_to_nothing(
    tmp_path: Path, what: str, kind: str, error: type[TurbodeskError]
) -> None:
    async def work(desk: Desk) -> None:
        assert desk.control is not None
        await desk.control.set_faults([{"kind": kind, "match": AT[what], "method": "POST", "times": 0}])
        with pytest.raises(error):
            await MAKES[what][2](desk)
        assert (await how_many(desk))[what] == 0

    at_desk(tmp_path, work)


# ---- usage alerts


def test_alerts_are_added_changed_removed_and_added_again(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        service = AlertsService(desk)
        before = await service.show()
        made = await service.add("Ops@example.com", 75)
        assert made in await service.show()
        with pytest.raises(InvalidDraft) as twice:
            await service.add("ops@EXAMPLE.com", 75)
        assert set(twice.value.problems) == {"email"}
        change = await service.edit(made.id, percentage=0)
        assert (change.before, change.after) == (made, replace(made, percentage=0))
        back = await service.edit(made.id, email=change.before.email, percentage=change.before.percentage)
        assert back.after == made
        gone = await service.remove(made.id)
        assert gone == made and await service.show() == before
        again = await service.add(gone.email, gone.percentage)
        assert again == replace(made, id=again.id)

    at_desk(tmp_path, work)


@pytest.mark.parametrize(
    ("email", "percentage", "fields"),
    [
        ("nonsense", 80, {"email"}),
        ("", -1, {"email", "percentage"}),
        ("ops@example.com", 101, {"percentage"}),
    ],
)
def test_an_alert_that_makes_no_sense_is_neither_made_nor_set(
    tmp_path: Path, email: str, percentage: int, fields: set[str]
) -> None:
    async def work(desk: Desk) -> None:
        service = AlertsService(desk)
        made = await service.add("ops@example.com", 80)
        before = await service.show()
        with pytest.raises(InvalidDraft) as refused:
            await service.add(email, percentage)
        assert set(refused.value.problems) == fields
        with pytest.raises(InvalidDraft) as refused:
            await service.edit(made.id, email=email, percentage=percentage)
        assert set(refused.value.problems) == fields
        for ask in (service.remove("7"), service.edit("7", percentage=1), service.remove("nonsense")):
            with pytest.raises(InvalidDraft) as refused:
                await ask
            assert refused.value.field == "id"
        assert await service.show() == before

    at_desk(tmp_path, work)


def test_a_viewer_sees_and_changes_nothing(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        from turbodesk.providers.looking import Looking

        viewer = replace(desk, provider=Looking(desk.provider, "Shop"))
        subs, alerts = SubAccountsService(viewer), AlertsService(viewer)
        id = (await subs.show(SHOP)).sub.id
        (alert,) = await alerts.show()
        for change in (
            subs.limit(id, 1),
            subs.suspend(id),
            subs.resume(id),
            subs.create(NEW),
            subs.edit(id, {"city": "Torino"}),
            subs.enter(SHOP),
            alerts.add("ops@example.com", 1),
            alerts.edit(alert.id, percentage=1),
            alerts.remove(alert.id),
        ):
            with pytest.raises(Guarded, match="Shop only looks"):
                await change
        assert await alerts.show() == (alert,)
        assert (await subs.find(SHOP)).limit == 40_000

    at_desk(tmp_path, work)
