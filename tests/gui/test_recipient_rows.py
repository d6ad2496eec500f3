"""A letter for each row of a file: chosen, looked through, walked, tested, sent as a batch, taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.gui.compose_room import Room, dialog, opened
from tests.gui.conftest import until
from turbodesk.errors import InvalidDraft
from turbodesk.gui.compose_tab import ComposeTab
from turbodesk.gui.confirm_send import ConfirmSend
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.label import Label
from turbodesk.gui.row_pace import Pace
from turbodesk.gui.send_flow import BATCH, ROWS_AT_ONCE, ROWS_BEING_READ, UndoTime
from turbodesk.gui.test_dialogs import SendTestDialog
from turbodesk.services import guards
from turbodesk.services import test_groups as groups_file
from turbodesk.services.draft_keeper import DraftKeeper
from turbodesk.services.test_groups import Groups, checked

Run = Callable[..., Any]
ALT = Qt.KeyboardModifier.AltModifier
SUBJECT, TEXT = "Order {{ order_no }}", "Hello {{ first_name }}, it goes to {{ city }}."


@pytest.fixture
def room(tmp_path: Path, notices: Notices, window_of: Run) -> Callable[..., Any]:
    """`async with room() as it:` a tab over a sandbox; its batches can be taken back for ten minutes."""

    @asynccontextmanager
    async def made(seconds: int = 600, profile: str = "sandbox") -> AsyncIterator[Room]:
        folder = tmp_path / "config"
        async with opened(folder, notices, window_of, UndoTime(seconds), profile=profile) as it:
            yield it

    return made


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """A file of so many rows; more lines are written as they are."""

    def write(count: int = 4, *lines: str, name: str = "people.csv") -> Path:
        rows = [f"p{n}@example.com;Person {n};Lisbon;{1000 + n}" for n in range(1, count + 1)]
        path = tmp_path / name
        path.write_text("\n".join(["Email;First name;City;Order no", *rows, *lines]), "utf-8-sig")
        return path

    return write


async def choose(it: Room, path: Path, subject: str = SUBJECT, text: str = TEXT) -> ComposeTab:
    """Writes a letter, drops a file on the page of the rows, waits until it is looked through."""
    tab = it.tab
    it.write(subject=subject, text=text)
    tab.envelope.chips["to"].set_texts([])
    tab.body.turn("rows")
    given = QMimeData()
    given.setUrls([QUrl.fromLocalFile(str(path))])
    copy, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0)
    enter = QDragEnterEvent(tab.rows.rect().center(), copy, given, button, none)
    QApplication.sendEvent(tab.rows, enter)
    assert enter.isAccepted()
    where = QPointF(tab.rows.rect().center())
    QApplication.sendEvent(tab.rows, QDropEvent(where, copy, given, button, none))
    await looked_through(tab)
    return tab


async def looked_through(tab: ComposeTab) -> None:
    await tab.behind.settled()
    tab._on_rest()
    await tab.rows.settled()
    await tab.behind.settled()
    await tab.letter.preview.settled()


async def press_send(it: Room) -> ConfirmSend:
    QTest.mouseClick(it.tab.send_button, Qt.MouseButton.LeftButton)
    await until(lambda: isinstance(dialog(), ConfirmSend))
    asked: ConfirmSend = dialog()
    return asked


def lines(tab: ComposeTab) -> list[str]:
    return [line.says for line in tab.rows.findings.lines]


def inbox_words(tab: ComposeTab) -> str:
    return tab.letter.inbox.accessibleName()


# chosen, looked through, walked


def test_a_dropped_file_stands_in_for_to_and_the_preview_walks_its_rows(
    room: Run, run: Run, table: Run
) -> None:
    async def go() -> None:
        async with room() as it:
            tab = await choose(it, table(3))
            assert tab.envelope.in_place.words.text() == "3 rows of people.csv"
            assert not tab.envelope.chips["to"].isVisible()
            assert lines(tab) == ["3 rows, each gets a letter of its own."]
            assert inbox_words(tab) == "In the inbox: Example Shop, Order 1001"
            assert tab.letter.preview.plain.toPlainText() == "Hello Person 1, it goes to Lisbon."
            for keys, row in ((Qt.Key.Key_Right, 2), (Qt.Key.Key_Right, 3), (Qt.Key.Key_Right, 3)):
                QTest.keyClick(tab, keys, ALT)
                assert tab.rows.row == row
            assert tab.letter.walker.words.text() == "Row 3 of 3"
            QTest.keyClick(tab, Qt.Key.Key_Left, ALT)
            await looked_through(tab)
            assert inbox_words(tab) == "In the inbox: Example Shop, Order 1002"
            assert tab.letter.preview.plain.toPlainText() == "Hello Person 2, it goes to Lisbon."

    run(go(), 30)


def test_a_table_dropped_on_the_letter_is_for_its_rows_unless_somebody_gets_it_already(
    room: Run, run: Run, table: Run
) -> None:
    async def go() -> None:
        async with room() as it:
            tab, path = it.tab, table(2)
            tab.add_files([path])
            await looked_through(tab)
            assert tab.rows.total == 2 and tab.body.part == "rows" and tab.attachments.paths == []
            attach = tab.notices.latest.actions[0]
            assert attach[0] == "Attach it instead"
            attach[2]()
            await tab.work.settled()
            assert not tab.rows.is_chosen and tab.attachments.paths == [path]
            tab.clear()
            it.write()
            tab.add_files([path])
            await tab.work.settled()
            assert not tab.rows.is_chosen and tab.attachments.paths == [path]
            use = tab.notices.latest.actions[0]
            assert use[0] == "Write to its rows"
            use[2]()
            await looked_through(tab)
            assert tab.rows.total == 2 and tab.attachments.paths == []

    run(go(), 30)


def test_what_is_found_is_told_by_count_and_by_row(room: Run, run: Run, table: Run) -> None:
    async def go() -> None:
        async with room() as it:
            odd = (
                "P1@example.com;Again;X;1",
                "no address;None;X;2",
                "tom@gmial.com;Tom;X;3",
                "info@example.org;Office;X;4",
            )
            tab = await choose(it, table(2, *odd))
            assert lines(tab) == [
                "4 of 6 rows go.",
                "1 row has no valid address and is skipped.",
                "1 address stands there again; its first row goes.",
                "1 domain looks like a slip.",
                "1 address belongs to an office rather than to a person.",
            ]
            slip = tab.rows.findings.lines[3]
            QTest.mouseClick(slip.link, Qt.MouseButton.LeftButton)
            assert [(shown.id, shown.note) for shown in tab.rows.table.rows] == [(5, "gmail.com?")]
            assert tab.rows.row == 5 and tab.letter.walker.words.text() == "Row 5 of 6"
            QTest.mouseClick(tab.rows.back, Qt.MouseButton.LeftButton)
            assert [shown.id for shown in tab.rows.table.rows] == [1, 2, 3, 4, 5, 6]

    run(go(), 30)


def test_suppressed_addresses_are_shown_before_and_skipped(room: Run, run: Run, table: Run) -> None:
    async def go() -> None:
        async with room(profile="sandbox-v2") as it:
            await it.tab.desk.provider.import_suppressions(["p2@example.com"])
            tab = await choose(it, table(3))
            await until(lambda: "1 address is suppressed and is skipped." in lines(tab))
            asked = await press_send(it)
            assert asked.heading.text() == "Send to 2 people?"
            asked.reject()
            await tab.sending.settled()

    run(go(), 30)


def test_a_missing_variable_stops_the_send_and_names_the_rows(room: Run, run: Run, table: Run) -> None:
    async def go() -> None:
        async with room() as it:
            tab = await choose(it, table(2), text="Hello {{ frist_name }}")
            assert lines(tab)[:2] == [
                "Nothing goes until one thing is mended.",
                "Text part, line 1: {{ frist_name }} is missing in rows 1 and 2: people.csv has no such "
                "column. Did you mean {{ first_name }}?",
            ]
            await it.send()
            assert dialog() is None and it.batches == []
            assert await it.outbox.entries() == [] and await it.place_batches() == []
            tab.body.text.set_text("Hello {{ first_name }}")
            await looked_through(tab)
            assert lines(tab) == ["2 rows, each gets a letter of its own."]

    run(go(), 30)


def test_other_columns_are_taken_and_remembered(room: Run, run: Run, table: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with room() as it:
            path = tmp_path / "two.csv"
            path.write_text("Email,Private,Nick\na@example.com,b@example.org,Bo\n")
            tab = await choose(it, path, subject="Hello", text="Hi")
            tab.rows.address.choose("Private")
            with pytest.raises(InvalidDraft, match="still being read"):  # and not by the columns before
                tab.rows.merge(tab.draft())
            tab.rows.named.choose("Nick")
            await looked_through(tab)
            assert tab.rows.seen(tab.draft()).to == "Bo <b@example.org>"
            tab.rows.remove()
            assert not tab.rows.is_chosen and tab.envelope.chips["to"].isVisible()
            tab.rows.open(path)
            await looked_through(tab)
            assert (tab.rows.mapping.address, tab.rows.mapping.name) == ("Private", "Nick")

    run(go(), 30)


@pytest.mark.parametrize(
    "data, why", [(b"", "is empty"), (b'a,b\n"never closed', "quot"), (b"\x00\x01\x02", "")]
)
def test_a_file_that_cannot_be_read_is_told_and_nothing_goes(
    room: Run, run: Run, tmp_path: Path, data: bytes, why: str
) -> None:
    async def go() -> None:
        async with room() as it:
            path = tmp_path / "bad.csv"
            path.write_bytes(data)
            it.write()
            tab = it.tab
            tab.body.turn("rows")
            tab.rows.fill({"path": str(path), "sha256": "0" * 64})
            await looked_through(tab)
            assert tab.rows.empty.title == "bad.csv was not read"
            assert why in tab.rows.empty._why.text()
            await it.send()
            assert it.tab.envelope.rows["to"].problem, "a letter for its rows goes to nobody else"
            assert await it.control.messages() == []
            tab.clear()
            tab.clear()  # what was shown went with its buttons
            assert tab.is_empty and not tab.rows.is_chosen

    run(go(), 30)


def test_nothing_goes_to_anybody_while_a_file_is_still_being_read(room: Run, run: Run, table: Run) -> None:
    async def go() -> None:
        async with room(seconds=0) as it:
            it.write()
            it.tab.rows.open(table(3))
            await asyncio.sleep(0)
            assert it.tab.rows.is_reading and not it.tab.rows.is_chosen
            it.tab.flow.send()
            assert not it.tab.sending.busy
            assert it.tab.envelope.rows["to"].problem == ROWS_BEING_READ
            await looked_through(it.tab)
            assert it.tab.rows.is_chosen and not it.tab.rows.is_reading
            assert await it.control.messages() == []

    run(go(), 30)


# tested, copied


def test_a_test_and_a_copy_are_of_the_row_that_is_looked_at(room: Run, run: Run, table: Run) -> None:
    async def go() -> None:
        async with room() as it:
            groups_file.keep(it.config_dir, Groups((checked("Us", "kim@example.com"),), "Us", mark=True))
            await it.tab.flow.read_groups()
            tab = await choose(it, table(3))
            tab.rows.turn(3)
            tab.flow.test()
            await until(lambda: isinstance(dialog(), SendTestDialog))
            dialog().accept()
            await tab.sending.settled()
            (sent,) = await it.control.messages()
            assert sent.subject.endswith("Order 1003") and sent.subject.startswith("[TEST]")
            tab.head.send.menu.copies.copy_curl()
            await tab.work.settled()
            copied = QGuiApplication.clipboard().text()
            assert "p3@example.com" in copied and "Order 1003" in copied and "{{" not in copied

    run(go(), 30)


# sent


def test_send_asks_then_writes_every_row_down_and_empties_the_form(room: Run, run: Run, table: Run) -> None:
    async def go() -> None:
        async with room() as it:
            tab = await choose(it, table(3, "p1@example.com;Twice;X;9"))
            tab.rows.pace.at_once.choose("10")
            tab.rows.pace.per_second.choose("5")
            asked = await press_send(it)
            texts = [label.text() for label in asked.facts.findChildren(Label)]
            facts = dict(zip(texts[::2], texts[1::2], strict=True))
            assert facts["File"] == "3 of 4 rows of people.csv, 1 skipped"
            assert facts["To"].startswith("Person 1 <p1@example.com>") and "left" in facts["Quota"]
            assert asked.number is None and asked.foot_note.text() == "You have 600 s to undo it."
            asked.send_button.click()
            await tab.sending.settled()
            ((batch, undo_s, letter),) = it.batches
            assert (batch.total, batch.waiting, undo_s) == (3, 3, 600)
            assert (batch.concurrency, batch.per_second, batch.stop_at_percent) == (10, 5.0, 10)
            assert letter["rows"]["path"].endswith("people.csv")
            assert tab.is_empty and it.turned == [] and await it.control.messages() == []
            kept = DraftKeeper(it.config_dir).load()
            assert kept["sending"] == "" and kept["letter"]["rows"] is None
            rows = await it.outbox.entries(batch=batch.id)
            assert {row.outcomes[0].address.email for row in rows} == {
                "p1@example.com",
                "p2@example.com",
                "p3@example.com",
            }
            batches = await it.place.batches()
            await batches.run(batch.id)
            texts = [(await it.control.message(mail.id)).text for mail in await it.control.messages()]
            assert sorted(texts) == [f"Hello Person {n}, it goes to Lisbon." for n in (1, 2, 3)]

    run(go(), 30)


def test_rows_of_a_file_that_changed_since_do_not_go(room: Run, run: Run, table: Run) -> None:
    async def go() -> None:
        async with room() as it:
            path = table(3)
            tab = await choose(it, path)
            table(2)  # somebody is taken out of it
            await it.send()
            await looked_through(tab)
            assert "changed on disk" in tab.envelope.rows["to"].problem and tab.rows.total == 2
            assert dialog() is None and it.batches == []
            asked = await press_send(it)
            assert asked.heading.text() == "Send to 2 people?"
            asked.reject()
            await tab.sending.settled()
            path.unlink()
            await it.send()
            assert "people.csv" in tab.envelope.rows["to"].problem and it.batches == []

    run(go(), 30)


def test_back_writes_nothing_down(room: Run, run: Run, table: Run) -> None:
    async def go() -> None:
        async with room() as it:
            tab = await choose(it, table(2))
            asked = await press_send(it)
            asked.back_button.click()
            await tab.sending.settled()
            assert it.batches == [] and await it.place_batches() == [] and tab.rows.is_chosen

    run(go(), 30)


def test_for_more_than_fifty_the_number_is_typed(room: Run, run: Run, table: Run) -> None:
    async def go() -> None:
        async with room(seconds=0) as it:
            tab = await choose(it, table(51))
            asked = await press_send(it)
            assert asked.number is not None and not asked.send_button.isEnabled()
            QTest.keyClicks(asked.number.edit, "51")
            assert asked.send_button.isEnabled()
            asked.send_button.click()
            await tab.sending.settled()
            ((batch, undo_s, _),) = it.batches
            assert (batch.total, undo_s) == (51, 0) and it.turned == [("outbox", batch.id)]

    run(go(), 30)


def test_a_batch_beyond_the_quota_does_not_begin(room: Run, run: Run, table: Run) -> None:
    async def go() -> None:
        async with room() as it:
            left = guards.quota(await it.tab.desk.provider.plans(), 0).left
            tab = await choose(it, table(left + 1))
            QTest.mouseClick(tab.send_button, Qt.MouseButton.LeftButton)
            await until(lambda: tab.notices.latest or dialog())
            assert tab.notices.latest.what == f"This uses {left + 1:,} of {left:,} left."
            assert dialog() is None and await it.place_batches() == []

    run(go(), 60)


def test_the_rows_have_no_hour(room: Run, run: Run, table: Run) -> None:
    async def go() -> None:
        async with room() as it:
            tab = await choose(it, table(2))
            menu = tab.head.send.menu
            menu.aboutToShow.emit()
            later = next(action for action in menu.actions() if action.text().startswith("Send later"))
            assert not later.isEnabled() and later.toolTip() == ROWS_AT_ONCE

    run(go(), 30)


# kept


def test_the_file_its_row_and_its_pace_outlive_the_window(room: Run, run: Run, table: Run) -> None:
    async def go() -> None:
        async with room() as it:
            path = table(3)
            tab = await choose(it, path)
            tab.rows.turn(2)
            tab.rows.pace.stop_at.choose("25")
            tab.leaving()
            await tab.saver.save()
            other = ComposeTab(tab.notices, tab.open_outbox, tab.open_batches, DraftKeeper(it.config_dir))
            other.restore_kept()
            await looked_through(other)
            assert (other.rows.path, other.rows.row, other.rows.total) == (path, 2, 3)
            assert other.rows.pace.pace == Pace(4, 0, 25)
            assert other.rows.message.sentence == ""
            path.write_text("Email\nx@example.com\n")
            third = ComposeTab(tab.notices, tab.open_outbox, tab.open_batches, DraftKeeper(it.config_dir))
            third.restore_kept()
            await looked_through(third)
            assert "another one than when it was chosen" in third.rows.message.sentence
            path.unlink()
            fourth = ComposeTab(tab.notices, tab.open_outbox, tab.open_batches, DraftKeeper(it.config_dir))
            fourth.restore_kept()
            await looked_through(fourth)
            with pytest.raises(InvalidDraft):
                fourth.rows.merge(fourth.draft())
            for made in (other, third, fourth):
                await made.saver.save()
                await made.behind.settled()
                made.deleteLater()

    run(go(), 30)


@pytest.mark.parametrize("written", [True, False])
def test_a_batch_cut_off_by_closing_is_in_one_place(room: Run, run: Run, table: Run, written: bool) -> None:
    """With the rows in the ledger the form is empty at the next start, else it has the letter."""

    async def go() -> None:
        async with room() as it:
            tab = await choose(it, table(2))
            letter = tab.letter_values()
            asked = await press_send(it)
            asked.send_button.click()
            await tab.sending.settled()
            ((batch, _, _),) = it.batches
            tab.fill(letter)
            await looked_through(tab)
            tab.flow.begin(BATCH + (batch.id if written else "0" * 32), letter)
            await tab.saver.save()
            other = ComposeTab(tab.notices, tab.open_outbox, tab.open_batches, DraftKeeper(it.config_dir))
            other.restore_kept()
            other.set_desk(tab.desk)
            await other.sending.settled()
            await other.work.settled()
            await looked_through(other)
            assert other.is_empty is written and other.flow.key == ""
            tab.flow.end()
            await other.saver.save()
            await other.behind.settled()
            other.deleteLater()

    run(go(), 30)
