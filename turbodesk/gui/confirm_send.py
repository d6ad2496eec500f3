"""Asks before many people are written to; where they are very many, by their number."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.header import profile_name
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import row
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.facts import Facts
from turbodesk.gui.parts.field import Field
from turbodesk.gui.parts.label import Label
from turbodesk.model.account import Profile
from turbodesk.services.desk import SMTP

WIDE, NUMBER = 560, 72  # of the dialog, of the field for the number


class ConfirmSend(Dialog):
    """Send to so many people? With `typed` the number must be written before it can be pressed, and Enter
    does nothing; else Enter sends."""

    def __init__(
        self,
        window: QWidget | None,
        *,
        subject: str,
        recipients: int,
        profile: Profile,
        way: str,
        facts: Sequence[tuple[str, str]],
        typed: bool,
        foot: str,
        when: str = "now",
    ) -> None:
        super().__init__(window, f"Send to {words.counted(recipients, 'person', 'people')}?", wide=WIDE)
        self._wanted = {str(recipients), words.number(recipients)}
        self.says = Label(wrap=True)
        self.says.set_runs(_sentence(subject, profile, way, when))
        self.body.addWidget(self.says)
        self.facts = Facts([(what, Label(value, wrap=True)) for what, value in facts])
        self.facts.setVisible(bool(facts))
        self.body.addWidget(self.facts)
        self.foot_note.setText(foot)
        self.back_button = self.add_button(Button("Back"), "back")
        act = Button(f"Send to {words.number(recipients)}", "send", kind="primary")
        self.send_button = self.add_button(act, "act")
        self.number = self._ask_number(recipients) if typed else None
        if self.number is not None:
            self.number.setFocus()
        else:
            self.enter_presses(self.send_button)
            self.send_button.setFocus()
        self.body.addStretch(1)
        wide = theme.px(WIDE)
        self.resize(wide, self.layout().totalHeightForWidth(wide))

    def _ask_number(self, recipients: int) -> Field:
        number = Field(name=f"Type {recipients} to go on")
        number.setFixedWidth(theme.px(NUMBER))
        number.changed.connect(self._on_typed)
        self.body.addLayout(row(Label("Type the number to go on", tone="muted"), number, None))
        self._why = f"Type {words.number(recipients)} first."
        self.send_button.off(self._why)
        return number

    def _on_typed(self, text: str) -> None:
        if text.strip() in self._wanted:
            self.send_button.on()
        else:
            self.send_button.off(self._why)


async def confirm_send(
    window: QWidget | None,
    *,
    subject: str,
    recipients: int,
    profile: Profile,
    way: str,
    facts: Sequence[tuple[str, str]],
    typed: bool,
    foot: str,
    when: str = "now",
) -> bool:
    """Asks whether `subject` shall go to so many recipients of `profile` by `way` (API or SMTP); True where
    the user said so. `facts` are what else is to be known before, `foot` what can be done after."""
    dialog = ConfirmSend(
        window,
        subject=subject,
        recipients=recipients,
        profile=profile,
        way=way,
        facts=facts,
        typed=typed,
        foot=foot,
        when=when,
    )
    return await dialog.shown()


def _sentence(subject: str, profile: Profile, way: str, when: str) -> list[tuple[str, str, str]]:
    smtp = way == SMTP or profile.provider == "smtp"
    return [
        (f"“{words.one_line(subject) or 'No subject'}” goes out through ", "text", "body"),
        (profile_name(profile), "text", "strong"),
        (f", {'by SMTP' if smtp else 'over the API'}, {when}.", "text", "body"),
    ]
