"""What guards the open profile against mishaps: two switches, and who may get mail and how many a day."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.header import profile_name
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import column, row
from turbodesk.gui.parts.facts import Facts
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.switch import Switch
from turbodesk.model.account import Profile
from turbodesk.services.guards import ASKED_ABOVE, TYPED_ABOVE

LOCK_SAYS = f"Above {ASKED_ABOVE} recipients you are asked first, above {TYPED_ABOVE} you type how many."
VIEWER_SAYS = "Everything can be read, nothing sent or changed."


class GuardsPane(QWidget):
    """The guards of one profile. A click only asks; what is kept is shown."""

    lock_asked = Signal(bool)
    viewer_asked = Signal(bool)
    change_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = Label("", "section", wrap=True)
        self.change_button = Button("Limits…", size="small", tip="Who may get mail, and how many a day")
        self.lock_switch = Switch("Production lock")
        self.viewer_switch = Switch("Viewer, write nothing")
        self.facts = Facts()
        pile = QVBoxLayout(self)
        pile.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(14))
        pile.setSpacing(theme.px(10))
        head = row(gap=8)
        head.addWidget(self._title, 1)
        head.addWidget(self.change_button)
        pile.addLayout(head)
        for says, why, switch in (
            ("Production lock", LOCK_SAYS, self.lock_switch),
            ("Viewer, write nothing", VIEWER_SAYS, self.viewer_switch),
        ):
            line = row(gap=12)
            line.addLayout(column(Label(says), Label(why, "small", "muted", wrap=True), gap=0), 1)
            line.addWidget(switch)
            pile.addLayout(line)
        pile.addWidget(self.facts)
        self.lock_switch.asked.connect(self.lock_asked)
        self.viewer_switch.asked.connect(self.viewer_asked)
        self.change_button.clicked.connect(self.change_asked)

    def show_profile(self, profile: Profile) -> None:
        """Shows the guards of a profile."""
        self._title.setText(f"Guards of {profile_name(profile)}")
        self.lock_switch.set_state(profile.locked)
        self.viewer_switch.set_state(profile.viewer)
        cap = profile.daily_cap
        self.facts.set_facts(
            [
                ("Mail only to", ", ".join(profile.allow) or "anybody"),
                ("No mail to", ", ".join(profile.block) or "nobody named"),
                ("A day", f"at most {words.counted(cap, 'recipient')}" if cap else "any number"),
            ]
        )
