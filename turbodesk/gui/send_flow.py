"""What happens between a press of Send and the outbox: questions, undo time, an hour, a test."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from turbodesk.errors import ConfirmFirst, InvalidDraft, TurbodeskError
from turbodesk.gui import compose_words as say
from turbodesk.gui import words
from turbodesk.gui.parts.dialog import ask
from turbodesk.model.message import Message
from turbodesk.model.outcome import Hold, SendState
from turbodesk.providers.port import Provider
from turbodesk.services import test_groups
from turbodesk.services.compose import ComposeService, Draft
from turbodesk.services.desk import Desk
from turbodesk.services.outbox import Outbox
from turbodesk.services.test_groups import Group, Groups
from turbodesk.services.test_mark import marked, new_test_id, to_testers
from turbodesk.store.entry import Entry

if TYPE_CHECKING:
    from turbodesk.gui.compose_tab import ComposeTab
    from turbodesk.gui.test_dialogs import SendTestDialog

UNDO_TIMES = (0, 5, 10, 20, 30)  # seconds
BATCH = "batch-"  # begins the key of a letter that goes to the rows of a file; the batch's id follows
FOLLOW_S = 0.25  # between looks at the ledger while a letter waits out its undo time
NAMED = 3
ROWS_BEING_READ = "The file of recipients is still being read. Press Send again once it is."
ROWS_AT_ONCE = "The rows of a file go out now, at the pace you choose; they have no hour. Press Send."


@dataclass
class UndoTime:
    """How many seconds a letter waits before it leaves, and who remembers that."""

    seconds: int = 0
    remember: Callable[[int], object] = lambda _seconds: None

    def choose(self, seconds: int) -> None:
        """Another time, from the next letter on."""
        self.seconds = seconds
        self.remember(seconds)


class SendFlow(QObject):
    """The sends of one Compose tab. `undo_offered` tells the entry of a letter that waits out its undo time.

    `key` names the send that is under way: by it a draft cut off by closing knows whether the ledger has it.
    `written` is a hash of the letter as it was when Send was pressed.
    """

    undo_offered = Signal(object)

    def __init__(self, tab: ComposeTab, undo: UndoTime) -> None:
        super().__init__(tab)
        self._tab, self.undo = tab, undo
        self.key = self.written = ""
        self._edited_since = False
        self.groups = Groups()

    # pressed

    def send(self, at: datetime | None = None) -> None:
        """Sends the letter, once however often it is asked for meanwhile; with `at` not before then."""
        tab = self._tab
        if tab.sending.busy or tab.desk is None or tab.way.why_not:
            return
        tab.problems.clear()
        draft = tab.draft()  # as it stands now, whatever is typed while it goes
        written, letter = tab.fields.values(), tab.letter_values()
        if tab.rows.is_reading:
            tab.show_failure(InvalidDraft({"to": ROWS_BEING_READ}))
            return
        if tab.rows.is_chosen:
            if at is not None:
                tab.show_failure(InvalidDraft({"to": ROWS_AT_ONCE}))
                return
            sending = tab.rows_flow.send(draft, tab.desk, tab.way.key, written, letter)
        else:
            sending = self._send(draft, tab.desk, tab.way.key, written, letter, at)
        tab.sending.start(sending, busy=tab.send_button, fail=tab.show_failure, name="send")

    def send_later(self) -> None:
        """Asks when, then queues the letter for then."""
        tab = self._tab
        if not (tab.sending.busy or tab.desk is None or tab.way.why_not):
            tab.work.start(self._ask_when(), name="send later")

    def test(self) -> None:
        """Asks to whom, then sends a test; the letter stays as it is."""
        tab = self._tab
        if tab.sending.busy or tab.desk is None or tab.way.why_not:
            return
        tab.problems.clear()
        testing = self._test(tab.draft(), tab.desk, tab.way.key)  # with rows, as the one looked at gets it
        tab.sending.start(testing, busy=tab.head.test_button, fail=tab.show_failure, name="test")

    def edit_groups(self) -> None:
        """Opens the group that tests go to."""
        self._tab.work.start(self._edit(self.groups.current), name="testers")

    async def read_groups(self) -> None:
        """Reads who the testers are; what cannot be understood is told."""
        found = await asyncio.to_thread(test_groups.load, self._tab.config_dir)
        self._show_groups(found)
        if found.note:
            self._tab.notices.tell("warn", "The testers were not as we left them.", found.note, key="testers")

    # a letter

    async def _send(
        self,
        draft: Draft,
        desk: Desk,
        way: str,
        written: Mapping[str, Any],
        letter: dict[str, Any],
        at: datetime | None,
    ) -> None:
        tab = self._tab
        message = await service_of(desk.sender(way)).message(draft)
        outbox = await tab.open_outbox()
        self.begin(outbox.new_key(), letter)
        await tab.saver.save()
        message = replace(message, key=self.key)
        kept = {**letter, "key": self.key}

        def hand_over(confirmed: int) -> Awaitable[Entry]:
            return self._hand_over(outbox, message, way, at, confirmed, kept)

        try:
            entry = await self._confirmed(hand_over, message, desk, way, at)
        except TurbodeskError:
            self.end()
            raise
        self.end()
        if entry is None:
            return
        tab.remember_sender(desk, draft.sender)
        unchanged = tab.fields.values() == written
        if unchanged and entry.state is not SendState.REFUSED:
            tab.clear()  # the ledger has it whole
        self._tell_sent(outbox, entry, at)

    def _hand_over(
        self,
        outbox: Outbox,
        message: Message,
        way: str,
        at: datetime | None,
        confirmed: int,
        kept: Mapping[str, Any],
    ) -> Awaitable[Entry]:
        if at is None and not self.undo.seconds:
            return outbox.send(message, way, confirmed=confirmed)
        hold = Hold.UNDO if at is None else Hold.TIME
        until = at or datetime.now(UTC) + timedelta(seconds=self.undo.seconds)
        return outbox.queue(message, way, hold=hold, not_before=until, confirmed=confirmed, draft=kept)

    async def _confirmed(
        self,
        hand_over: Callable[[int], Awaitable[Entry]],
        message: Message,
        desk: Desk,
        way: str,
        at: datetime | None = None,
    ) -> Entry | None:
        """What came of it; where many must be said yes to first, that is asked. None where it was a no."""
        try:
            return await hand_over(0)
        except ConfirmFirst as first:
            recipients, typed = first.recipients, first.typed
        from turbodesk.gui.confirm_send import confirm_send  # dialogs are loaded when they are first needed

        undo_s = 0 if at is not None else self.undo.seconds
        sure = await confirm_send(
            self._tab.window(),
            subject=message.subject,
            recipients=recipients,
            profile=desk.profile,
            way=way,
            facts=facts_of(message, [it.email for _, it in message.recipients], recipients),
            typed=typed,
            foot=f"You have {undo_s} s to undo it." if undo_s else "",
            when="now" if at is None else words.day_and_hour(at),
        )
        return await hand_over(recipients) if sure else None

    def _tell_sent(self, outbox: Outbox, entry: Entry, at: datetime | None) -> None:
        tab = self._tab
        if entry.state is SendState.QUEUED and entry.hold is Hold.UNDO:
            self.offer_undo(outbox, entry)
        elif entry.state is SendState.QUEUED and at is not None and entry.hold is Hold.TIME:
            tab.notices.tell("ok", f"It goes {words.day_and_hour(at)}.", actions=[self._look_at(entry)])
        else:
            self._tell(entry, say.sent(entry))
            if entry.state is not SendState.REFUSED:
                tab.turn_to.emit("outbox", entry.id)

    def offer_undo(self, outbox: Outbox, entry: Entry) -> None:
        """Offers to take a letter back, and tells what came of it once it went."""
        self.undo_offered.emit(entry)
        self._tab.behind.start(self._follow(outbox, entry.id), name="follow the letter")

    async def _follow(self, outbox: Outbox, id: str) -> None:
        """Until the letter has left, or nobody waits for it any more."""
        counter: int | None = None
        while True:
            if (now := await outbox.change_counter()) != counter:
                counter = now
                entry = await outbox.entry(id)
                waits = entry.state is SendState.QUEUED and entry.hold in (Hold.UNDO, Hold.TIME)
                if not (waits or entry.state is SendState.SENDING):
                    break
            await asyncio.sleep(FOLLOW_S)
        if entry.state is SendState.REFUSED:
            await self._offer_again(outbox, entry)
        elif entry.state is not SendState.CANCELLED:
            self._tell(entry, say.sent(entry))

    async def _offer_again(self, outbox: Outbox, entry: Entry) -> None:
        """A refused letter can be mended: what it was written from is one press away."""
        draft, told = await outbox.draft(entry.id), say.sent(entry)
        actions = [self._look_at(entry)]
        if draft is not None:
            actions.insert(0, ("Write it again", "compose", lambda: self._tab.restore_draft(draft)))
        self._tab.notices.tell(told.tone, told.what, told.why, actions, key=f"send-{entry.id}")

    def begin(self, key: str, letter: Mapping[str, Any]) -> None:
        """A send is under way: by its key it is found again where the program ends in the middle."""
        self.key, self.written = key, _hash(letter)

    def end(self) -> None:
        """The send has come to its end: what is written from here on is another letter."""
        self.key = self.written = ""
        self._tab.saver.touch()

    def restore(self, key: str, written: str, letter: object) -> None:
        """Takes up a send that was cut off; `letter` is the draft as it was kept then."""
        self.key, self.written = key, written
        self._edited_since = bool(written) and _hash(letter) != written

    async def settle_kept(self) -> None:
        """A letter that was being sent when the window closed is the outbox's, once the ledger has it; what
        was written after Send was pressed stays."""
        tab = self._tab
        if self.key.startswith(BATCH):
            await self._settle_batch(self.key.removeprefix(BATCH))
            return
        outbox = await tab.open_outbox()
        entry = await outbox.sent_as(self.key)
        edited, self._edited_since = self._edited_since, False
        self.end()
        if entry is None or entry.state is SendState.REFUSED:
            tab.keep_draft()
            return
        if edited:
            tab.keep_draft()
        else:
            tab.clear()
        if entry.state is SendState.QUEUED and entry.hold is Hold.UNDO:
            self.offer_undo(outbox, entry)
        else:
            self._tell(entry, say.kept(entry))

    async def _settle_batch(self, id: str) -> None:
        """What becomes of the batch itself is told by whoever sends it."""
        batch = await (await self._tab.open_batches()).known(id)
        edited, self._edited_since = self._edited_since, False
        self.end()
        if batch is None or edited:
            self._tab.keep_draft()
        else:
            self._tab.clear()

    async def _ask_when(self) -> None:
        from turbodesk.gui.later_dialog import LaterDialog

        dialog = LaterDialog(self._tab.window(), self._tab.envelope.subject.text())
        if await dialog.shown() and dialog.at is not None:
            self.send(dialog.at)

    # a test

    async def _test(self, draft: Draft, desk: Desk, way: str) -> None:
        tab = self._tab
        draft = tab.rows.seen(draft)
        if self.groups.current is None and not await self._edit(None):
            return
        from turbodesk.gui.test_dialogs import SendTestDialog

        dialog = SendTestDialog(tab.window(), draft.subject, self.groups)
        dialog.edit_asked.connect(lambda group: tab.work.start(self._edit(group, dialog), name="testers"))
        sure = await dialog.shown()
        if dialog.groups != self.groups:
            await self._keep_groups(dialog.groups)
        group = self.groups.current
        if not sure or group is None:
            return
        draft = to_testers(draft, group.testers)
        if self.groups.mark:
            draft = marked(draft, new_test_id())
        message = await service_of(desk.sender(way)).message(draft)
        outbox = await tab.open_outbox()
        entry = await self._confirmed(
            lambda confirmed: outbox.send(message, way, confirmed=confirmed), message, desk, way
        )
        if entry is None:
            return
        told = say.tested(entry)
        actions = [self._look_at(entry)]
        tab.notices.tell(told.tone, told.what, told.why, actions, key="test")

    async def _edit(self, group: Group | None, over: SendTestDialog | None = None) -> bool:
        """Lets a group be changed, or written where there is none; whether something was kept comes back."""
        from turbodesk.gui.test_dialogs import GroupDialog

        groups = over.groups if over is not None else self.groups
        dialog = GroupDialog(over or self._tab.window(), groups, group)
        if not await dialog.shown():
            return False
        before = group.name if group is not None else ""
        if dialog.group is None:
            title, text = f"Delete the group “{before}”?", "Nobody in it gets a test any more."
            if not await ask(
                self._tab.window(), title, text, act_label="Delete", act_icon="delete", danger=True
            ):
                return False
            await self._keep_groups(groups.without_group(before))
        else:
            await self._keep_groups(groups.with_group(dialog.group, instead_of=before))
        if over is not None:
            over.show_groups(self.groups)
        return True

    async def _keep_groups(self, groups: Groups) -> None:
        await asyncio.to_thread(test_groups.keep, self._tab.config_dir, groups)
        self._show_groups(groups)

    def _show_groups(self, groups: Groups) -> None:
        self.groups = groups
        self._tab.head.show_group(groups.current)
        self._tab.head.fit()

    # told

    def _look_at(self, entry: Entry) -> tuple[str, str, Callable[[], object]]:
        return ("Show in Outbox", "outbox", lambda: self._tab.turn_to.emit("outbox", entry.id))

    def _tell(self, entry: Entry, told: say.Told) -> None:
        if told.stays:
            self._tab.notices.tell(told.tone, told.what, told.why, [self._look_at(entry)], key="send")
        else:
            self._tab.notices.tell(told.tone, told.what, told.why)


def service_of(sender: Provider | None) -> ComposeService:
    """What makes a message of a draft for that sender."""
    if sender is None:
        return ComposeService(lambda: Provider.wire_limit_bytes)
    return ComposeService(lambda: sender.wire_limit_bytes, sender.check_message)


def _hash(letter: object) -> str:
    return hashlib.sha256(json.dumps(letter, sort_keys=True).encode()).hexdigest()


def facts_of(message: Message, people: Sequence[str], count: int) -> list[tuple[str, str]]:
    """What else is to be known of a letter before many get it; `people` are some of the `count`."""
    more = count - NAMED
    named = ", ".join(people[:NAMED]) + (f" and {words.number(more)} more" if more > 0 else "")
    facts = [("From", str(message.sender)), ("To", named)]
    if message.attachments:
        facts.append(("Attached", ", ".join(it.name for it in message.attachments)))
    return facts
