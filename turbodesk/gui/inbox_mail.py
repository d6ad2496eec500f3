"""One caught mail: who it went to, and its text, HTML, source, headers and attachments."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.inbox_files import FileTiles
from turbodesk.gui.inbox_recipients import RecipientLines
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Ground, Rule, row
from turbodesk.gui.parts.facts import Facts
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.parts.states import EmptyState, Loading, Pages
from turbodesk.gui.preview import Preview
from turbodesk.model.inbox import CaughtMail, CaughtMessage

MOST_SOURCE = 200_000  # characters shown; a source with large attachments is mostly Base64
PARTS = (
    ("text", "Text"),
    ("html", "HTML"),
    ("source", "Source"),
    ("headers", "Headers"),
    ("files", "Attachments"),
)


class CaughtView(Pages):
    """The pane beside the list. It asks for things; the tab does them."""

    make_asked = Signal(str, str)  # the address, the event
    save_asked = Signal(object)  # an attachment
    save_source_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message: CaughtMessage | None = None
        self._wish = "html"
        none = Ground("surface")
        none.box.addWidget(EmptyState("inbox", "No mail chosen", "Choose a row to read it as it arrived."))
        self.loading = Loading()
        waiting = Ground("surface")
        waiting.box.addWidget(self.loading)
        self.add("none", none)
        self.add("loading", waiting)
        self.add("mail", self._whole())

    def show_none(self) -> None:
        """Shows that no mail is chosen."""
        self.message = None
        self.loading.end()
        self.turn("none")

    def show_loading(self) -> None:
        """Shows that a mail is being fetched, unless it comes at once."""
        self.message = None
        self.loading.begin("parts of the mail")
        self.turn("loading")

    def show_message(self, message: CaughtMessage) -> None:
        """Shows a mail, in the part that was looked at last where it has that part."""
        self.message = message
        self.loading.end()
        mail = message.mail
        self._title.setText(words.one_line(mail.subject) or "(no subject)")
        date, size = words.moment(mail.at), words.size(mail.size_bytes)
        self._facts.set_facts([("From", str(mail.sender)), ("Date", f"{date}, {size}")])
        self.recipients.show_recipients(mail.recipients)
        self.parts.set_count("files", len(message.attachments))
        self.parts.set_enabled("html", bool(message.html), "This mail has no HTML part.")
        self.parts.set_enabled("text", bool(message.text), "This mail has no text part.")
        self._show_part(self._best_part(message))
        self.turn("mail")

    def show_standing(self, mail: CaughtMail) -> None:
        """Shows how the recipients of the same mail stand now."""
        if self.message is not None and self.message.mail.id == mail.id:
            self.recipients.show_recipients(mail.recipients)

    def _best_part(self, message: CaughtMessage) -> str:
        has = {"html": bool(message.html), "text": bool(message.text)}
        if has.get(self._wish, True):
            return self._wish
        return next((part for part in ("html", "text") if has[part]), "source")

    def _whole(self) -> QWidget:
        ground = Ground("surface")
        ground.box.addWidget(self._head())
        ground.box.addWidget(Rule())
        ground.box.addLayout(self._part_row())
        ground.box.addWidget(self._part_pages(), 1)
        return ground

    def _head(self) -> QWidget:
        head = QWidget()
        box = QVBoxLayout(head)
        edge = theme.px(16)
        box.setContentsMargins(edge, theme.px(14), edge, theme.px(10))
        box.setSpacing(theme.px(8))
        self._title = Label("", "title", wrap=True)
        self._facts = Facts()
        self.recipients = RecipientLines()
        self.recipients.make_asked.connect(self.make_asked)
        for part in (self._title, self._facts, self.recipients):
            box.addWidget(part)
        return head

    def _part_row(self) -> QHBoxLayout:
        self.parts = Segmented(PARTS, small=True, name="Part of the mail")
        self.parts.chosen.connect(self._on_part_chosen)
        self.save_source_button = Button("Save source…", "export", kind="quiet", size="small")
        self.save_source_button.clicked.connect(self.save_source_asked)
        line = row(self.parts, None, self.save_source_button)
        line.setContentsMargins(theme.px(16), theme.px(10), theme.px(16), theme.px(8))
        return line

    def _part_pages(self) -> QWidget:
        self._pages = Pages()
        self.preview = Preview(delay_ms=0)
        self.code = QPlainTextEdit()
        self.code.setReadOnly(True)
        self.code.setUndoRedoEnabled(False)
        self.code.setProperty("kind", "code")
        self.code.setFrameShape(QFrame.Shape.NoFrame)
        self.code.setFont(theme.font("mono"))
        self.code.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.code.document().setDocumentMargin(theme.px(4))
        self._cut = Label("", "small", "muted")
        code = QWidget()
        box = QVBoxLayout(code)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(4))
        box.addWidget(self._cut)
        box.addWidget(self.code, 1)
        self.files = FileTiles()
        self.files.save_asked.connect(self.save_asked)
        for key, page in (("letter", self.preview), ("code", code), ("files", self.files)):
            self._pages.add(key, page)
        holder = QWidget()
        around = QVBoxLayout(holder)
        around.setContentsMargins(theme.px(16), 0, theme.px(16), theme.px(12))
        around.addWidget(self._pages)
        return holder

    def _on_part_chosen(self, part: str) -> None:
        self._wish = part
        self._show_part(part)

    def _show_part(self, part: str) -> None:
        message = self.message
        if message is None:
            return
        self.parts.choose(part)
        self.save_source_button.setVisible(part == "source")
        if part == "html":
            cids = {file.content_id: file.content for file in message.attachments if file.content_id}
            self.preview.show_html(message.html, cids)
        elif part == "text":
            self.preview.show_text(message.text)
        elif part == "source":
            self._show_code(message.source, "Source of the mail")
        elif part == "headers":
            lines = "\n".join(f"{name}: {value}" for name, value in message.headers)
            self._show_code(lines, "Headers of the mail")
        else:
            self.files.show_files(message.attachments)
        self._pages.turn({"html": "letter", "text": "letter", "files": "files"}.get(part, "code"))

    def _show_code(self, text: str, name: str) -> None:
        cut = len(text) > MOST_SOURCE
        shown, whole = words.number(MOST_SOURCE), words.number(len(text))
        self._cut.setText(f"The first {shown} of {whole} characters; the saved source has all.")
        self._cut.setVisible(cut)
        self.code.setPlainText(text[:MOST_SOURCE])
        self.code.setAccessibleName(name)
        self.code.verticalScrollBar().setValue(0)
        self.code.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
