"""Profile, Plan, SubAccount, TrackingTool: who sends, how much, with what switched on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SANDBOX = "sandbox"  # the profile that always exists


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


@dataclass(frozen=True, slots=True)
class Profile:
    """One account at one provider, as the user named it; never a secret.

    `dashboard_url`, `send_url` and `inbox_url` are origins (`https://host[:port]`), empty for the
    provider's own. `region` is `world` or `eu`, `send_form` `v2`, `v1` or `beta` (turboSMTP v1 only).
    `colour` is the name of a profile colour of the look.
    """

    name: str
    provider: str
    user: str = ""
    dashboard_url: str = ""
    send_url: str = ""
    inbox_url: str = ""
    region: str = "world"
    send_form: str = "v2"
    no_expire: bool = False
    colour: str = "blue"

    @property
    def is_sandbox(self) -> bool:
        """Whether it is the built-in sandbox, which needs no key."""
        return self.name == SANDBOX


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
    """An account below this one. `limit` None: no limit; `reputation` None: not given."""

    id: str
    email: str
    active: bool
    ip: str
    sent: int
    limit: int | None
    reputation: int | None

    @property
    def share(self) -> float | None:
        """Sent over limit, or None where there is no limit to share."""
        return None if not self.limit else self.sent / self.limit


@dataclass(frozen=True, slots=True)
class TrackingTool:
    """A switch of the account. `id` is our word (`click-tracking`, `open-tracking`), `forced` means
    the provider does not let the owner change it, `settings` are the provider's own, in its order."""

    id: str
    enabled: bool
    forced: bool
    settings: tuple[tuple[str, str], ...] = ()
