"""What every form of an account has: its lines, what is folded away, and where a problem stands."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.card import column
from turbodesk.gui.parts.check_box import CheckBox
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.parts.label import Label, Link
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.model.account import Credential, Credentials, Profile, Secret, Unlocked
from turbodesk.model.message import Address, AddressError
from turbodesk.providers import origin_of
from turbodesk.services.desk import Desk

LABELS = 124  # width of the names beside the fields


class Lines(QWidget):
    """Fields below each other, each with its name at the left; a line can be left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: dict[QWidget, QWidget] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(0)
        self._grid.setVerticalSpacing(theme.px(10))
        self._grid.setColumnMinimumWidth(0, theme.px(LABELS))
        self._grid.setColumnStretch(1, 1)

    def add(self, name: str, inner: QWidget, hint: str = "") -> None:
        """Puts a line at the end, with a hint below it where there is one."""
        if hint:
            inner = self._with_hint(inner, hint)
        line = self._grid.rowCount()
        if name:
            label = Label(name, tone="muted")
            label.setFixedHeight(theme.px(30))
            self._names[inner] = label
            self._grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop)
        narrow = isinstance(inner, (Segmented, CheckBox, Link))
        side = Qt.AlignmentFlag.AlignLeft if narrow else Qt.AlignmentFlag(0)
        self._grid.addWidget(inner, line, 1, side)

    @staticmethod
    def _with_hint(inner: QWidget, hint: str) -> QWidget:
        holder = QWidget()
        holder.setLayout(column(inner, Label(hint, "small", "muted", wrap=True), gap=3))
        return holder

    def show_line(self, inner: QWidget, shown: bool) -> None:
        """Shows the line of `inner`, or leaves it out."""
        inner.setVisible(shown)
        if inner in self._names:
            self._names[inner].setVisible(shown)


