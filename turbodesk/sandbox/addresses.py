"""Addresses and header lines, as every pretend provider reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable

HEADER_NAME = re.compile(r"[!-9;-~]+")
LINE_BREAK = re.compile(r"[\r\n\x00]")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf'(?:{_ATOM}(?:\.{_ATOM})*|"[^"\\\x00-\x1f]+")@(?:{_LABEL}\.)+[A-Za-z](?:{_LABEL})?')
_NAMED = re.compile(r"([^<>]*)<([^<>]*)>")
_ADDRESS_LIMIT, _LOCAL_LIMIT = 254, 64
_KEY_HEADER = "x-turbodesk-id"


def read_address(entry: str) -> tuple[str, str] | None:
    """Name and e-mail of `user@host` or `Name <user@host>`; None where it is not valid."""
    entry = entry.strip()
    name = ""
    if entry.endswith(">"):
        named = _NAMED.fullmatch(entry)
        if named is None or CONTROL.search(named[1]):
            return None
        name, entry = _unquoted(named[1].strip()), named[2].strip()
    return (name, entry) if is_address(entry) else None


def is_address(text: str) -> bool:
    """Whether it is `user@host` and nothing more."""
    local = text.rpartition("@")[0]
    return len(text) <= _ADDRESS_LIMIT and len(local) <= _LOCAL_LIMIT and bool(_ADDRESS.fullmatch(text))


def _unquoted(name: str) -> str:
    if len(name) > 1 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1]).strip()
    return name.strip('"').strip()


def key_of(headers: Iterable[tuple[str, str]]) -> str:
    """What the sender wrote into an id header of its own, or nothing."""
    return next((value for name, value in headers if name.lower() == _KEY_HEADER), "")
