"""Keys in, tried once against the service, and straight to the vault."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from turbodesk.errors import InvalidDraft, NoConnection, SecretsLocked, SignInRefused, TurbodeskError
from turbodesk.gui import theme
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.check_box import CheckBox
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.parts.label import Label, Link
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.work import Work
from turbodesk.model.account import Profile, Secret
from turbodesk.model.message import Address, AddressError
from turbodesk.services.account import AccountService

if TYPE_CHECKING:
    from turbodesk.workplace import Workplace

PROVIDER = "turbosmtp-v1"
COLOURS = (
    "blue",
    "violet",
    "orange",
    "green",
    "pink",
    "slate",
    "teal",
)  # teal is the sandbox's, so it comes last
LABELS = 112  # width of the names beside the fields
WHY = "Sign in with the e-mail address and password of your account."
REFUSED = "turboSMTP did not take this e-mail address and password."


async def sign_in(window: QWidget, place: Workplace, again: Profile | None = None) -> str | None:
    """Asks for an account, tries it and keeps it; the name of its profile comes back, None where the user
    backed out. With `again` that profile's password is asked for anew."""
    dialog = SignInDialog(window, place, again)
    return dialog.kept_name if await dialog.shown() else None


class SignInDialog(Dialog):
    """The form of one account. It is accepted once the credentials were tried and kept."""

    def __init__(self, window: QWidget | None, place: Workplace, again: Profile | None = None) -> None:
        super().__init__(
            window, "Connect turboSMTP" if again is None else f"Sign in to {again.name}", wide=540
        )
        self._place, self._again = place, again
        self.kept_name = ""
        self.work = Work(self, Notices(self))
        self.name = Field("Shop", name="Name")
        self.user = Field("you@example.com", name="E-mail")
        self.password = Field(name="Password", password=True)
        self.region = Segmented([("world", "World"), ("eu", "Europe")], name="Region")
        self.no_expire = CheckBox("Stay signed in: the token does not expire")
        self.send_form = Segmented([("v2", "V2"), ("v1", "V1"), ("beta", "Beta")], name="Send form")
        self.dashboard_url = Field("https://dashboard.serversmtp.com", name="Dashboard address")
        self.send_url = Field("https://api.turbo-smtp.com", name="Send address")
        self.sure_of_hosts = CheckBox("I know these hosts; my password may go there")
        self.hosts_message, self.message, self.vault_message = Message(), Message(), Message()
        self._why = Label(WHY, tone="muted", wrap=True)
        self.more_link = Link("Advanced", "small-medium")
        self._more = QWidget()
        self._lay_out()
        self.back_button = self.add_button(Button("Back"), "back")
        self.keep_button = self.add_button(Button("Test and keep", "key", kind="primary"))
        self.enter_presses(self.keep_button)
        self.keep_button.clicked.connect(self.try_and_keep)
        self._fields: dict[str, Field] = {
            "name": self.name,
            "user": self.user,
            "password": self.password,
            "dashboard-url": self.dashboard_url,
            "send-url": self.send_url,
        }
        for field in self._fields.values():
            field.changed.connect(lambda _text, field=field: field.set_good())
            field.changed.connect(self._on_changed)
        self.sure_of_hosts.toggled.connect(self._on_changed)
        self.finished.connect(self._on_finished)
        self._fill()
        self.work.start(self._tell_vault(), fail=self._show_failure, name="vault")

    def profile(self) -> Profile:
        """The profile that the form describes, without its secret."""
        return Profile(
            name=self.name.text().strip(),
            provider=self._again.provider if self._again else PROVIDER,
            user=self.user.text().strip(),
            dashboard_url=self.dashboard_url.text().strip().rstrip("/"),
            send_url=self.send_url.text().strip().rstrip("/"),
            inbox_url=self._again.inbox_url if self._again else "",
            region=self.region.key,
            send_form=self.send_form.key,
            no_expire=self.no_expire.isChecked(),
            colour=self._again.colour if self._again else self._free_colour(),
        )

    def try_and_keep(self) -> None:
        """Tries the credentials and keeps them; what is wrong is said at its field."""
        if self.work.busy:
            return
        self.message.clear()
        self.hosts_message.clear()
        for field in self._fields.values():
            field.set_good()
        self.work.start(self._try_and_keep(), busy=self.keep_button, fail=self._show_failure, name="sign in")

    async def _try_and_keep(self) -> None:
        profile, secret = self.profile(), Secret(self.password.text())
        self._check(profile, secret)
        self.foot_note.setText("Signing in at turboSMTP …")
        try:
            async with aclosing(self._place.desk_with(profile, secret)) as desk:
                info = await AccountService(desk).test()
            if info is not None and not info.active:
                raise SignInRefused("turboSMTP says that this account is not active.")
            await self._keep(profile, secret)
        finally:
            self.foot_note.setText("")
        self.kept_name = profile.name
        self.accept()

    async def _keep(self, profile: Profile, secret: Secret) -> None:
        """The secret first: where the keyring does not open, nothing is kept and it can be tried again."""
        await asyncio.to_thread(self._place.vault.write, profile.name, secret)
        self._place.change(lambda kept: kept.with_profile(profile))

    def _check(self, profile: Profile, secret: Secret) -> None:
        """Raises InvalidDraft with everything that can be said before anything is asked."""
        problems = self._problems_of_place(profile)
        try:
            Address.parse(profile.user)
        except AddressError as error:
            problems["user"] = str(error) if profile.user else "Write the e-mail address of the account."
        if not secret:
            problems["password"] = "Write the password of the account."  # noqa: S105 (a sentence)
        elsewhere = [url for url in (profile.dashboard_url, profile.send_url) if url]
        if elsewhere and not self.sure_of_hosts.isChecked() and not problems:
            problems["hosts"] = (
                f"Your password would go to {_hosts(elsewhere)}. Tick the box where that is right."
            )
        if problems:
            raise InvalidDraft(problems)

    def _problems_of_place(self, profile: Profile) -> dict[str, str]:
        try:
            if self._again is None:
                self._place.check_profile(profile)
            else:
                self._place.desk_with(profile, Secret(""))
        except InvalidDraft as error:
            return dict(error.problems)
        return {}

    # failures

    def _show_failure(self, error: TurbodeskError) -> bool:
        match error:
            case InvalidDraft():
                self._show_problems(error.problems)
            case SignInRefused():
                refused = "not active" not in error.says
                self._say_at(self.password if refused else self.user, REFUSED if refused else error.says)
            case NoConnection() if self.dashboard_url.text().strip():
                self._open_more(True)
                self._say_at(self.dashboard_url, f"{error.says} {error.hint}".strip())
            case SecretsLocked():
                self.message.say(f"{error.says} {error.hint} Nothing was kept.")
            case _:
                self.message.say(f"{error.says} {error.hint}".strip())
        return True

    def _show_problems(self, problems: dict[str, str]) -> None:
        if {"dashboard-url", "send-url", "hosts", "send-form"} & problems.keys():
            self._open_more(True)
        others = []
        for field, sentence in problems.items():
            if field in self._fields:
                self._fields[field].set_bad(sentence)
            elif field == "hosts":
                self.hosts_message.say(sentence)
            else:
                others.append(sentence)
        if others:
            self.message.say(" ".join(others))
        if first := next((self._fields[field] for field in self._fields if field in problems), None):
            first.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        elif "hosts" in problems:
            self.sure_of_hosts.setFocus(Qt.FocusReason.OtherFocusReason)

    def _say_at(self, field: Field, sentence: str) -> None:
        field.set_bad(sentence)
        field.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        field.edit.selectAll()

    async def _tell_vault(self) -> None:
        notice = await asyncio.to_thread(lambda: self._place.vault.notice)
        if notice:
            self.vault_message.say(notice, tone="warning")
        else:
            self._why.setText(f"{WHY} The password goes into the system keyring, and nowhere else.")

    # the form

    def _lay_out(self) -> None:
        self.body.addWidget(self._why)
        self.body.addWidget(self.vault_message)
        self.body.addSpacing(theme.px(4))
        grid = self._grid()
        self._line(grid, "Name", self.name, "how you call this account here")
        self._line(grid, "E-mail", self.user)
        self._line(grid, "Password", self.password)
        self._line(grid, "Region", self.region)
        self._line(grid, "", self.no_expire)
        self.body.addLayout(grid)
        self.more_link.clicked.connect(lambda: self._open_more(self._more.isHidden()))
        self.body.addWidget(self.more_link, 0, Qt.AlignmentFlag.AlignLeft)
        inner = QVBoxLayout(self._more)
        inner.setContentsMargins(0, 0, 0, 0)
        more = self._grid()
        self._line(more, "Send form", self.send_form)
        self._line(more, "Dashboard", self.dashboard_url)
        self._line(more, "Send host", self.send_url)
        self._line(more, "", self.sure_of_hosts)
        self._line(more, "", self.hosts_message)
        inner.addLayout(more)
        self.body.addWidget(self._more)
        self.body.addWidget(self.message)
        self.body.addStretch(1)
        self._open_more(False)

    @staticmethod
    def _grid() -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(0)
        grid.setVerticalSpacing(theme.px(10))
        grid.setColumnMinimumWidth(0, theme.px(LABELS))
        grid.setColumnStretch(1, 1)
        return grid

    @staticmethod
    def _line(grid: QGridLayout, title: str, inner: QWidget, hint: str = "") -> None:
        row = grid.rowCount()
        if title:
            label = Label(title, tone="muted")
            label.setFixedHeight(theme.px(30))
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        if hint:
            inner.edit.setPlaceholderText(f"Shop: {hint}")
        side = Qt.AlignmentFlag.AlignLeft if isinstance(inner, (Segmented, CheckBox)) else Qt.AlignmentFlag(0)
        grid.addWidget(inner, row, 1, side)

    def _fill(self) -> None:
        again = self._again
        if again is None:
            self.name.edit.setFocus()
            return
        self.name.setText(again.name)
        self.name.edit.setReadOnly(True)
        self.user.setText(again.user)
        self.region.choose(again.region)
        self.send_form.choose(again.send_form)
        self.no_expire.setChecked(again.no_expire)
        self.dashboard_url.setText(again.dashboard_url)
        self.send_url.setText(again.send_url)
        self.sure_of_hosts.setChecked(bool(again.dashboard_url or again.send_url))  # it was confirmed before
        self.password.edit.setFocus()

    def _free_colour(self) -> str:
        taken = [profile.colour for profile in self._place.settings.profiles]
        return min(COLOURS, key=taken.count)

    def _open_more(self, opened: bool) -> None:
        self._more.setVisible(opened)
        self.more_link.setText("Fewer settings" if opened else "Advanced: send form, other hosts")
        self.more_link.updateGeometry()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return done

    def _fit(self) -> None:
        """As high as what it says just now."""
        layout = self.layout()
        high = layout.totalHeightForWidth(self.width()) if layout.hasHeightForWidth() else -1
        self.resize(self.width(), max(high, layout.totalMinimumSize().height()))

    def _on_changed(self) -> None:
        self.message.clear()
        self.hosts_message.clear()
        elsewhere = bool(self.dashboard_url.text().strip() or self.send_url.text().strip())
        self.sure_of_hosts.setEnabled(elsewhere)

    def _on_finished(self) -> None:
        self.work.cancel_all()
        self.password.edit.clear()


def _hosts(urls: list[str]) -> str:
    """The hosts of some origins, in words."""
    hosts = list(dict.fromkeys(urlsplit(url).hostname or url for url in urls))
    return " and ".join(hosts) + " instead of turboSMTP"
