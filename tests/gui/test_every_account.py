"""The working tabs at every kind of account: what it offers works, what it does not is said calmly."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest

from tests.gui.outbox_room import World
from turbodesk.errors import NotOffered
from turbodesk.gui.compose_tab import ComposeTab
from turbodesk.gui.message_dialog import MessageDialog
from turbodesk.gui.outbox_tab import OutboxTab
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.reports_tab import ReportsTab
from turbodesk.gui.stats_tab import StatsTab
from turbodesk.gui.suppress_dialog import SuppressDialog
from turbodesk.gui.tools_tab import ToolsTab
from turbodesk.model.message import Address, Message
from turbodesk.model.outcome import SendState
from turbodesk.model.reports import Suppressing
from turbodesk.providers.port import Capability
from turbodesk.services.desk import API, SMTP, Desk
from turbodesk.services.draft_keeper import DraftKeeper
from turbodesk.services.outbox import Outbox
from turbodesk.services.tools import CLICK_TRACKING, OPEN_TRACKING
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

ACCOUNTS = ("sandbox", "sandbox-v2", "sandbox-sendpost", "sandbox-smtp")


def press(widget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def button_of(owner, text: str) -> Button | None:
    shown = (b for b in owner.findChildren(Button) if b.text() == text and b.isVisibleTo(owner))
    return next(shown, None)


def dialog_of(kind: type[Dialog], owner) -> Dialog | None:
    return next((d for d in owner.window().findChildren(kind) if d.isVisible()), None)


class Room:
    """One tab of one account."""

    def __init__(self, place: Workplace, desk: Desk, outbox: Outbox, tab) -> None:
        self.place, self.desk, self.outbox, self.tab = place, desk, outbox, tab
        self.turned: list[tuple[str, object]] = []
        tab.turn_to.connect(lambda key, payload: self.turned.append((key, payload)))

    def write(self, *to: str, sender: str = "news@example.com") -> None:
        self.tab.envelope.sender.setText(sender)
        self.tab.envelope.chips["to"].set_texts(to)
        self.tab.envelope.subject.setText("Hello")
        self.tab.body.text.set_text("Good day")

    async def send(self) -> None:
        press(self.tab.send_button)
        await self.tab.sending.settled()
        await self.tab.work.settled()

    async def settle(self) -> None:
        await self.tab.work.settled()


@pytest.fixture
def opened(tmp_path, notices, window_of):
    """`async with opened(account, kind, *sent_to) as room`: a tab of that class is turned to and read."""

    @asynccontextmanager
    async def make(account: str, kind: type, *sent_to: str, width: int = 1280):
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk(account)
            outbox = await place.outbox(desk)
            for number, email in enumerate(sent_to):
                message = Message(Address("news@example.com"), (Address(email),), f"News {number}", text="x")
                assert (await outbox.send(message)).state is SendState.ACCEPTED

            async def open_outbox() -> Outbox:
                return outbox

            async def choose(opens: bool, clicks: bool) -> Desk:
                return replace(desk, profile=replace(desk.profile, track_opens=opens, track_clicks=clicks))

            extra = {
                ComposeTab: (open_outbox, place.batches, DraftKeeper(tmp_path)),
                OutboxTab: (World(place, desk),),
                ToolsTab: (open_outbox, choose),
            }
            tab = kind(notices, *extra.get(kind, ()))
            window_of(tab, width, 720)
            tab.set_desk(desk)
            tab.turned_to()
            await tab.work.settled()
            yield Room(place, desk, outbox, tab)
            tab.set_desk(None)
            await tab.work.settled()
            if kind is ComposeTab:
                await tab.letter.preview.settled()
            await desk.aclose()

    return make


# Compose


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_letter_goes_out_and_the_outbox_says_by_which_way(run, opened, account):
    async def go():
        async with opened(account, ComposeTab) as it:
            it.write("ok@example.com")
            await it.send()
            entry = (await it.outbox.entries())[0]
            assert entry.state is SendState.ACCEPTED
            assert (entry.provider == SMTP) is (account == "sandbox-smtp")
            assert it.tab.way.isVisible() is (it.desk.relay is not None)

    run(go(), 30)


@pytest.mark.parametrize("account", ["sandbox-v2", "sandbox-sendpost"])
def test_smtp_is_another_way_with_limits_and_options_of_its_own(run, opened, account):
    async def go():
        async with opened(account, ComposeTab) as it:
            tab = it.tab
            it.write("ok@example.com")
            tab.body.options.campaign.setText("winter")
            press(tab.way.segment(SMTP))
            assert tab.attachments._limit == it.desk.relay.wire_limit_bytes
            assert "has no field for a campaign" in tab.body.options.rows["groups"].problem
            await it.send()
            assert await it.outbox.entries() == [], "nothing is left out in silence"
            assert tab.body.part == "options"
            press(tab.body.options.rows["groups"].mend)
            assert tab.body.options.groups == ""
            await it.send()
            assert (await it.outbox.entries())[0].provider == SMTP
            assert tab.snapshot()["ways"] == {account: SMTP}

    run(go(), 30)


def test_campaign_and_tracking_and_placeholders_reach_sendpost(run, opened):
    async def go():
        async with opened("sandbox-sendpost", ComposeTab) as it:
            tab = it.tab
            it.write("ok@example.com")
            tab.body.text.set_text("Dear {{first_name}}")
            press(tab.body.parts.segment("options"))
            QTest.keyClicks(tab.body.options.campaign, "winter, shop")
            press(tab.body.options.opens)
            tab.body.options.placeholders.set_pairs([("first_name", "Anna")])
            assert tab.body.options.count == 3
            kept = tab.snapshot()["letter"]
            assert (kept["track_opens"], kept["track_clicks"]) == (False, None)
            await it.send()
            entry = (await it.outbox.entries())[0]
            record = await it.desk.provider.message(entry.outcomes[0].provider_id)
            assert {"winter", "shop"} <= set(record.groups)
            assert (record.tracked_opens, record.tracked_clicks) == (False, True)
            caught = await it.desk.control.message((await it.desk.control.messages())[0].id)
            assert "Anna" in caught.text
            assert tab.body.options.count == 0, "the next letter begins as every new one"

    run(go(), 30)


def test_options_that_no_way_offers_are_not_shown(run, opened):
    async def go():
        async with opened("sandbox-smtp", ComposeTab) as it:
            assert not it.tab.body.parts.segment("options").isVisible()
            it.tab.restore({"format": 1, "letter": {"groups": "winter", "track_clicks": False}})
            assert it.tab.body.parts.segment("options").isVisible()
            it.tab.body.options.clear()
            it.tab.body._on_options_edited()
            assert not it.tab.body.parts.segment("options").isVisible()

    run(go(), 30)


def png() -> bytes:
    image, buffer = QImage(20, 10, QImage.Format.Format_RGB32), QBuffer()
    image.fill(0xCC3311)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def test_a_picture_named_in_the_html_is_seen_in_tile_and_preview(run, opened, tmp_path):
    async def go():
        async with opened("sandbox-smtp", ComposeTab) as it:
            tab, logo = it.tab, tmp_path / "logo.png"
            logo.write_bytes(png())
            it.write("ok@example.com")
            tab.body.html.set_text('<p>Hi</p><img src="cid:logo" alt="Logo">')
            tab.add_files([logo])
            await it.settle()
            tab._on_rest()
            await tab.letter.preview.settled()
            assert "shown as cid:logo" in tab.attachments.tiles.tiles[0].accessibleName()
            pictures = tab.letter.preview.view._pictures
            assert [(it.width(), it.height()) for it in pictures.values()] == [(20, 10)]
            await it.send()
            caught = await it.desk.control.message((await it.desk.control.messages())[0].id)
            assert caught.attachments[0].content == logo.read_bytes()

    run(go(), 30)


def test_pictures_that_cannot_be_carried_are_said_before_and_refused(run, opened, tmp_path):
    async def go():
        async with opened("sandbox-sendpost", ComposeTab) as it:
            tab, logo = it.tab, tmp_path / "logo.png"
            logo.write_bytes(png())
            it.write("ok@example.com")
            tab.body.html.set_text('<img src="cid:logo">')
            tab.add_files([logo])
            await it.settle()
            tab._on_rest()
            said = tab.attachments.message.sentence
            assert said == it.desk.why_not(Capability.INLINE_IMAGES)
            await it.send()
            assert tab.attachments.message.sentence and await it.outbox.entries() == []
            press(tab.way.segment(SMTP))
            tab.problems.clear()
            tab._on_rest()
            assert tab.attachments.message.sentence == ""

    run(go(), 30)


def test_an_unverified_sender_is_warned_of_and_not_stopped(run, opened):
    async def go():
        async with opened("sandbox-sendpost", ComposeTab) as it:
            tab = it.tab
            it.write("ok@example.com", sender="me@elsewhere.test")
            tab._on_rest()
            assert "elsewhere.test is not verified" in tab.envelope.rows["from"].problem
            press(tab.envelope.rows["from"].mend)
            assert it.turned == [("account", None)]
            await it.send()
            assert (await it.outbox.entries())[0].state is SendState.REFUSED
            tab.envelope.sender.setText("me@mail.example.com")
            tab._on_rest()
            assert tab.envelope.rows["from"].problem == ""
            assert tab.envelope._known.text() == "domain verified"

    run(go(), 30)


def test_trial_addresses_are_offered_where_there_are_some(run, opened):
    async def go():
        async with opened("sandbox-sendpost", ComposeTab) as it:
            trials = it.tab.envelope.trials
            assert trials.isVisible()
            menu = trials.menu_of_addresses()
            action = next(a for a in menu.actions() if "hardbounce@playwithsendpost.io" in a.text())
            action.trigger()
            menu.deleteLater()
            assert it.tab.envelope.chips["to"].texts() == ["hardbounce@playwithsendpost.io"]
            it.tab.set_desk(replace(it.desk, control=None, profile=replace(it.desk.profile, provider="smtp")))
            assert not trials.isVisible()

    run(go(), 30)


def test_who_cannot_send_over_the_api_sends_by_smtp(run, opened):
    async def go():
        async with opened("sandbox-v2", ComposeTab) as it:
            provider = it.desk.provider
            provider.offers = provider.offers - {Capability.SEND}
            it.tab.set_desk(it.desk)
            assert it.tab.way.key == SMTP and not it.tab.way.segment(API).isEnabled()
            assert it.tab.send_button.isEnabled()
            it.tab.set_desk(replace(it.desk, relay=None))
            assert not it.tab.send_button.isEnabled()
            assert it.tab.send_button.accessibleDescription() == it.desk.why_not(Capability.SEND)

    run(go(), 30)


# Outbox


def test_a_relays_refusals_stand_first_and_can_be_copied(run, opened):
    async def go():
        async with opened("sandbox-smtp", OutboxTab) as it:
            to = tuple(Address(f"{name}@example.com") for name in ("ok", "refuse550", "open"))
            await it.outbox.send(Message(Address("news@example.com"), to, "Mixed", text="x"))
            it.tab.reload()
            await it.settle()
            assert it.tab.rows[0].state is SendState.PARTLY
            detail = it.tab.detail
            assert detail.pill.state == "partly"
            press(detail.refused_button)
            assert QGuiApplication.clipboard().text() == "refuse550@example.com"
            names = [b.accessibleName() for b in detail.findChildren(Button) if b.isVisible()]
            assert "Copy X-Turbodesk-ID" in names
            shown = [
                label.text()
                for label in detail.findChildren(type(detail._what))
                if label.text() in {address.email for address in to} and label.isVisible()
            ]
            assert shown == ["refuse550@example.com", "ok@example.com", "open@example.com"]

    run(go(), 30)


# Reports


@pytest.mark.parametrize(
    ("account", "kinds", "classes"),
    [
        ("sandbox", ["bounce", "spam", "unsub"], 3),
        ("sandbox-v2", ["bounce", "spam", "unsub", "manual", "validation_failed"], 0),
        ("sandbox-sendpost", ["bounce", "spam", "unsub", "manual"], 0),
    ],
)
def test_lists_are_those_that_the_provider_keeps(run, opened, account, kinds, classes):
    async def go():
        async with opened(account, ReportsTab, "hardbounce@example.com") as it:
            tray = it.tab.kinds
            assert [key for key in tray._segments if tray.segment(key).isVisible()] == kinds
            assert it.tab.classes.isVisible() is (classes > 0)
            assert [listed.email for listed in it.tab.table.rows] == ["hardbounce@example.com"]

    run(go(), 30)


@pytest.mark.parametrize("account", ["sandbox-v2", "sandbox-sendpost"])
def test_addresses_are_suppressed_and_allowed_again(run, opened, account, until, notices):
    async def go():
        async with opened(account, ReportsTab) as it:
            tab = it.tab
            press(tab.suppress_button)
            await until(lambda: dialog_of(SuppressDialog, tab))
            dialog = dialog_of(SuppressDialog, tab)
            assert not dialog.act.isEnabled()
            keeps_reasons = it.desk.has(Capability.SUPPRESSION_REASONS)
            assert dialog.reason.isVisible() is keeps_reasons
            if keeps_reasons:
                dialog.reason.setText("asked by phone")
            dialog.list.setPlainText("anna@example.com, ben@example.com\nnobody\nanna@example.com")
            assert dialog.act.text() == "Suppress 2" and "nobody is left out" in dialog.message.sentence
            press(dialog.act)
            await it.settle()
            press(tab.kinds.segment("manual"))
            await it.settle()
            assert {listed.email for listed in tab.table.rows} == {"anna@example.com", "ben@example.com"}
            tab.table.select_key("anna@example.com")
            assert tab.detail.pill.state == "suppressed"
            assert tab.table.current.newest.words == ("asked by phone" if keeps_reasons else "")
            press(tab.detail.allow_button)
            await until(lambda: dialog_of(Dialog, tab))
            press(button_of(dialog_of(Dialog, tab), "Allow again"))
            await it.settle()
            assert [listed.email for listed in tab.table.rows] == ["ben@example.com"]
            left = [
                row.email async for page in it.desk.provider.suppressions(Suppressing()) for row in page.rows
            ]
            assert left == ["ben@example.com"]

    run(go(), 30)


def test_a_provider_that_does_not_count_shows_its_lists_without_numbers(run, opened):
    async def go():
        async with opened("sandbox-v2", ReportsTab, "hardbounce@example.com") as it:

            async def not_counted(*_given, **_named) -> int:
                raise NotOffered("It does not count.")

            it.desk.provider.count_reports = not_counted
            it.tab.set_desk(it.desk)
            it.tab.turned_to()
            await it.settle()
            assert len(it.tab.table.rows) == 1
            assert it.tab.kinds.segment("bounce").accessibleName() == "Bounces"

    run(go(), 30)


# Stats


def test_sendposts_own_counters_fill_tiles_and_chart(run, opened, until):
    async def go():
        sent_to = ("ok@example.com", "hardbounce@example.com", "open@example.com")
        async with opened("sandbox-sendpost", StatsTab, *sent_to) as it:
            tab = it.tab
            assert tab._tally.told and tab.tiles.tiles["sent"].accessibleName() == "Sent 3 in 3 mailings"
            assert tab._tally.sums.bounced == 1 and len(tab._rows) == 3
            titles = [column.title for column in tab.mailings.records.columns]
            assert titles == ["Message", "When", "Sent"]
            assert "one by one" in tab._note.text()
            press(tab.lists.segment("recipients"))
            await it.settle()
            row = next(row for row in tab.recipients.rows if row.recipient == "hardbounce@example.com")
            tab.recipients.select_key(row.id)
            press(tab.details_button)
            await until(lambda: dialog_of(MessageDialog, tab))
            dialog = dialog_of(MessageDialog, tab)
            await until(lambda: dialog.pages.key == "message")
            assert dialog.pill.state == "hard"
            press(button_of(dialog, "Close"))
            await it.settle()

    run(go(), 30)


def test_one_sub_account_is_counted_alone(run, opened):
    async def go():
        async with opened("sandbox-sendpost", StatsTab, "ok@example.com") as it:
            tab = it.tab
            assert tab.accounts.isVisible()
            ids = [tab.accounts.itemData(n) for n in range(1, tab.accounts.count())]
            sums = []
            for id in ids:
                tab.accounts.choose(id)
                await it.settle()
                sums.append(tab._tally.sums.sent)
            assert sum(sums) == 1 and 0 in sums

    run(go(), 30)


def test_turbosmtp_v2_tells_one_message(run, opened, until):
    async def go():
        async with opened("sandbox-v2", StatsTab, "hardbounce@example.com") as it:
            tab = it.tab
            assert not tab._tally.told and not tab.accounts.isVisible()
            press(tab.lists.segment("recipients"))
            await it.settle()
            tab.recipients.select_first()
            press(tab.details_button)
            await until(lambda: dialog_of(MessageDialog, tab))
            dialog = dialog_of(MessageDialog, tab)
            await until(lambda: dialog.pages.key == "message")
            assert dialog.pill.state == "hard" and not dialog._happened.isVisible()
            dialog.reject()
            await it.settle()

    run(go(), 30)


def test_a_message_that_is_gone_says_so(run, opened, until):
    async def go():
        async with opened("sandbox-v2", StatsTab, "ok@example.com") as it:
            it.tab.open_message(replace(it.tab._rows[0], id="999999999"))
            await until(lambda: dialog_of(MessageDialog, it.tab))
            dialog = dialog_of(MessageDialog, it.tab)
            await until(lambda: dialog.pages.key == "empty")
            assert dialog.empty.title == "Not known there"
            dialog.reject()
            await it.settle()

    run(go(), 30)


# Tools, and what is not there


@pytest.mark.parametrize("kind", [ReportsTab, StatsTab, ToolsTab])
def test_a_relay_says_what_it_has_not(run, opened, kind, until):
    async def go():
        async with opened("sandbox-smtp", kind) as it:
            page = it.tab.not_offered
            await until(lambda: page.isVisible() and button_of(page, "Open Account"))
            assert page.title.endswith("with this account")
            assert not it.tab.loading.isVisible()
            press(button_of(page, "Open Account"))
            assert it.turned == [("account", None)]

    run(go(), 30)


def test_turbosmtp_v2_leads_to_its_dashboard_for_tracking(run, opened, until):
    async def go():
        async with opened("sandbox-v2", ToolsTab) as it:
            await until(lambda: button_of(it.tab.not_offered, "Open the dashboard page"))
            went = []
            it.tab.not_offered.open_url = lambda url: went.append(url.toString())
            press(button_of(it.tab.not_offered, "Open the dashboard page"))
            assert went == ["https://dashboard.serversmtp.com"]

    run(go(), 30)


def test_sendposts_switches_are_what_new_messages_ask_for(run, opened):
    async def go():
        async with opened("sandbox-sendpost", ToolsTab) as it:
            tab = it.tab
            assert list(tab.cards) == [CLICK_TRACKING, OPEN_TRACKING]
            press(tab.cards[OPEN_TRACKING].switch)
            await it.settle()
            assert (tab.desk.profile.track_opens, tab.desk.profile.track_clicks) == (False, True)
            assert tab.cards[OPEN_TRACKING].switch.state is False
            press(tab.cards[CLICK_TRACKING].switch)
            await it.settle()
            assert (tab.desk.profile.track_opens, tab.desk.profile.track_clicks) == (False, False)

    run(go(), 30)


def test_compose_follows_the_switches_of_new_messages(run, opened):
    async def go():
        async with opened("sandbox-sendpost", ComposeTab) as it:
            it.tab.renew_desk(replace(it.desk, profile=replace(it.desk.profile, track_clicks=False)))
            draft = it.tab.draft()
            assert (draft.track_opens, draft.track_clicks) == (True, False)
            assert not it.tab.body.options.clicks.isChecked()

    run(go(), 30)
