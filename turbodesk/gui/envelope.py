"""The envelope of a letter: From, To, Cc, Bcc, Reply-To and Subject, each with a place for what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from email.utils import parseaddr

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QSizePolicy, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Rule
from turbodesk.gui.parts.chips import AddressCheck, ChipField
from turbodesk.gui.parts.field import IconLabel
from turbodesk.gui.parts.label import Label, Link, paint_runs
from turbodesk.gui.trial_addresses import TrialAddresses
from turbodesk.model.message import SUBJECT_LIMIT

KEY_WIDTH, ROW, HINT = 76, 34, 28
FLUSH = (-2, 0, 0, 0)  # takes back the room that Qt leaves inside a line edit
MOST_REMEMBERED = 8
_BREAKS = str.maketrans(dict.fromkeys("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", " "))

Check = Callable[[str], AddressCheck]
Split = Callable[[str], list[str]]


class SenderEdit(QLineEdit):
    """The sender as text; at rest the name stands out and the address steps back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "bare")
        self.setAccessibleName("From")
        self.setTextMargins(*FLUSH)
        self.setPlaceholderText("Name <you@example.com>")

    def paintEvent(self, event: QPaintEvent) -> None:
        name, email = parseaddr(self.text())
        if self.hasFocus() or not name or "@" not in email:
            super().paintEvent(event)
            return
        runs = [(name, "text", "strong"), (f"  {email}", "muted", "body")]
        paint_runs(QPainter(self), QRectF(self.rect()), runs)


