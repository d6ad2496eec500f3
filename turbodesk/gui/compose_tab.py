"""The letter, its attachments, Send."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk import resources
from turbodesk.errors import InvalidDraft, TurbodeskError
from turbodesk.gui import theme
from turbodesk.gui.attachments_bar import AttachmentsBar
from turbodesk.gui.compose_head import ComposeHead
from turbodesk.gui.compose_menu import ComposeMenu
from turbodesk.gui.draft_saver import DraftSaver
from turbodesk.gui.drop_frame import DropFrame
from turbodesk.gui.envelope import Envelope
from turbodesk.gui.file_taker import FileTaker
from turbodesk.gui.html_watch import HtmlWatch
from turbodesk.gui.letter_body import HTML, ROWS, TEXT, LetterBody
from turbodesk.gui.letter_fields import LetterFields, as_text, as_texts
from turbodesk.gui.letter_files import LetterFiles
from turbodesk.gui.letter_options import TRACKING
from turbodesk.gui.letter_preview import LetterPreview
from turbodesk.gui.letter_problems import LetterProblems
from turbodesk.gui.letter_templates import LetterTemplates
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.card import Ground, Rule
from turbodesk.gui.parts.chips import AddressCheck
from turbodesk.gui.parts.dialog import ask
from turbodesk.gui.put_aside import PutAside
from turbodesk.gui.recipient_rows import RecipientRows
from turbodesk.gui.roomy import Roomy
from turbodesk.gui.rows_flow import RowsFlow
from turbodesk.gui.send_flow import SendFlow, UndoTime, service_of
from turbodesk.gui.sender_hint import SenderHint
from turbodesk.gui.tab import Tab
from turbodesk.gui.trial_addresses import trial_addresses
from turbodesk.gui.two_panes import TwoPanes
from turbodesk.model.message import Attachment
from turbodesk.providers.port import Capability
from turbodesk.services import compose, mail_html
from turbodesk.services.attached import AGAIN
from turbodesk.services.batches import BatchRuns
from turbodesk.services.compose import Draft
from turbodesk.services.desk import API, Desk
from turbodesk.services.draft_keeper import DraftKeeper
from turbodesk.services.outbox import Outbox
from turbodesk.services.tools import CLICK_TRACKING, OPEN_TRACKING, ToolsService

FORMAT = 1
REST_MS = 200  # after the last key, before preview and meter follow
ROLE = "It belongs to an office rather than to a person."
SAMPLE_TO = ("ok@example.com", "hardbounce@example.com")
SAMPLE_SUBJECT = "Your order guide"


class ComposeTab(Tab):
    """One letter being written. `keeper` keeps it on disk while it is, `undo` says how long it can be taken
    back once it was sent. `undo_offered` tells the entry of a letter that can, `batch_written` the batch of
    one that goes to the rows of a file and is to leave when its undo time is over.

    Sending has work of its own, so that another account does not cut a send in two: `sending.settled()`
    is awaited before the program ends.
    """

    key = "compose"
    title = "Compose"
    icon = "compose"

    undo_offered = Signal(object)
    batch_written = Signal(object, int, object)  # the batch, its undo time in seconds, the letter

    def __init__(
        self,
        notices: Notices,
        open_outbox: Callable[[], Awaitable[Outbox]],
        open_batches: Callable[[], Awaitable[BatchRuns]],
        keeper: DraftKeeper,
        undo: UndoTime | None = None,
    ) -> None:
        super().__init__(notices)
        self.open_outbox, self.open_batches = open_outbox, open_batches
        self._keeper, self.config_dir = keeper, keeper.config_dir
        self._default_sender = ""
        self._senders: dict[str, str] = {}
        self._ways: dict[str, str] = {}
        self._switches: dict[str, bool] | None = None  # the account's own, as they were last read
        self.aside = PutAside(self, keeper)
        self.envelope = Envelope(_check, compose.split_addresses)
        self.rows = RecipientRows(self.behind, self.config_dir)
        self.body = LetterBody(self.rows)
        self.attachments = AttachmentsBar(self.work, self._read_file)
        self.fields = LetterFields(self.envelope, self.body, self.attachments)
        self.hint = SenderHint(self.envelope, self.work, lambda: self.turn_to.emit("account", None))
        self.letter = LetterPreview()
        self.saver = DraftSaver(keeper, self.snapshot, self.behind, self)
        self.html_watch = HtmlWatch(self.body.html, self.behind, notices, lambda: self.files.pick_html())
        self.files = LetterFiles(
            self,
            self.body,
            self.attachments,
            self.html_watch,
            keeper,
            self.work,
            notices,
            lambda: self.envelope.has_recipients,
        )
        self.flow, self.rows_flow = SendFlow(self, undo or UndoTime()), RowsFlow(self)
        self.templates = LetterTemplates(self)
        self._make_head()
        self.pane = self._pane()
        self.split = TwoPanes(self.pane, self.letter)
        self.box.addWidget(self.split, 1)
        self.problems = LetterProblems(self.envelope, self.body, self.attachments, self.room)
        self.drop_frame = DropFrame(self.pane)
        self._taker = FileTaker(self, self.drop_frame, self.attachments.tiles.add_tile)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._connect()
        self._on_rest()

    # what it is given

    def set_desk(self, desk: Desk | None) -> None:
        super().set_desk(desk)
        self.way.set_desk(desk, self._ways.get(desk.profile.name, API) if desk else API)
        self.envelope.trials.offer(trial_addresses(desk))
        self._switches = None
        self.attachments.look_again()
        self._show_way()
        if desk is None:
            return
        self._offer_sender(desk)
        self.hint.set_desk(desk)
        self.rows_flow.look_up_guards(desk)
        self.rows_flow.look_up_suppressed()
        if self.flow.key and not self.sending.busy:
            self.sending.start(self.flow.settle_kept(), busy=self.send_button, name="settle the draft")
        if desk.has(Capability.TRACKING):
            self.work.start(self._read_tracking(desk), fail=lambda _error: True, name="tracking")

    def renew_desk(self, desk: Desk) -> None:
        super().renew_desk(desk)
        self.way.set_desk(desk, self.way.key)
        self.rows_flow.look_up_guards(desk)
        self._show_way()

    def shown(self) -> None:
        self.status.emit("Reading view; remote images off")
        self.behind.start(self._read_files_of_ours(), name="templates and testers")
        self.attachments.look_again(all_of_them=True)
        if self.desk is not None and not self.first and self.desk.has(Capability.TRACKING):
            self.work.start(self._read_tracking(self.desk), fail=lambda _error: True, name="tracking")
        if self.is_empty:
            self.envelope.focus("to")

    def leaving(self) -> None:
        self.saver.save_now()

    def receive(self, payload: object) -> None:
        """Takes a file for the letter: HTML where there is none yet, else an attachment."""
        if isinstance(payload, Path):
            self.add_files([payload])

    def focus_regions(self) -> list[QWidget]:
        return [
            self.envelope.sender,
            self.body.parts,
            self.attachments.tiles.add_tile,
            self.letter.preview.view,
        ]

    # the draft

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written that could be lost; the sender alone does not count."""
        return self.fields.is_empty

    def draft(self) -> Draft:
        """What is written; addresses still being typed become chips."""
        return self.fields.whole()

    def seen_draft(self) -> Draft:
        """What is written; with a recipients' file as the row that is looked at gets it. Raises
        InvalidDraft."""
        return self.rows.seen(self.draft())

    def snapshot(self) -> dict[str, Any]:
        """Everything that is written and remembered, as plain values for a file."""
        return {
            "format": FORMAT,
            "letter": self.letter_values(),
            "senders": dict(self._senders),
            "ways": dict(self._ways),
            "remembered": self.envelope.remembered(),
            "sending": self.flow.key,
            "sending_as": self.flow.written,
            "aside": list(self.aside.letters),
        }

    def letter_values(self) -> dict[str, Any]:
        """The letter alone, as plain values for a file; `restore_draft` puts it back."""
        return {**self.fields.values(), "watching": self.html_watch.plain()}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Puts back what `snapshot` gave; what is not as it was written is left out."""
        if snapshot.get("format") != FORMAT:
            return
        self._senders, self._ways = _by_name(snapshot.get("senders")), _by_name(snapshot.get("ways"))
        self.envelope.set_remembered(as_texts(snapshot.get("remembered")))
        letter = snapshot.get("letter")
        self.flow.restore(as_text(snapshot.get("sending")), as_text(snapshot.get("sending_as")), letter)
        self.aside.restore(snapshot.get("aside"))
        if isinstance(letter, dict):
            self.fill(letter)
        self.saver.is_known(self.snapshot())

    def keep_draft(self) -> None:
        """Writes the draft to disk, now, where it changed since."""
        self.saver.save_now()

    def restore_kept(self) -> None:
        """Puts back what was kept on disk by the run before."""
        self.restore(self._keeper.load())
        if self._keeper.note:
            self.notices.tell("warn", "The draft was not as we left it.", self._keeper.note, key="draft")
        self.head.show_saved(None if self.is_empty else self._keeper.saved_at())

    def clear(self) -> None:
        """Empties the letter; the sender stays."""
        self.empty()
        self.problems.clear()
        self._keeper.forget_files(self.aside.files)
        self._on_rest()
        self.keep_draft()
        self.envelope.focus("to")

    def empty(self) -> None:
        """Takes everything out of the fields; what they held is kept by whoever asks."""
        self.html_watch.stop()
        self.fields.empty()

    def restore_draft(self, draft: Mapping[str, Any]) -> asyncio.Task[None]:
        """Puts back a letter that was taken back: the draft that it was queued with. What is being written
        meanwhile is put aside, not lost."""
        self.turn_to.emit(self.key, None)
        return self.aside.bring_back(draft)

    def remember_sender(self, desk: Desk, sender: str) -> None:
        """Offers this sender for the next letter of that account."""
        self._senders[desk.profile.name] = sender
        self.envelope.remember(sender)

    def fill_sample(self) -> None:
        """Writes the letter of the first test; where another one is written already, it asks first."""
        if self.is_empty:
            self._fill_sample()
        else:
            self.work.start(self._ask_new(self._fill_sample), name="sample letter")

    def _fill_sample(self) -> None:
        """One address takes the letter, one gives it back."""
        html = resources.path("sample/welcome.html").read_text(encoding="utf-8")
        sender = self.envelope.sender.text() or "Example Shop <news@example.com>"
        if self.desk is not None and self.desk.profile.is_sandbox:
            sender = "Example Shop <news@example.com>"
        self.clear()
        letter = {"from": sender, "to": list(SAMPLE_TO), "subject": SAMPLE_SUBJECT, "html": html}
        attached = [str(resources.path("sample/order-guide.csv"))]
        self.fill({**letter, "text": mail_html.text_of(html), "attachments": attached})
        self.send_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def add_files(self, paths: Iterable[Path]) -> None:
        """Takes files that were dropped, pasted or picked."""
        self.files.add(paths)

    def show_failure(self, error: TurbodeskError) -> bool:
        """Says at the fields what is wrong there; False where it is none of theirs."""
        if isinstance(error, InvalidDraft):
            self.problems.show(error.problems)
            return True
        return False

    # the parts

    def _make_head(self) -> None:
        self.head = ComposeHead()
        self.way, self.tracking = self.head.way, self.head.tracking
        self.new_button, self.send_button = self.head.new_button, self.head.send.act
        self.head.send.menu = ComposeMenu(self)
        self.send_button.off("Open an account first.")
        self.box.addWidget(self.head)

    def _pane(self) -> Ground:
        pane = Ground("surface")
        pane.setMinimumWidth(theme.px(360))
        self.room = Roomy(self.envelope, least=146)
        pane.box.addWidget(self.room)
        pane.box.addWidget(self.body, 1)
        foot = QWidget()
        column = QVBoxLayout(foot)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Rule())
        column.addWidget(self.attachments)
        pane.box.addWidget(foot)
        return pane

    def _connect(self) -> None:
        self._rest.timeout.connect(self._on_rest)
        self.envelope.changed.connect(self._on_edited)
        self.body.edited.connect(self._on_edited)
        self.body.turned.connect(self._on_part_turned)
        self.body.text_wanted.connect(lambda: self.work.start(self._make_text(), busy=self.body.make_button))
        self.body.file_wanted.connect(self.files.pick_html)
        self.body.show_beside(self.html_watch.button)
        self.attachments.changed.connect(self._on_edited)
        self.attachments.strange.connect(self._tell_strange)
        self.attachments.tiles.add_asked.connect(self.files.pick_attachments)
        self.html_watch.changed.connect(self._on_watch_changed)
        self.letter.turned.connect(self._on_rest)
        self.letter.walker.walked.connect(self.rows.turn)
        self.letter.walker.take_keys(self)
        self.rows.chosen.connect(self._on_rows_chosen)
        self.rows.turned.connect(self._on_row_turned)
        self.rows.pace.edited.connect(self.saver.touch)
        self.way.chosen.connect(self._on_way)
        self._taker.files_given.connect(self.files.add)
        self._taker.picture_given.connect(self.files.add_picture)
        self.saver.saved.connect(lambda at: self.head.show_saved(None if self.is_empty else at))
        self.saver.failed.connect(self._on_not_saved)
        self.flow.undo_offered.connect(self.undo_offered)
        self.send_button.clicked.connect(lambda: self.flow.send())
        self.head.test_button.clicked.connect(self.flow.test)
        self.new_button.clicked.connect(self._on_new)
        for keys, act in (
            ("Ctrl+Return", self.flow.test),
            ("Ctrl+Enter", self.flow.test),
            ("Ctrl+Shift+Return", self.flow.send),
            ("Ctrl+Shift+Enter", self.flow.send),
            ("Ctrl+Shift+L", self.flow.send_later),
            ("Ctrl+N", self._on_new),
            ("Ctrl+Shift+A", self.files.pick_attachments),
            ("Ctrl+Shift+B", lambda: self.envelope.ask_for("bcc")),
        ):
            QShortcut(QKeySequence(keys), self, act)

    async def _read_files_of_ours(self) -> None:
        await self.flow.read_groups()
        await self.templates.read()

    async def _read_file(self, path: Path) -> Attachment:
        return await service_of(self.way.sender).attachment(path)

    async def _read_tracking(self, desk: Desk) -> None:
        tools = await ToolsService(desk).show()
        if self.desk is desk:
            self._switches = {tool.id: tool.enabled for tool in tools}
            self._show_tracking()

    def _offer_sender(self, desk: Desk) -> None:
        """Writes the sender that this account used last, unless the user wrote another."""
        user = desk.profile.user
        wanted = self._senders.get(desk.profile.name) or (user if _check(user).state == "valid" else "")
        if wanted and self.envelope.sender.text() in ("", self._default_sender):
            self.envelope.sender.setText(wanted)
            self._default_sender = wanted

    def fill(self, letter: Mapping[str, Any]) -> None:
        """Writes what `letter_values` gave in place of what is written."""
        self.fields.fill(letter)
        self.html_watch.restore(letter.get("watching"))
        self._on_rest()

    # following what is typed

    def _on_edited(self) -> None:
        self.head.show_name(self.envelope.subject.text())
        self._rest.start()
        self.saver.touch()

    def _on_watch_changed(self) -> None:
        self.body.offer_file(self.html_watch.path is None)
        self.saver.touch()

    def _on_not_saved(self, error: TurbodeskError) -> None:
        self.head.show_unsaved()
        self.notices.tell_error(error, key="draft")

    def _tell_strange(self) -> None:
        """One notice for all files that are gone, or no longer what was attached."""
        strangers = self.attachments.strangers
        altered = [piece for piece in strangers if piece.changed]
        again = ("Attach again", "refresh", lambda: self.attachments.accept(altered))
        remove = ("Remove", "delete", lambda: [self.attachments.tiles.remove(piece) for piece in strangers])
        if len(strangers) == 1:
            what, why = strangers[0].problem or strangers[0].changed, AGAIN if altered else ""
            what = what.removesuffix(f" {AGAIN}")
        else:
            what = f"{len(strangers)} attachments changed or are gone since they were attached."
            why = ", ".join(piece.path.name for piece in strangers)
        self.notices.tell("warn", what, why, [again, remove] if altered else [remove], key="attachments")

    def _on_rest(self) -> None:
        """Preview and meter follow."""
        self._rest.stop()
        draft = self.fields.draft()
        self.head.show_name(draft.subject)
        pictures = self.attachments.show_names(draft.html, self.way.cannot_show_pictures)
        self._show_seen(draft, pictures)
        sender = self.way.sender
        used = compose.wire_size(draft, self.attachments.known)
        self.attachments.show_sum(used, sender.wire_limit_bytes if sender is not None else 0)
        self.hint.look()
        self._show_tracking()
        if not self.attachments.strangers and any(it.key == "attachments" for it in self.notices.standing):
            self.notices.take_back("attachments")

    def _show_seen(self, draft: Draft, pictures: Mapping[str, Attachment]) -> None:
        """Shows the letter; with a recipients' file as the row that is looked at gets it."""
        self.rows.look(draft)
        self.letter.walker.show_row(self.rows.row, self.rows.total)
        try:
            self.letter.show_draft(self.rows.seen(draft), pictures)
        except InvalidDraft as error:
            self.letter.show_trouble(draft, "\n".join(error.problems.values()))

    def _on_rows_chosen(self) -> None:
        link = "Look at them" if self.rows.is_chosen else ""
        self.envelope.stand_in(self.rows.words, link, lambda: self.body.turn(ROWS))
        self.problems.clear()
        self.rows_flow.look_up_suppressed()
        self._on_rest()

    def _on_row_turned(self, _row: int) -> None:
        self._on_rest()
        self.saver.touch()

    def _on_way(self, way: str) -> None:
        if self.desk is not None:
            self._ways[self.desk.profile.name] = way
            self.saver.touch()
        self._show_way()

    def _show_way(self) -> None:
        """Limits, options and Send follow the way that is chosen."""
        if why := self.way.why_not:
            self.send_button.off(why)
            self.head.test_button.off(why)
        else:
            self.send_button.on()
            self.head.test_button.on()
        self.head.fit()
        self.body.offer_options(self.way.offered)
        self._on_rest()

    def _show_tracking(self) -> None:
        """Shows what is counted of this message: as it asks itself, else as the account's switches stand."""
        options = self.body.options
        if TRACKING in self.way.offered.fields:
            own = {OPEN_TRACKING: bool(options.track_opens), CLICK_TRACKING: bool(options.track_clicks)}
            self.tracking.show_state(own)
        else:
            self.tracking.show_state(self._switches)
        self.head.fit()

    def _on_part_turned(self, part: str) -> None:
        if part in (HTML, TEXT):
            self.letter.parts.choose(part)
            self._on_rest()

    # what is asked for

    def _on_new(self) -> None:
        if self.is_empty:
            self.clear()
        else:
            self.work.start(self._ask_new(self.clear), name="new letter")

    async def _ask_new(self, then: Callable[[], object]) -> None:
        name = self.envelope.subject.text().strip()
        title = f"Throw away “{name[:60]}”?" if name else "Throw this letter away?"
        text = "What you wrote has not been sent and cannot be brought back."
        if await ask(self.window(), title, text, act_label="Throw away", act_icon="delete", danger=True):
            then()

    async def _make_text(self) -> None:
        text = await asyncio.to_thread(mail_html.text_of, self.body.html.text())
        self.body.text.set_text(text)


def _check(text: str) -> AddressCheck:
    """What is known of an address before anything is asked."""
    found = compose.check_address(text)
    if found.ok:
        return AddressCheck("role", ROLE) if found.role else AddressCheck("valid")
    sentence = found.sentence.removesuffix(f" Did you mean {found.suggestion}?")  # the link below asks that
    return AddressCheck("invalid", sentence, found.suggestion)


def _by_name(value: object) -> dict[str, str]:
    """Texts by the names of profiles, as they were kept."""
    kept = value if isinstance(value, dict) else {}
    return {str(name): text for name, text in kept.items() if isinstance(text, str)}
