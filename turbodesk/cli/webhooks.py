"""`webhooks`: the URLs that the provider tells what happens to mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from turbodesk.cli.base import FAILED, OK, Setting, as_json, say, show
from turbodesk.cli.documents import Document, table, when
from turbodesk.cli.receivers import with_password
from turbodesk.cli.records import confirm
from turbodesk.model.webhook import USUAL_EVENTS, EventFlag, Webhook, WebhookChange

if TYPE_CHECKING:
    from turbodesk.services.desk import Desk
    from turbodesk.workplace import Workplace

_FLAG = click.Choice([str(flag) for flag in EventFlag])

flagged_on = click.option("--on", multiple=True, type=_FLAG, help="An event that it is told of.")
flagged_off = click.option("--off", multiple=True, type=_FLAG, help="An event that it is not told of.")


@click.group("webhooks")
def webhook_words() -> None:
    """The URLs that the provider tells what happens to mail.

    The user name of a receiver that wants one stands in its URL, https://USER@host/; its password comes from
    TURBODESK_SECRET_EVENTS.
    """


@webhook_words.command("list")
@as_json
@click.pass_obj
def list_webhooks(setting: Setting, /, as_json: bool) -> int:
    """Every one, what it is told of, and how that goes."""
    from turbodesk.services.webhooks import WebhooksService

    async def work(place: Workplace, desk: Desk) -> None:
        found = await WebhooksService(desk).all()
        rows = [
            (
                it.id,
                it.url,
                _state(it),
                "–" if it.success_rate is None else f"{it.success_rate} %",
                _events(it),
            )
            for it in found
        ]
        show(
            as_json,
            {"webhooks": [webhook_document(it) for it in found]},
            table(("Id", "URL", "State", "Taken", "Told of"), rows),
        )

    return setting.at_desk(work)


@webhook_words.command("add")
@click.argument("url")
@flagged_on
@flagged_off
@click.option("--only", multiple=True, type=_FLAG, help="Told of these events and no others.")
@click.option("--disabled", is_flag=True, help="Told nothing until it is enabled.")
@as_json
@click.pass_obj
def add_webhook(
    setting: Setting,
    url: str,
    on: tuple[str, ...],
    off: tuple[str, ...],
    only: tuple[str, ...],
    disabled: bool,
    as_json: bool,
) -> int:
    """Registers a URL: HTTPS, and reachable by the provider.

    Without options it is told of everything but processed, sent, given-up, first-open and first-click.
    """
    from turbodesk.services.webhooks import WebhooksService, chosen

    _check_apart(on, off)
    if only and (on or off):
        raise click.UsageError("--only does not go together with --on and --off.")
    events = frozenset(map(EventFlag, only)) or chosen(USUAL_EVENTS, map(EventFlag, on), map(EventFlag, off))
    receiver = with_password(url)

    async def work(place: Workplace, desk: Desk) -> None:
        made = await WebhooksService(desk).add(receiver, events, enabled=not disabled)
        show(as_json, webhook_document(made), f"The webhook {made.id} is registered: {_events(made)}.")

    return setting.at_desk(work)


@webhook_words.command("edit")
@click.argument("webhook")
@click.option("--url", default="", help="Where it is told from now on.")
@flagged_on
@flagged_off
@click.option("--enable/--disable", "enabled", default=None, help="Told again, or told nothing meanwhile.")
@as_json
@click.pass_obj
def edit_webhook(
    setting: Setting,
    webhook: str,
    url: str,
    on: tuple[str, ...],
    off: tuple[str, ...],
    enabled: bool | None,
    as_json: bool,
) -> int:
    """Changes the one of this id or URL; what is not named stays as it is."""
    from turbodesk.services.webhooks import WebhooksService

    _check_apart(on, off)
    events = {**dict.fromkeys(map(EventFlag, on), True), **dict.fromkeys(map(EventFlag, off), False)}
    change = WebhookChange(with_password(url), enabled, events)

    async def work(place: Workplace, desk: Desk) -> int:
        changed = await WebhooksService(desk).edit(webhook, change)
        text = f"The webhook {changed.id} is {_state(changed)} and told of: {_events(changed)}."
        show(as_json, webhook_document(changed), text)
        if unmet := change.unmet(changed):
            say(f"The provider said yes, but this is as it was: {', '.join(unmet)}. Look again in a while.")
            return FAILED
        return OK

    return setting.at_desk(work)


@webhook_words.command("remove")
@click.argument("webhook")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def remove_webhook(setting: Setting, webhook: str, yes: bool, as_json: bool) -> int:
    """Takes away the one of this id or URL: it is told nothing any more."""
    from turbodesk.services.webhooks import WebhooksService

    if not yes:
        confirm(as_json, "Take this webhook away?")

    async def work(place: Workplace, desk: Desk) -> None:
        gone = await WebhooksService(desk).remove(webhook)
        show(as_json, {"removed": gone.id}, "The webhook is taken away.")
        say(f"It was told at {gone.url}.")

    return setting.at_desk(work)


def _check_apart(on: tuple[str, ...], off: tuple[str, ...]) -> None:
    if both := set(on) & set(off):
        raise click.UsageError(f"--on and --off both name {', '.join(sorted(both))}.")


def webhook_document(webhook: Webhook) -> Document:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "enabled": webhook.enabled,
        "events": [str(flag) for flag in EventFlag if flag in webhook.events],
        "status": webhook.status,
        "created": when(webhook.created),
        "disabled_at": when(webhook.disabled_at),
        "disabled_reason": webhook.disabled_reason,
        "success_rate": webhook.success_rate,
    }


def _state(webhook: Webhook) -> str:
    told = webhook.status or ("active" if webhook.enabled else "disabled")
    return f"{told}: {webhook.disabled_reason}" if webhook.disabled_reason else told


def _events(webhook: Webhook) -> str:
    return ", ".join(str(flag) for flag in EventFlag if flag in webhook.events) or "nothing"
