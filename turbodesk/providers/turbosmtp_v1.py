"""turboSMTP v1: a token for the dashboard host, user and password in every send, two hosts."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import quote

from turbodesk.errors import NotOffered, SignInRefused
from turbodesk.model.account import (
    NO_SECRET,
    AccountInfo,
    Credential,
    Credentials,
    Plan,
    Profile,
    Secret,
    SubAccount,
    TrackingTool,
    Unlocked,
)
from turbodesk.model.lookup import Found, Sought
from turbodesk.model.message import Message
from turbodesk.model.outcome import SendResult
from turbodesk.model.reports import EmailStat, MailStatus, Page, Period, Report, ReportType
from turbodesk.model.request import Spelled
from turbodesk.providers import tracing
from turbodesk.providers import turbosmtp_answers as heard
from turbodesk.providers import turbosmtp_calls as said
from turbodesk.providers import turbosmtp_words as words
from turbodesk.providers.exchange import Call
from turbodesk.providers.http import DELETE, ONCE, TOGGLE, ApiClient, Gateway
from turbodesk.providers.paging import read_pages
from turbodesk.providers.port import Capability, Provider, WireMark
from turbodesk.providers.turbosmtp_fields import DASHBOARD, SEND_HOSTS
from turbodesk.providers.turbosmtp_token import TokenClient
from turbodesk.together import together

SEND_PATHS = {"v2": "/api/v2/mail/send", "v1": "/api/mail/send", "beta": "/api/mail/send"}
SEND_LIMITS_BYTES = {"v2": 24_000_000, "v1": 4_000_000, "beta": 4_000_000}
_PASSWORD = "<PASSWORD>"  # noqa: S105 (stands where one goes)
LAST_FEEDS = (10, 20, 30)


class TurboSmtpV1(Provider):
    """One turboSMTP account over its v1 API."""

    title = "turboSMTP"
    offers = frozenset(
        {
            Capability.SEND,
            Capability.REPORTS,
            Capability.REPORTS_CSV,
            Capability.DELETE_REPORTS,
            Capability.STATS,
            Capability.STATS_CSV,
            Capability.LAST_STATS,
            Capability.LOOK_UP,
            Capability.TRACKING,
            Capability.ACCOUNT,
            Capability.PLANS,
            Capability.SUB_ACCOUNTS,
        }
    )
    report_types = said.LISTS

    def __init__(self, profile: Profile, credentials: Credentials, gateway: Gateway) -> None:
        self._user, self._secret = profile.user, credentials.get(Credential.PASSWORD, NO_SECRET)
        self._form = profile.send_form or "v2"
        self.wire_limit_bytes = SEND_LIMITS_BYTES[self._form]
        client = partial(ApiClient, gateway, title=self.title, read_objection=words.read_objection)
        sign_in_body = partial(said.sign_in_body, self._user, no_expire=profile.no_expire)
        self._dashboard = TokenClient(
            client(profile.api_url or DASHBOARD), "/api", self._secret, sign_in_body
        )
        self._post = client(profile.send_url or SEND_HOSTS[profile.region])

    # ---- signing in

    async def sign_in(self) -> None:
        """Fetches a token. `POST /api/authorize`, turboSMTP v1, documented."""
        await self._dashboard.sign_in()

    async def check(self) -> tuple[Unlocked, ...]:
        """Signs in. `POST /api/authorize`, turboSMTP v1, documented."""
        named, unlocks = "e-mail and password", tuple(sorted(it.value for it in self.offers))
        try:
            await self.sign_in()
        except SignInRefused as refused:
            return (Unlocked(named, False, refused.says),)
        return (Unlocked(named, True, unlocks=unlocks),)

    async def sign_out(self) -> None:
        """Gives the token back where there is one. `POST /api/deauthorize`, turboSMTP v1, documented."""
        await self._dashboard.sign_out()

    async def aclose(self) -> None:
        """Forgets the token. Nothing is asked."""
        await self._dashboard.aclose()

    async def _export(self, call: Call) -> AsyncGenerator[bytes, None]:
        async with contextlib.aclosing(await self._dashboard.download(call)) as download:
            async for chunk in download:
                yield chunk

    # ---- sending

    def check_message(self, message: Message) -> None:
        """Raises InvalidDraft, by field, where this way of sending cannot carry the message."""
        super().check_message(message)
        said.check_message(message, self._form)

    async def send(self, message: Message, mark: WireMark) -> SendResult:
        """One POST, accepted or refused as a whole. Send V2 `POST /api/v2/mail/send`,
        Send V1 and Beta 1.0 `POST /api/mail/send`, turboSMTP v1, documented."""
        self.check_message(message)
        call = self._send_call(message, self._secret)
        note = said.send_note(message, self._form)
        return await self._post.send(call, partial(words.read_sent, message=message, note=note), mark)

    async def spelled(self, message: Message) -> Spelled:
        """What `send` asks, the password left out."""
        self.check_message(message)
        spelled = await self._post.spelled(self._send_call(message, Secret(_PASSWORD)))
        return replace(spelled, body=spelled.body.replace(quote(_PASSWORD).encode(), _PASSWORD.encode()))

    def _send_call(self, message: Message, secret: Secret) -> Call:
        password = secret.reveal()
        body = said.send_body(message, self._form, self._user, password)
        return Call("POST", SEND_PATHS[self._form], body=body, secrets=(password,))

    # ---- reports

    def reports(
        self, type: ReportType, period: Period, *, text: str = ""
    ) -> AsyncGenerator[Page[Report], None]:
        """Pages of 20. `GET /web/api/reports/{type}[/all]` and `…/count`, turboSMTP v1, documented."""
        path, query = said.reports_path(type, period), said.reports_query(period, text)
        return read_pages(
            partial(self._dashboard.ask, Call("GET", f"{path}/count", query), heard.read_total),
            lambda page: self._dashboard.ask(
                Call("GET", path, (*query, ("page", str(page)))), partial(heard.read_reports, type=type)
            ),
            page_size=said.REPORT_PAGE,
            identity=_identity,
        )

    async def count_reports(self, type: ReportType, period: Period, *, text: str = "") -> int:
        """`GET /web/api/reports/{type}[/all]/count`, turboSMTP v1, documented."""
        path = said.reports_path(type, period, "count")
        return await self._dashboard.ask(
            Call("GET", path, said.reports_query(period, text)), words.read_count
        )

    def reports_csv(self, type: ReportType, period: Period, *, text: str = "") -> AsyncGenerator[bytes, None]:
        """`GET /web/api/reports/{type}[/all]/csv`, turboSMTP v1, documented without its layout."""
        period = said.export_period(type, period)
        call = Call("GET", said.reports_path(type, period, "csv"), said.reports_query(period, text))
        return self._export(call)

    async def delete_reports(self, type: ReportType, ids: Sequence[str]) -> None:
        """`DELETE /web/api/reports/{type}?ids=`, turboSMTP v1, documented for three types only."""
        path = said.reports_path(said.listed_type(type))
        await self._dashboard.ask(Call("DELETE", path, (("ids", ",".join(ids)),)), words.read_done, DELETE)

    async def delete_all_spam(self) -> None:
        """`DELETE /web/api/reports/spam/all`, turboSMTP v1, documented."""
        await self._dashboard.ask(Call("DELETE", "/web/api/reports/spam/all"), words.read_done, ONCE)

    # ---- statistics

    def stats(
        self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()
    ) -> AsyncGenerator[Page[EmailStat], None]:
        """Pages of 10. `GET /api/stats/panes/emails` and `…/count`, turboSMTP v1, documented."""
        return self._stats(said.stats_query(period, statuses))

    def _stats(self, query: said.Query) -> AsyncGenerator[Page[EmailStat], None]:
        path = "/api/stats/panes/emails"
        return read_pages(
            partial(self._dashboard.ask, Call("GET", f"{path}/count", query), heard.read_total),
            lambda page: self._dashboard.ask(
                Call("GET", path, (*query, ("page", str(page)))), heard.read_stats
            ),
            page_size=said.STATS_PAGE,
            identity=_identity,
        )

    async def count_stats(self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()) -> int:
        """`GET /api/stats/panes/emails/count`, turboSMTP v1, documented."""
        query = said.stats_query(period, statuses)
        return await self._dashboard.ask(
            Call("GET", "/api/stats/panes/emails/count", query), words.read_count
        )

    async def last_stats(self, number: int) -> list[EmailStat]:
        """`GET /api/stats/email-feed-last/{no}`, turboSMTP v1, documented for 10, 20 and 30."""
        if number not in LAST_FEEDS:
            raise NotOffered("turboSMTP lists its last 10, 20 or 30 messages, no other number.")
        call = Call("GET", f"/api/stats/email-feed-last/{number}", (("tz", said.TZ),))
        return await self._dashboard.ask(call, heard.read_stats)

    def stats_csv(
        self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()
    ) -> AsyncGenerator[bytes, None]:
        """`GET /api/stats/emails/csv`, turboSMTP v1, documented without its layout."""
        call = Call("GET", "/api/stats/emails/csv", said.stats_query(period, statuses, export=True))
        return self._export(call)

    async def look_up(self, sought: Sought) -> Found:
        """By sender, subject, recipient and time: the lists hold no key of ours.
        `GET /api/stats/panes/emails`, turboSMTP v1, documented."""
        pages = self._stats(said.stats_between(*tracing.hours_around(sought)))
        return tracing.by_likeness(sought, [row async for page in pages for row in page.rows], self.title)

    # ---- tools and account

    async def tracking_tools(self) -> tuple[TrackingTool, ...]:
        """`GET /api/tools/clickTracking`, `GET /api/tools/openingTracking`, turboSMTP v1, documented."""
        paths = [f"/api/tools/{name}" for name in said.TOOLS.values()]
        return tuple(
            await together(*(self._dashboard.ask(Call("GET", path), heard.read_tool) for path in paths))
        )

    async def set_tracking(self, id: str, enabled: bool) -> TrackingTool:
        """`PUT /api/tools/{tool}/{enable|disable}`, turboSMTP v1, documented."""
        if id not in said.TOOLS:
            raise NotOffered(
                f"turboSMTP has no tracking tool {id!r}.", hint=f"It has {', '.join(said.TOOLS)}."
            )
        path = f"/api/tools/{said.TOOLS[id]}/{'enable' if enabled else 'disable'}"
        return await self._dashboard.ask(Call("PUT", path), heard.read_tool, TOGGLE)

    async def account(self) -> AccountInfo:
        """`GET /api/user/info`, turboSMTP v1, documented."""
        return await self._dashboard.ask(Call("GET", "/api/user/info"), heard.read_account)

    async def plans(self) -> tuple[Plan, ...]:
        """`GET /api/plans`, turboSMTP v1, documented."""
        return await self._dashboard.ask(Call("GET", "/api/plans"), heard.read_plans)

    async def sub_accounts(self) -> tuple[SubAccount, ...]:
        """`GET /api/useraccounts/summary`, turboSMTP v1, documented."""
        return await self._dashboard.ask(Call("GET", "/api/useraccounts/summary"), heard.read_sub_accounts)


def _identity(row: Report | EmailStat) -> object:
    return row.id or row
