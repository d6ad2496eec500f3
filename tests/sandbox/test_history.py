"""The sample history: believable, consistent, the same every time, of any size."""

from __future__ import annotations

import re
import sqlite3
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from turbodesk.sandbox.fate import HARD_WORDS, SOFT_WORDS
from turbodesk.sandbox.history import history
from turbodesk.sandbox.state import State
from turbodesk.sandbox.tables import id_at, moment_ms

from .conftest import NOON

EVER = {"since_ms": 0, "until_ms": 10**14}


def test_it_has_exactly_as_many_rows_as_asked_for() -> None:
    for rows in (0, 1, 7, 60, 999, 3_000):
        assert sum(1 for _ in history(rows, now=NOON)) == rows
    assert sum(1 for _ in history(5_000, now=NOON, days=1)) == 5_000


def test_it_is_the_same_every_time() -> None:
    assert list(history(500, now=NOON)) == list(history(500, now=NOON))


def test_it_lies_in_its_days_and_ends_now() -> None:
    rows = list(history(3_000, now=NOON, days=90))
    times = [row.at_ms / 1000 for row in rows]
    assert times == sorted(times)
    assert NOON - 90 * 86_400 <= times[0] < NOON - 86 * 86_400
    assert NOON - 120 <= times[-1] < NOON
    assert all(row.at_ms < row.event_ms < NOON * 1000 for row in rows if row.fate.list)


def test_it_has_a_weekly_rhythm_of_mailings() -> None:
    rows = list(history(3_000, now=NOON))
    days = Counter(datetime.fromtimestamp(row.at_ms / 1000, UTC).strftime("%a") for row in rows)
    assert min(days["Tue"], days["Thu"]) > 2 * max(days["Sat"], days["Sun"])
    subjects = Counter(row.subject for row in rows)
    assert sum(count > 30 for count in subjects.values()) > 5
    assert len({row.recipient for row in rows}) > 300
    assert all(re.search(r"@([a-z]+\.)?example\.(com|org|net)$", row.recipient) for row in rows)


def test_its_shares_are_believable() -> None:
    rows = list(history(20_000, now=NOON))
    share = {status: count / len(rows) for status, count in Counter(row.fate.status for row in rows).items()}
    assert 0.015 < share["FAIL"] < 0.025
    assert 0 < share["REPORT"] < 0.003
    assert 0 < share["UNSUB"] < 0.01
    assert 0.2 < share["OPEN"] < 0.5
    assert 0.03 < share["CLICK"] < 0.2
    assert {"NEW", "DEFER", "SYSFAIL", "SUCCESS"} <= set(share)
    bounces = [row.fate for row in rows if row.fate.status == "FAIL"]
    assert 0.5 < sum(fate.hard for fate in bounces) / len(bounces) < 0.7
    assert len({(fate.error or "")[:12] for fate in bounces}) > 12


def test_words_of_bounces_say_what_they_are() -> None:
    for words, class_ in ((HARD_WORDS, "5"), (SOFT_WORDS, "4")):
        for said in words:
            assert re.search(rf"\b{class_}(\d\d|\.\d{{1,3}}\.\d{{1,3}})\b", said), said


def test_lists_agree_with_statuses(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    State(data, history_rows=5_000).close()
    with sqlite3.connect(data) as db:
        pairs = Counter(db.execute("SELECT status, list FROM email JOIN report ON report.sent = email.id"))
        statuses = Counter(row[0] for row in db.execute("SELECT status FROM email"))
    db.close()
    assert pairs == {
        ("FAIL", "bounce"): statuses["FAIL"],
        ("REPORT", "spam"): statuses["REPORT"],
        ("UNSUB", "unsub"): statuses["UNSUB"],
    }


def test_a_file_keeps_the_history_it_has(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    for rows in (200, 500, None, 0):
        state = State(data, history_rows=rows)
        assert len(state.emails(**EVER)) == 200
        state.close()


def test_an_id_carries_its_time() -> None:
    assert datetime.fromtimestamp(moment_ms(1475205839938715648) / 1000, UTC).isoformat()[:19] == (
        "2021-02-22T19:01:20"
    )
    assert moment_ms(id_at(1_700_000_000_123)) == 1_700_000_000_123


@pytest.mark.prove
def test_a_million_rows_in_well_under_a_minute(tmp_path: Path) -> None:
    began = time.monotonic()
    state = State(tmp_path / "sandbox.sqlite", history_rows=1_000_000)
    assert time.monotonic() - began < 45
    every = state.emails(**EVER)
    assert len(every) == 1_000_000
    assert list(every) == sorted(set(every))
    bounces = state.emails(**EVER, statuses=["FAIL"])
    assert 15_000 < len(bounces) < 25_000
    hard, soft = (state.reports("bounce", hard, **EVER) for hard in (True, False))
    assert len(hard) + len(soft) == len(bounces)
    assert len(state.reports("spam", None, **EVER)) == len(state.emails(**EVER, statuses=["REPORT"]))
    assert len(state.reports("unsub", None, **EVER)) == len(state.emails(**EVER, statuses=["UNSUB"]))
    state.close()
