"""The header: which profile is open, and the row of tabs; it gives way where the room is short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLocale, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QFontMetricsF,
    QIcon,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QTabBar, QToolButton, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import paint_dot
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.label import paint_runs
from turbodesk.gui.parts.tag import Look, Tag
from turbodesk.model.account import SANDBOX, Profile

STRIPE, HIGH, TAB_HIGH = 3, 52, 49
TAG_GAP = 8
MENU_EDGE = 22  # right of the keys in a menu, as the style sheet has it
LOCK = Look("danger-fill", "accent-text", "lock", "Production lock")
VIEWER = Look("neutral-tint", "text", "view", "Viewer")


def profile_colour(profile: Profile) -> str:
    """The token of a profile's colour; the sandbox is always teal."""
    return "profile-teal" if profile.is_sandbox else f"profile-{profile.colour}"


AS = {
    "turbosmtp-v1": "turboSMTP v1",
    "turbosmtp-v2": "turboSMTP v2",
    "sendpost": "SendPost",
    "smtp": "SMTP relay",
}
"""Whom the sandbox plays, by provider."""


def profile_name(profile: Profile) -> str:
    """How a profile is called on the screen."""
    return "Sandbox" if profile.name == SANDBOX else listed_name(profile)


def listed_name(profile: Profile) -> str:
    """How a profile is called where all sandboxes stand beside each other."""
    return f"Sandbox as {AS[profile.provider]}" if profile.is_sandbox else profile.name


class ProfileMenu(QMenu):
    """The list of profiles. What guards one is said in words, and by icons before its keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons: dict[QAction, tuple[str, ...]] = {}

    def show_guards(self, action: QAction, profile: Profile) -> None:
        """Says in the row of a profile what guards it."""
        told = [it for it, there in ((LOCK, profile.locked), (VIEWER, profile.viewer)) if there]
        if told:
            self._icons[action] = tuple(it.icon for it in told)
            words = ", ".join(it.word.lower() for it in told)
            space = QFontMetricsF(self.font()).horizontalAdvance(" ")
            room = " " * (int(len(told) * theme.px(14 + 6) / space) + 2)
            action.setText(f"{action.text()}, {words}{room}")

    def forget_guards(self) -> None:
        """Forgets what was said of rows that are there no more."""
        self._icons.clear()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        metrics = QFontMetricsF(self.font())
        native = QKeySequence.SequenceFormat.NativeText
        keys = [action.shortcut().toString(native) for action in self.actions()]
        widest = max((metrics.horizontalAdvance(text) for text in keys), default=0.0)
        for action, icons in self._icons.items():
            room = QRectF(self.actionGeometry(action))
            left = room.right() - theme.px(MENU_EDGE) - widest - theme.px(14 + 10)
            for icon in reversed(icons):
                ink = "danger" if icon == LOCK.icon else "muted"
                spot = QRectF(left, room.top(), theme.px(14), room.height())
                theme.paint_icon(painter, spot, icon, ink, 14)
                left -= theme.px(14 + 6)


class ProfileButton(QToolButton):
    """The open profile: dot (a ring for the sandbox), name, service; opens the list of all."""

    picked = Signal(str)
    add_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._profile: Profile | None = None
        self._service, self._with_service = "", True
        self.actions_by_key: list[QAction] = []
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._menu = ProfileMenu(self)
        self.setMenu(self._menu)

    def show_profile(self, profile: Profile | None, service: str) -> None:
        """Shows which profile is open, and at which service."""
        self._profile, self._service = profile, service
        name = profile_name(profile) if profile is not None else "No profile"
        self.setAccessibleName(f"Profile {name}")
        self.setAccessibleDescription(service)
        self.updateGeometry()
        self.update()

    def show_list(self, profiles: Sequence[Profile], service: Callable[[Profile], str]) -> list[QAction]:
        """Offers these profiles; gives back their actions, which carry Ctrl+1 to Ctrl+9."""
        menu = self._menu
        menu.clear()
        menu.forget_guards()
        self.actions_by_key = []
        for number, profile in enumerate(profiles, 1):
            if profile.is_sandbox and (number == 1 or not profiles[number - 2].is_sandbox):
                self._add_heading(menu, "On this computer, without an account", ruled=number > 1)
            text = listed_name(profile)
            if not profile.is_sandbox:
                text = f"{text}    {service(profile)}"
            action = QAction(_dot_icon(profile), text.replace("&", "&&"), menu)
            if number <= 9:
                action.setShortcut(QKeySequence(f"Ctrl+{number}"))
            action.triggered.connect(lambda _on=False, name=profile.name: self.picked.emit(name))
            menu.show_guards(action, profile)
            menu.addAction(action)
            self.actions_by_key.append(action)
        menu.addSeparator()
        add = menu.addAction(theme.icon("add", "muted"), "Add profile…")
        add.triggered.connect(self.add_asked)
        return self.actions_by_key

    @staticmethod
    def _add_heading(menu: QMenu, text: str, *, ruled: bool) -> None:
        if ruled:
            menu.addSeparator()
        heading = menu.addAction(text)
        heading.setEnabled(False)

    def with_service(self, shown: bool) -> None:
        """Shows the service's name, or leaves it out where the room is short."""
        if shown != self._with_service:
            self._with_service = shown
            self.updateGeometry()
            self.update()

    def wide(self, with_service: bool) -> int:
        """How wide the button is with or without the service's name."""
        name = profile_name(self._profile) if self._profile is not None else "No profile"
        wide = theme.px(10 + 10 + 8) + QFontMetricsF(theme.font("strong")).horizontalAdvance(name)
        if with_service and self._service:
            wide += theme.px(8) + QFontMetricsF(theme.font()).horizontalAdvance(self._service)
        return int(wide + 0.999) + theme.px(8 + 14 + 8) + 2

    def sizeHint(self) -> QSize:
        return QSize(self.wide(self._with_service), theme.px(34))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        warm = self.underMouse() or self.isDown()
        frame(
            painter,
            QRectF(self.rect()),
            theme.px(6),
            fill=theme.colour("hover" if warm else "surface"),
            line=theme.colour("button-border"),
        )
        left, side = 1.0 + theme.px(10), theme.px(10)
        if self._profile is not None:
            spot = QRectF(left, (self.height() - side) / 2, side, side)
            paint_dot(painter, spot, theme.colour(profile_colour(self._profile)), self._profile.is_sandbox)
        left += side + theme.px(8)
        mark = theme.px(14)
        room = QRectF(left, 0, self.width() - left - theme.px(8 + 8) - mark, self.height())
        runs = [
            (profile_name(self._profile) if self._profile is not None else "No profile", "text", "strong")
        ]
        end = paint_runs(painter, room, runs)
        if self._with_service and self._service:
            room.setLeft(end + theme.px(8))
            paint_runs(painter, room, [(self._service, "muted", "body")])
        spot = QRectF(self.width() - 1 - theme.px(8) - mark, 0, mark, self.height())
        theme.paint_icon(painter, spot, "down", "text", 14)


