"""Who is signed in and how much is left, against the sandbox."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from turbodesk.errors import ProviderBroken, SignInRefused
from turbodesk.model.account import Secret, SubAccount
from turbodesk.providers.port import Capability, Provider
from turbodesk.services.account import AccountService
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
            info = await AccountService(desk).test()
            assert info is not None and info.email == desk.profile.user
            there = replace(desk.profile, name="wrong")
            for profile in (there, replace(there, user="inactive@example.com")):
                wrong = place.desk_with(profile, Secret("not the password"))
                with pytest.raises(SignInRefused):
                    await AccountService(wrong).test()

    asyncio.run(go())


def test_one_failing_question_ends_the_others(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            await desk.provider.sign_in()
            assert desk.control is not None
            await desk.control.set_faults(
                [
                    {"match": "/api/plans", "kind": "html", "times": 0},
                    {"match": "/api/useraccounts", "kind": "delay", "seconds": 20, "times": 0},
                ]
            )
            begun = time.monotonic()
            with pytest.raises(ProviderBroken):
                await AccountService(desk).show()
            assert time.monotonic() - begun < 15
            assert len(asyncio.all_tasks()) == 1, "nothing asks on behind the back"

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
            assert overview.info is None and overview.plans == ()
            assert [sub.id for sub in overview.sub_accounts] == ["1"]

    asyncio.run(go())
