"""What webhook events of every service are made with: bounded texts, an identity, the raw JSON."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec

RAW_LIMIT = 16_000  # characters
LONG, SHORT = 2_000, 320  # characters of a sentence or an address on the web; of a name, a mail address

_KEY_LENGTH = 29
_LONGEST_IDENTITY = 100


def cut(text: str, limit: int = SHORT) -> str:
    """The beginning of a text, without signs that a terminal or a file would take for orders."""
    text = text[:limit]
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def is_our_key(text: str) -> bool:
    """Whether it is written as our names for sends are: `td-` and 26 letters and digits."""
    return len(text) == _KEY_LENGTH and text.startswith("td-") and text[3:].isalnum()


def identity(parts: Iterable[object]) -> str:
    """One text for these parts: equal where all of them are."""
    return sha256(msgspec.json.encode([str(part) for part in parts])).hexdigest()[:32]


def own_identity(text: str) -> str:
    """The identity that a service itself gave, however long it is."""
    return text if len(text) <= _LONGEST_IDENTITY and text.isprintable() else identity((text,))


def raw_json(found: Any) -> str:
    """An event as JSON in the order of its members, cut off at RAW_LIMIT."""
    return msgspec.json.encode(found).decode()[:RAW_LIMIT]


def whole_identity(found: Any) -> str:
    """The identity of an event that has no id: all of what it says, whatever the order of its members."""
    return sha256(msgspec.json.encode(found, order="sorted")).hexdigest()[:32]
