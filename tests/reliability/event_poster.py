"""Posts a burst of webhook events as the services do: at its own pace, each until it hears a yes, some twice.

`python -m tests.reliability.event_poster PORT COUNT PER_S` says how many events have had their yes, a number
on a line now and then, and at last as JSON what came of it.
"""

from __future__ import annotations

import heapq
import http.client
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from turbodesk.providers.webhook_samples import sample

LANES = 24
AGAIN_S = (0.1, 0.5, 3.0, 12.0, 144.0)
"""SendPost repeats after 1 min, 5 min, 30 min, 2 h and 24 h, at most; here 600 times faster."""
TWICE_EACH = 50  # so many events are posted once, then one is posted again though it had its yes
ANSWER_S = 10.0
TELL_EACH = 100


def body(number: int) -> bytes:
    """The event of that number, by turns of either service; another number is another event."""
    service = ("sendpost", "turbosmtp")[number % 2]
    return sample(service, "delivered", id=f"burst-{number}", at=datetime(2026, 1, 1, tzinfo=UTC))


def message_id(number: int) -> str:
    """The id of the message that the event of that number is about."""
    return f"sample-burst-{number}"


@dataclass
class Lane:
    """One connection of the service's, kept between posts, and the events that go over it."""

    port: int
    events: list[tuple[float, int, int]]  # when it is due, its number, how often it was tried
    told: Told
    posts: int = 0
    given_up: list[int] = field(default_factory=list)
    late_s: float = 0.0
    connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        while self.events:
            due, number, tries = heapq.heappop(self.events)
            time.sleep(max(0.0, due - time.monotonic()))
            if not tries:
                self.late_s = max(self.late_s, time.monotonic() - due)
            self.posts += 1
            if self.posted(number):
                self.told.one_more()
                if number % TWICE_EACH == 0:
                    self.posts += 1
                    self.posted(number)
            elif tries < len(AGAIN_S):
                heapq.heappush(self.events, (time.monotonic() + AGAIN_S[tries], number, tries + 1))
            else:
                self.given_up.append(number)
        if self.connection is not None:
            self.connection.close()

    def posted(self, number: int) -> bool:
        """Whether a whole yes came back."""
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
            self.connection.request("POST", "/", body(number), {"Content-Type": "application/json"})
            answer = self.connection.getresponse()
            answer.read()
            return 200 <= answer.status < 300
        except (OSError, http.client.HTTPException):
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            return False


class Told:
    """Says now and then how many have had their yes."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def one_more(self) -> None:
        with self._lock:
            self.count += 1
            if self.count % TELL_EACH == 0:
                _say(str(self.count))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    port, count, per_s = map(int, sys.argv[1:])
    told, began = Told(), time.monotonic() + 0.2
    lanes = [
        Lane(port, [(began + n / per_s, n, 0) for n in range(first, count, LANES)], told)
        for first in range(LANES)
    ]
    threads = [threading.Thread(target=lane.run) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    came_of_it = {
        "yes": told.count,
        "posts": sum(lane.posts for lane in lanes),
        "given_up": sum(len(lane.given_up) for lane in lanes),
        "seconds": round(time.monotonic() - began, 2),
        "latest_s": round(max(lane.late_s for lane in lanes), 2),
    }
    _say(json.dumps(came_of_it))


if __name__ == "__main__":
    main()
