"""SendPost's webhooks: listed, made, changed without losing a flag, taken away."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from turbodesk.errors import InvalidDraft, NoConnection, ProviderBroken, TurbodeskError
from turbodesk.model.webhook import EventFlag, Webhook, WebhookChange
from turbodesk.providers import sendpost_calls as said
from turbodesk.providers.exchange import Answer, Body, Call, Garbled
from turbodesk.providers.gateway import Lost
from turbodesk.providers.http import DELETE, ONCE, TOGGLE
from turbodesk.providers.sendpost_answers import read_yes
from turbodesk.providers.sendpost_keys import KeyedClient
from turbodesk.providers.sendpost_rows import Row, folded, read_json, read_rows

FLAGS: Mapping[EventFlag, str] = {
    EventFlag.PROCESSED: "processed",
    EventFlag.SENT: "sent",
    EventFlag.DELIVERED: "delivered",
    EventFlag.DROPPED: "dropped",
    EventFlag.GIVEN_UP: "smtpDropped",
    EventFlag.SOFT_BOUNCE: "softBounced",
    EventFlag.HARD_BOUNCE: "hardBounced",
    EventFlag.OPENED: "opened",
    EventFlag.CLICKED: "clicked",
    EventFlag.FIRST_OPEN: "uniqueOpen",
    EventFlag.FIRST_CLICK: "uniqueClick",
    EventFlag.UNSUBSCRIBED: "unsubscribed",
    EventFlag.COMPLAINED: "spam",
}
_ENABLED = "enabled"
_LOOK_FIRST = "Look at the list of webhooks before making it again."


class Webhooks:
    """The webhooks of one account. What stands in their URLs may be secret, so no answer is quoted."""

    def __init__(self, client: KeyedClient) -> None:
        self._client = client

    async def all(self) -> tuple[Webhook, ...]:
        """Every one, in the provider's order."""
        return await self._client.all(Call("GET", said.WEBHOOKS, keeps_secrets=True), read_webhooks)

    async def make(self, url: str, events: Collection[EventFlag], *, enabled: bool) -> Webhook:
        """A new one, every flag said. Where the answer is lost it is not asked for again, but looked for."""
        flags = {name: flag in events for flag, name in FLAGS.items()}
        call = _writing("POST", said.WEBHOOKS, {_ENABLED: enabled, **flags, "url": url}, url)
        try:
            made = await self._client.ask(call, _members, ONCE)
        except (NoConnection, ProviderBroken) as error:
            if isinstance(error.__cause__, Lost) and not error.__cause__.sent:
                raise
            if found := await self._like(url, events, enabled=enabled):
                return found
            error.hint = " ".join(filter(None, (error.hint, _LOOK_FIRST)))
            raise
        try:
            return await self._whole(made)
        except TurbodeskError:  # it is made all the same
            return Webhook(Row(made).text("id"), masked(url), enabled, frozenset(events))

    async def _like(self, url: str, events: Collection[EventFlag], *, enabled: bool) -> Webhook | None:
        """The one that is there as it was asked for; None where there is none, and where nobody can say."""
        wanted = (masked(url), enabled, frozenset(events))
        try:
            found = await self.all()
        except TurbodeskError:
            return None
        return next((it for it in found if (it.url, it.enabled, it.events) == wanted), None)

    async def edit(self, id: str, change: WebhookChange) -> Webhook:
        """Reads it, changes what is to be different, and writes back every flag with the URL, also those that
        nobody has heard of yet: what an update leaves out may become what it is for a new one."""
        path = f"{said.WEBHOOKS}/{said.step(id)}"
        now = await self._client.ask(Call("GET", path, keeps_secrets=True), _read_whole)
        fields = _changed(now, change)
        call = _writing("PUT", path, fields, str(fields["url"]))
        return await self._whole(await self._client.ask(call, _members, TOGGLE))

    async def _whole(self, told: Mapping[str, Any]) -> Webhook:
        """What was written, as an answer tells it; asked for where that says the id and no more."""
        row = Row(told)
        if row.text("url"):
            return _webhook(row)
        path = f"{said.WEBHOOKS}/{said.step(row.text('id'))}"
        return await self._client.ask(Call("GET", path, keeps_secrets=True), read_webhook)

    async def remove(self, id: str) -> None:
        call = Call("DELETE", f"{said.WEBHOOKS}/{said.step(id)}", keeps_secrets=True)
        await self._client.ask(call, read_yes, DELETE)


def _changed(now: Mapping[str, Any], change: WebhookChange) -> dict[str, object]:
    """What to write: every yes and no of what was read, in its own spelling, and the URL."""
    fields: dict[str, object] = {name: value for name, value in now.items() if isinstance(value, bool)}
    spelt = {folded(name): name for name in fields}
    wanted = {FLAGS[flag]: on for flag, on in change.events.items()}
    if change.enabled is not None:
        wanted[_ENABLED] = change.enabled
    fields |= {spelt.get(folded(name), name): on for name, on in wanted.items()}
    return {**fields, "url": change.url or Row(now).text("url")}


def _writing(method: str, path: str, fields: Mapping[str, object], url: str) -> Call:
    try:
        body = Body(said.JSON, msgspec.json.encode(fields))
    except UnicodeEncodeError:
        problem = {"url": "The URL holds half a character, which can't be sent."}
        raise InvalidDraft(problem, "Nothing was changed") from None
    return Call(method, path, body=body, secrets=_secrets_in(url), keeps_secrets=True)


def _secrets_in(url: str) -> tuple[str, ...]:
    """The password in a URL, as it stands there and as it is meant."""
    password = _password_of(url)
    return tuple(dict.fromkeys(filter(None, (password, unquote(password)))))


def _password_of(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""


def masked(url: str) -> str:
    """The URL without the password in it."""
    password = _password_of(url)
    return url.replace(f":{password}@", ":•••@", 1) if password else url


# ---- what is answered


def read_webhooks(answer: Answer) -> list[Webhook]:
    """One page in the provider's order. `GET /account/webhook`, SendPost, documented."""
    return [_webhook(row) for row in read_rows(answer)]


def read_webhook(answer: Answer) -> Webhook:
    """One. `GET /account/webhook/{id}`, SendPost, documented."""
    return _webhook(Row(_members(answer)))


def _read_whole(answer: Answer) -> dict[str, Any]:
    """The members of one that can be written back."""
    found = _members(answer)
    if not Row(found).text("url"):
        raise Garbled("a webhook without its URL")
    return found


def _members(answer: Answer) -> dict[str, Any]:
    """The members as they are spelt there."""
    found = read_json(answer.body)
    if not isinstance(found, dict) or not Row(found).text("id"):
        raise Garbled("no webhook")
    return found


def _percent(found: object) -> int | None:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return round(found)


def _webhook(row: Row) -> Webhook:
    """A flag that is not there counts as off; one in the spelling of an old list is known too."""
    spellings = {flag: (folded(name), f"{folded(name)}ed") for flag, name in FLAGS.items()}
    return Webhook(
        row.text("id"),
        masked(row.text("url")),
        row.flag(_ENABLED) is not False,
        frozenset(flag for flag, names in spellings.items() if row.flag(*names)),
        row.text("status"),
        row.moment("created"),
        row.moment("disabledat"),
        row.text("disabledreason"),
        _percent(row.get("successrate")),
    )
