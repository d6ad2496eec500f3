"""Who am I, plans, sub-accounts, keys, domains, what my keys unlock; and the profiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QGridLayout, QLayout, QVBoxLayout, QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme, words
from turbodesk.gui.account_cards import (
    FailedCard,
    NotOfferedCard,
    RelayCard,
    WhoCard,
    may_list,
    plan_card,
)
from turbodesk.gui.account_page import Places
from turbodesk.gui.alerts_card import AlertsCard
from turbodesk.gui.domains_card import DomainsCard
from turbodesk.gui.guards_dialog import GuardsDialog
from turbodesk.gui.guards_pane import GuardsPane
from turbodesk.gui.header import profile_name
from turbodesk.gui.keys_actions import KeyActions
from turbodesk.gui.keys_card import KeysCard
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, Ground, Rule, ToolBar, clear_layout, column, row, scrolled
from turbodesk.gui.parts.dialog import ask
from turbodesk.gui.parts.field import Message
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.states import EmptyState, Loading, Pages
from turbodesk.gui.profile_list import ProfileList
from turbodesk.gui.sub_account_actions import SubAccountActions
from turbodesk.gui.sub_accounts import SubAccounts
from turbodesk.gui.tab import Tab
from turbodesk.gui.unlocked_list import UnlockedList
from turbodesk.gui.validation_card import ValidationCard
from turbodesk.gui.webhooks_card import WebhooksCard
from turbodesk.model.account import Profile, Unlocked
from turbodesk.services.account import PARTS, AccountService, Overview
from turbodesk.services.desk import Desk

if TYPE_CHECKING:
    from turbodesk.providers.gateway import Gateway

SIDE, SLIM, SIDE_FROM, STACKED = 368, 320, 1100, 800  # px of the drawings
TWO_PLANS = 640  # from this width of the column on, two plans stand side by side
TITLES = {
    "info": "Signed in as",
    "plans": "Plans",
    "sub_accounts": "Sub-accounts",
    "keys": "Keys",
    "domains": "Domains",
    "alerts": "Alerts",
}
NOT_OFFERED = {**TITLES, "info": "Who is signed in", "alerts": "Usage alerts"}


class Accounts(Protocol):
    """What the tab asks of the window's world."""

    def profiles(self) -> list[Profile]:
        """All profiles in the order of their keys."""

    def current(self) -> Profile | None:
        """The one that is open."""

    def service(self, profile: Profile) -> str:
        """The name of a profile's service."""

    def secret_kept(self, name: str) -> str:
        """Where that profile's key is kept, as the second line of its row."""

    async def add_profile(self, window: QWidget) -> str | None:
        """Lets the user add a profile; its name, or None where they back out."""

    async def change_profile(self, window: QWidget, name: str) -> str | None:
        """Lets the user change a profile and its keys; its name, or None where they back out."""

    async def remove_profile(self, name: str) -> object:
        """Forgets a profile and its key; where it was open, the sandbox is opened."""

    async def change_guards(self, name: str, changed: Callable[[Profile], Profile]) -> None:
        """Keeps a profile with other guards; where it is open, the window goes on under them."""

    async def key_in_use(self, profile: Profile) -> str:
        """The key, never its secret, that a profile works with; empty where it has none."""

    async def gateway(self) -> Gateway:
        """What goes out over HTTP from here."""


