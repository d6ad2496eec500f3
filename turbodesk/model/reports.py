"""Period, BounceReport, EmailStat, Page: what became of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

Row = TypeVar("Row")

_SINCE = re.compile(r"^(\d{1,4})\s*([dwmy])$")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` to `end`, both included; both None is all time."""

    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        if (self.start is None) != (self.end is None):
            raise ValueError("a period has both ends or none")
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ValueError(f"The period ends ({self.end}) before it starts ({self.start}).")

    @classmethod
    def last_days(cls, days: int, today: date) -> Period:
        """The last `days` days, today included."""
        return cls(today - timedelta(days=days - 1), today)

    @classmethod
    def since(cls, text: str, today: date) -> Period:
        """The period that `7d`, `2w`, `3m` or `1y` writes, up to today; raises ValueError."""
        match = _SINCE.match(text.strip().lower())
        if not match or not int(match[1]):
            raise ValueError(f"{text!r} is no length of time: write 7d, 2w, 3m or 1y.")
        try:
            return cls.last_days(int(match[1]) * _DAYS[match[2]], today)
        except OverflowError:
            raise ValueError(f"{text!r} goes back further than the calendar does.") from None

    @property
    def all_time(self) -> bool:
        return self.start is None

    def moments(self) -> tuple[datetime, datetime]:
        """Its first and its last second on this computer's own calendar, in UTC; not for all time."""
        if self.start is None or self.end is None:
            raise ValueError("all time has no first and no last second")
        return _utc(datetime.combine(self.start, time.min)), _utc(
            datetime.combine(self.end, time(23, 59, 59))
        )

    @property
    def days(self) -> tuple[date, ...]:
        """Every day of it in order; empty for all time."""
        if self.start is None or self.end is None:
            return ()
        return tuple(self.start + timedelta(days=n) for n in range((self.end - self.start).days + 1))


def _utc(moment: datetime) -> datetime:
    """A moment on this computer's calendar in UTC; the first and the last days there are stay as they are."""
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return moment.replace(tzinfo=UTC)


ALL_TIME = Period()


class ReportType(StrEnum):
    """The lists a provider keeps of addresses that something happened to, or that someone put there."""

    BOUNCE = "bounce"
    HARD_BOUNCE = "hardbounce"
    SOFT_BOUNCE = "softbounce"
    SPAM = "spam"
    UNSUBSCRIBE = "unsub"
    MANUAL = "manual"
    VALIDATION_FAILED = "validation_failed"


@dataclass(frozen=True, slots=True)
class Report:
    """One entry of such a list. `at` is aware UTC, or None where the provider's time can't be read.

    `words` is what the remote server said, as the provider gave it (empty where it gave nothing).
    `raw_at` keeps the provider's own text of the time. `sender`, `subject` and `message_id` are of the
    message that led to it, where the provider says. Where entries have no id of their own, `id` is the
    address.
    """

    id: str
    type: ReportType
    email: str
    at: datetime | None
    words: str = ""
    raw_at: str = ""
    sender: str = ""
    subject: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Restriction:
    """One more condition on a list of suppressions: `by` is `sender`, `recipient`, `reason` or `subject`;
    `include` False turns it round; `exact` False: the text may stand anywhere in the field."""

    by: str
    text: str
    include: bool = True
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Suppressing:
    """Which suppressions: those of a period, of some types (none: all), whose text holds `text`, and
    that meet every restriction."""

    period: Period = ALL_TIME
    types: frozenset[ReportType] = frozenset()
    text: str = ""
    restrictions: tuple[Restriction, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of addresses that were to be suppressed; `valid` None: taken, but not told one by one."""

    valid: tuple[str, ...] | None
    invalid: tuple[str, ...] = ()


class MailStatus(StrEnum):
    """Where one message to one recipient stands, in the words both turboSMTP generations use."""

    NEW = "NEW"
    DEFER = "DEFER"
    SUCCESS = "SUCCESS"
    OPEN = "OPEN"
    CLICK = "CLICK"
    UNSUB = "UNSUB"
    REPORT = "REPORT"
    FAIL = "FAIL"
    SYSFAIL = "SYSFAIL"
    OTHER = "OTHER"


# Statuses overlap: a message has one current status, and a click implies an open and a delivery.
QUEUED = frozenset({MailStatus.NEW, MailStatus.DEFER})
OPENED = frozenset({MailStatus.OPEN, MailStatus.CLICK, MailStatus.UNSUB, MailStatus.REPORT})
DELIVERED = OPENED | {MailStatus.SUCCESS}
CLICKED = frozenset({MailStatus.CLICK})
BOUNCED = frozenset({MailStatus.FAIL})
DROPPED = frozenset({MailStatus.SYSFAIL})
COMPLAINED = frozenset({MailStatus.REPORT})
UNSUBSCRIBED = frozenset({MailStatus.UNSUB})


@dataclass(frozen=True, slots=True)
class EmailStat:
    """One message to one recipient, with its one current status.

    `at` is when it was sent, aware UTC, or None where the provider's time can't be read; `raw_status`
    and `raw_at` keep the provider's own texts.
    """

    id: str
    subject: str
    sender: str
    recipient: str
    at: datetime | None
    status: MailStatus
    error: str = ""
    raw_status: str = ""
    raw_at: str = ""
    campaign: str = ""


@dataclass(frozen=True, slots=True)
class MessageEvent:
    """One thing that happened to a message; `type` is our word for it where we have one (`delivered`,
    `hard bounce`), else the provider's, `words` what the remote server said."""

    type: str
    at: datetime | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One message to one recipient, as the provider remembers it.

    `events` are oldest first, None where the provider does not tell them. `tracked_opens` and
    `tracked_clicks` None: not told. `headers` are in the provider's order; bodies are empty where it
    keeps none.
    """

    stat: EmailStat
    events: tuple[MessageEvent, ...] | None = None
    groups: tuple[str, ...] = ()
    tracked_opens: bool | None = None
    tracked_clicks: bool | None = None
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list, newest first, each row once. `total` is how many the provider says there
    are in all (None: it did not say); `complete` is False on the last page of a list that brought
    fewer rows than the provider had promised, or that changed while it was read."""

    rows: Sequence[Row]
    total: int | None = None
    complete: bool = True
