"""One tracking tool: what it does now, its switch, and what switching it would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.field import IconLabel
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.switch import Switch

RADIUS = 8
ONE_COLUMN = 620  # narrower than this the changes stand below each other


class Change(NamedTuple):
    """One thing that switching changes: `what` in strong words, then `why`."""

    icon: str
    tone: str
    what: str
    why: str


class ToolWords(NamedTuple):
    """How a tool is spoken of, on and off."""

    icon: str
    title: str
    on: str
    off: str
    if_on: str
    if_off: str


class IconBox(QWidget):
    """An icon in a tinted square, at the head of a card."""

    def __init__(self, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self.setFixedSize(theme.px(36), theme.px(36))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), theme.px(RADIUS), fill=theme.colour("neutral-tint"))
        theme.paint_icon(painter, QRectF(self.rect()), self._icon, "text", 20)


class ChangeLine(QWidget):
    """One change, its icon at the left."""

    def __init__(self, change: Change, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = Label(wrap=True)
        words.set_runs([(change.what, "text", "strong"), (f" {change.why}", "text", "body")])
        icon = QVBoxLayout()
        icon.setContentsMargins(0, theme.px(2), 0, 0)
        icon.addWidget(IconLabel(change.icon, change.tone))
        icon.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, theme.px(4), 0, theme.px(4))
        row.setSpacing(theme.px(8))
        row.addLayout(icon)
        row.addWidget(words, 1, Qt.AlignmentFlag.AlignTop)


class ToolCard(QWidget):
    """A card with a switch that never flips by itself: it asks first, and shows what was answered.

    `asked` says that somebody wants it on or off, `agreed` that they read what it changes and still do.
    """

    asked = Signal(bool)
    agreed = Signal(bool)

    def __init__(self, words: ToolWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = words
        self._wanted: bool | None = None
        self.setAccessibleName(words.title)
        box = QVBoxLayout(self)
        box.setContentsMargins(1, 1, 1, 1)
        box.setSpacing(0)
        box.addLayout(self._head())
        self._note = self._note_row()
        box.addWidget(self._note)
        self._panel = self._question()
        box.addWidget(self._panel)
        self._foot = self._answers()
        box.addWidget(self._foot)
        self.keep()

    @property
    def wanted(self) -> bool | None:
        """What is being asked just now, None while nothing is."""
        return self._wanted

    @property
    def enabled(self) -> bool:
        """The state as the provider last answered it."""
        return self.switch.state

    def show_state(self, enabled: bool, forced: bool, by: str, only_looks: str = "") -> None:
        """Shows the provider's answer; `by` names the provider. A forced tool can only be read, and so can
        any where `only_looks` says why."""
        self.switch.set_pending(False)
        self.switch.set_state(enabled)
        self.switch.setEnabled(not (forced or only_looks))
        self._word.setText("On" if enabled else "Off")
        self._says.setText(self.words.on if enabled else self.words.off)
        self._note_words.setText(
            f"{by} has fixed this switch for the account. Only its support can change it."
            if forced
            else only_looks or (self.words.if_off if enabled else self.words.if_on)
        )
        self._note_icon.show_icon("lock" if forced else "view" if only_looks else "info", "muted")
        self.keep()

    def ask(self, wanted: bool, changes: Sequence[Change], profile: str) -> None:
        """Opens the panel that says what switching changes, before anything is done."""
        self._wanted = wanted
        word, stays = ("on", "off") if wanted else ("off", "on")
        self._question_title.setText(f"Switching it {word} changes this")
        self._show_changes(changes)
        self.keep_button.setText(f"Keep it {stays}")
        self.act_button.setText(f"Switch {word} for {profile}")
        self.act_button.set_kind("primary" if wanted else "danger")
        self._open(True)
        self.keep_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def wait(self) -> None:
        """Shows that the provider is being asked; the switch stays where it is."""
        self.switch.set_pending(True)
        self.act_button.setEnabled(False)
        self.keep_button.setEnabled(False)

    def keep(self) -> None:
        """Closes the panel; nothing was changed."""
        had_focus = self._foot.isAncestorOf(self.focusWidget() or self)
        self._wanted = None
        self.switch.set_pending(False)
        self.act_button.setEnabled(True)
        self.keep_button.setEnabled(True)
        self._open(False)
        if had_focus:
            self.switch.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open(self, asking: bool) -> None:
        self._panel.setVisible(asking)
        self._foot.setVisible(asking)
        self._note.setVisible(not asking)
        self.update()

    def _head(self) -> QHBoxLayout:
        self.switch = Switch(self.words.title)
        self._word = Label("", tone="muted")
        self.switch.asked.connect(self.asked)
        self._says = Label("", tone="muted", wrap=True)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(Label(self.words.title, "section"))
        texts.addWidget(self._says)
        row = QHBoxLayout()
        row.setContentsMargins(theme.px(16), theme.px(16), theme.px(16), theme.px(14))
        row.setSpacing(theme.px(14))
        row.addWidget(IconBox(self.words.icon), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(texts, 1)
        row.addWidget(self._word, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignVCenter)
        return row

    def _note_row(self) -> QWidget:
        row_widget = QWidget()
        self._note_icon = IconLabel("info", "muted")
        self._note_words = Label("", tone="muted", wrap=True)
        row = QHBoxLayout(row_widget)
        row.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        row.setSpacing(theme.px(8))
        row.addWidget(self._note_icon)
        row.addWidget(self._note_words, 1)
        return row_widget

    def _question(self) -> QWidget:
        panel = QWidget()
        self._question_title = Label("", "section")
        self._changes: list[ChangeLine] = []
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.px(28))
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(0, 1)
        box = QVBoxLayout(panel)
        box.setContentsMargins(theme.px(16), theme.px(14), theme.px(16), theme.px(14))
        box.setSpacing(theme.px(6))
        box.addWidget(self._question_title)
        box.addLayout(self._grid)
        return panel

    def _answers(self) -> QWidget:
        foot = QWidget()
        self.keep_button = Button("Keep it on")
        self.act_button = Button("Switch off", kind="danger")
        self.keep_button.clicked.connect(self.keep)
        self.act_button.clicked.connect(self._on_act_clicked)
        row = QBoxLayout(QBoxLayout.Direction.LeftToRight, foot)
        row.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        row.setSpacing(theme.px(8))
        row.addStretch()
        row.addWidget(self.keep_button)
        row.addWidget(self.act_button)
        return foot

    def _show_changes(self, changes: Sequence[Change]) -> None:
        for line in self._changes:
            self._grid.removeWidget(line)
            line.deleteLater()
        self._changes = [ChangeLine(change, self._panel) for change in changes]
        self._lay_out()

    def _lay_out(self) -> None:
        columns = 1 if self.width() < theme.px(ONE_COLUMN) else 2
        self._grid.setColumnStretch(1, columns - 1)
        for place, line in enumerate(self._changes):
            self._grid.addWidget(line, place // columns, place % columns)
            line.show()

    def _on_act_clicked(self) -> None:
        if self._wanted is not None:
            self.agreed.emit(self._wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._wanted is not None and self.keep_button.isEnabled():
            self.keep()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room, radius = QRectF(self.rect()), theme.px(RADIUS)
        asking = self._wanted is not None
        frame(painter, room, radius, fill=theme.colour("surface"))
        shape = QPainterPath()
        shape.addRoundedRect(room, radius, radius)
        painter.save()
        painter.setClipPath(shape)
        if asking:
            painter.fillRect(self._foot.geometry(), theme.colour("sunken"))
        for part in (self._panel, self._foot) if asking else (self._note,):
            painter.fillRect(0, part.y(), self.width(), 1, theme.colour("border"))
        painter.restore()
        frame(painter, room, radius, line=theme.colour("accent-ink" if asking else "border"))
