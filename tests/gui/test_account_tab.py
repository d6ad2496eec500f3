"""The account: plans, sub-accounts worst first, who is signed in, and the profiles."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from turbodesk.gui.account_cards import (
    FailedCard,
    NotOfferedCard,
    RelayCard,
    may_list,
    plan_card,
    plan_share,
)
from turbodesk.gui.account_tab import AccountTab
from turbodesk.gui.keys_dialog import KeyDialog
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.label import Label, Link
from turbodesk.gui.parts.meter import Meter
from turbodesk.gui.sub_accounts import SubAccounts
from turbodesk.model.account import SANDBOX, SANDBOXES, Plan, Profile, SubAccount
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

SHOP = Profile("Shop", "turbosmtp-v1", user="shop@example.com")
BOX = Profile(SANDBOX, "turbosmtp-v1", colour="teal")


class World:
    """The profiles of a window, kept in memory."""

    def __init__(self, open_one: Profile = BOX) -> None:
        self.all = [SHOP, BOX]
        self.open_one = open_one
        self.added: str | None = None
        self.changed: list[str] = []
        self.key = ""

    def profiles(self) -> list[Profile]:
        return list(self.all)

    def current(self) -> Profile | None:
        return self.open_one

    def service(self, profile: Profile) -> str:
        return "this computer" if profile.is_sandbox else "turboSMTP"

    def secret_kept(self, name: str) -> str:
        return "needs no key" if name in SANDBOXES else "password in the system key store"

    async def add_profile(self, window) -> str | None:
        return self.added

    async def change_profile(self, window, name: str) -> str | None:
        self.changed.append(name)
        return name

    async def key_in_use(self, profile: Profile) -> str:
        return self.key

    async def remove_profile(self, name: str) -> None:
        self.all = [profile for profile in self.all if profile.name != name]


def texts(widget) -> list[str]:
    return [label.text() for label in widget.findChildren(Label) if label.isVisibleTo(widget)]


@pytest.fixture
def opened(tmp_path, notices, window_of):
    """`async with opened() as (tab, world, desk)`: the tab is turned to and read."""

    @asynccontextmanager
    async def make(
        width: int = 1280, turned: bool = True, name: str = SANDBOX
    ) -> AsyncIterator[tuple[AccountTab, World, Desk]]:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk(name)
            world = World(desk.profile)
            if name == "sandbox-v2":
                world.key = place.endpoints.turbosmtp_v2.consumer_key
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
            assert not hasattr(rows[SANDBOX], "change_button"), "and needs no key"

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
            fault = {"match": "/api", "method": "", "kind": "status", "status": 400, "times": 0}
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


def test_a_part_that_cannot_be_read_says_so_in_its_place(run, opened, grab):
    async def go():
        async with opened(turned=False) as (tab, _world, desk):
            fault = {"match": "/api/useraccounts", "method": "", "kind": "status", "status": 400, "times": 0}
            await desk.control.set_faults([fault])
            tab.turned_to()
            await tab.work.settled()
            assert tab.pages.key == "account" and not tab.subs.isVisible()
            failed = tab.findChild(FailedCard)
            assert texts(failed)[0] == "Sub-accounts" and len(texts(failed)[1]) > 10
            assert (await desk.provider.account()).email in texts(tab)
            grab(tab, "account-part-failed")
            await desk.control.set_faults([])
            failed.findChild(Link).click()
            await tab.work.settled()
            assert tab.subs.isVisible() and tab.subs.table.rows

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


def test_where_it_is_narrow_the_profiles_stand_below(run, opened, until):
    async def go():
        async with opened() as (tab, _world, _desk):

            def place(part) -> QPoint:
                return part.mapTo(tab, QPoint(0, 0))

            beside = place(tab.profiles)
            assert beside.x() > place(tab.subs).x() + tab.subs.width()
            tab.resize(640, 720)
            await until(lambda: place(tab.profiles).y() > place(tab.subs).y())
            assert tab.profiles.isVisibleTo(tab)
            tab.resize(1280, 720)
            await until(lambda: place(tab.profiles) == beside)

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


def test_sub_accounts_show_only_what_the_provider_tells(qapp):
    card = SubAccounts()
    card.show_rows(
        [SubAccount("118", "", False, name="Newsletter"), SubAccount("117", "", True, name="Default")]
    )
    assert [column.title for column in card.table.records.columns] == ["Name", "Id", ""]
    state = card.table.records.columns[-1]
    assert [state.words(row) for row in card.table.rows] == ["Blocked", ""]
    card.show_rows([SubAccount("1", "one@example.com", True, "192.0.2.1", 5, 10)])
    titles = [column.title for column in card.table.records.columns]
    assert "Reputation" not in titles and {"E-mail", "Used", "Share", "Sent", "Limit", "IP"} <= set(titles)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", SANDBOXES)
def test_what_is_offered_has_its_card_and_what_is_not_its_reason(
    run, opened, grab, themer, name, theme, notices
):
    async def go():
        themer.pin(theme)
        async with opened(name=name) as (tab, _world, desk):
            assert notices.latest is None and tab.findChild(FailedCard) is None
            shown = {"sub_accounts": tab.subs, "keys": tab.keys, "domains": tab.domains}
            for part, card in shown.items():
                assert card.isVisible() == desk.has(Capability(part.replace("_", "-"))), part
            for opens in (tab.validation, tab.webhooks):
                assert opens.isVisible() == desk.has(opens.capability)
            missing = tab.findChild(NotOfferedCard)
            told = (Capability.ACCOUNT, Capability.PLANS, Capability.KEYS, Capability.DOMAINS)
            for capability in (*told, Capability.VALIDATION, Capability.WEBHOOKS):
                if not desk.has(capability):
                    assert desk.why_not(capability) in texts(missing)
            assert tab.findChild(RelayCard) is not None, "every sandbox has its relay"
            grab(tab, f"account-{name}-{theme}")
            tab.resize(900, 520)
            grab(tab, f"account-{name}-900-{theme}")

    run(go(), 30)


@pytest.mark.parametrize("name", SANDBOXES)
def test_the_keys_can_be_tried(run, opened, name):
    async def go():
        async with opened(name=name) as (tab, _world, _desk):
            QTest.mouseClick(tab.test_button, Qt.MouseButton.LeftButton)
            await tab.work.settled()
            assert tab.unlocked.isVisible() and not any(it.taken is False for it in tab.unlocked.shown)
            tab.findChild(RelayCard).test_button.click()
            await tab.work.settled()
            assert tab.unlocked.shown

    run(go(), 30)


def test_a_relay_says_that_it_can_only_send(run, opened):
    async def go():
        async with opened(name="sandbox-smtp") as (tab, _world, desk):
            said = texts(tab.findChild(RelayCard))
            assert "it can only send" in said and str(desk.profile.smtp_port) in said
            assert desk.profile.smtp_host in said and "STARTTLS" in said
            assert not tab.refresh_button.isEnabled()

    run(go(), 30)


def dialog_of(tab: AccountTab, kind: type[Dialog] = Dialog) -> Dialog | None:
    """The dialog over the tab, None where there is none."""
    return next((it for it in tab.findChildren(kind) if it.isVisible()), None)


def press(dialog: Dialog, text: str) -> None:
    """Presses the button of those words."""
    next(button for button in dialog.findChildren(Button) if button.text() == text).click()


def test_a_key_pair_is_made_and_its_secret_shown_once(run, opened, until, grab):
    async def go():
        async with opened(name="sandbox-v2") as (tab, _world, desk):
            before = [key.key for key in await desk.provider.keys()]
            assert [row.key.key for row in tab.keys.rows] == before
            tab.keys.create_button.click()
            await until(lambda: dialog_of(tab, KeyDialog))
            dialog = dialog_of(tab, KeyDialog)
            dialog.label.setText("Build machine")
            dialog.boxes["SEND_SMTP"].click()
            dialog.ips.setText("192.0.2.1, 192.0.2.2")
            grab(dialog, "new-key")
            press(dialog, "Create key pair")
            await dialog.work.settled()
            key, secret = dialog.key.text(), dialog.secret.text()
            assert dialog.secret.isVisible() and len(secret) >= 16 and key not in before
            grab(dialog, "new-key-made")
            dialog.copy_buttons[1].click()
            assert QGuiApplication.clipboard().text() == secret
            left = []
            dialog.finished.connect(lambda _result: left.append(dialog.secret.text() + dialog.key.text()))
            press(dialog, "Done")
            await tab.work.settled()
            assert left == [""]
            row = next(row for row in tab.keys.rows if row.key.key == key)
            assert row.key.label == "Build machine" and row.key.permissions == ("SEND_API", "APIS")
            assert row.key.ips == ("192.0.2.1", "192.0.2.2")
            assert not any(secret in text or key in text for text in texts(tab)), "only its end is shown"

    run(go(), 30)


def test_what_the_provider_refuses_of_a_new_key_is_said_in_the_dialog(run, opened, until):
    async def go():
        async with opened(name="sandbox-v2") as (tab, _world, desk):
            before = await desk.provider.keys()
            tab.keys.create_button.click()
            await until(lambda: dialog_of(tab, KeyDialog))
            dialog = dialog_of(tab, KeyDialog)
            dialog.label.setText("")
            press(dialog, "Create key pair")
            assert dialog.label.message.sentence
            dialog.label.setText("Build machine")
            for box in dialog.boxes.values():
                box.setChecked(False)
            press(dialog, "Create key pair")
            assert "at least one" in dialog.message.sentence
            dialog.boxes["APIS"].click()
            dialog.ips.setText("no address")
            press(dialog, "Create key pair")
            await dialog.work.settled()
            assert dialog.message.sentence and not dialog.made
            press(dialog, "Back")
            await tab.work.settled()
            assert await desk.provider.keys() == before

    run(go(), 30)


def test_a_key_pair_is_revoked_only_when_it_is_meant(run, opened, until):
    async def go():
        async with opened(name="sandbox-v2") as (tab, _world, desk):
            await desk.provider.create_key("Old plugin", permissions=("SEND_API",))
            tab.refresh_button.click()
            await tab.work.settled()
            for answer, left in (("Back", 1), ("Revoke", 0)):
                row = next(row for row in tab.keys.rows if row.key.label == "Old plugin")
                row.revoke_link.click()
                await until(lambda: dialog_of(tab))
                dialog = dialog_of(tab)
                assert dialog.windowTitle() == "Revoke the key pair “Old plugin”?"
                assert not any("works with it, and" in text for text in texts(dialog))
                press(dialog, answer)
                await tab.work.settled()
                labels = [key.label for key in await desk.provider.keys()]
                assert labels.count("Old plugin") == left
                assert [row.key.label for row in tab.keys.rows] == labels

    run(go(), 30)


def test_revoking_the_key_in_use_is_warned_of(run, opened, until):
    async def go():
        async with opened(name="sandbox-v2") as (tab, world, desk):
            row = next(row for row in tab.keys.rows if row.key.key == world.key)
            assert any("in use here" in text for text in texts(row))
            row.revoke_link.click()
            await until(lambda: dialog_of(tab))
            said = texts(dialog_of(tab))
            assert any("can neither send nor read" in text for text in said)
            press(dialog_of(tab), "Back")
            await tab.work.settled()
            assert world.key in [key.key for key in await desk.provider.keys()]

    run(go(), 30)


def test_the_records_of_a_domain_can_be_copied(run, opened):
    async def go():
        async with opened(name="sandbox-sendpost") as (tab, _world, desk):
            domains = await desk.provider.domains()
            rows = tab.domains.rows
            assert [row.domain for row in rows] == list(domains) and domains
            row = next(row for row in rows if row.domain.verified and row.domain.records)
            record = row.domain.records[0]
            assert record.value not in texts(row), "what is fine is folded away"
            row.link.click()
            assert record.value in texts(row) and record.host in texts(row)
            wanted = f"Copy value of the {record.purpose} record"
            button = next(it for it in row.findChildren(Button) if it.accessibleName() == wanted)
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
            assert QGuiApplication.clipboard().text() == record.value

    run(go(), 30)


def test_changing_a_profile_asks_for_it_and_opens_it_anew_where_it_is_open(run, opened):
    async def go():
        async with opened() as (tab, world, _desk):
            wanted = []
            tab.profile_wanted.connect(wanted.append)
            tab.profiles.rows["Shop"].change_button.click()
            await tab.work.settled()
            assert world.changed == ["Shop"] and wanted == []
            world.open_one = SHOP
            tab.profiles.rows["Shop"].change_button.click()
            await tab.work.settled()
            assert wanted == ["Shop"]

    run(go())
