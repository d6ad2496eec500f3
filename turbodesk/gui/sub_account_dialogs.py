"""What one account below this one may send, how it is called, and a new one: the forms."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QWidget

from turbodesk.errors import InvalidDraft
from turbodesk.gui import words
from turbodesk.gui.form_dialog import FormDialog
from turbodesk.gui.header import profile_name
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.check_box import CheckBox
from turbodesk.gui.parts.facts import Facts
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.parts.label import Label
from turbodesk.gui.profile_form import Fold, Lines
from turbodesk.gui.sub_accounts import limit_words, name_of
from turbodesk.model.account import Secret, SubAccount
from turbodesk.model.subaccount import Contact, NewSubAccount
from turbodesk.services.desk import Desk
from turbodesk.services.subaccounts import DetailsChange, PlanChange, SubAccountsService

FURTHER = {
    "company_name": "Company",
    "address_1": "Address",
    "address_2": "Address, line 2",
    "zip_code": "Postcode",
    "city": "City",
    "region": "Region",
    "country": "Country",
    "phone_number": "Phone",
    "site_url": "Website",
}
"""The texts of a contact that may be left empty, as the form calls them."""
NAMED = 3  # IP addresses that are named below their field


class LimitDialog(FormDialog):
    """Asks how much an account may send, and sets it. `change` is what was done, None where nothing was."""

    def __init__(self, window: QWidget | None, desk: Desk, sub: SubAccount) -> None:
        super().__init__(window, f"Limit of {name_of(sub)}", Button("Set limit", "check", kind="primary"))
        self._desk, self._sub = desk, sub
        self.change: PlanChange | None = None
        self.limit = Field("messages", name="Limit")
        self.none = CheckBox("No limit")
        self.note = Message()
        facts = [("Profile", profile_name(desk.profile)), ("Limit now", limit_words(sub.limit))]
        if sub.sent is not None:
            facts.append(("Sent", words.number(sub.sent)))
        self.add_field("limit", "Limit", self.limit)
        self.lines.add("", self.none)
        self.lines.add("", self.note)
        self.lay_out(Facts(facts), self.lines)
        self.limit.setText("" if sub.limit is None else str(sub.limit))
        self.none.setChecked(sub.limit is None)
        self.limit.changed.connect(lambda _text: self._warn())
        self.none.toggled.connect(self._on_none_toggled)
        self._on_none_toggled(sub.limit is None)
        (self.none if sub.limit is None else self.limit).setFocus()
        self.limit.edit.selectAll()

    async def do(self) -> None:
        limit = self._written()
        if limit is None and not self.none.isChecked():
            problem = "Write a whole number of messages, or tick “No limit”."
            raise InvalidDraft({"limit": problem}, "Nothing was changed")
        self.change = await SubAccountsService(self._desk).limit(self._sub.id, limit)

    def _written(self) -> int | None:
        """The number in the field, with or without the desktop's thousands; None for none."""
        number, is_one = QLocale().toLongLong(self.limit.text().strip())
        return number if is_one and not self.none.isChecked() else None

    def _on_none_toggled(self, none: bool) -> None:
        self.limit.setEnabled(not none)
        self.limit.set_good()
        self._warn()

    def _warn(self) -> None:
        """Says where that number keeps the account from sending."""
        limit, sent = self._written(), self._sub.sent or 0
        if limit == 0:
            self.note.say("A limit of 0 keeps it from sending.", tone="warning")
        elif limit is not None and 0 < limit <= sent:
            says = f"It has sent {words.number(sent)} already: it can send nothing more for now."
            self.note.say(says, tone="warning")
        else:
            self.note.clear()


class NameDialog(FormDialog):
    """Asks what an account is called that has nothing but a name: a new one, or `sub` under another name.

    `made` is the id of the new one, empty where it is not shown yet; `change` is how it was called before.
    Both are None where nothing was done.
    """

    def __init__(self, window: QWidget | None, desk: Desk, sub: SubAccount | None = None) -> None:
        title = f"Rename {name_of(sub)}" if sub else f"New sub-account at {profile_name(desk.profile)}"
        act = Button("Rename", "check", kind="primary")
        if sub is None:
            act = Button("Create sub-account", "add", kind="primary")
        super().__init__(window, title, act, wide=460)
        self._service, self._sub = SubAccountsService(desk), sub
        self.made: str | None = None
        self.change: DetailsChange | None = None
        self.name = Field(name="Name")
        self.add_field("name", "Name", self.name)
        key = "" if sub else f"Its key is read on the dashboard of {desk.provider.title}."
        self.lay_out(*([Label(key, tone="muted", wrap=True)] if key else []), self.lines)
        if sub is not None:
            self.name.setText(sub.name)
            self.name.edit.selectAll()
        self.name.setFocus()

    @property
    def called(self) -> str:
        """The name that is written."""
        return self.name.text().strip()

    async def do(self) -> None:
        if self._sub is None:
            self.made = await self._service.create(NewSubAccount(name=self.called))
        else:
            self.change = await self._service.rename(self._sub.id, self.called)


class NewSubAccountDialog(FormDialog):
    """Asks who a new account is for and makes it. `made` is its id, empty where it is not shown yet, None
    where none was made."""

    def __init__(self, window: QWidget | None, desk: Desk, ips: Sequence[str]) -> None:
        """`ips` are addresses that this account is known to send from, the likeliest first."""
        service = desk.provider.title
        super().__init__(
            window,
            f"New sub-account at {profile_name(desk.profile)}",
            Button("Create sub-account", "add", kind="primary"),
            wide=600,
        )
        self._desk = desk
        self.made: str | None = None
        self.agreed = CheckBox(f"Whoever it is for has agreed to the policy of {service}")
        says = (
            f"It signs in by itself and sends from this account's plan. {service} deletes none over this API."
        )
        self.add_field("email", "E-mail", Field("who@example.com", name="E-mail"))
        hint = "At least 10 characters, with a capital letter, a small one and a digit."
        self.add_field("password", "Password", Field(name="Password", password=True), hint)
        self.add_field("first_name", "First name", Field(name="First name"))
        self.add_field("last_name", "Last name", Field(name="Last name"))
        known = f", such as {', '.join(ips[:NAMED])}" if ips else ""
        ip = Field(name="IP address it sends from")
        self.add_field("ip", "Sends from", ip, f"One of this account's IP addresses{known}.")
        self.fields["ip"].setText(ips[0] if ips else "")
        self.more = Fold("Company, address, phone…", "Without these")
        further = Lines()
        for name, title in FURTHER.items():
            self.add_field(name, title, Field(name=title), to=further)
        self.more.box.addWidget(further)
        self.lines.add("", self.agreed)
        self.lay_out(Label(says, tone="muted", wrap=True), self.lines, self.more)
        self.fields["email"].setFocus()

    async def shown(self) -> bool:
        try:
            return await super().shown()
        finally:
            self.fields["password"].edit.clear()

    @property
    def called(self) -> str:
        """The address that is written."""
        return self.fields["email"].text().strip()

    async def do(self) -> None:
        texts = {name: field.text().strip() for name, field in self.fields.items() if name != "password"}
        email, ip = texts.pop("email"), texts.pop("ip")
        password = Secret(self.fields["password"].text())
        new = NewSubAccount(email, password, ip, Contact(**texts), self.agreed.isChecked())
        try:
            self.made = await SubAccountsService(self._desk).create(new)
        except InvalidDraft as error:
            if error.problems.keys() & FURTHER.keys():
                self.more.open(True)
            raise
