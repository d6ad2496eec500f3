"""A field to write in, and the line below it that says what is wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import Label, Link

ICONS = {
    "danger": "warning",
    "warning": "warning",
    "info": "info",
    "success": "check-circle",
    "muted": "info",
}


class IconLabel(QWidget):
    """One icon that stands on a pane, in a token's colour."""

    def __init__(
        self,
        icon: str,
        tone: str = "text",
        size: float = 16,
        *,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon, self._tone, self._size = icon, tone, size
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_icon(self, icon: str, tone: str) -> None:
        """Shows another icon or colour."""
        self._icon, self._tone = icon, tone
        self.update()

    def sizeHint(self) -> QSize:
        return theme.icon_size(self._size)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.isEnabled():
            painter.setOpacity(0.6)
        theme.paint_icon(painter, QRectF(self.rect()), self._icon, self._tone, self._size)


class Message(QWidget):
    """One line below a field: an icon, a sentence, and the mend as a link. Hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mend: Callable[[], object] | None = None
        self._icon = IconLabel("warning", "danger", 14)
        self._words = Label(role="small", tone="text", wrap=True)
        self._link = Link("", "small-medium")
        self._link.clicked.connect(self._on_link_clicked)
        self._both = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._both.setSpacing(theme.px(8))
        self._both.addWidget(self._words)
        self._both.addWidget(self._link, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._both.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, theme.px(4), 0, 0)
        row.setSpacing(theme.px(6))
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._both, 1)
        self.setVisible(False)

    @property
    def sentence(self) -> str:
        """What it says, empty while it says nothing."""
        return self._words.text() if not self.isHidden() else ""

    def say(
        self, sentence: str, link: str = "", on_link: Callable[[], object] | None = None, tone: str = "danger"
    ) -> None:
        """Shows a sentence, with a link that mends it where there is one."""
        self._mend = on_link
        self._icon.show_icon(ICONS[tone], tone)
        self._words.setText(sentence)
        self._link.setText(link)
        self._link.setVisible(bool(link))
        self._link.updateGeometry()
        self._fit()
        self.setVisible(True)

    def clear(self) -> None:
        """Takes the line away."""
        self._mend = None
        self.setVisible(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Puts the link behind the sentence, or below it where both do not fit in one line."""
        needed = self._words.sizeHint().width() + self._link.sizeHint().width() + theme.px(14 + 6 + 8)
        fits = not self._link.text() or needed <= self.width()
        self._both.setDirection(
            QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom
        )

    def _on_link_clicked(self) -> None:
        if self._mend is not None:
            self._mend()


class FieldBox(QWidget):
    """The frame of a field around whatever takes the text: thicker in focus, red where it is wrong."""

    def __init__(self, inner: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inner, self._bad = inner, False
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(theme.px(10), 0, theme.px(10), 0)
        self.row.setSpacing(theme.px(6))
        self.row.addWidget(inner, 1)
        self.setFixedHeight(theme.px(30))
        self.setFocusProxy(inner)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        inner.installEventFilter(self)

    def set_bad(self, bad: bool) -> None:
        """Shows the field as wrong, or right again."""
        self._bad = bad
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut, QEvent.Type.EnabledChange):
            self.update()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        focused, enabled = self._inner.hasFocus(), self.isEnabled()
        line = (
            "danger"
            if self._bad
            else "accent-ink"
            if focused
            else "field-border"
            if enabled
            else "button-border"
        )
        frame(
            painter,
            QRectF(self.rect()),
            theme.px(6),
            fill=theme.colour("surface" if enabled else "sunken"),
            line=theme.colour(line),
            width=2 if focused else 1,
        )


class Field(QWidget):
    """One line of text with what it needs around it: a leading icon, a way to clear it, a message."""

    changed = Signal(str)
    submitted = Signal()

    def __init__(
        self,
        placeholder: str = "",
        icon: str = "",
        *,
        name: str = "",
        password: bool = False,
        clear: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.edit = QLineEdit()
        self.edit.setProperty("kind", "bare")
        self.edit.setPlaceholderText(placeholder)
        self.edit.setAccessibleName(name or placeholder)
        self.edit.textChanged.connect(self._on_text_changed)
        self.edit.returnPressed.connect(self.submitted)
        self.box = FieldBox(self.edit)
        self._icon, self._lead = icon, IconLabel(icon or "warning", "muted", 14 if not icon else 16)
        self.box.row.insertWidget(0, self._lead)
        self._lead.setVisible(bool(icon))  # once it has a parent: it would be a window of its own before
        self.message = Message()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.box)
        column.addWidget(self.message)
        column.addStretch(1)
        self.setFocusProxy(self.edit)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._clear = self._add_tool("close", "Clear", self.edit.clear) if clear else None
        if self._clear is not None:
            self._clear.setVisible(False)
        if password:
            self._add_reveal()

    def text(self) -> str:
        """What is written."""
        return self.edit.text()

    def setText(self, text: str) -> None:
        """Writes a text, as if it had been typed."""
        self.edit.setText(text)

    def set_bad(self, sentence: str, link: str = "", on_link: Callable[[], object] | None = None) -> None:
        """Shows the field as wrong, with a sentence below and the mend as a link."""
        self.box.set_bad(True)
        self._lead.show_icon("warning", "danger")
        self._lead.setVisible(True)
        self.message.say(sentence, link, on_link)
        self.edit.setAccessibleDescription(sentence)

    def set_good(self) -> None:
        """Takes back `set_bad`."""
        self.box.set_bad(False)
        self._lead.setVisible(bool(self._icon))
        if self._icon:
            self._lead.show_icon(self._icon, "muted")
        self.message.clear()
        self.edit.setAccessibleDescription("")

    def _add_tool(self, icon: str, name: str, act: Callable[[], object]) -> Button:
        tool = Button("", icon, kind="quiet", size="small", name=name)
        tool.setFixedSize(theme.px(24), theme.px(24))
        tool.setCursor(Qt.CursorShape.ArrowCursor)
        tool.clicked.connect(lambda: act())
        self.box.row.addWidget(tool)
        self.box.row.setContentsMargins(theme.px(10), 0, theme.px(3), 0)
        return tool

    def _add_reveal(self) -> None:
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        tool = self._add_tool("view", "Show what is written", lambda: None)
        tool.setCheckable(True)
        normal, hidden = QLineEdit.EchoMode.Normal, QLineEdit.EchoMode.Password
        tool.toggled.connect(lambda on: self.edit.setEchoMode(normal if on else hidden))

    def _on_text_changed(self, text: str) -> None:
        if self._clear is not None:
            self._clear.setVisible(bool(text))
        self.changed.emit(text)
