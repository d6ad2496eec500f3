"""Relays that people use: host, ports, and how each port speaks TLS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class RelayPort:
    """One port of a relay; `tls` is `starttls` or `tls` (from the first byte), as a profile has it."""

    number: int
    tls: str


@dataclass(frozen=True, slots=True)
class RelayPreset:
    """One relay. `title` is how people call it; of its ports the first is the usual one."""

    title: str
    host: str
    ports: tuple[RelayPort, ...]

    @property
    def port(self) -> int:
        """The usual port."""
        return self.ports[0].number

    @property
    def tls(self) -> str:
        """How the usual port speaks TLS."""
        return self.ports[0].tls


_SUBMISSION = (RelayPort(587, "starttls"), RelayPort(2525, "starttls"), RelayPort(25, "starttls"))
_TURBOSMTP = (*_SUBMISSION, RelayPort(465, "tls"), RelayPort(25025, "tls"))

PRESETS: Mapping[str, RelayPreset] = MappingProxyType(
    {
        "sendpost": RelayPreset("SendPost relay", "smtp.sendpost.io", (*_SUBMISSION, RelayPort(465, "tls"))),
        "turbosmtp": RelayPreset("turboSMTP relay", "pro.turbo-smtp.com", _TURBOSMTP),
        "turbosmtp-eu": RelayPreset("turboSMTP relay (EU)", "pro.eu.turbo-smtp.com", _TURBOSMTP),
    }
)
"""Key to relay, in the order people choose from; any other relay is named by its host."""

OTHER = "other"


def preset_of(host: str) -> str:
    """The key in PRESETS of the relay at `host`, OTHER where it is none of those."""
    host = host.lower().rstrip(".")
    return next((key for key, preset in PRESETS.items() if preset.host == host), OTHER)
