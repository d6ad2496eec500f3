"""One list of promises over every provider: what is offered works, what is not is not asked."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from turbodesk.errors import InvalidDraft, NotOffered, OutcomeUnknown, Refused, SignInRefused
from turbodesk.model.account import Credentials, Profile, Secret
from turbodesk.model.alert import Alert
from turbodesk.model.lookup import Sought, Trace
from turbodesk.model.message import Address, Attachment, Header, Message
from turbodesk.model.outcome import Verdict
from turbodesk.model.reports import (
    ALL_TIME,
    BOUNCED,
    MailStatus,
    Period,
    ReportType,
    Suppressing,
)
from turbodesk.model.subaccount import Agency, Contact, NewSubAccount, SubAccountDetails
from turbodesk.model.validation import ValidationStatus
from turbodesk.model.webhook import USUAL_EVENTS, EventFlag, WebhookChange
from turbodesk.providers import PROVIDERS, open_provider
from turbodesk.providers.gateway import Gateway
from turbodesk.providers.port import Capability, Provider
from turbodesk.providers.sandbox_control import SandboxControl
from turbodesk.sandbox.server import Endpoints, SandboxServer
from turbodesk.workplace import sandbox_profile

BLOB = bytes(range(256)) * 5000
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(64)
TODAY = datetime.now(UTC).date()
AROUND_TODAY = Period(TODAY - timedelta(1), TODAY + timedelta(1))
NEW_SUB = NewSubAccount(
    "shop.two@example.com",
    Secret("Str0ng-enough!"),
    "203.0.113.25",
    Contact("Ada", "Rossi", city="Milano"),
    policy_agreed=True,
)


@pytest.fixture
def there() -> Iterator[Endpoints]:
    server = SandboxServer(history_rows=300, history_days=50)
    try:
        yield server.start()
    finally:
        server.stop()


class Desk:
    """One provider over the sandbox, the sandbox's other side, and the same with wrong credentials."""

    def __init__(self, provider: Provider, control: SandboxControl, wrong: Provider) -> None:
        self.provider, self.control, self.wrong = provider, control, wrong

    def has(self, capability: Capability) -> bool:
        return capability in self.provider.offers

    async def send(self, *to: str, **more: Any) -> Any:
        return await self.provider.send(letter(*to, **more), _nothing)


def letter(*to: str, **more: Any) -> Message:
    fields = {"sender": Address("me@example.com", "Me"), "subject": "Hi", "text": "Hello", **more}
    return Message(to=tuple(map(Address.parse, to)), **fields)


async def _nothing() -> None:
    pass


def wrong_ones(credentials: Credentials) -> Credentials:
    return {it: Secret("not" + secret.reveal()[3:]) for it, secret in credentials.items()}


@contextlib.asynccontextmanager
async def opened(name: str, there: Endpoints) -> AsyncIterator[Desk]:
    gateway = Gateway()
    control = SandboxControl(there.inbox_url, gateway, Secret(there.control_token))
    await control.set_faults([])
    profile, credentials = sandbox_profile(Profile("test", name), there)
    provider = open_provider(profile, credentials, gateway)
    wrong = open_provider(profile, wrong_ones(credentials), gateway)
    try:
        yield Desk(provider, control, wrong)
    finally:
        await provider.aclose()
        await wrong.aclose()
        await gateway.aclose()


async def rows_of(pages: Any) -> list[Any]:
    return [row async for page in pages for row in page.rows]


async def signs_in_and_out(desk: Desk) -> None:
    await desk.provider.sign_in()
    await desk.provider.sign_out()


async def knows_what_each_key_unlocks(desk: Desk) -> None:
    found = await desk.provider.check()
    assert found
    assert all(it.taken and it.credential and it.unlocks for it in found)


