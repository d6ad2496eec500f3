"""A slip in a big domain is seen; honest neighbours are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbodesk.checks.addresses import is_role
from turbodesk.checks.near_miss import BIG_DOMAINS, near_miss, one_slip
from turbodesk.model.message import Address


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.cmo", "gmail.com"),
        ("gmailcom", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("outlok.com", "outlook.com"),
        ("yaho.com", "yahoo.com"),
        ("t-onlien.de", "t-online.de"),
    ],
)
def test_a_slip_is_seen(domain: str, meant: str) -> None:
    assert near_miss(domain) == meant


@pytest.mark.parametrize(
    "domain",
    [*sorted(BIG_DOMAINS), "example.com", "mail.com", "ymail.com", "yahoo.pt", "ne.com", "gmx.eu", "a.b", ""],
)
def test_honest_domains_are_left_alone(domain: str) -> None:
    assert near_miss(domain) == ""


def distance(one: str, other: str) -> int:
    """The whole Damerau distance, the slow way."""
    rows = [[max(i, j) for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            cost = rows[i - 1][j - 1] + (one[i - 1] != other[j - 1])
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, cost)
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_one_slip_is_a_distance_of_one(one: str, other: str) -> None:
    assert one_slip(one, other) == (distance(one, other) == 1)


def test_offices_are_told_from_people() -> None:
    assert is_role(Address("Info+shop@example.com")) and not is_role(Address("inform@example.com"))