class Fold(QWidget):
    """Settings that few need, behind a link."""

    def __init__(self, closed: str, opened: str = "Fewer settings", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._closed, self._opened = closed, opened
        self.link = Link(closed, "small-medium")
        self.link.clicked.connect(lambda: self.open(self._inner.isHidden()))
        self._inner = QWidget()
        self.box = QVBoxLayout(self._inner)
        self.box.setContentsMargins(0, theme.px(10), 0, 0)
        self.box.setSpacing(theme.px(10))
        pile = QVBoxLayout(self)
        pile.setContentsMargins(0, 0, 0, 0)
        pile.setSpacing(0)
        pile.addWidget(self.link, 0, Qt.AlignmentFlag.AlignLeft)
        pile.addWidget(self._inner)
        self.open(False)

    def open(self, opened: bool) -> None:
        """Shows what is folded away, or hides it again."""
        self._inner.setVisible(opened)
        self.link.setText(self._opened if opened else self._closed)
        self.link.updateGeometry()


class HostFields(QWidget):
    """Other hosts than the service's own, and the word that they may see what is typed here."""

    changed = Signal()

    def __init__(
        self, api: str, send: str = "", *, what: str = "keys", parent: QWidget | None = None
    ) -> None:
        """`api` and `send` are the service's own origins; without `send` there is only one host. `what`
        is what would go there."""
        super().__init__(parent)
        self._what, self._service = what, ""
        self.api_url = Field(api, name="Address of the API")
        self.send_url = Field(send, name="Address that mail is sent to")
        self.sure = CheckBox(f"I know {'these hosts' if send else 'this host'}; my {what} may go there")
        self.message = Message()
        pile = QVBoxLayout(self)
        pile.setContentsMargins(0, 0, 0, 0)
        lines = Lines()
        lines.add("API host", self.api_url)
        if send:
            lines.add("Send host", self.send_url)
        lines.add("", self.sure)
        lines.add("", self.message)
        pile.addWidget(lines)
        for field in (self.api_url, self.send_url):
            field.changed.connect(self._on_changed)
        self.sure.toggled.connect(self._on_changed)
        self._on_changed()

    @property
    def urls(self) -> tuple[str, str]:
        """The origins of API and send host, empty for the service's own."""
        return origin_of(self.api_url.text()), origin_of(self.send_url.text())

    def fill(self, profile: Profile) -> None:
        """Writes what a profile has; it was confirmed when that was made."""
        self.api_url.setText(profile.api_url)
        self.send_url.setText(profile.send_url)
        self.sure.setChecked(any(self.urls))

    def unconfirmed(self, service: str) -> str:
        """What is to be confirmed first, empty where nothing is."""
        hosts = list(dict.fromkeys(url.partition("://")[2] or url for url in self.urls if url))
        if not hosts or self.sure.isChecked():
            return ""
        there = " and ".join(hosts)
        return (
            f"Your {self._what} would go to {there} instead of {service}. Tick the box where that is right."
        )

    def _on_changed(self) -> None:
        self.message.clear()
        self.sure.setEnabled(any(self.urls))
        self.changed.emit()


class ProfileForm(QWidget):
    """The form of an account at one provider, without its name.

    `fields` are the places where a sentence can stand, by the field's name as problems use it.
    `file_asked` wants the file of authorities chosen for the relay.
    """

    provider: ClassVar[str]
    service: ClassVar[str]
    why: ClassVar[str]
    """One sentence on top: what is asked for."""

    changed = Signal()
    file_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, Field] = {}
        self.pile = QVBoxLayout(self)
        self.pile.setContentsMargins(0, 0, 0, 0)
        self.pile.setSpacing(theme.px(10))

    def first(self) -> QWidget:
        """Where the focus begins."""
        return next(iter(self.fields.values())).edit

    def profile(self, base: Profile) -> Profile:
        """`base` (its name and colour) with what the form says. Never a secret."""
        raise NotImplementedError

    def credentials(self) -> Credentials:
        """The secrets as they are typed; those left empty are not in it."""
        raise NotImplementedError

    def problems(self, profile: Profile) -> dict[str, str]:
        """What can be said before anything is asked, beside what is wrong with any profile: by field."""
        raise NotImplementedError

    def fill(self, profile: Profile) -> None:
        """Writes what a profile has into the form; its secrets are asked for anew."""
        raise NotImplementedError

    @property
    def prepares(self) -> bool:
        """Whether `prepare` must come before the credentials can be tried."""
        return False

    async def prepare(self, desk: Desk) -> None:
        """Makes, as the user agreed, what the account is used with from then on; profile and credentials
        are others afterwards. `desk` has what was typed."""

    def put_file(self, path: str) -> None:
        """Takes the file of authorities that was chosen."""

    def say_at(self, field: str, sentence: str) -> QWidget | None:
        """Says what is wrong at its place; the widget to mend it in comes back, None where there is none."""
        if (place := self.fields.get(field)) is None:
            return None
        place.set_bad(sentence)
        return place.edit

    def field_of(self, refused: Unlocked) -> str:
        """The field at which it is said that a credential was not taken."""
        return "password"

    def set_good(self) -> None:
        """Takes back everything that was said."""
        for field in self.fields.values():
            field.set_good()

    def clear_secrets(self) -> None:
        """Forgets the secrets that were typed."""
        for credential in Credential:
            if (field := self.fields.get(credential.value)) is not None:
                field.edit.clear()

    def _add_field(self, name: str, field: Field) -> Field:
        """Lets sentences about `name` stand at this field."""
        self.fields[name] = field
        field.changed.connect(lambda _text: field.set_good())
        field.changed.connect(lambda _text: self.changed.emit())
        return field

    def _typed(self, *credentials: Credential) -> Credentials:
        """The secrets in the fields of these credentials, as they are typed but for spaces around a key."""
        typed = {it: self.fields[it.value].text() for it in credentials}
        texts = {it: text if it is Credential.PASSWORD else text.strip() for it, text in typed.items()}
        return {it: Secret(text) for it, text in texts.items() if text}


def problem_of_address(text: str, empty: str) -> str:
    """What is wrong with the e-mail address of an account; `empty` where none is written."""
    try:
        Address.parse(text)
    except AddressError as error:
        return str(error) if text else empty
    return ""
