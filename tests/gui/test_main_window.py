"""The window: profiles, tabs, keys, room, closing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from turbodesk.errors import NotSignedIn
from turbodesk.gui import theme
from turbodesk.gui.main_window import MainWindow, TabPlace
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.tab import Tab
from turbodesk.gui.theme import DARK, Themer
from turbodesk.model.account import Profile
from turbodesk.model.message import Message
from turbodesk.model.outcome import SendResult, Verdict
from turbodesk.providers.port import Capability, Provider, WireMark
from turbodesk.services.desk import Desk

Run = Callable[..., Any]
Show = Callable[..., QWidget]
SANDBOX = Profile("sandbox", "turbosmtp-v1", colour="teal")
SHOP = Profile("Shop & Co", "turbosmtp-v1", user="shop@example.com", colour="pink")
WORDS = ("compose", "outbox", "reports", "stats", "tools", "account", "inbox")


class Relay(Provider):
    """A provider that sends and offers no more."""

    title = "Relay"

    async def send(self, message: Message, mark: WireMark) -> SendResult:
        await mark()
        return SendResult.for_all(message, Verdict.ACCEPTED)


class Page(Tab):
    """A tab with one field and one button, that notes what it is told."""

    key = title = icon = "outbox"

    def __init__(self, notices: Notices, key: str) -> None:
        super().__init__(notices)
        self.told: list[object] = []
        self.field, self.button = QLineEdit(), Button("Do")
        self.box.addWidget(self.field)
        self.box.addWidget(self.button)
        self.key = key

    def shown(self) -> None:
        self.told.append(("shown", self.first, self.desk.profile.name if self.desk else None))
        self.status.emit(f"{self.key} is shown")

    def leaving(self) -> None:
        self.told.append("leaving")

    def receive(self, payload: object) -> None:
        self.told.append(payload)

    def focus_regions(self) -> list[QWidget]:
        return [self.field, self.button]


class World:
    """Two profiles, of which one can be made to refuse."""

    def __init__(self) -> None:
        self.known = [SANDBOX, SHOP]
        self.closed = self.refuses = False

    def profiles(self) -> list[Profile]:
        return self.known

    def service(self, profile: Profile) -> str:
        return "this computer" if profile.is_sandbox else "turboSMTP"

    async def open_profile(self, name: str) -> Desk:
        if self.refuses:
            raise NotSignedIn("There is no password for this profile.")
        return Desk(next(p for p in self.known if p.name == name), Relay())

    async def add_profile(self, window: QWidget) -> str | None:
        self.known.append(Profile("New", "turbosmtp-v1"))
        return "New"

    def closing(self) -> None:
        self.closed = True


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def window(window_of: Show, world: World) -> MainWindow:
    places = [
        TabPlace(
            key,
            key.capitalize(),
            key,
            lambda notices, key=key: Page(notices, key),
            (lambda desk: desk.profile.is_sandbox) if key == "inbox" else lambda _desk: True,
        )
        for key in WORDS
    ]
    made = MainWindow(world, places)
    made.set_desk(Desk(SANDBOX, Relay()))
    window_of(made, 1280, 800)
    return made


def page(window: MainWindow, key: str) -> Page:
    tab = window.tab(key)
    assert isinstance(tab, Page)
    return tab


def test_it_begins_on_the_first_page_with_no_tab_made(window: MainWindow) -> None:
    assert window.key == ""
    assert window.made_tabs() == ()
    first_run = window.first_run  # made now
    assert window.stack.currentWidget() is first_run
    window.first_run.begin()
    assert QApplication.focusWidget() is window.first_run.send_button


def test_a_click_turns_to_a_tab_which_is_made_then(window: MainWindow) -> None:
    row = window.header.tab_row
    QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.tabRect(0).center())
    assert window.key == "compose", "the first tab too, though none was current before"
    QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.tabRect(2).center())
    assert window.key == "reports"
    assert window.stack.currentWidget() is window.tab("reports")
    assert page(window, "compose").told == [("shown", True, "sandbox"), "leaving"]
    assert window.status_bar.right_text == "reports is shown"
    window.turn("compose")
    assert page(window, "compose").told[-1] == ("shown", False, "sandbox")


def test_the_keys_turn_tabs(window: MainWindow) -> None:
    alt, control = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(window, Qt.Key.Key_2, alt)
    assert window.key == "outbox"
    QTest.keyClick(window, Qt.Key.Key_PageDown, control)
    assert window.key == "reports"
    QTest.keyClick(window, Qt.Key.Key_PageUp, control)
    QTest.keyClick(window, Qt.Key.Key_PageUp, control)
    QTest.keyClick(window, Qt.Key.Key_PageUp, control)
    assert window.key == "inbox", "round the corner"


def test_another_profile_changes_header_tabs_and_places(window: MainWindow, run: Run) -> None:
    window.turn("inbox")
    window.header.tab_row.set_count("outbox", 3)

    async def go() -> None:
        QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
        await window.work.settled()

    run(go())
    assert window.desk.profile is SHOP
    assert window.header.profile_button.accessibleName() == "Profile Shop & Co"
    shown = window.header.tab_row.keys()
    assert "inbox" not in shown
    assert window.key == "compose", "a tab that does not fit gives way"
    assert page(window, "compose").told == [("shown", True, "Shop & Co")] * len(page(window, "compose").told)
    assert page(window, "inbox").desk.profile is SHOP
    assert "Shop & Co" in window.windowTitle()
    image = window.header.grab().toImage()
    assert image.pixelColor(600, 1) == theme.colour("profile-pink")


def test_a_profile_that_does_not_open_leaves_the_one_before(
    window: MainWindow, world: World, run: Run
) -> None:
    world.refuses = True

    async def go() -> None:
        window.open_profile("Shop & Co")
        await window.work.settled()

    run(go())
    assert window.desk.profile is SANDBOX
    assert window.notices.latest.what == "There is no password for this profile."


def test_a_profile_is_added_and_opened(window: MainWindow, run: Run) -> None:
    async def go() -> None:
        window.header.profile_button.menu().actions()[-1].trigger()
        await window.work.settled()

    run(go())
    assert window.desk.profile.name == "New"
    assert len(window.header.profile_button.actions_by_key) == 3


def test_the_menu_names_all_profiles_with_their_keys(window: MainWindow) -> None:
    actions = window.header.profile_button.actions_by_key
    assert [action.text() for action in actions] == ["Sandbox as turboSMTP v1", "Shop && Co    turboSMTP"]
    assert [action.shortcut().toString() for action in actions] == ["Ctrl+1", "Ctrl+2"]


def test_counters_stand_in_the_row_and_are_read_aloud(window: MainWindow) -> None:
    before = window.header.tab_row.sizeHint().width()
    page(window, "outbox").counter.emit(12, "warning")
    row = window.header.tab_row
    assert row.sizeHint().width() > before
    assert row.accessibleTabName(1) == "Outbox, 12 waiting"
    image = row.grab().toImage()
    inks = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert theme.colour("warning-tint").name() in inks
    page(window, "outbox").counter.emit(0, "")
    assert row.sizeHint().width() == before


def test_a_tab_hands_something_to_another(window: MainWindow) -> None:
    window.turn("outbox")
    page(window, "outbox").turn_to.emit("reports", "kim@example.com")
    assert window.key == "reports"
    assert page(window, "reports").told == [("shown", True, "sandbox"), "kim@example.com"]


def test_only_the_tab_that_is_shown_writes_to_the_status_bar(window: MainWindow) -> None:
    window.turn("outbox")
    page(window, "reports").status.emit("hidden words")
    assert window.status_bar.right_text == "outbox is shown"


def test_f6_walks_the_regions_there_and_back(window: MainWindow, settle: Callable[[], None]) -> None:
    window.turn("outbox")
    outbox = page(window, "outbox")
    window.header.tab_row.setFocus()
    walked = []
    window.notices.tell("info", "Something.", details="x")
    settle()
    for _ in range(4):
        QTest.keyClick(window, Qt.Key.Key_F6)
        walked.append(QApplication.focusWidget())
    assert walked[:2] == [outbox.field, outbox.button]
    assert window.notices.isAncestorOf(walked[2])
    assert walked[3] is window.header.tab_row
    QTest.keyClick(window, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert window.notices.isAncestorOf(QApplication.focusWidget())


def test_a_question_mark_shows_the_keys_but_not_while_writing(window: MainWindow) -> None:
    window.turn("outbox")
    outbox = page(window, "outbox")
    outbox.field.setFocus()
    QTest.keyClicks(outbox.field, "?")
    assert outbox.field.text() == "?"
    assert window.findChildren(Dialog) == []
    outbox.button.setFocus()
    QTest.keyClicks(outbox.button, "?")
    (dialog,) = window.findChildren(Dialog)
    assert dialog.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def shape(window: MainWindow) -> tuple[bool, bool, bool]:
    head = window.header
    two_rows = head.height() > theme.px(60)
    return head.profile_button._with_service, head.tab_row._icons, two_rows


def test_the_header_gives_way_step_by_step(window: MainWindow, settle: Callable[[], None]) -> None:
    shapes: list[tuple[bool, bool, bool]] = []
    for width in range(1280, 639, -20):
        window.resize(width, 600)
        settle()
        assert window.width() == width
        if shape(window) not in shapes:
            shapes.append(shape(window))
    assert [two_rows for _, _, two_rows in shapes] == [False, False, False, True]
    assert shapes[:3] == [(True, True, False), (False, True, False), (False, False, False)]
    assert shapes[3][0], "with a row of its own the profile has room again"


def test_twice_as_large_a_font_still_shows_every_tab(
    window_of: Show, themer: Themer, world: World, settle: Callable[[], None]
) -> None:
    themer.rescale(2.0)
    places = [
        TabPlace(key, key.capitalize(), key, lambda notices, key=key: Page(notices, key)) for key in WORDS
    ]
    window = MainWindow(world, places)
    window.set_desk(Desk(SANDBOX, Relay()))
    window_of(window, 1280, 800)
    row = window.header.tab_row
    assert window.width() == 1280
    assert row.tabRect(6).right() <= row.width()
    assert row.mapTo(window, QPoint(row.width(), 0)).x() <= window.width()


def test_both_themes_paint_the_whole_window(
    window: MainWindow, themer: Themer, grab: Callable[..., None]
) -> None:
    window.turn("outbox")
    grab(window, "main-window-light")
    light = window.grab().toImage()
    themer.pin(DARK)
    grab(window, "main-window-dark")
    dark = window.grab().toImage()
    same = sum(
        light.pixelColor(x, y) == dark.pixelColor(x, y) for x in range(0, 1280, 8) for y in range(8, 800, 8)
    )
    assert same < 160, "hardly a pixel keeps its colour"


def test_what_a_tab_does_not_offer_is_grey_and_says_why(window: MainWindow) -> None:
    outbox = page(window, "outbox")
    assert not outbox.offer(Capability.REPORTS, outbox.button, "A relay has no reports.")
    assert not outbox.button.isEnabled()
    assert "no reports" in outbox.button.toolTip()
    assert outbox.offer(Capability.SEND, outbox.button, "Never said.")
    assert outbox.button.isEnabled()


def test_closing_is_told_once_and_leaves_work_to_the_world(
    window: MainWindow, world: World, run: Run
) -> None:
    async def go() -> None:
        told: list[bool] = []
        window.closed.connect(lambda: told.append(world.closed))
        work = page(window, "outbox").work
        task = work.start(asyncio.Event().wait())
        window.close()
        assert told == [True]
        assert not task.done(), "a send under way would be cut"
        work.cancel_all()
        await work.settled()

    run(go())
    assert world.closed


def test_an_html_file_may_be_dropped_on_the_first_page(window: MainWindow, tmp_path: Path) -> None:
    dropped: list[Path] = []
    window.first_run.file_dropped.connect(dropped.append)
    for name in ("letter.html", "picture.png"):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(tmp_path / name))])
        where, no = QPoint(100, 100), Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(where, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, no)
        QApplication.sendEvent(window.first_run, enter)
        assert enter.isAccepted() == name.endswith("html")
        drop = QDropEvent(QPointF(where), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, no)
        QApplication.sendEvent(window.first_run, drop)
    assert dropped == [tmp_path / "letter.html"]


def test_the_first_page_tells_what_is_wanted(window: MainWindow) -> None:
    wanted = []
    first = window.first_run
    for name in ("send_first_test", "look_around", "choose_file"):
        getattr(first, name).connect(lambda name=name: wanted.append(name))
    first.connect_asked.connect(wanted.append)
    first.begin()
    QTest.keyClick(first.send_button, Qt.Key.Key_Return)
    for button in (first.look_button, first.file_button, *first.connect_buttons.values()):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert wanted == ["send_first_test", "look_around", "choose_file", "turbosmtp-v2", "sendpost", "smtp"]


def test_the_status_bar_tells_of_the_service_and_what_waits(window: MainWindow) -> None:
    window.set_live(True, "Sandbox running")
    window.set_waiting(1204)
    assert window.status_bar.live_text == "Sandbox running"
    assert window.status_bar._waiting.text() == "1,204 waiting"
