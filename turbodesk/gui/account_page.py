"""A page that opens from a card of the account, in place of it; its way back, and what such a card has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, ToolBar
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.states import EmptyState, Loading, Pages
from turbodesk.gui.tab import Tab
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk


class AccountPage(QWidget):
    """A head with the way back, and below it what is shown: `loading`, `empty`, or what a page adds.

    `left` tells that the account is to be shown again.
    """

    left = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.head = ToolBar()
        self.back_button = Button("Account", "left", kind="quiet", name="Back to the account", tip="Esc")
        self.back_button.clicked.connect(self.left)
        self.title = Label(title, "strong", elide="right")
        self.title.setMinimumWidth(60)
        self.head.add(self.back_button)
        self.head.add(Label("›", tone="muted"))
        self.head.add(self.title, 1)
        self.loading, self.empty = Loading(), EmptyState()
        self.pages = Pages()
        self.pages.add("loading", self.loading)
        self.pages.add("empty", self.empty)
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(0)
        self.box.addWidget(self.head)
        self.box.addWidget(self.pages, 1)
        back = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        back.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        back.activated.connect(self.left)

    def turn(self, key: str) -> None:
        """Shows loading, empty, or another page of it; who has just come has the focus there."""
        self.pages.turn(key)
        if self.back_button.hasFocus():
            self.arrive()

    def arrive(self) -> None:
        """Takes the focus: to what is shown, or to the way back while there is nothing."""
        last = self.focus_regions()[-1]
        (last if last.isVisible() else self.back_button).setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_regions(self) -> list[QWidget]:
        """Where F6 goes within the page, in reading order; the last one is what it is about."""
        return [self.back_button]


class OpeningCard(Card):
    """A card of the account that reads for itself, and has a page behind it.

    `opened` tells that its page is to be shown.
    """

    opened = Signal()

    key: ClassVar[str]
    title: ClassVar[str]
    capability: ClassVar[Capability]

    page: AccountPage

    def __init__(self, tab: Tab, *, padding: int = 16) -> None:
        super().__init__(padding=padding)
        self._tab = tab
        self._desk: Desk | None = None

    def set_desk(self, desk: Desk | None) -> None:
        """Takes another account, or none; nothing is read yet."""
        self._desk = desk

    def reload(self) -> None:
        """Asks the provider anew."""

    def opener(self) -> QWidget:
        """What has the focus once the page is left."""
        return self


class Places(Pages):
    """The account, and the pages that open from its cards."""

    def __init__(self, account: QWidget, cards: Sequence[OpeningCard]) -> None:
        super().__init__()
        self._cards = cards
        self.add("account", account)
        for card in cards:
            self.add(card.key, card.page)
            card.opened.connect(lambda card=card: self._open(card))
            card.page.left.connect(lambda card=card: self._leave(card))

    def set_desk(self, desk: Desk | None) -> None:
        """Goes back to the account, which is another one."""
        self.turn("account")
        for card in self._cards:
            card.setVisible(desk is not None and desk.has(card.capability))
            card.set_desk(desk)

    def reload(self, desk: Desk) -> None:
        """Lets every card that the account has read anew."""
        for card in self._cards:
            if desk.has(card.capability):
                card.reload()

    def missing(self, desk: Desk) -> list[tuple[str, str]]:
        """What the account does not offer of them, and why."""
        return [
            (card.title, desk.why_not(card.capability))
            for card in self._cards
            if not desk.has(card.capability)
        ]

    def focus_regions(self) -> list[QWidget]:
        """Those of the page that is shown, none while it is the account."""
        page = self.currentWidget()
        return page.focus_regions() if isinstance(page, AccountPage) else []

    def _open(self, card: OpeningCard) -> None:
        self.turn(card.key)
        card.page.arrive()

    def _leave(self, card: OpeningCard) -> None:
        self.turn("account")
        card.opener().setFocus(Qt.FocusReason.OtherFocusReason)
