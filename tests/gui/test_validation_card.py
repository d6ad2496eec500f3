"""Validation in Account over the sandbox: credits, one address, a file, its list, its results."""

from __future__ import annotations

import csv

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.gui.account_room import opener, press, texts
from turbodesk.gui.validation_dialog import FILE, PROGRESS, ValidateDialog
from turbodesk.gui.validation_words import cost_words
from turbodesk.model.validation import ValidationCredits, ValidationStatus

API = "/api/v2/emailvalidation"
FIRST = f"{API}/lists/48151"  # the sandbox's first list
FEW = ("ann@example.com", "invalid@example.org", "ann@gmial.com", "info@example.com")


@pytest.fixture
def opened(tmp_path, notices, window_of):
    return opener(tmp_path, notices, window_of)


@pytest.fixture
def people(tmp_path):
    def write(*emails: str, name: str = "people.csv"):
        path = tmp_path / name
        path.write_text("Name,Email\n" + "".join(f"N{n},{it}\n" for n, it in enumerate(emails)))
        return path

    return write


async def dialog_over(room, until) -> ValidateDialog:
    QTest.mouseClick(room.tab.validation.validate_button, Qt.MouseButton.LeftButton)
    await until(lambda: room.dialog(ValidateDialog))
    return room.dialog(ValidateDialog)


async def upload(room, *emails: str, start: bool = False) -> str:
    made = await room.desk.provider.upload_validation("people.csv", emails)
    if start:
        await room.desk.provider.start_validation(made.id)
    return made.id


async def free_left(room) -> int:
    return (await room.desk.provider.validation_credits()).free_left


def test_what_is_left_is_told_and_that_there_is_no_list(run, opened, grab):
    async def go():
        async with opened("sandbox-v2") as room:
            said = texts(room.tab.validation)
            assert any(text.startswith("1,000 of 1,000 free credits left until") for text in said)
            assert any(text.startswith("No list was validated yet") for text in said)
            assert not room.tab.validation.table.isVisible()
            grab(room.tab.window(), "validation-empty")

    run(go(), 30)


def test_one_address_costs_one_credit_and_its_result_is_shown(run, opened, until, grab):
    async def go():
        async with opened("sandbox-v2") as room:
            dialog = await dialog_over(room, until)
            assert not dialog.act_button.isEnabled()
            dialog.address.setText("no address")
            press(dialog, "Validate")
            await dialog.work.settled()
            assert dialog.address.message.sentence and await free_left(room) == 1000
            dialog.address.setText("ann@gmial.com")
            assert any("1 credit of the 1,000 free ones; 999 are left then" in text for text in texts(dialog))
            press(dialog, "Validate")
            await dialog.work.settled()
            said = texts(dialog)
            assert dialog.pill.state == "refused" and "Mail to it bounces." in said
            assert {"ann@gmail.com", "possible typo"} <= set(said)
            assert any("of the 999 free ones" in text for text in said) and await free_left(room) == 999
            grab(dialog, "validation-one")
            press(dialog, "Close")
            await room.settled()
            assert any("999 of 1,000" in text for text in texts(room.tab.validation))

    run(go(), 30)


def test_a_file_says_what_it_costs_before_anything_is_asked(run, opened, until, people, grab):
    async def go():
        async with opened("sandbox-v2") as room:
            dialog = await dialog_over(room, until)
            dialog.take_file(people(*FEW, "ann@EXAMPLE.com", "nobody"))
            await dialog.work.settled()
            said = texts(dialog)
            assert dialog.columns.key == "Email"
            assert "4 addresses; 1 repeated, asked once; 1 cell without an address, not asked" in said
            assert "It takes 4 credits of the 1,000 free ones; 996 are left then." in said
            assert dialog.act_button.text() == "Validate 4"
            grab(dialog, "validation-file")
            dialog.columns.choose("Name")
            await dialog.work.settled()
            assert "no address in the column Name" in dialog.message.sentence
            assert not dialog.act_button.isEnabled()
            press(dialog, "Close")
            await room.settled()
            assert await free_left(room) == 1000 and room.tab.validation.lists == []

    run(go(), 30)


