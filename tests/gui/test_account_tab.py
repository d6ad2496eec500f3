"""The account: plans, sub-accounts worst first, who is signed in, and the profiles."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from turbodesk.gui.account_cards import may_list, plan_card, plan_share
from turbodesk.gui.account_tab import AccountTab
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.meter import Meter
from turbodesk.gui.sub_accounts import SubAccounts
from turbodesk.model.account import SANDBOX, Plan, Profile, SubAccount
from turbodesk.providers.port import Capability
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

SHOP = Profile("Shop", "turbosmtp-v1", user="shop@example.com")
BOX = Profile(SANDBOX, "turbosmtp-v1", colour="teal")


class World:
    """The profiles of a window, kept in memory."""

    def __init__(self) -> None:
        self.all = [SHOP, BOX]
        self.added: str | None = None

    def profiles(self) -> list[Profile]:
        return list(self.all)

    def current(self) -> Profile | None:
        return BOX

    def service(self, profile: Profile) -> str:
        return "this computer" if profile.is_sandbox else "turboSMTP"

    def secret_kept(self, name: str) -> str:
        return "needs no password" if name == SANDBOX else "password in the system key store"

    async def add_profile(self, window) -> str | None:
        return self.added

    async def remove_profile(self, name: str) -> None:
        self.all = [profile for profile in self.all if profile.name != name]


def texts(widget) -> list[str]:
    return [label.text() for label in widget.findChildren(Label) if label.isVisibleTo(widget)]


@pytest.fixture
def opened(tmp_path, notices, window_of):
    """`async with opened() as (tab, world, desk)`: the tab is turned to and read."""

    @asynccontextmanager
    async def make(width: int = 1280, turned: bool = True) -> AsyncIterator[tuple[AccountTab, World, object]]:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk(SANDBOX)
            world = World()
            tab = AccountTab(notices, world)
            window_of(tab, width, 720)
            tab.set_desk(desk)
            if turned:
                tab.turned_to()
                await tab.work.settled()
            yield tab, world, desk
            tab.set_desk(None)
            await tab.work.settled()

    return make


def test_plans_and_sub_accounts_are_those_of_the_provider(run, opened, grab):
    async def go():
        async with opened() as (tab, _world, desk):
            assert tab.pages.key == "account"
            plans = await desk.provider.plans()
            assert [meter.share for meter in tab.findChildren(Meter) if meter.isVisible()][: len(plans)] == [
                plan_share(plan) for plan in plans
            ]
            shares = [sub.share for sub in tab.subs.table.rows if sub.share is not None]
            assert shares and shares == sorted(shares, reverse=True), "worst first"
            assert {sub.id for sub in tab.subs.table.rows} == {
                sub.id for sub in await desk.provider.sub_accounts()
            }
            assert (await desk.provider.account()).email in texts(tab)
            grab(tab, "account")

    run(go())


def test_every_profile_has_its_row_and_the_open_one_is_marked(run, opened):
    async def go():
        async with opened() as (tab, _world, _desk):
            rows = tab.profiles.rows
            assert list(rows) == ["Shop", SANDBOX]
            assert [row.isChecked() for row in rows.values()] == [False, True]
            assert "password in the system key store" in texts(rows["Shop"])
            assert not hasattr(rows[SANDBOX], "remove_button"), "the sandbox always exists"

    run(go())


def test_pressing_a_profile_asks_the_window_to_change_over(run, opened):
    async def go():
        async with opened() as (tab, _world, _desk):
            wanted = []
            tab.profile_wanted.connect(wanted.append)
            QTest.mouseClick(tab.profiles.rows[SANDBOX], Qt.MouseButton.LeftButton, pos=QPoint(40, 20))
            assert wanted == [], "it is open already"
            QTest.mouseClick(tab.profiles.rows["Shop"], Qt.MouseButton.LeftButton, pos=QPoint(40, 20))
            assert wanted == ["Shop"]
            assert not tab.profiles.rows["Shop"].isChecked(), "it is not open before it is open"

    run(go())


def test_an_added_profile_is_shown_and_opened(run, opened):
    async def go():
        async with opened() as (tab, world, _desk):
            wanted = []
            tab.profile_wanted.connect(wanted.append)
            tab.add_button.click()
            await tab.work.settled()
            assert wanted == [], "whoever backs out stays where they are"
            world.all.insert(1, Profile("News", "turbosmtp-v1"))
            world.added = "News"
            tab.add_button.click()
            await tab.work.settled()
            assert list(tab.profiles.rows) == ["Shop", "News", SANDBOX]
            assert wanted == ["News"]

    run(go())


def test_removing_asks_first(run, opened, until):
    async def go():
        async with opened() as (tab, world, _desk):
            for answer, left in (("Back", 2), ("Remove profile", 1)):
                tab.profiles.rows["Shop"].remove_button.click()
                await until(lambda: tab.findChild(Dialog) is not None)
                dialog = tab.findChild(Dialog)
                assert dialog.windowTitle() == "Remove the profile “Shop”?"
                next(button for button in dialog.findChildren(Button) if button.text() == answer).click()
                await tab.work.settled()
                await until(lambda: tab.findChild(Dialog) is None)
                assert len(world.all) == len(tab.profiles.rows) == left

    run(go())


def test_signing_out_says_so_and_the_next_question_signs_in(run, opened):
    async def go():
        async with opened() as (tab, _world, _desk):
            next(button for button in tab.findChildren(Button) if button.text() == "Sign out").click()
            await tab.work.settled()
            assert tab.pages.key == "empty" and tab.empty.title == "Signed out"
            tab.empty.findChild(Button).click()
            await tab.work.settled()
            assert tab.pages.key == "account"

    run(go())


def test_what_cannot_be_read_offers_to_try_again(run, opened):
    async def go():
        async with opened(turned=False) as (tab, _world, desk):
            fault = {"match": "/api/plans", "method": "", "kind": "status", "status": 500, "times": 0}
            await desk.control.set_faults([fault])
            tab.turned_to()
            assert tab.pages.key == "loading"
            await tab.work.settled()
            assert tab.pages.key == "empty"
            await desk.control.set_faults([])
            tab.empty.findChild(Button).click()
            await tab.work.settled()
            assert tab.pages.key == "account"

    run(go(), 30)


def test_what_was_read_stays_when_reading_again_fails(run, opened, notices):
    async def go():
        async with opened() as (tab, _world, desk):
            await desk.control.set_faults(
                [{"match": "/api", "method": "", "kind": "status", "status": 500, "times": 0}]
            )
            tab.refresh_button.click()
            await tab.work.settled()
            assert tab.pages.key == "account"
            assert notices.latest is not None

    run(go(), 30)


def test_where_it_is_narrow_the_profiles_stand_below(run, opened, settle):
    async def go():
        async with opened() as (tab, _world, _desk):
            beside = tab.profiles.mapTo(tab, QPoint(0, 0))
            assert beside.x() > tab.subs.mapTo(tab, QPoint(0, 0)).x() + tab.subs.width()
            tab.resize(640, 720)
            settle()
            assert tab.profiles.isVisibleTo(tab)
            below = tab.profiles.mapTo(tab, QPoint(0, 0))
            assert below.y() > tab.subs.mapTo(tab, QPoint(0, 0)).y()
            tab.resize(1280, 720)
            settle()
            assert tab.profiles.mapTo(tab, QPoint(0, 0)) == beside

    run(go())


@pytest.mark.parametrize(
    ("used", "limit", "expired", "words"),
    [
        (10, 100, False, "90 left"),
        (80, 100, False, "20 left"),
        (96, 100, False, "Only 4 left"),
        (100, 100, False, "Used up"),
        (5, None, False, "No limit"),
        (5, 100, True, "Expired: nothing more can be sent on it"),
    ],
)
def test_a_plan_says_how_it_stands(qapp, used, limit, expired, words):
    plan = Plan("1", limit, used, "Monthly", datetime(2026, 12, 1, tzinfo=UTC), None, expired, True)
    card = plan_card(plan, SHOP, "turboSMTP")
    assert words in texts(card)
    assert card.findChild(Meter).share == plan_share(plan)


def test_what_is_not_offered_is_said(qapp):
    said = texts(may_list(frozenset({Capability.SEND})))
    assert "Send over the API" in said
    assert "Switch tracking: not over this API" in said


def test_sub_accounts_tell_who_is_near_the_limit(qapp):
    def sub(id: str, sent: int, limit: int | None, active: bool = True) -> SubAccount:
        return SubAccount(id, f"{id}@example.com", active, "192.0.2.1", sent, limit, 5)

    card = SubAccounts()
    subs = [sub("full", 100, 100), sub("near", 95, 100), sub("fine", 10, 100), sub("off", 0, 10, False),
            sub("free", 7, None)]  # fmt: skip
    card.show_rows(subs)
    state = card.table.records.columns[-1]
    assert [state.words(row) for row in subs] == ["Limit reached", "Limit near", "", "Suspended", ""]
    card.show_rows([])
    assert "There are no accounts below this one." in texts(card)
