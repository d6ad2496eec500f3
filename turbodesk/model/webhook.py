"""Webhook: a URL that the provider tells by itself what happens to mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventFlag(StrEnum):
    """One kind of event that a webhook may be told of."""

    PROCESSED = "processed"
    SENT = "sent"
    DELIVERED = "delivered"
    DROPPED = "dropped"
    GIVEN_UP = "given-up"
    SOFT_BOUNCE = "soft-bounce"
    HARD_BOUNCE = "hard-bounce"
    OPENED = "opened"
    CLICKED = "clicked"
    FIRST_OPEN = "first-open"
    FIRST_CLICK = "first-click"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"


USUAL_EVENTS = frozenset(EventFlag) - {
    EventFlag.PROCESSED,
    EventFlag.SENT,
    EventFlag.GIVEN_UP,
    EventFlag.FIRST_OPEN,
    EventFlag.FIRST_CLICK,
}
"""What a new webhook is told of where nobody chooses."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One registered URL, without the password that may stand in it.

    `status` is the provider's word (`active`, `degraded`, `disabled`), empty where it says none, and
    `disabled_reason` why it was switched off. `success_rate` is in percent, None where it is not told.
    """

    id: str
    url: str
    enabled: bool
    events: frozenset[EventFlag] = frozenset()
    status: str = ""
    created: datetime | None = None
    disabled_at: datetime | None = None
    disabled_reason: str = ""
    success_rate: int | None = None


@dataclass(frozen=True, slots=True)
class WebhookChange:
    """What is to be different about a webhook; all else stays as it is, what we have no word for too.

    `url` empty, `enabled` None: as it is.
    """

    url: str = field(default="", repr=False)  # it may hold a password
    enabled: bool | None = None
    events: Mapping[EventFlag, bool] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.url or self.events) or self.enabled is not None

    def unmet(self, webhook: Webhook) -> tuple[str, ...]:
        """What of this change the webhook does not have, in words; empty where it has all of it."""
        enabled = self.enabled in (None, webhook.enabled)
        missing = [str(flag) for flag, on in self.events.items() if (flag in webhook.events) is not on]
        return (*([] if enabled else ["enabled"]), *missing)
