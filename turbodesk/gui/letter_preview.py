"""The right side of Compose: how the letter stands in an inbox, and how it reads."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.card import Ground, Rule
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import paint_runs
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.preview import Picture, Preview
from turbodesk.gui.row_walker import RowWalker
from turbodesk.services.compose import Draft


class InboxRow(QWidget):
    """One line as an inbox shows it: who, and about what."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sender, self._subject = "", ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_mail(self, sender: str, subject: str) -> None:
        """Shows who writes and about what."""
        name, email = parseaddr(sender)
        self._sender, self._subject = name or email or sender, subject
        self.setAccessibleName(f"In the inbox: {self._sender}, {subject}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.px(260), theme.px(40))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        frame(
            painter,
            QRectF(self.rect()),
            theme.px(8),
            fill=theme.colour("surface"),
            line=theme.colour("border"),
        )
        side, edge = theme.px(16), theme.px(12) + 1
        theme.paint_icon(painter, QRectF(edge, 0, side, self.height()), "mail", "text")
        left = edge + side + theme.px(10)
        room = QRectF(left, 0, self.width() - left - edge, self.height())
        who = QRectF(room.left(), 0, room.width() * 0.45, room.height())
        name = (self._sender, "text", "strong") if self._sender else ("Sender", "muted", "body")
        end = paint_runs(painter, who, [name])
        rest = QRectF(end + theme.px(10), 0, room.right() - end - theme.px(10), room.height())
        subject = (self._subject, "text", "body") if self._subject else ("No subject yet", "muted", "body")
        paint_runs(painter, rest, [subject])


class LetterPreview(Ground):
    """The inbox row and the reading view of the HTML or the text part. With a recipients' file the walker
    tells whose letter it is."""

    turned = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("sunken", parent=parent)
        self.parts = Segmented([("html", "HTML"), ("text", "Text")], small=True, name="Part that is seen")
        self.parts.chosen.connect(lambda _key: self.turned.emit())
        self.preview = Preview(delay_ms=0)
        self.walker = RowWalker()
        self.inbox = InboxRow()
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.px(16), theme.px(9), theme.px(16), theme.px(9))
        bar.setSpacing(theme.px(12))
        bar.addWidget(self.parts)
        bar.addWidget(self.preview.caption, 1)
        bar.addWidget(self.walker)
        body = QVBoxLayout()
        body.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(16))
        body.setSpacing(theme.px(12))
        body.addWidget(self.inbox)
        body.addWidget(self.preview, 1)
        self.box.addLayout(bar)
        self.box.addWidget(Rule())
        self.box.addLayout(body, 1)

    def show_draft(self, draft: Draft, pictures: Mapping[str, Picture] | None = None) -> None:
        """Shows a draft as `show_letter` does."""
        self.show_letter(draft.sender, draft.subject, draft.html, draft.text, pictures)

    def show_trouble(self, draft: Draft, sentence: str) -> None:
        """Says in the letter's place why there is none."""
        self.inbox.show_mail(draft.sender, draft.subject)
        self.preview.clear(sentence)

    def show_letter(
        self, sender: str, subject: str, html: str, text: str, pictures: Mapping[str, Picture] | None = None
    ) -> None:
        """Shows the letter as it stands; the part that is empty gives way to the other. `pictures` are those
        inside the HTML, by the names it gives them."""
        self.inbox.show_mail(sender, subject)
        if html.strip() and text.strip():
            seen = self.parts.key
        else:
            seen = "text" if text.strip() else "html"
            self.parts.choose(seen)
        self.parts.set_enabled("html", bool(html.strip()), "There is no HTML part.")
        self.parts.set_enabled("text", bool(text.strip()), "There is no text part.")
        if not html.strip() and not text.strip():
            self.preview.clear()
        elif seen == "text":
            self.preview.show_text(text)
        else:
            self.preview.show_html(html, pictures)
