"""turboSMTP's API v2: messages in pages, filtered, sorted, by zone, one by one and as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .conftest import NOON, V1_SEND, Caller, Clock
from .v2_caller import EVER, V2Caller, said, v2_sandbox

LIST, CSV = "/analytics", "/analytics/csv"
MEMBERS = {
    "id", "subject", "sender", "recipient", "send_time", "status", "domain", "contact_domain",
    "recipient_domain", "x_campaign_id", "error",
}  # fmt: skip
DAY = "2030-03-17"


@pytest.fixture(scope="module")
def past() -> Iterator[V2Caller]:
    """A sandbox with a history, at a known time."""
    with v2_sandbox(history_rows=3_000, clock=lambda: NOON) as v2:
        yield v2


@pytest.fixture
def v2(sandbox: Caller) -> V2Caller:
    return V2Caller(sandbox)


def everything(v2: V2Caller, **parameters: Any) -> list[dict[str, Any]]:
    """All pages of a question, of 1000 rows each; the count of every page is the number of rows."""
    rows: list[dict[str, Any]] = []
    counts = set()
    for page in range(1, 1_000):
        body = v2.get(LIST, **{**EVER, "limit": 1000, **parameters, "page": page}).json()
        counts.add(body["count"])
        if not body["results"]:
            break
        rows += body["results"]
    assert counts == {len(rows)}
    return rows


def test_pages_of_ten_newest_first(past: V2Caller) -> None:
    first, second = (past.get(LIST, **EVER, page=page).json() for page in (1, 2))
    assert list(first) == ["count", "results"]
    assert first["count"] == second["count"] == 3_000
    assert len(first["results"]) == len(second["results"]) == 10
    assert set(first["results"][0]) == MEMBERS
    ids = [row["id"] for row in first["results"] + second["results"]]
    assert ids == sorted(set(ids), reverse=True)
    assert past.get(LIST, **EVER).json() == first
    assert past.get(LIST, **EVER, page=2, limit=10).json() == second
    assert past.get(LIST, **EVER, limit=20).json()["results"] == first["results"] + second["results"]
    assert past.get(LIST, **EVER, page=300).json()["results"] != []
    assert past.get(LIST, **EVER, page=301).json() == {"count": 3_000, "results": []}


@pytest.mark.parametrize("limit", [1, 7, 999, 3_000, 10**15])
def test_every_row_comes_once_whatever_the_limit(past: V2Caller, limit: int) -> None:
    pages = (past.get(LIST, **EVER, page=page, limit=limit).json()["results"] for page in range(1, 5))
    rows = [row for page in pages for row in page]
    assert rows == everything(past)[: 4 * limit]
    assert len(rows) == min(3_000, 4 * limit)


def test_rows_say_what_there_is_to_say(past: V2Caller) -> None:
    rows = everything(past)
    assert all(isinstance(row["id"], int) and row["id"] > 2**53 for row in rows)
    assert all(isinstance(row[name], str) for row in rows for name in MEMBERS - {"id"})
    assert all(row["domain"] == row["sender"].partition("@")[2] for row in rows)
    assert all(row["recipient_domain"] == row["recipient"].partition("@")[2] for row in rows)
    assert all(row["contact_domain"] == row["recipient_domain"] for row in rows)
    assert {bool(row["error"]) for row in rows if row["status"] in ("FAIL", "SYSFAIL")} == {True}
    assert {row["error"] for row in rows if row["status"] in ("SUCCESS", "OPEN", "CLICK")} == {""}
    assert {row["x_campaign_id"] for row in rows} > {""}


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({"status[]": "FAIL"}, {"FAIL"}),
        ({"status[]": ["OPEN", "CLICK"]}, {"OPEN", "CLICK"}),
        ({"status[0]": "OPEN", "status[1]": "CLICK"}, {"OPEN", "CLICK"}),
        ({"status": "SYSFAIL"}, {"SYSFAIL"}),
        ({"status": "NEW,DEFER"}, {"NEW", "DEFER"}),
        ({"status": "SUCCESS, OPEN"}, {"SUCCESS", "OPEN"}),
    ],
)
def test_statuses_in_every_spelling(past: V2Caller, parameters: dict[str, Any], wanted: set[str]) -> None:
    rows = everything(past, **parameters)
    assert {row["status"] for row in rows} == wanted
    assert rows == [row for row in everything(past) if row["status"] in wanted]


@pytest.mark.parametrize("name", ["status", "status[]"])
def test_an_empty_status_is_all_of_them(past: V2Caller, name: str) -> None:
    assert past.get(LIST, **EVER, **{name: ""}).json()["count"] == 3_000


def test_a_filter_looks_into_every_column_or_those_named(past: V2Caller) -> None:
    rows = everything(past)
    texts = {
        "subject": lambda row: row["subject"],
        "sender": lambda row: row["sender"],
        "recipient": lambda row: row["recipient"],
        "domain": lambda row: row["domain"] + " " + row["recipient_domain"],
        "x_campaign_id": lambda row: row["x_campaign_id"],
    }
    for wanted in ("News", "example.org", "invoice 1", "seasonal", "anna.", "post.", "%", "nobody at all"):
        for columns in (["subject"], ["sender"], ["recipient"], ["domain"], ["x_campaign_id"],
                        ["subject", "recipient"], list(texts)):  # fmt: skip
            expected = [
                row for row in rows if any(wanted.lower() in texts[name](row).lower() for name in columns)
            ]
            assert everything(past, filter=wanted, filter_by=columns) == expected, (wanted, columns)
        assert everything(past, filter=wanted) == everything(past, filter=wanted, filter_by=list(texts))
    assert everything(past, filter="invoice", **{"filter_by[]": "subject"})
    assert past.get(LIST, **EVER, filter="", filter_by="").json()["count"] == 3_000


def test_a_smart_search_takes_word_by_word(past: V2Caller) -> None:
    plain = everything(past, filter="sale winter")
    smart = everything(past, filter="sale winter", smart_search="true")
    assert plain == []
    assert {row["subject"] for row in smart} == {"Last chance: the winter sale ends tonight"}
    across = everything(past, filter="invoice billing@", smart_search="true")
    assert across
    assert all("Invoice" in row["subject"] and row["sender"] == "billing@example.com" for row in across)
    assert everything(past, filter="winter sale", smart_search="false") == smart


@pytest.mark.parametrize("column", ["send_time", "sender", "recipient", "subject"])
def test_any_order_up_and_down(past: V2Caller, column: str) -> None:
    up = everything(past, orderby=column, ordertype="asc")
    down = everything(past, orderby=column, ordertype="desc", limit=700)
    assert down == everything(past, orderby=column)
    assert down == up[::-1]
    keys = [(row[column].lower(), row["id"]) for row in up]
    assert keys == sorted(keys)
    assert len(up) == 3_000


def test_orders_stay_right_while_mail_goes_out(v2: V2Caller) -> None:
    v2.send("b@example.com,d@example.com")
    by_recipient = {**EVER, "orderby": "recipient", "ordertype": "asc"}
    assert [row["recipient"][0] for row in v2.get(LIST, **by_recipient).json()["results"]] == ["b", "d"]
    v2.send("c@example.com,a@example.com")
    assert [row["recipient"][0] for row in v2.get(LIST, **by_recipient).json()["results"]] == list("abcd")
    mail = v2.caller.caught()[0]
    event = {"recipient": "c@example.com", "event": "open"}
    v2.http.post(f"/sandbox/messages/{mail['id']}/events", json=event)
    assert [row["status"] for row in v2.get(LIST, **by_recipient).json()["results"]][2] == "OPEN"
    v2.http.post("/sandbox/reset")
    assert v2.get(LIST, **by_recipient).json() == {"count": 0, "results": []}


def test_days_and_times_are_those_of_the_zone(clock: Clock) -> None:
    with v2_sandbox(clock=clock) as v2:  # at 17:46:40 UTC
        mid = v2.send().json()["mid"]

        def found(day: str, **zone: str) -> list[str]:
            body = v2.get(LIST, **{"from": day, "to": day, **zone}).json()
            assert body["count"] == len(body["results"])
            return [row["send_time"] for row in body["results"]]

        assert found(DAY) == ["2030-03-17 17:46:40"]
        assert found("2030-03-16") == found("2030-03-18") == []
        assert found(DAY, tz="00:00") == found(DAY, tz="+00:00") == ["2030-03-17 17:46:40"]
        assert found(DAY, tz="-07:00") == ["2030-03-17 10:46:40"]
        assert found(DAY, tz="+07:00") == []
        assert found("2030-03-18", tz="+07:00") == ["2030-03-18 00:46:40"]
        assert found("2030-03-18", tz="Asia/Tokyo") == ["2030-03-18 02:46:40"]
        assert v2.get(f"{LIST}/{mid}", tz="Europe/Rome").json()["send_time"] == "2030-03-17 18:46:40"
        sloppy = f"/api/v2{LIST}?from=2030-03-18&to=2030-03-18&tz=+07:00"
        assert v2.http.get(sloppy, headers=v2.keys).json()["results"][0]["send_time"] == "2030-03-18 00:46:40"
        for wrong in ("nowhere", "+25:00", "../etc/passwd"):
            assert said(v2.get(LIST, **EVER, tz=wrong)) == (400, "invalid_tz")


def test_the_day_the_clocks_change_is_shorter(clock: Clock) -> None:
    clock.now = datetime(2030, 3, 31, 22, 30, tzinfo=UTC).timestamp()  # 0:30 of the next day in Rome
    with v2_sandbox(clock=clock) as v2:
        v2.send()
        zone = {"tz": "Europe/Rome"}
        assert v2.get(LIST, **{"from": "2030-03-31", "to": "2030-03-31"}, **zone).json()["count"] == 0
        assert v2.get(LIST, **{"from": "2030-04-01", "to": "2030-04-01"}, **zone).json()["count"] == 1


def test_the_ends_of_time_and_a_range_the_wrong_way_round(past: V2Caller) -> None:
    ever = {"from": "0001-01-01", "to": "9999-12-31", "tz": "-12:00"}
    assert past.get(LIST, **ever).json()["count"] == 3_000
    assert past.get(LIST, **{**ever, "tz": "+14:00"}).json()["count"] == 3_000
    assert past.get(LIST, **{"from": "2030-03-17", "to": "2030-03-16"}).json() == {"count": 0, "results": []}


_PAGING = [
    ({"page": "x"}, "page_should_be_integer"),
    ({"page": "1.5"}, "page_should_be_integer"),
    ({"page": ""}, "page_should_be_integer"),
    ({"page": "9" * 5000}, "page_should_be_integer"),
    ({"page": "0"}, "page_should_be_greater_than_0"),
    ({"page": "-3"}, "page_should_be_greater_than_0"),
    ({"limit": "many"}, "limit_should_be_integer"),
    ({"limit": "0"}, "limit_should_be_greater_than_0"),
]
_COMMON: list[tuple[dict[str, Any], str]] = [
    ({"from": None}, "missing_required_parameter_from"),
    ({"from": ""}, "missing_required_parameter_from"),
    ({"from": "17.03.2030"}, "from_format_should_be_yyyy-mm-dd"),
    ({"from": "2030-02-30"}, "from_format_should_be_yyyy-mm-dd"),
    ({"from": "2030-03-17 00:00:00"}, "from_format_should_be_yyyy-mm-dd"),
    ({"to": None}, "missing_required_parameter_to"),
    ({"to": "20300317"}, "to_format_should_be_yyyy-mm-dd"),
    ({"filter": "a", "filter_by": ""}, "missing_required_parameter_filter_by"),
    ({"status[]": "LOST"}, "invalid_status_value"),
    ({"status": "FAIL,LOST"}, "invalid_status_value"),
    ({"status": "fail"}, "invalid_status_value"),
    ({"filter_by": "body"}, "filter_by_can_only_be_subject_or_sender_or_recipient_or_domain"),
    ({"smart_search": "maybe"}, "smart_search_should_be_true_or_false"),
    ({"smart_search": "maybe", "filter": "a"}, "smart_search_should_be_true_or_false"),
    ({"orderby": "status"}, "orderby_can_only_be_subject_or_sender_or_recipient_or_domain"),
    ({"ordertype": "down"}, "ordertype_should_be_asc_or_desc"),
    ({"filter": "x" * 1001}, "filter_is_too_long"),
]


@pytest.mark.parametrize(("wrong", "code"), [*_PAGING, *_COMMON])
def test_every_wrong_parameter_has_its_code(past: V2Caller, wrong: dict[str, Any], code: str) -> None:
    parameters = {name: value for name, value in {**EVER, **wrong}.items() if value is not None}
    assert said(past.get(LIST, **parameters)) == (400, code)


@pytest.mark.parametrize(("wrong", "code"), _COMMON)
def test_the_export_knows_the_same_codes(past: V2Caller, wrong: dict[str, Any], code: str) -> None:
    parameters = {name: value for name, value in {**EVER, **wrong}.items() if value is not None}
    assert said(past.get(CSV, **parameters)) == (400, code)


def test_the_export_has_no_pages(past: V2Caller) -> None:
    assert past.get(CSV, **EVER, page="x", limit="0").text == past.get(CSV, **EVER).text


def test_charts_come_by_day_where_they_are_asked_for(past: V2Caller) -> None:
    body = past.get(LIST, **EVER, int=1, grp="day").json()
    plain, rows = past.get(LIST, **EVER).json(), past.found(LIST, **EVER, limit=10_000)
    days = body.pop("aggs")
    assert body == plain
    assert Counter({it["date"]: it["all"] for it in days}) == Counter(row["send_time"][:10] for row in rows)
    clicked = [row["send_time"][:10] for row in rows if row["status"] == "CLICK"]
    assert Counter({it["date"]: it["clicks"] for it in days}) == Counter(clicked)
    for it in days:
        assert it["all"] == it["queued"] + it["delivered"] + it["bounce"] + it["drop"]
        assert it["delivered"] >= it["opens"] >= it["clicks"] + it["unsubscribes"] + it["spam"]
    assert past.get(LIST, **EVER, int=1).json() == {**plain, "aggs": []}
    assert past.get(LIST, **EVER, filter="nobody at all", int=1, grp="day").json()["aggs"] == []


def test_what_nobody_has_described_can_be_off(v2: V2Caller) -> None:
    v2.send("a@example.com,b@example.com")
    plain = v2.get(LIST, **EVER).json()
    (day,) = v2.get(LIST, **EVER, int=1, grp="day").json()["aggs"]
    assert (day["all"], day["queued"] + day["delivered"]) == (2, 2)
    assert v2.get("/user/config").json() == {"email": v2.caller.at.user, "account_type": "paid"}
    v2.caller.fault("hidden_off", match="/api/v2/")
    assert v2.get(LIST, **EVER, int=1, grp="day").json().keys() == plain.keys()
    assert said(v2.get("/user/config")) == (404, "not_found")


# one message


def test_one_message_by_its_id_or_by_that_of_its_send(v2: V2Caller) -> None:
    mid = v2.send("a@example.com,b@example.com").json()["mid"]
    rows = v2.found(LIST)
    for row in rows:
        assert v2.get(f"{LIST}/{row['id']}").json() == row
    assert v2.get(f"{LIST}/{mid}").json() == next(row for row in rows if row["recipient"] == "a@example.com")


@pytest.mark.parametrize("id", ["abc", "-1", "1.5", "9" * 20, "%20"])
def test_an_id_that_is_none(v2: V2Caller, id: str) -> None:
    assert said(v2.get(f"{LIST}/{id}")) == (400, "invalid_id")


@pytest.mark.parametrize("id", ["1", "0", str(2**63 - 1), str(2**63), "9" * 19])
def test_an_id_of_nothing(v2: V2Caller, id: str) -> None:
    assert said(v2.get(f"{LIST}/{id}")) == (404, "email_not_found")


# as CSV


def test_the_export_holds_what_the_list_holds(past: V2Caller) -> None:
    question: dict[str, Any] = {"status[]": ["FAIL", "SYSFAIL"], "tz": "+03:00"}
    answer = past.get(CSV, **EVER, **question)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text), delimiter=";"))
    assert list(rows[0]) == ["Id", "Status", "Subject", "From", "To", "Date", "Error"]
    listed = everything(past, **question)
    assert [list(row.values()) for row in rows] == [
        [str(row["id"]), row["status"], row["subject"], row["sender"], row["recipient"], row["send_time"],
         row["error"]]
        for row in listed
    ]  # fmt: skip
    turned = past.get(CSV, **EVER, **question, ordertype="asc").text.splitlines()
    assert turned[1:] == answer.text.splitlines()[:0:-1]
    assert past.get(CSV, **EVER).text.count("\r\n") == 3_001
    nothing = past.get(CSV, **{"from": "2031-01-01", "to": "2031-01-01"})
    assert nothing.text == "Id;Status;Subject;From;To;Date;Error\r\n"


def test_an_export_asked_for_as_json_is_csv_all_the_same(past: V2Caller) -> None:
    headers = {**past.keys, "Accept": "application/json"}
    answer = past.call("GET", CSV, headers, params=EVER)
    assert answer.headers["content-type"].startswith("text/csv")


def test_an_export_in_the_form_of_the_description(v2: V2Caller) -> None:
    v2.send("hardbounce@example.com", subject='Say "hi"; now, please')
    v2.send(subject="Plain")
    rows = v2.found(LIST)
    v2.caller.fault("csv_comma", match="/api/v2/analytics/csv")
    text = v2.get(CSV, **EVER).text
    assert not text.endswith('"')
    first, second = csv.reader(io.StringIO(text + '"'))
    assert first[:5] == [str(rows[0]["id"]), "SUCCESS", "Plain", "me@example.com", "ok@example.com"]
    assert re.fullmatch(r"[A-Z][a-z]+day, [A-Z][a-z]+ \d{1,2} \d{4} \d{1,2}:\d\d [AP]M", first[5])
    assert (second[2], second[6]) == ('Say "hi"; now, please', rows[1]["error"])


# one store


def test_what_one_generation_sent_the_other_shows(v2: V2Caller) -> None:
    v2.caller.send("one@example.com", path=V1_SEND)
    v2.caller.send("two@example.com")
    v2.send("three@example.com")
    old = v2.caller.get("/api/stats/panes/emails").json()
    new = v2.found(LIST)
    assert [row["recipient"] for row in new] == [f"{n}@example.com" for n in ("three", "two", "one")]
    assert [(row["id"], row["recipient"], row["status"]) for row in old] == [
        (row["id"], row["recipient"], row["status"]) for row in new
    ]


def test_a_long_history_has_full_pages_to_its_depth() -> None:
    with v2_sandbox(history_rows=100_000) as v2:
        for parameters in ({}, {"orderby": "recipient"}, {"filter": "example.net"}, {"status[]": "OPEN"}):
            for page in (1, 9, 20, 40):
                body = v2.get(LIST, **EVER, limit=1000, page=page, **parameters).json()
                assert body["count"] > 5_000
        assert len(v2.get(LIST, **EVER, limit=100_000).json()["results"]) == 100_000
        recent = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
        assert 0 < v2.get(LIST, **{**EVER, "from": recent}).json()["count"] < 100_000
