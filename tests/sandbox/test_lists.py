"""Reports and statistics: pages, counts, ranges, filters, zones, CSV, deletion."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from turbodesk.sandbox.server import SandboxServer

from .conftest import NOON, Caller, Clock, Opener

BOUNCES, EMAILS = "/web/api/reports/bounce", "/api/stats/panes/emails"
NOON_TEXT = "2030-03-17T17:46:40.000Z"


def pages(sandbox: Caller, path: str, **parameters: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for page in range(1, 10_000):
        found = sandbox.get(path, page=page, **parameters).json()
        if not found:
            break
        rows += found
    return rows


@pytest.fixture(scope="module")
def past() -> Iterator[Caller]:
    """A sandbox with a history, at a known time."""
    with SandboxServer(history_rows=3_000, clock=lambda: NOON) as server:
        caller = Caller(server)
        with caller.http:
            yield caller


@pytest.mark.parametrize("kind", ["bounce", "hardbounce", "softbounce", "spam", "unsub"])
def test_pages_of_20_hold_every_report_once_newest_first(past: Caller, kind: str) -> None:
    path = f"/web/api/reports/{kind}"
    rows = pages(past, f"{path}/all")
    count = past.get(f"{path}/all/count").json()
    assert count == {"count": len(rows)}
    assert len(rows) > 0
    assert len(past.get(f"{path}/all", page=1).json()) == min(20, len(rows))
    assert len({row["cid"] for row in rows}) == len(rows)
    assert [row["ts"] for row in rows] == sorted((row["ts"] for row in rows), reverse=True)
    assert set(rows[0]) == {"cid", "email", "ts", "response"}
    assert all(isinstance(row["cid"], int) and row["ts"].endswith("Z") for row in rows)
    assert all(row["response"] for row in rows) is (kind not in ("spam", "unsub"))


def test_bounces_are_the_hard_and_the_soft(past: Caller) -> None:
    every, hard, soft = (
        {row["cid"] for row in pages(past, f"/web/api/reports/{kind}/all")}
        for kind in ("bounce", "hardbounce", "softbounce")
    )
    assert hard | soft == every
    assert not hard & soft
    words = {row["response"] for row in pages(past, "/web/api/reports/softbounce/all")}
    assert all("4." in said or "4" in said[:3] for said in words)


def test_a_range_of_days_includes_both_and_counts_in_the_zone(opened: Opener, clock: Clock) -> None:
    with opened(clock=clock) as caller:  # at 17:46:40 UTC
        caller.send("hardbounce@example.com")

        def found(start: str, end: str, tz: str) -> int:
            count: int = caller.get(f"{BOUNCES}/count", start=start, end=end, tz=tz).json()["count"]
            assert len(caller.get(BOUNCES, start=start, end=end, tz=tz).json()) == count
            return count

        assert found("2030-03-17", "2030-03-17", "+00:00") == 1
        assert found("2030-03-16", "2030-03-16", "+00:00") == 0
        assert found("2030-03-18", "2030-03-18", "+00:00") == 0
        assert found("2030-03-18", "2030-03-18", "+07:00") == 1
        assert found("2030-03-17", "2030-03-17", "+07:00") == 0
        assert found("2030-03-18", "2030-03-18", "Asia/Tokyo") == 1
        assert caller.get(BOUNCES, tz="+07:00").json()[0]["ts"] == NOON_TEXT


def test_a_filter_is_part_of_the_address(past: Caller) -> None:
    rows = pages(past, f"{BOUNCES}/all")
    wanted = rows[3]["email"][2:-2].upper()
    found = pages(past, f"{BOUNCES}/all", filter=wanted)
    assert found == [row for row in rows if wanted.lower() in row["email"]]
    assert past.get(f"{BOUNCES}/all/count", filter=wanted).json()["count"] == len(found)
    for nothing in ("%", "_", "\\", "no such address", "'; DROP TABLE report"):
        assert past.get(f"{BOUNCES}/all", filter=nothing).json() == []


def test_reports_can_be_deleted_one_by_one(sandbox: Caller) -> None:
    sandbox.send("hardbounce@a.example.com,hardbounce@b.example.com,softbounce@example.com,spam@example.com")
    first, second, third = (row["cid"] for row in sandbox.get(f"{BOUNCES}/all").json())
    assert sandbox.call("DELETE", "/web/api/reports/softbounce", ids=f"{second}").json() == {"success": True}
    assert sandbox.get(f"{BOUNCES}/all/count").json() == {"count": 3}
    gone = sandbox.call("DELETE", BOUNCES, ids=f"{first}, {third},999")
    assert (gone.status_code, gone.json()) == (200, {"success": True})
    assert [row["cid"] for row in sandbox.get(f"{BOUNCES}/all").json()] == [second]
    assert sandbox.get(f"{BOUNCES}/all/count").json() == {"count": 1}
    assert sandbox.get("/web/api/reports/spam/all/count").json() == {"count": 1}
    for wrong in ("", "abc", "1;2", "-1"):
        assert sandbox.call("DELETE", BOUNCES, ids=wrong).status_code == 400
    assert sandbox.call("DELETE", BOUNCES).status_code == 400


def test_only_spam_can_be_deleted_all_at_once(sandbox: Caller) -> None:
    sandbox.send("spam@example.com,spam@example.org,hardbounce@example.com")
    assert sandbox.call("DELETE", "/web/api/reports/spam/all").json() == {"success": True}
    assert sandbox.get("/web/api/reports/spam/all").json() == []
    other = sandbox.call("DELETE", f"{BOUNCES}/all")
    assert (other.status_code, other.json()["errorCode"]) == (404, 4)
    assert sandbox.get(f"{BOUNCES}/all/count").json() == {"count": 1}


def test_a_report_type_that_there_is_not(sandbox: Caller) -> None:
    for path in ("blocked", "blocked/all", "blocked/count", "blocked/csv"):
        answer = sandbox.get(f"/web/api/reports/{path}")
        assert (answer.status_code, answer.json()["errorCode"]) == (404, 4)


def test_reports_as_csv_have_the_layout_of_a_suppression_list(past: Caller) -> None:
    answer = past.get(f"{BOUNCES}/all/csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text), delimiter=";"))
    assert list(rows[0]) == ["Status", "Subject", "From", "To", "Date", "Reason"]
    listed = pages(past, f"{BOUNCES}/all")
    assert [(row["To"], row["Date"], row["Reason"]) for row in rows] == [
        (row["email"], row["ts"], row["response"]) for row in listed
    ]
    assert {row["Status"] for row in rows} == {"FAIL"}
    assert all(row["Subject"] and "@example.com" in row["From"] for row in rows)
    day = past.get(f"{BOUNCES}/csv", start="2030-03-12", end="2030-03-12", tz="+00:00").text.splitlines()
    assert len(day) - 1 == sum(row["ts"].startswith("2030-03-12") for row in listed)


def test_statistics_come_in_pages_of_10_newest_first(past: Caller) -> None:
    assert past.get(f"{EMAILS}/count").json() == {"count": 3_000}
    first, second = (past.get(EMAILS, page=page).json() for page in (1, 2))
    assert len(first) == len(second) == 10
    ids = [row["id"] for row in first + second]
    assert ids == sorted(set(ids), reverse=True)
    assert set(first[0]) == {"id", "subject", "sender", "recipient", "sendTime", "status", "error"}
    assert past.get(EMAILS).json() == first
    assert past.get(EMAILS, page=300).json() != []
    assert past.get(EMAILS, page=301).json() == []
    for odd in ("0", "-3", "x", "1.5", ""):
        assert past.get(EMAILS, page=odd).json() == first


def test_pages_stay_right_while_mail_goes_out(sandbox: Caller) -> None:
    sandbox.send(",".join(f"a{n}@example.com" for n in range(25)))
    first = sandbox.get(EMAILS, page=1).json()
    sandbox.send(",".join(f"b{n}@example.com" for n in range(10)))
    assert sandbox.get(EMAILS, page=2).json() == first
    assert sandbox.get(f"{EMAILS}/count").json() == {"count": 35}
    assert len(pages(sandbox, EMAILS)) == 35


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("FAIL", {"FAIL"}),
        ('"CLICK"', {"CLICK"}),
        ('["FAIL"]', {"FAIL"}),
        ('["OPEN","CLICK","UNSUB","REPORT"]', {"OPEN", "CLICK", "UNSUB", "REPORT"}),
        ("['FAIL','SYSFAIL']", {"FAIL", "SYSFAIL"}),
        ('["NEW","DEFER"]', {"NEW", "DEFER"}),
        ("NONSENSE", set()),
    ],
)
def test_a_filter_of_statuses_in_every_spelling(past: Caller, text: str, wanted: set[str]) -> None:
    rows = pages(past, EMAILS, filter=text)
    assert {row["status"] for row in rows} == wanted
    assert past.get(f"{EMAILS}/count", filter=text).json() == {"count": len(rows)}


@pytest.mark.parametrize("text", ["*", '"*"', "", '["*"]'])
def test_a_filter_of_everything(past: Caller, text: str) -> None:
    assert past.get(f"{EMAILS}/count", filter=text).json() == {"count": 3_000}


def test_send_times_are_the_wall_clock_of_the_zone(opened: Opener, clock: Clock) -> None:
    with opened(clock=clock) as caller:
        caller.send()

        def said(**zone: str) -> str:
            text: str = caller.get(EMAILS, **zone).json()[0]["sendTime"]
            return text

        assert said(tz="+00:00") == NOON_TEXT
        assert said() == "2030-03-17T18:46:40.000Z"
        assert said(tz="-07:30") == "2030-03-17T10:16:40.000Z"
        assert said(tz=" 02:00") == "2030-03-17T19:46:40.000Z"
        assert said(tz="Europe/Rome") == "2030-03-17T18:46:40.000Z"
        assert caller.get("/api/stats/email-feed-last/10", tz="+03:00").json()[0]["sendTime"][11:13] == "20"
        for wrong in ("nowhere", "+25:00", "../etc/passwd", "+1"):
            assert caller.get(EMAILS, tz=wrong).status_code == 400, wrong


def test_a_range_of_moments_in_the_zone(opened: Opener, clock: Clock) -> None:
    with opened(clock=clock) as caller:  # at 17:46:40 UTC
        caller.send()

        def found(**parameters: str) -> int:
            count: int = caller.get(f"{EMAILS}/count", tz="+00:00", **parameters).json()["count"]
            assert len(caller.get(EMAILS, tz="+00:00", **parameters).json()) == count
            return count

        assert found(start="2030-03-17 17:46:40", end="2030-03-17 17:46:40") == 1
        assert found(start="2030-03-17 17:46:41") == 0
        assert found(end="2030-03-17 17:46:39") == 0
        assert found(end="2030-03-17") == 1
        assert found(start="2030-03-17", end="2030-03-16") == 0
        assert found(end="9999-12-31") == 1
        assert caller.get(f"{EMAILS}/count", start="2030-03-17 18:46:40").json() == {"count": 1}
        for wrong in ("yesterday", "2030-02-30", "2030-03-17 25:00:00", "0"):
            assert caller.get(EMAILS, start=wrong).status_code == 400


@pytest.mark.parametrize("number", [10, 20, 30])
def test_the_last_feed(past: Caller, number: int) -> None:
    rows = past.get(f"/api/stats/email-feed-last/{number}").json()
    assert len(rows) == number
    assert rows == [row for page in range(1, number // 10 + 1) for row in past.get(EMAILS, page=page).json()]
    assert past.get("/api/stats/email-feed-last/11").json()["errorCode"] == 4


def test_statistics_as_csv_with_parameters_of_their_own(past: Caller) -> None:
    answer = past.get("/api/stats/emails/csv", tz="+00:00", filter='["FAIL"]')
    rows = list(csv.DictReader(io.StringIO(answer.text), delimiter=";"))
    assert list(rows[0]) == ["Id", "Status", "Subject", "From", "To", "Date", "Error"]
    listed = pages(past, EMAILS, tz="+00:00", filter="FAIL")
    assert [(row["Id"], row["Date"], row["Error"]) for row in rows] == [
        (str(row["id"]), row["sendTime"], row["error"]) for row in listed
    ]
    every = past.get("/api/stats/emails/csv").text
    assert every.count("\r\n") == 3_001
    none = past.get("/api/stats/emails/csv", start_date="2031-01-01", end_date="2031-01-02")
    assert none.text.count("\r\n") == 1


def test_every_row_of_a_long_list_comes_once(opened: Opener) -> None:
    with opened(history_rows=12_000) as caller:
        rows = pages(caller, EMAILS, filter='["OPEN","CLICK"]')
        assert len({row["id"] for row in rows}) == len(rows) > 3_000
        assert caller.get(f"{EMAILS}/count", filter='["OPEN","CLICK"]').json() == {"count": len(rows)}
