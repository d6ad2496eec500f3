"""Addresses that were made to be tried: each has its fate, and nobody reads it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.services.desk import Desk

SENDPOST = tuple(
    (f"{local}@playwithsendpost.io", fate)
    for local, fate in (
        ("test", "delivered, then opened and clicked"),
        ("deliver", "delivered"),
        ("hardbounce", "hard bounce"),
        ("softbounce", "soft bounce"),
        ("dropped", "dropped"),
    )
)
SANDBOX = tuple(
    (f"{local}@example.com", fate)
    for local, fate in (
        ("ok", "delivered"),
        ("open", "delivered and opened"),
        ("click", "delivered, opened and clicked"),
        ("hardbounce", "hard bounce"),
        ("softbounce", "soft bounce"),
        ("spam", "marked as spam"),
        ("unsub", "unsubscribed"),
        ("drop", "taken, but the answer is lost"),
    )
)


def trial_addresses(desk: Desk | None) -> Sequence[tuple[str, str]]:
    """Address and fate of those that an account has; empty where it has none."""
    if desk is None:
        return ()
    here = SANDBOX if desk.control is not None else ()
    return (*here, *(SENDPOST if desk.profile.provider == "sendpost" else ()))


class TrialAddresses(Button):
    """A small button with the list of them; `taken` tells the address. Hidden where there is none."""

    taken = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "test", kind="quiet", size="small", name="Test addresses", parent=parent)
        self._addresses: Sequence[tuple[str, str]] = ()
        self.setFixedSize(theme.px(26), theme.px(26))
        self.setVisible(False)
        self.clicked.connect(self._open)

    def offer(self, addresses: Sequence[tuple[str, str]]) -> None:
        """Offers these, address and fate."""
        self._addresses = addresses
        self.setVisible(bool(addresses))

    def menu_of_addresses(self) -> QMenu:
        """A menu that takes one."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for address, fate in self._addresses:
            action = menu.addAction(f"{address}\t{fate}")
            action.triggered.connect(lambda _on=False, address=address: self.taken.emit(address))
        return menu

    def _open(self) -> None:
        self.menu_of_addresses().popup(self.mapToGlobal(self.rect().bottomLeft()))
