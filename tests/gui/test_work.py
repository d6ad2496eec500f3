"""Work: what it starts, frees, shows and cancels."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from turbodesk.errors import NoConnection, TurbodeskError
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.work import Work, report, tell_fault

Run = Callable[..., Any]


class Owner(QWidget):
    """A tab in small."""

    def __init__(self, notices: Notices) -> None:
        super().__init__()
        self.button = Button("Send", "send", kind="primary")
        box = QVBoxLayout(self)
        box.addWidget(self.button)
        box.addWidget(notices)
        self.work = Work(self, notices)


@pytest.fixture
def owner(window_of: Callable[..., QWidget], notices: Notices) -> Owner:
    made = Owner(notices)
    window_of(made, 600, 200)
    return made


def test_the_button_is_off_while_it_works_and_on_again(owner: Owner, run: Run) -> None:
    seen = []

    async def act() -> None:
        seen.append(owner.button.isEnabled())

    async def go() -> None:
        owner.work.start(act(), busy=owner.button)
        assert owner.work.busy
        await owner.work.settled()

    run(go())
    assert seen == [False]
    assert owner.button.isEnabled()
    assert not owner.work.busy


def test_a_button_held_twice_is_freed_with_the_last(owner: Owner, run: Run) -> None:
    async def go() -> None:
        first, second = asyncio.Event(), asyncio.Event()
        one = owner.work.start(first.wait(), busy=owner.button)
        owner.work.start(second.wait(), busy=owner.button)
        first.set()
        await one
        await asyncio.sleep(0)
        assert not owner.button.isEnabled()
        second.set()
        await owner.work.settled()
        assert owner.button.isEnabled()

    run(go())


def test_a_failure_of_ours_goes_to_the_strip(owner: Owner, notices: Notices, run: Run) -> None:
    async def fail() -> None:
        raise NoConnection(
            "turboSMTP does not answer.", hint="Try again.", detail="ConnectTimeout after 10 s"
        )

    async def go() -> None:
        owner.work.start(fail(), busy=owner.button)
        await owner.work.settled()

    run(go())
    told = notices.latest
    assert told is not None
    assert (told.tone, told.what, told.why) == ("error", "turboSMTP does not answer.", "Try again.")
    assert "ConnectTimeout after 10 s" in told.details
    assert owner.button.isEnabled()


def test_the_caller_may_show_it_at_the_field(owner: Owner, notices: Notices, run: Run) -> None:
    caught: list[TurbodeskError] = []

    async def fail() -> None:
        raise NoConnection("No.")

    def at_the_field(error: TurbodeskError) -> bool:
        caught.append(error)
        return True

    async def go() -> None:
        owner.work.start(fail(), fail=at_the_field)
        await owner.work.settled()
        assert notices.latest is None
        owner.work.start(fail(), fail=lambda _error: None)
        await owner.work.settled()

    run(go())
    assert [error.says for error in caught] == ["No."]
    assert notices.latest is not None, "who shows nothing leaves it to the strip"


def test_anything_else_is_called_our_fault_without_values(owner: Owner, run: Run, heard: list[str]) -> None:
    async def fail() -> None:
        password = "hunter2-do-not-show"
        raise KeyError(password)

    async def go() -> None:
        owner.work.start(fail())
        await owner.work.settled()

    run(go())
    (dialog,) = owner.findChildren(Dialog)
    assert "fault" in dialog.windowTitle()
    shown = dialog.findChild(QPlainTextEdit).toPlainText()
    assert "KeyError" in shown
    assert "in fail" in shown
    assert "hunter2" not in shown
    assert len(heard) == 1
    assert "hunter2" not in heard[0]
    heard.clear()
    dialog.reject()


def test_the_report_can_be_copied(owner: Owner, settle: Callable[[], None]) -> None:
    try:
        raise RuntimeError("quoting what the user wrote")
    except RuntimeError as error:
        dialog = tell_fault(owner, error)
        text = report(error)
    button = next(b for b in dialog.findChildren(Button) if b.text() == "Copy report")
    button.click()
    assert QGuiApplication.clipboard().text() == text
    assert "quoting" not in text
    dialog.reject()
    settle()


def test_cancelling_is_silent_and_frees_the_button(owner: Owner, notices: Notices, run: Run) -> None:
    async def go() -> None:
        owner.work.start(asyncio.Event().wait(), busy=owner.button)
        await asyncio.sleep(0)
        owner.work.cancel_all()
        await owner.work.settled()

    run(go())
    assert notices.latest is None
    assert owner.button.isEnabled()


def test_work_cancelled_before_its_first_step_leaves_nothing_behind(owner: Owner, run: Run) -> None:
    async def never() -> None:
        raise AssertionError("it was cancelled before it began")

    async def go() -> None:
        owner.work.start(never(), busy=owner.button)
        owner.work.cancel_all()
        await owner.work.settled()
        assert owner.button.isEnabled()

    run(go())


def test_settled_waits_for_what_was_started_meanwhile(owner: Owner, run: Run) -> None:
    done = []

    async def second() -> None:
        await asyncio.sleep(0)
        done.append(2)

    async def first() -> None:
        await asyncio.sleep(0)
        owner.work.start(second())

    async def go() -> None:
        owner.work.start(first())
        await owner.work.settled()

    run(go())
    assert done == [2]


def test_a_press_starts_work_through_a_real_click(owner: Owner, run: Run) -> None:
    pressed = []

    async def act() -> None:
        pressed.append(1)

    owner.button.clicked.connect(lambda: owner.work.start(act(), busy=owner.button))

    async def go() -> None:
        QTest.mouseClick(owner.button, Qt.MouseButton.LeftButton)
        await owner.work.settled()

    run(go())
    assert pressed == [1]
