"""One store beneath all providers: what comes in by one way, every other one knows and heeds."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from .conftest import V1_SEND, V2_SEND, Caller
from .sendpost_caller import SendPostCaller
from .v2_caller import V2Caller

Way = Callable[[Caller, str], None]


def over_v1(sandbox: Caller, to: str) -> None:
    assert sandbox.send(to, path=V1_SEND).status_code == 200


def with_a_password(sandbox: Caller, to: str) -> None:
    assert sandbox.send(to, path=V2_SEND).status_code == 200


def over_v2(sandbox: Caller, to: str) -> None:
    assert V2Caller(sandbox).send(to).status_code == 200


def over_sendpost(sandbox: Caller, to: str) -> None:
    assert len(SendPostCaller(sandbox).sent(*to.split(","))) == len(to.split(","))


def over_smtp(sandbox: Caller, to: str) -> None:
    smtp = sandbox.at.smtp
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "me@example.com", to, "Hi"
    letter.set_content("Hello")
    context = ssl.create_default_context(cafile=smtp.ca_file)
    with smtplib.SMTP_SSL(smtp.host, smtp.tls_port, timeout=20, context=context) as session:
        session.login(smtp.user, smtp.password)
        session.send_message(letter)


SENDS: tuple[Way, ...] = (over_v1, with_a_password, over_v2, over_sendpost, over_smtp)
HEEDING: tuple[Way, ...] = (over_v2, over_sendpost, over_smtp)
FATES = {"ann": "SUCCESS", "open": "OPEN", "click": "CLICK", "hardbounce": "FAIL", "softbounce": "FAIL",
         "spam": "REPORT", "unsub": "UNSUB"}  # fmt: skip


@pytest.mark.parametrize("send", SENDS)
def test_what_one_way_sends_every_other_one_shows(sandbox: Caller, send: Way) -> None:
    send(sandbox, ",".join(f"{word}@example.com" for word in FATES))
    wanted = {f"{word}@example.com": status for word, status in FATES.items()}
    v2, sendpost = V2Caller(sandbox), SendPostCaller(sandbox)

    assert {to["email"]: to["status"] for to in sandbox.caught()[0]["recipients"]} == wanted
    pages = [sandbox.get("/api/stats/panes/emails", page=page).json() for page in (1, 2)]
    assert {row["recipient"]: row["status"] for page in pages for row in page} == wanted
    assert {row["recipient"]: row["status"] for row in v2.found("/analytics")} == wanted
    assert sendpost.today() == {
        "processed": 7, "sent": 7, "delivered": 5, "hardBounced": 1, "softBounced": 1, "opened": 2,
        "clicked": 1, "unsubscribed": 1, "spam": 1,
    }  # fmt: skip
    for row in v2.found("/analytics"):
        events = sendpost.get(f"/account/recipient/{row['recipient']}/messages")
        message = sendpost.get(f"/account/message/{events[0]['messageID']}")
        assert (message["to"]["email"], message["subject"]) == (row["recipient"], "Hi")

    gone = {
        "hardbounce@example.com": "bounce",
        "spam@example.com": "spam",
        "unsub@example.com": "unsubscribe",
    }
    assert {row["recipient"]: row["source"] for row in v2.found("/suppressions")} == gone
    assert {row["email"] for row in sendpost.suppressed()} == set(gone)
    for kind, word in (("hardbounce",) * 2, ("softbounce",) * 2, ("spam",) * 2, ("unsub",) * 2):
        (report,) = sandbox.get(f"/web/api/reports/{kind}/all").json()
        assert report["email"] == f"{word}@example.com"


def suppress_in_v2(sandbox: Caller, email: str) -> None:
    V2Caller(sandbox).post("/suppressions/import", {"type": "manual", "content": [email]})


def suppress_in_sendpost(sandbox: Caller, email: str) -> None:
    SendPostCaller(sandbox).ask("POST", "/subaccount/suppression", body={"spamComplaint": [{"email": email}]})


def complain(sandbox: Caller, email: str) -> None:
    over_v1(sandbox, email)
    path = f"/sandbox/messages/{sandbox.caught()[0]['id']}/events"
    assert sandbox.http.post(path, json={"recipient": email, "event": "complain"}).status_code == 200


def release_in_v1(sandbox: Caller, email: str) -> None:
    for kind in ("spam", "unsub", "bounce"):
        for report in sandbox.get(f"/web/api/reports/{kind}/all", filter=email).json():
            sandbox.call("DELETE", f"/web/api/reports/{kind}", ids=str(report["cid"]))


def release_in_v2(sandbox: Caller, email: str) -> None:
    V2Caller(sandbox).post("/suppressions/bulk_delete", [email])


def release_in_sendpost(sandbox: Caller, email: str) -> None:
    body = {"suppressions": [{"email": email}]}
    SendPostCaller(sandbox).ask("DELETE", "/subaccount/suppression", body=body)


@pytest.mark.parametrize(
    ("suppress", "release"),
    [
        (suppress_in_v2, release_in_sendpost),
        (suppress_in_sendpost, release_in_v1),
        (suppress_in_sendpost, release_in_v2),
        (complain, release_in_v1),
    ],
)
def test_who_is_suppressed_in_one_place_is_so_for_all_that_heed_it(
    sandbox: Caller, suppress: Way, release: Way
) -> None:
    def becomes(send: Way) -> str:
        send(sandbox, "Ann@example.com")
        status: str = sandbox.caught()[0]["recipients"][0]["status"]
        return status

    suppress(sandbox, "ann@example.com")
    assert [becomes(send) for send in HEEDING] == ["SYSFAIL"] * 3
    assert [becomes(send) for send in (over_v1, with_a_password)] == ["SUCCESS"] * 2
    release(sandbox, "ann@example.com")
    assert [becomes(send) for send in HEEDING] == ["SUCCESS"] * 3


def test_a_reset_leaves_nothing_anywhere(sandbox: Caller) -> None:
    v2, sendpost = V2Caller(sandbox), SendPostCaller(sandbox)
    for send in SENDS:
        send(sandbox, "hardbounce@example.com,ann@example.com")
    sendpost.sent("ann@example.com", groups=["spring"])
    suppress_in_v2(sandbox, "bob@example.com")
    sandbox.call("PUT", "/api/tools/openingTracking/disable")
    sandbox.http.put("/sandbox/credit", json={"left": 0})
    sandbox.http.post("/sandbox/clock", json={"advance_s": 1000})
    sandbox.fault("status", match="/api/v1")

    sandbox.http.post("/sandbox/reset")
    assert sandbox.caught() == []
    assert sandbox.get("/api/stats/panes/emails/count").json() == {"count": 0}
    assert sandbox.get("/web/api/reports/bounce/all").json() == []
    assert v2.found("/analytics") == v2.found("/suppressions") == sendpost.suppressed() == []
    assert (
        sendpost.ask("GET", "/account/stat", **{"from": "2026-01-01", "to": "2026-01-02"}).status_code == 404
    )
    assert sendpost.today("/account/stat/aggregate/group", group="spring") == {}
    over_v2(sandbox, "open@example.com,bob@example.com")
    assert [to["status"] for to in sandbox.caught()[0]["recipients"]] == ["OPEN", "SUCCESS"]


def test_when_the_clock_is_moved_all_that_is_sent_then_is_of_that_day(sandbox: Caller) -> None:
    v2, sendpost = V2Caller(sandbox), SendPostCaller(sandbox)
    over_sendpost(sandbox, "hardbounce@example.com")
    now = sandbox.http.post("/sandbox/clock", json={"advance_s": 86_400 * 40}).json()["now"][:10]
    over_smtp(sandbox, "hardbounce@example.org")
    day = {"from": now, "to": now}
    assert [row["recipient"] for row in v2.found("/analytics", **day)] == ["hardbounce@example.org"]
    assert [row["recipient"] for row in v2.found("/suppressions", **day)] == ["hardbounce@example.org"]
    assert [row["email"] for row in sendpost.suppressed(**day)] == ["hardbounce@example.org"]
    assert [row["to"]["email"] for row in sendpost.get("/account/message", **day)] == [
        "hardbounce@example.org"
    ]
    (row,) = sendpost.get("/account/stat", **day)
    assert (row["date"], row["stat"]["hardBounced"]) == (now, 1)
    assert sandbox.get("/web/api/reports/bounce/count", start=now, end=now, tz="+00:00").json() == {
        "count": 1
    }
    assert sandbox.http.post("/sandbox/clock", json={"advance_s": 9e9}).status_code == 400
    over_v1(sandbox, "ann@example.com")
