"""Sign-in, plans, sub-accounts: who am I, and how much is left."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from turbodesk.model.account import AccountInfo, Plan, SubAccount
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the account page shows; parts the provider does not offer are None or empty."""

    info: AccountInfo | None
    plans: tuple[Plan, ...]
    sub_accounts: tuple[SubAccount, ...]


class AccountService:
    """The account of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def test(self) -> AccountInfo | None:
        """Proves the credentials by signing in; who they belong to comes back, where that can be asked.

        Raises SignInRefused where they are not taken.
        """
        provider = self._desk.provider
        await provider.sign_in()
        return await provider.account() if self._desk.has(Capability.ACCOUNT) else None

    async def show(self) -> Overview:
        """Who is signed in, the plans in the provider's order, the sub-accounts worst first."""
        provider, has = self._desk.provider, self._desk.has
        try:
            async with asyncio.TaskGroup() as group:  # one that fails ends the others
                info = group.create_task(provider.account() if has(Capability.ACCOUNT) else _nothing())
                plans = group.create_task(provider.plans() if has(Capability.PLANS) else _empty())
                subs = group.create_task(
                    provider.sub_accounts() if has(Capability.SUB_ACCOUNTS) else _empty()
                )
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return Overview(info.result(), plans.result(), tuple(sorted(subs.result(), key=_worst_first)))


def _worst_first(sub: SubAccount) -> tuple[bool, float, str]:
    return (sub.share is None, -(sub.share or 0.0), sub.email)


async def _nothing() -> None:
    return None


async def _empty() -> tuple[()]:
    return ()
