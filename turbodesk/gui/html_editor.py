"""The HTML part to write in: line numbers, colours for the syntax, and no wrapping."""

from __future__ import annotations

import re

from PySide6.QtCore import QMimeData, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from turbodesk.gui import theme

LONGEST_COLOURED = 5_000  # characters of one line; longer ones stay plain, for speed
LARGEST_COLOURED = 100_000  # characters of the whole
LINE = 19  # height of a line, px of the drawings
GUTTER = 44
_LINE_ENDS = str.maketrans({"\u2028": "\n", "\u2029": "\n", "\ufdd0": "\n", "\ufdd1": "\n"})

_INSIDE_COMMENT, _INSIDE_TAG = 1, 2
_TOKENS = re.compile(
    r"(?P<k5><!--.*?(?:-->|$)|<![^>]*>?)|(?P<k4>\{\{.*?\}\}|\{%.*?%\})|(?P<k1></?[a-zA-Z][\w:-]*)"
)
_IN_TAG = re.compile(
    r"(?P<k4>\{\{.*?\}\}|\{%.*?%\})|(?P<k3>\"[^\"]*\"?|'[^']*'?)|(?P<k2>[\w:@.-]+)|(?P<k1>/?>)"
)
TOKENS = {"k1": "accent-ink", "k2": "info", "k3": "success", "k4": "warning", "k5": "muted"}


