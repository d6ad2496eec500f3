"""How a validation is told: states, reasons, credits, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QLocale

from turbodesk.gui import words
from turbodesk.model.validation import Validated, ValidationCredits, ValidationList, ValidationStatus
from turbodesk.services.validation import ToValidate

STATUSES: dict[ValidationStatus, tuple[str, str, str]] = {
    ValidationStatus.VALID: ("ok", "Valid", "Mail to it arrives, as far as anybody can know."),
    ValidationStatus.INVALID: ("refused", "Invalid", "Mail to it bounces."),
    ValidationStatus.CATCH_ALL: (
        "warn",
        "Catch-all",
        "Its domain takes mail for any name, so nobody can tell whether this one exists.",
    ),
    ValidationStatus.UNKNOWN: ("unknown", "Unknown", "Its server gave no clear answer. Ask again later."),
    ValidationStatus.SPAMTRAP: ("complaint", "Spam trap", "It exists to catch unasked mail: do not write."),
    ValidationStatus.ABUSE: ("complaint", "Complains", "Its owner is known to report mail as spam."),
    ValidationStatus.DO_NOT_MAIL: (
        "suppressed",
        "Do not mail",
        "It may receive, but mail to it harms the sender.",
    ),
    ValidationStatus.OTHER: ("info", "Other", "The provider uses a word of its own for it."),
}
"""Pill, word, and what it means for whoever wants to write."""

SOON = timedelta(minutes=10)  # so young, a list without a result may just have begun


def pill_of(found: Validated) -> tuple[str, str]:
    """The pill of one result."""
    state, word, _ = STATUSES[found.status]
    return state, (found.words or word) if found.status is ValidationStatus.OTHER else word


def reason_of(found: Validated) -> str:
    """Why it is so, in the provider's word as people write it."""
    return found.sub_status.replace("_", " ")


def counts_words(counts: Iterable[tuple[ValidationStatus, int]]) -> str:
    """`690 valid, 12 invalid`."""
    return ", ".join(f"{words.number(count)} {STATUSES[status][1].lower()}" for status, count in counts)


def state_of(found: ValidationList) -> tuple[str, str]:
    """The pill of a list."""
    if found.done:
        return "ok", "Validated"
    return ("sending", "Validating") if found.processed else ("queued", "Not begun")


def may_go_on(found: ValidationList) -> bool:
    """Whether a list is being validated, or may be: nobody is told that one has begun before its first
    result."""
    young = found.created is not None and datetime.now(UTC) - found.created < SOON
    return not found.done and (found.processed > 0 or young)


def money(credits: ValidationCredits) -> str:
    """What there is to pay with, `$ 40.00`."""
    return f"{credits.currency} {QLocale().toString(float(credits.paid or 0), 'f', 2)}".strip()


def credits_words(credits: ValidationCredits) -> str:
    """What is left, for the head of the card."""
    parts = []
    if credits.free_left is not None:
        of = f" of {words.number(credits.free)}" if credits.free is not None else ""
        until = f" until {words.day(credits.period_end)}" if credits.period_end else ""
        parts.append(f"{words.number(credits.free_left)}{of} free credits left{until}")
    if credits.paid is not None:
        parts.append(f"{money(credits)} to pay with")
    return ", ".join(parts)


def cost_words(count: int, credits: ValidationCredits | None) -> str:
    """What it takes to validate so many addresses."""
    takes = f"It takes {words.counted(count, 'credit')}"
    if credits is None or credits.free_left is None:
        return f"{takes}, one for each address."
    if count <= credits.free_left:
        left = words.number(credits.free_left - count)
        return f"{takes} of the {words.number(credits.free_left)} free ones; {left} are left then."
    over = words.number(count - credits.free_left)
    paid = f" from {money(credits)}" if credits.paid is not None else ""
    if not credits.free_left:
        return f"{takes}. No free ones are left: they are paid for{paid}, at the provider's price."
    free = words.number(credits.free_left)
    return f"{takes}: the {free} free ones, and {over} that are paid for{paid}, at the provider's price."


def found_words(what: ToValidate) -> str:
    """How many addresses a file holds, and what is left out of them."""
    parts = [words.counted(len(what.emails), "address", "addresses")]
    if what.repeated:
        parts.append(f"{words.number(what.repeated)} repeated, asked once")
    if what.skipped:
        parts.append(f"{words.counted(len(what.skipped), 'cell')} without an address, not asked")
    return "; ".join(parts)
