"""The first page a newcomer sees: what this is, and the one thing to do next."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.focus_ring import give_focus
from turbodesk.gui.header import listed_name
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, Ground, column, row, scrolled
from turbodesk.gui.parts.drawing import frame
from turbodesk.gui.parts.field import IconLabel
from turbodesk.gui.parts.label import Label, paint_runs
from turbodesk.model.account import SANDBOXES, Profile

STATIONS = (  # icon, word, ground, ink
    ("compose", "written", "surface", "muted"),
    ("note", "in the ledger", "surface", "muted"),
    ("send", "accepted", "info-tint", "info"),
    ("opened", "opened", "success-tint", "success"),
)
WIDE = 820
WITH_JOURNEY = 640  # from this height on there is room for the picture
HTML_ENDINGS = (".html", ".htm")


class Journey(QWidget):
    """A letter's way in four stations."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("A letter is written, kept in the ledger, accepted, and opened")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.px(560), theme.px(96 + 22))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        em = theme.now().em
        middle, radius, step = 36 * em, 26 * em, 160 * em
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, (icon, word, ground, ink) in enumerate(STATIONS):
            centre = 40 * em + index * step
            disc = QRectF(centre - radius, middle - radius, 2 * radius, 2 * radius)
            frame(painter, disc, radius, fill=theme.colour(ground), line=theme.colour("button-border"))
            theme.paint_icon(painter, disc, icon, ink, 28)
            wide = QFontMetricsF(theme.font("small-medium")).horizontalAdvance(word)
            paint_runs(
                painter,
                QRectF(centre - wide / 2, 70 * em, wide + 4, 20 * em),
                [(word, "muted", "small-medium")],
                elide=Qt.TextElideMode.ElideNone,
            )
            if index:
                pen = QPen(theme.colour("field-border"), 1.5 * em)
                pen.setCapStyle(Qt.PenCapStyle.RoundCap)
                pen.setDashPattern([2 / 1.5, 5 / 1.5])
                painter.setPen(pen)
                before = centre - step
                painter.drawLine(QPointF(before + 34 * em, middle), QPointF(centre - 34 * em, middle))


