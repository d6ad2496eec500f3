"""`send --dry-run`: what would be said, to the letter; nothing leaves, nothing is written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Ready, Run, added

ME = ("--from", "me@example.com", "--subject", "Dry", "--text", "Hello")


@pytest.mark.parametrize("provider", ["turbosmtp-v1", "turbosmtp-v2", "sendpost", "smtp"])
def test_the_request_is_shown_and_nothing_happens(
    cli: Run, ready: Ready, tmp_path: Path, provider: str
) -> None:
    account = added(cli, ready, provider)
    before = account("inbox", "list").json["messages"]
    answer = account("send", *ME, "--to", "ok@example.com", "--dry-run")
    assert answer.code == 0, answer.err
    request = answer.json["request"]
    assert answer.json["sent"] is False and "Nothing was sent" in answer.err
    assert request["recipients"] == ["ok@example.com"] or "ok@example.com" in request["body"]
    assert request["curl"].startswith("curl ")
    shown = answer.out + answer.err
    secrets = {name: secret for name, secret in account.env.items() if secret not in ("sandbox", "")}
    assert not [name for name, secret in secrets.items() if secret in shown]
    assert "<" in request["curl"], "a name stands where a secret goes"
    assert not (tmp_path / "config" / "ledger.sqlite").exists()
    assert account("inbox", "list").json["messages"] == before


def test_a_row_of_a_file_is_shown(cli: Run, ready: Ready, tmp_path: Path) -> None:
    account = added(cli, ready, "turbosmtp-v2")
    path = tmp_path / "people.csv"
    path.write_text("Email,Name\none@example.org,Ann\nnobody,Ben\nthree@example.org,Eve\n")
    words = ("send", "--from", "me@example.com", "--subject", "Dear {{ name }}", "--text", "Hello")
    first = account(*words, "--csv", str(path), "--dry-run")
    assert "Dear Ann" in first.json["request"]["body"] and first.json["row"] == 1
    third = account(*words, "--csv", str(path), "--dry-run", "--row", "3")
    assert "Dear Eve" in third.json["request"]["body"]
    assert account(*words, "--csv", str(path), "--dry-run", "--row", "2").code == 2
    assert not (tmp_path / "config" / "ledger.sqlite").exists()


def test_it_says_where_a_guard_would_stop_it(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "turbosmtp-v2")
    assert account("profile", "guard", account.name, "--block", "ok@example.com").code == 0
    answer = account("send", *ME, "--to", "ok@example.com", "--dry-run")
    assert (answer.code, answer.json["error"]["kind"]) == (1, "guarded")
    assert "It would not go" in answer.err
