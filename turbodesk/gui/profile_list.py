"""The profiles there are: which is open, where its key is kept, how to change over."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.header import listed_name, profile_colour
from turbodesk.gui.parts.card import Dot
from turbodesk.gui.parts.key_hint import KeyHint
from turbodesk.gui.parts.label import Label, Link
from turbodesk.gui.parts.pill import PillLabel
from turbodesk.model.account import Profile

VIEWER_SAYS = "viewer: only looks"


class ProfileRow(QAbstractButton):
    """One profile. Pressing it opens the profile; a sandbox can be neither changed nor removed."""

    remove_asked = Signal()
    change_asked = Signal()

    def __init__(
        self, profile: Profile, service: str, kept: str, keys: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.profile = profile
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        name = listed_name(profile)
        kept = VIEWER_SAYS if profile.viewer else kept
        locked = ", production lock" if profile.locked else ""
        self.setAccessibleName(f"Open {name}, {service}, {kept}{locked}")
        head = QHBoxLayout()
        head.setSpacing(theme.px(8))
        head.addWidget(Dot(profile_colour(profile), ring=profile.is_sandbox, size=10))
        self._name = Label(name, "strong")
        self._service = Label(kept if profile.is_sandbox else service, tone="muted", elide="right")
        head.addWidget(self._name)
        head.addWidget(self._service, 1)
        if profile.locked:
            head.addWidget(PillLabel("locked"))
        if keys:
            head.addWidget(KeyHint(keys))
        self._kept = Label(kept, "small", "muted", elide="right")
        self._kept.setContentsMargins(theme.px(18), 0, 0, 0)
        below = QHBoxLayout()
        below.addWidget(self._kept, 1)
        texts = QVBoxLayout(self)
        edge = theme.px(6 if profile.is_sandbox else 10)
        texts.setContentsMargins(theme.px(16), edge, theme.px(16), edge)
        texts.setSpacing(theme.px(2))
        texts.addLayout(head)
        texts.addLayout(below)
        self._kept.setVisible(not profile.is_sandbox)  # there are four, and none needs a key
        for label in self.findChildren(QWidget):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        if not profile.is_sandbox:
            below.setSpacing(theme.px(12))
            self.change_button = Link("Change…", "small-medium")
            self.change_button.setAccessibleName(f"Change {name}…")
            self.change_button.clicked.connect(self.change_asked)
            self.remove_button = Link("Remove…", "small-medium")
            self.remove_button.setAccessibleName(f"Remove {name}…")
            self.remove_button.clicked.connect(self.remove_asked)
            below.addWidget(self.change_button)
            below.addWidget(self.remove_button)

    def nextCheckState(self) -> None:
        """A press opens the profile; which one is open is shown when it is."""

    def show_current(self, current: bool) -> None:
        """Shows whether this is the profile that is open."""
        self.setChecked(current)
        for label in (self._service, self._kept):
            label.set_tone("text" if current else "muted")

    def sizeHint(self) -> QSize:
        return self.layout().sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self.layout().minimumSize()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.isChecked():
            painter.fillRect(self.rect(), theme.colour("selection"))
            painter.fillRect(QRectF(0, 0, theme.px(3), self.height()), theme.colour("accent-ink"))
        elif self.underMouse() or self.isDown():
            painter.fillRect(self.rect(), theme.colour("hover"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.colour("border"))


class ProfileList(QWidget):
    """All profiles in the order of their keys; tells which one is to be opened, changed or removed."""

    open_asked = Signal(str)
    change_asked = Signal(str)
    remove_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[str, ProfileRow] = {}
        self._pile = QVBoxLayout(self)
        self._pile.setContentsMargins(0, 0, 0, 0)
        self._pile.setSpacing(0)

    def show_profiles(self, lines: Sequence[tuple[Profile, str, str]], current: str) -> None:
        """Shows `lines` of profile, service and where its key is kept; `current` is the open one's name."""
        for old in self.rows.values():
            self._pile.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.rows = {}
        for place, (profile, service, kept) in enumerate(lines, start=1):
            row = ProfileRow(profile, service, kept, f"Ctrl {place}" if place <= 9 else "")
            row.show_current(profile.name == current)
            row.clicked.connect(lambda _checked=False, name=profile.name: self.open_asked.emit(name))
            row.change_asked.connect(lambda name=profile.name: self.change_asked.emit(name))
            row.remove_asked.connect(lambda name=profile.name: self.remove_asked.emit(name))
            self.rows[profile.name] = row
            self._pile.addWidget(row)
