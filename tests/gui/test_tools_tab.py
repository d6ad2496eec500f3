"""The switches: they ask, wait, and show what the provider answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.label import Label
from turbodesk.gui.tool_card import Change, ToolCard
from turbodesk.gui.tools_tab import ToolsTab
from turbodesk.gui.tools_words import TOOLS
from turbodesk.model.account import TrackingTool
from turbodesk.model.message import Address, Message
from turbodesk.services.desk import Desk
from turbodesk.services.tools import CLICK_TRACKING, OPEN_TRACKING
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace


class Opened:
    """The tab over a sandbox, and the world behind it."""

    def __init__(self, place, desk, tab) -> None:
        self.place, self.desk, self.tab = place, desk, tab
        self.card: ToolCard = tab.cards.get(CLICK_TRACKING)

    async def settle(self) -> None:
        await self.tab.work.settled()

    async def ask(self) -> None:
        self.card.switch.click()
        await self.settle()

    async def at_the_provider(self, id: str = CLICK_TRACKING) -> bool:
        return next(tool.enabled for tool in await self.desk.provider.tracking_tools() if tool.id == id)

    def words(self) -> str:
        return "\n".join(label.text() for label in self.card.findChildren(Label) if label.isVisible())

    async def fault(
        self, method: str, kind: str = "status", times: int = 0, match: str = "/api/tools"
    ) -> None:
        fault = {"match": match, "method": method, "kind": kind, "status": 500, "times": times}
        await self.desk.control.set_faults([fault])


@pytest.fixture
def opened(tmp_path, notices, window_of):
    """`async with opened() as it`: the tab is turned to and read."""

    @asynccontextmanager
    async def make(width: int = 1280, turned: bool = True) -> AsyncIterator[Opened]:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")

            async def choose(opens: bool, clicks: bool) -> Desk:
                return replace(desk, profile=replace(desk.profile, track_opens=opens, track_clicks=clicks))

            tab = ToolsTab(notices, lambda: place.outbox(desk), choose)
            window_of(tab, width, 720)
            tab.set_desk(desk)
            if turned:
                tab.turned_to()
                await tab.work.settled()
            yield Opened(place, desk, tab)
            tab.set_desk(None)
            await tab.work.settled()

    return make


def test_both_switches_show_what_the_provider_has(run, opened, grab):
    async def go():
        async with opened() as it:
            assert list(it.tab.cards) == [CLICK_TRACKING, OPEN_TRACKING]
            for id, card in it.tab.cards.items():
                assert card.switch.state is await it.at_the_provider(id)
                assert card.wanted is None
            grab(it.tab, "tools")

    run(go())


def test_a_switch_asks_before_anything_is_done(run, opened):
    async def go():
        async with opened() as it:
            await it.ask()
            assert it.card.wanted is False
            assert it.card.switch.state is True, "it never flips by itself"
            assert await it.at_the_provider() is True
            words = it.words()
            assert "Switching it off changes this" in words
            assert "New mail only." in words and "No mail is waiting" in words
            it.card.keep_button.click()
            assert it.card.wanted is None
            assert await it.at_the_provider() is True

    run(go())


def test_escape_keeps_it_as_it_is(run, opened):
    async def go():
        async with opened() as it:
            await it.ask()
            QTest.keyClick(it.card.keep_button, Qt.Key.Key_Escape)
            assert it.card.wanted is None and it.card.switch.state is True

    run(go())


def test_mail_that_waits_is_counted_where_it_is_asked(run, opened):
    async def go():
        async with opened() as it:
            outbox = await it.place.outbox(it.desk)
            held = Message(Address("a@example.com"), (Address("ratelimit@example.com"),), "Held", text="x")
            await outbox.send(held)
            await it.ask()
            assert "1 mail is waiting and will go out without tracking." in it.words()

    run(go())


def test_switching_shows_the_clock_and_then_the_answer(run, opened):
    async def go():
        async with opened() as it:
            for wanted in (False, True):
                await it.ask()
                assert it.card.wanted is wanted
                it.card.act_button.click()
                assert it.card.switch.pending and it.card.switch.state is not wanted
                await it.settle()
                assert it.card.switch.state is wanted and not it.card.switch.pending
                assert await it.at_the_provider() is wanted
                assert it.card.wanted is None

    run(go())


def test_a_refused_switch_stays_and_says_why(run, opened, notices):
    async def go():
        async with opened() as it:
            await it.ask()
            await it.fault("PUT")
            it.card.act_button.click()
            await it.settle()
            assert it.card.switch.state is True and not it.card.switch.pending
            assert notices.latest is not None and notices.latest.tone == "error"
            await it.desk.control.set_faults([])
            assert await it.at_the_provider() is True

    run(go(), 30)


def test_an_answer_that_differs_is_told(run, opened, notices):
    async def go():
        async with opened() as it:
            it.tab._tell("Click tracking", TrackingTool(CLICK_TRACKING, True, False), wanted=False)
            assert notices.latest.what == "Click tracking is still on for Sandbox."

    run(go())


def test_what_cannot_be_read_is_no_empty_page(run, opened):
    async def go():
        async with opened(turned=False) as it:
            await it.fault("", match="/api")
            it.tab.turned_to()
            await it.settle()
            assert it.tab.pages.key == "empty"
            assert it.tab.empty.title
            await it.desk.control.set_faults([])
            it.tab.empty.findChild(Button).click()
            await it.settle()
            assert it.tab.pages.key == "tools"

    run(go(), 30)


def test_cancelled_reading_can_be_begun_again(run, opened):
    async def go():
        async with opened(turned=False) as it:
            await it.fault("", "delay", match="/api")
            await it.desk.control.set_faults(
                [{"match": "/api", "method": "", "kind": "delay", "seconds": 30, "times": 0}]
            )
            it.tab.turned_to()
            assert it.tab.pages.key == "loading"
            it.tab.loading.cancel_button.click()
            await it.settle()
            assert it.tab.pages.key == "empty" and it.tab.empty.title == "Not read"

    run(go(), 30)


def test_the_explanation_leaves_where_it_is_narrow(run, opened):
    async def go():
        async with opened(width=900) as it:
            assert not it.tab._side.isVisible()
            it.tab.resize(1280, 720)
            assert it.tab._side.isVisible()

    run(go())


def test_a_forced_switch_can_only_be_read(qapp, window_of):
    card = ToolCard(TOOLS[CLICK_TRACKING])
    window_of(card, 800, 300)
    card.show_state(True, True, "turboSMTP")
    assert not card.switch.isEnabled()
    texts = [label.text() for label in card.findChildren(Label)]
    assert any("turboSMTP has fixed this switch" in text for text in texts)


def test_changes_stand_in_one_column_where_it_is_narrow(qapp, window_of, settle):
    card = ToolCard(TOOLS[OPEN_TRACKING])
    window_of(card, 480, 400)
    card.ask(False, [Change("mail", "muted", "One.", "a"), Change("mail", "muted", "Two.", "b")], "Shop")
    settle()
    lines = card._changes
    assert lines[0].x() == lines[1].x() and lines[0].y() < lines[1].y()
    card.resize(900, 400)
    settle()
    assert lines[0].y() == lines[1].y()


def test_a_viewer_sees_the_switches_and_turns_none(run, opened):
    async def go():
        async with opened() as it:
            it.tab.set_desk(replace(it.desk, profile=replace(it.desk.profile, viewer=True)))
            it.tab.turned_to()
            await it.settle()
            it.card = it.tab.cards[CLICK_TRACKING]
            assert it.card.enabled is await it.at_the_provider()
            assert not it.card.switch.isEnabled() and "only looks" in it.words()

    run(go())
