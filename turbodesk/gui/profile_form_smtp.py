"""The form of an SMTP relay that is all there is of an account."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from turbodesk.gui.profile_form import ProfileForm
from turbodesk.gui.profile_form_relay import RelayFields
from turbodesk.model.account import Credential, Credentials, Profile


class SmtpForm(ProfileForm):
    """Where the relay is, and who signs in there."""

    provider = "smtp"
    service = "SMTP relay"
    why = "Mail goes out over SMTP. A relay only sends: reports and statistics stay at the provider."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.relay = RelayFields(login=True)
        for name, field in self.relay.fields.items():
            self._add_field(name, field)
        self.relay.changed.connect(self.changed)
        self.relay.file_asked.connect(self.file_asked)
        self.pile.addWidget(self.relay)

    def first(self) -> QWidget:
        return self.relay.user.edit

    def profile(self, base: Profile) -> Profile:
        return self.relay.put(replace(base, user=self.relay.user.text().strip()))

    def credentials(self) -> Credentials:
        return self._typed(Credential.PASSWORD)

    def problems(self, profile: Profile) -> dict[str, str]:
        if profile.user and not self.relay.password.text():
            return {"password": "Write the password of this user at the relay."}
        if self.relay.password.text() and not profile.user:
            return {"user": "Write the user name that this password belongs to."}
        return {}

    def fill(self, profile: Profile) -> None:
        self.relay.fill(profile)

    def put_file(self, path: str) -> None:
        self.relay.ca_file.setText(path)

    def say_at(self, field: str, sentence: str) -> QWidget | None:
        return self.relay.say_tls(sentence) if field == "tls" else super().say_at(field, sentence)
