"""A switch for each tracking tool, or what new messages ask for where the account has no switches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme, words
from turbodesk.gui.header import profile_name
from turbodesk.gui.not_offered import NotOffered
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Ground, Rule, ToolBar, scrolled
from turbodesk.gui.parts.label import Label, Link
from turbodesk.gui.parts.states import EmptyState, Loading, Pages
from turbodesk.gui.tab import Tab
from turbodesk.gui.tool_card import ToolCard, ToolWords
from turbodesk.gui.tools_words import ONLY_HERE, ONLY_NOW, TOOLS, changes, default_words
from turbodesk.model.account import Profile, TrackingTool
from turbodesk.model.outcome import SendState
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.services.tools import CLICK_TRACKING, OPEN_TRACKING, ToolsService

SIDE, SIDE_FROM = 376, 1040  # width of the pane at the side, and of the tab from which on it is there


class ToolsTab(Tab):
    """The tracking switches of the account, each with what switching it would change. Where tracking is a
    field of each message, the switches are what new messages ask for. `choose_tracking` remembers that
    (opens, clicks), and gives the desk with its changed profile."""

    key = "tools"
    title = "Tools"
    icon = "tools"

    def __init__(
        self,
        notices: Notices,
        open_outbox: Callable[[], Awaitable[Outbox]],
        choose_tracking: Callable[[bool, bool], Awaitable[Desk]],
    ) -> None:
        super().__init__(notices)
        self._open_outbox, self._choose_tracking = open_outbox, choose_tracking
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
        self.not_offered = NotOffered("tools")
        self.not_offered.account_asked.connect(lambda: self.turn_to.emit("account", None))
        self.pages.add("not offered", self.not_offered)
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
        self.check_button.setVisible(desk is None or desk.has(Capability.TRACKING))
        if desk is None or desk.has(Capability.TRACKING):
            self.pages.turn("loading")
        elif desk.has(Capability.CHOOSE_TRACKING):
            self._show_defaults(desk)
        else:
            self.not_offered.show_for(desk, Capability.TRACKING, "tracking switches")
            self.pages.turn("not offered")

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

    def _show_defaults(self, desk: Desk) -> None:
        """What new messages ask for: a choice of this program, so nothing need be asked or waited for."""
        note = ONLY_NOW if desk.profile.is_sandbox else ONLY_HERE
        self._says.setText(
            f"{desk.provider.title} has no switch for the account: each message asks for itself."
        )
        for id, on in (
            (CLICK_TRACKING, desk.profile.track_clicks),
            (OPEN_TRACKING, desk.profile.track_opens),
        ):
            card = self.cards.get(id) or self._add_card(id, ToolCard(default_words(id, note)))
            card.show_state(on, False, desk.provider.title)
            card.asked.connect(lambda wanted, id=id: self._on_default_asked(id, wanted))
        self.pages.turn("tools")

    def _on_default_asked(self, id: str, wanted: bool) -> None:
        if self.desk is not None:
            self.cards[id].wait()
            choosing = self._choose(id, wanted, self.desk.profile)
            self.work.start(choosing, fail=lambda _error: self._keep_default(id), name="choose tracking")

    async def _choose(self, id: str, wanted: bool, profile: Profile) -> None:
        clicks = wanted if id == CLICK_TRACKING else profile.track_clicks
        opens = wanted if id == OPEN_TRACKING else profile.track_opens
        desk = await self._choose_tracking(opens, clicks)
        if self.desk is None or desk.profile.name != self.desk.profile.name:
            return
        self.renew_desk(desk)
        for tool, on in ((CLICK_TRACKING, clicks), (OPEN_TRACKING, opens)):
            self.cards[tool].show_state(on, False, desk.provider.title)

    def _keep_default(self, id: str) -> bool:
        self.cards[id].keep()
        return False

    def _show_tool(self, card: ToolCard, tool: TrackingTool) -> None:
        by = self.desk.provider.title if self.desk else "The provider"
        card.show_state(tool.enabled, tool.forced, by, self.desk.only_looks if self.desk else "")

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
        card = self._add_card(id, ToolCard(TOOLS.get(id, unknown)))
        card.asked.connect(lambda wanted: self._on_asked(id, card, wanted))
        card.agreed.connect(lambda wanted: self._on_agreed(id, card, wanted))
        return card

    def _add_card(self, id: str, card: ToolCard) -> ToolCard:
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
            card.ask(wanted, changes(id, wanted, self.desk, waiting), profile_name(self.desk.profile))

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
