"""Desk, the account now open: its profile, its provider, and what that offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turbodesk.model.account import Profile
    from turbodesk.providers.port import Capability, Provider
    from turbodesk.providers.sandbox_control import SandboxControl


@dataclass(frozen=True, slots=True)
class Desk:
    """One open account. `control` reaches the inbox of a sandbox behind it, None where there is none."""

    profile: Profile
    provider: Provider
    control: SandboxControl | None = None

    @property
    def offers(self) -> frozenset[Capability]:
        """What this account's provider can do over its API."""
        return self.provider.offers

    def has(self, capability: Capability) -> bool:
        """Whether the provider can do this; where not, its methods raise NotOffered and ask nothing."""
        return capability in self.provider.offers

    async def aclose(self) -> None:
        """Signs out where there is something to sign out of, and lets go of connections."""
        await self.provider.aclose()
