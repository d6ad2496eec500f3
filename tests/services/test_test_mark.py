"""A test of a letter is marked, has an id of its own, and goes to nobody but testers."""

from __future__ import annotations

import asyncio
import re

from turbodesk.model.message import Address, Header
from turbodesk.services.compose import ComposeService, Draft
from turbodesk.services.test_mark import marked, new_test_id, to_testers


def test_ids_are_short_and_each_is_another() -> None:
    made = [new_test_id() for _ in range(200)]
    assert all(re.fullmatch(r"[2-9a-z]{4}-[2-9a-z]{4}", id) for id in made)
    assert len(set(made)) > 190  # by chance a few of 810,000 may meet within one minute


def test_the_mark_stands_in_subject_and_header_once() -> None:
    draft = Draft(subject="Guide", headers=[("X-A", "1"), ("x-turbodesk-test", "old")])
    once = marked(draft, "abcd-efgh")
    assert once.subject == "[TEST] Guide"
    assert once.headers == [("X-A", "1"), ("X-Turbodesk-Test", "abcd-efgh")]
    again = marked(once, "2222-3333")
    assert again.subject == "[TEST] Guide" and again.headers[-1] == ("X-Turbodesk-Test", "2222-3333")
    assert draft.subject == "Guide" and draft.headers[1][1] == "old"  # it is another draft


def test_only_testers_get_it() -> None:
    draft = Draft(
        "me@example.com", "all@example.com", "cc@example.com", "bcc@example.com", "re@example.com", text="Hi"
    )
    testers = (Address("anna@example.com", "Anna, A"), Address("ben@example.org"))
    message = asyncio.run(
        ComposeService(lambda: 1_000_000).message(marked(to_testers(draft, testers), "abcd-efgh"))
    )
    assert tuple(address for _, address in message.recipients) == testers
    assert message.reply_to == Address("re@example.com")
    assert message.headers == (Header("X-Turbodesk-Test", "abcd-efgh"),)
