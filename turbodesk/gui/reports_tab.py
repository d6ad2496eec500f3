"""Records in a table: who bounced, complained or left; why, and what to do next."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import reports_words as say
from turbodesk.gui import theme, words
from turbodesk.gui.header import profile_name
from turbodesk.gui.not_offered import NotOffered
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Ground, ToolBar
from turbodesk.gui.parts.detail import DetailSplit
from turbodesk.gui.parts.field import Field
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.parts.states import EmptyState, Loading, Pages
from turbodesk.gui.period_choice import PeriodChoice
from turbodesk.gui.reading import Pace, Reading, ReadingBar
from turbodesk.gui.record_table import RecordTable
from turbodesk.gui.reports_actions import ReportActions
from turbodesk.gui.reports_detail import ReportDetail
from turbodesk.gui.tab import Tab
from turbodesk.model.reports import ALL_TIME, ReportType
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk
from turbodesk.services.reports import ByAddress, Listed, ReportQuery, ReportsService

NARROW = 1000  # below this width of the tab, words give way to icons
SLICE = 250  # rows handed to the table at once; their words are read for the filter
SORT_UP_TO = 20_000  # rows; more stay as the provider lists them, newest first, until a head is pressed


class ReportsTab(Tab):
    """The provider's lists of a period, one row per address. `query` is what the rows are of; what can be
    done with them stands in `actions`."""

    key = "reports"
    title = "Reports"
    icon = "reports"

    def __init__(self, notices: Notices) -> None:
        super().__init__(notices)
        self._service: ReportsService | None = None
        self._found = ByAddress()
        self._entries, self._read_at = 0, ""
        self._shown_query: ReportQuery | None = None
        self._narrow = False
        self._counts: dict[ReportType, int] = {}
        # from the outside in: whatever is put into something else is styled anew with all it holds
        self.box.addWidget(bar := ToolBar())
        self._head = bar
        self._fill_head(bar)
        main, self.detail = Ground("surface"), ReportDetail()
        self.split = DetailSplit(main, self.detail, width=392)
        self.not_offered = NotOffered("reports")
        self.not_offered.account_asked.connect(lambda: self.turn_to.emit("account", None))
        self.whole = Pages()
        self.whole.add("lists", self.split)
        self.whole.add("not offered", self.not_offered)
        self.box.addWidget(self.whole, 1)
        self._fill_list(main)
        self.actions = ReportActions(self)
        self.reading = Reading(self, self.loading, self.bar, [self.table])
        self.detail.close_button.clicked.connect(self.split.close_detail)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self, self.reload)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.filter.setFocus)
        QShortcut(QKeySequence("Ctrl+E"), self, self.export_button.click)
        QShortcut(QKeySequence(Qt.Key.Key_Delete), self.table, self.actions.allow_chosen,
                  context=Qt.ShortcutContext.WidgetShortcut)  # fmt: skip

    # what is looked at

    @property
    def query(self) -> ReportQuery:
        """The list and the days that are chosen."""
        kind = self.kinds.key
        return ReportQuery(ReportType(self.classes.key if kind == "bounce" else kind), self.period.period)

    def set_desk(self, desk: Desk | None) -> None:
        super().set_desk(desk)
        self._service = ReportsService(desk) if desk else None
        self._forget_rows()
        self._show_counts({})
        self.pages.turn("loading")
        offered = desk is None or desk.has(Capability.REPORTS)
        self._head.setVisible(offered)
        self.whole.turn("lists" if offered else "not offered")
        if desk is not None and not offered:
            self.not_offered.show_for(desk, Capability.REPORTS, "lists of bounces")
        for widget in (self.kinds, self.classes, self.period, self.filter, self.again_button):
            widget.setEnabled(desk is not None and offered)
        self._offer_kinds(desk)
        self.actions.set_desk(desk)

    def _offer_kinds(self, desk: Desk | None) -> None:
        """Segments for the lists that the provider keeps; the chosen one stays where it has that."""
        types = desk.provider.report_types if desk is not None else tuple(ReportType)
        kinds, classes = say.offered_kinds(types), say.offered_classes(types)
        for tray, keys, all_of in ((self.kinds, kinds, say.KINDS), (self.classes, classes, say.CLASSES)):
            for key, _ in all_of:
                tray.set_shown(key, key in keys)
            if keys and tray.key not in keys:
                tray.choose(keys[0])
        self._show_kind()

    def shown(self) -> None:
        if self.first:
            self.reload()
        else:
            self._show_status()

    def focus_regions(self) -> list[QWidget]:
        return [self.kinds, self.filter, self.table, self.detail]

    def reload(self) -> None:
        """Reads the chosen list anew. Rows of the same list stay to be seen until the new ones are there."""
        service, desk = self._service, self.desk
        if service is None or desk is None or not desk.has(Capability.REPORTS):
            return
        query = self.query
        again = query == self._shown_query and bool(self.table.rows)
        if not again:
            self._forget_rows()
            self.pages.turn("loading")
        self._shown_query = query
        read = partial(self._read_again if again else self._read, service, query)
        age = self._read_at if again else ""
        self.reading.start(read, say.many(query.type), age=age, fail=self._on_read_failed)
        self.count_again()

    async def _read(self, service: ReportsService, query: ReportQuery) -> None:
        """Reads into the empty table, which fills while the pages come."""
        found, fresh, complete, pace = self._found, list[Listed](), True, Pace()
        again = False  # whether an address came that is there already: it has one more in Times
        async for page in service.pages(query):
            fresh += (new := found.add(page.rows))
            again = again or len(new) < len(page.rows)
            self._entries += len(page.rows)
            complete = page.complete
            if pace.due():
                begun = time.monotonic()
                self.reading.progress(self._entries, page.total)
                self._take(fresh, again)
                fresh, again = [], False
                pace.took(time.monotonic() - begun)
            elif len(fresh) >= SLICE:
                self.table.append_rows(fresh)
                fresh = []
        self._take(fresh, again)
        self._all_read(complete)

    async def _read_again(self, service: ReportsService, query: ReportQuery) -> None:
        """Reads beside the table, and puts the new rows in place of the old ones at the end."""
        found, entries, complete = ByAddress(), 0, True
        async for page in service.pages(query):
            found.add(page.rows)
            entries += len(page.rows)
            complete = page.complete
            self.reading.progress(entries, page.total)
        await self._put(found, entries)
        self._all_read(complete)

    async def _put(self, found: ByAddress, entries: int) -> None:
        """Shows other rows, a slice at a time; the current row and the checks stay where their rows do."""
        current, checks, old = self.chosen(), set(self.table.records.checked), self._found.listed
        self._found, self._entries = found, entries
        listed = found.listed
        self.table.records.sorted_by = None
        self.table.set_rows(listed[:SLICE])
        for start in range(SLICE, len(listed), SLICE):
            await asyncio.sleep(0)
            self.table.append_rows(listed[start : start + SLICE])
        self._keep_checks(checks)
        if current and (self.table.current is None or self.table.current.email != current[0].email):
            self.table.select_key(current[0].email)
        while old:  # to let go of many at once takes as long as to make them
            del old[-SLICE:]
            await asyncio.sleep(0)

    def _keep_checks(self, checks: set[object]) -> None:
        if checks:
            self.table.records.checked = checks & {listed.email for listed in self.table.rows}
            self.table.checked.emit(len(self.table.records.checked))

    def _take(self, fresh: list[Listed], again: bool) -> None:
        self.table.append_rows(fresh)
        if again:
            self.table.rows_altered()
        if self.table.rows:
            self._turn_to_rows()
        self._show_status()

    def _all_read(self, complete: bool) -> None:
        self.reading.ended()
        self._read_at = words.clock(datetime.now().astimezone())
        self._sort()
        self._turn_to_rows()
        self._show_status()
        if not complete:
            self.reading.tell_changed(self.reload)

    def _sort(self) -> None:
        if self.table.records.sorted_by is None and len(self.table.rows) <= SORT_UP_TO:
            self.table.sort_by(say.LAST, True)

    def _on_cancel(self) -> None:
        self.reading.stop()
        self._turn_to_rows()
        query = self._shown_query or self.query
        self.reading.tell_stopped(say.counted(self._entries, query.type), self.reload)

    def _on_read_failed(self, error: TurbodeskError) -> bool:
        if self.table.rows:
            self.reading.tell_broken(error, self.reload)
        else:
            self.empty.say(
                "warning", error.says, error.hint, [self._button("Try again", "refresh", self.reload)]
            )
            self.pages.turn("empty")
        return True

    def count_again(self) -> None:
        """Asks anew how many each list has."""
        if self._service is not None:
            counting = self._count(self._service, self.query)
            self.work.start(counting, fail=lambda _error: True, name="count reports")

    async def _count(self, service: ReportsService, query: ReportQuery) -> None:
        counts = await service.counts(query.period)
        if service is self._service and query.period == self.query.period:
            self._show_counts(counts)

    # showing it

    @property
    def _shown(self) -> int:
        return self.table.records.rowCount()

    def _forget_rows(self) -> None:
        self.reading.stop()
        self._found, self._entries, self._shown_query = ByAddress(), 0, None
        self.table.records.sorted_by = None
        self.table.records.checked.clear()
        self.table.set_rows([])
        self.table.checked.emit(0)
        self.detail.show_none()
        self.status.emit("")

    def _turn_to_rows(self) -> None:
        if self._shown:
            if self.pages.key != "table":
                self.pages.turn("table")
            if self.table.current is None and not self.split.overlaid:
                self.table.select_first()
        elif not self.reading.running or self.table.rows:
            self._say_empty()

    def _say_empty(self) -> None:
        query, text = self._shown_query or self.query, self.filter.text().strip()
        if self.table.rows:
            addresses = words.counted(len(self.table.rows), "address", "addresses")
            why = f"Looked through {addresses}, their causes and their words."
            clear = self._button("Clear the filter", "close", lambda: self.filter.setText(""))
            self.empty.say("search", f"Nothing holds “{text}”", why, [clear])
        else:
            title = f"No {say.many(query.type)} {self.period.words}"
            self.empty.say("check-circle", title, self._why_empty(query), self._ways_on(query))
        self.pages.turn("empty")
        self.detail.show_none()

    def _why_empty(self, query: ReportQuery) -> str:
        other = {
            ReportType.HARD_BOUNCE: ReportType.SOFT_BOUNCE,
            ReportType.SOFT_BOUNCE: ReportType.HARD_BOUNCE,
        }
        beside = other.get(query.type)
        count = self._counts.get(beside, 0) if beside else 0
        if beside and count:
            return f"{say.counted(count, beside)} lie{'s' if count == 1 else ''} outside this filter."
        return "What comes back after a send shows up here, often within minutes."

    def _ways_on(self, query: ReportQuery) -> list[Button]:
        ways = []
        if query.type in (ReportType.HARD_BOUNCE, ReportType.SOFT_BOUNCE):
            ways.append(self._button("Show all bounces", "", lambda: self._choose_class("bounce")))
        if query.period != ALL_TIME:
            longer = ("30d", "Last 30 days") if self.period.key == "7d" else ("all", "All time")
            ways.append(self._button(longer[1], "", lambda: self.period.choose(longer[0])))
        return ways

    @staticmethod
    def _button(text: str, icon: str, act: object) -> Button:
        button = Button(text, icon)
        button.clicked.connect(lambda: act())
        return button

    def _show_status(self) -> None:
        count, shown = len(self.table.rows), self._shown
        if not count:
            self.status.emit("")
            return
        query = self._shown_query or self.query
        all_of = "all " if shown == count else ""
        more = (
            f", {say.counted(self._entries, query.type)}" if self._entries != count and shown == count else ""
        )
        self.status.emit(f"Showing {all_of}{words.number(shown)} of {words.number(count)}{more}")

    def _show_counts(self, counts: dict[ReportType, int]) -> None:
        self._counts = counts
        for key, _ in say.KINDS:
            self.kinds.set_count(key, counts.get(ReportType(key)))
        for key in ("hardbounce", "softbounce"):
            self.classes.set_count(key, None if self._narrow else counts.get(ReportType(key)))
        if (
            self.pages.key == "empty"
            and not self.table.rows
            and self._shown_query
            and not self.reading.running
        ):
            self._say_empty()

    def _on_chosen(self, listed: Listed | None) -> None:
        if listed is None or self.desk is None:
            self.detail.show_none()
            return
        self.detail.close_button.setVisible(self.split.overlaid)
        self.detail.show_listed(listed, self.desk.provider.title, profile_name(self.desk.profile))

    def _on_opened(self, _listed: object) -> None:
        self._on_chosen(self.table.current)
        self.split.open_detail()
        self.detail.setFocus()

    def _on_clicked(self) -> None:
        if self.split.overlaid and self.table.current is not None:
            self._on_opened(None)

    def _on_counted(self, _shown: int, _all: int) -> None:
        if not self.reading.running:
            self._show_status()

    def _on_filter(self, text: str) -> None:
        self.table.set_filter(text)
        if self.table.rows:
            self._turn_to_rows()
        self._show_status()

    def _on_checked(self, number: int) -> None:
        self.selection.setVisible(number > 0)
        self._selected.set_runs(
            [(f"{words.number(number)} selected", "text", "strong"),
             (f"  of {words.number(len(self.table.rows))}", "muted", "body")]
        )  # fmt: skip

    def _choose_class(self, key: str) -> None:
        self.classes.choose(key)
        self.reload()

    def _on_kind(self, _key: str) -> None:
        self._show_kind()
        self.reload()

    def _show_kind(self) -> None:
        types = self.desk.provider.report_types if self.desk is not None else tuple(ReportType)
        several = len(say.offered_classes(types)) > 1
        self.classes.setVisible(self.kinds.key == "bounce" and several)
        self.actions.show_kind(self.kinds.key)

    # what its actions ask of it

    @property
    def service(self) -> ReportsService | None:
        """The lists of the open account, None where there is none."""
        return self._service

    @property
    def shown_query(self) -> ReportQuery | None:
        """What the rows are of, None while there are none."""
        return self._shown_query

    def chosen(self) -> list[Listed]:
        """The current row alone, or none."""
        return [self.table.current] if self.table.current is not None else []

    def show_status(self) -> None:
        """Says in the status bar what is shown."""
        self._show_status()

    async def take_out(self, query: ReportQuery, gone: set[str]) -> None:
        """Takes addresses out of what is shown, where that is still the list of `query`; else reads anew."""
        if query != self._shown_query or self.reading.running:
            self.reload()
            return
        left = ByAddress()
        left.add(
            entry for listed in self._found.listed if listed.email not in gone for entry in listed.entries
        )
        await self._put(left, sum(len(listed.entries) for listed in left.listed))
        self._sort()
        self._turn_to_rows()
        self._show_status()
        self.count_again()

    # building it

    def _fill_head(self, bar: ToolBar) -> None:
        self.kinds = Segmented(say.KINDS, name="Which list")
        self.kinds.chosen.connect(self._on_kind)
        self.again_button = Button("", "refresh", name="Read again", tip="Read again, F5")
        self.again_button.clicked.connect(self.reload)
        self.allow_all_button = Button("Allow all again…", "undo")
        self.allow_all_button.setVisible(False)
        self.suppress_button = Button("Suppress…", "suppressed")
        self.export_button = Button("Export", "export", keys="Ctrl E")
        bar.add(self.kinds)
        bar.gap()
        for button in (self.again_button, self.allow_all_button, self.suppress_button, self.export_button):
            bar.add(button)

    def _fill_filters(self, bar: ToolBar) -> None:
        self.classes = Segmented(say.CLASSES, name="Which bounces")
        self.classes.chosen.connect(lambda _key: self.reload())
        self.period = PeriodChoice("30d")
        self.period.changed.connect(self.reload)
        self.filter = Field("Address, cause, words", "search", name="Filter the list", clear=True)
        self.filter.changed.connect(self._on_filter)
        bar.add(self.classes)
        bar.add(self.period)
        bar.box.addWidget(self.filter, 1, Qt.AlignmentFlag.AlignVCenter)

    def _fill_list(self, main: Ground) -> None:
        main.setMinimumWidth(theme.px(320))
        main.box.addWidget(bar := ToolBar())
        self._fill_filters(bar)
        self.pages, self.bar = Pages(), ReadingBar()
        self.selection = Ground("sunken", line="top", across=True)
        for part, stretch in ((self.pages, 1), (self.bar, 0), (self.selection, 0)):
            main.box.addWidget(part, stretch)
        self._fill_selection(self.selection)
        self.loading = Loading(rows=8)
        self.loading.cancel_asked.connect(self._on_cancel)
        self.empty = EmptyState()
        self.table = RecordTable(
            say.columns(lambda: self._narrow),
            name="Addresses",
            key=lambda it: it.email,
            checks=True,
            text=say.find_in,
        )
        self.table.chosen.connect(self._on_chosen)
        self.table.opened.connect(self._on_opened)
        self.table.clicked.connect(self._on_clicked)
        self.table.checked.connect(self._on_checked)
        self.table.counted.connect(self._on_counted)
        for key, page in (("loading", self.loading), ("empty", self.empty), ("table", self.table)):
            self.pages.add(key, page)
        self.bar.cancel_asked.connect(self._on_cancel)

    def _fill_selection(self, bar: Ground) -> None:
        bar.setVisible(False)
        bar.setFixedHeight(theme.px(44))
        bar.box.setContentsMargins(theme.px(16), 1, theme.px(16), 0)
        bar.box.setSpacing(theme.px(8))
        self._selected = Label(tabular=True)
        self.allow_button = Button("Allow again…", "undo", size="small")
        self.copy_button = Button("Copy addresses", "copy", size="small")
        for widget, stretch in ((self._selected, 1), (self.allow_button, 0), (self.copy_button, 0)):
            bar.box.addWidget(widget, stretch)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < theme.px(NARROW)
        if narrow != self._narrow:
            self._narrow = narrow
            self.export_button.set_keys("" if narrow else "Ctrl E")
            self.period.set_icon("" if narrow else "calendar")
            self._show_counts(self._counts)
            self.table.viewport().update()
