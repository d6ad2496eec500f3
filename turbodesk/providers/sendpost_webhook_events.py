"""What SendPost posts to a webhook, read as events.

The source of every fact is SendPost's own client libraries and its pages on webhooks (contract sections
11.2 and 11.3); two spellings of the members are in use, and are read alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from turbodesk.model.event import SENDPOST, WebhookEvent
from turbodesk.providers.json_pieces import KEY_HEADER
from turbodesk.providers.scalars import id_of, time_of
from turbodesk.providers.sendpost_events import kind_of, server_words
from turbodesk.providers.sendpost_rows import Row, folded
from turbodesk.providers.webhook_pieces import LONG, cut, is_our_key, own_identity, raw_json, whole_identity


def event_of(found: Mapping[str, Any]) -> WebhookEvent | None:
    """The event that this object is; None where it is none of SendPost's.

    It is `{event, emailMessage}`, or the short sample in which `event` is the kind. The id of the event is
    what two deliveries of it have in common.
    """
    whole = Row(found)
    event = whole.row("event") or (whole if whole.text("event", "eventid") else Row(None))
    message = whole.row("emailmessage")
    id, about = event.text("eventid"), event.row("eventmetadata")
    message_id = id_of(event.get("messageid")) or id_of(message.get("messageid"))
    if not (id or (event and message_id)):
        return None
    kind, word = kind_of(event)
    said = event.text("event")
    if not word and said:
        kind, word = kind_of(Row({"type": said}))
    key, campaign = _names(event, message)
    shown = _without_address(found)
    return WebhookEvent(
        SENDPOST,
        own_identity(id) if id else whole_identity(shown),
        cut(kind),
        message_id,
        cut(event.text("to", "recipient") or message.row("to").text("email") or message.text("to")),
        _time(event),
        cut(word),
        cut(key),
        cut(campaign),
        cut(event.text("subject", "messagesubject"), LONG),
        cut(server_words(event), LONG),
        cut(about.text("clickedurl"), LONG),
        cut(about.text("trackedip")),
        cut(about.text("rawuseragent"), LONG),
        raw_json(shown),
    )


def _time(event: Row) -> datetime | None:
    """When it happened: nanoseconds, in the short sample a text."""
    return event.moment("timestamp", "submittedat") or time_of(event.get("timestamp"))


def _names(event: Row, message: Row) -> tuple[str, str]:
    """Our key and the campaign: the key stands in a header and is one of the groups, too."""
    groups = [*_groups(event), *_groups(message)]
    headers = message.get("headers")
    named = headers.items() if isinstance(headers, dict) else ()
    in_header = next((text for name, text in named if name.lower() == KEY_HEADER.lower()), "")
    key = in_header if isinstance(in_header, str) and in_header else next(filter(is_our_key, groups), "")
    return key, next((group for group in groups if group != key), "")


def _groups(row: Row) -> list[str]:
    found = row.get("groups")
    return [group for group in found if isinstance(group, str)] if isinstance(found, list) else []


def _without_address(found: Mapping[str, Any]) -> dict[str, Any]:
    """The event without the address that it was posted to, in which a password may stand."""

    def shown(members: Mapping[str, Any]) -> dict[str, Any]:
        return {name: member for name, member in members.items() if folded(name) != "webhookendpoint"}

    return {name: shown(it) if isinstance(it, dict) else it for name, it in shown(found).items()}
