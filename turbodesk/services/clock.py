"""The time of day, and time that only ever passes: neither alone says when something is due."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


def _steady() -> float:
    """Seconds that pass while the computer sleeps too, and that nobody can set."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)  # Linux alone has it; elsewhere monotonic counts sleep
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Clock:
    """What a wait is measured by. Both parts can be given, so that a test may set the clock."""

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = _steady,
    ) -> None:
        self._now, self._steady = now, steady

    def now(self) -> datetime:
        """The time of day, UTC; it may jump."""
        return self._now()

    def steady(self) -> float:
        """Seconds since some moment; they only ever pass."""
        return self._steady()
