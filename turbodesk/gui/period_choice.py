"""Which days are looked at: the usual ranges in a menu, any other from a day to a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from PySide6.QtCore import QDate, QLocale, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.choice import DayField
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import Label, paint_runs
from turbodesk.model.reports import ALL_TIME, Period

CUSTOM = "custom"
NAMES = {
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "this-month": "This month",
    "last-month": "Last month",
    "all": "All time",
}


def local_today() -> date:
    """The day it is here."""
    return datetime.now().astimezone().date()


def named_period(key: str, today: date) -> Period:
    """The days a name of NAMES stands for, seen from `today`."""
    if key == "all":
        return ALL_TIME
    if key == "this-month":
        return Period(today.replace(day=1), today)
    if key == "last-month":
        end = today.replace(day=1) - timedelta(days=1)
        return Period(end.replace(day=1), end)
    return Period.since(key, today)


def period_words(period: Period, today: date) -> str:
    """`21 Oct to 19 Nov`, with the years where they are not all this one; empty for all time."""
    if period.start is None or period.end is None:
        return ""
    form = "d MMM" if period.start.year == period.end.year == today.year else "d MMM yyyy"
    first, last = (QLocale().toString(_qdate(day), form) for day in (period.start, period.end))
    return first if first == last else f"{first} to {last}"


def _qdate(day: date) -> QDate:
    return QDate(day.year, day.month, day.day)


def _date(day: QDate) -> date:
    return date(day.year(), day.month(), day.day())


class PeriodChoice(Button):
    """A button that shows the range and opens the others. A named range moves along with the days.

    `changed` tells that another range was chosen. With `days` the range is also written out in days.
    """

    changed = Signal()

    def __init__(
        self,
        key: str = "30d",
        *,
        days: bool = False,
        today: Callable[[], date] = local_today,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "calendar", name="Range of days", parent=parent)
        self.key = key
        self._days, self._today = days, today
        self._custom = ALL_TIME
        self.add_menu_mark()
        self._menu = QMenu(self)
        self._actions = self._make_actions()
        self.clicked.connect(self._open_menu)
        self._show_choice()

    @property
    def period(self) -> Period:
        """The days chosen, as seen from today."""
        return self._custom if self.key == CUSTOM else named_period(self.key, self._today())

    @property
    def words(self) -> str:
        """The range as it ends a sentence: `in the last 7 days`, `last month`, `from 1 Oct to 3 Nov`."""
        if self.key == CUSTOM:
            return f"from {period_words(self.period, self._today())}"
        if self.key == "all":
            return "in all time"
        name = NAMES[self.key].lower()
        return name if "month" in name else f"in the {name}"

    @property
    def menu_of_ranges(self) -> QMenu:
        """The menu that the button opens."""
        return self._menu

    def choose(self, key: str) -> None:
        """Chooses a named range and tells it."""
        self.key = key
        self._show_choice()
        self.changed.emit()

    def choose_days(self, start: date, end: date) -> None:
        """Chooses a range of one's own and tells it; the days may come in either order."""
        self._custom = Period(min(start, end), max(start, end))
        self.choose(CUSTOM)

    def show_days(self, days: bool) -> None:
        """Writes the range out in days too, or not."""
        if days != self._days:
            self._days = days
            self._show_choice()

    def _make_actions(self) -> dict[str, QAction]:
        group = QActionGroup(self)
        actions = {}
        for key, name in {**NAMES, CUSTOM: "From day to day…"}.items():
            if key in ("all", CUSTOM):
                self._menu.addSeparator()
            action = self._menu.addAction(name)
            action.setCheckable(True)
            group.addAction(action)
            action.triggered.connect(lambda _on, key=key: self._on_taken(key))
            actions[key] = action
        return actions

    def _open_menu(self) -> None:
        self._actions[self.key].setChecked(True)
        self._menu.popup(self.mapToGlobal(QPoint(0, self.height() + theme.px(4))))

    def _on_taken(self, key: str) -> None:
        if key != CUSTOM:
            self.choose(key)
            return
        start = self.period.start or self._today() - timedelta(days=29)
        self.panel = DaysPanel(self, start, self.period.end or self._today(), self._today())
        self.panel.taken.connect(self.choose_days)
        self.panel.open_below(self)

    def _show_choice(self) -> None:
        days = period_words(self.period, self._today())
        self.setText(days if self.key == CUSTOM else NAMES[self.key])
        self._rest = days if self._days and self.key != CUSTOM else ""
        self.setAccessibleName(f"Range of days: {self.text()}")
        self.setAccessibleDescription(days)
        self.updateGeometry()
        self.update()

    def _rest_width(self) -> float:
        wide = QFontMetricsF(theme.font("body", True)).horizontalAdvance(self._rest)
        return wide + theme.px(8) if self._rest else 0.0

    def _content_width(self) -> float:
        return super()._content_width() + self._rest_width()

    def _paint_words(self, painter: QPainter, left: float, middle: float, ink: str) -> float:
        end = super()._paint_words(painter, left, middle, ink)
        room = QRectF(end + theme.px(8), 0, self._rest_width(), self.height())
        paint_runs(
            painter, room, [(self._rest, "muted", "body")], elide=Qt.TextElideMode.ElideNone, tabular=True
        )
        return end + self._rest_width()


class DaysPanel(QWidget):
    """Two days and a button, floating below what opened it. `taken` tells the two days."""

    taken = Signal(object, object)

    def __init__(self, parent: QWidget, start: date, end: date, today: date) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("From day to day")
        self.from_field, self.to_field = DayField(name="From"), DayField(name="To")
        self.show_button = Button("Show", kind="primary")
        row = QHBoxLayout(self)
        edge = theme.px(12)
        row.setContentsMargins(edge, edge, edge, edge)
        row.setSpacing(theme.px(8))
        for widget in (Label("From", tone="muted"), self.from_field, Label("to", tone="muted"), self.to_field,
                       self.show_button):  # fmt: skip
            row.addWidget(widget)
        for field, day in ((self.from_field, start), (self.to_field, end)):
            field.setMaximumDate(_qdate(today))
            field.setDate(_qdate(day))
        self.show_button.clicked.connect(self._on_show)

    def open_below(self, button: QWidget) -> None:
        """Shows the panel with the first day in focus."""
        self.adjustSize()
        self.move(button.mapToGlobal(QPoint(0, button.height() + theme.px(4))))
        self.show()
        self.from_field.setFocus()

    def _on_show(self) -> None:
        start, end = _date(self.from_field.date()), _date(self.to_field.date())
        self.close()
        self.taken.emit(start, end)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_show()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        line = theme.colour("button-border")
        frame(QPainter(self), QRectF(self.rect()), 0, fill=theme.colour("raised"), line=line)