class HtmlColours(QSyntaxHighlighter):
    """Colours tags, attributes, values, placeholders and comments."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}
        self.recolour()

    def recolour(self) -> None:
        """Takes the colours of the theme in force."""
        for kind, token in TOKENS.items():
            form = QTextCharFormat()
            form.setForeground(theme.colour(token))
            self._formats[kind] = form
        if self.document() is not None and not self.document().isEmpty():
            self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        self.setCurrentBlockState(0)
        if len(text) > LONGEST_COLOURED:
            return
        state = self.previousBlockState()
        at = 0
        if state == _INSIDE_COMMENT:
            end = text.find("-->")
            self._colour(0, len(text) if end < 0 else end + 3, "k5")
            if end < 0:
                self.setCurrentBlockState(_INSIDE_COMMENT)
                return
            at, state = end + 3, 0
        self._walk(text, at, state == _INSIDE_TAG)

    def _walk(self, text: str, at: int, inside: bool) -> None:
        while match := (_IN_TAG if inside else _TOKENS).search(text, at):
            kind = match.lastgroup or "k1"
            self._colour(match.start(), match.end() - match.start(), kind)
            at = match.end()
            if kind == "k1":
                inside = not inside
            elif kind == "k5" and match[0].startswith("<!--") and not match[0].endswith("-->"):
                self.setCurrentBlockState(_INSIDE_COMMENT)
                return
        self.setCurrentBlockState(_INSIDE_TAG if inside else 0)

    def _colour(self, start: int, length: int, kind: str) -> None:
        self.setFormat(start, length, self._formats[kind])


class _Gutter(QWidget):
    """The strip of line numbers."""

    def __init__(self, editor: HtmlEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def sizeHint(self) -> QSize:
        return QSize(self._editor.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._editor.paint_numbers(self, event)


class HtmlEditor(QTextEdit):
    """Plain text with line numbers. Lines are never wrapped: one of a megabyte would stop the window."""

    edited = Signal()

    def __init__(
        self, *, name: str, hint: str = "", coloured: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._hint = hint
        self.setAccessibleName(name)
        self.setAcceptRichText(False)
        self.setAcceptDrops(False)  # files are taken by the pane
        self.setTabChangesFocus(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("kind", "bare")
        self._coloured, self._high = coloured, 0
        self.setLineWrapMode(
            QTextEdit.LineWrapMode.NoWrap if coloured else QTextEdit.LineWrapMode.WidgetWidth
        )
        self._gutter = _Gutter(self) if coloured else None
        self._colours = HtmlColours(self.document()) if coloured else None
        self._dress()
        theme.themer().changed.connect(self._dress)
        self.textChanged.connect(self._on_text_changed)
        self.verticalScrollBar().valueChanged.connect(self._on_moved)
        self.cursorPositionChanged.connect(self._on_moved)

    def text(self) -> str:
        """What is written, line ends as line feeds; unlike Qt's plain text it keeps no-break spaces."""
        return self.document().toRawText().translate(_LINE_ENDS)

    def set_text(self, text: str) -> None:
        """Writes a text in place of the one there; it can be undone."""
        cursor = self.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        self._colour_up_to(len(text))
        cursor.insertText(text, QTextCharFormat())
        cursor.movePosition(QTextCursor.MoveOperation.Start)
        self.setTextCursor(cursor)

    def forget_text(self) -> None:
        """Empties it, and what could be undone with it."""
        self.document().clear()
        self._high = 0
        self._dress()

    def setPlainText(self, text: str) -> None:
        """Writes a text in place of the one there; Qt's own way would lose the height of the lines."""
        self.set_text(text)

    def gutter_width(self) -> int:
        """Room for the numbers, in px."""
        digits = len(str(max(1, self.document().blockCount())))
        needed = self.fontMetrics().horizontalAdvance("9" * digits) + theme.px(20)
        return max(theme.px(GUTTER), needed)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if source.hasText():
            self._colour_up_to(self.document().characterCount() + len(source.text()))
            self.textCursor().insertText(source.text(), QTextCharFormat())
            self.ensureCursorVisible()

    def sizeHint(self) -> QSize:
        return QSize(theme.px(400), theme.px(120))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_gutter()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if (
            self._hint and self.document().isEmpty()
        ):  # Qt's own place holder is not painted at a set line height
            painter = QPainter(self.viewport())
            painter.setFont(self.font())
            painter.setPen(theme.colour("muted"))
            edge = round(self.document().documentMargin())
            room = self.viewport().rect().adjusted(edge, edge, -edge, 0)
            room.setHeight(theme.px(LINE))
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), self._hint)

    def paint_numbers(self, gutter: QWidget, event: QPaintEvent) -> None:
        """Paints the numbers of the lines in sight onto `gutter`."""
        painter = QPainter(gutter)
        painter.fillRect(gutter.rect(), theme.colour("sunken"))
        painter.fillRect(gutter.width() - 1, 0, 1, gutter.height(), theme.colour("border"))
        painter.setFont(self.font())
        painter.setPen(QPen(theme.colour("muted")))
        layout, shift = self.document().documentLayout(), self.verticalScrollBar().value()
        block = self._first_block(shift)
        while block.isValid():
            room = layout.blockBoundingRect(block).translated(0, -shift)
            if room.top() > gutter.height():
                return
            spot = QRect(0, round(room.top()), gutter.width() - theme.px(8) - 1, theme.px(LINE))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(spot, int(right), str(block.blockNumber() + 1))
            block = block.next()

    def _first_block(self, shift: int) -> QTextBlock:
        """The block at the top of what is seen; all have one height, unless they are wrapped."""
        return self.document().findBlockByNumber(max(0, (shift - theme.px(6)) // theme.px(LINE)))

    def _colour_up_to(self, size: int) -> None:
        """Colours a text of that many characters, or leaves it plain where that would take too long."""
        if self._colours is None:
            return
        wanted = self.document() if size <= LARGEST_COLOURED else None
        if self._colours.document() is not wanted:
            self._colours.setDocument(wanted)

    def _dress(self) -> None:
        self.setFont(theme.font("mono" if self._coloured else "body"))
        self.document().setDefaultFont(self.font())
        self.document().setDocumentMargin(theme.px(6 if self._coloured else 16))
        self.setTabStopDistance(self.fontMetrics().horizontalAdvance(" ") * 4)
        self._space_lines(theme.px(LINE if self._coloured else 20))
        if self._colours is not None:
            self._colours.recolour()
        self._place_gutter()

    def _space_lines(self, high: int) -> None:
        """Gives every line that height; new lines take it from the one before."""
        if high == self._high:
            return
        self._high = high
        spaced = QTextBlockFormat()
        spaced.setLineHeight(high, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        self.setUndoRedoEnabled(False)  # it is no edit of the user's
        cursor.mergeBlockFormat(spaced)
        self.setUndoRedoEnabled(True)

    def _place_gutter(self) -> None:
        if self._gutter is None:
            return
        wide = self.gutter_width()
        self.setViewportMargins(wide, 0, 0, 0)
        inside = self.contentsRect()
        self._gutter.setGeometry(QRect(inside.left(), inside.top(), wide, inside.height()))

    def _on_text_changed(self) -> None:
        if self._gutter is not None and self._gutter.width() != self.gutter_width():
            self._place_gutter()
        self._on_moved()
        self.edited.emit()

    def _on_moved(self) -> None:
        if self._gutter is not None:
            self._gutter.update()
