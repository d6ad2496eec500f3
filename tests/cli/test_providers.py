"""Every provider on the command line, over a sandbox in another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Ready, Run, added, environment

ALL = ("turbosmtp-v1", "turbosmtp-v2", "sendpost", "smtp")


@pytest.mark.parametrize("provider", ALL)
def test_a_profile_is_added_tested_and_sends(cli: Run, ready: Ready, provider: str) -> None:
    account = added(cli, ready, provider)
    tested = account("profile", "test", provider)
    assert tested.code == 0, tested.out + tested.err
    found = tested.json["credentials"]
    assert found and all(it["taken"] and it["unlocks"] for it in found)
    sent = account(
        "send", "--from", "me@example.com", "--to", "you@example.org", "--text", "Hi", "--subject", provider
    )
    assert (sent.code, sent.json["state"]) == (0, "accepted"), sent.out
    newest = account("inbox", "list").json["messages"][0]
    assert newest["subject"] == provider


@pytest.mark.parametrize("provider", ["turbosmtp-v2", "sendpost"])
def test_suppressions_are_put_on_the_list_and_taken_off(cli: Run, ready: Ready, provider: str) -> None:
    account = added(cli, ready, provider)
    email = f"wants.none@{provider}.example.org"
    reason = ("--reason", "asked by phone") if provider == "turbosmtp-v2" else ()
    taken = account("suppressions", "import", email, *reason)
    assert taken.code == 0, taken.out
    listed = account("suppressions", "list", "--since", "7d", "--type", "manual", "--filter", email).json
    assert [it["email"] for it in listed["suppressions"]] == [email]
    assert account("reports", "list", "--type", "manual", "--since", "7d", "--filter", email).json["reports"]
    refused = account("suppressions", "delete", email)
    assert refused.code == 2
    assert account("suppressions", "delete", email, "--yes").json == {"deleted": 1}
    assert account("suppressions", "list", "--since", "7d", "--filter", email).json["suppressions"] == []


@pytest.mark.parametrize("provider", ["turbosmtp-v2", "sendpost"])
def test_an_entry_that_goes_by_its_address_goes_from_every_list_and_that_is_said(
    cli: Run, ready: Ready, provider: str
) -> None:
    account = added(cli, ready, provider)
    email = f"every.list@{provider}.example.org"
    assert account("suppressions", "import", email).code == 0
    words = ("reports", "delete", "--type", "manual", "--ids", email, "--yes")
    deleted = cli(*words, env=account.env, before=("--profile", account.name))
    assert (deleted.code, deleted.out.strip()) == (0, "Taken off every list.")
    assert account("suppressions", "list", "--since", "7d", "--filter", email).json["suppressions"] == []


@pytest.mark.parametrize(
    ("provider", "type"), [("turbosmtp-v2", "validation_failed"), ("sendpost", "hardbounce")]
)
def test_reports_come_from_every_provider_that_has_records(
    cli: Run, ready: Ready, provider: str, type: str
) -> None:
    account = added(cli, ready, provider)
    found = account("reports", "list", "--type", type, "--since", "90d")
    assert found.code == 0, found.out
    assert {it["type"] for it in found.json["reports"]} == {type}


def test_a_relay_sends_and_offers_no_more(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "smtp")
    for words in (("reports", "list"), ("suppressions", "list"), ("keys", "list"), ("domains", "list")):
        answer = account(*words)
        assert (answer.code, answer.json["error"]["kind"]) == (1, "not-offered")


def test_keys_are_listed_made_and_taken_back(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "turbosmtp-v2")
    made = account("keys", "create", "--label", "ci", "--permission", "SEND_API").json
    assert made["consumer_key"] and made["consumer_secret"]
    listed = {it["key"]: it for it in account("keys", "list").json["keys"]}
    assert listed[made["consumer_key"]]["permissions"] == ["SEND_API"]
    assert "consumer_secret" not in json.dumps(listed)
    assert account("keys", "revoke", made["consumer_key"], "--yes").code == 0
    assert made["consumer_key"] not in account("keys", "list").out


def test_one_message_is_looked_up(cli: Run, ready: Ready) -> None:
    for provider in ("turbosmtp-v2", "sendpost"):
        account = added(cli, ready, provider)
        sent = account(
            "send", "--from", "me@example.com", "--to", "a@example.org", "--text", "x", "--subject", "Q"
        )
        id = sent.json["recipients"][0]["provider_id"]
        found = account("message", "show", id)
        assert found.code == 0, found.out
        assert (found.json["message"]["recipient"], found.json["message"]["subject"]) == (
            "a@example.org",
            "Q",
        )
    gone = account("message", "show", "00000000-0000-4000-8000-000000000000")
    assert (gone.code, gone.json) == (1, {"message": None})


def test_domains_and_sub_accounts_are_listed_without_their_keys(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "sendpost")
    assert any(it["verified"] for it in account("domains", "list").json["domains"])
    subs = account("subaccounts", "list")
    assert subs.json["sub_accounts"]
    assert ready["sendpost"]["subaccount_key"] not in subs.out + subs.err
    assert added(cli, ready, "turbosmtp-v2")("subaccounts", "list").json["sub_accounts"]


def test_an_api_account_also_sends_by_its_relay(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "sendpost")
    sent = account(
        "send", "--way", "smtp", "--from", "me@example.com", "--to", "a@example.org", "--text", "x"
    )
    assert (sent.code, sent.json["provider"]) == (0, "smtp"), sent.out
    none = added(cli, ready, "turbosmtp-v2")(
        "send", "--way", "smtp", "--from", "me@example.com", "--to", "a@example.org", "--text", "x"
    )
    assert (none.code, none.json["error"]["kind"]) == (1, "not-offered")


def test_what_matches_is_taken_off_only_where_something_was_chosen(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "turbosmtp-v2")
    account("suppressions", "import", "matching@example.org", "stays@example.org", "--reason", "asked")
    assert account("suppressions", "delete", "--matching", "--yes").code == 2
    assert account("suppressions", "delete", "--yes", "--since", "7d").code == 2
    chosen = ("--type", "manual", "--since", "7d", "--filter", "matching@")
    assert account("suppressions", "delete", "--matching", *chosen, "--yes").code == 0
    found = account("suppressions", "list", "--type", "manual", "--since", "7d").json["suppressions"]
    emails = {it["email"] for it in found}
    assert "stays@example.org" in emails and "matching@example.org" not in emails


def test_a_mixed_batch_is_partly_accepted(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "sendpost")
    blocked = account("suppressions", "import", "partly.blocked@example.org")
    assert blocked.code == 0, blocked.out + blocked.err
    to = "partly.fine@example.org,partly.blocked@example.org"
    sent = account("send", "--from", "me@example.com", "--to", to, "--text", "x")
    assert (sent.code, sent.json["state"]) == (5, "partly")
    assert {it["address"]: it["outcome"] for it in sent.json["recipients"]} == {
        "partly.fine@example.org": "accepted",
        "partly.blocked@example.org": "refused",
    }


def test_what_the_wire_cannot_carry_is_said_before_anything_is_written_down(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "smtp")
    sent = account(
        "send", "--from", "me@example.com", "--to", "a@example.org", "--text", "x", "--campaign", "spring"
    )
    assert (sent.code, sent.json["error"]["field"]) == (1, "groups")
    assert account("outbox", "list").json == {"outbox": []}


ADD = ("profile", "add", "shop", "--provider")


@pytest.mark.parametrize(
    ("provider", "stdin", "variables"),
    [
        (
            "turbosmtp-v2",
            "key\nsecret\n",
            "TURBODESK_SECRET_CONSUMER_KEY and TURBODESK_SECRET_CONSUMER_SECRET",
        ),
        ("sendpost", "\naccount\n", "TURBODESK_SECRET_ACCOUNT_KEY"),
        ("sendpost", '{"subaccount_key": "s"}', "TURBODESK_SECRET_SUBACCOUNT_KEY"),
    ],
)
def test_secrets_come_line_by_line_or_as_one_object(
    cli: Run, provider: str, stdin: str, variables: str
) -> None:
    answer = cli(*ADD, provider, "--json", stdin=stdin)
    assert (answer.code, answer.json["secret_kept"]) == (0, False)
    which = "them" if " and " in variables else "it"
    assert f"give {which} as {variables} each time" in answer.err


@pytest.mark.parametrize("stdin", ["a\nb\nc\nd\n", '{"nonsense": "x"}', '{"consumer_key": 1}'])
def test_secrets_that_make_no_sense_keep_nothing(cli: Run, stdin: str) -> None:
    answer = cli(*ADD, "turbosmtp-v2", "--json", stdin=stdin)
    assert (answer.code, answer.json["error"]["field"]) == (1, "stdin")
    assert "shop" not in cli("profile", "list", "--json").out


@pytest.mark.parametrize("secret", [r"a\nb", r"a\u0000b", r"\ud800"])
def test_a_secret_that_no_keyring_takes_keeps_no_profile_either(cli: Run, secret: str) -> None:
    answer = cli(*ADD, "sendpost", "--json", stdin=f'{{"subaccount_key": "good", "account_key": "{secret}"}}')
    assert (answer.code, answer.json["error"]["field"]) == (1, "account_key")
    assert answer.json["error"]["hint"] == "Nothing was kept."
    assert "shop" not in cli("profile", "list", "--json").out


def test_stdin_that_is_no_utf8_keeps_nothing(tmp_path: Path) -> None:
    for locale in ("C.UTF-8", "en_US.UTF-8"):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "turbodesk.cli",
                "--config-dir",
                tmp_path / "c",
                *ADD,
                "sendpost",
                "--json",
            ],
            input=b"\xff\xfe\n",
            capture_output=True,
            env=environment(tmp_path, LANG=locale),
            check=False,
        )
        assert (done.returncode, json.loads(done.stdout)["error"]["field"]) == (1, "stdin")


def test_an_authority_is_looked_for_at_once_and_kept_by_its_whole_path(cli: Run, tmp_path: Path) -> None:
    relay = (*ADD, "smtp", "--host", "mail.example.com", "--json", "--ca-file")
    missing = cli(*relay, str(tmp_path / "missing.pem"), stdin="x\n")
    assert missing.code == 2 and "missing.pem" in missing.json["error"]["says"]
    (tmp_path / "ca.pem").touch()
    kept = cli(*relay, os.path.relpath(tmp_path / "ca.pem"), stdin="x\n")
    assert kept.json["profile"]["ca_file"] == str((tmp_path / "ca.pem").resolve())


def test_what_a_refused_key_would_open_is_not_unlocked(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "sendpost")
    account.env["TURBODESK_SECRET_ACCOUNT_KEY"] = "wrong-wrong-wrong"
    tested = account("profile", "test", "sendpost").json["credentials"]
    assert {it["taken"]: bool(it["unlocks"]) for it in tested} == {True: True, False: False}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--label", " "), "label"),
        (("--label", "x", "--ip", "nonsense"), "ip"),
        (("--label", "x", "--keep"), "keep"),
    ],
)
def test_a_key_pair_that_makes_no_sense_is_not_made(cli: Run, words: tuple[str, ...], field: str) -> None:
    v2 = ("--profile", "sandbox-v2")
    before = cli("keys", "list", "--json", before=v2).json["keys"]
    answer = cli("keys", "create", *words, "--json", before=v2)
    assert (answer.code, answer.json["error"]["field"]) == (1, field)
    assert answer.json["error"]["hint"] == "No key pair was made."
    assert cli("keys", "list", "--json", before=v2).json["keys"] == before


def test_an_import_that_takes_nothing_is_an_error_and_not_partly_done(cli: Run) -> None:
    v2 = ("--profile", "sandbox-v2")
    assert cli("suppressions", "import", "nonsense", "--json", before=v2).code == 1
    assert cli("suppressions", "import", "nonsense", "a@example.com", "--json", before=v2).code == 5


def test_an_account_that_nobody_tells_of_is_said_to_be_so(cli: Run) -> None:
    answer = cli("account", "show", before=("--profile", "sandbox-smtp"))
    assert (answer.code, answer.out) == (0, "The provider tells nothing about the account.\n")


def test_a_wrong_key_is_named(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "sendpost")
    account.env["TURBODESK_SECRET_ACCOUNT_KEY"] = "wrong-wrong-wrong"
    tested = account("profile", "test", "sendpost")
    assert tested.code == 3
    taken = {it["credential"]: it["taken"] for it in tested.json["credentials"]}
    assert (taken["account key"], taken["sub-account key"]) == (False, True)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("smtp",), "host"),
        (("smtp", "--host", "http://x"), "host"),
        (("smtp", "--host", "mail.example.com", "--tls", "none"), "tls"),
        (("turbosmtp-v1",), "user"),
        (("sendpost", "--region", "eu"), "region"),
        (("sendpost", "--send-url", "https://send.example.com"), "send-url"),
        (("smtp", "--host", "mail.example.com", "--api-url", "https://api.example.com"), "api-url"),
        (("turbosmtp-v2", "--send-form", "beta"), "send-form"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(cli: Run, words: tuple[str, ...], field: str) -> None:
    answer = cli(*ADD, *words, "--json", stdin="x\n")
    assert (answer.code, answer.json["error"]["field"]) == (1, field)


SEND = ("send", "--from", "me@example.com", "--subject", "Hi", "--text", "x", "--to")
WRITES = {
    "send over the API": ("turbosmtp-v2", (*SEND, "you@example.org")),
    "send by SMTP": ("smtp", (*SEND, "you@example.org")),
    "import": ("turbosmtp-v2", ("suppressions", "import", "you@example.org")),
    "delete": ("sendpost", ("suppressions", "delete", "you@example.org", "--yes")),
    "reports": ("turbosmtp-v1", ("reports", "delete", "--type", "bounce", "--ids", "1", "--yes")),
    "tracking": ("turbosmtp-v1", ("tools", "set", "click-tracking", "off")),
    "new key": ("turbosmtp-v2", ("keys", "create", "--label", "desk")),
    "revoked key": ("turbosmtp-v2", ("keys", "revoke", "0123456789abcdef", "--yes")),
}


@pytest.mark.parametrize("what", WRITES)
def test_a_viewer_changes_nothing_from_the_command_line(cli: Run, ready: Ready, what: str) -> None:
    provider, words = WRITES[what]
    account = added(cli, ready, provider)
    before = account("inbox", "list").json["messages"]
    assert account("profile", "guard", provider, "--viewer").json["profile"]["viewer"] is True

    refused = account(*words)

    assert (refused.code, refused.json["error"]["kind"]) == (1, "guarded"), refused.out
    assert "--no-viewer" in refused.json["error"]["hint"]
    assert account("inbox", "list").json["messages"] == before
    assert account("profile", "test", provider).code == 0
    assert account("outbox", "list").json["outbox"] == []


def test_guards_are_set_shown_kept_and_enforced(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "turbosmtp-v2")
    guard = ("profile", "guard", "turbosmtp-v2")
    words = ("--locked", "--allow", "@Example.ORG", "--block", "tom@Bücher.example", "--daily-cap", "2")
    set_once = account(*guard, *words).json["profile"]
    expected = {
        "viewer": False,
        "locked": True,
        "allow": ["example.org"],
        "block": ["tom@xn--bcher-kva.example"],
        "daily_cap": 2,
    }
    assert {name: set_once[name] for name in expected} == expected
    more = account(*guard, "--allow", "*.example.net", "--no-block").json["profile"]
    assert (more["allow"], more["block"], more["locked"]) == (["example.org", "*.example.net"], [], True)
    listed = account("profile", "list").json["profiles"][0]
    assert {name: listed[name] for name in expected} == {name: more[name] for name in expected}
    assert "production lock, 2 allowed, at most 2 a day" in cli("profile", "list").out

    outside = account(*SEND, "you@example.org", "--bcc", "kim@example.com")
    assert (outside.code, outside.json["error"]["kind"]) == (1, "guarded"), outside.out
    assert "not to kim@example.com" in outside.json["error"]["says"]
    assert account(*SEND, "you@example.org").json["state"] == "accepted"
    over = account(*SEND, "you@example.org,ann@mail.example.net")
    assert (over.code, over.json["error"]["kind"]) == (1, "guarded"), over.out
    assert "1 had mail today, and these are 2 more" in over.json["error"]["says"]
    account(*guard, "--daily-cap", "0")
    six = ",".join(f"p{number}@example.org" for number in range(6))
    asked = account(*SEND, six)
    assert (asked.code, asked.json["error"]["kind"]) == (1, "confirm-first"), asked.out
    assert len(account("outbox", "list").json["outbox"]) == 1


def test_a_guard_that_is_none_is_told_and_changes_nothing(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "turbosmtp-v2")
    refused = account("profile", "guard", "turbosmtp-v2", "--viewer", "--allow", "tom@", "--block", "*")
    assert (refused.code, refused.json["error"]["field"]) == (1, "allow")
    assert account("profile", "list").json["profiles"][0]["viewer"] is False
    built_in = cli("profile", "guard", "sandbox", "--viewer", "--json")
    assert (built_in.code, built_in.json["error"]["field"]) == (1, "name")
    nobody = cli("profile", "guard", "nobody", "--json")
    assert (nobody.code, nobody.json["error"]["field"]) == (1, "profile")