async def tells_wrong_keys_from_right_ones(desk: Desk) -> None:
    accepted = (await desk.control.accepted())["total"]
    with pytest.raises(SignInRefused) as refused:
        await desk.wrong.sign_in()
    assert refused.value.says
    assert all(it.taken is False and it.words for it in await desk.wrong.check())
    with pytest.raises(SignInRefused):
        await desk.wrong.send(letter("you@example.com"), _nothing)
    assert (await desk.control.accepted())["total"] == accepted


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
        attachments=(Attachment.of_bytes("Größe.png", BLOB, "image/png"), Attachment.of_bytes("empty", b"")),
        key="td-every-1",
    )
    assert {outcome.verdict for outcome in result.outcomes} == {Verdict.ACCEPTED}
    assert [outcome.address.email for outcome in result.outcomes] == [
        "ok@example.com",
        "two@example.org",
        "cc@example.net",
        "bcc@example.net",
    ]
    mail = (await desk.control.messages(1))[0]
    assert (mail.subject, mail.sender.email, mail.attachments) == ("Grüße & more", "me@example.com", 2)
    assert abs(datetime.now(UTC) - mail.at) < timedelta(minutes=5)
    assert sorted(it.address.email for it in mail.recipients) == sorted(
        outcome.address.email for outcome in result.outcomes
    )
    whole = await desk.control.message(mail.id)
    headers = {name.lower(): value for name, value in whole.headers}
    assert headers["x-turbodesk-id"] == "td-every-1"
    assert headers["x-campaign"] == "spring"
    assert "back@example.com" in headers["reply-to"]
    assert "bcc@example.net" not in whole.source
    assert (whole.text.strip(), whole.html.strip()) == ("Hello", "<p>Hellö</p>")
    assert [(file.name, file.content) for file in whole.attachments] == [("Größe.png", BLOB), ("empty", b"")]
    assert (await desk.control.accepted())["by_key"]["td-every-1"] == 1


async def marks_the_wire_once_and_before_anything_leaves(desk: Desk) -> None:
    counted = 0

    async def mark() -> None:
        nonlocal counted
        counted += 1
        assert "td-every-mark" not in (await desk.control.accepted())["by_key"]

    await desk.provider.send(letter("ok@example.com", key="td-every-mark"), mark)
    assert counted == 1

    async def refuses() -> None:
        raise RuntimeError("the ledger is full")

    with pytest.raises(RuntimeError):
        await desk.provider.send(letter("ok@example.com", key="td-every-unmarked"), refuses)
    assert "td-every-unmarked" not in (await desk.control.accepted())["by_key"]


async def shows_pictures_inside_the_letter(desk: Desk) -> None:
    picture = Attachment.of_bytes("logo.png", PICTURE, "image/png")
    message = letter(
        "ok@example.com",
        html='<img src="cid:logo"><img src="cid:logo2">',
        attachments=tuple(replace(picture, content_id=id) for id in ("logo", "logo2")),
    )
    if not desk.has(Capability.INLINE_IMAGES):
        with pytest.raises(InvalidDraft) as refused:
            desk.provider.check_message(message)
        assert list(refused.value.problems) == ["attachments"]
        return
    await desk.provider.send(message, _nothing)
    whole = await desk.control.message((await desk.control.messages(1))[0].id)
    shown = re.findall(r'src="cid:([^"]+)"', whole.html)
    named = re.findall(r"(?im)^Content-ID:\s*<([^>]+)>", whole.source)
    assert len(shown) == 2
    assert sorted(shown) == sorted(named)


async def refuses_aloud_what_the_wire_has_no_field_for(desk: Desk) -> None:
    asked = {
        "groups": (Capability.GROUPS, {"groups": ("spring",)}),
        "tracking": (Capability.CHOOSE_TRACKING, {"track_opens": False}),
        "fields": (Capability.FIELDS, {"fields": (("name", "Ann"),)}),
        "template": (Capability.TEMPLATES, {"template": "welcome"}),
    }
    for field, (capability, more) in asked.items():
        message = letter("ok@example.com", **more)
        if desk.has(capability):
            desk.provider.check_message(message)
            assert (await desk.provider.send(message, _nothing)).outcomes
            continue
        for refuse in (desk.provider.check_message, lambda it: desk.provider.send(it, _nothing)):
            with pytest.raises(InvalidDraft) as refused:
                found = refuse(message)
                if inspect.isawaitable(found):
                    await found
            assert list(refused.value.problems) == [field]


