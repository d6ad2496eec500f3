"""Which profiles open, and which addresses are taken."""

from __future__ import annotations

from typing import Any

import pytest

from turbodesk.errors import InvalidDraft
from turbodesk.model.account import Profile, Secret
from turbodesk.providers import PROVIDERS, open_provider, url_problem
from turbodesk.providers.http import Gateway


@pytest.mark.parametrize(
    "url",
    [
        "https://api.turbo-smtp.com",
        "https://mail.example.com:8443",
        "http://127.0.0.1:8025",
        "http://127.9.9.9",
        "http://[::1]:8025",
        "http://localhost:1",
        "https://xn--bcher-kva.example",
    ],
)
def test_origins_are_taken(url: str) -> None:
    assert url_problem(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://api.turbo-smtp.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://0.0.0.0:80",
        "http://192.168.0.1",
        "https://user:secret@example.com",
        "https://user@example.com",
        "https://example.com/",
        "https://example.com/api",
        "https://example.com?x=1",
        "https://example.com?",
        "https://example.com#",
        "https://",
        "https://exa mple.com",
        "https://example.com\r\nX: y",
        "https://bücher.example",
        "https://example.com:99999",
        "https://example.com:port",
        "https://[::1",
        f"https://{'a' * 64}.example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "//example.com",
        "example.com",
        "",
    ],
)
def test_anything_else_is_not(url: str) -> None:
    problem = url_problem(url)
    assert problem.endswith(".")
    assert "secret" not in problem


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"region": "moon"}, "region"),
        ({"send_form": "v9"}, "send-form"),
        ({"dashboard_url": "http://example.com"}, "dashboard-url"),
        ({"send_url": "https://example.com/x"}, "send-url"),
        ({"inbox_url": "nonsense"}, "inbox-url"),
    ],
)
def test_a_profile_that_makes_no_sense_does_not_open(change: dict[str, Any], field: str) -> None:
    profile = Profile(**{"name": "test", "provider": "turbosmtp-v1", **change})
    with pytest.raises(InvalidDraft) as refused:
        open_provider(profile, Secret("x"), Gateway())
    assert list(refused.value.problems) == [field]


def test_every_provider_has_a_title() -> None:
    assert list(PROVIDERS) == ["turbosmtp-v1"]
    for kind in PROVIDERS.values():
        assert kind.title
