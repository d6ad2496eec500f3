"""Provider and Capability: what the desk asks of any of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from turbodesk.errors import InvalidDraft, NotOffered

if TYPE_CHECKING:
    from turbodesk.model.account import (
        AccountInfo,
        ApiKey,
        Domain,
        NewKey,
        Plan,
        Secret,
        SubAccount,
        TrackingTool,
        Unlocked,
    )
    from turbodesk.model.alert import Alert
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
    from turbodesk.model.subaccount import Agency, NewSubAccount, SubAccountDetails
    from turbodesk.model.validation import (
        Uploaded,
        UploadProgress,
        Validated,
        ValidationCredits,
        ValidationList,
    )
    from turbodesk.model.webhook import EventFlag, Webhook, WebhookChange

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
    SUB_ACCOUNT = "one sub-account"
    SUB_ACCOUNT_PLANS = "plans of sub-accounts"
    CHANGE_SUB_ACCOUNTS = "changing sub-accounts"
    NAME_SUB_ACCOUNTS = "making and renaming sub-accounts"
    ENTER_SUB_ACCOUNTS = "signing in as a sub-account"
    AGENCY = "agency"
    ALERTS = "usage alerts"
    REPORTS_CSV = "export reports"
    STATS_CSV = "export statistics"
    LAST_STATS = "newest messages"
    COUNTS = "daily counts"
    MESSAGE = "message lookup"
    SUPPRESSIONS = "suppressions"
    SUPPRESSIONS_CSV = "export suppressions"
    FILTERED_DELETE = "delete filtered suppressions"
    SUPPRESSION_REASONS = "reasons of suppressions"
    KEYS = "keys"
    DOMAINS = "domains"
    GROUPS = "campaigns"
    CHOOSE_TRACKING = "tracking of one message"
    FIELDS = "placeholders"
    INLINE_IMAGES = "inline images"
    TEMPLATES = "stored templates"
    LOOK_UP = "look up a send"
    WEBHOOKS = "webhooks"
    VALIDATION = "validation of addresses"


class Provider(ABC):
    """One account at one provider, open for questions and sends.

    `send` is what every provider has, but for a profile whose keys do not allow it. Every other method
    raises NotOffered, and asks nothing, until an adapter overrides it and names its Capability in
    `offers`; what `offers` holds may depend on the keys that are known, and then a method whose
    capability is missing raises NotOffered too. All of them raise our errors and no others.
    """

    title: str = ""
    offers: frozenset[Capability] = frozenset({Capability.SEND})
    report_types: tuple[ReportType, ...] = ()
    """The lists it keeps, those that people ask for first at the beginning."""
    wire_limit_bytes: int = 24_000_000
    """The largest message it takes, attachments counted as Base64."""
    settling_s: float = 900.0
    """After so many seconds it shows whatever it has taken; what is not there then never came."""
    notice: str = ""
    """One sentence that the provider wants its users to know, such as a date when something ends."""

    def why_not(self, capability: Capability) -> str:
        """Why this is not offered and what to do about it, one or two sentences; empty where it is."""
        if capability in self.offers:
            return ""
        refusal = self._not_offered(capability.value)
        return f"{refusal.says} {refusal.hint.removeprefix('Nothing was asked. ')}".strip()

    def check_message(self, message: Message) -> None:
        """Raises InvalidDraft, by field, where the wire cannot carry what the message asks for.

        Nothing is asked. `send` does the same before anything leaves.
        """
        wanted = (
            ("groups", Capability.GROUPS, message.groups, "a campaign"),
            (
                "tracking",
                Capability.CHOOSE_TRACKING,
                _chooses_tracking(message),
                "the tracking of one message",
            ),
            ("fields", Capability.FIELDS, message.fields, "placeholders"),
            ("template", Capability.TEMPLATES, message.template, "a letter that it keeps"),
            ("attachments", Capability.INLINE_IMAGES, _shows_pictures(message), "pictures inside the letter"),
        )
        title = self.title or "This provider"
        problems = {
            field: f"{title} has no field for {what}. Leave it out, or choose another way to send."
            for field, capability, asked, what in wanted
            if asked and capability not in self.offers
        }
        if problems:
            raise InvalidDraft(problems)

    @abstractmethod
    async def send(self, message: Message, mark: WireMark) -> SendResult:
        """Sends `message` once, as one request; an outcome for every recipient comes back.

        Raises NoConnection or InvalidDraft where surely nothing left, Throttled where a complete 429
        came, SignInRefused or Refused where a complete answer said no, OutcomeUnknown otherwise.
        """

    async def sign_in(self) -> None:
        """Proves the credentials; raises SignInRefused where they are not taken."""
        raise self._not_offered("sign in")

    async def check(self) -> tuple[Unlocked, ...]:
        """Tries every credential on its own, by questions that change nothing; what each unlocks comes
        back in the form's order. A credential that is not taken is an answer, not an error; raises
        NoConnection and the like where the provider could not be asked at all."""
        raise self._not_offered("trying keys")

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

    async def sub_account(self, id: str) -> SubAccountDetails | None:
        """What is known of one account below this one, None where there is none of this id."""
        raise self._not_offered("one sub-account")

    async def sub_account_plan(self, id: str) -> Plan:
        """How much one account below this one may send, and has sent."""
        raise self._not_offered("plans of sub-accounts")

    async def create_sub_account(self, new: NewSubAccount) -> str:
        """Makes an account below this one; its id, empty where the provider does not tell it.

        Asked once: after a failure other than a no it may have been made nevertheless.
        """
        raise self._not_offered("making sub-accounts")

    async def edit_sub_account(self, details: SubAccountDetails) -> None:
        """Gives the account of `details.id` what is there and can be changed: the IP address and the contact,
        or the name."""
        raise self._not_offered("changing sub-accounts")

    async def delete_sub_account(self, id: str) -> None:
        """Takes an account below this one away for good, with its keys.

        Asked once: after a failure other than a no it may be gone nevertheless.
        """
        raise self._not_offered("deleting sub-accounts")

    async def limit_sub_account(self, id: str, limit: int | None) -> Plan:
        """Sets how much one account may send, None for no limit; what comes back is what the provider has."""
        raise self._not_offered("limits of sub-accounts")

    async def activate_sub_account(self, id: str, active: bool) -> Plan:
        """Lets one account send, or suspends it; what comes back is what the provider has."""
        raise self._not_offered("suspending sub-accounts")

    async def enter_sub_account(self, email: str) -> Secret:
        """A token that signs in as the account of this address, to do with it whatever its owner may."""
        raise self._not_offered("signing in as a sub-account")

    async def email_exists(self, email: str) -> bool:
        """Whether there is an account of this address at the provider, whoever has it."""
        raise self._not_offered("looking for e-mail addresses")

    async def agency(self) -> Agency:
        """What the accounts below this one are shown of it."""
        raise self._not_offered("an agency")

    async def edit_agency(self, agency: Agency) -> None:
        """Changes the texts of it."""
        raise self._not_offered("an agency")

    async def alerts(self) -> tuple[Alert, ...]:
        """The usage alerts of the account, in the provider's order; may be empty."""
        raise self._not_offered("usage alerts")

    async def alert(self, id: str) -> Alert | None:
        """One usage alert, None where there is none of this id."""
        raise self._not_offered("usage alerts")

    async def add_alert(self, email: str, percentage: int) -> str:
        """Makes a usage alert; its id, empty where the provider does not tell it.

        Asked once: after a failure other than a no it may have been made nevertheless.
        """
        raise self._not_offered("usage alerts")

    async def edit_alert(self, alert: Alert) -> None:
        """Gives the alert of `alert.id` the address and the percentage that are there."""
        raise self._not_offered("usage alerts")

    async def remove_alert(self, id: str) -> None:
        """Takes a usage alert away."""
        raise self._not_offered("usage alerts")

    def daily_counts(
        self, period: Period, *, sub_account: str = "", group: str = ""
    ) -> AsyncIterator[Page[DayCounts]]:
        """The provider's own counters, newest days first; days without mail may be missing.

        Of the whole account, or of one sub-account by its id. With `group` only what was sent under it;
        where the provider counts a group as a whole only, it stands on the last day of each span asked.
        """
        raise self._not_offered("daily counts")

    async def total_counts(self, period: Period, *, sub_account: str = "", group: str = "") -> Counts:
        """The same counters, summed over the whole period."""
        raise self._not_offered("counts")

    async def days_at_once(self, period: Period) -> tuple[DayCounts, ...] | None:
        """Messages counted by days of the calendar here, oldest first, without reading them all; days without
        mail may be missing. None where the provider does not tell that: then its messages do."""
        return None

    async def message(self, id: str) -> MessageRecord | None:
        """What the provider knows of one message, None where it knows none of this id."""
        raise self._not_offered("message lookup")

    async def spelled(self, message: Message) -> Spelled:
        """The request that `send` would make of this message, secrets left out. Nothing is asked and nothing
        leaves. Raises InvalidDraft as `send` does, FileTrouble where an attachment can't be read."""
        raise self._not_offered("a dry run")

    async def look_up(self, sought: Sought) -> Found:
        """What the provider knows of a send whose outcome is unknown; CANNOT, and nothing asked, where it
        has no way to tell."""
        from turbodesk.model.lookup import Found, Trace

        return Found(Trace.CANNOT, self.why_not(Capability.LOOK_UP))

    def suppressions(self, which: Suppressing) -> AsyncIterator[Page[Report]]:
        """Addresses that get no mail any more, newest first, page by page, each entry once."""
        raise self._not_offered("suppressions")

    def suppressions_csv(self, which: Suppressing) -> AsyncIterator[bytes]:
        """The same list as the provider's own CSV, the bytes as they come."""
        raise self._not_offered("a suppression export")

    async def import_suppressions(
        self, emails: Sequence[str], *, reason: str = "", type: ReportType | None = None
    ) -> Imported:
        """Puts addresses on the list, by hand unless `type` says otherwise. `emails` is not empty."""
        raise self._not_offered("suppressing addresses")

    async def delete_suppressions(self, emails: Sequence[str]) -> None:
        """Takes addresses off every list, so that mail flows to them again; those that were not on one
        are as good as taken off. `emails` is not empty."""
        raise self._not_offered("taking addresses off the list")

    async def delete_suppressions_where(self, which: Suppressing) -> None:
        """Takes off everything that `suppressions` would bring."""
        raise self._not_offered("deleting by a filter")

    async def keys(self) -> tuple[ApiKey, ...]:
        """The key pairs of the account, in the provider's order."""
        raise self._not_offered("keys")

    async def create_key(
        self, label: str, *, permissions: Sequence[str] = (), ips: Sequence[str] = ()
    ) -> NewKey:
        """Makes a key pair; no permissions named: all of them, no IPs: from anywhere."""
        raise self._not_offered("keys")

    async def revoke_key(self, key: str) -> None:
        """Takes a key pair back, for good."""
        raise self._not_offered("keys")

    async def domains(self) -> tuple[Domain, ...]:
        """The domains mail may be sent from, in the provider's order, those not yet verified too."""
        raise self._not_offered("domains")

    async def domain(self, id: str) -> Domain | None:
        """One of them as it is now, None where there is none of this id."""
        raise self._not_offered("domains")

    async def webhooks(self) -> tuple[Webhook, ...]:
        """The URLs that are told what happens to mail, in the provider's order; may be empty."""
        raise self._not_offered("webhooks")

    async def create_webhook(
        self, url: str, events: Collection[EventFlag], *, enabled: bool = True
    ) -> Webhook:
        """Registers a URL to be told of these events; Refused where it is registered already."""
        raise self._not_offered("webhooks")

    async def edit_webhook(self, id: str, change: WebhookChange) -> Webhook:
        """Changes one; what comes back is how the provider has it then."""
        raise self._not_offered("webhooks")

    async def delete_webhook(self, id: str) -> None:
        """Takes one away: its URL is told nothing any more."""
        raise self._not_offered("webhooks")

    async def validation_credits(self) -> ValidationCredits:
        """What is left to validate addresses with."""
        raise self._not_offered("validation of addresses")

    async def validate_address(self, email: str) -> Validated:
        """Validates one address, which costs a credit. Asked once: raises OutcomeUnknown where the credit
        may be spent and no answer came."""
        raise self._not_offered("validation of addresses")

    async def upload_validation(
        self, name: str, emails: Sequence[str], progress: UploadProgress | None = None
    ) -> Uploaded:
        """Makes a list to validate, which costs nothing yet; `name` is what it will be called by. `emails`
        is not empty."""
        raise self._not_offered("validation of addresses")

    async def start_validation(self, id: str) -> None:
        """Validates a list, which costs a credit for each address. Asked once: raises OutcomeUnknown where
        it may have begun and no answer came."""
        raise self._not_offered("validation of addresses")

    def validation_lists(self, period: Period) -> AsyncIterator[Page[ValidationList]]:
        """The lists made in a period, in the provider's order, page by page, each once."""
        raise self._not_offered("validation of addresses")

    async def validation_list(self, id: str) -> ValidationList | None:
        """One list and how far it is, None where there is none of this id."""
        raise self._not_offered("validation of addresses")

    async def delete_validation_list(self, id: str) -> None:
        """Takes a list away with its results, for good."""
        raise self._not_offered("validation of addresses")

    def validation_results(self, id: str) -> AsyncIterator[Page[Validated]]:
        """What is known of a list's addresses by now, in the provider's order, page by page, each once.
        Addresses that are not validated yet are not among them."""
        raise self._not_offered("validation of addresses")

    async def validation_result(self, list_id: str, id: str) -> Validated | None:
        """One result with all that is known of it, None where there is none."""
        raise self._not_offered("validation of addresses")

    def validation_csv(self, id: str) -> AsyncIterator[bytes]:
        """The results of a list as the provider's own CSV, the bytes as they come."""
        raise self._not_offered("validation of addresses")

    def _not_offered(self, what: str) -> NotOffered:
        return NotOffered(
            f"{self.title or 'This provider'} does not offer {what} over its API.",
            hint="Nothing was asked. Look for it on the provider's own dashboard page.",
        )


def _chooses_tracking(message: Message) -> bool:
    return message.track_opens is not None or message.track_clicks is not None


def _shows_pictures(message: Message) -> bool:
    return any(attachment.content_id for attachment in message.attachments)
