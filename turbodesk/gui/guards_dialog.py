"""Takes who may get mail of a profile, who may not, and how many a day."""

from __future__ import annotations

import re
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from turbodesk.gui import theme
from turbodesk.gui.header import profile_name
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import column
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.parts.label import Label
from turbodesk.gui.profile_form import Lines
from turbodesk.model.account import Profile
from turbodesk.model.message import AddressError
from turbodesk.services.guards import entries_of

SAYS = (
    "They hold for everything that this profile sends, from this window and from the command line. One "
    "address that may not get mail stops the whole message."
)
HOW = "tom@example.com, example.com, or *.example.com for the domain and all below it; one a line"
MOST = 10_000_000  # recipients a day that anybody could mean


class AddressList(QWidget):
    """Entries, one a line, and what is wrong with them."""

    def __init__(self, name: str, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edit = QPlainTextEdit()
        self.edit.setAccessibleName(name)
        self.edit.setPlaceholderText(empty)
        self.edit.setTabChangesFocus(True)
        self.edit.setFont(theme.font("mono"))
        self.edit.setFixedHeight(theme.px(74))
        self.message = Message()
        self.edit.textChanged.connect(self.message.clear)
        self.setLayout(column(self.edit, self.message, gap=0))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setFocusProxy(self.edit)

    def entries(self) -> tuple[str, ...] | None:
        """The entries as they are kept; None, and what is wrong said, where one is none."""
        written = re.split(r"[\s,;]+", self.edit.toPlainText())
        try:
            return entries_of(text for text in written if text)
        except AddressError as error:
            self.message.say(str(error))
            return None


class GuardsDialog(Dialog):
    """The lists and the daily cap of a profile; accepted once all of it can be kept."""

    def __init__(self, parent: QWidget | None, profile: Profile) -> None:
        super().__init__(parent, f"Limits of {profile_name(profile)}", wide=560)
        self.profile = profile
        self._allow, self._block = profile.allow, profile.block
        self.allow = AddressList("Mail only to", "anybody")
        self.block = AddressList("No mail to", "nobody named")
        self.cap = Field("any number", name="Recipients a day at most")
        self.cap.edit.setValidator(QIntValidator(0, MOST, self.cap.edit))
        self.cap.setFixedWidth(theme.px(120))
        lines = Lines()
        lines.add("Mail only to", self.allow)
        lines.add("No mail to", self.block)
        lines.add("", Label(HOW, "small", "muted", wrap=True))
        lines.add("A day at most", self.cap, "Recipients, counted from midnight on this computer.")
        self.body.addWidget(Label(SAYS, wrap=True))
        self.body.addWidget(lines)
        self.allow.edit.setPlainText("\n".join(profile.allow))
        self.block.edit.setPlainText("\n".join(profile.block))
        self.cap.setText(str(profile.daily_cap or ""))
        self.add_button(Button("Back"), "back")
        self.keep_button = self.add_button(Button("Keep", kind="primary"))
        self.keep_button.clicked.connect(self._on_keep_clicked)
        self.allow.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        """Makes room for what is said of a list, and takes it back."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.resize(self.width(), self.layout().totalHeightForWidth(self.width()))
        return done

    def limited(self, profile: Profile) -> Profile:
        """A profile with the limits that were accepted."""
        return replace(profile, allow=self._allow, block=self._block, daily_cap=int(self.cap.text() or 0))

    def _on_keep_clicked(self) -> None:
        allow, block = self.allow.entries(), self.block.entries()
        if allow is None or block is None:
            (self.allow if allow is None else self.block).setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self._allow, self._block = allow, block
        self.accept()
