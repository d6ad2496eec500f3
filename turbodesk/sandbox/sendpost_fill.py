"""Fills Handlebars placeholders the plain way: names, dotted names, nothing for what is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from turbodesk.sandbox.wire import text_of

MOST_CHARACTERS = 30_000_000  # of one filled text

_NAME = r"\s*\.?((?!else\b)\w[\w\-]*(?:\.[\w\-]+)*)\s*"
_PLACEHOLDER = re.compile(r"\{\{\{" + _NAME + r"\}\}\}|\{\{" + _NAME + r"\}\}")


def fill(text: str, fields: Mapping[str, object], *, html: bool = False) -> str:
    """`text` with the values of `fields` in their places; in HTML they are escaped, but for `{{{name}}}`.

    Block helpers stay as they are, and so do the last placeholders of a text that would grow beyond
    MOST_CHARACTERS.
    """
    room = MOST_CHARACTERS - len(text)

    def value(match: re.Match[str]) -> str:
        nonlocal room
        raw, plain = match.groups()
        found = _written(_found(fields, raw or plain))
        if len(found) > room:
            return match[0]
        found = escape(found) if html and plain else found
        room -= len(found)
        return found

    return _PLACEHOLDER.sub(value, text) if "{{" in text else text


def _found(fields: Mapping[str, object], name: str) -> object:
    """What a name leads to, step by step; a field may itself have dots in its name."""
    if name in fields:
        return fields[name]
    found: object = fields
    for step in name.split("."):
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else text_of(value)
