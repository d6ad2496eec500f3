"""Sub-accounts in Account: limited, suspended, resumed, made; asked first, and taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.gui.account_room import opener, press, texts
from turbodesk.gui.account_tab import AccountTab
from turbodesk.gui.parts.button import Button
from turbodesk.gui.sub_account_dialogs import LimitDialog, NameDialog, NewSubAccountDialog
from turbodesk.model.account import SubAccount
from turbodesk.providers.looking import Looking
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk

NAME = "sandbox-v2"
SHOP = "shop@example.com"
STRONG = "Str0ng-enough!"


@pytest.fixture
def opened(tmp_path, notices, window_of):
    return opener(tmp_path, notices, window_of)


async def sub_of(desk: Desk, email: str = SHOP) -> SubAccount:
    return next(sub for sub in await desk.provider.sub_accounts() if sub.email == email)


def choose(tab: AccountTab, sub: SubAccount) -> None:
    at = tab.subs.table.point_of(sub.id)
    QTest.mouseClick(tab.subs.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert tab.subs.table.current.id == sub.id


def shown(tab: AccountTab, id: str) -> SubAccount:
    return next(sub for sub in tab.subs.table.rows if sub.id == id)


def undo(notices) -> None:
    """Presses Undo in the strip."""
    next(button for button in notices.findChildren(Button) if button.text() == "Undo").click()


def test_nothing_can_be_pressed_before_one_is_chosen(run, opened):
    async def go():
        async with opened(NAME) as room:
            tab = room.tab
            bar = (tab.subs.limit_button, tab.subs.standing_button)
            assert not any(button.isEnabled() for button in bar)
            assert "Choose one to change it." in texts(tab.subs.bar)
            tab.subs.table.setFocus(Qt.FocusReason.TabFocusReason)
            assert tab.subs.table.current is not None, "the keyboard comes to the first"
            assert all(button.isEnabled() for button in bar)
            assert any(text.startswith(tab.subs.table.current.email) for text in texts(tab.subs.bar))

    run(go(), 30)


def test_a_limit_is_set_told_and_put_back(run, opened, until, notices, grab):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            sub = await sub_of(desk)
            choose(tab, sub)
            tab.subs.limit_button.click()
            await until(lambda: room.dialog(LimitDialog))
            dialog = room.dialog(LimitDialog)
            assert dialog.windowTitle() == f"Limit of {SHOP}" and dialog.limit.text() == str(sub.limit)
            dialog.limit.setText("20,000")
            assert "more for now" not in dialog.note.sentence
            grab(dialog, "limit")
            QTest.keyClick(dialog.limit.edit, Qt.Key.Key_Return)
            await tab.work.settled()
            assert (await sub_of(desk)).limit == shown(tab, sub.id).limit == 20_000
            assert notices.latest.what == f"The limit of {SHOP} is 20,000 now; it was 40,000."
            undo(notices)
            await tab.work.settled()
            assert (await sub_of(desk)).limit == shown(tab, sub.id).limit == 40_000
            assert notices.latest is None

    run(go(), 30)


def test_a_limit_that_makes_no_sense_is_said_at_its_field(run, opened, until):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            sub = await sub_of(desk)
            choose(tab, sub)
            tab.subs.limit_button.click()
            await until(lambda: room.dialog(LimitDialog))
            dialog = room.dialog(LimitDialog)
            for written in ("", "many", "-3", "99999999999"):
                dialog.limit.setText(written)
                dialog.act_button.click()
                await dialog.work.settled()
                assert dialog.isVisible() and dialog.limit.message.sentence, written
            dialog.limit.setText("0")
            assert "keeps it from sending" in dialog.note.sentence
            assert not dialog.limit.message.sentence, "it goes as soon as something else is written"
            dialog.limit.setText("1")
            assert "already" in dialog.note.sentence
            dialog.none.click()
            assert not dialog.limit.isEnabled() and not dialog.note.sentence
            dialog.none.click()
            press(dialog, "Back")
            await tab.work.settled()
            assert await sub_of(desk) == sub

    run(go(), 30)


def test_no_limit_can_be_given_and_enter_opens_the_form(run, opened, until, notices):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            sub = await sub_of(desk)
            choose(tab, sub)
            QTest.keyClick(tab.subs.table, Qt.Key.Key_Return)
            await until(lambda: room.dialog(LimitDialog))
            dialog = room.dialog(LimitDialog)
            dialog.none.click()
            dialog.act_button.click()
            await tab.work.settled()
            assert (await sub_of(desk)).limit is None
            assert notices.latest.what == f"The limit of {SHOP} is no limit now; it was 40,000."

    run(go(), 30)


def test_one_is_suspended_when_it_is_meant_and_undo_lets_it_send_again(run, opened, until, notices, grab):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            sub = await sub_of(desk)
            for answer, active in (("Back", True), ("Suspend", False)):
                choose(tab, sub)
                tab.subs.standing_button.click()
                await until(lambda: room.dialog())
                dialog = room.dialog()
                assert dialog.windowTitle() == f"Suspend {SHOP}?"
                grab(dialog, "suspend")
                press(dialog, answer)
                await tab.work.settled()
                assert (await sub_of(desk)).active == shown(tab, sub.id).active == active
            assert notices.latest.what == f"{SHOP} is suspended."
            state = tab.subs.table.records.columns[-1]
            assert state.words(shown(tab, sub.id)) == "Suspended"
            assert tab.subs.table.current.id == sub.id and tab.subs.standing_button.text() == "Resume…"
            grab(tab, "account-suspended")
            undo(notices)
            await tab.work.settled()
            assert (await sub_of(desk)).active and shown(tab, sub.id).active

    run(go(), 30)


def test_one_is_resumed_and_undo_suspends_it_again(run, opened, until, notices):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            sub = await sub_of(desk)
            await desk.provider.activate_sub_account(sub.id, False)
            tab.reload()
            await tab.work.settled()
            choose(tab, sub)
            tab.subs.standing_button.click()
            await until(lambda: room.dialog())
            assert room.dialog().windowTitle() == f"Resume {SHOP}?"
            press(room.dialog(), "Resume")
            await tab.work.settled()
            assert (await sub_of(desk)).active and notices.latest.what == f"{SHOP} may send again."
            undo(notices)
            await tab.work.settled()
            assert not (await sub_of(desk)).active

    run(go(), 30)


def test_what_somebody_changed_since_is_left_as_it_is(run, opened, until, notices):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            sub = await sub_of(desk)
            choose(tab, sub)
            tab.subs.limit_button.click()
            await until(lambda: room.dialog(LimitDialog))
            room.dialog(LimitDialog).limit.setText("100")
            press(room.dialog(LimitDialog), "Set limit")
            await tab.work.settled()
            await desk.provider.limit_sub_account(sub.id, 200)
            undo(notices)
            await tab.work.settled()
            assert notices.latest.tone == "error" and "changed again since" in notices.latest.what
            assert (await sub_of(desk)).limit == shown(tab, sub.id).limit == 200

    run(go(), 30)


def test_what_the_provider_cannot_do_just_now_is_said_and_nothing_changes(run, opened, until, notices):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            sub = await sub_of(desk)
            choose(tab, sub)
            asking = f"/api/v2/subaccounts/{sub.id}/updatesubaccountstatus"
            fault = {"match": asking, "method": "", "kind": "status", "status": 400, "times": 0}
            await desk.control.set_faults([fault])
            tab.subs.standing_button.click()
            await until(lambda: room.dialog())
            press(room.dialog(), "Suspend")
            await tab.work.settled()
            assert notices.latest.tone == "error" and notices.latest.what
            assert (await sub_of(desk)).active and tab.subs.bar.isEnabled()

    run(go(), 30)


def test_the_keyboard_goes_from_the_table_to_what_can_be_done(run, opened, until):
    async def go():
        async with opened(NAME) as room:
            tab = room.tab
            table, widget = tab.subs.table, QApplication.focusWidget
            table.setFocus(Qt.FocusReason.TabFocusReason)
            QTest.keyClick(table, Qt.Key.Key_Down)
            chosen = table.current
            for button in (tab.subs.limit_button, tab.subs.standing_button):
                QTest.keyClick(widget(), Qt.Key.Key_Tab)
                assert widget() is button
            QTest.keyClick(widget(), Qt.Key.Key_Return)
            await until(lambda: room.dialog())
            assert chosen.email in room.dialog().windowTitle()
            QTest.keyClick(room.dialog(), Qt.Key.Key_Escape)
            await tab.work.settled()

    run(go(), 30)


def test_the_menu_offers_the_same_as_the_bar(run, opened, until):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            choose(tab, sub := await sub_of(desk))
            menu = tab.subs.menu()
            assert [action.text() for action in menu.actions()] == ["Change limit…", "Suspend…"]
            assert all(action.isEnabled() for action in menu.actions())
            menu.actions()[0].trigger()
            await until(lambda: room.dialog(LimitDialog))
            press(room.dialog(LimitDialog), "Back")
            await tab.work.settled()
            row = tab.subs.table.visualRect(tab.subs.table.currentIndex())
            for at in (tab.subs.table.point_of(sub.id), QPoint(1, 1)):  # by the mouse, and by a key
                tab.subs.table.customContextMenuRequested.emit(at)
                popped = next(it for it in tab.subs.findChildren(type(menu)) if it.isVisible())
                place = tab.subs.table.viewport().mapFromGlobal(popped.pos())
                assert row.top() <= place.y() <= row.bottom() + 8, "it stands at the chosen row"
                popped.close()

    run(go(), 30)


def test_one_is_made_with_what_is_wrong_said_at_its_field(run, opened, until, notices, grab):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            before = {sub.id for sub in await desk.provider.sub_accounts()}
            tab.subs.create_button.click()
            await until(lambda: room.dialog(NewSubAccountDialog))
            dialog = room.dialog(NewSubAccountDialog)
            fields = dialog.fields
            assert fields["ip"].text() in {sub.ip for sub in await desk.provider.sub_accounts()}
            grab(dialog, "new-sub-account")
            dialog.act_button.click()
            await dialog.work.settled()
            assert "Give" in fields["email"].message.sentence and fields["password"].message.sentence
            fields["email"].setText(SHOP)
            fields["password"].setText("short")
            dialog.act_button.click()
            await dialog.work.settled()
            assert "already" in fields["email"].message.sentence
            fields["email"].setText("new@example.com")
            dialog.act_button.click()
            await dialog.work.settled()
            bad = {name for name, field in fields.items() if field.message.sentence}
            assert bad == {"password", "first_name", "last_name"} and "policy" in dialog.message.sentence
            grab(dialog, "new-sub-account-bad")
            fields["password"].setText(STRONG)
            fields["first_name"].setText("Ada")
            fields["last_name"].setText("Rossi")
            dialog.agreed.click()
            fields["zip_code"].setText("1234567890123")
            dialog.act_button.click()
            await dialog.work.settled()
            assert fields["zip_code"].message.sentence and fields["zip_code"].isVisible(), "it is unfolded"
            grab(dialog, "new-sub-account-open")
            fields["zip_code"].setText("20121")
            left = [STRONG]
            fields["password"].changed.connect(left.append)
            press(dialog, "Create sub-account")
            await tab.work.settled()
            (made,) = {sub.id for sub in await desk.provider.sub_accounts()} - before
            assert dialog.made == made and left == [STRONG, ""], "the password does not stay"
            details = await desk.provider.sub_account(made)
            assert (details.email, details.contact.first_name) == ("new@example.com", "Ada")
            assert details.contact.zip_code == "20121" and details.policy_agreed
            assert shown(tab, made).email == "new@example.com"
            assert room.toast().text.startswith("The sub-account new@example.com is made.")

    run(go(), 30)


def test_closing_the_form_while_it_is_asked_says_that_nobody_knows(run, opened, until, notices):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            fault = {
                "match": "/api/v2/subaccounts",
                "method": "POST",
                "kind": "delay",
                "seconds": 8,
                "times": 1,
            }
            await desk.control.set_faults([fault])
            sub = await sub_of(desk)
            choose(tab, sub)
            tab.subs.limit_button.click()
            await until(lambda: room.dialog(LimitDialog))
            dialog = room.dialog(LimitDialog)
            dialog.limit.setText("100")
            dialog.act_button.click()
            assert not dialog.act_button.isEnabled()
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
            await tab.work.settled()
            assert notices.latest.tone == "warn" and "is not known" in notices.latest.what

    run(go(), 30)


def test_a_form_over_which_the_window_closes_asks_nothing_more(run, opened, until):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            fault = {
                "match": "/api/v2/subaccounts",
                "method": "POST",
                "kind": "delay",
                "seconds": 8,
                "times": 1,
            }
            await desk.control.set_faults([fault])
            choose(tab, await sub_of(desk))
            tab.subs.limit_button.click()
            await until(lambda: room.dialog(LimitDialog))
            work = room.dialog(LimitDialog).work
            room.dialog(LimitDialog).act_button.click()
            assert work.busy
            tab.set_desk(None)
            await until(lambda: not work.busy, 4)
            assert room.dialog() is None

    run(go(), 30)


def test_a_change_of_the_account_takes_its_undo_away(run, opened, until, notices):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            choose(tab, await sub_of(desk))
            tab.subs.standing_button.click()
            await until(lambda: room.dialog())
            press(room.dialog(), "Suspend")
            await tab.work.settled()
            assert notices.latest is not None
            tab.set_desk(desk)
            assert notices.latest is None

    run(go(), 30)


def test_where_the_provider_has_no_such_thing_it_is_greyed_with_its_reason(run, opened, grab):
    async def go():
        async with opened("sandbox") as room:
            tab, desk = room.tab, room.desk
            why = desk.why_not(Capability.CHANGE_SUB_ACCOUNTS)
            assert why and why in texts(tab.subs.bar)
            for button in (tab.subs.create_button, tab.subs.limit_button, tab.subs.standing_button):
                assert button.isVisible() and not button.isEnabled()
                assert button.accessibleDescription() == why
            tab.subs.table.select_first()
            assert not tab.subs.limit_button.isEnabled()
            assert not any(action.isEnabled() for action in tab.subs.menu().actions())
            QTest.keyClick(tab.subs.table, Qt.Key.Key_Return)
            assert room.dialog() is None
            grab(tab, "sub-accounts-sandbox")

    run(go(), 30)


SENDPOST = "sandbox-sendpost"


async def names_of(desk: Desk) -> dict[str, str]:
    return {sub.id: sub.name for sub in await desk.provider.sub_accounts()}


@pytest.mark.parametrize("width", [1280, 900])
def test_those_with_nothing_but_a_name_are_renamed_and_removed_and_say_why_not_more(run, opened, grab, width):
    async def go():
        async with opened(SENDPOST, width=width) as room:
            tab, desk = room.tab, room.desk
            assert desk.why_not(Capability.CHANGE_SUB_ACCOUNTS) in texts(tab.subs.bar)
            tab.subs.table.select_first()
            assert tab.subs.create_button.isEnabled()
            assert tab.subs.rename_button.isEnabled() and tab.subs.remove_button.isEnabled()
            assert tab.subs.limit_button.isVisible() and not tab.subs.limit_button.isEnabled()
            assert [action.text() for action in tab.subs.menu().actions() if action.isEnabled()] == [
                "Rename…",
                "Remove…",
            ]
            for part in (tab.subs.rename_button, tab.subs.standing_button):
                left = part.mapTo(tab.subs, QPoint(0, 0)).x()
                assert left >= 0 and left + part.width() <= tab.subs.width()
            grab(tab, f"sub-accounts-named-{width}")

    run(go(), 30)


def test_one_is_renamed_and_called_as_before_again(run, opened, until, notices, grab):
    async def go():
        async with opened(SENDPOST) as room:
            tab, desk = room.tab, room.desk
            before = await names_of(desk)
            sub = tab.subs.table.rows[0]
            choose(tab, sub)
            QTest.keyClick(tab.subs.table, Qt.Key.Key_Return)
            await until(lambda: room.dialog(NameDialog))
            dialog = room.dialog(NameDialog)
            assert dialog.name.text() == sub.name
            other = next(name for id, name in before.items() if id != sub.id)
            for wrong in ("", other):
                dialog.name.setText(wrong)
                dialog.act_button.click()
                await dialog.work.settled()
                assert dialog.isVisible() and dialog.name.message.sentence, wrong
            grab(dialog, "rename")
            dialog.name.setText("Invoices")
            dialog.act_button.click()
            await tab.work.settled()
            assert (await names_of(desk))[sub.id] == shown(tab, sub.id).name == "Invoices"
            assert notices.latest.what == f"{sub.name} is called Invoices now."
            undo(notices)
            await tab.work.settled()
            assert await names_of(desk) == before

    run(go(), 30)


def test_one_is_made_of_a_name_and_removed_when_it_is_meant(run, opened, until, notices, grab):
    async def go():
        async with opened(SENDPOST) as room:
            tab, desk = room.tab, room.desk
            before = await names_of(desk)
            tab.subs.create_button.click()
            await until(lambda: room.dialog(NameDialog))
            dialog = room.dialog(NameDialog)
            grab(dialog, "new-named")
            dialog.name.setText("Invoices")
            dialog.act_button.click()
            await tab.work.settled()
            (made,) = (await names_of(desk)).keys() - before.keys()
            assert dialog.made == made and shown(tab, made).name == "Invoices"
            assert room.toast().text == "The sub-account Invoices is made."
            for answer, left in (("Back", True), ("Remove sub-account", False)):
                choose(tab, shown(tab, made))
                tab.subs.remove_button.click()
                await until(lambda: room.dialog())
                assert room.dialog().windowTitle() == "Remove Invoices?"
                grab(room.dialog(), "remove-named")
                press(room.dialog(), answer)
                await tab.work.settled()
                assert (made in await names_of(desk)) == left
                assert (made in {sub.id for sub in tab.subs.table.rows}) == left
            assert not tab.subs.remove_button.isEnabled(), "none is chosen any more"

    run(go(), 30)


def test_a_viewer_of_named_ones_renames_none(run, opened):
    async def go():
        async with opened(SENDPOST) as room:
            tab, desk = room.tab, room.desk
            viewer = replace(desk.profile, name="Looker", viewer=True)
            tab.renew_desk(replace(desk, profile=viewer, provider=Looking(desk.provider, "Looker")))
            tab.subs.table.select_first()
            for button in (tab.subs.create_button, tab.subs.rename_button, tab.subs.remove_button):
                assert button.isVisible() and not button.isEnabled()
                assert "only looks" in button.accessibleDescription()
            assert "only looks" in " ".join(texts(tab.subs.bar))

    run(go(), 30)


def test_a_viewer_sees_them_and_changes_none(run, opened):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            viewer = replace(desk.profile, name="Looker", viewer=True)
            tab.renew_desk(replace(desk, profile=viewer, provider=Looking(desk.provider, "Looker")))
            assert "only looks" in " ".join(texts(tab.subs.bar)) and tab.subs.table.rows
            tab.subs.table.select_first()
            for button in (tab.subs.create_button, tab.subs.limit_button, tab.subs.standing_button):
                assert button.isVisible() and not button.isEnabled()
            tab.renew_desk(desk)
            assert tab.subs.create_button.isEnabled() and tab.subs.limit_button.isEnabled()

    run(go(), 30)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (900, 600)])
def test_all_of_it_stands_within_its_card(run, opened, grab, themer, theme, width, height):
    async def go():
        themer.pin(theme)
        async with opened(NAME, width=width, high=height) as room:
            tab, desk = room.tab, room.desk
            choose(tab, await sub_of(desk))
            for part in (tab.subs.create_button, tab.subs.limit_button, tab.subs.standing_button):
                left = part.mapTo(tab.subs, QPoint(0, 0)).x()
                assert left >= 0 and left + part.width() <= tab.subs.width()
            grab(tab, f"sub-accounts-{width}-{theme}")

    run(go(), 30)
