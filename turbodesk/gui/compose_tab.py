"""The letter, its attachments, Send."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QImage, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from turbodesk import files, resources
from turbodesk.errors import InvalidDraft, TurbodeskError
from turbodesk.gui import compose_words as say
from turbodesk.gui import theme
from turbodesk.gui.attachments_bar import AttachmentsBar
from turbodesk.gui.drop_frame import DropFrame
from turbodesk.gui.envelope import Envelope
from turbodesk.gui.file_taker import FileTaker, as_png
from turbodesk.gui.letter_body import HEADERS, HTML, OPTIONS, TEXT, LetterBody
from turbodesk.gui.letter_fields import LetterFields, as_text, as_texts
from turbodesk.gui.letter_options import OPTION_FIELDS, TRACKING
from turbodesk.gui.letter_preview import LetterPreview
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Ground, Rule, ToolBar
from turbodesk.gui.parts.chips import AddressCheck
from turbodesk.gui.parts.dialog import ask, pick_files
from turbodesk.gui.parts.label import Label
from turbodesk.gui.roomy import Roomy
from turbodesk.gui.sender_hint import SenderHint
from turbodesk.gui.tab import Tab
from turbodesk.gui.tracking_state import TrackingState
from turbodesk.gui.trial_addresses import trial_addresses
from turbodesk.gui.way_choice import WayChoice
from turbodesk.model.message import Attachment
from turbodesk.model.outcome import SendState
from turbodesk.providers.port import Capability, Provider
from turbodesk.services import compose, mail_html
from turbodesk.services.compose import ComposeService, Draft
from turbodesk.services.desk import API, Desk
from turbodesk.services.draft_keeper import DraftKeeper
from turbodesk.services.outbox import Outbox
from turbodesk.services.tools import CLICK_TRACKING, OPEN_TRACKING, ToolsService
from turbodesk.store.entry import Entry

FORMAT = 1
REST_MS = 200  # after the last key, before preview and meter follow
KEEP_MS = 2_000  # after the last key, before the draft is written to disk
HTML_ENDINGS = (".html", ".htm")
HTML_FILTER = "HTML (*.html *.htm)"
ROLE = "It belongs to an office rather than to a person."
SAMPLE_TO = ("ok@example.com", "hardbounce@example.com")
SAMPLE_SUBJECT = "Your order guide"
WIDE, NARROW = (1280, 628), (900, 556)  # width of the tab, and of its left pane there


class ComposeTab(Tab):
    """One letter being written. `keeper` keeps it on disk while it is.

    Sending has work of its own, so that another account does not cut a send in two: `sending.settled()`
    is awaited before the program ends.
    """

    key = "compose"
    title = "Compose"
    icon = "compose"

    def __init__(
        self, notices: Notices, open_outbox: Callable[[], Awaitable[Outbox]], keeper: DraftKeeper
    ) -> None:
        super().__init__(notices)
        self._open_outbox, self._keeper = open_outbox, keeper
        self._default_sender = ""
        self._sending_key = ""
        self._senders: dict[str, str] = {}
        self._ways: dict[str, str] = {}
        self._switches: dict[str, bool] | None = None  # the account's own, as they were last read
        self._kept: dict[str, Any] = {}
        self.envelope = Envelope(_check, compose.split_addresses)
        self.body = LetterBody()
        self.attachments = AttachmentsBar(self.work, self._read_file)
        self.fields = LetterFields(self.envelope, self.body, self.attachments)
        self.hint = SenderHint(self.envelope, self.work, lambda: self.turn_to.emit("account", None))
        self.letter = LetterPreview()
        self.box.addWidget(self._head())
        self.split = QSplitter()
        self.split.setHandleWidth(1)
        self.split.setChildrenCollapsible(False)
        self.pane = self._pane()
        self.split.addWidget(self.pane)
        self.split.addWidget(self.letter)
        self._moved_by_hand = False
        self.split.splitterMoved.connect(self._on_split_moved)
        self.box.addWidget(self.split, 1)
        self.drop_frame = DropFrame(self.pane)
        self._taker = FileTaker(self, self.drop_frame, self.attachments.tiles.add_tile)
        self._rest, self._keep = self._timer(REST_MS, self._on_rest), self._timer(KEEP_MS, self.keep_draft)
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
        if self._sending_key and not self.sending.busy:
            self.sending.start(self._settle_kept(), busy=self.send_button, name="settle the draft")
        if desk.has(Capability.TRACKING):
            self.work.start(self._read_tracking(desk), fail=lambda _error: True, name="tracking")

    def renew_desk(self, desk: Desk) -> None:
        super().renew_desk(desk)
        self.way.set_desk(desk, self.way.key)
        self._show_way()

    def shown(self) -> None:
        self.status.emit("Reading view; remote images off")
        if self.desk is not None and not self.first and self.desk.has(Capability.TRACKING):
            self.work.start(self._read_tracking(self.desk), fail=lambda _error: True, name="tracking")
        if self.is_empty:
            self.envelope.focus("to")

    def leaving(self) -> None:
        self.keep_draft()

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

    def snapshot(self) -> dict[str, Any]:
        """Everything that is written and remembered, as plain values for a file."""
        return {
            "format": FORMAT,
            "letter": self.fields.values(),
            "senders": dict(self._senders),
            "ways": dict(self._ways),
            "remembered": self.envelope.remembered(),
            "sending": self._sending_key,
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Puts back what `snapshot` gave; what is not as it was written is left out."""
        if snapshot.get("format") != FORMAT:
            return
        self._senders, self._ways = _by_name(snapshot.get("senders")), _by_name(snapshot.get("ways"))
        self.envelope.set_remembered(as_texts(snapshot.get("remembered")))
        self._sending_key = as_text(snapshot.get("sending"))
        letter = snapshot.get("letter")
        if isinstance(letter, dict):
            self._fill(letter)
        self._kept = self.snapshot()

    def keep_draft(self) -> None:
        """Writes the draft to disk where it changed since."""
        self._keep.stop()
        if (now := self.snapshot()) == self._kept:
            return
        try:
            self._keeper.save(now)
        except TurbodeskError as error:
            self.notices.tell_error(error, key="draft")
            return
        self._kept = now

    def restore_kept(self) -> None:
        """Puts back what was kept on disk by the run before."""
        self.restore(self._keeper.load())

    def clear(self) -> None:
        """Empties the letter; the sender stays."""
        self.fields.empty()
        self.clear_problems()
        self._keeper.forget_files()
        self._on_rest()
        self.keep_draft()
        self.envelope.focus("to")

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
        self._fill({**letter, "text": mail_html.text_of(html), "attachments": attached})
        self.send_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def add_files(self, paths: Iterable[Path]) -> None:
        """Takes files that were dropped, pasted or picked."""
        given = list(paths)
        if len(given) == 1 and given[0].suffix.lower() in HTML_ENDINGS:
            self._take_html(given[0])
        else:
            self.attachments.add(given)

    # what is wrong

    def clear_problems(self) -> None:
        """Takes away what the last Send said at the fields."""
        self.envelope.clear_problems()
        self.body.clear_problem()
        self.body.headers.message.clear()
        self.body.options.clear_problems()
        self.attachments.message.clear()

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Says each at its field, and puts the focus where the first is mended."""
        self.clear_problems()
        for field, sentence in problems.items():
            if field in self.envelope.rows:
                self.envelope.show_problem(field, sentence)
            elif field == "attachments":
                self.attachments.show_problem(sentence)
            elif field == "headers":
                self.body.headers.message.say(sentence)
            elif field in OPTION_FIELDS:
                self.body.options.show_problem(field, sentence)
            else:
                self.body.show_problem(sentence)
        self._focus_problem(next(iter(problems)))

    def _focus_problem(self, field: str) -> None:
        if field in self.envelope.rows:
            self.envelope.focus(field)
            row = self.envelope.rows[field]
            QTimer.singleShot(
                0, row, lambda: self.room.ensureWidgetVisible(row)
            )  # once it has its new height
        elif field == "attachments":
            self.attachments.tiles.focus()
        elif field in OPTION_FIELDS:
            self.body.turn(OPTIONS)
            self.body.options.focus(field)
        else:
            if field == "headers" or self.body.part == HEADERS:
                self.body.turn(HEADERS if field == "headers" else HTML)
            self.body.focus()

    def _show_failure(self, error: TurbodeskError) -> bool:
        if isinstance(error, InvalidDraft):
            self.show_problems(error.problems)
            return True
        return False

    # sending

    def send(self) -> None:
        """Sends the letter, once however often it is asked for meanwhile."""
        if self.sending.busy or self.desk is None or self.way.why_not:
            return
        self.clear_problems()
        draft = self.draft()  # as it stands now, whatever is typed while it goes
        sending = self._send(draft, self.desk, self.way.key, self.fields.values())
        self.sending.start(sending, busy=self.send_button, fail=self._show_failure, name="send")

    async def _send(self, draft: Draft, desk: Desk, way: str, written: dict[str, Any]) -> None:
        message = await _service(desk.sender(way)).message(draft)
        outbox = await self._open_outbox()
        # Should the window close meanwhile, the draft knows by this name whether the ledger has it already.
        self._sending_key = outbox.new_key()
        self.keep_draft()
        try:
            entry = await outbox.send(replace(message, key=self._sending_key), way)
        except TurbodeskError:
            self._sending_key = ""
            raise
        self._sending_key = ""
        self._senders[desk.profile.name] = draft.sender
        self.envelope.remember(draft.sender)
        unchanged = self.fields.values() == written
        if unchanged and entry.state is not SendState.REFUSED:
            self.clear()  # the ledger has it whole
        self._tell(entry, say.sent(entry))
        if entry.state is not SendState.REFUSED:
            self.turn_to.emit("outbox", entry.id)

    async def _settle_kept(self) -> None:
        """A letter that was being sent when the window closed is the outbox's, once the ledger has it."""
        outbox = await self._open_outbox()
        entry = await outbox.sent_as(self._sending_key)
        self._sending_key = ""
        if entry is None or entry.state is SendState.REFUSED:
            self.keep_draft()
            return
        self.clear()
        self._tell(entry, say.kept(entry))

    def _tell(self, entry: Entry, told: say.Told) -> None:
        look = [("Show in Outbox", "outbox", lambda: self.turn_to.emit("outbox", entry.id))]
        if told.stays:
            self.notices.tell(told.tone, told.what, told.why, look, key="send")
        else:
            self.notices.tell(told.tone, told.what, told.why)

    # the parts

    def _head(self) -> ToolBar:
        bar = ToolBar()
        self.name = Label("New message", "strong", elide="right")
        self.tracking = TrackingState()
        self.way = WayChoice()
        self.new_button = Button("New", "compose", tip="Begin another letter (Ctrl N)")
        self.send_button = Button("Send", "send", kind="primary", keys="Ctrl Enter")
        self.send_button.off("Open an account first.")
        bar.add(self.name, 1)
        bar.add(self.tracking)
        bar.box.addSpacing(theme.px(8))
        bar.add(self.way)
        bar.add(self.new_button)
        bar.add(self.send_button)
        return bar

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

    def _timer(self, wait_ms: int, act: Callable[[], object]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(wait_ms)
        timer.timeout.connect(act)
        return timer

    def _connect(self) -> None:
        self.envelope.changed.connect(self._on_edited)
        self.body.edited.connect(self._on_edited)
        self.body.turned.connect(self._on_part_turned)
        self.body.text_wanted.connect(lambda: self.work.start(self._make_text(), busy=self.body.make_button))
        self.body.file_wanted.connect(lambda: self.work.start(self._pick_html()))
        self.attachments.changed.connect(self._on_edited)
        self.attachments.tiles.add_asked.connect(self._on_add_asked)
        self.letter.turned.connect(self._on_rest)
        self.way.chosen.connect(self._on_way)
        self._taker.files_given.connect(self.add_files)
        self._taker.picture_given.connect(
            lambda picture: self.work.start(self._keep_picture(picture), name="paste")
        )
        self.send_button.clicked.connect(self.send)
        self.new_button.clicked.connect(self._on_new)
        for keys, act in (
            ("Ctrl+Return", self.send),
            ("Ctrl+Enter", self.send),
            ("Ctrl+N", self._on_new),
            ("Ctrl+Shift+A", self._on_add_asked),
            ("Ctrl+Shift+B", lambda: self.envelope.ask_for("bcc")),
        ):
            QShortcut(QKeySequence(keys), self, act)

    async def _read_file(self, path: Path) -> Attachment:
        return await _service(self.way.sender).attachment(path)

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

    def _fill(self, letter: Mapping[str, Any]) -> None:
        self.fields.fill(letter)
        self._on_rest()

    # following what is typed

    def _on_edited(self) -> None:
        self.name.setText(self.envelope.subject.text().strip() or "New message")
        self._rest.start()
        self._keep.start()

    def _on_rest(self) -> None:
        """Preview and meter follow."""
        self._rest.stop()
        draft = self.fields.draft()
        self.name.setText(draft.subject.strip() or "New message")
        pictures = self.attachments.show_names(draft.html, self.way.cannot_show_pictures)
        self.letter.show_letter(draft.sender, draft.subject, draft.html, draft.text, pictures)
        sender = self.way.sender
        used = compose.wire_size(draft, self.attachments.known)
        self.attachments.show_sum(used, sender.wire_limit_bytes if sender is not None else 0)
        self.hint.look()
        self._show_tracking()

    def _on_way(self, way: str) -> None:
        if self.desk is not None:
            self._ways[self.desk.profile.name] = way
            self._keep.start()
        self._show_way()

    def _show_way(self) -> None:
        """Limits, options and Send follow the way that is chosen."""
        if why := self.way.why_not:
            self.send_button.off(why)
        else:
            self.send_button.on()
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

    def _on_add_asked(self) -> None:
        self.work.start(self._pick_attachments(), name="attach")

    async def _pick_attachments(self) -> None:
        self.attachments.add(await pick_files(self.window(), "Attach files"))

    async def _pick_html(self) -> None:
        for path in await pick_files(self.window(), "Open an HTML file", HTML_FILTER, one=True):
            await self._read_html(path)

    async def _make_text(self) -> None:
        text = await asyncio.to_thread(mail_html.text_of, self.body.html.text())
        self.body.text.set_text(text)

    def _take_html(self, path: Path) -> None:
        """An HTML file becomes the HTML part where there is none yet; else it is attached, and offered."""
        if self.body.html.document().isEmpty():
            self.work.start(self._read_html(path), name="read HTML")
            return
        self.attachments.add([path])
        use = ("Use as HTML part", "file", lambda: self.work.start(self._swap_in(path), name="read HTML"))
        self.notices.tell("info", f"{path.name} was attached.", actions=[use], key="html-file")

    async def _swap_in(self, path: Path) -> None:
        await self._read_html(path)
        for piece in self.attachments.tiles.pieces:
            if piece.path == path:
                self.attachments.tiles.remove(piece)

    async def _read_html(self, path: Path) -> None:
        html = await asyncio.to_thread(files.read_text, path)
        self.body.html.set_text(html)
        self.body.turn(HTML)
        self.notices.tell("ok", f"{path.name} is the HTML part now.")

    async def _keep_picture(self, picture: QImage) -> None:
        data = await asyncio.to_thread(as_png, picture)
        if data:
            self.attachments.add([await asyncio.to_thread(self._keeper.add_file, "image.png", data)])

    # the room

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._moved_by_hand and self.width() > 0:
            left = self._left_width()
            self.split.setSizes([left, self.width() - left - 1])

    def _left_width(self) -> int:
        (wide, wide_left), (narrow, narrow_left) = ((theme.px(a), theme.px(b)) for a, b in (WIDE, NARROW))
        if self.width() >= wide:
            return round(self.width() * wide_left / wide)
        slope = (wide_left - narrow_left) / (wide - narrow)
        return round(narrow_left + (self.width() - narrow) * slope)

    def _on_split_moved(self) -> None:
        self._moved_by_hand = True


def _check(text: str) -> AddressCheck:
    """What is known of an address before anything is asked."""
    found = compose.check_address(text)
    if found.ok:
        return AddressCheck("role", ROLE) if found.role else AddressCheck("valid")
    sentence = found.sentence.removesuffix(f" Did you mean {found.suggestion}?")  # the link below asks that
    return AddressCheck("invalid", sentence, found.suggestion)


def _service(sender: Provider | None) -> ComposeService:
    if sender is None:
        return ComposeService(lambda: Provider.wire_limit_bytes)
    return ComposeService(lambda: sender.wire_limit_bytes, sender.check_message)


def _by_name(value: object) -> dict[str, str]:
    """Texts by the names of profiles, as they were kept."""
    kept = value if isinstance(value, dict) else {}
    return {str(name): text for name, text in kept.items() if isinstance(text, str)}
