"""Who am I, plans, sub-accounts, and the two tracking tools."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from .conftest import NOON, Caller, Clock, Opener


def test_user_info_has_the_documented_members(sandbox: Caller) -> None:
    info = sandbox.get("/api/user/info").json()
    assert info["email"] == sandbox.at.user
    assert (info["passwd"], info["active"], info["gateway"]) == ("", True, "q1")
    assert 2**31 < info["ip"] < 2**32
    assert isinstance(info["accountid"], int)
    assert sandbox.get("/api/account/type").json() == {"type": "paid"}


def test_the_plan_in_use_counts_what_was_sent_this_month(opened: Opener, clock: Clock) -> None:
    with opened(history_rows=2_000, clock=clock) as caller:
        plans = caller.get("/api/plans").json()
        used, over = plans
        assert (used["smtp_limit_interval"], used["active"], used["expired"]) == ("Monthly", True, 0)
        assert (over["active"], over["expired"]) == (False, 1)
        month = "2030-03-01 00:00:00"
        assert datetime.fromtimestamp(NOON, UTC).month == 3
        counted = caller.get("/api/stats/panes/emails/count", start=month, tz="+00:00").json()["count"]
        assert used["smtp_count"] == counted > 0
        assert used["smtp_limit"] > counted
        caller.send("a@example.com,b@example.com")
        assert caller.get("/api/plans").json()[0]["smtp_count"] == counted + 2
        assert caller.get("/api/plans").json()[0]["last_used"] == "2030-03-17T17:46:40.000Z"


def test_sub_accounts_differ_in_share(sandbox: Caller) -> None:
    rows = sandbox.get("/api/useraccounts/summary").json()
    assert all(set(row) == {"id", "email", "active", "ip", "sent", "limit", "reputation"} for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)
    assert any(row["limit"] == -1 for row in rows)
    assert any(not row["active"] for row in rows)
    assert any(0.9 < row["sent"] / row["limit"] < 1 for row in rows if row["limit"] > 0)
    assert all(row["ip"].count(".") == 3 for row in rows)


def test_click_tracking_reads_as_documented(opened: Opener) -> None:
    with opened() as caller:
        assert caller.get("/api/tools/clickTracking").json() == {
            "id": "clickTracking",
            "forced": False,
            "requiredSettings": [],
            "enabled": True,
            "settings": [
                {"key": "clicktracking", "value": True},
                {"key": "clicktracking_plaintext", "value": False},
            ],
        }
        assert caller.get("/api/tools/openingTracking").json()["settings"] == []


@pytest.mark.parametrize("verb", ["PUT", "GET"])
@pytest.mark.parametrize("tool", ["clickTracking", "openingTracking"])
def test_a_tool_is_switched_and_stays_so(opened: Opener, tmp_path: Path, tool: str, verb: str) -> None:
    data = tmp_path / "sandbox.sqlite"
    with opened(data) as caller:
        off = caller.call(verb, f"/api/tools/{tool}/disable").json()
        assert (off["id"], off["enabled"]) == (tool, False)
    with opened(data) as caller:
        assert caller.get(f"/api/tools/{tool}").json() == off
        assert caller.call(verb, f"/api/tools/{tool}/enable").json()["enabled"] is True
        other = "openingTracking" if tool == "clickTracking" else "clickTracking"
        assert caller.get(f"/api/tools/{other}").json()["enabled"] is True


def test_tools_and_actions_that_there_are_not(sandbox: Caller) -> None:
    for path in ("smoke", "smoke/enable", "clickTracking/toggle"):
        assert sandbox.get(f"/api/tools/{path}").json()["errorCode"] == 4
