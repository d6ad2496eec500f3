"""What stands against a send: a profile that only looks, lists of addresses, a daily cap, a lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from turbodesk.errors import ConfirmFirst, Guarded
from turbodesk.model.message import Address, AddressError
from turbodesk.providers.looking import only_looks

if TYPE_CHECKING:
    from turbodesk.model.account import Plan, Profile

ASKED_ABOVE, TYPED_ABOVE = 5, 50
"""Above so many recipients a locked profile asks, and wants their number typed."""

NAMED = 10  # addresses that a sentence names; the others are counted, and stand in the detail
_NOTHING = "Nothing was sent."
_CHANGE = "The guards of the profile stand in Account, and behind `profile guard`."


class Ask(Enum):
    """What a person is asked before so many recipients are written to."""

    NOTHING = 0
    YES = 1
    NUMBER = 2


def ask_for(profile: Profile, recipients: int, *, batch: bool = False) -> Ask:
    """What is asked before `recipients` get mail of `profile`; a large batch asks under any profile."""
    if recipients > TYPED_ABOVE and (profile.locked or batch):
        return Ask.NUMBER
    return Ask.YES if profile.locked and recipients > ASKED_ABOVE else Ask.NOTHING


def check(
    profile: Profile,
    recipients: Sequence[Address],
    *,
    sent_today: int,
    confirmed: int,
    leaving: int = 0,
    together: int | None = None,
) -> None:
    """Lets a message to these recipients through, or raises Guarded or ConfirmFirst.

    `recipients` is the whole envelope, each address once. `sent_today` is to how many recipients something
    of this profile has left today, `leaving` to how many more it is leaving just now; `confirmed` the number
    a person said yes to; `together` how many get mail by the whole batch that the message belongs to. One
    address that may not get mail stops the message.
    """
    if profile.viewer:
        raise only_looks(profile.name)
    _check_lists(profile, recipients)
    more = max(len(recipients), together or 0)
    if profile.daily_cap and sent_today + leaving + more > profile.daily_cap:
        raise over_cap(profile, more, sent_today=sent_today, leaving=leaving)
    asked = len(recipients) if together is None else together
    ask = ask_for(profile, asked)
    if ask is not Ask.NOTHING and confirmed != asked:
        raise _confirm_first(profile, asked, confirmed, ask)


def barred(profile: Profile) -> Callable[[Address], str]:
    """What tells of an address why this profile may not write to it, in a few words; empty where it may.
    Raises Guarded where a list has an entry that is none."""
    block = _Listed(profile, "block-list", profile.block)
    allow = _Listed(profile, "allow-list", profile.allow)

    def why(address: Address) -> str:
        if block.has(address):
            return "on the block-list"
        return "not on the allow-list" if profile.allow and not allow.has(address) else ""

    return why


def guard_words(profile: Profile) -> tuple[str, ...]:
    """The guards of a profile, some words each; empty where it has none."""
    allow, block = len(profile.allow), len(profile.block)
    told = (
        ("viewer, changes nothing", profile.viewer),
        ("production lock", profile.locked),
        (f"{allow:,} allowed", allow),
        (f"{block:,} blocked", block),
        (f"at most {profile.daily_cap:,} a day", profile.daily_cap),
    )
    return tuple(words for words, there in told if there)


def entry_of(text: str) -> str:
    """An entry of an allow-list or a block-list as it is kept: `tom@example.com`, `example.com` (also
    written `@example.com`), or `*.example.com` for the domain and all below it. Domains come back lower
    case and as A-labels. Raises AddressError."""
    text = text.strip()
    if not text:
        raise AddressError("The entry is empty.")
    stars, domain = ("*.", text[2:]) if text.startswith("*.") else ("", text.removeprefix("@"))
    if "@" not in domain:
        return stars + _ascii_domain(domain)
    if stars:
        raise AddressError(f"{text}: a star stands for what is below a domain, as in *.example.com.")
    if domain != text:
        raise AddressError(f"{text}: write a whole address, or @ and a domain.")
    return Address.parse(text).email


def entries_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Entries as they are kept, in their order, each once. Raises AddressError at the first that is none."""
    return tuple(dict.fromkeys(entry_of(text) for text in texts))


def _ascii_domain(domain: str) -> str:
    try:
        return Address.parse(f"x@{domain}").domain
    except AddressError:
        raise AddressError(
            f"{domain or 'Nothing'} is no domain: write tom@example.com, example.com or *.example.com."
        ) from None


