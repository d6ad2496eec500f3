"""turboSMTP v2: a key pair in two headers, or a token where only a password is known; two hosts."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from turbodesk.errors import NotOffered, NotSignedIn, ProviderBroken, Refused, SignInRefused
from turbodesk.model.account import (
    NO_SECRET,
    AccountInfo,
    ApiKey,
    Credential,
    Credentials,
    NewKey,
    Profile,
    Secret,
    Unlocked,
)
from turbodesk.model.lookup import Found, Sought
from turbodesk.model.message import Message
from turbodesk.model.outcome import SendResult
from turbodesk.model.reports import (
    ALL_TIME,
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
from turbodesk.providers import tracing
from turbodesk.providers import turbosmtp_v2_answers as heard
from turbodesk.providers import turbosmtp_v2_calls as said
from turbodesk.providers import turbosmtp_v2_worth as worth
from turbodesk.providers import turbosmtp_words as words
from turbodesk.providers.exchange import Answer, Call
from turbodesk.providers.http import DELETE, ONCE, READ, ApiClient, Gateway, Manner
from turbodesk.providers.paging import in_slices, read_counted_pages
from turbodesk.providers.port import Capability, WireMark
from turbodesk.providers.scalars import is_digits
from turbodesk.providers.turbosmtp_fields import DASHBOARD, SEND_HOSTS
from turbodesk.providers.turbosmtp_token import TokenClient
from turbodesk.providers.turbosmtp_v2_agency import Agencies
from turbodesk.providers.turbosmtp_v2_alerts import Alerts
from turbodesk.providers.turbosmtp_v2_calls import PAGE, ROOT
from turbodesk.providers.turbosmtp_v2_charts import Charts
from turbodesk.providers.turbosmtp_v2_subaccounts import SubAccounts
from turbodesk.providers.turbosmtp_v2_validation import Validating

MAIN = "https://pro.api.serversmtp.com"

_NEEDS_COLUMN = "missing_required_parameter_filter_by"

T = TypeVar("T")


class TurboSmtpV2(SubAccounts, Agencies, Alerts, Validating, Charts):
    """One turboSMTP account over its v2 API.

    The key pair goes with every call but those about keys themselves, which the provider takes from a
    token only. Without a key pair all questions go with a token, and nothing can be sent.
    """

    title = "turboSMTP"
    report_types = tuple(said.SOURCES)

    def __init__(self, profile: Profile, credentials: Credentials, gateway: Gateway) -> None:
        self._user = profile.user
        self._tells_account = True
        self._password = credentials.get(Credential.PASSWORD, NO_SECRET)
        self._key = credentials.get(Credential.CONSUMER_KEY, NO_SECRET)
        self._key_secret = credentials.get(Credential.CONSUMER_SECRET, NO_SECRET)
        self._form = profile.send_form or "fields"
        self.offers = worth.offered(pair=self._has_pair, password=self._has_password)
        client = partial(ApiClient, gateway, title=self.title, read_objection=words.read_objection)
        origin = profile.api_url or MAIN
        sign_in_body = partial(said.sign_in_body, self._user, no_expire=profile.no_expire)
        self._main = client(origin, login=worth.LISTS_LOGIN)
        self._signed = TokenClient(client(origin), ROOT, self._password, sign_in_body)
        self._post = client(profile.send_url or SEND_HOSTS[profile.region], login=worth.SEND_LOGIN)

    @property
    def _has_pair(self) -> bool:
        return bool(self._key and self._key_secret)

    @property
    def _has_password(self) -> bool:
        return bool(self._user and self._password)

    # ---- what is offered

    def why_not(self, capability: Capability) -> str:
        """Why this is not offered and what to do about it, one or two sentences; empty where it is."""
        if capability in self.offers:
            return ""
        if capability is Capability.TRACKING:
            return f"turboSMTP has no tracking switches over this API. Look at them on its page {DASHBOARD}"
        if capability in worth.SENDING | worth.LISTS | worth.KEYS:
            return " ".join(worth.missing(capability))
        return super().why_not(capability)

    def _need(self, capability: Capability) -> None:
        if capability not in self.offers:
            says, hint = worth.missing(capability)
            raise NotOffered(says, hint=hint)

    # ---- signing in

    async def sign_in(self) -> None:
        """Proves what questions go with: the key pair by a cheap one, without a pair the password by a token.

        `GET /analytics`, `POST /authorize`, turboSMTP v2, documented.
        """
        if self._has_pair:
            await self._probe()
        elif self._has_password:
            await self._signed.sign_in()
        else:
            says, hint = worth.missing(Capability.ACCOUNT)
            raise NotSignedIn(says, hint=hint)

    async def check(self) -> tuple[Unlocked, ...]:
        """Asks a cheap question with the key pair, and signs in with the password. Where both are known, the
        list of keys tells what the pair is permitted. `GET /analytics`, `POST /authorize`,
        `GET /user/consumerKeys`, turboSMTP v2, documented."""
        password = await self._check_password() if self._password else None
        pair = None
        if self._key or self._key_secret:
            pair = await self._check_pair(await self._known_keys() if password and password.taken else None)
        return tuple(each for each in (pair, password) if each)

    async def _known_keys(self) -> tuple[ApiKey, ...] | None:
        try:
            return await self.keys()
        except (Refused, SignInRefused):
            return None

    async def _check_password(self) -> Unlocked:
        if not self._user:
            return Unlocked(worth.PASSWORD, None, "The e-mail address is missing.")
        try:
            await self._signed.sign_in()
        except SignInRefused as refused:
            return Unlocked(worth.PASSWORD, False, refused.says)
        return Unlocked(worth.PASSWORD, True, unlocks=worth.named(worth.LISTS | worth.KEYS))

    async def _check_pair(self, known: tuple[ApiKey, ...] | None) -> Unlocked:
        """What the pair is worth; `known` are the keys of the account, None where they can't be asked for."""
        if not self._has_pair:
            half = "secret" if self._key else "key"
            return Unlocked(worth.KEY_PAIR, None, f"The consumer {half} is missing.")
        refused = await self._refusal()
        if known is None:
            return worth.seen_from_outside(refused)
        mine = next((key for key in known if key.key == self._key.reveal()), None)
        return worth.seen_from_inside(mine, refused)

    async def _refusal(self) -> SignInRefused | None:
        try:
            await self._probe()
        except SignInRefused as refused:
            return refused
        return None

    async def _probe(self) -> None:
        """Asks for the number of today's mails. Raises SignInRefused where the credentials are not taken; a
        403 that names the plan has taken them."""
        today = datetime.now(UTC).date()
        try:
            await self.count_stats(Period(today, today))
        except Refused as refused:
            if refused.status != 403:
                raise

    async def sign_out(self) -> None:
        """Gives the token back where there is one. `POST /deauthorize`, turboSMTP v2, documented."""
        await self._signed.sign_out()

    async def aclose(self) -> None:
        """Forgets the token. Nothing is asked."""
        await self._signed.aclose()

    async def _ask(self, call: Call, decode: Callable[[Answer], T], manner: Manner = READ) -> T:
        if self._has_pair:
            return await self._main.ask(self._with_pair(call), decode, manner=manner)
        return await self._signed.ask(call, decode, manner)

    async def _export(self, call: Call) -> AsyncGenerator[bytes, None]:
        pair = self._has_pair
        opened = self._main.download(self._with_pair(call)) if pair else self._signed.download(call)
        async with contextlib.aclosing(await opened) as download:
            async for chunk in download:
                yield chunk

    def _with_pair(self, call: Call) -> Call:
        return _signed(call, self._key, self._key_secret)

    # ---- sending

    def check_message(self, message: Message) -> None:
        """Raises InvalidDraft, by field, where this way of sending cannot carry the message, and NotOffered
        where there is no key pair to send with."""
        self._need(Capability.SEND)
        super().check_message(message)
        said.check_message(message, self._form)

    async def send(self, message: Message, mark: WireMark) -> SendResult:
        """One POST with the key pair and nothing else, accepted or refused as a whole. `POST /mail/send`,
        turboSMTP v2, documented."""
        self.check_message(message)
        call = self._with_pair(self._send_call(message))
        return await self._post.send(call, partial(words.read_sent, message=message), mark)

    async def spelled(self, message: Message) -> Spelled:
        """What `send` asks, the key pair left out."""
        self.check_message(message)
        names = (Secret("<CONSUMER_KEY>"), Secret("<CONSUMER_SECRET>"))
        return await self._post.spelled(_signed(self._send_call(message), *names))

    def _send_call(self, message: Message) -> Call:
        return Call("POST", f"{ROOT}/mail/send", body=said.send_body(message, self._form))

    # ---- statistics

    def stats(
        self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()
    ) -> AsyncGenerator[Page[EmailStat], None]:
        """Pages of 1000, days as the calendar here has them but where clocks were changed (see `days_of`).
        `GET /analytics`, turboSMTP v2, documented."""
        self._need(Capability.STATS)
        days = said.days_of(period)
        fields = said.analytics_fields(days, statuses)
        return read_counted_pages(
            lambda page: self._page(
                _analytics({**fields, **said.on_page(page)}), partial(heard.read_stats, zone=days.zone)
            ),
            page_size=PAGE,
            identity=_message_of,
        )

    async def _page(
        self, call: Call, decode: Callable[[Answer], tuple[Iterator[T], int | None]]
    ) -> tuple[list[T], int | None]:
        """One page, made row by row without holding up the window, and how many rows there are in all."""
        rows, total = await self._ask(call, decode)
        return await in_slices(rows), total

    async def count_stats(self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()) -> int:
        """The count that comes with one row. `GET /analytics`, turboSMTP v2, documented."""
        self._need(Capability.STATS)
        fields = said.analytics_fields(said.days_of(period), statuses)
        return await self._ask(_analytics({**fields, **said.on_page(1, 1)}), words.read_count)

    async def last_stats(self, number: int) -> list[EmailStat]:
        """The first rows of all time. `GET /analytics`, turboSMTP v2, documented: the newest come first."""
        self._need(Capability.LAST_STATS)
        days = said.days_of(ALL_TIME)
        call = _analytics({**said.analytics_fields(days), **said.on_page(1, number)})
        rows, _ = await self._page(call, partial(heard.read_stats, zone=days.zone))
        return rows

    def stats_csv(
        self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()
    ) -> AsyncGenerator[bytes, None]:
        """`GET /analytics/csv`, turboSMTP v2, documented; clients have seen another layout."""
        self._need(Capability.STATS_CSV)
        fields = said.analytics_fields(said.days_of(period), statuses)
        return self._export(Call("GET", f"{ROOT}/analytics/csv", said.query_of(fields)))

    async def message(self, id: str) -> MessageRecord | None:
        """By the id of a row, or by what a send answered, as the provider's guide says.
        `GET /analytics/{Id}`, turboSMTP v2, documented without its `tz`."""
        self._need(Capability.MESSAGE)
        if not is_digits(id):
            return None
        days = said.days_of(ALL_TIME)
        call = Call("GET", f"{ROOT}/analytics/{id}", (("tz", days.fields["tz"]),))
        try:
            return await self._ask(call, partial(heard.read_message, zone=days.zone))
        except Refused as refused:
            if {"email_not_found", "invalid_id"}.isdisjoint(refused.words):
                raise
            return None

    async def look_up(self, sought: Sought) -> Found:
        """By our key, which is the campaign where the message has none of its own; else by sender, subject,
        recipient and time. `GET /analytics`, turboSMTP v2, documented."""
        if Capability.LOOK_UP not in self.offers:
            return tracing.cannot(self.why_not(Capability.LOOK_UP))
        days = said.days_of(tracing.days_around(sought))
        if not sought.groups and not sought.by_relay:
            try:
                rows = await self._all(said.campaign_fields(days, sought.key), days)
            except Refused as refused:
                if _NEEDS_COLUMN not in refused.words:
                    raise
                rows = await self._of_recipients(sought, days)
            ours = (row for row in rows if row.campaign == sought.key)
            return tracing.by_key(sought, ours, self.title)
        return tracing.by_likeness(sought, await self._of_recipients(sought, days), self.title)

    async def _of_recipients(self, sought: Sought, days: said.Days) -> list[EmailStat]:
        asked = (said.recipient_fields(days, address.email) for _, address in sought.recipients)
        return [row for fields in asked for row in await self._all(fields, days)]

    async def _all(self, fields: dict[str, object], days: said.Days) -> list[EmailStat]:
        """All rows of a question, every page."""
        pages = read_counted_pages(
            lambda page: self._page(
                _analytics({**fields, **said.on_page(page)}), partial(heard.read_stats, zone=days.zone)
            ),
            page_size=PAGE,
            identity=_message_of,
        )
        return [row async for page in pages for row in page.rows]

    # ---- reports and suppressions, two views of one list

    def reports(
        self, type: ReportType, period: Period, *, text: str = ""
    ) -> AsyncGenerator[Page[Report], None]:
        """The suppressions of one source. `GET` or `POST /suppressions`, turboSMTP v2, documented."""
        self._need(Capability.REPORTS)
        return self.suppressions(said.suppressing(type, period, text))

    async def count_reports(self, type: ReportType, period: Period, *, text: str = "") -> int:
        """The count that comes with one row. `GET` or `POST /suppressions`, turboSMTP v2, documented."""
        self._need(Capability.REPORTS)
        which = said.suppressing(type, period, text)
        fields = said.suppressions_fields(which, said.days_of(period))
        return await self._ask(_suppressions({**fields, **said.on_page(1, 1)}), words.read_count)

    def reports_csv(self, type: ReportType, period: Period, *, text: str = "") -> AsyncGenerator[bytes, None]:
        """`GET` or `POST /suppressions/csv`, turboSMTP v2, documented."""
        self._need(Capability.REPORTS_CSV)
        return self.suppressions_csv(said.suppressing(type, period, text))

    async def delete_reports(self, type: ReportType, ids: Sequence[str]) -> None:
        """The ids are the addresses, which are taken off whatever list they stand on: there is no other way.
        `POST /suppressions/bulk_delete`, turboSMTP v2, documented."""
        self._need(Capability.DELETE_REPORTS)
        said.sources_of(frozenset({type}))
        await self.delete_suppressions(ids)

    async def delete_all_spam(self) -> None:
        """`POST /suppressions/delete` with the source `spam` over all time, turboSMTP v2, documented."""
        await self.delete_suppressions_where(Suppressing(types=frozenset({ReportType.SPAM})))

    def suppressions(self, which: Suppressing) -> AsyncGenerator[Page[Report], None]:
        """Pages of 1000. `GET /suppressions`, with restrictions `POST /suppressions`, turboSMTP v2,
        documented."""
        self._need(Capability.SUPPRESSIONS)
        days = said.days_of(which.period)
        fields = said.suppressions_fields(which, days)
        return read_counted_pages(
            lambda page: self._page(
                _suppressions({**fields, **said.on_page(page)}),
                partial(heard.read_suppressions, zone=days.zone),
            ),
            page_size=PAGE,
            identity=lambda row: row,  # there is no id
        )

    def suppressions_csv(self, which: Suppressing) -> AsyncGenerator[bytes, None]:
        """`GET /suppressions/csv`, with restrictions `POST /suppressions/csv`, turboSMTP v2, documented."""
        self._need(Capability.SUPPRESSIONS_CSV)
        fields = said.suppressions_fields(which, said.days_of(which.period))
        return self._export(_suppressions(fields, f"{ROOT}/suppressions/csv"))

    async def import_suppressions(
        self, emails: Sequence[str], *, reason: str = "", type: ReportType | None = None
    ) -> Imported:
        """Some hundred addresses at a time. `POST /suppressions/import`, turboSMTP v2, documented for the
        type `manual`; that a bundle without one good address is refused as a whole is documented too."""
        self._need(Capability.SUPPRESSIONS)
        if type not in (None, ReportType.MANUAL):
            raise NotOffered(
                "turboSMTP takes addresses on its list of those put there by hand, and on no other.",
                hint="Leave the type out.",
            )
        told = [await self._import(bundle, reason) for bundle in said.bundles(emails)]
        invalid = tuple(email for each in told for email in each.invalid)
        if any(each.valid is None for each in told):
            return Imported(None, invalid)
        return Imported(tuple(email for each in told for email in each.valid or ()), invalid)

    async def _import(self, emails: Sequence[str], reason: str) -> Imported:
        body = said.json_of(said.import_fields(emails, reason))
        try:
            call = Call("POST", f"{ROOT}/suppressions/import", body=body)
            return await self._ask(call, heard.read_imported, ONCE)
        except Refused as refused:
            if "invalid_mail_address_list" not in refused.words:
                raise
            return Imported((), tuple(emails))

    async def delete_suppressions(self, emails: Sequence[str]) -> None:
        """Some hundred addresses at a time; a failure leaves the bundles before it done. None is asked again
        once it may have arrived: an address may have come back on a list since, with good reason.
        `POST /suppressions/bulk_delete`, turboSMTP v2, documented."""
        self._need(Capability.SUPPRESSIONS)
        for bundle in said.bundles(emails):
            call = Call("POST", f"{ROOT}/suppressions/bulk_delete", body=said.json_of(bundle))
            await self._ask(call, words.read_done, ONCE)

    async def delete_suppressions_where(self, which: Suppressing) -> None:
        """Nothing beside the period goes: where clocks were changed in it the list begins with up to a day
        more, and that stays. Not asked again once it may have arrived: rows may have come since that nobody
        has looked at. `POST /suppressions/delete`, turboSMTP v2, documented.

        Raises InvalidDraft for a single day that is too short for the wire.
        """
        self._need(Capability.FILTERED_DELETE)
        bodies = [said.json_of(said.suppressions_fields(which, it)) for it in said.exact_days(which.period)]
        for body in bodies:
            await self._ask(Call("POST", f"{ROOT}/suppressions/delete", body=body), words.read_done, ONCE)

    # ---- account and keys

    async def account(self) -> AccountInfo:
        """Where there is no such thing, which is not asked for again: the address of the profile, once the
        credentials have proved good. `GET /user/config`, turboSMTP v2, not documented, seen in clients."""
        self._need(Capability.ACCOUNT)
        if self._tells_account:
            call = Call("GET", f"{ROOT}/user/config")
            try:
                return await self._ask(call, partial(heard.read_account, user=self._user))
            except (Refused, ProviderBroken) as error:
                self._tells_account = error.status >= 500
        await self._probe()
        return AccountInfo("", self._user, active=True)

    async def keys(self) -> tuple[ApiKey, ...]:
        """`GET /user/consumerKeys` with a token, turboSMTP v2, documented."""
        self._need(Capability.KEYS)
        call = Call("GET", f"{ROOT}/user/consumerKeys", keeps_secrets=True)
        return await self._signed.ask(call, heard.read_keys)

    async def create_key(
        self, label: str, *, permissions: Sequence[str] = (), ips: Sequence[str] = ()
    ) -> NewKey:
        """`POST /user/consumerKeys` with a token, turboSMTP v2, documented."""
        self._need(Capability.KEYS)
        body = said.json_of(said.key_fields(label, permissions, ips))
        call = Call("POST", f"{ROOT}/user/consumerKeys", body=body, keeps_secrets=True)
        return await self._signed.ask(call, heard.read_new_key, ONCE)

    async def revoke_key(self, key: str) -> None:
        """`DELETE /user/consumerKeys/{consumerKey}` with a token, turboSMTP v2, documented."""
        self._need(Capability.KEYS)
        step = said.key_in_path(key)
        call = Call("DELETE", f"{ROOT}/user/consumerKeys", last_step=step, secrets=(step,))
        await self._signed.ask(call, words.read_nothing, DELETE)


def _analytics(fields: dict[str, object]) -> Call:
    return Call("GET", f"{ROOT}/analytics", said.query_of(fields))


def _suppressions(fields: dict[str, object], path: str = f"{ROOT}/suppressions") -> Call:
    """A question about a list: a `GET`, or a `POST` where there are restrictions, which no query carries."""
    if "restrict" in fields:
        return Call("POST", path, body=said.json_of(fields))
    return Call("GET", path, said.query_of(fields))


def _message_of(row: EmailStat) -> object:
    """What makes two rows the same: an id may stand for a message to several recipients."""
    return (row.id, row.recipient) if row.id else row


def _signed(call: Call, key: Secret, secret: Secret) -> Call:
    """The call with a key pair in its headers."""
    pair = (key.reveal(), secret.reveal())
    headers = tuple(zip(("consumerKey", "consumerSecret"), pair, strict=True))
    return replace(call, headers=headers, secrets=(*call.secrets, *pair))
