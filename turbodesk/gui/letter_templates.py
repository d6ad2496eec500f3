"""Letters begin from templates, and become templates: plain files that anybody can edit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu

from turbodesk.gui import theme
from turbodesk.gui.letter_body import HTML, TEXT
from turbodesk.gui.parts.dialog import ask
from turbodesk.services.templates import Template, Templates, file_name

if TYPE_CHECKING:
    from turbodesk.gui.compose_tab import ComposeTab


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
        from turbodesk.gui.template_dialog import TemplateDialog  # loaded when it is first needed

        dialog = TemplateDialog(tab.window(), file_name(draft.subject), self._templates.folder)
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
