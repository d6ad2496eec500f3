"""What a key pair may do, in our words, and how a key is shown: only its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "SEND_API": "send over the API",
        "SEND_SMTP": "send over the SMTP relay",
        "APIS": "everything else: reports, statistics, suppressions",
    }
)
"""turboSMTP's permissions, and what each lets a key do."""

SHORT = {"SEND_API": "API sends", "SEND_SMTP": "SMTP sends", "APIS": "everything else"}


def may(permissions: Sequence[str]) -> str:
    """What a key may do, in a few words."""
    return ", ".join(SHORT.get(one, one) for one in permissions) or "everything"


def end_of(key: str) -> str:
    """The last four characters of a key."""
    return f"…{key[-4:]}"
