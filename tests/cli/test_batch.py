"""`send --csv`: one message for each row, looked through first; paused, taken up, and never sent twice."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Account, Answer, Ready, Run, added
from tests.cli.test_outbox_words import caught, ended, posix, started

ME = ("--from", "me@example.com")


@pytest.fixture
def shop(cli: Run, ready: Ready) -> Account:
    return added(cli, ready, "turbosmtp-v2")


def file(tmp_path: Path, *rows: str, header: str = "Email;First name;City") -> str:
    path = tmp_path / "people.csv"
    path.write_text("\n".join((header, *rows)) + "\n")
    return str(path)


def people(tmp_path: Path, count: int, name: str = "row") -> str:
    return file(tmp_path, *(f"{name}{n}@example.org;Ann{n};Rome" for n in range(1, count + 1)))


def csv(account: Account, path: str, subject: str, *words: str, text: str = "Hello") -> Answer:
    return account("send", *ME, "--csv", path, "--subject", subject, "--text", text, *words)


def written_down(account: Account) -> Any:
    return account("outbox", "batches").json["batches"], account("outbox", "list").json["outbox"]


def test_each_row_gets_a_message_of_its_own(shop: Account, tmp_path: Path) -> None:
    path = file(tmp_path, "one@example.org;Ann;Rome", "two@example.org;Ben;Oslo", "ev@example.org;Eve;Bern")
    sent = csv(shop, path, "Dear {{ first_name }}", "--map", "town=City", text="How is {{ town }}?")
    assert sent.code == 0, sent.out + sent.err
    assert (sent.json["state"], sent.json["counts"], sent.json["total"]) == ("done", {"accepted": 3}, 3)
    assert "people.csv: 3 rows, UTF-8, parted by semicolons" in sent.err
    mails = {
        mail["subject"]: shop("inbox", "show", mail["id"]).json
        for mail in shop("inbox", "list").json["messages"]
        if mail["subject"].startswith("Dear ")
    }
    told = {s: ([r["address"] for r in m["recipients"]], m["text"].strip()) for s, m in mails.items()}
    assert told == {
        "Dear Ann": (["one@example.org"], "How is Rome?"),
        "Dear Ben": (["two@example.org"], "How is Oslo?"),
        "Dear Eve": (["ev@example.org"], "How is Bern?"),
    }
    rows = shop("outbox", "list", "--batch", sent.json["id"]).json["outbox"]
    assert [(it["row"], it["subject"], it["state"]) for it in rows] == [
        (1, "Dear Ann", "accepted"), (2, "Dear Ben", "accepted"), (3, "Dear Eve", "accepted"),
    ]  # fmt: skip


def test_what_is_found_is_told_and_such_rows_do_not_go(shop: Account, tmp_path: Path) -> None:
    assert shop("suppressions", "import", "gone@example.org", "--reason", "asked").code == 0
    path = file(
        tmp_path, "one@example.org;A;", "one@example.org;A;", "no address;B;", "gone@example.org;C;",
        "ann@gmial.com;D;", "info@example.org;E;",
    )  # fmt: skip
    sent = csv(shop, path, "Found")
    assert sent.code == 0, sent.out + sent.err
    found = {it["kind"]: (it["effect"], it["rows"]) for it in sent.json["findings"]}
    assert found["duplicate"] == ("skips", [2])
    assert found["syntax"] == ("skips", [3])
    assert found["suppressed"] == ("skips", [4])
    assert found["near-miss"] == ("shown", [5])
    assert found["role"] == ("shown", [6])
    assert "row 5 (gmail.com?)" in sent.err and "row 2 (as row 1)" in sent.err
    assert sent.json["skipped"] == 3
    assert caught(shop, "Found") == dict.fromkeys(("one@example.org", "ann@gmial.com", "info@example.org"), 1)


@pytest.mark.parametrize(
    ("words", "rows", "code", "field"),
    [
        (("--subject", "{{ nothing }}"), ("a@example.org;A;",), 1, "subject"),
        (("--text", "{{ city }"), ("a@example.org;A;",), 1, "body"),
        (("--cc", "boss@example.org"), ("a@example.org;A;",), 1, "cc"),
        ((), ("nobody;A;",), 1, "to"),
        ((), ('a@example.org;"A;',), 1, ""),
        (("--map", "name=Nickname"), ("a@example.org;A;",), 2, ""),
        (("--to", "a@example.org"), ("a@example.org;A;",), 2, ""),
    ],
)
def test_what_stops_it_stops_it_before_anything_is_written_down(
    shop: Account, tmp_path: Path, words: tuple[str, ...], rows: tuple[str, ...], code: int, field: str
) -> None:
    answer = shop("send", *ME, "--text", "Hello", "--csv", file(tmp_path, *rows), *words)
    assert answer.code == code, answer.out + answer.err
    assert answer.json["error"]["field"] == field
    assert written_down(shop) == ([], [])


def test_more_than_the_plans_have_left_does_not_go(cli: Run, ready: Ready, tmp_path: Path) -> None:
    account = added(cli, ready, "turbosmtp-v1")
    sent = csv(account, people(tmp_path, 2), "Quota")
    wanted, left = sent.json["quota"]["wanted"], sent.json["quota"]["left"]
    assert wanted == 2 and f"This uses 2 of {left:,} left." in sent.err
    answer = csv(account, people(tmp_path, left + 1), "Too many")
    assert (answer.code, answer.json["error"]["kind"]) == (1, "guarded")
    batches, _ = written_down(account)
    assert [it["id"] for it in batches] == [sent.json["id"]]


def test_a_locked_profile_is_confirmed_by_the_number_of_rows(shop: Account, tmp_path: Path) -> None:
    assert shop("profile", "guard", shop.name, "--locked").code == 0
    path = people(tmp_path, 7)
    asked = csv(shop, path, "Locked")
    assert (asked.code, asked.json["error"]["kind"]) == (1, "confirm-first")
    assert written_down(shop) == ([], [])
    assert csv(shop, path, "Locked", "--confirm", "7").code == 0
    assert sum(caught(shop, "Locked").values()) == 7


def test_rows_that_are_lost_or_refused_are_in_the_exit_code(shop: Account, tmp_path: Path) -> None:
    lost = csv(shop, file(tmp_path, "a@example.org;;", "drop@example.org;;"), "Lost")
    assert (lost.code, lost.json["counts"]) == (6, {"accepted": 1, "unknown": 1})
    settled = shop("outbox", "settle")
    assert settled.code == 0, settled.out
    assert [it["row"] for it in settled.json["outbox"]] == [2]
    assert caught(shop, "Lost") == {"a@example.org": 1, "drop@example.org": 1}


@posix
def test_ctrl_c_pauses_it_and_it_is_taken_up_where_it_was(shop: Account, tmp_path: Path) -> None:
    words = ("--csv", people(tmp_path, 10, "paused"), "--subject", "Paused", "--text", "Hello")
    process = started(shop, tmp_path, "send", *ME, *words, "--per-second", "4", "--concurrency", "1")
    assert process.stderr is not None
    while "%" not in process.stderr.readline():  # the first tenth is through
        pass
    process.send_signal(signal.SIGINT)
    code, document, err = ended(process)
    assert (code, document["state"]) == (130, "paused"), err
    assert 0 < document["finished"] < 10
    assert f"outbox resume {document['id'][:8]}" in err
    resumed = shop("outbox", "resume", document["id"][:8])
    assert (resumed.code, resumed.json["counts"]) == (0, {"accepted": 10})
    assert caught(shop, "Paused") == {f"paused{n}@example.org": 1 for n in range(1, 11)}


@posix
def test_within_its_undo_time_nothing_of_it_leaves(shop: Account, tmp_path: Path) -> None:
    words = ("--csv", people(tmp_path, 3), "--subject", "Undone", "--text", "Hello", "--undo", "30")
    process = started(shop, tmp_path, "send", *ME, *words)
    assert process.stderr is not None
    while "Ctrl+C takes it back" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGTERM)
    code, document, _ = ended(process)
    assert (code, document["state"], document["counts"]) == (130, "cancelled", {"cancelled": 3})
    assert not caught(shop, "Undone")


def test_what_was_mapped_by_hand_is_remembered(shop: Account, tmp_path: Path) -> None:
    rows = ("a@example.org,b@example.org,Ann",)
    path = file(tmp_path, *rows, header="Work,Home,Who")
    assert csv(shop, path, "Mapped 1", "--map", "address=Home", "--map", "name=Who").code == 0
    assert csv(shop, path, "Mapped 2").code == 0
    assert caught(shop, "Mapped 1") == caught(shop, "Mapped 2") == {"b@example.org": 1}


def test_options_of_a_file_go_with_a_file_alone(shop: Account) -> None:
    for words in (("--map", "name=A"), ("--concurrency", "3"), ("--stop-at", "5"), ("--per-second", "2")):
        answer = shop("send", *ME, "--to", "a@example.org", "--text", "x", *words)
        assert (answer.code, answer.json["error"]["kind"]) == (2, "usage")


def test_rows_that_a_guard_stops_are_told_together_before_anything_is_written(
    shop: Account, tmp_path: Path
) -> None:
    assert shop("profile", "guard", shop.name, "--block", "example.net").code == 0
    path = file(tmp_path, "a@example.org;A;X", "b@example.net;B;X", "c@example.net;C;X")
    for more in ((), ("--dry-run",)):
        stopped = csv(shop, path, "Hello", *more)
        assert stopped.code == 1 and "Rows 2 and 3: the guards" in stopped.json["error"]["says"]
    assert written_down(shop) == ([], [])


def test_what_is_not_over_is_counted_and_what_is_over_is_not_cancelled(shop: Account, tmp_path: Path) -> None:
    sent = csv(shop, file(tmp_path, "a@example.org;A;X", "drop@example.org;B;X"), "Hello")
    assert (sent.code, sent.json["counts"]) == (6, {"accepted": 1, "unknown": 1})
    told = shop.cli("outbox", "batches", env=shop.env, before=("--profile", shop.name)).out
    assert "2 of 2, 1 unknown" in told
    cancelled = shop("outbox", "cancel", sent.json["id"])
    assert cancelled.code != 0 and cancelled.json["cancelled"] == []
    assert "nothing of it waits" in cancelled.json["errors"][0]["says"]


def test_what_was_not_taken_says_that_it_waits(shop: Account) -> None:
    waits = shop("send", *ME, "--to", "ratelimit@example.org", "--subject", "Slow", "--text", "x")
    assert waits.json["state"] == "queued" and f"outbox resend {waits.json['id'][:8]}" in waits.err
    assert "a second letter" in waits.err
