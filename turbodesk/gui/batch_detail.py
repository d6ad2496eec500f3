"""One batch, whole: how far it is, why it rests, what can be done, what came of its rows."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.batch_words import (
    COUNTS,
    facts_of,
    how_far,
    is_whole,
    pill_of,
    said_of,
    title_of,
)
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Card, row
from turbodesk.gui.parts.detail import DetailPane
from turbodesk.gui.parts.facts import Facts
from turbodesk.gui.parts.flow import FlowLayout
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.meter import Meter
from turbodesk.gui.parts.pill import PILLS, PillLabel
from turbodesk.model.outcome import SendState
from turbodesk.services.batches import Progress
from turbodesk.store.entry import Batch, BatchState

NOT_WHOLE = "Not all its rows were written down, so it never goes out. Send the file as a new batch."


class BatchDetail(DetailPane):
    """The pane beside the list. It asks for things; the tab does them. `rows_asked` tells the state of the
    rows that are wanted, empty for all."""

    asked = Signal(str, str)  # what to do, and the id
    rows_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._progress: Progress | None = None
        self._ending = False
        self.setAccessibleName("Batch")
        self.pill = PillLabel("queued")
        self._file = Label("", "small", "muted", elide="middle")
        self.close_button = Button("", "close", kind="quiet", size="small", name="Back to the list")
        self.close_button.setVisible(False)
        self._title = Label("", "title", wrap=True)
        self._of = Label("", tone="muted", wrap=True)
        head = QVBoxLayout()
        head.setSpacing(0)
        head.addWidget(self._title)
        head.addWidget(self._of)
        self.add(row(self.pill, self._file, self.close_button))
        self.add(head)
        self.add(self._card(), gap=2)
        self.section("What came of its rows")
        self.add(self._counts())
        self.rows_button = Button("Show its rows", "rows")
        self.rows_button.clicked.connect(lambda: self.rows_asked.emit(""))
        self.add(row(self.rows_button, None), gap=2)
        self.section("How it goes out")
        self._facts = Facts()
        self.add(self._facts)

    @property
    def batch(self) -> Batch | None:
        """The batch that is shown."""
        return self._progress.batch if self._progress is not None else None

    def show_batch(self, progress: Progress, *, ending: bool, look_up: bool, inside: bool) -> None:
        """Shows how a batch stands. `ending` while it comes to rest, `look_up` where its unknown rows can be
        asked for, `inside` where its rows stand in the list already."""
        before, batch = self.batch, progress.batch
        self._progress, self._ending = progress, ending
        self.pill.set_state(*pill_of(batch))
        self._file.setText(words.one_line(batch.name))
        self._title.setText(title_of(batch))
        letters = words.counted(batch.total, "letter")
        self._of.setText(f"{letters}, one for each row, from {batch.profile}")
        self._show_card(progress, look_up)
        for state, (button, number) in self._states.items():
            count = batch.counts.get(state, 0)
            number.setText(words.number(count))
            for part in (button, number, self._state_pills[state]):
                part.setVisible(count > 0)
        self.rows_button.setVisible(not inside)
        if before is None or before.id != batch.id:
            self._facts.set_facts(facts_of(batch))

    def _card(self) -> Card:
        card = Card(padding=12)
        card.body.setSpacing(theme.px(4))
        self._what = Label("", "section", wrap=True)
        self._why = Label("", wrap=True)
        self.meter = Meter(name="How far it is", tone="accent")
        self.how_far = Label("", "small", tabular=True, wrap=True)
        self._foot = Label("", "small", "muted", wrap=True)
        self.pause_button = Button("Pause", "pause", kind="primary")
        self.resume_button = Button("Resume", "send", kind="primary")
        self.look_button = Button("Look up all unknown", "search")
        self.cancel_button = Button("Cancel the rest…", kind="quiet")
        self._buttons = QWidget()
        flow = FlowLayout(8)
        flow.setContentsMargins(0, theme.px(8), 0, 0)
        self._buttons.setLayout(flow)
        for deed, button in (
            ("pause", self.pause_button),
            ("resume", self.resume_button),
            ("look up all", self.look_button),
            ("cancel", self.cancel_button),
        ):
            flow.addWidget(button)
            button.clicked.connect(lambda _on=False, deed=deed: self._ask(deed))
        for part in (self._what, self._why, self.meter, self.how_far, self._buttons, self._foot):
            if part is self.meter:
                card.body.addSpacing(theme.px(6))
            card.add(part)
        return card

    def _counts(self) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.px(12))
        grid.setVerticalSpacing(theme.px(4))
        grid.setColumnStretch(2, 1)
        self._states: dict[SendState, tuple[Button, Label]] = {}
        self._state_pills: dict[SendState, PillLabel] = {}
        for line, state in enumerate(COUNTS):
            word = PILLS[state.value].word
            pill, number = PillLabel(state.value), Label("", "medium", tabular=True)
            show = Button("Show", kind="quiet", size="small", name=f"Show the rows: {word}")
            show.clicked.connect(lambda _on=False, state=state: self.rows_asked.emit(state.value))
            self._states[state], self._state_pills[state] = (show, number), pill
            for place, part in enumerate((pill, number)):
                grid.addWidget(part, line, place)
            grid.addWidget(show, line, 3)
        return holder

    def _show_card(self, progress: Progress, look_up: bool) -> None:
        batch = progress.batch
        said = said_of(batch, ending=self._ending)
        self._what.setText(said.title)
        self._why.setText(said.text)
        self._foot.setText(said.foot)
        self._why.setVisible(bool(said.text))
        self._foot.setVisible(bool(said.foot))
        far = how_far(progress)
        self.meter.set_share(batch.finished / batch.total if batch.total else None, far)
        self.how_far.setText(far)
        unknown = batch.counts.get(SendState.UNKNOWN, 0) > 0
        rests = batch.state in (BatchState.PAUSED, BatchState.STOPPED)
        self.pause_button.setVisible(batch.state is BatchState.RUNNING)
        self.resume_button.setVisible(rests)
        self.look_button.setVisible(unknown and look_up)
        self.look_button.set_kind("primary" if batch.is_over else "plain")
        self.cancel_button.setVisible(not batch.is_over)
        shown = (self.pause_button, self.resume_button, self.look_button, self.cancel_button)
        self._buttons.setVisible(any(not button.isHidden() for button in shown))
        if self._ending:
            self.pause_button.off("It pauses as soon as what is just leaving has come to its end.")
        elif self.pause_button.toolTip():
            self.pause_button.on()
        if is_whole(batch):
            if self.resume_button.toolTip():
                self.resume_button.on()
        else:
            self.resume_button.off(NOT_WHOLE)

    def _ask(self, deed: str) -> None:
        if (batch := self.batch) is not None:
            self.asked.emit(deed, batch.id)
