"""What is asked of SendPost about webhooks, and what is made of its answers; no flag is lost, nothing is
made twice, and no password of a URL is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.providers.sendpost_desk import ACC, KEYS, NS, SUB, assert_headers, raised, run
from turbodesk.errors import (
    InvalidDraft,
    NoConnection,
    NotOffered,
    ProviderBroken,
    Refused,
    SignInRefused,
    TurbodeskError,
)
from turbodesk.model.account import Credential
from turbodesk.model.webhook import USUAL_EVENTS, EventFlag, WebhookChange
from turbodesk.providers.sendpost_webhooks import FLAGS

URL = "https://hooks.example.com/mine"
PATH = "/api/v1/account/webhook"
DEFAULTS = {
    "enabled": True,
    "processed": False,
    "sent": False,
    "delivered": True,
    "dropped": True,
    "smtpDropped": False,
    "softBounced": True,
    "hardBounced": True,
    "opened": True,
    "clicked": True,
    "unsubscribed": True,
    "spam": True,
    "uniqueOpen": False,
    "uniqueClick": False,
}
HOOK = {
    "id": 901,
    "url": URL,
    **DEFAULTS,
    "created": NS,
    "status": "active",
    "disabledAt": 0,
    "disabledReason": "",
}
LEGACY = {"id": 901, "url": URL, **DEFAULTS, "created": NS, "created_by": {"id": 7}, "updated_by": None}


def test_every_documented_flag_has_a_word_and_the_defaults_are_the_documented_ones() -> None:
    assert {"enabled", *FLAGS.values()} == DEFAULTS.keys()
    assert FLAGS.keys() == set(EventFlag)
    assert {FLAGS[it] for it in USUAL_EVENTS} == {
        name for name, on in DEFAULTS.items() if on and name != "enabled"
    }


# ---- listing


@pytest.mark.parametrize("hook", [HOOK, LEGACY])
def test_the_list_is_read_in_either_shape(tools: Any, hook: dict[str, Any]) -> None:
    listed = [{**hook, "successRate": 97}, {**hook, "id": "902", "url": f"{URL}/2", "enabled": False}]
    found, (seen,) = run(tools, lambda it: it.webhooks(), tools.answer(listed))
    assert (seen.method, seen.path, seen.query) == ("GET", PATH, {"limit": "100", "offset": "0"})
    assert_headers(seen, ACC)
    first, second = found
    assert (first.id, first.url, first.enabled, first.success_rate) == ("901", URL, True, 97)
    assert first.events == USUAL_EVENTS
    assert first.created == datetime(2026, 1, 1, tzinfo=UTC)
    assert first.disabled_at is None
    assert (second.id, second.enabled) == ("902", False)


def test_a_webhook_that_was_switched_off_says_why(tools: Any) -> None:
    off = {"status": "disabled", "enabled": False, "disabledAt": NS, "disabledReason": "Too many failures"}
    (hook,), _ = run(tools, lambda it: it.webhooks(), tools.answer([{**HOOK, **off}]))
    assert (hook.status, hook.enabled, hook.disabled_reason) == ("disabled", False, "Too many failures")
    assert hook.disabled_at == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rate", "percent"), [(97, 97), (97.6, 98), (0, 0), (None, None), ("97", None), (True, None)]
)
def test_the_share_that_was_taken_is_in_percent(tools: Any, rate: Any, percent: int | None) -> None:
    (hook,), _ = run(tools, lambda it: it.webhooks(), tools.answer([{**HOOK, "successRate": rate}]))
    assert hook.success_rate == percent


@pytest.mark.parametrize("body", [[], None])
def test_there_may_be_none(tools: Any, body: Any) -> None:
    assert run(tools, lambda it: it.webhooks(), tools.answer(body))[0] == ()


def test_a_flag_that_one_list_spells_otherwise_is_known(tools: Any) -> None:
    old = {name: on for name, on in HOOK.items() if not name.startswith("unique")}
    (hook,), _ = run(tools, lambda it: it.webhooks(), tools.answer([{**old, "uniqueOpened": True}]))
    assert hook.events == {*USUAL_EVENTS, EventFlag.FIRST_OPEN}


# ---- making


def test_a_new_one_says_every_flag(tools: Any) -> None:
    events = {EventFlag.OPENED, EventFlag.FIRST_CLICK}
    answer = {**HOOK, **dict.fromkeys(DEFAULTS, False), "opened": True, "uniqueClick": True}
    made, (seen,) = run(
        tools, lambda it: it.create_webhook(URL, events, enabled=False), tools.answer(answer, 201)
    )
    assert (seen.method, seen.path, seen.raw_query) == ("POST", PATH, "")
    assert_headers(seen, ACC)
    assert seen.headers["content-type"] == "application/json"
    on = {"opened": True, "uniqueClick": True}
    assert seen.json == {**dict.fromkeys(DEFAULTS, False), **on, "url": URL}
    assert (made.id, made.events, made.enabled) == ("901", events, False)


def test_a_url_that_is_there_already_is_told_as_such(tools: Any) -> None:
    no = {"error": {"code": "resource_exists", "message": "URL is used", "type": "conflict_error"}}
    error = raised(tools, lambda it: it.create_webhook(URL, USUAL_EVENTS), tools.answer(no, 403))
    assert isinstance(error, Refused) and "URL is used" in error.says


LOST = ["close", "reset", "broken", "nonsense"]


def _lost(tools: Any, how: str) -> Any:
    if how == "broken":
        return tools.answer({"error": {"message": "internal"}}, 500)
    return tools.answer("<html>", type="text/html") if how == "nonsense" else getattr(tools, how)


@pytest.mark.parametrize("how", LOST)
def test_a_lost_answer_is_looked_for_and_never_asked_for_again(tools: Any, how: str) -> None:
    made, seen = run(
        tools,
        lambda it: it.create_webhook(URL, USUAL_EVENTS),
        _lost(tools, how),
        tools.answer([{**HOOK, "id": 5, "url": f"{URL}/other"}, HOOK]),
    )
    assert made.id == "901"
    assert [it.method for it in seen] == ["POST", "GET"]


@pytest.mark.parametrize("how", LOST)
@pytest.mark.parametrize("other", [{"url": f"{URL}/other"}, {"opened": False}, {"enabled": False}])
def test_what_is_not_there_as_asked_for_is_not_taken_for_it(
    tools: Any, how: str, other: dict[str, Any]
) -> None:
    def work(provider: Any) -> Any:
        return provider.create_webhook(URL, USUAL_EVENTS)

    error = raised(tools, work, _lost(tools, how), tools.answer([{**HOOK, **other}]))
    assert isinstance(error, NoConnection | ProviderBroken)
    assert "list of webhooks" in error.hint


def test_a_lost_answer_stays_lost_where_nobody_can_look(tools: Any) -> None:
    async def work(provider: Any) -> Any:
        with pytest.raises(TurbodeskError) as caught:
            await provider.create_webhook(URL, USUAL_EVENTS)
        return caught.value

    error, seen = run(tools, work, tools.close, tools.answer({}, 401))
    assert isinstance(error, NoConnection)
    assert [it.method for it in seen] == ["POST", "GET"]


def test_what_never_left_is_not_looked_for(tools: Any) -> None:
    async def go() -> Any:
        from turbodesk.model.account import Profile
        from turbodesk.providers.sendpost import SendPost

        async with tools.gateway() as gateway:
            provider = SendPost(Profile("t", "sendpost", api_url="http://127.0.0.1:9"), KEYS, gateway)
            with pytest.raises(NoConnection) as caught:
                await provider.create_webhook(URL, USUAL_EVENTS)
            assert "list of webhooks" not in caught.value.hint

    import asyncio

    asyncio.run(go())


# ---- changing


def test_every_flag_is_written_back_those_that_nobody_knows_too(tools: Any) -> None:
    there = {**HOOK, "enabled": False, "sent": True, "amp_opened": True, "quarantined": False, "maxRate": 5}
    change = WebhookChange(events={EventFlag.CLICKED: False, EventFlag.FIRST_CLICK: True})
    changed, (read, written) = run(
        tools,
        lambda it: it.edit_webhook("901", change),
        tools.answer(there),
        tools.answer({**there, "clicked": False, "uniqueClick": True}),
    )
    assert (read.method, read.path) == ("GET", f"{PATH}/901")
    assert (written.method, written.path) == ("PUT", f"{PATH}/901")
    assert_headers(read, ACC)
    assert_headers(written, ACC)
    expected = {**DEFAULTS, "enabled": False, "sent": True, "clicked": False, "uniqueClick": True}
    assert written.json == {**expected, "amp_opened": True, "quarantined": False, "url": URL}
    assert EventFlag.FIRST_CLICK in changed.events and EventFlag.CLICKED not in changed.events


def test_a_flag_goes_back_as_the_server_spells_it(tools: Any) -> None:
    there = {"id": 901, "url": URL, "Enabled": True, "hard_bounced": False}
    change = WebhookChange(f"{URL}/2", enabled=False, events={EventFlag.HARD_BOUNCE: True})
    _, (_, written) = run(
        tools, lambda it: it.edit_webhook("901", change), tools.answer(there), tools.answer(HOOK)
    )
    assert written.json == {"Enabled": False, "hard_bounced": True, "url": f"{URL}/2"}


def test_an_answer_that_says_the_id_alone_is_asked_about(tools: Any) -> None:
    short = {"id": 901, "message": "done"}
    made, seen = run(
        tools, lambda it: it.create_webhook(URL, USUAL_EVENTS), tools.answer(short, 201), tools.answer(HOOK)
    )
    assert (made.url, made.events) == (URL, USUAL_EVENTS)
    assert [(it.method, it.path) for it in seen] == [("POST", PATH), ("GET", f"{PATH}/901")]
    broken = tools.answer({}, 401)
    made, _ = run(tools, lambda it: it.create_webhook(URL, USUAL_EVENTS), tools.answer(short, 201), broken)
    assert (made.id, made.url, made.events) == ("901", URL, USUAL_EVENTS)
    change = WebhookChange(enabled=False)
    off = tools.answer({**HOOK, "enabled": False})
    changed, seen = run(
        tools, lambda it: it.edit_webhook("901", change), tools.answer(HOOK), tools.answer(short), off
    )
    assert not changed.enabled
    assert [it.method for it in seen] == ["GET", "PUT", "GET"]


def test_what_the_provider_did_not_change_is_told(tools: Any) -> None:
    change = WebhookChange(enabled=False, events={EventFlag.OPENED: False, EventFlag.SENT: True})
    same, _ = run(tools, lambda it: it.edit_webhook("901", change), tools.answer(HOOK))
    assert change.unmet(same) == ("enabled", "opened", "sent")
    done = tools.answer({**HOOK, "enabled": False, "opened": False, "sent": True})
    changed, _ = run(tools, lambda it: it.edit_webhook("901", change), tools.answer(HOOK), done)
    assert change.unmet(changed) == ()


@pytest.mark.parametrize("body", [{}, [], None, {"error": "no"}, {"id": 901}, "<html>"])
def test_nothing_is_written_where_what_is_there_cannot_be_read(tools: Any, body: Any) -> None:
    async def work(provider: Any) -> Any:
        with pytest.raises(TurbodeskError) as caught:
            await provider.edit_webhook("901", WebhookChange(enabled=False))
        return caught.value

    error, seen = run(tools, work, tools.answer(body))
    assert isinstance(error, ProviderBroken)
    assert {it.method for it in seen} == {"GET"}


@pytest.mark.parametrize("id", ["a/b?c", "..", "", "9 1", "½"])
def test_an_id_is_one_step_of_the_path(tools: Any, id: str) -> None:
    async def work(provider: Any) -> Any:
        with pytest.raises(Refused):
            await provider.edit_webhook(id, WebhookChange(enabled=False))

    _, (seen,) = run(tools, work, tools.answer({"message": "no"}, 406))
    assert seen.target.startswith(f"{PATH}/") and seen.target.count("/") == PATH.count("/") + 1


def test_half_a_character_in_a_url_is_told(tools: Any) -> None:
    error = raised(tools, lambda it: it.create_webhook("https://x/\ud800", USUAL_EVENTS), tools.answer(HOOK))
    assert isinstance(error, InvalidDraft) and list(error.problems) == ["url"]


# ---- taking away


def test_one_is_taken_away(tools: Any) -> None:
    _, (seen,) = run(
        tools, lambda it: it.delete_webhook("901"), tools.answer({"id": 901, "message": "deleted"})
    )
    assert (seen.method, seen.path, seen.body) == ("DELETE", f"{PATH}/901", b"")
    assert_headers(seen, ACC)


@pytest.mark.parametrize("status", [404, 406])
def test_what_is_gone_after_a_lost_answer_was_taken_away(tools: Any, status: int) -> None:
    gone = tools.answer({"message": "There is no such webhook"}, status)
    _, seen = run(tools, lambda it: it.delete_webhook("901"), tools.reset, gone)
    assert [it.method for it in seen] == ["DELETE", "DELETE"]
    assert isinstance(raised(tools, lambda it: it.delete_webhook("901"), gone), Refused)


# ---- keys and secrets


@pytest.mark.parametrize(
    "work",
    [
        lambda it: it.webhooks(),
        lambda it: it.create_webhook(URL, USUAL_EVENTS),
        lambda it: it.edit_webhook("1", WebhookChange(enabled=True)),
        lambda it: it.delete_webhook("1"),
    ],
)
def test_the_account_key_is_named_where_it_is_missing(tools: Any, work: Any) -> None:
    keys = {Credential.SUBACCOUNT_KEY: KEYS[Credential.SUBACCOUNT_KEY]}

    async def refused(provider: Any) -> Any:
        with pytest.raises(NotOffered) as caught:
            await work(provider)
        return caught.value

    error, seen = run(tools, refused, tools.answer([]), keys=keys)
    assert "account key" in error.says and seen == []
    assert isinstance(raised(tools, work, tools.answer({}, 401)), SignInRefused)


SECRET = "s3cret%2Fw0rd"
WITH_LOGIN = f"https://hook:{SECRET}@hooks.example.com/mine"


def test_a_password_in_a_url_is_kept_and_never_told(tools: Any) -> None:
    there = {**HOOK, "url": WITH_LOGIN}
    (hook,), _ = run(tools, lambda it: it.webhooks(), tools.answer([there]))
    assert hook.url == "https://hook:•••@hooks.example.com/mine"
    changed, (_, written) = run(
        tools,
        lambda it: it.edit_webhook("901", WebhookChange(enabled=False)),
        tools.answer(there),
        tools.answer(there),
    )
    assert written.json["url"] == WITH_LOGIN
    for shown in (repr(hook), repr(changed), repr(WebhookChange(WITH_LOGIN))):
        assert SECRET not in shown


@pytest.mark.parametrize(
    "echo",
    [f"{WITH_LOGIN} is no URL", "hook:s3cret/w0rd is no login"],
)
@pytest.mark.parametrize("status", [200, 400, 422, 500])
def test_an_answer_that_repeats_the_password_is_not_quoted_with_it(
    tools: Any, echo: str, status: int
) -> None:
    for body in ({"error": {"message": echo}}, echo):
        error = raised(
            tools,
            lambda it: it.create_webhook(WITH_LOGIN, USUAL_EVENTS),
            tools.answer(body, status),
            tools.answer([]),
        )
        told = f"{error.says} {error.hint} {error.detail}"
        assert SECRET not in told and "s3cret/w0rd" not in told
        assert ACC not in told and SUB not in told


# ---- one domain


def test_one_domain_is_asked_for_by_its_id(tools: Any) -> None:
    body = {"id": 7, "name": "example.com", "dkimVerified": True, "dkim": {"host": "a", "type": "TXT"}}
    domain, (seen,) = run(tools, lambda it: it.domain("7"), tools.answer(body))
    assert (seen.method, seen.path, seen.raw_query) == ("GET", "/api/v1/subaccount/domain/7", "")
    assert_headers(seen, SUB)
    assert (domain.id, domain.name, domain.verified) == ("7", "example.com", True)
    assert [(it.purpose, it.host) for it in domain.records] == [("DKIM", "a")]


@pytest.mark.parametrize("status", [404, 406])
def test_a_domain_that_there_is_not(tools: Any, status: int) -> None:
    assert run(tools, lambda it: it.domain("7"), tools.answer({"message": "no"}, status))[0] is None


@pytest.mark.parametrize("body", [[], {}, None, {"name": "x"}])
def test_a_domain_that_cannot_be_read(tools: Any, body: Any) -> None:
    assert isinstance(raised(tools, lambda it: it.domain("7"), tools.answer(body)), ProviderBroken)
