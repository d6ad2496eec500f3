"""Asking: what the parts of the turboSMTP v2 adapter need of the whole; and their no in our words."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TypeVar

import msgspec

from turbodesk.errors import InvalidDraft, Refused
from turbodesk.providers.exchange import Answer, Call, JsonReader
from turbodesk.providers.http import READ, Manner
from turbodesk.providers.port import Capability, Provider
from turbodesk.providers.scalars import is_digits
from turbodesk.providers.turbosmtp_fields import DASHBOARD

T = TypeVar("T")

_AGENCY = "Sub-accounts come with turboSMTP's agency plans, and this account has another plan."
_OWN_IP = "Choose one of the IP addresses of the account above."
_REPLACED = {
    "feature_not_available_for_active_plan": ("", _AGENCY, f"Plans are changed on {DASHBOARD}"),
    "subaccount_not_found": (
        "id",
        "There is no such sub-account.",
        "List the sub-accounts to see their ids.",
    ),
    "alert_not_found": ("id", "There is no such alert.", "Look it up in the list of alerts."),
    "email_is_already_in_use": (
        "email",
        "There is an account with this e-mail address at turboSMTP already.",
        "Choose another address.",
    ),
    "invalid_mail_address": ("email", "turboSMTP takes this for no e-mail address.", "Check the address."),
    "invalid_email_address": ("email", "turboSMTP takes this for no e-mail address.", "Check the address."),
    "list_not_found": ("list", "There is no such list to validate.", "Look which ones there are."),
    "list_already_validated": (
        "list",
        "This list was validated before, or is just being.",
        "Wait for its results: they cost nothing.",
    ),
    "insufficient_credit": (
        "",
        "There is not enough credit left to validate that.",
        f"Credits are bought on {DASHBOARD}",
    ),
    "invalid_mail_address_list": ("emails", "turboSMTP found no e-mail address in it.", "Check the file."),
    "ip_not_associated_to_user_account": (
        "ip",
        "This IP address does not belong to the account.",
        _OWN_IP,
    ),
    "ip_should_be_IPV4_format": ("ip", "turboSMTP takes this for no IPv4 address.", _OWN_IP),
    "limit_should_not_be_higher_than_parent_account_limit": (
        "limit",
        "The limit is higher than that of the account above.",
        "Choose a lower one.",
    ),
}
"""The codes that a person can do something about: the field they name, a sentence, what to do."""


class Asking(Provider):
    """A part of one turboSMTP account over its v2 API."""

    @abstractmethod
    async def _ask(self, call: Call, decode: Callable[[Answer], T], manner: Manner = READ) -> T:
        """Asks with whatever lets one in; raises as ApiClient.ask does."""

    @abstractmethod
    def _need(self, capability: Capability) -> None:
        """Raises NotOffered where the credentials do not open it."""

    async def _asked(self, call: Call, decode: Callable[[Answer], T], manner: Manner = READ) -> T:
        """The same; a no with a code that has a sentence of ours is told in it."""
        try:
            return await self._ask(call, decode, manner)
        except Refused as refused:
            if (ours := _in_our_words(refused)) is None:
                raise
            raise ours from refused


def _in_our_words(refused: Refused) -> Refused | None:
    """The same no with a sentence of ours; None where there is none for its code."""
    found = next((ours for code, ours in _REPLACED.items() if code in refused.words), None)
    if found is None:
        return None
    field, says, hint = found
    words, detail, status = refused.words, refused.detail, refused.status
    return Refused(says, words=words, hint=hint, detail=detail, field=field, status=status)


def in_path(id: str, says: str) -> str:
    """The id as a step of a path; raises InvalidDraft with this sentence for what can be none there."""
    if not is_digits(id):
        raise InvalidDraft({"id": says}, "Nothing was asked")
    return id


class _Yes(msgspec.Struct):
    pass


_yes = JsonReader(_Yes)


def read_yes(answer: Answer) -> None:
    """Any object, or a 204: what a yes holds is not described everywhere. Raises Garbled for anything else,
    which might be a page of something between us."""
    if answer.status != 204:
        _yes(answer.body)
