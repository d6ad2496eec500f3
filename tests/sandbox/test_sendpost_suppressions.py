"""SendPost's suppressions: kinds, windows, search, and the lists they share with turboSMTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from turbodesk.sandbox.server import SandboxServer

from .conftest import NOON, Caller, Clock, Opener
from .sendpost_caller import SendPostCaller

PATH = "/subaccount/suppression"
NOON_DAY = date(2030, 3, 17)
KINDS = {"hardBounce": 2, "manual": 0, "unsubscribe": 1, "spamComplaint": 3}


def of(*emails: str) -> list[dict[str, str]]:
    return [{"email": email} for email in emails]


@pytest.fixture
def v1(sandbox: Caller) -> SendPostCaller:
    return SendPostCaller(sandbox)


@pytest.fixture(scope="module")
def past() -> Iterator[SendPostCaller]:
    """A sandbox with a history, at a known time."""
    with SandboxServer(history_rows=12_000, clock=lambda: NOON) as server:
        caller = Caller(server)
        with caller.http:
            yield SendPostCaller(caller)


def listed(caller: SendPostCaller, **query: object) -> list[dict[str, Any]]:
    """All the entries of the last 60 days of `past`."""
    window = {"from": NOON_DAY - timedelta(59), "to": NOON_DAY}
    rows: list[dict[str, Any]] = []
    while page := caller.get(PATH, limit=100, offset=len(rows), **{**window, **query}):
        rows += page
    return rows


def test_entries_of_all_kinds_in_v1(past: SendPostCaller) -> None:
    rows = listed(past)
    assert len(rows) > 150
    assert set(rows[0]) == {"id", "email", "reason", "reasonText", "smtpError", "messageUUID", "created"}
    assert {(row["reason"], row["reasonText"]) for row in rows} == {
        (0, "manual"),
        (1, "unsubscribe"),
        (2, "hardBounce"),
        (3, "spamComplaint"),
        (4, "hardBounce"),
    }
    assert all(bool(row["smtpError"]) is (row["reasonText"] == "hardBounce") for row in rows)
    assert all(bool(row["messageUUID"]) is (row["reason"] in (1, 2, 3)) for row in rows)
    assert [row["created"] for row in rows] == sorted((row["created"] for row in rows), reverse=True)
    assert all(isinstance(row["id"], int) and len(str(row["created"])) == 19 for row in rows)
    assert len({row["email"].lower() for row in rows}) == len({row["id"] for row in rows}) == len(rows)


def test_entries_as_they_were(past: SendPostCaller) -> None:
    rows = listed(SendPostCaller(past.sandbox, "legacy"))
    assert {frozenset(row) for row in rows} == {frozenset(("id", "email", "reason", "smtp_error", "created"))}
    assert [row["id"] for row in rows] == [row["id"] for row in listed(past)]


def test_an_entry_leads_to_its_message(past: SendPostCaller) -> None:
    row = next(row for row in listed(past) if row["reason"] == 2)
    message = past.get(f"/account/message/{row['messageUUID']}")
    assert message["to"]["email"] == row["email"]
    assert message["submittedAt"] < row["created"]


def test_one_kind_of_them(past: SendPostCaller) -> None:
    rows = listed(past)
    for kind in KINDS:
        found = listed(past, type=kind)
        assert found == [row for row in rows if row["reasonText"] == kind] != []
    assert past.refusal("GET", PATH, **{"from": NOON_DAY, "to": NOON_DAY, "type": "bounce"}) == 400


def test_a_search_is_part_of_the_address(past: SendPostCaller) -> None:
    rows = listed(past)
    wanted = rows[3]["email"][2:-2].upper()
    assert listed(past, search=wanted) == [row for row in rows if wanted.lower() in row["email"]]
    assert listed(past, search=f" {wanted} ", type=rows[3]["reasonText"])
    for nothing in ("%", "_", "\\", "'; DROP TABLE report"):
        assert listed(past, search=nothing) == []


def test_pages(past: SendPostCaller) -> None:
    rows, window = listed(past), {"from": NOON_DAY - timedelta(59), "to": NOON_DAY}
    assert past.get(PATH, **window) == rows[:20]
    assert past.get(PATH, limit=7, offset=11, **window) == rows[11:18]
    assert past.get(PATH, offset=10**6, **window) == []


def test_days_are_of_utc_and_inclusive(opened: Opener, clock: Clock) -> None:
    with opened(clock=clock) as caller:  # at 17:46:40 UTC
        v1 = SendPostCaller(caller)
        v1.sent("hardbounce@example.com")

        def found(since: str, until: str) -> int:
            return len(v1.get(PATH, **{"from": since, "to": until}))

        assert found("2030-03-17", "2030-03-17") == found("2030-03-16", "2030-03-18") == 1
        assert found("2030-03-16", "2030-03-16") == found("2030-03-18", "2030-03-18") == 0
        assert found("2030-01-17", "2030-03-17") == 1


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"from": "2030-03-17"},
        {"to": "2030-03-17"},
        {"from": "2030-03-18", "to": "2030-03-17"},
        {"from": "2030-01-16", "to": "2030-03-17"},
        {"from": "2030-02-30", "to": "2030-03-17"},
        {"from": "2030-03-17T00:00:00Z", "to": "2030-03-17"},
        {"from": "20300317", "to": "20300317"},
        {"from": "2030-03-17", "to": "2030-03-17", "limit": 101},
    ],
)
def test_what_cannot_be_asked_for(past: SendPostCaller, query: dict[str, object]) -> None:
    assert past.refusal("GET", PATH, **query) == 400


# adding and taking off


@pytest.mark.parametrize("contract", ["v1", "legacy"])
def test_all_kinds_can_be_added(sandbox: Caller, contract: str) -> None:
    caller = SendPostCaller(sandbox, contract)
    body = {kind: of(f"{kind}1@example.com", f"{kind}2@example.com") for kind in KINDS}
    answer = caller.ask("POST", PATH, body=body)
    assert answer.status_code == 200
    assert {row["email"]: row["reason"] for row in answer.json()} == {
        f"{kind}{n}@example.com": reason for kind, reason in KINDS.items() for n in (1, 2)
    }
    assert sorted(answer.json(), key=lambda it: -it["id"]) == caller.suppressed()
    emails = [f"{kind}1@example.com" for kind in KINDS]
    assert caller.codes(*emails, "ok@example.com") == [2, 2, 2, 2, 0]
    assert caller.today() == {"processed": 5, "dropped": 4, "sent": 1, "delivered": 1}


def test_adding_twice_changes_nothing(v1: SendPostCaller) -> None:
    first = v1.ask("POST", PATH, body={"unsubscribe": of("a@example.com")}).json()
    assert v1.ask("POST", PATH, body={"manual": of("A@Example.com", "a@example.com")}).json() == first
    assert v1.suppressed() == first
    both = v1.ask("POST", PATH, body={"manual": of("a@example.com", "b@example.com", "b@example.com")}).json()
    assert [(it["email"], it["reason"]) for it in both] == [("a@example.com", 1), ("b@example.com", 0)]


def test_an_address_is_taken_off_whatever_it_is_listed_for(sandbox: Caller) -> None:
    v1, legacy = SendPostCaller(sandbox), SendPostCaller(sandbox, "")
    v1.sent("hardbounce@example.com")
    v1.ask(
        "POST",
        PATH,
        body={"manual": of("a@example.com", "b@example.com"), "spamComplaint": of("c@example.com")},
    )
    ids = {row["email"]: row["id"] for row in v1.suppressed()}
    gone = v1.ask("DELETE", PATH, body={"suppressions": of("A@EXAMPLE.com", "hardbounce@example.com")})
    assert (gone.status_code, list(gone.json())) == (200, ["message"])
    assert {row["email"] for row in v1.suppressed()} == {"b@example.com", "c@example.com"}
    gone = legacy.ask("DELETE", PATH, body={"suppressions": of("c@example.com", "never@example.com")})
    assert gone.status_code == 200
    assert [(it["id"], set(it)) for it in gone.json()] == [(ids["c@example.com"], {"id", "message"})]
    for caller in (v1, legacy):  # and again
        assert caller.ask("DELETE", PATH, body={"suppressions": of("c@example.com")}).status_code == 200
    assert [row["email"] for row in v1.suppressed()] == ["b@example.com"]
    assert v1.codes("a@example.com", "b@example.com", "c@example.com") == [0, 2, 0]


@pytest.mark.parametrize("contract", ["v1", "legacy"])
@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("POST", {}, 406),
        ("POST", {"manual": []}, 406),
        ("POST", {"manual": None, "hardBounce": []}, 406),
        ("POST", {"other": of("a@example.com")}, 406),
        ("POST", {"manual": "a@example.com"}, 422),
        ("POST", {"manual": ["a@example.com"]}, 422),
        ("POST", {"manual": [{}]}, 422),
        ("POST", {"manual": of("a@example.com", "nobody")}, 422),
        ("POST", {"manual": [{"email": 7}]}, 422),
        ("DELETE", {}, 406),
        ("DELETE", {"suppressions": []}, 406),
        ("DELETE", {"suppressions": {}}, 422),
        ("DELETE", {"suppressions": [None]}, 422),
        ("DELETE", {"suppressions": of("")}, 422),
    ],
)
def test_lists_that_are_empty_or_malformed(
    sandbox: Caller, contract: str, method: str, body: dict[str, Any], status: int
) -> None:
    caller = SendPostCaller(sandbox, contract)
    assert caller.refusal(method, PATH, body=body) == status
    assert caller.suppressed() == []
    if status == 422 and contract == "v1":
        error = caller.ask(method, PATH, body=body).json()["error"]
        assert error["details"][0]["field"] == error["param"]


# one store


def test_turbosmtp_and_sendpost_see_the_same_lists(v1: SendPostCaller) -> None:
    v1.sandbox.send("hardbounce@example.com,softbounce@example.com,unsub@example.com,spam@example.com")
    assert {row["email"]: row["reason"] for row in v1.suppressed()} == {
        "hardbounce@example.com": 2,
        "unsub@example.com": 1,
        "spam@example.com": 3,
    }
    assert v1.codes("b@example.com", "unsub@example.org") == [0, 0]
    v1.ask("POST", PATH, body={"hardBounce": of("b@example.com"), "unsubscribe": of("u@example.com")})

    def reported(kind: str) -> list[str]:
        return [row["email"] for row in v1.sandbox.get(f"/web/api/reports/{kind}/all").json()]

    assert reported("hardbounce") == ["b@example.com", "hardbounce@example.com"]
    assert reported("unsub") == ["u@example.com", "unsub@example.org", "unsub@example.com"]
    v1.ask("DELETE", PATH, body={"suppressions": of("hardbounce@example.com", "softbounce@example.com")})
    assert reported("bounce") == ["b@example.com", "softbounce@example.com"]
    cid = v1.sandbox.get("/web/api/reports/unsub/all").json()[0]["cid"]
    v1.sandbox.call("DELETE", "/web/api/reports/unsub", ids=str(cid))
    assert v1.codes("u@example.com") == [0]


def test_what_bounced_twice_is_listed_once(v1: SendPostCaller) -> None:
    first, second = (v1.sent("hardbounce@example.com")[0]["messageId"] for _ in range(2))
    (row,) = v1.suppressed()
    assert row["messageUUID"] == first != second
    v1.ask("DELETE", PATH, body={"suppressions": of("hardbounce@example.com")})
    assert v1.suppressed() == []
