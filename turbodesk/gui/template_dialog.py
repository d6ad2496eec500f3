"""Asks what a template shall be called."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from turbodesk.errors import InvalidDraft
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.field import Field
from turbodesk.gui.parts.label import Label
from turbodesk.services.templates import check_name

SAYS = "Subject, HTML and text part are kept as files; recipients and attachments are not."


class TemplateDialog(Dialog):
    """Asks what a template shall be called; `name` is good as a file's once it is accepted."""

    def __init__(self, parent: QWidget | None, suggested: str, folder: Path) -> None:
        super().__init__(parent, "Save this letter as a template", wide=440)
        self.name = ""
        self.field = Field("november-guide", name="Name of the template")
        self.body.addWidget(Label(SAYS, wrap=True))
        self.body.addWidget(self.field)
        self.body.addWidget(Label(f"In {folder}", "small", "muted", elide="middle"))
        self.body.addStretch(1)
        self.add_button(Button("Back"), "back")
        self.keep_button = self.add_button(Button("Save", kind="primary"))
        self.keep_button.clicked.connect(self._on_keep)
        self.enter_presses(self.keep_button)
        self.field.changed.connect(lambda _text: self.field.set_good())
        self.field.setText(suggested)
        self.field.edit.selectAll()
        self.field.setFocus()

    def _on_keep(self) -> None:
        try:
            self.name = check_name(self.field.text())
        except InvalidDraft as error:
            self.field.set_bad(error.says)
        else:
            self.accept()