async def sends_a_letter_that_the_provider_keeps(desk: Desk) -> None:
    if not desk.has(Capability.TEMPLATES):
        return
    for template in ("welcome", "501"):
        kept = {"subject": "", "text": "", "template": template, "fields": (("name", "Ann & Co"),)}
        result = await desk.send("ok@example.com", **kept)
        assert {it.verdict for it in result.outcomes} == {Verdict.ACCEPTED}
        whole = await desk.control.message((await desk.control.messages(1))[0].id)
        assert whole.mail.subject == "Welcome, Ann & Co"
        assert "Welcome, Ann & Co!" in whole.text and "Welcome, Ann &amp; Co" in whole.html
    await desk.send("ok@example.com", subject="Mine", text="And mine", template="welcome")
    whole = await desk.control.message((await desk.control.messages(1))[0].id)
    assert (whole.mail.subject, whole.text.strip(), whole.html) == ("Mine", "And mine", "")
    accepted = (await desk.control.accepted())["total"]
    for unknown in ("nothing-like-it", "999"):
        with pytest.raises(Refused, match=unknown):
            await desk.send("ok@example.com", text="", template=unknown)
    assert (await desk.control.accepted())["total"] == accepted


async def says_what_became_of_it(desk: Desk) -> None:
    if not desk.has(Capability.STATS):
        return
    await desk.send("ok@example.com", "hardbounce@example.com", subject="What became of it", key="td-every-2")
    found = await rows_of(desk.provider.stats(AROUND_TODAY))
    mine = {row.recipient: row for row in found if row.subject == "What became of it"}
    assert mine.keys() == {"ok@example.com", "hardbounce@example.com"}
    assert len({row.id for row in found}) == len(found)
    if mine["ok@example.com"].raw_status:  # not every provider tells what became of a message in its list
        assert mine["ok@example.com"].status is MailStatus.SUCCESS
        assert mine["hardbounce@example.com"].status is MailStatus.FAIL
        assert mine["hardbounce@example.com"].error


async def lists_statistics_whole(desk: Desk) -> None:
    if not desk.has(Capability.STATS):
        return
    pages = [page async for page in desk.provider.stats(ALL_TIME)]
    rows = [row for page in pages for row in page.rows]
    assert len({row.id for row in rows}) == len(rows) >= 300
    assert all(row.at and row.at.tzinfo for row in rows)
    assert rows == sorted(rows, key=lambda row: row.at, reverse=True)
    if pages[-1].total is not None:
        assert pages[-1].complete
        assert len(rows) == pages[-1].total == await desk.provider.count_stats(ALL_TIME)
        bounced = await rows_of(desk.provider.stats(ALL_TIME, statuses=BOUNCED))
        assert {row.id for row in bounced} == {row.id for row in rows if row.status in BOUNCED} != set()
    if desk.has(Capability.LAST_STATS):
        last = await desk.provider.last_stats(10)
        assert [row.id for row in last] == [row.id for row in rows[:10]]
    if desk.has(Capability.STATS_CSV):
        export = b"".join([chunk async for chunk in desk.provider.stats_csv(ALL_TIME)])
        assert export.count(rows[0].id.encode()) == 1


async def counts_by_day(desk: Desk) -> None:
    if not desk.has(Capability.COUNTS):
        return

    async def today() -> tuple[int, int]:
        days = {it.day: it.counts for it in await rows_of(desk.provider.daily_counts(AROUND_TODAY))}
        counts = days.get(datetime.now(UTC).date())
        return (counts.delivered, counts.bounced) if counts else (0, 0)

    delivered, bounced = await today()
    await desk.send("ok@example.com", "hardbounce@example.net", subject="Counted")
    assert await today() == (delivered + 1, bounced + 1)
    year = Period(TODAY - timedelta(400), TODAY)
    counted = await rows_of(desk.provider.daily_counts(year))
    assert len({it.day for it in counted}) == len(counted)
    assert sum(it.counts.sent for it in counted) >= 300


async def finds_one_message_again(desk: Desk) -> None:
    if not desk.has(Capability.MESSAGE):
        return
    result = await desk.send("ok@example.com", subject="One of many")
    found = await desk.provider.message(result.outcomes[0].provider_id)
    assert found is not None
    assert (found.stat.recipient, found.stat.subject) == ("ok@example.com", "One of many")
    for unknown in ("1475205839938715648", "5ad9d5a4-0000-4000-8000-000000000000"):
        assert await desk.provider.message(unknown) is None