class _Listed:
    """The entries of one list, ready to be asked. Letter case aside; `tom+news@` is not `tom@`."""

    def __init__(self, profile: Profile, what: str, entries: Iterable[str]) -> None:
        self._whole: set[str] = set()
        self._below: set[str] = set()
        for entry in entries:
            try:
                kept = entry_of(entry).casefold()
            except AddressError as error:  # written by hand; a guard that cannot be read lets nothing through
                raise Guarded(
                    f"The {what} of the profile {profile.name} has an entry that is none: {error}",
                    hint=f"{_NOTHING} Mend or remove it. {_CHANGE}",
                ) from error
            if kept.startswith("*."):
                self._below.add(kept[2:])
            else:
                self._whole.add(kept)

    def has(self, address: Address) -> bool:
        local, _, domain = address.email.rpartition("@")
        domain = (domain if domain.isascii() else _ascii_domain(domain)).lower()
        if domain in self._whole or f"{local}@{domain}".casefold() in self._whole:
            return True
        labels = domain.split(".")
        return any(".".join(labels[at:]) in self._below for at in range(len(labels)))


def _check_lists(profile: Profile, recipients: Sequence[Address]) -> None:
    block = _Listed(profile, "block-list", profile.block)
    allow = _Listed(profile, "allow-list", profile.allow)
    if blocked := tuple(it.email for it in recipients if block.has(it)):
        raise Guarded(
            f"The profile {profile.name} writes to nobody on its block-list: {_named(blocked)}.",
            hint=f"{_NOTHING} {_leave_out(blocked)} {_CHANGE}",
            detail="\n".join(blocked),
            addresses=blocked,
        )
    outside = tuple(it.email for it in recipients if not allow.has(it)) if profile.allow else ()
    if outside:
        raise Guarded(
            f"The profile {profile.name} writes only to those on its allow-list, not to {_named(outside)}.",
            hint=f"{_NOTHING} {_leave_out(outside)} {_CHANGE}",
            detail="\n".join(outside),
            addresses=outside,
        )


def over_cap(profile: Profile, recipients: int, *, sent_today: int, leaving: int) -> Guarded:
    """What is told where so many recipients more are over the daily cap."""
    cap = profile.daily_cap
    left = max(0, cap - sent_today - leaving)
    going = f"mail to {leaving:,} more is leaving, " if leaving else ""
    more = f"and {'this is' if recipients == 1 else 'these are'} {recipients:,} more"
    then = f"{left:,} more may go today." if left else "No more may go today."
    return Guarded(
        f"The profile {profile.name} writes to at most {cap:,} recipients a day: "
        f"{sent_today:,} had mail today, {going}{more}.",
        hint=f"{_NOTHING} {then} {_CHANGE}",
    )


def _confirm_first(profile: Profile, recipients: int, confirmed: int, ask: Ask) -> ConfirmFirst:
    said = f" Yes was said to {confirmed:,}." if confirmed else ""
    return ConfirmFirst(
        f"The profile {profile.name} has the production lock on, and this goes to {recipients:,} recipients.",
        recipients=recipients,
        typed=ask is Ask.NUMBER,
        hint=f"{_NOTHING}{said} Say yes to exactly {recipients:,} recipients, then it goes.",
    )


def _named(emails: Sequence[str]) -> str:
    more = len(emails) - NAMED
    named = ", ".join(emails[:NAMED])
    return f"{named} and {more:,} more" if more > 0 else named


def _leave_out(emails: Sequence[str]) -> str:
    return f"Leave {'that address' if len(emails) == 1 else 'those addresses'} out."


@dataclass(frozen=True, slots=True)
class Quota:
    """What a batch takes of what is left. `left` None: there is no limit, or none is known.

    `says` is a sentence for people.
    """

    wanted: int
    left: int | None
    says: str

    @property
    def too_much(self) -> bool:
        """Whether the plans have less left than is wanted."""
        return self.left is not None and self.wanted > self.left


def quota(plans: Sequence[Plan], wanted: int) -> Quota:
    """What `wanted` recipients take of these plans together; those that are over or off do not count."""
    if not plans:
        return Quota(wanted, None, f"This uses {wanted:,}; how many are left is not known.")
    counted = [plan for plan in plans if plan.active and not plan.expired]
    if not counted:
        return Quota(wanted, 0, f"This uses {wanted:,}, and no plan of the account is active.")
    if any(plan.limit is None for plan in counted):
        return Quota(wanted, None, f"This uses {wanted:,}; the plan has no limit.")
    left = sum(max(0, (plan.limit or 0) - plan.used) for plan in counted)
    return Quota(wanted, left, f"This uses {wanted:,} of {left:,} left.")