class FirstRun(Ground):
    """What this is and how to begin. It shows only what works."""

    send_first_test = Signal()
    look_around = Signal()
    choose_file = Signal()
    connect_asked = Signal(str)  # a provider
    sandbox_asked = Signal(str)  # the name of a built-in profile
    file_dropped = Signal(Path)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("window", parent=parent)
        self.setAcceptDrops(True)
        self.send_button = Button("Send a first test", "send", kind="primary", size="large", keys="Enter")
        self.look_button = Button("Look around", size="large")
        self.file_button = Button("Choose a file…")
        self.connect_buttons = {
            "turbosmtp-v2": Button("Connect turboSMTP…"),
            "sendpost": Button("Connect SendPost…"),
            "smtp": Button("Connect a relay…"),
        }
        self.sandbox_button = Button("Choose…")
        self.sandbox_button.add_menu_mark()
        self.send_button.clicked.connect(self.send_first_test)
        self.look_button.clicked.connect(self.look_around)
        self.file_button.clicked.connect(self.choose_file)
        for provider, button in self.connect_buttons.items():
            button.clicked.connect(lambda _on=False, provider=provider: self.connect_asked.emit(provider))
        self.sandbox_button.setMenu(self._sandboxes())
        inner = QWidget()
        pile = QVBoxLayout(inner)
        pile.setContentsMargins(theme.px(40), theme.px(16), theme.px(40), theme.px(4))
        pile.setSpacing(0)
        pile.addStretch(1)
        self._journey = Journey()
        pile.addWidget(self._journey, 0, Qt.AlignmentFlag.AlignHCenter)
        self._add_words(pile)
        pile.addSpacing(theme.px(26))
        pile.addLayout(self._cards())
        pile.addSpacing(theme.px(20))
        pile.addLayout(self._foot())
        pile.addStretch(1)
        self.box.addWidget(scrolled(inner))

    def begin(self) -> None:
        """Puts the focus on the thing to do."""
        give_focus(self.send_button)

    def _add_words(self, pile: QVBoxLayout) -> None:
        title = Label("Send a mail and watch what comes of it", "hero", wrap=True)
        what = Label(
            "This is the sandbox: both services, played on your own computer, "
            "with three months of sample data.\nNothing leaves it, and you need no account.",
            "lead",
            "muted",
            wrap=True,
        )
        for words in (title, what):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        pile.addWidget(title)
        pile.addSpacing(theme.px(6))
        pile.addWidget(what)
        pile.addSpacing(theme.px(18))
        pile.addLayout(row(None, self.send_button, self.look_button, None, gap=10))

    def _cards(self) -> QHBoxLayout:
        file = self._card(
            "file",
            "I have a finished HTML file",
            "Drop it anywhere in this window. It becomes a draft with a preview.",
            self.file_button,
        )
        turbosmtp = self._card(
            "key",
            "I have a turboSMTP account",
            "One key pair. It is tested first, then kept in the system key store.",
            self.connect_buttons["turbosmtp-v2"],
        )
        sendpost = self._card(
            "key",
            "I have a SendPost account",
            "One or two keys; you see what each of them unlocks.",
            self.connect_buttons["sendpost"],
        )
        relay = self._flat_card(
            "send",
            "I have an SMTP relay",
            "Any server that takes mail with a user and a password.",
            self.connect_buttons["smtp"],
        )
        sandbox = self._flat_card(
            "sandbox",
            "I want to try another service",
            "The sandbox plays turboSMTP v2, SendPost and a relay.",
            self.sandbox_button,
        )
        both = QWidget()
        both.setMaximumWidth(theme.px(WIDE))
        pile = QVBoxLayout(both)
        pile.setContentsMargins(0, 0, 0, 0)
        pile.setSpacing(theme.px(12))
        for cards in ((file, turbosmtp, sendpost), (relay, sandbox)):
            line = row(gap=12)
            for card in cards:
                line.addWidget(card, 1)
            pile.addLayout(line)
        outer = QHBoxLayout()
        outer.addStretch(1)
        outer.addWidget(both, 100)
        outer.addStretch(1)
        return outer

    def _sandboxes(self) -> QMenu:
        menu = QMenu(self)
        for name, provider in SANDBOXES.items():
            action = menu.addAction(listed_name(Profile(name, provider)))
            action.triggered.connect(lambda _on=False, name=name: self.sandbox_asked.emit(name))
        return menu

    @staticmethod
    def _flat_card(icon: str, title: str, why: str, button: Button) -> Card:
        """A card that is one line: what it is at the left, the button at the right."""
        card = Card()
        line = row(gap=12)
        line.addWidget(IconLabel(icon, "text", 20), 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(
            column(Label(title, "section", wrap=True), Label(why, tone="muted", wrap=True), gap=2), 1
        )
        line.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        card.add(line)
        return card

    @staticmethod
    def _card(icon: str, title: str, why: str, button: Button) -> Card:
        card = Card()
        card.body.setSpacing(theme.px(6))
        card.add(IconLabel(icon, "text", 20))
        card.body.addSpacing(theme.px(4))
        card.add(Label(title, "section", wrap=True))
        card.body.addWidget(Label(why, tone="muted", wrap=True), 1, Qt.AlignmentFlag.AlignTop)
        card.body.addSpacing(theme.px(8))
        card.add(button)
        card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        return card

    @staticmethod
    def _foot() -> QHBoxLayout:
        words = Label("? shows all keys. Light and dark follow your system.", "small", "muted")
        return row(None, IconLabel("keyboard", "muted"), words, None, gap=6)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._journey.setVisible(self.height() >= theme.px(WITH_JOURNEY))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if (file := _dropped(event)) is not None:
            event.acceptProposedAction()
            self.file_dropped.emit(file)


def _dropped(event: QDropEvent) -> Path | None:
    files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return next((file for file in files if file.suffix.lower() in HTML_ENDINGS), None)
