"""What every test has: a screen that needs none, and a look at what was said on the side."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.fonts.warning=false")


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collection after each test need not look at it again."""
    gc.collect()
    gc.freeze()


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
def _nothing_stray(heard: list[str]) -> Iterator[None]:
    """Fails on stray log lines; a task whose failure nobody took logs one when it is collected."""
    yield
    if "asyncio" in logging.root.manager.loggerDict:
        gc.collect()
    assert heard == [], "logged on the side"
