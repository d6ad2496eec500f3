"""The key pairs of an account: what each may do, since when, and how to take it back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.key_words import end_of, may
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, Rule, clear_layout, row
from turbodesk.gui.parts.label import Label, Link
from turbodesk.model.account import ApiKey


class KeyRow(QWidget):
    """One key pair in two lines."""

    revoke_asked = Signal()

    def __init__(self, key: ApiKey, *, own: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = key
        self.revoke_link = Link("Revoke…", "small-medium")
        self.revoke_link.setAccessibleName(f"Revoke {key.label or end_of(key.key)}…")
        self.revoke_link.clicked.connect(self.revoke_asked)
        made = f"made {words.day(key.created)}" if key.created else ""
        title = Label()
        title.set_runs(
            [
                (key.label or "without a name", "text", "medium"),
                ("  in use here" if own else "", "success", "small"),
            ]
        )
        above = row(
            title, Label(end_of(key.key), "mono", "muted"), None, Label(made, "small", "muted"), gap=12
        )
        above.addWidget(self.revoke_link)
        told = [
            "may do everything: older than permissions" if key.legacy else f"may do: {may(key.permissions)}"
        ]
        told.append(f"from {', '.join(key.ips)} only" if key.ips else "from any address")
        pile = QVBoxLayout(self)
        pile.setContentsMargins(theme.px(16), theme.px(8), theme.px(16), theme.px(8))
        pile.setSpacing(theme.px(2))
        pile.addLayout(above)
        pile.addWidget(Label("; ".join(told), "small", "muted", elide="right"))


class KeysCard(Card):
    """All key pairs, only the end of each; tells when one is to be made or taken back."""

    create_asked = Signal()
    revoke_asked = Signal(object)  # an ApiKey

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(padding=0, parent=parent)
        self.rows: list[KeyRow] = []
        self.body.setSpacing(0)
        self.body.setContentsMargins(1, 1, 1, 1)
        self.create_button = Button("New key…", "add", size="small")
        self.create_button.clicked.connect(self.create_asked)
        head: QHBoxLayout = row(
            Label("Keys", "section"),
            Label("only the last four characters are ever shown", tone="muted", elide="right"),
            self.create_button,
        )
        head.setContentsMargins(theme.px(16), theme.px(10), theme.px(16), theme.px(10))
        self.add(head)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        self.add(self._lines)

    def show_keys(self, keys: Sequence[ApiKey], own: str, only_looks: str = "") -> None:
        """Shows key pairs in the order given; `own` is the one that this profile works with. `only_looks`
        is why none can be made or taken back."""
        if only_looks:
            self.create_button.off(only_looks)
        else:
            self.create_button.on()
        clear_layout(self._lines)
        self.rows = []
        for key in keys:
            line = KeyRow(key, own=key.key == own)
            line.revoke_asked.connect(lambda key=key: self.revoke_asked.emit(key))
            line.revoke_link.setVisible(not only_looks)
            self.rows.append(line)
            self._lines.addWidget(Rule())
            self._lines.addWidget(line)
        if not keys:
            none = Label("There are no key pairs yet.", tone="muted")
            none.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
            self._lines.addWidget(Rule())
            self._lines.addWidget(none)
