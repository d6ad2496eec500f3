"""The usage alerts of an account: listed, added, changed, removed; and the form of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.errors import InvalidDraft, TurbodeskError
from turbodesk.gui import theme
from turbodesk.gui.alerts_card import NONE_YET, alert_words, percent_words
from turbodesk.gui.form_dialog import FormDialog
from turbodesk.gui.header import profile_name
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Rule, clear_layout, row
from turbodesk.gui.parts.dialog import ask
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.parts.label import Label, Link
from turbodesk.gui.tall_dialog import TallDialog
from turbodesk.gui.work import Work
from turbodesk.model.alert import Alert
from turbodesk.services.alerts import AlertsService
from turbodesk.services.desk import Desk

Undo = Callable[[], Awaitable[object]]


class AlertDialog(FormDialog):
    """Who is told, and when; a new one, or one that is changed. `kept` is what the provider has then."""

    def __init__(self, parent: QWidget, service: AlertsService, before: Alert | None = None) -> None:
        title, act = ("Change this alert", "Save changes") if before else ("Add an alert", "Add alert")
        icon = "check" if before else "add"
        super().__init__(parent, title, Button(act, icon, kind="primary"), wide=460)
        self._service, self._before = service, before
        self.kept: Alert | None = None
        self.email = Field("ops@example.com", name="Who is told")
        self.percentage = Field("80", name="Per cent of the limit")
        self.percentage.setFixedWidth(theme.px(120))
        self.add_field("email", "E-mail to", self.email)
        self.add_field(
            "percentage", "At per cent", self.percentage, "Of what this account may send, 0 to 100."
        )
        self.lay_out(self.lines)
        if before is not None:
            self.email.setText(before.email)
            self.percentage.setText(str(before.percentage))
        self.email.setFocus(Qt.FocusReason.OtherFocusReason)

    async def do(self) -> None:
        text = self.percentage.text().strip().removesuffix("%").strip()
        percentage, is_one = QLocale().toInt(text)
        if not is_one:
            problem = "Write a whole number from 0 to 100."
            raise InvalidDraft({"percentage": problem}, "Nothing was changed")
        email = self.email.text().strip()
        if self._before is None:
            self.kept = await self._service.add(email, percentage)
        else:
            change = await self._service.edit(self._before.id, email=email, percentage=percentage)
            self.kept = change.after


class AlertRow(QWidget):
    """One alert, and what can be done with it."""

    change_asked = Signal(object)  # an Alert
    remove_asked = Signal(object)

    def __init__(self, alert: Alert, only_looks: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.alert = alert
        self.change_link, self.remove_link = Link("Change…", "small-medium"), Link("Remove…", "small-medium")
        for link, deed in ((self.change_link, "Change"), (self.remove_link, "Remove")):
            link.setAccessibleName(f"{deed}: {alert_words(alert)}")
            link.setVisible(not only_looks)
        self.change_link.clicked.connect(lambda: self.change_asked.emit(alert))
        self.remove_link.clicked.connect(lambda: self.remove_asked.emit(alert))
        at = Label(f"at {percent_words(alert.percentage)}", tone="muted", tabular=True)
        line = row(
            Label(alert.email, "medium", elide="middle"), at, self.change_link, self.remove_link, gap=14
        )
        line.setContentsMargins(0, theme.px(8), 0, theme.px(8))
        self.setLayout(line)


class AlertsDialog(TallDialog):
    """All alerts of an account, in the provider's order. What was done is said below them, with Undo.

    `alerts` is what the provider was last heard to have.
    """

    def __init__(self, window: QWidget | None, desk: Desk, alerts: Sequence[Alert]) -> None:
        super().__init__(window, f"Alerts of {profile_name(desk.profile)}", wide=560)
        self._desk, self._service = desk, AlertsService(desk)
        self.alerts = tuple(alerts)
        self.rows: list[AlertRow] = []
        self.work = Work(self, Notices(self))
        self.message = Message()
        says = f"{desk.provider.title} sends a mail once so much of what this account may send is used up."
        self.pile.addWidget(Label(says, tone="muted", wrap=True))
        self._list = QWidget()
        self._lines = QVBoxLayout(self._list)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(0)
        self.pile.addWidget(self._list)
        self.pile.addWidget(self.message)
        self.pile.addStretch(1)
        self.add_alert_button = self.add_button(Button("Add alert…", "add"))
        self.close_button = self.add_button(Button("Close", kind="primary"), "back")
        self.add_alert_button.clicked.connect(lambda: self._start(self._add))
        if desk.only_looks:
            self.add_alert_button.off(desk.only_looks)
            self.message.say(desk.only_looks, tone="info")
        self._show()
        (self.close_button if desk.only_looks else self.add_alert_button).setFocus()

    async def shown(self) -> bool:
        try:
            return await super().shown()
        finally:
            self.work.cancel_all()  # also where the window closes over it

    def _show(self) -> None:
        clear_layout(self._lines)
        self.rows = [AlertRow(alert, self._desk.only_looks) for alert in self.alerts]
        for line in self.rows:
            line.change_asked.connect(lambda alert: self._start(partial(self._edit, alert)))
            line.remove_asked.connect(lambda alert: self._start(partial(self._remove, alert)))
            self._lines.addWidget(Rule())
            self._lines.addWidget(line)
        if not self.alerts:
            none = Label(NONE_YET, "medium")
            none.setContentsMargins(0, theme.px(8), 0, theme.px(8))
            self._lines.addWidget(Rule())
            self._lines.addWidget(none)
        self._lines.addWidget(Rule())

    # what can be done

    def _start(self, deed: Callable[[], Awaitable[None]]) -> None:
        self.message.clear()
        self.work.start(self._do(deed), busy=self._list, fail=self._show_failure, name="change alerts")

    async def _do(self, deed: Callable[[], Awaitable[None]]) -> None:
        """Does it, and reads the list again whatever came of it."""
        try:
            await deed()
        except TurbodeskError:
            with suppress(TurbodeskError):  # the first failure is the one to tell
                await self._read()
            raise
        await self._read()

    async def _read(self) -> None:
        alerts = await self._service.show()
        if alerts != self.alerts:
            self.alerts = alerts
            self._show()
            self.add_alert_button.setFocus()

    async def _add(self) -> None:
        dialog = AlertDialog(self, self._service)
        await dialog.shown()
        if (made := dialog.kept) is not None:
            undo = (lambda: self._service.remove(made.id)) if made.id else None
            self._tell(f"{alert_words(made)} from now on.", undo)
        else:
            self._tell_unsure(dialog, "added")

    async def _edit(self, before: Alert) -> None:
        dialog = AlertDialog(self, self._service, before)
        await dialog.shown()
        if (now := dialog.kept) is None:
            self._tell_unsure(dialog, "changed")
            return

        def back() -> Awaitable[object]:
            return self._service.edit(before.id, email=before.email, percentage=before.percentage)

        was = f"{alert_words(now)} now; before, {alert_words(before)}."
        self._tell(was, back if now != before else None)

    async def _remove(self, alert: Alert) -> None:
        sure = await ask(
            self,
            "Remove this alert?",
            "Nobody is told by it any more.",
            [("E-mail to", alert.email), ("At", f"{percent_words(alert.percentage)} of the limit")],
            "Remove alert",
            act_icon="delete",
            danger=True,
            foot_note="You can undo this",
        )
        if sure:
            gone = await self._service.remove(alert.id)
            says = f"{gone.email} is not told at {percent_words(gone.percentage)} any more."
            self._tell(says, lambda: self._service.add(gone.email, gone.percentage))

    async def _undo(self, undo: Undo) -> None:
        await undo()
        self._tell("It is as it was.")

    def _tell(self, says: str, undo: Undo | None = None, tone: str = "success") -> None:
        if undo is None:
            self.message.say(says, tone=tone)
        else:
            self.message.say(says, "Undo", lambda: self._start(partial(self._undo, undo)), tone=tone)
        self.scroll_to(self.message)

    def _tell_unsure(self, dialog: AlertDialog, what: str) -> None:
        if dialog.broken_off:
            self._tell(f"Whether it was {what} is not known: look at the list.", tone="warning")

    def _show_failure(self, error: TurbodeskError) -> bool:
        self._tell(f"{error.says} {error.hint}".strip(), tone="danger")
        return True
