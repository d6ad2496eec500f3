"""What a pane shows instead of its content: nothing to see and why, or still reading."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import clear_layout
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.field import IconLabel
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.meter import Meter

BONES_AFTER_MS, WORDS_AFTER_MS = 150, 500
BONES = ((90, 70), (76, 54), (96, 82), (84, 62), (70, 76))  # widths of first and second column, per cent


class EmptyState(QWidget):
    """Says what is so, why, and gives the button that changes it. Never shown while loading."""

    def __init__(
        self,
        icon: str = "check-circle",
        title: str = "",
        why: str = "",
        buttons: Sequence[QPushButton] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon = IconLabel(icon, "muted", 32)
        self._title = Label(title, "section", wrap=True)
        self._why = Label(why, tone="muted", wrap=True)
        for words in (self._title, self._why):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._row = QHBoxLayout()
        self._row.setSpacing(theme.px(8))
        pile = QVBoxLayout(self)
        edge = theme.px(16)
        pile.setContentsMargins(edge, edge, edge, edge)
        pile.setSpacing(0)
        pile.addStretch(1)
        pile.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        pile.addSpacing(theme.px(10))
        pile.addWidget(self._title)
        pile.addSpacing(theme.px(2))
        pile.addWidget(self._why)
        pile.addSpacing(theme.px(12))
        pile.addLayout(self._row)
        pile.addStretch(1)
        self._put(buttons)

    def say(self, icon: str, title: str, why: str = "", buttons: Sequence[QPushButton] = ()) -> None:
        """Says something else, with other buttons."""
        self._icon.show_icon(icon, "muted")
        self._title.setText(title)
        self._why.setText(why)
        clear_layout(self._row)
        self._put(buttons)

    @property
    def title(self) -> str:
        """What it says is so."""
        return self._title.text()

    def _put(self, buttons: Sequence[QPushButton]) -> None:
        self._row.addStretch(1)
        for button in buttons:
            self._row.addWidget(button)
        self._row.addStretch(1)


class Bones(QWidget):
    """Grey bars where rows will stand. They do not shimmer."""

    def __init__(self, rows: int = 3, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.px(240), theme.px(30) * self._rows)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        high, bar, gap = theme.px(30), theme.px(10), theme.px(16)
        first, last = theme.px(64), theme.px(48)
        for index in range(self._rows):
            top = index * high
            one, two = BONES[index % len(BONES)]
            middle = self.width() - first - last - 2 * gap
            for left, wide in (
                (0, first * one / 100),
                (first + gap, middle * two / 100),
                (self.width() - last, last),
            ):
                room = QRectF(left, top + (high - bar) // 2, wide, bar)
                frame(painter, room, bar / 2, fill=theme.colour("neutral-tint"))
            painter.fillRect(0, top + high - 1, self.width(), 1, theme.colour("border"))


class Loading(QWidget):
    """Nothing at first, then bones, then how much was read, a thin meter, and Cancel."""

    cancel_asked = Signal()

    def __init__(self, *, rows: int = 5, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what, self._read, self._total = "rows", 0, None
        self.bones = Bones(rows)
        self._count = Label(role="small", tabular=True)
        self._meter = Meter(small=True, name="How much was read")
        self.cancel_button = Button("Cancel", size="small")
        self.cancel_button.clicked.connect(self.cancel_asked)
        self._words = QWidget()
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._count, 1)
        line.addWidget(self.cancel_button)
        words = QVBoxLayout(self._words)
        words.setContentsMargins(0, theme.px(12), 0, 0)
        words.setSpacing(theme.px(8))
        words.addLayout(line)
        words.addWidget(self._meter)
        pile = QVBoxLayout(self)
        edge = theme.px(16)
        pile.setContentsMargins(edge, theme.px(8), edge, edge)
        pile.setSpacing(0)
        pile.addWidget(self.bones)
        pile.addWidget(self._words)
        pile.addStretch(1)
        self._bones_timer = self._after(BONES_AFTER_MS, self._show_bones)
        self._words_timer = self._after(WORDS_AFTER_MS, self._show_words)
        self.end()

    def _after(self, wait_ms: int, act: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(wait_ms)
        timer.timeout.connect(act)
        return timer

    def begin(self, what: str = "rows") -> None:
        """Starts waiting for `what`, named in the plural."""
        self._what = what
        self.end()
        self.progress(0, None)
        self._bones_timer.start()
        self._words_timer.start()

    def progress(self, read: int, total: int | None) -> None:
        """Tells how many were read, of how many where that is known."""
        self._read, self._total = read, total
        number = QLocale().toString(read)
        of = f" of {QLocale().toString(total)}" if total is not None else ""
        self._count.set_runs(
            [(number + of, "text", "small-strong"), (f" {self._what} read", "text", "small")]
        )
        self._meter.set_share(read / total if total else None, f"{number}{of} {self._what} read")
        self._meter.setVisible(total is not None)

    def end(self) -> None:
        """Ends the waiting and shows nothing."""
        for timer in (self._bones_timer, self._words_timer):
            timer.stop()
        self.bones.setVisible(False)
        self._words.setVisible(False)

    def show_all(self) -> None:
        """Shows bones and words at once, without the wait."""
        self._show_bones()
        self._show_words()

    def _show_bones(self) -> None:
        self.bones.setVisible(True)

    def _show_words(self) -> None:
        self._words.setVisible(True)


class Pages(QStackedWidget):
    """Pages of a pane, each with a key, one of them shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys: dict[str, QWidget] = {}

    def add(self, key: str, page: QWidget) -> None:
        """Adds a page; the first one is shown."""
        self._keys[key] = page
        self.addWidget(page)

    def turn(self, key: str) -> None:
        """Shows the page of that key."""
        self.setCurrentWidget(self._keys[key])

    @property
    def key(self) -> str:
        """The key of the page that is shown, empty where there is none yet."""
        shown = self.currentWidget()
        return next((key for key, page in self._keys.items() if page is shown), "")
