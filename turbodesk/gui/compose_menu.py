"""The other ways to send, and what else can be done with a letter: the menu beside Send."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu

from turbodesk.gui import theme
from turbodesk.gui.letter_copies import LetterCopies
from turbodesk.gui.send_flow import ROWS_AT_ONCE, UNDO_TIMES

if TYPE_CHECKING:
    from turbodesk.gui.compose_tab import ComposeTab

UNDO_WORDS = {0: "Off: it leaves at once"}


class ComposeMenu(QMenu):
    """Made anew each time it opens, so that it shows how things stand."""

    def __init__(self, tab: ComposeTab) -> None:
        super().__init__(tab)
        self._tab, self.copies = tab, LetterCopies(tab)
        QShortcut(QKeySequence("Ctrl+Shift+D"), tab, self.copies.dry_run)
        self.setToolTipsVisible(True)
        self.setAccessibleName("Other ways to send")
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """Offers what can be done with the letter as it is now."""
        tab = self._tab
        self.clear()
        why = "A letter is just being sent." if tab.sending.busy else tab.way.why_not
        later = why or (ROWS_AT_ONCE if tab.rows.is_chosen else "")
        self._offer("Send later…\tCtrl+Shift+L", "clock", tab.flow.send_later, later)
        self._undo_times()
        self.addSeparator()
        copies = self.copies
        self._offer("Dry run…\tCtrl+Shift+D", "view", copies.dry_run, why)
        self._offer("Copy as cURL", "copy", copies.copy_curl, why)
        self._offer("Copy as Python", "copy", copies.copy_python, why)
        self.addSeparator()
        self._offer("Save as EML…", "export", copies.save_eml, why)
        self._offer("Open EML…", "mail", copies.open_eml)
        self.addSeparator()
        self._offer("Testers…", "accounts", tab.flow.edit_groups)
        templates = self.addMenu(theme.icon("file"), "Templates")
        tab.templates.fill_menu(templates)
        if tab.aside.letters:
            aside = self.addMenu(theme.icon("history"), f"Put aside ({len(tab.aside.letters)})")
            tab.aside.fill_menu(aside)

    def _offer(
        self, text: str, icon: str, act: Callable[[], object], why_not: str = "", menu: QMenu | None = None
    ) -> QAction:
        """One thing to do; where it cannot be done it is greyed, with the reason as its tooltip."""
        action = (menu or self).addAction(theme.icon(icon), text)
        action.setEnabled(not why_not)
        action.setToolTip(why_not)
        action.triggered.connect(lambda _on=False: act())
        return action

    def _undo_times(self) -> None:
        undo = self._tab.flow.undo
        menu = self.addMenu(theme.icon("undo"), "Time to undo")
        group = QActionGroup(menu)
        for seconds in sorted({*UNDO_TIMES, undo.seconds}):
            action = menu.addAction(UNDO_WORDS.get(seconds, f"{seconds} seconds"))
            action.setCheckable(True)
            action.setChecked(seconds == undo.seconds)
            action.triggered.connect(lambda _on=False, seconds=seconds: undo.choose(seconds))
            group.addAction(action)