def _dot_icon(profile: Profile) -> QIcon:
    side = theme.px(16)
    picture = QPixmap(side * 2, side * 2)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    inner = theme.px(10)
    room = QRectF((side - inner) / 2, (side - inner) / 2, inner, inner)
    paint_dot(painter, room, theme.colour(profile_colour(profile)), profile.is_sandbox)
    painter.end()
    return QIcon(picture)


@dataclass
class _Face:
    """What one tab of the row shows."""

    key: str
    icon: str
    count: int = 0
    tone: str = ""


class TabRow(QTabBar):
    """Icon, word, counter; the current one in ink with a line in the accent's colour below."""

    turned = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._faces: list[_Face] = []
        self._icons, self._none = True, False
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(False)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Tabs")
        self.tabBarClicked.connect(self._on_clicked)
        self.currentChanged.connect(self._on_current_changed)

    def add(self, key: str, title: str, icon: str) -> None:
        """Adds a tab at the end."""
        self._faces.append(_Face(key, icon))
        blocked = self.blockSignals(True)
        self.addTab(title)
        self.blockSignals(blocked)

    def show_current(self, key: str) -> None:
        """Marks a tab as current without telling; an empty key marks none."""
        self._none = not key
        blocked = self.blockSignals(True)
        if key:
            self.setCurrentIndex(self._index(key))
        self.blockSignals(blocked)
        self._resized()

    def set_count(self, key: str, count: int, tone: str = "") -> None:
        """Shows how much work waits behind a tab; 0 shows nothing."""
        face = self._faces[self._index(key)]
        face.count, face.tone = count, tone
        self._name(self._index(key))
        self._resized()

    def set_tab_shown(self, key: str, shown: bool) -> None:
        """Shows a tab, or leaves it out."""
        blocked = self.blockSignals(True)  # hiding the current one makes Qt turn to its neighbour
        self.setTabVisible(self._index(key), shown)
        self.blockSignals(blocked)
        self._resized()

    def show_icons(self, shown: bool) -> None:
        """Shows icons on all tabs, or on the current one alone."""
        if shown != self._icons:
            self._icons = shown
            self._resized()

    def wide(self, with_icons: bool) -> int:
        """How wide all tabs are together."""
        return sum(self._tab_width(i, with_icons) for i in range(self.count()) if self.isTabVisible(i))

    def keys(self) -> list[str]:
        """The keys of the tabs that are shown, from left to right."""
        return [face.key for i, face in enumerate(self._faces) if self.isTabVisible(i)]

    def _index(self, key: str) -> int:
        return next(i for i, face in enumerate(self._faces) if face.key == key)

    def _name(self, index: int) -> None:
        face = self._faces[index]
        waiting = f", {face.count} waiting" if face.count else ""
        self.setAccessibleTabName(index, f"{self.tabText(index)}{waiting}")

    def _resized(self) -> None:
        # a tab's size is asked for again only when something of it changes
        self.setIconSize(self.iconSize() + QSize(1, 0))
        self.setIconSize(self.iconSize() - QSize(1, 0))
        self.updateGeometry()
        self.update()

    def _on_clicked(self, index: int) -> None:
        if index >= 0 and (self._none and index == self.currentIndex()):
            self.turned.emit(self._faces[index].key)

    def _on_current_changed(self, index: int) -> None:
        if index >= 0:
            self.turned.emit(self._faces[index].key)

    def _on(self, index: int) -> bool:
        return index == self.currentIndex() and not self._none

    def _count_text(self, index: int) -> str:
        count = self._faces[index].count
        return QLocale().toString(count) if count else ""

    def _count_width(self, index: int) -> int:
        text = self._count_text(index)
        if not text:
            return 0
        wide = QFontMetricsF(theme.font("tiny-strong", True)).horizontalAdvance(text)
        return max(theme.px(18), int(wide + 0.999) + 2 * theme.px(5))

    def _tab_width(self, index: int, with_icons: bool) -> int:
        role = "strong" if self._on(index) else "medium"
        wide = 2 * theme.px(11) + QFontMetricsF(theme.font(role)).horizontalAdvance(self.tabText(index))
        if with_icons or self._on(index):
            wide += theme.px(16 + 6)
        if count := self._count_width(index):
            wide += theme.px(6) + count
        return round(wide)

    def tabSizeHint(self, index: int) -> QSize:
        return QSize(self._tab_width(index, self._icons), theme.px(TAB_HIGH))

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def sizeHint(self) -> QSize:
        return QSize(self.wide(self._icons), theme.px(TAB_HIGH))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(80), theme.px(TAB_HIGH))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for index in range(self.count()):
            if self.isTabVisible(index):
                self._paint_tab(painter, index, self.tabRect(index))

    def _paint_tab(self, painter: QPainter, index: int, room: QRect) -> None:
        on, face = self._on(index), self._faces[index]
        warm = room.contains(self.mapFromGlobal(self.cursor().pos())) and self.underMouse()
        ink = "text" if on or warm else "muted"
        left = float(room.left() + theme.px(11))
        side = theme.px(16)
        if self._icons or on:
            spot = QRectF(left, room.top(), side, room.height())
            theme.paint_icon(painter, spot, face.icon, "accent-ink" if on else ink)
            left += side + theme.px(6)
        words = QRectF(left, room.top(), room.right() - left, room.height())
        none = Qt.TextElideMode.ElideNone
        left = paint_runs(
            painter, words, [(self.tabText(index), ink, "strong" if on else "medium")], elide=none
        )
        if face.count:
            self._paint_count(painter, index, left + theme.px(6), room)
        if on:
            accent = theme.colour("accent-ink" if theme.now().dark else "accent")
            edge = theme.px(10)
            line = QRectF(room.left() + edge, room.bottom() - 1, room.width() - 2 * edge, 2)
            frame(painter, line, 1, fill=accent)
            if self.hasFocus() and self.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange):
                ring = QRectF(room).adjusted(theme.px(3), theme.px(8), -theme.px(3), -theme.px(8))
                frame(painter, ring, theme.px(8), line=theme.colour("accent-ink"), width=2)

    def _paint_count(self, painter: QPainter, index: int, left: float, room: QRect) -> None:
        high, wide = theme.px(18), self._count_width(index)
        warn = self._faces[index].tone == "warning"
        box = QRectF(round(left), round(room.center().y() + 0.5 - high / 2), wide, high)
        frame(painter, box, high / 2, fill=theme.colour("warning-tint" if warn else "neutral-tint"))
        text = self._count_text(index)
        metrics = QFontMetricsF(theme.font("tiny-strong", True))
        start = box.left() + (wide - metrics.horizontalAdvance(text)) / 2
        inside = QRectF(start, box.top(), wide, high)
        paint_runs(
            painter,
            inside,
            [(text, "warning" if warn else "text", "tiny-strong")],
            elide=Qt.TextElideMode.ElideNone,
            tabular=True,
        )


