"""What can be done with one send; what cannot be undone is asked first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from turbodesk.gui.outbox_words import first_recipient, subject_of
from turbodesk.gui.parts.dialog import ask
from turbodesk.model.outcome import SendState
from turbodesk.store.entry import Entry

if TYPE_CHECKING:
    from turbodesk.gui.outbox_tab import OutboxTab

NOT_LOOKED_UP = "It was not looked up yet."


class SendActions:
    """The buttons of a send in one Outbox tab, and what pressing them does."""

    def __init__(self, tab: OutboxTab) -> None:
        self._tab = tab
        detail = tab.detail
        self._deeds: dict[str, Callable[[Entry], Awaitable[None]]] = {
            "send again": self._send_again,
            "look up": self._look_up,
            "send once more": self._resend,
            "close as sent": self._close_as_sent,
            "take back": self._take_back,
            "change time": self._change_time,
            "discard": self._discard,
            "show request": self._show_request,
            "copy as cURL": self._copy_as_curl,
        }
        self._busy = {
            "send again": detail.again_button,
            "look up": detail.settle_button,
            "send once more": detail.resend_button,
            "take back": detail.back_button,
            "show request": detail.request_button,
            "copy as cURL": detail.curl_button,
        }
        detail.asked.connect(self._on_asked)

    def _on_asked(self, deed: str, id: str) -> None:
        entry = self._tab.detail.entry
        if entry is None or entry.id != id:
            return
        sends = deed in ("send again", "send once more")
        work = self._tab.sending if sends else self._tab.work
        work.start(self._do(deed, entry), busy=self._busy.get(deed), name=deed)

    async def _do(self, deed: str, entry: Entry) -> None:
        await self._deeds[deed](entry)

    async def _send_again(self, entry: Entry) -> None:
        await (await self._tab.world.outbox()).send_again(entry.id)
        await self._tab.read_now()

    async def _look_up(self, entry: Entry) -> None:
        looked = await (await self._tab.world.outbox()).look_up(entry.id)
        await self._tab.read_now()
        if looked.state is not SendState.UNKNOWN:
            words = looked.look_up.words if looked.look_up else ""
            self._tab.notices.tell("ok", f"Found: {looked.state}.", words)

    async def _close_as_sent(self, entry: Entry) -> None:
        sure = await ask(
            self._tab.window(),
            f"Close “{subject_of(entry)}” as sent?",
            "Do this where you know that it arrived. Nothing is sent, and it is not looked for any more.",
            _facts_of(entry),
            "Close as sent",
            act_icon="check",
        )
        if sure:
            await (await self._tab.world.outbox()).close_as_sent(entry.id)
            await self._tab.read_now()

    async def _resend(self, entry: Entry) -> None:
        """One press where it surely is not there; else it is asked, for it may arrive twice."""
        sure = entry.may_go_again
        if not sure:
            looked = entry.look_up.words if entry.look_up else NOT_LOOKED_UP
            yes = await ask(
                self._tab.window(),
                f"Send “{subject_of(entry)}” once more?",
                "Nobody knows whether it went. People may get it twice.",
                [*_facts_of(entry), ("Looked up", looked)],
                "Send it once more",
                act_icon="send",
                danger=True,
                back_label="Do not send",
            )
            if not yes:
                return
        await (await self._tab.world.outbox()).resend(entry.id, sure_only=sure)
        await self._tab.read_now()

    async def _take_back(self, entry: Entry) -> None:
        """The draft comes back with it; where none was kept, that is said first."""
        outbox = await self._tab.world.outbox()
        if await outbox.draft(entry.id) is None:
            text = "It never leaves after this. What it was written from was not kept, so nothing comes back."
            if not await self._ask_away(entry, f"Cancel “{subject_of(entry)}”?", text, "Cancel it"):
                return
        taken, draft = await outbox.take_back(entry.id)
        self._tab.world.nudge()
        await self._tab.read_now()
        if draft is not None:
            self._tab.taken_back.emit(taken, draft)

    async def _change_time(self, entry: Entry) -> None:
        from turbodesk.gui.later_dialog import LaterDialog

        dialog = LaterDialog(self._tab.window(), subject_of(entry))
        if await dialog.shown() and dialog.at is not None:
            await (await self._tab.world.outbox()).move(entry.id, dialog.at)
            self._tab.world.nudge()
            await self._tab.read_now()

    async def _discard(self, entry: Entry) -> None:
        text = "It has not left, and after this it never will. The row stays, as cancelled."
        if await self._ask_away(entry, f"Discard “{subject_of(entry)}”?", text, "Discard"):
            await (await self._tab.world.outbox()).discard(entry.id)
            await self._tab.read_now()

    async def _ask_away(self, entry: Entry, title: str, text: str, act: str) -> bool:
        return await ask(
            self._tab.window(),
            title,
            text,
            _facts_of(entry),
            act,
            act_icon="delete",
            danger=True,
            back_label="Keep it",
        )

    async def _show_request(self, entry: Entry) -> None:
        from turbodesk.gui.request_dialog import SECRETS, RequestDialog, spellings_of

        spelled = await (await self._tab.world.outbox()).spelled(entry.id)
        left = entry.attempts > 0 and entry.state is not SendState.QUEUED
        says = "This is what was sent, made anew from the ledger." if left else "This is what Send would ask."
        title = "The request as sent" if left else "The request"
        spellings = await spellings_of(spelled)
        await RequestDialog(
            self._tab.window(), f"{says} Nothing of it leaves now.", spellings, SECRETS, title=title
        ).shown()

    async def _copy_as_curl(self, entry: Entry) -> None:
        from turbodesk.gui.request_dialog import SECRETS, spellings_of

        spelled = await (await self._tab.world.outbox()).spelled(entry.id)
        curl = next(it for it in await spellings_of(spelled) if it.key == "curl")
        QGuiApplication.clipboard().setText(curl.text)
        self._tab.notices.tell("ok", "The request is copied as cURL.", SECRETS)


def _facts_of(entry: Entry) -> list[tuple[str, str]]:
    to, more = first_recipient(entry)
    return [("To", f"{to} {more}".strip()), ("Profile", entry.profile)]
