"""The row of tabs, the menu, the notice strip, closing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QRegion, QShortcut
from PySide6.QtWidgets import QApplication, QGridLayout, QStackedWidget, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.focus_ring import give_focus
from turbodesk.gui.header import LOCK, STRIPE, Header, profile_name
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import row
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.key_hint import KeyHint
from turbodesk.gui.parts.label import Label
from turbodesk.gui.status_bar import StatusBar
from turbodesk.gui.tab import Tab
from turbodesk.gui.work import Work

if TYPE_CHECKING:
    from turbodesk.gui.first_run import FirstRun
    from turbodesk.model.account import Profile
    from turbodesk.services.desk import Desk

FIRST_RUN = ""

KEYS = (  # what the ? page shows
    (
        "Tabs",
        (
            ("Alt 1 … Alt 7", "a tab by its place"),
            ("Ctrl Page Down", "next tab"),
            ("Ctrl Page Up", "tab before"),
        ),
    ),
    (
        "Everywhere",
        (
            ("F6", "next region: tabs, list, detail, notice"),
            ("Ctrl 1 … Ctrl 9", "a profile by its place"),
            ("Ctrl Z", "take back the letter that is about to leave"),
            ("Esc", "back out"),
            ("?", "this page"),
        ),
    ),
    (
        "Writing",
        (
            ("Ctrl Enter", "send a test to the testers"),
            ("Ctrl Shift Enter", "send"),
            ("Ctrl Shift L", "send later"),
            ("Ctrl Shift D", "dry run: see the request"),
            ("Enter", "an address is whole, or edit the chip"),
            ("Del", "remove the chip"),
            ("Ctrl V", "paste addresses, or files to attach"),
        ),
    ),
    (
        "Lists",
        (("↑ ↓", "walk"), ("Enter", "open the row"), ("Ctrl C", "copy the rows"), ("Space", "check the row")),
    ),
)


class WindowWorld(Protocol):
    """What the window asks of the program around it."""

    def profiles(self) -> Sequence[Profile]:
        """All profiles, the sandbox first."""
        ...

    def service(self, profile: Profile) -> str:
        """The name of a profile's service, as people know it."""
        ...

    async def open_profile(self, name: str) -> Desk:
        """Opens an account; asks for its secret where it must; raises our errors."""
        ...

    async def add_profile(self, window: QWidget) -> str | None:
        """Lets the user add a profile; its name, or None where they back out."""
        ...

    def closing(self) -> None:
        """The window is being closed by its user."""
        ...


@dataclass(frozen=True)
class TabPlace:
    """A place in the row of tabs: what it is called, how its tab is made once it is first needed, and for
    which accounts it is shown at all."""

    key: str
    title: str
    icon: str
    make: Callable[[Notices], Tab]
    fits: Callable[[Desk], bool] = lambda _desk: True


