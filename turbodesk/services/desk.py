"""Desk, the account now open: its profile, its provider, and what that offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from turbodesk.errors import NotOffered

if TYPE_CHECKING:
    from turbodesk.model.account import Profile
    from turbodesk.providers.port import Capability, Provider
    from turbodesk.providers.sandbox_control import SandboxControl

API, SMTP = "api", "smtp"  # the ways a message may leave by


@dataclass(frozen=True, slots=True)
class Desk:
    """One open account. `control` reaches the inbox of a sandbox behind it, None where there is none.

    `relay` is the SMTP relay that the account has beside its API, None where it has none.
    """

    profile: Profile
    provider: Provider
    control: SandboxControl | None = None
    relay: Provider | None = None

    @property
    def offers(self) -> frozenset[Capability]:
        """What this account's provider can do over its API."""
        return self.provider.offers

    def has(self, capability: Capability) -> bool:
        """Whether the provider can do this; where not, its methods raise NotOffered and ask nothing."""
        return capability in self.provider.offers

    @property
    def only_looks(self) -> str:
        """Why nothing can be sent or changed from this desk, empty where it can."""
        if not self.profile.viewer:
            return ""
        from turbodesk.providers.looking import only_looks

        return only_looks(self.profile.name).says

    def why_not(self, capability: Capability) -> str:
        """Why the provider cannot do this and what to do about it; empty where it can."""
        return self.provider.why_not(capability)

    def sender(self, way: str = API) -> Provider:
        """What sends by `way` (API or SMTP); raises NotOffered where the account has no such way."""
        if way == SMTP and self.profile.provider != "smtp":
            if self.relay is None:
                raise NotOffered(
                    f"The profile {self.profile.name} has no SMTP relay.",
                    hint="Add its host and login in Account, or send over the API.",
                )
            return self.relay
        return self.provider

    async def aclose(self) -> None:
        """Signs out where there is something to sign out of, and lets go of connections."""
        await self.provider.aclose()
        if self.relay is not None:
            await self.relay.aclose()
