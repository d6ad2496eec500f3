"""The outbox on the command line: what waits, what is unknown, and that nothing of it goes twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Account, Ready, Run, added, environment
from tests.services.scripted import message
from turbodesk.services.batches import BatchPlan
from turbodesk.workplace import Workplace

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a program without telling it")
ME = ("--from", "me@example.com", "--text", "Hello")


@pytest.fixture
def shop(cli: Run, ready: Ready) -> Account:
    return added(cli, ready, "turbosmtp-v2")


def started(account: Account, home: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "turbodesk.cli", "--config-dir", str(home / "config")),
            *("--profile", account.name, *words, "--json"),
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(home, **account.env),
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> tuple[int, Any, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, json.loads(out), err


def caught(account: Account, subject: str) -> Counter[str]:
    """How often the sandbox has a mail of that subject for each address."""
    mails = account("inbox", "list").json["messages"]
    return Counter(it["address"] for mail in mails if mail["subject"] == subject for it in mail["recipients"])


def later(account: Account, subject: str, to: str = "you@example.org") -> Any:
    sent = account("send", *ME, "--to", to, "--subject", subject, "--at", "2090-12-01 09:00")
    assert sent.code == 0, sent.err
    assert "if Turbodesk is running then" in sent.err
    return sent.json


def batch_of(account: Account, home: Path, addresses: list[str], subject: str, **plan: Any) -> str:
    """A batch that is written down and waits; its id."""

    async def go() -> str:
        async with Workplace(home / "config", environment=account.env) as place:
            desk = await place.desk(account.name)
            try:
                rows = [(n, message(it, subject)) for n, it in enumerate(addresses, 1)]
                outbox, batches = await place.outbox(desk), await place.batches()
                return (await batches.start(outbox, BatchPlan("list.csv", len(rows), **plan), rows)).id
            finally:
                await desk.aclose()

    return asyncio.run(go())


def test_a_send_is_shown_with_its_story_by_the_beginning_of_its_id_or_its_key(shop: Account) -> None:
    sent = shop("send", *ME, "--to", "you@example.org", "--subject", "Story").json
    for name in (sent["id"], sent["id"][:14], sent["key"]):
        shown = shop("outbox", "show", name).json
        assert shown["id"] == sent["id"]
        assert [it["what"] for it in shown["story"]][:2] == ["Written down", "Sending began"]
        assert shown["recipients"][0]["outcome"] == "accepted"
    text = shop.cli("outbox", "show", sent["id"][:14]).out
    assert "Subject: Story" in text and "you@example.org" in text and "Sending began" in text
    later(shop, "Another")
    several = shop("outbox", "show", "td-")
    assert several.code == 1 and "several" in several.json["error"]["says"]
    assert shop("outbox", "show", "nothing").json["error"]["field"] == "id"


def test_the_list_has_those_of_the_profile_of_one_state_of_one_batch(shop: Account, tmp_path: Path) -> None:
    accepted = shop("send", *ME, "--to", "you@example.org", "--subject", "One").json["id"]
    waits = later(shop, "Two")["id"]
    batch = batch_of(shop, tmp_path, ["a@example.org", "b@example.org"], "Three")

    def ids(*words: str) -> list[str]:
        return [it["id"] for it in shop("outbox", "list", *words).json["outbox"]]

    assert ids() == [waits, accepted]
    assert ids("--state", "accepted") == [accepted]
    rows = shop("outbox", "list", "--batch", batch[:8]).json["outbox"]
    assert [(it["row"], it["hold"], it["batch"]) for it in rows] == [(1, "batch", batch), (2, "batch", batch)]
    assert set(ids("--state", "queued")) == {waits, *(it["id"] for it in rows)}
    elsewhere = shop.cli("outbox", "list", "--json", before=("--profile", "sandbox"))
    assert elsewhere.json == {"outbox": []}
    everywhere = shop.cli("outbox", "list", "--all-profiles", "--json", before=("--profile", "sandbox"))
    assert [it["id"] for it in everywhere.json["outbox"]] == [waits, accepted]
    assert "goes at 2090-12-01 09:00:00" in shop.cli("outbox", "list").out


def test_what_waits_is_cancelled_and_it_is_said_what_it_was(shop: Account, tmp_path: Path) -> None:
    one, two = later(shop, "Spring letter"), later(shop, "Other")
    assert (one["state"], one["hold"]) == ("queued", "time")
    at = datetime.fromisoformat(one["not_before"])
    assert at == datetime(2090, 12, 1, 9).astimezone()
    told = shop.cli("outbox", "cancel", one["id"])
    assert told.code == 0
    assert "“Spring letter” to you@example.org, queued, goes at 2090-12-01 09:00:00" in told.out
    again = shop("outbox", "cancel", one["id"], two["key"])
    assert again.code == 5, "one was over already"
    assert [it["subject"] for it in again.json["cancelled"]] == ["Other"]
    assert [it["kind"] for it in again.json["errors"]] == ["store"]
    assert {it["state"] for it in shop("outbox", "list").json["outbox"]} == {"cancelled"}
    batch = batch_of(shop, tmp_path, ["a@example.org", "b@example.org"], "Never")
    assert shop("outbox", "cancel", batch[:9]).json["cancelled"][0]["counts"] == {"cancelled": 2}
    assert shop("outbox", "resume", batch).code == 1
    for subject in ("Spring letter", "Other", "Never"):
        assert not caught(shop, subject)


def test_a_time_is_read_with_its_zone_and_one_that_is_over_is_told(shop: Account) -> None:
    words = ("send", *ME, "--to", "you@example.org", "--at")
    assert shop(*words, "2090-12-01T09:00+02:00").json["not_before"] == "2090-12-01T07:00:00Z"
    far = ("9999-12-31 23:59", "0001-01-01 00:00")
    for wrong in ("2020-01-01 09:00", "soon", "2090-12-01", "2090-13-01 09:00", *far):
        answer = shop(*words, wrong)
        assert (answer.code, answer.json["error"]["kind"]) == (2, "usage")
    assert shop(*words, "2090-12-01 09:00", "--undo", "5").code == 2


def test_what_a_relay_lost_stays_unknown_until_a_person_decides(cli: Run, ready: Ready) -> None:
    relay = added(cli, ready, "smtp")
    for subject in ("Lost", "Known"):
        lost = relay("send", *ME, "--to", "drop@example.org", "--subject", subject)
        assert (lost.code, lost.json["state"]) == (6, "unknown")
    settled = relay("outbox", "settle")
    assert settled.code == 6
    assert {it["look_up"]["trace"] for it in settled.json["outbox"]} == {"cannot"}
    known, first = (it["id"] for it in settled.json["outbox"][::-1])
    refused = relay("outbox", "resend", first)
    assert (refused.code, refused.json["error"]["kind"]) == (6, "outcome-unknown")
    assert caught(relay, "Lost") == {"drop@example.org": 1}
    closed = relay("outbox", "close", known)
    assert (closed.code, closed.json["state"], closed.json["settled_by"]) == (0, "accepted", "person")
    assert caught(relay, "Known") == {"drop@example.org": 1}
    twice = relay("outbox", "resend", first, "--may-arrive-twice")
    assert (twice.code, twice.json["state"]) == (6, "unknown")
    assert caught(relay, "Lost") == {"drop@example.org": 2}
    assert relay("outbox", "resend", known).code == 1, "what was taken is not sent again"
    assert relay("outbox", "close", first).code == 0
    assert relay("outbox", "settle").json == {"outbox": [], "errors": []}


def test_what_the_provider_has_is_found_and_settled(shop: Account) -> None:
    lost = shop("send", *ME, "--to", "drop@example.org", "--subject", "Found")
    assert lost.json["state"] == "unknown"
    settled = shop("outbox", "settle", lost.json["key"])
    assert settled.code == 0, settled.out + settled.err
    (entry,) = settled.json["outbox"]
    assert (entry["state"], entry["settled_by"]) == ("accepted", "look-up")
    assert entry["look_up"]["trace"] == "found"
    assert caught(shop, "Found") == {"drop@example.org": 1}


@posix
@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_within_its_undo_time_it_is_taken_back(shop: Account, tmp_path: Path, name: signal.Signals) -> None:
    words = ("send", *ME, "--to", "you@example.org", "--subject", "Oh", "--undo", "30")
    process = started(shop, tmp_path, *words)
    assert process.stderr is not None
    assert process.stderr.readline() == "It leaves in 30 s; Ctrl+C takes it back.\n"
    waiting = shop("outbox", "list").json["outbox"]
    assert [(it["state"], it["hold"]) for it in waiting] == [("queued", "undo")]
    process.send_signal(name)
    code, document, _ = ended(process)
    assert (code, document["state"]) == (130, "cancelled")
    assert not caught(shop, "Oh")


def test_once_its_undo_time_is_over_it_goes_once(shop: Account) -> None:
    sent = shop("send", *ME, "--to", "you@example.org", "--subject", "Gone", "--undo", "1")
    assert (sent.code, sent.json["state"]) == (0, "accepted")
    assert caught(shop, "Gone") == {"you@example.org": 1}


def test_what_is_due_is_sent_without_a_window(shop: Account, tmp_path: Path) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    words = ("send", *ME, "--to", "you@example.org", "--at", soon)
    assert shop(*words, "--subject", "Due").json["state"] == "queued"
    both = [started(shop, tmp_path, "outbox", "run", "--until-empty") for _ in range(2)]
    ends = [ended(it) for it in both]
    assert [code for code, _, _ in ends] == [0, 0], [err for _, _, err in ends]
    assert caught(shop, "Due") == {"you@example.org": 1}
    assert "accepted: “Due” to you@example.org." in "".join(err for _, _, err in ends)


@posix
def test_who_sends_what_is_due_ends_when_told_to_stop(shop: Account, tmp_path: Path) -> None:
    process = started(shop, tmp_path, "outbox", "run")
    assert process.stderr is not None
    assert "Ctrl+C ends it" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert ended(process)[:2] == (0, {"counts": {}})


def test_a_locked_profile_is_confirmed_by_the_number(shop: Account, tmp_path: Path) -> None:
    assert shop("profile", "guard", shop.name, "--locked").code == 0
    six = ("send", *ME, "--subject", "Six", "--to", ",".join(f"a{n}@example.org" for n in range(6)))
    asked = shop(*six)
    assert (asked.code, asked.json["error"]["kind"]) == (1, "confirm-first")
    assert "--confirm 6" in asked.json["error"]["hint"]
    assert shop(*six, "--confirm", "5").code == 1
    assert shop("outbox", "list").json == {"outbox": []}
    assert shop(*six, "--confirm", "6").code == 0
    assert sum(caught(shop, "Six").values()) == 6


@posix
@pytest.mark.parametrize(("typed", "code"), [("51", 0), ("50", 1)])
def test_at_a_terminal_the_number_is_typed(shop: Account, tmp_path: Path, typed: str, code: int) -> None:
    assert shop("profile", "guard", shop.name, "--locked").code == 0
    to, subject = ",".join(f"a{n}@example.org" for n in range(51)), f"Typed {typed}"
    terminal, its_end = os.openpty()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "turbodesk.cli", "--config-dir", str(tmp_path / "config")),
            *("--profile", shop.name, "send", *ME, "--subject", subject, "--to", to, "--json"),
        ],
        stdin=its_end, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(tmp_path, **shop.env),
    )  # fmt: skip
    os.close(its_end)
    os.write(terminal, f"{typed}\n".encode())
    out, err = process.communicate(timeout=60)
    os.close(terminal)
    assert process.returncode == code, out + err
    assert "Type 51 to send it" in err
    assert sum(caught(shop, subject).values()) == (51 if code == 0 else 0)


def test_two_programs_at_once_never_send_the_same_row(shop: Account, tmp_path: Path) -> None:
    addresses = [f"row{n}@example.org" for n in range(12)]
    batch = batch_of(shop, tmp_path, addresses, "Once", concurrency=3)
    first = shop("outbox", "list", "--batch", batch).json["outbox"][0]["id"]
    all_at_once = [
        *(started(shop, tmp_path, "outbox", "resend", first) for _ in range(2)),
        *(started(shop, tmp_path, "outbox", "resume", batch) for _ in range(2)),
    ]
    codes = [ended(it)[0] for it in all_at_once]
    assert set(codes) <= {0, 1, 5} and 0 in codes
    shown = shop("outbox", "batches").json["batches"][0]
    assert (shown["state"], shown["counts"]) == ("done", {"accepted": 12})
    assert caught(shop, "Once") == dict.fromkeys(addresses, 1)


@posix
def test_a_batch_is_paused_by_another_program_and_resumed(shop: Account, tmp_path: Path) -> None:
    addresses = [f"slowly{n}@example.org" for n in range(8)]
    batch = batch_of(shop, tmp_path, addresses, "Paced", per_second=2.0, concurrency=1)
    running = started(shop, tmp_path, "outbox", "resume", batch)
    assert running.stderr is not None
    running.stderr.readline()  # the first tenth is through
    assert shop("outbox", "pause", batch[:10]).json["state"] == "paused"
    code, document, err = ended(running)
    assert (code, document["state"]) == (5, "paused")
    assert f"outbox resume {batch[:8]}" in err
    assert 0 < document["finished"] < 8
    assert sum(caught(shop, "Paced").values()) == document["finished"]
    going_on = started(shop, tmp_path, "outbox", "resume", batch)
    assert going_on.stderr is not None
    going_on.stderr.readline()
    going_on.send_signal(signal.SIGINT)
    code, document, err = ended(going_on)
    assert (code, document["state"]) == (130, "paused")
    assert f"outbox resume {batch[:8]}" in err
    assert shop("outbox", "cancel", batch).code == 0
    assert sum(caught(shop, "Paced").values()) == document["finished"]
