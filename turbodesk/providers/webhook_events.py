"""What services post to a webhook, read as events: plain functions without I/O."""

from __future__ import annotations

from typing import Any

from turbodesk.model.event import WebhookEvent
from turbodesk.providers import sendpost_webhook_events, turbosmtp_webhook_events
from turbodesk.providers.exchange import Garbled, JsonReader

MOST_EVENTS = 5_000  # in one body

_read_json = JsonReader(Any)


def read_webhook(body: bytes) -> tuple[WebhookEvent, ...]:
    """The events of one body that turboSMTP or SendPost posted, in its order, at least one; an object is one
    event, a list several. Whose they are is told by their members.

    Raises Garbled, its text a sentence, where it is no JSON, or anything in it is no event of either.
    """
    try:
        found = _read_json(body)
    except Garbled as why:
        raise Garbled(f"The body is no JSON that can be read ({why}).") from None
    objects = found if isinstance(found, list) else [found]
    if not objects:
        raise Garbled("The list holds no event.")
    if len(objects) > MOST_EVENTS:
        raise Garbled(f"The list holds {len(objects):,} events; at most {MOST_EVENTS:,} are taken at once.")
    return tuple(_event(each) for each in objects)


def _event(found: Any) -> WebhookEvent:
    if not isinstance(found, dict):
        raise Garbled("An event must be a JSON object, or a list of them.")
    event = sendpost_webhook_events.event_of(found) or turbosmtp_webhook_events.event_of(found)
    if event is None:
        raise Garbled(
            "This is no event of turboSMTP (it has no status with an id or mid) nor of SendPost (no event)."
        )
    return event
