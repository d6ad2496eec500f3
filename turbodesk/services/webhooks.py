"""The URLs that an account's provider tells what happens to mail: listed, added, edited, removed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from turbodesk.errors import InvalidDraft, TurbodeskError
from turbodesk.model.webhook import USUAL_EVENTS, EventFlag, Webhook, WebhookChange
from turbodesk.providers import is_loopback

if TYPE_CHECKING:
    from turbodesk.services.desk import Desk

LONGEST_URL = 2048  # characters


class WebhooksService:
    """The webhooks of one desk. All of it raises NotOffered where the provider has none."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def all(self) -> tuple[Webhook, ...]:
        """Every one, in the provider's order."""
        return await self._desk.provider.webhooks()

    async def add(
        self, url: str, events: Collection[EventFlag] = USUAL_EVENTS, *, enabled: bool = True
    ) -> Webhook:
        """A new one, told of these events. Raises InvalidDraft for what can be no webhook's URL, and where it
        would be told nothing; Refused where the URL is registered already."""
        problems = {} if events else {"events": "Choose at least one event, or it is told nothing."}
        if problem := self._problem(url):
            problems["url"] = problem
        if problems:
            raise InvalidDraft(problems, "Nothing was added")
        return await self._desk.provider.create_webhook(url.strip(), events, enabled=enabled)

    async def edit(self, named: str, change: WebhookChange) -> Webhook:
        """Changes the one of this id or URL; what comes back is how the provider has it then.

        Raises InvalidDraft where nothing is to change, or the new URL can be none; TurbodeskError where there
        is no such webhook.
        """
        nothing = "Nothing was changed"
        if not change:
            raise InvalidDraft({"change": "Say what is to be different."}, nothing)
        if change.url and (problem := self._problem(change.url)):
            raise InvalidDraft({"url": problem}, nothing)
        found = await self.named(named)
        changed = replace(change, url=change.url.strip())
        return await self._desk.provider.edit_webhook(found.id, changed)

    async def remove(self, named: str) -> Webhook:
        """Takes away the one of this id or URL, which comes back as it was."""
        found = await self.named(named)
        await self._desk.provider.delete_webhook(found.id)
        return found

    async def named(self, text: str) -> Webhook:
        """The webhook of this id or URL; raises TurbodeskError where there is none."""
        found = next((it for it in await self.all() if text.strip() in (it.id, it.url)), None)
        if found is None:
            says = "There is no webhook of this id or URL."
            raise TurbodeskError(says, hint="`webhooks list` shows those there are.", field="webhook")
        return found

    def _problem(self, url: str) -> str:
        """What is wrong with a URL, in one sentence; empty where nothing is. A receiver on this computer is
        for a provider that runs here as well."""
        text = url.strip()
        if not text.isascii() or not text.isprintable() or " " in text or len(text) > LONGEST_URL:
            return f"A URL has up to {LONGEST_URL} plain characters and no spaces."
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            return "This is no URL: write it as https://hooks.example.com/path."
        if parts.scheme not in ("https", "http") or not host:
            return "This is no URL: write it as https://hooks.example.com/path."
        if is_loopback(host):
            return (
                "" if self._is_here() else "The provider cannot reach this computer: give a public address."
            )
        if parts.scheme == "http":
            return "The provider posts over HTTPS only: the URL begins with https://."
        return ""

    def _is_here(self) -> bool:
        profile = self._desk.profile
        return profile.is_sandbox or is_loopback(urlsplit(profile.api_url).hostname or "")


def chosen(
    events: Iterable[EventFlag], on: Iterable[EventFlag], off: Iterable[EventFlag]
) -> frozenset[EventFlag]:
    """These events with some switched on and others off."""
    return (frozenset(events) | frozenset(on)) - frozenset(off)


class Receiver(NamedTuple):
    """The URL of a webhook without the login that may stand in it, and the user name of that login, empty
    where there is none."""

    url: str
    user: str


def receiver_of(url: str) -> Receiver:
    """A URL taken apart; one that cannot be read comes back as it is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return Receiver(url, "")
    login, at, place = parts.netloc.rpartition("@")
    return Receiver(parts._replace(netloc=place).geturl() if at else url, unquote(login.partition(":")[0]))


def with_login(url: str, user: str, password: str) -> str:
    """The URL with a login in it; one that cannot be read comes back as it is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{place}").geturl()
