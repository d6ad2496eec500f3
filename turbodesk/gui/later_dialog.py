"""Asks when a letter shall go: the usual hours, or any other that is still to come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from PySide6.QtCore import QDate, Qt, QTime
from PySide6.QtWidgets import QSizePolicy, QTimeEdit, QWidget

from turbodesk.errors import InvalidDraft
from turbodesk.gui import theme, words
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Rule, row
from turbodesk.gui.parts.choice import DayField
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.field import Message
from turbodesk.gui.parts.label import Label
from turbodesk.services.later import Preset, future, local, presets, zone

WIDE, NAME_WIDE = 440, 150
FOOT = "Turbodesk sends it, so it must be running then."


def _now() -> datetime:
    return datetime.now(UTC)


class TimeField(QTimeEdit):
    """A time of the day, to the minute."""

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setDisplayFormat("HH:mm")
        self.setFixedWidth(theme.px(76))
        self.lineEdit().setTextMargins(theme.px(8), 0, 0, 0)  # which the style sheet leaves out here
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


class LaterDialog(Dialog):
    """Send it when? A usual hour is taken with one press, any other is picked. `at` is the moment, UTC."""

    def __init__(self, parent: QWidget | None, subject: str, *, now: Callable[[], datetime] = _now) -> None:
        super().__init__(parent, "Send it when?", wide=WIDE)
        self._now = now
        self.at: datetime | None = None
        self.body.addWidget(
            Label(f"“{words.one_line(subject) or 'No subject'}”", tone="muted", elide="right")
        )
        self.presets = [self._offer(preset) for preset in presets(now())]
        self.body.addSpacing(theme.px(2))
        self.body.addWidget(Rule())
        self.day, self.hour = DayField(name="Day"), TimeField(name="Time of day")
        self.zone, self.message = Label(tone="muted"), Message()
        self.body.addLayout(row(Label("At", tone="muted"), self.day, self.hour, self.zone, None))
        self.body.addWidget(self.message)
        self.body.addStretch(1)
        first = (now().astimezone() + timedelta(hours=1)).replace(minute=0)
        self.day.setMinimumDate(_qdate(now().astimezone().date()))
        self.day.setDate(_qdate(first.date()))
        self.hour.setTime(QTime(first.hour, first.minute))
        self.foot_note.setText(FOOT)
        self.add_button(Button("Back"), "back")
        self.act = self.add_button(Button("Send then", "clock", kind="primary"))
        self.act.clicked.connect(self._on_act)
        self.enter_presses(self.act)
        self.day.dateChanged.connect(lambda _day: self._on_picked())
        self.hour.timeChanged.connect(lambda _time: self._on_picked())
        self._on_picked()
        if self.presets:
            self.presets[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _offer(self, preset: Preset) -> Button:
        at = preset.at
        button = Button(preset.words, name=f"{preset.words}, {words.day_and_hour(at)}")
        button.setMinimumWidth(theme.px(NAME_WIDE))
        button.clicked.connect(lambda: self._take(at))
        self.body.addLayout(
            row(button, Label(words.day_and_hour(at), tone="muted", tabular=True), None, gap=12)
        )
        return button

    def _picked(self) -> datetime:
        day, hour = self.day.date(), self.hour.time()
        return local(date(day.year(), day.month(), day.day()), time(hour.hour(), hour.minute()))

    def _on_picked(self) -> None:
        self.message.clear()
        try:
            self.zone.setText(zone(self._picked()))
        except InvalidDraft as error:
            self.message.say(error.says)

    def _on_act(self) -> None:
        try:
            self._take(self._picked())
        except InvalidDraft as error:
            self.message.say(error.says)

    def _take(self, at: datetime) -> None:
        try:
            self.at = future(at, self._now())
        except InvalidDraft as error:
            self.message.say(error.says)
        else:
            self.accept()


def _qdate(day: date) -> QDate:
    return QDate(day.year, day.month, day.day)
