"""Who am I, what is left, what my keys unlock: the account of one desk, each part on its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from turbodesk.errors import TurbodeskError
from turbodesk.model.account import AccountInfo, ApiKey, Domain, Plan, SubAccount, Unlocked
from turbodesk.model.alert import Alert
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk
from turbodesk.together import together

PARTS: Mapping[str, Capability] = {
    "info": Capability.ACCOUNT,
    "plans": Capability.PLANS,
    "sub_accounts": Capability.SUB_ACCOUNTS,
    "keys": Capability.KEYS,
    "domains": Capability.DOMAINS,
    "alerts": Capability.ALERTS,
}
"""The parts of an overview that a provider may or may not offer: member to capability."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the account page shows; parts the provider does not offer are None or empty.

    `unlocked` is what each credential is worth, empty where it was not asked. `failed` holds, by the name
    of the member, what could not be read and why; that member is None or empty then.
    """

    info: AccountInfo | None = None
    plans: tuple[Plan, ...] = ()
    sub_accounts: tuple[SubAccount, ...] = ()
    keys: tuple[ApiKey, ...] = ()
    domains: tuple[Domain, ...] = ()
    alerts: tuple[Alert, ...] = ()
    unlocked: tuple[Unlocked, ...] = ()
    failed: Mapping[str, TurbodeskError] = field(default_factory=dict)


class AccountService:
    """The account of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def test(self) -> tuple[Unlocked, ...]:
        """Tries every credential on its own; what each unlocks comes back in the form's order, that of
        the relay beside the API last.

        A credential that is not taken is an answer; raises NoConnection and the like where the provider
        could not be asked at all.
        """
        desk = self._desk
        found = await together(*(it.check() for it in (desk.provider, desk.relay) if it is not None))
        return tuple(one for each in found for one in each)

    async def show(self, *, test: bool = False) -> Overview:
        """Reads all parts at once, sub-accounts worst first; with `test` what the credentials unlock too.

        A part that fails leaves the others alone and stands in `failed`. Raises what the first part
        raised where nothing at all could be read.
        """
        provider = self._desk.provider
        questions: dict[str, Callable[[], Awaitable[Any]]] = {
            "info": provider.account,
            "plans": provider.plans,
            "sub_accounts": provider.sub_accounts,
            "keys": provider.keys,
            "domains": provider.domains,
            "alerts": provider.alerts,
        }
        asked = {name: ask for name, ask in questions.items() if self._desk.has(PARTS[name])}
        if test:
            asked["unlocked"] = self.test
        answers = dict(zip(asked, await together(*(_told(ask) for ask in asked.values())), strict=True))
        failed = {name: told for name, told in answers.items() if isinstance(told, TurbodeskError)}
        if failed and len(failed) == len(answers):
            raise next(iter(failed.values()))
        read = {name: told for name, told in answers.items() if name not in failed}
        if "sub_accounts" in read:
            read["sub_accounts"] = tuple(sorted(read["sub_accounts"], key=_worst_first))
        return Overview(**read, failed=failed)


async def _told(ask: Callable[[], Awaitable[Any]]) -> Any:
    """What the question brings, or our error as an answer."""
    try:
        return await ask()
    except TurbodeskError as error:
        return error


def _worst_first(sub: SubAccount) -> tuple[bool, float, bool, str]:
    return (sub.share is None, -(sub.share or 0.0), sub.active, sub.email or sub.name)
