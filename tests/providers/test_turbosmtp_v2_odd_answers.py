"""Whatever turboSMTP v2 may answer: it is read, or it is garbled, and no other error comes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbodesk.model.reports import EmailStat, MailStatus, Report, ReportType
from turbodesk.providers import turbosmtp_v2_alerts as alerts
from turbodesk.providers import turbosmtp_v2_answers as heard
from turbodesk.providers import turbosmtp_v2_asking as asking
from turbodesk.providers import turbosmtp_v2_subaccounts as subs
from turbodesk.providers import turbosmtp_words as words
from turbodesk.providers.exchange import Answer, Garbled

OF_ROWS = ["id", "subject", "sender", "recipient", "send_time", "status", "x_campaign_id", "error", "date"]
OF_ACCOUNTS = [
    "subaccount_id",
    "email",
    "active",
    "ip",
    "limit",
    "sent",
    "source",
    "reason",
    "valid",
    "invalid",
]
OF_KEYS = [
    "consumerKey",
    "consumerSecret",
    "label",
    "creation_time",
    "ips",
    "is_legacy",
    "permissions",
    "auth",
]
OF_WORDS = ["errors", "errorCode", "message", "mid", "res", "details", "success", "count", "results"]
MEMBERS = (
    OF_ROWS + OF_ACCOUNTS + OF_KEYS + OF_WORDS + ["plan_expiration", "percentage", "email", "subaccount_id"]
)

READERS: dict[str, Callable[[Answer], object]] = {
    "stats": lambda answer: drained(heard.read_stats(answer, UTC)),
    "message": lambda answer: heard.read_message(answer, UTC),
    "suppressions": lambda answer: drained(heard.read_suppressions(answer, UTC)),
    "sub-accounts": lambda answer: drained(heard.read_sub_accounts(answer)),
    "import": heard.read_imported,
    "keys": heard.read_keys,
    "new key": heard.read_new_key,
    "account": lambda answer: heard.read_account(answer, "me@example.com"),
    "objection": words.read_objection,
    "token": words.read_token,
    "count": words.read_count,
    "done": words.read_done,
    "sub-account": subs.read_details,
    "plan of a sub-account": subs.read_plan,
    "new sub-account": subs.read_created,
    "alerts": alerts.read_alerts,
    "alert": alerts.read_alert,
    "new alert": alerts.read_added,
    "yes": asking.read_yes,
}

texts = st.text(max_size=30) | st.sampled_from(
    [
        "",
        "0",
        "-1",
        "1e400",
        "nan",
        "2023-08-10 04:04:21",
        "0001-01-01 00:00:00",
        "9999-12-31T23:59:59-23:59",
        "²",
    ]
)
numbers = st.integers() | st.floats() | st.sampled_from([2**63, -(2**63) - 1, 2**64, 10**18, 10**4000])
scalars = st.none() | st.booleans() | numbers | texts
objects = st.dictionaries(st.sampled_from(MEMBERS), scalars | st.lists(scalars, max_size=3), max_size=12)
lists = st.fixed_dictionaries(
    {"results": st.lists(objects | scalars, max_size=3) | scalars | objects}, optional={"count": scalars}
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)


def drained(found: tuple[Iterable[Any], int | None]) -> tuple[list[Any], int | None]:
    return list(found[0]), found[1]


@pytest.mark.parametrize("name", READERS)
@given(body=lists | objects | anything | st.binary(max_size=40))
def test_it_is_read_or_garbled(name: str, body: Any) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8", "surrogatepass")
    try:
        READERS[name](Answer("GET", "/x", 200, {}, data))
    except Garbled as garbled:
        assert str(garbled)


@given(rows=st.lists(objects, max_size=5))
def test_every_row_that_can_be_read_is_what_our_model_promises(rows: list[dict[str, Any]]) -> None:
    answer = Answer("GET", "/x", 200, {}, json.dumps({"results": rows}).encode())
    try:
        stats, _ = drained(heard.read_stats(answer, UTC))
        reports, _ = drained(heard.read_suppressions(answer, UTC))
    except Garbled:  # a list stands where a value should
        return
    assert (len(stats), len(reports)) == (len(rows), len(rows))
    for stat in stats:
        assert isinstance(stat, EmailStat)
        assert isinstance(stat.id, str) and isinstance(stat.status, MailStatus)
        assert stat.at is None or stat.at.tzinfo is UTC
    for report in reports:
        assert isinstance(report, Report)
        assert report.id == report.email and isinstance(report.type, ReportType)
        assert report.at is None or report.at.tzinfo is UTC
