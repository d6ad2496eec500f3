"""The table of providers, and open_provider(profile, secret, gateway).

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
from turbodesk.model.account import Profile, Secret

if TYPE_CHECKING:
    from turbodesk.providers.gateway import Gateway
    from turbodesk.providers.port import Provider

# With httpx comes its own command line: where click and rich are there, that takes longer than all the rest.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = rf"({_LABEL}\.)*{_LABEL}|[0-9a-f:.]*:[0-9a-f:.]*"


@dataclass(frozen=True, slots=True)
class ProviderKind:
    """One row of the table: how people call it, and what opens an account there."""

    title: str
    open: Callable[[Profile, Secret, Gateway], Provider]


def _turbosmtp_v1(profile: Profile, secret: Secret, gateway: Gateway) -> Provider:
    from turbodesk.providers.turbosmtp_v1 import TurboSmtpV1

    return TurboSmtpV1(profile, secret, gateway)


PROVIDERS: Mapping[str, ProviderKind] = MappingProxyType(
    {"turbosmtp-v1": ProviderKind("turboSMTP (API v1)", _turbosmtp_v1)}
)


def open_provider(profile: Profile, secret: Secret, gateway: Gateway) -> Provider:
    """The provider of a profile, open for questions and sends; nothing is asked yet.

    Raises InvalidDraft, by the names of the profile's fields, where the profile makes no sense.
    """
    if problems := profile_problems(profile):
        raise InvalidDraft(problems)
    return PROVIDERS[profile.provider].open(profile, secret, gateway)


def profile_problems(profile: Profile) -> dict[str, str]:
    """What is wrong with a profile: field to sentence, empty where nothing is."""
    from turbodesk.providers.turbosmtp_v1 import SEND_HOSTS, SEND_PATHS

    problems = {}
    if profile.provider not in PROVIDERS:
        problems["provider"] = f"There is no provider {profile.provider!r}; there is {', '.join(PROVIDERS)}."
    if profile.region not in SEND_HOSTS:
        problems["region"] = f"There is no region {profile.region!r}; there is {', '.join(SEND_HOSTS)}."
    if profile.send_form not in SEND_PATHS:
        problems["send-form"] = f"There is no form {profile.send_form!r}; there is {', '.join(SEND_PATHS)}."
    urls = {
        "dashboard-url": profile.dashboard_url,
        "send-url": profile.send_url,
        "inbox-url": profile.inbox_url,
    }
    for field, url in urls.items():
        if url and (problem := url_problem(url)):
            problems[field] = problem
    return problems


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
    if parts.scheme == "http" and not _is_loopback(host):
        return "Plain http would show the password to everybody on the way: write https."
    return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
