"""The form of turboSMTP's first API, which is retired: e-mail and password."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from turbodesk.gui.parts.check_box import CheckBox
from turbodesk.gui.parts.field import Field
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.profile_form import HostFields, Lines, problem_of_address
from turbodesk.gui.profile_form_api import REGIONS, RELAYS, ApiForm, RelayBeside
from turbodesk.model.account import Credential, Credentials, Profile, Unlocked


class TurboSmtpV1Form(ApiForm):
    """E-mail and password, the region, and how a send travels."""

    provider = "turbosmtp-v1"
    service = "turboSMTP"
    why = "The API that turboSMTP has retired: for where an older installation still answers."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            HostFields("https://dashboard.serversmtp.com", "https://api.turbo-smtp.com", what="password"),
            RelayBeside(RELAYS["world"], "The relay takes the same e-mail and password."),
            parent,
        )
        self.user = self._add_field("user", Field("you@example.com", name="E-mail"))
        self.password = self._add_field("password", Field(name="Password", password=True))
        self.region = Segmented(REGIONS, name="Region")
        self.no_expire = CheckBox("Stay signed in: the token does not expire")
        self.send_form = Segmented([("v2", "V2"), ("v1", "V1"), ("beta", "Beta")], name="Send form")
        lines = Lines()
        lines.add("E-mail", self.user)
        lines.add("Password", self.password)
        lines.add("Region", self.region)
        lines.add("", self.no_expire)
        self.pile.addWidget(lines)
        form = Lines()
        form.add("Send form", self.send_form)
        self._add_more("Advanced: send form, other hosts, SMTP", form)
        self.region.chosen.connect(self._follow)

    def profile(self, base: Profile) -> Profile:
        api_url, send_url = self.hosts.urls
        made = replace(
            base,
            user=self.user.text().strip(),
            api_url=api_url,
            send_url=send_url,
            region=self.region.key,
            send_form=self.send_form.key,
            no_expire=self.no_expire.isChecked(),
        )
        return self.beside.put(made)

    def credentials(self) -> Credentials:
        return self._typed(Credential.PASSWORD)

    def problems(self, profile: Profile) -> dict[str, str]:
        found = {
            "user": problem_of_address(profile.user, "Write the e-mail address of the account."),
            "password": "" if self.password.text() else "Write the password of the account.",
            "hosts": self.hosts.unconfirmed(self.service),
        }
        return {field: problem for field, problem in found.items() if problem}

    def fill(self, profile: Profile) -> None:
        self.user.setText(profile.user)
        self.region.choose(profile.region)
        self.send_form.choose(profile.send_form or "v2")
        self.no_expire.setChecked(profile.no_expire)
        self.hosts.fill(profile)
        self.beside.fill(profile)

    def field_of(self, refused: Unlocked) -> str:
        if "smtp" in refused.credential.lower():
            return "host"  # the relay has no fields for its login: it takes the same
        return "user" if "not active" in refused.words else "password"

    def first(self) -> QWidget:
        return self.password.edit if self.user.text() else self.user.edit
