"""`send --template`: a letter that the provider keeps, for one and for each row of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Account, Ready, Run, added

FROM = ("--from", "me@example.com")


@pytest.fixture
def account(cli: Run, ready: Ready) -> Account:
    return added(cli, ready, "sendpost")


def newest(account: Account, count: int = 1) -> list[Any]:
    ids = [it["id"] for it in account("inbox", "list").json["messages"][:count]]
    return [account("inbox", "show", id).json for id in ids]


@pytest.mark.parametrize("template", ["welcome", "501"])
def test_a_letter_kept_at_the_provider_is_sent_and_filled(account: Account, template: str) -> None:
    sent = account(
        "send", *FROM, "--to", "ok@example.com", "--template", template, "--field", "name=Ann & Co"
    )
    assert (sent.code, sent.json["state"]) == (0, "accepted"), sent.out
    (mail,) = newest(account)
    assert mail["subject"] == "Welcome, Ann & Co"
    assert "Ann &amp; Co" in mail["html"] and "Ann & Co" in mail["text"]


def test_one_that_there_is_not_is_refused_by_its_option(account: Account) -> None:
    sent = account("send", *FROM, "--to", "ok@example.com", "--template", "nothing-like-it")
    assert (sent.code, sent.json["state"]) == (1, "refused")
    assert "nothing-like-it" in sent.out


def test_the_dry_run_shows_the_path_of_templates(account: Account) -> None:
    shown = account("send", *FROM, "--to", "ok@example.com", "--template", "welcome", "--dry-run")
    assert shown.code == 0, shown.out
    assert "/subaccount/email/template" in shown.out and "welcome" in shown.out


def test_it_waits_in_the_ledger_with_its_name(account: Account) -> None:
    queued = account(
        "send", *FROM, "--to", "ok@example.com", "--template", "receipt", "--field", "name=Bo",
        "--at", "2099-01-01 09:00",
    )  # fmt: skip
    assert queued.json["state"] == "queued", queued.out
    sent = account("outbox", "resend", queued.json["id"])
    assert (sent.code, sent.json["state"]) == (0, "accepted"), sent.out
    assert newest(account)[0]["text"].startswith("Dear Bo, we received")


def test_each_row_of_a_file_fills_it(account: Account, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("Email,Name\nann@example.org,Ann\nbo@example.org,Bo\n")
    sent = account("send", *FROM, "--template", "welcome", "--csv", str(people), "--confirm", "2")
    assert sent.code == 0, sent.out
    found = {it["recipients"][0]["address"]: it["subject"] for it in newest(account, 2)}
    assert found == {"ann@example.org": "Welcome, Ann", "bo@example.org": "Welcome, Bo"}


@pytest.mark.parametrize("way", [("turbosmtp-v2", ()), ("turbosmtp-v1", ()), ("sendpost", ("--way", "smtp"))])
def test_where_none_are_kept_it_is_said_and_nothing_is_sent(
    cli: Run, ready: Ready, way: tuple[str, tuple[str, ...]]
) -> None:
    provider, words = way
    account = added(cli, ready, provider)
    sent = account("send", *FROM, "--to", "ok@example.com", "--template", "welcome", *words)
    assert (sent.code, sent.json["error"]["kind"]) == (1, "invalid-draft")
    assert sent.json["error"]["field"] == "template"


def test_without_a_letter_of_either_kind_nothing_is_sent(account: Account) -> None:
    sent = account("send", *FROM, "--to", "ok@example.com")
    assert (sent.code, sent.json["error"]["field"]) == (1, "body")
    odd = account("send", *FROM, "--to", "ok@example.com", "--template", "a\nb")
    assert (odd.code, odd.json["error"]["field"]) == (1, "template")
