"""Every question and every change at SendPost as it stands on the wire, word for word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.providers.sendpost_desk import (
    ACC,
    ENTRY,
    MARCH,
    MESSAGE,
    SUB,
    TODAY,
    Work,
    all_of,
    assert_headers,
    in_zone,
    run,
)
from turbodesk.model.reports import (
    Period,
    ReportType,
    Suppressing,
)
from turbodesk.model.subaccount import NewSubAccount, SubAccountDetails


@pytest.fixture(autouse=True)
def _utc() -> Iterator[None]:
    with in_zone("UTC"):
        yield


Expected = tuple[str, str, str, Any]

CALLS: dict[str, tuple[Work, list[Any], list[Expected]]] = {
    "suppressions of one kind": (
        lambda p: all_of(p.suppressions(Suppressing(MARCH, frozenset({ReportType.HARD_BOUNCE}), "a+b@x"))),
        [[]],
        [
            (
                "GET",
                "/api/v1/subaccount/suppression?from=2026-03-01&to=2026-03-31&limit=100&offset=0"
                "&search=a%2Bb%40x&type=hardBounce",
                SUB,
                None,
            )
        ],
    ),
    "suppressions of any kind": (
        lambda p: all_of(p.suppressions(Suppressing(MARCH))),
        [[]],
        [
            (
                "GET",
                "/api/v1/subaccount/suppression?from=2026-03-01&to=2026-03-31&limit=100&offset=0",
                SUB,
                None,
            )
        ],
    ),
    "complaints": (
        lambda p: all_of(p.reports(ReportType.SPAM, Period(TODAY, TODAY))),
        [[]],
        [
            (
                "GET",
                "/api/v1/subaccount/suppression?from=2026-03-31&to=2026-03-31&limit=100&offset=0"
                "&type=spamComplaint",
                SUB,
                None,
            )
        ],
    ),
    "suppress": (
        lambda p: p.import_suppressions(["you@example.org"]),
        [[ENTRY]],
        [("POST", "/api/v1/subaccount/suppression", SUB, {"manual": [{"email": "you@example.org"}]})],
    ),
    "suppress as a hard bounce": (
        lambda p: p.import_suppressions(["you@example.org"], type=ReportType.HARD_BOUNCE),
        [[ENTRY]],
        [("POST", "/api/v1/subaccount/suppression", SUB, {"hardBounce": [{"email": "you@example.org"}]})],
    ),
    "take off": (
        lambda p: p.delete_suppressions(["a@example.org", "b@example.org"]),
        [{"message": "removed"}],
        [
            (
                "DELETE",
                "/api/v1/subaccount/suppression",
                SUB,
                {"suppressions": [{"email": "a@example.org"}, {"email": "b@example.org"}]},
            )
        ],
    ),
    "delete reports": (
        lambda p: p.delete_reports(ReportType.UNSUBSCRIBE, ["a@example.org"]),
        [[{"id": 1, "message": "removed"}]],
        [
            (
                "DELETE",
                "/api/v1/subaccount/suppression",
                SUB,
                {"suppressions": [{"email": "a@example.org"}]},
            )
        ],
    ),
    "domains": (
        lambda p: p.domains(),
        [[{"id": 1, "name": "example.com"}]],
        [("GET", "/api/v1/subaccount/domain?limit=100&offset=0", SUB, None)],
    ),
    "sub-accounts": (
        lambda p: p.sub_accounts(),
        [[{"id": 1, "name": "Default"}]],
        [("GET", "/api/v1/account/subaccount/?limit=100&offset=0", ACC, None)],
    ),
    "one sub-account": (
        lambda p: p.sub_account("117"),
        [{"id": 117, "name": "Default"}],
        [("GET", "/api/v1/account/subaccount/117", ACC, None)],
    ),
    "a new sub-account": (
        lambda p: p.create_sub_account(NewSubAccount(name=" Shop ")),
        [{"id": 119, "name": "Shop", "apiKey": "secret"}],
        [("POST", "/api/v1/account/subaccount/", ACC, {"name": "Shop"})],
    ),
    "another name for a sub-account": (
        lambda p: p.edit_sub_account(SubAccountDetails("119", "", True, name="Fair")),
        [{"id": 119, "name": "Fair", "apiKey": "secret"}],
        [("PUT", "/api/v1/account/subaccount/119", ACC, {"name": "Fair"})],
    ),
    "no more of a sub-account": (
        lambda p: p.delete_sub_account("119"),
        [{"id": 119, "message": "Sub-account was deleted successfully."}],
        [("DELETE", "/api/v1/account/subaccount/119", ACC, None)],
    ),
    "messages": (
        lambda p: all_of(p.stats(MARCH)),
        [[MESSAGE]],
        [
            (
                "GET",
                "/api/v1/account/message?from=2026-03-01T00%3A00%3A00Z&to=2026-04-01T00%3A00%3A00Z"
                "&limit=100&offset=0",
                ACC,
                None,
            )
        ],
    ),
    "one message": (
        lambda p: p.message("7f/9c"),
        [MESSAGE, []],
        [
            ("GET", "/api/v1/account/message/7f%2F9c", ACC, None),
            ("GET", "/api/v1/account/message/7f%2F9c/events?subAccountId=5", ACC, None),
        ],
    ),
    "days of the account": (
        lambda p: all_of(p.daily_counts(MARCH)),
        [[]],
        [("GET", "/api/v1/account/stat?from=2026-03-01&to=2026-03-31", ACC, None)],
    ),
    "days of a group": (
        lambda p: all_of(p.daily_counts(MARCH, group="g1 x")),
        [[]],
        [("GET", "/api/v1/account/stat/group?group=g1%20x&from=2026-03-01&to=2026-03-31", ACC, None)],
    ),
    "days of a sub-account": (
        lambda p: all_of(p.daily_counts(MARCH, sub_account="2")),
        [[]],
        [("GET", "/api/v1/account/subaccount/stat/2?from=2026-03-01&to=2026-03-31", ACC, None)],
    ),
    "a group of a sub-account": (
        lambda p: all_of(p.daily_counts(MARCH, sub_account="2", group="g1 x")),
        [{}],
        [
            (
                "GET",
                "/api/v1/account/subaccount/stat/2/group?group=g1%20x&from=2026-03-01&to=2026-03-31",
                ACC,
                None,
            )
        ],
    ),
    "sum of the account": (
        lambda p: p.total_counts(MARCH),
        [{}],
        [("GET", "/api/v1/account/stat/aggregate?from=2026-03-01&to=2026-03-31", ACC, None)],
    ),
    "sum of a group": (
        lambda p: p.total_counts(MARCH, group="a&b"),
        [{}],
        [
            (
                "GET",
                "/api/v1/account/stat/aggregate/group?group=a%26b&from=2026-03-01&to=2026-03-31",
                ACC,
                None,
            )
        ],
    ),
    "sum of a sub-account": (
        lambda p: p.total_counts(MARCH, sub_account="2"),
        [{}],
        [("GET", "/api/v1/account/subaccount/stat/2/aggregate?from=2026-03-01&to=2026-03-31", ACC, None)],
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_every_call_stands_on_the_wire_as_documented(tools: Any, name: str) -> None:
    work, bodies, expected = CALLS[name]
    _, asked = run(tools, work, *map(tools.answer, bodies))
    for seen, (method, target, key, body) in zip(asked, expected, strict=False):
        assert (seen.method, seen.target) == (method, target)
        assert_headers(seen, key)
        assert (json.loads(seen.body) if seen.body else None) == body
        assert ("content-type" in seen.headers) is (body is not None)
        assert seen.headers.get("content-type", "application/json") == "application/json"
    assert len(asked) >= len(expected)