class AccountTab(Tab):
    """Who is signed in, what is left of the plans, who sends below, keys and domains, and the profiles.

    What the account does not offer stands in one card, with the reason. A part that could not be read says
    so in its own place; the others stay.

    `profile_wanted` asks the window to change over to the profile of that name.
    """

    key = "account"
    title = "Account"
    icon = "account"

    profile_wanted = Signal(str)

    def __init__(self, notices: Notices, accounts: Accounts) -> None:
        super().__init__(notices)
        self._accounts = accounts
        self._service: AccountService | None = None
        self._read_at: datetime | None = None
        self.pages = Pages()
        self.loading = Loading()
        self.empty = EmptyState()
        self.pages.add("loading", self.loading)
        self.pages.add("empty", self.empty)
        self.pages.add("account", scrolled(self._column()))
        self._side = self._profiles_pane()
        self._side_area = scrolled(self._side)
        account = QWidget()
        panes = row(Rule(upright=True), self._side_area, gap=0)
        panes.insertWidget(0, self.pages, 1)
        account.setLayout(column(self._head(), panes, gap=0))
        self.places = Places(account, (self.validation, self.webhooks))
        self.box.addWidget(self.places)
        self.loading.cancel_asked.connect(self._on_cancelled)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self, self.reload)

    def set_desk(self, desk: Desk | None) -> None:
        super().set_desk(desk)
        self._service = AccountService(desk) if desk else None
        self.places.set_desk(desk)
        self._read_at = None
        self._says.setText("")
        self.pages.turn("loading")
        self.loading.end()
        self.show_profiles()
        self._show_unlocked(())
        self._test_message.clear()
        self._show_guards()
        self._sub_actions.set_desk(desk)
        if desk is not None:
            self._may_title.setText(f"What {profile_name(desk.profile)} may do")
            if not self._readable():
                self.refresh_button.off(
                    f"{desk.provider.title} tells nothing of the account: it can only send."
                )
                self._show(Overview(), desk)
            else:
                self.refresh_button.on()

    def renew_desk(self, desk: Desk) -> None:
        super().renew_desk(desk)
        self.show_profiles()
        self._show_guards()
        self._sub_actions.renew_desk(desk)

    def shown(self) -> None:
        self.show_profiles()
        if self.first:
            self.reload()

    def reload(self) -> None:
        """Asks the provider for all parts of the account; the first time also what the keys unlock."""
        if self._service is None or self.desk is None or not self._readable():
            return
        self.places.reload(self.desk)
        if self._read_at is None:
            self.pages.turn("loading")
            self.loading.begin("parts of the account")
        reading = self._read(self._service, test=self._read_at is None)
        self.work.start(reading, busy=self.refresh_button, fail=self._on_read_failed, name="read account")

    def show_profiles(self) -> None:
        """Shows the profiles as they are now; for when one was added, renamed or opened elsewhere."""
        current = self._accounts.current()
        lines = [
            (profile, self._accounts.service(profile), self._accounts.secret_kept(profile.name))
            for profile in self._accounts.profiles()
        ]
        self.profiles.show_profiles(lines, current.name if current else "")

    def focus_regions(self) -> list[QWidget]:
        return self.places.focus_regions() or [
            self.refresh_button,
            self.subs.table,
            *self.profiles.rows.values(),
        ]

    def _readable(self) -> bool:
        return self.desk is not None and any(self.desk.has(part) for part in PARTS.values())

    async def _read(self, service: AccountService, *, test: bool) -> None:
        try:
            overview = await service.show(test=test)
            own = await self._accounts.key_in_use(self.desk.profile) if self.desk and overview.keys else ""
        finally:
            self.loading.end()
        if service is self._service and self.desk is not None:
            self._read_at = datetime.now(UTC)
            self._show(overview, self.desk, own)
            if test:
                self._show_tested(overview)

    def _show(self, overview: Overview, desk: Desk, own: str = "") -> None:
        who = overview.info.email if overview.info else desk.profile.user
        read = f"read at {words.clock(self._read_at)}" if self._read_at else ""
        self._says.setText(", ".join(part for part in (who, read) if part))
        for slot in (self._grid, self._who, self._below, *self._failed.values()):
            clear_layout(slot)
        if desk.provider.notice:
            self._notice.say(desk.provider.notice, tone="warning")
        else:
            self._notice.clear()
        self._cards = [plan_card(plan, desk.profile, desk.provider.title) for plan in overview.plans]
        self._lay_out_cards()
        if overview.info is not None:
            signed_in = WhoCard(overview.info)
            signed_in.sign_out_asked.connect(self._on_sign_out_asked)
            self._who.addWidget(signed_in)
        for name, card in self._parts.items():
            card.setVisible(desk.has(PARTS[name]) and name not in overview.failed)
        self.subs.show_rows(overview.sub_accounts)
        self._sub_actions.show_ip(overview.info.ip if overview.info else "")
        self.keys.show_keys(overview.keys, own, desk.only_looks)
        self.domains.show_domains(overview.domains)
        self.alerts.show_alerts(overview.alerts)
        for name, error in overview.failed.items():
            if name in TITLES:
                failed = FailedCard(TITLES[name], error)
                failed.again_asked.connect(self.reload)
                self._failed[name].addWidget(failed)
        self._show_relay(desk)
        missing = [
            (NOT_OFFERED[name], desk.why_not(part)) for name, part in PARTS.items() if not desk.has(part)
        ] + self.places.missing(desk)
        if missing:
            self._below.addWidget(NotOfferedCard(missing))
        self.pages.turn("account")

    def _show_relay(self, desk: Desk) -> None:
        profile = desk.profile
        if not profile.smtp_host:
            return
        card = RelayCard(profile, alone=profile.provider == "smtp")
        card.test_asked.connect(self.test)
        self._below.addWidget(card)

    # what the keys unlock

    def test(self) -> None:
        """Tries every key of the account on its own, and shows what each unlocks."""
        if self._service is not None:
            self._test_message.clear()
            trying = self._test(self._service)
            self.work.start(trying, busy=self.test_button, fail=self._on_test_failed, name="try the keys")

    async def _test(self, service: AccountService) -> None:
        found = await service.test()
        if service is self._service:
            self._show_unlocked(found)

    def _show_tested(self, overview: Overview) -> None:
        if (error := overview.failed.get("unlocked")) is not None:
            self._on_test_failed(error)
        else:
            self._show_unlocked(overview.unlocked)

    def _on_test_failed(self, error: TurbodeskError) -> bool:
        self._test_message.say(f"{error.says} {error.hint}".strip(), tone="warning")
        return True

    def _show_unlocked(self, found: Sequence[Unlocked]) -> None:
        """Shows what was found in place of what the account could do in principle."""
        self.unlocked.show_found(found)
        self.unlocked.setVisible(bool(found))
        clear_layout(self._may)
        if self.desk is not None and not found:
            relay = self.desk.profile.provider == "smtp"
            self._may.addWidget(may_list(self.desk.offers, relay=relay))

    # guards

    def _show_guards(self) -> None:
        """Shows what guards the open profile; a built-in sandbox writes to nobody and needs none."""
        profile = self.desk.profile if self.desk is not None else None
        shown = profile is not None and not profile.is_sandbox
        for part in (self.guards_rule, self.guards):
            part.setVisible(shown)
        if profile is not None and shown:
            self.guards.show_profile(profile)

    def _on_lock_asked(self, on: bool) -> None:
        self._change_guards(lambda profile: replace(profile, locked=on))

    def _on_viewer_asked(self, on: bool) -> None:
        self._change_guards(lambda profile: replace(profile, viewer=on))

    def _change_guards(self, changed: Callable[[Profile], Profile]) -> None:
        if self.desk is not None:
            changing = self._accounts.change_guards(self.desk.profile.name, changed)
            self.work.start(changing, name="change guards")

    def _on_limits_asked(self) -> None:
        self.work.start(self._change_limits(), name="change limits")

    async def _change_limits(self) -> None:
        if self.desk is None:
            return
        dialog = GuardsDialog(self.window(), self.desk.profile)
        if await dialog.shown():
            await self._accounts.change_guards(dialog.profile.name, dialog.limited)

    # signing out

    def _on_sign_out_asked(self) -> None:
        self.work.start(self._sign_out(), busy=self.refresh_button, name="sign out")

    async def _sign_out(self) -> None:
        if self.desk is None:
            return
        desk = self.desk
        await desk.provider.sign_out()
        if desk is not self.desk:
            return
        self._read_at = None
        self._says.setText("signed out")
        self._say_and_offer(
            "key",
            "Signed out",
            f"{desk.provider.title} has taken the sign-in back. The key stays where it is kept: "
            "the next question signs in again.",
            "Sign in again",
        )

    def _on_cancelled(self) -> None:
        self.work.cancel_all()
        self._say_and_offer("account", "Not read", "Reading was cancelled.", "Read the account")

    def _on_read_failed(self, error: TurbodeskError) -> bool:
        if self._read_at is not None:
            return False  # what was read stays, with its time; the strip says the rest
        self._say_and_offer("warning", error.says, error.hint, "Try again")
        return True

    def _say_and_offer(self, icon: str, title: str, why: str, label: str) -> None:
        again = Button(label, "refresh")
        again.clicked.connect(self.reload)
        self.empty.say(icon, title, why, [again])
        self.pages.turn("empty")

    def _on_open_asked(self, name: str) -> None:
        current = self._accounts.current()
        if current is None or current.name != name:
            self.profile_wanted.emit(name)

    def _on_change_asked(self, name: str) -> None:
        self.work.start(self._change(name), name="change profile")

    async def _change(self, name: str) -> None:
        changed = await self._accounts.change_profile(self.window(), name)
        self.show_profiles()
        if changed is not None and (current := self._accounts.current()) and current.name == changed:
            self.profile_wanted.emit(changed)

    def _on_add_clicked(self) -> None:
        self.work.start(self._add(), busy=self.add_button, name="add profile")

    def _on_remove_asked(self, name: str) -> None:
        self.work.start(self._remove(name), name="remove profile")

    async def _add(self) -> None:
        name = await self._accounts.add_profile(self.window())
        self.show_profiles()
        if name is not None:
            self.profile_wanted.emit(name)

    async def _remove(self, name: str) -> None:
        profile = next((one for one in self._accounts.profiles() if one.name == name), None)
        if profile is None:
            return
        sure = await ask(
            self.window(),
            f"Remove the profile “{name}”?",
            "Its key is taken out of the key store. The account itself, and what was sent, stay as they are.",
            [("Service", self._accounts.service(profile)), ("User", profile.user or "none")],
            "Remove profile",
            act_icon="delete",
            danger=True,
        )
        if sure:
            await self._accounts.remove_profile(name)
            self.show_profiles()
            self.notices.tell("ok", f"The profile “{name}” was removed")

    def _head(self) -> QWidget:
        bar = ToolBar()
        self._says = Label("", tone="muted", elide="right")
        self.refresh_button = Button("Refresh", "refresh", keys="F5")
        self.refresh_button.clicked.connect(self.reload)
        self.add_button = Button("Add profile", "add", kind="primary")
        self.add_button.clicked.connect(self._on_add_clicked)
        bar.add(Label("Account", "section"))
        bar.add(self._says, 1)
        bar.add(self.refresh_button)
        bar.add(self.add_button)
        return bar

    def _column(self) -> QWidget:
        column = QWidget()
        self._pile = QVBoxLayout(column)
        edge = theme.px(16)
        self._pile.setContentsMargins(edge, edge, edge, edge)
        self._pile.setSpacing(theme.px(12))
        self._cards: list[Card] = []
        self._grid = QGridLayout()
        self._grid.setSpacing(theme.px(12))
        self._who, self._below = QVBoxLayout(), QVBoxLayout()
        self._failed = {name: QVBoxLayout() for name in TITLES}
        for slot in (self._who, self._below):
            slot.setSpacing(theme.px(12))
        self._notice = Message()
        self.subs, self.keys, self.domains = SubAccounts(), KeysCard(), DomainsCard()
        self.alerts = AlertsCard(self)
        self._parts: dict[str, Card] = {
            "sub_accounts": self.subs,
            "keys": self.keys,
            "domains": self.domains,
            "alerts": self.alerts,
        }
        self.validation = ValidationCard(self)
        self.webhooks = WebhooksCard(self, lambda: self._accounts.gateway())
        KeyActions(self, self.keys, lambda profile: self._accounts.key_in_use(profile), self.reload)
        self._sub_actions = SubAccountActions(self, self.subs, self.reload)
        self._pile.addWidget(self._notice)
        for name, part in (
            ("plans", self._grid),
            ("info", self._who),
            *self._parts.items(),
        ):
            self._pile.addLayout(self._failed[name])
            if isinstance(part, QLayout):
                self._pile.addLayout(part)
            else:
                self._pile.addWidget(part)
        self._pile.addWidget(self.validation)
        self._pile.addWidget(self.webhooks)
        self._pile.addLayout(self._below)
        self._pile.addStretch(1)
        return column

    def _profiles_pane(self) -> QWidget:
        side = Ground("surface")
        self.profiles = ProfileList()
        self.profiles.open_asked.connect(self._on_open_asked)
        self.profiles.change_asked.connect(self._on_change_asked)
        self.profiles.remove_asked.connect(self._on_remove_asked)
        title = Label("Profiles", "section")
        title.setContentsMargins(theme.px(16), theme.px(14), theme.px(16), theme.px(10))
        side.box.addWidget(title)
        side.box.addWidget(Rule())
        side.box.addWidget(self.profiles)
        may = QWidget()
        pile = QVBoxLayout(may)
        pile.setContentsMargins(theme.px(16), theme.px(14), theme.px(16), theme.px(14))
        pile.setSpacing(theme.px(6))
        self._may_title = Label("", "section", wrap=True)
        self.test_button = Button("Test", "refresh", size="small", tip="Tries each key on its own")
        self.test_button.clicked.connect(self.test)
        self._test_message = Message()
        self.unlocked = UnlockedList()
        self._may = QVBoxLayout()
        head = row(gap=8)
        head.addWidget(self._may_title, 1)
        head.addWidget(self.test_button, 0, Qt.AlignmentFlag.AlignTop)
        pile.addLayout(head)
        pile.addSpacing(theme.px(4))
        pile.addWidget(self._test_message)
        pile.addWidget(self.unlocked)
        pile.addLayout(self._may)
        side.box.addWidget(may)
        self.guards_rule, self.guards = Rule(), GuardsPane()
        self.guards.lock_asked.connect(self._on_lock_asked)
        self.guards.viewer_asked.connect(self._on_viewer_asked)
        self.guards.change_asked.connect(self._on_limits_asked)
        side.box.addWidget(self.guards_rule)
        side.box.addWidget(self.guards)
        side.box.addStretch(1)
        return side

    def _lay_out_cards(self) -> None:
        roomy = self._pages_width() >= theme.px(TWO_PLANS)
        columns = 2 if roomy and len(self._cards) > 1 else 1
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, columns - 1)
        for place, card in enumerate(self._cards):
            self._grid.addWidget(card, place // columns, place % columns)

    def _pages_width(self) -> int:
        return self.width() if self._stacked() else self.width() - self._side_area.width()

    def _stacked(self) -> bool:
        return self.width() < theme.px(STACKED)

    def _arrange(self) -> None:
        if self._stacked() and self._side_area.isVisibleTo(self):
            self._side_area.takeWidget()
            self._side_area.hide()
            self._pile.insertWidget(self._pile.count() - 1, self._side)
            self._side.show()
        elif not self._stacked() and not self._side_area.isVisibleTo(self):
            self._pile.removeWidget(self._side)
            self._side_area.setWidget(self._side)
            self._side_area.show()
        self._side_area.setFixedWidth(theme.px(SIDE if self.width() >= theme.px(SIDE_FROM) else SLIM))
        self._lay_out_cards()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()
