"""The one store beneath all providers: files of before, lists, tracking, campaigns, UUIDs."""

from __future__ import annotations

import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from turbodesk.sandbox.fate import LISTS
from turbodesk.sandbox.post import Part, Post, Recipient, is_verified, may_reach
from turbodesk.sandbox.state import CannotBecome, State, TooFar
from turbodesk.sandbox.suppressing import suppress, suppressed, unsuppress
from turbodesk.sandbox.tables import VERSION, ReportRow, id_of, uuid_of

from .conftest import NOON

EVER: Any = {"since_ms": 0, "until_ms": 10**14}
VERSION_1 = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE token(hash TEXT PRIMARY KEY, expires REAL) WITHOUT ROWID;
CREATE TABLE mail(
    id INTEGER PRIMARY KEY, sender TEXT NOT NULL, sender_name TEXT NOT NULL, subject TEXT NOT NULL,
    recipients INTEGER NOT NULL, attachments INTEGER NOT NULL, size INTEGER NOT NULL, key TEXT NOT NULL,
    headers TEXT NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL, mime BLOB);
CREATE TABLE part(
    mail INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
    content BLOB NOT NULL, content_id TEXT NOT NULL, PRIMARY KEY(mail, position));
CREATE TABLE email(
    id INTEGER PRIMARY KEY, subject TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
    status TEXT NOT NULL, error TEXT, kind TEXT, name TEXT);
CREATE TABLE report(
    cid INTEGER PRIMARY KEY AUTOINCREMENT, list TEXT NOT NULL, hard INTEGER NOT NULL, email TEXT NOT NULL,
    at INTEGER NOT NULL, response TEXT, sent INTEGER NOT NULL);
CREATE INDEX report_by_list ON report(list);
INSERT INTO meta VALUES ('offset', 60.0), ('changes', 3), ('credit', NULL), ('plan_limit', 2500),
    ('clickTracking', 0), ('openingTracking', 1);
INSERT INTO sqlite_sequence VALUES ('report', 323223134);
INSERT INTO mail VALUES (1475205839938715648, 'me@example.com', 'Me', 'Hi', 2, 1, 10, 'k-1',
    '[["X-Note", "kept"]]', 'Hello', '', NULL);
INSERT INTO part VALUES (1475205839938715648, 0, 'a.txt', 'text/plain', X'3132333435', '');
INSERT INTO email VALUES (1475205839938715649, 'Hi', 'me@example.com', 'ann@example.com', 'CLICK', NULL, 'to',
        'Ann'),
    (1475205839938715650, 'Hi', 'me@example.com', 'Hardbounce@example.com', 'FAIL', '550', 'cc', '');
INSERT INTO report(list, hard, email, at, response, sent)
    VALUES ('bounce', 1, 'Hardbounce@example.com', 1614020480000, '550', 1475205839938715650);
