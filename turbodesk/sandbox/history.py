"""A believable past, of any size: mailings and transactional mail in a weekly rhythm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from turbodesk.sandbox.fate import (
    CLICKED,
    COMPLAINED,
    DELIVERED,
    MANUAL,
    OPENED,
    UNSUBSCRIBED,
    VALIDATION_FAILED,
    Fate,
    bounced,
    dropped,
)

DEFAULT_ROWS = 3_000
DEFAULT_DAYS = 90
_SEED = 20_180_424
_DAY_MS = 86_400_000
_MINUTE_MS = 60_000

# Monday to Sunday: how much goes out, and how much of it is the day's mailing.
_VOLUME = (0.9, 5.6, 1.0, 0.9, 0.8, 0.35, 0.3)
_MAILING_SHARE = (0.0, 0.86, 0.0, 0.0, 0.0, 0.0, 0.0)

_NEWS_SENDER = "news@example.com"
_MAILINGS = (  # each with its campaign
    ("What is new this week", "newsletter"),
    ("The lighter rucksack is back", "new-in-shop"),
    ("Five short walks for a wet weekend", "newsletter"),
    ("20 % off all boots until Sunday", "seasonal-sale"),
    ("How we test our tents", "newsletter"),
    ("Last chance: the winter sale ends tonight", "seasonal-sale"),
    ("Your questions about down, answered", "newsletter"),
    ("New in: rain jackets made from old nets", "new-in-shop"),
    ("A hut tour for beginners", "newsletter"),
    ("Free repairs in our workshop this month", "workshop"),
    ("The stove that boils in ninety seconds", "new-in-shop"),
    ("Members' evening: tickets are open", "members"),
    ("Pack like a guide", "newsletter"),
)
_LETTERS = (
    ("orders@example.com", "Your order {n} is confirmed"),
    ("orders@example.com", "Your order {n} has been shipped"),
    ("billing@example.com", "Invoice {n}"),
    ("billing@example.com", "Receipt for your payment {n}"),
    ("accounts@example.com", "Reset your password"),
    ("accounts@example.com", "Confirm your e-mail address"),
    ("accounts@example.com", "New sign-in to your account"),
    ("support@example.com", "Re: your question [ticket {n}]"),
    ("support@example.com", "How did we do? Ticket {n} is closed"),
    ("workshop@example.com", "Your repair {n} is ready to collect"),
)
_FIRST = (
    "anna", "ben", "carla", "david", "elena", "felix", "greta", "hugo", "ines", "jonas", "katja", "luca",
    "marta", "nils", "olga", "paul", "rosa", "simon", "tanja", "ugo", "vera", "willem", "yara", "zoe",
    "amir", "bianca", "cem", "dilara", "emil", "fatima", "goran", "hanna", "ivan", "julia", "kofi", "leila",
    "mateo", "nadia",
)  # fmt: skip
_LAST = (
    "bauer", "rossi", "novak", "silva", "meyer", "kowalski", "jensen", "dubois", "moreno", "fischer",
    "weber", "lindgren", "marino", "horvat", "costa", "keller", "schmid", "ferrari", "nowak", "santos",
    "olsen", "laurent", "vidal", "wagner", "becker", "nilsson", "greco", "babic", "pereira", "huber",
    "frei", "conti", "wolf", "berg", "petit", "romero", "hofmann", "lang", "virtanen", "okafor", "haddad",
    "tanaka",
)  # fmt: skip
_DOMAINS = (
    "example.com",
    "example.org",
    "example.net",
    "mail.example.com",
    "post.example.org",
    "home.example.net",
)
_BY_HAND = (
    "Asked by telephone not to be written to",
    "Customer wishes letters only",
    "Closed their account",
    "",
)
_INVALID = ("mailbox_not_found", "no_dns_entries", "failed_syntax_check", "does_not_accept_mail")
_WAITING = (Fate("NEW"), Fate("DEFER", "451 4.7.1 Greylisted, please try again later"), Fate("NEW"))


class Sent(NamedTuple):
    """One message to one recipient. `event_ms` is when its fate put it on a list, where it did."""

    at_ms: int
    subject: str
    sender: str
    recipient: str
    fate: Fate
    event_ms: int
    campaign: str = ""


class Listed(NamedTuple):
    """An address put on a list without any message."""

    at_ms: int
    list: str
    email: str
    reason: str


def listed(rows: int, *, now: float, days: int = DEFAULT_DAYS) -> Iterator[Listed]:
    """Who was put on a list by hand, or found not to exist, while `rows` messages went out.

    None of them is a recipient in the history. The same arguments always give the same entries.
    """
    random = Random(_SEED + 1)
    now_ms = int(now * 1000)
    for number in range(rows // 150):
        at_ms = now_ms - 1 - int(random.random() * days * _DAY_MS)
        first, last, domain = (random.choice(names) for names in (_FIRST, _LAST, _DOMAINS))
        if number % 3:
            yield Listed(at_ms, MANUAL, f"{last}.{first}{number}@{domain}", random.choice(_BY_HAND))
        else:
            reason = random.choice(_INVALID)
            yield Listed(at_ms, VALIDATION_FAILED, f"{first}-{last}{number}@{domain}", reason)


def history(
    rows: int, *, now: float, days: int = DEFAULT_DAYS, bounce_share: float = 0.019
) -> Iterator[Sent]:
    """Exactly `rows` messages of the last `days` days, oldest first, up to just before `now`.

    `now` is in epoch seconds. Three in five bounces are hard. The same arguments always give the same past.
    """
    random = Random(_SEED)
    now_ms = int(now * 1000)
    start_ms = now_ms - days * _DAY_MS
    people = _People(random, audience=max(60, rows // 6))
    number = 0
    for day_ms, first, last in _days(rows, start_ms, now_ms):
        for at_ms, mailing in _times(random, day_ms, first, last, start_ms, now_ms):
            number += 1
            sent = people.letter(at_ms, mailing, number, now_ms, bounce_share)
            left = rows - number
            if left < len(_WAITING) < rows // 10:
                just_now = max(at_ms, now_ms - (left + 1) * _MINUTE_MS)
                sent = sent._replace(at_ms=just_now, fate=_WAITING[left], event_ms=0)
            yield sent


def _days(rows: int, start_ms: int, now_ms: int) -> Iterator[tuple[int, int, int]]:
    """Each calendar day with the share of `rows` that falls on it, as a half-open range of numbers."""
    first = datetime.fromtimestamp(start_ms / 1000, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    weights: list[tuple[int, float]] = []
    day = first
    while (day_ms := int(day.timestamp() * 1000)) < now_ms:
        inside = (min(day_ms + _DAY_MS, now_ms) - max(day_ms, start_ms)) / _DAY_MS
        growth = 1 + 0.25 * (day_ms - start_ms) / max(now_ms - start_ms, 1)
        weights.append((day_ms, _VOLUME[day.weekday()] * inside * growth))
        day += timedelta(days=1)
    total = sum(weight for _, weight in weights)
    done = 0.0
    for day_ms, weight in weights:
        before, done = done, done + weight
        yield day_ms, round(rows * before / total), round(rows * done / total)


def _times(
    random: Random, day_ms: int, first: int, last: int, start_ms: int, now_ms: int
) -> list[tuple[int, int]]:
    """The moments of one day's messages in order, each with the number of its mailing or -1."""
    count = last - first
    share = _MAILING_SHARE[datetime.fromtimestamp(day_ms / 1000, UTC).weekday()]
    bulk = round(count * share)
    low, high = max(day_ms, start_ms), min(day_ms + _DAY_MS, now_ms - _MINUTE_MS)
    mailing = day_ms // _DAY_MS
    noon = day_ms + (9 * 60 + random.randrange(90)) * _MINUTE_MS
    times: list[tuple[int, int]] = []
    for n in range(count):
        if n < bulk:
            at = noon + int(random.random() * 25 * _MINUTE_MS)
        else:
            at = day_ms + int(random.triangular(6, 23, 14) * 60 * _MINUTE_MS)
        if not low <= at < high:
            at = low + int(random.random() * max(high - low, 1))
        times.append((at, mailing if n < bulk else -1))
    times.sort()
    return times