class SubjectEdit(QLineEdit):
    """The subject; line breaks that are pasted become spaces."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "bare")
        self.setAccessibleName("Subject")
        self.setTextMargins(*FLUSH)
        self.setPlaceholderText("What it is about")
        self._dress()
        theme.themer().changed.connect(self._dress)
        self.textChanged.connect(self._on_text_changed)

    def _dress(self) -> None:
        self.setFont(theme.font("strong"))

    def _on_text_changed(self, text: str) -> None:
        if (flat := text.translate(_BREAKS)) != text:
            place = self.cursorPosition()
            self.setText(flat)
            self.setCursorPosition(place)


class Row(QWidget):
    """One row: its name, what is written, perhaps something at the right; below it what is wrong."""

    def __init__(self, title: str, inner: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inner = inner
        name = Label(title, tone="muted")
        name.setFixedSize(theme.px(KEY_WIDTH), theme.px(ROW))
        self._line = line = QHBoxLayout()
        line.setSpacing(0)
        line.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(inner, 1)
        self.right = QHBoxLayout()
        self.right.setContentsMargins(theme.px(6), 0, 0, 0)
        self.right.setSpacing(theme.px(12))
        line.addLayout(self.right)
        line.setContentsMargins(0, 0, 0, 0)
        self._sentence = Label(role="small", wrap=True)
        self._link = Link("", "small-medium")
        self._link.clicked.connect(self._on_link_clicked)
        self._mend: Callable[[], object] | None = None
        self._icon = IconLabel("warning", "danger", 14)
        self._problem = QWidget()
        self._problem.setMinimumHeight(theme.px(HINT))
        below = QHBoxLayout(self._problem)
        below.setContentsMargins(theme.px(KEY_WIDTH), theme.px(2), 0, theme.px(2))
        below.setSpacing(theme.px(6))
        for part in (self._icon, self._sentence, self._link):
            below.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        below.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        column.addWidget(Rule())
        column.addWidget(self._problem)
        self._under = Rule()
        column.addWidget(self._under)
        self.say("")

    def say(
        self, sentence: str, link: str = "", on_link: Callable[[], object] | None = None, tone: str = "danger"
    ) -> None:
        """Shows what is wrong with the row, with its mend as a link; nothing for an empty sentence."""
        self._mend = on_link
        self._icon.show_icon("warning", tone)
        self._sentence.setText(sentence)
        self._link.setText(link)
        self._link.setVisible(bool(link))
        self._icon.setVisible(
            tone != "danger" or not link
        )  # with a mend, a chip above shows the sign already
        for widget in (self._problem, self._under):
            widget.setVisible(bool(sentence))
        self.inner.setAccessibleDescription(sentence)

    def stand_in(self, widget: QWidget) -> None:
        """Gives the room of what is written to another widget, too; one of them is shown at a time."""
        self._line.insertWidget(self._line.indexOf(self.inner) + 1, widget, 1)

    @property
    def problem(self) -> str:
        """What is said to be wrong, or an empty text."""
        return self._sentence.text()

    @property
    def mend(self) -> Link:
        """The link that mends it."""
        return self._link

    def _on_link_clicked(self) -> None:
        if self._mend is not None:
            self._mend()


class InPlace(QWidget):
    """What a row says in place of what is written there: a sign, words, a link to where they come from."""

    def __init__(self, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._act: Callable[[], object] | None = None
        self.words = Label(role="medium", elide="middle")
        self.link = Link("", "small-medium")
        self.link.clicked.connect(lambda: self._act() if self._act is not None else None)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.px(8))
        line.addWidget(IconLabel(icon, "muted"))
        line.addWidget(self.words, 1)
        line.addWidget(self.link)
        self.setFixedHeight(theme.px(ROW))
        self.setVisible(False)

    def say(self, words: str, link: str, act: Callable[[], object] | None) -> None:
        """Shows words, and a link that does `act`."""
        self._act = act
        self.words.setText(words)
        self.link.setText(link)
        self.link.updateGeometry()


class Envelope(QWidget):
    """Who writes, to whom, about what. Bcc and Reply-To are rows once they are asked for or hold something.

    Fields are named as an InvalidDraft names them: `from`, `to`, `cc`, `bcc`, `reply-to`, `subject`.
    """

    changed = Signal()

    def __init__(self, check: Check, split: Split, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sender = SenderEdit()
        self.subject = SubjectEdit()
        self.chips: dict[str, ChipField] = {}
        self.rows: dict[str, Row] = {"from": Row("From", self.sender)}
        for field, title in (("to", "To"), ("cc", "Cc"), ("bcc", "Bcc"), ("reply-to", "Reply-To")):
            self.chips[field] = ChipField(check, split, name=title)
            self.rows[field] = Row(title, self.chips[field])
        self.rows["subject"] = Row("Subject", self.subject)
        self.in_place = InPlace("rows")
        self.rows["to"].stand_in(self.in_place)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(16), theme.px(8), theme.px(16), 0)
        column.setSpacing(0)
        for row in self.rows.values():
            column.addWidget(row)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._remembered: list[str] = []
        self._wrong_sender = ""
        self._sender_note: tuple[str, str, Callable[[], object] | None] = ("", "", None)
        self._add_right_sides()
        self._connect()
        self.show_row("bcc", False)
        self.show_row("reply-to", False)

    def set_texts(self, field: str, texts: Iterable[str]) -> None:
        """Puts addresses into a field, and shows its row where there are any."""
        self.chips[field].set_texts(texts)
        if field in ("bcc", "reply-to"):
            self.show_row(field, bool(self.chips[field].texts()))

    def stand_in(self, words: str, link: str = "", act: Callable[[], object] | None = None) -> None:
        """Shows words in place of the addresses of To, with a link; without words the addresses are back."""
        self.in_place.say(words, link, act)
        self.in_place.setVisible(bool(words))
        self.chips["to"].setVisible(not words)
        self._beside_to.setVisible(not words)

    @property
    def has_recipients(self) -> bool:
        """Whether somebody stands in To, Cc or Bcc."""
        return any(self.chips[field].texts() for field in ("to", "cc", "bcc"))

    def show_row(self, field: str, shown: bool = True) -> None:
        """Shows the row of Bcc or Reply-To, or takes it away; the link for it does the contrary."""
        self.rows[field].setVisible(shown)
        self._links[field].setVisible(not shown)

    def ask_for(self, field: str) -> None:
        """Shows a row and puts the focus into it."""
        self.show_row(field)
        self.chips[field].edit.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def remember(self, sender: str) -> None:
        """Keeps a sender to be chosen again, the newest first."""
        if sender.strip():
            self.set_remembered([sender, *(old for old in self._remembered if old != sender)])

    def remembered(self) -> list[str]:
        """The senders that can be chosen again, the newest first."""
        return list(self._remembered)

    def set_remembered(self, senders: Iterable[str]) -> None:
        """Offers these senders."""
        self._remembered = [sender for sender in senders if sender.strip()][:MOST_REMEMBERED]
        self._senders.setVisible(len(self._remembered) > 0)

    def note_sender(
        self, sentence: str = "", link: str = "", act: Callable[[], object] | None = None, *, known: str = ""
    ) -> None:
        """Warns of the sender below its row, or says at its right what is `known` of it; or nothing."""
        self._sender_note = (sentence, link, act)
        self._known.setText(known)
        self._show_sender()

    def show_problem(self, field: str, sentence: str) -> None:
        """Shows what is wrong with a field. A wrong chip keeps its own, more exact sentence."""
        if field == "from":
            self._wrong_sender = sentence
            self._show_sender()
        elif field in self.chips:
            if field in self._links:
                self.show_row(field)
            if not self.rows[field].problem:
                self.rows[field].say(sentence)
        else:
            self.rows[field].say(sentence)

    def clear_problems(self) -> None:
        """Takes away what was said; chips that are wrong still say so."""
        self._wrong_sender = ""
        for field, row in self.rows.items():
            row.say("")
            if field in self.chips:
                self._show_wrong_chip(field)
        self._show_sender()

    def focus(self, field: str) -> None:
        """Puts the focus where that field is mended."""
        if field not in self.chips:
            self.rows[field].inner.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        chips = self.chips[field]
        if chips.isHidden():
            self.in_place.link.setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif wrong := chips.first_invalid():
            chips.focus_chip(wrong[0])
        else:
            chips.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def sizeHint(self) -> QSize:
        return QSize(theme.px(480), super().sizeHint().height())

    def _add_right_sides(self) -> None:
        self._senders = Button("", "down", kind="quiet", size="small", name="Senders used before")
        self._senders.setFixedSize(theme.px(26), theme.px(26))
        self._senders.setVisible(False)
        self._senders.clicked.connect(self._on_senders_clicked)
        self._known = Label("", "small", "muted")
        self.rows["from"].right.addWidget(self._known)
        self.rows["from"].right.addWidget(self._senders)
        self.trials = TrialAddresses()
        self.trials.taken.connect(lambda address: self.chips["to"].add(address))
        self._beside_to = QWidget()
        beside = QHBoxLayout(self._beside_to)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self.trials)
        self.rows["to"].right.addWidget(self._beside_to, 0, Qt.AlignmentFlag.AlignTop)
        self._links = {"bcc": Link("Bcc", "small-medium"), "reply-to": Link("Reply-To", "small-medium")}
        for field, link in self._links.items():
            link.clicked.connect(lambda _checked=False, field=field: self.ask_for(field))
            self.rows["cc"].right.addWidget(link, 0, Qt.AlignmentFlag.AlignTop)
            link.setFixedHeight(theme.px(ROW))
        self._counter = Label(role="small", tone="muted", tabular=True)
        self.rows["subject"].right.addWidget(self._counter)

    def _connect(self) -> None:
        self.sender.textChanged.connect(self._on_sender_changed)
        self.subject.textChanged.connect(self._on_subject_changed)
        for field, chips in self.chips.items():
            chips.changed.connect(lambda field=field: self._on_chips_changed(field))
        self._show_count()

    def _on_sender_changed(self) -> None:
        self._wrong_sender = ""
        self.note_sender()  # what is written now has not been looked at yet
        self.changed.emit()

    def _show_sender(self) -> None:
        if self._wrong_sender:
            self.rows["from"].say(self._wrong_sender)
        else:
            self.rows["from"].say(*self._sender_note, tone="warning")

    def _on_subject_changed(self) -> None:
        self._show_count()
        self.rows["subject"].say("")
        self.changed.emit()

    def _on_chips_changed(self, field: str) -> None:
        self._show_wrong_chip(field)
        self.changed.emit()

    def _show_wrong_chip(self, field: str) -> None:
        chips, row = self.chips[field], self.rows[field]
        wrong = chips.first_invalid()
        if wrong is None:
            row.say("")
            return
        index, check = wrong
        mend = check.suggestion

        def use() -> None:
            chips.replace(index, mend)
            chips.edit.setFocus(Qt.FocusReason.OtherFocusReason)

        row.say(check.sentence, f"Use {mend}" if mend else "", use if mend else None)

    def _show_count(self) -> None:
        count = len(self.subject.text())
        self._counter.setText(f"{count} / {SUBJECT_LIMIT}")
        self._counter.set_tone("danger" if count > SUBJECT_LIMIT else "muted")

    def _on_senders_clicked(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for sender in self._remembered:
            action = menu.addAction(sender.replace("&", "&&"))
            action.triggered.connect(lambda _checked=False, sender=sender: self.sender.setText(sender))
        menu.popup(self._senders.mapToGlobal(self._senders.rect().bottomLeft()))
