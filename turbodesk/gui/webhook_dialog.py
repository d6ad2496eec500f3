"""A webhook added or changed; and a sample event posted to one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout, QWidget

from turbodesk.errors import InvalidDraft, TurbodeskError
from turbodesk.gui import theme
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import row
from turbodesk.gui.parts.choice import Choice
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.facts import Facts
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.switch import Switch
from turbodesk.gui.profile_form import Fold, Lines
from turbodesk.gui.webhook_words import EVENTS
from turbodesk.gui.work import Work
from turbodesk.model.account import Secret
from turbodesk.model.webhook import USUAL_EVENTS, EventFlag, Webhook, WebhookChange
from turbodesk.services.webhooks import WebhooksService, receiver_of, with_login

if TYPE_CHECKING:
    from turbodesk.providers.gateway import Gateway

AGAIN = "Write the password again: it is kept at the provider, and not told."


def _switch(name: str, on: bool) -> Switch:
    """A switch of a form: it flips at once, as nobody is asked before the form is sent."""
    switch = Switch(name)
    switch.set_state(on)
    switch.asked.connect(switch.set_state)
    return switch


class WebhookDialog(Dialog):
    """The URL of a webhook, its login where it has one, and a switch for each event. What the provider
    refuses is said in the dialog; `kept` is the webhook as it has it then, None where nothing was done."""

    def __init__(
        self, window: QWidget | None, service: WebhooksService, provider: str, webhook: Webhook | None = None
    ) -> None:
        super().__init__(window, "Edit webhook" if webhook else "Add a webhook", wide=620)
        self._service, self._before = service, webhook
        self.kept: Webhook | None = None
        self.work = Work(self, Notices(self))
        self._receiver = receiver_of(webhook.url if webhook else "")
        self.url = Field("https://hooks.example.com/mail", name="URL")
        self.url.setText(self._receiver.url)
        self.user, self.password = Field(name="User name"), Field(name="Password", password=True)
        self.user.setText(self._receiver.user)
        if self._receiver.user:
            self.password.edit.setPlaceholderText("kept as it is")
        self.message = Message()
        self.events = {
            flag: _switch(f"{name}: {what}", flag in (webhook.events if webhook else USUAL_EVENTS))
            for flag, (name, what) in EVENTS.items()
        }
        self.enabled = _switch("Told what happens", webhook.enabled if webhook else True)
        self._fill(provider)
        self.add_button(Button("Back"), "back")
        label = "Save changes" if webhook else "Add webhook"
        self.act_button = self.add_button(Button(label, "" if webhook else "add", kind="primary"))
        self.act_button.clicked.connect(lambda: self.act())
        self.enter_presses(self.act_button)
        self.url.edit.setFocus()

    def act(self) -> None:
        """Asks the provider to add or change it; what is wrong is said in the dialog."""
        for field in (self.url, self.user, self.password):
            field.set_good()
        self.message.clear()
        self.work.start(self._act(), busy=self.act_button, fail=self._on_failed, name="keep webhook")

    async def _act(self) -> None:
        url, before = self._written(), self._before
        on = frozenset(flag for flag, switch in self.events.items() if switch.state)
        if before is None:
            self.kept = await self._service.add(url, on, enabled=self.enabled.state)
            self.accept()
            return
        if not on:
            raise InvalidDraft({"events": "Choose at least one event, or it is told nothing."}, "Not changed")
        changed = {flag: flag in on for flag in EventFlag if (flag in on) != (flag in before.events)}
        enabled = self.enabled.state if self.enabled.state != before.enabled else None
        if change := WebhookChange(url, enabled, changed):
            self.kept = await self._service.edit(before.id, change)
        self.accept()

    def _written(self) -> str:
        """The URL with its login; empty where it is that of the webhook still. Raises InvalidDraft."""
        url, user, password = self.url.text().strip(), self.user.text().strip(), self.password.text()
        if self._before is not None and (url, user, password) == (*self._receiver, ""):
            return ""
        if receiver_of(url).user or "@" in url.partition("//")[2].partition("/")[0]:
            problem = "A login does not go into the URL: it has fields of its own below."
            raise InvalidDraft({"url": problem}, "Nothing was asked")
        if not user and not password:
            return url
        if not user:
            raise InvalidDraft({"user": "A password goes with a user name."}, "Nothing was asked")
        if not password:
            problem = AGAIN if self._receiver.user else "A user name goes with a password."
            raise InvalidDraft({"password": problem}, "Nothing was asked")
        return with_login(url, user, password)

    def _on_failed(self, error: TurbodeskError) -> bool:
        fields: Mapping[str, Field] = {"url": self.url, "user": self.user, "password": self.password}
        problems = error.problems if isinstance(error, InvalidDraft) else {error.field: ""}
        for name, problem in problems.items():
            if name in fields:
                fields[name].set_bad(problem or f"{error.says} {error.hint}".strip())
                self._login.open(self._login_open or name in ("user", "password"))
                fields[name].edit.setFocus()
            else:
                self.message.say(problem or f"{error.says} {error.hint}".strip())
        self.adjustSize()
        return True

    @property
    def _login_open(self) -> bool:
        return self.user.isVisible()

    def _fill(self, provider: str) -> None:
        says = (
            f"{provider} posts each event to this URL as it happens. It must be reachable from the internet."
        )
        self.body.addWidget(Label(says, tone="muted", wrap=True))
        lines = Lines()
        lines.add("URL", self.url)
        self._login = Fold("The receiver asks for a password", "Hide the login")
        login = Lines()
        login.add("User name", self.user)
        login.add("Password", self.password)
        self._login.box.addWidget(login)
        self._login.open(bool(self._receiver.user))
        on = QWidget()
        on.setLayout(row(self.enabled, Label("told what happens"), None))
        lines.add("Switched on", on)
        self.body.addWidget(lines)
        self.body.addWidget(self._login)
        self.body.addWidget(Label("Told of", "small-strong", "muted"))
        self.body.addWidget(self._event_grid())
        self.body.addWidget(self.message)
        self.body.addStretch(1)

    def _event_grid(self) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.px(10))
        grid.setVerticalSpacing(theme.px(6))
        half = (len(self.events) + 1) // 2
        for place, (flag, switch) in enumerate(self.events.items()):
            name, what = EVENTS[flag]
            told = Label(elide="right")
            told.set_runs([(name, "text", "medium"), (f"  {what}", "muted", "small")])
            at = place % half, place // half * 2
            grid.addWidget(switch, *at)
            grid.addWidget(told, at[0], at[1] + 1)
            grid.setColumnStretch(at[1] + 1, 1)
        return holder

    async def shown(self) -> bool:
        try:
            return await super().shown()
        finally:
            self.work.cancel_all()  # also where the window closes over it
            self.password.edit.clear()


class SampleDialog(Dialog):
    """Posts a sample event to the URL of one webhook, and to no other, and says what was answered.

    `answered` is the status of the last yes, None before.
    """

    def __init__(
        self, window: QWidget | None, gateway: Callable[[], Awaitable[Gateway]], webhook: Webhook
    ) -> None:
        from turbodesk.model.event import SENDPOST
        from turbodesk.providers.webhook_samples import kinds_of

        super().__init__(window, "Send a sample event?", wide=560)
        self._gateway, self._service = gateway, SENDPOST
        self._receiver = receiver_of(webhook.url)
        self.answered: int | None = None
        self.work = Work(self, Notices(self))
        says = (
            "It is posted once, from this computer, in the form of SendPost's own, and is about no mail "
            "that was sent. Whatever listens there may take it for a real one."
        )
        self.body.addWidget(Label(says, wrap=True))
        self.body.addWidget(Facts([("Goes to", (self._receiver.url, "medium"))]))
        self.kind = Choice([(kind, kind.capitalize()) for kind in kinds_of(SENDPOST)], name="What happened")
        self.kind.choose("delivered")
        self.password = Field(name="Password", password=True)
        lines = Lines()
        lines.add("What happened", self.kind)
        lines.add(f"Password of {self._receiver.user}", self.password)
        lines.show_line(self.password, bool(self._receiver.user))
        self.message = Message()
        self.body.addWidget(lines)
        self.body.addWidget(self.message)
        self.body.addStretch(1)
        self.add_button(Button("Close"), "back")
        self.act_button = self.add_button(Button("Post sample", "send", kind="primary"))
        self.act_button.clicked.connect(lambda: self.act())
        self.enter_presses(self.act_button)
        (self.password if self._receiver.user else self.act_button).setFocus()

    def act(self) -> None:
        """Posts one sample; what was answered is said in the dialog."""
        self.message.clear()
        self.password.set_good()
        if self._receiver.user and not self.password.text():
            self.password.set_bad("Write the password of the receiver: it is not told to Turbodesk.")
            return
        self.work.start(self._post(), busy=self.act_button, fail=self._on_failed, name="post a sample")

    async def _post(self) -> None:
        from turbodesk.services.event_sample import post_sample

        url, user = self._receiver
        login = (user, Secret(self.password.text())) if user else None
        kind = self.kind.key
        self.answered = await post_sample(await self._gateway(), url, self._service, kind, login)
        self.message.say(f"The receiver took it and answered {self.answered}.", tone="success")
        self.adjustSize()

    def _on_failed(self, error: TurbodeskError) -> bool:
        says = next(iter(error.problems.values())) if isinstance(error, InvalidDraft) else error.says
        self.message.say(f"{says} {error.hint}".strip())
        self.adjustSize()
        return True

    async def shown(self) -> bool:
        try:
            return await super().shown()
        finally:
            self.work.cancel_all()  # also where the window closes over it
            self.password.edit.clear()
