"""From Send with a recipients' file to its batch: looked through, asked about, written down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from turbodesk.errors import Guarded, InvalidDraft, TurbodeskError
from turbodesk.gui import words
from turbodesk.gui.send_flow import BATCH, facts_of, service_of
from turbodesk.services import guards, row_send
from turbodesk.services.batches import BatchPlan
from turbodesk.services.compose import Draft
from turbodesk.services.desk import Desk

if TYPE_CHECKING:
    from turbodesk.gui.compose_tab import ComposeTab
    from turbodesk.model.message import Address, Message
    from turbodesk.services.merge import Checked, Merge

FRESH_S = 300.0  # so long the suppressed addresses that were read are good for a send
ANOTHER_FILE = (
    "The file has changed on disk since it was read. Its rows were read again: look them through, then send."
)
FILLING = "batch"  # the key of the notice that counts


class RowsFlow:
    """The batches of one Compose tab."""

    def __init__(self, tab: ComposeTab) -> None:
        self._tab = tab
        self._read: tuple[Desk, float, frozenset[str]] | None = None

    def look_up_guards(self, desk: Desk) -> None:
        """Takes whom the profile may not write to. A list that cannot be read is told by Send."""
        with suppress(Guarded):
            self._tab.rows.set_barred(guards.barred(desk.profile))

    def look_up_suppressed(self) -> None:
        """Reads whom the account sends nothing to, so that it is shown before; else Send says why not."""
        desk = self._tab.desk
        if desk is not None and self._tab.rows.is_chosen and self._known(desk) is None:
            self._tab.behind.start(self._suppressed(desk), fail=lambda _error: True, name="suppressed")

    async def send(
        self, draft: Draft, desk: Desk, way: str, written: Mapping[str, Any], letter: dict[str, Any]
    ) -> None:
        """Writes all rows down and hands them over, once a person has said yes. Raises what stands against
        it, and then nothing of it is sent."""
        tab = self._tab
        if await tab.rows.is_another():
            raise InvalidDraft({"to": ANOTHER_FILE})
        merge = tab.rows.merge(draft)
        assert merge is not None  # noqa: S101 (there is a file, or this is not begun)
        told: list[tuple[str, str]] = []
        try:
            suppressed = await self._suppressed(desk)
        except TurbodeskError as error:
            suppressed = frozenset()
            told.append(("Suppressed", f"Not looked for: {error.says}"))
        checked = await _checked(merge, suppressed, guards.barred(desk.profile))
        checked.refuse()
        compose = service_of(desk.sender(way))
        first = await compose.message(merge.message_for(checked.going[0]))
        going = len(checked.going)
        outbox, batches = await tab.open_outbox(), await tab.open_batches()
        await outbox.admit(way, going, going)
        told += await _quota(desk, going)
        if not await self._confirmed(merge, checked, first, desk, way, told):
            return
        pace, id = tab.rows.pace.pace, uuid4().hex
        plan = BatchPlan(
            merge.file.name,
            going,
            way=way,
            concurrency=pace.at_once,
            stop_at_percent=pace.stop_at,
            per_second=pace.per_second,
        )
        tab.flow.begin(BATCH + id, letter)
        try:
            await tab.saver.save()
            rows = row_send.messages(merge, checked, compose, first)
            batch = await batches.start(
                outbox,
                plan,
                rows,
                id=id,
                draft=letter,
                confirmed=going,
                filled=lambda done: self._count(done, going),
            )
        finally:
            tab.notices.take_back(FILLING)
            tab.flow.end()
        tab.remember_sender(desk, draft.sender)
        if tab.fields.values() == written:
            tab.clear()  # the ledger has it whole
        tab.batch_written.emit(batch, tab.flow.undo.seconds, letter)
        if not tab.flow.undo.seconds:
            tab.turn_to.emit("outbox", batch.id)

    def _known(self, desk: Desk) -> frozenset[str] | None:
        if self._read is not None and self._read[0] is desk and time.monotonic() - self._read[1] < FRESH_S:
            return self._read[2]
        return None

    async def _suppressed(self, desk: Desk) -> frozenset[str]:
        known = self._known(desk)
        if known is None:
            known = await row_send.suppressed(desk)
            self._read = (desk, time.monotonic(), known)
            if self._tab.desk is desk:
                self._tab.rows.set_suppressed(known)
        return known

    async def _confirmed(
        self,
        merge: Merge,
        checked: Checked,
        first: Message,
        desk: Desk,
        way: str,
        told: list[tuple[str, str]],
    ) -> bool:
        from turbodesk.gui.confirm_send import confirm_send  # dialogs are loaded when they are first needed

        tab, going = self._tab, len(checked.going)
        people = [str(merge.people.addresses[row - 1]) for row in checked.going[:4]]
        undo_s = tab.flow.undo.seconds
        return await confirm_send(
            tab.window(),
            subject=first.subject,
            recipients=going,
            profile=desk.profile,
            way=way,
            facts=[*facts_of(first, people, going), ("File", _file_words(merge, going)), *told],
            typed=guards.ask_for(desk.profile, going, batch=True) is guards.Ask.NUMBER,
            foot=f"You have {undo_s} s to undo it." if undo_s else "",
        )

    def _count(self, done: int, total: int) -> None:
        what = f"{words.number(done)} of {words.counted(total, 'letter')} written down."
        stop = ("Stop", "close", self._tab.sending.cancel_all)
        self._tab.notices.tell("info", what, "Nothing leaves before all are.", [stop], key=FILLING)


async def _checked(merge: Merge, suppressed: frozenset[str], barred: Callable[[Address], str]) -> Checked:
    stopped = Event()
    try:
        return await asyncio.to_thread(merge.check, suppressed, stopped.is_set, barred)
    finally:
        stopped.set()  # the thread of a cancelled send goes on until it is told


async def _quota(desk: Desk, going: int) -> list[tuple[str, str]]:
    """What the batch takes of what is left, as a fact; raises Guarded where it is more than that."""
    try:
        quota = await row_send.quota(desk, going)
    except Guarded:
        raise
    except TurbodeskError as error:
        return [("Quota", f"Not known: {error.says}")]
    return [("Quota", quota.says)] if quota is not None else []


def _file_words(merge: Merge, going: int) -> str:
    skipped = len(merge) - going
    rest = f", {words.number(skipped)} skipped" if skipped else ""
    return f"{words.number(going)} of {words.counted(len(merge), 'row')} of {merge.file.name}{rest}"
