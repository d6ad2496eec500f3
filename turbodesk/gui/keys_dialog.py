"""A new key pair: what it may do, and its secret, shown this once."""

from __future__ import annotations

import platform
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme
from turbodesk.gui.key_words import PERMISSIONS
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import column, row
from turbodesk.gui.parts.check_box import CheckBox
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.parts.label import Label
from turbodesk.gui.profile_form import Lines
from turbodesk.gui.work import Work
from turbodesk.model.account import NewKey
from turbodesk.providers.port import Provider

COPIED_MS = 2000


class KeyDialog(Dialog):
    """Asks what the key pair may do and makes it; then shows it once. `made` says whether it was."""

    def __init__(self, window: QWidget | None, provider: Provider) -> None:
        super().__init__(window, "New key pair", wide=560)
        self._provider = provider
        self.made = False
        self.work = Work(self, Notices(self))
        self.label = Field(name="Name")
        self.label.setText(f"Turbodesk on {platform.node() or 'this computer'}")
        self.boxes = {name: CheckBox(says[:1].upper() + says[1:]) for name, says in PERMISSIONS.items()}
        self.ips = Field("any address; or 192.0.2.1, 192.0.2.2", name="Addresses it may be used from")
        self.message = Message()
        self._asking, self._telling = self._ask_page(), self._tell_page()
        self._telling.hide()
        self.body.addWidget(self._asking)
        self.body.addWidget(self._telling)
        self.body.addStretch(1)
        self.back_button = self.add_button(Button("Back"), "back")
        self.create_button = self.add_button(Button("Create key pair", "key", kind="primary"))
        self.done_button = self.add_button(Button("Done", kind="primary"), "act")
        self.done_button.hide()
        self.create_button.clicked.connect(lambda: self.create())
        self.enter_presses(self.create_button)
        self.finished.connect(self._on_finished)
        self.label.edit.setFocus()

    def create(self) -> None:
        """Asks the provider for the key pair; what is wrong is said in the dialog."""
        wanted = [name for name, box in self.boxes.items() if box.isChecked()]
        self.message.clear()
        if not self.label.text().strip():
            self.label.set_bad("Give the key pair a name: it is how you find it again.")
            return
        if not wanted:
            self.message.say("Tick at least one thing that it may do.")
            return
        self.work.start(
            self._create(wanted), busy=self.create_button, fail=self._show_failure, name="new key"
        )

    async def _create(self, wanted: list[str]) -> None:
        ips = [ip for ip in self.ips.text().replace(",", " ").split() if ip]
        made = await self._provider.create_key(self.label.text().strip(), permissions=wanted, ips=ips)
        self._tell(made)

    def _tell(self, made: NewKey) -> None:
        self.made = True
        self.key.setText(made.key.reveal())
        self.secret.setText(made.secret.reveal())
        self._asking.hide()
        self._telling.show()
        self.back_button.hide()
        self.create_button.hide()
        self.done_button.show()
        self.heading.setText("The key pair is made")
        self.enter_presses(self.done_button)
        self.done_button.setFocus()
        self.adjustSize()

    def _show_failure(self, error: TurbodeskError) -> bool:
        self.message.say(f"{error.says} {error.hint}".strip())
        return True

    def _ask_page(self) -> QWidget:
        page = QWidget()
        pile = QVBoxLayout(page)
        pile.setContentsMargins(0, 0, 0, 0)
        lines = Lines()
        lines.add("Name", self.label)
        for box in self.boxes.values():
            box.setChecked(True)
        may = QWidget()
        may.setLayout(column(3, *self.boxes.values(), gap=2))
        lines.add("May", may)
        lines.add("Only from", self.ips)
        lines.add("", self.message)
        pile.addWidget(lines)
        self.label.changed.connect(lambda _text: self.label.set_good())
        return page

    def _tell_page(self) -> QWidget:
        page = QWidget()
        pile = QVBoxLayout(page)
        pile.setContentsMargins(0, 0, 0, 0)
        pile.setSpacing(theme.px(10))
        once = "The secret is shown this once and not kept here: copy it to where it is needed."
        pile.addWidget(Label(once, tone="muted", wrap=True))
        self.key, self.secret = Field(name="Consumer key"), Field(name="Consumer secret")
        lines = Lines()
        self.copy_buttons = []
        for name, field in (("Consumer key", self.key), ("Consumer secret", self.secret)):
            field.edit.setReadOnly(True)
            field.edit.setFont(theme.font("mono"))
            copy = copy_button(field.text, name.lower())
            self.copy_buttons.append(copy)
            holder = QWidget()
            holder.setLayout(row(field, copy))
            lines.add(name, holder)
        pile.addWidget(lines)
        return page

    def _on_finished(self) -> None:
        self.work.cancel_all()
        self.key.edit.clear()
        self.secret.edit.clear()


def copy_button(text: Callable[[], str], what: str, *, bare: bool = False) -> Button:
    """A button that copies what `text()` gives, and says so for a moment; `bare` shows the icon alone."""
    button = Button(
        "" if bare else "Copy", "copy", size="small", kind="quiet" if bare else "plain", name=f"Copy {what}"
    )
    back = QTimer(button)
    back.setSingleShot(True)
    back.setInterval(COPIED_MS)
    back.timeout.connect(lambda: button.set_icon("copy"))

    def copy() -> None:
        QGuiApplication.clipboard().setText(text())
        button.set_icon("check")
        back.start()

    button.clicked.connect(copy)
    return button
