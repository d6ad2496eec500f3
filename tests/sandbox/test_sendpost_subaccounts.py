"""SendPost's sub-accounts in the sandbox: made, renamed, taken away, and what their keys are good for."""

from __future__ import annotations

from typing import Any

import pytest

from turbodesk.sandbox.sendpost_subaccounts import MOST

from .conftest import Caller
from .sendpost_caller import BLOCKED, TODAY, SendPostCaller

PATH = "/account/subaccount/"
NOBODY = f"{PATH}999"


@pytest.fixture(params=["v1", "legacy"])
def each(sandbox: Caller, request: pytest.FixtureRequest) -> SendPostCaller:
    return SendPostCaller(sandbox, request.param)


def made(each: SendPostCaller, name: str = "Spring fair") -> dict[str, Any]:
    answer = each.ask("POST", PATH, body={"name": name})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_one_is_made_with_a_key_of_its_own(each: SendPostCaller) -> None:
    before = each.get(PATH)
    sub, other = made(each, "  Spring fair "), made(each, "x" * 100)
    assert set(sub) == set(before[0])
    assert (sub["name"], sub["type"], sub["blocked"], sub["labels"]) == ("Spring fair", 1, False, [])
    assert len(str(sub["created"])) == 19
    assert len({it["apiKey"] for it in (*before, sub, other)}) == len(before) + 2
    assert each.get(PATH) == [*before, sub, other]
    assert each.get(f"{PATH}{sub['id']}") == sub
    assert each.get(PATH, search="spring") == [sub]


def test_its_key_opens_what_a_sub_account_without_a_domain_has(each: SendPostCaller) -> None:
    sub = made(each)
    key, window = sub["apiKey"], {"from": TODAY, "to": TODAY}
    each.sent("hardbounce@example.com")
    for path in ("/subaccount/domain", "/subaccount/suppression", "/subaccount/stat"):
        answer = each.ask("GET", path, key=key, **window)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()) == (200, [])
    mail = {"from": {"email": "me@example.com"}, "to": [{"email": "ok@example.com"}], "textBody": "x"}
    (entry,) = each.ask("POST", "/subaccount/email/", key=key, body=mail).json()
    assert entry["errorCode"] == 3
    lists = {"manual": [{"email": "a@example.com"}]}
    assert each.refusal("POST", "/subaccount/suppression", key=key, body=lists) == 422
    assert each.get(f"/account/subaccount/stat/{sub['id']}", **window) == []
    assert len(each.sandbox.caught()) == 1


def test_each_is_renamed_the_seeded_ones_too(each: SendPostCaller) -> None:
    sub = made(each)
    for before in (*each.get(PATH)[:2], sub):
        name = f"Renamed {before['id']}"
        answer = each.ask("PUT", f"{PATH}{before['id']}", body={"name": name})
        assert (answer.status_code, answer.json()) == (200, {**before, "name": name})
        assert each.get(f"{PATH}{before['id']}") == {**before, "name": name}
    assert [it["id"] for it in each.get(PATH)] == [117, 118, sub["id"]]
    same = each.ask("PUT", f"{PATH}117", body={"name": "RENAMED 117"})
    assert (same.status_code, same.json()["name"]) == (200, "RENAMED 117")


def test_one_is_taken_away_with_its_key_and_the_default_one_stays(each: SendPostCaller) -> None:
    sub = made(each)
    for id, key in ((sub["id"], sub["apiKey"]), (118, BLOCKED)):
        assert each.ask("GET", "/subaccount/domain", key=key).status_code == 200
        answer = each.ask("DELETE", f"{PATH}{id}")
        assert (answer.status_code, answer.json()["id"], set(answer.json())) == (200, id, {"id", "message"})
        assert each.refusal("GET", f"{PATH}{id}") == 404
        assert each.refusal("DELETE", f"{PATH}{id}") == 404
        assert each.refusal("GET", "/subaccount/domain", key=key) == 401
        assert each.refusal("GET", f"/account/subaccount/stat/{id}", **{"from": TODAY, "to": TODAY}) == 406
    assert each.refusal("DELETE", f"{PATH}117") == 406
    assert [it["id"] for it in each.get(PATH)] == [117]
    assert made(each)["id"] > sub["id"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", PATH, {}, 422),
        ("POST", PATH, {"name": " "}, 422),
        ("POST", PATH, {"name": None}, 422),
        ("POST", PATH, {"name": "x" * 101}, 422),
        ("POST", PATH, [], 422),
        ("POST", PATH, {"name": "EXAMPLE outdoor"}, 403),
        ("PUT", f"{PATH}118", {"name": "Example Outdoor"}, 403),
        ("PUT", f"{PATH}118", {"name": ""}, 422),
        ("PUT", NOBODY, {"name": ""}, 404),
        ("PUT", NOBODY, {"name": "x"}, 404),
        ("DELETE", f"{PATH}x", None, 404),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    each: SendPostCaller, method: str, path: str, body: Any, status: int
) -> None:
    before = each.get(PATH)
    assert each.refusal(method, path, body=body) == status
    assert each.refusal(method, path, body=body, key="wrong") == 401
    assert each.get(PATH) == before


def test_there_is_room_for_so_many(v1: SendPostCaller) -> None:
    for number in range(MOST - 2):
        made(v1, f"Shop {number}")
    assert v1.refusal("POST", PATH, body={"name": "One more"}) == 403


@pytest.fixture
def v1(sandbox: Caller) -> SendPostCaller:
    return SendPostCaller(sandbox)