class MainWindow(QWidget):
    """The one window: header, the tab that is turned to, notices, status bar."""

    closed = Signal()
    desk_changed = Signal(object)
    first_run_made = Signal(object)
    painted = Signal()
    turned = Signal(str)  # the key of another tab that is to be seen

    def __init__(self, world: WindowWorld, places: Sequence[TabPlace]) -> None:
        super().__init__()
        self._world = world
        self._places = {place.key: place for place in places}
        self._tabs: dict[str, Tab] = {}
        self._key, self.desk = FIRST_RUN, None
        self._was_painted = False
        self.bars: list[QWidget] = []  # what floats over every page
        self.setWindowTitle("Turbodesk")
        self.header = Header()
        self.notices = Notices()
        self.status_bar = StatusBar()
        self.stack = QStackedWidget()
        self.work = Work(self, self.notices)
        self._pile = pile = QVBoxLayout(self)
        pile.setContentsMargins(0, 0, 0, 0)
        pile.setSpacing(0)
        for part, stretch in ((self.header, 0), (self.stack, 1), (self.notices, 0), (self.status_bar, 0)):
            pile.addWidget(part, stretch)
        for place in places:
            self.header.tab_row.add(place.key, place.title, place.icon)
        self.header.tab_row.show_current(FIRST_RUN)
        self.header.tab_row.turned.connect(self.turn)
        self.header.help_asked.connect(self.show_keys)
        self.header.profile_button.picked.connect(self.open_profile)
        self.header.profile_button.add_asked.connect(self._on_add_asked)
        self._add_keys()
        theme.themer().changed.connect(self.refresh_profiles)
        self.resize(theme.px(1280), theme.px(800))
        self.setMinimumSize(640, 420)

    # tabs

    @property
    def key(self) -> str:
        """The key of the tab that is turned to, empty on the first page."""
        return self._key

    def tab(self, key: str) -> Tab:
        """The tab of that key, made now where it was not needed before."""
        if key not in self._tabs:
            self._tabs[key] = self._make(key)
        return self._tabs[key]

    @cached_property
    def first_run(self) -> FirstRun:
        """The first page, made when it is first needed: most runs are not the first."""
        from turbodesk.gui.first_run import FirstRun

        page = FirstRun()
        self.stack.addWidget(page)
        self.first_run_made.emit(page)
        return page

    def made_tabs(self) -> Sequence[Tab]:
        """The tabs there are so far."""
        return tuple(self._tabs.values())

    def turn(self, key: str) -> None:
        """Turns to a tab; an empty key shows the first page."""
        if self._key and self._key != key:
            self._tabs[self._key].leaving()
        self._key = key
        self.header.tab_row.show_current(key)
        self.header.fit()
        self.status_bar.set_right("")
        if key == FIRST_RUN:
            self.stack.setCurrentWidget(self.first_run)
            self.first_run.begin()
            return
        tab = self.tab(key)
        self.stack.setCurrentWidget(tab)
        tab.turned_to()
        self.turned.emit(key)

    def show_first_run(self) -> None:
        """Shows the page of the first run."""
        self.turn(FIRST_RUN)

    def _make(self, key: str) -> Tab:
        tab = self._places[key].make(self.notices)
        tab.counter.connect(lambda count, tone: self._on_counter(key, count, tone))
        tab.status.connect(lambda text: self._on_status(key, text))
        tab.turn_to.connect(self._on_turn_asked)
        self.stack.addWidget(tab)
        if self.desk is not None:
            tab.set_desk(self.desk)
        return tab

    def _on_counter(self, key: str, count: int, tone: str) -> None:
        self.header.tab_row.set_count(key, count, tone)
        self.header.fit()

    def _on_status(self, key: str, text: str) -> None:
        if key == self._key:
            self.status_bar.set_right(text)

    def _on_turn_asked(self, key: str, payload: object) -> None:
        tab = self.tab(key)
        self.turn(key)
        if payload is not None:
            tab.receive(payload)

    # the account

    def open_profile(self, name: str) -> None:
        """Opens another account; the one before stays where that fails."""
        self.work.start(self._open(name), name=f"open {name}")

    async def _open(self, name: str) -> None:
        self.set_desk(await self._world.open_profile(name))

    def _on_add_asked(self) -> None:
        self.work.start(self._add(), name="add a profile")

    async def _add(self) -> None:
        name = await self._world.add_profile(self)
        self.refresh_profiles()
        if name is not None:
            await self._open(name)

    def set_desk(self, desk: Desk) -> None:
        """Shows this account in the header and hands it to the tabs."""
        self.desk = desk
        self.refresh_profiles()
        self._show_guards(desk.profile)
        self.setWindowTitle(f"{profile_name(desk.profile)} - Turbodesk")
        for key, place in self._places.items():
            fits = place.fits(desk)
            self.header.tab_row.set_tab_shown(key, fits)
            self.header.tab_row.set_count(key, 0)
            if not fits and key == self._key:
                self.turn(next(iter(self._places)))
        for tab in self._tabs.values():
            tab.set_desk(desk)
        self.header.fit()
        if self._key:
            self._tabs[self._key].turned_to()
        self.desk_changed.emit(desk)

    def renew_desk(self, desk: Desk) -> None:
        """Hands the tabs the same account with another profile; nothing is read anew."""
        self.desk = desk
        self.refresh_profiles()
        self._show_guards(desk.profile)
        for tab in self._tabs.values():
            tab.renew_desk(desk)

    def _show_guards(self, profile: Profile) -> None:
        """A red frame around everything while the production lock is on, and the tags in the header."""
        edge = theme.px(STRIPE) if profile.locked else 0
        self._pile.setContentsMargins(edge, 0, edge, edge)
        self.header.show_guards(profile)
        self.update()

    def refresh_profiles(self) -> None:
        """Shows the list of profiles anew."""
        button = self.header.profile_button
        for action in button.actions_by_key:
            self.removeAction(action)
        self.addActions(button.show_list(self._world.profiles(), self._world.service))
        profile = self.desk.profile if self.desk is not None else None
        button.show_profile(profile, self._world.service(profile) if profile is not None else "")
        self.header.fit()

    # keys

    def _add_keys(self) -> None:
        for number in range(1, 8):
            self._key_does(f"Alt+{number}", lambda number=number: self._turn_to_place(number - 1))
        for keys, by in (("Ctrl+PgDown", 1), ("Ctrl+Tab", 1), ("Ctrl+PgUp", -1), ("Ctrl+Shift+Tab", -1)):
            self._key_does(keys, lambda by=by: self._turn_by(by))
        self._key_does("F6", lambda: self._walk_regions(1))
        self._key_does("Shift+F6", lambda: self._walk_regions(-1))
        self._key_does("F1", self.show_keys)

    def _key_does(self, keys: str, act: Callable[[], object]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.activated.connect(act)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A question mark that no field wanted shows all keys."""
        if event.text() == "?":
            self.show_keys()
        else:
            super().keyPressEvent(event)

    def _turn_to_place(self, index: int) -> None:
        keys = self.header.tab_row.keys()
        if index < len(keys):
            self.turn(keys[index])

    def _turn_by(self, by: int) -> None:
        keys = self.header.tab_row.keys()
        here = keys.index(self._key) if self._key in keys else -1 if by > 0 else 0
        self.turn(keys[(here + by) % len(keys)])

    def regions(self) -> list[QWidget]:
        """Where F6 goes, in reading order: header, the tab's own regions, what floats over them, the
        notice."""
        inner = self._tabs[self._key].focus_regions() if self._key else [self.first_run.send_button]
        parts = (*inner, *self.bars, self.notices)
        return [self.header.tab_row, *(part for part in parts if part.isVisible())]

    def _walk_regions(self, by: int) -> None:
        regions = self.regions()
        focus = QApplication.focusWidget()
        here = next(
            (
                i
                for i, part in enumerate(regions)
                if focus is not None and (part is focus or part.isAncestorOf(focus))
            ),
            -1 if by > 0 else 0,
        )
        for step in range(1, len(regions) + 1):
            target = _first_focusable(regions[(here + by * step) % len(regions)])
            if target is not None:
                give_focus(target)
                return

    def show_keys(self) -> None:
        """Opens the page of all keys."""
        dialog = Dialog(self, "Keys", wide=640)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.px(32))
        grid.setVerticalSpacing(theme.px(16))
        for place, (title, keys) in enumerate(KEYS):
            block = QVBoxLayout()
            block.setSpacing(theme.px(6))
            block.addWidget(Label(title, "small-strong", "muted"))
            for name, does in keys:
                block.addLayout(row(KeyHint(name), Label(does), None))
            block.addStretch(1)
            grid.addLayout(block, place // 2, place % 2)
        dialog.body.addLayout(grid)
        close = dialog.add_button(Button("Close"), "back")
        dialog.enter_presses(close)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # the window

    def set_live(self, live: bool, text: str) -> None:
        """Tells in the status bar whether the service answers."""
        self.status_bar.set_live(live, text)

    def set_waiting(self, count: int) -> None:
        """Tells in the status bar how many letters wait."""
        self.status_bar.set_waiting(count)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.header.fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if edge := self._pile.contentsMargins().left():
            inside = self.rect().adjusted(edge, 0, -edge, -edge)
            painter = QPainter(self)
            for side in QRegion(self.rect()).subtracted(QRegion(inside)):
                painter.fillRect(side, theme.colour(LOCK.fill))
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self.painted.emit)  # what the window holds is painted after it

    def closeEvent(self, event: QCloseEvent) -> None:
        self._world.closing()
        self.closed.emit()
        event.accept()


def _first_focusable(region: QWidget) -> QWidget | None:
    """The region itself where it takes the focus, else the first in it that does."""
    for part in (region, *region.findChildren(QWidget)):
        if part.isEnabled() and part.isVisible() and part.focusPolicy() & Qt.FocusPolicy.TabFocus:
            return part
    return None
