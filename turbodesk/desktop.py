"""The window's world: what it may ask for, what is open, and what is kept when it closes."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QApplication, QWidget

from turbodesk import settings as settings_file
from turbodesk.errors import NotSignedIn, SecretsLocked, TurbodeskError
from turbodesk.gui.focus_ring import FocusRing
from turbodesk.gui.guard_watch import GuardWatch
from turbodesk.gui.leaving import Leaving
from turbodesk.gui.main_window import MainWindow, TabPlace
from turbodesk.gui.parts.dialog import pick_files
from turbodesk.gui.tab import Tab
from turbodesk.gui.theme import Themer
from turbodesk.model.account import SANDBOX, SANDBOXES, Credential, Profile
from turbodesk.providers import PROVIDERS

if TYPE_CHECKING:
    from turbodesk.gui.compose_tab import ComposeTab
    from turbodesk.gui.first_run import FirstRun
    from turbodesk.gui.notices import Notices
    from turbodesk.providers.gateway import Gateway
    from turbodesk.services.batches import BatchRuns
    from turbodesk.services.desk import Desk
    from turbodesk.services.outbox import Outbox
    from turbodesk.services.sending import Sending
    from turbodesk.store.entry import Batch, Entry
    from turbodesk.workplace import Workplace

_log = logging.getLogger(__name__)

SECRETS = {"turbosmtp-v2": "key pair", "sendpost": "keys"}  # what is kept of an account; else its password
FIRST_PAINT_S = 2.0  # how long what is slow waits for the first paint, lest it delay it
IDLE_S = 1.0  # between things that are done ahead of need
LAST_SENDS_S = 5.0  # how long closing waits for a send that is under way


class Desktop:
    """One window over one config dir, from its first paint to its end."""

    def __init__(
        self,
        application: QApplication,
        config_dir: Path,
        *,
        profile: str = "",
        theme: str | None = None,
        size: tuple[int, int] | None = None,
        touring: bool = False,
    ) -> None:
        self.config_dir = config_dir
        self.closed = asyncio.Event()
        self.opened = asyncio.Event()  # the account of the start is open, or it was told why not
        self._painted = asyncio.Event()
        self._touring = touring
        settings_file.make_config_dir(config_dir)
        self.settings = settings_file.load(config_dir)
        self._themer = Themer(application, theme or self.settings.theme, styled=True)
        self._ring = FocusRing(application)
        self._wanted = profile or self.settings.last_profile
        self._place: Workplace | None = None
        self._placed = asyncio.Event()
        self._desk: Desk | None = None
        self._keyring = ""
        self._compose: ComposeTab | None = None
        self.window = MainWindow(self, self._tab_places())
        self.window.closed.connect(self.closed.set)
        self.window.painted.connect(self._painted.set)
        self._leaving = Leaving(self.window, self._sending, self.outbox, self.batches)
        self._leaving.taken_back.connect(self._on_taken_back)
        self._leaving.outbox_wanted.connect(self._on_outbox_wanted)
        self._guarding = asyncio.Lock()
        self._guard_watch = GuardWatch(config_dir, self.window)
        self._guard_watch.changed.connect(self._on_settings_changed)
        self._greet()
        if size:
            self.window.resize(*size)
        elif self.settings.geometry:
            self.window.restoreGeometry(QByteArray.fromBase64(self.settings.geometry.encode()))

    # what the window and the account tab ask

    def profiles(self) -> list[Profile]:
        """All profiles in the order of their keys, those of the sandbox last."""
        built_in = (Profile(name, provider, colour="teal") for name, provider in SANDBOXES.items())
        return [*self.settings.profiles, *built_in]

    def current(self) -> Profile | None:
        """The profile that is open, None until the first one is."""
        return self._desk.profile if self._desk else None

    def service(self, profile: Profile) -> str:
        """The name of a profile's service, as people know it."""
        if profile.is_sandbox:
            return "this computer"
        kind = PROVIDERS.get(profile.provider)
        return kind.service if kind else profile.provider

    def secret_kept(self, name: str) -> str:
        """Where the secrets of a profile are kept, in words."""
        if name in SANDBOXES:
            return "needs no key"
        profile = self.settings.profile(name)
        what = SECRETS.get(profile.provider if profile else "", "password")
        if self._keyring in ("", "memory", "none"):
            return f"{what} in memory, until you close Turbodesk"
        return "the key store is locked" if self._keyring == "locked" else f"{what} in the system key store"

    async def key_in_use(self, profile: Profile) -> str:
        """The consumer key that a profile works with, empty where it has none or it cannot be told."""
        if profile.is_sandbox:
            endpoints = (await self.place()).endpoints
            return endpoints.turbosmtp_v2.consumer_key if endpoints else ""
        with suppress(NotSignedIn, SecretsLocked):
            kept = await (await self.place()).credentials(profile)
            return kept[Credential.CONSUMER_KEY].reveal() if Credential.CONSUMER_KEY in kept else ""
        return ""

    async def gateway(self) -> Gateway:
        """What goes out over HTTP from here."""
        return (await self.place()).gateway

    async def open_profile(self, name: str) -> Desk:
        """Opens an account; asks to sign in where its password is not kept. Raises our errors."""
        place = await self.place()
        try:
            desk = await place.desk(name)
        except (NotSignedIn, SecretsLocked):
            from turbodesk.gui.sign_in_dialog import sign_in

            if await sign_in(self.window, place, place.profile(name)) is None:
                raise
            desk = await place.desk(name)
        before, self._desk = self._desk, desk
        if before is not None:
            await before.aclose()
        if place.settings.profiles:  # who has only the sandbox needs no key store, which is slow to open
            self._keyring = await asyncio.to_thread(lambda: place.vault.state)
        if self.settings.last_profile != name:
            self._change(lambda settings: replace(settings, last_profile=name))
        self.window.set_live(True, self._where(desk))
        return desk

    async def add_profile(self, window: QWidget, provider: str = "") -> str | None:
        """Lets the user add an account, at first one of `provider`; its name, or None where they back out."""
        from turbodesk.gui.sign_in_dialog import sign_in

        place = await self.place()
        name = await sign_in(window, place, provider=provider)
        self.settings = place.settings
        return name

    async def change_profile(self, window: QWidget, name: str) -> str | None:
        """Lets the user change an account and sign in anew; its name, or None where they back out."""
        from turbodesk.gui.sign_in_dialog import sign_in

        place = await self.place()
        changed = await sign_in(window, place, place.profile(name))
        self.settings = place.settings
        return changed

    async def remove_profile(self, name: str) -> None:
        """Forgets an account and its password; where it was open, the sandbox is opened."""
        place = await self.place()
        await place.forget(name)
        self.settings = place.settings
        if self._desk and self._desk.profile.name == name:
            self.window.set_desk(await self.open_profile(SANDBOX))
        self.window.refresh_profiles()

    async def outbox(self) -> Outbox:
        """The outbox of the account that is open. What it queues leaves by itself when its time has come."""
        if self._desk is None:
            raise NotSignedIn("No account is open yet.", hint="Wait a moment, then try again.")
        outbox = await (await self.place()).outbox(self._desk, repeats=True)
        if self.opened.is_set():
            self._leaving.start()  # where the ledger did not open at the start, it does now
        return outbox

    async def batches(self) -> BatchRuns:
        """The batches of this config dir; what is begun there goes out by `take_up`."""
        return await (await self.place()).batches()

    async def take_up(self, id: str) -> None:
        """Lets a batch go out from this window, whatever tab or account is looked at meanwhile."""
        await self._leaving.take_up(id)

    def nudge(self) -> None:
        """Something was queued or put off: what leaves by itself looks at once."""
        self._leaving.nudge()

    async def choose_tracking(self, opens: bool, clicks: bool) -> Desk:
        """What new messages of the open account ask to be counted; the desk with that profile comes back.

        Raises FileTrouble with nothing changed. A sandbox's is not kept.
        """
        if self._desk is None:
            raise NotSignedIn("No account is open yet.", hint="Wait a moment, then try again.")
        desk, place = self._desk, await self.place()

        def chosen(profile: Profile) -> Profile:
            return replace(profile, track_opens=opens, track_clicks=clicks)

        def kept(settings: settings_file.Settings) -> settings_file.Settings:
            found = settings.profile(desk.profile.name)  # as it is on disk now
            return settings if found is None else settings.with_profile(chosen(found))

        self.settings = place.change(kept)
        renewed = replace(desk, profile=chosen(desk.profile))
        self._desk = renewed
        self.window.renew_desk(renewed)
        return renewed

    async def change_guards(self, name: str, changed: Callable[[Profile], Profile]) -> None:
        """Keeps a profile with the guards that `changed` gives it; where it is open, the window goes on
        under them. Raises FileTrouble with nothing changed."""

        def guarded(settings: settings_file.Settings) -> settings_file.Settings:
            found = settings.profile(name)  # as it is on disk now
            return settings if found is None else settings.with_profile(found.guarded_as(changed(found)))

        self.settings = (await self.place()).change(guarded)
        kept = self.settings.profile(name)
        if self._desk is None or kept is None or self._desk.profile.name != name:
            self.window.refresh_profiles()
        else:
            await self._go_on_under(kept)

    async def _go_on_under(self, kept: Profile) -> bool:
        """Lets the window go on under the guards of the open profile as they are kept; whether they are
        others."""
        async with self._guarding:
            desk = self._desk
            if (
                desk is None
                or desk.profile.name != kept.name
                or desk.profile.guarded_as(kept) == desk.profile
            ):
                return False
            if desk.profile.viewer != kept.viewer:
                self.window.set_desk(await self.open_profile(kept.name))  # another provider: one that looks
            else:
                self._desk = replace(desk, profile=desk.profile.guarded_as(kept))
                self.window.renew_desk(self._desk)
            return True

    def _on_settings_changed(self) -> None:
        if self._desk is not None and not self._desk.profile.is_sandbox:
            taking = self._take_up_guards(self._desk.profile.name)
            self.window.work.start(taking, fail=lambda _error: True, name="guards")

    async def _take_up_guards(self, name: str) -> None:
        """Guards that another program has changed hold for this window as well, from now on."""
        kept = (await self.place()).settings.profile(name)
        if kept is not None and await self._go_on_under(kept):
            what = f"The guards of {name} were changed by another program."
            self.window.notices.tell("info", what, "They hold here as well.", key="guards")

    async def place(self) -> Workplace:
        """The workplace, once it is open."""
        await self._placed.wait()
        if self._place is None:
            raise RuntimeError("the workplace closed while it was waited for")
        return self._place

    def closing(self) -> None:
        """The window is being closed: what is typed is kept first."""
        self._keep_draft()

    def _keep_draft(self) -> None:
        if self._compose is not None:
            self._compose.keep_draft()

    # from first paint to end

    def show(self) -> None:
        """Paints the window; nothing slow is loaded yet."""
        self.window.show()

    async def open(self) -> None:
        """Loads what is slow, off the loop, and opens the account; failures stand in the strip."""
        with suppress(TimeoutError):  # a window that is out of sight is not painted
            async with asyncio.timeout(FIRST_PAINT_S):
                await self._painted.wait()
        self._place = await asyncio.to_thread(_open_workplace, self.config_dir, self._touring)
        self._placed.set()
        if self.settings.note:
            self.window.notices.tell("warn", "The settings were not as we left them.", self.settings.note)
        try:
            self.window.set_desk(await self.open_profile(self._wanted))
        except TurbodeskError as error:
            self.window.set_live(False, f"{self._wanted}: not open")
            self.window.notices.tell_error(error)
            if self._wanted != SANDBOX:
                self.window.set_desk(await self.open_profile(SANDBOX))
        if not self.settings.seen_first_run:
            self._change(lambda settings: replace(settings, seen_first_run=True))
        self.opened.set()
        self._guard_watch.start()
        self.window.work.start(self._warm_up(), name="warm up")

    async def _warm_up(self) -> None:
        """Imports what a letter needs, makes the tabs that count beside their names, and loads the chart."""
        await asyncio.to_thread(_import_ahead)
        self._leaving.start()
        await asyncio.sleep(IDLE_S)
        for key in ("outbox", "inbox"):
            if key == "outbox" or (self._desk and self._desk.control):
                self.window.tab(key)
                await asyncio.sleep(IDLE_S)
        from turbodesk.gui.stats_tab import load_chart

        await load_chart()

    async def _sending(self) -> Sending:
        """What sends whatever waited out its undo time or its hour, while the window is open."""
        return await (await self.place()).sending(self.settings.undo_s)

    async def aclose(self) -> None:
        """Lets a send under way end, keeps what must be kept, and closes everything in reverse."""
        self._guard_watch.stop()
        tabs = self.window.made_tabs()
        self._keep_draft()
        await asyncio.gather(self._leaving.aclose(LAST_SENDS_S), _last_sends(tabs))
        works = (work for tab in tabs for work in (tab.sending, tab.work, tab.behind))
        for work in (*works, self.window.work):
            work.cancel_all()
            await work.settled()
        self._keep_draft()
        geometry = base64.b64encode(self.window.saveGeometry().data()).decode()
        tab = self.window.key
        self._change(lambda settings: replace(settings, geometry=geometry, last_tab=tab))
        if self._desk is not None:
            await self._desk.aclose()
        if self._place is not None:
            await self._place.aclose()
        self.window.hide()

    def _change(self, changed: Callable[[settings_file.Settings], settings_file.Settings]) -> None:
        """Remembers; a disk that does not let us is told of and stops nothing."""
        try:
            self.settings = settings_file.change(self.config_dir, changed)
        except TurbodeskError as error:
            _log.info("settings not kept: %s", error.detail)
            self.window.notices.tell_error(error)

    def _where(self, desk: Desk) -> str:
        profile = desk.profile
        if profile.is_sandbox:
            relay = f"http://{profile.smtp_host}:{profile.smtp_port}" if profile.provider == "smtp" else ""
            where = relay or profile.send_url or profile.api_url
            return f"Sandbox running on {where.removeprefix('http://')}"
        if profile.provider == "smtp":
            return f"SMTP relay {profile.smtp_host}"
        return f"{self.service(profile)} as {profile.user or profile.name}"

    # tabs

    def _tab_places(self) -> list[TabPlace]:
        return [
            TabPlace("compose", "Compose", "compose", self._compose_tab),
            TabPlace("outbox", "Outbox", "outbox", self._outbox_tab),
            TabPlace("reports", "Reports", "reports", _reports_tab),
            TabPlace("stats", "Stats", "stats", _stats_tab),
            TabPlace("tools", "Tools", "tools", self._tools_tab),
            TabPlace("account", "Account", "account", self._account_tab),
            TabPlace("inbox", "Inbox", "inbox", _inbox_tab, lambda desk: desk.control is not None),
        ]

    def _compose_tab(self, notices: Notices) -> Tab:
        from turbodesk.gui.compose_tab import ComposeTab
        from turbodesk.gui.send_flow import UndoTime
        from turbodesk.services.draft_keeper import DraftKeeper

        undo = UndoTime(0 if self._touring else self.settings.undo_s, self._remember_undo)
        self._compose = ComposeTab(notices, self.outbox, self.batches, DraftKeeper(self.config_dir), undo)
        self._compose.undo_offered.connect(lambda _entry: self._leaving.nudge())
        self._compose.batch_written.connect(self._leaving.hold_batch)
        self._compose.restore_kept()
        return self._compose

    def _on_taken_back(self, entry: Entry | Batch, draft: dict[str, object] | None) -> None:
        """A letter that is not to go after all is written on, under the profile it was written for."""
        if draft is None:
            self.window.notices.tell("ok", "It is cancelled.", "What it was written from was not kept.")
            return
        self.window.turn("compose")
        if self._compose is not None:
            self._compose.restore_draft(draft)
        if self._desk is not None and self._desk.profile.name != entry.profile:
            self.window.open_profile(entry.profile)

    def _on_outbox_wanted(self, row: Entry | Batch | None) -> None:
        self.window.work.start(self._show_in_outbox(row), name="show in outbox")

    async def _show_in_outbox(self, row: Entry | Batch | None) -> None:
        """Shows the outbox, and there a send or a batch, whichever profile it is of."""
        if row is not None and self._desk is not None and self._desk.profile.name != row.profile:
            self.window.set_desk(await self.open_profile(row.profile))
        self.window.turn("outbox")
        if row is not None:
            self.window.tab("outbox").receive(row.id)

    def _remember_undo(self, seconds: int) -> None:
        self._change(lambda settings: replace(settings, undo_s=seconds))

    def _outbox_tab(self, notices: Notices) -> Tab:
        from turbodesk.gui.outbox_tab import OutboxTab

        tab = OutboxTab(notices, self)
        tab.waiting.connect(self.window.set_waiting)
        tab.taken_back.connect(self._on_taken_back)
        return tab

    def _tools_tab(self, notices: Notices) -> Tab:
        from turbodesk.gui.tools_tab import ToolsTab

        return ToolsTab(notices, self.outbox, self.choose_tracking)

    def _account_tab(self, notices: Notices) -> Tab:
        from turbodesk.gui.account_tab import AccountTab

        tab = AccountTab(notices, self)
        tab.profile_wanted.connect(self.window.open_profile)
        return tab

    # the first page

    def _greet(self) -> None:
        """Turns to the tab that was open last, or to the first page."""
        self.window.refresh_profiles()
        self.window.first_run_made.connect(self._on_first_run_made)
        known = {"compose", "outbox", "reports", "stats", "tools", "account"}
        if not self.settings.seen_first_run:
            self.window.show_first_run()
        else:
            self.window.turn(self.settings.last_tab if self.settings.last_tab in known else "compose")

    def _on_first_run_made(self, first: FirstRun) -> None:
        first.look_around.connect(lambda: self.window.turn("reports"))
        first.send_first_test.connect(self._on_first_test)
        first.choose_file.connect(lambda: self.window.work.start(self._choose_file(), name="choose a file"))
        first.file_dropped.connect(self._write_with)
        first.connect_asked.connect(lambda it: self.window.work.start(self._connect(it), name="connect"))
        first.sandbox_asked.connect(lambda it: self.window.work.start(self._look_at(it), name="sandbox"))

    def _on_first_test(self) -> None:
        self.window.turn("compose")
        if self._compose is not None:
            self._compose.fill_sample()

    async def _choose_file(self) -> None:
        for path in await pick_files(self.window, "A finished HTML file", "HTML (*.html *.htm)"):
            self._write_with(path)

    def _write_with(self, path: Path) -> None:
        self.window.turn("compose")
        if self._compose is not None:
            self._compose.receive(path)

    async def _connect(self, provider: str) -> None:
        if name := await self.add_profile(self.window, provider):
            self.window.set_desk(await self.open_profile(name))
            self.window.turn("compose")

    async def _look_at(self, name: str) -> None:
        self.window.set_desk(await self.open_profile(name))
        self.window.turn("account")