def test_a_file_is_validated_and_its_results_are_opened(
    run, opened, until, people, grab, tmp_path, monkeypatch
):
    async def go():
        async with opened("sandbox-v2") as room:
            dialog = await dialog_over(room, until)
            shares = []
            shown = dialog.meter.set_share
            monkeypatch.setattr(dialog.meter, "set_share", lambda *it: (shares.append(it[0]), shown(*it)))
            many = [f"{number}@example.com" for number in range(120)]
            dialog.take_file(people(*many, *FEW[1:], "nobody"))
            await dialog.work.settled()
            press(dialog, "Validate 123")
            await until(lambda: dialog.begun)
            grab(dialog, "validation-progress")
            page = room.tab.validation.page
            await until(lambda: page.isVisible() and page.pages.key == "table", 8)
            assert sum(0 < share < 1 for share in shares) >= 1 and shares[-1] == 1
            assert len(page.rows) == 123 and page.skipped == ("nobody",)
            assert "1 cell of the file was no address" in page.note.text()
            grab(room.tab.window(), "validation-results")
            QTest.mouseClick(page.segments.segment("do_not_mail"), Qt.MouseButton.LeftButton)
            assert [row.email for row in page.table.shown_rows()] == ["info@example.com"]
            page.segments.segment("").click()
            page.filter.setText("gmial")
            await until(lambda: [row.email for row in page.table.shown_rows()] == ["ann@gmial.com"])
            page.filter.setText("")

            async def pick(*_given):
                return tmp_path / "out.csv"

            monkeypatch.setattr("turbodesk.gui.export.pick_save", pick)
            assert page.file_name == "people validated.csv"
            press(page, "Save as CSV…")
            await room.settled()
            with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.reader(file, delimiter=";"))
            assert len(rows) == 1 + 123 + 1 and rows[-1][:2] == ["nobody", "not asked"]
            room.tab.window().activateWindow()
            page.table.setFocus()
            await until(page.table.hasFocus)
            QTest.keyClick(page.table, Qt.Key.Key_Escape)
            assert room.tab.places.key == "account" and page.rows == ()
            (row,) = room.tab.validation.lists
            assert row.done and dict(row.counts)[ValidationStatus.VALID] == 120
            assert await free_left(room) == 1000 - 123

    run(go(), 40)


def test_leaving_the_dialog_leaves_the_list_and_its_row_follows_it(run, opened, until, people, grab):
    async def go():
        async with opened("sandbox-v2") as room:
            dialog = await dialog_over(room, until)
            dialog.take_file(people(*(f"{number}@example.com" for number in range(500))))
            await dialog.work.settled()
            press(dialog, "Validate 500")
            await until(lambda: dialog.begun)
            press(dialog, "Close")
            await room.settled()
            assert room.notices.latest.what == "people.csv goes on at turboSMTP."
            card = room.tab.validation
            (row,) = card.lists
            assert not row.done
            await until(lambda: card.lists[0].processed > 0 and not card.lists[0].done, 8)
            grab(room.tab.window(), "validation-under-way")
            await room.desk.control.advance_clock(60)
            await until(lambda: card.lists[0].done, 8)
            await until(room.toast)
            toast = room.toast()
            assert toast.text == "people.txt is validated: 500 valid"
            await until(lambda: any("500 of 1,000" in text for text in texts(card)))
            press(toast, "Show results")
            await room.settled()
            assert len(card.page.rows) == 500

    run(go(), 40)


def test_a_file_taken_back_while_it_is_uploaded_is_not_paid_for(run, opened, until, people):
    async def go():
        async with opened("sandbox-v2") as room:
            dialog = await dialog_over(room, until)
            dialog.take_file(people(*FEW))
            await dialog.work.settled()
            fault = {"match": f"{API}/upload", "kind": "delay", "seconds": 3, "times": 1}
            await room.desk.control.set_faults([fault])
            press(dialog, "Validate 4")
            await until(lambda: dialog.page == PROGRESS and dialog.meter.share)
            assert "Nothing is paid yet." in texts(dialog)
            press(dialog, "Cancel")
            await room.settled()
            assert room.notices.latest.what == "people.csv was not validated, and nothing was paid."
            assert await free_left(room) == 1000 and room.dialog() is None

    run(go(), 30)


def test_an_answer_that_is_not_waited_for_is_told_as_perhaps_paid(run, opened, until):
    async def go():
        async with opened("sandbox-v2") as room:
            dialog = await dialog_over(room, until)
            fault = {"match": f"{API}/validateEmail", "kind": "delay", "seconds": 3, "times": 1}
            await room.desk.control.set_faults([fault])
            dialog.address.setText("ann@example.com")
            press(dialog, "Validate")
            await until(lambda: dialog.paid)
            press(dialog, "Close")
            await room.settled()
            assert room.notices.latest.what == "The answer for ann@example.com was not waited for."

    run(go(), 30)


def test_another_account_ends_the_dialog_and_leaves_the_list(run, opened, until, people):
    async def go():
        async with opened("sandbox-v2") as room:
            dialog = await dialog_over(room, until)
            dialog.take_file(people(*(f"{number}@example.com" for number in range(300))))
            await dialog.work.settled()
            press(dialog, "Validate 300")
            await until(lambda: dialog.begun)
            work = dialog.work
            room.tab.set_desk(None)
            await room.settled()
            await until(lambda: not work.busy)
            await until(lambda: room.dialog() is None)
            room.tab.set_desk(room.desk)
            room.tab.turned_to()
            await room.settled()
            assert [it.total for it in room.tab.validation.lists] == [300]
            assert room.tab.behind.busy, "its row follows it"

    run(go(), 30)