async def lists_reports_and_takes_them_off(desk: Desk) -> None:
    if not desk.has(Capability.REPORTS):
        return
    address = "hardbounce@example.org"
    await desk.send(address, key="td-every-3")
    assert desk.provider.report_types
    for type in desk.provider.report_types:
        pages = [page async for page in desk.provider.reports(type, ALL_TIME)]
        assert {row.type for page in pages for row in page.rows} <= {type}
        if pages[-1].total is not None:
            assert pages[-1].complete
            count = await desk.provider.count_reports(type, ALL_TIME)
            assert sum(len(page.rows) for page in pages) == pages[-1].total == count
    bounces = next(
        it for it in (ReportType.HARD_BOUNCE, ReportType.BOUNCE) if it in desk.provider.report_types
    )
    (row,) = await rows_of(desk.provider.reports(bounces, ALL_TIME, text=address))
    assert (row.email, row.type) == (address, bounces)
    assert row.words and row.at
    if desk.has(Capability.REPORTS_CSV):
        export = b"".join([chunk async for chunk in desk.provider.reports_csv(bounces, ALL_TIME)])
        assert address.encode() in export
    if desk.has(Capability.DELETE_REPORTS):
        await desk.provider.delete_reports(bounces, [row.id])
        assert await rows_of(desk.provider.reports(bounces, ALL_TIME, text=address)) == []
        await desk.provider.delete_all_spam()
        assert await rows_of(desk.provider.reports(ReportType.SPAM, ALL_TIME)) == []


async def keeps_lists_that_it_does_not_have_apart(desk: Desk) -> None:
    if not desk.has(Capability.REPORTS):
        return
    other_names = {ReportType.BOUNCE}  # where hard bounces are all the bounces that are listed
    for type in set(ReportType) - set(desk.provider.report_types) - other_names:
        with pytest.raises(NotOffered):
            await rows_of(desk.provider.reports(type, ALL_TIME))


async def suppresses_addresses_and_lets_them_go(desk: Desk) -> None:
    if not desk.has(Capability.SUPPRESSIONS):
        return
    emails = ["No.More+1@example.org", "no.more2@example.org"]
    done = await desk.provider.import_suppressions(emails)
    assert done.valid is None or {it.lower() for it in done.valid} == {it.lower() for it in emails}

    async def listed() -> set[str]:
        which = Suppressing(AROUND_TODAY, frozenset({ReportType.MANUAL}), "no.more")
        return {row.email.lower() for row in await rows_of(desk.provider.suppressions(which))}

    assert await listed() == {it.lower() for it in emails}
    result = await desk.send(emails[1], "fine@example.org")
    refused = {it.address.email for it in result.outcomes if it.verdict is Verdict.REFUSED}
    assert refused <= {emails[1]}
    if desk.has(Capability.SUPPRESSIONS_CSV):
        which = Suppressing(AROUND_TODAY, frozenset({ReportType.MANUAL}))
        export = b"".join([chunk async for chunk in desk.provider.suppressions_csv(which)])
        assert emails[1].encode() in export
    await desk.provider.delete_suppressions(emails[:1])
    assert await listed() == {emails[1]}
    if desk.has(Capability.FILTERED_DELETE):
        await desk.provider.delete_suppressions_where(Suppressing(AROUND_TODAY, text=emails[1]))
    else:
        await desk.provider.delete_suppressions(emails[1:])
    assert await listed() == set()
    await desk.provider.delete_suppressions(["never.listed@example.org"])


async def makes_keys_and_takes_them_back(desk: Desk) -> None:
    if not desk.has(Capability.KEYS):
        return
    before = {it.key for it in await desk.provider.keys()}
    made = await desk.provider.create_key("every", permissions=["SEND_API"], ips=["127.0.0.1"])
    found = {it.key: it for it in await desk.provider.keys()}
    assert found.keys() - before == {made.key.reveal()}
    mine = found[made.key.reveal()]
    assert (mine.label, mine.permissions, mine.ips) == ("every", ("SEND_API",), ("127.0.0.1",))
    await desk.provider.revoke_key(mine.key)
    assert {it.key for it in await desk.provider.keys()} == before


async def lists_domains(desk: Desk) -> None:
    if not desk.has(Capability.DOMAINS):
        return
    found = await desk.provider.domains()
    assert any(it.verified for it in found)
    assert all(it.name and it.records for it in found)


async def shows_one_domain(desk: Desk) -> None:
    if not desk.has(Capability.DOMAINS):
        return
    for domain in await desk.provider.domains():
        assert await desk.provider.domain(domain.id) == domain
    for unknown in ("1", "a/b?c"):
        assert await desk.provider.domain(unknown) is None


