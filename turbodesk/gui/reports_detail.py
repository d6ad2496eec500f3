"""One address on a list, whole: what is so, why, what to do next, and the server's own words."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, Rule, row
from turbodesk.gui.parts.detail import DetailPane
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.facts import Facts, Value
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.pill import PillLabel
from turbodesk.gui.parts.states import EmptyState, Pages
from turbodesk.gui.reports_words import BOUNCES, at_words, class_of, head_line, pill_of
from turbodesk.services.reports import Listed

MOST_ENTRIES = 12  # shown one by one


class Quote(QWidget):
    """Words of another, in the fixed font, with a bar at their left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = Label("", "mono", "muted", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(3 + 10), theme.px(5), theme.px(10), theme.px(5))
        box.addWidget(self._label)

    def setText(self, text: str) -> None:
        """Shows other words."""
        self._label.setText(text)
        self.setAccessibleName(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), theme.px(6), fill=theme.colour("sunken"))
        bar = QRectF(0, 0, theme.px(3), self.height())
        painter.fillRect(bar.adjusted(0, 0, theme.px(3), 0), theme.colour("sunken"))
        painter.fillRect(bar, theme.colour("button-border"))


class ReportDetail(Pages):
    """The pane beside the list. It asks for things; the tab does them."""

    copy_asked = Signal()
    allow_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._listed: Listed | None = None
        self.none = EmptyState(
            "reports", "No address chosen", "Choose a row to see why mail does not arrive."
        )
        none = DetailPane()
        none.clear()
        none.add(self.none)
        self.pane = DetailPane()
        self.add("none", none)
        self.add("entry", self.pane)
        self._build()

    @property
    def listed(self) -> Listed | None:
        """The address that is shown."""
        return self._listed

    def show_none(self) -> None:
        """Shows that no row is chosen."""
        self._listed = None
        self.turn("none")

    def show_listed(self, listed: Listed, service: str, profile: str) -> None:
        """Shows an address as the list has it."""
        self._listed = listed
        self.pill.set_state(*pill_of(listed))
        self.title.setText(listed.email)
        self.head.setText(head_line(listed))
        self.cause.setText(listed.cause.headline)
        self.why.setText(listed.cause.text)
        self.next.set_runs([("Next: ", "text", "strong"), (listed.cause.next, "muted", "body")])
        self.quote.setText(listed.newest.words.strip())
        self.quote.setVisible(bool(listed.newest.words.strip()))
        self.facts.set_facts(_facts(listed, f"{service}, profile {profile}"))
        self.entries.set_facts(_entries(listed))
        self.turn("entry")

    def _build(self) -> None:
        self.pill = PillLabel("hard")
        self.close_button = Button("", "close", kind="quiet", size="small", name="Back to the list")
        self.close_button.setVisible(False)
        self.title = Label("", "title", wrap=True)
        self.head = Label("", tone="muted", wrap=True)
        head = QVBoxLayout()
        head.setSpacing(0)
        head.addWidget(self.title)
        head.addWidget(self.head)
        self.copy_button = Button("Copy address", "copy")
        self.allow_button = Button("Allow again…", "undo")
        self.copy_button.clicked.connect(self.copy_asked)
        self.allow_button.clicked.connect(self.allow_asked)
        self.facts, self.entries = Facts(), Facts()
        self.pane.add(row(self.pill, None, self.close_button))
        self.pane.add(head)
        self.pane.add(self._card(), gap=2)
        self.pane.add(row(self.copy_button, self.allow_button, None), gap=2)
        self.pane.add(Rule(), gap=4)
        self.pane.add(self.facts, gap=4)
        self.pane.section("Entries")
        self.pane.add(self.entries)

    def _card(self) -> Card:
        card = Card(padding=12)
        card.body.setSpacing(theme.px(4))
        self.cause = Label("", "section", wrap=True)
        self.why = Label("", wrap=True)
        self.next = Label("", wrap=True)
        self.quote = Quote()
        for part in (self.cause, self.why, 2, self.next, 6, self.quote):
            if isinstance(part, int):
                card.body.addSpacing(theme.px(part))
            else:
                card.add(part)
        return card


def _facts(listed: Listed, place: str) -> list[tuple[str, Value]]:
    facts: list[tuple[str, Value]] = []
    newest = listed.newest
    about = (("Sent as", newest.sender), ("Subject", words.one_line(newest.subject)))
    facts += [(what, text) for what, text in about if text]
    if newest.message_id:
        facts.append(("Message", (newest.message_id, "mono")))
    if newest.type in BOUNCES:
        reply = listed.reply
        facts.append(("Class", class_of(listed)))
        if reply.code:
            facts.append(("Code", (str(reply.code), "mono")))
        if reply.enhanced:
            facts.append(("Enhanced code", (reply.enhanced, "mono")))
    return [*facts, ("At", place)]


def _entries(listed: Listed) -> list[tuple[str, Value]]:
    shown: list[tuple[str, Value]] = [
        (at_words(entry), words.one_line(entry.words) or f"Entry {entry.id}")
        for entry in listed.entries[:MOST_ENTRIES]
    ]
    left = len(listed.entries) - MOST_ENTRIES
    return [*shown, ("", f"and {words.number(left)} earlier")] if left > 0 else shown