async def _last_sends(tabs: Sequence[Tab]) -> None:
    """Waits for what the tabs are sending, but not for ever."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_SENDS_S):
            await asyncio.gather(*(tab.sending.settled() for tab in tabs))


def _reports_tab(notices: Notices) -> Tab:
    from turbodesk.gui.reports_tab import ReportsTab

    return ReportsTab(notices)


def _stats_tab(notices: Notices) -> Tab:
    from turbodesk.gui.stats_tab import StatsTab

    return StatsTab(notices)


def _inbox_tab(notices: Notices) -> Tab:
    from turbodesk.gui.inbox_tab import InboxTab

    return InboxTab(notices)


def _open_workplace(config_dir: Path, touring: bool) -> Workplace:
    """Imports what is slow: httpx, TLS, the adapters. Runs in a thread."""
    import turbodesk.providers.sandbox_control
    import turbodesk.providers.sendpost
    import turbodesk.providers.smtp_relay
    import turbodesk.providers.turbosmtp_v1
    import turbodesk.providers.turbosmtp_v2  # noqa: F401
    from turbodesk.vault import MemoryVault
    from turbodesk.workplace import Workplace

    return Workplace(config_dir, vault=MemoryVault() if touring else None)


def _import_ahead() -> None:
    """Imports, in a thread, what the first letter needs, so that the first key does not wait for it."""
    import email_validator  # noqa: F401

    import turbodesk.services.batches
    import turbodesk.services.compose
    import turbodesk.services.outbox
    import turbodesk.services.sending
    import turbodesk.store.ledger  # noqa: F401
    from turbodesk.model.smtp_reply import read_reply

    read_reply("")  # compiles its patterns
