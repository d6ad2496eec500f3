"""The table of providers, and open_provider(profile, credentials, gateway).

The adapters and httpx below them are imported when the first account is opened: the window is painted,
and the ledger listed, without them.
"""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from turbodesk.errors import InvalidDraft
from turbodesk.model.account import NO_SECRET, Credential, Credentials, Profile, Secret

if TYPE_CHECKING:
    from turbodesk.providers.gateway import Gateway
    from turbodesk.providers.port import Provider

# With httpx comes its own command line: where click and rich are there, that takes longer than all the rest.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

RELAY_TLS = ("starttls", "tls", "none")

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = rf"({_LABEL}\.)*{_LABEL}|[0-9a-f:.]*:[0-9a-f:.]*"


@dataclass(frozen=True, slots=True)
class ProviderKind:
    """One row of the table: how people call it, what opens an account there, and what its form asks for.

    `credentials` are the secrets in the form's order. `regions` and `send_forms` are what a profile may
    choose, the first where it chooses nothing; none: there is nothing to choose.
    """

    title: str
    service: str
    open: Callable[[Profile, Credentials, Gateway], Provider]
    credentials: tuple[Credential, ...]
    regions: tuple[str, ...] = ("world",)
    send_forms: tuple[str, ...] = ()


def _turbosmtp_v1(profile: Profile, credentials: Credentials, gateway: Gateway) -> Provider:
    from turbodesk.providers.turbosmtp_v1 import TurboSmtpV1

    return TurboSmtpV1(profile, credentials, gateway)


def _turbosmtp_v2(profile: Profile, credentials: Credentials, gateway: Gateway) -> Provider:
    from turbodesk.providers.turbosmtp_v2 import TurboSmtpV2

    return TurboSmtpV2(profile, credentials, gateway)


def _sendpost(profile: Profile, credentials: Credentials, gateway: Gateway) -> Provider:
    from turbodesk.providers.sendpost import SendPost

    return SendPost(profile, credentials, gateway)


def _smtp(profile: Profile, credentials: Credentials, gateway: Gateway) -> Provider:
    from turbodesk.providers.smtp_relay import SmtpRelay

    return SmtpRelay(profile, relay_login(profile, credentials), gateway)


PROVIDERS: Mapping[str, ProviderKind] = MappingProxyType(
    {
        "turbosmtp-v2": ProviderKind(
            "turboSMTP (API v2)",
            "turboSMTP",
            _turbosmtp_v2,
            (Credential.CONSUMER_KEY, Credential.CONSUMER_SECRET, Credential.PASSWORD),
            ("world", "eu"),
            ("fields", "mime"),
        ),
        "sendpost": ProviderKind(
            "SendPost",
            "SendPost",
            _sendpost,
            (Credential.SUBACCOUNT_KEY, Credential.ACCOUNT_KEY, Credential.PASSWORD),
        ),
        "smtp": ProviderKind("SMTP relay", "SMTP relay", _smtp, (Credential.PASSWORD,)),
        "turbosmtp-v1": ProviderKind(
            "turboSMTP (API v1, retired)",
            "turboSMTP",
            _turbosmtp_v1,
            (Credential.PASSWORD,),
            ("world", "eu"),
            ("v2", "v1", "beta"),
        ),
    }
)


def open_provider(profile: Profile, credentials: Credentials, gateway: Gateway) -> Provider:
    """The provider of a profile, open for questions and sends, a viewer's for questions alone; nothing is
    asked yet.

    Raises InvalidDraft, by the names of the profile's fields, where the profile makes no sense.
    """
    if problems := profile_problems(profile):
        raise InvalidDraft(problems)
    return _guarded(profile, PROVIDERS[profile.provider].open(profile, credentials, gateway))


