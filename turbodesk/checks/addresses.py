"""Addresses as people type and paste them: parted, checked one by one, a likely slip pointed out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from turbodesk.model.message import Address, AddressError

ROLES = frozenset(
    {
        "abuse",
        "admin",
        "billing",
        "contact",
        "hello",
        "help",
        "hostmaster",
        "info",
        "jobs",
        "mail",
        "marketing",
        "no-reply",
        "noreply",
        "office",
        "postmaster",
        "press",
        "root",
        "sales",
        "security",
        "service",
        "support",
        "team",
        "webmaster",
    }
)

_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class AddressCheck:
    """What can be said of one address. `sentence` is empty where it is one, `suggestion` where none is
    likely meant; `role` where it belongs to an office rather than to a person (info@, sales@)."""

    ok: bool
    sentence: str = ""
    suggestion: str = ""
    role: bool = False


def check_address(text: str) -> AddressCheck:
    """Whether `text` is an address, and which one was likely meant where it is not."""
    try:
        address = Address.parse(text)
    except AddressError as error:
        suggestion = _suggestion(text.strip())
        meant = f" Did you mean {suggestion}?" if suggestion else ""
        return AddressCheck(False, f"{error}{meant}", suggestion)
    return AddressCheck(True, role=is_role(address))


def is_role(address: Address) -> bool:
    """Whether it belongs to an office rather than to a person."""
    return address.email.rpartition("@")[0].partition("+")[0].lower() in ROLES


def _suggestion(text: str) -> str:
    """`text` with the commas and stray dots of its domain mended, empty where that makes no address."""
    local, at, domain = text.rpartition("@")
    if " " in domain.strip():
        return ""  # words, not a slip
    mended = re.sub(r"[\s,.]+", ".", domain).strip(".")
    try:
        return Address.parse(f"{local}{at}{mended}").email if at and mended != domain else ""
    except AddressError:
        return ""


def split_addresses(text: str) -> list[str]:
    """The entries of a pasted list, in order, blank ones left out.

    They are parted at semicolons and line breaks, at commas between two addresses, and at blanks where
    every word is one. A quoted name stays whole, and so does `tom@example,com`, as one wrong entry.
    """
    entries: list[str] = []
    for line in re.split(r"[\r\n\x0b\x0c\x85\u2028\u2029]", text):
        for part in _cut(line, ";"):
            entries += _by_commas(part)
    return [word for entry in entries for word in _words(entry)]


def _by_commas(part: str) -> list[str]:
    pieces = _cut(part, ",")
    found = pieces[:1]
    for piece in pieces[1:]:
        if _belongs(found[-1], piece):
            found[-1] += f",{piece}"
        else:
            found.append(piece)
    return found


def _belongs(before: str, piece: str) -> bool:
    """Whether the comma between these two stands inside one entry."""
    if before.strip() and "@" not in before:  # Doe, J <j@example.com>
        return "<" in piece
    in_domain = "@" in before and not before.rstrip().endswith(">")
    return in_domain and "@" not in piece and bool(piece) and not piece[0].isspace() and bool(piece.strip())


def _cut(text: str, sign: str) -> list[str]:
    """Cuts at `sign` where it stands outside of quotes and angle brackets."""
    pieces, start, quoted, angled, escaped = [], 0, False, False, False
    balanced = text.replace('\\"', "").count('"') % 2 == 0
    for at, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"' and balanced:
            quoted = not quoted
        elif not quoted and char in "<>":
            angled = char == "<" and ">" in text[at:]
        elif char == sign and not quoted and not angled:
            pieces.append(text[start:at])
            start = at + 1
    return [*pieces, text[start:]]


def _words(entry: str) -> list[str]:
    entry = entry.strip()
    words = _SPACES.split(entry)
    if len(words) > 1 and '"' not in entry and "<" not in entry and all("@" in word for word in words):
        return words
    return [entry] if entry else []
