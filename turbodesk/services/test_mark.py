"""Makes a test of a letter: marked in its subject, with an id of its own, to testers alone."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import replace

from turbodesk.model.message import Address
from turbodesk.services.compose import Draft

MARK = "[TEST] "
HEADER = "X-Turbodesk-Test"

_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"  # none that is taken for another one


def new_test_id() -> str:
    """A short name for one test, `k7m2-9qxt`: the first half tells the minute, the second is by chance."""
    minute = int(time.time() // 60) % len(_LETTERS) ** 4  # the same again after a year and a half
    first = ""
    for _ in range(4):
        minute, digit = divmod(minute, len(_LETTERS))
        first = _LETTERS[digit] + first
    return f"{first}-{''.join(secrets.choice(_LETTERS) for _ in range(4))}"


def marked(draft: Draft, id: str) -> Draft:
    """The draft with `[TEST] ` before its subject and the id as a header; one that is marked already gets
    the new id."""
    subject = draft.subject if draft.subject.startswith(MARK) else MARK + draft.subject
    others = [(name, value) for name, value in draft.headers if name.strip().lower() != HEADER.lower()]
    return replace(draft, subject=subject, headers=[*others, (HEADER, id)])


def to_testers(draft: Draft, testers: Iterable[Address]) -> Draft:
    """The draft to these people alone: nobody else who stands in it gets the test."""
    return replace(draft, to="\n".join(map(str, testers)), cc="", bcc="")
