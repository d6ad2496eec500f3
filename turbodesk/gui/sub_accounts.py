"""The accounts below this one, the one nearest its limit first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.parts.card import Card, Rule, row
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.meter import ALARMS_FROM
from turbodesk.gui.record_table import Column, RecordTable
from turbodesk.model.account import SubAccount

MOST_ROWS = 12  # what the card grows to; beyond it the table scrolls


def _state(sub: SubAccount) -> tuple[str, str] | str:
    if not sub.active:
        return "paused" if sub.email else ("suppressed", "Blocked")
    if sub.share is not None and sub.share >= 1:
        return "limit", "Limit reached"
    if sub.share is not None and sub.share >= ALARMS_FROM:
        return "limit"
    return ""


def _number(value: int | None) -> str:
    return "" if value is None else words.number(value)


def _limit(limit: int | None) -> str:
    return "no limit" if limit is None else words.number(limit)


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
_LIMIT = Column("Limit", lambda sub: sub.limit, _limit, align="right", kind="muted", width=82, keep=4)
_REPUTATION = Column("Reputation", lambda sub: sub.reputation, _number, align="right", kind="muted", width=88,
                     keep=5)  # fmt: skip


class SubAccounts(Card):
    """A card with the table of sub-accounts, as high as its rows need."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(padding=0, parent=parent)
        self.body.setSpacing(0)
        self.body.setContentsMargins(1, 1, 1, theme.px(6))
        self._count = Label("", tone="muted", tabular=True)
        head = row(Label("Sub-accounts", "section"), self._count, None)
        head.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        self.add(head)
        self.add(Rule())
        self.table = self._made_table(())
        self.add(self.table)
        self._none = QWidget()
        none = QVBoxLayout(self._none)
        none.setContentsMargins(theme.px(16), theme.px(14), theme.px(16), theme.px(8))
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
            table = self._made_table(subs)
            self.body.replaceWidget(self.table, table)
            self.table.deleteLater()
            self.table = table
        self.table.set_rows(list(subs))
        self.table.setVisible(bool(subs))
        self._none.setVisible(not subs)
        rows = min(MOST_ROWS, len(subs)) + 1
        self.table.setFixedHeight(theme.px(30) * rows + 1)

    @staticmethod
    def _made_table(subs: Sequence[SubAccount]) -> RecordTable:
        return RecordTable(columns(subs), name="Sub-accounts", key=lambda sub: sub.id)
