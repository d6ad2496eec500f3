"""How this one message is counted and filled in: its campaign, its tracking, its placeholders."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.envelope import FLUSH, ROW, Row
from turbodesk.gui.pairs_editor import PLACEHOLDER, PairsEditor
from turbodesk.gui.parts.card import scrolled
from turbodesk.gui.parts.check_box import CheckBox
from turbodesk.gui.parts.label import Label

GROUPS, TRACKING, FIELDS = "groups", "tracking", "fields"
OPTION_FIELDS = frozenset({GROUPS, TRACKING, FIELDS})
LEAVE_OUT = "Leave it out"
_LACKS = {
    GROUPS: "a campaign",
    TRACKING: "the tracking of one message",
    FIELDS: "placeholders",
}


@dataclass(frozen=True)
class Offered:
    """What the way a letter goes by has a field for; `by` names who sends, `opens` and `clicks` are what
    new messages ask for."""

    by: str = ""
    fields: frozenset[str] = frozenset()
    opens: bool = True
    clicks: bool = True


class LetterOptions(QWidget):
    """Rows for what the open way of sending has a field for. What is filled in and cannot go that way stays
    to be seen, with a link that takes it out: nothing is left out in silence.

    Fields are named as an InvalidDraft names them: `groups`, `tracking`, `fields`.
    """

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offered = Offered()
        self._choice: dict[str, bool | None] = {"opens": None, "clicks": None}
        self.campaign = QLineEdit()
        self.campaign.setProperty("kind", "bare")
        self.campaign.setAccessibleName("Campaign")
        self.campaign.setPlaceholderText("What it is counted under, as november-guide")
        self.campaign.setTextMargins(*FLUSH)
        self.opens, self.clicks = (
            CheckBox("opens", name="Count opens"),
            CheckBox("clicks", name="Count clicks"),
        )
        self.placeholders = PairsEditor(PLACEHOLDER)
        self.rows = {
            GROUPS: Row("Campaign", self.campaign),
            TRACKING: Row("Count", self._boxes()),
        }
        self._lay_out()
        self.campaign.textChanged.connect(lambda: self._on_edited(GROUPS))
        self.opens.clicked.connect(lambda on: self._on_chosen("opens", on))
        self.clicks.clicked.connect(lambda on: self._on_chosen("clicks", on))
        self.placeholders.edited.connect(lambda: self._on_edited(FIELDS))
        self._show()

    # what is written

    @property
    def groups(self) -> str:
        """The campaigns as they are written."""
        return self.campaign.text()

    @property
    def chosen_opens(self) -> bool | None:
        """Whether opens of this message are counted, None where nobody chose."""
        return self._choice["opens"]

    @property
    def chosen_clicks(self) -> bool | None:
        """Whether its clicks are counted, None where nobody chose."""
        return self._choice["clicks"]

    @property
    def track_opens(self) -> bool | None:
        """What is asked for: what was chosen, else the profile's, None where the wire has no field for it."""
        return self._asked("opens", self._offered.opens)

    @property
    def track_clicks(self) -> bool | None:
        """The same of its clicks."""
        return self._asked("clicks", self._offered.clicks)

    def pairs(self) -> list[tuple[str, str]]:
        """The placeholders with their values."""
        return self.placeholders.pairs()

    @property
    def count(self) -> int:
        """How many options say something of their own."""
        chosen = sum(choice is not None for choice in self._choice.values())
        return bool(self.groups.strip()) + chosen + len(self.pairs())

    @property
    def any_shown(self) -> bool:
        """Whether there is anything to choose or to take out."""
        return any(self._shown(field) for field in OPTION_FIELDS)

    # what it is given

    def offer(self, offered: Offered) -> None:
        """Shows what this way of sending has a field for."""
        self._offered = offered
        self._show()

    def fill(
        self, groups: str, opens: bool | None, clicks: bool | None, fields: Iterable[tuple[str, str]]
    ) -> None:
        """Puts other values in; None: not chosen."""
        self._choice = {"opens": opens, "clicks": clicks}
        self.campaign.setText(groups)
        self.placeholders.set_pairs(fields)
        self._show()

    def clear(self) -> None:
        """Takes everything out."""
        self.fill("", None, None, ())

    def show_problem(self, field: str, sentence: str) -> None:
        """Says what is wrong with a field, with the way to take it out where it cannot go this way."""
        held = field not in self._offered.fields
        link, mend = (LEAVE_OUT, self._emptying(field)) if held else ("", None)
        if field in self.rows:
            self.rows[field].setVisible(True)
            self.rows[field].say(sentence, link, mend)
        else:
            self._titled.setVisible(True)
            self.placeholders.message.say(sentence, link, mend)

    def clear_problems(self) -> None:
        """Takes away what was said; what cannot go this way still says so."""
        self._show()

    def focus(self, field: str) -> None:
        """Puts the focus where a field is mended."""
        spot = {GROUPS: self.campaign, TRACKING: self.opens}.get(field)
        if spot is None:
            self.placeholders.focus()
        else:
            spot.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # building and showing it

    def _boxes(self) -> QWidget:
        boxes = QWidget()
        boxes.setFixedHeight(theme.px(ROW))
        line = QHBoxLayout(boxes)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.px(20))
        line.addWidget(self.opens)
        line.addWidget(self.clicks)
        self._usual = Label("", "small", "muted", elide="right")
        line.addWidget(self._usual, 1)
        return boxes

    def _lay_out(self) -> None:
        inner = QWidget()
        pile = QVBoxLayout(inner)
        pile.setContentsMargins(0, theme.px(2), 0, 0)
        pile.setSpacing(0)
        rows = QVBoxLayout()
        rows.setContentsMargins(theme.px(16), 0, theme.px(16), 0)
        rows.setSpacing(0)
        for row in self.rows.values():
            rows.addWidget(row)
        pile.addLayout(rows)
        self._titled = QWidget()
        titled = QVBoxLayout(self._titled)
        titled.setContentsMargins(0, theme.px(12), 0, 0)
        titled.setSpacing(0)
        title = Label("Placeholders", "small-strong", "muted")
        title.setContentsMargins(theme.px(16), 0, theme.px(16), 0)
        titled.addWidget(title)
        titled.addWidget(self.placeholders)
        pile.addWidget(self._titled)
        pile.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(inner))

    def _shown(self, field: str) -> bool:
        return field in self._offered.fields or self._holds(field)

    def _holds(self, field: str) -> bool:
        if field == TRACKING:
            return any(choice is not None for choice in self._choice.values())
        return bool(self.groups.strip() if field == GROUPS else self.pairs())

    def _asked(self, what: str, usual: bool) -> bool | None:
        chosen = self._choice[what]
        return usual if chosen is None and TRACKING in self._offered.fields else chosen

    def _show(self) -> None:
        opens, clicks = self._choice["opens"], self._choice["clicks"]
        self.opens.setChecked(self._offered.opens if opens is None else opens)
        self.clicks.setChecked(self._offered.clicks if clicks is None else clicks)
        self._usual.setText(
            "as every new message" if opens is None and clicks is None else "this message only"
        )
        for field, row in self.rows.items():
            row.setVisible(self._shown(field))
            row.say(*self._lack(field))
        self._titled.setVisible(self._shown(FIELDS))
        self.placeholders.message.clear()
        if (lack := self._lack(FIELDS))[0]:
            self.placeholders.message.say(*lack)

    def _lack(self, field: str) -> tuple[str, str, Callable[[], object] | None]:
        """What is said of a field that holds something this way cannot carry; an empty sentence elsewise."""
        if field in self._offered.fields or not self._holds(field):
            return "", "", None
        by = self._offered.by or "This way of sending"
        return f"{by} has no field for {_LACKS[field]}.", LEAVE_OUT, self._emptying(field)

    def _emptying(self, field: str) -> Callable[[], object]:
        def empty() -> None:
            if field == GROUPS:
                self.campaign.clear()
            elif field == TRACKING:
                self._choice = {"opens": None, "clicks": None}
            else:
                self.placeholders.set_pairs(())
            self._on_edited(field)

        return empty

    def _on_chosen(self, what: str, on: bool) -> None:
        usual = self._offered.opens if what == "opens" else self._offered.clicks
        self._choice[what] = None if on == usual else on
        self._on_edited(TRACKING)

    def _on_edited(self, _field: str) -> None:
        self._show()
        self.edited.emit()
