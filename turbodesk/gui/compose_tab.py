"""The letter, its attachments, Send."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QMimeData, QObject, Qt, QTimer
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QLineEdit, QSplitter, QTextEdit, QVBoxLayout, QWidget

from turbodesk import files, resources
from turbodesk.errors import InvalidDraft, TurbodeskError
from turbodesk.gui import theme
from turbodesk.gui.attachments_bar import AttachmentsBar
from turbodesk.gui.drop_frame import DropFrame
from turbodesk.gui.envelope import Envelope
from turbodesk.gui.letter_body import HEADERS, HTML, TEXT, LetterBody
from turbodesk.gui.letter_preview import LetterPreview
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Ground, Rule, ToolBar
from turbodesk.gui.parts.chips import AddressCheck
from turbodesk.gui.parts.dialog import ask, pick_files
from turbodesk.gui.parts.label import Label
from turbodesk.gui.roomy import Roomy
from turbodesk.gui.tab import Tab
from turbodesk.gui.tracking_state import TrackingState
from turbodesk.model.message import Attachment
from turbodesk.model.outcome import SendState, Verdict
from turbodesk.providers.port import Capability, Provider
from turbodesk.services import compose, mail_html
from turbodesk.services.compose import ComposeService, Draft
from turbodesk.services.desk import Desk
from turbodesk.services.draft_keeper import DraftKeeper
from turbodesk.services.outbox import Outbox
from turbodesk.services.tools import ToolsService
from turbodesk.store.entry import Entry

FORMAT = 1
REST_MS = 200  # after the last key, before preview and meter follow
KEEP_MS = 2_000  # after the last key, before the draft is written to disk
HTML_ENDINGS = (".html", ".htm")
HTML_FILTER = "HTML (*.html *.htm)"
CHIP_FIELDS = ("to", "cc", "bcc", "reply-to")
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
        self._limit = 0
        self._default_sender = ""
        self._sending_key = ""
        self._senders: dict[str, str] = {}
        self._kept: dict[str, Any] = {}
        self.envelope = Envelope(_check, compose.split_addresses)
        self.body = LetterBody()
        self.attachments = AttachmentsBar(self.work, self._read_file)
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
        self._rest, self._keep = self._timer(REST_MS, self._on_rest), self._timer(KEEP_MS, self.keep_draft)
        self._connect()
        self._on_rest()

    # what it is given

    def set_desk(self, desk: Desk | None) -> None:
        super().set_desk(desk)
        self._limit = desk.provider.wire_limit_bytes if desk else 0
        self.attachments.look_again()
        self.tracking.show_state(None)
        if desk is None:
            self.send_button.off("Open an account first.")
            return
        self.send_button.on()
        self._offer_sender(desk)
        if self._sending_key and not self.sending.busy:
            self.sending.start(self._settle_kept(), busy=self.send_button, name="settle the draft")
        self._on_rest()
        if desk.has(Capability.TRACKING):
            self.work.start(self._read_tracking(desk), fail=lambda _error: True, name="tracking")

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
        chips = any(chips.texts() or chips.typed() for chips in self.envelope.chips.values())
        body = not self.body.html.document().isEmpty() or not self.body.text.document().isEmpty()
        headers = bool(self.body.headers.headers())
        return not (chips or body or headers or self.envelope.subject.text() or self.attachments.paths)

    def draft(self) -> Draft:
        """What is written, as it stands in the fields; addresses still being typed become chips."""
        for chips in self.envelope.chips.values():
            chips.commit()
        return self._written()

    def _written(self) -> Draft:
        addresses = {field: "\n".join(chips.texts()) for field, chips in self.envelope.chips.items()}
        return Draft(
            sender=self.envelope.sender.text(),
            to=addresses["to"],
            cc=addresses["cc"],
            bcc=addresses["bcc"],
            reply_to=addresses["reply-to"],
            subject=self.envelope.subject.text(),
            text=self.body.text.text(),
            html=self.body.html.text(),
            headers=self.body.headers.headers(),
            attachments=self.attachments.paths,
        )

    def snapshot(self) -> dict[str, Any]:
        """Everything that is written and remembered, as plain values for a file."""
        letter = {
            "from": self.envelope.sender.text(),
            **{field: [*chips.texts(), chips.typed()] for field, chips in self.envelope.chips.items()},
            "subject": self.envelope.subject.text(),
            "html": self.body.html.text(),
            "text": self.body.text.text(),
            "headers": [list(pair) for pair in self.body.headers.headers()],
            "attachments": [str(path) for path in self.attachments.paths],
        }
        remembered = self.envelope.remembered()
        return {
            "format": FORMAT,
            "letter": letter,
            "senders": dict(self._senders),
            "remembered": remembered,
            "sending": self._sending_key,
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Puts back what `snapshot` gave; what is not as it was written is left out."""
        if snapshot.get("format") != FORMAT:
            return
        senders = snapshot.get("senders")
        if isinstance(senders, dict):
            self._senders = {str(name): sender for name, sender in senders.items() if isinstance(sender, str)}
        self.envelope.set_remembered(_texts(snapshot.get("remembered")))
        self._sending_key = _text(snapshot.get("sending"))
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
        for field in CHIP_FIELDS:
            self.envelope.set_texts(field, [])
        self.envelope.subject.clear()
        self.body.empty()
        self.attachments.tiles.clear()
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
        if self.sending.busy or self.desk is None:
            return
        self.clear_problems()
        draft = self.draft()  # as it stands now, whatever is typed while it goes
        sending = self._send(draft, self.desk, self.snapshot()["letter"])
        self.sending.start(sending, busy=self.send_button, fail=self._show_failure, name="send")

    async def _send(self, draft: Draft, desk: Desk, written: dict[str, Any]) -> None:
        message = await self._service(desk).message(draft)
        outbox = await self._open_outbox()
        # Should the window close meanwhile, the draft knows by this name whether the ledger has it already.
        self._sending_key = outbox.new_key()
        self.keep_draft()
        try:
            entry = await outbox.send(replace(message, key=self._sending_key))
        except TurbodeskError:
            self._sending_key = ""
            raise
        self._sending_key = ""
        self._senders[desk.profile.name] = draft.sender
        self.envelope.remember(draft.sender)
        unchanged = self.snapshot()["letter"] == written
        if unchanged and entry.state is not SendState.REFUSED:
            self.clear()  # the ledger has it whole
        self._tell(entry)
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
        look = [("Show in Outbox", "outbox", lambda: self.turn_to.emit("outbox", entry.id))]
        what = "The letter was on its way when Turbodesk closed."
        self.notices.tell("warn", what, f"The outbox has it now: {entry.state}.", look, key="send")

    def _tell(self, entry: Entry) -> None:
        accepted = sum(outcome.verdict is Verdict.ACCEPTED for outcome in entry.outcomes)
        look = [("Show in Outbox", "outbox", lambda: self.turn_to.emit("outbox", entry.id))]
        match entry.state:
            case SendState.ACCEPTED:
                self.notices.tell("ok", f"Accepted for {accepted}.")
            case SendState.PARTLY:
                refused = [str(o.address.email) for o in entry.outcomes if o.verdict is Verdict.REFUSED]
                who = ", ".join(refused[:3]) + (" …" if len(refused) > 3 else "")
                self.notices.tell("warn", f"Accepted for {accepted}, refused for {len(refused)}:", who, look)
            case SendState.REFUSED:
                self.notices.tell("error", "The letter was refused.", entry.reason, look, key="send")
            case SendState.UNKNOWN:
                what = "It may have left; Turbodesk does not send it again by itself."
                self.notices.tell("warn", what, entry.reason, look, key="send")
            case _:
                why = f"{entry.reason} It waits in Outbox.".strip()
                self.notices.tell("warn", "Not sent yet.", why, look, key="send")

    # the parts

    def _head(self) -> ToolBar:
        bar = ToolBar()
        self.name = Label("New message", "strong", elide="right")
        self.tracking = TrackingState()
        self.new_button = Button("New", "compose", tip="Begin another letter (Ctrl N)")
        self.send_button = Button("Send", "send", kind="primary", keys="Ctrl Enter")
        self.send_button.off("Open an account first.")
        bar.add(self.name, 1)
        bar.add(self.tracking)
        bar.box.addSpacing(theme.px(8))
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
        self.setAcceptDrops(True)
        for edit in (*self.findChildren(QLineEdit), *self.findChildren(QTextEdit)):
            edit.setAcceptDrops(False)  # files are taken by the whole tab
            edit.installEventFilter(self)
        self.attachments.tiles.add_tile.installEventFilter(self)

    def _service(self, desk: Desk | None) -> ComposeService:
        return ComposeService(lambda: desk.provider.wire_limit_bytes if desk else Provider.wire_limit_bytes)

    async def _read_file(self, path: Path) -> Attachment:
        return await self._service(self.desk).attachment(path)

    async def _read_tracking(self, desk: Desk) -> None:
        tools = await ToolsService(desk).show()
        if self.desk is desk:
            self.tracking.show_state({tool.id: tool.enabled for tool in tools})

    def _offer_sender(self, desk: Desk) -> None:
        """Writes the sender that this account used last, unless the user wrote another."""
        user = desk.profile.user
        wanted = self._senders.get(desk.profile.name) or (user if _check(user).state == "valid" else "")
        if wanted and self.envelope.sender.text() in ("", self._default_sender):
            self.envelope.sender.setText(wanted)
            self._default_sender = wanted

    def _fill(self, letter: Mapping[str, Any]) -> None:
        self.envelope.sender.setText(_text(letter.get("from")))
        for field in CHIP_FIELDS:
            self.envelope.set_texts(field, _texts(letter.get(field)))
        self.envelope.subject.setText(_text(letter.get("subject")))
        self.body.html.set_text(_text(letter.get("html")))
        self.body.text.set_text(_text(letter.get("text")))
        pairs = [pair for pair in letter.get("headers") or () if isinstance(pair, list) and len(pair) == 2]
        self.body.headers.set_headers((_text(name), _text(value)) for name, value in pairs)
        self.body.turn(TEXT if letter.get("text") and not letter.get("html") else HTML)
        self.attachments.tiles.clear()
        self.attachments.add([Path(path) for path in _texts(letter.get("attachments"))], keep_bad=True)
        self._on_rest()

    # following what is typed

    def _on_edited(self) -> None:
        self.name.setText(self.envelope.subject.text().strip() or "New message")
        self._rest.start()
        self._keep.start()

    def _on_rest(self) -> None:
        """Preview and meter follow."""
        self._rest.stop()
        html, text = self.body.html.text(), self.body.text.text()
        self.name.setText(self.envelope.subject.text().strip() or "New message")
        self.letter.show_letter(self.envelope.sender.text(), self.envelope.subject.text(), html, text)
        used = compose.wire_size(self._written(), self.attachments.known)
        self.attachments.show_sum(used, self._limit)

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

    # dropping and pasting

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _local_files(event.mimeData()) or event.mimeData().hasImage():
            event.acceptProposedAction()
            count = len(_local_files(event.mimeData()))
            self.drop_frame.show_over(f"Attach {count} files" if count > 1 else "Let go to attach")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.drop_frame.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.drop_frame.hide()
        if self._take(event.mimeData()):
            event.acceptProposedAction()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) and isinstance(
            event, QKeyEvent
        ):
            given = (
                QGuiApplication.clipboard().mimeData()
                if event.matches(QKeySequence.StandardKey.Paste)
                else None
            )
            if given is not None and (_local_files(given) or (given.hasImage() and not given.hasText())):
                return event.type() == QEvent.Type.ShortcutOverride or self._take(given)
        return False

    def _take(self, given: QMimeData) -> bool:
        """Attaches the files or the picture of a drop or a paste."""
        if paths := _local_files(given):
            self.add_files(paths)
            return True
        if given.hasImage():
            self.work.start(self._keep_picture(QImage(given.imageData())), name="paste")
            return True
        return False

    async def _keep_picture(self, picture: QImage) -> None:
        data = await asyncio.to_thread(_png, picture)
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


def _local_files(given: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in given.urls() if url.isLocalFile()]


def _png(picture: QImage) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return bytes(data.data()) if picture.save(buffer, "PNG") else b""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str) and text] if isinstance(value, list) else []
