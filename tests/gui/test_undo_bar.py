"""The bar that takes a letter back, on every tab; what waits when the window opens; who must look is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from tests.gui.compose_room import dialog
from tests.gui.conftest import until
from tests.gui.outbox_room import letter
from turbodesk.desktop import Desktop
from turbodesk.gui import theme
from turbodesk.gui.confirm_send import ConfirmSend
from turbodesk.gui.undo_bar import UndoBar
from turbodesk.model.outcome import Hold, SendState
from turbodesk.services.batches import BatchPlan
from turbodesk.store.entry import BatchState, Entry
from turbodesk.store.ledger import Ledger

Run = Callable[..., Any]
LONG = timedelta(minutes=5)  # never over by itself within a test


@pytest.fixture(autouse=True)
def _one_themer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The window brings a themer of its own; the one of all tests comes back afterwards."""
    monkeypatch.setattr(theme, "_themer", theme._themer)
    monkeypatch.setattr(theme, "_now", theme._now)
    yield


class Open:
    """The window over the sandbox, and letters that wait in its outbox."""

    def __init__(self, desktop: Desktop) -> None:
        self.desktop, self.window = desktop, desktop.window

    @property
    def bar(self) -> UndoBar:
        bar = self.window.findChild(UndoBar)
        assert bar is not None
        return bar

    async def queue(self, subject: str, hold: Hold = Hold.UNDO, wait: timedelta = LONG) -> Entry:
        draft = {"to": ["kim@example.com"], "subject": subject, "text": "Hello"}
        outbox = await self.desktop.outbox()
        made = await outbox.queue(
            letter(subject, "kim@example.com"),
            hold=hold,
            not_before=datetime.now(UTC) + wait,
            draft=draft,
        )
        self.desktop.nudge()
        return made

    async def shows(self, subject: str) -> None:
        await until(lambda: self.window.findChild(UndoBar) is not None)
        await until(lambda: self.bar.isVisible() and subject in self.bar.what.text())

    async def state(self, entry: Entry) -> SendState:
        return (await (await self.desktop.outbox()).entry(entry.id)).state

    async def accepted(self) -> int:
        desk = self.window.desk
        assert desk is not None and desk.control is not None
        return int((await desk.control.accepted())["total"])


@pytest.fixture
def started(qapp: QApplication, tmp_path: Path) -> Callable[..., Any]:
    """`async with started() as it`: shown, open on the sandbox, and sending what is due."""

    @asynccontextmanager
    async def start(size: tuple[int, int] = (1280, 800)) -> AsyncIterator[Open]:
        desktop = Desktop(qapp, tmp_path, theme="light", size=size, touring=True)
        try:
            desktop.show()
            await desktop.open()
            await desktop.outbox()
            yield Open(desktop)
        finally:
            desktop.window.close()
            await desktop.aclose()
            desktop.window.deleteLater()
            await asyncio.sleep(0)

    return start


def test_it_floats_over_every_tab_and_ctrl_z_brings_the_letter_back(
    started: Any, run: Run, grab: Run
) -> None:
    async def go() -> None:
        async with started() as it:
            window = it.window
            entry = await it.queue("Invoice 2026-1184")
            await it.shows("Invoice 2026-1184 to kim@example.com")
            for key in ("outbox", "stats", "account", "compose"):
                window.turn(key)
                sheet = it.bar.sheet().translated(it.bar.pos())
                assert it.bar.isVisible() and not it.bar.more_button.isVisible()
                assert window.status_bar.y() - sheet.bottom() in range(8, 24)
                assert window.rect().contains(sheet)
                grab(window, f"undo-bar-{key}")
            assert it.bar.seconds.text() in ("300 s", "299 s", "298 s")
            assert it.bar in window.regions(), "F6 leads there"
            window.setFocus()
            QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            compose = window.tab("compose")
            await until(lambda: compose.envelope.subject.text() == "Invoice 2026-1184")
            assert await it.state(entry) is SendState.CANCELLED
            assert not it.bar.isVisible() and window.key == "compose"
            assert await it.accepted() == 0

    run(go(), 60)


