"""The main job on the command line: send with an attachment, and see what became of it."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from tests.cli.conftest import Run

ME = ("--from", "me@example.com", "--subject", "Hi", "--text", "Hello")


@pytest.fixture
def cli(cold: Run) -> Run:
    """Here every command is an interpreter that starts from nothing."""
    return cold


def test_a_mail_is_accepted_and_its_bounce_is_then_in_the_reports(cli: Run, tmp_path: Path) -> None:
    file = tmp_path / "guide.bin"
    file.write_bytes(bytes(range(256)) * 4001)
    to = "ok@example.com,hardbounce@example.com"
    sent = cli("send", *ME, "--to", to, "--attach", str(file), "--json", before=("--profile", "sandbox"))
    assert sent.code == 0, sent.err
    assert sent.json["state"] == "accepted"
    assert [(r["address"], r["outcome"]) for r in sent.json["recipients"]] == [
        ("ok@example.com", "accepted"),
        ("hardbounce@example.com", "accepted"),
    ]
    bounces = cli("reports", "list", "--type", "hardbounce", "--json").json["reports"]
    assert bounces[0]["email"] == "hardbounce@example.com"
    assert bounces[0]["words"].startswith("5")
    mails = cli("inbox", "list", "--json").json["messages"]
    assert len(mails) == 1
    caught = cli("inbox", "show", mails[0]["id"], "--json").json
    attachment = caught["attachments"][0]
    assert base64.b64decode(attachment["content_base64"]) == file.read_bytes()
    assert attachment["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert attachment["name"] == "guide.bin"
    assert caught["headers"]["Subject"] == "Hi"
    assert caught["text"].strip() == "Hello"
    outbox = cli("outbox", "list", "--json").json["outbox"]
    assert [entry["state"] for entry in outbox] == ["accepted"]
    rows = cli("stats", "list", "--since", "1d", "--filter", "hardbounce@", "--json").json["stats"]
    assert rows[0]["status"] == "FAIL"


def test_a_switch_answers_its_new_state(cli: Run) -> None:
    off = cli("tools", "set", "click-tracking", "off", "--json")
    assert off.code == 0, off.err
    assert off.json["enabled"] is False
    shown = {tool["id"]: tool["enabled"] for tool in cli("tools", "show", "--json").json["tools"]}
    assert shown == {"click-tracking": False, "open-tracking": True}
    assert cli("tools", "set", "click-tracking", "on", "--json").json["enabled"] is True


def test_the_account_shows_plans_and_sub_accounts(cli: Run) -> None:
    seen = cli("account", "show", "--json").json
    assert seen["account"]["email"] == "sandbox@example.com"
    assert seen["plans"]
    fields = {"id", "name", "email", "active", "ip", "sent", "limit", "reputation"}
    assert set(seen["sub_accounts"][0]) == fields


def test_reports_are_counted_exported_and_deleted(cli: Run, tmp_path: Path) -> None:
    count = cli("reports", "count", "--type", "bounce", "--all-time", "--json").json["count"]
    rows = cli("reports", "list", "--type", "bounce", "--all-time", "--json").json["reports"]
    assert count == len(rows) > 20
    output = tmp_path / "bounces.csv"
    exported = cli("reports", "export", "--all-time", "--output", str(output), "--json")
    assert exported.json["size"] == output.stat().st_size
    assert output.read_text().startswith("Status;Subject;From;To;Date;Reason")
    ids = ",".join(row["id"] for row in rows[:2])
    assert cli("reports", "delete", "--type", "bounce", "--ids", ids, "--json").code == 2
    assert cli("reports", "delete", "--type", "bounce", "--ids", ids, "--yes", "--json").code == 0
    assert cli("reports", "count", "--all-time", "--json").json["count"] == count - 2
    assert cli("reports", "delete", "--type", "spam", "--all", "--yes").code == 0
    assert cli("reports", "count", "--type", "spam", "--all-time", "--json").json["count"] == 0


def test_a_lost_answer_is_unknown_and_nothing_sends_it_again(cli: Run) -> None:
    lost = cli("send", *ME, "--to", "drop@example.com", "--json")
    assert lost.code == 6
    assert lost.json["state"] == "unknown"
    for words in (("outbox", "list"), ("reports", "count"), ("stats", "count"), ("inbox", "list")):
        assert cli(*words, "--json").code == 0
    assert [entry["state"] for entry in cli("outbox", "list", "--json").json["outbox"]] == ["unknown"]
    assert len(cli("inbox", "list", "--json").json["messages"]) == 1


def test_a_busy_server_leaves_the_mail_queued_with_its_reason(cli: Run) -> None:
    held = cli("send", *ME, "--to", "ratelimit@example.com", "--json")
    assert held.code == 1
    assert held.json["state"] == "queued"
    assert held.json["reason"]
    assert held.json["error"]["kind"] == "throttled"
    assert cli("inbox", "list", "--json").json["messages"] == []
