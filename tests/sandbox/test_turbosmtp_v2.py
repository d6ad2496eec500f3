"""turboSMTP's API v2: who is let in, key pairs, sub-accounts, and what leads nowhere."""

from __future__ import annotations

import http.client
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from turbodesk.sandbox.tables import STEPS
from turbodesk.sandbox.turbosmtp_v2_keys import (
    ELSEWHERE_KEY,
    ELSEWHERE_SECRET,
    INACTIVE_KEY,
    INACTIVE_SECRET,
    SEND_ONLY_KEY,
    SEND_ONLY_SECRET,
)

from .conftest import Caller, Clock
from .v2_caller import EVER, V2Caller, said, v2_sandbox

ALL = ["SEND_SMTP", "SEND_API", "APIS"]


@pytest.fixture
def v2(sandbox: Caller) -> V2Caller:
    return V2Caller(sandbox)


def pair(key: str, secret: str) -> dict[str, str]:
    return {"consumerKey": key, "consumerSecret": secret}


def test_the_endpoints_name_a_pair_of_the_right_shape(v2: V2Caller) -> None:
    at = v2.caller.at.turbosmtp_v2
    assert at.base_url == at.send_url == f"{v2.caller.at.inbox_url}/api/v2"
    assert len(at.consumer_key) == len(at.consumer_secret) == 32
    assert int(at.consumer_key, 16)
    assert at.consumer_secret.isalnum()


def test_a_sign_in_gives_a_token_that_opens_everything(v2: V2Caller) -> None:
    body = {"email": "sandbox@example.com", "password": "sandbox"}
    answer = v2.call("POST", "/authorize", {}, json=body)
    assert (answer.status_code, list(answer.json())) == (200, ["auth"])
    token = answer.json()["auth"]
    assert len(token) == 40
    headers = {"Authorization": token}
    for path in ("/analytics", "/suppressions", "/subaccounts/list", "/user/config", "/user/consumerKeys"):
        assert v2.call("GET", path, headers, params=EVER).status_code == 200, path


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"email": "sandbox@example.com", "password": "nope"}, (403, "wrong_credentials_specified")),
        ({"email": "nobody@example.com", "password": "sandbox"}, (403, "wrong_credentials_specified")),
        ({"email": "inactive@example.com", "password": "sandbox"}, (401, "account_is_inactive")),
        ({"email": "sandbox@example.com"}, (400, "missing_required_parameter")),
        ({"password": "sandbox", "email": None}, (400, "missing_required_parameter")),
        ({"password": "sandbox", "email": 7}, (400, "missing_required_parameter")),
        ({}, (400, "missing_required_parameter")),
        ([], (400, "invalid_request_body")),
    ],
)
def test_a_sign_in_that_is_refused(v2: V2Caller, body: Any, answer: tuple[int, str]) -> None:
    assert said(v2.call("POST", "/authorize", {}, json=body)) == answer


def test_a_sign_in_without_a_body_misses_its_parameters(v2: V2Caller) -> None:
    assert said(v2.call("POST", "/authorize", {})) == (400, "missing_required_parameter")
    assert said(v2.call("POST", "/authorize", {}, content=b"{")) == (400, "invalid_request_body")


def test_a_token_dies_after_two_hours_unless_it_was_asked_to_live(clock: Clock) -> None:
    with v2_sandbox(clock=clock) as v2:
        mortal, immortal = v2.sign_in(), v2.sign_in(no_expire=True)
        assert v2.sign_in(no_expire=False) != mortal
        clock.now += 7_199
        assert v2.call("GET", "/user/config", mortal).status_code == 200
        clock.now += 1
        assert said(v2.call("GET", "/user/config", mortal)) == (401, "invalid_authorization_key")
        assert said(v2.call("POST", "/deauthorize", mortal)) == (401, "invalid_authorization_key")
        clock.now += 40_000_000
        assert v2.call("GET", "/user/config", immortal).status_code == 200


def test_a_token_is_given_back_once(v2: V2Caller) -> None:
    token = v2.sign_in()
    assert said(v2.call("POST", "/deauthorize", token)) == (200, "token_deauthorized")
    assert said(v2.call("POST", "/deauthorize", token)) == (401, "invalid_authorization_key")
    assert said(v2.call("GET", "/analytics", token, params=EVER)) == (401, "invalid_authorization_key")
    for headers in ({}, v2.keys):
        assert said(v2.call("POST", "/deauthorize", headers)) == (401, "missing_authorization_key")


def test_the_two_generations_do_not_take_each_others_tokens(v2: V2Caller) -> None:
    first = {"Authorization": v2.caller.sign_in()}
    assert said(v2.call("GET", "/user/config", first)) == (401, "invalid_authorization_key")
    assert v2.http.get("/api/user/info", headers=v2.sign_in()).status_code == 401


