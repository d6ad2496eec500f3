"""What is said of caught mail: how a recipient stands, and what may still happen to it."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from turbodesk.gui.parts.pill import PILLS
from turbodesk.model.inbox import CaughtMail, CaughtRecipient
from turbodesk.model.reports import MailStatus
from turbodesk.model.smtp_reply import BounceKind, read_reply

_PILLS = {
    MailStatus.NEW: "waiting",
    MailStatus.DEFER: "waiting",
    MailStatus.SUCCESS: "delivered",
    MailStatus.OPEN: "opened",
    MailStatus.CLICK: "clicked",
    MailStatus.UNSUB: "unsubscribed",
    MailStatus.REPORT: "complaint",
    MailStatus.SYSFAIL: "suppressed",
    MailStatus.OTHER: "unknown",
}


class Happening(NamedTuple):
    """One thing that can be made to happen: the sandbox's word, its icon, how it is offered, and what is
    said when it has happened. `seen_in` is the tab that will show it."""

    event: str
    icon: str
    offer: str
    done: str
    seen_in: str


HAPPENINGS = (
    Happening("bounce", "hard-bounce", "Make it bounce", "bounced", "reports"),
    Happening("softbounce", "soft-bounce", "Make it soft-bounce", "soft-bounced", "reports"),
    Happening("open", "opened", "Open it", "opened it", "stats"),
    Happening("click", "clicked", "Click a link in it", "clicked", "stats"),
    Happening("complain", "complaint", "Complain about it", "complained", "reports"),
    Happening("unsubscribe", "unsubscribed", "Unsubscribe", "unsubscribed", "reports"),
)

_RANK = {MailStatus.OPEN: 1, MailStatus.CLICK: 2}
_WANTED_RANK = {"open": 1, "click": 2}


def pill_of(recipient: CaughtRecipient) -> str:
    """The state whose pill stands beside a recipient."""
    if recipient.status is MailStatus.FAIL:
        soft = read_reply(recipient.error).kind is BounceKind.SOFT
        return "soft" if soft else "hard"
    return _PILLS[recipient.status]


def why_not(status: MailStatus, event: str) -> str:
    """Why `event` cannot happen to a mail that stands so, one sentence; empty where it may."""
    if status in (MailStatus.FAIL, MailStatus.SYSFAIL):
        return "It never arrived, so nothing more happens to it."
    if status is MailStatus.REPORT:
        return "They have complained about it already; that is the last word."
    if status is MailStatus.UNSUB:
        return "They have unsubscribed already; that is the last word."
    if event in ("bounce", "softbounce") and status in _RANK:
        return "They have opened it, so it did arrive."
    if _WANTED_RANK.get(event, 9) <= _RANK.get(status, 0):
        return "They have done that already."
    return ""


def counts(mail: CaughtMail) -> list[tuple[str, str, int]]:
    """Icon, tone and number of every state among the recipients."""
    found = Counter(pill_of(recipient) for recipient in mail.recipients)
    return [
        (PILLS[state].icon, "muted" if PILLS[state].tone == "neutral" else PILLS[state].tone, found[state])
        for state in PILLS
        if found[state]
    ]


def to_line(mail: CaughtMail) -> tuple[str, str]:
    """The first recipient, and `+n` for those after it."""
    if not mail.recipients:
        return "", ""
    more = len(mail.recipients) - 1
    return mail.recipients[0].address.email, f"+{more}" if more else ""
