"""Letters begin from templates, and become templates: plain files that anybody can edit."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu, QWidget

from turbodesk.errors import InvalidDraft
from turbodesk.gui import theme
from turbodesk.gui.letter_body import HTML, TEXT
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.dialog import Dialog, ask
from turbodesk.gui.parts.field import Field
from turbodesk.gui.parts.label import Label
from turbodesk.services.templates import LONGEST_NAME, Template, Templates, check_name

if TYPE_CHECKING:
    from turbodesk.gui.compose_tab import ComposeTab

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


class LetterTemplates:
    """The templates of one Compose tab, offered in a menu."""

    def __init__(self, tab: ComposeTab) -> None:
        self._tab = tab
        self._templates = Templates(tab.config_dir)
        self.names: tuple[str, ...] = ()

    async def read(self) -> None:
        """Looks which there are."""
        self.names = await asyncio.to_thread(self._templates.names)

    def fill_menu(self, menu: QMenu) -> None:
        """Offers each of them, to save the letter as another, and the folder they stand in."""
        tab = self._tab
        for name in self.names:
            action = menu.addAction(theme.icon("file"), name.replace("&", "&&"))
            action.triggered.connect(
                lambda _on=False, name=name: tab.work.start(self.use(name), name="use a template")
            )
        if not self.names:
            menu.addAction("No templates yet").setEnabled(False)
        menu.addSeparator()
        save = menu.addAction(theme.icon("add"), "Save this letter as a template…")
        save.triggered.connect(lambda: tab.work.start(self.save(), name="save a template"))
        folder = menu.addAction(theme.icon("external"), "Open their folder")
        folder.setEnabled(bool(self.names))
        folder.triggered.connect(
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._templates.folder)))
        )

    async def use(self, name: str) -> None:
        """Writes a template in place of subject and parts; what stood there is put aside."""
        found = await asyncio.to_thread(self._templates.load, name)
        tab = self._tab
        body, subject = tab.body, tab.envelope.subject
        if subject.text().strip() or body.html.text().strip() or body.text.text().strip():
            tab.aside.put(and_keep=True)
        subject.setText(found.subject)
        tab.html_watch.stop()
        body.html.set_text(found.html)
        body.text.set_text(found.text)
        body.turn(HTML if found.html or not found.text else TEXT)

    async def save(self) -> None:
        """Asks for a name, then keeps the letter as a template."""
        tab = self._tab
        draft = tab.fields.draft()
        dialog = TemplateDialog(tab.window(), _suggested(draft.subject), self._templates.folder)
        if not await dialog.shown():
            return
        name = dialog.name
        names = await asyncio.to_thread(self._templates.names)
        if name.casefold() in {other.casefold() for other in names}:
            text = "What the template holds now is lost."
            sure = await ask(
                tab.window(), f"Replace the template “{name}”?", text, act_label="Replace", danger=True
            )
            if not sure:
                return
        template = Template(name, draft.subject, draft.html, draft.text)
        await asyncio.to_thread(self._templates.save, template)
        await self.read()
        tab.notices.tell("ok", f"The template {name} is kept.")


def _suggested(subject: str) -> str:
    """A name of a file made of a subject: `November order guide` becomes `november-order-guide`."""
    words = re.sub(r"[^\w]+", "-", re.sub(r"\{\{.*?\}\}", "", subject.lower()))
    return words.strip("-_")[:LONGEST_NAME].strip("-")