def test_a_fault_ends_tokens_of_this_generation_too(v2: V2Caller) -> None:
    token = v2.sign_in(no_expire=True)
    v2.caller.fault("expire_token", match="/api/v2/user/config", times=1)
    assert said(v2.call("GET", "/user/config", token)) == (401, "invalid_authorization_key")
    assert v2.get("/user/config").status_code == 200


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "invalid_authorization_key"),
        (403, "feature_not_available_for_active_plan"),
        (404, "not_found"),
        (429, "too_many_requests"),
        (503, "internal_server_error"),
    ],
)
def test_a_status_by_fault_comes_in_the_words_of_this_generation(
    v2: V2Caller, status: int, code: str
) -> None:
    v2.caller.fault("status", match="/api/v2", status=status, retry_after="7")
    answer = v2.get("/analytics", **EVER)
    assert said(answer) == (status, code)
    assert answer.headers["retry-after"] == "7"
    assert v2.send().status_code == status


@pytest.mark.parametrize("prefix", ["Bearer ", "Token ", "x"])
def test_a_token_stands_alone_in_its_header(v2: V2Caller, prefix: str) -> None:
    headers = {"Authorization": prefix + v2.sign_in()["Authorization"]}
    assert said(v2.call("GET", "/user/config", headers)) == (401, "invalid_authorization_key")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "missing_authorization_key"),
        ({"consumerKey": "a"}, "missing_authorization_key"),
        ({"consumerSecret": "a"}, "missing_authorization_key"),
        (pair("a", "b"), "invalid_authorization_key"),
        (pair(SEND_ONLY_KEY, ELSEWHERE_SECRET), "invalid_authorization_key"),
        (pair(SEND_ONLY_KEY, SEND_ONLY_SECRET), "invalid_authorization_key"),
        (pair(ELSEWHERE_KEY, ELSEWHERE_SECRET), "invalid_authorization_key"),
        (pair(INACTIVE_KEY, INACTIVE_SECRET), "account_is_inactive"),
        (pair(INACTIVE_KEY, "wrong"), "invalid_authorization_key"),
        ({"Authorization": "a"}, "invalid_authorization_key"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/analytics"),
        ("GET", "/analytics/csv"),
        ("GET", "/analytics/1"),
        ("GET", "/suppressions"),
        ("POST", "/suppressions"),
        ("GET", "/suppressions/csv"),
        ("POST", "/suppressions/csv"),
        ("POST", "/suppressions/delete"),
        ("POST", "/suppressions/bulk_delete"),
        ("POST", "/suppressions/import"),
        ("GET", "/subaccounts/list"),
        ("GET", "/user/config"),
    ],
)
def test_who_is_kept_out_of_everything(
    v2: V2Caller, headers: dict[str, str], code: str, method: str, path: str
) -> None:
    assert said(v2.call(method, path, headers)) == (401, code)


def test_header_names_come_in_any_case(v2: V2Caller) -> None:
    host, port = v2.caller.at.inbox_url.removeprefix("http://").split(":")
    for names in (("CONSUMERKEY", "CONSUMERSECRET"), ("Consumerkey", "consumersecret")):
        connection = http.client.HTTPConnection(host, int(port))
        headers = dict(zip(names, v2.keys.values(), strict=True))
        connection.request("GET", "/api/v2/user/config", headers=headers)
        assert connection.getresponse().status == 200
        connection.close()


def test_who_the_account_is(v2: V2Caller) -> None:
    assert v2.get("/user/config").json() == {"email": "sandbox@example.com", "account_type": "paid"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("GET", "/user"),
        ("GET", "/authorize"),
        ("DELETE", "/analytics"),
        ("GET", "/mail/send"),
        ("PUT", "/suppressions/import"),
        ("GET", "/analytics/1/more"),
        ("PATCH", "/user/consumerKeys"),
    ],
)
def test_what_leads_nowhere_says_so_in_the_words_of_this_generation(
    v2: V2Caller, method: str, path: str
) -> None:
    assert said(v2.call(method, path)) == (404, "not_found")


def test_a_slash_at_the_end_is_no_other_path(v2: V2Caller) -> None:
    assert v2.get("/user/config/").status_code == 200


# key pairs


