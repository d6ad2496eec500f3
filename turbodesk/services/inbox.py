"""What the sandbox caught, and what should become of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbodesk.errors import NotOffered

if TYPE_CHECKING:
    from turbodesk.model.inbox import CaughtMail, CaughtMessage, CaughtRecipient
    from turbodesk.providers.sandbox_control import SandboxControl
    from turbodesk.services.desk import Desk

EVENTS = ("bounce", "softbounce", "open", "click", "complain", "unsubscribe")


class InboxService:
    """The inbox of the sandbox behind one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def available(self) -> bool:
        """Whether there is a sandbox behind this desk."""
        return self._desk.control is not None

    async def messages(self, limit: int = 200) -> list[CaughtMail]:
        """What was caught, newest first, one per send."""
        return await self._control().messages(limit)

    async def message(self, id: str) -> CaughtMessage:
        """One of them, whole; raises Refused where there is none of that id."""
        return await self._control().message(id)

    async def make(self, id: str, recipient: str, event: str) -> CaughtRecipient:
        """Lets something happen to a mail: one of EVENTS; the recipient as it stands then comes back."""
        return await self._control().make(id, recipient, event)

    def _control(self) -> SandboxControl:
        if self._desk.control is None:
            raise NotOffered(
                f"The profile {self._desk.profile.name} sends to the real service; nothing is caught.",
                hint="Open the sandbox profile, or name the sandbox's address with --inbox-url.",
            )
        return self._desk.control
