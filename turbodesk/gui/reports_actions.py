"""What can be done with the lists of Reports: copy, allow again, suppress, export."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from turbodesk.errors import NotOffered, TurbodeskError
from turbodesk.gui import reports_words as say
from turbodesk.gui import words
from turbodesk.gui.export import export_csv
from turbodesk.gui.header import profile_name
from turbodesk.gui.parts.dialog import ask
from turbodesk.model.reports import ALL_TIME, ReportType
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk
from turbodesk.services.reports import Listed, ReportQuery, ReportsService, rows_csv

if TYPE_CHECKING:
    from turbodesk.gui.reports_tab import ReportsTab

TYPE_OVER = 50  # from so many entries on, the number is typed before they are taken off


class ReportActions:
    """The buttons of one Reports tab, and what pressing them does."""

    def __init__(self, tab: ReportsTab) -> None:
        self._tab = tab
        tab.detail.copy_asked.connect(lambda: self.copy(tab.chosen()))
        tab.detail.allow_asked.connect(lambda: self.allow(tab.chosen()))
        tab.copy_button.clicked.connect(lambda: self.copy(tab.table.checked_rows()))
        tab.allow_button.clicked.connect(lambda: self.allow(tab.table.checked_rows()))
        tab.allow_all_button.clicked.connect(self._on_allow_all)
        tab.suppress_button.clicked.connect(self._on_suppress)
        tab.export_button.clicked.connect(self._on_export)

    def set_desk(self, desk: Desk | None) -> None:
        """Greys out what this account does not offer, and says why."""
        tab = self._tab
        tab.offer(Capability.REPORTS, tab.export_button)
        tab.offer(Capability.SUPPRESSIONS, tab.suppress_button)
        listed = desk is not None and desk.has(Capability.SUPPRESSIONS)
        for button in (tab.detail.allow_button, tab.allow_button):
            tab.offer(Capability.SUPPRESSIONS if listed else Capability.DELETE_REPORTS, button)
            if desk is not None and desk.only_looks:
                button.off(desk.only_looks)
        if desk is not None and desk.only_looks:
            tab.suppress_button.off(desk.only_looks)
        self.show_kind(tab.kinds.key)

    def show_kind(self, kind: str) -> None:
        """Another list is looked at; all complaints can go at once where the provider lets them."""
        desk = self._tab.desk
        at_once = desk is not None and (
            desk.has(Capability.FILTERED_DELETE) or desk.has(Capability.DELETE_REPORTS)
        )
        self._tab.allow_all_button.setVisible(kind == "spam" and at_once)

    def copy(self, chosen: Sequence[Listed]) -> None:
        """Puts addresses into the clipboard."""
        QGuiApplication.clipboard().setText("\n".join(listed.email for listed in chosen))
        self._tab.notices.tell("ok", f"{words.counted(len(chosen), 'address', 'addresses')} copied.")

    def allow_chosen(self) -> None:
        """Lets mail flow again to the checked rows, or else to the current one."""
        self.allow(self._tab.table.checked_rows() or self._tab.chosen())

    def allow(self, chosen: Sequence[Listed]) -> None:
        """Asks, and then lets mail flow to these addresses again."""
        if chosen and self._tab.allow_button.isEnabled():
            self._tab.work.start(self._allow(chosen), busy=self._tab.allow_button, name="allow again")

    async def _allow(self, chosen: Sequence[Listed]) -> None:
        tab, service, desk, query = self._tab, self._tab.service, self._tab.desk, self._tab.shown_query
        if service is None or desk is None or query is None:
            return
        if not await self._sure(chosen, desk, query):
            return
        whom = _whom(chosen)
        try:
            count = await service.allow_again(query.type, chosen, self._tell_done)
        except TurbodeskError:
            tab.reload()
            raise
        await tab.take_out(query, {listed.email for listed in chosen})
        what = f"{say.counted(count, query.type)} taken off the list."
        if desk.has(Capability.SUPPRESSIONS):
            what = f"{words.counted(count, 'address', 'addresses')} taken off every list."
        tab.notices.tell("ok", what, f"Mail flows to {whom} again.")

    async def _sure(self, chosen: Sequence[Listed], desk: Desk, query: ReportQuery) -> bool:
        name, whom = profile_name(desk.profile), _whom(chosen)
        entries = sum(len(listed.entries) for listed in chosen)
        lists = "every list" if desk.has(Capability.SUPPRESSIONS) else "this list"
        return await ask(
            self._tab.window(),
            say.allowing_title(chosen, name),
            f"{desk.provider.title} takes {whom} off {lists} and sends mail there again from then on. "
            "This cannot be undone.",
            [
                ("Profile", name),
                ("Addresses", words.number(len(chosen))),
                ("Entries", say.counted(entries, query.type)),
            ],
            "Allow again",
            act_icon="undo",
            danger=True,
            type_to_confirm=str(entries) if entries > TYPE_OVER else "",
        )

    def _tell_done(self, done: int, total: int | None) -> None:
        self._tab.status.emit(f"{words.number(done)} of {words.number(total or done)} taken off")

    def _on_allow_all(self) -> None:
        self._tab.work.start(
            self._allow_all(), busy=self._tab.allow_all_button, name="allow all complaints again"
        )

    async def _allow_all(self) -> None:
        tab, service, desk = self._tab, self._tab.service, self._tab.desk
        if service is None or desk is None:
            return
        count = await _count_told(service)
        if count == 0:
            tab.notices.tell("info", "There is no complaint on the list.", key="reports-partial")
            return
        name = profile_name(desk.profile)
        many = "complaints" if count is None else say.counted(count, ReportType.SPAM)
        sure = await ask(
            tab.window(),
            f"Take all {many} off the list at {name}?",
            "All of them go, of all time and not only those shown. "
            f"{desk.provider.title} sends mail to these addresses again from then on. This cannot be undone.",
            [("Profile", name), ("Complaints", "all" if count is None else words.number(count))],
            "Take all off" if count is None else f"Take off {words.number(count)}",
            act_icon="undo",
            danger=True,
            type_to_confirm=str(count) if count is not None and count > TYPE_OVER else "",
        )
        if sure:
            await service.delete_all_spam()
            tab.notices.tell("ok", f"{many[:1].upper()}{many[1:]} taken off the list.")
            tab.reload()

    def _on_suppress(self) -> None:
        self._tab.work.start(self._suppress(), busy=self._tab.suppress_button, name="suppress")

    async def _suppress(self) -> None:
        from turbodesk.gui.suppress_dialog import SuppressDialog, outcome
        from turbodesk.services.suppressions import SuppressionsService

        tab, desk = self._tab, self._tab.desk
        if desk is None:
            return
        with_reason = desk.has(Capability.SUPPRESSION_REASONS)
        dialog = SuppressDialog(tab.window(), profile_name(desk.profile), with_reason=with_reason)
        if not await dialog.shown():
            return
        emails, reason = dialog.wanted
        told = await SuppressionsService(desk).add(emails, reason=reason)
        tab.notices.tell(*outcome(emails, told), key="suppressed")
        tab.reload()

    def _on_export(self) -> None:
        if self._tab.service is not None and self._tab.shown_query is not None:
            exporting = self._export(self._tab.service, self._tab.shown_query)
            self._tab.work.start(exporting, busy=self._tab.export_button, name="export reports")

    async def _export(self, service: ReportsService, query: ReportQuery) -> None:
        """The whole list; with a text filter the entries that are shown."""
        tab = self._tab

        def chunks() -> AsyncIterator[bytes]:
            if not tab.filter.text().strip():
                return service.export(query)
            return rows_csv([entry for listed in tab.table.shown_rows() for entry in listed.entries])

        try:
            await export_csv(tab, say.file_name(query.type, query.period), chunks)
        finally:
            tab.show_status()


def _whom(chosen: Sequence[Listed]) -> str:
    return "this address" if len(chosen) == 1 else "these addresses"


async def _count_told(service: ReportsService) -> int | None:
    """How many complaints there are of all time, None where the provider does not count them."""
    try:
        return await service.count(ReportQuery(ReportType.SPAM, ALL_TIME))
    except NotOffered:
        return None
