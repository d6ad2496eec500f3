"""Sub-accounts that have nothing but a name: made once, renamed, removed, also where answers are lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from turbodesk.errors import Guarded, InvalidDraft, NoConnection, ProviderBroken, Refused
from turbodesk.model.account import Profile
from turbodesk.model.subaccount import NewSubAccount
from turbodesk.providers.looking import Looking
from turbodesk.services.desk import Desk
from turbodesk.services.subaccounts import SubAccountsService
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

FAIR = NewSubAccount(name=" Spring fair ")
PATH = "/api/v1/account/subaccount"


def at_desk(
    tmp_path: Path, work: Callable[[Desk], Awaitable[Any]], profile: str = "sandbox-sendpost"
) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            await work(await place.desk(profile))

    asyncio.run(go())


async def names(desk: Desk) -> list[str]:
    return [sub.name for sub in await desk.provider.sub_accounts()]


async def fails(desk: Desk, kind: str, method: str, *, also: str = "") -> None:
    assert desk.control is not None
    faults = [{"kind": kind, "match": PATH, "method": it, "times": 0} for it in (method, also) if it]
    await desk.control.set_faults(faults)


def test_one_is_made_once_renamed_and_removed(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        service = SubAccountsService(desk)
        before = await names(desk)
        id = await service.create(FAIR)
        assert await names(desk) == [*before, "Spring fair"]
        change = await service.rename(id, " SPRING fair ")
        assert (change.before.name, change.after.name) == ("Spring fair", "SPRING fair")
        for clash in (service.create(NewSubAccount(name="spring fair")), service.rename(id, before[0])):
            with pytest.raises(InvalidDraft) as refused:
                await clash
            assert set(refused.value.problems) == {"name"}
        for nothing in (service.create(NewSubAccount()), service.rename(id, " ")):
            with pytest.raises(InvalidDraft) as refused:
                await nothing
            assert set(refused.value.problems) == {"name"}
        with pytest.raises(InvalidDraft) as refused:
            await service.edit(id, {"city": "Torino"})
        assert set(refused.value.problems) == {"city"}
        await service.remove(id)
        assert await names(desk) == before
        with pytest.raises(InvalidDraft):
            await service.rename(id, "x")
        with pytest.raises(Refused):
            await service.remove(id)

    at_desk(tmp_path, work)


@pytest.mark.parametrize("kind", ["close_after", "truncated"])
def test_what_was_done_though_the_answer_was_lost_is_seen(tmp_path: Path, kind: str) -> None:
    async def work(desk: Desk) -> None:
        service = SubAccountsService(desk)
        before = await names(desk)
        await fails(desk, kind, "POST")
        id = await service.create(FAIR)
        assert id and await names(desk) == [*before, "Spring fair"]
        await fails(desk, kind, "PUT")
        assert (await service.rename(id, "Autumn fair")).after.name == "Autumn fair"
        await fails(desk, kind, "DELETE")
        await service.remove(id)
        assert await names(desk) == before

    at_desk(tmp_path, work)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(("kind", "error"), [("close_before", NoConnection), ("html", ProviderBroken)])
def test_what_came_to_nothing_is_told(tmp_path: Path, method: str, kind: str, error: type[Exception]) -> None:
    async def work(desk: Desk) -> None:
        service = SubAccountsService(desk)
        before = await names(desk)
        await fails(desk, kind, method)
        asks = {
            "POST": lambda: service.create(FAIR),
            "PUT": lambda: service.rename("118", "x"),
            "DELETE": lambda: service.remove("118"),
        }
        with pytest.raises(error):
            await asks[method]()
        assert await names(desk) == before

    at_desk(tmp_path, work)


def test_where_nobody_can_look_the_hint_says_that_it_may_be_gone(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await fails(desk, "close_after", "DELETE", also="GET")
        with pytest.raises(NoConnection) as told:
            await SubAccountsService(desk).remove("118")
        assert "may have been done nevertheless" in told.value.hint

    at_desk(tmp_path, work)


def test_a_viewer_and_who_has_no_names_are_told_so(tmp_path: Path) -> None:
    async def viewer(desk: Desk) -> None:
        service = SubAccountsService(Desk(Profile("V", "sendpost"), Looking(desk.provider, "V")))
        before = await names(desk)
        for ask in (service.create(FAIR), service.rename("118", "x"), service.remove("118")):
            with pytest.raises(Guarded):
                await ask
        assert await names(desk) == before

    async def nameless(desk: Desk) -> None:
        service = SubAccountsService(desk)
        id = (await desk.provider.sub_accounts())[0].id
        for ask in (service.create(FAIR), service.rename(id, "x")):
            with pytest.raises(InvalidDraft) as refused:
                await ask
            assert set(refused.value.problems) == {"name"}

    at_desk(tmp_path / "sendpost", viewer)
    at_desk(tmp_path / "v2", nameless, "sandbox-v2")
