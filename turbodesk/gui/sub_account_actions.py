"""What can be done with the accounts below this one, asked first, and how it is taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from turbodesk.gui.header import profile_name
from turbodesk.gui.parts.dialog import ask
from turbodesk.gui.sub_accounts import SubAccounts, limit_words, name_of
from turbodesk.gui.tab import Tab
from turbodesk.model.account import SubAccount
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk

if TYPE_CHECKING:
    from turbodesk.services.subaccounts import PlanChange

CHANGED = "sub-account"  # the key of its notice
Back = Callable[[Desk], Awaitable[str]]  # puts something back, and says so
UNSURE = "The list was read again: look there before you try again."


class SubAccountActions:
    """The buttons of one card of sub-accounts, and what pressing them does. `reload` reads the list again."""

    def __init__(self, tab: Tab, card: SubAccounts, reload: Callable[[], object]) -> None:
        self._tab, self._card, self._reload = tab, card, reload
        self._ip = ""
        card.create_asked.connect(self._on_create_asked)
        card.limit_asked.connect(self._on_limit_asked)
        card.suspend_asked.connect(self._on_suspend_asked)
        card.resume_asked.connect(self._on_resume_asked)
        card.rename_asked.connect(self._on_rename_asked)
        card.remove_asked.connect(self._on_remove_asked)

    def set_desk(self, desk: Desk | None) -> None:
        """Greys out what this account does not offer and says why; what was changed at another one is not
        taken back from here."""
        self._tab.notices.take_back(CHANGED)
        self.renew_desk(desk)

    def renew_desk(self, desk: Desk | None) -> None:
        """The same account, perhaps with other guards."""
        if desk is not None:
            why_change = desk.why_not(Capability.CHANGE_SUB_ACCOUNTS)
            self._card.offer(why_change, desk.why_not(Capability.NAME_SUB_ACCOUNTS))

    def show_ip(self, ip: str) -> None:
        """Takes the address that this account itself sends from, empty where it is not told."""
        self._ip = ip

    # limit

    def _on_limit_asked(self, sub: SubAccount) -> None:
        self._tab.work.start(self._limit(sub), name="limit a sub-account")

    async def _limit(self, sub: SubAccount) -> None:
        from turbodesk.gui.sub_account_dialogs import LimitDialog

        if (desk := self._tab.desk) is None:
            return
        dialog = LimitDialog(self._tab.window(), desk, sub)
        if await dialog.shown() and (change := dialog.change) is not None:
            before, after = limit_words(change.before.limit), limit_words(change.after.limit)
            says = f"The limit of {name_of(sub)} is {after} now; it was {before}."
            self._tell_plan(sub, change, says)
        elif dialog.broken_off:
            self._tell_unsure(f"Whether the limit of {name_of(sub)} was changed is not known.")

    # suspend and resume

    def _on_suspend_asked(self, sub: SubAccount) -> None:
        self._tab.work.start(self._suspend(sub), busy=self._card.bar, name="suspend a sub-account")

    def _on_resume_asked(self, sub: SubAccount) -> None:
        self._tab.work.start(self._resume(sub), busy=self._card.bar, name="resume a sub-account")

    async def _suspend(self, sub: SubAccount) -> None:
        from turbodesk.services.subaccounts import SubAccountsService

        says = "Whatever signs in as it can send nothing until it is resumed."
        desk, name = self._tab.desk, name_of(sub)
        if desk is None or not await self._sure(desk, sub, f"Suspend {name}?", says, "Suspend", "pause"):
            return
        change = await SubAccountsService(desk).suspend(sub.id)
        self._tell_plan(
            sub, change, f"{name} is suspended." if not change.after.active else f"{name} may still send."
        )

    async def _resume(self, sub: SubAccount) -> None:
        from turbodesk.services.subaccounts import SubAccountsService

        says = "Whatever signs in as it can send from then on, up to its limit."
        desk, name = self._tab.desk, name_of(sub)
        if desk is None or not await self._sure(desk, sub, f"Resume {name}?", says, "Resume", "check"):
            return
        change = await SubAccountsService(desk).resume(sub.id)
        self._tell_plan(
            sub, change, f"{name} may send again." if change.after.active else f"{name} is still suspended."
        )

    async def _sure(self, desk: Desk, sub: SubAccount, title: str, says: str, act: str, icon: str) -> bool:
        facts = [("Profile", profile_name(desk.profile)), ("Limit", limit_words(sub.limit))]
        return await ask(
            self._tab.window(), title, says, facts, act, act_icon=icon, danger=icon == "pause",
            foot_note="You can undo this",
        )  # fmt: skip

    # rename and remove

    def _on_rename_asked(self, sub: SubAccount) -> None:
        self._tab.work.start(self._rename(sub), name="rename a sub-account")

    def _on_remove_asked(self, sub: SubAccount) -> None:
        self._tab.work.start(self._remove(sub), busy=self._card.bar, name="remove a sub-account")

    async def _rename(self, sub: SubAccount) -> None:
        from turbodesk.gui.sub_account_dialogs import NameDialog
        from turbodesk.services.subaccounts import SubAccountsService

        if (desk := self._tab.desk) is None:
            return
        dialog = NameDialog(self._tab.window(), desk, sub)
        if await dialog.shown() and (change := dialog.change) is not None:
            before, after = change.before.name, change.after.name

            async def back(desk: Desk) -> str:
                again = (await SubAccountsService(desk).rename(sub.id, before)).after.name
                return f"{again} has its name again."

            says = f"{before or sub.id} is called {after} now."
            self._tell(says, back if before and before != after else None)
        elif dialog.broken_off:
            self._tell_unsure(f"Whether {name_of(sub)} was renamed is not known.")

    async def _remove(self, sub: SubAccount) -> None:
        from turbodesk.services.subaccounts import SubAccountsService

        if (desk := self._tab.desk) is None:
            return
        facts = [("Profile", profile_name(desk.profile)), ("Id", (sub.id, "mono"))]
        says = "It is gone for good, with its keys: whatever sends with one of them is refused from then on."
        if await ask(
            self._tab.window(),
            f"Remove {name_of(sub)}?",
            says,
            facts,
            "Remove sub-account",
            act_icon="delete",
            danger=True,
            foot_note="This cannot be undone",
        ):
            try:
                await SubAccountsService(desk).remove(sub.id)
            finally:
                self._reload()
            self._tab.notices.tell("ok", f"The sub-account {name_of(sub)} is removed.")

    # outcome and undo

    def _tell_plan(self, sub: SubAccount, change: PlanChange, says: str) -> None:
        before, after = change.before, change.after

        async def back(desk: Desk) -> str:
            from turbodesk.services.subaccounts import SubAccountsService

            now = (await SubAccountsService(desk).undo(change)).after
            if before.limit != after.limit:
                return f"The limit of {name_of(sub)} is {limit_words(now.limit)} again."
            return f"{name_of(sub)} {'may send again' if now.active else 'is suspended again'}."

        changed = (before.limit, before.active) != (after.limit, after.active)
        self._tell(says, back if changed else None)

    def _tell(self, says: str, back: Back | None) -> None:
        undo = [("Undo", "undo", lambda: self._on_undo_asked(back))] if back else []
        self._tab.notices.tell("info", says, actions=undo, key=CHANGED)
        self._reload()

    def _tell_unsure(self, says: str) -> None:
        self._tab.notices.tell("warn", says, UNSURE, key=CHANGED)
        self._reload()

    def _on_undo_asked(self, back: Back) -> None:
        self._tab.work.start(self._undo(back), busy=self._card.bar, name="undo a change of a sub-account")

    async def _undo(self, back: Back) -> None:
        if (desk := self._tab.desk) is None:
            return
        try:
            says = await back(desk)
        finally:
            self._reload()
        self._tab.notices.tell("ok", says)

    # a new one

    def _on_create_asked(self) -> None:
        self._tab.work.start(self._create(), name="new sub-account")

    async def _create(self) -> None:
        from turbodesk.gui.sub_account_dialogs import NameDialog, NewSubAccountDialog

        if (desk := self._tab.desk) is None:
            return
        dialog: NameDialog | NewSubAccountDialog
        if desk.has(Capability.NAME_SUB_ACCOUNTS):
            dialog = NameDialog(self._tab.window(), desk)
        else:
            used = Counter(sub.ip for sub in self._card.table.rows).most_common()
            ips = list(dict.fromkeys(ip for ip in (self._ip, *(ip for ip, _ in used)) if ip))
            dialog = NewSubAccountDialog(self._tab.window(), desk, ips)
        if await dialog.shown():
            later = "" if dialog.made else f"{desk.provider.title} does not show it in its list yet."
            self._tab.notices.tell("ok", f"The sub-account {dialog.called} is made.", later)
            self._reload()
        elif dialog.broken_off:
            self._tell_unsure(f"Whether the sub-account {dialog.called} was made is not known.")
