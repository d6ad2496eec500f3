"""The tracking switches, against the sandbox."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from turbodesk.errors import InvalidDraft, ProviderBroken, Refused
from turbodesk.model.account import TrackingTool
from turbodesk.providers.port import Provider
from turbodesk.services.desk import Desk
from turbodesk.services.tools import CLICK_TRACKING, OPEN_TRACKING, ToolsService
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace


def test_both_switches_are_read_click_tracking_first(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            tools = await ToolsService(await place.desk("sandbox")).show()
            assert [tool.id for tool in tools] == [CLICK_TRACKING, OPEN_TRACKING]
            assert not any(tool.forced for tool in tools)

    asyncio.run(go())


def test_what_is_switched_is_read_back_and_leaves_the_other_alone(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            service = ToolsService(await place.desk("sandbox"))
            before = {tool.id: tool.enabled for tool in await service.show()}
            for wanted in (not before[CLICK_TRACKING], before[CLICK_TRACKING]):
                answered = await service.switch(CLICK_TRACKING, wanted)
                assert (answered.id, answered.enabled) == (CLICK_TRACKING, wanted)
                now = {tool.id: tool.enabled for tool in await service.show()}
                assert now == {**before, CLICK_TRACKING: wanted}

    asyncio.run(go())


def test_an_unknown_switch_names_those_there_are(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            service = ToolsService(await place.desk("sandbox"))
            with pytest.raises(InvalidDraft, match="click-tracking, open-tracking") as caught:
                await service.switch("spy", True)
            assert caught.value.field == "tool"

    asyncio.run(go())


def test_a_failure_at_the_provider_comes_through(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            assert desk.control is not None
            await desk.control.set_faults([{"match": "/api/tools", "kind": "html", "times": 0}])
            with pytest.raises(ProviderBroken):
                await ToolsService(desk).show()

    asyncio.run(go())


class Fixed(Provider):
    """An account whose provider does not let the owner switch."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    async def send(self, message, mark):  # type: ignore[no-untyped-def]
        raise AssertionError("nothing is sent here")

    async def tracking_tools(self) -> tuple[TrackingTool, ...]:
        return (TrackingTool(CLICK_TRACKING, True, True),)

    async def set_tracking(self, id: str, enabled: bool) -> TrackingTool:
        self.asked.append((id, enabled))
        return TrackingTool(id, enabled, True)


def test_a_forced_switch_is_refused_without_asking(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            provider = Fixed()
            service = ToolsService(Desk(place.profile("sandbox"), provider))
            with pytest.raises(Refused, match="fixed this switch"):
                await service.switch(CLICK_TRACKING, False)
            assert provider.asked == []
            assert (await service.switch(CLICK_TRACKING, True)).enabled, "as it is already, it may stay"

    asyncio.run(go())
