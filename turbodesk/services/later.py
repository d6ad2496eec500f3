"""When a letter shall go, by the clocks of this computer: the usual hours, and any other that is one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from turbodesk.errors import InvalidDraft

EVENING, MORNING = time(18), time(9)
SOON = timedelta(minutes=15)  # what is nearer than this is not offered


class Preset(NamedTuple):
    """An hour that many mean: its words and the moment."""

    words: str
    at: datetime


def presets(now: datetime) -> tuple[Preset, ...]:
    """The usual hours after `now`, soonest first; all of them aware, in local time."""
    here = now.astimezone()
    today = here.date()
    hour = (here + timedelta(hours=1)).replace(second=0, microsecond=0)
    monday = today + timedelta(days=7 - today.weekday())
    found = [
        Preset("In 1 hour", hour.astimezone()),
        Preset("This evening", local(today, EVENING)),
        Preset("Tomorrow morning", local(today + timedelta(days=1), MORNING)),
        Preset("Monday morning", local(monday, MORNING)),
    ]
    if monday == today + timedelta(days=1):
        del found[-1]
    return tuple(sorted((it for it in found if it.at - now >= SOON), key=lambda it: it.at))


def local(day: date, hour: time) -> datetime:
    """That hour of that day here, aware; where it comes twice the first. Raises InvalidDraft with the field
    `when` where the clocks leave it out."""
    naive = datetime.combine(day, hour)
    at = naive.astimezone()
    if at.astimezone(UTC).astimezone().replace(tzinfo=None) != naive:
        gap = f"There is no {naive:%H:%M} on that day: the clocks are put forward. Choose another hour."
        raise InvalidDraft({"when": gap})
    return at


def future(at: datetime, now: datetime) -> datetime:
    """The same moment in UTC. Raises InvalidDraft with the field `when` where it has passed."""
    if at <= now:
        raise InvalidDraft({"when": "That moment has passed. Choose one that is still to come."})
    return at.astimezone(UTC)


def zone(at: datetime) -> str:
    """What the clocks here show then: `CET, UTC+01:00`."""
    here = at.astimezone()
    name, offset = here.tzname() or "", here.strftime("%z")
    return name if name == "UTC" else f"{name}, UTC{offset[:3]}:{offset[3:5]}"
