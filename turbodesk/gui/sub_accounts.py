"""The accounts below this one, the one nearest its limit first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, Rule, column, row, viewport
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.meter import ALARMS_FROM
from turbodesk.gui.record_table import Column, RecordTable
from turbodesk.model.account import SubAccount

CHOOSE = "Choose one to change it."
MOST_ROWS = 12  # what the card grows to; beyond it the table scrolls


def _state(sub: SubAccount) -> tuple[str, str] | str:
    if not sub.active:
        return "paused" if sub.email else ("suppressed", "Blocked")
    if sub.share is not None and sub.share >= 1:
        return "limit", "Limit reached"
    if sub.share is not None and sub.share >= ALARMS_FROM:
        return "limit"
    return ""


def _used(sub: SubAccount) -> str:
    """Who it is and how much is used, of which a narrow table shows a part."""
    if sub.sent is None:
        return name_of(sub)
    of = "sent, no limit" if sub.limit is None else f"of {words.number(sub.limit)} sent"
    return f"{name_of(sub)}: {words.number(sub.sent)} {of}"


def _number(value: int | None) -> str:
    return "" if value is None else words.number(value)


def limit_words(limit: int | None) -> str:
    """How much may be sent, in words."""
    return "no limit" if limit is None else words.number(limit)


def name_of(sub: SubAccount) -> str:
    """What an account is called on the screen."""
    return words.one_line(sub.email or sub.name) or sub.id


def columns(subs: Sequence[SubAccount]) -> list[Column]:
    """What is shown of these sub-accounts; what the provider does not tell of any of them is left out."""
    named = Column("Name", lambda sub: sub.name, kind="medium", width=150, stretch=1)
    mailed = Column("E-mail", lambda sub: sub.email, kind="medium", width=150, stretch=1)
    told = (
        (any(sub.name for sub in subs), named),
        (not subs or any(sub.email for sub in subs), mailed),
        (not any(sub.email for sub in subs), Column("Id", lambda sub: sub.id, kind="mono", width=112)),
        (any(sub.sent is not None for sub in subs), _USED),
        (any(sub.sent is not None for sub in subs), _SHARE),
        (any(sub.sent is not None for sub in subs), _SENT),
        (any(sub.sent is not None for sub in subs), _LIMIT),
        (any(sub.ip for sub in subs), Column("IP", lambda sub: sub.ip, kind="mono", width=112, keep=6)),
        (any(sub.reputation is not None for sub in subs), _REPUTATION),
    )
    state = Column("", _state, lambda state: state, kind="pill", width=132)
    return [*(column for is_told, column in told if is_told), state]


_USED = Column("Used", lambda sub: sub.share, lambda share: (share, "no limit" if share is None else ""),
               kind="meter", width=128, keep=2)  # fmt: skip
_SHARE = Column("Share", lambda sub: sub.share, lambda share: "" if share is None else words.percent(share),
                align="right", kind="medium", width=64)  # fmt: skip
_SENT = Column("Sent", lambda sub: sub.sent, _number, align="right", width=76, keep=3)
_LIMIT = Column("Limit", lambda sub: sub.limit, limit_words, align="right", kind="muted", width=82, keep=4)
_REPUTATION = Column("Reputation", lambda sub: sub.reputation, _number, align="right", kind="muted", width=88,
                     keep=5)  # fmt: skip


class SubAccounts(Card):
    """A card with the table of sub-accounts, as high as its rows need, and what can be done with the chosen
    one: in the bar below, in its context menu, and by Enter, which changes its limit.
    """

    create_asked = Signal()
    limit_asked = Signal(object)  # a SubAccount
    suspend_asked = Signal(object)
    resume_asked = Signal(object)
    rename_asked = Signal(object)
    remove_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(padding=0, parent=parent)
        self._why_change, self._why_name = "", ""
        self.body.setSpacing(0)
        self.body.setContentsMargins(1, 1, 1, 1)
        self._count = Label("", tone="muted", tabular=True)
        self.create_button = Button("Create sub-account…", "add", size="small")
        self.create_button.clicked.connect(self.create_asked)
        head = row(Label("Sub-accounts", "section"), self._count, None, self.create_button)
        head.setContentsMargins(theme.px(16), theme.px(10), theme.px(16), theme.px(10))
        self.add(head)
        self.add(Rule())
        self.table = self._made_table()
        self.add(self.table)
        self.bar = self._made_bar()
        self.add(self.bar)
        self._none = QWidget()
        none = QVBoxLayout(self._none)
        none.setContentsMargins(theme.px(16), theme.px(14), theme.px(16), theme.px(14))
        none.addWidget(Label("There are no accounts below this one.", tone="muted"))
        self.add(self._none)
        self.show_rows(())

    def show_rows(self, subs: Sequence[SubAccount]) -> None:
        """Shows sub-accounts in the order given."""
        several = (
            f"{words.number(len(subs))}, worst first" if any(sub.share is not None for sub in subs) else ""
        )
        self._count.setText((several or words.number(len(subs))) if len(subs) > 1 else "")
        if [column.title for column in columns(subs)] != [it.title for it in self.table.records.columns]:
            self.table.set_columns(columns(subs))
        self.table.set_rows(list(subs))
        self.table.setVisible(bool(subs))
        self.bar.setVisible(bool(subs))
        self._none.setVisible(not subs)
        rows = min(MOST_ROWS, len(subs)) + 1
        self.table.setFixedHeight(theme.px(30) * rows + 1)
        self._show_chosen(self.table.current)

    def offer(self, why_change: str, why_name: str) -> None:
        """Lets sub-accounts be limited and suspended, or says why not; and those that have nothing but a name
        be renamed and removed, or says why not. They are made where either is so."""
        self._why_change, self._why_name = why_change, why_name
        self._show_chosen(self.table.current)

    def menu(self) -> QMenu:
        """What can be done with the chosen one; what cannot is greyed, with the reason as its tooltip."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        icons = {self.limit_button: "stats", self.standing_button: self._standing[1],
                 self.rename_button: "compose", self.remove_button: "delete"}  # fmt: skip
        for button, icon in icons.items():
            if button.isHidden():
                continue
            action = menu.addAction(theme.icon(icon), button.text())
            action.setEnabled(button.isEnabled())
            action.setToolTip("" if button.isEnabled() else button.toolTip())
            action.triggered.connect(button.click)
        return menu

    def _made_bar(self) -> QWidget:
        bar = QWidget()
        self._chosen = Label(role="small", tone="muted", elide="right", tabular=True)
        self._reason = Label(role="small", tone="muted", wrap=True)
        self.rename_button = Button("Rename…", size="small")
        self.remove_button = Button("Remove…", size="small")
        self.limit_button = Button("Change limit…", size="small")
        self.standing_button = Button("Suspend…", size="small")
        self.rename_button.clicked.connect(lambda: self._ask_for(self.rename_asked))
        self.remove_button.clicked.connect(lambda: self._ask_for(self.remove_asked))
        self.limit_button.clicked.connect(lambda: self._ask_for(self.limit_asked))
        self.standing_button.clicked.connect(lambda: self._ask_for(self._standing[2]))
        line = row(self.rename_button, self.remove_button, self.limit_button, self.standing_button)
        line.insertWidget(0, self._chosen, 1)
        pile = column(line, self._reason, gap=6)
        pile.setContentsMargins(theme.px(16), theme.px(8), theme.px(16), theme.px(8))
        bar.setLayout(pile)
        return bar

    @property
    def _are_named(self) -> bool:
        """Whether these accounts have nothing but a name."""
        return bool(self.table.rows) and not any(sub.email for sub in self.table.rows)

    @property
    def _standing(self) -> tuple[str, str, SignalInstance]:
        """What changes whether the chosen one may send: its words, its icon, and what tells of it."""
        sub = self.table.current
        if sub is None or sub.active:
            return "Suspend…", "pause", self.suspend_asked
        return "Resume…", "check", self.resume_asked

    def _ask_for(self, signal: SignalInstance) -> None:
        if self.table.current is not None:
            signal.emit(self.table.current)

    def _on_opened(self, _sub: SubAccount) -> None:
        for button in (self.limit_button, self.rename_button):
            if button.isEnabled() and not button.isHidden():
                button.click()
                return

    def _show_chosen(self, sub: SubAccount | None) -> None:
        self.standing_button.setText(self._standing[0])
        self.standing_button.updateGeometry()
        self._chosen.setText(_used(sub) if sub else CHOOSE)
        named = self._are_named
        if self._why_change and self._why_name:
            self.create_button.off(self._why_name if named else self._why_change)
        else:
            self.create_button.on()
        reason = (self._why_name if named else "") or self._why_change
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))
        for button, why in (
            (self.rename_button, self._why_name),
            (self.remove_button, self._why_name),
            (self.limit_button, self._why_change),
            (self.standing_button, self._why_change),
        ):
            if why or sub is None:
                button.off(why or CHOOSE)
            else:
                button.on()
        self.rename_button.setVisible(named)
        self.remove_button.setVisible(named)

    def _on_menu_asked(self, at: QPoint) -> None:
        if (sub := self.table.current) is None:
            return
        if self.table.indexAt(at).row() != self.table.currentIndex().row():
            at = self.table.point_of(sub.id)  # asked for by a key, which has no place of its own
        menu = self.menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(viewport(self.table).mapToGlobal(at))

    def _made_table(self) -> RecordTable:
        table = RecordTable(columns(()), name="Sub-accounts", key=lambda sub: sub.id)
        table.setSelectionMode(RecordTable.SelectionMode.SingleSelection)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._on_menu_asked)
        table.chosen.connect(self._show_chosen)
        table.opened.connect(self._on_opened)
        return table
