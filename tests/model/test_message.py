"""Addresses as people write them, and as they are written again."""

from __future__ import annotations

import pytest

from turbodesk.model.message import Address


@pytest.mark.parametrize(
    ("text", "name", "again"),
    [
        ("a@example.com", "", "a@example.com"),
        ("Anna <a@example.com>", "Anna", "Anna <a@example.com>"),
        ('"Müller, Jürgen" <a@example.com>', "Müller, Jürgen", '"Müller, Jürgen" <a@example.com>'),
        (r'"Zoë \"Z\" Q" <a@example.com>', 'Zoë "Z" Q', r'"Zoë \"Z\" Q" <a@example.com>'),
        ('"" <a@example.com>', "", "a@example.com"),
    ],
)
def test_a_name_is_read_without_its_quotes_and_written_with_them(text: str, name: str, again: str) -> None:
    address = Address.parse(text)
    assert (address.name, str(address)) == (name, again)
    assert Address.parse(again) == address
