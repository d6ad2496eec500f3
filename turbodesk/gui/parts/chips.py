"""A field of addresses: each one a chip that says whether it is good, with a place to write the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QLayout, QLineEdit, QSizePolicy, QWidget

from turbodesk.gui import theme
from turbodesk.gui.focus_ring import give_focus
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.flow import FlowLayout
from turbodesk.gui.parts.label import plain_tip

SEPARATORS = {Qt.Key.Key_Comma: ",", Qt.Key.Key_Semicolon: ";"}
WRITING_AT_LEAST = 90  # px of the drawings that stand free for the next address
ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


@dataclass(frozen=True)
class AddressCheck:
    """What is known of one address: `checking`, `valid`, `role`, `invalid` or `suppressed`.

    `sentence` says what is wrong, `suggestion` is what the address was probably meant to be.
    """

    state: str
    sentence: str = ""
    suggestion: str = ""


LOOKS = {  # state: icon, its tone, ink, said aloud
    "checking": ("clock", "muted", "text", "being checked"),
    "valid": ("check", "success", "text", "valid"),
    "role": ("accounts", "warning", "text", "an address of a role"),
    "invalid": ("warning", "danger", "danger", "invalid"),
    "suppressed": ("suppressed", "danger", "danger", "suppressed"),
}


class Chip(QAbstractButton):
    """One address that has been entered. Enter edits it, Del removes it, the arrows walk."""

    edit_asked = Signal()
    remove_asked = Signal()
    walk_asked = Signal(int)  # -1 left, 1 right, -2 to the first, 2 to the writing place

    def __init__(self, text: str, check: AddressCheck, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setProperty("ring_radius", 5)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.show_check(check)

    def show_check(self, check: AddressCheck) -> None:
        """Shows what is known of the address."""
        self.check = check
        said = LOOKS[check.state][3]
        self.setAccessibleName(f"{self.text()}, {said}")
        self.setAccessibleDescription(check.sentence)
        tip = f"{self.text()}\n{check.sentence}" if check.sentence else self.text()
        self.setToolTip(plain_tip(tip))
        self.update()

    def sizeHint(self) -> QSize:
        words = QFontMetricsF(theme.font()).horizontalAdvance(self.text())
        fixed = theme.px(7) + theme.px(14) + theme.px(5) + theme.px(5) + theme.px(14) + theme.px(4) + 2
        return QSize(round(words) + fixed, theme.px(24))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(80), theme.px(24))

    def _close_room(self) -> QRectF:
        side = theme.px(14)
        return QRectF(self.width() - 1 - theme.px(4) - side, 0, side, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.isEnabled():
            painter.setOpacity(0.6)
        state = self.check.state
        icon, icon_tone, ink, _ = LOOKS[state]
        self._paint_frame(painter, state)
        side = theme.px(14)
        left = 1.0 + theme.px(7)
        theme.paint_icon(painter, QRectF(left, 0, side, self.height()), icon, icon_tone, 14)
        left += side + theme.px(5)
        self._paint_address(painter, left, self._close_room().left() - theme.px(5), ink, state)
        close_tone = "danger" if state == "invalid" else "text" if self.underMouse() else "muted"
        theme.paint_icon(painter, self._close_room(), "close", close_tone, 14)

    def _paint_frame(self, painter: QPainter, state: str) -> None:
        room, radius, danger = QRectF(self.rect()), theme.px(5), theme.colour("danger")
        if state == "invalid":
            frame(painter, room, radius, fill=theme.colour("danger-tint"), line=danger, dashed=True)
        elif state == "suppressed":
            frame(painter, room, radius, line=danger)
        else:
            fill = theme.colour("hover" if self.underMouse() else "sunken")
            frame(painter, room, radius, fill=fill, line=theme.colour("button-border"))

    def _paint_address(self, painter: QPainter, left: float, right: float, ink: str, state: str) -> None:
        font = theme.font()
        metrics = QFontMetricsF(font)
        text = self.text()
        if metrics.horizontalAdvance(text) > right - left + 1:
            text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, right - left)
        wide = metrics.horizontalAdvance(text)
        base = (self.height() + metrics.ascent() - metrics.descent()) / 2
        painter.setFont(font)
        painter.setPen(theme.colour(ink))
        painter.drawText(QPointF(left, base), text)
        if state == "suppressed":
            middle = round(base - metrics.xHeight() / 2)
            painter.drawLine(QPointF(left, middle + 0.5), QPointF(left + wide, middle + 0.5))
        elif state == "invalid":
            wave(painter, left, left + wide, base + 3 * theme.now().em)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._close_room().adjusted(-4, 0, 4, 0).contains(event.position()):
            self.remove_asked.emit()
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.edit_asked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in ENTERS or key == Qt.Key.Key_F2:
            self.edit_asked.emit()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_asked.emit()
        elif key in WALKS:
            self.walk_asked.emit(WALKS[Qt.Key(key)])
        elif event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.text())
        else:
            event.ignore()


WALKS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Home: -2,
    Qt.Key.Key_End: 2,
    Qt.Key.Key_Escape: 2,
}


def wave(painter: QPainter, left: float, right: float, height: float) -> None:
    """A wavy line under something that is wrong, in the pen's colour."""
    step = 2.2 * theme.now().em
    path = QPainterPath(QPointF(left, height))
    up, here = True, left
    while here < right:
        path.quadTo(
            here + step / 2, height - step * 0.75 if up else height + step * 0.75, here + step, height
        )
        here, up = here + step, not up
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(painter.pen().color(), 1))
    painter.drawPath(path)


