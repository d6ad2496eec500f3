"""The caught mail, to look at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, QTimer
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from turbodesk import files
from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme, words
from turbodesk.gui.inbox_mail import CaughtView
from turbodesk.gui.inbox_words import HAPPENINGS, counts, to_line
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import ToolBar
from turbodesk.gui.parts.dialog import pick_save
from turbodesk.gui.parts.field import Field
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.states import EmptyState, Loading, Pages
from turbodesk.gui.record_table import Column, RecordTable
from turbodesk.gui.tab import Tab
from turbodesk.model.inbox import CaughtAttachment, CaughtMail
from turbodesk.services.desk import Desk
from turbodesk.services.inbox import InboxService

SEEN_EVERY_MS, HIDDEN_EVERY_MS = 1500, 5000  # how often the sandbox is asked for new mail
LIST, STACKED = 560, 760  # px of the drawings: the list's width, and where list and mail stand stacked


class InboxTab(Tab):
    """What the sandbox caught, newest first; the count at its name is of mail not looked at yet."""

    key = "inbox"
    title = "Inbox"
    icon = "inbox"

    def __init__(self, notices: Notices) -> None:
        super().__init__(notices)
        self._service: InboxService | None = None
        self._known = False
        self._looked_at: set[str] = set()
        self._polling: asyncio.Task[None] | None = None
        self._folder = Path(
            QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation) or Path.home()
        )
        self.box.addWidget(self._head())
        self.pages = Pages()
        self.loading = Loading()
        self.empty = EmptyState()
        self.pages.add("loading", self.loading)
        self.pages.add("empty", self.empty)
        self.pages.add("mail", self._body())
        self.box.addWidget(self.pages, 1)
        self.loading.cancel_asked.connect(self._on_cancelled)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_time)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self, self.reload)

    def set_desk(self, desk: Desk | None) -> None:
        super().set_desk(desk)
        self._timer.stop()
        service = InboxService(desk) if desk else None
        self._service = service if service is not None and service.available else None
        self._known = False
        self._looked_at = set()
        self.table.set_rows([])
        self.mail.show_none()
        self._says.setText("")
        self.counter.emit(0, "")
        self.pages.turn("loading")
        self.loading.end()
        if self._service is not None:
            self.reload()
            self._timer.start(HIDDEN_EVERY_MS)
        elif desk is not None:
            self.empty.say(
                "inbox",
                "Nothing is caught here",
                "This profile sends to the real service; the sandbox catches mail.",
            )
            self.pages.turn("empty")

    def shown(self) -> None:
        self._timer.setInterval(SEEN_EVERY_MS)
        self.reload()
        self._read_current()

    def leaving(self) -> None:
        self._timer.setInterval(HIDDEN_EVERY_MS)

    def reload(self) -> None:
        """Asks the sandbox what it caught."""
        if self._service is None:
            return
        if not self._known:
            self.pages.turn("loading")
            self.loading.begin("mails")
        self.work.start(
            self._read(self._service), busy=self.refresh_button, fail=self._on_read_failed, name="read inbox"
        )

    def focus_regions(self) -> list[QWidget]:
        return [self.filter, self.table, self.mail.parts]

    async def _read(self, service: InboxService) -> None:
        try:
            mails = await service.messages()
        finally:
            self.loading.end()
        if service is not self._service:
            return
        self.notices.take_back("inbox-read")
        if not self._known:
            self._looked_at = {mail.id for mail in mails}  # caught before this run: no news
            self._known = True
        if not mails or mails != self.table.rows:
            self._show(mails)

    def _on_time(self) -> None:
        """Looks for new mail, quietly: a sandbox that does not answer is told of once."""
        if self._service is None or not self.window().isVisible():
            return
        if self._polling is None or self._polling.done():
            self._polling = self.work.start(
                self._read(self._service), fail=self._on_read_failed, name="look for mail"
            )

    def _on_read_failed(self, error: TurbodeskError) -> bool:
        if self._known:
            if not any(notice.key == "inbox-read" for notice in self.notices.standing):
                self.notices.tell_error(error, [("Read again", "refresh", self.reload)], key="inbox-read")
            return True
        self._offer_again("warning", error.says, error.hint)
        return True

    def _on_cancelled(self) -> None:
        self.work.cancel_all()
        self._offer_again("inbox", "Not read", "The sandbox was not asked to the end.")

    def _offer_again(self, icon: str, title: str, why: str) -> None:
        again = Button("Try again", "refresh")
        again.clicked.connect(self.reload)
        self.empty.say(icon, title, why, [again])
        self.pages.turn("empty")

    def _show(self, mails: list[CaughtMail]) -> None:
        self.table.set_rows(mails)
        self._count()
        if not mails:
            self._say_empty()
            return
        self.pages.turn("mail")
        current = self.table.current
        if current is None:
            self.table.select_first()
        else:
            self.mail.show_standing(current)

    def _count(self) -> None:
        self.counter.emit(sum(mail.id not in self._looked_at for mail in self.table.rows), "")

    def _say_empty(self) -> None:
        write = Button("Write a message", "compose", kind="primary")
        write.clicked.connect(lambda: self.turn_to.emit("compose", None))
        self.empty.say(
            "inbox",
            "Nothing caught yet",
            "Mail sent with this profile lands here and goes nowhere else.",
            [write],
        )
        self.pages.turn("empty")

    def _on_chosen(self, mail: CaughtMail | None) -> None:
        if mail is None:
            self.mail.show_none()
        else:
            self._read_current()

    def _read_current(self) -> None:
        """Fetches the current mail whole, while the tab is to be seen."""
        mail = self.table.current
        if mail is None or self._service is None or not self.isVisible():
            return
        shown = self.mail.message
        if shown is not None and shown.mail.id == mail.id:
            return
        if mail.id not in self._looked_at:
            self._looked_at.add(mail.id)
            self._count()
            self.table.viewport().update()
        self.mail.show_loading()
        self.work.start(self._open(self._service, mail.id), fail=self._on_open_failed, name="open mail")

    async def _open(self, service: InboxService, id: str) -> None:
        message = await service.message(id)
        current = self.table.current
        if service is self._service and current is not None and current.id == id:
            self.mail.show_message(message)

    def _on_open_failed(self, _error: TurbodeskError) -> bool:
        self.mail.show_none()
        return False

    def _on_make_asked(self, address: str, event: str) -> None:
        mail = self.table.current
        if mail is not None and self._service is not None:
            self.work.start(self._make(self._service, mail.id, address, event), name=f"make {event}")

    async def _make(self, service: InboxService, id: str, address: str, event: str) -> None:
        fresh = await service.make(id, address, event)
        if service is not self._service:
            return
        changed = [
            replace(
                mail,
                recipients=tuple(
                    fresh if (old.kind, old.address) == (fresh.kind, fresh.address) else old
                    for old in mail.recipients
                ),
            )
            if mail.id == id
            else mail
            for mail in self.table.rows
        ]
        self._show(changed)
        happening = next(one for one in HAPPENINGS if one.event == event)
        tab = happening.seen_in
        self.notices.tell(
            "ok",
            f"{address} {happening.done}. {tab.capitalize()} will show it.",
            actions=[(f"Open {tab.capitalize()}", tab, lambda: self.turn_to.emit(tab, None))],
        )

    def _on_save_asked(self, file: CaughtAttachment) -> None:
        self.work.start(self._save(file.name, file.content), name="save attachment")

    def _on_save_source_asked(self) -> None:
        message = self.mail.message
        if message is not None:
            data = message.source.encode("utf-8", "surrogateescape")
            self.work.start(self._save(f"{message.mail.subject or 'mail'}.eml", data), name="save source")

    async def _save(self, name: str, data: bytes) -> None:
        target = await pick_save(self.window(), "Save as", self._folder / files.safe_name(name))
        if target is None:
            return
        await asyncio.to_thread(files.write_whole, target, data)
        self._folder = target.parent
        self.notices.tell("ok", f"Saved {target.name}")

    def _columns(self) -> list[Column]:
        return [
            _icon_column(self._mark, 36),
            Column("To", to_line, lambda value: value, kind="address", width=110, stretch=2, keep=2),
            Column("Subject", lambda mail: mail.subject, words.one_line, kind="medium", width=110, stretch=3),
            _icon_column(lambda mail: _clip(mail.attachments), 32, keep=4),
            Column("State", counts, lambda value: value, sort=None, kind="counts", width=118, keep=3),
            Column("When", lambda mail: mail.at, words.when, align="right", width=70),
        ]

    def _on_counted(self, shown: int, total: int) -> None:
        if self.filter.text().strip():
            found = f"{words.number(shown)} of {words.counted(total, 'mail')}"
            self._says.setText(f"{found} with “{self.filter.text().strip()}”")
        else:
            self._says.setText(f"{words.counted(total, 'mail')} caught; nothing leaves this computer")

    def _mark(self, mail: CaughtMail) -> tuple[str, str, str]:
        if mail.id in self._looked_at:
            return "", "", "looked at"
        return "mail", "accent-ink", "not looked at yet"

    def _head(self) -> QWidget:
        bar = ToolBar()
        self._says = Label("", tone="muted", elide="right", tabular=True)
        self.filter = Field("Address or subject", "search", name="Filter the list", clear=True)
        self.filter.setFixedWidth(theme.px(260))
        self.refresh_button = Button("Refresh", "refresh", keys="F5")
        self.refresh_button.clicked.connect(self.reload)
        bar.box.addWidget(self.filter, 0, Qt.AlignmentFlag.AlignVCenter)
        bar.add(self._says, 1)
        bar.add(self.refresh_button)
        return bar

    def _body(self) -> QWidget:
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, 0)
        self.table = RecordTable(self._columns(), name="Caught mail")
        self.table.chosen.connect(self._on_chosen)
        self.filter.changed.connect(self.table.set_filter)
        self.table.counted.connect(self._on_counted)
        self.mail = CaughtView()
        self.mail.make_asked.connect(self._on_make_asked)
        self.mail.save_asked.connect(self._on_save_asked)
        self.mail.save_source_asked.connect(self._on_save_source_asked)
        self._panes = QSplitter(Qt.Orientation.Horizontal)
        self._panes.setChildrenCollapsible(False)
        self._panes.setHandleWidth(1)
        self._panes.addWidget(self.table)
        self._panes.addWidget(self.mail)
        self._panes.setStretchFactor(0, 0)
        self._panes.setStretchFactor(1, 1)
        self.table.setMinimumWidth(theme.px(260))
        box.addWidget(self._panes)
        return holder

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        stacked = self.width() < theme.px(STACKED)
        self._panes.setOrientation(Qt.Orientation.Vertical if stacked else Qt.Orientation.Horizontal)
        if stacked:
            self._panes.setSizes([self.height() // 3, self.height() * 2 // 3])
        else:
            wide = min(theme.px(LIST), self.width() * 2 // 5)
            self._panes.setSizes([wide, self.width() - wide - 1])


def _clip(count: int) -> tuple[str, str, str]:
    return ("paperclip", "muted", words.counted(count, "attachment")) if count else ("", "", "")


def _icon_column(read: Callable[[CaughtMail], tuple[str, str, str]], width: int, *, keep: int = 1) -> Column:
    """A column of one icon, which is neither sorted by nor searched."""
    return Column(
        "", read, lambda icon: icon, sort=None, find=lambda _mail: "", width=width, kind="icon", keep=keep
    )
