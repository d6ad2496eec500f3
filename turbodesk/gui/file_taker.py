"""Files and pictures that are dropped on the letter, or pasted into it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QMimeData, QObject, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import QLineEdit, QTextEdit, QWidget

from turbodesk.gui.drop_frame import DropFrame


class FileTaker(QObject):
    """Watches a whole tab for files. `files_given` tells paths, `picture_given` a picture without a file."""

    files_given = Signal(list)
    picture_given = Signal(QImage)

    def __init__(self, tab: QWidget, frame: DropFrame, also_pasted_on: QWidget) -> None:
        """`frame` is shown while something is dragged over the tab."""
        super().__init__(tab)
        self._tab, self._frame = tab, frame
        tab.setAcceptDrops(True)
        tab.installEventFilter(self)
        for edit in (*tab.findChildren(QLineEdit), *tab.findChildren(QTextEdit)):
            edit.setAcceptDrops(False)  # files are taken by the whole tab
            edit.installEventFilter(self)
        also_pasted_on.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._tab:
            return self._dragged(event)
        if event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) and isinstance(
            event, QKeyEvent
        ):
            return self._pasted(event)
        return False

    def _dragged(self, event: QEvent) -> bool:
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            self._frame.hide()
            if self._take(event.mimeData()):
                event.acceptProposedAction()
        elif isinstance(event, QDragEnterEvent):
            if local_files(event.mimeData()) or event.mimeData().hasImage():
                event.acceptProposedAction()
                count = len(local_files(event.mimeData()))
                self._frame.show_over(f"Attach {count} files" if count > 1 else "Let go to attach")
        elif event.type() == QEvent.Type.DragLeave:
            self._frame.hide()
        else:
            return False
        return True

    def _pasted(self, event: QKeyEvent) -> bool:
        if not event.matches(QKeySequence.StandardKey.Paste):
            return False
        given = QGuiApplication.clipboard().mimeData()
        if local_files(given) or (given.hasImage() and not given.hasText()):
            return event.type() == QEvent.Type.ShortcutOverride or self._take(given)
        return False

    def _take(self, given: QMimeData) -> bool:
        if paths := local_files(given):
            self.files_given.emit(paths)
            return True
        if given.hasImage():
            self.picture_given.emit(QImage(given.imageData()))
            return True
        return False


def local_files(given: QMimeData) -> list[Path]:
    """The files of a drop or a paste that are on this computer."""
    return [Path(url.toLocalFile()) for url in given.urls() if url.isLocalFile()]


def as_png(picture: QImage) -> bytes:
    """A picture as PNG, no bytes where it holds nothing."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return bytes(data.data()) if picture.save(buffer, "PNG") else b""
