"""Keys in, each tried once against the service, and straight to the vault."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from turbodesk.errors import InvalidDraft, NoConnection, SecretsLocked, SignInRefused, TurbodeskError
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card
from turbodesk.gui.parts.dialog import pick_files
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.profile_form import Lines, ProfileForm
from turbodesk.gui.profile_form_sendpost import SendPostForm
from turbodesk.gui.profile_form_smtp import SmtpForm
from turbodesk.gui.profile_form_turbosmtp import TurboSmtpForm
from turbodesk.gui.profile_form_turbosmtp_v1 import TurboSmtpV1Form
from turbodesk.gui.tall_dialog import TallDialog
from turbodesk.gui.unlocked_list import UnlockedList
from turbodesk.gui.work import Work
from turbodesk.model.account import Credentials, Profile, Unlocked
from turbodesk.providers import profile_problems
from turbodesk.services.account import AccountService
from turbodesk.settings import Settings

if TYPE_CHECKING:
    from turbodesk.workplace import Workplace

FORMS = {form.provider: form for form in (TurboSmtpForm, SendPostForm, SmtpForm, TurboSmtpV1Form)}
SERVICES = {
    "turbosmtp-v2": "turboSMTP",
    "sendpost": "SendPost",
    "smtp": "SMTP relay",
    "turbosmtp-v1": "turboSMTP, old API",
}
COLOURS = (
    "blue",
    "violet",
    "orange",
    "green",
    "pink",
    "slate",
    "teal",
)  # teal is the sandbox's, so it comes last


async def sign_in(
    window: QWidget, place: Workplace, again: Profile | None = None, provider: str = ""
) -> str | None:
    """Asks for an account, tries it and keeps it; the name of its profile comes back, None where the user
    backed out. With `again` that profile's secrets are asked for anew; `provider` is the service that is
    chosen at first."""
    dialog = SignInDialog(window, place, again, provider)
    return dialog.kept_name if await dialog.shown() else None


class SignInDialog(TallDialog):
    """A frame for the form of one account, with a choice of the service.

    It is accepted once the credentials were tried and kept. Where there is more than one, what each
    unlocks is shown first.
    """

    def __init__(
        self, window: QWidget | None, place: Workplace, again: Profile | None = None, provider: str = ""
    ) -> None:
        title = "Connect an account" if again is None else f"Sign in to {again.name}"
        super().__init__(window, title, wide=640)
        self._place, self._again = place, again
        self._tried: tuple[Profile, Credentials] | None = None
        self.kept_name = ""
        self.work = Work(self, Notices(self))
        self.service = Segmented(list(SERVICES.items()), name="Service")
        self.name = Field("Shop: how you call this account here", name="Name")
        self.forms = {key: FORMS[key]() for key in ([again.provider] if again else SERVICES)}
        self.found = UnlockedList()
        self.message, self.vault_message = Message(), Message()
        self._why = Label(tone="muted", wrap=True)
        self._kept_where = Label(role="small", tone="muted", wrap=True)
        self._lay_out()
        self.back_button = self.add_button(Button("Back"), "back")
        self.keep_button = self.add_button(Button("Test and keep", "key", kind="primary"))
        self.enter_presses(self.keep_button)
        self.keep_button.clicked.connect(self._on_keep_clicked)
        self.name.changed.connect(self._on_changed)
        self.name.changed.connect(lambda _text: self.name.set_good())
        for form in self.forms.values():
            form.changed.connect(self._on_changed)
            form.file_asked.connect(self._on_file_asked)
        self.service.chosen.connect(self._turn)
        self.finished.connect(self._on_finished)
        self._begin(provider)
        self.fit()
        self.work.start(self._tell_vault(), fail=self._show_failure, name="vault")

    @property
    def form(self) -> ProfileForm:
        """The form that is shown."""
        return self.forms[self._again.provider if self._again else self.service.key]

    def profile(self) -> Profile:
        """The profile that the form describes, without its secrets."""
        name = self.name.text().strip()
        again = self._again
        if again is not None:
            base = Profile(name, again.provider, inbox_url=again.inbox_url, colour=again.colour)
            base = base.guarded_as(again)
        else:
            base = Profile(name, self.form.provider, colour=self._free_colour())
        return self.form.profile(base)

    def try_and_keep(self) -> None:
        """Tries the credentials and keeps them; what is wrong is said at its field."""
        if not self.keep_button.isEnabled():
            return
        self._say_nothing()
        self.work.start(self._try(), busy=self.keep_button, fail=self._show_failure, name="sign in")

    def keep(self) -> None:
        """Keeps what was tried and shown."""
        if not self.keep_button.isEnabled() or self._tried is None:
            return
        keeping = self._keep(*self._tried)
        self.work.start(keeping, busy=self.keep_button, fail=self._show_failure, name="keep the account")

    def _on_keep_clicked(self) -> None:
        if self._tried is None:
            self.try_and_keep()
        else:
            self.keep()

    async def _try(self) -> None:
        profile, credentials = self.profile(), self.form.credentials()
        self._check(profile)
        self.foot_note.setText(
            f"Asking {profile.smtp_host if profile.provider == 'smtp' else self.form.service} …"
        )
        made = self.form.prepares
        try:
            if made:
                async with aclosing(self._place.desk_with(profile, credentials)) as desk:
                    await self.form.prepare(desk)
                profile, credentials = self.profile(), self.form.credentials()
            async with aclosing(self._place.desk_with(profile, credentials)) as desk:
                found = await AccountService(desk).test()
        finally:
            self.foot_note.setText("")
        await self._judge(profile, credentials, found, at_once=made)

    async def _judge(
        self, profile: Profile, credentials: Credentials, found: Sequence[Unlocked], *, at_once: bool
    ) -> None:
        """Says what was refused; keeps at once where there is nothing to read first."""
        refused = [one for one in found if one.taken is False]
        plain = len(found) == 1 and found[0].taken and not found[0].words
        if not refused and (at_once or plain):
            await self._keep(profile, credentials)
            return
        self._show_found(found)
        if refused:
            self._say_refused(refused)
            return
        if any(one.taken for one in found):
            self._tried = (profile, credentials)
            self.keep_button.setText("Keep")
            self.keep_button.updateGeometry()
        else:
            self.message.say("None of this could be tried, so nothing was kept.")

    async def _keep(self, profile: Profile, credentials: Credentials) -> None:
        """The secrets first: where the keyring does not open, nothing is kept and it can be tried again."""
        vault = self._place.vault
        if self._again is not None:
            await asyncio.to_thread(vault.forget, profile.name)  # those that are not asked for any more
        try:
            await self._place.keep_secrets(profile.name, credentials)
        except TurbodeskError:
            if self._again is None:
                with suppress(TurbodeskError):
                    await asyncio.to_thread(vault.forget, profile.name)
            raise

        def guarded(kept: Settings) -> Settings:
            before = kept.profile(profile.name)  # as it is on disk now: its guards outlive a new sign-in
            return kept.with_profile(profile if before is None else profile.guarded_as(before))

        self._place.change(guarded)
        self.kept_name = profile.name
        self.accept()

    def _check(self, profile: Profile) -> None:
        """Raises InvalidDraft with everything that can be said before anything is asked."""
        problems = self._problems_of_place(profile)
        for field, problem in self.form.problems(profile).items():
            if field != "hosts" or not problems:  # what is wrong with a host comes before whether it is meant
                problems.setdefault(field, problem)
        if len(problems) > 1:
            problems.pop("hosts", None)
        if problems:
            raise InvalidDraft(problems)

    def _problems_of_place(self, profile: Profile) -> dict[str, str]:
        if self._again is not None:
            return profile_problems(profile)
        try:
            self._place.check_profile(profile)
        except InvalidDraft as error:
            return error.problems | profile_problems(profile)
        return {}

    # what is said

    def _show_failure(self, error: TurbodeskError) -> bool:
        match error:
            case InvalidDraft():
                self._show_problems(error.problems)
            case SignInRefused():
                self._show_problems({"password": error.says})
            case NoConnection() if self.form.profile(Profile("", self.form.provider)).api_url:
                self._show_problems({"api-url": f"{error.says} {error.hint}".strip()})
            case NoConnection() if self.form.provider == "smtp":
                self._show_problems({"host": f"{error.says} {error.hint}".strip()})
            case SecretsLocked():
                self.message.say(f"{error.says} {error.hint} Nothing was kept.")
            case _:
                self.message.say(f"{error.says} {error.hint}".strip())
        return True

    def _say_refused(self, refused: Sequence[Unlocked]) -> None:
        problems = {self.form.field_of(one): one.words or "This was not taken." for one in refused}
        self._show_problems(problems)

    def _show_problems(self, problems: dict[str, str]) -> None:
        """Says each sentence at its place, those without one at the end; the first one gets the focus."""
        places, others = [], []
        for field, sentence in problems.items():
            if field == "name":
                self.name.set_bad(sentence)
                place = self.name.edit
            else:
                place = self.form.say_at(field, sentence)
            if place is None:
                others.append(sentence)
            else:
                places.append(place)
        if others:
            self.message.say(" ".join(others))
        if places:
            places[0].setFocus(Qt.FocusReason.OtherFocusReason)
            self.area.ensureWidgetVisible(places[0])

    def _show_found(self, found: Sequence[Unlocked]) -> None:
        self.found.show_found(found)
        self._found_card.setVisible(True)

    def _say_nothing(self) -> None:
        self._tried = None
        self.keep_button.setText("Test and keep")
        self.keep_button.updateGeometry()
        self.message.clear()
        self._found_card.setVisible(False)
        self.name.set_good()
        self.form.set_good()

    async def _tell_vault(self) -> None:
        notice = await asyncio.to_thread(lambda: self._place.vault.notice)
        if notice:
            self.vault_message.say(notice, tone="warning")
        else:
            self._kept_where.setText("Secrets go into the system keyring, and nowhere else.")
            self._kept_where.setVisible(True)

    # the form

    def _lay_out(self) -> None:
        head = Lines()
        head.add("Service", self.service)
        head.add("Name", self.name)
        head.show_line(self.service, self._again is None)
        for form in self.forms.values():
            form.hide()
        for part in (self._why, self.vault_message, self._kept_where, head, *self.forms.values()):
            self.pile.addWidget(part)
        self._kept_where.hide()
        self._found_card = Card("What your keys unlock", padding=12, tone="sunken")
        self._found_card.add(self.found)
        self._found_card.hide()
        self.pile.addWidget(self._found_card)
        self.pile.addWidget(self.message)
        self.pile.addStretch(1)

    def _begin(self, provider: str) -> None:
        again = self._again
        if again is not None:
            self.name.setText(again.name)
            self.name.edit.setReadOnly(True)
            self.form.fill(again)
            self._turn(again.provider)
            self.form.first().setFocus()
            return
        if provider:
            self.service.choose(provider)
        self._turn(self.service.key)
        self.name.edit.setFocus()

    def _turn(self, provider: str) -> None:
        for key, form in self.forms.items():
            form.setVisible(key == provider)
        self._why.setText(self.form.why)
        self._say_nothing()

    def _free_colour(self) -> str:
        taken = [profile.colour for profile in self._place.settings.profiles]
        return min(COLOURS, key=taken.count)

    # what happens

    def _on_changed(self) -> None:
        self.message.clear()
        if self._tried is not None or not self._found_card.isHidden():
            self._tried = None
            self.keep_button.setText("Test and keep")
            self.keep_button.updateGeometry()
            self._found_card.setVisible(False)

    def _on_file_asked(self) -> None:
        self.work.start(self._choose_file(self.form), name="choose a file")

    async def _choose_file(self, form: ProfileForm) -> None:
        kinds = "Certificates (*.pem *.crt *.cer);;All files (*)"
        for path in await pick_files(self, "A file of authorities to trust", kinds, one=True):
            form.put_file(str(path))

    def _on_finished(self) -> None:
        self.work.cancel_all()
        for form in self.forms.values():
            form.clear_secrets()
