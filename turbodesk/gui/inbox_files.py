"""The attachments of a caught mail, each with what can be told of it and a way to save it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, clear_layout, row, scrolled
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import Label
from turbodesk.model.inbox import CaughtAttachment


class FileIcon(QWidget):
    """The kind of a file in a tinted square."""

    def __init__(self, media_type: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = "image" if media_type.startswith("image/") else "file"
        self.setFixedSize(theme.px(36), theme.px(36))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), theme.px(6), fill=theme.colour("neutral-tint"))
        theme.paint_icon(painter, QRectF(self.rect()), self._icon, "muted")


class FileTiles(QWidget):
    """One tile below the other; `save_asked` hands over the attachment to be saved."""

    save_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.save_buttons: list[Button] = []
        inner = QWidget()
        self._pile = QVBoxLayout(inner)
        self._pile.setContentsMargins(0, 0, 0, 0)
        self._pile.setSpacing(theme.px(8))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(scrolled(inner))

    def show_files(self, files: Sequence[CaughtAttachment]) -> None:
        """Shows other attachments, or a word that there are none."""
        clear_layout(self._pile)
        self.save_buttons = []
        for file in files:
            self._pile.addWidget(self._tile(file))
        if not files:
            self._pile.addWidget(Label("This mail came without attachments.", tone="muted"))
        self._pile.addStretch(1)

    def _tile(self, file: CaughtAttachment) -> Card:
        tile = Card(padding=12)
        name = Label(words.one_line(file.name), "medium", elide="middle")
        shown = f", shown in the text as cid:{file.content_id}" if file.content_id else ""
        kind = Label(f"{file.media_type}, {words.size(file.size_bytes)}{shown}", tone="muted", elide="right")
        digest = Label(f"SHA-256 {file.sha256}", "mono", "muted", elide="middle")
        texts = QVBoxLayout()
        texts.setSpacing(theme.px(2))
        for line in (name, kind, digest):
            texts.addWidget(line)
        save = Button("Save…", "export", size="small", name=f"Save {file.name}…")
        save.clicked.connect(lambda: self.save_asked.emit(file))
        self.save_buttons.append(save)
        line = row(FileIcon(file.media_type), gap=12)
        line.addLayout(texts, 1)
        line.addWidget(save, 0, Qt.AlignmentFlag.AlignVCenter)
        tile.add(line)
        return tile
