"""Validated, ValidationList, ValidationCredits: what a provider's check says of addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

UploadProgress = Callable[[int, int], None]
"""Called on the loop with the bytes that have left and how many there are in all."""


class ValidationStatus(StrEnum):
    """What the check says; OTHER for a word that nobody has described."""

    VALID = "valid"
    INVALID = "invalid"
    CATCH_ALL = "catch_all"
    UNKNOWN = "unknown"
    SPAMTRAP = "spamtrap"
    ABUSE = "abuse"
    DO_NOT_MAIL = "do_not_mail"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Validated:
    """What the check says of one address, `email` being the address as it was asked.

    `words` is the status as the provider wrote it, `sub_status` its reason (empty where it gave none). None
    stands for what the provider does not know. `person` holds what it knows of the owner, in pairs of name
    and value. `at` is aware UTC; `id` is empty where the address was asked alone.
    """

    email: str
    status: ValidationStatus
    words: str = ""
    sub_status: str = ""
    did_you_mean: str = ""
    free_email: bool | None = None
    domain: str = ""
    domain_age_days: int | None = None
    smtp_provider: str = ""
    mx_found: bool | None = None
    mx_record: str = ""
    person: tuple[tuple[str, str], ...] = ()
    at: datetime | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class ValidationList:
    """A list of addresses at the provider, and how far its check is; `done` where it is over.

    `counts` are the addresses by status, as far as they are checked and as far as the provider says.
    """

    id: str
    name: str
    created: datetime | None
    total: int
    processed: int
    percent: int
    done: bool
    counts: tuple[tuple[ValidationStatus, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A list just made; `total` is how many addresses the provider counts in it, None where it does not."""

    id: str
    total: int | None


@dataclass(frozen=True, slots=True)
class ValidationCredits:
    """What is left to check addresses with: free checks of a period, and money in `currency`.

    None stands for what the provider did not say; times are aware UTC.
    """

    free: int | None
    free_used: int | None
    free_left: int | None
    paid: Decimal | None
    currency: str = ""
    period_start: datetime | None = None
    period_end: datetime | None = None
    last_used: datetime | None = None
