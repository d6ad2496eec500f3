"""The inbox: what was caught, as it arrived, and what can be made to happen to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from PySide6.QtWidgets import QFileDialog

from turbodesk.gui.inbox_tab import InboxTab
from turbodesk.gui.inbox_words import pill_of, why_not
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.toast import Toast
from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.model.inbox import CaughtRecipient
from turbodesk.model.message import Address, Attachment, Message, RecipientKind
from turbodesk.model.reports import MailStatus
from turbodesk.providers import open_provider
from turbodesk.providers.http import Gateway
from turbodesk.providers.sandbox_control import SandboxControl
from turbodesk.sandbox.server import SandboxServer
from turbodesk.services.desk import Desk
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

FILE = Attachment.of_bytes("guide.pdf", b"%PDF-1.4 \x00\xff" * 1000, "application/pdf")


def letter(subject: str, *to: str, html: str = "<p>The <b>HTML</b> part</p>", files=(FILE,)) -> Message:
    return Message(
        Address("shop@example.com", "The Shop"),
        tuple(Address(email) for email in to),
        subject,
        text="The text part",
        html=html,
        cc=(Address("copy@example.com"),),
        attachments=files,
    )


class Opened:
    """The tab over a sandbox, with what it told the window."""

    def __init__(self, place, desk, tab) -> None:
        self.place, self.desk, self.tab = place, desk, tab
        self.counters: list[int] = []
        self.turns: list[str] = []
        tab.counter.connect(lambda count, _tone: self.counters.append(count))
        tab.turn_to.connect(lambda key, _payload: self.turns.append(key))

    async def send(self, message: Message) -> None:
        await (await self.place.outbox(self.desk)).send(message)

    async def settle(self) -> None:
        await self.tab.work.settled()
        await self.tab.mail.preview.settled()

    async def choose(self, subject: str) -> None:
        mail = next(mail for mail in self.tab.table.rows if mail.subject == subject)
        self.tab.table.select_key(mail.id)
        await self.settle()

    def line(self, address: str):
        lines = self.tab.mail.recipients.lines.values()
        return next(line for line in lines if line.recipient.address.email == address)


@pytest.fixture
def opened(tmp_path, notices, window_of):
    """`async with opened(*messages) as it`: they are caught before the tab is turned to."""

    @asynccontextmanager
    async def make(*messages: Message) -> AsyncIterator[Opened]:
        async with Workplace(tmp_path / "desk", vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            tab = InboxTab(notices)
            it = Opened(place, desk, tab)
            for message in messages:
                await it.send(message)
            window_of(tab, 1280, 720)
            tab.set_desk(desk)
            tab.turned_to()
            await it.settle()
            yield it
            tab.set_desk(None)
            await it.settle()

    return make


def test_an_empty_inbox_offers_to_write(run, opened):
    async def go():
        async with opened() as it:
            assert it.tab.pages.key == "empty" and it.tab.empty.title == "Nothing caught yet"
            it.tab.empty.findChild(Button).click()
            assert it.turns == ["compose"]

    run(go())


def test_a_mail_is_shown_in_all_its_parts(run, opened, grab):
    async def go():
        async with opened(letter("Guide", "anna@example.com")) as it:
            mail = it.tab.mail
            assert mail.message is not None and mail.key == "mail"
            assert "HTML part" in " ".join(mail.preview.view.toPlainText().split())
            grab(it.tab, "inbox")
            mail.parts.segment("text").click()
            await it.settle()
            assert "The text part" in mail.preview.plain.toPlainText()
            mail.parts.segment("source").click()
            assert "guide.pdf" in mail.code.toPlainText() and mail.save_source_button.isVisible()
            mail.parts.segment("headers").click()
            assert "Subject: Guide" in mail.code.toPlainText()
            assert "X-Turbodesk-ID: td-" in mail.code.toPlainText()
            mail.parts.segment("files").click()
            assert len(mail.files.save_buttons) == 1
            assert [line.recipient.kind for line in mail.recipients.lines.values()] == [
                RecipientKind.TO,
                RecipientKind.CC,
            ]

    run(go())


def test_a_mail_without_html_is_shown_as_text(run, opened):
    async def go():
        async with opened(letter("Plain", "anna@example.com", html="", files=())) as it:
            parts = it.tab.mail.parts
            assert parts.key == "text"
            assert not parts.segment("html").isEnabled()

    run(go())


def test_new_mail_comes_in_by_itself_and_is_counted_until_it_is_looked_at(run, opened, until):
    async def go():
        async with opened(letter("First", "anna@example.com")) as it:
            assert it.counters[-1] == 0, "what was caught before is no news"
            await it.send(letter("Second", "anna@example.com"))
            await until(lambda: len(it.tab.table.rows) == 2)
            assert it.counters[-1] == 1
            assert it.tab.table.current.subject == "First", "what is read stays open"
            await it.choose("Second")
            assert it.counters[-1] == 0
            assert it.tab.mail.message.mail.subject == "Second"

    run(go())


def test_making_it_bounce_shows_the_bounce_and_says_where_it_is_seen(run, opened, notices):
    async def go():
        async with opened(letter("Guide", "anna@example.com")) as it:
            line = it.line("anna@example.com")
            assert line.pill.state == "delivered"
            bounce = line.menu().actions()[0]
            assert bounce.data() == "bounce" and bounce.isEnabled()
            bounce.trigger()
            await it.settle()
            assert line.pill.state == "hard" and line.said.text()
            toast = notices.findChild(Toast)
            assert toast.text == "anna@example.com bounced. Reports will show it."
            toast.findChild(Button).click()
            assert it.turns == ["reports"]
            assert not any(action.isEnabled() for action in line.menu().actions())
            assert line.menu().actions()[2].toolTip() == "It never arrived, so nothing more happens to it."

    run(go())


def test_what_the_sandbox_refuses_is_told_in_its_words(run, opened, notices):
    async def go():
        async with opened(letter("Guide", "hardbounce@example.com")) as it:
            it.tab._on_make_asked("hardbounce@example.com", "open")
            await it.settle()
            assert notices.latest is not None and "hardbounce@example.com" in notices.latest.what

    run(go())


def test_a_saved_attachment_is_the_same_byte_for_byte(run, opened, until, tmp_path):
    async def go():
        async with opened(letter("Guide", "anna@example.com")) as it:
            it.tab.mail.parts.segment("files").click()
            it.tab.mail.files.save_buttons[0].click()
            await until(lambda: it.tab.findChild(QFileDialog) is not None)
            dialog = it.tab.findChild(QFileDialog)
            dialog.setDirectory(str(tmp_path))
            dialog.accept()
            await it.settle()
            assert (tmp_path / "guide.pdf").read_bytes() == b"".join(FILE.source.slices())

    run(go())


def test_the_filter_finds_by_address_and_by_subject(run, opened):
    async def go():
        sent = (letter("Guide", "anna@example.com"), letter("Invoice", "ben@example.org"))
        async with opened(*sent) as it:
            for text, subject in (("anna", "Guide"), ("invo", "Invoice")):
                it.tab.filter.setText(text)
                assert [mail.subject for mail in it.tab.table.shown_rows()] == [subject]

    run(go())


def test_a_sandbox_that_stopped_is_told_of_once(run, notices, window_of):
    async def go():
        server, gateway = SandboxServer(None, history_rows=0), Gateway()
        place = await asyncio.to_thread(server.start)
        profile = Profile("Away", "turbosmtp-v1", inbox_url=place.inbox_url, api_url=place.dashboard_url)
        provider = open_provider(profile, {Credential.PASSWORD: Secret("x")}, gateway)
        tab = InboxTab(notices)
        window_of(tab, 1280, 720)
        tab.set_desk(
            Desk(profile, provider, SandboxControl(place.inbox_url, gateway, Secret(place.control_token)))
        )
        await tab.work.settled()
        assert tab.empty.title == "Nothing caught yet"
        await asyncio.to_thread(server.stop)
        for _ in range(2):
            tab.reload()
            await tab.work.settled()
        assert [notice.key for notice in notices.standing] == ["inbox-read"]
        tab.set_desk(None)
        await gateway.aclose()

    run(go(), 30)


def test_a_real_account_has_no_inbox(run, opened):
    async def go():
        async with opened() as it:
            it.tab.set_desk(Desk(it.desk.profile, it.desk.provider))
            assert it.tab.empty.title == "Nothing is caught here"

    run(go())


@pytest.mark.parametrize("status", list(MailStatus))
def test_every_status_has_its_pill(status):
    recipient = CaughtRecipient(RecipientKind.TO, Address("a@example.com"), status, "550 5.1.1 nobody")
    assert pill_of(recipient)


def test_a_bounce_is_hard_or_soft_by_the_servers_words():
    def failed(words: str) -> str:
        return pill_of(CaughtRecipient(RecipientKind.TO, Address("a@example.com"), MailStatus.FAIL, words))

    assert failed("550 5.1.1 user unknown") == "hard"
    assert failed("452 4.2.2 mailbox full") == "soft"


@pytest.mark.parametrize(
    ("status", "event", "possible"),
    [
        (MailStatus.SUCCESS, "bounce", True),
        (MailStatus.NEW, "open", True),
        (MailStatus.OPEN, "click", True),
        (MailStatus.OPEN, "open", False),
        (MailStatus.CLICK, "open", False),
        (MailStatus.CLICK, "softbounce", False),
        (MailStatus.CLICK, "complain", True),
        (MailStatus.FAIL, "click", False),
        (MailStatus.REPORT, "unsubscribe", False),
        (MailStatus.UNSUB, "complain", False),
    ],
)
def test_what_cannot_happen_any_more_says_why(status, event, possible):
    assert (why_not(status, event) == "") is possible


def test_a_filter_that_nothing_fits_says_so(run, opened):
    async def go():
        async with opened(letter("Guide", "anna@example.com")) as it:
            it.tab.filter.setText("zzz")
            assert "0 of 1 mail with" in it.tab._says.text()
            it.tab.filter.setText("")
            assert "1 mail caught" in it.tab._says.text()

    run(go())
