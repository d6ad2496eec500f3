"""Tokens: how one is had, carried, given back, and how it dies."""

from __future__ import annotations

import http.client
import logging
from urllib.parse import quote

import httpx
import pytest

from .conftest import Caller, Clock, Opener

INFO = "/api/user/info"


def test_a_good_sign_in_gives_a_token_that_opens_the_dashboard(sandbox: Caller) -> None:
    answer = sandbox.http.post(
        "/api/authorize", json={"email": sandbox.at.user, "password": sandbox.at.password}
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert list(answer.json()) == ["auth"]
    assert len(answer.json()["auth"]) == 42
    assert sandbox.http.get(INFO, headers={"authorization": answer.json()["auth"]}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b'{"email": "sandbox@example.com", "password": "wrong"}',
        b'{"email": "somebody@example.com", "password": "sandbox"}',
        b'{"email": null}',
        b"[]",
        b"{",
        b"",
        b"[" * 100_000,
    ],
)
def test_a_bad_sign_in_is_error_1(sandbox: Caller, body: bytes) -> None:
    answer = sandbox.http.post("/api/authorize", content=body)
    assert answer.status_code == 401
    assert answer.json() == {"errorCode": 1, "message": "Wrong credentials specified"}


def test_an_inactive_account_is_error_2(sandbox: Caller) -> None:
    body = {"email": "inactive@example.com", "password": sandbox.at.password}
    answer = sandbox.http.post("/api/authorize", json=body)
    assert (answer.status_code, answer.json()["errorCode"]) == (401, 2)
    assert "is inactive" in answer.json()["message"]


def test_the_old_form_takes_both_parts_from_the_path(sandbox: Caller) -> None:
    good = sandbox.http.get(f"/api/authorize/{quote(sandbox.at.user)}/{quote(sandbox.at.password)}")
    assert sandbox.http.get(INFO, headers={"Authorization": good.json()["auth"]}).status_code == 200
    bad = sandbox.http.get(f"/api/authorize/{quote(sandbox.at.user)}/a%2Fb")
    assert (bad.status_code, bad.json()["errorCode"]) == (401, 1)


def test_the_path_with_a_password_is_masked_in_the_log(
    sandbox: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="turbodesk.sandbox"):
        sandbox.http.get("/api/authorize/me@example.com/canary-4711")
        sandbox.http.get("/sandbox/accepted")
    # A line is written when its answer is out: that of the last request may be late, that before is not.
    said = [record.getMessage() for record in caplog.records if record.name.startswith("turbodesk")]
    assert "GET /api/authorize/*** 401" in said
    assert "canary-4711" not in "".join(said)


@pytest.mark.parametrize("cookie", ["Authorization", "authorizationKey"])
def test_the_token_may_come_as_either_cookie(sandbox: Caller, cookie: str) -> None:
    headers = {"Cookie": f"{cookie}={sandbox.sign_in()}"}
    assert sandbox.http.get(INFO, headers=headers).status_code == 200


def test_name_and_password_may_stand_in_the_query_of_the_dashboard(sandbox: Caller) -> None:
    assert sandbox.http.get(INFO, params=sandbox.secrets).status_code == 200
    assert sandbox.http.get("/api/stats/emails/csv", params=sandbox.secrets).status_code == 200
    bad = sandbox.http.get("/api", params={**sandbox.secrets, "authpass": "wrong"})
    assert bad.status_code == 401
    assert bad.json() == {"error": 3, "message": "Wrong credentials specified"}
    assert sandbox.http.get("/api/", params=sandbox.secrets).status_code == 200


def test_without_a_token_the_dashboard_says_what_is_missing(sandbox: Caller) -> None:
    answer = sandbox.http.get("/web/api/reports/bounce/all")
    assert answer.status_code == 401
    assert answer.json() == {
        "errorCode": 3,
        "message": "Invalid authorization token",
        "details": "No authorization key was specified for request: GET /web/api/reports/bounce/all",
    }


@pytest.mark.parametrize("prefix", ["Bearer ", "Token ", '"'])
def test_a_token_stands_alone_in_its_header(sandbox: Caller, prefix: str) -> None:
    answer = sandbox.http.get(INFO, headers={"Authorization": prefix + sandbox.sign_in()})
    assert (answer.status_code, answer.json()) == (
        401,
        {"errorCode": 3, "message": "Invalid authorization token"},
    )


def test_a_token_is_given_back_once(sandbox: Caller) -> None:
    headers = {"Authorization": sandbox.sign_in()}
    revoked = sandbox.http.post("/api/deauthorize", headers=headers)
    assert (revoked.status_code, revoked.json()) == (200, {"message": "Token deauthorized"})
    again = sandbox.http.post("/api/deauthorize", headers=headers)
    assert again.status_code == 401
    assert again.json() == {"errorCode": 9, "message": "This authorization token doesn't exist."}
    none = sandbox.http.post("/api/deauthorize")
    assert none.status_code == 401
    assert none.json() == {"errorCode": 8, "message": "No authorization key was specified for request"}
    assert sandbox.http.get(INFO, headers=headers).status_code == 401


@pytest.mark.parametrize("forever", ["1", 1, True])
def test_a_token_dies_after_an_hour_unless_it_was_asked_to_live(
    opened: Opener, clock: Clock, forever: object
) -> None:
    with opened(clock=clock) as caller:
        mortal = {"Authorization": caller.sign_in(no_expire="0")}
        immortal = {"Authorization": caller.sign_in(no_expire=forever)}
        clock.now += 3599
        assert caller.http.get(INFO, headers=mortal).status_code == 200
        clock.now += 1
        assert caller.http.get(INFO, headers=mortal).json()["errorCode"] == 3
        assert caller.http.post("/api/deauthorize", headers=mortal).json()["errorCode"] == 9
        caller.http.post("/sandbox/clock", json={"advance_s": 40_000_000})
        assert caller.http.get(INFO, headers=immortal).status_code == 200


def test_the_clock_is_moved_over_the_wire_and_only_forward(opened: Opener, clock: Clock) -> None:
    with opened(clock=clock) as caller:
        headers = {"Authorization": caller.sign_in()}
        moved = caller.http.post("/sandbox/clock", json={"advance_s": 3601})
        assert moved.json() == {"now": "2030-03-17T18:46:41.000Z"}
        assert caller.http.get(INFO, headers=headers).status_code == 401
        for wrong in (-1, "10", None, True, 1e99):
            assert caller.http.post("/sandbox/clock", json={"advance_s": wrong}).status_code == 400


def test_header_names_come_in_any_case(sandbox: Caller) -> None:
    host, port = sandbox.at.dashboard_url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port))
    connection.request("GET", INFO, headers={"AUTHORIZATION": sandbox.sign_in()})
    assert connection.getresponse().status == 200
    connection.close()


def test_unknown_paths_are_error_4_and_there_are_no_docs(sandbox: Caller) -> None:
    for path in (
        "/docs",
        "/openapi.json",
        "/redoc",
        "/api/nothing",
        "/web/api/nothing",
        "/api/reports/bounce",
    ):
        answer = sandbox.get(path)
        assert (answer.status_code, answer.json()["errorCode"]) == (404, 4), path
    assert sandbox.call("DELETE", "/api/plans").status_code == 404


def test_a_slash_at_the_end_is_no_other_path(sandbox: Caller) -> None:
    answer = sandbox.get("/api/plans/")
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == 200
