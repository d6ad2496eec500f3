"""Domains a sender may write from."""

from __future__ import annotations

import pytest

from turbodesk.model.account import Domain
from turbodesk.services.senders import may_write_from, sender_domain

DOMAINS = (Domain("1", "Example.com", True), Domain("2", "example.org", False))


@pytest.mark.parametrize(
    ("domain", "may"),
    [
        ("example.com", True),
        ("mail.example.com", True),
        ("notexample.com", False),
        ("example.org", False),
        ("playwithsendpost.io", True),
    ],
)
def test_a_verified_domain_covers_those_below_it(domain: str, may: bool) -> None:
    assert may_write_from(domain, DOMAINS) is may


@pytest.mark.parametrize(
    ("text", "domain"), [("Shop <a@Example.COM>", "example.com"), ("a@", ""), ("", ""), ("nobody", "")]
)
def test_the_domain_is_read_from_what_is_written(text: str, domain: str) -> None:
    assert sender_domain(text) == domain
