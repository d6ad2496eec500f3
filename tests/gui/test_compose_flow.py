"""Letters that can be taken back, wait for their hour, or are tests; drafts that meet changed files."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMenu
from shiboken6 import delete

from tests.gui.compose_room import Room, dialog, opened
from turbodesk.errors import FileTrouble
from turbodesk.gui.compose_tab import ComposeTab
from turbodesk.gui.confirm_send import ConfirmSend
from turbodesk.gui.later_dialog import LaterDialog
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.toast import Toast
from turbodesk.gui.request_dialog import RequestDialog
from turbodesk.gui.send_flow import UNDO_TIMES, UndoTime
from turbodesk.gui.template_dialog import TemplateDialog
from turbodesk.gui.test_dialogs import GroupDialog, SendTestDialog
from turbodesk.model.outcome import Hold, SendState
from turbodesk.services import test_groups as groups_file
from turbodesk.services.draft_keeper import DraftKeeper
from turbodesk.services.templates import Template, Templates
from turbodesk.services.test_groups import Groups, checked
from turbodesk.store.entry import Entry

Run = Callable[..., Any]
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LONG = 600  # seconds of undo: never over by itself within a test


@pytest.fixture
def room(tmp_path: Path, notices: Notices, window_of: Run) -> Callable[..., Any]:
    """`async with room() as it:` a tab whose letters can be taken back for ten minutes."""

    @asynccontextmanager
    async def made(seconds: int = LONG) -> AsyncIterator[Room]:
        async with opened(tmp_path / "config", notices, window_of, UndoTime(seconds)) as it:
            it.offered = []
            it.tab.undo_offered.connect(it.offered.append)
            yield it

    return made


async def queued(it: Room) -> Entry:
    """Presses Send; the entry that waits comes back."""
    await it.send()
    assert len(it.offered) == 1
    entry: Entry = it.offered.pop()
    return entry


def choose(menu: QMenu, *words: str) -> None:
    """Takes an action of a menu, by the beginnings of its words, as its user would."""
    menu.aboutToShow.emit()
    action = next(it for it in menu.actions() if it.text().startswith(words[0]))
    if len(words) > 1:
        choose(action.menu(), *words[1:])
    else:
        assert action.isEnabled(), action.toolTip()
        action.trigger()


# taken back


def test_a_letter_waits_and_comes_back_whole(room: Run, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            guide = tmp_path / "guide.pdf"
            guide.write_bytes(b"one")
            it.write("ok@example.com\nhardbounce@example.com")
            tab.envelope.set_texts("bcc", ["quiet@example.org"])
            tab.body.html.set_text("<p>Good day</p>")
            tab.body.headers.set_headers([("X-A", "1")])
            tab.add_files([guide])
            await tab.work.settled()
            before = tab.letter_values()
            entry = await queued(it)
            assert entry.state is SendState.QUEUED and entry.hold is Hold.UNDO
            assert entry.not_before is not None
            assert entry.not_before - datetime.now(UTC) > timedelta(seconds=LONG - 60)
            assert tab.is_empty and it.turned == [] and await it.control.messages() == []
            taken, draft = await it.outbox.take_back(entry.id)
            assert taken.state is SendState.CANCELLED and draft is not None
            await tab.restore_draft(draft)
            await tab.work.settled()
            assert tab.letter_values() == before
            assert not tab.attachments.strangers
            assert it.turned == [("compose", None)]
            kept = DraftKeeper(it.config_dir).load()
            assert kept["letter"] == before and kept["sending"] == ""

    run(go(), 30)


def test_what_was_typed_meanwhile_is_put_aside_and_comes_back(room: Run, run: Run) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            it.write(subject="First")
            entry = await queued(it)
            it.write(subject="Second", text="Other words")
            second = tab.letter_values()
            _, draft = await it.outbox.take_back(entry.id)
            await tab.restore_draft(draft)
            assert tab.envelope.subject.text() == "First"
            assert tab.notices.latest.what == "“Second” was put aside."
            open_it = tab.notices.latest.actions[0][2]
            assert DraftKeeper(it.config_dir).load()["aside"] == [second]
            other = ComposeTab(tab.notices, tab.open_outbox, it.place.batches, DraftKeeper(it.config_dir))
            other.restore_kept()  # it outlives the window
            choose(other.head.send.menu, "Put aside", "Second")
            assert other.letter_values() == second
            assert [it["subject"] for it in other.aside.letters] == ["First"]
            other.deleteLater()
            open_it()
            assert tab.letter_values() == second

    run(go(), 30)


def test_files_that_are_gone_come_back_from_the_outbox(room: Run, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            guide, terms = tmp_path / "guide.pdf", tmp_path / "terms.txt"
            guide.write_bytes(b"guide")
            terms.write_bytes(b"terms")
            picture = QImage(30, 20, QImage.Format.Format_RGB32)
            picture.fill(Qt.GlobalColor.red)
            it.write()
            tab.files.add_picture(picture)
            await tab.work.settled()
            tab.add_files([guide, terms])
            await tab.work.settled()
            pasted = tab.attachments.paths[0].read_bytes()
            entry = await queued(it)
            assert not (it.config_dir / "draft-files").exists()  # the pasted picture went with the letter
            guide.unlink()
            terms.write_bytes(b"other terms")
            _, draft = await it.outbox.take_back(entry.id)
            await tab.restore_draft(draft)
            await tab.work.settled()
            image, again, changed = tab.attachments.tiles.pieces
            assert image.path.read_bytes() == pasted and not image.tone
            assert again.path.name == "guide.pdf" and again.path.read_bytes() == b"guide" and not again.tone
            assert changed.path == terms and "terms.txt changed" in changed.changed  # the person decides

    run(go(), 30)


def test_an_undo_time_that_is_over_sends_and_tells(room: Run, run: Run, until: Any) -> None:
    async def go() -> None:
        async with room(1) as it:
            it.write()
            entry = await queued(it)
            sending = await it.place.sending(1)
            running = asyncio.create_task(sending.run())
            toasts = it.tab.notices.window
            await until(lambda: any("Accepted for 1." in t.text for t in toasts().findChildren(Toast)), 10)
            assert (await it.outbox.entry(entry.id)).state is SendState.ACCEPTED
            assert len(await it.control.messages()) == 1
            running.cancel()
            await asyncio.wait([running])

    run(go(), 30)


def test_a_refused_letter_can_be_written_again(room: Run, run: Run, until: Any, notices: Notices) -> None:
    async def go() -> None:
        async with room() as it:
            it.write()
            before = it.tab.letter_values()
            entry = await queued(it)
            await it.control.set_faults([{"match": "/api/v2", "kind": "status", "status": 400, "times": 1}])
            await it.outbox.send_again(entry.id)
            await until(lambda: notices.latest is not None)
            assert notices.latest.what == "The letter was refused."
            assert [label for label, _, _ in notices.latest.actions] == ["Write it again", "Show in Outbox"]
            notices.latest.actions[0][2]()
            await until(lambda: not it.tab.is_empty)
            assert it.tab.letter_values() == before

    run(go(), 30)


def test_a_letter_queued_when_the_window_died_is_offered_for_undo(room: Run, run: Run) -> None:
    async def go() -> None:
        async with room() as it:
            it.write()
            entry = await queued(it)
            kept = {**it.tab.snapshot(), "letter": await it.outbox.draft(entry.id), "sending": entry.key}
            it.tab.restore(kept)  # as on disk, had it died between ledger and form
            assert not it.tab.is_empty
            it.tab.set_desk(it.tab.desk)
            await it.tab.sending.settled()
            assert it.tab.is_empty and [one.id for one in it.offered] == [entry.id]

    run(go(), 30)


def test_the_undo_time_is_chosen_in_the_menu_and_remembered(room: Run, run: Run) -> None:
    async def go() -> None:
        async with room(5) as it:
            remembered: list[int] = []
            it.tab.flow.undo.remember = remembered.append
            menu = it.tab.head.send.menu
            choose(menu, "Time to undo", "20 seconds")
            choose(menu, "Time to undo", "Off")
            assert remembered == [20, 0] and it.tab.flow.undo.seconds == 0
            menu.fill()
            times = next(a for a in menu.actions() if a.text() == "Time to undo").menu().actions()
            assert len(times) == len(UNDO_TIMES) and [a.isChecked() for a in times] == [True] + [False] * 4
            it.write()
            await it.send()
            assert it.offered == [] and len(await it.control.messages()) == 1  # it left at once

    run(go(), 30)


def test_what_was_written_after_send_was_pressed_outlives_a_crash(
    room: Run, run: Run, notices: Notices
) -> None:
    async def go() -> None:
        async with room(0) as it:
            await it.control.set_faults([{"match": "/api/v2/mail/send", "kind": "delay", "seconds": 30}])
            it.write()
            it.tab.flow.send()
            while not (sent := await it.outbox.entries()) or not any("left" in s.what for s in sent[0].steps):
                await asyncio.sleep(0.01)
            it.tab.envelope.subject.setText("The next one")
            it.tab.keep_draft()  # the last that reached the disk before it died
            other = ComposeTab(notices, it.tab.open_outbox, it.place.batches, DraftKeeper(it.config_dir))
            other.restore_kept()
            it.tab.sending.cancel_all()
            await it.tab.sending.settled()
            other.set_desk(it.tab.desk)
            await other.sending.settled()
            assert other.envelope.subject.text() == "The next one"
            assert "on its way" in notices.latest.what
            assert DraftKeeper(it.config_dir).load()["sending"] == ""
            other.behind.cancel_all()
            await other.behind.settled()
            await other.work.settled()
            other.deleteLater()

    run(go(), 30)


@pytest.mark.parametrize("steps", [0, 1], ids=["about to be", "being"])
def test_a_tab_may_end_as_its_draft_is_saved(room: Run, run: Run, steps: int) -> None:
    async def go() -> None:
        async with room() as it:
            tab = it.tab
            other = ComposeTab(tab.notices, tab.open_outbox, tab.open_batches, DraftKeeper(it.config_dir))
            other.saver.timer.timeout.emit()
            for _ in range(steps):
                await asyncio.sleep(0)
            assert other.behind.busy
            delete(other)
            await other.behind.settled()

    run(go(), 30)


# many, later


def test_many_are_asked_about_under_the_lock(room: Run, run: Run, until: Any) -> None:
    async def go() -> None:
        async with room() as it:
            locked = replace(it.tab.desk.profile, locked=True)
            it.outbox._guarded = lambda: locked  # the sandbox's own profile keeps no guards on disk
            it.tab.renew_desk(replace(it.tab.desk, profile=locked))
            it.write("\n".join(f"a{n}@example.com" for n in range(6)))
            for said in (False, True):
                QTest.mouseClick(it.tab.send_button, Qt.MouseButton.LeftButton)
                await until(lambda: dialog() is not None)
                asked = dialog()
                assert isinstance(asked, ConfirmSend) and asked.heading.text() == "Send to 6 people?"
                assert asked.foot_note.text() == f"You have {LONG} s to undo it."
                (asked.accept if said else asked.reject)()
                await it.tab.sending.settled()
                assert len(it.offered) == said and it.tab.is_empty is said

    run(go(), 30)


def test_a_letter_goes_at_its_hour(room: Run, run: Run, until: Any) -> None:
    async def go() -> None:
        async with room() as it:
            it.write()
            choose(it.tab.head.send.menu, "Send later")
            await until(lambda: dialog() is not None)
            asked = dialog()
            assert isinstance(asked, LaterDialog)
            asked.presets[0].click()
            await until(lambda: it.tab.is_empty)
            await it.tab.sending.settled()
            (entry,) = await it.outbox.entries()
            assert entry.hold is Hold.TIME and entry.not_before == asked.at
            assert timedelta(minutes=55) < entry.not_before - datetime.now(UTC) < timedelta(minutes=65)
            assert it.offered == [] and await it.control.messages() == []

    run(go(), 30)


def test_a_moment_that_has_passed_is_not_taken(window_of: Run, run: Run) -> None:
    async def go() -> None:
        now = [datetime.now(UTC)]
        asked = LaterDialog(None, "Guide", now=lambda: now[0])
        window_of(asked, 440, 360)
        assert asked.zone.text() and asked.foot_note.text()
        now[0] += timedelta(days=2)  # it stood open
        asked.act.click()
        assert asked.at is None and asked.message.sentence.startswith("That moment has passed.")
        asked.day.setDate(asked.day.date().addDays(4))
        assert asked.message.sentence == ""
        asked.act.click()
        assert asked.at is not None and asked.at > now[0]

    run(go())


# tests


def test_the_first_test_asks_who_the_testers_are(room: Run, run: Run, until: Any) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            it.write("customer@example.com", subject="Guide")
            tab.envelope.set_texts("bcc", ["quiet@example.org"])
            before = tab.letter_values()
            tab.body.turn("text")
            tab.body.text.setFocus()
            QTest.keyClick(tab.body.text, Qt.Key.Key_Return, CTRL)
            await until(lambda: isinstance(dialog(), GroupDialog))
            asked = dialog()
            asked.testers.setPlainText("anna@example.com, tom@example,com")
            asked.keep_button.click()
            assert "comma stands in the domain" in asked.message.sentence
            asked.testers.setPlainText("Anna <anna@example.com>\nben@example.org")
            asked.keep_button.click()
            await until(lambda: isinstance(dialog(), SendTestDialog))
            asked = dialog()
            assert asked.heading.text() == "Test to 2 testers?"
            assert asked.testers.text() == "Anna <anna@example.com>, ben@example.org"
            QTest.keyClick(asked, Qt.Key.Key_Return)
            await tab.sending.settled()
            (caught,) = await it.control.messages()
            mail = (await it.control.message(caught.id)).mail
            assert mail.subject == "[TEST] Guide"
            assert [r.address.email for r in mail.recipients] == ["anna@example.com", "ben@example.org"]
            headers = dict((await it.control.message(caught.id)).headers)
            assert len(headers["X-Turbodesk-Test"]) == 9
            assert tab.letter_values() == before and it.turned == [] and it.offered == []
            assert tab.head.test_button.text() == "Test to 2 testers"
            assert groups_file.load(it.config_dir).current == tab.flow.groups.current

    run(go(), 30)


def test_a_test_without_the_mark_to_another_group(room: Run, run: Run, until: Any) -> None:
    async def go() -> None:
        async with room() as it:
            kept = (
                Groups()
                .with_group(checked("Us", "a@example.com"))
                .with_group(checked("Shop", "b@example.com"))
            )
            groups_file.keep(it.config_dir, kept)
            await it.tab.flow.read_groups()
            it.write(subject="Guide")
            it.tab.head.test_button.click()
            await until(lambda: isinstance(dialog(), SendTestDialog))
            asked = dialog()
            asked.choice.choose("Us")
            asked.mark.setChecked(False)
            assert "“Guide” goes to Us at once." in asked.says.text()
            asked.send_button.click()
            await it.tab.sending.settled()
            (caught,) = await it.control.messages()
            mail = (await it.control.message(caught.id)).mail
            assert mail.subject == "Guide" and mail.recipients[0].address.email == "a@example.com"
            found = groups_file.load(it.config_dir)
            assert found.chosen == "Us" and found.mark is False

    run(go(), 30)


def test_a_group_is_changed_and_deleted_from_the_menu(room: Run, run: Run, until: Any) -> None:
    async def go() -> None:
        async with room() as it:
            groups_file.keep(it.config_dir, Groups().with_group(checked("Us", "a@example.com")))
            await it.tab.flow.read_groups()
            choose(it.tab.head.send.menu, "Testers")
            await until(lambda: isinstance(dialog(), GroupDialog))
            dialog().name.setText("We")
            dialog().keep_button.click()
            await it.tab.work.settled()
            assert [g.name for g in groups_file.load(it.config_dir).groups] == ["We"]
            choose(it.tab.head.send.menu, "Testers")
            await until(lambda: isinstance(dialog(), GroupDialog))
            asked = dialog()
            asked._on_delete()
            await until(lambda: dialog() not in (None, asked))
            assert dialog().heading.text() == "Delete the group “We”?"
            dialog().accept()
            await it.tab.work.settled()
            assert groups_file.load(it.config_dir).groups == ()
            assert it.tab.head.test_button.text() == "Test"

    run(go(), 30)


def test_what_is_wrong_with_a_letter_stops_its_test(room: Run, run: Run, until: Any) -> None:
    async def go() -> None:
        async with room() as it:
            groups_file.keep(it.config_dir, Groups().with_group(checked("Us", "a@example.com")))
            await it.tab.flow.read_groups()
            it.tab.envelope.sender.clear()
            it.tab.flow.test()
            await until(lambda: isinstance(dialog(), SendTestDialog))
            dialog().accept()
            await it.tab.sending.settled()
            assert it.tab.envelope.rows["from"].problem and it.tab.envelope.rows["to"].problem == ""
            assert await it.outbox.entries() == []

    run(go(), 30)


# attachments that changed


def test_a_changed_attachment_is_never_sent_in_silence(room: Run, run: Run, tmp_path: Path) -> None:
    async def go() -> None:
        async with room(0) as it:
            tab: ComposeTab = it.tab
            guide = tmp_path / "guide.pdf"
            guide.write_bytes(b"x" * 1_800_000)
            it.write()
            tab.add_files([guide])
            await tab.work.settled()
            guide.write_bytes(b"x" * 2_100_000)
            said = "guide.pdf changed since it was attached: 1.8 MB then, 2.1 MB now. "
            for _ in range(2):  # pressing again confirms nothing
                await it.send()
                assert tab.attachments.message.sentence == f"{said}Attach it again or remove it."
                tile = tab.attachments.tiles.tiles[0]
                assert tile.piece.tone == "warning" and "2.10 MB, was 1.80 MB" in tile.accessibleName()
                assert tile.hasFocus() and await it.outbox.entries() == []
            guide.write_bytes(b"x" * 2_200_000)  # it changes again while the question stands
            QTest.keyClick(tile, Qt.Key.Key_Return)  # yes to 2.1 MB
            await it.send()
            assert "2.1 MB then, 2.2 MB now" in tab.attachments.message.sentence
            assert await it.outbox.entries() == []
            QTest.mouseClick(tab.attachments.message._link, Qt.MouseButton.LeftButton)
            assert tab.attachments.message.sentence == ""
            await it.send()
            (caught,) = await it.control.messages()
            assert len((await it.control.message(caught.id)).attachments[0].content) == 2_200_000

    run(go(), 30)


def test_files_that_changed_while_the_window_was_shut_are_one_notice(
    room: Run, run: Run, tmp_path: Path, notices: Notices
) -> None:
    async def go() -> None:
        async with room() as it:
            paths = [tmp_path / name for name in ("a.txt", "b.txt", "c.txt")]
            for path in paths:
                path.write_text("one")
            it.tab.add_files(paths)
            await it.tab.work.settled()
            it.tab.keep_draft()
            paths[0].unlink()
            paths[1].write_text("other")
            other = ComposeTab(notices, it.tab.open_outbox, it.place.batches, DraftKeeper(it.config_dir))
            other.restore_kept()
            await other.work.settled()
            (told,) = [one for one in notices.standing if one.key == "attachments"]
            assert told.what == "2 attachments changed or are gone since they were attached."
            assert told.why == "a.txt, b.txt"
            gone, changed, same = other.attachments.tiles.pieces
            assert gone.problem == "a.txt is not there. It had 3 bytes when it was attached."
            assert changed.changed and not same.tone
            kept = json.loads(json.dumps(other.letter_values()))["attachments"]
            assert [one["size"] for one in kept] == [3, 3, 3]  # as they were, until somebody says yes
            told.actions[1][2]()  # Remove
            assert other.attachments.paths == [paths[2]]
            other.behind.cancel_all()
            await other.behind.settled()
            other.deleteLater()

    run(go(), 30)


# on disk


def test_typing_does_not_wait_for_the_disk(room: Run, run: Run, until: Any) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            tab.saver.timer.setInterval(1)
            with tab.saver.keeper.writing:  # the disk does not answer
                it.write(subject="one")
                await until(lambda: tab.saver._busy)
                tab.envelope.subject.setFocus()
                QTest.keyClicks(tab.envelope.subject, " two")
                assert tab.envelope.subject.text() == "one two"
            await until(
                lambda: DraftKeeper(it.config_dir).load().get("letter", {}).get("subject") == "one two"
            )
            assert "Draft saved" in tab.head.title.text()

    run(go(), 30)


def test_a_draft_that_cannot_be_kept_is_told(room: Run, run: Run, until: Any, notices: Notices) -> None:
    async def go() -> None:
        async with room() as it:
            (it.config_dir / "draft.json").unlink(missing_ok=True)
            (it.config_dir / "draft.json").mkdir()
            it.tab.saver.timer.setInterval(1)
            it.write()
            await until(lambda: notices.latest is not None)
            assert "draft.json" in notices.latest.what and "Not saved" in it.tab.head.title.text()

    run(go(), 30)


# a file that is followed


def test_the_letter_follows_its_file_until_it_is_edited(
    room: Run, run: Run, until: Any, tmp_path: Path, notices: Notices
) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            html, page = tab.body.html, tmp_path / "guide.html"
            page.write_bytes(b"<p>one</p>\r\n<p>two</p>")
            tab.html_watch.every_s = 0.01
            tab.add_files([page])
            await tab.work.settled()
            assert html.text() == "<p>one</p>\n<p>two</p>" and not tab.html_watch.edited
            assert tab.html_watch.button.isVisible() and not tab.body.file_button.isVisible()
            page.write_text("<p>three</p>")
            await until(lambda: html.text() == "<p>three</p>")
            html.set_text("<p>mine</p>")
            page.write_text("<p>four</p>")
            await until(lambda: notices.latest is not None)
            assert "guide.html changed on disk" in notices.latest.what and html.text() == "<p>mine</p>"
            notices.take_back(notices.latest)
            page.write_text("<p>five</p>")  # mine was kept; the next change asks again
            await until(lambda: notices.latest is not None)
            assert html.text() == "<p>mine</p>"
            await tab.html_watch.open(page)  # Read it again now
            assert html.text() == "<p>five</p>" and notices.latest is None
            html.undo()
            assert html.text() == "<p>mine</p>"  # what was written by hand is one undo away

    run(go(), 30)


def test_a_file_that_is_gone_is_told_and_met_again(
    room: Run, run: Run, until: Any, tmp_path: Path, notices: Notices
) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            page = tmp_path / "guide.html"
            page.write_text("<p>one</p>")
            tab.html_watch.every_s = 0.005
            tab.add_files([page])
            await tab.work.settled()
            page.unlink()
            await until(lambda: notices.latest is not None)
            assert notices.latest.what == "guide.html is not there any more."
            assert tab.html_watch.button.accessibleName() == "guide.html is gone"
            page.write_text("<p>back</p>")
            await until(lambda: tab.body.html.text() == "<p>back</p>")
            assert notices.latest is None
            assert tab.html_watch.button.accessibleName() == "Watching guide.html"
            choose(tab.html_watch.menu(), "Stop watching")
            assert tab.html_watch.path is None and tab.body.file_button.isVisible()
            assert tab.letter_values()["watching"] is None

    run(go(), 30)


@pytest.mark.parametrize("edited", [False, True])
def test_a_file_that_changed_while_the_window_was_shut_is_met(
    room: Run, run: Run, until: Any, tmp_path: Path, notices: Notices, edited: bool
) -> None:
    async def go() -> None:
        async with room() as it:
            page = tmp_path / "guide.html"
            page.write_text("<p>one</p>")
            it.tab.add_files([page])
            await it.tab.work.settled()
            if edited:
                it.tab.body.html.set_text("<p>mine</p>")
            it.tab.keep_draft()
            page.write_text("<p>two</p>")
            other = ComposeTab(notices, it.tab.open_outbox, it.place.batches, DraftKeeper(it.config_dir))
            other.restore_kept()
            if edited:
                await until(lambda: notices.latest is not None)
                assert "edited here since" in notices.latest.what
                notices.latest.actions[0][2]()  # Take the file's
            await until(lambda: other.body.html.text() == "<p>two</p>")
            other.behind.cancel_all()
            await other.behind.settled()
            await other.work.settled()
            await other.letter.preview.settled()
            other.deleteLater()

    run(go(), 30)


# templates


def test_a_letter_becomes_a_template_and_begins_from_one(room: Run, run: Run, until: Any) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            it.write(subject="Guide for {{ month }}!", text="Hello")
            tab.body.html.set_text("<p>Hello</p>")
            choose(tab.head.send.menu, "Templates", "Save this letter")
            await until(lambda: isinstance(dialog(), TemplateDialog))
            asked = dialog()
            assert asked.field.text() == "guide-for"
            asked.field.setText("a/b")
            asked.keep_button.click()
            assert asked.field.message.sentence and dialog() is asked
            asked.field.setText("guide")
            asked.keep_button.click()
            await tab.work.settled()
            kept = Templates(it.config_dir).load("guide")
            assert kept == Template("guide", "Guide for {{ month }}!", "<p>Hello</p>", "Hello")
            tab.envelope.subject.setText("Another")
            choose(tab.head.send.menu, "Templates", "guide")
            await tab.work.settled()
            assert tab.envelope.subject.text() == "Guide for {{ month }}!"
            assert tab.envelope.chips["to"].texts() == ["ok@example.com"]  # only what a template holds
            assert tab.aside.letters[0]["subject"] == "Another"

    run(go(), 30)


def test_a_broken_template_is_told(room: Run, run: Run, notices: Notices) -> None:
    async def go() -> None:
        async with room() as it:
            folder = it.config_dir / "templates"
            folder.mkdir()
            (folder / "bad.txt").write_bytes(b"Subject: \xff\n\n")
            await it.tab.templates.read()
            choose(it.tab.head.send.menu, "Templates", "bad")
            await it.tab.work.settled()
            assert "bad.txt is not written in UTF-8" in notices.latest.what
            assert it.tab.is_empty

    run(go(), 30)


def test_the_head_says_what_there_is_room_for(room: Run, run: Run, settle: Run) -> None:
    async def go() -> None:
        async with room() as it:
            head = it.tab.head
            it.tab.flow._show_groups(Groups().with_group(checked("Us", "a@example.com, b@example.com")))
            it.write(subject="Your November order guide")
            it.tab.keep_draft()
            long = ("Test to 2 testers", "  Draft saved")
            for width, (test, saved) in ((1280, long), (900, long), (760, ("Test", "  Saved"))):
                it.tab.resize(width, 520)
                settle()
                assert head.test_button.text() == test and saved in head.title.text()
                assert it.tab.tracking.isVisible() is (width == 1280)
                assert head.title.width() >= head.title.sizeHint().width(), "it is cut"
                assert head.send.geometry().right() < head.width()
            assert head.test_button.accessibleName() == "Test to 2 testers of Us"

    run(go(), 30)


# as other programs have it


def test_a_dry_run_shows_the_request_and_sends_nothing(room: Run, run: Run, until: Any) -> None:
    async def go() -> None:
        async with room() as it:
            it.write(subject="Guide", text="Good day")
            before = it.tab.letter_values()
            for way in ("api", "smtp"):
                it.tab.way.choose(way)
                choose(it.tab.head.send.menu, "Dry run")
                await until(lambda: isinstance(dialog(), RequestDialog))
                asked = dialog()
                for key in ("text", "curl", "python"):
                    asked.show_spelling(key)
                    shown = asked.shown_text.toPlainText()
                    assert "Good day" in shown and "ok@example.com" in shown
                    asked.copy_button.click()
                    assert QGuiApplication.clipboard().text() == shown
                asked.reject()
                await it.tab.work.settled()
            assert it.tab.letter_values() == before
            assert await it.control.messages() == [] and await it.outbox.entries() == []

    run(go(), 30)


def test_what_is_wrong_stops_a_dry_run_at_its_field(room: Run, run: Run) -> None:
    async def go() -> None:
        async with room() as it:
            it.write("tom@example,com")
            it.tab.head.send.menu.copies.dry_run()
            await it.tab.work.settled()
            assert "comma" in it.tab.envelope.rows["to"].problem and dialog() is None

    run(go(), 30)


def test_a_request_is_copied_without_secrets(room: Run, run: Run) -> None:
    async def go() -> None:
        async with room() as it:
            it.write()
            for kind, begins in (("Copy as cURL", "curl "), ("Copy as Python", "import ")):
                choose(it.tab.head.send.menu, kind)
                await it.tab.work.settled()
                text = QGuiApplication.clipboard().text()
                assert text.startswith(begins) and '"authpass":"<PASSWORD>"' in text

    run(go(), 30)


def test_a_letter_is_saved_as_a_mail_file_and_read_back(
    room: Run, run: Run, until: Any, tmp_path: Path
) -> None:
    async def go() -> None:
        async with room() as it:
            tab: ComposeTab = it.tab
            guide = tmp_path / "guide.pdf"
            guide.write_bytes(b"%PDF guide")
            it.write(subject="Guide für dich", text="Good day")
            tab.body.html.set_text("<p>Good day</p>")
            tab.add_files([guide])
            await tab.work.settled()
            choose(tab.head.send.menu, "Save as EML")
            await until(lambda: _file_dialog() is not None)
            picker = _file_dialog()
            assert picker.selectedFiles()[0].endswith("guide-für-dich.eml")
            _pick(picker, tmp_path / "out.eml")
            await tab.work.settled()
            assert b"guide.pdf" in (tmp_path / "out.eml").read_bytes()
            tab.envelope.subject.setText("Another")
            choose(tab.head.send.menu, "Open EML")
            await until(lambda: _file_dialog() is not None)
            picker = _file_dialog()
            _pick(picker, tmp_path / "out.eml")
            await tab.work.settled()
            assert tab.envelope.subject.text() == "Guide für dich"
            assert tab.body.html.text().strip() == "<p>Good day</p>"
            assert tab.envelope.chips["to"].texts() == ["ok@example.com"]
            assert tab.attachments.paths[0].read_bytes() == b"%PDF guide"
            assert tab.aside.letters[0]["subject"] == "Another"
            (tmp_path / "no.eml").write_bytes(b"\x00\x01")
            with pytest.raises(FileTrouble):
                await tab.head.send.menu.copies.read_eml(tmp_path / "no.eml")
            assert tab.envelope.subject.text() == "Guide für dich"

    run(go(), 30)


def _pick(picker: QFileDialog, path: Path) -> None:
    picker.setDirectory(str(path.parent))
    picker.findChild(QLineEdit).setText(str(path))
    picker.accept()


def _file_dialog() -> Any:
    found = (w for w in QApplication.topLevelWidgets() if isinstance(w, QFileDialog) and w.isVisible())
    return next(found, None)
