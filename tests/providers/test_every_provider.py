"""One list of promises over every provider: what is offered works, what is not is not asked."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from turbodesk.errors import NotOffered
from turbodesk.model.account import Profile, Secret
from turbodesk.model.message import Address, Attachment, Header, Message
from turbodesk.model.outcome import Verdict
from turbodesk.model.reports import ALL_TIME, BOUNCED, MailStatus, Period, ReportType
from turbodesk.providers import PROVIDERS, open_provider
from turbodesk.providers.http import Gateway
from turbodesk.providers.port import Capability, Provider
from turbodesk.providers.sandbox_control import SandboxControl
from turbodesk.sandbox.server import Endpoints, SandboxServer

OPENERS: dict[str, Callable[[Endpoints], tuple[Profile, Secret]]] = {
    "turbosmtp-v1": lambda there: (
        Profile(
            "test",
            "turbosmtp-v1",
            user=there.user,
            dashboard_url=there.dashboard_url,
            send_url=there.send_url,
        ),
        Secret(there.password),
    )
}
BLOB = bytes(range(256)) * 5000


@pytest.fixture(scope="module")
def there() -> Iterator[Endpoints]:
    server = SandboxServer(history_rows=300)
    try:
        yield server.start()
    finally:
        server.stop()


class Desk:
    """One provider over the sandbox, and the sandbox's other side."""

    def __init__(self, provider: Provider, control: SandboxControl) -> None:
        self.provider, self.control = provider, control

    def has(self, capability: Capability) -> bool:
        return capability in self.provider.offers

    async def send(self, *to: str, **more: Any) -> Any:
        fields = {"sender": Address("me@example.com", "Me"), "subject": "Hi", "text": "Hello", **more}
        addresses = tuple(map(Address.parse, to))
        return await self.provider.send(Message(to=addresses, **fields), _nothing)


async def _nothing() -> None:
    pass


@contextlib.asynccontextmanager
async def opened(name: str, there: Endpoints) -> AsyncIterator[Desk]:
    gateway = Gateway()
    control = SandboxControl(there.inbox_url, gateway)
    await control.set_faults([])
    provider = open_provider(*OPENERS[name](there), gateway)
    try:
        yield Desk(provider, control)
    finally:
        await provider.aclose()
        await gateway.aclose()


async def rows_of(pages: Any) -> list[Any]:
    return [row async for page in pages for row in page.rows]


async def signs_in_and_out(desk: Desk) -> None:
    await desk.provider.sign_in()
    await desk.provider.sign_out()


async def sends_a_message_whole(desk: Desk) -> None:
    result = await desk.send(
        "ok@example.com",
        "Second, The <two@example.org>",
        cc=(Address("cc@example.net"),),
        bcc=(Address("bcc@example.net"),),
        reply_to=Address("back@example.com"),
        subject="Grüße & more",
        html="<p>Hellö</p>",
        headers=(Header("X-Campaign", "spring"),),
        attachments=(Attachment.of_bytes("Größe.bin", BLOB, "image/png"), Attachment.of_bytes("empty", b"")),
        key="td-every-1",
    )
    assert {outcome.verdict for outcome in result.outcomes} == {Verdict.ACCEPTED}
    assert len(result.outcomes) == 4
    mail = (await desk.control.messages(1))[0]
    assert (mail.subject, mail.sender.email, mail.attachments) == ("Grüße & more", "me@example.com", 2)
    assert abs(datetime.now(UTC) - mail.at) < timedelta(minutes=5)
    whole = await desk.control.message(mail.id)
    headers = {name.lower(): value for name, value in whole.headers}
    assert headers["x-turbodesk-id"] == "td-every-1"
    assert headers["x-campaign"] == "spring"
    assert "back@example.com" in headers["reply-to"]
    assert "bcc@example.net" not in whole.source
    assert (whole.text.strip(), whole.html.strip()) == ("Hello", "<p>Hellö</p>")
    assert [(file.name, file.content) for file in whole.attachments] == [("Größe.bin", BLOB), ("empty", b"")]
    assert (await desk.control.accepted())["by_key"]["td-every-1"] == 1


async def says_what_became_of_it(desk: Desk) -> None:
    if not desk.has(Capability.STATS):
        return
    await desk.send("ok@example.com", "hardbounce@example.com", subject="What became of it", key="td-every-2")
    today = datetime.now(UTC).date()
    found = await rows_of(desk.provider.stats(Period(today - timedelta(1), today + timedelta(1))))
    mine = {row.recipient: row for row in found if row.subject == "What became of it"}
    assert mine["ok@example.com"].status is MailStatus.SUCCESS
    assert mine["hardbounce@example.com"].status is MailStatus.FAIL
    assert mine["hardbounce@example.com"].error
    assert len({row.id for row in found}) == len(found)


