"""Compose, pressed like a person would, over the real services and the real sandbox on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.gui.compose_room import dialog as _dialog
from tests.gui.compose_room import opened
from turbodesk.gui.compose_tab import SAMPLE_TO, ComposeTab
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.toast import Toast
from turbodesk.model.outcome import SendState
from turbodesk.services.draft_keeper import DraftKeeper
from turbodesk.services.outbox import Outbox

Run = Callable[..., Any]
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def room(tmp_path: Path, notices: Notices, window_of: Run) -> Callable[[], Any]:
    """`async with room() as it:` a tab shown, its account open."""
    return lambda: opened(tmp_path / "config", notices, window_of)


def test_a_letter_cut_off_by_closing_is_not_offered_again(room: Run, run: Run, notices: Notices) -> None:
    async def go() -> None:
        async with room() as it:
            await it.control.set_faults([{"match": "/api/v2/mail/send", "kind": "delay", "seconds": 30}])
            it.write()
            it.tab.send_button.click()
            while not (sent := await it.outbox.entries()) or not any("left" in s.what for s in sent[0].steps):
                await asyncio.sleep(0.01)
            it.tab.leaving()
            it.tab.sending.cancel_all()
            await it.tab.sending.settled()
            kept = DraftKeeper(it.config_dir).load()
            assert kept["sending"] == sent[0].key and kept["letter"]["subject"] == "Hello"

            async def open_outbox() -> Outbox:
                return it.outbox

            again = ComposeTab(notices, open_outbox, it.place.batches, DraftKeeper(it.config_dir))
            again.restore_kept()
            assert again.envelope.subject.text() == "Hello"
            again.set_desk(it.tab.desk)
            await again.sending.settled()
            await again.work.settled()
            assert again.is_empty
            assert "on its way" in notices.latest.what
            assert DraftKeeper(it.config_dir).load()["sending"] == ""
            again.deleteLater()

    run(go(), 20)


def test_a_letter_that_never_reached_the_ledger_is_still_the_draft(room: Run, run: Run) -> None:
    async def go() -> None:
        async with room() as it:
            it.write()
            kept = {**it.tab.snapshot(), "sending": "td-neverwrittendown0000000000"}
            DraftKeeper(it.config_dir).save(kept)
            it.tab.restore_kept()
            it.tab.set_desk(it.tab.desk)
            await it.tab.sending.settled()
            assert it.tab.envelope.subject.text() == "Hello"
            assert DraftKeeper(it.config_dir).load()["sending"] == ""

    run(go())


def test_a_letter_goes_out_as_it_was_written(room: Run, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            guide = tmp_path / "guide.bin"
            guide.write_bytes(bytes(range(256)) * 40)
            it.write("ok@example.com\nhardbounce@example.com")
            tab.envelope.ask_for("bcc")
            tab.envelope.chips["bcc"].add("quiet@example.org")
            tab.envelope.ask_for("reply-to")
            tab.envelope.chips["reply-to"].add("answers@example.com")
            tab.body.html.set_text("<p>Good <b>day</b></p>")
            tab.body.headers.set_headers([("X-Campaign", "winter")])
            tab.add_files([guide])
            await tab.work.settled()
            await it.send()
            assert it.turned and it.turned[0][0] == "outbox"
            entry = (await it.outbox.entries())[0]
            assert it.turned[0][1] == entry.id and entry.state is SendState.ACCEPTED
            caught = await it.control.message((await it.control.messages())[0].id)
            assert caught.mail.subject == "Hello" and caught.html == "<p>Good <b>day</b></p>"
            assert [recipient.address.email for recipient in caught.mail.recipients] == [
                "ok@example.com",
                "hardbounce@example.com",
                "quiet@example.org",
            ]
            assert ("X-Campaign", "winter") in [tuple(pair) for pair in caught.headers]
            assert caught.attachments[0].content == guide.read_bytes()
            assert tab.is_empty and tab.head.name == "New message"
            assert tab.envelope.sender.text() == "Example Shop <news@example.com>"
            assert any("Accepted for 3." in toast.text for toast in tab.notices.window().findChildren(Toast))

    run(go(), 30)


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(room: Run, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            gone = tmp_path / "gone.txt"
            gone.write_text("x")
            it.write("tom@example,com", subject="s" * 701)
            tab.envelope.sender.setText("nobody")
            tab.body.headers.set_headers([("Bcc", "e@example.com")])
            tab.add_files([gone])
            await tab.work.settled()
            gone.unlink()
            before = tab.snapshot()["letter"]
            await it.send()
            problems = {field: row.problem for field, row in tab.envelope.rows.items() if row.problem}
            assert problems.keys() == {"from", "to", "subject"}
            assert "comma stands in the domain" in problems["to"]
            assert tab.envelope.rows["to"].mend.text() == "Use tom@example.com"
            assert tab.body.headers.message.sentence and tab.attachments.message.sentence
            assert tab.envelope.sender.hasFocus()
            assert tab.snapshot()["letter"] == before
            assert await it.outbox.entries() == [] and await it.control.messages() == []
            QTest.mouseClick(tab.envelope.rows["to"].mend, Qt.MouseButton.LeftButton)
            assert tab.envelope.chips["to"].texts() == ["tom@example.com"]
            assert tab.envelope.rows["to"].problem == ""
            tab.envelope.sender.setText("me@example.com")
            assert tab.envelope.rows["from"].problem == ""

    run(go(), 30)


@pytest.mark.parametrize(
    ("field", "spoil"),
    [
        ("to", lambda tab: tab.envelope.chips["to"].set_texts([])),
        ("from", lambda tab: tab.envelope.sender.clear()),
        ("body", lambda tab: tab.body.text.set_text("")),
        ("headers", lambda tab: tab.body.headers.set_headers([("X A", "1")])),
        ("subject", lambda tab: tab.envelope.subject.setText("x" * 800)),
    ],
)
def test_the_first_problem_has_the_focus(room: Run, run: Run, field: str, spoil: Any) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            it.write()
            spoil(tab)
            await it.send()
            focused = QApplication.focusWidget()
            where = {
                "to": tab.envelope.chips["to"],
                "from": tab.envelope.sender,
                "subject": tab.envelope.subject,
                "body": tab.body,
                "headers": tab.body.headers,
            }[field]
            assert focused is where or where.isAncestorOf(focused)
            assert focused.isVisible() and await it.outbox.entries() == []

    run(go(), 30)


def test_two_presses_send_once(room: Run, run: Run) -> None:
    async def go() -> None:
        async with room() as it:
            it.write()
            QTest.mouseDClick(it.tab.send_button, Qt.MouseButton.LeftButton)
            QTest.mouseClick(it.tab.send_button, Qt.MouseButton.LeftButton)
            it.tab.flow.send()
            assert not it.tab.send_button.isEnabled()
            await it.tab.sending.settled()
            assert it.tab.send_button.isEnabled()
            assert len(await it.control.messages()) == 1 and len(await it.outbox.entries()) == 1

    run(go(), 30)


def test_ctrl_shift_enter_sends_from_within_the_text(room: Run, run: Run, until: Any) -> None:
    async def go() -> None:
        async with room() as it:
            it.write()
            it.tab.body.turn("text")
            it.tab.body.text.setFocus()
            QTest.keyClick(it.tab.body.text, Qt.Key.Key_Return, CTRL | Qt.KeyboardModifier.ShiftModifier)
            await until(lambda: it.tab.sending.busy)
            await it.tab.sending.settled()
            assert len(await it.control.messages()) == 1

    run(go(), 30)


def test_a_lost_answer_is_told_and_not_sent_again(room: Run, run: Run, notices: Notices) -> None:
    async def go() -> None:
        async with room() as it:
            it.write("drop@example.com")
            await it.send()
            assert notices.latest is not None
            assert notices.latest.what == "It may have left; Turbodesk does not send it again by itself."
            entry = (await it.outbox.entries())[0]
            assert entry.state is SendState.UNKNOWN and it.turned == [("outbox", entry.id)]
            assert it.tab.is_empty  # a second press cannot send it twice
            assert len(await it.control.messages()) == 1

    run(go(), 30)


def test_what_could_not_leave_waits_in_the_outbox(room: Run, run: Run, notices: Notices) -> None:
    async def go() -> None:
        async with room() as it:
            await it.control.set_faults([{"match": "/api/v2", "kind": "status", "status": 429, "times": 1}])
            it.write()
            await it.send()
            assert notices.latest is not None and notices.latest.what == "Not sent yet."
            entry = (await it.outbox.entries())[0]
            assert entry.state is SendState.QUEUED and it.turned == [("outbox", entry.id)]
            assert it.tab.is_empty

    run(go(), 30)


def test_a_refused_letter_stays_to_be_mended(room: Run, run: Run, notices: Notices) -> None:
    async def go() -> None:
        async with room() as it:
            await it.control.set_faults([{"match": "/api/v2", "kind": "status", "status": 400, "times": 1}])
            it.write()
            before = it.tab.snapshot()["letter"]
            await it.send()
            assert notices.latest is not None and notices.latest.what == "The letter was refused."
            assert it.tab.snapshot()["letter"] == before and it.turned == []

    run(go(), 30)


def test_what_is_typed_while_it_goes_is_not_lost(room: Run, run: Run) -> None:
    async def go() -> None:
        async with room() as it:
            it.write()
            it.tab.flow.send()
            it.tab.envelope.subject.setText("The next one")
            await it.tab.sending.settled()
            assert it.tab.envelope.subject.text() == "The next one"
            assert (await it.control.messages())[0].subject == "Hello"

    run(go(), 30)


def test_new_asks_when_something_is_written(room: Run, run: Run, until: Any) -> None:
    async def go() -> None:
        async with room() as it:
            it.write(subject="<b>Bold</b>")
            QTest.mouseClick(it.tab.new_button, Qt.MouseButton.LeftButton)
            await until(lambda: _dialog() is not None)
            dialog = _dialog()
            assert dialog.heading.text() == "Throw away “<b>Bold</b>”?"
            dialog.reject()
            await it.tab.work.settled()
            assert it.tab.envelope.subject.text() == "<b>Bold</b>"
            it.tab.activateWindow()
            await until(it.tab.isActiveWindow)
            QTest.keySequence(it.tab, QKeySequence("Ctrl+N"))
            await until(lambda: _dialog() is not None)
            _dialog().accept()
            await it.tab.work.settled()
            assert it.tab.is_empty

    run(go(), 30)


def test_a_dropped_file_is_attached_and_html_becomes_the_html_part(
    room: Run, run: Run, tmp_path: Path
) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            page, picture = tmp_path / "guide.html", tmp_path / "tea.png"
            page.write_text("<p>Tea</p>", encoding="utf-8")
            picture.write_bytes(b"x" * 42_000)
            _drop(tab, [page])
            await tab.work.settled()
            assert tab.body.html.text() == "<p>Tea</p>" and tab.attachments.paths == []
            _drop(tab, [picture])
            await tab.work.settled()
            assert tab.attachments.paths == [picture] and tab.attachments.known[0].size_bytes == 42_000
            _drop(tab, [page])  # there is HTML already
            await tab.work.settled()
            assert tab.attachments.paths == [picture, page]
            latest = tab.notices.latest
            assert latest is not None and latest.actions[0][0] == "Use as HTML part"
            tab.body.html.set_text("<p>Other</p>")
            latest.actions[0][2]()
            await tab.work.settled()
            assert tab.body.html.text() == "<p>Tea</p>" and tab.attachments.paths == [picture]

    run(go(), 30)


def test_dragging_files_shows_the_frame(room: Run, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            given = _mime([tmp_path / "a.txt"])
            assert _drag(tab, given) and tab.drop_frame.isVisible()
            _drop(tab, [tmp_path / "a.txt"])
            assert not tab.drop_frame.isVisible()
            await tab.work.settled()

    run(go(), 30)


@pytest.mark.parametrize("what", ["missing", "folder", "unreadable"])
def test_a_file_that_cannot_be_sent_is_not_attached(room: Run, run: Run, tmp_path: Path, what: str) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            path = tmp_path / "thing"
            if what == "folder":
                path.mkdir()
            elif what == "unreadable":
                path.symlink_to(path)
            good = tmp_path / "good.txt"
            good.write_text("x")
            tab.add_files([path, good])
            await tab.work.settled()
            assert tab.attachments.paths == [good]
            assert "thing" in tab.attachments.message.sentence

    run(go(), 30)


def test_pasting_files_and_pictures_attaches_them(room: Run, run: Run, tmp_path: Path, until: Any) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            note = tmp_path / "note.txt"
            note.write_text("x")
            tab.body.html.setFocus()
            QGuiApplication.clipboard().setMimeData(_mime([note]))
            QTest.keySequence(tab.body.html, QKeySequence("Ctrl+V"))
            await tab.work.settled()
            assert tab.attachments.paths == [note] and tab.body.html.text() == ""
            picture = QImage(30, 20, QImage.Format.Format_RGB32)
            picture.fill(Qt.GlobalColor.red)
            QGuiApplication.clipboard().setImage(picture)
            for edit in (tab.envelope.subject, tab.attachments.tiles.add_tile):
                edit.setFocus()
                QTest.keySequence(edit, QKeySequence("Ctrl+V"))
                await tab.work.settled()
            names = [path.name for path in tab.attachments.paths]
            assert names == ["note.txt", "image.png", "image-2.png"]
            assert QImage(str(tab.attachments.paths[1])).pixelColor(1, 1) == Qt.GlobalColor.red
            QGuiApplication.clipboard().setText("words")
            tab.envelope.subject.setFocus()
            QTest.keySequence(tab.envelope.subject, QKeySequence("Ctrl+V"))
            assert tab.envelope.subject.text() == "words"
            kept = tab.attachments.paths[1]
            tab.clear()
            assert not kept.exists() and note.exists()

    run(go(), 30)


def test_the_meter_counts_base64_against_the_accounts_limit(room: Run, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            big = tmp_path / "big.bin"
            big.write_bytes(b"x" * 6_000_000)
            tab.add_files([big])
            await tab.work.settled()
            tab._on_rest()
            assert tab.attachments.meter.share == pytest.approx(8_000_000 / 24_000_000, rel=0.001)
            assert (
                "8.00 MB of 24 MB on the wire, base64 counted"
                in tab.attachments.meter.accessibleDescription()
            )

    run(go(), 30)


def test_nothing_is_lost_by_closing(room: Run, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            page = tmp_path / "a.txt"
            page.write_text("x")
            it.write("ok@example.com\ntom@example,com")
            tab.envelope.set_texts("bcc", ["quiet@example.org"])
            tab.envelope.chips["cc"].edit.setText("half@exam")
            tab.body.html.set_text("<p>\ud800 Tea</p>")
            tab.body.headers.set_headers([("X-A", "1")])
            tab.add_files([page])
            await tab.work.settled()
            tab.leaving()
            wanted = tab.snapshot()["letter"]
            page.unlink()
            other = ComposeTab(tab.notices, tab.open_outbox, it.place.batches, DraftKeeper(it.config_dir))
            other.restore_kept()
            await other.work.settled()
            again = other.snapshot()["letter"]
            assert again["cc"] == ["half@exam", ""]  # what was being typed is a chip now
            assert {**again, "cc": 0} == {**wanted, "cc": 0}
            assert other.attachments.tiles.pieces[0].problem and not other.envelope.rows["bcc"].isHidden()
            await other.letter.preview.settled()
            other.deleteLater()

    run(go(), 30)


def test_the_draft_is_written_to_disk_a_little_after_the_last_key(room: Run, run: Run, until: Any) -> None:
    async def go() -> None:
        async with room() as it:
            it.tab.saver.timer.setInterval(10)
            it.write(subject="Kept")
            path = it.config_dir / "draft.json"
            await until(lambda: path.exists() and json.loads(path.read_text())["letter"]["subject"] == "Kept")
            it.tab.clear()
            assert json.loads(path.read_text())["letter"]["subject"] == ""

    run(go(), 30)


@pytest.mark.parametrize(
    "snapshot",
    [
        {},
        {"format": 99},
        {"format": 1},
        {"format": 1, "letter": 7},
        {"format": 1, "letter": {"to": "x", "headers": [1]}},
        {
            "format": 1,
            "letter": {"from": None, "html": 3, "attachments": [None]},
            "senders": [],
            "remembered": {},
        },
    ],
)
def test_a_strange_snapshot_does_no_harm(room: Run, run: Run, snapshot: dict[str, Any]) -> None:
    async def go() -> None:
        async with room() as it:
            it.tab.restore(snapshot)
            assert it.tab.is_empty

    run(go(), 30)


def test_text_part_is_made_from_the_html(room: Run, run: Run) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            tab.body.turn("text")
            assert not tab.body.make_button.isEnabled()
            tab.body.html.set_text('<h1>Tea</h1><p><a href="https://example.com/">Open</a></p>')
            QTest.mouseClick(tab.body.make_button, Qt.MouseButton.LeftButton)
            await tab.work.settled()
            assert tab.body.text.text() == "Tea\n\nOpen (https://example.com/)"
            tab.body.text.undo()
            assert tab.body.text.text() == ""

    run(go(), 30)


def test_the_sample_is_a_letter_that_can_be_sent(room: Run, run: Run) -> None:
    async def go() -> None:
        async with room() as it:
            it.tab.fill_sample()
            await it.tab.work.settled()
            await it.send()
            caught = await it.control.message((await it.control.messages())[0].id)
            assert [recipient.address.email for recipient in caught.mail.recipients] == list(SAMPLE_TO)
            assert caught.attachments[0].name == "order-guide.csv" and "Open the guide" in caught.text

    run(go(), 30)


def test_tracking_is_shown_as_the_account_has_it(room: Run, run: Run) -> None:
    async def go() -> None:
        async with room() as it:
            words = [label.text() for label in it.tab.tracking._words.values()]
            assert it.tab.tracking.isVisible() and set(words) <= {"on", "off"}
            await it.tab.desk.provider.set_tracking("open-tracking", words[0] != "on")
            it.tab.first = False
            it.tab.shown()
            await it.tab.work.settled()
            assert it.tab.tracking._words["open-tracking"].text() != words[0]
            it.tab.set_desk(None)
            assert not it.tab.tracking.isVisible() and not it.tab.send_button.isEnabled()

    run(go(), 30)


def test_the_subject_takes_no_line_breaks_and_is_counted(room: Run, run: Run) -> None:
    async def go() -> None:
        async with room() as it:
            subject = it.tab.envelope.subject
            subject.setFocus()
            QGuiApplication.clipboard().setText("one\r\ntwo\u2028three")
            QTest.keySequence(subject, QKeySequence("Ctrl+V"))
            assert not set("\r\n\u2028") & set(subject.text()) and subject.text().startswith("one")
            subject.setText("x" * 701)
            assert it.tab.envelope._counter.text() == "701 / 700"

    run(go(), 30)


def test_a_huge_line_does_not_stop_the_editor(room: Run, run: Run) -> None:
    async def go() -> None:
        async with room() as it:
            loop = asyncio.get_running_loop()
            begun = loop.time()
            it.tab.body.html.set_text("a" * 1_000_000)
            it.tab._on_rest()
            await it.tab.letter.preview.settled()
            await asyncio.sleep(0)  # what was posted meanwhile
            assert loop.time() - begun < 8
            assert "shown as text" in it.tab.letter.preview.caption.text()

    run(go(), 30)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (900, 600)])
def test_it_fits(
    room: Run, run: Run, grab: Run, themer: Any, window_of: Run, theme: str, width: int, height: int
) -> None:
    async def go() -> None:
        async with room() as it:
            themer.pin(theme)
            it.tab.resize(width, height - 79)
            it.tab.fill_sample()
            it.tab.envelope.chips["to"].add("tom@example,com")
            await it.tab.work.settled()
            it.tab._on_rest()
            await it.tab.letter.preview.settled()
            await asyncio.sleep(0)  # what was posted meanwhile
            grab(it.tab, f"compose-{width}-{theme}")
            for part in (it.tab.send_button, it.tab.body.html, it.tab.attachments, it.tab.letter.preview):
                corner = part.mapTo(it.tab, part.rect().bottomRight())
                assert it.tab.rect().contains(corner), part
            assert it.tab.body.html.height() >= 90

    run(go(), 30)


def _mime(paths: list[Path]) -> QMimeData:
    given = QMimeData()
    given.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return given


def _drag(tab: ComposeTab, given: QMimeData) -> bool:
    copy, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(tab.rect().center(), copy, given, button, Qt.KeyboardModifier(0))
    QApplication.sendEvent(tab, enter)
    return enter.isAccepted()


def _drop(tab: ComposeTab, paths: list[Path]) -> None:
    given = _mime(paths)  # the event keeps no hold of it
    assert _drag(tab, given)
    where, button, none = QPointF(tab.rect().center()), Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0)
    QApplication.sendEvent(tab, QDropEvent(where, Qt.DropAction.CopyAction, given, button, none))


def test_all_files_of_one_drop_that_cannot_be_sent_are_said(room: Run, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            folder, good = tmp_path / "pictures", tmp_path / "good.txt"
            folder.mkdir()
            good.write_text("x")
            tab.add_files([tmp_path / "missing.txt", folder, good])
            await tab.work.settled()
            said = tab.attachments.message.sentence
            assert "missing.txt" in said and "pictures" in said
            assert tab.attachments.paths == [good]

    run(go(), 30)
