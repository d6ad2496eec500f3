"""A switch for each tracking tool."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme, words
from turbodesk.gui.header import profile_name
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Ground, Rule, ToolBar, scrolled
from turbodesk.gui.parts.label import Label, Link
from turbodesk.gui.parts.states import EmptyState, Loading, Pages
from turbodesk.gui.tab import Tab
from turbodesk.gui.tool_card import Change, ToolCard, ToolWords
from turbodesk.model.account import TrackingTool
from turbodesk.model.outcome import SendState
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.services.tools import CLICK_TRACKING, OPEN_TRACKING, ToolsService

TOOLS = {
    CLICK_TRACKING: ToolWords(
        "clicked",
        "Click tracking",
        "Links in new mail lead over the provider, which counts each click.",
        "Links in new mail go out as they were written.",
        "If switched on: links in new mail are rewritten so that each click is counted.",
        "If switched off: links in new mail go out as written, and clicks read “not measured”.",
    ),
    OPEN_TRACKING: ToolWords(
        "opened",
        "Open tracking",
        "A small picture in new mail tells the provider when it is loaded.",
        "No picture is added to new mail.",
        "If switched on: a small picture is added to new mail, and loading it counts as an open.",
        "If switched off: no picture is added to new mail, and opens read “not measured”.",
    ),
}
SIDE, SIDE_FROM = 376, 1040  # width of the pane at the side, and of the tab from which on it is there


class ToolsTab(Tab):
    """The tracking switches of the account, each with what switching it would change."""

    key = "tools"
    title = "Tools"
    icon = "tools"

    def __init__(self, notices: Notices, open_outbox: Callable[[], Awaitable[Outbox]]) -> None:
        super().__init__(notices)
        self._open_outbox = open_outbox
        self._service: ToolsService | None = None
        self._checked: datetime | None = None
        self.cards: dict[str, ToolCard] = {}
        self.box.addWidget(self._head())
        self.pages = Pages()
        self.loading = Loading()
        self.empty = EmptyState("tools", "Nothing to switch here")
        self.pages.add("loading", self.loading)
        self.pages.add("empty", self.empty)
        self.pages.add("tools", self._body())
        self.box.addWidget(self.pages, 1)
        self.loading.cancel_asked.connect(self._on_cancelled)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self, self.reload)

    def set_desk(self, desk: Desk | None) -> None:
        super().set_desk(desk)
        self._service = ToolsService(desk) if desk else None
        self._checked = None
        for tool in list(self.cards):
            self._take_card(tool)
        self._says.setText("")
        if desk and not desk.has(Capability.TRACKING):
            self.check_button.off(f"{desk.provider.title} has no tracking switches over its API.")
            self.empty.say(
                "tools",
                "No switches over this API",
                f"{desk.provider.title} does not offer its tracking switches over the API. "
                "Look for them on the provider’s own dashboard page.",
                (),
            )
            self.pages.turn("empty")
        else:
            self.check_button.on()
            self.pages.turn("loading")

    def shown(self) -> None:
        if self.first:
            self.reload()

    def reload(self) -> None:
        """Asks the provider for the switches as they are now."""
        if self._service is None or self.desk is None or not self.desk.has(Capability.TRACKING):
            return
        if self._checked is None:
            self.pages.turn("loading")
            self.loading.begin("switches")
        self.work.start(
            self._read(self._service), busy=self.check_button, fail=self._on_read_failed, name="read tools"
        )

    def focus_regions(self) -> list[QWidget]:
        return [self.check_button, *(card.switch for card in self.cards.values())]

    async def _read(self, service: ToolsService) -> None:
        try:
            tools = await service.show()
        finally:
            self.loading.end()
        if service is self._service:
            self._show(tools)

    def _show(self, tools: tuple[TrackingTool, ...]) -> None:
        for gone in self.cards.keys() - {tool.id for tool in tools}:
            self._take_card(gone)
        for tool in tools:
            card = self.cards.get(tool.id) or self._make_card(tool.id)
            if card.wanted is None or card.enabled != tool.enabled:
                self._show_tool(card, tool)
        self._set_checked()
        if tools:
            self.pages.turn("tools")
        else:
            self.empty.say(
                "tools", "No tracking switches", "The provider names none for this account.", [self._again()]
            )
            self.pages.turn("empty")

    def _show_tool(self, card: ToolCard, tool: TrackingTool) -> None:
        by = self.desk.provider.title if self.desk else "The provider"
        card.show_state(tool.enabled, tool.forced, by)

    def _set_checked(self) -> None:
        self._checked = datetime.now(UTC)
        if self.desk:
            name = profile_name(self.desk.profile)
            self._says.setText(f"{name}, whole account. Checked at {words.clock(self._checked)}.")

    def _on_cancelled(self) -> None:
        self.work.cancel_all()
        self.empty.say("tools", "Not read", "Reading the switches was cancelled.", [self._again()])
        self.pages.turn("empty")

    def _on_read_failed(self, error: TurbodeskError) -> bool:
        if self._checked is not None:
            return False  # the old state stays, with its age; the strip says the rest
        self.empty.say("warning", error.says, error.hint, [self._again()])
        self.pages.turn("empty")
        return True

    def _again(self) -> Button:
        again = Button("Try again", "refresh")
        again.clicked.connect(self.reload)
        return again

    def _make_card(self, id: str) -> ToolCard:
        unknown = ToolWords("tools", id, "It is on.", "It is off.", "If switched on: new mail only.",
                            "If switched off: new mail only.")  # fmt: skip
        card = ToolCard(TOOLS.get(id, unknown))
        card.asked.connect(lambda wanted: self._on_asked(id, card, wanted))
        card.agreed.connect(lambda wanted: self._on_agreed(id, card, wanted))
        self.cards[id] = card
        self._column.insertWidget(len(self.cards) - 1, card)
        return card

    def _take_card(self, id: str) -> None:
        card = self.cards.pop(id)
        self._column.removeWidget(card)
        card.deleteLater()

    def _on_asked(self, id: str, card: ToolCard, wanted: bool) -> None:
        if card.wanted is not None:
            card.keep()
            return
        self.work.start(self._ask(id, card, wanted), name="ask before switching")

    async def _ask(self, id: str, card: ToolCard, wanted: bool) -> None:
        waiting = await self._waiting()
        if self.desk is not None and self.cards.get(id) is card:
            changes = _changes(id, wanted, self.desk, waiting)
            card.ask(wanted, changes, profile_name(self.desk.profile))

    async def _waiting(self) -> int:
        """How many mails in the outbox have not left yet."""
        entries = await (await self._open_outbox()).entries()
        return sum(entry.state in (SendState.QUEUED, SendState.SENDING) for entry in entries)

    def _on_agreed(self, id: str, card: ToolCard, wanted: bool) -> None:
        if self._service is None:
            return
        card.wait()

        def failed(_error: TurbodeskError) -> bool:
            card.keep()
            return False

        self.work.start(self._switch(self._service, id, card, wanted), fail=failed, name="switch")

    async def _switch(self, service: ToolsService, id: str, card: ToolCard, wanted: bool) -> None:
        try:
            tool = await service.switch(id, wanted)
        except TurbodeskError:
            raise
        except BaseException:
            card.keep()  # given up half way: whatever the provider has now, Check again shows it
            raise
        if service is not self._service or self.desk is None:
            return
        self._show_tool(card, tool)
        self._set_checked()
        self._tell(card.words.title, tool, wanted)

    def _tell(self, title: str, tool: TrackingTool, wanted: bool) -> None:
        if self.desk is None:
            return
        state, by = "on" if tool.enabled else "off", self.desk.provider.title
        name = profile_name(self.desk.profile)
        if tool.enabled == wanted:
            self.notices.tell("ok", f"{title} is {state} for {name}", key=f"tool {tool.id}")
        else:
            self.notices.tell(
                "warn",
                f"{title} is still {state} for {name}.",
                f"{by} took the change and then answered that nothing has changed.",
                key=f"tool {tool.id}",
            )

    def _head(self) -> QWidget:
        bar = ToolBar()
        self._says = Label("", tone="muted", elide="right")
        self.check_button = Button("Check again", "refresh", keys="F5")
        self.check_button.clicked.connect(self.reload)
        bar.add(Label("Tracking", "section"))
        bar.add(self._says)
        bar.gap()
        bar.add(self.check_button)
        return bar

    def _body(self) -> QWidget:
        body = QWidget()
        column = QWidget()
        self._column = QVBoxLayout(column)
        edge = theme.px(16)
        self._column.setContentsMargins(edge, edge, edge, edge)
        self._column.setSpacing(theme.px(12))
        self._column.addStretch()
        self._side = self._explained()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(scrolled(column), 1)
        self._line = Rule(upright=True)
        row.addWidget(self._line)
        row.addWidget(self._side)
        return body

    def _explained(self) -> QWidget:
        """What the two tools measure and what they cannot: the same for every account."""
        side = Ground("surface")
        side.setFixedWidth(theme.px(SIDE))
        side.box.setContentsMargins(0, 0, 0, 0)
        side.box.setSpacing(0)
        for title, text in (
            (
                "A click",
                "Somebody followed a rewritten link, or a program that checks links did it for them.",
            ),
            (
                "An open",
                "The picture was loaded. Mail programs that load pictures beforehand count as opens, "
                "and those that block pictures never do: read it as a trend.",
            ),
            (
                "Off",
                "Mail sent while a tool is off is not measured. That is not the same as nobody "
                "having opened it or clicked.",
            ),
        ):
            side.box.addWidget(_passage(title, text))
            side.box.addWidget(Rule())
        stats = Link("See opens and clicks in Stats")
        stats.clicked.connect(lambda: self.turn_to.emit("stats", None))
        holder = QHBoxLayout()
        holder.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        holder.addWidget(stats)
        holder.addStretch()
        side.box.insertWidget(0, _side_title("What the tools measure"))
        side.box.insertWidget(1, Rule())
        side.box.addLayout(holder)
        side.box.addStretch()
        return side

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for part in (self._line, self._side):
            part.setVisible(self.width() >= theme.px(SIDE_FROM))


def _changes(id: str, wanted: bool, desk: Desk, waiting: int) -> list[Change]:
    """What is known to change; nothing that the provider does not say."""
    word = "with" if wanted else "without"
    if id == CLICK_TRACKING:
        counts = (
            Change("stats", "muted", "Clicks start counting", "in mail sent from now on.")
            if wanted
            else Change("stats", "muted", "Clicks stop counting", "in mail sent from now on: not measured.")
        )
    else:
        counts = (
            Change("stats", "muted", "Opens start counting", "in mail sent from now on.")
            if wanted
            else Change("stats", "muted", "Opens stop counting", "in mail sent from now on: not measured.")
        )
    left = (
        Change("outbox", "warning", f"{words.counted(waiting, 'mail is', 'mails are')} waiting",
               f"and will go out {word} tracking.")
        if waiting
        else Change("outbox", "muted", "No mail is waiting", "in the outbox.")
    )  # fmt: skip
    return [
        Change("mail", "muted", "New mail only.", "What was sent already stays as it is."),
        counts,
        Change("accounts", "muted", "The whole account.",
               f"It holds for every program that sends as {desk.profile.user or 'it'}."),
        left,
    ]  # fmt: skip


def _side_title(text: str) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(theme.px(16), theme.px(14), theme.px(16), theme.px(14))
    row.addWidget(Label(text, "section"))
    return holder


def _passage(title: str, text: str) -> QWidget:
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(theme.px(16), theme.px(10), theme.px(16), theme.px(12))
    box.setSpacing(theme.px(2))
    box.addWidget(Label(title, "medium"), 0, Qt.AlignmentFlag.AlignLeft)
    box.addWidget(Label(text, tone="muted", wrap=True))
    return holder
