"""`subaccounts` and `alerts` on the command line, over a sandbox in another process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Account, Answer, Ready, Run, added

PASSWORD = "Str0ng-enough!"


@pytest.fixture
def account(cli: Run, ready: Ready) -> Account:
    return added(cli, ready, "turbosmtp-v2")


def create(account: Account, *words: str, stdin: str = f"{PASSWORD}\n") -> Answer:
    before = ("--profile", account.name)
    return account.cli("subaccounts", "create", *words, "--json", stdin=stdin, env=account.env, before=before)


def person(email: str) -> Iterator[str]:
    yield from ("--email", email, "--ip", "203.0.113.25", "--policy-agreed")
    yield from ("--first-name", "Ada", "--last-name", "Rossi", "--city", "Milano")


def test_a_sub_account_is_made_shown_limited_suspended_and_resumed(account: Account) -> None:
    email = "made@example.com"
    made = create(account, *person(email))
    assert made.code == 0, made.out + made.err
    id = made.json["created"]
    assert made.json == {"created": id, "email": email, "name": ""} and int(id) > 2**53
    assert PASSWORD not in made.out + made.err

    shown = account("subaccounts", "show", email).json
    assert (shown["sub_account"]["id"], shown["sub_account"]["email"]) == (id, email)
    assert shown["contact"] == {"first_name": "Ada", "last_name": "Rossi", "city": "Milano"}
    assert (shown["policy_agreed"], shown["plan"]["limit"], shown["plan"]["active"]) == (True, None, True)

    limited = account("subaccounts", "limit", id, "500").json
    assert (limited["sub_account"], limited["before"]["limit"], limited["after"]["limit"]) == (id, None, 500)
    assert account("subaccounts", "limit", email, "none").json["after"]["limit"] is None
    asked = account("subaccounts", "limit", email, "0")
    assert (asked.code, asked.json["error"]["kind"]) == (2, "usage")
    assert account("subaccounts", "limit", email, "0", "--yes").json["after"]["limit"] == 0

    asked = account("subaccounts", "suspend", email)
    assert (asked.code, asked.json["error"]["kind"]) == (2, "usage")
    assert asked.json["error"]["says"] == "Its programs cannot send then; say --yes."
    suspended = account("subaccounts", "suspend", email, "--yes").json
    assert (suspended["before"]["active"], suspended["after"]["active"]) == (True, False)
    listed = {it["email"]: it for it in account("subaccounts", "list").json["sub_accounts"]}
    assert (listed[email]["active"], listed[email]["limit"]) == (False, 0)
    assert account("subaccounts", "resume", email).json["after"]["active"] is True

    twice = create(account, *person(email))
    assert (twice.code, twice.json["error"]["field"]) == (1, "email")


def test_people_are_told_in_sentences(account: Account) -> None:
    run, before = account.cli, ("--profile", account.name)
    limited = run("subaccounts", "limit", "workshop@example.com", "4000", env=account.env, before=before)
    assert "The limit of workshop@example.com is 4000 now; it was 5000." in limited.out
    back = limited.out.splitlines()[-1].partition(": ")[2].split()
    assert run(*back, env=account.env, before=before).code == 0
    shown = run("subaccounts", "show", "workshop@example.com", env=account.env, before=before)
    assert "5000 (Daily)" in shown.out and "198.51.100.15" in shown.out
    resumed = run("subaccounts", "resume", "workshop@example.com", env=account.env, before=before)
    assert resumed.out == "workshop@example.com may send already.\n"


@pytest.mark.parametrize(
    ("words", "stdin", "field"),
    [
        ((), "", "password"),
        ((), "short\n", "password"),
        ((), f"{PASSWORD}\nmore\n", "stdin"),
        (("--ip", "::1"), f"{PASSWORD}\n", "ip"),
        (("--ip", "192.0.2.1"), f"{PASSWORD}\n", "ip"),
        (("--email", "nonsense"), f"{PASSWORD}\n", "email"),
        (("--city", "x" * 101), f"{PASSWORD}\n", "city"),
        (("--last-name", ""), f"{PASSWORD}\n", "last_name"),
    ],
)
def test_a_sub_account_that_makes_no_sense_is_not_made(
    account: Account, words: tuple[str, ...], stdin: str, field: str
) -> None:
    answer = create(account, *person("never@example.com"), *words, stdin=stdin)
    assert (answer.code, answer.json["error"]["field"]) == (1, field), answer.out
    assert "never@example.com" not in account("subaccounts", "list").out


def test_the_policy_is_agreed_to_by_word_only(account: Account) -> None:
    words = [word for word in person("never@example.com") if word != "--policy-agreed"]
    assert create(account, *words).json["error"]["field"] == "policy_agreed"


def test_what_is_no_limit_and_nobody_there(account: Account) -> None:
    for limit in ("many", "-5", "1.5", "9" * 20):
        assert account("subaccounts", "limit", "shop@example.com", "--", limit).code == 2
    for words in (("show", "nobody"), ("limit", "nobody", "1"), ("resume", "nobody")):
        answer = account("subaccounts", *words)
        assert (answer.code, answer.json["error"]["field"]) == (1, "sub-account")


def test_alerts_are_added_edited_listed_and_removed(account: Account) -> None:
    email = "ops@example.com"
    made = account("alerts", "add", email, "--at", "75").json["added"]
    assert made == {"id": made["id"], "email": email, "percentage": 75} and int(made["id"]) > 2**53
    assert made in account("alerts", "list").json["alerts"]
    edited = account("alerts", "edit", made["id"], "--at", "0").json
    assert (edited["before"], edited["after"]) == (made, {**made, "percentage": 0})
    assert account("alerts", "edit", made["id"]).code == 2
    assert account("alerts", "remove", made["id"]).code == 2
    gone = account("alerts", "remove", made["id"], "--yes").json
    assert gone == {"removed": {**made, "percentage": 0}}
    assert made["id"] not in account("alerts", "list").out
    answer = account("alerts", "remove", made["id"], "--yes")
    assert (answer.code, answer.json["error"]["field"]) == (1, "id")
    assert account("alerts", "add", email, "--at", "101").code == 2
    assert account("alerts", "add", "nonsense", "--at", "1").json["error"]["field"] == "email"


def test_who_has_no_such_thing_says_so(cli: Run, ready: Ready) -> None:
    sendpost, relay = added(cli, ready, "sendpost"), added(cli, ready, "smtp")
    named = sendpost("subaccounts", "list").json["sub_accounts"][0]
    shown = sendpost("subaccounts", "show", named["name"])
    nothing = dict.fromkeys(("contact", "policy_agreed", "plan"))
    turbosmtp = added(cli, ready, "turbosmtp-v2")
    assert shown.json == {"sub_account": named, **nothing}
    assert ready["sendpost"]["subaccount_key"] not in shown.out
    for answer in (
        sendpost("subaccounts", "suspend", named["id"], "--yes"),
        sendpost("subaccounts", "resume", named["id"]),
        sendpost("subaccounts", "limit", named["id"], "5"),
        turbosmtp("subaccounts", "remove", "shop@example.com", "--yes"),
        relay("subaccounts", "create", "--name", "x"),
        sendpost("alerts", "list"),
        relay("subaccounts", "show", "x"),
        relay("alerts", "add", "ops@example.com", "--at", "1"),
    ):
        assert (answer.code, answer.json["error"]["kind"]) == (1, "not-offered"), json.dumps(answer.json)


def test_at_sendpost_one_is_made_of_a_name_renamed_and_removed(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "sendpost")
    made = account("subaccounts", "create", "--name", "Spring fair")
    assert made.code == 0, made.out + made.err
    id = made.json["created"]
    assert made.json == {"created": id, "email": "", "name": "Spring fair"}
    assert account("subaccounts", "create", "--name", "spring FAIR").json["error"]["field"] == "name"

    renamed = account("subaccounts", "edit", "Spring fair", "--name", "Autumn fair").json
    assert (renamed["sub_account"], renamed["before"]["name"]) == (id, "Spring fair")
    assert renamed["after"] == {**renamed["before"], "name": "Autumn fair"}
    assert account("subaccounts", "show", id).json["sub_account"]["name"] == "Autumn fair"
    for words in ((), ("--name", "x", "--city", "Torino")):
        assert account("subaccounts", "edit", id, *words).code == 2
    for words, field in ((("--city", "Torino"), "city"), (("--name", " "), "name"), (("--ip", "::1"), "ip")):
        answer = account("subaccounts", "edit", id, *words)
        assert (answer.code, answer.json["error"]["field"]) == (1, field)

    asked = account("subaccounts", "remove", id)
    assert asked.json["error"]["says"] == "It is gone for good then, with its keys; say --yes."
    gone = account("subaccounts", "remove", id, "--yes").json["removed"]
    assert (gone["id"], gone["name"]) == (id, "Autumn fair")
    assert "Autumn fair" not in account("subaccounts", "list").out
    kept = account("subaccounts", "remove", "117", "--yes")
    assert (kept.code, kept.json["error"]["field"]) == (1, "id")

    account("profile", "guard", account.name, "--viewer")
    for words in (("create", "--name", "x"), ("edit", "117", "--name", "x"), ("remove", "118", "--yes")):
        refused = account("subaccounts", *words)
        assert (refused.code, refused.json["error"]["kind"]) == (1, "guarded"), refused.out


def test_whose_a_sub_account_is_is_changed_and_the_rest_stays(account: Account) -> None:
    changed = account("subaccounts", "edit", "shop@example.com", "--city", "Torino").json
    assert changed["after"] == {**changed["before"], "city": "Torino"}
    run, before = account.cli, ("--profile", account.name)
    words = ("subaccounts", "edit", "shop@example.com", "--city", changed["before"]["city"])
    told = run(*words, env=account.env, before=before)
    assert told.out == f"City: {changed['before']['city'] or 'none'} now; it was Torino.\n"
    assert run(*words, env=account.env, before=before).out == "shop@example.com is as it was.\n"
    named = account("subaccounts", "edit", "shop@example.com", "--name", "Shop")
    assert (named.code, named.json["error"]["field"]) == (1, "name")


def test_an_agency_is_shown_and_changed(account: Account) -> None:
    before = account("subaccounts", "agency").json["agency"]
    changed = account("subaccounts", "agency", "--name", "Ours").json
    assert changed == {"agency": {**before, "name": "Ours"}, "before": before}
    assert account("subaccounts", "agency").json == {"agency": changed["agency"]}
    told = account.cli("subaccounts", "agency", env=account.env, before=("--profile", account.name))
    assert "Ours" in told.out and "none" in told.out
    wrong = account("subaccounts", "agency", "--website", "x" * 129)
    assert (wrong.code, wrong.json["error"]["field"]) == (1, "website")


WRITES = {
    "agency": ("subaccounts", "agency", "--name", "Viewer"),
    "limit": ("subaccounts", "limit", "shop@example.com", "1"),
    "suspend": ("subaccounts", "suspend", "shop@example.com", "--yes"),
    "resume": ("subaccounts", "resume", "shop@example.com"),
    "add": ("alerts", "add", "viewer@example.com", "--at", "1"),
}


def test_a_viewer_looks_and_changes_nothing(account: Account) -> None:
    before = account("subaccounts", "list").json, account("alerts", "list").json
    account("profile", "guard", account.name, "--viewer")
    for words in WRITES.values():
        refused = account(*words)
        assert (refused.code, refused.json["error"]["kind"]) == (1, "guarded"), refused.out
    assert create(account, *person("viewer@example.com")).json["error"]["kind"] == "guarded"
    assert (account("subaccounts", "list").json, account("alerts", "list").json) == before