def test_a_file_that_cannot_be_read_says_why(run, opened, until, tmp_path):
    async def go():
        async with opened("sandbox-v2") as room:
            dialog = await dialog_over(room, until)
            dialog.take_file(tmp_path / "gone.csv")
            await dialog.work.settled()
            assert "gone.csv" in dialog.message.sentence and not dialog.act_button.isEnabled()
            press(dialog, "Close")
            await room.settled()
            assert room.notices.latest is None

    run(go(), 30)


def test_a_list_under_way_at_the_provider_is_followed_while_the_card_is_seen(run, opened, until):
    async def go():
        async with opened("sandbox-v2", turned=False) as room:
            await upload(room, *(f"{number}@example.com" for number in range(300)), start=True)
            await room.desk.control.advance_clock(1)
            room.tab.turned_to()
            await room.settled()
            card = room.tab.validation
            assert 100 <= card.lists[0].processed < 300 and room.tab.behind.busy
            room.tab.hide()
            await room.tab.behind.settled()
            assert not card.lists[0].done, "nobody looks, nobody asks"
            await room.desk.control.advance_clock(60)
            room.tab.show()
            await until(lambda: card.lists[0].done)
            await room.tab.behind.settled()

    run(go(), 30)


def test_a_list_that_was_not_begun_is_begun_once_it_is_meant(run, opened, until):
    async def go():
        async with opened("sandbox-v2", turned=False) as room:
            await upload(room, *FEW)
            room.tab.turned_to()
            await room.settled()
            card = room.tab.validation
            assert not card.show_button.isEnabled() and card.begin_button.isEnabled()
            for answer, left in (("Back", 1000), ("Validate 4", 996)):
                press(card, "Begin…")
                await until(lambda: room.dialog())
                assert any("It takes 4 credits" in text for text in texts(room.dialog()))
                press(room.dialog(), answer)
                await room.settled()
                assert await free_left(room) == left
            await until(lambda: card.lists[0].done)
            assert card.show_button.isEnabled() and not card.begin_button.isEnabled()

    run(go(), 30)


def test_a_list_is_deleted_only_when_it_is_meant(run, opened, until):
    async def go():
        async with opened("sandbox-v2", turned=False) as room:
            await upload(room, *FEW)
            room.tab.turned_to()
            await room.settled()
            table = room.tab.validation.table
            for answer, left in (("Back", 1), ("Delete list", 0)):
                room.tab.window().activateWindow()
                table.setFocus()
                await until(table.hasFocus)
                table.customContextMenuRequested.emit(table.point_of(table.current.id))
                menu = QApplication.activePopupWidget()
                assert [(it.text(), it.isEnabled()) for it in menu.actions()] == [
                    ("Show results", False), ("Begin…", True), ("Delete…", True)]  # fmt: skip
                menu.close()
                QTest.keyClick(table, Qt.Key.Key_Delete)
                await until(lambda: room.dialog())
                assert room.dialog().windowTitle() == "Delete the list “people.txt”?"
                press(room.dialog(), answer)
                await room.settled()
                assert len(room.tab.validation.lists) == left
            found = [it async for page in room.desk.provider.validation_lists(ALL) for it in page.rows]
            assert found == []

    from turbodesk.model.reports import ALL_TIME as ALL

    run(go(), 30)


def test_what_was_refused_is_said_and_can_be_asked_again(run, opened, until, people):
    async def go():
        async with opened("sandbox-v2") as room:
            dialog = await dialog_over(room, until)
            dialog.take_file(people(*FEW))
            await dialog.work.settled()
            await room.desk.control.set_faults(
                [{"match": f"{API}/upload", "method": "", "kind": "status", "status": 400, "times": 0}]
            )
            press(dialog, "Validate 4")
            await dialog.work.settled()
            assert dialog.message.sentence and dialog.page == FILE and dialog.act_button.isEnabled()
            await room.desk.control.set_faults([])
            press(dialog, "Validate 4")
            await until(lambda: room.tab.validation.page.pages.key == "table", 8)
            assert await free_left(room) == 996

    run(go(), 30)


