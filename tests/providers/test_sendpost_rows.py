"""Single values of SendPost's answers: times, numbers, yes and no."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from turbodesk.providers import sendpost_rows as rows

NS = 1_767_225_600_000_000_123  # 2026-01-01T00:00:00.000000123Z
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "at"),
    [
        (NS, NEW_YEAR),
        (1_767_225_600_123_456, NEW_YEAR + timedelta(microseconds=123_456)),
        (1_767_225_600_123, NEW_YEAR + timedelta(milliseconds=123)),
        (1_767_225_600, NEW_YEAR),
        (0, None),
        (-5, None),
        (None, None),
        (10**30, None),
    ],
)
def test_the_size_of_a_number_tells_its_unit(number: int | None, at: datetime | None) -> None:
    assert rows.moment(number) == at


@pytest.mark.parametrize(
    ("found", "number"),
    [(5, 5), ("5", 5), (5.0, 5), (1.7e18, None), (True, None), ("²", None), ("", None), ([], None), (0, 0)],
)
def test_whole_numbers_only(found: Any, number: int | None) -> None:
    assert rows.Row({"x": found}).number("x") == number


@pytest.mark.parametrize(
    ("found", "flag"),
    [
        (True, True),
        ("true", True),
        (1, True),
        ("False", False),
        (0, False),
        (None, None),
        ("x", None),
        ([], None),
    ],
)
def test_yes_and_no(found: Any, flag: bool | None) -> None:
    assert rows.Row({"x_Y": found}).flag("xy") is flag


def test_a_time_that_was_rounded_on_its_way_is_near_enough() -> None:
    found = rows.Row({"created": float(NS)}).moment("created")
    assert found is not None and abs(found - NEW_YEAR) < timedelta(microseconds=2)
    for odd in (1e300, float("inf"), float("nan"), 0.0, -1.0, 1.5, "1.5", "x", "9" * 20, True, [], {}):
        assert rows.Row({"created": odd}).moment("created") is None
