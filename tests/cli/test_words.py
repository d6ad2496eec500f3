"""Exit codes, documents and messages of the command line, and what it must not load."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Run, environment
from turbodesk.cli import commands, run
from turbodesk.model.account import SANDBOXES


def test_importing_the_command_line_loads_no_qt_and_nothing_slow() -> None:
    code = (
        "import sys, turbodesk.cli; "
        "print([m for m in ('PySide6', 'qasync', 'httpx', 'keyring', 'sqlite3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("send", "--from", "nobody", "--to", "a@example.com", "--text", "x"), "from"),
        (("send", "--from", "a@example.com", "--text", "x"), "to"),
        (("send", "--from", "a@example.com", "--to", "tom@example,com", "--text", "x"), "to"),
        (
            (
                "send",
                "--from",
                "a@example.com",
                "--to",
                "a@example.com",
                "--subject",
                "a\nBcc: b",
                "--text",
                "x",
            ),
            "subject",
        ),
        (
            (
                "send",
                "--from",
                "a@example.com",
                "--to",
                "a@example.com",
                "--subject",
                "s" * 701,
                "--text",
                "x",
            ),
            "subject",
        ),
        (
            ("send", "--from", "a@example.com", "--to", "a@example.com", "--header", "X A=1", "--text", "x"),
            "headers",
        ),
        (
            (
                "send",
                "--from",
                "a@example.com",
                "--to",
                "a@example.com",
                "--header",
                "X-A=1\r\n2",
                "--text",
                "x",
            ),
            "headers",
        ),
        (
            (
                "send",
                "--from",
                "a@example.com",
                "--to",
                "a@example.com",
                "--attach",
                "missing.txt",
                "--text",
                "x",
            ),
            "attachments",
        ),
        (
            ("send", "--from", "a@example.com", "--to", "a@example.com", "--attach", ".", "--text", "x"),
            "attachments",
        ),
        (("send", "--from", "a@example.com", "--to", "a@example.com", "--html-file", "missing.html"), "body"),
    ],
)
def test_a_wrong_draft_names_its_field_and_sends_nothing(
    cli: Run, words: tuple[str, ...], field: str
) -> None:
    answer = cli(*words, "--json")
    assert answer.code == 1
    error = answer.json["error"]
    assert (error["kind"], error["field"]) == ("invalid-draft", field)
    assert error["says"]
    assert error["hint"]
    assert cli("outbox", "list", "--json").json == {"outbox": []}


def test_a_wrong_word_is_a_usage_error(cli: Run) -> None:
    answer = cli("reports", "list", "--type", "nonsense", "--json")
    assert answer.code == 2
    assert answer.json["error"]["kind"] == "usage"
    assert cli("reports", "list", "--since", "soon").code == 2
    assert cli("reports", "list", "--since", "7d", "--all-time").code == 2
    assert cli("reports", "delete", "--all", "--yes").code == 2


def test_a_profile_that_is_not_there(cli: Run) -> None:
    answer = cli("account", "show", "--json", before=("--profile", "shop"))
    assert answer.code == 1
    assert "shop" in answer.json["error"]["says"]


ADD = ("profile", "add", "shop", "--provider", "turbosmtp-v1", "--user", "owner@example.com")


def test_without_a_keyring_a_profile_is_kept_without_its_password(cli: Run, tmp_path: Path) -> None:
    added = cli(*ADD, "--json", stdin="Marked-Secret-7351\n")
    assert added.code == 0, added.err
    assert added.json["secret_kept"] is False
    assert "password" in added.err.lower()
    listed = cli("profile", "list", "--json").json["profiles"]
    assert [profile["name"] for profile in listed] == ["shop", *SANDBOXES]
    refused = cli("account", "show", "--json", before=("--profile", "shop"))
    assert refused.code == 3
    assert refused.json["error"]["kind"] == "not-signed-in"
    everything = [path.read_bytes() for path in (tmp_path / "config").rglob("*") if path.is_file()]
    assert everything
    assert not any(b"Marked-Secret-7351" in content for content in everything)
    assert "Marked-Secret-7351" not in added.out + added.err + refused.out + refused.err
    assert cli("profile", "remove", "shop", "--json").json == {"removed": "shop"}
    assert [it["name"] for it in cli("profile", "list", "--json").json["profiles"]] == list(SANDBOXES)


@pytest.mark.parametrize(
    "url", ["http://mail.example.com", "https://user:pw@example.com", "https://x/y", "ftp://x"]
)
def test_an_address_that_is_no_https_origin_is_refused(cli: Run, url: str) -> None:
    answer = cli(*ADD, "--send-url", url, "--json", stdin="x\n")
    assert answer.code == 1
    assert answer.json["error"]["kind"] == "invalid-draft"


def test_a_host_that_is_not_there_is_a_network_error_and_the_mail_waits(cli: Run) -> None:
    urls = ("--dashboard-url", "http://127.0.0.1:9", "--send-url", "http://127.0.0.1:9")
    assert cli(*ADD, *urls, stdin="").code == 0
    there = {"env": {"TURBODESK_SECRET_PASSWORD": "x"}, "before": ("--profile", "shop")}
    assert cli("account", "show", "--json", **there).code == 4
    send = ("send", "--from", "a@example.com", "--to", "b@example.com", "--text", "x", "--json")
    held = cli(*send, **there)
    assert held.code == 4
    assert held.json["state"] == "queued"
    assert held.json["error"]["kind"] == "no-connection"


def test_a_sandbox_in_another_process_does_the_same(cli: Run, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    served = subprocess.Popen(
        [sys.executable, "-m", "turbodesk.cli", "sandbox", "serve", "--ready-file", str(ready)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(tmp_path),
    )
    try:
        assert served.stdout is not None
        said = json.loads(served.stdout.readline())
        assert json.loads(ready.read_text()) == said
        v1 = said["turbosmtp_v1"]
        urls = ("--dashboard-url", v1["dashboard_url"], "--send-url", v1["send_url"])
        add = ("profile", "add", "other", "--provider", "turbosmtp-v1", "--user", v1["user"])
        assert cli(*add, *urls, "--inbox-url", said["inbox_url"], stdin="").code == 0
        secrets = {"TURBODESK_SECRET_PASSWORD": v1["password"]}
        there = {"env": secrets, "before": ("--profile", "other")}
        send = ("send", "--from", "a@example.com", "--to", "softbounce@example.org", "--text", "x", "--json")
        assert cli(*send, **there).json["state"] == "accepted"
        found = cli("reports", "list", "--type", "softbounce", "--json", **there).json["reports"]
        assert found[0]["email"] == "softbounce@example.org"
        refused = cli("inbox", "list", "--json", **there)
        assert (refused.code, "TURBODESK_SECRET_SANDBOX_TOKEN" in refused.out) == (3, True)
        secrets["TURBODESK_SECRET_SANDBOX_TOKEN"] = said["control_token"]
        assert len(cli("inbox", "list", "--json", **there).json["messages"]) == 1
        wrong = {"env": {"TURBODESK_SECRET_PASSWORD": "wrong"}, "before": ("--profile", "other")}
        assert cli("account", "show", "--json", **wrong).code == 3
        held = cli(*send, **wrong)
        assert held.code == 3
        assert held.json["state"] == "queued"
    finally:
        served.terminate()
        assert served.wait(10) == 0
        assert served.stdout is not None
        served.stdout.close()


def test_people_get_tables_and_programs_get_one_document(cli: Run) -> None:
    people = cli("tools", "show")
    assert people.out.splitlines()[0].split() == ["Tool", "State", "Fixed", "by", "the", "provider"]
    assert cli("outbox", "list").out.strip() == "None."
    programs = cli("stats", "count", "--since", "90d", "--json")
    assert programs.json["count"] > 2000


def test_a_fault_of_ours_is_one_document_and_quotes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(commands, "main", fail)
    assert run(["outbox", "list", "--json"]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["error"]["kind"] == "fault"
    assert "RuntimeError" in told.err
    assert "hunter2" not in told.out + told.err


def test_a_problem_is_told_once(cli: Run) -> None:
    answer = cli("send", "--from", "a@example.com", "--to", "x")
    assert answer.err.splitlines() == [
        "x is no address: it needs exactly one @.",
        "Nothing was sent; 1 more to mend.",
        "body: The message is empty: write a text, or attach a file.",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to hear there")
@pytest.mark.parametrize("ignored", [False, True])
def test_sigterm_cancels_a_send_as_ctrl_c_does(cli: Run, tmp_path: Path, ignored: bool) -> None:
    """Also where a shell has Ctrl+C ignored, as it does for what it starts in the background."""
    send = ["send", "--from", "a@example.com", "--to", "slow@example.com", "--text", "x", "--json"]
    command = [sys.executable, "-m", "turbodesk.cli", "--config-dir", str(tmp_path / "config"), *send]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if ignored else None
    try:
        sending = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(tmp_path)
        )
    finally:
        if ignored:
            signal.signal(signal.SIGINT, before)
    deadline = time.monotonic() + 30
    while "sending" not in states(tmp_path / "config") and time.monotonic() < deadline:
        time.sleep(0.05)
    sending.terminate()
    out, err = sending.communicate(timeout=30)
    assert (sending.returncode, json.loads(out)["error"]["kind"]) == (130, "cancelled"), err
    assert "Traceback" not in err
    (entry,) = cli("outbox", "list", "--json").json["outbox"]
    assert entry["state"] in ("unknown", "queued") and "cancelled" in entry["reason"]


def states(config: Path) -> list[str]:
    """The states of the ledger's rows, as they stand on disk."""
    try:
        with closing(sqlite3.connect(f"file:{config / 'ledger.sqlite'}?mode=ro", uri=True)) as ledger:
            return [state for (state,) in ledger.execute("SELECT state FROM message")]
    except sqlite3.OperationalError:
        return []


def test_a_cancelled_import_is_told_as_cancelled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def cancelled(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "main", cancelled)
    monkeypatch.setitem(sys.modules, "asyncio", None)
    assert run(["outbox", "list", "--json"]) == 130
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "cancelled"


def test_a_sandbox_file_that_is_none_is_named(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "config" / "sandbox.sqlite").mkdir(parents=True)
    answer = cli("inbox", "list", "--json")
    assert answer.code == 1
    assert answer.json["error"]["kind"] == "store"
    assert "sandbox.sqlite" in answer.json["error"]["says"]


def test_what_steers_a_terminal_is_not_printed() -> None:
    from turbodesk.cli.documents import table

    shown = table(("Words",), [("550 \x1b[2J\x9b31m gone\r\nfor good",)])
    assert shown.splitlines()[1] == "550 \ufffd[2J\ufffd31m gone for good"
