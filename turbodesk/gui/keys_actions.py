"""What the card of key pairs asks for: one is made, or taken back once that is meant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from turbodesk.gui.header import profile_name
from turbodesk.gui.key_words import end_of, may
from turbodesk.gui.keys_card import KeysCard
from turbodesk.gui.keys_dialog import KeyDialog
from turbodesk.gui.parts.dialog import ask
from turbodesk.gui.tab import Tab
from turbodesk.model.account import ApiKey, Profile


class KeyActions:
    """The buttons of one card of key pairs, and what pressing them does."""

    def __init__(
        self,
        tab: Tab,
        card: KeysCard,
        key_in_use: Callable[[Profile], Awaitable[str]],
        reload: Callable[[], None],
    ) -> None:
        """`key_in_use` tells the key that a profile works with; `reload` reads the account anew."""
        self._tab, self._key_in_use, self._reload = tab, key_in_use, reload
        card.create_asked.connect(lambda: tab.work.start(self._create(), name="new key pair"))
        card.revoke_asked.connect(lambda key: tab.work.start(self._revoke(key), name="revoke a key pair"))

    async def _create(self) -> None:
        if self._tab.desk is None:
            return
        dialog = KeyDialog(self._tab.window(), self._tab.desk.provider)
        await dialog.shown()
        if dialog.made:
            self._reload()

    async def _revoke(self, key: ApiKey) -> None:
        if self._tab.desk is None:
            return
        desk, name = self._tab.desk, key.label or end_of(key.key)
        own = key.key == await self._key_in_use(desk.profile)
        says = "Whatever works with it is refused from then on. It cannot be taken back."
        if own:
            says = f"{profile_name(desk.profile)} works with it, and can neither send nor read then. {says}"
        facts = [("Key", (end_of(key.key), "mono")), ("May", may(key.permissions))]
        if await ask(
            self._tab.window(),
            f"Revoke the key pair “{name}”?",
            says,
            facts,
            "Revoke",
            act_icon="delete",
            danger=True,
        ):
            await desk.provider.revoke_key(key.key)
            self._tab.notices.tell("ok", f"The key pair “{name}” is revoked")
            self._reload()