class ChipField(QWidget):
    """Addresses as chips. `changed` at every change, `committed` when a chip was made, edited or removed."""

    changed = Signal()
    committed = Signal()
    focus_left = Signal()

    def __init__(
        self,
        check: Callable[[str], AddressCheck],
        split: Callable[[str], list[str]],
        *,
        name: str,
        placeholder: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._check, self._split, self._name = check, split, name
        self._chips: list[Chip] = []
        self._place: int | None = None  # where an address that is being edited belongs
        self._bad = self._growing = False
        self.edit = QLineEdit()
        self.edit.setProperty("kind", "bare")
        self.edit.setAccessibleName(name)
        self.edit.setPlaceholderText(placeholder)
        self.edit.setFixedHeight(theme.px(24))
        self.edit.installEventFilter(self)
        self.edit.textEdited.connect(self._on_text_edited)
        self._flow = FlowLayout(6, fill_last=WRITING_AT_LEAST)
        self._flow.setContentsMargins(0, theme.px(5), 0, theme.px(5))
        self._flow.addWidget(self.edit)
        self.setLayout(self._flow)
        self.setFocusProxy(self.edit)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    # what is in it

    def texts(self) -> list[str]:
        """The addresses as they were written, in order; what is still being typed is not among them."""
        return [chip.text() for chip in self._chips]

    def typed(self) -> str:
        """What is being typed and is no chip yet."""
        return self.edit.text()

    def checks(self) -> list[AddressCheck]:
        """What is known of each address, in order."""
        return [chip.check for chip in self._chips]

    def set_texts(self, texts: Iterable[str]) -> None:
        """Shows these addresses instead of all there are."""
        with self._laid_out_once():
            for chip in list(self._chips):
                self._drop(chip)
            self.edit.clear()
            self._place = None
            for text in texts:
                self._insert(len(self._chips), text)
        self.changed.emit()

    def add(self, text: str) -> None:
        """Adds what `text` holds, one address or several, at the end."""
        with self._laid_out_once():
            for part in self._split(text):
                self._insert(len(self._chips), part)
        self.changed.emit()
        self.committed.emit()

    def replace(self, index: int, text: str) -> None:
        """Writes another address in place of one."""
        self._drop(self._chips[index])
        self._insert(index, text)
        self.changed.emit()
        self.committed.emit()

    def remove(self, index: int) -> None:
        """Takes an address away; the focus goes to its neighbour."""
        self._drop(self._chips[index])
        self._focus_near(min(index, len(self._chips)))
        self.changed.emit()
        self.committed.emit()

    def commit(self) -> bool:
        """Makes chips of what is being typed; True where there was something."""
        text = self.edit.text().strip().strip(",;").strip()
        self.edit.clear()
        place, self._place = self._place, None
        if not text:
            return False
        index = len(self._chips) if place is None else min(place, len(self._chips))
        with self._laid_out_once():
            for part in self._parts(text):
                self._insert(index, part)
                index += 1
        self.changed.emit()
        self.committed.emit()
        return True

    def first_invalid(self) -> tuple[int, AddressCheck] | None:
        """The first address that is none, and what is wrong with it."""
        return next(((i, c.check) for i, c in enumerate(self._chips) if c.check.state == "invalid"), None)

    def focus_chip(self, index: int) -> None:
        """Moves the focus to a chip."""
        give_focus(self._chips[index])

    def chip(self, index: int) -> Chip:
        """The chip at a place."""
        return self._chips[index]

    def set_bad(self, bad: bool) -> None:
        """Shows the whole field as wrong, or right again."""
        self._bad = bad
        self.update()

    def _parts(self, text: str) -> list[str]:
        # a comma inside one address is a slip to be shown, not a border between two
        return [text] if self._check(text).suggestion else self._split(text)

    def _insert(self, index: int, text: str) -> None:
        chip = Chip(text, self._check(text), self)
        chip.setCursor(Qt.CursorShape.ArrowCursor)
        chip.edit_asked.connect(lambda: self._edit(chip))
        chip.remove_asked.connect(lambda: self.remove(self._chips.index(chip)))
        chip.walk_asked.connect(lambda by: self._walk(chip, by))
        self._chips.insert(index, chip)
        self._flow.insert_widget(index, chip)
        chip.show()
        self._grown()

    def _drop(self, chip: Chip) -> None:
        self._chips.remove(chip)
        self._flow.removeWidget(chip)
        chip.hide()
        chip.deleteLater()
        self._grown()

    def _grown(self) -> None:
        if not self._growing:
            self._make_room()

    @contextmanager
    def _laid_out_once(self) -> Iterator[None]:
        """Arranges many chips when all are there: every one that is shown would arrange all before it anew,
        and everything that the field stands in."""
        held: list[QLayout] = []
        widget: QWidget | None = self
        while widget is not None:
            if (layout := widget.layout()) is not None and layout.isEnabled():
                layout.setEnabled(False)
                held.append(layout)
            widget = widget.parentWidget()
        self._growing = True
        try:
            yield
        finally:
            self._growing = False
            for layout in reversed(held):
                layout.setEnabled(True)
            self._grown()
            self._flow.activate()

    def _edit(self, chip: Chip) -> None:
        self.commit()
        self._place = self._chips.index(chip)
        text = chip.text()
        self._drop(chip)
        self.edit.setText(text)
        self.edit.setFocus()
        self.edit.selectAll()
        self.changed.emit()

    def _walk(self, chip: Chip, by: int) -> None:
        if by == 2:
            self.edit.setFocus()
        elif by == -2:
            self.focus_chip(0)
        else:
            self._focus_near(max(0, self._chips.index(chip) + by))

    def _focus_near(self, index: int) -> None:
        if index < len(self._chips):
            self.focus_chip(index)
        else:
            self.edit.setFocus()

    # typing

    def _on_text_edited(self, text: str) -> None:
        # a drop or the mouse's paste brings several at once
        if ("\n" in text or "," in text or ";" in text) and len(self._parts(text.strip(",; "))) > 1:
            self.commit()
        self.changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._on_key(event)
        if event.type() == QEvent.Type.FocusIn:
            self._make_room()
        if event.type() == QEvent.Type.FocusOut and isinstance(event, QFocusEvent):
            if event.reason() != Qt.FocusReason.PopupFocusReason and self.isVisible():
                self.commit()
            self._make_room(leaving=True)
        return False

    def _make_room(self, *, leaving: bool = False) -> None:
        """Keeps a line for writing only while there is something to write there."""
        idle = leaving or not self.edit.hasFocus()
        self._flow.set_fill_last(0 if idle and self._chips and not self.edit.text() else WRITING_AT_LEAST)
        self.updateGeometry()

    def _on_key(self, event: QKeyEvent) -> bool:
        key, text = Qt.Key(event.key()), self.edit.text()
        if event.matches(QKeySequence.StandardKey.Paste):
            return self._paste(QGuiApplication.clipboard().text())
        if key in ENTERS and event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        ):
            return self.commit()
        if key in SEPARATORS and not text.count('"') % 2 and self._check(text.strip()).state != "invalid":
            return self.commit()
        at_start = self.edit.cursorPosition() == 0 and not self.edit.hasSelectedText()
        if (
            at_start
            and self._chips
            and (key == Qt.Key.Key_Left or (key == Qt.Key.Key_Backspace and not text))
        ):
            self.focus_chip(len(self._chips) - 1)
            return True
        return False

    def _paste(self, text: str) -> bool:
        parts = self._split(text)
        if len(parts) < 2 and "\n" not in text.strip():
            return False
        self.commit()
        self.add(text)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.edit.setFocus(Qt.FocusReason.MouseFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._bad:
            painter = QPainter(self)
            line = theme.colour("danger")
            frame(painter, QRectF(self.rect()).adjusted(-1, 2, 0, -2), theme.px(6), line=line)
