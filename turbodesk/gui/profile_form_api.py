"""What the forms of all accounts with an API share: other hosts, and the relay beside the API."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.check_box import CheckBox
from turbodesk.gui.parts.label import Label
from turbodesk.gui.profile_form import Fold, HostFields, ProfileForm
from turbodesk.gui.profile_form_relay import RelayFields
from turbodesk.model.account import Profile

REGIONS = (("world", "World"), ("eu", "Europe"))
RELAYS = {"world": "turbosmtp", "eu": "turbosmtp-eu"}  # the preset that belongs to a region


class RelayBeside(QWidget):
    """“Also send by SMTP”, and the lines of the relay below it."""

    changed = Signal()

    def __init__(
        self, preset: str, login: str, *, own_login: bool = False, parent: QWidget | None = None
    ) -> None:
        """`login` says who signs in there; with `own_login` the relay has a user and password of its own."""
        super().__init__(parent)
        self.on = CheckBox("Also send by SMTP")
        self._login = Label(login, "small", "muted", wrap=True)
        self.relay = RelayFields(login=own_login)
        self.relay.choose(preset)
        pile = QVBoxLayout(self)
        pile.setContentsMargins(0, 0, 0, 0)
        pile.setSpacing(theme.px(10))
        for part in (self.on, self._login, self.relay):
            pile.addWidget(part)
        self.on.toggled.connect(self._show)
        self.relay.changed.connect(self.changed)
        self._show(False)

    @property
    def wanted(self) -> bool:
        """Whether the account is to have a relay."""
        return self.on.isChecked()

    def put(self, profile: Profile) -> Profile:
        """`profile` with the relay, or as it is."""
        return self.relay.put(profile) if self.wanted else profile

    def fill(self, profile: Profile) -> None:
        """Writes the relay of a profile, where it has one."""
        if profile.smtp_host:
            self.on.setChecked(True)
            self.relay.fill(profile)

    def _show(self, on: bool) -> None:
        self.relay.setVisible(on)
        self._login.setVisible(on and bool(self._login.text()))
        self.changed.emit()


class ApiForm(ProfileForm):
    """The form of an account with an API: under Advanced other hosts, and the relay beside it."""

    def __init__(self, hosts: HostFields, beside: RelayBeside, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hosts, self.beside = hosts, beside

    def put_file(self, path: str) -> None:
        self.beside.relay.ca_file.setText(path)

    def say_at(self, field: str, sentence: str) -> QWidget | None:
        if field == "hosts":
            self.more.open(True)
            self.hosts.message.say(sentence)
            return self.hosts.sure
        if field == "tls":
            self.more.open(True)
            return self.beside.relay.say_tls(sentence)
        place = super().say_at(field, sentence)
        if place is not None and self.more.isAncestorOf(place):
            self.more.open(True)
        return place

    def _add_more(self, words: str, *above: QWidget) -> None:
        """Puts what few need at the end, folded away."""
        self.more = Fold(words)
        for part in (*above, self.hosts, self.beside):
            self.more.box.addWidget(part)
        self.pile.addWidget(self.more)
        self._add_field("api-url", self.hosts.api_url)
        self._add_field("send-url", self.hosts.send_url)
        for name, field in self.beside.relay.fields.items():
            self._add_field(name, field)
        self.hosts.changed.connect(self.changed)
        self.beside.changed.connect(self.changed)
        self.beside.relay.file_asked.connect(self.file_asked)

    def _follow(self, region: str) -> None:
        """Takes the relay of another region, where the relay is one of the service's own."""
        if self.beside.relay.preset.key in RELAYS.values():
            self.beside.relay.choose(RELAYS[region])
