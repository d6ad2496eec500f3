"""What a tab shows where the open account has no such thing: why, and where it is found instead."""

from __future__ import annotations

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Ground
from turbodesk.gui.parts.states import EmptyState
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk

DASHBOARDS = {  # where a provider keeps on a page of its own what its API does not have
    ("turbosmtp-v2", Capability.TRACKING): "https://dashboard.serversmtp.com",
}


class NotOffered(Ground):
    """A calm page in place of a tab's content. It never stands for something that is being read."""

    account_asked = Signal()

    def __init__(self, icon: str, parent: QWidget | None = None) -> None:
        super().__init__("surface", parent=parent)
        self._icon = icon
        self.open_url = QDesktopServices.openUrl
        self.says = EmptyState(icon)
        self.box.addWidget(self.says)

    @property
    def title(self) -> str:
        """What it says is not there."""
        return self.says.title

    def show_for(self, desk: Desk, capability: Capability, what: str) -> None:
        """Says that this account has no `what`, in the provider's own sentence."""
        buttons = [self._account_button()]
        if url := DASHBOARDS.get((desk.profile.provider, capability)):
            buttons.insert(0, self._dashboard_button(url))
        self.says.say(self._icon, f"No {what} with this account", desk.why_not(capability), buttons)

    def _account_button(self) -> Button:
        button = Button("Open Account", "account")
        button.clicked.connect(self.account_asked)
        return button

    def _dashboard_button(self, url: str) -> Button:
        button = Button("Open the dashboard page", "external", tip=url)
        button.clicked.connect(lambda: self.open_url(QUrl(url)))
        return button
