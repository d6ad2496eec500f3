"""The bar that takes a letter back: it floats over every tab while one waits out its undo time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import (
    QEasingCurve,
    QEvent,
    QObject,
    QPoint,
    QPropertyAnimation,
    QRect,
    QRectF,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPainterPath, QPaintEvent, QShortcut
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

from turbodesk.gui import theme, words
from turbodesk.gui.outbox_words import first_recipient, seconds_left, subject_of
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.detail import DetailSplit
from turbodesk.gui.parts.drawing import SHADOW
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.toast import Floating, Toast
from turbodesk.gui.waiting_batch import WaitingBatch
from turbodesk.store.entry import Entry

WIDE, HIGH, ABOVE = 600, 48, 15  # px of the drawings; the last is its distance from what is below
LINE = 3
RISE_MS, RISE = 80, 8
FRAME_MS, STEP_MS = 40, 250  # between looks at the clock: with motion, without
LATE_S = 3.0  # so long after its time a letter is still offered, should it not leave at once

Editor = QLineEdit | QTextEdit | QPlainTextEdit
Waiting = Entry | WaitingBatch


class UndoBar(Floating):
    """Seconds left, what and to whom, Undo, Send now, and a line that runs out; the newest letter of all that
    wait. It stands over the main pane of the page that the window shows, above `floor`."""

    undo_asked = Signal(object)  # the letter or the batch
    now_asked = Signal(object)
    more_asked = Signal()

    def __init__(self, window: QWidget, page: QWidget, floors: Sequence[QWidget]) -> None:
        """`page` is what the window shows between its head and its foot, `floors` are what it floats above
        while they are to be seen."""
        super().__init__(window, high=HIGH)
        self._page, self._floors = page, tuple(floors)
        self._waiting: list[Waiting] = []
        self._editor: Editor | None = None
        self._span_s = 1.0
        self.setAccessibleName("A letter that can be taken back")
        reach = theme.px(SHADOW)
        self.row.setContentsMargins(reach + theme.px(16), reach, reach + theme.px(10), reach)
        self.row.setSpacing(theme.px(12))
        self.seconds = Label("", "title", tabular=True)
        self.seconds.setMinimumWidth(theme.px(36))
        self.what = Label(elide="right")
        self.more_button = Button("", kind="quiet", size="small")
        self.undo_button = Button("Undo", "undo", keys="Ctrl Z")
        self.now_button = Button("Send now", kind="quiet")
        self.row.addWidget(self.seconds)
        self.row.addWidget(self.what, 1)
        for button in (self.more_button, self.undo_button, self.now_button):
            self.row.addWidget(button)
        self.undo_button.clicked.connect(self._on_undo)
        self.now_button.clicked.connect(lambda: self._waiting and self.now_asked.emit(self._waiting[0]))
        self.more_button.clicked.connect(self.more_asked)
        self._key = QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), window)
        self._key.setEnabled(False)
        self._key.activated.connect(self._on_undo)
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._on_tick)
        self._rising = QPropertyAnimation(self, b"pos", self)
        self._rising.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._floor_now = 0
        window.installEventFilter(self)
        QApplication.instance().focusChanged.connect(self._on_focus_changed)
        self.hide()

    @property
    def entry(self) -> Waiting | None:
        """The letter that Undo takes back, None where none waits."""
        return self._waiting[0] if self._waiting else None

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        """All that wait, the newest first."""
        return tuple(self._waiting)

    def show_waiting(self, entries: Sequence[Waiting]) -> None:
        """Shows the first of these, the newest; without any the bar goes."""
        before = self.entry
        self._waiting = [entry for entry in entries if seconds_left(entry) > -LATE_S]
        entry = self.entry
        if entry is None:
            self._go()
            return
        if before is None or (before.id, before.not_before) != (entry.id, entry.not_before):
            self._span_s = max(1.0, seconds_left(entry))
            self._show_entry(entry)
        more = len(self._waiting) - 1
        self.more_button.setText(f"+{words.number(more)} more")
        self.more_button.setVisible(more > 0)
        self._on_tick()
        if self.entry is not None and not self.isVisible():
            self._come()

    def stand(self) -> None:
        """Goes to its place: the middle of the main pane, above all that is at the foot."""
        window, reach = self.parentWidget(), theme.px(SHADOW)
        pane = self._main_pane()
        left = pane.mapTo(window, QPoint(0, 0)).x()
        wide = min(theme.px(WIDE), pane.width() - 2 * theme.px(12))
        tops = [it.mapTo(window, QPoint(0, 0)).y() for it in self._floors if it.isVisible()]
        floor = min([window.height(), *tops]) - theme.px(ABOVE)
        high = self.sizeHint().height()
        room = QRect(left + (pane.width() - wide) // 2 - reach, floor - high + reach, wide + 2 * reach, high)
        if room != self.geometry() and self._rising.state() != QPropertyAnimation.State.Running:
            self.setGeometry(room)
            for toast in window.findChildren(Toast):
                toast.stand()

    def _main_pane(self) -> QWidget:
        for split in self._page.findChildren(DetailSplit):
            if split.isVisible() and split.main.isVisible():
                return split.main
        return self._page

    def _show_entry(self, entry: Waiting) -> None:
        whom = _whom(entry)
        self.what.set_runs([(subject_of(entry), "text", "strong"), (whom, "text", "body")])
        said = f"“{subject_of(entry)}”{whom} leaves in {max(1, math.ceil(seconds_left(entry)))} s."
        self.undo_button.set_tip("Takes the letter back, with everything in it")
        from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent  # see Notices.tell

        spoken = QAccessibleAnnouncementEvent(self.parentWidget(), f"{said} Control Z takes it back.")
        QAccessible.updateAccessibility(spoken)

    def _come(self) -> None:
        self.stand()
        self.show()
        self.raise_()
        self._key.setEnabled(True)
        self._on_focus_changed(None, QApplication.focusWidget())
        self._clock.start(FRAME_MS if theme.effect_ms(1) else STEP_MS)
        if rise_ms := theme.effect_ms(RISE_MS):
            place = self.pos()
            self._rising.setDuration(rise_ms)
            self._rising.setStartValue(place + QPoint(0, theme.px(RISE)))
            self._rising.setEndValue(place)
            self._rising.start()

    def _go(self) -> None:
        self._clock.stop()
        self._key.setEnabled(False)
        self._on_focus_changed(None, None)
        self.hide()

    def _on_undo(self) -> None:
        if self.entry is not None and self.undo_button.isEnabled():
            self.undo_asked.emit(self.entry)

    def _on_tick(self) -> None:
        entry = self.entry
        if entry is None:
            return
        left = seconds_left(entry)
        if left <= -LATE_S:
            self.show_waiting(self._waiting[1:])
            return
        self.seconds.setText(f"{max(0, math.ceil(left))} s")
        self.stand()
        self.update(self._line_room())

    def _share(self) -> float:
        """How much of the line is left."""
        entry = self.entry
        left = max(0.0, seconds_left(entry)) if entry is not None else 0.0
        if not theme.effect_ms(1):
            left = math.ceil(left)
        return min(1.0, left / self._span_s)

    def _line_room(self) -> QRect:
        sheet, high = self.sheet(), theme.px(LINE)
        return QRect(sheet.left(), sheet.bottom() - high + 1, sheet.width(), high)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter, room = QPainter(self), QRectF(self._line_room())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.sheet()), theme.px(10), theme.px(10))
        painter.setClipPath(shape)
        room.setWidth(room.width() * self._share())
        painter.fillRect(room, theme.colour("accent-ink"))

    # Ctrl+Z belongs to the editor that has the focus, as long as it has something to undo

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._editor is not None and isValid(self._editor):
            self._editor.removeEventFilter(self)
        here = self._key.isEnabled() and isinstance(new, Editor) and new.window() is self.window()
        self._editor = new if here else None
        if self._editor is not None:
            self._editor.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._editor:
            key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
            if key and event.matches(QKeySequence.StandardKey.Undo) and not _has_undo(self._editor):
                event.ignore()
                return True
        elif event.type() == QEvent.Type.Resize and self.isVisible():
            self.stand()
        return False


def _whom(entry: Waiting) -> str:
    """ " to ann@example.com +2", or to how many people a batch goes."""
    if isinstance(entry, WaitingBatch):
        return f" to {words.counted(entry.batch.total, 'person', 'people')}"
    to, more = first_recipient(entry)
    return f" to {to} {more}".rstrip()


def _has_undo(editor: Editor) -> bool:
    if editor.isReadOnly():
        return False
    if isinstance(editor, QLineEdit):
        return editor.isUndoAvailable()
    return editor.document().isUndoAvailable()
