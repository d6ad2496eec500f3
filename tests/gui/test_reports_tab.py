"""Reports: the lists of a period by address, read page by page, filtered, exported, deleted."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.reports_tab import ReportsTab
from turbodesk.model.message import Address, Message
from turbodesk.model.reports import Page, Report, ReportType
from turbodesk.providers.port import Capability, Provider
from turbodesk.services.desk import Desk
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace


def press(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def addresses(tab: ReportsTab) -> list[str]:
    return [listed.email for listed in tab.table.shown_rows()]


def dialog_of(tab: ReportsTab) -> Dialog | None:
    return next((d for d in tab.window().findChildren(Dialog) if d.isVisible()), None)


def button_of(owner: QWidget, text: str) -> Button | None:
    shown = (b for b in owner.findChildren(Button) if b.text() == text and b.isVisibleTo(owner))
    return next(shown, None)


async def send(desk: Desk, *to: str) -> None:
    async def mark() -> None:
        pass

    for email in to:
        message = Message(Address("shop@example.com"), (Address(email),), "Hello", text="Hello", key=email)
        await desk.provider.send(message, mark)


@pytest.fixture
def opened(tmp_path, notices, window_of):
    """`async with opened(*recipients) as (tab, desk)`: mail was sent to them, the tab is turned to."""

    @asynccontextmanager
    async def make(*to: str, history_rows: int = 0, width: int = 1280, turned: bool = True):
        async with Workplace(
            tmp_path, vault=MemoryVault(), environment={}, history_rows=history_rows
        ) as place:
            desk = await place.desk("sandbox")
            await send(desk, *to)
            tab = ReportsTab(notices)
            window_of(tab, width, 720)
            tab.set_desk(desk)
            if turned:
                tab.turned_to()
                await tab.work.settled()
            yield tab, desk
            tab.set_desk(None)
            await tab.work.settled()

    return make


class Endless(Provider):
    """Lists as many bounces as it is told to, a page whenever the gate is open."""

    title = "Endless"
    offers = frozenset({Capability.SEND, Capability.REPORTS})
    report_types = (
        ReportType.BOUNCE,
        ReportType.HARD_BOUNCE,
        ReportType.SOFT_BOUNCE,
        ReportType.SPAM,
        ReportType.UNSUBSCRIBE,
    )

    def __init__(self, pages: int, *, complete: bool = True) -> None:
        self.pages, self.complete = pages, complete
        self.gate = asyncio.Semaphore(0)
        self.asked = 0

    async def send(self, message, mark):
        raise AssertionError("nothing is sent here")

    async def reports(self, type, period, *, text=""):
        self.asked += 1
        now = datetime.now(UTC)
        for page in range(self.pages):
            await self.gate.acquire()
            rows = [
                Report(
                    str(n), type, f"user{n % 50}@example.com", now - timedelta(minutes=n), "550 No such user"
                )
                for n in range(page * 20, page * 20 + 20)
            ]
            last = page == self.pages - 1
            yield Page(rows, self.pages * 20, self.complete or not last)

    async def count_reports(self, type, period, *, text=""):
        return self.pages * 20


def test_bounces_stand_by_address_with_how_often_and_why(run, opened, grab):
    async def go():
        async with opened(*["hardbounce@example.com"] * 3, "softbounce@example.net", "ok@example.com") as (
            tab,
            _desk,
        ):
            assert sorted(addresses(tab)) == ["hardbounce@example.com", "softbounce@example.net"]
            hard = next(listed for listed in tab.table.rows if listed.email.startswith("hard"))
            assert len(hard.entries) == 3
            tab.table.select_key(hard.email)
            assert tab.detail.listed is hard
            assert tab.detail.pill.state == "hard"
            assert tab.detail.title.text() == "hardbounce@example.com"
            assert tab.detail.head.text().startswith("3 bounces, last on ")
            assert tab.detail.cause.text() == hard.cause.headline
            assert tab.detail.next.text() == f"Next: {hard.cause.next}"
            assert [segment_count(tab.kinds, key) for key in ("bounce", "spam", "unsub")] == ["4", "0", "0"]
            assert segment_count(tab.classes, "hardbounce") == "3"
            grab(tab, "reports")

    run(go())


def segment_count(tray, key: str) -> str:
    return tray.segment(key).accessibleName().split()[-1]


def test_hard_and_soft_are_lists_of_their_own(run, opened):
    async def go():
        async with opened("hardbounce@example.com", "softbounce@example.net", "spam@example.org") as (tab, _):
            press(tab.classes.segment("softbounce"))
            await tab.work.settled()
            assert addresses(tab) == ["softbounce@example.net"]
            assert tab.detail.pill.state == "soft"
            press(tab.kinds.segment("spam"))
            await tab.work.settled()
            assert addresses(tab) == ["spam@example.org"]
            assert tab.detail.pill.state == "complaint"
            assert not tab.classes.isVisible()
            assert tab.allow_all_button.isVisible()

    run(go())


def test_the_status_tells_how_much_is_shown(run, opened):
    async def go():
        async with opened(*["hardbounce@example.com"] * 2, "hardbounce@example.net", turned=False) as (
            tab,
            _,
        ):
            said = []
            tab.status.connect(said.append)
            tab.turned_to()
            await tab.work.settled()
            assert said[-1] == "Showing all 2 of 2, 3 bounces"
            QTest.keyClicks(tab.filter.edit, "example.net")
            assert said[-1] == "Showing 1 of 2"
            assert addresses(tab) == ["hardbounce@example.net"]

    run(go())


def test_a_filter_that_nothing_passes_says_so_and_can_be_cleared(run, opened):
    async def go():
        async with opened("hardbounce@example.com") as (tab, _desk):
            tab.filter.setText("nobody")
            assert tab.pages.key == "empty"
            assert tab.empty.title == "Nothing holds “nobody”"
            press(button_of(tab.empty, "Clear the filter"))
            assert (tab.pages.key, addresses(tab)) == ("table", ["hardbounce@example.com"])

    run(go())


def test_an_empty_list_says_what_to_do_next(run, opened):
    async def go():
        async with opened("softbounce@example.com") as (tab, _desk):
            press(tab.classes.segment("hardbounce"))
            await tab.work.settled()
            assert tab.empty.title == "No hard bounces in the last 30 days"
            assert button_of(tab.empty, "All time")
            press(button_of(tab.empty, "Show all bounces"))
            await tab.work.settled()
            assert addresses(tab) == ["softbounce@example.com"]

    run(go())


def test_rows_fill_in_while_pages_come_and_cancel_keeps_them_marked(run, opened, notices, until):
    async def go():
        async with opened(turned=False) as (tab, desk):
            endless = Endless(40)
            tab.set_desk(Desk(desk.profile, endless))
            tab.turned_to()
            assert tab.pages.key == "loading"
            endless.gate.release()
            await until(lambda: len(tab.table.rows) == 20)
            assert tab.pages.key == "table"
            await until(tab.bar.isVisible)
            assert tab.reading.running
            assert not tab.table.horizontalHeader().sectionsClickable()
            press(tab.bar.cancel_button)
            await tab.work.settled()
            assert not tab.reading.running
            assert not tab.bar.isVisible()
            assert len(tab.table.rows) == 20
            assert tab.table.horizontalHeader().sectionsClickable()
            assert notices.latest.what == "Reading was stopped after 20 bounces."
            assert notices.latest.actions[0][0] == "Read again"

    run(go())


def test_addresses_that_come_again_are_counted_up(run, opened, until):
    async def go():
        async with opened(turned=False) as (tab, desk):
            endless = Endless(10)
            tab.set_desk(Desk(desk.profile, endless))
            tab.turned_to()
            for _ in range(10):
                endless.gate.release()
            await tab.work.settled()
            assert len(tab.table.rows) == 50
            assert {len(listed.entries) for listed in tab.table.rows} == {4}
            assert tab.table.records.sorted_by == (5, True)

    run(go())


def test_a_list_that_moved_is_told(run, opened, notices):
    async def go():
        async with opened(turned=False) as (tab, desk):
            endless = Endless(1, complete=False)
            endless.gate.release()
            tab.set_desk(Desk(desk.profile, endless))
            tab.turned_to()
            await tab.work.settled()
            assert notices.latest.what == "The list changed while it was read."
            endless.complete = True
            endless.gate.release()
            notices.latest.actions[0][2]()
            await tab.work.settled()
            assert notices.latest is None
            assert endless.asked == 2

    run(go())


def test_old_rows_stay_while_they_are_read_again(run, opened, until):
    async def go():
        async with opened(turned=False) as (tab, desk):
            endless = Endless(3)
            tab.set_desk(Desk(desk.profile, endless))
            tab.turned_to()
            for _ in range(3):
                endless.gate.release()
            await tab.work.settled()
            tab.table.select_key("user7@example.com")
            QTest.keyClick(tab, Qt.Key.Key_F5)
            await until(lambda: endless.asked == 2)
            endless.gate.release()
            await until(tab.bar.isVisible)
            assert len(tab.table.rows) == 50
            assert tab.pages.key == "table"
            for _ in range(2):
                endless.gate.release()
            await tab.work.settled()
            assert len(tab.table.rows) == 50
            assert tab.table.current.email == "user7@example.com"

    run(go())


def test_what_fails_is_told_and_can_be_tried_again(run, opened, notices):
    async def go():
        async with opened("hardbounce@example.com", turned=False) as (tab, desk):
            await desk.control.set_faults([{"match": "/web/api/reports", "kind": "html", "times": 0}])
            tab.turned_to()
            await tab.work.settled()
            assert notices.latest is None, "the pane says it"
            assert tab.pages.key == "empty"
            await desk.control.set_faults([])
            press(button_of(tab.empty, "Try again"))
            await tab.work.settled()
            assert notices.latest is None
            assert addresses(tab) == ["hardbounce@example.com"]

    run(go())


def test_rows_outlast_a_failure(run, opened, notices):
    async def go():
        async with opened("hardbounce@example.com") as (tab, desk):
            await desk.control.set_faults([{"match": "/web/api/reports", "kind": "html", "times": 0}])
            tab.reload()
            await tab.work.settled()
            assert notices.latest.tone == "error"
            assert (tab.pages.key, addresses(tab)) == ("table", ["hardbounce@example.com"])

    run(go())


def test_allowing_again_asks_with_the_profile_and_takes_every_entry(run, opened, until):
    async def go():
        async with opened(*["hardbounce@example.com"] * 3, "hardbounce@example.net") as (tab, desk):
            tab.table.select_key("hardbounce@example.com")
            press(tab.detail.allow_button)
            await until(lambda: dialog_of(tab))
            dialog = dialog_of(tab)
            assert dialog.heading.text() == "Allow hardbounce@example.com again at Sandbox?"
            press(button_of(dialog, "Allow again"))
            await tab.work.settled()
            assert addresses(tab) == ["hardbounce@example.net"]
            assert segment_count(tab.kinds, "bounce") == "1"
            assert await desk.provider.count_reports(ReportType.BOUNCE, tab.query.period) == 1

    run(go())


def test_backing_out_takes_nothing_off(run, opened, until):
    async def go():
        async with opened("hardbounce@example.com") as (tab, desk):
            tab.table.setFocus()
            QTest.keyClick(tab.table, Qt.Key.Key_Delete)
            await until(lambda: dialog_of(tab))
            QTest.keyClick(dialog_of(tab), Qt.Key.Key_Escape)
            await tab.work.settled()
            assert addresses(tab) == ["hardbounce@example.com"]
            assert await desk.provider.count_reports(ReportType.BOUNCE, tab.query.period) == 1

    run(go())


def test_over_fifty_the_number_is_typed_first(run, opened, until):
    async def go():
        async with opened(*["hardbounce@example.com"] * 51, "softbounce@example.net") as (tab, _desk):
            tab.table.check_all(True)
            assert tab.selection.isVisible()
            press(tab.allow_button)
            await until(lambda: dialog_of(tab))
            dialog = dialog_of(tab)
            act = button_of(dialog, "Allow again")
            assert not act.isEnabled()
            QTest.keyClicks(dialog.focusWidget(), "52")
            press(act)
            await tab.work.settled()
            assert tab.pages.key == "empty"
            assert tab.table.rows == []
            assert not tab.selection.isVisible()

    run(go())


def test_all_complaints_can_go_at_once(run, opened, until):
    async def go():
        async with opened("spam@example.com", "spam@example.net", "hardbounce@example.com") as (tab, desk):
            press(tab.kinds.segment("spam"))
            await tab.work.settled()
            press(tab.allow_all_button)
            await until(lambda: dialog_of(tab))
            assert dialog_of(tab).heading.text() == "Take all 2 complaints off the list at Sandbox?"
            press(button_of(dialog_of(tab), "Take off 2"))
            await tab.work.settled()
            assert tab.empty.title == "No complaints in the last 30 days"
            assert await desk.provider.count_reports(ReportType.BOUNCE, tab.query.period) == 1

    run(go())


def test_checked_addresses_are_counted_and_copied(run, opened):
    async def go():
        async with opened("hardbounce@example.com", "hardbounce@example.net", "softbounce@example.org") as (
            tab,
            _,
        ):
            assert not tab.selection.isVisible()
            for email in ("hardbounce@example.com", "softbounce@example.org"):
                where = tab.table.point_of(email, -1)
                QTest.mouseClick(tab.table.viewport(), Qt.MouseButton.LeftButton, pos=where)
            assert tab.selection.isVisible()
            press(tab.copy_button)
            copied = QGuiApplication.clipboard().text().split()
            assert sorted(copied) == ["hardbounce@example.com", "softbounce@example.org"]

    run(go())


async def save_as(tab: ReportsTab, path: Path, until) -> None:
    """Answers the file dialog that is open, and that a file there is replaced."""

    def shown() -> QFileDialog | None:
        return next((d for d in tab.window().findChildren(QFileDialog) if d.isVisible()), None)

    await until(shown)
    name = shown().findChild(QLineEdit, "fileNameEdit")
    name.setText(str(path))
    there = path.exists()
    QTest.keyClick(name, Qt.Key.Key_Return)
    if there:
        await until(lambda: dialog_of(tab))
        press(button_of(dialog_of(tab), "Replace"))


def test_export_writes_the_providers_file(run, opened, until, tmp_path):
    async def go():
        async with opened("hardbounce@example.com", "softbounce@example.net") as (tab, _desk):
            QTest.keyClick(tab, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
            await save_as(tab, tmp_path / "bounces.csv", until)
            await tab.work.settled()
            text = (tmp_path / "bounces.csv").read_text()
            assert "hardbounce@example.com" in text
            assert "softbounce@example.net" in text

    run(go())


def test_export_of_a_filtered_list_holds_what_is_shown(run, opened, until, tmp_path):
    async def go():
        async with opened(*["hardbounce@example.com"] * 2, "softbounce@example.net") as (tab, _desk):
            tab.filter.setText("hardbounce")
            press(tab.export_button)
            await save_as(tab, tmp_path / "some.csv", until)
            await tab.work.settled()
            lines = (tmp_path / "some.csv").read_text().splitlines()
            assert len(lines) == 3
            assert all("hardbounce@example.com" in line for line in lines[1:])

    run(go())


def test_an_export_that_fails_leaves_the_old_file(run, opened, notices, until, tmp_path):
    async def go():
        async with opened("hardbounce@example.com") as (tab, desk):
            path = tmp_path / "old.csv"
            path.write_text("as it was")
            await desk.control.set_faults(
                [{"match": "/web/api/reports", "kind": "status", "status": 500, "times": 0}]
            )
            press(tab.export_button)
            await save_as(tab, path, until)
            await tab.work.settled()
            assert path.read_text() == "as it was"
            assert notices.latest.tone == "error"
            assert sorted(file.name for file in tmp_path.glob("*.csv*")) == ["old.csv"]

    run(go())


def test_what_is_not_offered_is_greyed_out(run, opened, until):
    async def go():
        async with opened(turned=False) as (tab, desk):
            endless = Endless(1)
            endless.gate.release()
            tab.set_desk(Desk(desk.profile, endless))
            tab.turned_to()
            await tab.work.settled()
            assert not tab.detail.allow_button.isEnabled()
            assert "delete" in tab.detail.allow_button.toolTip()
            endless.offers = frozenset({Capability.SEND})
            tab.set_desk(Desk(desk.profile, endless))
            tab.turned_to()
            await tab.work.settled()
            assert tab.not_offered.isVisible()
            assert tab.not_offered.title == "No lists of bounces with this account"
            assert not tab.export_button.isVisible()
            asked = []
            tab.turn_to.connect(lambda key, _payload: asked.append(key))
            await until(lambda: button_of(tab.not_offered, "Open Account"))
            press(button_of(tab.not_offered, "Open Account"))
            assert asked == ["account"]
            assert endless.asked == 1

    run(go())


def test_another_account_forgets_the_one_before(run, opened):
    async def go():
        async with opened("hardbounce@example.com") as (tab, desk):
            tab.set_desk(Desk(desk.profile, Endless(1)))
            assert tab.table.rows == []
            assert tab.detail.key == "none"
            assert tab.pages.key == "loading"
            assert tab.first

    run(go())


def test_the_table_stands_the_model_tester(run, opened, qtmodeltester):
    async def go():
        async with opened("hardbounce@example.com", "softbounce@example.net") as (tab, _desk):
            qtmodeltester.check(tab.table.records)

    run(go())


@pytest.mark.parametrize("width", [820, 900, 1280])
def test_nothing_is_cut_off_at_any_width(run, opened, grab, width):
    async def go():
        async with opened("hardbounce@example.com", width=width) as (tab, _desk):
            table = tab.table
            if width > 860:
                assert not table.horizontalScrollBar().isVisible()
                inner = tab.detail.pane.findChild(QWidget, "qt_scrollarea_viewport")
                assert inner.childrenRect().width() <= inner.width()
            else:
                assert tab.split.overlaid
                table.select_first()
                QTest.keyClick(table, Qt.Key.Key_Return)
                assert tab.detail.isVisible()
            grab(tab, f"reports-{width}")

    run(go())
