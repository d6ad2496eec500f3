"""The row above the letter: what it is called, whether it is on disk, and what can be done with it."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from turbodesk.gui import theme, words
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import ToolBar
from turbodesk.gui.parts.label import Label
from turbodesk.gui.parts.split_button import SplitButton
from turbodesk.gui.tracking_state import TrackingState
from turbodesk.gui.way_choice import WayChoice
from turbodesk.services.test_groups import Group

UNNAMED = "New message"
NAME_MOST = 320  # px of the drawings that name and state may take from the others


class ComposeHead(ToolBar):
    """Name and state of the draft, tracking, the way it goes by, New, Test and Send. Too narrow: the words
    grow shorter, then the tracking goes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._name, self._saved, self._failed = UNNAMED, "", False
        self._group: Group | None = None
        self._short = False
        self.title = Label(UNNAMED, "strong", elide="right")
        self.tracking, self.way = TrackingState(), WayChoice()
        self._tracking_room = QWidget()
        room = QHBoxLayout(self._tracking_room)
        room.setContentsMargins(0, 0, theme.px(8), 0)
        room.addWidget(self.tracking)
        self.new_button = Button(
            "", "add", kind="quiet", name="New letter", tip="Begin another letter (Ctrl N)"
        )
        self.test_button = Button("Test", "test", keys="Ctrl Enter")
        self.send = SplitButton("Send", "send", tip="Send it (Ctrl Shift Enter)", more="Other ways to send")
        self.add(self.title, 1)
        for part in (self._tracking_room, self.way, self.new_button, self.test_button, self.send):
            self.add(part)
        self.show_group(None)

    @property
    def name(self) -> str:
        """What the letter is called here."""
        return self._name

    def show_name(self, subject: str) -> None:
        """Shows what the letter is about."""
        name = words.one_line(subject) or UNNAMED
        if name != self._name:
            self._name = name
            self.fit()

    def show_saved(self, at: datetime | None) -> None:
        """Shows when the draft was last on disk; None where there is nothing to keep."""
        saved = words.clock(at) if at is not None else ""
        if (saved, False) != (self._saved, self._failed):
            self._saved, self._failed = saved, False
            self.fit()

    def show_unsaved(self) -> None:
        """Shows that the draft is not on disk."""
        self._failed = True
        self.fit()

    def show_group(self, group: Group | None) -> None:
        """Shows how many get a test; None where no group is written yet."""
        self._group = group
        many = words.counted(len(group.testers), "tester") if group is not None else ""
        self.test_button.setText(f"Test to {many}" if many and not self._short else "Test")
        name = f"Test to {many} of {group.name}" if group is not None else "Test: say who the testers are"
        self.test_button.setAccessibleName(name)
        self.test_button.set_tip(name)
        self.test_button.updateGeometry()

    def fit(self) -> None:
        """Says as much as there is room for."""
        for short, tracked in ((False, True), (False, False), (True, False)):
            self._short = short
            self._tracking_room.setVisible(tracked)
            self.show_group(self._group)
            self._show_title()
            if self._needed() <= self.width():
                break

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def _needed(self) -> int:
        margins = self.box.contentsMargins()
        parts = [self._tracking_room, self.way, self.new_button, self.test_button, self.send]
        shown = [part.sizeHint().width() for part in parts if not part.isHidden()]
        gaps = self.box.spacing() * len(shown)
        name = min(self.title.sizeHint().width(), theme.px(NAME_MOST))
        return name + sum(shown) + gaps + margins.left() + margins.right()

    def _show_title(self) -> None:
        saved = "Saved" if self._short else "Draft saved"
        state = (
            ("  Not saved", "danger", "small")
            if self._failed
            else (f"  {saved} {self._saved}", "muted", "small")
        )
        runs = [(self._name, "text", "strong")]
        self.title.set_runs([*runs, state] if self._saved or self._failed else runs)
