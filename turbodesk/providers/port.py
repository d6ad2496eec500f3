"""Provider and Capability: what the desk asks of any of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from turbodesk.errors import NotOffered

if TYPE_CHECKING:
    from turbodesk.model.account import AccountInfo, Plan, SubAccount, TrackingTool
    from turbodesk.model.message import Message
    from turbodesk.model.outcome import SendResult
    from turbodesk.model.reports import EmailStat, MailStatus, Page, Period, Report, ReportType

WireMark = Callable[[], Awaitable[None]]
"""Awaited once the connection stands and before the first byte of the request leaves; what it raises
stops the send with nothing sent."""


class Capability(StrEnum):
    """One thing a provider may or may not be able to do over its API."""

    SEND = "send"
    REPORTS = "reports"
    DELETE_REPORTS = "delete reports"
    STATS = "statistics"
    TRACKING = "switch tracking"
    ACCOUNT = "account"
    PLANS = "plans"
    SUB_ACCOUNTS = "sub-accounts"


class Provider(ABC):
    """One account at one provider, open for questions and sends.

    `send` is what every provider has. Every other method raises NotOffered, and asks nothing, until an
    adapter overrides it and names its Capability in `offers`. All of them raise our errors and no others.
    """

    title: str = ""
    offers: frozenset[Capability] = frozenset({Capability.SEND})
    wire_limit_bytes: int = 24_000_000
    """The largest message it takes, attachments counted as Base64."""

    @abstractmethod
    async def send(self, message: Message, mark: WireMark) -> SendResult:
        """Sends `message` once, as one request; an outcome for every recipient comes back.

        Raises NoConnection or InvalidDraft where surely nothing left, Throttled where a complete 429
        came, SignInRefused or Refused where a complete answer said no, OutcomeUnknown otherwise.
        """

    async def sign_in(self) -> None:
        """Proves the credentials; raises SignInRefused where they are not taken."""
        raise self._not_offered("sign in")

    async def sign_out(self) -> None:  # noqa: B027 (nothing to do is an answer)
        """Gives back what signing in gave; does nothing where there is nothing to give back."""

    async def aclose(self) -> None:  # noqa: B027
        """Lets go of connections. Nothing is asked."""

    def reports(self, type: ReportType, period: Period, *, text: str = "") -> AsyncIterator[Page[Report]]:
        """The entries of one list in a period, newest first, page by page, each entry once.

        `text` keeps those whose address holds it.
        """
        raise self._not_offered("reports")

    async def count_reports(self, type: ReportType, period: Period, *, text: str = "") -> int:
        """How many entries `reports` would bring."""
        raise self._not_offered("reports")

    def reports_csv(self, type: ReportType, period: Period, *, text: str = "") -> AsyncIterator[bytes]:
        """The same list as the provider's own CSV, the bytes as they come."""
        raise self._not_offered("reports")

    async def delete_reports(self, type: ReportType, ids: Sequence[str]) -> None:
        """Takes entries off a list, so that mail flows to them again. `ids` is not empty."""
        raise self._not_offered("deleting reports")

    async def delete_all_spam(self) -> None:
        """Takes every entry off the list of complaints."""
        raise self._not_offered("deleting reports")

    def stats(
        self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()
    ) -> AsyncIterator[Page[EmailStat]]:
        """Messages sent in a period, one row per recipient, newest first, page by page, each row once.

        No statuses: all of them.
        """
        raise self._not_offered("statistics")

    async def count_stats(self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()) -> int:
        """How many rows `stats` would bring."""
        raise self._not_offered("statistics")

    async def last_stats(self, number: int) -> list[EmailStat]:
        """The newest rows; `number` is 10, 20 or 30."""
        raise self._not_offered("statistics")

    def stats_csv(
        self, period: Period, *, statuses: frozenset[MailStatus] = frozenset()
    ) -> AsyncIterator[bytes]:
        """The same rows as the provider's own CSV, the bytes as they come."""
        raise self._not_offered("statistics")

    async def tracking_tools(self) -> tuple[TrackingTool, ...]:
        """The tracking switches as the provider has them now."""
        raise self._not_offered("tracking switches")

    async def set_tracking(self, id: str, enabled: bool) -> TrackingTool:
        """Switches one; what comes back is the state as the provider answered it."""
        raise self._not_offered("tracking switches")

    async def account(self) -> AccountInfo:
        """Who is signed in."""
        raise self._not_offered("account information")

    async def plans(self) -> tuple[Plan, ...]:
        """The plans of this account, in the provider's order; may be empty."""
        raise self._not_offered("plans")

    async def sub_accounts(self) -> tuple[SubAccount, ...]:
        """The accounts below this one, in the provider's order; may be empty."""
        raise self._not_offered("sub-accounts")

    def _not_offered(self, what: str) -> NotOffered:
        return NotOffered(
            f"{self.title or 'This provider'} does not offer {what} over its API.",
            hint="Nothing was asked. Look for it on the provider's own dashboard page.",
        )