class _People:
    """The recipients, and how each of them takes what is sent."""

    def __init__(self, random: Random, audience: int) -> None:
        self._random = random
        self._audience = audience
        self._gone: dict[int, str] = {}  # and the list that each of them is on

    def letter(self, at_ms: int, mailing: int, number: int, now_ms: int, bounce_share: float) -> Sent:
        who, suppressed = self._recipient(mailing)
        email = _address(who)
        if mailing >= 0:
            (subject, campaign), sender = _MAILINGS[mailing % len(_MAILINGS)], _NEWS_SENDER
        else:
            sender, subject = _LETTERS[self._random.randrange(len(_LETTERS))]
            subject, campaign = subject.format(n=10_000 + number), ""
        fate = dropped(self._gone[who]) if suppressed else self._fate(email, mailing >= 0, bounce_share)
        if fate.list:
            self._gone[who] = fate.list
        event_ms = min(at_ms + self._delay_ms(fate), now_ms - 1) if fate.list else 0
        return Sent(at_ms, subject, sender, email, fate, event_ms, campaign)

    def _recipient(self, mailing: int) -> tuple[int, bool]:
        """A number that stands for a person, and whether they are on the suppression list.

        Most of the lost are taken out of the audience before the next mailing; a few are not.
        """
        who = self._random.randrange(self._audience)
        while who in self._gone:
            if mailing < 0 or self._random.random() < 0.1:
                return who, mailing >= 0
            who += self._audience
        return who, False

    def _fate(self, email: str, mailing: bool, bounce_share: float) -> Fate:
        draw = self._random.random()
        if draw < bounce_share:
            return bounced(email, hard=draw < bounce_share * 0.6)
        draw = (draw - bounce_share) / (1 - bounce_share) if bounce_share < 1 else 1.0
        complaints, unsubscribes, clicks, opens = (
            (0.0022, 0.008, 0.055, 0.27) if mailing else (0.0002, 0.0005, 0.17, 0.58)
        )
        if draw < complaints:
            return COMPLAINED
        if draw < unsubscribes:
            return UNSUBSCRIBED
        if draw < clicks:
            return CLICKED
        return OPENED if draw < opens else DELIVERED

    def _delay_ms(self, fate: Fate) -> int:
        longest_ms = 2 * _DAY_MS
        if fate.status == "FAIL":
            longest_ms = 90_000 if fate.hard else 6 * 60 * _MINUTE_MS
        return 2_000 + int(self._random.random() * longest_ms)


def _address(who: int) -> str:
    """The address of person number `who`; every number has one of its own."""
    people = len(_FIRST) * len(_LAST) * len(_DOMAINS)
    again, number = divmod(who, people)
    rest, domain = divmod(
        number * 7919 % people, len(_DOMAINS)
    )  # a prime, so that names do not come in order
    last, first = divmod(rest, len(_FIRST))
    return f"{_FIRST[first]}.{_LAST[last]}{again + 1 if again else ''}@{_DOMAINS[domain]}"
