"""Mail moves in one process, the events of it are posted to a second, and a third shows them."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import httpx

from tests.cli.conftest import Ready, Run, added
from tests.cli.test_events import ENV, PASSWORD, running

CLICKED = {"processed", "delivered", "opened", "clicked"}
WANTED = {
    ("turbosmtp", "click@example.com"): CLICKED,
    ("turbosmtp", "hardbounce@example.com"): {"processed", "hard bounce"},
    ("sendpost", "click@example.com"): CLICKED | {"sent"},
    ("sendpost", "hardbounce@example.com"): {"processed", "sent", "hard bounce"},
}
FLAGS = ("processed", "sent", "delivered", "hardBounced", "opened", "clicked")
SEND = (
    *("send", "--from", "me@example.com", "--to", "click@example.com,hardbounce@example.com"),
    *("--subject", "Hi", "--text", "Hello"),
)


def register(ready: Ready, url: str) -> None:
    """Makes a webhook at SendPost, as its own pages do."""
    made = httpx.post(
        f"{ready['sendpost']['base_url']}/account/webhook",
        json={"url": url, **dict.fromkeys(FLAGS, True)},
        headers={"X-Account-ApiKey": ready["sendpost"]["account_key"]},
        trust_env=False,
    )
    assert made.is_success, made.text


def followed_to_the_end(out: IO[str]) -> list[dict[str, Any]]:
    """The events that come until all that are wanted have."""
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    found = []
    while seen != WANTED:
        line = out.readline()
        assert line, f"no more came after {dict(seen)}"
        found.append(json.loads(line))
        seen[found[-1]["service"], found[-1]["recipient"]].add(found[-1]["kind"])
        assert len(found) <= sum(map(len, WANTED.values())), found
    return found


def test_what_happens_to_mail_arrives_with_our_key_though_the_receiver_was_killed(
    cli: Run, tmp_path: Path
) -> None:
    serve = ("events", "serve", "--basic-auth", "desk", "--json")
    with running(tmp_path, *serve, killed=True, **ENV) as out:
        port = json.loads(out.readline())["url"].rstrip("/").rpartition(":")[2]
    there = f"127.0.0.1:{port}/"
    to_it = ("--webhooks-to", f"http://desk@{there}", "--webhook-speed", "600", "--history-rows", "0")
    with running(tmp_path, "sandbox", "serve", *to_it, **ENV) as out:
        ready = json.loads(out.readline())
        register(ready, f"http://desk:{quote(PASSWORD)}@{there}")
        accounts = {
            "turbosmtp": added(cli, ready, "turbosmtp-v2"),
            "sendpost": added(cli, ready, "sendpost"),
        }
        sent = {"turbosmtp": accounts["turbosmtp"](*SEND)}  # nobody hears of it yet
        with (
            running(tmp_path, *serve, "--port", port, **ENV),
            running(tmp_path, "events", "tail", "--follow", "--json", "-n", "100", watched_s=60) as tail,
        ):
            sent["sendpost"] = accounts["sendpost"](*SEND)
            found = followed_to_the_end(tail)
    for event in found:
        entry = sent[event["service"]].json
        ids = {it["address"]: it["provider_id"] for it in entry["recipients"]}
        assert event["key"] == entry["key"]
        assert event["message_id"] in (ids[event["recipient"]], entry["provider_id"])
    kept = (tmp_path / "config" / "events.sqlite").read_bytes()
    assert PASSWORD.encode() not in kept and quote(PASSWORD).encode() not in kept
