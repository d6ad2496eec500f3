"""What is typed as a time or a number, before anything is asked of anybody."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click
import pytest

from turbodesk.cli.send import send
from turbodesk.cli.waits import hour


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clocks of this computer show Berlin's time."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_an_hour_that_the_clocks_leave_out_is_none() -> None:
    with pytest.raises(click.UsageError, match="the clocks are put forward"):
        hour("2027-03-28 02:30")
    assert hour("2027-03-28 03:30").isoformat() == "2027-03-28T03:30:00+02:00"
    assert hour("2027-03-28 02:30+01:00").isoformat() == "2027-03-28T03:30:00+02:00"


def test_a_pace_is_a_number() -> None:
    with pytest.raises(click.BadParameter, match="no number"):
        send.make_context("send", ["--from", "a@example.com", "--per-second", "nan"])
