"""The Account tab over one sandbox, for tests of its cards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from turbodesk.gui.account_tab import AccountTab
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import column
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.toast import Toast
from turbodesk.model.account import Profile
from turbodesk.providers.gateway import Gateway
from turbodesk.providers.looking import Looking
from turbodesk.services.desk import Desk
from turbodesk.vault import MemoryVault
from turbodesk.workplace import Workplace


class World:
    """One profile, and what the tab asks of the window."""

    def __init__(self, place: Workplace, profile: Profile) -> None:
        self._place, self._profile = place, profile

    def profiles(self) -> list[Profile]:
        return [self._profile]

    def current(self) -> Profile | None:
        return self._profile

    def service(self, profile: Profile) -> str:
        return "this computer"

    def secret_kept(self, name: str) -> str:
        return "needs no key"

    async def key_in_use(self, profile: Profile) -> str:
        return ""

    async def gateway(self) -> Gateway:
        return self._place.gateway


class Room:
    """The tab, its desk, and hands to press with."""

    def __init__(self, place: Workplace, desk: Desk, tab: AccountTab, notices: Notices) -> None:
        self.place, self.desk, self.tab, self.notices = place, desk, tab, notices

    def dialog(self, kind: type[Dialog] = Dialog) -> Any:
        """The dialog of that kind over the tab, None where there is none."""
        return dialog_of(self.tab.window(), kind)

    def toast(self) -> Toast | None:
        """The newest word that goes by itself."""
        return next((it for it in self.tab.window().findChildren(Toast) if it.isVisible()), None)

    async def settled(self) -> None:
        await self.tab.work.settled()


Opened = Callable[..., Any]


def opener(tmp_path: Path, notices: Notices, window_of: Callable[..., QWidget]) -> Opened:
    """`async with opened(name, viewer=…) as room`: the tab is turned to and read."""

    @asynccontextmanager
    async def opened(
        name: str, *, viewer: bool = False, width: int = 1280, high: int = 800, turned: bool = True
    ) -> AsyncIterator[Room]:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=0) as place:
            desk = await place.desk(name)
            shown = desk
            if viewer:
                profile = replace(desk.profile, viewer=True)
                shown = replace(desk, profile=profile, provider=Looking(desk.provider, profile.name))
            tab = AccountTab(notices, World(place, desk.profile))
            window = QWidget()
            window.setLayout(column(tab, notices, gap=0))
            window_of(window, width, high)
            tab.set_desk(shown)
            room = Room(place, desk, tab, notices)
            if turned:
                tab.turned_to()
                await tab.work.settled()
            try:
                yield room
            finally:
                for dialog in window.findChildren(Dialog):
                    dialog.reject()
                tab.set_desk(None)
                await tab.work.settled()
                await tab.behind.settled()
                await desk.aclose()
                notices.setParent(None)  # it goes by itself

    return opened


def dialog_of(owner: QWidget, kind: type[Dialog] = Dialog) -> Any:
    """The dialog of that kind over `owner`, None where there is none."""
    return next((it for it in owner.findChildren(kind) if it.isVisible()), None)


def press(owner: QWidget, text: str) -> None:
    """Clicks the visible button of those words."""
    button = next(it for it in owner.findChildren(Button) if it.text() == text and it.isVisible())
    assert button.isEnabled(), f"{text} is greyed out"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def texts(owner: QWidget) -> list[str]:
    """What the visible labels say."""
    return [label.text() for label in owner.findChildren(Label) if label.isVisibleTo(owner) and label.text()]