PRAGMA user_version = 1;
"""


def of_version_1(data: Path) -> Path:
    with sqlite3.connect(data) as db:
        db.executescript(VERSION_1)
    db.close()
    return data


def memory(**more: Any) -> State:
    return State(history_rows=0, clock=lambda: NOON, **more)


def letter(*recipients: str, **more: Any) -> Post:
    return Post("me@example.com", "", tuple(Recipient("to", to) for to in recipients), "Hi", "Hello", **more)


def entries(state: State) -> list[ReportRow]:
    """Who is on any list, oldest first."""
    return state.report_rows(
        [row[0] for row in state.connection.execute("SELECT cid FROM report ORDER BY cid")]
    )


def listed(state: State, list: str, *emails: str, reason: str = "") -> list[int]:
    with state.writing() as db:
        return suppress(db, state.now_ms(), list, emails, reason)


def taken_off(state: State, *emails: str) -> int:
    with state.writing() as db:
        return unsuppress(db, emails)


def statuses(state: State, post: Post) -> list[str]:
    """What becomes of its recipients, in their order."""
    (mid,) = state.accept([post])
    assert mid is not None
    mail = state.mail(mid)
    assert mail is not None
    return [row.status for row in state.recipients(mail)]


# files of before


def test_a_file_of_version_1_keeps_its_mail(tmp_path: Path) -> None:
    data = of_version_1(tmp_path / "sandbox.sqlite")
    for _ in range(2):
        state = State(data, clock=lambda: NOON)
        (mail,) = state.mails(10, 0)
        post = state.post(mail)
        assert post == Post(
            "me@example.com",
            "Me",
            (Recipient("to", "ann@example.com", "Ann"), Recipient("cc", "Hardbounce@example.com")),
            "Hi",
            "Hello",
            headers=(("X-Note", "kept"),),
            parts=(Part("a.txt", "text/plain", b"12345"),),
            key="k-1",
            track_opens=True,
            track_clicks=True,
        )
        assert [row.campaign for row in state.recipients(mail)] == ["", ""]
        assert len(state.emails(**EVER)) == 2  # and no history on top
        assert state.now() == NOON + 60
        assert not state.tool_enabled("clickTracking")
        (report,) = entries(state)
        assert (report.cid, report.list, report.hard, report.sender) == (
            323223135,
            "bounce",
            True,
            "me@example.com",
        )
        there = suppressed(state.connection, ["HARDBOUNCE@example.com", "ann@example.com"])
        assert there == {"HARDBOUNCE@example.com": "bounce"}
        state.close()


def test_a_file_of_version_1_takes_new_mail(tmp_path: Path) -> None:
    state = State(of_version_1(tmp_path / "sandbox.sqlite"), clock=lambda: NOON)
    assert statuses(state, letter("bob@example.com", campaign="spring")) == ["SUCCESS"]
    assert state.last_emails(1)[0].campaign == "spring"
    state.close()


def test_a_file_of_version_1_opened_by_many_at_once(tmp_path: Path) -> None:
    data = of_version_1(tmp_path / "sandbox.sqlite")

    def opened(_: int) -> int:
        state = State(data)
        count = state.mail_count()
        state.close()
        return count

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(opened, range(8))) == [1] * 8
    with sqlite3.connect(data) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    db.close()


def test_a_file_of_a_newer_version_stays_as_it_is(tmp_path: Path) -> None:
    data = of_version_1(tmp_path / "sandbox.sqlite")
    with sqlite3.connect(data) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    before = data.read_bytes()
    with pytest.raises(OSError, match="a newer version wrote it"):
        State(data)
    assert data.read_bytes() == before


def test_a_new_file_and_a_migrated_one_have_the_same_tables(tmp_path: Path) -> None:
    columns = []
    for data in (of_version_1(tmp_path / "old.sqlite"), tmp_path / "new.sqlite"):
        State(data, history_rows=0).close()
        with sqlite3.connect(data) as db:
            tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master ORDER BY type, name")]
            columns.append(
                [(table, db.execute(f"PRAGMA table_info({table})").fetchall()) for table in tables]
            )
        db.close()
    assert columns[0] == columns[1]


# lists


@pytest.mark.parametrize(
    ("list", "words"),
    [
        ("bounce", "Dropped due to bounced recipient"),
        ("spam", "Dropped due to complaining recipient"),
        ("unsub", "Dropped due to unsubscribed recipient"),
        ("manual", "Dropped due to suppressed recipient"),
        ("validation_failed", "Dropped due to invalid recipient"),
    ],
)
def test_who_is_on_a_list_gets_nothing_where_it_is_heeded(list: str, words: str) -> None:
    state = memory()
    listed(state, list, "Ann@example.com", reason="because")
    post = letter("ann@example.com", "bob@example.com", heeds_suppressions=True)
    assert statuses(state, post) == ["SYSFAIL", "SUCCESS"]
    assert state.email_rows(state.emails(**EVER))[0].error == words
    assert statuses(state, replace(post, heeds_suppressions=False)) == ["SUCCESS", "SUCCESS"]
    assert taken_off(state, "ANN@example.com", "bob@example.com") == 1
    assert statuses(state, post) == ["SUCCESS", "SUCCESS"]
    state.close()


def test_scenario_addresses_play_their_part_whatever_list_they_are_on() -> None:
    state = memory()
    names = ("hardbounce@example.com", "spam@example.com", "click@example.com", "dropped@playwithsendpost.io")
    listed(state, "manual", *names)
    post = letter(*names, heeds_suppressions=True)
    assert statuses(state, post) == ["FAIL", "REPORT", "CLICK", "SYSFAIL"]
    assert state.last_emails(1)[0].error == "554 5.7.1 Message given up before delivery"
    state.close()


def test_soft_bounces_keep_nobody_away() -> None:
    state = memory()
    statuses(state, letter("softbounce@example.com", "ann@example.com"))
    soft = state.reports("bounce", False, **EVER)
    assert len(soft) == 1
    assert suppressed(state.connection, ["softbounce@example.com"]) == {}
    assert taken_off(state, "softbounce@example.com") == 0
    assert state.reports("bounce", False, **EVER) == soft
    state.close()


def test_entries_made_by_hand() -> None:
    state = memory()
    first = listed(state, "manual", "a@example.com", "b@example.com", reason="asked for it")
    again = listed(state, "manual", "B@example.com", "c@example.com", reason="later")
    assert first[1] == again[0]
    assert len({*first, *again}) == 3
    assert listed(state, "spam", "a@example.com")[0] not in first
    assert suppressed(state.connection, ["a@example.com", "B@example.com", "d@example.com"]) == {
        "a@example.com": "spam",
        "B@example.com": "manual",
    }
    (row,) = state.report_rows(first[:1])
    assert (row.list, row.email, row.response, row.at_ms, row.sent, row.sender, row.subject) == (
        "manual", "a@example.com", "asked for it", NOON * 1000, 0, None, None,
    )  # fmt: skip
    assert taken_off(state, "a@example.com") == 2
    assert suppressed(state.connection, ["a@example.com"]) == {}
    state.close()


def test_rows_come_in_the_order_asked_for_without_those_that_are_gone() -> None:
    state = memory()
    statuses(state, letter("hardbounce@a.example.com", "hardbounce@b.example.com", "ann@example.com"))
    ids = [*state.emails(**EVER)]
    assert [row.id for row in state.email_rows([ids[1], 7, ids[2], ids[0]])] == [ids[1], ids[2], ids[0]]
    first, second = state.reports("bounce", True, **EVER)
    assert [row.cid for row in state.report_rows([second, 7, first])] == [second, first]
    state.close()


# the clock


def test_the_clock_ends_where_the_ids_do() -> None:
    state = memory()
    with pytest.raises(TooFar):
        state.advance(50 * 365 * 86_400)
    assert state.now() == NOON
    state.advance(47 * 365 * 86_400)
    assert statuses(state, letter("ann@example.com")) == ["SUCCESS"]
    state.close()


# tracking, campaigns, options


@pytest.mark.parametrize(
    ("opens", "clicks", "wanted"),
    [
        (True, True, ["OPEN", "CLICK"]),
        (True, False, ["OPEN", "SUCCESS"]),
        (False, True, ["SUCCESS", "CLICK"]),
        (False, False, ["SUCCESS", "SUCCESS"]),
    ],
)
def test_nothing_is_seen_of_what_is_not_tracked(opens: bool, clicks: bool, wanted: list[str]) -> None:
    post = letter("open@example.com", "click@example.com")
    state = memory()
    asked = replace(post, track_opens=opens, track_clicks=clicks)
    assert statuses(state, asked) == wanted  # whatever the account's switches
    state.switch_tool("openingTracking", enabled=opens)
    state.switch_tool("clickTracking", enabled=clicks)
    assert statuses(state, post) == wanted
    assert statuses(state, replace(post, track_opens=True, track_clicks=True)) == ["OPEN", "CLICK"]
    kept = state.post(state.mails(3, 0)[1])
    assert (kept.track_opens, kept.track_clicks) == (opens, clicks)
    state.close()


def test_an_event_by_hand_needs_tracking_too() -> None:
    state = memory()
    statuses(state, letter("ann@example.com", track_opens=False, track_clicks=True))
    (row,) = state.last_emails(1)
    with pytest.raises(CannotBecome, match="not tracked"):
        state.happen(row, "open")
    assert state.happen(row, "click").status == "CLICK"
    state.close()


def test_campaign_and_options_come_back() -> None:
    options = {"api": "sendpost", "groups": ["a", "b"], "fields": {"ann@example.com": {"name": "Ä"}}}
    state = memory()
    statuses(state, letter("ann@example.com", campaign="spring", options=options))
    (row,) = state.last_emails(1)
    assert row.campaign == "spring"
    mail = state.mail_of(row)
    assert mail is not None
    kept = state.post(mail)
    assert (kept.campaign, kept.options) == ("spring", {**options, "track_opens": True, "track_clicks": True})
    state.close()


def test_the_send_that_a_message_is_of() -> None:
    state = memory()
    state.add_history(50)
    first, second = state.accept([letter("a@example.com", "b@example.com"), letter("c@example.com")])
    rows = state.last_emails(53)
    assert [mail.id if mail else None for mail in map(state.mail_of, rows[:4])] == [
        second,
        first,
        first,
        None,
    ]
    assert not any(map(state.mail_of, rows[3:]))
    state.close()


# ids, senders


def test_a_uuid_stands_for_an_id_and_for_nothing_else() -> None:
    ids = [0, 1, 2, 1475205839938715648, 1475205839938715649, 2**63 - 1]
    uuids = [uuid_of(id) for id in ids]
    assert len(set(uuids)) == len(ids)
    assert [id_of(uuid) for uuid in uuids] == ids
    assert id_of(uuids[3].upper().replace("-", "")) == ids[3]
    last = uuids[3]
    changed = [
        last[:n] + ("0" if last[n] != "0" else "1") + last[n + 1 :] for n in range(36) if last[n] != "-"
    ]
    assert [id_of(uuid) for uuid in changed] == [None] * 32
    for nonsense in ("", "1475205839938715648", "x" * 36, "00000000-0000-4000-8000-000000000000"):
        assert id_of(nonsense) is None


@pytest.mark.parametrize(
    ("sender", "verified"),
    [
        ("me@example.com", True),
        ("me@Mail.Example.ORG", True),
        ("me@example.net", True),
        ("hello@playwithsendpost.io", True),
        ("bye@playwithsendpost.io", False),
        ("me@notexample.com", False),
        ("me@example.com.evil.test", False),
        ("example.com", True),
        ("", False),
    ],
)
def test_verified_senders(sender: str, verified: bool) -> None:
    assert is_verified(sender) is verified


def test_the_lent_sender_reaches_its_owner() -> None:
    assert may_reach("Hello@playwithsendpost.io", "OWNER@example.com", "owner@example.com")
    assert not may_reach("hello@playwithsendpost.io", "ann@example.com", "owner@example.com")
    assert may_reach("me@example.com", "ann@example.com", "owner@example.com")


# the sample history


def test_the_past_has_campaigns_and_every_list() -> None:
    state = State(history_rows=6_000, clock=lambda: NOON)
    rows = state.email_rows(state.emails(**EVER))
    campaigns = Counter(row.campaign for row in rows)
    assert {"newsletter", "seasonal-sale", "new-in-shop"} <= set(campaigns)
    assert all(row.campaign for row in rows if row.sender == "news@example.com")
    assert not any(row.campaign for row in rows if row.sender != "news@example.com")
    reports = [row for row in entries(state) if row.list != "bounce" or row.hard]
    assert {row.list for row in reports} == set(LISTS)
    recipients = {row.recipient for row in rows}
    for row in reports:
        by_hand = row.list in ("manual", "validation_failed")
        assert (row.sent == 0) is by_hand
        assert (row.email in recipients) is not by_hand
        assert (NOON - 91 * 86_400) * 1000 < row.at_ms < NOON * 1000
    dropped = {row.error for row in rows if row.status == "SYSFAIL"}
    assert dropped <= {
        f"Dropped due to {who} recipient" for who in ("bounced", "complaining", "unsubscribed")
    }
    assert len(dropped) > 1
    state.close()
