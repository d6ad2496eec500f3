"""The domains mail may be sent from, and the DNS records that each of them needs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.keys_dialog import copy_button
from turbodesk.gui.parts.card import Card, Rule, clear_layout, row
from turbodesk.gui.parts.field import IconLabel
from turbodesk.gui.parts.label import Label, Link
from turbodesk.gui.parts.pill import PillLabel
from turbodesk.model.account import DnsRecord, Domain


class DomainRow(QWidget):
    """One domain, and its records where they are opened: at first where one is missing."""

    def __init__(self, domain: Domain, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.domain = domain
        pill = PillLabel("ok", "Verified") if domain.verified else PillLabel("warn", "Not verified")
        made = f"added {words.day(domain.created)}" if domain.created else ""
        self.link = Link("", "small-medium")
        self.link.clicked.connect(lambda: self.open(self._records.isHidden()))
        above = row(Label(domain.name, "medium", elide="middle"), pill, gap=12)
        above.addWidget(Label(made, "small", "muted"))
        above.addWidget(self.link)
        self._records = self._record_grid(domain.records)
        pile = QVBoxLayout(self)
        pile.setContentsMargins(theme.px(16), theme.px(8), theme.px(16), theme.px(8))
        pile.setSpacing(theme.px(8))
        pile.addLayout(above)
        pile.addWidget(self._records)
        self.link.setVisible(bool(domain.records))
        self.open(bool(domain.records) and not domain.verified)

    def open(self, opened: bool) -> None:
        """Shows the records, or hides them."""
        self._records.setVisible(opened)
        self.link.setText("Hide records" if opened else "Show DNS records")
        self.link.setAccessibleName(f"{self.link.text()} of {self.domain.name}")
        self.link.updateGeometry()

    def _record_grid(self, records: Sequence[DnsRecord]) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, theme.px(4))
        grid.setHorizontalSpacing(theme.px(8))
        grid.setVerticalSpacing(theme.px(4))
        grid.setColumnStretch(3, 2)
        grid.setColumnStretch(5, 3)
        for record in records:
            self._add_record(grid, record)
        return holder

    def _add_record(self, grid: QGridLayout, record: DnsRecord) -> None:
        line = grid.rowCount()
        icon, tone, aloud = (
            ("check", "success", "found") if record.verified else ("warning", "warning", "not found")
        )
        grid.addWidget(IconLabel(icon, tone, 14, name=aloud), line, 0)
        purpose = record.purpose[:1].upper() + record.purpose[1:]
        grid.addWidget(Label(purpose, "small-medium"), line, 1)
        grid.addWidget(Label(record.type, "small", "muted"), line, 2)
        for place, what, text in ((3, "host", record.host), (5, "value", record.value)):
            grid.addWidget(Label(text, "mono", elide="middle"), line, place)
            name = f"{what} of the {record.purpose} record"
            grid.addWidget(copy_button(lambda text=text: text, name, bare=True), line, place + 1)
        if record.problem:
            problem = Label(record.problem, "small", "muted", wrap=True)
            grid.addWidget(problem, line + 1, 1, 1, 6, Qt.AlignmentFlag(0))


class DomainsCard(Card):
    """All domains in the provider's order."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(padding=0, parent=parent)
        self.rows: list[DomainRow] = []
        self.body.setSpacing(0)
        self.body.setContentsMargins(1, 1, 1, 1)
        self._count = Label("", tone="muted", tabular=True)
        head = row(Label("Domains", "section"), self._count, None)
        head.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        self.add(head)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        self.add(self._lines)

    def show_domains(self, domains: Sequence[Domain]) -> None:
        """Shows domains in the order given."""
        verified = sum(domain.verified for domain in domains)
        self._count.setText(
            f"{words.number(verified)} of {words.number(len(domains))} verified" if domains else ""
        )
        clear_layout(self._lines)
        self.rows = [DomainRow(domain) for domain in domains]
        for line in self.rows:
            self._lines.addWidget(Rule())
            self._lines.addWidget(line)
        if not domains:
            none = Label(
                "There are no domains yet: mail is sent from one only once it is verified.",
                tone="muted",
                wrap=True,
            )
            none.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
            self._lines.addWidget(Rule())
            self._lines.addWidget(none)
