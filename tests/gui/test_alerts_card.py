"""Usage alerts in Account: one line, and the list behind it; added, changed, removed, and put back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.gui.account_room import Room, dialog_of, opener, press, texts
from turbodesk.gui.account_cards import FailedCard, NotOfferedCard
from turbodesk.gui.account_tab import AccountTab
from turbodesk.gui.alerts_card import NONE_YET, percent_words, summary
from turbodesk.gui.alerts_dialog import AlertDialog, AlertsDialog
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.label import Link
from turbodesk.model.alert import Alert
from turbodesk.providers.looking import Looking
from turbodesk.providers.port import Capability

NAME = "sandbox-v2"
OPS = "ops@example.com"
NARROW = "\u202f"


@pytest.fixture
def opened(tmp_path, notices, window_of):
    return opener(tmp_path, notices, window_of)


async def opened_list(room: Room, until) -> AlertsDialog:
    QTest.mouseClick(room.tab.alerts.change_button, Qt.MouseButton.LeftButton)
    await until(lambda: room.dialog(AlertsDialog))
    return room.dialog(AlertsDialog)


async def form_of(owner: AlertsDialog, until) -> AlertDialog:
    await until(lambda: dialog_of(owner, AlertDialog))
    return dialog_of(owner, AlertDialog)


async def closed(tab: AccountTab, dialog: AlertsDialog) -> None:
    press(dialog, "Close")
    await tab.work.settled()


def undo(dialog: AlertsDialog) -> None:
    next(link for link in dialog.message.findChildren(Link) if link.text() == "Undo").click()


def test_one_line_says_at_what_and_to_whom(qapp):
    def alert(email: str, percentage: int) -> Alert:
        return Alert(f"{email}{percentage}", email, percentage)

    assert summary([]) == NONE_YET
    assert summary([alert(OPS, 80)]) == f"at 80{NARROW}% of the limit, to {OPS}"
    two = [alert("a@example.com", 95), alert("b@example.com", 80), alert("A@example.com", 80)]
    assert summary(two) == f"at 80 and 95{NARROW}% of the limit, to 2 addresses"
    many = [alert(OPS, percentage) for percentage in (50, 60, 70, 80, 90)]
    assert summary(many) == f"at 5 percentages from 50 to 90{NARROW}% of the limit, to {OPS}"
    assert percent_words(57) == f"57{NARROW}%", "as it is, not rounded"


def test_the_line_is_that_of_the_provider(run, opened):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            alerts = await desk.provider.alerts()
            assert alerts and tab.alerts.alerts == alerts
            assert summary(alerts) in texts(tab.alerts)

    run(go(), 30)


def test_one_is_added_and_taken_back(run, opened, until, grab):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            before = await desk.provider.alerts()
            dialog = await opened_list(room, until)
            assert [row.alert for row in dialog.rows] == list(before)
            grab(dialog, "alerts")
            dialog.add_alert_button.click()
            form = await form_of(dialog, until)
            grab(form, "alert-new")
            form.email.setText(OPS)
            form.percentage.setText("95 %")
            QTest.keyClick(form.percentage.edit, Qt.Key.Key_Return)
            await dialog.work.settled()
            assert {(it.email, it.percentage) for it in await desk.provider.alerts()} >= {(OPS, 95)}
            assert dialog.rows[-1].alert.email == OPS
            assert dialog.message.sentence == f"{OPS} is told at 95{NARROW}% from now on."
            grab(dialog, "alerts-added")
            undo(dialog)
            await dialog.work.settled()
            assert await desk.provider.alerts() == before == dialog.alerts
            assert dialog.message.sentence == "It is as it was."
            await closed(tab, dialog)
            assert tab.alerts.alerts == before

    run(go(), 30)


def test_what_is_wrong_is_said_at_its_field(run, opened, until, grab):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            (there, *_) = before = await desk.provider.alerts()
            dialog = await opened_list(room, until)
            dialog.add_alert_button.click()
            form = await form_of(dialog, until)
            for email, percentage, bad in (
                ("", "80", form.email),
                ("nobody", "80", form.email),
                (OPS, "", form.percentage),
                (OPS, "many", form.percentage),
                (OPS, "101", form.percentage),
                (OPS, "-1", form.percentage),
                (there.email, str(there.percentage), form.email),
            ):
                form.email.setText(email)
                form.percentage.setText(percentage)
                form.act_button.click()
                await form.work.settled()
                assert form.isVisible() and bad.message.sentence, (email, percentage)
                assert "''" not in bad.message.sentence
            grab(form, "alert-bad")
            press(form, "Back")
            await dialog.work.settled()
            await closed(tab, dialog)
            assert await desk.provider.alerts() == before

    run(go(), 30)


def test_one_is_changed_and_put_back(run, opened, until):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            (before, *_) = await desk.provider.alerts()
            dialog = await opened_list(room, until)
            dialog.rows[0].change_link.click()
            form = await form_of(dialog, until)
            assert (form.email.text(), form.percentage.text()) == (before.email, str(before.percentage))
            form.percentage.setText("60")
            form.act_button.click()
            await dialog.work.settled()
            assert await desk.provider.alert(before.id) == replace(before, percentage=60)
            assert dialog.rows[0].alert.percentage == 60 and f"60{NARROW}%" in dialog.message.sentence
            undo(dialog)
            await dialog.work.settled()
            assert await desk.provider.alert(before.id) == before == dialog.rows[0].alert
            await closed(tab, dialog)

    run(go(), 30)


def test_one_is_removed_when_it_is_meant_and_added_again(run, opened, until, grab):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            (before, *_) = await desk.provider.alerts()
            dialog = await opened_list(room, until)
            for answer, left in (("Back", 1), ("Remove alert", 0)):
                dialog.rows[0].remove_link.click()
                await until(lambda: dialog_of(dialog))
                question: Dialog = dialog_of(dialog)
                assert before.email in texts(question)
                press(question, answer)
                await dialog.work.settled()
                assert len(await desk.provider.alerts()) == left == len(dialog.rows)
            assert NONE_YET in texts(dialog)
            grab(dialog, "alerts-none")
            undo(dialog)
            await dialog.work.settled()
            (again,) = await desk.provider.alerts()
            assert (again.email, again.percentage) == (before.email, before.percentage)
            await closed(tab, dialog)
            assert tab.alerts.alerts == (again,)

    run(go(), 30)


def test_what_is_gone_meanwhile_is_said_and_the_list_read_again(run, opened, until):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            (before, *_) = await desk.provider.alerts()
            dialog = await opened_list(room, until)
            await desk.provider.remove_alert(before.id)
            dialog.rows[0].remove_link.click()
            await until(lambda: dialog_of(dialog))
            press(dialog_of(dialog), "Remove alert")
            await dialog.work.settled()
            assert before.id in dialog.message.sentence and dialog.rows == []
            await closed(tab, dialog)
            assert tab.alerts.alerts == () and NONE_YET in texts(tab.alerts)

    run(go(), 30)


def test_where_they_cannot_be_read_it_says_so_in_their_place(run, opened):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            fault = {
                "match": "/api/v2/tools/alerts",
                "method": "",
                "kind": "status",
                "status": 400,
                "times": 0,
            }
            await desk.control.set_faults([fault])
            tab.reload()
            await tab.work.settled()
            failed = tab.findChild(FailedCard)
            assert texts(failed)[0] == "Alerts" and not tab.alerts.isVisible()
            await desk.control.set_faults([])
            failed.findChild(Link).click()
            await tab.work.settled()
            assert tab.alerts.isVisible() and tab.alerts.alerts

    run(go(), 30)


@pytest.mark.parametrize("name", ["sandbox", "sandbox-sendpost", "sandbox-smtp"])
def test_where_there_are_none_the_reason_stands_with_the_others(run, opened, name):
    async def go():
        async with opened(name) as room:
            tab, desk = room.tab, room.desk
            assert not tab.alerts.isVisible()
            said = texts(tab.findChild(NotOfferedCard))
            assert desk.why_not(Capability.ALERTS) in said
            assert any("usage alerts" in text.lower() for text in said)

    run(go(), 30)


def test_a_viewer_looks_at_them_and_changes_none(run, opened, until, grab):
    async def go():
        async with opened(NAME) as room:
            tab, desk = room.tab, room.desk
            viewer = replace(desk.profile, name="Looker", viewer=True)
            looking = replace(desk, profile=viewer, provider=Looking(desk.provider, "Looker"))
            tab.renew_desk(looking)
            dialog = await opened_list(room, until)
            assert dialog.rows and not dialog.add_alert_button.isEnabled()
            assert "only looks" in dialog.message.sentence
            assert not any(row.change_link.isVisible() or row.remove_link.isVisible() for row in dialog.rows)
            grab(dialog, "alerts-viewer")
            await closed(tab, dialog)

    run(go(), 30)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (900, 600)])
def test_the_card_stands_in_the_column(run, opened, until, grab, themer, theme, width, height):
    async def go():
        themer.pin(theme)
        async with opened(NAME, width=width, high=height) as room:
            tab, desk = room.tab, room.desk
            for number in range(14):
                await desk.provider.add_alert(f"person{number}@departments.example.com", 50 + number)
            tab.reload()
            await tab.work.settled()
            area = tab.alerts.parentWidget().parentWidget().parentWidget()
            area.ensureWidgetVisible(tab.alerts, 0, 200)
            await until(lambda: not tab.alerts.visibleRegion().isEmpty())
            grab(tab, f"alerts-card-{width}-{theme}")
            dialog = await opened_list(room, until)
            assert len(dialog.rows) == 15 and dialog.height() <= max(height, 420)
            await desk.provider.remove_alert(dialog.rows[0].alert.id)
            dialog.rows[0].remove_link.click()
            await until(lambda: dialog_of(dialog))
            press(dialog_of(dialog), "Remove alert")
            await dialog.work.settled()
            await until(lambda: not dialog.message.visibleRegion().isEmpty())
            grab(dialog, f"alerts-many-{width}-{theme}")
            await closed(tab, dialog)

    run(go(), 30)
