"""What Stats says: its columns, the names of its days, the state of one mail."""

from __future__ import annotations

import re
from datetime import date, datetime

from PySide6.QtCore import QDate, QLocale

from turbodesk.gui import words
from turbodesk.gui.record_column import Column
from turbodesk.gui.stats_tiles import FORMS, percent
from turbodesk.model.counts import Rate
from turbodesk.model.reports import EmailStat, MailStatus, Period
from turbodesk.model.smtp_reply import BounceKind, read_reply
from turbodesk.services.stats import Grain, Mailing, Span

GRAINS = ((Grain.DAY.value, "Day"), (Grain.WEEK.value, "Week"), (Grain.MONTH.value, "Month"))
LISTS = (("mailings", "Messages"), ("recipients", "Recipients"))
MAILING_WHEN = 1  # the column that says when, newest first as the provider lists them; of recipients the last
_OUR_KEY = re.compile(r"td-[0-9a-z]{20,}")

PILLS = {
    MailStatus.NEW: ("queued", None),
    MailStatus.DEFER: ("waiting", "Deferred"),
    MailStatus.SUCCESS: ("delivered", None),
    MailStatus.OPEN: ("opened", None),
    MailStatus.CLICK: ("clicked", None),
    MailStatus.UNSUB: ("unsubscribed", None),
    MailStatus.REPORT: ("complaint", None),
    MailStatus.SYSFAIL: ("refused", "Dropped"),
}


def span_title(span: Span, grain: Grain) -> str:
    """What one column stands for, in full: `Tue 3 Nov`, `2 to 8 Nov`, `November 2026`."""
    first, last = _qdate(span.start), _qdate(span.end)
    if grain is Grain.MONTH:
        return QLocale().toString(first, "MMMM yyyy")
    if grain is Grain.DAY:
        return QLocale().toString(first, f"ddd {_form(span.start)}")
    if span.start == span.end:
        return QLocale().toString(first, _form(span.start))
    head = "d" if span.start.month == span.end.month else "d MMM"
    return f"{QLocale().toString(first, head)} to {QLocale().toString(last, _form(span.end))}"


def span_label(span: Span, grain: Grain) -> str:
    """What stands below a column."""
    return QLocale().toString(_qdate(span.start), "MMM yyyy" if grain is Grain.MONTH else "d MMM")


def mailing_columns(*, told: bool = False) -> list[Column]:
    """What the list shows of a mailing: each rate with the count it is made of. Where the provider has
    `told` counts of its own, its messages do not say what became of them, and there are no rates."""
    columns = [
        Column("Message", lambda it: it.subject, _subject, kind="medium", width=170, stretch=1),
        Column("When", lambda it: it.last, lambda at: words.day(at) if at else "–", kind="muted", width=92),
        Column("Sent", lambda it: it.counts.sent, words.number, align="right", width=76),
    ]
    if told:
        return columns
    return [
        *columns,
        *_rate("delivered", "Delivered of sent", 1),
        *_rate("opened", "Opened of delivered", 2),
        *_rate("clicked", "Clicked of delivered", 3),
        *_rate("bounced", "Bounced of sent", 1),
    ]


def _rate(series: str, title: str, keep: int) -> list[Column]:
    def count(mailing: Mailing) -> int:
        return mailing.counts.of(series)

    def rate(mailing: Mailing) -> Rate:
        return mailing.counts.rate(series)

    return [
        Column("", count, words.number, align="right", width=64, keep=keep),
        Column(
            title, rate, _rate_words, sort=_rate_order, kind="medium", align="right", width=136, keep=keep
        ),
    ]


def _rate_words(rate: Rate) -> tuple[str, str]:
    return ("", percent(rate)) if rate.too_few else (percent(rate), "")


def _rate_order(rate: Rate) -> float:
    return -1.0 if rate.too_few or rate.value is None else rate.value


def recipient_columns(*, told: bool = False, campaigns: bool = False) -> list[Column]:
    """What the list shows of one mail to one recipient; see `mailing_columns` for `told`."""
    state = Column(
        "State", pill_of, lambda pill: pill, sort=lambda pill: pill[1] or pill[0], kind="pill", width=140
    )
    campaign = Column("Campaign", campaign_of, kind="muted", width=120, stretch=1, keep=4)
    said = Column(
        "What was said", lambda it: it.error, words.one_line, kind="muted", width=170, stretch=3, keep=2
    )
    return [
        Column("Recipient", lambda it: it.recipient, kind="medium", width=190, stretch=2),
        *([] if told else [state]),
        Column("Message", lambda it: it.subject, _subject, width=170, stretch=2),
        Column("From", lambda it: it.sender, kind="muted", width=170, stretch=1, keep=3),
        *([campaign] if campaigns else []),
        *([] if told else [said]),
        Column("Sent", lambda it: it.at, _moment, align="right", width=124),
    ]


def campaign_of(row: EmailStat) -> str:
    """The campaign that somebody gave it; the name of our own for a send is none."""
    return "" if is_our_key(row.campaign) else row.campaign


def is_our_key(campaign: str) -> bool:
    """Whether it is a send's own name, which stands there where nobody gave a campaign."""
    return _OUR_KEY.fullmatch(campaign) is not None


def find_in(row: EmailStat) -> str:
    """What a search among recipients looks in."""
    return f"{row.recipient}\n{row.subject}\n{row.sender}"


def day_columns(grain: Grain) -> list[Column]:
    """What the chart shows, as a list."""
    title = {Grain.DAY: "Day", Grain.WEEK: "Week", Grain.MONTH: "Month"}[grain]
    return [
        Column(
            title,
            lambda it: it,
            lambda span: span_title(span, grain),
            sort=lambda span: span.start,
            kind="medium",
            width=150,
            stretch=1,
        ),
        *(
            Column(word, _reader(series), words.number, align="right", width=108)
            for series, (word, _, _) in FORMS.items()
        ),
    ]


def _reader(series: str) -> object:
    return lambda span: span.counts.of(series)


def pill_of(row: EmailStat) -> tuple[str, str | None]:
    """State and word of a mail's pill; a bounce is hard or soft as the server's words say."""
    if row.status is MailStatus.FAIL:
        kind = read_reply(row.error).kind
        return (
            ("soft", None)
            if kind is BounceKind.SOFT
            else ("hard", None if kind is BounceKind.HARD else "Bounced")
        )
    return PILLS.get(row.status, ("none", row.raw_status.capitalize() or "Not said"))


def file_name(period: Period) -> str:
    """What an export is called."""
    return "messages.csv" if period.all_time else f"messages {period.start} to {period.end}.csv"


def _subject(subject: str) -> str:
    return words.one_line(subject) or "(no subject)"


def _moment(at: datetime | None) -> str:
    return f"{words.day(at)} {words.clock(at)}" if at else "–"


def _form(day: date) -> str:
    return "d MMM" if day.year == datetime.now().astimezone().year else "d MMM yyyy"


def _qdate(day: date) -> QDate:
    return QDate(day.year, day.month, day.day)
