"""What a look at the provider means for a send whose outcome is unknown, and when to look again."""

from __future__ import annotations

from dataclasses import dataclass

from turbodesk.model.lookup import Found, Trace

# Seconds after a send was lost at which it is looked for, then every hour for a day, every day for a week.
_FIRST_LOOKS = (15.0, 60.0, 300.0, 900.0, 3600.0)
_HOUR, _DAY = 3600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Settled:
    """What is written down of a look: a sentence for people, and whether what was not there never went."""

    words: str
    sure: bool = False


def verdict(found: Found, age_s: float, settling_s: float) -> Settled:
    """What a look means `age_s` after the send was lost; after `settling_s` a provider shows what it has."""
    if found.trace is not Trace.ABSENT:
        return Settled(found.words)
    if age_s < settling_s:
        return Settled(f"{found.words} It may still show up: {_minutes(age_s)} have passed.")
    return Settled(
        f"{found.words} After {_minutes(age_s)} it surely did not go: you may send it again.", True
    )


def next_look(looked_s: float) -> float | None:
    """How old an unknown send is when it is looked for next, having been looked for last when it was
    `looked_s` old; None where it is looked for no more."""
    for first in _FIRST_LOOKS:
        if looked_s < first:
            return first
    if looked_s < _DAY:
        return _HOUR * (looked_s // _HOUR + 1)
    return _DAY * (looked_s // _DAY + 1) if looked_s < 7 * _DAY else None


def _minutes(age_s: float) -> str:
    minutes = int(age_s // 60)
    return "less than a minute" if minutes < 1 else "1 minute" if minutes == 1 else f"{minutes} minutes"
