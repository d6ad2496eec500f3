"""What a subject and a custom header may hold: one line, a legal name, nothing that is ours to write."""

from __future__ import annotations

import re
from collections.abc import Iterable

from turbodesk.model.message import SUBJECT_LIMIT, Header

VALUE_LIMIT = 8000  # characters; servers refuse a header much longer than that
RESERVED = frozenset(
    {
        "from",
        "to",
        "cc",
        "bcc",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "dkim-signature",
        "x-turbodesk-id",
        "return-path",
        "sender",
        "reply-to",
    }
)

_NAME = re.compile(r"[!-9;-~]{1,76}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LINE_BREAKS = "\r\n\x0b\x0c\x85\u2028\u2029"


def subject_problem(subject: str) -> str:
    """What is wrong with a subject, in one sentence; empty where nothing is."""
    if found := _control(subject):
        return f"The subject holds {found}. It must be one line of plain characters."
    if len(subject) > SUBJECT_LIMIT:
        over = len(subject) - SUBJECT_LIMIT
        return (
            f"The subject has {len(subject):,} characters, {over:,} more than the {SUBJECT_LIMIT} "
            "that are taken. Shorten it."
        )
    return ""


def read_headers(rows: Iterable[tuple[str, str]]) -> tuple[tuple[Header, ...], list[str]]:
    """The custom headers, rows that are empty left out, and a sentence for each problem."""
    headers: list[Header] = []
    problems: list[str] = []
    seen: set[str] = set()
    for name, value in ((name.strip(" "), value.strip(" ")) for name, value in rows):
        if not name and not value:
            continue
        if problem := _header_problem(name, value, seen):
            problems.append(problem)
        seen.add(name.lower())
        headers.append(Header(name, value))
    return tuple(headers), problems


def _header_problem(name: str, value: str, seen: set[str]) -> str:
    shown = ascii(name)[1:-1][:80]
    if not name:
        return "A header has a value but no name."
    if not _NAME.fullmatch(name):
        return f"{shown} is no header name: letters, digits and hyphens, at most 76."
    if name.lower() in RESERVED or name.lower().startswith("content-"):
        own = "it has a field of its own" if name.lower() in _WITH_FIELD else "it is written for you"
        return f"{shown} cannot be set here: {own}."
    if name.lower() in seen:
        return f"{shown} stands there twice."
    if found := _control(value):
        return f"The value of {shown} holds {found}. It must be one line of plain characters."
    if not value:
        return f"The header {shown} has no value."
    if len(value) > VALUE_LIMIT:
        return f"The value of {shown} has {len(value):,} characters; at most {VALUE_LIMIT:,} are taken."
    return ""


_WITH_FIELD = frozenset({"from", "to", "cc", "bcc", "subject", "reply-to"})


def _control(text: str) -> str:
    found = _CONTROL.search(text)
    if not found:
        return ""
    return "a line break" if found.group() in _LINE_BREAKS else f"a control character ({found.group()!a})"
