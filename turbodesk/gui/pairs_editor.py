"""Names with values, one row each: the custom headers of a letter, the values of its placeholders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Rule, column, row, scrolled
from turbodesk.gui.parts.field import Message
from turbodesk.gui.parts.label import Label

NAME_WIDTH = 190


class PairWords(NamedTuple):
    """How one kind of pair is spoken of: what it is, an example of it, what is said without one."""

    kind: str
    name: str
    value: str
    none: str


HEADER = PairWords("header", "X-Campaign", "november-guide", "Headers that go out as you write them here.")
PLACEHOLDER = PairWords(
    "placeholder",
    "first_name",
    "Anna",
    "Values for {{first_name}} and the like in subject and text; every recipient gets the same.",
)


class PairRow(QWidget):
    """One pair being written."""

    edited = Signal()
    remove_asked = Signal()

    def __init__(
        self, words: PairWords, name: str = "", value: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.name, self.value = QLineEdit(name), QLineEdit(value)
        for edit, said, hint in (
            (self.name, f"{words.kind.capitalize()} name", words.name),
            (self.value, f"{words.kind.capitalize()} value", words.value),
        ):
            edit.setProperty("kind", "bare")
            edit.setAccessibleName(said)
            edit.setPlaceholderText(hint)
            edit.setTextMargins(-2, 0, 0, 0)  # takes back the room that Qt leaves inside
            edit.textChanged.connect(self.edited)
        self.name.setFixedWidth(theme.px(NAME_WIDTH))
        self.name.setFont(theme.font("mono"))
        self.value.setFont(theme.font("mono"))
        away = Button("", "close", kind="quiet", size="small", name=f"Remove this {words.kind}")
        away.clicked.connect(self.remove_asked)
        line = QHBoxLayout()
        line.setContentsMargins(theme.px(16), theme.px(3), theme.px(12), theme.px(3))
        line.setSpacing(theme.px(8))
        line.addWidget(self.name)
        line.addWidget(self.value, 1)
        line.addWidget(away)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(line)
        whole.addWidget(Rule())


class PairsEditor(QWidget):
    """The pairs of a letter, in order."""

    edited = Signal()

    def __init__(self, words: PairWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = words
        self.message = Message()
        self.rows: list[PairRow] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self._head = QWidget()
        titles = row(Label("Name", "small-strong", "muted"), Label("Value", "small-strong", "muted"), None)
        titles.itemAt(0).widget().setFixedWidth(theme.px(NAME_WIDTH))
        titles.setContentsMargins(theme.px(16), theme.px(8), theme.px(16), theme.px(6))
        self._head.setLayout(column(titles, Rule(), gap=0))
        self._why = Label(words.none, tone="muted", wrap=True)
        self._why.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), 0)
        self.add_button = Button(f"Add a {words.kind}", "add", size="small")
        self.add_button.clicked.connect(lambda: self._add().name.setFocus(Qt.FocusReason.OtherFocusReason))
        below = column(row(self.add_button, None), self.message, None, gap=6)
        below.setContentsMargins(theme.px(16), theme.px(10), theme.px(16), theme.px(10))
        self.setLayout(column(self._head, self._list, self._why, below, gap=0))
        self._show_head()

    def pairs(self) -> list[tuple[str, str]]:
        """What is written, rows that are empty left out."""
        written = [(line.name.text().strip(), line.value.text()) for line in self.rows]
        return [(name, value) for name, value in written if name or value]

    def set_pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Shows these pairs instead of all there are."""
        for line in list(self.rows):
            self._remove(line)
        for name, value in pairs:
            self._add(name, value)

    def focus(self) -> None:
        """Puts the focus where a pair is mended."""
        spot = self.rows[0].name if self.rows else self.add_button
        spot.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _add(self, name: str = "", value: str = "") -> PairRow:
        line = PairRow(self._words, name, value)
        line.edited.connect(self._on_edited)
        line.remove_asked.connect(lambda: self._remove(line))
        self.rows.append(line)
        self._list.addWidget(line)
        self._show_head()
        self._on_edited()
        return line

    def _remove(self, line: PairRow) -> None:
        self.rows.remove(line)
        self._list.removeWidget(line)
        line.hide()
        line.deleteLater()
        self._show_head()
        self._on_edited()

    def _on_edited(self) -> None:
        self.message.clear()
        self.edited.emit()

    def _show_head(self) -> None:
        self._head.setVisible(bool(self.rows))
        self._why.setVisible(not self.rows)


class HeadersEditor(QWidget):
    """The custom headers of a letter, in a page that scrolls."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pairs = PairsEditor(HEADER)
        self._pairs.edited.connect(self.edited)
        self.message, self.focus = self._pairs.message, self._pairs.focus
        self.headers, self.set_headers = self._pairs.pairs, self._pairs.set_pairs
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(self._pairs))

    @property
    def rows(self) -> list[PairRow]:
        """The rows in order."""
        return self._pairs.rows