async def tells_webhooks_what_they_ask_for(desk: Desk) -> None:
    if not desk.has(Capability.WEBHOOKS):
        return
    provider = desk.provider
    url = "https://hooks.example.com/every"
    made = await provider.create_webhook(url, {EventFlag.OPENED, EventFlag.GIVEN_UP}, enabled=False)
    assert (made.url, made.enabled) == (url, False)
    assert made.events == {EventFlag.OPENED, EventFlag.GIVEN_UP}
    assert made.id and made.created
    assert [it.id for it in await provider.webhooks()] == [made.id]
    with pytest.raises(Refused):
        await provider.create_webhook(url, USUAL_EVENTS)
    changed = await provider.edit_webhook(made.id, WebhookChange(events={EventFlag.CLICKED: True}))
    assert changed.events == {EventFlag.OPENED, EventFlag.GIVEN_UP, EventFlag.CLICKED}
    assert (changed.url, changed.enabled) == (url, False)
    off = {EventFlag.OPENED: False}
    changed = await provider.edit_webhook(made.id, WebhookChange(f"{url}/2", enabled=True, events=off))
    assert (changed.url, changed.enabled) == (f"{url}/2", True)
    assert changed.events == {EventFlag.GIVEN_UP, EventFlag.CLICKED}
    await provider.delete_webhook(made.id)
    assert await provider.webhooks() == ()
    for gone in (provider.delete_webhook(made.id), provider.edit_webhook(made.id, WebhookChange(url))):
        with pytest.raises(Refused):
            await gone


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
        assert subs and all(sub.id and ("@" in sub.email or sub.name) for sub in subs)


async def validates_one_address_for_one_credit(desk: Desk) -> None:
    if not desk.has(Capability.VALIDATION):
        return
    before = await desk.provider.validation_credits()
    good = await desk.provider.validate_address("ann@example.com")
    bad = await desk.provider.validate_address("hardbounce@example.org")
    assert (good.email, good.status, good.mx_found) == ("ann@example.com", ValidationStatus.VALID, True)
    assert (bad.status, bad.sub_status) == (ValidationStatus.INVALID, "mailbox_not_found")
    after = await desk.provider.validation_credits()
    assert before.free_left is not None
    assert (after.free_left, after.paid) == (before.free_left - 2, before.paid)


async def validates_a_list_from_upload_to_results(desk: Desk) -> None:
    if not desk.has(Capability.VALIDATION):
        return
    provider = desk.provider
    emails = [f"{number}@example.com" for number in range(1_200)] + ["invalid@example.com", "x@gmial.com"]
    sent: list[tuple[int, int]] = []
    made = await provider.upload_validation("Spring list.csv", emails, lambda *so_far: sent.append(so_far))
    assert made.total == len(emails)
    assert sent[-1][0] == sent[-1][1] > sum(map(len, emails))
    assert await rows_of(provider.validation_results(made.id)) == []
    await provider.start_validation(made.id)
    with pytest.raises(Refused):
        await provider.start_validation(made.id)
    await desk.control.advance_clock(3600)
    found = await provider.validation_list(made.id)
    assert found is not None
    assert (found.done, found.percent, found.processed, found.total) == (True, 100, 1_202, 1_202)
    counts = {ValidationStatus.VALID: 1_200, ValidationStatus.INVALID: 2}
    assert (found.name, dict(found.counts)) == ("Spring list.txt", counts)
    (listed,) = [row for row in await rows_of(provider.validation_lists(AROUND_TODAY)) if row.id == made.id]
    assert (listed.total, listed.done) == (1_202, True)
    pages = [page async for page in provider.validation_results(made.id)]
    rows = [row for page in pages for row in page.rows]
    assert [row.email for row in rows] == emails
    assert pages[-1].complete
    one = await provider.validation_result(made.id, rows[-1].id)
    assert one is not None
    assert (one.email, one.did_you_mean, one.sub_status) == ("x@gmial.com", "x@gmail.com", "possible_typo")
    export = b"".join([chunk async for chunk in provider.validation_csv(made.id)])
    assert export.count(b"\r\n") == len(emails) + 1
    await provider.delete_validation_list(made.id)
    assert await provider.validation_list(made.id) is None
    assert await provider.validation_result(made.id, rows[-1].id) is None


async def tells_of_one_account_below(desk: Desk) -> None:
    if not desk.has(Capability.SUB_ACCOUNT):
        return
    for sub in await desk.provider.sub_accounts():
        one = await desk.provider.sub_account(sub.id)
        assert (one.id, one.email, one.name, one.active) == (sub.id, sub.email, sub.name, sub.active)
    assert await desk.provider.sub_account("9" * 18) is None


