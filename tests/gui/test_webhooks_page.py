"""Webhooks in Account over the sandbox: listed, added, changed, switched, removed; a sample is received."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.gui.account_room import opener, press, texts
from tests.sandbox.receiver import Receiver, receiving
from turbodesk.gui.webhook_dialog import SampleDialog, WebhookDialog
from turbodesk.gui.webhook_words import count_words, events_words
from turbodesk.model.webhook import USUAL_EVENTS, EventFlag

URL = "https://hooks.example.com/mail"
NAME = "sandbox-sendpost"


@pytest.fixture
def opened(tmp_path, notices, window_of):
    return opener(tmp_path, notices, window_of)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


async def on_page(room, until) -> object:
    press(room.tab.webhooks, "Open")
    page = room.tab.webhooks.page
    await until(page.isVisible)
    return page


async def over(room, until, kind) -> object:
    await until(lambda: room.dialog(kind))
    return room.dialog(kind)


def test_none_is_said_and_one_is_added(run, opened, until, grab):
    async def go():
        async with opened(NAME) as room:
            assert any(text.startswith("none yet") for text in texts(room.tab.webhooks))
            page = await on_page(room, until)
            assert page.pages.key == "empty" and page.empty.title == "No webhooks yet"
            grab(room.tab.window(), "webhooks-empty")
            page.empty.findChild(type(page.add_button)).click()
            dialog = await over(room, until, WebhookDialog)
            assert {flag for flag, switch in dialog.events.items() if switch.state} == USUAL_EVENTS
            dialog.url.setText("hooks.example.com")
            press(dialog, "Add webhook")
            await dialog.work.settled()
            assert "This is no URL" in dialog.url.message.sentence
            dialog.url.setText(URL)
            for switch in dialog.events.values():
                if switch.state:
                    QTest.mouseClick(switch, Qt.MouseButton.LeftButton)
            press(dialog, "Add webhook")
            await dialog.work.settled()
            assert "at least one event" in dialog.message.sentence
            for flag in (EventFlag.DELIVERED, EventFlag.GIVEN_UP):
                QTest.mouseClick(dialog.events[flag], Qt.MouseButton.LeftButton)
            grab(dialog, "webhook-add")
            press(dialog, "Add webhook")
            await room.settled()
            (made,) = await room.desk.provider.webhooks()
            assert (made.url, made.enabled) == (URL, True)
            assert made.events == {EventFlag.DELIVERED, EventFlag.GIVEN_UP}
            assert [row.url for row in page.table.rows] == [URL] and page.pages.key == "table"
            assert room.toast().text == f"SendPost tells {URL}: delivered, given up"
            QTest.mouseClick(page.back_button, Qt.MouseButton.LeftButton)
            assert room.tab.places.key == "account"
            assert "1 URL is told what happens to mail" in texts(room.tab.webhooks)
            press(room.toast(), "Undo")
            await room.settled()
            assert await room.desk.provider.webhooks() == ()
            assert any(text.startswith("none yet") for text in texts(room.tab.webhooks))

    run(go(), 30)


def test_what_the_provider_refuses_is_said_in_the_dialog(run, opened, until):
    async def go():
        async with opened(NAME, turned=False) as room:
            await room.desk.provider.create_webhook(URL, USUAL_EVENTS, enabled=True)
            room.tab.turned_to()
            await room.settled()
            page = await on_page(room, until)
            press(page, "Add webhook…")
            dialog = await over(room, until, WebhookDialog)
            dialog.url.setText(URL)
            press(dialog, "Add webhook")
            await dialog.work.settled()
            said = [dialog.message.sentence, dialog.url.message.sentence]
            assert any("exists already" in text for text in said) and dialog.isVisible()
            press(dialog, "Back")
            await room.settled()
            assert len(page.table.rows) == 1 and room.notices.latest is None

    run(go(), 30)


def test_editing_keeps_every_flag_and_can_be_undone(run, opened, until, grab):
    async def go():
        async with opened(NAME, turned=False) as room:
            provider = room.desk.provider
            before = await provider.create_webhook(URL, USUAL_EVENTS, enabled=True)
            room.tab.turned_to()
            await room.settled()
            page = await on_page(room, until)
            page.table.opened.emit(page.table.current)
            dialog = await over(room, until, WebhookDialog)
            assert dialog.url.text() == URL
            QTest.mouseClick(dialog.events[EventFlag.OPENED], Qt.MouseButton.LeftButton)
            QTest.mouseClick(dialog.events[EventFlag.SENT], Qt.MouseButton.LeftButton)
            dialog.url.setText(f"{URL}/two")
            grab(dialog, "webhook-edit")
            press(dialog, "Save changes")
            await room.settled()
            (now,) = await provider.webhooks()
            assert now.events == (before.events - {EventFlag.OPENED}) | {EventFlag.SENT}
            assert (now.url, now.enabled) == (f"{URL}/two", True)
            press(room.toast(), "Undo")
            await room.settled()
            (back,) = await provider.webhooks()
            assert (back.url, back.events, back.enabled) == (URL, before.events, True)
            assert [row.events for row in page.table.rows] == [before.events]

    run(go(), 30)


def test_switching_asks_and_can_be_undone(run, opened, until, grab):
    async def go():
        async with opened(NAME, turned=False) as room:
            await room.desk.provider.create_webhook(URL, USUAL_EVENTS, enabled=True)
            room.tab.turned_to()
            await room.settled()
            page = await on_page(room, until)
            for answer, on in (("Back", True), ("Switch off", False)):
                press(page, "Switch off…")
                await until(room.dialog)
                assert URL in texts(room.dialog())
                press(room.dialog(), answer)
                await room.settled()
                (now,) = await room.desk.provider.webhooks()
                assert now.enabled is on and now.events == USUAL_EVENTS
            assert page.table.records.columns[1].words(page.table.current) == "Off"
            grab(room.tab.window(), "webhooks-off")
            press(room.toast(), "Undo")
            await room.settled()
            (now,) = await room.desk.provider.webhooks()
            assert now.enabled and now.events == USUAL_EVENTS

    run(go(), 30)


def test_one_is_removed_only_when_it_is_meant(run, opened, until):
    async def go():
        async with opened(NAME, turned=False) as room:
            await room.desk.provider.create_webhook(URL, USUAL_EVENTS, enabled=True)
            room.tab.turned_to()
            await room.settled()
            page = await on_page(room, until)
            for answer, left in (("Back", 1), ("Remove webhook", 0)):
                press(page, "Remove…")
                await until(room.dialog)
                assert URL in texts(room.dialog())
                press(room.dialog(), answer)
                await room.settled()
                assert len(await room.desk.provider.webhooks()) == len(page.table.rows) == left
            assert page.pages.key == "empty"
            room.tab.window().activateWindow()
            page.back_button.setFocus()
            await until(page.back_button.hasFocus)
            QTest.keyClick(page.back_button, Qt.Key.Key_Escape)
            assert room.tab.places.key == "account"

    run(go(), 30)


def test_a_password_is_never_shown_and_stays_until_it_is_written_again(run, opened, until, receiver, grab):
    async def go():
        async with opened(NAME, turned=False) as room:
            url = receiver.url("/hook?t=1", "desk:pass%20word@")
            await room.desk.provider.create_webhook(url, USUAL_EVENTS, enabled=True)
            room.tab.turned_to()
            await room.settled()
            page = await on_page(room, until)
            press(page, "Edit…")
            dialog = await over(room, until, WebhookDialog)
            assert (dialog.user.text(), dialog.password.text()) == ("desk", "")
            assert dialog.url.text() == receiver.url("/hook?t=1") and dialog.user.isVisible()
            grab(dialog, "webhook-login")
            QTest.mouseClick(dialog.events[EventFlag.SENT], Qt.MouseButton.LeftButton)
            press(dialog, "Save changes")
            await room.settled()
            (now,) = await room.desk.provider.webhooks()
            assert EventFlag.SENT in now.events and "desk:" in now.url
            press(page, "Edit…")
            dialog = await over(room, until, WebhookDialog)
            dialog.url.setText(receiver.url("/other"))
            press(dialog, "Save changes")
            await dialog.work.settled()
            assert "Write the password again" in dialog.password.message.sentence
            dialog.password.setText("pass word")
            press(dialog, "Save changes")
            await room.settled()
            assert not any("pass" in text for text in texts(room.tab.window()))
            press(page, "Send a sample event…")
            dialog = await over(room, until, SampleDialog)
            press(dialog, "Post sample")
            assert dialog.password.message.sentence and receiver.got == []
            dialog.password.setText("pass word")
            press(dialog, "Post sample")
            await dialog.work.settled()
            assert dialog.answered == 200
            (got,) = receiver.got
            login = base64.b64decode(got.headers["authorization"].removeprefix("Basic "))
            assert (got.path, login) == ("/other", b"desk:pass word")

    run(go(), 30)


def test_a_sample_goes_to_the_url_of_the_webhook_alone(run, opened, until, receiver, grab):
    async def go():
        async with opened(NAME, turned=False) as room:
            provider = room.desk.provider
            await provider.create_webhook(URL, USUAL_EVENTS, enabled=True)
            mine = await provider.create_webhook(receiver.url("/mine"), USUAL_EVENTS, enabled=True)
            room.tab.turned_to()
            await room.settled()
            page = await on_page(room, until)
            assert page.table.select_key(mine.id)
            press(page, "Send a sample event…")
            dialog = await over(room, until, SampleDialog)
            assert mine.url in texts(dialog) and receiver.got == [], "it asks first"
            assert not dialog.password.isVisible()
            dialog.kind.choose("hard bounce")
            press(dialog, "Post sample")
            await dialog.work.settled()
            assert dialog.message.sentence == "The receiver took it and answered 200."
            (got,) = receiver.got
            assert got.path == "/mine" and "authorization" not in got.headers
            assert "hardBounced" in json.dumps(got.body) and "sample@example.com" in json.dumps(got.body)
            grab(dialog, "webhook-sample")
            receiver.statuses = (503,)
            press(dialog, "Post sample")
            await dialog.work.settled()
            assert "503" in dialog.message.sentence and len(receiver.got) == 2, "once, whatever comes back"
            grab(dialog, "webhook-sample-refused")

    run(go(), 30)


def test_webhooks_that_cannot_be_read_say_so_and_can_be_asked_again(run, opened, until, grab):
    async def go():
        async with opened(NAME, turned=False) as room:
            fault = {"match": "/api/v1/account/webhook", "method": "", "kind": "status", "status": 400,
                     "times": 0}  # fmt: skip
            await room.desk.control.set_faults([fault])
            room.tab.turned_to()
            await room.settled()
            card = room.tab.webhooks
            assert card.message.sentence and room.notices.latest is None
            page = await on_page(room, until)
            assert page.pages.key == "empty" and page.empty.title != "No webhooks yet"
            grab(room.tab.window(), "webhooks-failed")
            await room.desk.control.set_faults([])
            press(page, "Try again")
            await room.settled()
            assert page.empty.title == "No webhooks yet" and not card.message.sentence

    run(go(), 30)


def test_a_viewer_looks_and_changes_nothing(run, opened, until):
    async def go():
        async with opened(NAME, viewer=True, turned=False) as room:
            await room.desk.provider.create_webhook(URL, USUAL_EVENTS, enabled=True)
            room.tab.turned_to()
            await room.settled()
            page = await on_page(room, until)
            assert [row.url for row in page.table.rows] == [URL]
            for button in (page.add_button, *page.deeds.values()):
                assert not button.isEnabled() and "only looks" in button.accessibleDescription()
            page.table.opened.emit(page.table.current)
            await room.settled()
            assert room.dialog() is None

    run(go(), 30)


def test_the_card_counts_them_and_the_page_lists_them(run, opened, until, grab, themer, receiver):
    async def go():
        async with opened(NAME, turned=False) as room:
            provider = room.desk.provider
            await provider.create_webhook(URL, USUAL_EVENTS, enabled=True)
            await provider.create_webhook("https://crm.example.org/in", tuple(EventFlag), enabled=False)
            await provider.create_webhook(receiver.url("/"), {EventFlag.CLICKED}, enabled=True)
            room.tab.turned_to()
            await room.settled()
            assert "3 URLs are told what happens to mail, 1 off" in texts(room.tab.webhooks)
            page = await on_page(room, until)
            await until(page.table.hasFocus)
            told = [page.table.records.columns[2].words(row) for row in page.table.rows]
            assert told[1:] == ["every event", "clicked"] and told[0].startswith("delivered, dropped, soft")
            assert room.tab.focus_regions()[-1] is page.table
            for theme in ("light", "dark"):
                themer.pin(theme)
                for wide, high in ((1280, 800), (900, 600)):
                    room.tab.window().resize(wide, high)
                    await until(lambda wide=wide: page.table.width() == wide)
                    await until(lambda: not page.table.horizontalScrollBar().isVisible())
                    grab(room.tab.window(), f"webhooks-{wide}-{theme}")

    run(go(), 30)


def test_events_are_told_in_words():
    assert events_words(()) == "nothing"
    assert events_words(tuple(EventFlag)) == "every event"
    assert events_words({EventFlag.CLICKED, EventFlag.DELIVERED}) == "delivered, clicked"
    assert count_words(()).startswith("none yet")
