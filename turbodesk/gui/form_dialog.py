"""A form that asks the provider itself: it stays open with what is wrong, and closes once it is done."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from turbodesk.errors import InvalidDraft, TurbodeskError
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.profile_form import Lines
from turbodesk.gui.tall_dialog import TallDialog
from turbodesk.gui.work import Work


class FormDialog(TallDialog):
    """Fields in lines, and an act that awaits `do`. What is wrong stands at its field; the rest below all.

    `fields` are the places for sentences, by the names that our errors use. `broken_off` says that it was
    closed while the provider was still being asked, so that nobody knows whether that was done.
    """

    def __init__(self, parent: QWidget | None, title: str, act: Button, *, wide: int = 520) -> None:
        super().__init__(parent, title, wide=wide)
        self.work = Work(self, Notices(self))
        self.broken_off = False
        self.fields: dict[str, Field] = {}
        self.lines, self.message = Lines(), Message()
        self.back_button = self.add_button(Button("Back"), "back")
        self.act_button = self.add_button(act)
        self.enter_presses(act)
        act.clicked.connect(self.act)

    async def shown(self) -> bool:
        accepted = False
        try:
            accepted = await super().shown()
        finally:  # also where the window closes over it
            self.broken_off = self.work.busy and not accepted
            self.work.cancel_all()
        return accepted

    async def do(self) -> None:
        """Asks for what is written. Raises our errors, which are then shown."""
        raise NotImplementedError

    def act(self) -> None:
        """Asks for what is written; the dialog is accepted once that is done."""
        self.message.clear()
        for field in self.fields.values():
            field.set_good()
        self.work.start(self._act(), busy=self.act_button, fail=self._show_failure, name="ask for it")

    async def _act(self) -> None:
        await self.do()
        self.accept()

    def add_field(
        self, name: str, title: str, field: Field, hint: str = "", *, to: Lines | None = None
    ) -> None:
        """Puts a field at the end of the form's lines, or of `to`; `name` is what errors call it."""
        self.fields[name] = field
        field.changed.connect(lambda _text: field.set_good())
        (to or self.lines).add(title, field, hint)

    def lay_out(self, *parts: QWidget) -> None:
        """Puts these below each other, and below them what is said of the whole; called once."""
        for part in (*parts, self.message):
            self.pile.addWidget(part)
        self.pile.addStretch(1)
        self.fit()

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Says each sentence at its place, those without one below all; the first place gets the focus."""
        bad = [name for name in problems if name in self.fields]
        for name in bad:
            self.fields[name].set_bad(problems[name])
        if others := [sentence for name, sentence in problems.items() if name not in self.fields]:
            self.message.say(" ".join(others))
        if bad:
            self.fields[bad[0]].setFocus(Qt.FocusReason.OtherFocusReason)
        self.scroll_to(self.fields[bad[0]] if bad else self.message)

    def _show_failure(self, error: TurbodeskError) -> bool:
        if isinstance(error, InvalidDraft):
            self.show_problems(error.problems)
        else:
            self.show_problems({error.field: f"{error.says} {error.hint}".strip()})
        return True
