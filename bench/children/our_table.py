"""Types into the filter of a table of reports, and sorts it, measured from the key to the painted view."""

import json
import random
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication

from turbodesk.gui.record_table import Column, RecordTable
from turbodesk.gui.theme import Themer

application = QApplication([])
themer = Themer(application, "light")


@dataclass(frozen=True, slots=True)
class Line:
    id: int
    email: str
    cause: str
    words: str
    at: datetime


FIRST = ("anna", "ben", "kim", "lee", "mara", "nora", "olga", "pia")
LAST = ("weber", "rossi", "silva", "okafor", "jensen", "tanaka", "novak", "moreau")
CAUSES = ("Mailbox does not exist", "Mailbox is full", "Blocked by their policy", "Server busy, try later")
START = datetime(2026, 1, 1, tzinfo=UTC)
chance = random.Random(7)


def line(n):
    name = f"{chance.choice(FIRST)}.{chance.choice(LAST)}"
    words = f"550 5.1.{n % 9} The account that you tried to reach does not exist, case {n}"
    email = f"{name}{n}@example.{chance.choice(('com', 'net', 'org'))}"
    return Line(n, email, chance.choice(CAUSES), words, START + timedelta(seconds=n * 61))


lines = [line(n) for n in range(int(sys.argv[1]))]
table = RecordTable(
    [
        Column("Address", lambda line: line.email, kind="address", stretch=2),
        Column("Cause", lambda line: line.cause, width=176),
        Column("Words", lambda line: line.words, kind="muted", stretch=3),
        Column("Last", lambda line: line.at, lambda at: f"{at:%d %b %H:%M}", width=118, align="right"),
    ],
    name="Bench",
)
table.resize(1280, 800)
table.show()
table.set_rows(lines)
application.processEvents()
canvas = QPixmap(table.size())


def painted(act):
    begin = time.perf_counter()
    act()
    table.render(canvas)
    return (time.perf_counter() - begin) * 1000


class Steps:
    """Goes round the loop until something is so; each turn a key could have been answered after."""

    def __init__(self):
        self.longest_ms = 0.0

    def until(self, ready):
        while not ready():
            begin = time.perf_counter()
            application.processEvents()
            self.longest_ms = max(self.longest_ms, (time.perf_counter() - begin) * 1000)


def sort_by_click(column, down):
    """From the press on a head to the rows painted in the new order; and the longest turn meanwhile."""
    steps, begin = Steps(), time.perf_counter()
    table.horizontalHeader().sectionClicked.emit(column)
    steps.longest_ms = (time.perf_counter() - begin) * 1000
    steps.until(lambda: table.records.sorted_by == (column, down))
    steps.longest_ms = max(steps.longest_ms, painted(lambda: None))
    return (time.perf_counter() - begin) * 1000, steps.longest_ms


def minima(of, times):
    """Everything some times over, the least of each: other programs only ever add."""
    return [min(taken) for taken in zip(*(of() for _ in range(times)), strict=True)]


WORDS = ("anna.weber1", "example.net", "does not", "full", "mara", "case 77", "zzz", "o")


def type_all():
    """A time for every letter; after the last one of a word, that of a bare repaint."""
    taken = []
    for word in WORDS:
        for end in range(1, len(word) + 1):
            taken.append(painted(lambda text=word[:end]: table.set_filter(text)))
        table.set_filter("")
        taken.append(painted(lambda: None))
    return taken


def sort_all(prepared):
    taken, longest = [], []
    for column in range(4):
        for down in (False, True):
            if not prepared and not down:
                table.records.sorted_by = None
                table.set_rows(lines)
                application.processEvents()
            one, turn = sort_by_click(column, down)
            taken.append(one)
            longest.append(turn)
    return taken + longest


typed = minima(type_all, 7)
bare = [typed.pop(sum(map(len, WORDS[: n + 1]))) for n in range(len(WORDS))]
typed.sort()
cold = minima(lambda: sort_all(False), 3)
Steps().until(lambda: table.records.all_prepared)
warm = minima(lambda: sort_all(True), 5)
print(
    json.dumps(
        {
            "repaint_ms": statistics.median(bare),
            "filter_p99_ms": typed[int(len(typed) * 0.99)],
            "sort_ms": max(warm[:8]),
            "sort_at_once_ms": max(cold[:8]),
            "sort_blocked_ms": max(warm[8:] + cold[8:]),
        }
    )
)