async def changes_the_accounts_below(desk: Desk) -> None:
    if not desk.has(Capability.CHANGE_SUB_ACCOUNTS):
        return
    provider = desk.provider
    made = await provider.create_sub_account(NEW_SUB)
    listed = {sub.email: sub for sub in await provider.sub_accounts()}
    id = listed[NEW_SUB.email].id
    assert id and made in ("", id)
    seen = await provider.sub_account(id)
    assert (seen.email, seen.ip, seen.contact) == (NEW_SUB.email, NEW_SUB.ip, NEW_SUB.contact)
    await provider.edit_sub_account(replace(seen, contact=replace(seen.contact, city="Torino")))
    assert (await provider.sub_account(id)).contact.city == "Torino"
    assert (await provider.limit_sub_account(id, 500)).limit == 500
    assert (await provider.activate_sub_account(id, False)).active is False
    plan = await provider.sub_account_plan(id)
    assert (plan.id, plan.limit, plan.active) == (id, 500, False)
    assert (await provider.activate_sub_account(id, True)).active is True
    assert (await provider.limit_sub_account(id, None)).limit is None
    listed = {sub.id: sub for sub in await provider.sub_accounts()}
    assert (listed[id].limit, listed[id].active) == (None, True)
    assert await provider.sub_account("9" * 30) is None
    for change in (provider.limit_sub_account("7", 1), provider.activate_sub_account("7", True)):
        with pytest.raises(Refused):
            await change
    with pytest.raises(Refused) as twice:
        await provider.create_sub_account(NEW_SUB)
    assert (twice.value.field, NEW_SUB.password.reveal() in twice.value.detail) == ("email", False)


async def makes_accounts_of_a_name(desk: Desk) -> None:
    if not desk.has(Capability.NAME_SUB_ACCOUNTS):
        return
    provider = desk.provider
    before = await provider.sub_accounts()
    made = await provider.create_sub_account(NewSubAccount(name="Spring fair"))
    (new,) = set(await provider.sub_accounts()) - set(before)
    assert made in ("", new.id) and (new.name, new.active) == ("Spring fair", True)
    with pytest.raises(Refused) as twice:
        await provider.create_sub_account(NewSubAccount(name="Spring fair"))
    assert twice.value.field == "name"
    seen = await provider.sub_account(new.id)
    await provider.edit_sub_account(replace(seen, name="Autumn fair"))
    assert await provider.sub_account(new.id) == replace(seen, name="Autumn fair")
    for name in ("", "x" * 101):
        with pytest.raises(InvalidDraft):
            await provider.edit_sub_account(replace(seen, name=name))
    for surplus in (NEW_SUB, replace(NEW_SUB, name="x"), NewSubAccount(name="x", ip="203.0.113.25")):
        with pytest.raises(InvalidDraft):
            await provider.create_sub_account(surplus)
    await provider.delete_sub_account(new.id)
    assert await provider.sub_account(new.id) is None
    assert await provider.sub_accounts() == before
    for gone in (provider.delete_sub_account(new.id), provider.edit_sub_account(seen)):
        with pytest.raises(Refused) as refused:
            await gone
        assert refused.value.field == "id"


async def signs_in_as_an_account_below(desk: Desk) -> None:
    if not desk.has(Capability.ENTER_SUB_ACCOUNTS):
        return
    email = (await desk.provider.sub_accounts())[0].email
    token = await desk.provider.enter_sub_account(email)
    assert isinstance(token, Secret) and token.reveal() not in repr(token)
    with pytest.raises(Refused) as refused:
        await desk.provider.enter_sub_account("nobody@example.net")
    assert refused.value.field == "email"


async def shows_an_agency_to_the_accounts_below(desk: Desk) -> None:
    if not desk.has(Capability.AGENCY):
        return
    provider = desk.provider
    before = await provider.agency()
    await provider.edit_agency(replace(before, name="Ours", website="https://ours.example", footer="Bye"))
    after = await provider.agency()
    assert (after.name, after.website, after.footer) == ("Ours", "https://ours.example", "Bye")
    assert after.logo_url == before.logo_url
    with pytest.raises(InvalidDraft) as refused:
        await provider.edit_agency(Agency("x" * 129, footer="x" * 2049))
    assert set(refused.value.problems) == {"name", "footer"}
    assert await provider.agency() == after
    sub = (await provider.sub_accounts())[0]
    assert await provider.email_exists(sub.email.upper()) is True
    assert await provider.email_exists("nobody@example.net") is False