class GuardTags(QWidget):
    """What guards the profile that is open: the production lock, or that it only looks."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lock = Tag(LOCK, "before more than 5 recipients you are asked")
        self.viewer = Tag(VIEWER, "nothing can be sent or changed")
        self._tags = (self.lock, self.viewer)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, theme.px(TAG_GAP), 0)
        line.setSpacing(theme.px(TAG_GAP))
        for tag in self._tags:
            line.addWidget(tag)
        self.show_profile(None)

    def show_profile(self, profile: Profile | None) -> None:
        """Shows the tags of a profile; none: nothing."""
        self.lock.setVisible(profile is not None and profile.locked)
        self.viewer.setVisible(profile is not None and profile.viewer)
        self.setVisible(any(not tag.isHidden() for tag in self._tags))

    def shorten(self, short: bool) -> None:
        """Leaves the words out where the room is short."""
        for tag in self._tags:
            tag.shorten(short)

    def wide(self, short: bool) -> int:
        """How wide the tags are together with or without their words."""
        return sum(tag.wide(short) + theme.px(TAG_GAP) for tag in self._tags if not tag.isHidden())


class Header(QWidget):
    """Profile, its guards, and tabs in one row. Too narrow, the service's name goes, then icons, then the
    words of the guards; then tabs go below."""

    help_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stripe, self._below_now = "profile-slate", False
        self.profile_button = ProfileButton()
        self.guard_tags = GuardTags()
        self.tab_row = TabRow()
        self.help_button = Button("", "help", kind="quiet", name="Show all keys")
        self.help_button.clicked.connect(self.help_asked)
        self._above = QHBoxLayout()
        self._below = QHBoxLayout()
        self._above.setSpacing(0)
        self._above.addWidget(self.profile_button)
        self._above.addSpacing(theme.px(8))
        self._above.addWidget(self.guard_tags)
        self._above.addWidget(self.tab_row, 0, Qt.AlignmentFlag.AlignBottom)
        self._above.addStretch(1)
        self._above.addWidget(self.help_button)
        pile = QVBoxLayout(self)
        pile.setContentsMargins(theme.px(12), theme.px(STRIPE), theme.px(12), 0)
        pile.setSpacing(0)
        pile.addLayout(self._above, 1)
        pile.addLayout(self._below)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(theme.px(HIGH))

    def set_stripe(self, token: str) -> None:
        """Draws the stripe on top in a profile's colour."""
        self._stripe = token
        self.update()

    def show_guards(self, profile: Profile) -> None:
        """Shows what guards a profile; the stripe is that of its lock, or of its colour."""
        self.guard_tags.show_profile(profile)
        self.set_stripe(LOCK.fill if profile.locked else profile_colour(profile))
        self.fit()

    def fit(self) -> None:
        """Chooses what is shown for the room there is."""
        fixed = 2 * theme.px(12) + theme.px(8) + self.help_button.sizeHint().width() + theme.px(8)
        button, tags, tabs = self.profile_button, self.guard_tags, self.tab_row
        choices = [(True, True, False), (False, True, False), (False, False, False), (False, False, True)]
        below = True, True, False
        needs = [
            fixed + button.wide(service) + tags.wide(short) + tabs.wide(icons)
            for service, icons, short in choices
        ]
        fits = [choice for choice, need in zip(choices, needs, strict=True) if need <= self.width()]
        service, icons, short = fits[0] if fits else below
        if not fits:
            icons = tabs.wide(True) + 2 * theme.px(12) <= self.width()
        button.with_service(service)
        tags.shorten(short)
        tabs.show_icons(icons)
        tabs.setUsesScrollButtons(not fits)
        if self._below_now is not (not fits):
            self._move_tabs(not fits)
        self._below_now = not fits

    def _move_tabs(self, below: bool) -> None:
        if below:
            self._above.removeWidget(self.tab_row)
            self._below.addWidget(self.tab_row, 1, Qt.AlignmentFlag.AlignLeft)
        else:
            self._below.removeWidget(self.tab_row)
            self._above.insertWidget(3, self.tab_row, 0, Qt.AlignmentFlag.AlignBottom)
        self.setFixedHeight(theme.px(HIGH) + (theme.px(TAB_HIGH) if below else 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("surface"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.colour("border"))
        painter.fillRect(0, 0, self.width(), theme.px(STRIPE), theme.colour(self._stripe))
