"""turboSMTP's API v2: validation of addresses, one at once or a list that takes its time; what it costs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator

from turbodesk.sandbox.openapi.served import described
from turbodesk.sandbox.tables import STEPS
from turbodesk.sandbox.validations import FREE_CREDITS, PAID, PER_SECOND, PRICE
from turbodesk.sandbox.verdict import STATUSES, verdict

from .conftest import NOON, Caller, Clock
from .v2_caller import EVER, V2Caller, said, v2_sandbox

BASE = "/emailvalidation"
LISTS = f"{BASE}/lists"
RECORD = [
    *("status", "sub_status", "free_email", "domain", "domain_age_days", "smtp_provider", "mx_found"),
    "mx_record",
]
PERSON = ["account", "firstname", "lastname", "gender", "country", "region", "city", "zipcode"]


@pytest.fixture
def v2(sandbox: Caller) -> V2Caller:
    return V2Caller(sandbox)


@pytest.fixture
def timed(clock: Clock) -> Iterator[V2Caller]:
    """A sandbox whose clock stands still until it is moved."""
    with v2_sandbox(clock=clock) as v2:
        yield v2


def upload(v2: V2Caller, content: str | bytes, name: str = "people.csv") -> httpx.Response:
    return v2.call("POST", f"{BASE}/upload", files={"file": (name, content, "text/csv")})


def made(v2: V2Caller, *emails: str) -> int:
    answer = upload(v2, "\r\n".join(emails))
    assert (answer.status_code, answer.json()["total_emails"]) == (201, len(emails)), answer.text
    id: int = answer.json()["list_id"]
    return id


def start(v2: V2Caller, id: object) -> httpx.Response:
    return v2.call("POST", f"{LISTS}/{id}/validate")


def left(v2: V2Caller) -> tuple[int, float]:
    found = v2.get(f"{BASE}/subscription").json()
    return found["remaining_free_credit"], found["paid_credits"]


# one address


def test_one_address_is_told_with_all_that_is_known(v2: V2Caller) -> None:
    body = v2.post(f"{BASE}/validateEmail", {"email": " Ann@Example.com "}).json()
    assert list(body) == ["email", *RECORD, "did_you_mean", *PERSON, "processed_at"]
    assert (body["email"], body["status"], body["sub_status"]) == ("Ann@Example.com", "valid", "")
    assert (body["mx_found"], body["domain"]) == (True, "example.com")
    assert {body[name] for name in PERSON} == {None}


@pytest.mark.parametrize(
    ("email", "status", "sub_status"),
    [
        ("anybody@example.com", "valid", ""),
        ("invalid@example.com", "invalid", "mailbox_not_found"),
        ("HardBounce@example.org", "invalid", "mailbox_not_found"),
        ("softbounce@example.org", "invalid", "mailbox_quota_exceeded"),
        ("catchall@example.com", "catch_all", ""),
        ("unknown@example.com", "unknown", "mail_server_did_not_respond"),
        ("greylisted@example.com", "unknown", "greylisted"),
        ("spamtrap@example.com", "spamtrap", ""),
        ("abuse@example.com", "abuse", ""),
        ("disposable@example.com", "do_not_mail", "disposable"),
        ("info@example.com", "do_not_mail", "role_based"),
        ("anybody@nowhere.invalid", "invalid", "no_dns_entries"),
        ("ann@gmial.com", "invalid", "possible_typo"),
    ],
)
def test_an_address_decides_what_is_found(v2: V2Caller, email: str, status: str, sub_status: str) -> None:
    first, second = (v2.post(f"{BASE}/validateEmail", {"email": email}).json() for _ in range(2))
    assert (first["status"], first["sub_status"]) == (status, sub_status)
    assert first.pop("processed_at") and second.pop("processed_at")
    assert first == second
    assert first["status"] in STATUSES


def test_a_slip_is_told_with_what_may_be_meant(v2: V2Caller) -> None:
    assert (
        v2.post(f"{BASE}/validateEmail", {"email": "Ann@gmial.com"}).json()["did_you_mean"] == "Ann@gmail.com"
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_required_parameter_email"),
        ({"email": ""}, "missing_required_parameter_email"),
        ({"email": None}, "missing_required_parameter_email"),
        ({"email": ["a@example.com"]}, "missing_required_parameter_email"),
        ({"email": "nobody"}, "invalid_email_address"),
        ({"email": "a@@example.com"}, "invalid_email_address"),
        ({"email": "Ann <ann@example.com>"}, "invalid_email_address"),
    ],
)
def test_what_is_no_address_costs_nothing(v2: V2Caller, body: dict[str, Any], code: str) -> None:
    assert said(v2.post(f"{BASE}/validateEmail", body)) == (400, code)
    assert left(v2)[0] == FREE_CREDITS


def test_a_body_that_is_none_is_refused(v2: V2Caller) -> None:
    assert said(v2.call("POST", f"{BASE}/validateEmail", content=b"{")) == (400, "invalid_request_body")


# what it costs


def test_the_subscription_counts_down_and_begins_anew_each_month(timed: V2Caller, clock: Clock) -> None:
    assert timed.get(f"{BASE}/subscription").json() == {
        "currency": "$",
        "free_credits": FREE_CREDITS,
        "free_credits_used": 0,
        "remaining_free_credit": FREE_CREDITS,
        "paid_credits": PAID / 1000,
        "latest_period_start_date": "2030-03-01 00:00:00",
        "period_expiration_date": "2030-04-01 00:00:00",
        "last_used_period": None,
    }
    timed.post(f"{BASE}/validateEmail", {"email": "ann@example.com"})
    used = timed.get(f"{BASE}/subscription").json()
    assert (used["free_credits_used"], used["remaining_free_credit"]) == (1, FREE_CREDITS - 1)
    assert used["last_used_period"] == "2030-03-17 17:46:40"
    clock.now += 31 * 86_400
    assert left(timed) == (FREE_CREDITS, PAID / 1000)


def test_free_credits_go_first_and_then_money_until_there_is_none(v2: V2Caller) -> None:
    affordable = PAID // PRICE
    first = made(v2, *(f"{number}@example.com" for number in range(FREE_CREDITS + 10)))
    assert left(v2) == (FREE_CREDITS, PAID / 1000), "an upload costs nothing"
    assert start(v2, first).status_code == 200
    assert left(v2) == (0, (PAID - 10 * PRICE) / 1000)
    dear = made(v2, *(f"{number}@example.com" for number in range(affordable)))
    assert said(start(v2, dear)) == (400, "insufficient_credit")
    assert left(v2) == (0, (PAID - 10 * PRICE) / 1000)
    last = made(v2, *(f"{number}@example.com" for number in range(affordable - 10)))
    assert start(v2, last).status_code == 200
    assert left(v2) == (0, 0)
    assert said(v2.post(f"{BASE}/validateEmail", {"email": "a@example.com"})) == (400, "insufficient_credit")
    v2.http.post("/sandbox/reset")
    assert left(v2) == (FREE_CREDITS, PAID / 1000)


# lists


def test_a_list_moves_on_as_time_passes(timed: V2Caller, clock: Clock) -> None:
    emails = ["invalid@example.com", *(f"{number}@example.com" for number in range(3 * PER_SECOND - 1))]
    id = made(timed, *emails)
    fresh = {
        "id": id,
        "creation_time": "2030-03-17 17:46:40",
        "file_name": "people.csv",
        "is_processed": False,
        "percentage": 0,
        "total_emails": len(emails),
        "total_processed": 0,
    }
    clock.now += 3600
    assert timed.get(f"{LISTS}/{id}").json() == {**fresh, "status_summary": []}, "not started"
    before = {"count": len(emails), "processed": 0, "results": []}
    assert timed.get(f"{LISTS}/{id}/emails").json() == before
    assert start(timed, id).status_code == 200
    assert timed.get(f"{LISTS}/{id}").json()["total_processed"] == 0
    clock.now += 1
    assert timed.get(f"{LISTS}/{id}").json() == {
        **fresh,
        "percentage": 33,
        "total_processed": PER_SECOND,
        "status_summary": [
            {"status": "valid", "total": PER_SECOND - 1},
            {"status": "invalid", "total": 1},
        ],
    }
    some = timed.get(f"{LISTS}/{id}/emails", limit=1000).json()
    assert (some["count"], some["processed"], len(some["results"])) == (len(emails), PER_SECOND, PER_SECOND)
    clock.now += 2
    done = timed.get(f"{LISTS}/{id}").json()
    assert (done["is_processed"], done["percentage"], done["total_processed"]) == (True, 100, len(emails))
    clock.now += 3600
    assert timed.get(f"{LISTS}/{id}").json() == done


def test_results_come_in_pages_in_the_order_of_the_file(timed: V2Caller, clock: Clock) -> None:
    emails = [f"{number}@example.com" for number in range(25)]
    id = made(timed, *emails)
    start(timed, id)
    clock.now += 10
    pages = [timed.get(f"{LISTS}/{id}/emails", page=page).json()["results"] for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    rows = [row for page in pages for row in page]
    assert [row["email"] for row in rows] == emails
    assert list(rows[0]) == ["email", "id", *RECORD]
    assert len({row["id"] for row in rows}) == 25
    one = timed.get(f"{LISTS}/{id}/emails/{rows[7]['id']}").json()
    assert list(one) == [
        *("email", "id", *RECORD, "did_you_mean", *PERSON),
        *("processed_at", "account_id", "created_at", "list_id"),
    ]
    assert (one["email"], one["list_id"], one["created_at"]) == (emails[7], id, "2030-03-17 17:46:40")


def test_what_is_submitted_may_be_nonsense_as_long_as_something_is_an_address(v2: V2Caller) -> None:
    answer = upload(v2, '\ufeffann@example.com\n\n"two words",x\nbob@example.com;Bob\n')
    assert answer.json()["total_emails"] == 3
    id = answer.json()["list_id"]
    start(v2, id)
    v2.http.post("/sandbox/clock", json={"advance_s": 60})
    rows = v2.get(f"{LISTS}/{id}/emails").json()["results"]
    assert [(row["email"], row["sub_status"]) for row in rows] == [
        ("ann@example.com", ""),
        ("two words", "failed_syntax_check"),
        ("bob@example.com", ""),
    ]


def test_a_line_of_a_text_file_is_taken_whole(v2: V2Caller) -> None:
    answer = upload(v2, "ann@example.com\nbob@example.com;Bob\n", "PEOPLE.TXT")
    start(v2, answer.json()["list_id"])
    v2.http.post("/sandbox/clock", json={"advance_s": 60})
    rows = v2.get(f"{LISTS}/{answer.json()['list_id']}/emails").json()["results"]
    assert [row["email"] for row in rows] == ["ann@example.com", "bob@example.com;Bob"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"files": {"other": ("a.csv", b"a@example.com")}}, "missing_upload_file"),
        ({"files": {"file": (None, "a@example.com")}}, "missing_upload_file"),
        ({"json": {"file": "a@example.com"}}, "missing_upload_file"),
        ({"content": b""}, "missing_upload_file"),
        ({"files": {"file": ("a.csv", b"")}}, "invalid_mail_address_list"),
        ({"files": {"file": ("a.csv", b"word\nother\n")}}, "invalid_mail_address_list"),
        ({"files": {"file": ("a.xlsx", b"a@example.com")}}, "unsupported_file_format"),
        ({"files": {"file": ("a", b"a@example.com")}}, "unsupported_file_format"),
    ],
)
def test_uploads_that_make_no_list(v2: V2Caller, sent: dict[str, Any], code: str) -> None:
    assert said(v2.call("POST", f"{BASE}/upload", **sent)) == (400, code)
    assert v2.found(LISTS) == []


def test_a_list_is_validated_once(v2: V2Caller) -> None:
    id = made(v2, "ann@example.com")
    assert start(v2, id).status_code == 200
    for _ in range(2):
        assert said(start(v2, id)) == (400, "list_already_validated")
        v2.http.post("/sandbox/clock", json={"advance_s": 3600})
    assert left(v2)[0] >= FREE_CREDITS - 1


@pytest.mark.parametrize("id", ["7", "0", "-1", "x", "9" * 30, "1.0"])
def test_there_is_no_such_list(v2: V2Caller, id: str) -> None:
    made(v2, "ann@example.com")
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/validate"),
        ("GET", "/emails"),
        ("GET", "/emails/1"),
        ("GET", "/csv"),
    ):
        assert said(v2.call(method, f"{LISTS}/{id}{path}")) == (404, "list_not_found"), (method, path)


def test_a_result_of_another_list_or_of_later_is_not_there(timed: V2Caller, clock: Clock) -> None:
    first, second = made(timed, "a@example.com", "b@example.com"), made(timed, "c@example.com")
    start(timed, first)
    clock.now += 10
    ids = [row["id"] for row in timed.get(f"{LISTS}/{first}/emails").json()["results"]]
    start(timed, second)
    for list_id, email in ((second, ids[0]), (second, ids[-1] + 1), (first, "x"), (first, 7)):
        answer = timed.get(f"{LISTS}/{list_id}/emails/{email}")
        assert said(answer) == (404, "email_not_found")


def test_lists_come_newest_first_of_the_days_asked_for(timed: V2Caller, clock: Clock) -> None:
    ids = []
    for _ in range(12):
        ids.append(made(timed, "ann@example.com"))
        clock.now += 86_400
    body = timed.get(LISTS, **EVER).json()
    assert (body["count"], [row["id"] for row in body["results"]]) == (12, ids[::-1][:10])
    assert [row["id"] for row in timed.get(LISTS, **EVER, page=2).json()["results"]] == ids[1::-1]
    assert "status_summary" not in body["results"][0]
    day = {"from": "2030-03-18", "to": "2030-03-19"}
    assert [row["id"] for row in timed.get(LISTS, **day).json()["results"]] == [ids[2], ids[1]]
    shifted = timed.get(LISTS, **day, tz="-18:00").json()["results"]
    assert [row["id"] for row in shifted] == [ids[3], ids[2]]
    assert shifted[0]["creation_time"] == "2030-03-19 23:46:40"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"to": "2030-01-01"}, "missing_required_parameter_from"),
        ({"from": "2030-01-01"}, "missing_required_parameter_to"),
        ({"from": "1/1/2030", "to": "2030-01-01"}, "from_format_should_be_yyyy-mm-dd"),
        ({**EVER, "page": 0}, "page_should_be_greater_than_0"),
        ({**EVER, "limit": "x"}, "limit_should_be_integer"),
        ({**EVER, "tz": "nowhere"}, "invalid_tz"),
    ],
)
def test_lists_that_are_asked_for_wrongly(v2: V2Caller, asked: dict[str, Any], code: str) -> None:
    assert said(v2.get(LISTS, **asked)) == (400, code)


def test_results_that_are_asked_for_wrongly(v2: V2Caller) -> None:
    id = made(v2, "ann@example.com")
    assert said(v2.get(f"{LISTS}/{id}/emails", page=0)) == (400, "page_should_be_greater_than_0")
    assert said(v2.get(f"{LISTS}/{id}/emails", limit="x")) == (400, "limit_should_be_integer")


def test_a_list_goes_with_its_results(v2: V2Caller) -> None:
    id = made(v2, "ann@example.com")
    assert v2.call("DELETE", f"{LISTS}/{id}").json() == {"success": True}
    assert said(v2.call("DELETE", f"{LISTS}/{id}")) == (404, "list_not_found")
    assert v2.found(LISTS) == []
    assert made(v2, "ann@example.com") > id, "no id comes twice"


def test_the_csv_has_a_layout_of_its_own(v2: V2Caller) -> None:
    emails = ["ann@example.com", '"odd, one"@example.com', "cid@gmial.com"]
    id = upload(v2, "\n".join(emails), "people.txt").json()["list_id"]
    header = (
        "email,id,status,sub_status,free_email,domain,domain_age_days,smtp_provider,mx_found,mx_record,"
        "did_you_mean,score\r\n"
    )
    assert v2.get(f"{LISTS}/{id}/csv").text == header
    start(v2, id)
    v2.http.post("/sandbox/clock", json={"advance_s": 60})
    answer = v2.get(f"{LISTS}/{id}/csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.startswith(header)
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    shown = [verdict(row["email"]) for row in rows]
    assert [row["status"] for row in rows] == [it.status for it in shown]
    assert (rows[0]["mx_found"], rows[0]["free_email"], rows[2]["mx_found"]) == ("1", "0", "0")
    assert (rows[2]["did_you_mean"], rows[2]["domain_age_days"]) == ("cid@gmail.com", "")


# described


def test_every_answer_is_as_it_is_described(v2: V2Caller) -> None:
    id = upload(v2, "ann@example.com\nodd\ncid@gmial.com\nx@gmail.com").json()["list_id"]
    start(v2, id)
    v2.http.post("/sandbox/clock", json={"advance_s": 60})
    email = v2.get(f"{LISTS}/{id}/emails").json()["results"][0]["id"]
    paths: Any = described("turbosmtp_v2")["paths"]
    files = {"file": ("a.txt", b"ann@example.com", "text/plain")}
    asked = {
        ("GET", f"{BASE}/subscription"): {},
        ("POST", f"{BASE}/validateEmail"): {"json": {"email": "ann@gmial.com"}},
        ("POST", f"{BASE}/upload"): {"files": files},
        ("GET", LISTS): {"params": EVER},
        ("GET", f"{LISTS}/{{id}}"): {},
        ("GET", f"{LISTS}/{{id}}/emails"): {},
        ("GET", f"{LISTS}/{{id}}/emails/{{email}}"): {},
        ("POST", f"{LISTS}/{{id}}/validate"): {},
        ("DELETE", f"{LISTS}/{{id}}"): {},
    }
    for (method, path), more in asked.items():
        answer = v2.call(method, path.format(id=id, email=email), **more)
        told = paths[path][method.lower()]["responses"][str(answer.status_code)]["content"]
        Draft202012Validator(told["application/json"]["schema"]).validate(answer.json())
        assert answer.is_success or path.endswith("/validate"), answer.text


# who may


OPERATIONS = (
    ("GET", f"{BASE}/subscription"),
    ("POST", f"{BASE}/validateEmail"),
    ("POST", f"{BASE}/upload"),
    ("GET", LISTS),
    ("GET", f"{LISTS}/1"),
    ("DELETE", f"{LISTS}/1"),
    ("POST", f"{LISTS}/1/validate"),
    ("GET", f"{LISTS}/1/emails"),
    ("GET", f"{LISTS}/1/emails/1"),
    ("GET", f"{LISTS}/1/csv"),
)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_a_key_pair_or_a_token_is_let_in_and_nobody_else(v2: V2Caller, method: str, path: str) -> None:
    assert said(v2.call(method, path, {})) == (401, "missing_authorization_key")
    assert said(v2.call(method, path, {"Authorization": "x"})) == (401, "invalid_authorization_key")
    for headers in (v2.keys, v2.sign_in()):
        assert v2.call(method, path, headers).status_code != 401


# what is kept


def test_lists_and_credits_outlive_the_process_and_are_shared(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    with v2_sandbox(data, clock=lambda: NOON) as v2:
        id = made(v2, "ann@example.com", "bob@example.com")
        start(v2, id)
    with v2_sandbox(data, clock=lambda: NOON + 60) as v2, v2_sandbox(data, clock=lambda: NOON + 60) as other:
        for one in (v2, other):
            assert one.get(f"{LISTS}/{id}").json()["is_processed"]
            assert left(one)[0] == FREE_CREDITS - 2


def test_a_file_of_an_earlier_version_learns_to_validate(tmp_path: Path) -> None:
    import sqlite3

    data = tmp_path / "sandbox.sqlite"
    with sqlite3.connect(data) as connection:
        connection.executescript(STEPS[0] + STEPS[1] + "PRAGMA user_version = 2;")
    connection.close()
    with v2_sandbox(data) as v2:
        assert start(v2, made(v2, "ann@example.com")).status_code == 200