def test_what_may_be_paid_is_not_asked_again_from_the_dialog(run, opened, until, people, grab):
    async def go():
        async with opened("sandbox-v2") as room:
            dialog = await dialog_over(room, until)
            dialog.take_file(people(*FEW))
            await dialog.work.settled()
            fault = {"match": f"{FIRST}/validate", "kind": "close_after", "times": 1}
            await room.desk.control.set_faults([fault])
            press(dialog, "Validate 4")
            await dialog.work.settled()
            assert "The list stays at turboSMTP" in dialog.message.sentence
            assert not dialog.act_button.isVisible()
            grab(dialog, "validation-not-known")
            press(dialog, "Close")
            await room.settled()
            await until(lambda: room.tab.validation.lists and room.tab.validation.lists[0].done, 8)
            assert await free_left(room) == 996

    run(go(), 30)


def test_lists_that_cannot_be_read_say_so_in_the_card(run, opened, grab):
    async def go():
        async with opened("sandbox-v2", turned=False) as room:
            fault = {"match": f"{API}/lists", "method": "", "kind": "status", "status": 400, "times": 0}
            await room.desk.control.set_faults([fault])
            room.tab.turned_to()
            await room.settled()
            card = room.tab.validation
            assert card.message.sentence and room.tab.places.key == room.tab.pages.key == "account"
            grab(room.tab.window(), "validation-failed")
            await room.desk.control.set_faults([])
            card.message._on_link_clicked()
            await room.settled()
            assert not card.message.sentence and any("No list" in text for text in texts(card))

    run(go(), 30)


def test_results_that_cannot_be_read_offer_to_try_again(run, opened, grab):
    async def go():
        async with opened("sandbox-v2", turned=False) as room:
            await upload(room, *FEW, start=True)
            await room.desk.control.advance_clock(5)
            room.tab.turned_to()
            await room.settled()
            card = room.tab.validation
            fault = {"match": f"{FIRST}/emails", "method": "", "kind": "status", "status": 400, "times": 0}
            await room.desk.control.set_faults([fault])
            press(card, "Show results")
            await room.settled()
            assert card.page.pages.key == "empty" and room.notices.latest is None
            await room.desk.control.set_faults([])
            press(card.page, "Try again")
            await room.settled()
            assert [row.email for row in card.page.rows] == list(FEW)

    run(go(), 30)


def test_a_viewer_looks_and_changes_nothing(run, opened):
    async def go():
        async with opened("sandbox-v2", viewer=True, turned=False) as room:
            await upload(room, *FEW, start=True)
            await room.desk.control.advance_clock(5)
            room.tab.turned_to()
            await room.settled()
            card = room.tab.validation
            assert card.show_button.isEnabled()
            for button in (card.validate_button, card.begin_button, card.delete_button):
                assert not button.isEnabled() and "only looks" in button.accessibleDescription()

    run(go(), 30)


def test_the_newest_list_stands_first_and_each_says_how_far_it_is(run, opened, grab, themer, until):
    async def go():
        async with opened("sandbox-v2", turned=False) as room:
            await upload(room, *FEW, *(f"{number}@example.com" for number in range(90)), start=True)
            await room.desk.control.advance_clock(600)
            await upload(room, *(f"{number}@example.com" for number in range(400)), start=True)
            await room.desk.control.advance_clock(1.2)
            await upload(room, *FEW)
            room.tab.turned_to()
            await room.settled()
            card = room.tab.validation
            assert [it.total for it in card.lists] == [4, 400, 94]
            states = [card.table.records.columns[-1].words(it) for it in card.lists]
            assert states == ["Not begun", "Validating", "Validated"]
            card.table.select_key(card.lists[2].id)
            assert "91 valid, 2 invalid, 1 do not mail" in texts(card)
            card.open_results(card.lists[2])
            await room.settled()
            assert len(card.page.rows) == 94 and room.tab.focus_regions()[-1] is card.page.table
            for theme in ("light", "dark"):
                themer.pin(theme)
                for wide, high in ((1280, 800), (900, 600)):
                    room.tab.window().resize(wide, high)
                    await until(lambda wide=wide: card.page.table.width() == wide)
                    grab(room.tab.window(), f"validation-results-{wide}-{theme}")
                    room.tab.places.turn("account")
                    await until(card.table.isVisible)
                    room.tab.pages.currentWidget().ensureWidgetVisible(card)
                    grab(room.tab.window(), f"validation-{wide}-{theme}")
                    room.tab.places.turn("validation")

    run(go(), 30)


def test_the_cost_is_told_where_free_credits_do_not_suffice():
    from decimal import Decimal

    credits = ValidationCredits(1000, 900, 100, Decimal("40"), "$")
    assert cost_words(702, credits) == (
        "It takes 702 credits: the 100 free ones, and 602 that are paid for from $ 40.00, "
        "at the provider's price."
    )
    none = ValidationCredits(1000, 1000, 0, None)
    assert cost_words(2, none) == (
        "It takes 2 credits. No free ones are left: they are paid for, at the provider's price."
    )
    assert cost_words(2, None) == "It takes 2 credits, one for each address."