def test_send_now_sends_it_once_and_the_bar_goes(started: Any, run: Run) -> None:
    async def go() -> None:
        async with started() as it:
            entry = await it.queue("Now, please")
            await it.shows("Now, please")
            it.bar.now_button.click()
            await until(lambda: not it.bar.isVisible())

            async def gone() -> None:
                while await it.state(entry) is not SendState.ACCEPTED:
                    await asyncio.sleep(0.02)

            await asyncio.wait_for(gone(), 10)
            assert await it.accepted() == 1

    run(go(), 60)


def test_undo_of_what_was_typed_is_not_taken_from_an_editor(started: Any, run: Run) -> None:
    async def go() -> None:
        async with started() as it:
            entry = await it.queue("Waits")
            await it.shows("Waits")
            it.window.turn("compose")
            subject = it.window.tab("compose").envelope.subject
            editor = subject if isinstance(subject, QLineEdit) else subject.findChild(QLineEdit)
            editor.setFocus()
            QTest.keyClicks(editor, "typed")
            assert editor.text() == "typed"
            QTest.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            assert editor.text() == "" and await it.state(entry) is SendState.QUEUED
            QTest.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            await until(lambda: not it.bar.isVisible())
            assert await it.state(entry) is SendState.CANCELLED

    run(go(), 60)


def test_of_several_the_newest_is_shown_and_the_outbox_has_the_others(started: Any, run: Run) -> None:
    async def go() -> None:
        async with started((900, 600)) as it:
            for subject in ("First", "Second", "Third"):
                await it.queue(subject)
            await it.shows("Third")
            await until(lambda: it.bar.more_button.text() == "+2 more" and it.bar.more_button.isVisible())
            assert it.window.rect().contains(it.bar.sheet().translated(it.bar.pos()))
            it.bar.undo_button.click()
            await it.shows("Second")
            it.bar.more_button.click()
            await until(lambda: it.window.key == "outbox")

    run(go(), 60)


def test_what_waited_when_the_window_was_closed_is_offered_again(
    started: Any, run: Run, tmp_path: Path
) -> None:
    async def go() -> None:
        async with started() as it:
            entry = await it.queue("Kept")
            await it.shows("Kept")
        assert it.desktop.closed.is_set()
        async with started() as it:
            assert await it.state(entry) is SendState.QUEUED
            await it.shows("Kept")
            it.bar.undo_button.click()
            compose = it.window.tab("compose")
            await until(lambda: compose.envelope.subject.text() == "Kept")

    run(go(), 60)


