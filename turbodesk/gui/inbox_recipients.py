"""To whom a caught mail went, how each of them stands, and a menu that makes something happen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QMenu, QSizePolicy, QVBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.inbox_words import HAPPENINGS, pill_of, why_not
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import clear_layout, row, scrolled
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.pill import PillLabel
from turbodesk.model.inbox import CaughtRecipient

MOST = 100  # recipients shown one by one
HIGH, MOST_LINES = 34, 4


class RecipientLine(QWidget):
    """One recipient of a caught mail."""

    make_asked = Signal(str, str)  # the address, the event

    def __init__(self, recipient: CaughtRecipient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recipient = recipient
        kind = Label(recipient.kind.value.capitalize(), tone="muted")
        kind.setFixedWidth(theme.px(40))
        name = Label(str(recipient.address), elide="middle")
        self.pill = PillLabel(pill_of(recipient))
        self.said = Label("", "small", "muted", elide="right")
        aloud = f"Make something happen for {recipient.address.email}"
        self.menu_button = Button("Make it…", size="small", name=aloud)
        self.menu_button.add_menu_mark()
        self.menu_button.clicked.connect(self._on_menu_clicked)
        standing = QWidget()
        standing.setFixedWidth(theme.px(118))
        standing.setLayout(row(self.pill, None))
        name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        line = row(kind, standing, name, self.said, self.menu_button)
        line.setStretchFactor(self.said, 1)
        self.setLayout(line)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.show_recipient(recipient)

    def show_recipient(self, recipient: CaughtRecipient) -> None:
        """Shows how the same recipient stands now."""
        self.recipient = recipient
        self.pill.set_state(pill_of(recipient))
        self.said.setText(words.one_line(recipient.error))

    def menu(self) -> QMenu:
        """What can be made to happen; what cannot is greyed, with the reason as its tooltip."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for happening in HAPPENINGS:
            reason = why_not(self.recipient.status, happening.event)
            action = menu.addAction(theme.icon(happening.icon), happening.offer)
            action.setData(happening.event)
            action.setEnabled(not reason)
            action.setToolTip(reason)
            action.triggered.connect(
                lambda _checked=False, event=happening.event: self.make_asked.emit(
                    self.recipient.address.email, event
                )
            )
        return menu

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme.px(HIGH))

    def _on_menu_clicked(self) -> None:
        menu = self.menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.menu_button.mapToGlobal(self.menu_button.rect().bottomLeft()))


class RecipientLines(QWidget):
    """All recipients; beyond a few lines the list scrolls."""

    make_asked = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: dict[str, RecipientLine] = {}
        inner = QWidget()
        self._pile = QVBoxLayout(inner)
        self._pile.setContentsMargins(0, 0, theme.px(4), 0)
        self._pile.setSpacing(0)
        self._area = scrolled(inner)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._area)

    def show_recipients(self, recipients: Sequence[CaughtRecipient]) -> None:
        """Shows them; lines of the same recipients stay where they are, with their focus."""
        shown = {_key(recipient): recipient for recipient in recipients[:MOST]}
        if list(shown) == list(self.lines):
            for key, recipient in shown.items():
                self.lines[key].show_recipient(recipient)
            return
        clear_layout(self._pile)
        self.lines = {key: RecipientLine(recipient) for key, recipient in shown.items()}
        for line in self.lines.values():
            line.make_asked.connect(self.make_asked)
            self._pile.addWidget(line)
        more = len(recipients) - len(shown)
        if more > 0:
            self._pile.addWidget(Label(f"and {words.number(more)} more", "small", "muted"))
        self._pile.addStretch(1)
        height = min(MOST_LINES + 0.5, len(shown) + (more > 0)) * theme.px(HIGH)
        self.setFixedHeight(round(height))


def _key(recipient: CaughtRecipient) -> str:
    return f"{recipient.kind.value} {recipient.address.email}"
