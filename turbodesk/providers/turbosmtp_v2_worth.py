"""What a key pair and a password are worth at turboSMTP v2: what each opens, what to say without it.

The source of every fact is turboSMTP's v2 description; where it is silent the docstring says so.
"""

from __future__ import annotations

from dataclasses import replace

from turbodesk.errors import SignInRefused
from turbodesk.model.account import ApiKey, Unlocked
from turbodesk.providers.exchange import Login
from turbodesk.providers.port import Capability

KEY_PAIR, PASSWORD = "key pair", "e-mail and password"
SENDING = frozenset({Capability.SEND, Capability.GROUPS, Capability.INLINE_IMAGES})
LISTS = frozenset(
    {
        Capability.REPORTS,
        Capability.REPORTS_CSV,
        Capability.DELETE_REPORTS,
        Capability.STATS,
        Capability.STATS_CSV,
        Capability.LAST_STATS,
        Capability.LOOK_UP,
        Capability.MESSAGE,
        Capability.SUPPRESSIONS,
        Capability.SUPPRESSIONS_CSV,
        Capability.FILTERED_DELETE,
        Capability.SUPPRESSION_REASONS,
        Capability.ACCOUNT,
        Capability.SUB_ACCOUNTS,
        Capability.VALIDATION,
        Capability.SUB_ACCOUNT,
        Capability.SUB_ACCOUNT_PLANS,
        Capability.CHANGE_SUB_ACCOUNTS,
        Capability.ENTER_SUB_ACCOUNTS,
        Capability.AGENCY,
        Capability.ALERTS,
    }
)
KEYS = frozenset({Capability.KEYS})

_MAY_BE = "Check it in Account: it may be revoked, bound to the addresses of other computers, or without"
LISTS_LOGIN = Login(f"the {KEY_PAIR}", f"{_MAY_BE} the permission APIS.")
SEND_LOGIN = Login(f"the {KEY_PAIR}", f"{_MAY_BE} the permission SEND_API.")


def offered(*, pair: bool, password: bool) -> frozenset[Capability]:
    """What is offered where a key pair, a password or both are known."""
    found = (SENDING if pair else frozenset()) | (KEYS if password else frozenset())
    return found | LISTS if found else found


def missing(capability: Capability) -> tuple[str, str]:
    """What is not known that it would need, and what to do about it."""
    if capability in SENDING:
        return (
            "turboSMTP sends with a key pair only, and this profile has none.",
            "Create a key pair in Account or on the dashboard, and enter it here.",
        )
    if capability in KEYS:
        return (
            "turboSMTP shows and makes keys only for who signs in with e-mail and password.",
            "Enter them in Account.",
        )
    return ("turboSMTP shows nothing without a key pair or a password.", "Enter one in Account.")


def named(capabilities: frozenset[Capability]) -> tuple[str, ...]:
    """Our words for them, in the order of the alphabet."""
    return tuple(sorted(each.value for each in capabilities))


def seen_from_outside(refused: SignInRefused | None) -> Unlocked:
    """The pair, judged by one question: whether it may send can't be asked."""
    if refused:
        return Unlocked(KEY_PAIR, False, f"{refused.says} {refused.hint}")
    untold = "Sending needs the permission SEND_API too, which shows with the first message only."
    return Unlocked(KEY_PAIR, True, untold, named(SENDING | LISTS))


def seen_from_inside(mine: ApiKey | None, refused: SignInRefused | None) -> Unlocked:
    """The pair, judged by what the account says of its key as well; None: it says nothing."""
    if mine is None:
        return replace(
            seen_from_outside(refused), words="The account of this e-mail address has no such key."
        )
    has = {"SEND_API", "APIS"} if mine.legacy or not mine.permissions else set(mine.permissions)
    lacking = [permission for permission in ("SEND_API", "APIS") if permission not in has]
    if refused and "APIS" in has:
        bound = f" It is bound to {', '.join(mine.ips)}." if mine.ips else " Its secret may be wrong."
        return Unlocked(KEY_PAIR, False, f"{refused.says}{bound}")
    opens = (SENDING if "SEND_API" in has else frozenset()) | (LISTS if "APIS" in has else frozenset())
    told = f"It lacks the permission {' and '.join(lacking)}." if lacking else ""
    return Unlocked(KEY_PAIR, True, told, named(opens))
