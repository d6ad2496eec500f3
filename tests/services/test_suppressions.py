"""Suppressions: each address once, what is none kept apart, taken off again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from turbodesk.errors import InvalidDraft
from turbodesk.model.account import Profile
from turbodesk.model.message import Message
from turbodesk.model.reports import ALL_TIME, Imported, Page, Report, ReportType, Suppressing
from turbodesk.providers.port import Capability, Provider
from turbodesk.services.desk import Desk
from turbodesk.services.suppressions import SuppressionsService


class Keeps(Provider):
    """A provider that keeps its list in memory, and calls one address invalid that looks well."""

    title = "Memory"
    offers = frozenset({Capability.SEND, Capability.SUPPRESSIONS})

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.listed: list[str] = []

    async def send(self, message: Message, mark: Any) -> Any:
        raise AssertionError("nothing is sent here")

    async def suppressions(self, which: Suppressing) -> Any:
        for number, email in enumerate(self.listed):
            row = Report(email, ReportType.MANUAL, email, None)
            yield Page([row], len(self.listed), complete=number + 1 == len(self.listed))

    async def import_suppressions(
        self, emails: Sequence[str], *, reason: str = "", type: ReportType | None = None
    ) -> Imported:
        self.asked.append(list(emails))
        taken = [email for email in emails if not email.startswith("odd@")]
        self.listed += taken
        return Imported(tuple(taken), tuple(email for email in emails if email not in taken))

    async def delete_suppressions(self, emails: Sequence[str]) -> None:
        self.listed = [email for email in self.listed if email not in emails]


@pytest.fixture
def keeps() -> Keeps:
    return Keeps()


@pytest.fixture
def service(keeps: Keeps) -> SuppressionsService:
    return SuppressionsService(Desk(Profile("test", "sendpost"), keeps))


def test_each_address_is_asked_for_once_and_what_is_none_not_at_all(
    keeps: Keeps, service: SuppressionsService
) -> None:
    given = [" a@example.org ", "A@EXAMPLE.org", "", "two@@example.org", "odd@example.org", "word"]
    done = asyncio.run(service.add(given))
    assert keeps.asked == [["A@EXAMPLE.org", "odd@example.org"]]
    assert done == Imported(("A@EXAMPLE.org",), ("two@@example.org", "word", "odd@example.org"))


def test_nothing_but_nonsense_asks_nothing(keeps: Keeps, service: SuppressionsService) -> None:
    assert asyncio.run(service.add(["word"])) == Imported((), ("word",))
    assert keeps.asked == []


@pytest.mark.parametrize("work", ["add", "take_off"])
def test_no_address_is_a_draft_to_mend(service: SuppressionsService, work: str) -> None:
    with pytest.raises(InvalidDraft) as refused:
        asyncio.run(getattr(service, work)(["", " "]))
    assert list(refused.value.problems) == ["emails"]


def test_all_are_fetched_with_their_number_and_taken_off(keeps: Keeps, service: SuppressionsService) -> None:
    keeps.listed = ["a@example.org", "b@example.org"]
    seen: list[tuple[int, int | None]] = []
    found = asyncio.run(service.fetch(Suppressing(ALL_TIME), lambda read, total: seen.append((read, total))))
    assert ([row.email for row in found.rows], found.total, found.complete) == (keeps.listed, 2, True)
    assert seen == [(1, 2), (2, 2)]
    assert asyncio.run(service.take_off(["a@example.org", "a@example.org"])) == 1
    assert keeps.listed == ["b@example.org"]