async def keeps_usage_alerts(desk: Desk) -> None:
    if not desk.has(Capability.ALERTS):
        return
    provider = desk.provider
    before = await provider.alerts()
    made = await provider.add_alert("ops@example.com", 75)
    (new,) = set(await provider.alerts()) - set(before)
    assert made in ("", new.id) and new == Alert(new.id, "ops@example.com", 75)
    await provider.edit_alert(replace(new, percentage=0))
    assert await provider.alert(new.id) == Alert(new.id, "ops@example.com", 0)
    await provider.remove_alert(new.id)
    assert await provider.alert(new.id) is None
    assert await provider.alerts() == before
    with pytest.raises(Refused):
        await provider.remove_alert(new.id)


async def does_not_offer_what_it_has_not(desk: Desk) -> None:
    provider, some = desk.provider, ["a@example.com"]
    works: dict[Capability, list[Callable[[], Any]]] = {
        Capability.REPORTS: [
            lambda: provider.reports(ReportType.SPAM, ALL_TIME),
            lambda: provider.count_reports(ReportType.SPAM, ALL_TIME),
        ],
        Capability.REPORTS_CSV: [lambda: provider.reports_csv(ReportType.SPAM, ALL_TIME)],
        Capability.DELETE_REPORTS: [
            lambda: provider.delete_reports(ReportType.SPAM, ["1"]),
            lambda: provider.delete_all_spam(),
        ],
        Capability.STATS: [lambda: provider.stats(ALL_TIME), lambda: provider.count_stats(ALL_TIME)],
        Capability.LAST_STATS: [lambda: provider.last_stats(10)],
        Capability.STATS_CSV: [lambda: provider.stats_csv(ALL_TIME)],
        Capability.COUNTS: [lambda: provider.daily_counts(ALL_TIME)],
        Capability.MESSAGE: [lambda: provider.message("1")],
        Capability.SUPPRESSIONS: [
            lambda: provider.suppressions(Suppressing()),
            lambda: provider.import_suppressions(some),
            lambda: provider.delete_suppressions(some),
        ],
        Capability.SUPPRESSIONS_CSV: [lambda: provider.suppressions_csv(Suppressing())],
        Capability.FILTERED_DELETE: [lambda: provider.delete_suppressions_where(Suppressing())],
        Capability.TRACKING: [
            lambda: provider.tracking_tools(),
            lambda: provider.set_tracking("click-tracking", True),
        ],
        Capability.ACCOUNT: [lambda: provider.account()],
        Capability.PLANS: [lambda: provider.plans()],
        Capability.SUB_ACCOUNTS: [lambda: provider.sub_accounts()],
        Capability.SUB_ACCOUNT: [lambda: provider.sub_account("1")],
        Capability.SUB_ACCOUNT_PLANS: [lambda: provider.sub_account_plan("1")],
        Capability.CHANGE_SUB_ACCOUNTS: [
            lambda: provider.limit_sub_account("1", 10),
            lambda: provider.activate_sub_account("1", False),
            lambda: provider.email_exists("a@example.com"),
        ],
        Capability.NAME_SUB_ACCOUNTS: [lambda: provider.delete_sub_account("1")],
        Capability.AGENCY: [lambda: provider.agency(), lambda: provider.edit_agency(Agency())],
        Capability.ENTER_SUB_ACCOUNTS: [lambda: provider.enter_sub_account("a@example.com")],
        Capability.ALERTS: [
            lambda: provider.alerts(),
            lambda: provider.alert("1"),
            lambda: provider.add_alert("a@example.com", 80),
            lambda: provider.edit_alert(Alert("1", "a@example.com", 80)),
            lambda: provider.remove_alert("1"),
        ],
        Capability.KEYS: [
            lambda: provider.keys(),
            lambda: provider.create_key("x"),
            lambda: provider.revoke_key("x"),
        ],
        Capability.DOMAINS: [lambda: provider.domains(), lambda: provider.domain("1")],
        Capability.WEBHOOKS: [
            lambda: provider.webhooks(),
            lambda: provider.create_webhook("https://hooks.example.com/", USUAL_EVENTS),
            lambda: provider.edit_webhook("1", WebhookChange(enabled=False)),
            lambda: provider.delete_webhook("1"),
        ],
        Capability.VALIDATION: [
            lambda: provider.validation_credits(),
            lambda: provider.validate_address("a@example.com"),
            lambda: provider.upload_validation("list", some),
            lambda: provider.start_validation("1"),
            lambda: provider.validation_lists(ALL_TIME),
            lambda: provider.validation_list("1"),
            lambda: provider.delete_validation_list("1"),
            lambda: provider.validation_results("1"),
            lambda: provider.validation_result("1", "1"),
            lambda: provider.validation_csv("1"),
        ],
    }
    if not {Capability.CHANGE_SUB_ACCOUNTS, Capability.NAME_SUB_ACCOUNTS} & provider.offers:
        works[Capability.NAME_SUB_ACCOUNTS] += [
            lambda: provider.create_sub_account(NEW_SUB),
            lambda: provider.edit_sub_account(SubAccountDetails("1", "", True)),
        ]
    assert Capability.SEND in provider.offers
    for capability in Capability:
        assert bool(provider.why_not(capability)) is (capability not in provider.offers)
    for capability, asks in works.items():
        for ask in asks if capability not in provider.offers else ():
            with pytest.raises(NotOffered):
                found = ask()
                await (found if inspect.isawaitable(found) else rows_of(found))


