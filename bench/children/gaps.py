"""A 5 ms Qt timer that notes how long the loop did not come back to it."""

import time

from PySide6.QtCore import QTimer


class Gaps:
    def __init__(self):
        self.seen = []
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self):
        now = time.perf_counter()
        self.seen.append(max(0.0, (now - self._last) * 1000 - 5))
        self._last = now

    def begin(self):
        self.seen.clear()
        self._last = time.perf_counter()

    @property
    def longest_ms(self):
        return max(self.seen, default=0.0)

    def share_ms(self, share):
        return sorted(self.seen)[min(len(self.seen) - 1, int(len(self.seen) * share))] if self.seen else 0.0
