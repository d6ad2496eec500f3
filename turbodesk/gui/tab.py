"""What every tab has: its work, its notices, greying out what is not offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.label import plain_tip
from turbodesk.gui.work import Work

if TYPE_CHECKING:
    from turbodesk.providers.port import Capability
    from turbodesk.services.desk import Desk


class Tab(QWidget):
    """One word of the header and the pane below it.

    `counter` tells how much work waits and whether it needs a person (`warning`), `status` what the
    status bar says at the right, `turn_to` asks the window for another tab and hands it something.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str]

    counter = Signal(int, str)
    status = Signal(str)
    turn_to = Signal(str, object)

    def __init__(self, notices: Notices, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notices = notices
        self.work = Work(self, notices)
        self.sending = Work(self, notices)  # sends are not cut by a change of account
        self.behind = Work(self, notices)  # what goes on while the tab is there, whatever account is open
        self.desk: Desk | None = None
        self.first = True
        self.setAccessibleName(self.title)
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(0)

    def set_desk(self, desk: Desk | None) -> None:
        """Takes another account, or none; what was under way for the one before is cancelled."""
        self.work.cancel_all()
        self.desk = desk
        self.first = True

    def turned_to(self) -> None:
        """The window shows this tab: calls `shown`, and keeps count of the first time."""
        self.shown()
        self.first = False

    def shown(self) -> None:
        """The tab is to be seen; `first` is True the first time for this account."""

    def leaving(self) -> None:
        """Another tab is turned to."""

    def receive(self, payload: object) -> None:
        """Takes what another tab handed over with `turn_to`."""

    def renew_desk(self, desk: Desk) -> None:
        """Takes the same account with another profile; nothing is read anew."""
        self.desk = desk

    def offer(self, capability: Capability, widget: QWidget, sentence: str = "") -> bool:
        """Greys a widget out where the account does not offer that, and says why (in the provider's words
        where there is no `sentence`); True where it does."""
        offered = self.desk is not None and capability in self.desk.offers
        why = "" if offered or self.desk is None else sentence or self.desk.why_not(capability)
        if isinstance(widget, Button):
            if offered:
                widget.on()
            else:
                widget.off(why or sentence)
        else:
            widget.setEnabled(offered)
            widget.setToolTip(plain_tip(why) if why else "")
            widget.setAccessibleDescription(why)
        return offered

    def focus_regions(self) -> list[QWidget]:
        """Where F6 goes within the tab, in reading order."""
        return [self]
