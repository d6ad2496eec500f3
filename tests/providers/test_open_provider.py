"""Which profiles open, and which addresses are taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from turbodesk.errors import InvalidDraft
from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.providers import (
    PROVIDERS,
    open_provider,
    open_relay,
    origin_of,
    profile_problems,
    relay_login,
    url_problem,
)
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
        ({"api_url": "http://example.com"}, "api-url"),
        ({"send_url": "https://example.com/x"}, "send-url"),
        ({"inbox_url": "nonsense"}, "inbox-url"),
    ],
)
def test_a_profile_that_makes_no_sense_does_not_open(change: dict[str, Any], field: str) -> None:
    profile = Profile(**{"name": "test", "provider": "turbosmtp-v1", **change})
    with pytest.raises(InvalidDraft) as refused:
        open_provider(profile, {Credential.PASSWORD: Secret("x")}, Gateway())
    assert list(refused.value.problems) == [field]


def test_every_provider_has_a_title_and_asks_for_a_secret() -> None:
    assert set(PROVIDERS) == {"turbosmtp-v1", "turbosmtp-v2", "sendpost", "smtp"}
    for kind in PROVIDERS.values():
        assert kind.title and kind.service and kind.credentials


RELAY = {"provider": "smtp", "smtp_host": "mail.example.com"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"smtp_host": ""}, "host"),
        ({"smtp_host": "https://mail.example.com"}, "host"),
        ({"smtp_host": "mail.example.com:587"}, "host"),
        ({"smtp_host": "user@mail.example.com"}, "host"),
        ({"smtp_port": 0}, "port"),
        ({"smtp_port": 65536}, "port"),
        ({"smtp_tls": "maybe"}, "tls"),
        ({"smtp_tls": "none"}, "tls"),
    ],
)
def test_a_relay_that_makes_no_sense_does_not_open(change: dict[str, Any], field: str) -> None:
    problems = profile_problems(Profile(**{"name": "test", **RELAY, **change}))
    assert list(problems) == [field]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "LOCALHOST"])
def test_a_relay_on_this_computer_may_do_without_tls(host: str) -> None:
    assert profile_problems(Profile("test", "smtp", smtp_host=host, smtp_tls="none")) == {}


@pytest.mark.parametrize(
    ("pasted", "origin"),
    [
        ("https://api.sendpost.io/api/v1", "https://api.sendpost.io"),
        ("https://pro.api.serversmtp.com/api/v2/", "https://pro.api.serversmtp.com"),
        (" https://api.turbo-smtp.com/ ", "https://api.turbo-smtp.com"),
        ("", ""),
        ("https://example.com/elsewhere", "https://example.com/elsewhere"),
    ],
)
def test_a_pasted_address_loses_the_path_of_the_api(pasted: str, origin: str) -> None:
    assert origin_of(pasted) == origin


PAIR = {Credential.CONSUMER_KEY: Secret("key"), Credential.CONSUMER_SECRET: Secret("secret")}
PASSWORD = {Credential.PASSWORD: Secret("password")}


@pytest.mark.parametrize(
    ("provider", "credentials", "login"),
    [
        ("turbosmtp-v2", {**PAIR, **PASSWORD}, ("key", "secret")),
        ("turbosmtp-v2", PASSWORD, ("me@example.com", "password")),
        ("sendpost", PASSWORD, ("me@example.com", "password")),
        ("sendpost", {Credential.ACCOUNT_KEY: Secret("x")}, None),
        ("smtp", PASSWORD, None),
    ],
)
def test_an_account_has_its_relay_where_its_login_is_known(
    provider: str, credentials: dict[Credential, Secret], login: tuple[str, str] | None
) -> None:
    profile = Profile("test", provider, user="me@example.com", smtp_host="mail.example.com")
    relay = open_relay(profile, credentials, Gateway())
    assert (relay is not None) is (login is not None)
    if login:
        assert tuple(it.reveal() for it in relay_login(profile, credentials)) == login
    assert open_relay(replace(profile, smtp_host=""), credentials, Gateway()) is None
