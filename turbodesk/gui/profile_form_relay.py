"""The lines of an SMTP relay: which one, its host and port, how TLS begins, and who signs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import row
from turbodesk.gui.parts.choice import Choice
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.profile_form import Lines
from turbodesk.model.account import Profile
from turbodesk.providers.relay_presets import OTHER, PRESETS, RelayPort, preset_of

TLS_WORDS = {"starttls": "STARTTLS", "tls": "TLS at once", "none": "None"}
PORTS = (RelayPort(587, "starttls"), RelayPort(465, "tls"), RelayPort(25, "none"))  # of any other relay
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class RelayFields(QWidget):
    """Host, port, TLS, authorities, and where `login` says so user and password.

    `fields` are those that a sentence can stand at. `file_asked` wants the file of authorities chosen.
    """

    changed = Signal()
    file_asked = Signal()

    def __init__(self, *, login: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        presets = [(key, preset.title) for key, preset in PRESETS.items()]
        self.preset = Choice([*presets, (OTHER, "Another relay")], name="Relay")
        self.host = Field("smtp.example.com", name="Host of the relay")
        self.port = Field(name="Port")
        self.port.setFixedWidth(theme.px(84))
        self.tls = Segmented(list(TLS_WORDS.items()), name="How TLS begins")
        self.tls_message = Message()
        self.ca_file = Field(
            "only where the relay has an authority of its own", name="File of further authorities"
        )
        self.choose_button = Button("Choose…")
        self.user = Field("you@example.com", name="User name at the relay")
        self.password = Field(name="Password at the relay", password=True)
        self.fields: Mapping[str, Field] = {
            "host": self.host,
            "port": self.port,
            "ca-file": self.ca_file,
            **({"user": self.user, "password": self.password} if login else {}),
        }
        self._filling = False
        self._lay_out(login)
        self.preset.key_changed.connect(self._on_preset)
        self.tls.chosen.connect(self._on_tls)
        self.choose_button.clicked.connect(self.file_asked)
        for field in self.fields.values():
            field.changed.connect(self._on_changed)
        self.choose(next(iter(PRESETS)))

    def choose(self, preset: str) -> None:
        """Takes the host, port and TLS of a preset; for `other` they stay as they are."""
        blocked = self.preset.blockSignals(True)
        self.preset.choose(preset)
        self.preset.blockSignals(blocked)
        self._on_preset(preset)

    def put(self, profile: Profile) -> Profile:
        """`profile` with this relay."""
        port = self.port.text().strip()
        return replace(
            profile,
            smtp_host=self.host.text().strip(),
            smtp_port=int(port) if port.isascii() and port.isdigit() else 0,
            smtp_tls=self.tls.key,
            ca_file=self.ca_file.text().strip(),
        )

    def fill(self, profile: Profile) -> None:
        """Writes the relay of a profile into the lines."""
        self._filling = True
        self.host.setText(profile.smtp_host)
        self.port.setText(str(profile.smtp_port))
        self.tls.choose(profile.smtp_tls)
        self.ca_file.setText(profile.ca_file)
        if "user" in self.fields:
            self.user.setText(profile.user)
        self._filling = False
        self._on_changed()

    def say_tls(self, sentence: str) -> QWidget:
        """Says what is wrong with the way TLS begins."""
        self.tls_message.say(sentence)
        return self.tls.segment(self.tls.key)

    def _lay_out(self, login: bool) -> None:
        pile = QVBoxLayout(self)
        pile.setContentsMargins(0, 0, 0, 0)
        lines = Lines()
        lines.add("Relay", self.preset)
        top = Qt.AlignmentFlag.AlignTop
        word = Label("Port", tone="muted")
        word.setFixedHeight(theme.px(30))
        host = row(self.host)
        host.addWidget(word, 0, top)
        host.addWidget(self.port, 0, top)
        lines.add("Host", _held(host))
        lines.add("TLS", self.tls)
        lines.add("", self.tls_message)
        if login:
            lines.add("User", self.user)
            lines.add("Password", self.password)
        trusted = row(self.ca_file)
        trusted.addWidget(self.choose_button, 0, top)
        lines.add("CA file", _held(trusted))
        pile.addWidget(lines)

    def _on_preset(self, key: str) -> None:
        if key == OTHER:
            if preset_of(self.host.text()) != OTHER:
                self.host.edit.clear()
            self.host.edit.setFocus()
            return
        preset = PRESETS[key]
        self._filling = True
        self.host.setText(preset.host)
        self._take_port(preset.ports[0])
        self._filling = False
        self._on_changed()

    def _on_tls(self, key: str) -> None:
        """Another way has another port, where the port is not the user's own."""
        ports = PRESETS[self.preset.key].ports if self.preset.key in PRESETS else PORTS
        known = {str(port.number) for port in ports}
        usual = next((port for port in ports if port.tls == key), None)
        if usual is not None and self.port.text().strip() in {"", *known}:
            self._take_port(usual)
        self._on_changed()

    def _take_port(self, port: RelayPort) -> None:
        self.port.setText(str(port.number))
        self.tls.choose(port.tls)

    def _on_changed(self, _text: str = "") -> None:
        host = self.host.text().strip().lower()
        self.tls.set_shown("none", host in LOOPBACK or self.tls.key == "none")
        self.tls_message.clear()
        if not self._filling and preset_of(host) != self.preset.key:
            blocked = self.preset.blockSignals(True)
            self.preset.choose(preset_of(host))
            self.preset.blockSignals(blocked)
            self.preset.update()
        self.changed.emit()


def _held(line: QHBoxLayout) -> QWidget:
    holder = QWidget()
    holder.setLayout(line)
    return holder
