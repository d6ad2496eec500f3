"""The strip that tells: info, warning, error with a hint and copyable details."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import clear_layout
from turbodesk.gui.parts.field import IconLabel
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.toast import Toast

Action = tuple[str, str, Callable[[], object]]  # label, icon, what it does

TONES = {"info": ("info", "info"), "warn": ("warning", "warning"), "error": ("danger", "refused")}
_numbers = count(1)


@dataclass
class Notice:
    """One thing that was told: what, why, what can be done, and technical details to copy."""

    tone: str
    what: str
    why: str = ""
    actions: Sequence[Action] = ()
    details: str = ""
    key: str = field(default_factory=lambda: f"notice-{next(_numbers)}")


class Notices(QWidget):
    """The strip over the status bar. It shows the newest notice and how many more there are."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all: list[Notice] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(theme.px(16), 0, theme.px(12), 0)
        self._row.setSpacing(theme.px(10))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVisible(False)

    @property
    def latest(self) -> Notice | None:
        """The newest notice that still stands."""
        return self._all[-1] if self._all else None

    @property
    def standing(self) -> tuple[Notice, ...]:
        """All that still stand, oldest first."""
        return tuple(self._all)

    def tell(
        self,
        tone: str,
        what: str,
        why: str = "",
        actions: Sequence[Action] = (),
        *,
        details: str = "",
        key: str = "",
    ) -> Notice:
        """Tells something; a notice of the same key gives way. `ok` is a toast, and goes by itself."""
        if tone == "ok":
            label, icon, act = actions[0] if actions else ("", "", None)
            Toast.show_in(self.window(), f"{what} {why}".strip(), label, act, action_icon=icon, above=self)
            return Notice(tone, what, why)
        notice = Notice(tone, what, why, actions, details)
        notice.key = key or notice.key
        same = (notice.key, (tone, what, why))  # what was told in the same words need not stand twice
        self._all = [it for it in self._all if it.key != same[0] and (it.tone, it.what, it.why) != same[1]]
        self._all.append(notice)
        self._show()
        # its enums take longer to make than the strip, and nothing is told before the first paint
        from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, f"{what} {why}".strip()))
        return notice

    def tell_error(self, error: TurbodeskError, actions: Sequence[Action] = (), *, key: str = "") -> Notice:
        """Tells a failure of ours in its own words."""
        details = "\n".join(part for part in (error.kind, error.says, error.hint, error.detail) if part)
        return self.tell(
            "error", error.says, error.hint, actions, details=details if error.detail else "", key=key
        )

    def take_back(self, notice: Notice | str) -> None:
        """Takes away a notice, by itself or by its key; nothing happens where it is gone already."""
        key = notice if isinstance(notice, str) else notice.key
        self._all = [other for other in self._all if other.key != key]
        self._show()

    def clear(self) -> None:
        """Takes all notices away."""
        self._all = []
        self._show()

    def _show(self) -> None:
        clear_layout(self._row)
        self.setVisible(bool(self._all))
        if self._all:
            self._fill(self._all[-1])
        self.changed.emit()
        self.update()

    def _fill(self, notice: Notice) -> None:
        tone, icon = TONES[notice.tone]
        self._row.addWidget(IconLabel(icon, tone))
        words = Label(elide="right")
        plain_role = "body" if notice.tone == "info" and not notice.why else "strong"
        words.set_runs(
            [(notice.what, "text", plain_role), (f"  {notice.why}" if notice.why else "", "text", "body")]
        )
        words.setAccessibleName(f"{notice.what} {notice.why}".strip())
        self._row.addWidget(words, 1)
        if len(self._all) > 1:
            self._row.addWidget(self._more())
        for label, act_icon, act in notice.actions:
            self._row.addWidget(self._action(notice, label, act_icon, act))
        if notice.details:
            copy = Button("Copy details", "copy", size="small")
            copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(notice.details))
            self._row.addWidget(copy)
        close = Button("", "close", kind="quiet", size="small", name="Close this notice")
        close.clicked.connect(lambda: self.take_back(notice))
        self._row.addWidget(close)

    def _more(self) -> Button:
        more = Button(f"{len(self._all) - 1} more", kind="quiet", size="small", tip="Show the one before")
        more.clicked.connect(self._on_more_clicked)
        return more

    def _on_more_clicked(self) -> None:
        self._all.insert(0, self._all.pop())
        self._show()

    def _action(self, notice: Notice, label: str, icon: str, act: Callable[[], object]) -> Button:
        button = Button(label, icon, size="small")

        def press() -> None:
            self.take_back(notice)
            act()

        button.clicked.connect(press)
        return button

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme.px(40))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(120), theme.px(40))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._all:
            paint_notice(QPainter(self), QRectF(self.rect()), TONES[self._all[-1].tone][0])


def paint_notice(painter: QPainter, room: QRectF, tone: str) -> None:
    """The ground of a notice: its tint, a hairline above, a 3-px bar at the left."""
    painter.fillRect(room, theme.colour(f"{tone}-tint"))
    painter.fillRect(QRectF(room.left(), room.top(), room.width(), 1), theme.colour("border"))
    painter.fillRect(QRectF(room.left(), room.top(), theme.px(3), room.height()), theme.colour(tone))
