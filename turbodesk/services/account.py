"""Sign-in, plans, sub-accounts: who am I, and how much is left."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from turbodesk.model.account import AccountInfo, Plan, SubAccount
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk
from turbodesk.together import together


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
        asked: list[Coroutine[Any, Any, Any]] = [
            provider.account() if has(Capability.ACCOUNT) else _nothing(None),
            provider.plans() if has(Capability.PLANS) else _nothing(()),
            provider.sub_accounts() if has(Capability.SUB_ACCOUNTS) else _nothing(()),
        ]
        info, plans, subs = await together(*asked)
        return Overview(info, plans, tuple(sorted(subs, key=_worst_first)))


def _worst_first(sub: SubAccount) -> tuple[bool, float, str]:
    return (sub.share is None, -(sub.share or 0.0), sub.email)


async def _nothing(nothing: Any) -> Any:
    return nothing