def test_the_pairs_there_are_without_their_secrets(v2: V2Caller) -> None:
    answer = v2.call("GET", "/user/consumerKeys", v2.sign_in())
    assert answer.status_code == 200
    body = answer.json()
    assert body["count"] == len(body["results"]) == 3
    full, send_only, elsewhere = body["results"]
    assert full == {
        "consumerKey": v2.keys["consumerKey"],
        "label": "Everything",
        "creation_time": full["creation_time"],
        "ips": [],
        "is_legacy": False,
        "permissions": ALL,
    }
    assert len(full["creation_time"]) == len("2024-06-10 06:13:20")
    assert (send_only["permissions"], send_only["is_legacy"]) == (["SEND_SMTP", "SEND_API"], True)
    assert elsewhere["ips"] == ["203.0.113.25", "203.0.113.26"]
    for secret in (v2.keys["consumerSecret"], SEND_ONLY_SECRET, ELSEWHERE_SECRET, INACTIVE_KEY):
        assert secret not in answer.text


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_pairs_are_for_those_who_bring_a_token(v2: V2Caller, method: str) -> None:
    path = "/user/consumerKeys/x" if method == "DELETE" else "/user/consumerKeys"
    assert said(v2.call(method, path)) == (401, "missing_authorization_key")
    assert said(v2.call(method, path, {"Authorization": "x"})) == (401, "invalid_authorization_key")


def test_a_new_pair_opens_what_it_may(v2: V2Caller) -> None:
    token = v2.sign_in()
    made = v2.call("POST", "/user/consumerKeys", token, json={"label": "My desk", "permissions": ["APIS"]})
    assert (made.status_code, list(made.json())) == (201, ["consumerKey", "consumerSecret"])
    key, secret = made.json().values()
    assert (len(key), len(secret), secret.isalnum()) == (32, 32, True)
    assert v2.call("GET", "/user/config", pair(key, secret)).status_code == 200
    body = {"from": "me@example.com", "to": "ok@example.com"}
    assert v2.call("POST", "/mail/send", pair(key, secret), json=body).status_code == 401
    listed = v2.call("GET", "/user/consumerKeys", token)
    assert listed.json()["count"] == 4
    assert listed.json()["results"][-1]["label"] == "My desk"
    assert listed.json()["results"][-1]["permissions"] == ["APIS"]
    assert secret not in listed.text
    assert said(v2.call("DELETE", f"/user/consumerKeys/{key}", token)) == (200, "success")
    assert said(v2.call("GET", "/user/config", pair(key, secret))) == (401, "invalid_authorization_key")
    assert said(v2.call("DELETE", f"/user/consumerKeys/{key}", token)) == (404, "key_not_found")


def test_only_the_label_makes_a_pair_that_may_do_everything(v2: V2Caller) -> None:
    made = v2.call("POST", "/user/consumerKeys", v2.sign_in(), json={"label": "Plugin"}).json()
    rows = v2.call("GET", "/user/consumerKeys", v2.sign_in()).json()["results"]
    assert next(row for row in rows if row["consumerKey"] == made["consumerKey"])["permissions"] == ALL
    assert v2.call("GET", "/user/config", made).status_code == 200


def test_a_pair_is_good_from_its_own_addresses(v2: V2Caller) -> None:
    token = v2.sign_in()
    for ips, status in ((["127.0.0.1", "192.0.2.1"], 200), (["192.0.2.1"], 401)):
        made = v2.call("POST", "/user/consumerKeys", token, json={"label": "Bound", "ips": ips}).json()
        assert v2.call("GET", "/user/config", made).status_code == status


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_required_parameter_label"),
        ({"label": " "}, "missing_required_parameter_label"),
        ({"label": "x" * 256}, "label_is_too_long"),
        ({"label": "a", "permissions": ["ROOT"]}, "invalid_permissions"),
        ({"label": "a", "permissions": "APIS"}, "invalid_permissions"),
        ({"label": "a", "permissions": [1]}, "invalid_permissions"),
        ({"label": "a", "ips": ["nowhere"]}, "ip_should_be_IPV4_format"),
        ({"label": "a", "ips": "192.0.2.1"}, "ip_should_be_IPV4_format"),
    ],
)
def test_a_pair_that_cannot_be_made(v2: V2Caller, body: dict[str, object], code: str) -> None:
    assert said(v2.call("POST", "/user/consumerKeys", v2.sign_in(), json=body)) == (400, code)


def test_seeded_pairs_can_be_deleted_and_a_reset_brings_them_back(v2: V2Caller) -> None:
    token = v2.sign_in()
    path = f"/user/consumerKeys/{v2.keys['consumerKey']}"
    assert said(v2.call("DELETE", path, token)) == (200, "success")
    assert said(v2.get("/user/config")) == (401, "invalid_authorization_key")
    assert v2.call("GET", "/user/consumerKeys", token).json()["count"] == 2
    assert said(v2.call("DELETE", f"/user/consumerKeys/{INACTIVE_KEY}", token)) == (404, "key_not_found")
    v2.http.post("/sandbox/reset")
    assert v2.get("/user/config").status_code == 200


