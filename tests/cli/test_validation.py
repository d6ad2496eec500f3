"""`validate` on the command line, over a sandbox in another process."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Account, Ready, Run, added, environment


@pytest.fixture
def account(cli: Run, ready: Ready) -> Account:
    return added(cli, ready, "turbosmtp-v2")


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    rows = [
        "Ann;ann@example.com",
        "Bob;invalid@example.com",
        "Cid;cid@gmial.com",
        "Dan;nobody",
        "Ann;ann@example.com",
    ]
    path.write_text("\n".join(["Name;Email", *rows]))
    return path


def free_left(account: Account) -> int:
    left: int = account("validate", "--credits").json["credits"]["free_left"]
    return left


def test_one_address_is_validated(account: Account) -> None:
    before = free_left(account)
    good, typo = account("validate", "ann@example.com"), account("validate", "ann@gmial.com")
    assert (good.code, good.json["result"]["status"]) == (0, "valid"), good.out
    assert good.json["result"]["mx_found"] is True
    found = typo.json["result"]
    assert (found["status"], found["sub_status"], found["did_you_mean"]) == (
        "invalid",
        "possible_typo",
        "ann@gmail.com",
    )
    assert free_left(account) == before - 2
    refused = account("validate", "nobody")
    assert (refused.code, refused.json["error"]["kind"]) == (1, "invalid-draft")
    assert free_left(account) == before - 2


def test_a_file_is_validated_and_progress_is_told_beside_the_answer(account: Account, people: Path) -> None:
    done = account("validate", "--file", str(people))
    assert done.code == 0, done.out + done.err
    assert [(it["address"], it["status"], it["did_you_mean"]) for it in done.json["results"]] == [
        ("ann@example.com", "valid", ""),
        ("invalid@example.com", "invalid", ""),
        ("cid@gmial.com", "invalid", "cid@gmail.com"),
    ]
    assert done.json["counts"] == {"valid": 1, "invalid": 2}
    assert (done.json["skipped"], done.json["repeated"], done.json["complete"]) == (["nobody"], 1, True)
    assert "3 addresses to validate, 1 repeated" in done.err
    for line in ("Uploading: 100 %", "Validating: 100 %", "Reading: 100 %"):
        assert line in done.err
    id = done.json["list"]["id"]
    listed = {it["id"]: it for it in account("validate", "--lists").json["lists"]}
    assert (listed[id]["total"], listed[id]["done"]) == (3, True)


def test_results_go_into_a_file_and_come_again_from_the_list(account: Account, people: Path) -> None:
    out, theirs = people.with_name("out.csv"), people.with_name("theirs.csv")
    done = account("validate", "--file", str(people), "--out", str(out))
    assert (done.code, done.json["output"]) == (0, str(out)), done.out
    assert "results" not in done.json
    rows = list(csv.reader(out.read_text().splitlines(), delimiter=";"))
    assert [row[:2] for row in rows] == [
        ["Address", "Status"],
        ["ann@example.com", "valid"],
        ["invalid@example.com", "invalid"],
        ["cid@gmial.com", "invalid"],
        ["nobody", "not asked"],
    ]
    before, id = free_left(account), done.json["list"]["id"]
    again = account("validate", "--list", id)
    assert [it["address"] for it in again.json["results"]] == [row[0] for row in rows[1:4]]
    assert account("validate", "--list", id, "--provider-csv", str(theirs)).json["size"] > 0
    assert theirs.read_text().startswith("email,id,status,")
    started = account("validate", "--list", id, "--start")
    assert (started.code, started.json["error"]["kind"]) == (1, "refused")
    assert free_left(account) == before
    assert account("validate", "--list", id, "--delete").code == 2
    assert account("validate", "--list", id, "--delete", "--yes").json == {"deleted": id}
    gone = account("validate", "--list", id)
    assert (gone.code, gone.json["error"]["field"]) == (1, "list")


def test_results_that_cannot_be_written_are_not_lost(account: Account, people: Path) -> None:
    refused = account("validate", "--file", str(people), "--out", str(people.parent / "none" / "out.csv"))
    assert (refused.code, refused.json["error"]["kind"]) == (1, "file")
    id = account("validate", "--lists").json["lists"][0]["id"]
    assert f"`validate --list {id}`" in refused.err


def test_a_list_that_no_credit_is_left_for_is_refused_and_taken_away(
    account: Account, tmp_path: Path
) -> None:
    path = tmp_path / "many.txt"
    path.write_text("".join(f"{number}@example.com\n" for number in range(4_000)))
    lists = account("validate", "--lists").json["lists"]
    refused = account("validate", "--file", str(path))
    assert (refused.code, refused.json["error"]["kind"]) == (1, "refused"), refused.out
    assert "credit" in refused.json["error"]["says"]
    assert account("validate", "--lists").json["lists"] == lists


def test_ctrl_c_leaves_the_list_and_says_how_to_go_on(account: Account, ready: Ready, tmp_path: Path) -> None:
    path = tmp_path / "many.txt"
    path.write_text("".join(f"{number}@example.com\n" for number in range(900)))
    running = subprocess.Popen(
        [
            *(sys.executable, "-m", "turbodesk.cli", "--config-dir", str(tmp_path / "config")),
            *("--profile", account.name, "validate", "--file", str(path), "--json"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tmp_path, **account.env),
    )
    assert running.stderr is not None
    told = []
    for line in running.stderr:
        told.append(line)
        if line.startswith("Validating"):
            running.send_signal(signal.SIGINT)
            break
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, (told, err)
    assert json.loads(out)["error"]["kind"] == "cancelled"
    id = account("validate", "--lists").json["lists"][0]["id"]
    assert f"`validate --list {id}`" in err


def fault(ready: Ready, *faults: dict[str, object]) -> None:
    request = urllib.request.Request(
        f"{ready['inbox_url']}/sandbox/faults",
        json.dumps({"faults": faults}).encode(),
        {"Content-Type": "application/json", "X-Sandbox-Token": ready["control_token"]},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=20):
        pass


@pytest.fixture
def faults(ready: Ready) -> Iterator[Any]:
    yield lambda *some: fault(ready, *some)
    fault(ready)


def test_an_answer_that_is_lost_is_an_unknown_outcome_and_is_paid_once(account: Account, faults: Any) -> None:
    before = free_left(account)
    faults({"kind": "close_after", "match": "/api/v2/emailvalidation/validateEmail"})
    lost = account("validate", "ann@example.com")
    assert (lost.code, lost.json["error"]["kind"]) == (6, "outcome-unknown"), lost.out
    faults()
    assert free_left(account) == before - 1


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("ann@example.com", "--lists"),
        ("ann@example.com", "--out", "x.csv"),
        ("--lists", "--start"),
        ("--list", "1", "--delete", "--start"),
        ("ann@example.com", "--column", "Email"),
    ],
)
def test_words_that_do_not_go_together_ask_nothing(cli: Run, words: tuple[str, ...]) -> None:
    answer = cli("validate", *words, "--json")
    assert (answer.code, answer.json["error"]["kind"]) == (2, "usage")


@pytest.mark.parametrize("provider", ["turbosmtp-v1", "sendpost", "smtp"])
def test_who_does_not_validate_says_so(cli: Run, ready: Ready, provider: str) -> None:
    refused = added(cli, ready, provider)("validate", "ann@example.com")
    assert (refused.code, refused.json["error"]["kind"]) == (1, "not-offered")


def test_a_viewer_pays_nothing_and_looks(account: Account, people: Path) -> None:
    before = free_left(account)
    assert account("profile", "guard", account.name, "--viewer").code == 0
    for words in (("ann@example.com",), ("--file", str(people)), ("--list", "48151", "--delete", "--yes")):
        refused = account("validate", *words)
        assert (refused.code, refused.json["error"]["kind"]) == (1, "guarded"), refused.out
    assert account("validate", "--lists").code == 0
    assert free_left(account) == before
