"""The form of a turboSMTP account: a key pair, or e-mail and password that make one."""

from __future__ import annotations

import platform
from dataclasses import replace

from PySide6.QtWidgets import QWidget

from turbodesk.gui.key_words import PERMISSIONS
from turbodesk.gui.parts.card import Card
from turbodesk.gui.parts.check_box import CheckBox
from turbodesk.gui.parts.facts import Facts
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.parts.label import Label, Link
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.profile_form import HostFields, Lines, problem_of_address
from turbodesk.gui.profile_form_api import REGIONS, RELAYS, ApiForm, RelayBeside
from turbodesk.model.account import Credential, Credentials, Profile, Unlocked
from turbodesk.services.desk import Desk

KEY, SECRET = Credential.CONSUMER_KEY, Credential.CONSUMER_SECRET
PAIR, LOGIN = "pair", "login"  # the ways to sign in


class TurboSmtpForm(ApiForm):
    """A consumer key and its secret. Whoever has only e-mail and password lets a pair be made."""

    provider = "turbosmtp-v2"
    service = "turboSMTP"
    why = "A key pair from your dashboard; or e-mail and password, and they make one."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            HostFields("https://pro.api.serversmtp.com", "https://api.turbo-smtp.com"),
            RelayBeside(RELAYS["world"], "The relay takes the same key pair, where it may send by SMTP."),
            parent,
        )
        self.way = Segmented([(PAIR, "Key pair"), (LOGIN, "E-mail and password")], name="Sign in with")
        self.consumer_key = self._add_field(KEY.value, Field(name="Consumer key"))
        self.consumer_secret = self._add_field(SECRET.value, Field(name="Consumer secret", password=True))
        self.user = self._add_field("user", Field("you@example.com", name="E-mail"))
        self.password = self._add_field("password", Field(name="Password", password=True))
        self.login_link = Link("Add e-mail and password: they show and revoke key pairs", "small-medium")
        self.region = Segmented(REGIONS, name="Region")
        self.send_form = Segmented([("fields", "Fields"), ("mime", "MIME")], name="Send form")
        self.label = f"Turbodesk on {platform.node() or 'this computer'}"
        self.create_box = CheckBox("Create this key pair, and keep it here")
        self.create_message = Message()
        self.keep_box = CheckBox("Keep the password too: it shows and revokes key pairs")
        self._with_login = False
        self._consent = self._make_consent()
        self._lines = Lines()
        for name, inner in (
            ("Sign in with", self.way),
            ("Consumer key", self.consumer_key),
            ("Consumer secret", self.consumer_secret),
            ("", self.login_link),
            ("E-mail", self.user),
            ("Password", self.password),
            ("", self._consent),
            ("Region", self.region),
        ):
            self._lines.add(name, inner)
        self.pile.addWidget(self._lines)
        form = Lines()
        form.add("Send form", self.send_form)
        self._add_more("Advanced: send form, other hosts, SMTP", form)
        self.way.chosen.connect(lambda _key: self._show_way())
        self.way.chosen.connect(lambda _key: self.changed.emit())
        self.login_link.clicked.connect(self._on_login_link)
        self.region.chosen.connect(self._follow)
        self.create_box.toggled.connect(lambda _on: self.create_message.clear())
        self._show_way()

    def profile(self, base: Profile) -> Profile:
        api_url, send_url = self.hosts.urls
        made = replace(
            base,
            user=self.user.text().strip() if self._asks_login() else "",
            api_url=api_url,
            send_url=send_url,
            region=self.region.key,
            send_form=self.send_form.key,
        )
        return self.beside.put(made)

    def credentials(self) -> Credentials:
        pair = (KEY, SECRET) if self.way.key == PAIR else ()
        login = (Credential.PASSWORD,) if self._asks_login() else ()
        return self._typed(*pair, *login)

    def problems(self, profile: Profile) -> dict[str, str]:
        found = {"hosts": self.hosts.unconfirmed(self.service)}
        if self.way.key == PAIR:
            found[KEY.value] = "" if self.consumer_key.text().strip() else "Write the consumer key."
            secret = self.consumer_secret.text().strip()
            found[SECRET.value] = (
                "" if secret else "Write the consumer secret; it was shown once, with the key."
            )
        if self._asks_login() and (self.way.key == LOGIN or self.password.text() or profile.user):
            found["user"] = problem_of_address(profile.user, "Write the e-mail address of the account.")
            found["password"] = "" if self.password.text() else "Write the password of the account."
        if self.way.key == LOGIN and not self.create_box.isChecked():
            found["create"] = "Without a key pair nothing can be sent: tick the box, or write one you have."
        return {field: problem for field, problem in found.items() if problem}

    def fill(self, profile: Profile) -> None:
        self.user.setText(profile.user)
        self._with_login = bool(profile.user)
        self.region.choose(profile.region)
        self.send_form.choose(profile.send_form or "fields")
        self.hosts.fill(profile)
        self.beside.fill(profile)
        self._show_way()

    def first(self) -> QWidget:
        return self.consumer_key.edit if self.way.key == PAIR else self.user.edit

    @property
    def prepares(self) -> bool:
        return self.way.key == LOGIN

    async def prepare(self, desk: Desk) -> None:
        """Makes the key pair that was agreed to and writes it into the form: so no second one is made where
        the rest fails."""
        made = await desk.provider.create_key(self.label, permissions=tuple(PERMISSIONS))
        self._with_login = self.keep_box.isChecked()
        if not self._with_login:
            self.user.edit.clear()
            self.password.edit.clear()
        self.consumer_key.setText(made.key.reveal())
        self.consumer_secret.setText(made.secret.reveal())
        self.way.choose(PAIR)
        self._show_way()

    def say_at(self, field: str, sentence: str) -> QWidget | None:
        if field == "create":
            self.create_message.say(sentence)
            return self.create_box
        return super().say_at(field, sentence)

    def field_of(self, refused: Unlocked) -> str:
        words = refused.credential.lower()
        if "smtp" in words:
            return "host"  # the relay has no fields for its login: it takes the key pair
        return "password" if "password" in words else SECRET.value

    def set_good(self) -> None:
        super().set_good()
        self.create_message.clear()

    def _make_consent(self) -> QWidget:
        card = Card(padding=12, tone="sunken")
        card.add(Label("What will be created at turboSMTP", "small-strong"))
        may = "\n".join(PERMISSIONS.values())
        card.add(Facts([("Key pair", self.label), ("May", Label(may, wrap=True)), ("From", "any address")]))
        card.add(self.create_box)
        card.add(self.keep_box)
        card.add(self.create_message)
        return card

    def _asks_login(self) -> bool:
        return self.way.key == LOGIN or self._with_login

    def _on_login_link(self) -> None:
        self._with_login = True
        self._show_way()
        self.user.edit.setFocus()

    def _show_way(self) -> None:
        pair = self.way.key == PAIR
        for inner in (self.consumer_key, self.consumer_secret):
            self._lines.show_line(inner, pair)
        self._lines.show_line(self.login_link, pair and not self._with_login)
        for inner in (self.user, self.password):
            self._lines.show_line(inner, self._asks_login())
        self._lines.show_line(self._consent, not pair)