def test_a_pair_outlives_its_process_and_its_secret_is_nowhere_on_file(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    with v2_sandbox(data) as v2:
        token = v2.sign_in(no_expire=True)
        made = v2.call("POST", "/user/consumerKeys", token, json={"label": "Kept"}).json()
    with v2_sandbox(data) as v2, v2_sandbox(data) as other:
        for one in (v2, other):
            assert one.call("GET", "/user/config", made).status_code == 200
            assert one.call("GET", "/user/consumerKeys", token).json()["count"] == 4
    with sqlite3.connect(data) as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    assert made["consumerKey"] in dump
    for secret in (made["consumerSecret"], token["Authorization"]):
        assert secret not in dump


def test_a_file_of_the_first_version_learns_to_keep_pairs(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    with sqlite3.connect(data) as connection:
        connection.executescript(STEPS[0] + "PRAGMA user_version = 1;")
    connection.close()
    with v2_sandbox(data) as v2:
        made = v2.call("POST", "/user/consumerKeys", v2.sign_in(), json={"label": "New"}).json()
        assert v2.call("GET", "/user/config", made).status_code == 200


# sub-accounts


def test_sub_accounts(v2: V2Caller) -> None:
    body = v2.get("/subaccounts/list").json()
    assert list(body) == ["count", "results"]
    assert body["count"] == len(body["results"]) == 6
    emails = [row["email"] for row in body["results"]]
    assert emails == sorted(emails, reverse=True)
    shop = next(row for row in body["results"] if row["email"] == "shop@example.com")
    used, ends = shop.pop("last_used"), shop.pop("plan_expiration")
    assert shop == {
        "subaccount_id": 18_897_905,
        "parent_id": 18_897_904,
        "email": "shop@example.com",
        "active": True,
        "ip": "203.0.113.31",
        "limit": 40_000,
        "sent": 18_240,
        "plan_limit_interval": "Monthly",
        "expired": False,
    }
    assert len(used) == len(ends) == len("2024-06-10 00:00:00")
    archive = v2.get("/subaccounts/list", filter_by_email="ARCHIVE").json()["results"]
    assert [(row["active"], row["last_used"], row["expired"]) for row in archive] == [(False, None, True)]
    old = {row["email"]: row for row in v2.caller.get("/api/useraccounts/summary").json()}
    for row in body["results"]:
        assert (row["sent"], row["limit"]) == (old[row["email"]]["sent"], old[row["email"]]["limit"])


@pytest.mark.parametrize(
    ("newest", "older", "emails"),
    [
        ({"filter_by_email": "example.org"}, {"filterByEmail": "example.org"}, ["newsletter", "archive"]),
        ({"filter_by_active": "false"}, {"filterByActive": "false"}, ["archive"]),
        (
            {"filter_by_ip[]": ["203.0.113.31", "198.51.100.14"]},
            {"filterByIP[]": ["203.0.113.31", "198.51.100.14"]},
            ["shop", "events"],
        ),
        (
            {"order_by": "last_used", "ordertype": "asc", "limit": 2},
            {"orderby": "last_used", "ordertype": "asc", "limit": 2},
            ["archive", "workshop"],
        ),
        (
            {"order_by": "email", "ordertype": "asc", "limit": 1},
            {"ordertype": "asc", "limit": 1},
            ["archive"],
        ),
        ({"limit": 4, "page": 2}, {"limit": 4, "page": 2}, ["billing", "archive"]),
    ],
)
def test_sub_accounts_are_filtered_and_sorted_in_both_spellings(
    v2: V2Caller, newest: dict[str, object], older: dict[str, object], emails: list[str]
) -> None:
    for parameters in (newest, older):
        rows = v2.get("/subaccounts/list", **parameters).json()["results"]
        assert [row["email"].partition("@")[0] for row in rows] == emails


@pytest.mark.parametrize(
    ("parameters", "answer"),
    [
        ({"page": "x"}, (400, "page_should_be_integer")),
        ({"page": 0}, (400, "page_should_be_greater_than_0")),
        ({"limit": "1.5"}, (400, "limit_should_be_integer")),
        ({"limit": -1}, (400, "limit_should_be_greater_than_0")),
        ({"filter_by_active": "yes"}, (400, "filter_by_active_should_be_boolean")),
        ({"filter_by_ip[]": "::1"}, (400, "ip_should_be_IPV4_format")),
        ({"order_by": "ip"}, (400, "order_by_can_only_be_email_or_last_used")),
        ({"ordertype": "down"}, (400, "ordertype_should_be_asc_or_desc")),
        ({"page": 2}, (404, "page_not_found")),
        ({"page": 7, "limit": 1}, (404, "page_not_found")),
    ],
)
def test_sub_accounts_that_cannot_be_shown(
    v2: V2Caller, parameters: dict[str, object], answer: tuple[int, str]
) -> None:
    assert said(v2.get("/subaccounts/list", **parameters)) == answer


def test_a_first_page_of_nothing_is_empty(v2: V2Caller) -> None:
    assert v2.get("/subaccounts/list", filter_by_email="zzz").json() == {"count": 0, "results": []}
