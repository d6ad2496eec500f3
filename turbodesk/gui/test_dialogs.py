"""To whom a test goes: asked before it is sent, and the groups of testers to write and change."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from turbodesk.errors import InvalidDraft
from turbodesk.gui import theme, words
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import row
from turbodesk.gui.parts.check_box import CheckBox
from turbodesk.gui.parts.choice import Choice
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.field import Field, Message
from turbodesk.gui.parts.label import Label, Link
from turbodesk.gui.profile_form import Lines
from turbodesk.services.test_groups import FIRST_NAME, Group, Groups, checked

SHOWN = 12  # testers that are named; the others are counted
WIDE, LEAST = 480, 150  # of the dialogs, of the list of groups


class _Fitting(Dialog):
    """A dialog as high as what it says."""

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.resize(self.width(), self.layout().totalHeightForWidth(self.width()))
        return done


class SendTestDialog(_Fitting):
    """Send a test? Enter sends. `groups` has what was chosen here; `edit_asked` when a group is to be
    changed, or written anew where it comes with None."""

    edit_asked = Signal(object)

    def __init__(self, parent: QWidget | None, subject: str, groups: Groups) -> None:
        super().__init__(parent, "Send a test?", wide=WIDE)
        self.groups = groups
        self._subject = words.one_line(subject) or "No subject"
        self.choice = Choice(name="Group of testers")
        self.choice.setMinimumWidth(theme.px(LEAST))
        self.edit_link, self.add_link = Link("Change", "small-medium"), Link("New group", "small-medium")
        self.testers = Label(tone="muted", wrap=True)
        self.mark = CheckBox("Mark it as a test: [TEST] before the subject, and an id of its own")
        self.mark.setChecked(groups.mark)
        self.says = Label(wrap=True)
        line = row(self.choice, self.edit_link, self.add_link, None, gap=12)
        self.body.addWidget(self.says)
        self.body.addLayout(line)
        self.body.addWidget(self.testers)
        self.body.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignLeft)
        self.foot_note.setText("Nobody else who stands in the letter gets it.")
        self.add_button(Button("Back"), "back")
        self.send_button = self.add_button(Button("Send test", "test", kind="primary"), "act")
        self.enter_presses(self.send_button)
        self.show_groups(groups)
        self.choice.key_changed.connect(lambda name: self.show_groups(self.groups.choosing(name)))
        self.mark.toggled.connect(lambda on: self.show_groups(replace(self.groups, mark=on)))
        self.edit_link.clicked.connect(lambda: self.edit_asked.emit(self.groups.current))
        self.add_link.clicked.connect(lambda: self.edit_asked.emit(None))
        self.send_button.setFocus()

    def show_groups(self, groups: Groups) -> None:
        """Shows other groups, or another choice among them."""
        self.groups = groups
        self.choice.set_items([(group.name, group.name) for group in groups.groups])
        group = groups.current
        if group is None:
            self.testers.setText("There is no group of testers yet.")
            self.send_button.off("Write down who the testers are first.")
            return
        self.choice.choose(group.name)
        many = words.counted(len(group.testers), "tester")
        self.heading.setText(f"Test to {many}?")
        self.setWindowTitle(self.heading.text())
        subject = f"[TEST] {self._subject}" if groups.mark else self._subject
        self.says.setText(f"“{subject}” goes to {group.name} at once.")
        self.testers.setText(_named(group))
        self.send_button.on()


class GroupDialog(_Fitting):
    """One group of testers to write or change; accepted once it can be kept. `group` is what was written,
    None where it shall be deleted."""

    def __init__(self, parent: QWidget | None, groups: Groups, before: Group | None) -> None:
        title = f"Testers of {before.name}" if before is not None else "Who are the testers?"
        super().__init__(parent, title, wide=WIDE)
        self._taken = [it.name for it in groups.groups if before is None or it.name != before.name]
        self.group: Group | None = before
        self.name = Field("Testers", name="Name of the group")
        self.testers = QPlainTextEdit()
        self.testers.setAccessibleName("Addresses of the testers")
        self.testers.setPlaceholderText("One address a line, or parted by commas")
        self.testers.setTabChangesFocus(True)
        self.testers.setFixedHeight(theme.px(110))
        self.message = Message()
        self.testers.textChanged.connect(self.message.clear)
        self.name.changed.connect(lambda _text: self.name.set_good())
        lines = Lines()
        lines.add("Name", self.name)
        lines.add("Addresses", self.testers)
        lines.add("", self.message)
        self.body.addWidget(Label("They get the tests of every letter, whatever account is open.", wrap=True))
        self.body.addWidget(lines)
        if before is not None:
            delete = self.add_button(Button("Delete group", "delete", kind="quiet"), "plain")
            delete.clicked.connect(self._on_delete)
        self.add_button(Button("Back"), "back")
        self.keep_button = self.add_button(Button("Keep", kind="primary"))
        self.keep_button.clicked.connect(self._on_keep)
        self.name.setText(before.name if before is not None else _free_name(self._taken))
        if before is not None:
            self.testers.setPlainText("\n".join(map(str, before.testers)))
        self.testers.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_keep(self) -> None:
        try:
            self.group = checked(self.name.text(), self.testers.toPlainText(), self._taken)
        except InvalidDraft as error:
            if sentence := error.problems.get("testers"):
                self.message.say(sentence)
                self.testers.setFocus(Qt.FocusReason.OtherFocusReason)
            if sentence := error.problems.get("name"):
                self.name.set_bad(sentence)
                self.name.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.accept()

    def _on_delete(self) -> None:
        self.group = None
        self.accept()


def _named(group: Group) -> str:
    more = len(group.testers) - SHOWN
    named = ", ".join(str(it) for it in group.testers[:SHOWN])
    return f"{named} and {words.number(more)} more" if more > 0 else named


def _free_name(taken: list[str]) -> str:
    used = {name.casefold() for name in taken}
    names = [FIRST_NAME, *(f"{FIRST_NAME} {number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name.casefold() not in used)
