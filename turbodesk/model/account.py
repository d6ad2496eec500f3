"""Profile, Plan, SubAccount, TrackingTool: who sends, how much, with what switched on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

SANDBOX = "sandbox"  # the profile that always exists
SANDBOXES: Mapping[str, str] = MappingProxyType(
    {
        SANDBOX: "turbosmtp-v1",
        "sandbox-v2": "turbosmtp-v2",
        "sandbox-sendpost": "sendpost",
        "sandbox-smtp": "smtp",
    }
)
"""The built-in profiles, one for each wire the sandbox speaks: name to provider."""


class Secret:
    """A text that must not be seen. `reveal()` is called only where a header or a form field is made."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "•••"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not pickled")


class Credential(StrEnum):
    """One kind of secret text; the value is its name in the keyring and in TURBODESK_SECRET_…"""

    PASSWORD = "password"  # noqa: S105 (names, no secrets)
    CONSUMER_KEY = "consumer_key"
    CONSUMER_SECRET = "consumer_secret"  # noqa: S105
    SUBACCOUNT_KEY = "subaccount_key"
    ACCOUNT_KEY = "account_key"


Credentials = Mapping[Credential, Secret]
"""The secrets of one profile; those that are not known are not in it."""

NO_SECRET = Secret("")


@dataclass(frozen=True, slots=True)
class Profile:
    """One account at one provider, as the user named it; never a secret.

    `user` is the e-mail address of the account (turboSMTP) or the user name at the relay (SendPost, SMTP).
    `api_url`, `send_url` and `inbox_url` are origins (`https://host[:port]`), empty for the provider's
    own. `region` is `world` or `eu`. `send_form` is how a send travels: `v2`, `v1` or `beta` (turboSMTP v1),
    `fields` or `mime` (turboSMTP v2). `colour` is the name of a profile colour of the look.

    `smtp_host` is the relay of this account, empty where it has none; `smtp_tls` is `starttls`, `tls`
    (from the first byte) or `none` (this computer only), `ca_file` a PEM file of further authorities to
    trust there. `track_opens` and `track_clicks` are what new sends ask for where the wire has a field.

    Its guards: a `viewer` only looks, and nothing that changes anything leaves; `locked` is the production
    lock, under which many recipients are confirmed first; mail goes to nobody in `block`, and where `allow`
    is not empty to those in it alone (both as `services.guards.entry_of` writes them); `daily_cap` is how
    many recipients a day, by this computer's clock, 0 for any number.
    """

    name: str
    provider: str
    user: str = ""
    api_url: str = ""
    send_url: str = ""
    inbox_url: str = ""
    region: str = "world"
    send_form: str = ""
    no_expire: bool = False
    colour: str = "blue"
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_tls: str = "starttls"
    ca_file: str = ""
    track_opens: bool = True
    track_clicks: bool = True
    viewer: bool = False
    locked: bool = False
    allow: tuple[str, ...] = ()
    block: tuple[str, ...] = ()
    daily_cap: int = 0

    @property
    def is_sandbox(self) -> bool:
        """Whether it is one of the built-in ones, which need no key."""
        return self.name in SANDBOXES

    def guarded_as(self, other: Profile) -> Profile:
        """This profile with the guards of `other`."""
        return replace(
            self,
            viewer=other.viewer,
            locked=other.locked,
            allow=other.allow,
            block=other.block,
            daily_cap=other.daily_cap,
        )


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """Who is signed in. `ip` is dotted, empty where the provider did not say."""

    id: str
    email: str
    active: bool
    ip: str = ""
    gateway: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much may be sent. `limit` None: no limit. `interval` is the provider's word (`Monthly`)."""

    id: str
    limit: int | None
    used: int
    interval: str
    expires: datetime | None
    last_used: datetime | None
    expired: bool
    active: bool


@dataclass(frozen=True, slots=True)
class SubAccount:
    """An account below this one. `limit` None: no limit; `sent`, `reputation` None: not given.

    `email` is its address where accounts have one, else empty; `name` is what its owner called it.
    """

    id: str
    email: str
    active: bool
    ip: str = ""
    sent: int | None = None
    limit: int | None = None
    reputation: int | None = None
    name: str = ""

    @property
    def share(self) -> float | None:
        """Sent over limit, or None where there is no limit to share."""
        return None if not self.limit or self.sent is None else self.sent / self.limit


@dataclass(frozen=True, slots=True)
class TrackingTool:
    """A switch of the account. `id` is our word (`click-tracking`, `open-tracking`), `forced` means
    the provider does not let the owner change it, `settings` are the provider's own, in its order."""

    id: str
    enabled: bool
    forced: bool
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Unlocked:
    """What one credential is worth. `credential` names it as people do ("account key"); `taken` is None
    where it could not be tried, `words` says why, and `unlocks` what it opens, in our words."""

    credential: str
    taken: bool | None
    words: str = ""
    unlocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key pair of an account, without its secret. `permissions` are the provider's own words;
    no `ips`: it may be used from anywhere; `legacy`: made before permissions were."""

    key: str = field(repr=False)  # half of a sign-in, so it stays out of logs
    label: str
    created: datetime | None
    permissions: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key pair just made: the only time that its secret is told."""

    key: Secret
    secret: Secret


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One DNS entry that a domain needs; `verified` says whether the provider found it, `problem` why not."""

    purpose: str
    host: str
    type: str
    value: str
    verified: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain mail may be sent from once it is verified."""

    id: str
    name: str
    verified: bool
    created: datetime | None = None
    records: tuple[DnsRecord, ...] = ()
