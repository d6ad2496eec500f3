"""What every test has: a screen that needs none, and a look at what was said on the side."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.fonts.warning=false")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # as in the background of a shell; every command that is pressed Ctrl+C on would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


_TOTAL = pytest.StashKey[Counter[str]]()
_COUNT = pytest.StashKey[int]()
_ALL_AGAIN = 200  # tests: all that was ever made takes a quarter of a second to look at


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collection after each test need not look at it again."""
    gc.collect()
    gc.freeze()


_KILLS = "tests.reliability.counted"


def _kills() -> dict[str, int]:
    """What the proofs in this process have counted, nothing where none were played."""
    module = sys.modules.get(_KILLS)
    return dict(module.found) if module else {}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells what it has counted to who started it."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["kills"] = _kills()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What the workers have counted is added up."""
    total = node.config.stash.setdefault(_TOTAL, Counter())
    total.update(getattr(node, "workeroutput", {}).get("kills", {}))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Says how often the program was killed and the power cut, and what came of it."""
    total = config.stash.get(_TOTAL, Counter(_kills()))
    if kills := total["kills"]:
        twice, lost = total["accepted twice"], total["lost"]
        terminalreporter.write_line(f"{kills} kills: {twice} accepted twice, {lost} lost")
    if events := total["events"]:
        terminalreporter.write_line(
            f"{events:,} events posted in {total['event ms'] / 1000:.1f} s, {total['event posts']:,} posts, "
            f"the receiver killed {total['receiver kills']} times: "
            f"{total['events lost']} lost, {total['events twice']} stored twice"
        )
    if faults := total["faults"]:
        terminalreporter.write_line(f"faults: {total['faults shown']} of {faults} shown")
    if cuts := total["power cuts"]:
        lost, damaged = total["lost by them"], total["damaged"]
        terminalreporter.write_line(
            f"{cuts} states after a power cut: {lost} lost a promise, {damaged} damaged"
        )


class Listener(logging.Handler):
    """Keeps what is logged as a warning or worse."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.levelname}: {record.getMessage()}")


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """Warnings and errors logged so far; a test that means them takes them out."""
    listener = Listener()
    logging.getLogger().addHandler(listener)
    yield listener.lines
    logging.getLogger().removeHandler(listener)


@pytest.fixture(autouse=True)
def _nothing_stray(request: pytest.FixtureRequest, heard: list[str]) -> Iterator[None]:
    """Fails on stray log lines; a task whose failure nobody took logs one when it is collected.

    Without widgets, what outlived the tests before is looked at again now and then only.
    """
    if "qapp" not in request.fixturenames:
        count = request.config.stash.get(_COUNT, 0)
        request.config.stash[_COUNT] = count + 1
        if count % _ALL_AGAIN == 0:
            gc.unfreeze()
        gc.collect()
        gc.freeze()
    yield
    if "asyncio" in logging.root.manager.loggerDict:
        gc.collect()
    assert heard == [], "logged on the side"
