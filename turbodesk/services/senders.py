"""May this sender write from there? What the provider's list of domains says of an address."""

from __future__ import annotations

from collections.abc import Iterable

from turbodesk.model.account import Domain
from turbodesk.model.message import Address, AddressError

FOR_TRIALS = frozenset({"playwithsendpost.io"})
"""Domains of a provider's own that every account may write from, to its owner."""


def sender_domain(text: str) -> str:
    """The domain of a sender as it is written, lower case; empty while it is no address yet."""
    try:
        return Address.parse(text).domain
    except AddressError:
        return ""


def may_write_from(domain: str, domains: Iterable[Domain]) -> bool:
    """Whether a domain, or one above it, is verified."""
    verified = {it.name.lower().rstrip(".") for it in domains if it.verified} | FOR_TRIALS
    return any(domain == name or domain.endswith(f".{name}") for name in verified)