async def finds_a_send_whose_answer_was_lost(desk: Desk) -> None:
    message = letter("drop@example.com", subject="Lost on its way", key="td-lostlostlostlostlostlostlo")
    began = datetime.now(UTC)
    accepted = (await desk.control.accepted())["total"]
    with pytest.raises(OutcomeUnknown):
        await desk.provider.send(message, _nothing)
    lost = Sought(message.key, message.sender, message.subject, message.recipients, began, datetime.now(UTC))
    found = await desk.provider.look_up(lost)
    assert found.words
    if desk.has(Capability.LOOK_UP):
        assert (found.trace, len(found.outcomes)) == (Trace.FOUND, 1)
    else:
        assert (found.trace, found.outcomes) == (Trace.CANNOT, ())
    assert (await desk.control.accepted())["total"] == accepted + 1, "looking sends nothing"


PROMISES = (
    finds_a_send_whose_answer_was_lost,
    signs_in_and_out,
    knows_what_each_key_unlocks,
    tells_wrong_keys_from_right_ones,
    sends_a_message_whole,
    marks_the_wire_once_and_before_anything_leaves,
    shows_pictures_inside_the_letter,
    refuses_aloud_what_the_wire_has_no_field_for,
    sends_a_letter_that_the_provider_keeps,
    says_what_became_of_it,
    lists_statistics_whole,
    counts_by_day,
    finds_one_message_again,
    lists_reports_and_takes_them_off,
    keeps_lists_that_it_does_not_have_apart,
    suppresses_addresses_and_lets_them_go,
    makes_keys_and_takes_them_back,
    lists_domains,
    shows_one_domain,
    tells_webhooks_what_they_ask_for,
    switches_tracking,
    knows_the_account,
    validates_one_address_for_one_credit,
    validates_a_list_from_upload_to_results,
    tells_of_one_account_below,
    changes_the_accounts_below,
    makes_accounts_of_a_name,
    shows_an_agency_to_the_accounts_below,
    signs_in_as_an_account_below,
    keeps_usage_alerts,
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
    asyncio.run(does_not_offer_what_it_has_not(Desk(OnlySends(), None, None)))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize(
    ("field", "odd"),
    [
        ("headers", {"headers": (Header("Bcc: evil@example.com, y", "v"),)}),
        ("headers", {"headers": (Header("X A", "v"),)}),
        ("headers", {"headers": (Header("\xdc", "v"),)}),
        ("to", {"bcc": (Address("a@example.org,evil@example.com"),)}),
        (
            "to",
            {
                "reply_to": Address("a@example.org> <evil@example.com"),
            },
        ),
        ("from", {"sender": Address("me@example.com;evil@example.com")}),
    ],
)
def test_no_text_makes_a_header_or_an_address_of_its_own(
    there: Endpoints, name: str, field: str, odd: dict[str, Any]
) -> None:
    async def go() -> None:
        async with opened(name, there) as desk:
            with pytest.raises(InvalidDraft) as refused:
                desk.provider.check_message(letter("ok@example.com", **odd))
            assert list(refused.value.problems) == [field]

    asyncio.run(go())
