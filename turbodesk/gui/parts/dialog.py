"""Dialogs that are awaited: what cannot be undone is asked once, in words that name it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from turbodesk.gui import theme
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import Ground
from turbodesk.gui.parts.facts import Facts, Value
from turbodesk.gui.parts.field import Field
from turbodesk.gui.parts.label import Label


class Dialog(QDialog):
    """A question or a form over the window: content above, safe button left and act right below."""

    def __init__(self, parent: QWidget | None, title: str, *, wide: int = 480) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setModal(True)
        self.setWindowFlag(Qt.WindowType.WindowContextHelpButtonHint, False)
        self.setMinimumWidth(theme.px(wide))
        self.heading = Label(title, "title", wrap=True)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.px(10))
        above = QVBoxLayout()
        above.setContentsMargins(theme.px(20), theme.px(18), theme.px(20), theme.px(16))
        above.setSpacing(theme.px(8))
        above.addWidget(self.heading)
        above.addLayout(self.body)
        self._foot = Ground("sunken", line="top", across=True)
        self._foot.box.setContentsMargins(theme.px(20), theme.px(12), theme.px(20), theme.px(12))
        self._foot.box.setSpacing(theme.px(8))
        self.foot_note = Label(role="small", tone="muted", elide="right")
        self._foot.box.addWidget(self.foot_note, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(above, 1)
        whole.addWidget(self._foot)

    def add_button(self, button: Button, role: str = "plain") -> Button:
        """Puts a button into the foot; `back` closes with no, `act` with yes, others do as they like."""
        if role == "back":
            button.clicked.connect(self.reject)
        elif role == "act":
            button.clicked.connect(self.accept)
        self._foot.box.addWidget(button)
        return button

    def enter_presses(self, button: Button) -> None:
        """Lets Enter press this button; only where nothing need be thought over."""
        button.setDefault(True)

    async def shown(self) -> bool:
        """Opens the dialog and awaits its end: whether it was accepted. Cancelled, it closes with no."""
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def end(result: int) -> None:
            if not ended.done():
                ended.set_result(result)

        self.finished.connect(end)
        self.open()
        try:
            return await ended == QDialog.DialogCode.Accepted
        finally:
            self.finished.disconnect(end)
            self.hide()
            self.deleteLater()


async def ask(
    parent: QWidget | None,
    title: str,
    text: str = "",
    facts: Sequence[tuple[str, Value]] = (),
    act_label: str = "Do it",
    *,
    act_icon: str = "",
    danger: bool = False,
    back_label: str = "Back",
    foot_note: str = "",
    type_to_confirm: str = "",
) -> bool:
    """Asks once before something is done; True where the user said so.

    The act is named by its verb. With `danger` Enter backs out rather than acts; with
    `type_to_confirm` that text must be typed before the act can be pressed.
    """
    dialog = Dialog(parent, title)
    if text:
        dialog.body.addWidget(Label(text, wrap=True))
    if facts:
        dialog.body.addWidget(Facts(facts))
    dialog.foot_note.setText(foot_note)
    back = dialog.add_button(Button(back_label), "back")
    act = dialog.add_button(Button(act_label, act_icon, kind="danger" if danger else "primary"), "act")
    if type_to_confirm:
        field = _confirm_field(dialog, act, type_to_confirm)
        field.setFocus()
    elif danger:
        dialog.enter_presses(back)
        back.setFocus()
    else:
        dialog.enter_presses(act)
        act.setFocus()
    return await dialog.shown()


def _confirm_field(dialog: Dialog, act: Button, wanted: str) -> Field:
    field = Field(name=f"Type {wanted} to go on")
    field.setFixedWidth(theme.px(120))
    line = QHBoxLayout()
    line.setSpacing(theme.px(8))
    line.addWidget(Label(f"Type {wanted} to go on", tone="muted"))
    line.addWidget(field)
    line.addStretch(1)
    dialog.body.addLayout(line)
    act.setEnabled(False)
    field.changed.connect(lambda text: act.setEnabled(text.strip() == wanted))
    return field


async def _picked(dialog: QFileDialog) -> list[Path]:
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def end(result: int) -> None:
        if not ended.done():
            ended.set_result(result)

    dialog.finished.connect(end)
    dialog.open()
    try:
        accepted = await ended == QDialog.DialogCode.Accepted
        return [Path(name) for name in dialog.selectedFiles()] if accepted else []
    finally:
        dialog.finished.disconnect(end)
        dialog.hide()
        dialog.deleteLater()


async def pick_files(
    parent: QWidget | None, title: str, filters: str = "", *, one: bool = False, start: Path | None = None
) -> list[Path]:
    """The files the user picks, empty where they back out. `filters` as in `HTML (*.html *.htm)`."""
    dialog = QFileDialog(parent, title, str(start) if start else "", filters)
    mode = QFileDialog.FileMode.ExistingFile if one else QFileDialog.FileMode.ExistingFiles
    dialog.setFileMode(mode)
    return await _picked(dialog)


async def pick_save(parent: QWidget | None, title: str, suggested: Path, filters: str = "") -> Path | None:
    """Where the user wants a file written, or None. Asks before one is overwritten."""
    dialog = QFileDialog(parent, title, str(suggested.parent), filters)
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # it would ask in a loop of its own
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suggested.suffix.lstrip("."))
    dialog.selectFile(suggested.name)
    picked = await _picked(dialog)
    if not picked or not picked[0].exists():
        return picked[0] if picked else None
    text = "What the file holds now is lost."
    sure = await ask(parent, f"Replace {picked[0].name}?", text, act_label="Replace", danger=True)
    return picked[0] if sure else None
