"""SendPost: one key for the sub-account that sends, another for the account that looks back, one host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import TypeVar

from turbodesk.errors import InvalidDraft, NotOffered, NotSignedIn, Refused
from turbodesk.model.account import Credentials, Domain, Profile, SubAccount, Unlocked
from turbodesk.model.counts import Counts, DayCounts
from turbodesk.model.lookup import Found, Sought
from turbodesk.model.message import Message
from turbodesk.model.outcome import SendResult
from turbodesk.model.reports import (
    EmailStat,
    Imported,
    MailStatus,
    MessageRecord,
    Page,
    Period,
    Report,
    ReportType,
    Suppressing,
)
from turbodesk.model.request import Spelled
from turbodesk.model.subaccount import NewSubAccount, SubAccountDetails
from turbodesk.model.webhook import EventFlag, Webhook, WebhookChange
from turbodesk.providers import sendpost_answers as heard
from turbodesk.providers import sendpost_calls as said
from turbodesk.providers import tracing
from turbodesk.providers.exchange import Answer, Call
from turbodesk.providers.http import ApiClient, Gateway
from turbodesk.providers.port import Capability, Provider, WireMark
from turbodesk.providers.sendpost_keys import KEYS, KeyedClient, key_for, missing
from turbodesk.providers.sendpost_messages import Messages
from turbodesk.providers.sendpost_objections import read_objection
from turbodesk.providers.sendpost_subaccounts import SubAccounts
from turbodesk.providers.sendpost_suppressions import Suppressions, kinds_of
from turbodesk.providers.sendpost_webhooks import Webhooks
from turbodesk.providers.windows import Batch, Walk, read_windows
from turbodesk.together import together

ORIGIN = "https://api.sendpost.io"

QUIET_DAYS = 12  # windows of 31 days: after about a year without mail nobody looks further back
QUIET_SUMS = 1  # window of 366 days

_WHY_NOT = {
    Capability.TRACKING: (
        "SendPost has no tracking switches for the account: each message carries its own two. "
        "What new messages ask for is set in Tools."
    ),
    Capability.INLINE_IMAGES: (
        "SendPost has no field for pictures inside the letter. Link to pictures on the web, or send by SMTP."
    ),
    Capability.CHANGE_SUB_ACCOUNTS: (
        "SendPost does not limit or suspend sub-accounts over its API: look for it on its dashboard page. "
        "They are made, renamed and removed here."
    ),
}

T = TypeVar("T")
Row = TypeVar("Row")


class SendPost(Provider):
    """One SendPost account, with the key of one of its sub-accounts, its own key, or both.

    `offers` holds what the keys that are known unlock. `notice` is a sentence where SendPost has said that
    the shape of its answers will go, else empty.
    """

    title = "SendPost"
    report_types = (ReportType.HARD_BOUNCE, ReportType.SPAM, ReportType.UNSUBSCRIBE, ReportType.MANUAL)
    wire_limit_bytes = said.WIRE_LIMIT_BYTES

    def __init__(
        self,
        profile: Profile,
        credentials: Credentials,
        gateway: Gateway,
        *,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._track_opens, self._track_clicks = profile.track_opens, profile.track_clicks
        self._today = today
        origin = profile.api_url or ORIGIN
        client = ApiClient(gateway, origin, title=self.title, read_objection=read_objection)
        self._client = KeyedClient(client, credentials, noticed=self._take_notice)
        self.offers = self._client.offers
        self.notice = ""
        self._suppressions = Suppressions(self._client, today)
        self._messages = Messages(self._client, self._suppressions, today)
        self._webhooks = Webhooks(self._client)
        self._subs = SubAccounts(self._client)

    def _take_notice(self, notice: str) -> None:
        self.notice = notice

    # ---- keys

    def why_not(self, capability: Capability) -> str:
        """Why this is not offered and what to do about it: the key that is missing is named."""
        if capability in self.offers:
            return ""
        if key := key_for(capability):
            refusal = missing(key)
            return f"{refusal.says} {refusal.hint}"
        return _WHY_NOT.get(capability) or super().why_not(capability)

    async def sign_in(self) -> None:
        """Tries every key that is known; raises SignInRefused for the first that is not taken, NotSignedIn
        where none is known."""
        if not self._client.known:
            raise NotSignedIn(
                "There is no key for this SendPost account.",
                hint="Enter the sub-account key, which sends, the account key, which looks back, or both.",
            )
        await together(*map(self._client.prove, self._client.known))

    async def check(self) -> tuple[Unlocked, ...]:
        """Tries each key by one short question. `GET /subaccount/domain`, `GET /account/subaccount/`,
        SendPost, documented. The SMTP login is not tried here: the relay asks for it."""
        return tuple(await together(*map(self._client.unlocked, KEYS)))

    # ---- sending

    def check_message(self, message: Message) -> None:
        """Raises InvalidDraft, by field, where the wire cannot carry the message, NotOffered where the key
        that sends is not known."""
        self._client.require(Capability.SEND)
        super().check_message(message)
        said.check_message(message)

    async def send(self, message: Message, mark: WireMark) -> SendResult:
        """One POST, answered recipient by recipient. `POST /subaccount/email/[template]`, documented.

        Each address in To gets a message of its own; those in Cc and Bcc get a copy of the first one.
        """
        self.check_message(message)
        return await self._client.send(
            self._send_call(message), partial(heard.read_sent, message=message), mark
        )

    async def spelled(self, message: Message) -> Spelled:
        """What `send` asks, the key left out."""
        self.check_message(message)
        return await self._client.spelled(self._send_call(message))

    def _send_call(self, message: Message) -> Call:
        return said.send_call(message, track_opens=self._track_opens, track_clicks=self._track_clicks)

    # ---- messages

    def stats(
        self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()
    ) -> AsyncIterator[Page[EmailStat]]:
        """Windows of 59 days, pages of 100. `GET /account/message`, SendPost, documented.

        The answers hold no status of delivery, so every row's is OTHER, and nothing can be asked by status.
        All time reaches back until there was no mail for about a year.
        """
        self._client.require(Capability.STATS)
        if statuses:
            raise NotOffered(
                "SendPost's list of messages does not say what became of them.",
                hint="Nothing was asked. Ask for all of them, or look at Reports.",
            )
        return self._messages.pages(period)

    async def count_stats(self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()) -> int:
        """Reads the list to its end and counts: SendPost tells no number beforehand."""
        return await _number_of(self.stats(period, statuses=statuses))

    async def message(self, id: str) -> MessageRecord | None:
        """`GET /account/message/{id}`, SendPost, documented; a message just sent may not be there yet.

        What became of it is taken from its events (`…/events`, seen in clients; not asked again once they
        were not offered), else from the list of suppressed addresses in the 60 days from then on, where
        that key is known.
        """
        self._client.require(Capability.MESSAGE)
        return await self._messages.one(id)

    async def look_up(self, sought: Sought) -> Found:
        """By our key, which is one of the groups and stands in a header: counted first, then looked for among
        the messages of that time. `GET /account/stat/aggregate/group`, `GET /account/message`, SendPost,
        documented."""
        if Capability.LOOK_UP not in self.offers:
            return tracing.cannot(self.why_not(Capability.LOOK_UP))
        rows, all_of_them = await self._messages.marked(*tracing.hours_around(sought), sought.key)
        if rows:
            return tracing.by_key(sought, rows, self.title)
        counted = 0
        if not sought.by_relay:
            counted = (await self.total_counts(tracing.days_around(sought), group=sought.key)).sent
        return tracing.by_count(sought, counted, self.title, all_of_them=all_of_them)

    # ---- suppressions and reports

    def suppressions(self, which: Suppressing) -> AsyncIterator[Page[Report]]:
        """Windows of 60 days, pages of 100. `GET /subaccount/suppression`, SendPost, documented.

        All time reaches back 24 windows, which is about four years, and from there on until nothing was
        listed for about a year. Who only asks whether an address is listed stops at the first hit.
        """
        self._client.require(Capability.SUPPRESSIONS)
        if which.restrictions:
            raise NotOffered(
                "SendPost's list of suppressions can be asked by days, kind and address only.",
                hint="Nothing was asked. Leave the other conditions out.",
            )
        return self._suppressions.pages(said.days_of(which.period), kinds_of(which.types), which.text)

    def reports(self, type: ReportType, period: Period, *, text: str = "") -> AsyncIterator[Page[Report]]:
        """The suppressions of one kind; all bounces there are hard ones. As `suppressions`."""
        self._client.require(Capability.REPORTS)
        return self._suppressions.pages(said.days_of(period), kinds_of(frozenset({type})), text)

    async def count_reports(self, type: ReportType, period: Period, *, text: str = "") -> int:
        """Reads the list to its end and counts: SendPost tells no number beforehand."""
        return await _number_of(self.reports(type, period, text=text))

    async def delete_reports(self, type: ReportType, ids: Sequence[str]) -> None:
        """Takes the addresses off every list: SendPost does not tell lists apart here. As
        `delete_suppressions`."""
        self._client.require(Capability.DELETE_REPORTS)
        kinds_of(frozenset({type}))
        await self._suppressions.take_off(ids)

    async def delete_all_spam(self) -> None:
        """Reads the complaints as far back as `reports` does, and takes their addresses off."""
        self._client.require(Capability.DELETE_REPORTS)
        await self._suppressions.take_off(await self._suppressions.complaints())

    async def import_suppressions(
        self, emails: Sequence[str], *, reason: str = "", type: ReportType | None = None
    ) -> Imported:
        """Bundles of 500. `POST /subaccount/suppression`, SendPost, documented.

        What becomes of an address that is listed already is not: where the answer and the newest entries
        name every address they come back as `valid`, else it is None. A failure in the middle leaves the
        bundles before it done.
        """
        self._client.require(Capability.SUPPRESSIONS)
        if reason:
            problem = {"reason": "SendPost has no field for a reason. Leave it out."}
            raise InvalidDraft(problem, "Nothing was suppressed")
        return await self._suppressions.add(emails, type or ReportType.MANUAL)

    async def delete_suppressions(self, emails: Sequence[str]) -> None:
        """Bundles of 500. `DELETE /subaccount/suppression`, with a body, SendPost, documented. A failure in
        the middle leaves the bundles before it done."""
        self._client.require(Capability.SUPPRESSIONS)
        await self._suppressions.take_off(emails)

    # ---- counters

    def daily_counts(
        self, period: Period, *, sub_account: str = "", group: str = ""
    ) -> AsyncIterator[Page[DayCounts]]:
        """Windows of 31 days, each one page. `GET /account/stat[/group]`, `GET
        /account/subaccount/stat/{id}`, SendPost, documented.

        A group within one sub-account is counted as a whole only (`…/{id}/group`): in windows of 366 days,
        each on its last day. The days are SendPost's, in UTC. All time reaches back until nothing was
        counted for about a year.
        """
        self._client.require(Capability.COUNTS)
        if sub_account and group:
            return self._sums(period, sub_account, group)
        walk = Walk.over(period, said.DAILY_DIFFERENCE, self._today(), quiet=QUIET_DAYS)

        async def fetch(window: Period, _number: int) -> Batch[DayCounts]:
            call = said.stat_call(window, sub_account, group, summed=False)
            return await self._counted(call, partial(heard.read_days, window=window), Batch(()))

        return read_windows(walk, fetch, identity=_day, when=_on)

    async def total_counts(self, period: Period, *, sub_account: str = "", group: str = "") -> Counts:
        """Windows of 366 days, added up. `GET /account/stat/aggregate[/group]`, `GET
        /account/subaccount/stat/{id}/{aggregate|group}`, SendPost, documented. All time reaches back until
        nothing was counted for a year."""
        self._client.require(Capability.COUNTS)
        sums = self._sums(period, sub_account, group)
        return sum([row.counts async for page in sums for row in page.rows], Counts())

    def _sums(self, period: Period, sub_account: str, group: str) -> AsyncIterator[Page[DayCounts]]:
        """What SendPost itself has summed, each sum on the last day of its window."""
        walk = Walk.over(period, said.SUM_DIFFERENCE, self._today(), quiet=QUIET_SUMS)

        async def fetch(window: Period, _number: int) -> Batch[DayCounts]:
            call = said.stat_call(window, sub_account, group, summed=True)
            counts = await self._counted(call, heard.read_sum, Counts())
            return Batch([DayCounts(window.days[-1], counts)] if counts != Counts() else ())

        return read_windows(walk, fetch, identity=_day, when=_on)

    async def _counted(self, call: Call, decode: Callable[[Answer], T], nothing: T) -> T:
        """The counters; nothing where SendPost has none of those days, which it tells as a 404."""
        try:
            return await self._client.ask(call, decode)
        except Refused as refused:
            if refused.status == 404:
                return nothing
            raise

    # ---- the account

    async def sub_accounts(self) -> tuple[SubAccount, ...]:
        """`GET /account/subaccount/`, SendPost, documented. The keys that stand in the answer are dropped."""
        self._client.require(Capability.SUB_ACCOUNTS)
        return await self._subs.all()

    async def sub_account(self, id: str) -> SubAccountDetails | None:
        """`GET /account/subaccount/{id}`, SendPost, documented. The key that stands there is dropped."""
        self._client.require(Capability.SUB_ACCOUNT)
        return await self._subs.one(id)

    async def create_sub_account(self, new: NewSubAccount) -> str:
        """Of a name and nothing else. `POST /account/subaccount/`, SendPost, documented."""
        self._client.require(Capability.NAME_SUB_ACCOUNTS)
        return await self._subs.make(new)

    async def edit_sub_account(self, details: SubAccountDetails) -> None:
        """The name alone. `PUT /account/subaccount/{id}`, SendPost, documented."""
        self._client.require(Capability.NAME_SUB_ACCOUNTS)
        await self._subs.rename(details)

    async def delete_sub_account(self, id: str) -> None:
        """`DELETE /account/subaccount/{id}`, SendPost, documented: the default one stays."""
        self._client.require(Capability.NAME_SUB_ACCOUNTS)
        await self._subs.remove(id)

    async def domains(self) -> tuple[Domain, ...]:
        """`GET /subaccount/domain`, SendPost, documented."""
        self._client.require(Capability.DOMAINS)
        return await self._client.all(Call("GET", said.DOMAINS), heard.read_domains)

    async def domain(self, id: str) -> Domain | None:
        """`GET /subaccount/domain/{id}`, SendPost, documented."""
        self._client.require(Capability.DOMAINS)
        try:
            return await self._client.ask(Call("GET", f"{said.DOMAINS}/{said.step(id)}"), heard.read_domain)
        except Refused as refused:
            if refused.status in said.NOT_THERE:
                return None
            raise

    # ---- webhooks

    async def webhooks(self) -> tuple[Webhook, ...]:
        """`GET /account/webhook`, SendPost, documented."""
        self._client.require(Capability.WEBHOOKS)
        return await self._webhooks.all()

    async def create_webhook(
        self, url: str, events: Collection[EventFlag], *, enabled: bool = True
    ) -> Webhook:
        """`POST /account/webhook`, SendPost, documented: HTTPS and public, each URL once."""
        self._client.require(Capability.WEBHOOKS)
        return await self._webhooks.make(url, events, enabled=enabled)

    async def edit_webhook(self, id: str, change: WebhookChange) -> Webhook:
        """`GET` and then `PUT /account/webhook/{id}`, SendPost, documented."""
        self._client.require(Capability.WEBHOOKS)
        return await self._webhooks.edit(id, change)

    async def delete_webhook(self, id: str) -> None:
        """`DELETE /account/webhook/{id}`, SendPost, documented."""
        self._client.require(Capability.WEBHOOKS)
        await self._webhooks.remove(id)


async def _number_of(pages: AsyncIterator[Page[Row]]) -> int:
    return sum([len(page.rows) async for page in pages])


def _day(row: DayCounts) -> date:
    return row.day


def _on(row: DayCounts) -> float:
    return float(row.day.toordinal())
