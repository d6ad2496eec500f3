"""What SendPost's lists and counters answer, in both shapes and damaged, and what is made of it."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.sendpost_desk import answer, letter
from turbodesk.model.counts import Counts
from turbodesk.model.message import Address
from turbodesk.model.reports import MailStatus, MessageEvent, Period, ReportType
from turbodesk.model.subaccount import SubAccountDetails
from turbodesk.providers import sendpost_answers as heard
from turbodesk.providers import sendpost_events as told
from turbodesk.providers import sendpost_objections as objections
from turbodesk.providers.exchange import Garbled

NS = 1_767_225_600_000_000_123  # 2026-01-01T00:00:00.000000123Z
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


V1_MESSAGE = {
    "messageId": "7f9c",
    "subAccountId": 50441,
    "publicIp": "192.0.2.1",
    "submittedAt": NS,
    "from": {"email": "me@example.com", "name": "Me"},
    "to": {"email": "you@example.org", "name": "You", "cc": None},
    "headerBcc": None,
    "groups": ["td-1", "spring"],
    "headers": {"X-Turbodesk-ID": "td-1", "X-N": "1"},
    "subject": "Hi",
    "htmlBody": "<p>x</p>",
    "textBody": "x",
    "trackOpens": True,
    "trackClicks": False,
}
LEGACY_MESSAGE = {
    **{name: found for name, found in V1_MESSAGE.items() if not name.endswith("Id")},
    "messageID": "7f9c",
    "subAccountID": 50441,
    "to": [{"email": "you@example.org"}],
    "headers": '{"X-Turbodesk-ID": "td-1", "X-N": "1"}',
    "headerBcc": ["x@example.org"],
    "attachments": ["a.txt"],
}


@pytest.mark.parametrize("found", [V1_MESSAGE, LEGACY_MESSAGE])
def test_a_message_in_both_shapes(found: dict[str, Any]) -> None:
    record, sub_account = heard.read_message(answer(found))
    assert sub_account == "50441"
    stat = record.stat
    assert (stat.id, stat.subject, stat.sender, stat.recipient) == (
        "7f9c",
        "Hi",
        "me@example.com",
        "you@example.org",
    )
    assert (stat.at, stat.raw_at, stat.status, stat.raw_status) == (
        NEW_YEAR,
        str(NS),
        MailStatus.OTHER,
        "",
    )
    assert (stat.campaign, record.groups) == ("spring", ("td-1", "spring"))
    assert (record.tracked_opens, record.tracked_clicks, record.events) == (True, False, None)
    assert record.headers == (("X-Turbodesk-ID", "td-1"), ("X-N", "1"))
    assert (record.text, record.html) == ("x", "<p>x</p>")
    assert heard.read_messages(answer([found])) == [stat]


def test_the_recipient_of_a_message_may_stand_in_its_header_only() -> None:
    found = {**V1_MESSAGE, "to": None, "headerTo": {"email": "you@example.org"}}
    assert heard.read_messages(answer([found]))[0].recipient == "you@example.org"


def test_a_status_and_events_are_read_should_they_come() -> None:
    found = {**V1_MESSAGE, "status": "Soft_Bounced"}
    assert heard.read_messages(answer([found]))[0].status is MailStatus.DEFER
    found["events"] = [{"type": 4, "eventMetadata": {"smtpCode": 550, "smtpDescription": "5.1.1 none"}}]
    record, _ = heard.read_message(answer(found))
    assert (record.stat.status, record.stat.error) == (MailStatus.FAIL, "550 5.1.1 none")
    assert record.events == (MessageEvent("hard bounce", None, "550 5.1.1 none"),)


@pytest.mark.parametrize("found", [None, [], [None], [{}], [{"to": None, "groups": None, "headers": [1]}]])
def test_lists_of_nothing_are_lists(found: Any) -> None:
    assert len(heard.read_messages(answer(found))) == len(found or ())
    assert len(heard.read_suppressions(answer(found))) == len(found or ())
    assert len(heard.read_domains(answer(found))) == len(found or ())
    assert len(heard.read_sub_accounts(answer(found))) == len(found or ())


@pytest.mark.parametrize("found", [{}, "x", 5, b"", b"<p>", b"[{]", b"\xff"])
def test_what_is_no_list_is_garbled(found: Any) -> None:
    readers = (heard.read_messages, heard.read_suppressions, heard.read_domains, heard.read_sub_accounts)
    for read in readers:
        with pytest.raises(Garbled):
            read(answer(found))


@pytest.mark.parametrize("found", [{}, [], None, {"subject": "x"}, b"{"])
def test_what_is_no_message_is_garbled(found: Any) -> None:
    with pytest.raises(Garbled):
        heard.read_message(answer(found))


def test_events_in_both_shapes_are_sorted_and_named() -> None:
    found = [
        {"type": 5, "timestamp": NS + 3 * 10**9, "submittedAt": NS},
        {
            "eventID": "e",
            "type": 2,
            "submittedAt": NS + 2 * 10**9,
            "eventMetadata": {"smtpCode": 250, "smtpDescription": "250 OK"},
        },
        {"type": 3, "submittedAt": NS + 10**9, "smtpCode": 451, "smtpDescription": "later"},
        {"type": 0, "timestamp": NS},
        {"typeName": "smtpDropped"},
        {"type": 99, "timestamp": NS + 4 * 10**9},
        {"type": 63, "timestamp": NS + 5 * 10**9},
        None,
    ]
    events = told.read_events(answer(found))
    assert events is not None
    assert [(event.type, event.words) for event in events] == [
        ("given up", ""),
        ("processed", ""),
        ("soft bounce", "451 later"),
        ("delivered", "250 OK"),
        ("opened", ""),
        ("type 99", ""),
        ("hard bounce", ""),
    ]
    assert told.status_after(events) is MailStatus.OPEN
    assert told.words_of(events, MailStatus.FAIL) == told.words_of(events, MailStatus.SUCCESS) == ""
    assert told.words_of(events, MailStatus.DEFER) == "451 later"
    assert told.status_after([]) is told.status_after(events[5:6]) is MailStatus.OTHER
    assert told.read_events(answer({})) is told.read_events(answer(b"<p>")) is None


V1_ENTRY = {
    "id": 7,
    "email": "you@example.org",
    "reason": 2,
    "reasonText": "hardBounce",
    "smtpError": "550 no",
    "messageUUID": "7f9c",
    "created": NS,
}


def test_suppressions_in_both_shapes() -> None:
    legacy = {"id": 7, "email": "you@example.org", "reason": 2, "smtp_error": "550 no", "created": NS}
    new, old = heard.read_suppressions(answer([V1_ENTRY, legacy]))
    assert (new.id, new.email, new.type, new.words) == (
        "you@example.org",
        "you@example.org",
        ReportType.HARD_BOUNCE,
        "550 no",
    )
    assert (new.at, new.raw_at, new.message_id, old.message_id) == (NEW_YEAR, str(NS), "7f9c", "")
    assert (old.type, old.words, old.at) == (new.type, new.words, new.at)


@pytest.mark.parametrize(
    ("entry", "type"),
    [
        ({"reason": 0}, ReportType.MANUAL),
        ({"reason": 1}, ReportType.UNSUBSCRIBE),
        ({"reason": 3}, ReportType.SPAM),
        ({"reason": 4, "reasonText": "hardBounce"}, ReportType.HARD_BOUNCE),
        ({"reasonText": "spamComplaint"}, ReportType.SPAM),
        ({"reason": 9}, ReportType.UNSUBSCRIBE),
        ({}, ReportType.UNSUBSCRIBE),
    ],
)
def test_the_kinds_of_suppressions(entry: dict[str, Any], type: ReportType) -> None:
    (report,) = heard.read_suppressions(answer([{"email": "a@example.org", **entry}]), kind="unsubscribe")
    assert report.type is type
    assert bool(report.words) is (entry.get("reason") == 4)


def test_what_a_suppression_proves_about_a_message() -> None:
    record, _ = heard.read_message(answer(V1_MESSAGE))

    def proof(**more: Any) -> MessageEvent | None:
        (report,) = heard.read_suppressions(answer([{**V1_ENTRY, **more}]))
        return told.event_of_suppression(report, record)

    later = NS + 10**9
    assert proof() == MessageEvent("hard bounce", NEW_YEAR, "550 no")
    assert proof(messageUUID="another", created=later) is None
    assert proof(messageUUID="", created=later) is not None
    assert proof(messageUUID="", created=NS) is None
    assert proof(messageUUID="", created=later, email="else@example.org") is None
    assert proof(reason=0) is None


# ---- counters

COUNTERS = {
    "processed": 100,
    "sent": 90,
    "dropped": 6,
    "smtpDropped": 4,
    "delivered": 80,
    "softBounced": 7,
    "hardBounced": 3,
    "opened": 40,
    "clicked": 10,
    "unsubscribed": 2,
    "spam": 1,
}
COUNTED = Counts(
    sent=100, delivered=80, opened=40, clicked=10, bounced=3, complained=1, unsubscribed=2, dropped=10
)
WINDOW = Period(date(2026, 3, 1), date(2026, 3, 2))


@pytest.mark.parametrize("place", ["stat", "stats", None])
def test_daily_rows_in_three_shapes(place: str | None) -> None:
    row = {"date": "2026-03-02", **({place: COUNTERS} if place else COUNTERS)}
    batch = heard.read_days(answer([row, {"date": "2026-03-01", "stat": {}}]), WINDOW)
    assert [(it.day, it.counts) for it in batch.rows] == [(date(2026, 3, 2), COUNTED)]
    assert batch.whole and batch.last


def test_rows_without_a_date_are_placed_where_there_is_one_for_each_day() -> None:
    placed = heard.read_days(answer([{"processed": 1}, {"processed": 2}]), WINDOW)
    assert [(it.day.day, it.counts.sent) for it in placed.rows] == [(1, 1), (2, 2)]
    lost = heard.read_days(answer([{"processed": 1}]), WINDOW)
    assert (lost.rows, lost.whole) == ([], False)


def test_old_names_of_counters_and_missing_ones() -> None:
    old = {"processed": 5, "opens": 3, "clicks": 2, "spams": 1, "hard_bounced": 1, "delivered": None}
    assert heard.read_sum(answer(old)) == Counts(sent=5, opened=3, clicked=2, bounced=1, complained=1)
    assert heard.read_sum(answer({"stats": COUNTERS})) == COUNTED
    assert heard.read_sum(answer({"sent": 4, "dropped": 1})).sent == 5
    assert heard.read_sum(answer(None)) == heard.read_sum(answer({"processed": -3, "sent": "x"})) == Counts()
    with pytest.raises(Garbled):
        heard.read_sum(answer([COUNTERS]))


# ---- the account


def test_sub_accounts_without_their_secrets() -> None:
    marker = "sEcrEt-mArkEr"
    found = [
        {"id": 1, "name": "Default", "type": 0, "apiKey": marker, "blocked": False},
        {"id": "2", "name": "News", "api_key": marker, "blocked": True, "smtpAuths": [{"password": marker}]},
    ]
    accounts = heard.read_sub_accounts(answer(found))
    assert [(it.id, it.name, it.active, it.email) for it in accounts] == [
        ("1", "Default", True, ""),
        ("2", "News", False, ""),
    ]
    one = heard.read_sub_account(answer({**found[0], "accountId": 7}))
    assert one == SubAccountDetails("1", "", True, parent_id="7", name="Default")
    with pytest.raises(Garbled):
        heard.read_sub_account(answer({"name": "Default"}))
    assert marker not in f"{accounts} {one}"


def test_domains_in_both_shapes() -> None:
    record = {"host": "s1._domainkey", "type": "TXT", "textValue": "v=DKIM1"}
    found = [
        {
            "id": 5,
            "name": "example.com",
            "created": NS,
            "verified": False,
            "dkim": record,
            "dkimVerified": False,
            "dkimFailureReason": "not found",
            "returnPath": {"host": "bounce", "type": "CNAME", "textValue": "sp.sendpost.email"},
            "returnPathVerified": True,
        },
        {"id": 6, "name": "example.org", "dkim": record, "dkimVerified": True, "spf": record, "track": None},
    ]
    new, old = heard.read_domains(answer(found))
    assert (new.id, new.name, new.verified, new.created) == ("5", "example.com", False, NEW_YEAR)
    assert [(it.purpose, it.host, it.type, it.value, it.verified, it.problem) for it in new.records] == [
        ("DKIM", "s1._domainkey", "TXT", "v=DKIM1", False, "not found"),
        ("return path", "bounce", "CNAME", "sp.sendpost.email", True, ""),
    ]
    assert old.verified and [it.purpose for it in old.records] == ["DKIM", "SPF"]


NAMES = (
    "id to from email name reason reasonText created submittedAt stat stats date processed events type "
    "typeName eventMetadata smtpCode smtpDescription status headers groups messageId message errorCode error "
    "code param details field blocked verified dkim host textValue dkimVerified headerTo subject x_y"
)
members = st.sampled_from(NAMES.split())
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**18, 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["2026-03-01", "you@example.org", "hardBounce", "0", "\x00"])
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(members, inner, max_size=6),
    max_leaves=30,
)
READERS: list[Any] = [
    heard.read_messages,
    heard.read_message,
    heard.read_suppressions,
    heard.read_listed,
    heard.read_yes,
    heard.read_domains,
    heard.read_sub_accounts,
    heard.read_sum,
    lambda it: heard.read_days(it, WINDOW),
    lambda it: heard.read_sent(it, letter(cc=(Address("cc@example.net"),))),
]


@given(json_values, st.sampled_from([200, 400, 404, 500]))
def test_nothing_that_is_json_makes_a_reader_fail_in_any_other_way(found: Any, status: int) -> None:
    for there in (answer(found, status), answer([found], status)):
        for read in READERS:
            with contextlib.suppress(Garbled):
                read(there)
        told.status_after(told.read_events(there) or ())
        objection = objections.read_objection(there)
        assert (objection is None) == (status == 200)
        assert objection is None or all(objection.words)


@given(st.binary(max_size=40) | json_values.map(lambda it: json.dumps(it).encode()[:-1]))
def test_nothing_that_is_no_json_makes_a_reader_fail_in_any_other_way(body: bytes) -> None:
    for read in READERS:
        with contextlib.suppress(Garbled):
            read(answer(body))
    told.read_events(answer(body))
    objection = objections.read_objection(answer(body, 400))
    assert objection is not None and all(objection.words)
