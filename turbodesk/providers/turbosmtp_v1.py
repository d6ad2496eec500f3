"""turboSMTP v1: a token for the dashboard host, user and password in every send, two hosts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from turbodesk.errors import NotOffered, SignInRefused
from turbodesk.model.account import AccountInfo, Plan, Profile, Secret, SubAccount, TrackingTool
from turbodesk.model.message import Message
from turbodesk.model.outcome import SendResult
from turbodesk.model.reports import EmailStat, MailStatus, Page, Period, Report, ReportType
from turbodesk.providers import turbosmtp_answers as heard
from turbodesk.providers import turbosmtp_calls as said
from turbodesk.providers.exchange import Answer, Call
from turbodesk.providers.http import DELETE, ONCE, READ, SIGN_IN, TOGGLE, ApiClient, Gateway, Manner
from turbodesk.providers.paging import read_pages
from turbodesk.providers.port import Capability, Provider, WireMark
from turbodesk.together import together

DASHBOARD = "https://dashboard.serversmtp.com"
SEND_HOSTS = {"world": "https://api.turbo-smtp.com", "eu": "https://api.eu.turbo-smtp.com"}
SEND_PATHS = {"v2": "/api/v2/mail/send", "v1": "/api/mail/send", "beta": "/api/mail/send"}
SEND_LIMITS_BYTES = {"v2": 24_000_000, "v1": 4_000_000, "beta": 4_000_000}
LAST_FEEDS = (10, 20, 30)

T = TypeVar("T")


class TurboSmtpV1(Provider):
    """One turboSMTP account over its v1 API. The token is fetched when first needed, and renewed once
    when it is no longer taken."""

    title = "turboSMTP"
    offers = frozenset(Capability)

    def __init__(self, profile: Profile, secret: Secret, gateway: Gateway) -> None:
        self._user, self._secret, self._no_expire = profile.user, secret, profile.no_expire
        self._form = profile.send_form
        self.wire_limit_bytes = SEND_LIMITS_BYTES[self._form]
        client = partial(ApiClient, gateway, title=self.title, read_objection=heard.read_objection)
        self._dashboard = client(profile.dashboard_url or DASHBOARD)
        self._post = client(profile.send_url or SEND_HOSTS[profile.region])
        self._token: Secret | None = None
        self._signing_in: asyncio.Task[Secret] | None = None

    # ---- signing in

    async def sign_in(self) -> None:
        """Fetches a token. `POST /api/authorize`, turboSMTP v1, documented."""
        self._token = None
        await self._signed_in()

    async def sign_out(self) -> None:
        """Gives the token back; it is dropped here whatever the answer is. A token that is not known any
        more is as good as given back. `POST /api/deauthorize`, turboSMTP v1, documented."""
        token, self._token = self._token, None
        if token is not None:
            call = self._signed_call(Call("POST", "/api/deauthorize"), token)
            with contextlib.suppress(SignInRefused):
                await self._dashboard.ask(call, heard.read_nothing, manner=TOGGLE)

    async def aclose(self) -> None:
        """Forgets the token. Nothing is asked."""
        self._token = None
        if self._signing_in is not None:
            self._signing_in.cancel()
            await asyncio.gather(self._signing_in, return_exceptions=True)

    async def _signed_in(self) -> Secret:
        """The token. Whoever asks while it is being fetched waits for the same answer, good or bad."""
        if self._token is not None:
            return self._token
        if self._signing_in is None:
            self._signing_in = asyncio.create_task(self._authorize())
            self._signing_in.add_done_callback(self._signed)
        return await asyncio.shield(self._signing_in)

    def _signed(self, task: asyncio.Task[Secret]) -> None:
        self._signing_in = None
        if not task.cancelled() and task.exception() is None:
            self._token = task.result()

    async def _authorize(self) -> Secret:
        password = self._secret.reveal()
        body = said.sign_in_body(self._user, password, no_expire=self._no_expire)
        call = Call("POST", "/api/authorize", body=body, secrets=(password,))
        return Secret(await self._dashboard.ask(call, heard.read_token, manner=SIGN_IN))

    async def _with_sign_in(self, work: Callable[[Secret], Awaitable[T]]) -> T:
        """`work` with a token; once more with a new one where that token is not taken any longer."""
        token = await self._signed_in()
        try:
            return await work(token)
        except SignInRefused as refused:
            if refused.status != 401:
                raise
            if self._token == token:
                self._token = None
            return await work(await self._signed_in())

    async def _ask(self, call: Call, decode: Callable[[Answer], T], manner: Manner = READ) -> T:
        return await self._with_sign_in(
            lambda token: self._dashboard.ask(self._signed_call(call, token), decode, manner=manner)
        )

    async def _export(self, call: Call) -> AsyncGenerator[bytes, None]:
        open_it = self._dashboard.download
        download = await self._with_sign_in(lambda token: open_it(self._signed_call(call, token)))
        async with contextlib.aclosing(download):
            async for chunk in download:
                yield chunk

    def _signed_call(self, call: Call, token: Secret) -> Call:
        """The call with the bare token in its header, without a word like Bearer before it."""
        header = ("Authorization", token.reveal())
        return replace(call, headers=(header,), secrets=(token.reveal(), self._secret.reveal()))

    # ---- sending

    async def send(self, message: Message, mark: WireMark) -> SendResult:
        """One POST, accepted or refused as a whole. Send V2 `POST /api/v2/mail/send`,
        Send V1 and Beta 1.0 `POST /api/mail/send`, turboSMTP v1, documented."""
        password = self._secret.reveal()
        body = said.send_body(message, self._form, self._user, password)
        call = Call("POST", SEND_PATHS[self._form], body=body, secrets=(password,))
        note = said.send_note(message, self._form)
        return await self._post.send(call, partial(heard.read_sent, message=message, note=note), mark)

    # ---- reports

    async def reports(
        self, type: ReportType, period: Period, *, text: str = ""
    ) -> AsyncGenerator[Page[Report], None]:
        """Pages of 20. `GET /web/api/reports/{type}[/all]` and `…/count`, turboSMTP v1, documented."""
        path, query = said.reports_path(type, period), said.reports_query(period, text)
        pages = read_pages(
            partial(self._ask, Call("GET", f"{path}/count", query), heard.read_total),
            lambda page: self._ask(
                Call("GET", path, (*query, ("page", str(page)))), partial(heard.read_reports, type=type)
            ),
            page_size=said.REPORT_PAGE,
            identity=_identity,
        )
        async with contextlib.aclosing(pages):
            async for page in pages:
                yield page

    async def count_reports(self, type: ReportType, period: Period, *, text: str = "") -> int:
        """`GET /web/api/reports/{type}[/all]/count`, turboSMTP v1, documented."""
        path = said.reports_path(type, period, "count")
        return await self._ask(Call("GET", path, said.reports_query(period, text)), heard.read_count)

    async def reports_csv(
        self, type: ReportType, period: Period, *, text: str = ""
    ) -> AsyncGenerator[bytes, None]:
        """`GET /web/api/reports/{type}[/all]/csv`, turboSMTP v1, documented without its layout."""
        period = said.export_period(type, period)
        call = Call("GET", said.reports_path(type, period, "csv"), said.reports_query(period, text))
        async with contextlib.aclosing(self._export(call)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def delete_reports(self, type: ReportType, ids: Sequence[str]) -> None:
        """`DELETE /web/api/reports/{type}?ids=`, turboSMTP v1, documented for three types only."""
        path = f"/web/api/reports/{said.listed_type(type)}"
        await self._ask(Call("DELETE", path, (("ids", ",".join(ids)),)), heard.read_done, DELETE)

    async def delete_all_spam(self) -> None:
        """`DELETE /web/api/reports/spam/all`, turboSMTP v1, documented."""
        await self._ask(Call("DELETE", "/web/api/reports/spam/all"), heard.read_done, ONCE)

    # ---- statistics

    async def stats(
        self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()
    ) -> AsyncGenerator[Page[EmailStat], None]:
        """Pages of 10. `GET /api/stats/panes/emails` and `…/count`, turboSMTP v1, documented."""
        path, query = "/api/stats/panes/emails", said.stats_query(period, statuses)
        pages = read_pages(
            partial(self._ask, Call("GET", f"{path}/count", query), heard.read_total),
            lambda page: self._ask(Call("GET", path, (*query, ("page", str(page)))), heard.read_stats),
            page_size=said.STATS_PAGE,
            identity=_identity,
        )
        async with contextlib.aclosing(pages):
            async for page in pages:
                yield page

    async def count_stats(self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()) -> int:
        """`GET /api/stats/panes/emails/count`, turboSMTP v1, documented."""
        query = said.stats_query(period, statuses)
        return await self._ask(Call("GET", "/api/stats/panes/emails/count", query), heard.read_count)

    async def last_stats(self, number: int) -> list[EmailStat]:
        """`GET /api/stats/email-feed-last/{no}`, turboSMTP v1, documented for 10, 20 and 30."""
        if number not in LAST_FEEDS:
            raise NotOffered("turboSMTP lists its last 10, 20 or 30 messages, no other number.")
        call = Call("GET", f"/api/stats/email-feed-last/{number}", (("tz", said.TZ),))
        return await self._ask(call, heard.read_stats)

    async def stats_csv(
        self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()
    ) -> AsyncGenerator[bytes, None]:
        """`GET /api/stats/emails/csv`, turboSMTP v1, documented without its layout."""
        call = Call("GET", "/api/stats/emails/csv", said.stats_query(period, statuses, export=True))
        async with contextlib.aclosing(self._export(call)) as chunks:
            async for chunk in chunks:
                yield chunk

    # ---- tools and account

    async def tracking_tools(self) -> tuple[TrackingTool, ...]:
        """`GET /api/tools/clickTracking`, `GET /api/tools/openingTracking`, turboSMTP v1, documented."""
        paths = [f"/api/tools/{name}" for name in said.TOOLS.values()]
        return tuple(await together(*(self._ask(Call("GET", path), heard.read_tool) for path in paths)))

    async def set_tracking(self, id: str, enabled: bool) -> TrackingTool:
        """`PUT /api/tools/{tool}/{enable|disable}`, turboSMTP v1, documented."""
        if id not in said.TOOLS:
            raise NotOffered(
                f"turboSMTP has no tracking tool {id!r}.", hint=f"It has {', '.join(said.TOOLS)}."
            )
        path = f"/api/tools/{said.TOOLS[id]}/{'enable' if enabled else 'disable'}"
        return await self._ask(Call("PUT", path), heard.read_tool, TOGGLE)

    async def account(self) -> AccountInfo:
        """`GET /api/user/info`, turboSMTP v1, documented."""
        return await self._ask(Call("GET", "/api/user/info"), heard.read_account)

    async def plans(self) -> tuple[Plan, ...]:
        """`GET /api/plans`, turboSMTP v1, documented."""
        return await self._ask(Call("GET", "/api/plans"), heard.read_plans)

    async def sub_accounts(self) -> tuple[SubAccount, ...]:
        """`GET /api/useraccounts/summary`, turboSMTP v1, documented."""
        return await self._ask(Call("GET", "/api/useraccounts/summary"), heard.read_sub_accounts)


def _identity(row: Report | EmailStat) -> object:
    return row.id or row
