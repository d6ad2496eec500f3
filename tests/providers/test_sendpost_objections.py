"""What SendPost says where it says no, in every shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.providers.sendpost_desk import answer
from turbodesk.providers import sendpost_objections as objections
from turbodesk.providers.exchange import Objection, Reason

NS = 1_767_225_600_000_000_123  # 2026-01-01T00:00:00.000000123Z
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("found", "status", "expected"),
    [
        (
            {
                "error": {
                    "code": "validation_error",
                    "message": "Bad input",
                    "param": "to[0].email",
                    "details": [{"field": "to[0].email", "message": "no address"}],
                }
            },
            422,
            Objection(("Bad input", "to[0].email: no address"), Reason.INPUT, "to"),
        ),
        ({"status": "error", "message": "Old no"}, 400, Objection(("Old no",), Reason.INPUT)),
        ({"error": "plain"}, 403, Objection(("plain",), Reason.CONFLICT)),
        ("just text", 409, Objection(("just text",), Reason.CONFLICT)),
        (b"<h1>Down</h1> for maintenance", 503, Objection(("Down for maintenance",), Reason.INPUT)),
        (b"", 406, Objection(("HTTP 406 Not Acceptable",), Reason.MISSING)),
        (None, 404, Objection(("null",), Reason.MISSING)),
        (b"", 599, Objection(("HTTP 599",), Reason.INPUT)),
        (
            {"error": {"code": "authentication_failed", "message": "Who?"}},
            403,
            Objection(("Who?",), Reason.CREDENTIALS),
        ),
        (
            {"error": {"message": "x" * 999, "param": "attachments[1].content"}},
            422,
            Objection(("x" * 300,), Reason.INPUT, "attachments"),
        ),
        (
            {"error": {"type": "conflict_error", "message": "  There  "}},
            400,
            Objection(("There",), Reason.CONFLICT),
        ),
        (
            {"error": {"code": "new", "type": "api_error", "message": "x"}},
            400,
            Objection(("x",), Reason.FAULT),
        ),
        ({"error": {"message": "   "}}, 418, Objection(('{"error": {"message": " "}}',), Reason.INPUT)),
        ([{"message": "odd"}], 400, Objection(('[{"message": "odd"}]',), Reason.INPUT)),
    ],
)
def test_a_no_is_read_in_every_shape(found: Any, status: int, expected: Objection) -> None:
    assert objections.read_objection(answer(found, status)) == expected


def test_a_yes_is_no_no() -> None:
    assert objections.read_objection(answer({"error": {"message": "no"}}, 201)) is None


def test_the_notice_of_an_outdated_form() -> None:
    dated = answer([], 200, deprecation="true", sunset="Wed, 31 Dec 2026 23:59:59 GMT")
    assert "Wed, 31 Dec 2026 23:59:59 GMT" in objections.read_notice(dated)
    assert "outdated" in objections.read_notice(answer([], 200, deprecation="true"))
    assert objections.read_notice(answer([], 200, sunset="soon")) == ""
