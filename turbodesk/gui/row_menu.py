"""What can be done with the chosen row of a table, as its context menu: the buttons once more."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu

from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import viewport
from turbodesk.gui.record_table import RecordTable


def add_row_menu(table: RecordTable, buttons: Sequence[Button], delete: Button | None = None) -> None:
    """Lets the right button, and the key for it, offer these buttons for the current row; the Delete key
    presses `delete`."""
    table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    table.customContextMenuRequested.connect(lambda at: _open(table, buttons, at))
    if delete is not None:
        key = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), table)
        key.setContext(Qt.ShortcutContext.WidgetShortcut)
        key.activated.connect(delete.click)


def _open(table: RecordTable, buttons: Sequence[Button], at: QPoint) -> None:
    if table.current is None:
        return
    menu = QMenu(table)
    menu.setToolTipsVisible(True)
    for button in buttons:
        action = menu.addAction(button.text().replace("&", "&&"))
        action.setEnabled(button.isEnabled())
        action.setToolTip("" if button.isEnabled() else button.toolTip())
        action.triggered.connect(button.click)
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(viewport(table).mapToGlobal(at))
