"""Who is told when so much of the limit is used up, in one line; its list is a dialog away."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, row
from turbodesk.gui.parts.field import IconLabel
from turbodesk.gui.parts.label import Label
from turbodesk.gui.tab import Tab
from turbodesk.model.alert import Alert

NONE_YET = "Nobody is told when the limit comes near."
NAMED = 3  # percentages that are named; more are counted


def percent_words(percentage: int) -> str:
    """A percentage as it is read, `80 %`."""
    return f"{words.number(percentage)}{words.NARROW}%"


def alert_words(alert: Alert) -> str:
    """Who is told when, in a sentence without its full stop."""
    return f"{words.one_line(alert.email)} is told at {percent_words(alert.percentage)}"


def summary(alerts: Sequence[Alert]) -> str:
    """All alerts in one line: at which percentages, and who is told."""
    if not alerts:
        return NONE_YET
    levels = sorted({alert.percentage for alert in alerts})
    before, last = ", ".join(map(words.number, levels[:-1])), percent_words(levels[-1])
    if len(levels) > NAMED:
        at = f"{words.number(len(levels))} percentages from {words.number(levels[0])} to {last}"
    else:
        at = f"{before} and {last}" if before else last
    whom = list({alert.email.casefold(): words.one_line(alert.email) for alert in alerts}.values())
    to = whom[0] if len(whom) == 1 else words.counted(len(whom), "address", "addresses")
    return f"at {at} of the limit, to {to}"


class AlertsCard(Card):
    """One line with what is set, and the button that opens the list of it."""

    def __init__(self, tab: Tab, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._tab = tab
        self.alerts: tuple[Alert, ...] = ()
        self._says = Label("", tone="muted", elide="right", tabular=True)
        self.change_button = Button("Change…", size="small", name="Change alerts…")
        self.change_button.clicked.connect(self._on_change_clicked)
        line = row(IconLabel("bell", "text"), Label("Alerts", "section"), self._says, self.change_button)
        edge = theme.px(16) + 1
        self.body.setContentsMargins(edge, theme.px(10), edge, theme.px(10))
        self.add(line)

    def show_alerts(self, alerts: Sequence[Alert]) -> None:
        """Shows what is set, in the provider's order."""
        self.alerts = tuple(alerts)
        self._says.setText(summary(self.alerts))

    def _on_change_clicked(self) -> None:
        self._tab.work.start(self._change(), busy=self.change_button, name="change alerts")

    async def _change(self) -> None:
        from turbodesk.gui.alerts_dialog import AlertsDialog

        if (desk := self._tab.desk) is None:
            return
        dialog = AlertsDialog(self._tab.window(), desk, self.alerts)
        await dialog.shown()
        if desk is self._tab.desk:
            self.show_alerts(dialog.alerts)
