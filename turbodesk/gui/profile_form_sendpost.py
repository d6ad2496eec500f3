"""The form of a SendPost account: two keys, of which each unlocks a half."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from turbodesk.gui.parts.field import Field
from turbodesk.gui.profile_form import HostFields, Lines
from turbodesk.gui.profile_form_api import ApiForm, RelayBeside
from turbodesk.model.account import Credential, Credentials, Profile, Unlocked

SUBACCOUNT, ACCOUNT = Credential.SUBACCOUNT_KEY, Credential.ACCOUNT_KEY


class SendPostForm(ApiForm):
    """The sub-account key, the account key, or both; and the relay with its own user and password."""

    provider = "sendpost"
    service = "SendPost"
    why = "One key is enough to begin; with both, nothing stays grey."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            HostFields("https://api.sendpost.io"),
            RelayBeside(
                "sendpost", "The relay has a user and password of its own: not an API key.", own_login=True
            ),
            parent,
        )
        self.subaccount_key = self._add_field(SUBACCOUNT.value, Field(name="Sub-account key", password=True))
        self.account_key = self._add_field(ACCOUNT.value, Field(name="Account key", password=True))
        lines = Lines()
        lines.add("Sub-account key", self.subaccount_key, "Unlocks sending, suppressions and domains.")
        lines.add("Account key", self.account_key, "Unlocks statistics, message lookup and sub-accounts.")
        self.pile.addWidget(lines)
        self._add_more("Advanced: SMTP relay, another host")

    def profile(self, base: Profile) -> Profile:
        user = self.beside.relay.user.text().strip() if self.beside.wanted else ""
        return self.beside.put(replace(base, user=user, api_url=self.hosts.urls[0]))

    def credentials(self) -> Credentials:
        relay = (Credential.PASSWORD,) if self.beside.wanted else ()
        return self._typed(SUBACCOUNT, ACCOUNT, *relay)

    def problems(self, profile: Profile) -> dict[str, str]:
        typed = self.credentials()
        found = {"hosts": self.hosts.unconfirmed(self.service)}
        if SUBACCOUNT not in typed and ACCOUNT not in typed:
            found[SUBACCOUNT.value] = "Write the sub-account key, the account key, or both."
        if self.beside.wanted:
            found["user"] = "" if profile.user else "Write the user name at the relay."
            missing = Credential.PASSWORD not in typed
            found["password"] = "Write the password at the relay." if missing else ""
        return {field: problem for field, problem in found.items() if problem}

    def fill(self, profile: Profile) -> None:
        self.hosts.fill(profile)
        self.beside.fill(profile)

    def first(self) -> QWidget:
        return self.subaccount_key.edit

    def field_of(self, refused: Unlocked) -> str:
        words = refused.credential.lower()
        if "sub" in words:
            return SUBACCOUNT.value
        return ACCOUNT.value if "account" in words else "password"
