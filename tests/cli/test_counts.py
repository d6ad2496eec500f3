"""`stats counts` over a sandbox in another process: the provider's own counters, or its messages counted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Account, Ready, Run, added

NAMES = ("sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "dropped")


def counts(account: Account, *words: str) -> Any:
    answer = account("stats", "counts", *words)
    assert answer.code == 0, answer.out
    return answer.json


@pytest.mark.parametrize("provider", ["sendpost", "turbosmtp-v2", "turbosmtp-v1"])
def test_the_days_of_a_period_and_their_sum(cli: Run, ready: Ready, provider: str) -> None:
    account = added(cli, ready, provider)
    found = counts(account, "--since", "60d")
    assert found["complete"] is True
    assert found["days"] == sorted(found["days"], key=lambda it: it["day"], reverse=True)
    assert found["total"].keys() == set(NAMES)
    for name in NAMES:
        assert found["total"][name] == sum(day[name] for day in found["days"])
    assert found["total"]["sent"] >= 100 and found["total"]["delivered"] > found["total"]["opened"] > 0
    text = account.cli(
        "stats", "counts", "--since", "60d", env=account.env, before=("--profile", account.name)
    )
    assert text.out.splitlines()[-1].startswith("In all") and str(found["total"]["sent"]) in text.out


def test_one_campaign_and_one_sub_account_are_counted_on_their_own(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "sendpost")
    words = (
        "send",
        "--from",
        "me@example.com",
        "--text",
        "Hi",
        "--subject",
        "Counted",
        "--campaign",
        "autumn",
    )
    assert account(*words, "--to", "click@example.com,hardbounce@example.net").code == 0
    expected = dict.fromkeys(NAMES, 0) | {"sent": 2, "delivered": 1, "opened": 1, "clicked": 1, "bounced": 1}
    for more in ((), ("--sub-account", "117")):
        found = counts(account, "--since", "3d", "--campaign", "autumn", *more)
        assert found["total"] == expected
        assert len(found["days"]) == 1
    assert counts(account, "--campaign", "nothing-under-it")["days"] == []
    assert counts(account, "--sub-account", "118")["total"]["sent"] == 0
    assert counts(account, "--sub-account", "117")["total"]["sent"] >= 2


def test_what_only_counters_could_tell_is_not_offered_elsewhere(cli: Run, ready: Ready) -> None:
    account = added(cli, ready, "turbosmtp-v2")
    for words in (("--campaign", "autumn"), ("--sub-account", "1")):
        answer = account("stats", "counts", *words)
        assert (answer.code, answer.json["error"]["kind"]) == (1, "not-offered")
    relay = added(cli, ready, "smtp")("stats", "counts")
    assert (relay.code, relay.json["error"]["kind"]) == (1, "not-offered")