def test_a_schedule_found_too_late_is_told_once_and_shown(started: Any, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        ledger = await asyncio.to_thread(Ledger.open, tmp_path)
        late = await ledger.queue(
            letter("Yesterday's news", "kim@example.com"),
            profile="sandbox",
            provider="turbosmtp-v2",
            hold=Hold.TIME,
            not_before=datetime.now(UTC) - timedelta(hours=20),
        )
        await asyncio.to_thread(ledger.close)
        async with started() as it:
            notices = it.window.notices
            await until(lambda: notices.latest is not None)
            assert notices.latest.what == "“Yesterday's news” waits for you."
            assert "was to go at" in notices.latest.why
            ((label, _, show),) = notices.latest.actions
            assert label == "Show in Outbox"
            show()
            await until(lambda: it.window.key == "outbox")
            outbox = it.window.tab("outbox")
            await until(lambda: outbox.detail.entry is not None and outbox.detail.entry.id == late.id)
            assert outbox.detail.move_button.text() == "Send later…" and outbox.detail.move_button.isVisible()
            assert await it.state(late) is SendState.QUEUED and await it.accepted() == 0
            assert len(notices.standing) == 1

    run(go(), 60)


def test_a_batch_that_was_going_out_at_the_end_is_told_at_the_next_start(started: Any, run: Run) -> None:
    async def go() -> None:
        async with started() as it:
            runs, same = await asyncio.gather(it.desktop.batches(), it.desktop.batches())
            assert runs is same
            rows = [(n, letter("Guide", f"r{n}@example.com")) for n in range(1, 200)]
            plan = BatchPlan("list.csv", len(rows), concurrency=1, per_second=10.0)
            batch = await runs.start(await it.desktop.outbox(), plan, rows)
            await it.desktop.take_up(batch.id)
            await until(lambda: runs.goes(batch.id))
        async with started() as it:
            notices = it.window.notices
            await until(lambda: notices.latest is not None)
            assert notices.latest.what.startswith("“Guide” is paused, ")
            assert (await (await it.desktop.batches()).batch(batch.id)).waiting > 0
            notices.latest.actions[0][2]()
            await until(lambda: it.window.key == "outbox")
            outbox = it.window.tab("outbox")
            await until(lambda: outbox.batch.batch is not None and outbox.batch.resume_button.isVisible())

    run(go(), 60)


def test_a_ledger_that_does_not_open_is_told_and_ends_nothing(started: Any, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        (tmp_path / "ledger.sqlite").mkdir()
        desktop = Desktop(QApplication.instance(), tmp_path, theme="light", size=(900, 600), touring=True)
        desktop.show()
        await desktop.open()
        await until(lambda: desktop.window.notices.latest is not None, 15)
        assert desktop.window.notices.latest.tone == "error"
        desktop.window.turn("stats")
        assert desktop.window.key == "stats"
        desktop.window.close()
        await desktop.aclose()
        desktop.window.deleteLater()

    run(go(), 60)


def test_a_batch_can_be_taken_back_with_its_rows_or_sent_now(started: Any, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with started() as it:
            path = tmp_path / "people.csv"
            path.write_text("email,name\n" + "".join(f"p{n}@example.com,P{n}\n" for n in (1, 2, 3)))
            it.window.turn("compose")
            compose = it.window.tab("compose")
            compose.flow.undo.seconds = 300
            compose.envelope.sender.setText("Example Shop <news@example.com>")
            compose.envelope.subject.setText("Hello {{ name }}")
            compose.body.text.set_text("Good day")
            compose.rows.open(path)
            await until(lambda: compose.rows.total == 3)
            batches = await it.desktop.batches()
            for act in ("undo", "now"):
                QTest.mouseClick(compose.send_button, Qt.MouseButton.LeftButton)
                await until(lambda: isinstance(dialog(), ConfirmSend))
                dialog().send_button.click()
                await it.shows("Hello P1 to 3 people")
                await compose.sending.settled()
                (batch, *_) = await batches.all()
                assert batch.state is BatchState.FILLING and batch.waiting == 3 and compose.is_empty
                if act == "undo":
                    it.bar.undo_button.click()
                    await until(lambda: compose.rows.total == 3)
                    assert compose.envelope.subject.text() == "Hello {{ name }}"
                    undone = await batches.batch(batch.id)
                    assert undone.state is BatchState.CANCELLED
                    assert undone.counts == {SendState.CANCELLED: 3} and await it.accepted() == 0
            it.bar.now_button.click()
            async with asyncio.timeout(10):
                while (await batches.batch(batch.id)).state is not BatchState.DONE:
                    await asyncio.sleep(0.02)
            assert await it.accepted() == 3 and not it.bar.isVisible()

    run(go(), 60)


def test_a_batch_that_waits_when_the_window_closes_asks_at_the_next_start(
    started: Any, run: Run, tmp_path: Path
) -> None:
    async def go() -> None:
        async with started() as it:
            outbox, batches = await it.desktop.outbox(), await it.desktop.batches()
            rows = [(n, letter(f"Row {n}", f"p{n}@example.com")) for n in (1, 2)]
            draft = {"subject": "Row {{ n }}", "to": [], "text": "Hello"}
            batch = await batches.start(outbox, BatchPlan("people.csv", 2), rows, draft=draft)
            it.desktop._leaving.hold_batch(batch, 300, draft)
            await it.shows("Row 1 to 2 people")
        async with started() as it:

            def asks() -> bool:
                return any(notice.key == f"asks-{batch.id}" for notice in it.window.notices.standing)

            await until(asks)
            again = await (await it.desktop.batches()).batch(batch.id)
            assert (again.state, again.waiting, await it.accepted()) == (BatchState.PAUSED, 2, 0)
            it.window.turn("outbox")
            outbox_tab = it.window.tab("outbox")
            outbox_tab.receive(batch.id)
            await until(lambda: outbox_tab.batch.batch is not None)
            outbox_tab.batch.cancel_button.click()
            await until(lambda: dialog() is not None)
            dialog().accept()
            compose = it.window.tab("compose")
            await until(lambda: compose.envelope.subject.text() == "Row {{ n }}")
            assert not asks() and await it.accepted() == 0

    run(go(), 60)
