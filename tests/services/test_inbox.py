"""What the sandbox caught, and what should become of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from turbodesk.errors import NotOffered, Refused
from turbodesk.model.message import Address, Attachment, Message, RecipientKind
from turbodesk.model.outcome import SendState
from turbodesk.model.reports import MailStatus, Period, ReportType
from turbodesk.services.desk import Desk
from turbodesk.services.inbox import EVENTS, InboxService
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

FILE = Attachment.of_bytes("data.bin", bytes(range(256)) * 40)


def letter(subject: str, *to: str) -> Message:
    return Message(
        Address("shop@example.com", "The Shop"),
        tuple(Address(email) for email in to),
        subject,
        text="The text part",
        html="<p>The HTML part</p>",
        bcc=(Address("quiet@example.com"),),
        attachments=(FILE,),
    )


async def sent(place: Workplace, desk: Desk, *messages: Message) -> InboxService:
    outbox = await place.outbox(desk)
    for message in messages:
        assert (await outbox.send(message)).state is SendState.ACCEPTED
    return InboxService(desk)


def test_caught_mail_stands_newest_first_and_is_whole(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            inbox = await sent(
                place, desk, letter("First", "a@example.com"), letter("Second", "b@example.com")
            )
            assert inbox.available
            mails = await inbox.messages()
            assert [mail.subject for mail in mails] == ["Second", "First"]
            message = await inbox.message(mails[0].id)
            assert message.mail == mails[0]
            assert (message.text.strip(), "The HTML part" in message.html) == ("The text part", True)
            assert [file.content for file in message.attachments] == [b"".join(FILE.source.slices())]
            assert message.attachments[0].sha256 == FILE.sha256
            kinds = [recipient.kind for recipient in message.mail.recipients]
            assert kinds == [RecipientKind.TO, RecipientKind.BCC]

    asyncio.run(go())


def test_the_limit_keeps_the_newest(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            inbox = await sent(place, desk, *(letter(f"Mail {n}", "a@example.com") for n in range(3)))
            assert [mail.subject for mail in await inbox.messages(limit=2)] == ["Mail 2", "Mail 1"]

    asyncio.run(go())


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("bounce", MailStatus.FAIL),
        ("softbounce", MailStatus.FAIL),
        ("open", MailStatus.OPEN),
        ("click", MailStatus.CLICK),
        ("complain", MailStatus.REPORT),
        ("unsubscribe", MailStatus.UNSUB),
    ],
)
def test_every_event_happens_to_that_recipient_alone(tmp_path: Path, event: str, status: MailStatus) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            inbox = await sent(place, desk, letter("Mail", "a@example.com", "b@example.com"))
            id = (await inbox.messages())[0].id
            answered = await inbox.make(id, "a@example.com", event)
            assert answered.status is status
            now = {one.address.email: one.status for one in (await inbox.messages())[0].recipients}
            assert now["a@example.com"] is status and now["b@example.com"] is MailStatus.SUCCESS

    asyncio.run(go())


def test_a_bounce_made_by_hand_is_in_the_reports(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            inbox = await sent(place, desk, letter("Mail", "a@example.com"))
            await inbox.make((await inbox.messages())[0].id, "a@example.com", "bounce")
            found = [
                row.email
                async for page in desk.provider.reports(ReportType.HARD_BOUNCE, Period())
                for row in page.rows
            ]
            assert found == ["a@example.com"]

    asyncio.run(go())


def test_a_bounced_mail_is_not_opened_and_an_unknown_one_is_not_there(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            inbox = await sent(place, desk, letter("Mail", "hardbounce@example.com"))
            id = (await inbox.messages())[0].id
            with pytest.raises(Refused, match=r"hardbounce@example\.com"):
                await inbox.make(id, "hardbounce@example.com", "open")
            with pytest.raises(Refused):
                await inbox.message("12345")
            with pytest.raises(Refused):
                await inbox.make(id, "nobody@example.com", "open")

    asyncio.run(go())


def test_a_real_account_has_no_inbox(tmp_path: Path) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox")
            inbox = InboxService(Desk(desk.profile, desk.provider))
            assert not inbox.available
            for question in (
                inbox.messages(),
                inbox.message("1"),
                inbox.make("1", "a@example.com", EVENTS[0]),
            ):
                with pytest.raises(NotOffered):
                    await question

    asyncio.run(go())
