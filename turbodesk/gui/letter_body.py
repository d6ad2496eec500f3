"""What the letter says: its HTML, text part, headers, rows and options, one of them seen at a time."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.html_editor import HtmlEditor
from turbodesk.gui.letter_options import LetterOptions, Offered
from turbodesk.gui.pairs_editor import HeadersEditor
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Rule
from turbodesk.gui.parts.field import Message
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.parts.states import Pages
from turbodesk.gui.recipient_rows import RecipientRows

HTML, TEXT, HEADERS, ROWS, OPTIONS = "html", "text", "headers", "rows", "options"


class LetterBody(QWidget):
    """The parts of the letter to write in. `edited` at every change, `turned` when another part is seen."""

    edited = Signal()
    turned = Signal(str)
    text_wanted = Signal()  # the text part is to be made from the HTML
    file_wanted = Signal()  # the HTML part is to be read from a file

    def __init__(self, rows: RecipientRows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = ((HTML, "HTML"), (TEXT, "Text part"), (HEADERS, "Headers"), (ROWS, "CSV rows"))
        self.parts = Segmented(
            [*words, (OPTIONS, "Options")],
            small=True,
            name="Part of the letter",
        )
        self.html = HtmlEditor(name="HTML part", hint="Write, paste or drop HTML here")
        hint = "The same letter for those who read without HTML"
        self.text = HtmlEditor(name="Text part", hint=hint, coloured=False)
        self.headers = HeadersEditor()
        self.rows = rows
        self.options = LetterOptions()
        self.file_button = Button("Open HTML …", "file", kind="quiet", size="small")
        self.make_button = Button("Make from HTML", "refresh", kind="quiet", size="small")
        self._message, self._problem = Message(), QWidget()
        self._file_offered = True
        self._pages = Pages()
        for key, page in ((HTML, self.html), (TEXT, self.text), (HEADERS, self.headers)):
            self._pages.add(key, page)
        self._pages.add(ROWS, self.rows)
        self._pages.add(OPTIONS, self.options)
        self._lay_out()
        self._connect()
        self._offer_make()
        self._show_options()
        self.turn(HTML)

    @property
    def part(self) -> str:
        """Which part is seen: `html`, `text`, `headers`, `rows` or `options`."""
        return self.parts.key

    def turn(self, part: str) -> None:
        """Shows another part."""
        self.parts.choose(part)
        self._on_part_chosen(part)

    def show_problem(self, sentence: str, link: str = "", mend: Callable[[], object] | None = None) -> None:
        """Says above the text what is wrong with it."""
        self._message.say(sentence, link, mend)
        self._problem.setVisible(True)

    def clear_problem(self) -> None:
        """Takes that away again."""
        self._message.clear()
        self._problem.setVisible(False)

    @property
    def problem(self) -> str:
        """What is said to be wrong, or an empty text."""
        return self._message.sentence

    def focus(self) -> None:
        """Puts the focus into the part that is seen."""
        if self.part in (HEADERS, ROWS):
            (self.headers if self.part == HEADERS else self.rows).focus()
        else:
            page = {TEXT: self.text, OPTIONS: self.options}.get(self.part, self.html)
            page.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def empty(self) -> None:
        """Takes everything out, and what could be undone with it."""
        self.html.forget_text()
        self.text.forget_text()
        self.headers.set_headers([])
        self.rows.remove()
        self.options.clear()
        self.turn(HTML)

    def offer_options(self, offered: Offered) -> None:
        """Offers the options that the way the letter goes by has a field for."""
        self.options.offer(offered)
        self._show_options()

    def show_beside(self, widget: QWidget) -> None:
        """Puts a widget beside the parts, before what can be done with the one that is seen."""
        self._bar.insertWidget(self._bar.indexOf(self.make_button), widget)

    def offer_file(self, offered: bool) -> None:
        """Offers to read the HTML part from a file, or leaves that to what stands beside."""
        self._file_offered = offered
        self.file_button.setVisible(offered and self.part == HTML)

    def _lay_out(self) -> None:
        self._bar = bar = QHBoxLayout()
        bar.setContentsMargins(theme.px(16), theme.px(9), theme.px(12), theme.px(9))
        bar.setSpacing(theme.px(8))
        bar.addWidget(self.parts)
        bar.addStretch(1)
        bar.addWidget(self.make_button)
        bar.addWidget(self.file_button)
        room = QVBoxLayout(self._problem)
        room.setContentsMargins(theme.px(16), 0, theme.px(16), theme.px(8))
        room.addWidget(self._message)
        self._problem.setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self._problem)
        column.addWidget(Rule())
        column.addWidget(self._pages, 1)
        self._pages.setMinimumHeight(theme.px(96))

    def _connect(self) -> None:
        self.parts.chosen.connect(self._on_part_chosen)
        self.html.edited.connect(self._on_edited)
        self.text.edited.connect(self._on_edited)
        self.headers.edited.connect(self._on_headers_edited)
        self.rows.chosen.connect(self._on_rows_chosen)
        self.options.edited.connect(self._on_options_edited)
        self.make_button.clicked.connect(self.text_wanted)
        self.file_button.clicked.connect(self.file_wanted)

    def _on_part_chosen(self, part: str) -> None:
        self._pages.turn(part)
        self.file_button.setVisible(self._file_offered and part == HTML)
        self.make_button.setVisible(part == TEXT)
        self.turned.emit(part)

    def _on_edited(self) -> None:
        self.clear_problem()
        self._offer_make()
        self.edited.emit()

    def _offer_make(self) -> None:
        if self.html.document().isEmpty():
            self.make_button.off("There is no HTML to make it from.")
        else:
            self.make_button.on()

    def _on_headers_edited(self) -> None:
        self.parts.set_count(HEADERS, len(self.headers.headers()) or None)
        self.edited.emit()

    def _on_rows_chosen(self) -> None:
        self.parts.set_count(ROWS, self.rows.total or None)
        self.edited.emit()

    def _on_options_edited(self) -> None:
        self._show_options()
        self.edited.emit()

    def _show_options(self) -> None:
        self.parts.set_count(OPTIONS, self.options.count or None)
        self.parts.set_shown(OPTIONS, self.options.any_shown)
        if self.part == OPTIONS and not self.options.any_shown:
            self.turn(HTML)
