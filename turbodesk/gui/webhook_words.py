"""How webhooks are told: events in words, and how each one stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from turbodesk.gui import words
from turbodesk.model.webhook import EventFlag, Webhook

EVENTS: dict[EventFlag, tuple[str, str]] = {
    EventFlag.PROCESSED: ("Processed", "SendPost took the mail"),
    EventFlag.SENT: ("Sent", "handed to the receiving server"),
    EventFlag.DELIVERED: ("Delivered", "that server accepted it"),
    EventFlag.DROPPED: ("Dropped", "not sent at all"),
    EventFlag.GIVEN_UP: ("Given up", "refused by the server"),
    EventFlag.SOFT_BOUNCE: ("Soft bounce", "failed for now"),
    EventFlag.HARD_BOUNCE: ("Hard bounce", "failed for good"),
    EventFlag.OPENED: ("Opened", "every time"),
    EventFlag.CLICKED: ("Clicked", "every time"),
    EventFlag.FIRST_OPEN: ("First open", "once for each mail"),
    EventFlag.FIRST_CLICK: ("First click", "once for each mail"),
    EventFlag.UNSUBSCRIBED: ("Unsubscribed", "asked for no more mail"),
    EventFlag.COMPLAINED: ("Complained", "reported it as spam"),
}
"""Name of each event, and what happened."""


def events_words(events: Collection[EventFlag]) -> str:
    """`delivered, hard bounce, opened`."""
    if len(events) == len(EventFlag):
        return "every event"
    return ", ".join(EVENTS[flag][0].lower() for flag in EventFlag if flag in events) or "nothing"


def state_of(webhook: Webhook) -> tuple[str, str]:
    """The pill of a webhook."""
    if not webhook.enabled:
        return "paused", "Off"
    return ("warn", "Failing") if webhook.status == "degraded" else ("ok", "On")


def taken_words(webhook: Webhook) -> str:
    """How many of its events were taken, empty where nobody says."""
    return "" if webhook.success_rate is None else words.percent(webhook.success_rate / 100)


def count_words(webhooks: Sequence[Webhook]) -> str:
    """How many there are, for the card."""
    if not webhooks:
        return "none yet: what happens to mail is told to nobody"
    off = sum(not it.enabled for it in webhooks)
    failing = sum(it.enabled and it.status == "degraded" for it in webhooks)
    parts = [words.counted(len(webhooks), "URL is told", "URLs are told") + " what happens to mail"]
    if off:
        parts.append(f"{words.number(off)} off")
    if failing:
        parts.append(f"{words.number(failing)} failing")
    return ", ".join(parts)
