"""Counts in tiles, a chart and a list: what was sent, and where it stands."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, QTimeZone
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import stats_words as say
from turbodesk.gui import theme, words
from turbodesk.gui.export import export_csv
from turbodesk.gui.message_dialog import MessageDialog
from turbodesk.gui.not_offered import NotOffered
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, Ground, ToolBar, row, scrolled
from turbodesk.gui.parts.choice import Choice
from turbodesk.gui.parts.field import Field
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.segmented import Segmented
from turbodesk.gui.parts.states import EmptyState, Loading, Pages
from turbodesk.gui.period_choice import PeriodChoice
from turbodesk.gui.reading import Pace, Reading, ReadingBar
from turbodesk.gui.record_table import RecordTable
from turbodesk.gui.stats_tiles import Tiles
from turbodesk.gui.tab import Tab
from turbodesk.model.counts import DayCounts
from turbodesk.model.reports import ALL_TIME, EmailStat, Page
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk
from turbodesk.services.stats import Grain, Mailing, StatsQuery, StatsService, Tally, rows_csv, with_text

if TYPE_CHECKING:
    from turbodesk.gui.stats_chart import StatsChart

NARROW = 1000  # below this width of the tab, words give way to icons
CHART_AFTER_MS = 30
SLICE = 1000  # rows counted or handed to a table at once
ALL_ACCOUNTS = "All sub-accounts"
TOLD_ONE_BY_ONE = "tells what became of a message one by one: open a recipient."
SORT_UP_TO = 20_000  # rows; more stay as the provider lists them, newest first, until a head is pressed


async def load_chart() -> None:
    """Imports what the chart is painted with, in a thread: it is large, and the window goes on meanwhile."""
    for module in ("numpy", "pyqtgraph", "turbodesk.gui.stats_chart"):
        await asyncio.to_thread(importlib.import_module, module)


class StatsTab(Tab):
    """The mails of a period, counted. Everything shown is counted from the same rows: those of the
    period that hold the text of the filter. Where the provider counts by itself, tiles and chart are its
    counters, and the rows are only listed."""

    key = "stats"
    title = "Stats"
    icon = "stats"

    def __init__(self, notices: Notices) -> None:
        super().__init__(notices)
        self._service: StatsService | None = None
        self._rows: list[EmailStat] = []  # all that were read, and of them:
        self._kept: list[EmailStat] = []  # those the filter lets through
        self._days: list[DayCounts] = []  # what the provider counted by itself
        self._tally = Tally()
        self._shown_query: StatsQuery | None = None
        self._read_at, self._narrow = "", False
        self._counted = 0  # how often was counted anew; whoever finds it moved on leaves off
        self._new: list[Mailing] = []  # mailings that the list does not have yet
        self._filling: asyncio.Task[None] | None = None
        self._making: asyncio.Task[None] | None = None
        self._filled = 0  # how many of the kept rows the list of recipients has
        self.mailing: str | None = None  # the subject whose recipients are shown
        self.chart: StatsChart | None = None
        # from the outside in: whatever is put into something else is styled anew with all it holds
        self.box.addWidget(bar := ToolBar())
        self._head = bar
        self._fill_head(bar)
        self.pages, self.bar = Pages(), ReadingBar()
        self.box.addWidget(self.pages, 1)
        self.box.addWidget(self.bar)
        self._fill_pages()
        self.reading = Reading(self, self.loading, self.bar, [self.mailings, self.recipients])
        for source in (self.loading, self.bar):
            source.cancel_asked.connect(self._on_cancel)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self, self.reload)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.filter.setFocus)
        QShortcut(QKeySequence("Ctrl+E"), self, self.export_button.click)

    # what is looked at

    @property
    def query(self) -> StatsQuery:
        """The days that are chosen, and whose mails are counted."""
        return StatsQuery(self.period.period, sub_account=self.accounts.key)

    @property
    def grain(self) -> Grain:
        """How much time one column of the chart stands for."""
        return Grain(self.grains.key)

    def set_desk(self, desk: Desk | None) -> None:
        super().set_desk(desk)
        self._service = StatsService(desk) if desk else None
        self._forget_rows()
        self.accounts.set_items([("", ALL_ACCOUNTS)])
        self.accounts.setVisible(False)
        offered = desk is not None and _counts_or_lists(desk)
        self._head.setVisible(desk is None or offered)
        for widget in (self.period, self.grains, self.filter, self.again_button, self.table_button):
            widget.setEnabled(offered)
        self.offer(Capability.STATS, self.export_button)
        self.offer(Capability.MESSAGE, self.details_button)
        if desk is not None and self._service is not None:
            told = self._service.told
            self.mailings.set_columns(say.mailing_columns(told=told))
            self.recipients.set_columns(
                say.recipient_columns(told=told, campaigns=desk.has(Capability.GROUPS) and not told)
            )
            self._note.setText(f"{desk.provider.title} {TOLD_ONE_BY_ONE}" if told else "")
        if desk is not None and not offered:
            self.not_offered.show_for(desk, Capability.STATS, "statistics")
            self.pages.turn("not offered")
        else:
            self.pages.turn("loading")

    def shown(self) -> None:
        if self.chart is None and (self._making is None or self._making.done()):
            self._making = self.work.start(self._make_chart(), name="make chart")
        if self.first:
            self.reload()
        else:
            self._show_status()

    def focus_regions(self) -> list[QWidget]:
        return [self.period, self.tiles, self.chart or self.days, self.list_tables]

    def reload(self) -> None:
        """Reads the period anew. What is counted of the same period stays until the new rows are there."""
        service, desk = self._service, self.desk
        if service is None or desk is None or not _counts_or_lists(desk):
            return
        query = self.query
        again = query == self._shown_query and bool(self._rows or self._days)
        if not again:
            self._forget_rows()
            self.pages.turn("loading")
        self._shown_query = query
        read = partial(self._read_again if again else self._read, service, query)
        age = self._read_at if again else ""
        self.reading.start(read, "messages", age=age, fail=self._on_read_failed)
        if self.accounts.count() <= 1:
            self.work.start(self._read_accounts(service), fail=lambda _error: True, name="sub-accounts")

    async def _read_accounts(self, service: StatsService) -> None:
        """Offers those that can be counted on their own, where there are several."""
        found = await service.sub_accounts()
        if service is self._service and len(found) > 1:
            own = [(it.id, it.name or it.email or it.id) for it in found]
            self.accounts.set_items([("", ALL_ACCOUNTS), *own])
            self.accounts.setVisible(True)

    async def _make_chart(self) -> None:
        await load_chart()
        chart = importlib.import_module("turbodesk.gui.stats_chart").StatsChart(self)
        chart.hide()
        for _step in chart.build():
            await asyncio.sleep(0)
        chart.show_series(self.tiles.shown)
        self.tiles.toggled.connect(chart.show_series)
        self.chart = chart
        self.charts.add("chart", chart)
        self._show_spans()
        self._turn_charts()

    async def _read(self, service: StatsService, query: StatsQuery) -> None:
        """Reads and counts, and shows what is counted so far while the pages come."""
        self._tally, complete, pace = service.tally(query), True, Pace()
        async for days in _days_of(service, query):
            self._days += days
            self._tally.add_days(days)
        if self._days:
            self._show_counts()
        async for page in _pages_of(service, query):
            self._rows += page.rows
            kept = with_text(page.rows, self.filter.text())
            self._kept += kept
            self._new += self._tally.add(kept)
            complete = page.complete
            if pace.due():
                begun = time.monotonic()
                self.reading.progress(len(self._rows), page.total)
                self._show_counts()
                pace.took(time.monotonic() - begun)
        self._all_read(complete)

    async def _read_again(self, service: StatsService, query: StatsQuery) -> None:
        """Reads beside what is shown, and counts anew at the end."""
        rows, told = list[EmailStat](), list[DayCounts]()
        complete, pace = True, Pace()
        async for days in _days_of(service, query):
            told += days
        async for page in _pages_of(service, query):
            rows += page.rows
            complete = page.complete
            if pace.due():
                self.reading.progress(len(rows), page.total)
                pace.took(0)
        self._rows, self._days = rows, told
        if await self._recount():
            self._all_read(complete)

    async def _recount(self) -> bool:
        """Counts all rows anew, a slice at a time, as the filter wants it; False where another count
        has begun meanwhile and this one is not wanted any more."""
        self._counted += 1
        mine, at = self._counted, 0
        query, service = self._shown_query or self.query, self._service
        text, kept = self.filter.text(), list[EmailStat]()
        tally = service.tally(query) if service is not None else Tally(query.period)
        tally.add_days(self._days)
        while at < len(self._rows):  # more may come while we count
            rows = self._rows[at : at + SLICE]
            at += len(rows)
            some = with_text(rows, text)
            kept += some
            tally.add(some)
            await asyncio.sleep(0)
            if mine != self._counted:
                return False
        self._kept, self._tally, self._new, self._filled = kept, tally, [], 0
        for table in (self.mailings, self.recipients):
            table.records.sorted_by = None
            table.set_rows([])
        listed = tally.mailings
        for start in range(0, len(listed), SLICE):
            self.mailings.append_rows(listed[start : start + SLICE])
            await asyncio.sleep(0)
            if mine != self._counted:
                return False
        self._show_counts()
        self._sort()
        return True

    def _all_read(self, complete: bool) -> None:
        self.reading.ended()
        self._read_at = words.clock(datetime.now().astimezone())
        self._sort()
        self._show_counts()
        if not complete:
            self.reading.tell_changed(self.reload)

    def _sort(self) -> None:
        if self.reading.running:
            return
        newest = len(self.recipients.records.columns) - 1
        for table, column in ((self.mailings, say.MAILING_WHEN), (self.recipients, newest)):
            if table.records.sorted_by is None and len(table.rows) <= SORT_UP_TO:
                table.sort_by(column, True)

    def _on_cancel(self) -> None:
        self.reading.stop()
        self._show_counts()
        self.reading.tell_stopped(words.counted(len(self._rows), "message"), self.reload)

    def _on_read_failed(self, error: TurbodeskError) -> bool:
        if self._rows or self._days:
            self._show_counts()
            self.reading.tell_broken(error, self.reload)
        else:
            self.empty.say(
                "warning", error.says, error.hint, [self._button("Try again", "refresh", self.reload)]
            )
            self.pages.turn("empty")
        return True

    # showing it

    def _forget_rows(self) -> None:
        self.reading.stop()
        self._counted += 1
        self._rows, self._kept, self._new, self._tally, self._filled = [], [], [], Tally(), 0
        self._days = []
        self._shown_query = None
        for table in (self.mailings, self.recipients):
            table.records.sorted_by = None
            table.set_rows([])
        self._close_mailing()
        self.tiles.show_nothing()
        self.status.emit("")

    def _show_counts(self) -> None:
        """Shows what is counted so far."""
        tally = self._tally
        self.tiles.show_counts(tally.sums, tally.mailing_count)
        self._show_spans()
        self.mailings.append_rows(self._new)
        self._new = []
        self.mailings.rows_altered()  # a mailing that came again has grown
        self.lists.set_count("mailings", tally.mailing_count)
        self.lists.set_count("recipients", len(self._kept))
        if self.lists.key == "recipients":
            self._fill_recipients()
        if self._kept or tally.sums.sent:
            self._turn_to_body()
        elif not self.reading.running:
            self._say_empty()
        self._show_status()

    def _turn_to_body(self) -> None:
        if self.pages.key != "body":
            # tiles and list first, the chart a moment later: to paint all at once would be felt
            self.charts.turn("waiting")
            self.pages.turn("body")
            QTimer.singleShot(CHART_AFTER_MS, self, self._turn_charts)

    def _turn_charts(self) -> None:
        as_table = self.table_button.isChecked()
        self.charts.turn("days" if as_table else "chart" if self.chart is not None else "waiting")

    def _show_spans(self) -> None:
        spans = self._tally.spans(self.grain)
        if self.chart is not None and not self.table_button.isChecked():
            self.chart.show_spans(spans, self.grain)
        if self.table_button.isChecked():
            self.days.records.columns[:] = say.day_columns(self.grain)
            self.days.set_rows(reversed(spans))
            self.days.horizontalHeader().viewport().update()

    def _fill_recipients(self) -> None:
        if self._filling is None or self._filling.done():
            self._filling = self.work.start(self._fill(), name="fill recipients")

    async def _fill(self) -> None:
        """Hands the kept rows to the list of recipients, a slice at a time, until it has them all."""
        while self._filled < len(self._kept):
            some = self._kept[self._filled : self._filled + SLICE]
            self._filled += len(some)
            self.recipients.append_rows(some)
            await asyncio.sleep(0)
        self._sort()

    def _say_empty(self) -> None:
        if self._rows:
            looked = words.counted(len(self._rows), "message")
            clear = self._button("Clear the filter", "close", lambda: self.filter.setText(""))
            why = f"Looked through {looked}, their senders and their recipients."
            self.empty.say("search", f"Nothing holds “{self.filter.text().strip()}”", why, [clear])
        else:
            ways = [self._button("Write a message", "compose", lambda: self.turn_to.emit("compose", None))]
            if self.query.period != ALL_TIME:
                ways.insert(0, self._button("All time", "", lambda: self.period.choose("all")))
            if self.query.sub_account:
                ways.insert(0, self._button(ALL_ACCOUNTS, "", lambda: self.accounts.choose("")))
            why = "Every message of this account is counted here, whichever program sent it."
            self.empty.say("stats", f"Nothing sent {self.period.words}", why, ways)
        self.pages.turn("empty")

    @staticmethod
    def _button(text: str, icon: str, act: object) -> Button:
        button = Button(text, icon)
        button.clicked.connect(lambda: act())
        return button

    def _show_status(self) -> None:
        if not (self._rows or self._tally.sums.sent):
            self.status.emit("")
            return
        mails = words.counted(self._tally.mailing_count, "message")
        to = words.counted(len(self._kept), "recipient")
        undated = f", {words.number(self._tally.undated)} without a date" if self._tally.undated else ""
        zone = bytes(QTimeZone.systemTimeZoneId().data()).decode()
        days = ", days in UTC" if self._tally.told else ""
        self.status.emit(f"{mails} to {to}{undated}{days}, times in {zone}")

    def _on_filter(self, _text: str) -> None:
        if self._rows:
            self._close_mailing()
            self.work.start(self._recount(), name="count anew")

    def _on_grain(self, _key: str) -> None:
        self._show_spans()

    def _on_table_toggled(self, _on: bool) -> None:
        self._show_spans()
        self._turn_charts()

    def _on_list(self, key: str) -> None:
        self._close_mailing()
        self._turn_list(key)
        if key == "recipients":
            self._fill_recipients()

    def _turn_list(self, key: str) -> None:
        self.lists.choose(key)
        self.list_tables.turn(key)
        self.details_button.setVisible(key == "recipients")

    def open_mailing(self, mailing: Mailing) -> None:
        """Shows the recipients of one mailing."""
        self.mailing = mailing.subject
        self.recipients.set_where(lambda it: it.subject == mailing.subject)
        self._turn_list("recipients")
        self.back_button.setVisible(True)
        self._subject.setText(words.one_line(mailing.subject) or "(no subject)")
        self._fill_recipients()
        self.recipients.setFocus()

    def _close_mailing(self) -> None:
        if self.mailing is not None:
            self.mailing = None
            self.recipients.set_where(None)
            self._subject.setText("")
            self.back_button.setVisible(False)

    def _on_back(self) -> None:
        self._close_mailing()
        self._turn_list("mailings")
        self.mailings.setFocus()

    def open_message(self, row: EmailStat | None) -> None:
        """Shows all that the provider knows of one message, where it can be asked for it."""
        if row is not None and self._service is not None and self.details_button.isEnabled():
            dialog = MessageDialog(self.window(), row, partial(self._service.message, row.id), self.notices)
            self.work.start(dialog.show_message(), name="message")

    # taking it along

    def _on_export(self) -> None:
        if self._service is not None and self._shown_query is not None:
            self.work.start(
                self._export(self._service, self._shown_query), busy=self.export_button, name="export stats"
            )

    async def _export(self, service: StatsService, query: StatsQuery) -> None:
        """All rows of the period; with a text filter those it lets through."""

        def chunks() -> AsyncIterator[bytes]:
            return rows_csv(self._kept) if self.filter.text().strip() else service.export(query)

        try:
            await export_csv(self, say.file_name(query.period), chunks)
        finally:
            self._show_status()

    # building it

    def _fill_head(self, bar: ToolBar) -> None:
        self.period = PeriodChoice("30d", days=True)
        self.period.changed.connect(self.reload)
        self.grains = Segmented(say.GRAINS, name="One column is")
        self.grains.chosen.connect(self._on_grain)
        self.accounts = Choice([("", ALL_ACCOUNTS)], name="Whose mails are counted")
        self.accounts.key_changed.connect(lambda _key: self.reload())
        self.accounts.setVisible(False)
        self.filter = Field("Message, sender, recipient", "search", name="Count only what holds", clear=True)
        self.filter.changed.connect(self._on_filter)
        self.again_button = Button("", "refresh", name="Read again", tip="Read again, F5")
        self.again_button.clicked.connect(self.reload)
        self.table_button = Button("As table", "rows")
        self.table_button.setCheckable(True)
        self.table_button.toggled.connect(self._on_table_toggled)
        self.export_button = Button("Export", "export", keys="Ctrl E")
        self.export_button.clicked.connect(self._on_export)
        bar.add(self.period)
        bar.add(self.grains)
        bar.add(self.accounts)
        bar.box.addWidget(self.filter, 1, Qt.AlignmentFlag.AlignVCenter)
        for button in (self.again_button, self.table_button, self.export_button):
            bar.add(button)

    def _fill_pages(self) -> None:
        self.loading = Loading(rows=8)
        self.empty = EmptyState()
        for key, page in (("loading", self.loading), ("empty", self.empty)):
            ground = Ground("surface")
            self.pages.add(key, ground)
            ground.box.addWidget(page)
        self.not_offered = NotOffered("stats")
        self.not_offered.account_asked.connect(lambda: self.turn_to.emit("account", None))
        self.pages.add("not offered", self.not_offered)
        body = QWidget()
        self.pages.add("body", scrolled(body))
        pile = QVBoxLayout(body)
        pile.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        pile.setSpacing(theme.px(12))
        self.tiles = Tiles()
        pile.addWidget(self.tiles)
        for fill, padding, stretch in ((self._fill_chart_card, 8, 3), (self._fill_list_card, 1, 2)):
            card = Card(padding=padding)
            card.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
            pile.addWidget(card, stretch)
            fill(card)

    def _fill_chart_card(self, card: Card) -> None:
        self.charts = Pages()
        self.charts.setMinimumHeight(theme.px(190))
        self.charts.setMaximumHeight(theme.px(360))
        card.add(self.charts)
        self.charts.add("waiting", QWidget())
        self.days = RecordTable(say.day_columns(Grain.DAY), name="Counts by day", key=lambda it: it.start)
        self.charts.add("days", self.days)

    def _fill_list_card(self, card: Card) -> None:
        card.body.setSpacing(0)
        card.body.setContentsMargins(1, 1, 1, theme.px(6))  # the rows end above the round corners
        head = row()
        head.setContentsMargins(theme.px(16), theme.px(7), theme.px(16), theme.px(7))
        card.add(head)
        self.lists = Segmented(say.LISTS, small=True, name="Which list")
        self.lists.chosen.connect(self._on_list)
        self.back_button = Button("All messages", "left", kind="quiet", size="small")
        self.back_button.setVisible(False)
        self.back_button.clicked.connect(self._on_back)
        self._subject = Label("", "strong", elide="right")
        self._note = Label("", "small", "muted", elide="right")
        self.details_button = Button("Details", "view", size="small")
        self.details_button.setVisible(False)
        self.details_button.clicked.connect(lambda: self.open_message(self.recipients.current))
        for widget, stretch in ((self.lists, 0), (self.back_button, 0), (self._subject, 1), (self._note, 0),
                                (self.details_button, 0)):  # fmt: skip
            head.addWidget(widget, stretch)
        self.list_tables = Pages()
        self.list_tables.setMinimumHeight(theme.px(31 + 3 * 30))
        card.add(self.list_tables)
        self.mailings = RecordTable(say.mailing_columns(), name="Messages", key=lambda it: it.subject)
        self.mailings.opened.connect(self.open_mailing)
        self.recipients = RecordTable(say.recipient_columns(), name="Recipients", text=say.find_in)
        self.recipients.opened.connect(self.open_message)
        self.list_tables.add("mailings", self.mailings)
        self.list_tables.add("recipients", self.recipients)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < theme.px(NARROW)
        if narrow != self._narrow:
            self._narrow = narrow
            self.export_button.set_keys("" if narrow else "Ctrl E")
            self.table_button.setText("" if narrow else "As table")
            self.period.show_days(not narrow)


def _counts_or_lists(desk: Desk) -> bool:
    return desk.has(Capability.STATS) or desk.has(Capability.COUNTS)


async def _days_of(service: StatsService, query: StatsQuery) -> AsyncIterator[Sequence[DayCounts]]:
    """What the provider counted by itself, nothing where it does not."""
    if service.told:
        async for page in service.day_pages(query):
            yield page.rows


async def _pages_of(service: StatsService, query: StatsQuery) -> AsyncIterator[Page[EmailStat]]:
    """The messages of a query, none where the provider lists none."""
    if service.lists:
        async for page in service.pages(query):
            yield page
