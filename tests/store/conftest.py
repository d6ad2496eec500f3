"""A ledger of this test's own, and messages to write into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from turbodesk.store.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "config")
    yield opened
    opened.close()
