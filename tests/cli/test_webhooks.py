"""`webhooks` and `domains show`, over a sandbox in another process that really posts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Account, Ready, Run, added
from tests.sandbox.receiver import receiving

URL = "https://hooks.example.com/mine"


@pytest.fixture
def account(cli: Run, ready: Ready) -> Account:
    return added(cli, ready, "sendpost")


def listed(account: Account) -> list[dict[str, Any]]:
    answer = account("webhooks", "list")
    assert answer.code == 0, answer.out
    found: list[dict[str, Any]] = answer.json["webhooks"]
    return found


def test_one_is_added_edited_without_losing_a_flag_and_removed(account: Account) -> None:
    made = account("webhooks", "add", URL, "--on", "sent", "--off", "opened", "--disabled")
    assert made.code == 0, made.out
    usual = ["delivered", "dropped", "soft-bounce", "hard-bounce", "clicked", "unsubscribed", "complained"]
    assert (made.json["url"], made.json["enabled"]) == (URL, False)
    assert made.json["events"] == ["sent", *usual]
    (found,) = listed(account)
    assert {**found, "success_rate": None} == {**made.json, "status": "disabled"}
    again = account("webhooks", "add", URL)
    assert (again.code, again.json["error"]["kind"]) == (1, "refused")
    edited = account("webhooks", "edit", URL, "--on", "first-open", "--off", "clicked", "--enable")
    assert edited.code == 0, edited.out
    expected = [name for name in ["sent", *usual] if name != "clicked"]
    assert set(edited.json["events"]) == {*expected, "first-open"}
    assert (edited.json["enabled"], edited.json["status"], edited.json["url"]) == (True, "active", URL)
    moved = account("webhooks", "edit", made.json["id"], "--url", f"{URL}/2").json
    assert moved == {**edited.json, "url": f"{URL}/2"}
    text = account.cli("webhooks", "list", env=account.env, before=("--profile", account.name)).out
    assert f"{URL}/2" in text and "first-open" in text and "100 %" in text
    unsaid = account("webhooks", "remove", made.json["id"])
    assert (unsaid.code, unsaid.json["error"]["kind"]) == (2, "usage")
    gone = account("webhooks", "remove", f"{URL}/2", "--yes")
    assert (gone.code, gone.json) == (0, {"removed": made.json["id"]})
    assert listed(account) == []
    assert account("webhooks", "remove", f"{URL}/2", "--yes").json["error"]["field"] == "webhook"


def test_what_is_registered_is_told_with_the_login_of_its_url(account: Account) -> None:
    account.env["TURBODESK_SECRET_EVENTS"] = "p/w:@1"
    with receiving() as receiver:
        url = receiver.url("/cli", login="hook@")
        made = account("webhooks", "add", url, "--only", "opened", "--only", "clicked")
        assert made.code == 0, made.out
        masked = receiver.url("/cli", login="hook:•••@")
        assert (made.json["url"], made.json["events"]) == (masked, ["opened", "clicked"])
        assert "p/w" not in made.out + made.err and "p%2Fw" not in made.out + made.err
        try:
            assert account("webhooks", "edit", made.json["id"], "--off", "opened").code == 0
            words = ("--from", "me@example.com", "--text", "Hi", "--subject", "Told")
            assert account("send", "--to", "click@example.com", *words).code == 0
            (got,) = receiver.first(1)
        finally:
            assert account("webhooks", "remove", made.json["id"], "--yes").code == 0
    assert got.body["event"]["typeName"] == "clicked"
    assert got.headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("add", "http://hooks.example.com/"), 1, "HTTPS"),
        (("add", "https://hook:secret-word@hooks.example.com/"), 2, "TURBODESK_SECRET_EVENTS"),
        (("add", "https://hook@hooks.example.com/"), 2, "TURBODESK_SECRET_EVENTS"),
        (("add", URL, "--on", "sent", "--off", "sent"), 2, "both"),
        (("add", URL, "--only", "sent", "--off", "sent"), 2, "--only"),
        (("edit", "901"), 1, "different"),
        (("edit", "1", "--disable"), 1, "no webhook"),
    ],
)
def test_what_will_not_do_is_told(account: Account, words: tuple[str, ...], code: int, says: str) -> None:
    answer = account("webhooks", *words)
    assert answer.code == code, answer.out
    assert says in answer.json["error"]["says"]
    assert "secret-word" not in answer.out + answer.err


def test_where_there_are_none_it_is_said(cli: Run, ready: Ready) -> None:
    answer = added(cli, ready, "turbosmtp-v1")("webhooks", "list")
    assert (answer.code, answer.json["error"]["kind"]) == (1, "not-offered")


def test_a_viewer_looks_at_webhooks_and_changes_none(account: Account) -> None:
    assert account("profile", "guard", "sendpost", "--viewer").code == 0
    assert listed(account) == []
    answer = account("webhooks", "add", URL)
    assert (answer.code, answer.json["error"]["kind"]) == (1, "guarded")
    assert listed(account) == []


def test_one_domain_is_shown_by_its_name_or_its_id(account: Account) -> None:
    domain = account("domains", "list").json["domains"][0]
    for named in (domain["id"], domain["name"].upper()):
        assert account("domains", "show", named).json == {"domain": domain}
    text = account.cli(
        "domains", "show", domain["name"], env=account.env, before=("--profile", account.name)
    ).out
    assert "DKIM" in text and "CNAME" in text
    for unknown in ("1", "nobody.example.com"):
        gone = account("domains", "show", unknown)
        assert (gone.code, gone.json) == (1, {"domain": None})
