"""One send, whole: what is so, what to do, what the provider said of each recipient, what happened."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.outbox_words import (
    LOOK_UP,
    TELLING,
    counts_down,
    details_of,
    in_order_of_need,
    outcome_pill,
    refused,
    said_of,
    step_line,
    subject_of,
    via,
)
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, Rule, clear_layout, row
from turbodesk.gui.parts.detail import DetailPane
from turbodesk.gui.parts.facts import Facts, Value
from turbodesk.gui.parts.flow import FlowLayout
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.pill import PillLabel
from turbodesk.gui.parts.states import EmptyState, Pages
from turbodesk.gui.parts.steps import StepList
from turbodesk.model.outcome import Hold, RecipientOutcome, SendState, Verdict
from turbodesk.store.entry import Entry

MOST_RECIPIENTS = 50  # shown one by one; "Copy details" has them all
TO_LOOK_UP = (SendState.ACCEPTED, SendState.PARTLY, SendState.UNKNOWN)
WITH_DETAILS = (SendState.UNKNOWN, SendState.REFUSED, SendState.PARTLY)


class SendDetail(Pages):
    """The pane beside the list. It asks for things; the tab does them."""

    asked = Signal(str, str)  # what to do, and the id
    look_asked = Signal(str)  # the key of the tab where it is read on
    batch_asked = Signal()  # the batch that it is a row of

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entry: Entry | None = None
        self._service, self._looks = "", tuple(TELLING)
        self.pane = DetailPane()
        none = DetailPane()
        self.none = EmptyState("outbox", "No send chosen", "Choose a row to see what came of it.")
        none.box.takeAt(0).widget().deleteLater()
        none.box.addWidget(self.none)
        self.add("none", none)
        self.add("entry", self.pane)
        self._build()

    @property
    def entry(self) -> Entry | None:
        """The send that is shown."""
        return self._entry

    def show_none(self) -> None:
        """Shows that no row is chosen."""
        self._entry = None
        self.turn("none")

    def show_entry(self, entry: Entry, service: str, looks: Sequence[str] = tuple(TELLING)) -> None:
        """Shows a send as the ledger has it; nothing moves where nothing has changed."""
        if entry == self._entry and service == self._service:
            return
        self._entry, self._service, self._looks = entry, service, tuple(looks)
        self._show_head(entry)
        self._show_card(entry, service, looks)
        self._show_recipients(entry)
        last = len(entry.steps) - 1
        self._steps.set_steps([step_line(step, i == last, entry) for i, step in enumerate(entry.steps)])
        self._facts.set_facts(_wire_facts(entry))
        self.turn("entry")

    def show_crumb(self, batch: str) -> None:
        """Offers the way back to the batch of that name; empty where it stands alone."""
        self.crumb.setText(batch)
        self.crumb.setAccessibleName(f"Back to the batch {batch}")
        self._crumb_row.setVisible(bool(batch))

    def tick(self) -> None:
        """A second has passed: shows how long it waits yet."""
        if self._entry is not None and counts_down(self._entry):
            self._what.setText(said_of(self._entry, self._service, self._looks).title)

    def _build(self) -> None:
        self.crumb = Button("", "left", kind="quiet", size="small")
        self.crumb.clicked.connect(self.batch_asked)
        self._crumb_row = QWidget()
        self._crumb_row.setLayout(row(self.crumb, None))
        self._crumb_row.setVisible(False)
        self.pill = PillLabel("queued")
        self._key = Label("", "small", "muted", elide="middle", tabular=True)
        self._key.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._title = Label("", "title", wrap=True)
        self._to = Label("", tone="muted", wrap=True)
        head = QVBoxLayout()
        head.setSpacing(0)
        head.addWidget(self._title)
        head.addWidget(self._to)
        self.close_button = Button("", "close", kind="quiet", size="small", name="Back to the list")
        self.close_button.setVisible(False)
        self.pane.add(self._crumb_row)
        self.pane.add(row(self.pill, self._key, self.close_button))
        self.pane.add(head)
        self.pane.add(self._card(), gap=2)
        self.pane.section("Recipients")
        self._recipients = QVBoxLayout()
        self._recipients.setSpacing(theme.px(8))
        self.pane.add(self._recipients)
        self.pane.section("What happened")
        self._steps = StepList()
        self.pane.add(self._steps)
        self.pane.add(Rule(), gap=6)
        self.pane.section("Key on the wire")
        self._facts = Facts()
        self.pane.add(self._facts)
        self.request_button = Button("Request as sent", "view", size="small")
        self.curl_button = Button("Copy as cURL", "copy", size="small")
        self.request_button.clicked.connect(lambda: self._ask("show request"))
        self.curl_button.clicked.connect(lambda: self._ask("copy as cURL"))
        self.pane.add(row(self.request_button, self.curl_button, None), gap=2)

    def _card(self) -> Card:
        card = Card(padding=12)
        card.body.setSpacing(theme.px(4))
        self._what = Label("", "section", wrap=True)
        self._why = Label("", wrap=True)
        self._foot = Label("", "small", "muted", wrap=True)
        self._buttons = QWidget()
        flow = FlowLayout(8)
        flow.setContentsMargins(0, theme.px(8), 0, 0)
        self._buttons.setLayout(flow)
        self.again_button = Button("Send again", "send", kind="primary")
        self.settle_button = Button("Look it up", "search", kind="primary")
        self.resend_button = Button("Send again", "send")
        self.sent_button = Button("Close as sent…", kind="quiet")
        self.back_button = Button("Back to Compose", "undo")
        self.move_button = Button("Change time…", "clock")
        self.discard_button = Button("Discard…", kind="quiet")
        self.stats_button = Button("Open Stats", "stats")
        self.reports_button = Button("Open Reports", "reports")
        self.refused_button = Button("Copy the refused", "copy")
        self.copy_button = Button("Copy details", "copy")
        for button in self._all_buttons():
            flow.addWidget(button)
        for deed, button in (
            ("send again", self.again_button),
            ("look up", self.settle_button),
            ("send once more", self.resend_button),
            ("close as sent", self.sent_button),
            ("take back", self.back_button),
            ("change time", self.move_button),
            ("discard", self.discard_button),
        ):
            button.clicked.connect(lambda _on=False, deed=deed: self._ask(deed))
        self.stats_button.clicked.connect(lambda: self.look_asked.emit("stats"))
        self.reports_button.clicked.connect(lambda: self.look_asked.emit("reports"))
        self.refused_button.clicked.connect(self._on_refused_clicked)
        self.copy_button.clicked.connect(self._on_copy_clicked)
        self._foot.setContentsMargins(0, theme.px(6), 0, 0)
        for part in (self._what, self._why, self._buttons, self._foot):
            card.add(part)
        return card

    def _all_buttons(self) -> tuple[Button, ...]:
        first = (self.settle_button, self.again_button, self.move_button, self.back_button)
        looks = (self.stats_button, self.reports_button, self.refused_button, self.copy_button)
        return (*first, *looks, self.resend_button, self.sent_button, self.discard_button)

    def _ask(self, deed: str) -> None:
        if self._entry is not None:
            self.asked.emit(deed, self._entry.id)

    def _on_copy_clicked(self) -> None:
        if self._entry is not None:
            QGuiApplication.clipboard().setText(details_of(self._entry, self._service))

    def _on_refused_clicked(self) -> None:
        if self._entry is not None:
            QGuiApplication.clipboard().setText("\n".join(refused(self._entry)))

    def _show_head(self, entry: Entry) -> None:
        self.pill.set_state(entry.state.value)
        self._key.setText(f"Send {entry.key}")
        self._title.setText(subject_of(entry))
        first = entry.outcomes[0].address.email if entry.outcomes else "nobody"
        more = len(entry.outcomes) - 1
        and_more = f" and {words.number(more)} more" if more > 0 else ""
        self._to.setText(f"to {first}{and_more} from {entry.sender.email}")

    def _show_card(self, entry: Entry, service: str, looks: Sequence[str]) -> None:
        said = said_of(entry, service, looks)
        self._what.setText(said.title)
        self._why.setText(said.text)
        self._foot.setText(said.foot)
        self._foot.setVisible(bool(said.foot))
        held, lost = entry.state is SendState.QUEUED, entry.state is SendState.UNKNOWN
        waits, alone = held and entry.hold is not Hold.PERSON, not entry.batch
        self._name_buttons(entry, waits)
        wanted = {
            self.again_button: held and entry.hold is not Hold.BATCH,
            self.settle_button: lost and LOOK_UP in looks,
            self.resend_button: lost,
            self.sent_button: lost,
            self.back_button: held and alone,
            self.move_button: held and alone and entry.hold in (Hold.TIME, Hold.PERSON),
            self.discard_button: held and (entry.hold is Hold.PERSON or not alone),
            self.stats_button: entry.state in TO_LOOK_UP
            and "stats" in looks
            and not (lost and LOOK_UP in looks),
            self.reports_button: entry.state in (SendState.ACCEPTED, SendState.PARTLY) and "reports" in looks,
            self.refused_button: entry.state is SendState.PARTLY,
            self.copy_button: entry.state in WITH_DETAILS,
        }
        for button, shown in wanted.items():
            button.setVisible(shown)
        self._buttons.setVisible(any(wanted.values()))
        left = entry.attempts > 0 and not held
        self.request_button.setText("Request as sent" if left else "Show the request")

    def _name_buttons(self, entry: Entry, waits: bool) -> None:
        """What the buttons are called for this send, and which of them is the thing to do next."""
        self.again_button.setText("Send now" if waits else "Send again" if entry.attempts else "Send")
        self.again_button.set_kind("plain" if waits else "primary")
        back = {Hold.UNDO: "Undo", Hold.AGAIN: "Cancel"}.get(entry.hold, "Back to Compose")
        self.back_button.setText(back)
        self.move_button.setText("Change time…" if entry.hold is Hold.TIME else "Send later…")
        self.discard_button.setText("Leave it out…" if entry.hold is Hold.BATCH else "Discard…")
        self.resend_button.setText("Send again" if entry.may_go_again else "Send again…")
        self.resend_button.set_kind("primary" if entry.may_go_again else "plain")
        self.settle_button.set_kind("plain" if entry.may_go_again else "primary")

    def _show_recipients(self, entry: Entry) -> None:
        clear_layout(self._recipients)
        for outcome in in_order_of_need(entry.outcomes)[:MOST_RECIPIENTS]:
            self._recipients.addWidget(_recipient(entry, outcome))
        more = len(entry.outcomes) - MOST_RECIPIENTS
        if more > 0:
            self._recipients.addWidget(Label(f"and {words.number(more)} more", "small", "muted"))


def _recipient(entry: Entry, outcome: RecipientOutcome) -> QWidget:
    """One address, how it stands with it, and what the provider said."""
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(theme.px(2))
    kind = Label(outcome.kind.value.capitalize(), "small", "muted")
    kind.setFixedWidth(theme.px(24))
    pill = PillLabel(outcome_pill(entry, outcome))
    line = row(kind, _stretching(Label(outcome.address.email, elide="middle")), pill)
    if outcome.provider_id and any(it.provider_id != entry.provider_id for it in entry.outcomes):
        line.addWidget(_copy(outcome.provider_id, f"Copy the id of {outcome.address.email}"))
    box.addLayout(line)
    if outcome.words and not (outcome.verdict is Verdict.ACCEPTED and outcome.words.upper() == "OK"):
        said = Label(outcome.words, "small", "muted", wrap=True)
        said.setContentsMargins(theme.px(32), 0, 0, 0)
        box.addWidget(said)
    return holder


def _copy(text: str, name: str) -> Button:
    """A small button that puts a text into the clipboard."""
    button = Button("", "copy", kind="quiet", size="small", name=name, tip=f"{name}: {text}")
    button.setFixedSize(theme.px(22), theme.px(22))
    button.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
    return button


def _with_copy(what: str, text: str) -> QWidget:
    """An id in the fixed font, and the button that copies it."""
    holder = QWidget()
    label = Label(text, "mono", elide="middle", tabular=True)
    label.setAccessibleName(f"{what}: {text}")
    holder.setLayout(row(label, _copy(text, f"Copy {what}"), gap=4))
    return holder


def _stretching(label: Label) -> Label:
    policy = label.sizePolicy()
    policy.setHorizontalStretch(1)
    label.setSizePolicy(policy)
    return label


def _wire_facts(entry: Entry) -> list[tuple[str, Value]]:
    facts: list[tuple[str, Value]] = [("X-Turbodesk-ID", _with_copy("X-Turbodesk-ID", entry.key))]
    if entry.provider_id:
        facts.append(("Provider’s id", _with_copy("Provider’s id", entry.provider_id)))
    facts.append(("Sent by", via(entry)))
    facts.append(("Body hash", (_in_fours(entry.body_sha256), "mono")))
    facts.append(("Size", words.size(entry.size_bytes)))
    if entry.attempts > 1:
        facts.append(("Attempts", words.number(entry.attempts)))
    return facts + _attachment_facts(entry.attachments)


def _attachment_facts(attachments: Sequence[tuple[str, int]]) -> list[tuple[str, Value]]:
    return [
        ("Attachment" if place == 0 else "", f"{name}, {words.size(size_bytes)}")
        for place, (name, size_bytes) in enumerate(attachments)
    ]


def _in_fours(digest: str) -> str:
    """The first twelve figures of a hash, in groups that can be compared by eye."""
    return " ".join(digest[start : start + 4] for start in range(0, 12, 4))
