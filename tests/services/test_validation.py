"""Validation over the sandbox: one address, a file from upload to results, and what stops it on its way."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from turbodesk.errors import InvalidDraft, NoConnection, OutcomeUnknown, Refused
from turbodesk.files import write_stream
from turbodesk.model.validation import Validated, ValidationList, ValidationStatus
from turbodesk.services.desk import Desk
from turbodesk.services.recipient_file import read
from turbodesk.services.validation import (
    Phase,
    Progress,
    ToValidate,
    ValidationService,
    addresses_of,
    results_csv,
)
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace

API = "/api/v2/emailvalidation"
FIRST = f"{API}/lists/48151"  # the sandbox's first list
START = f"{FIRST}/validate"


class Room:
    """A service over the sandbox, whose clock goes on while a list is waited for."""

    def __init__(self, desk: Desk) -> None:
        assert desk.control is not None
        self.desk, self.control = desk, desk.control
        self.waited_s: list[float] = []
        self.told: list[Progress] = []
        self.service = ValidationService(desk, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.waited_s.append(seconds)
        await self.control.advance_clock(seconds)

    async def run(self, *emails: str) -> Any:
        return await self.service.all_of(ToValidate("people.csv", "Email", emails), self.told.append)

    async def lists(self) -> list[ValidationList]:
        return [row async for page in self.service.lists() for row in page.rows]

    async def free_left(self) -> int | None:
        return (await self.service.credits()).free_left

    async def fails(self, kind: str, match: str, **more: object) -> None:
        await self.control.set_faults([{"kind": kind, "match": match, **more}])


def in_room(tmp_path: Path, work: Callable[[Room], Awaitable[None]]) -> None:
    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk("sandbox-v2")
            await work(Room(desk))
            await desk.aclose()

    asyncio.run(go())


MANY = [f"{number}@example.com" for number in range(700)]


def test_a_list_is_uploaded_started_waited_for_and_read(tmp_path: Path) -> None:
    async def work(room: Room) -> None:
        found = await room.run(*MANY, "invalid@example.org", "ann@gmial.com")
        assert found.complete
        assert [row.email for row in found.rows] == [*MANY, "invalid@example.org", "ann@gmial.com"]
        assert found.counts == {ValidationStatus.VALID: 700, ValidationStatus.INVALID: 2}
        assert (found.list.done, found.list.total, found.list.name) == (True, 702, "people.txt")
        assert found.rows[-1].did_you_mean == "ann@gmail.com"
        assert found.rows[-1].domain == "gmial.com"
        assert len(room.waited_s) >= 3 and room.waited_s == sorted(room.waited_s)
        phases = [it.phase for it in room.told]
        assert list(dict.fromkeys(phases)) == [Phase.UPLOADING, Phase.VALIDATING, Phase.READING]
        validated = [it.done for it in room.told if it.phase is Phase.VALIDATING]
        assert validated == sorted(validated) and validated[-1] == 702 > validated[1]
        assert await room.free_left() == 1000 - 702

    in_room(tmp_path, work)


def test_one_address_costs_one_credit_and_what_is_none_costs_nothing(tmp_path: Path) -> None:
    async def work(room: Room) -> None:
        found = await room.service.one("Ann <ann@EXAMPLE.com>")
        assert (found.email, found.status) == ("ann@example.com", ValidationStatus.VALID)
        assert await room.free_left() == 999
        for odd in ("", "ann", "a@@example.com", "a@example.com\nb@example.com"):
            with pytest.raises(InvalidDraft) as refused:
                await room.service.one(odd)
            assert refused.value.field == "address"
        assert await room.free_left() == 999

    in_room(tmp_path, work)


@pytest.mark.parametrize("kind", ["close_after", "truncated", "html"])
def test_what_may_be_paid_is_never_asked_again_by_itself(tmp_path: Path, kind: str) -> None:
    async def work(room: Room) -> None:
        await room.fails(kind, f"{API}/validateEmail", status=502)
        with pytest.raises(OutcomeUnknown) as unknown:
            await room.service.one("ann@example.com")
        assert "credits" in unknown.value.hint
        await room.fails(kind, START, status=502)
        with pytest.raises(OutcomeUnknown):
            await room.run("ann@example.com", "bob@example.com")
        await room.control.set_faults([])
        paid = 0 if kind == "html" else 3  # that answer comes instead of the work
        assert await room.free_left() == 1000 - paid
        (left,) = await room.lists()
        assert left.id == room.told[-1].list_id, "the list stays, for a person to look at"

    in_room(tmp_path, work)


def test_a_list_whose_start_was_lost_is_taken_up_at_no_cost(tmp_path: Path) -> None:
    async def work(room: Room) -> None:
        await room.fails("close_after", START)
        with pytest.raises(OutcomeUnknown):
            await room.run("ann@example.com", "invalid@example.com")
        await room.control.set_faults([])
        done = await room.service.follow(room.told[-1].list_id, room.told.append)
        assert done.done and dict(done.counts) == {ValidationStatus.VALID: 1, ValidationStatus.INVALID: 1}
        assert room.told[-1].phase is Phase.VALIDATING, "following reads no results"
        found = await room.service.resume(room.told[-1].list_id, room.told.append)
        assert found.counts == {ValidationStatus.VALID: 1, ValidationStatus.INVALID: 1}
        assert await room.free_left() == 998

    in_room(tmp_path, work)


def test_lists_come_newest_first_and_are_counted_where_they_can_be(tmp_path: Path) -> None:
    async def work(room: Room) -> None:
        await room.run("ann@example.com", "invalid@example.com")
        await room.control.advance_clock(60)
        await room.run("bob@example.com")
        await room.control.advance_clock(60)
        await room.desk.provider.upload_validation("later.csv", ["eve@example.com"])
        newest = await room.service.newest()
        assert [(it.total, it.processed, it.counts) for it in newest] == [(1, 0, ()), (1, 1, ()), (2, 2, ())]
        counted = await room.service.counted(newest)
        assert [it.id for it in counted] == [it.id for it in newest[1:]]
        assert dict(counted[1].counts) == {ValidationStatus.VALID: 1, ValidationStatus.INVALID: 1}
        assert await room.service.counted(counted) == [], "they are known"
        await room.fails("status", f"{API}/lists/{newest[1].id}", status=400)
        assert await room.service.counted(newest) == []

    in_room(tmp_path, work)


def test_a_poll_that_fails_leaves_the_list_and_it_goes_on(tmp_path: Path) -> None:
    async def work(room: Room) -> None:
        await room.fails("close_before", FIRST, method="GET")
        with pytest.raises(NoConnection):
            await room.run(*MANY)
        await room.control.set_faults([])
        id = room.told[-1].list_id
        with pytest.raises(Refused) as again:
            await room.service.start(id)
        assert again.value.words == ("list_already_validated",)
        assert len((await room.service.resume(id, room.told.append)).rows) == 700
        assert await room.free_left() == 300

    in_room(tmp_path, work)


def test_without_credit_nothing_is_validated_and_no_list_is_left(tmp_path: Path) -> None:
    async def work(room: Room) -> None:
        with pytest.raises(Refused) as refused:
            await room.run(*(f"{number}@example.com" for number in range(3_501)))
        assert refused.value.words == ("insufficient_credit",)
        assert "credit" in refused.value.says
        assert await room.lists() == []
        assert await room.free_left() == 1000

    in_room(tmp_path, work)


def test_a_list_is_taken_away_and_its_own_csv_is_read_before(tmp_path: Path) -> None:
    async def work(room: Room) -> None:
        found = await room.run("ann@example.com", "ann@gmial.com")
        await write_stream(tmp_path / "theirs.csv", room.service.export(found.list.id))
        rows = list(csv.DictReader((tmp_path / "theirs.csv").read_text().splitlines()))
        assert [(row["email"], row["did_you_mean"]) for row in rows] == [
            ("ann@example.com", ""),
            ("ann@gmial.com", "ann@gmail.com"),
        ]
        await room.service.delete(found.list.id)
        with pytest.raises(Refused) as gone:
            await room.service.list(found.list.id)
        assert gone.value.field == "list"
        assert await room.lists() == []

    in_room(tmp_path, work)


def test_a_file_is_each_address_once_and_what_is_none_apart(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "Name;Mail\nAnn;ann@example.com\nBob;Bob <bob@EXAMPLE.com>\nAnn;ann@Example.COM\n"
        "Cid;no address\nDan;\nEve;no address\n"
    )
    what = addresses_of(read(path))
    assert what == ToValidate(
        "people.csv", "Mail", ("ann@example.com", "bob@example.com"), ("no address",), repeated=1
    )
    for column, field in (("Nothing", "column"), ("Name", "file")):
        with pytest.raises(InvalidDraft) as refused:
            addresses_of(read(path), column)
        assert refused.value.field == field


def test_a_text_file_of_bare_lines_is_a_column(tmp_path: Path) -> None:
    path = tmp_path / "people.txt"
    path.write_text("ann@example.com\nbob@example.com\n")
    assert addresses_of(read(path)).emails == ("ann@example.com", "bob@example.com")


def test_our_csv_holds_every_row_and_no_formula(tmp_path: Path) -> None:
    row = Validated(
        "=cmd@example.com", ValidationStatus.INVALID, "invalid", "mailbox_not_found", mx_found=True
    )
    asyncio.run(write_stream(tmp_path / "out.csv", results_csv([row] * 2_500, ["@nonsense"])))
    rows = list(csv.reader((tmp_path / "out.csv").read_text().splitlines(), delimiter=";"))
    assert len(rows) == 2_502
    assert {len(row) for row in rows} == {10}
    assert rows[1] == ["'=cmd@example.com", "invalid", "mailbox_not_found", "", "", "", "", "", "yes", ""]
    assert rows[-1][:3] == ["'@nonsense", "not asked", "no address"]
