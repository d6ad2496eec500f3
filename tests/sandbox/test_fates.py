"""What becomes of recipients: by their address, and by hand."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from .conftest import V1_SEND, V2_SEND, Caller, Opener

LISTS = ("bounce", "hardbounce", "softbounce", "spam", "unsub")


def listed(caller: Caller, email: str) -> list[str]:
    """The lists that `email` is on."""
    return [kind for kind in LISTS if caller.get(f"/web/api/reports/{kind}/all", filter=email).json()]


@pytest.mark.parametrize(
    ("name", "status", "lists"),
    [
        ("hardbounce", "FAIL", ["bounce", "hardbounce"]),
        ("softbounce", "FAIL", ["bounce", "softbounce"]),
        ("spam", "REPORT", ["spam"]),
        ("unsub", "UNSUB", ["unsub"]),
        ("open", "OPEN", []),
        ("click", "CLICK", []),
        ("anybody", "SUCCESS", []),
        ("hardbounces", "SUCCESS", []),
    ],
)
@pytest.mark.parametrize("domain", ["example.com", "Mail.Example.ORG"])
def test_the_next_read_shows_it(
    sandbox: Caller, name: str, status: str, lists: list[str], domain: str
) -> None:
    email = f"{name.upper()}@{domain}"
    assert sandbox.send(email).status_code == 200
    row = sandbox.get("/api/stats/email-feed-last/10").json()[0]
    assert (row["recipient"], row["status"]) == (email, status)
    assert listed(sandbox, email) == lists
    assert bool(row["error"]) is (status == "FAIL")
    assert sandbox.caught()[0]["recipients"][0]["status"] == status


def test_the_suppressed_play_their_part_again(sandbox: Caller) -> None:
    for _ in range(2):
        sandbox.send("hardbounce@example.com,ok@example.com")
    rows = sandbox.get("/api/stats/panes/emails").json()
    assert [row["status"] for row in rows] == ["FAIL", "SUCCESS"] * 2 or [row["status"] for row in rows] == [
        "SUCCESS",
        "FAIL",
    ] * 2
    assert sandbox.get("/web/api/reports/bounce/all/count").json() == {"count": 2}


def test_a_fate_needs_no_living_process(opened: Opener, tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    with opened(data) as caller:
        caller.send("hardbounce@example.com,spam@example.com")
    with opened(data) as caller:
        assert listed(caller, "hardbounce@example.com") == ["bounce", "hardbounce"]
        assert listed(caller, "spam@example.com") == ["spam"]
        assert len(caller.caught()) == 1


def test_error500_and_ratelimit_store_nothing(sandbox: Caller) -> None:
    broken = sandbox.send("ok@example.com,error500@example.com")
    assert (broken.status_code, broken.json()["errorCode"]) == (500, 5)
    limited = sandbox.send("ratelimit@example.com", path=V1_SEND)
    assert limited.status_code == 429
    assert int(limited.headers["retry-after"]) > 0
    assert sandbox.http.get("/sandbox/accepted").json() == {"total": 0, "by_key": {}}


def test_drop_stores_and_closes_without_an_answer(sandbox: Caller) -> None:
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        sandbox.send("drop@example.com,hardbounce@example.com", custom_headers={"X-Turbodesk-ID": "k-1"})
    assert sandbox.http.get("/sandbox/accepted").json() == {"total": 1, "by_key": {"k-1": 1}}
    assert listed(sandbox, "hardbounce@example.com") == ["bounce", "hardbounce"]


def test_slow_is_stored_at_once_and_answered_late(sandbox: Caller) -> None:
    began = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        body = {"from": "me@example.com", "to": "slow@example.com", **sandbox.secrets}
        sandbox.http.post(V2_SEND, json=body, timeout=0.3)
    assert len(sandbox.caught()) == 1
    assert sandbox.send("slow@example.com").status_code == 200
    assert time.monotonic() - began > 2


@pytest.mark.parametrize(
    ("event", "status", "lists"),
    [
        ("bounce", "FAIL", ["bounce", "hardbounce"]),
        ("softbounce", "FAIL", ["bounce", "softbounce"]),
        ("open", "OPEN", []),
        ("click", "CLICK", []),
        ("complain", "REPORT", ["spam"]),
        ("unsubscribe", "UNSUB", ["unsub"]),
    ],
)
def test_an_event_by_hand(sandbox: Caller, event: str, status: str, lists: list[str]) -> None:
    mid = sandbox.send("ann@example.com,bob@example.com").json()["mid"]
    sandbox.get("/api/stats/panes/emails", filter="SUCCESS")
    path = f"/sandbox/messages/{mid}/events"
    answer = sandbox.http.post(path, json={"recipient": "BOB@example.com", "event": event})
    assert answer.status_code == 200
    assert (answer.json()["email"], answer.json()["status"]) == ("bob@example.com", status)
    assert bool(answer.json()["error"]) is (status == "FAIL")
    assert [to["status"] for to in sandbox.caught()[0]["recipients"]] == ["SUCCESS", status]
    assert listed(sandbox, "bob@example.com") == lists
    assert (
        sandbox.get("/api/stats/panes/emails", filter="SUCCESS").json()[0]["recipient"] == "ann@example.com"
    )


def test_a_status_never_moves_backwards(sandbox: Caller) -> None:
    mid = sandbox.send("ann@example.com,hardbounce@example.com").json()["mid"]
    path = f"/sandbox/messages/{mid}/events"

    def event(name: str, recipient: str = "ann@example.com") -> int:
        answer = sandbox.http.post(path, json={"recipient": recipient, "event": name})
        assert answer.status_code == 200 or answer.json()["message"]
        return answer.status_code

    assert event("open", "hardbounce@example.com") == 409
    assert [event("open"), event("open"), event("bounce"), event("click"), event("open")] == [
        200, 409, 409, 200, 409,
    ]  # fmt: skip
    assert [event("complain"), event("unsubscribe"), event("click")] == [200, 409, 409]
    assert event("explode") == 400
    assert event("open", "nobody@example.com") == 404
    assert sandbox.get("/web/api/reports/spam/all/count").json() == {"count": 1}