async def lists_statistics_whole(desk: Desk) -> None:
    if not desk.has(Capability.STATS):
        return
    pages = [page async for page in desk.provider.stats(ALL_TIME)]
    rows = [row for page in pages for row in page.rows]
    assert pages[-1].complete
    assert len(rows) == pages[-1].total == await desk.provider.count_stats(ALL_TIME) >= 300
    assert all(row.at and row.at.tzinfo for row in rows)
    bounced = await rows_of(desk.provider.stats(ALL_TIME, statuses=BOUNCED))
    assert {row.id for row in bounced} == {row.id for row in rows if row.status in BOUNCED} != set()
    last = await desk.provider.last_stats(10)
    assert [row.id for row in last] == [row.id for row in rows[:10]]
    export = b"".join([chunk async for chunk in desk.provider.stats_csv(ALL_TIME)])
    assert export.count(rows[0].id.encode()) == 1


async def lists_reports_and_takes_them_off(desk: Desk) -> None:
    if not desk.has(Capability.REPORTS):
        return
    address = "hardbounce@example.org"
    await desk.send(address, key="td-every-3")
    for type in ReportType:
        pages = [page async for page in desk.provider.reports(type, ALL_TIME)]
        assert pages[-1].complete
        count = await desk.provider.count_reports(type, ALL_TIME)
        assert sum(len(page.rows) for page in pages) == pages[-1].total == count
    (row,) = await rows_of(desk.provider.reports(ReportType.HARD_BOUNCE, ALL_TIME, text=address))
    assert (row.email, row.type) == (address, ReportType.HARD_BOUNCE)
    assert row.words and row.at
    export = b"".join([chunk async for chunk in desk.provider.reports_csv(ReportType.HARD_BOUNCE, ALL_TIME)])
    assert address.encode() in export
    if desk.has(Capability.DELETE_REPORTS):
        await desk.provider.delete_reports(ReportType.HARD_BOUNCE, [row.id])
        assert await desk.provider.count_reports(ReportType.HARD_BOUNCE, ALL_TIME, text=address) == 0
        await desk.provider.delete_all_spam()
        assert await desk.provider.count_reports(ReportType.SPAM, ALL_TIME) == 0


async def switches_tracking(desk: Desk) -> None:
    if not desk.has(Capability.TRACKING):
        return
    for tool in await desk.provider.tracking_tools():
        for wanted in (False, True):
            assert (await desk.provider.set_tracking(tool.id, wanted)).enabled is wanted
            now = {each.id: each.enabled for each in await desk.provider.tracking_tools()}
            assert now[tool.id] is wanted


async def knows_the_account(desk: Desk) -> None:
    if desk.has(Capability.ACCOUNT):
        info = await desk.provider.account()
        assert info.active and "@" in info.email
    if desk.has(Capability.PLANS):
        plans = await desk.provider.plans()
        assert plans and all(plan.used >= 0 for plan in plans)
    if desk.has(Capability.SUB_ACCOUNTS):
        subs = await desk.provider.sub_accounts()
        assert subs and all("@" in sub.email for sub in subs)


async def does_not_offer_what_it_has_not(desk: Desk) -> None:
    works: dict[Capability, list[Callable[[], Any]]] = {
        Capability.REPORTS: [
            lambda: desk.provider.reports(ReportType.SPAM, ALL_TIME),
            lambda: desk.provider.count_reports(ReportType.SPAM, ALL_TIME),
            lambda: desk.provider.reports_csv(ReportType.SPAM, ALL_TIME),
        ],
        Capability.DELETE_REPORTS: [
            lambda: desk.provider.delete_reports(ReportType.SPAM, ["1"]),
            desk.provider.delete_all_spam,
        ],
        Capability.STATS: [
            lambda: desk.provider.stats(ALL_TIME),
            lambda: desk.provider.count_stats(ALL_TIME),
            lambda: desk.provider.last_stats(10),
            lambda: desk.provider.stats_csv(ALL_TIME),
        ],
        Capability.TRACKING: [
            desk.provider.tracking_tools,
            lambda: desk.provider.set_tracking("click-tracking", True),
        ],
        Capability.ACCOUNT: [desk.provider.account],
        Capability.PLANS: [desk.provider.plans],
        Capability.SUB_ACCOUNTS: [desk.provider.sub_accounts],
    }
    assert Capability.SEND in desk.provider.offers
    for capability, asks in works.items():
        for ask in asks if capability not in desk.provider.offers else ():
            with pytest.raises(NotOffered):
                found = ask()
                if inspect.isawaitable(found):
                    await found


PROMISES = (
    signs_in_and_out,
    sends_a_message_whole,
    says_what_became_of_it,
    lists_statistics_whole,
    lists_reports_and_takes_them_off,
    switches_tracking,
    knows_the_account,
    does_not_offer_what_it_has_not,
)


@pytest.mark.parametrize("promise", PROMISES)
@pytest.mark.parametrize("name", PROVIDERS)
def test_promise(there: Endpoints, name: str, promise: Callable[[Desk], Any]) -> None:
    async def go() -> None:
        async with opened(name, there) as desk:
            await promise(desk)

    asyncio.run(go())


class OnlySends(Provider):
    """The least that a provider can be."""

    title = "A relay"

    async def send(self, message: Message, mark: Any) -> Any:
        raise AssertionError("nothing is sent here")


def test_a_provider_that_only_sends_offers_nothing_else() -> None:
    asyncio.run(does_not_offer_what_it_has_not(Desk(OnlySends(), None)))  # type: ignore[arg-type]
