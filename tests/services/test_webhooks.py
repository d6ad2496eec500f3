"""Webhooks of a desk: what may be one, which is meant, and what is left as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from turbodesk.errors import InvalidDraft, NotOffered, TurbodeskError
from turbodesk.model.account import Profile
from turbodesk.model.message import Message
from turbodesk.model.webhook import USUAL_EVENTS, EventFlag, Webhook, WebhookChange
from turbodesk.providers.port import Capability, Provider
from turbodesk.services.desk import Desk
from turbodesk.services.webhooks import WebhooksService, chosen, receiver_of, with_login

URL = "https://hooks.example.com/mine"


class Keeps(Provider):
    """A provider that keeps its webhooks in memory."""

    title = "Memory"
    offers = frozenset({Capability.SEND, Capability.WEBHOOKS})

    def __init__(self) -> None:
        self.hooks = [Webhook("901", URL, enabled=True, events=USUAL_EVENTS)]
        self.written = 0

    async def send(self, message: Message, mark: Any) -> Any:
        raise AssertionError("nothing is sent here")

    async def webhooks(self) -> tuple[Webhook, ...]:
        return tuple(self.hooks)

    async def create_webhook(
        self, url: str, events: Collection[EventFlag], *, enabled: bool = True
    ) -> Webhook:
        self.written += 1
        self.hooks.append(Webhook("902", url, enabled, frozenset(events)))
        return self.hooks[-1]

    async def edit_webhook(self, id: str, change: WebhookChange) -> Webhook:
        self.written += 1
        (place,) = (place for place, it in enumerate(self.hooks) if it.id == id)
        self.hooks[place] = replace(self.hooks[place], url=change.url or self.hooks[place].url)
        return self.hooks[place]

    async def delete_webhook(self, id: str) -> None:
        self.written += 1
        self.hooks = [it for it in self.hooks if it.id != id]


def service(provider: Provider, **profile: Any) -> WebhooksService:
    return WebhooksService(Desk(Profile(**{"name": "post", "provider": "sendpost", **profile}), provider))


def test_one_is_added_found_by_id_or_url_changed_and_removed() -> None:
    async def go() -> None:
        keeps = Keeps()
        hooks = service(keeps)
        added = await hooks.add(f" {URL}/2\n", {EventFlag.OPENED}, enabled=False)
        assert (added.url, added.enabled, added.events) == (f"{URL}/2", False, {EventFlag.OPENED})
        assert await hooks.named("902") == await hooks.named(f" {URL}/2 ") == added
        moved = await hooks.edit("902", WebhookChange(f"{URL}/3 "))
        assert moved.url == f"{URL}/3"
        assert await hooks.remove(f"{URL}/3") == moved
        assert [it.id for it in await hooks.all()] == ["901"]

    asyncio.run(go())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://",
        "https://hooks.example.com:port/",
        "https://[::1",
        "https://hooks.example.com/a b",
        "https://hooks.exämple.com/",
        "https://hooks.example.com/\x00",
        "https://hooks.example.com/" + "x" * 2048,
        "https://localhost/",
        "http://127.0.0.1:8080/",
        "https://[::1]/",
    ],
)
def test_what_can_be_no_webhook_is_told_before_anything_is_asked(url: str) -> None:
    async def go() -> None:
        keeps = Keeps()
        with pytest.raises(InvalidDraft) as refused:
            await service(keeps).add(url)
        assert list(refused.value.problems) == ["url"]
        if url:
            with pytest.raises(InvalidDraft):
                await service(keeps).edit("901", WebhookChange(url))
        assert keeps.written == 0

    asyncio.run(go())


@pytest.mark.parametrize("profile", [{"name": "sandbox-sendpost"}, {"api_url": "http://127.0.0.1:9000"}])
def test_a_provider_on_this_computer_may_post_to_it(profile: dict[str, str]) -> None:
    async def go() -> None:
        url = "http://user:word@127.0.0.1:8080/hook"
        assert (await service(Keeps(), **profile).add(url)).url == url

    asyncio.run(go())


def test_a_change_of_nothing_and_a_webhook_told_nothing_are_refused() -> None:
    async def go() -> None:
        keeps = Keeps()
        with pytest.raises(InvalidDraft):
            await service(keeps).edit("901", WebhookChange())
        with pytest.raises(InvalidDraft) as refused:
            await service(keeps).add(f"{URL}/2", ())
        assert list(refused.value.problems) == ["events"]
        assert keeps.written == 0

    asyncio.run(go())


@pytest.mark.parametrize("named", ["1", "", f"{URL}/none", "https://u:secret-word@hooks.example.com/"])
def test_one_that_there_is_not_is_neither_changed_nor_removed_nor_quoted(named: str) -> None:
    async def go() -> None:
        keeps = Keeps()
        for ask in (
            service(keeps).remove(named),
            service(keeps).edit(named, WebhookChange(enabled=False)),
        ):
            with pytest.raises(TurbodeskError) as refused:
                await ask
            assert refused.value.field == "webhook"
            assert "secret-word" not in f"{refused.value.says}{refused.value.hint}"
        assert keeps.written == 0

    asyncio.run(go())


def test_a_provider_without_webhooks_says_so() -> None:
    class OnlySends(Keeps):
        offers = frozenset({Capability.SEND})
        webhooks = Provider.webhooks
        create_webhook = Provider.create_webhook

    async def go() -> None:
        for ask in (service(OnlySends()).all(), service(OnlySends()).add(URL)):
            with pytest.raises(NotOffered):
                await ask

    asyncio.run(go())


@pytest.mark.parametrize(
    ("url", "bare", "user"),
    [
        (URL, URL, ""),
        ("https://desk:•••@hooks.example.com/a?b=1", "https://hooks.example.com/a?b=1", "desk"),
        ("https://d%40sk@[::1]:8443/", "https://[::1]:8443/", "d@sk"),
        ("https://[::1", "https://[::1", ""),
    ],
)
def test_a_url_is_taken_apart_and_put_together_with_its_login(url: str, bare: str, user: str) -> None:
    assert receiver_of(url) == (bare, user)
    if user:
        whole = with_login(bare, user, "p:@ss")
        assert receiver_of(whole) == (bare, user) and ":p%3A%40ss@" in whole
        assert with_login(whole, user, "p:@ss") == whole, "the login before it is gone"


def test_events_are_switched_on_and_off_from_what_there_is() -> None:
    found = chosen(USUAL_EVENTS, [EventFlag.SENT], [EventFlag.OPENED])
    assert found == USUAL_EVENTS - {EventFlag.OPENED} | {EventFlag.SENT}
