"""SendPost's webhooks: listed, made, changed without losing a flag, removed; in both contracts."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Caller
from .sendpost_caller import SendPostCaller

URL = "https://hooks.example.com/mine"
DEFAULTS = {
    "enabled": True,
    "processed": False,
    "sent": False,
    "delivered": True,
    "dropped": True,
    "smtpDropped": False,
    "softBounced": True,
    "hardBounced": True,
    "opened": True,
    "clicked": True,
    "unsubscribed": True,
    "spam": True,
    "uniqueOpen": False,
    "uniqueClick": False,
}


def made(caller: SendPostCaller, url: str = URL, **flags: Any) -> Any:
    answer = caller.ask("POST", "/account/webhook", body={"url": url, **flags})
    assert answer.status_code == (201 if caller.contract == "v1" else 200), answer.text
    return answer.json()


@pytest.fixture
def v1(sandbox: Caller) -> SendPostCaller:
    return SendPostCaller(sandbox)


def test_a_new_one_has_the_documented_defaults(v1: SendPostCaller) -> None:
    hook = made(v1)
    assert {name: hook[name] for name in DEFAULTS} == DEFAULTS
    assert isinstance(hook["id"], int) and hook["url"] == URL
    assert hook["created"] > 10**18
    assert (hook["status"], hook["disabledAt"], hook["disabledReason"]) == ("active", 0, "")
    assert v1.get(f"/account/webhook/{hook['id']}") == hook
    assert v1.get("/account/webhook") == [{**hook, "successRate": 100}]


def test_the_older_contract_names_staff_and_no_status(sandbox: Caller) -> None:
    legacy = SendPostCaller(sandbox, contract="")
    hook = made(legacy)
    assert hook.keys() == {*DEFAULTS, "id", "url", "created", "created_by", "updated_by"}
    assert legacy.get("/account/webhook") == [hook]


def test_what_a_change_leaves_out_stays(v1: SendPostCaller) -> None:
    hook = made(v1, processed=True, opened=False)
    path = f"/account/webhook/{hook['id']}"
    changed = v1.ask("PUT", path, body={"clicked": False}).json()
    expected = {**DEFAULTS, "processed": True, "opened": False, "clicked": False}
    assert {name: changed[name] for name in DEFAULTS} == expected
    assert changed["url"] == URL
    moved = v1.ask("PUT", path, body={"url": f"{URL}/2"}).json()
    assert moved == {**changed, "url": f"{URL}/2"}


def test_one_that_is_switched_off_says_since_when(v1: SendPostCaller) -> None:
    hook = made(v1)
    off = v1.ask("PUT", f"/account/webhook/{hook['id']}", body={"enabled": False}).json()
    assert off["status"] == "disabled" and off["disabledAt"] >= hook["created"]
    on = v1.ask("PUT", f"/account/webhook/{hook['id']}", body={"enabled": True}).json()
    assert on == hook


def test_a_removed_one_is_gone(v1: SendPostCaller) -> None:
    hook = made(v1)
    path = f"/account/webhook/{hook['id']}"
    gone = v1.ask("DELETE", path).json()
    assert gone["id"] == hook["id"] and gone["message"]
    assert v1.get("/account/webhook") == []
    for method, body in (("GET", None), ("PUT", {"opened": True}), ("DELETE", None)):
        assert v1.refusal(method, path, body=body) == 406


@pytest.mark.parametrize("id", ["1", "abc", "99999999999999999999", "-1", "١"])
def test_an_id_that_there_is_not(v1: SendPostCaller, id: str) -> None:
    assert v1.refusal("GET", f"/account/webhook/{id}") == 406


def test_a_url_that_is_used_already_is_a_conflict(v1: SendPostCaller) -> None:
    first, second = made(v1), made(v1, f"{URL}/2")
    assert v1.refusal("POST", "/account/webhook", body={"url": URL}) == 403
    assert v1.refusal("PUT", f"/account/webhook/{second['id']}", body={"url": URL}) == 403
    assert v1.ask("PUT", f"/account/webhook/{first['id']}", body={"url": URL}).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": None}, "url"),
        ({"url": 5}, "url"),
        ({"url": "http://hooks.example.com/"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "ftp://hooks.example.com/"}, "url"),
        ({"url": "https://hooks.example.com:port/"}, "url"),
        ({"url": "https://hooks.example.com/a b"}, "url"),
        ({"url": "https://hooks.example.com/" + "x" * 2048}, "url"),
        ({"url": URL, "opened": "yes"}, "opened"),
        ({"url": URL, "uniqueClick": 1}, "uniqueClick"),
    ],
)
def test_a_body_that_will_not_do(v1: SendPostCaller, body: dict[str, Any], field: str) -> None:
    answer = v1.ask("POST", "/account/webhook", body=body)
    assert answer.status_code == 422
    assert [it["field"] for it in answer.json()["error"]["details"]] == [field]
    assert v1.get("/account/webhook") == []


def test_the_list_is_paged_and_searched(v1: SendPostCaller) -> None:
    for number in range(25):
        made(v1, f"{URL}/{number}")
    assert len(v1.get("/account/webhook")) == 20
    rest = v1.get("/account/webhook", limit=100, offset=20)
    assert [it["url"] for it in rest] == [f"{URL}/{number}" for number in range(20, 25)]
    assert [it["url"] for it in v1.get("/account/webhook", search="MINE/7")] == [f"{URL}/7"]
    assert v1.refusal("GET", "/account/webhook", limit=0) == 400


def test_there_are_no_more_than_a_hundred(v1: SendPostCaller) -> None:
    for number in range(100):
        made(v1, f"{URL}/{number}")
    assert v1.refusal("POST", "/account/webhook", body={"url": URL}) == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_key_of_the_account_is_asked_for(v1: SendPostCaller, method: str) -> None:
    for key in ("", "wrong", v1.at.subaccount_key):
        assert v1.refusal(method, "/account/webhook", key=key, body={"url": URL}) == 401
