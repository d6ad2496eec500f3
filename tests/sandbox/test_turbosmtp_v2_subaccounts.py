"""The sandbox's accounts below the main one, and its usage alerts: every rule of the wire contract."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from turbodesk.sandbox.turbosmtp_account import CONTACT_LENGTHS, IP, SUB_ACCOUNTS

from .v2_caller import V2Caller, said, v2_sandbox

SHOP = SUB_ACCOUNTS[0]
PASSWORD = "Str0ng-enough!"
NEW = {
    "email": "new@example.com",
    "password": PASSWORD,
    "confirm_password": PASSWORD,
    "first_name": "Ada",
    "last_name": "Rossi",
    "ip": IP,
    "policy_agree": True,
}
CHANGED = {"first_name": "Ada", "last_name": "Rossi", "ip": IP, "policy_agree": True}
ALERT = {"email": "ops@example.com", "percentage": 80}
DETAILS = {"subaccount_id", "parent_id", "email", "active", "ip", "policy_agree", *CONTACT_LENGTHS}
PLAN = {
    "subaccount_id",
    "parent_id",
    "active",
    "ip",
    "limit",
    "sent",
    "last_used",
    "plan_expiration",
    "plan_limit_interval",
    "expired",
}
SHOP_AT = f"/subaccounts/{SHOP.id}"


@pytest.fixture(scope="module")
def shared() -> Iterator[V2Caller]:
    with v2_sandbox() as caller:
        yield caller


@pytest.fixture
def v2(shared: V2Caller) -> V2Caller:
    shared.http.post("/sandbox/reset")
    return shared


def patch(v2: V2Caller, path: str, body: Any) -> Any:
    return v2.call("PATCH", path, json=body)


def without(body: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in body.items() if key != name}


def test_one_is_made_changed_limited_suspended_and_seen_by_both_apis(v2: V2Caller) -> None:
    answer = v2.post("/subaccounts", {**NEW, "city": "Milano", "policy_agree": True})
    made = answer.json()
    id = made["subaccount_id"]
    assert (answer.status_code, set(made)) == (201, DETAILS)
    assert 2**53 < id < 2**63
    assert (made["email"], made["city"], made["company_name"]) == ("new@example.com", "Milano", "")
    assert v2.get(f"/subaccounts/{id}").json() == made

    changed = patch(v2, f"/subaccounts/{id}", {**CHANGED, "last_name": "Bianchi"})
    assert changed.status_code == 200
    assert v2.get(f"/subaccounts/{id}").json() == {**made, "last_name": "Bianchi"}, "the city stays"

    limited = v2.post(f"/subaccounts/{id}/updatesubaccountsmtplimit", {"limit": 100}).json()
    assert (set(limited), limited["limit"], limited["active"]) == (PLAN, 100, True)
    suspended = v2.post(f"/subaccounts/{id}/updatesubaccountstatus", {"active": False}).json()
    assert (suspended["limit"], suspended["active"]) == (100, False)
    assert v2.get(f"/subaccounts/{id}/active-plan").json() == suspended
    (row,) = v2.get("/subaccounts/list", filter_by_email="new@").json()["results"]
    assert row == {**suspended, "email": "new@example.com"}
    old = {it["id"]: it for it in v2.caller.get("/api/useraccounts/summary").json()}
    assert (old[id]["limit"], old[id]["active"]) == (100, False)
    assert v2.get("/subaccounts/list").json()["count"] == len(SUB_ACCOUNTS) + 1


def test_two_that_are_made_at_once_have_ids_of_their_own(v2: V2Caller) -> None:
    ids = {
        v2.post("/subaccounts", {**NEW, "email": f"{n}@example.com"}).json()["subaccount_id"]
        for n in range(5)
    }
    assert len(ids) == 5


@pytest.mark.parametrize(
    ("change", "code"),
    [
        *(
            ({name: given}, f"missing_required_parameter_{name}")
            for name in ("email", "first_name", "last_name", "password", "confirm_password", "ip")
            for given in (None, "", " ")
        ),
        ({"email": "nonsense"}, "invalid_mail_address"),
        ({"email": SHOP.email.upper()}, "email_is_already_in_use"),
        ({"email": "sandbox@example.com"}, "email_is_already_in_use"),
        ({"password": "Sh0rt-one"}, "password_length_should_not_be_less_than_10_characters"),
        ({"password": "no-capital-1"}, "password_should_contain_at_least_one_uppercase_character"),
        ({"password": "NO-SMALL-11"}, "password_should_contain_at_least_one_lowercase_character"),
        ({"password": "No-digit-here"}, "password_should_contain_at_least_one_digit"),
        ({"confirm_password": f"{PASSWORD}2"}, "password_should_equal_confirm_password"),
        ({"ip": "::1"}, "ip_should_be_IPV4_format"),
        ({"ip": "192.0.2.1"}, "ip_not_associated_to_user_account"),
        ({"policy_agree": False}, "policy_agree_should_be_true"),
        ({"policy_agree": None}, "policy_agree_should_be_true"),
        ({"city": "x" * 101}, "city_should_be_shorter_than_100_characters"),
    ],
)
def test_one_that_cannot_be_made(v2: V2Caller, change: dict[str, object], code: str) -> None:
    assert said(v2.post("/subaccounts", {**NEW, **change})) == (400, code)
    assert v2.get("/subaccounts/list").json()["count"] == len(SUB_ACCOUNTS)


@pytest.mark.parametrize("name", CONTACT_LENGTHS)
def test_texts_are_as_long_as_the_contract_says(v2: V2Caller, name: str) -> None:
    longest = "x" * CONTACT_LENGTHS[name]
    assert patch(v2, SHOP_AT, {**CHANGED, name: longest}).json()[name] == longest
    assert patch(v2, SHOP_AT, {**CHANGED, name: f"{longest}x"}).status_code == 400
    assert v2.get(SHOP_AT).json()[name] == longest


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (without(CHANGED, "first_name"), "missing_required_parameter_first_name"),
        (without(CHANGED, "last_name"), "missing_required_parameter_last_name"),
        (without(CHANGED, "ip"), "missing_required_parameter_ip"),
        (without(CHANGED, "policy_agree"), "policy_agree_should_be_true"),
        ({**CHANGED, "ip": "192.0.2.1"}, "ip_not_associated_to_user_account"),
    ],
)
def test_one_that_cannot_be_changed(v2: V2Caller, body: dict[str, object], code: str) -> None:
    before = v2.get(SHOP_AT).json()
    assert said(patch(v2, SHOP_AT, body)) == (400, code)
    assert v2.get(SHOP_AT).json() == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_required_parameter_limit"),
        ({"limit": None}, "missing_required_parameter_limit"),
        ({"limit": True}, "limit_should_be_integer"),
        ({"limit": 1.5}, "limit_should_be_integer"),
        ({"limit": "many"}, "limit_should_be_integer"),
        ({"limit": 10**30}, "limit_should_not_be_higher_than_parent_account_limit"),
        ({"limit": 50_001}, "limit_should_not_be_higher_than_parent_account_limit"),
        ({"limit": -2}, "limit_should_not_be_lower_than_-1"),
    ],
)
def test_a_limit_that_cannot_be_set(v2: V2Caller, body: dict[str, object], code: str) -> None:
    assert said(v2.post(f"{SHOP_AT}/updatesubaccountsmtplimit", body)) == (400, code)
    assert v2.get(f"{SHOP_AT}/active-plan").json()["limit"] == SHOP.limit


@pytest.mark.parametrize("limit", [-1, 0, 50_000, "7"])
def test_a_limit_that_can_be_set(v2: V2Caller, limit: int | str) -> None:
    path = f"{SHOP_AT}/updatesubaccountsmtplimit"
    assert v2.post(path, {"limit": limit}).json()["limit"] == int(limit)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_required_parameter_active"),
        ({"active": None}, "missing_required_parameter_active"),
        ({"active": "perhaps"}, "active_should_be_boolean"),
        ({"active": 2}, "active_should_be_boolean"),
    ],
)
def test_a_status_that_cannot_be_set(v2: V2Caller, body: dict[str, object], code: str) -> None:
    assert said(v2.post(f"{SHOP_AT}/updatesubaccountstatus", body)) == (400, code)
    assert v2.get(f"{SHOP_AT}/active-plan").json()["active"] is True


@pytest.mark.parametrize("id", ["7", "nonsense", "-1", "9" * 19, "9" * 40, "²"])
def test_one_that_is_not_there(v2: V2Caller, id: str) -> None:
    gone = (404, "subaccount_not_found")
    path = f"/subaccounts/{id}"
    assert said(v2.get(path)) == gone
    assert said(patch(v2, path, CHANGED)) == gone
    assert said(v2.get(f"{path}/active-plan")) == gone
    assert said(v2.post(f"{path}/updatesubaccountsmtplimit", {"limit": 1})) == gone
    assert said(v2.post(f"{path}/updatesubaccountstatus", {"active": True})) == gone
    missing = (404, "alert_not_found")
    assert said(v2.get(f"/tools/alerts/{id}")) == missing
    assert said(patch(v2, f"/tools/alerts/{id}", ALERT)) == missing
    assert said(v2.call("DELETE", f"/tools/alerts/{id}")) == missing


def test_somebody_signs_in_as_one(v2: V2Caller) -> None:
    token = v2.post("/subaccounts/authorize", {"email": SHOP.email.upper()}).json()
    assert list(token) == ["auth"]
    header = {"Authorization": token["auth"]}
    assert v2.call("GET", "/user/config", header).json()["email"] == SHOP.email
    assert v2.get("/user/config").json()["email"] == "sandbox@example.com"
    assert v2.call("GET", "/tools/alerts", header).status_code == 200
    assert v2.call("POST", "/deauthorize", header).json() == {"message": "token_deauthorized"}
    assert v2.call("GET", "/user/config", header).status_code == 401

    asked = v2.post("/subaccounts/authorize", {})
    assert said(asked) == (400, "missing_required_parameter_email")
    for stranger in ("nobody@example.com", "archive@example.org"):  # the second one is suspended
        asked = v2.post("/subaccounts/authorize", {"email": stranger})
        assert said(asked) == (403, "wrong_credentials_specified")


def test_one_has_none_below_it_and_a_suspended_one_is_put_out(v2: V2Caller) -> None:
    header = {"Authorization": v2.post("/subaccounts/authorize", {"email": SHOP.email}).json()["auth"]}
    for method, path in OPERATIONS:
        if path.startswith("/subaccounts"):
            answer = v2.call(method, path, header)
            assert said(answer) == (403, "feature_not_available_for_active_plan")
    assert said(v2.call("GET", "/subaccounts/list", header))[0] == 403
    v2.post(f"{SHOP_AT}/updatesubaccountstatus", {"active": False})
    assert said(v2.call("GET", "/user/config", header)) == (401, "account_is_inactive")
    v2.post(f"{SHOP_AT}/updatesubaccountstatus", {"active": True})
    assert v2.call("GET", "/user/config", header).status_code == 200


def test_two_changes_at_once_are_both_kept(v2: V2Caller) -> None:
    """The body of the first comes late, when the second one is done."""
    begun, late = Event(), Event()

    def body() -> Iterator[bytes]:
        yield b'{"limit": '
        begun.set()
        assert late.wait(10)
        yield b"7}"

    def limit() -> Any:
        path = f"/api/v2{SHOP_AT}/updatesubaccountsmtplimit"
        headers = {**v2.keys, "Content-Type": "application/json"}
        with httpx.Client(base_url=v2.http.base_url, trust_env=False) as client:
            return client.post(path, content=body(), headers=headers).json()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(limit)
        assert begun.wait(10)
        second = v2.post(f"{SHOP_AT}/updatesubaccountstatus", {"active": False}).json()
        late.set()
        assert (second["active"], first.result()["limit"]) == (False, 7)
    plan = v2.get(f"{SHOP_AT}/active-plan").json()
    assert (plan["limit"], plan["active"]) == (7, False)


# usage alerts


def test_an_alert_is_made_changed_and_removed(v2: V2Caller) -> None:
    assert v2.get("/tools/alerts").json() == {"count": 0, "results": []}
    answer = v2.post("/tools/alerts", ALERT)
    made = answer.json()
    id = made["id"]
    assert (answer.status_code, made) == (201, {"id": id, **ALERT})
    assert 2**53 < id < 2**63
    other = v2.post("/tools/alerts", ALERT).json()
    assert other["id"] != id
    assert v2.get("/tools/alerts").json() == {"count": 2, "results": [made, other]}
    path = f"/tools/alerts/{id}"
    assert patch(v2, path, {"percentage": 0}).status_code == 200
    assert patch(v2, path, {"email": "boss@example.com"}).status_code == 200
    assert v2.get(path).json() == {"id": id, "email": "boss@example.com", "percentage": 0}
    assert v2.call("DELETE", path).json() == {"message": "success"}
    assert said(v2.call("DELETE", path)) == (404, "alert_not_found")
    assert v2.get("/tools/alerts").json()["results"] == [other]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"email": None}, "missing_required_parameter_email"),
        ({"email": " "}, "missing_required_parameter_email"),
        ({"email": "nonsense"}, "invalid_mail_address"),
        ({"percentage": None}, "missing_required_parameter_percentage"),
        ({"percentage": "most"}, "percentage_should_be_integer"),
        ({"percentage": 50.5}, "percentage_should_be_integer"),
        ({"percentage": True}, "percentage_should_be_integer"),
        ({"percentage": -1}, "percentage_should_not_be_less_than_0"),
        ({"percentage": 101}, "percentage_should_not_be_higher_than_100"),
    ],
)
def test_an_alert_that_makes_no_sense(v2: V2Caller, change: dict[str, object], code: str) -> None:
    made = v2.post("/tools/alerts", ALERT).json()
    assert said(v2.post("/tools/alerts", {**ALERT, **change})) == (400, code)
    assert said(patch(v2, f"/tools/alerts/{made['id']}", change)) == (400, code)
    assert v2.get("/tools/alerts").json()["results"] == [made]


def test_a_change_of_nothing_is_told(v2: V2Caller) -> None:
    made = v2.post("/tools/alerts", ALERT).json()
    assert said(patch(v2, f"/tools/alerts/{made['id']}", {})) == (400, "missing_required_parameter_email")


@pytest.mark.parametrize("percentage", [0, 100])
def test_the_ends_are_good(v2: V2Caller, percentage: int) -> None:
    made = v2.post("/tools/alerts", {**ALERT, "percentage": percentage})
    assert made.json()["percentage"] == percentage


# who is let in, and what is kept

OPERATIONS = [
    ("GET", "/subaccounts/1"),
    ("POST", "/subaccounts"),
    ("PATCH", "/subaccounts/1"),
    ("POST", "/subaccounts/1/updatesubaccountsmtplimit"),
    ("POST", "/subaccounts/1/updatesubaccountstatus"),
    ("POST", "/subaccounts/authorize"),
    ("GET", "/subaccounts/email-exists"),
    ("GET", "/subaccounts/agency"),
    ("PATCH", "/subaccounts/agency"),
    ("GET", "/subaccounts/1/active-plan"),
    ("GET", "/tools/alerts"),
    ("POST", "/tools/alerts"),
    ("GET", "/tools/alerts/1"),
    ("PATCH", "/tools/alerts/1"),
    ("DELETE", "/tools/alerts/1"),
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nobody_is_let_in_without_a_key_pair_or_a_token(v2: V2Caller, method: str, path: str) -> None:
    assert said(v2.call(method, path, {})) == (401, "missing_authorization_key")
    wrong = {**v2.keys, "consumerSecret": "wrong"}
    assert said(v2.call(method, path, wrong)) == (401, "invalid_authorization_key")
    token = v2.sign_in()
    assert v2.call(method, path, token).status_code in (200, 400, 404)


def test_an_agency_is_kept_and_too_long_a_text_is_not(v2: V2Caller) -> None:
    path, nothing = (
        "/subaccounts/agency",
        dict.fromkeys(("agency_name", "agency_website", "agency_footer"), ""),
    )
    assert v2.get(path).json() == {**nothing, "logoUrl": ""}
    longest = {"agency_name": "n" * 128, "agency_website": "w" * 128, "agency_footer": "f" * 2048}
    assert v2.call("PATCH", path, json=longest).json() == {"message": "success"}
    v2.call("PATCH", path, json={"agency_name": "Ours"})
    kept = {**longest, "agency_name": "Ours", "logoUrl": ""}
    assert v2.get(path).json() == kept
    for name, most in (("agency_name", 128), ("agency_website", 128), ("agency_footer", 2048)):
        answer = v2.call("PATCH", path, json={"agency_name": "never", name: "x" * (most + 1)})
        assert said(answer) == (400, f"{name}_should_be_shorter_than_{most}_characters")
    assert v2.get(path).json() == kept


def test_whether_an_address_is_taken_is_told(v2: V2Caller) -> None:
    path = "/subaccounts/email-exists"
    for email, taken in ((SHOP.email.upper(), True), (v2.caller.at.user, True), ("new@example.com", False)):
        assert v2.get(path, Email=email).json() == {"result": taken}
    assert (
        said(v2.get(path))
        == said(v2.get(path, email=SHOP.email))
        == (400, "missing_required_parameter_email")
    )


def test_what_was_made_outlives_its_process_and_no_password_is_on_file(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    with v2_sandbox(data) as v2:
        seeded = v2.get("/tools/alerts").json()["results"]
        assert [row["percentage"] for row in seeded] == [80]
        made = v2.post("/subaccounts", NEW).json()
        v2.post(f"{SHOP_AT}/updatesubaccountstatus", {"active": False})
        alert = v2.post("/tools/alerts", ALERT).json()
    with v2_sandbox(data) as v2:
        assert v2.get(f"/subaccounts/{made['subaccount_id']}").json() == made
        assert v2.get(SHOP_AT).json()["active"] is False
        assert v2.get("/tools/alerts").json()["results"] == [*seeded, alert]
        v2.http.post("/sandbox/reset")
        assert v2.get("/subaccounts/list").json()["count"] == len(SUB_ACCOUNTS)
        assert v2.get(SHOP_AT).json()["active"] is True
    assert PASSWORD.encode() not in data.read_bytes()
