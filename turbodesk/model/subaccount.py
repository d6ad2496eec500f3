"""One account below this one: who it belongs to, and what a new one needs."""

from __future__ import annotations

from dataclasses import dataclass, field

from turbodesk.model.account import NO_SECRET, Secret


@dataclass(frozen=True, slots=True)
class Contact:
    """Who an account belongs to and where they are; each text empty where it is not known."""

    first_name: str = ""
    last_name: str = ""
    company_name: str = ""
    address_1: str = ""
    address_2: str = ""
    zip_code: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    phone_number: str = ""
    site_url: str = ""


@dataclass(frozen=True, slots=True)
class SubAccountDetails:
    """What a provider knows of one account below this one beside what it may send.

    `email` is its address where accounts have one, else empty; `name` is what its owner called it; `ip` is
    dotted, empty where it is not told; `parent_id` is the account above. `policy_agreed`: its owner has
    agreed to the provider's policy; None where nobody asks for it.
    """

    id: str
    email: str
    active: bool
    ip: str = ""
    contact: Contact = Contact()
    policy_agreed: bool | None = None
    parent_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class NewSubAccount:
    """What makes an account below this one. `ip` is one of the IP addresses of the account above. Where
    accounts have nothing but a `name` the rest stays empty."""

    email: str = ""
    password: Secret = field(default=NO_SECRET, repr=False)
    ip: str = ""
    contact: Contact = Contact()
    policy_agreed: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Agency:
    """What the accounts below are shown of the account above them; each text empty where it has none.
    `logo_url` is told and not changed."""

    name: str = ""
    website: str = ""
    footer: str = ""
    logo_url: str = ""
