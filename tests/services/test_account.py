"""Who is signed in and how much is left, against the sandbox."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from turbodesk.errors import ProviderBroken, ProviderError
from turbodesk.model.account import SANDBOXES, Credential, Secret, SubAccount
from turbodesk.providers.port import Capability, Provider
from turbodesk.services.account import PARTS, AccountService
from turbodesk.services.desk import Desk
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace


def test_the_overview_holds_account_plans_and_sub_accounts(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            overview = await AccountService(desk).show()
            assert overview.info is not None
            assert overview.info.email == desk.profile.user and overview.info.active
            assert overview.info.ip.count(".") == 3
            assert overview.plans == await desk.provider.plans()
            assert {sub.id for sub in overview.sub_accounts} == {
                sub.id for sub in await desk.provider.sub_accounts()
            }

    asyncio.run(go())


def test_sub_accounts_come_worst_first_and_those_without_a_limit_last(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            subs = (await AccountService(await place.desk("sandbox")).show()).sub_accounts
            limited = [sub.share for sub in subs if sub.share is not None]
            assert limited == sorted(limited, reverse=True)
            assert [sub.share is None for sub in subs] == sorted(sub.share is None for sub in subs)

    asyncio.run(go())


def test_the_test_proves_the_password(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            found = await AccountService(desk).test()
            assert [one.taken for one in found] == [True, True], "the API, and the relay beside it"
            there = replace(desk.profile, name="wrong", smtp_host="")
            for profile in (there, replace(there, user="inactive@example.com")):
                wrong = place.desk_with(profile, {Credential.PASSWORD: Secret("not the password")})
                assert [one.taken for one in await AccountService(wrong).test()] == [False]

    asyncio.run(go())


@pytest.mark.parametrize("name", SANDBOXES)
def test_every_credential_of_every_sandbox_is_taken(tmp_path: Path, name: str) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk(name)
            found = await AccountService(desk).test()
            assert found and not any(one.taken is False for one in found)
            assert any(Capability.SEND.value in one.unlocks for one in found)

    asyncio.run(go())


@pytest.mark.parametrize("name", [name for name in SANDBOXES if name != "sandbox-smtp"])
def test_what_an_account_offers_is_read(tmp_path: Path, name: str) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk(name)
            overview = await AccountService(desk).show(test=True)
            assert overview.failed == {} and overview.unlocked
            for part, capability in PARTS.items():
                assert bool(getattr(overview, part)) == desk.has(capability), part

    asyncio.run(go())


def test_a_part_that_fails_leaves_the_others_alone(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            assert desk.control is not None
            await desk.control.set_faults([{"match": "/api/plans", "kind": "html", "times": 0}])
            overview = await AccountService(desk).show()
            assert list(overview.failed) == ["plans"] and overview.plans == ()
            assert isinstance(overview.failed["plans"], ProviderBroken)
            assert overview.info is not None and overview.sub_accounts

    asyncio.run(go())


def test_where_nothing_can_be_read_the_reason_is_raised(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            assert desk.control is not None
            await desk.control.set_faults([{"match": "/api/", "kind": "status", "status": 400, "times": 0}])
            with pytest.raises(ProviderError):
                await AccountService(desk).show(test=True)
            assert len(asyncio.all_tasks()) == 1, "nothing asks on behind the back"

    asyncio.run(go())


def test_a_test_of_the_credentials_is_over_when_it_comes_back(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            assert desk.relay is not None, "it signs in there too, and says goodbye"
            assert all(it.taken for it in await AccountService(desk).test())
            assert len(asyncio.all_tasks()) == 1

    asyncio.run(go())


class Bare(Provider):
    """A provider that tells of sub-accounts and of nothing else."""

    offers = frozenset({Capability.SEND, Capability.SUB_ACCOUNTS})

    async def send(self, message, mark):  # type: ignore[no-untyped-def]
        raise AssertionError("nothing is sent here")

    async def sub_accounts(self) -> tuple[SubAccount, ...]:
        return (SubAccount("1", "one@example.com", True, "", 5, None, None),)


def test_what_is_not_offered_is_not_asked_for(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}) as place:
            overview = await AccountService(Desk(place.profile("sandbox"), Bare())).show()
            assert overview.info is None and overview.plans == () and overview.failed == {}
            assert [sub.id for sub in overview.sub_accounts] == ["1"]

    asyncio.run(go())