def open_relay(profile: Profile, credentials: Credentials, gateway: Gateway) -> Provider | None:
    """The SMTP relay that an API profile has beside its API, None where it has none or its login is not
    known; nothing is asked yet. Raises InvalidDraft as `open_provider` does."""
    if profile.provider == "smtp" or not profile.smtp_host or not all(relay_login(profile, credentials)):
        return None
    if problems := profile_problems(profile):
        raise InvalidDraft(problems)
    return _guarded(profile, _smtp(profile, credentials, gateway))


def _guarded(profile: Profile, provider: Provider) -> Provider:
    """What is left of a provider for this profile."""
    if not profile.viewer:
        return provider
    from turbodesk.providers.looking import Looking

    return Looking(provider, profile.name)


def relay_login(profile: Profile, credentials: Credentials) -> tuple[Secret, Secret]:
    """User name and password at the relay: a key pair where there is one (turboSMTP takes it there as well),
    else the profile's user and its password; empty where they are not known."""
    key = credentials.get(Credential.CONSUMER_KEY, NO_SECRET)
    secret = credentials.get(Credential.CONSUMER_SECRET, NO_SECRET)
    if key and secret:
        return key, secret
    return Secret(profile.user), credentials.get(Credential.PASSWORD, NO_SECRET)


def profile_problems(profile: Profile) -> dict[str, str]:
    """What is wrong with a profile: field to sentence, empty where nothing is."""
    if profile.provider not in PROVIDERS:
        return {"provider": f"There is no provider {profile.provider!r}; there is {', '.join(PROVIDERS)}."}
    kind, problems = PROVIDERS[profile.provider], {}
    if profile.region not in kind.regions:
        problems["region"] = f"There is no region {profile.region!r}; there is {', '.join(kind.regions)}."
    if profile.send_form and profile.send_form not in kind.send_forms:
        forms = ", ".join(kind.send_forms) or "none to choose here"
        problems["send-form"] = f"There is no form {profile.send_form!r}; there is {forms}."
    urls = {"api-url": profile.api_url, "send-url": profile.send_url, "inbox-url": profile.inbox_url}
    for field, url in urls.items():
        if url and (problem := url_problem(url)):
            problems[field] = problem
    return problems | _relay_problems(profile)


def _relay_problems(profile: Profile) -> dict[str, str]:
    problems, host = {}, profile.smtp_host
    if not host:
        return {"host": "Write the host of the relay."} if profile.provider == "smtp" else {}
    if not re.fullmatch(_HOST, host, re.ASCII | re.IGNORECASE):
        problems["host"] = "This is no name of a server: write smtp.example.com, without http or a port."
    if not 1 <= profile.smtp_port <= 65535:
        problems["port"] = "A port is between 1 and 65535."
    if profile.smtp_tls not in RELAY_TLS:
        problems["tls"] = f"There is no way {profile.smtp_tls!r}; there is {', '.join(RELAY_TLS)}."
    elif profile.smtp_tls == "none" and not is_loopback(host.lower()):
        problems["tls"] = "Without TLS everybody on the way could read the password: choose starttls or tls."
    return problems


def origin_of(url: str) -> str:
    """An address as people paste it, with the API's own path after the host left out."""
    url = url.strip().rstrip("/")
    return url.removesuffix("/api/v1").removesuffix("/api/v2").rstrip("/")


def url_problem(url: str) -> str:
    """What is wrong with an origin, one sentence, or nothing.

    It must be `https://host[:port]`; plain http goes to this computer only.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return "This is no address of a server: write https://host or https://host:port."
    if parts.scheme not in ("http", "https") or not re.fullmatch(_HOST, host, re.ASCII):
        return "This is no address of a server: write https://host or https://host:port."
    if "@" in parts.netloc:
        return "User names and passwords don't belong in the address; they are asked for separately."
    if parts.path or parts.query or parts.fragment or url.endswith(("?", "#")):
        return "Only https://host or https://host:port, without a path: Turbodesk adds the paths itself."
    if parts.scheme == "http" and not is_loopback(host):
        return "Plain http would show the password to everybody on the way: write https."
    return ""


def is_loopback(host: str) -> bool:
    """Whether this name or address of a host, in lower case, is this computer itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
