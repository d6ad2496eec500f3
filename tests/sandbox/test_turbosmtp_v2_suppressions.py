"""turboSMTP's API v2: who gets nothing any more; shown, searched, exported, added, taken off."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import NOON, Caller, Clock
from .v2_caller import EVER, V2Caller, said, v2_sandbox

LIST, CSV = "/suppressions", "/suppressions/csv"
SOURCES = {"manual", "bounce", "spam", "unsubscribe", "validation_failed"}
DAY = "2030-03-17"


@pytest.fixture(scope="module")
def past() -> Iterator[V2Caller]:
    """A sandbox with a history, at a known time."""
    with v2_sandbox(history_rows=6_000, clock=lambda: NOON) as v2:
        yield v2


@pytest.fixture
def v2(sandbox: Caller) -> V2Caller:
    return V2Caller(sandbox)


def by_body(v2: V2Caller, **members: Any) -> list[dict[str, Any]]:
    """The rows of a question asked in a body."""
    answer = v2.post(LIST, {**EVER, "limit": 100_000, **members})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["results"]
    assert answer.json()["count"] == len(rows)
    return rows


def listed(v2: V2Caller) -> list[tuple[str, str]]:
    return [(row["source"], row["recipient"]) for row in v2.found(LIST)]


def suppress(v2: V2Caller, *emails: str, reason: str = "asked") -> dict[str, Any]:
    body = {"type": "manual", "reason": reason, "content": list(emails)}
    answer = v2.post("/suppressions/import", body)
    assert answer.status_code == 200, answer.text
    added: dict[str, Any] = answer.json()
    return added


# shown


def test_pages_of_ten_newest_first(past: V2Caller) -> None:
    first, second = (past.get(LIST, **EVER, page=page).json() for page in (1, 2))
    assert list(first) == ["count", "results"]
    assert first["count"] == second["count"] > 60
    assert len(first["results"]) == len(second["results"]) == 10
    assert set(first["results"][0]) == {"date", "sender", "source", "subject", "recipient", "reason"}
    rows = past.found(LIST)
    assert rows[:20] == first["results"] + second["results"]
    assert len(rows) == first["count"]
    assert [row["date"] for row in rows] == sorted((row["date"] for row in rows), reverse=True)
    assert past.get(LIST, **EVER, page=1000).json() == {"count": first["count"], "results": []}


def test_a_question_in_a_body_is_the_same_question(past: V2Caller) -> None:
    assert past.post(LIST, EVER).json() == past.get(LIST, **EVER).json()
    more = {"page": 3, "limit": 7, "orderby": "recipient", "ordertype": "asc", "tz": "+05:30"}
    body = past.post(LIST, {**EVER, **more, "filter_by": ["bounce"]}).json()
    assert body == past.get(LIST, **EVER, **more, filter_by="bounce").json()
    assert len(body["results"]) == 7
    as_text = past.post(LIST, {**EVER, "page": "2", "limit": "7", "smart_search": "false", "filter": None})
    assert as_text.json() == past.get(LIST, **EVER, page=2, limit=7).json()


def test_rows_say_what_there_is_to_say(past: V2Caller) -> None:
    rows = past.found(LIST)
    assert {row["source"] for row in rows} == SOURCES
    for row in rows:
        assert "@" in row["recipient"]
        by_message = row["source"] in ("bounce", "spam", "unsubscribe")
        assert bool(row["subject"]) is by_message
        assert (row["sender"] is not None) is by_message
        assert (row["source"] == "bounce") <= bool(row["reason"])


@pytest.mark.parametrize(
    "sources", [["manual"], ["spam"], ["unsubscribe", "validation_failed"], sorted(SOURCES), []]
)
def test_a_filter_by_source(past: V2Caller, sources: list[str]) -> None:
    expected = [row for row in past.found(LIST) if row["source"] in (sources or SOURCES)]
    assert expected
    assert past.found(LIST, filter_by=sources) == expected
    assert past.found(LIST, **{"filter_by[]": sources}) == expected
    assert by_body(past, filter_by=sources) == expected


def test_a_filter_looks_into_every_column(past: V2Caller) -> None:
    rows = past.found(LIST)
    columns = ("recipient", "sender", "subject", "reason")
    for wanted in ("EXAMPLE.ORG", "news@", "boots", "User unknown", "5.1.1", "anna", "%", "no such thing"):
        expected = [
            row for row in rows if any(wanted.lower() in (row[name] or "").lower() for name in columns)
        ]
        assert past.found(LIST, filter=wanted) == expected, wanted
        assert by_body(past, filter=wanted) == expected, wanted
    smart = past.found(LIST, filter="boots news@ sunday", smart_search="true")
    assert {row["subject"] for row in smart} == {"20 % off all boots until Sunday"}
    assert past.found(LIST, filter="boots news@ sunday") == []


@pytest.mark.parametrize(
    ("restrict", "keeps"),
    [
        (
            [{"by": "subject", "operator": "include", "filter": "boots", "smart_search": True}],
            lambda row: "boots" in row["subject"],
        ),
        (
            [{"by": "subject", "operator": "exclude", "filter": "boots", "smart_search": True}],
            lambda row: "boots" not in row["subject"],
        ),
        ([{"by": "subject", "operator": "include", "filter": "boots"}], lambda row: False),
        (
            [{"by": "sender", "filter": "NEWS@example.com"}],
            lambda row: row["sender"] == "news@example.com",
        ),
        (
            [{"by": "sender", "operator": "exclude", "filter": "news@example.com", "smart_search": False}],
            lambda row: row["sender"] != "news@example.com",
        ),
        (
            [
                {"by": "recipient", "operator": "include", "filter": "@example.", "smart_search": True},
                {"by": "reason", "operator": "include", "filter": "5.1.1", "smart_search": True},
                {"by": "recipient", "operator": "exclude", "filter": "example.net", "smart_search": True},
            ],
            lambda row: (
                "@example." in row["recipient"]
                and "5.1.1" in (row["reason"] or "")
                and "example.net" not in row["recipient"]
            ),
        ),
    ],
)
def test_restrictions_must_all_hold(past: V2Caller, restrict: list[dict[str, Any]], keeps: Any) -> None:
    rows = by_body(past)
    assert by_body(past, restrict=restrict) == [row for row in rows if keeps(row)]
    assert len(by_body(past, restrict=restrict)) < len(rows)


@pytest.mark.parametrize("column", ["date", "source", "recipient", "reason"])
def test_any_order_up_and_down(past: V2Caller, column: str) -> None:
    up = past.found(LIST, orderby=column, ordertype="asc")
    keys = [((row[column] or "").lower(), row["date"]) for row in up]
    assert keys == sorted(keys)
    assert past.found(LIST, orderby=column) == up[::-1]
    assert past.found(LIST, orderby=column, ordertype="desc") == up[::-1]


def test_days_and_times_are_those_of_the_zone_and_the_export_is_utc(clock: Clock) -> None:
    with v2_sandbox(clock=clock) as v2:  # at 17:46:40 UTC
        v2.send("hardbounce@example.com")

        def found(day: str, **zone: str) -> list[str]:
            parameters = {"from": day, "to": day, **zone}
            dates = [row["date"] for row in v2.get(LIST, **parameters).json()["results"]]
            exported = list(csv.DictReader(io.StringIO(v2.get(CSV, **parameters).text), delimiter=";"))
            assert [row["Date"] for row in exported] == ["2030-03-17T17:46:40.000Z"] * len(dates)
            return dates

        assert found(DAY) == ["2030-03-17 17:46:40"]
        assert found("2030-03-16") == found("2030-03-18") == []
        assert found("2030-03-18", tz="+07:00") == ["2030-03-18 00:46:40"]
        assert found(DAY, tz="America/New_York") == ["2030-03-17 13:46:40"]


_PAGING = [
    ({"page": "x"}, "page_should_be_integer"),
    ({"page": True}, "page_should_be_integer"),
    ({"page": 1.5}, "page_should_be_integer"),
    ({"page": 0}, "page_should_be_greater_than_0"),
    ({"limit": []}, ""),
    ({"limit": "many"}, "limit_should_be_integer"),
    ({"limit": -1}, "limit_should_be_greater_than_0"),
]
_RANGE: list[tuple[dict[str, Any], str]] = [
    ({"from": None}, "missing_required_parameter_from"),
    ({"from": "17.03.2030"}, "from_format_should_be_yyyy-mm-dd"),
    ({"to": None}, "missing_required_parameter_to"),
    ({"to": "2030-13-01"}, "to_format_should_be_yyyy-mm-dd"),
    ({"smart_search": "maybe"}, "smart_search_should_be_true_or_false"),
    ({"tz": "nowhere"}, "invalid_tz"),
    ({"filter": "x" * 1001}, "filter_is_too_long"),
    (
        {"filter_by": "subject"},
        "filter_by_can_only_be_manual_or_bounce_or_spam_or_unsubscribe_or_validation_failed",
    ),
]
_ORDER: list[tuple[dict[str, Any], str]] = [
    ({"orderby": "sender"}, "orderby_can_only_be_date_or_source_or_recipient_or_reason"),
    ({"ordertype": "down"}, "ordertype_should_be_asc_or_desc"),
]


@pytest.mark.parametrize(("wrong", "code"), [*_PAGING, *_RANGE, *_ORDER])
def test_every_wrong_parameter_has_its_code(past: V2Caller, wrong: dict[str, Any], code: str) -> None:
    body = {**EVER, **wrong}
    answer = past.post(LIST, body)
    assert answer.status_code == 200 if not code else said(answer) == (400, code)
    query = {name: value for name, value in body.items() if value is not None}
    if code and not isinstance(wrong.get("page"), bool):
        assert said(past.get(LIST, **query)) == (400, code)


@pytest.mark.parametrize(("wrong", "code"), [*_RANGE, *_ORDER])
def test_the_exports_know_the_same_codes(past: V2Caller, wrong: dict[str, Any], code: str) -> None:
    body = {**EVER, **wrong}
    assert said(past.post(CSV, body)) == (400, code)
    assert said(past.get(CSV, **{name: value for name, value in body.items() if value is not None})) == (
        400,
        code,
    )


@pytest.mark.parametrize(
    "restrict",
    ["text", [1], [{}], [{"by": "source", "filter": "a"}], [{"by": "sender"}],
     [{"by": "sender", "operator": "maybe", "filter": "a"}]],
)  # fmt: skip
def test_a_restriction_that_is_none(past: V2Caller, restrict: Any) -> None:
    assert said(past.post(LIST, {**EVER, "restrict": restrict})) == (400, "invalid_restrict")
    odd = [{"by": "sender", "filter": "a", "smart_search": "maybe"}]
    assert said(past.post(LIST, {**EVER, "restrict": odd})) == (400, "smart_search_should_be_true_or_false")


def test_a_body_that_is_none(past: V2Caller) -> None:
    for path in (LIST, CSV, "/suppressions/delete"):
        assert said(past.call("POST", path)) == (400, "missing_required_parameter_from")
        assert said(past.call("POST", path, content=b"{")) == (400, "invalid_request_body")
        assert said(past.post(path, [])) == (400, "invalid_request_body")


# as CSV


def test_the_exports_hold_what_the_list_holds(past: V2Caller) -> None:
    rows = past.found(LIST)
    words = {
        "manual": "MANUAL",
        "spam": "REPORT",
        "unsubscribe": "UNSUB",
        "validation_failed": "VALIDATION_FAILED",
    }
    for answer, bounce in ((past.get(CSV, **EVER), "FAIL"), (past.post(CSV, EVER), "BOUNCE")):
        assert answer.headers["content-type"].startswith("text/csv")
        exported = list(csv.DictReader(io.StringIO(answer.text), delimiter=";"))
        assert list(exported[0]) == ["Status", "Subject", "From", "To", "Date", "Reason"]
        assert [list(row.values()) for row in exported] == [
            [words.get(row["source"], bounce), row["subject"], row["sender"] or "", row["recipient"],
             row["date"].replace(" ", "T") + exported[n]["Date"][19:], row["reason"] or ""]
            for n, row in enumerate(rows)
        ]  # fmt: skip
        assert all(row["Date"].endswith("Z") for row in exported)


def test_an_export_of_some(past: V2Caller) -> None:
    question: dict[str, Any] = {**EVER, "filter": "example.org", "filter_by": ["spam"], "ordertype": "asc"}
    expected = past.found(LIST, **question)
    restrict = [{"by": "recipient", "operator": "include", "filter": "example.org", "smart_search": True}]
    for answer in (
        past.get(CSV, **question, page="x", limit="x"),
        past.post(CSV, {**EVER, "filter_by": ["spam"], "ordertype": "asc", "restrict": restrict}),
    ):
        exported = list(csv.DictReader(io.StringIO(answer.text), delimiter=";"))
        assert [row["To"] for row in exported] == [row["recipient"] for row in expected]


def test_a_reason_of_several_lines_stays_one_cell(v2: V2Caller) -> None:
    suppress(v2, "a@example.com", reason='first; "second"\nthird')
    exported = list(csv.DictReader(io.StringIO(v2.get(CSV, **EVER).text, newline=""), delimiter=";"))
    assert [row["Reason"] for row in exported] == ['first; "second"\nthird']


# added


def test_an_import_sorts_the_good_from_the_bad(v2: V2Caller) -> None:
    bad = ["two@at@example.com", "word", "a@localhost", "", "Ann <ann@example.com>", "a b@example.com"]
    answer = suppress(v2, "a@example.com", *bad, " b@example.org ", "A@example.com")
    assert answer == {
        "status": "success",
        "valid": ["a@example.com", "b@example.org", "A@example.com"],
        "invalid": bad,
    }
    rows = v2.found(LIST)
    assert sorted((row["source"], row["recipient"], row["reason"]) for row in rows) == [
        ("manual", "a@example.com", "asked"),
        ("manual", "b@example.org", "asked"),
    ]
    assert {(row["sender"], row["subject"]) for row in rows} == {(None, "")}


def test_an_import_of_nothing_but_bad_ones_is_a_success(v2: V2Caller) -> None:
    assert suppress(v2, "word") == {"status": "success", "valid": [], "invalid": ["word"]}
    assert listed(v2) == []


@pytest.mark.parametrize("name", ["list.csv", "list.txt"])
def test_an_import_of_a_file(v2: V2Caller, name: str) -> None:
    text = '\ufeffa@example.com\r\n\r\n"b@example.com";Bob\nc@example.com,Carla,x\nnot one\n'
    fields = {"type": "file", "reason": "from a file"}
    answer = v2.call("POST", "/suppressions/import", data=fields, files={"file": (name, text.encode())})
    assert answer.json() == {
        "status": "success",
        "valid": ["a@example.com", "b@example.com", "c@example.com"],
        "invalid": ["not one"],
    }
    assert {row["reason"] for row in v2.found(LIST)} == {"from a file"}
    assert len(listed(v2)) == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "manual"}, "invalid_mail_address_list"),
        ({"type": "manual", "content": []}, "invalid_mail_address_list"),
        ({"type": "manual", "content": "a@example.com"}, "invalid_mail_address_list"),
        ({"type": "manual", "content": None}, "invalid_mail_address_list"),
        ({}, "invalid_mail_address_list"),
        ({"type": "file"}, "missing_upload_file"),
    ],
)
def test_an_import_that_is_none(v2: V2Caller, body: dict[str, object], code: str) -> None:
    assert said(v2.post("/suppressions/import", body)) == (400, code)


def test_an_upload_that_is_none(v2: V2Caller) -> None:
    kind = {"type": (None, "file")}
    assert said(v2.call("POST", "/suppressions/import", files=kind)) == (400, "missing_upload_file")
    empty = {**kind, "file": ("a.csv", b"\n\n")}
    assert said(v2.call("POST", "/suppressions/import", files=empty)) == (400, "invalid_mail_address_list")
    headers = {**v2.keys, "Content-Type": "multipart/form-data; boundary=x"}
    broken = v2.call("POST", "/suppressions/import", headers, content=b"--y\r\nrubbish")
    assert said(broken) == (400, "invalid_request_body")


# taken off


def test_addresses_are_taken_off_every_list(v2: V2Caller) -> None:
    v2.send("hardbounce@example.com,spam@example.com,unsub@example.com")
    suppress(v2, "hardbounce@example.com", "a@example.com")
    assert len(listed(v2)) == 5
    gone = v2.post(
        "/suppressions/bulk_delete", ["HARDBOUNCE@example.com", "spam@example.com", "never@listed", "x", 7]
    )
    assert (gone.status_code, gone.json()) == (200, {"success": True})
    assert sorted(listed(v2)) == [("manual", "a@example.com"), ("unsubscribe", "unsub@example.com")]
    assert v2.post("/suppressions/bulk_delete", ["never@example.com"]).json() == {"success": True}
    assert v2.get(LIST, **EVER).json()["count"] == 2


def test_a_list_forgets_its_newest_entry(v2: V2Caller) -> None:
    suppress(v2, "a@example.com", "b@example.com", "c@example.com")
    for left in ("ab", "a", ""):
        v2.post("/suppressions/bulk_delete", [f"{'abc'[len(left)]}@example.com"])
        rows = v2.get(LIST, **EVER, ordertype="asc").json()
        assert rows["count"] == len(rows["results"]) == len(left)
        assert [row["recipient"][0] for row in rows["results"]] == list(left)


@pytest.mark.parametrize("body", [b"[]", b"{}", b"", b"null", b'"a@example.com"', b"[", b"[" * 100_000])
def test_nobody_was_named(v2: V2Caller, body: bytes) -> None:
    suppress(v2, "a@example.com")
    assert said(v2.call("POST", "/suppressions/bulk_delete", content=body)) == (
        400,
        "no_contacts_were_provided",
    )
    assert len(listed(v2)) == 1


def test_everything_that_matches_is_taken_off_and_nothing_else() -> None:
    with v2_sandbox(history_rows=2_000, clock=lambda: NOON) as v2:
        every = v2.found(LIST)
        question: dict[str, Any] = {**EVER, "filter_by": ["bounce", "manual"], "filter": "example.org"}
        gone = by_body(v2, **question)
        assert 0 < len(gone) < len(every)
        emails = v2.get("/analytics", **EVER).json()["count"]
        answer = v2.post("/suppressions/delete", question)
        assert (answer.status_code, answer.json()) == (200, {"success": True})
        assert v2.found(LIST) == [row for row in every if row not in gone]
        assert v2.post("/suppressions/delete", question).json() == {"success": True}
        restrict = [{"by": "recipient", "operator": "exclude", "filter": "zzz", "smart_search": True}]
        v2.post("/suppressions/delete", {**EVER, "restrict": restrict})
        assert v2.get(LIST, **EVER).json() == {"count": 0, "results": []}
        assert v2.get("/analytics", **EVER).json()["count"] == emails


@pytest.mark.parametrize(("wrong", "code"), _RANGE)
def test_nothing_goes_where_the_question_is_wrong(v2: V2Caller, wrong: dict[str, Any], code: str) -> None:
    suppress(v2, "a@example.com")
    assert said(v2.post("/suppressions/delete", {**EVER, **wrong})) == (400, code)
    assert len(listed(v2)) == 1


# one store


def test_the_first_api_shows_the_same_lists(v2: V2Caller) -> None:
    v2.caller.send("hardbounce@example.com,spam@example.com,unsub@example.com,softbounce@example.com")
    reports = "/web/api/reports"
    assert sorted(listed(v2)) == [
        ("bounce", "hardbounce@example.com"),
        ("spam", "spam@example.com"),
        ("unsubscribe", "unsub@example.com"),
    ]
    bounce = next(row for row in v2.found(LIST) if row["source"] == "bounce")
    old = v2.caller.get(f"{reports}/hardbounce/all").json()[0]
    assert (bounce["recipient"], bounce["reason"]) == (old["email"], old["response"])
    v2.post("/suppressions/bulk_delete", ["hardbounce@example.com"])
    assert v2.caller.get(f"{reports}/hardbounce/all/count").json() == {"count": 0}
    assert v2.caller.get(f"{reports}/softbounce/all/count").json() == {"count": 1}
    v2.caller.call("DELETE", f"{reports}/spam/all")
    assert listed(v2) == [("unsubscribe", "unsub@example.com")]
    suppress(v2, "a@example.com")
    for kind in ("bounce", "spam", "unsub"):
        assert v2.caller.get(f"{reports}/{kind}/all", filter="a@").json() == []


def test_two_sandboxes_on_one_file_see_each_other(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    with v2_sandbox(data) as one, v2_sandbox(data) as other:
        suppress(one, "a@example.com", "b@example.com")
        assert len(listed(one)) == len(listed(other)) == 2
        other.post("/suppressions/bulk_delete", ["a@example.com"])
        assert listed(one) == listed(other) == [("manual", "b@example.com")]
        other.send("b@example.com")
        assert one.found("/analytics")[0]["status"] == "SYSFAIL"
        token = one.sign_in()
        assert other.call("GET", "/user/config", token).status_code == 200


def test_a_long_list_has_full_pages_to_its_depth() -> None:
    with v2_sandbox() as v2:
        v2.http.post("/sandbox/history", json={"rows": 100_000, "bounce_share": 1.0})
        for parameters in ({}, {"orderby": "reason"}, {"filter": "example.net"}):
            for page in (1, 7, 15):
                body = v2.get(LIST, **EVER, limit=1000, page=page, **parameters).json()
                assert len(body["results"]) == 1000
