"""Tracking tools, shown and switched."""

from __future__ import annotations

from turbodesk.errors import InvalidDraft, Refused
from turbodesk.model.account import TrackingTool
from turbodesk.services.desk import Desk

CLICK_TRACKING = "click-tracking"
OPEN_TRACKING = "open-tracking"


class ToolsService:
    """The tracking switches of one desk's account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self) -> tuple[TrackingTool, ...]:
        """Every switch as the provider has it now, click tracking first."""
        return await self._desk.provider.tracking_tools()

    async def switch(self, id: str, enabled: bool) -> TrackingTool:
        """Switches one and reads it back; what comes back is what the provider has, not what was wished.

        Raises Refused where the provider forces the switch, InvalidDraft for a switch that is not there.
        """
        before = {tool.id: tool for tool in await self.show()}
        if id not in before:
            known = ", ".join(before) or "none"
            says = f"There is no tool {id!r}; this account has: {known}."
            raise InvalidDraft({"tool": says}, "Nothing was changed")
        if before[id].forced and before[id].enabled != enabled:
            raise Refused(
                "The provider has fixed this switch for the account.",
                hint="Ask the provider's support to change it.",
            )
        await self._desk.provider.set_tracking(id, enabled)
        return next(tool for tool in await self.show() if tool.id == id)
