"""A provider that only looks: for profiles that are viewers, nothing that changes anything leaves."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from turbodesk.errors import Guarded
from turbodesk.providers.port import Capability, Provider

if TYPE_CHECKING:
    from turbodesk.model.message import Message
    from turbodesk.model.outcome import SendResult
    from turbodesk.providers.port import WireMark

READS = frozenset(
    {
        "why_not",
        "check_message",
        "sign_in",
        "check",
        "sign_out",
        "aclose",
        "reports",
        "count_reports",
        "reports_csv",
        "stats",
        "count_stats",
        "last_stats",
        "stats_csv",
        "tracking_tools",
        "account",
        "plans",
        "sub_accounts",
        "sub_account",
        "sub_account_plan",
        "email_exists",
        "agency",
        "alerts",
        "alert",
        "daily_counts",
        "total_counts",
        "days_at_once",
        "message",
        "suppressions",
        "suppressions_csv",
        "keys",
        "domains",
        "domain",
        "webhooks",
        "look_up",
        "spelled",
        "validation_credits",
        "validation_lists",
        "validation_list",
        "validation_results",
        "validation_result",
        "validation_csv",
    }
)
"""The methods of a provider that change nothing at it. Signing in and out is none of its data, and is let
through. Whatever else a provider has is refused, those that nobody has thought of yet too."""

WRITES = frozenset(
    {
        Capability.SEND,
        Capability.DELETE_REPORTS,
        Capability.FILTERED_DELETE,
        Capability.CHANGE_SUB_ACCOUNTS,
        Capability.NAME_SUB_ACCOUNTS,
        Capability.ENTER_SUB_ACCOUNTS,
    }
)
"""What a viewer is not offered. The others have something to look at as well."""


def only_looks(profile: str) -> Guarded:
    """The refusal of whatever a viewer was asked to change."""
    return Guarded(
        f"The profile {profile} only looks: it sends nothing and changes nothing.",
        hint="Nothing was asked. Switch “Viewer” off in Account, or with "
        f"`profile guard {profile} --no-viewer`.",
    )


class Looking(Provider):
    """Another provider, of which only the questions are left. Everything that writes raises Guarded, and
    asks nothing."""

    def __init__(self, inner: Provider, profile: str) -> None:
        self._inner, self._profile = inner, profile

    @property
    def offers(self) -> frozenset[Capability]:  # type: ignore[override]
        """What the other one offers, without what only writes; it may change with the keys that are known."""
        return self._inner.offers - WRITES

    def why_not(self, capability: Capability) -> str:
        if capability in WRITES & self._inner.offers:
            refusal = only_looks(self._profile)
            return f"{refusal.says} {refusal.hint.removeprefix('Nothing was asked. ')}"
        return self._inner.why_not(capability)

    async def send(self, message: Message, mark: WireMark) -> SendResult:
        raise only_looks(self._profile)


def _telling(name: str) -> property:
    return property(lambda self: getattr(self._inner, name))


def _passing(name: str) -> Callable[..., Any]:
    def passes(self: Looking, *given: Any, **named: Any) -> Any:
        return getattr(self._inner, name)(*given, **named)

    return passes


def _refusing(method: Callable[..., Any]) -> Callable[..., Any]:
    def refuses(self: Looking, *_given: Any, **_named: Any) -> Any:
        raise only_looks(self._profile)

    async def refuses_awaited(self: Looking, *_given: Any, **_named: Any) -> Any:
        raise only_looks(self._profile)

    return refuses_awaited if inspect.iscoroutinefunction(method) else refuses


def _public(names: Iterable[str]) -> list[str]:
    return [name for name in names if not name.startswith("_") and name not in Looking.__dict__]


for _name in _public(Provider.__annotations__):
    setattr(Looking, _name, _telling(_name))
for _name in _public(name for name, _ in inspect.getmembers(Provider, inspect.isfunction)):
    setattr(Looking, _name, _passing(_name) if _name in READS else _refusing(getattr(Provider, _name)))
