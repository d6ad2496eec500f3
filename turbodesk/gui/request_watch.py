"""Watches for what later starts of the program ask, and brings the window to the front for it."""

from __future__ import annotations

from PySide6.QtCore import QFileSystemWatcher, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from turbodesk.first_start import FirstStart

POLL_MS = 1000  # where the system tells nothing of a folder, as on a network share


class RequestWatch(QObject):
    """`wished` tells each wish as it comes."""

    wished = Signal(object)

    def __init__(self, window: QWidget, first: FirstStart) -> None:
        super().__init__(window)
        self._window, self._first = window, first
        self._watcher = QFileSystemWatcher([str(first.requests)], self)
        self._watcher.directoryChanged.connect(self._look)
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Looks at once for what was asked while the window was made, and from now on."""
        self._timer.start()
        self._look()

    def stop(self) -> None:
        """Takes no more wishes: the window closes, and whoever asks now becomes the first start."""
        if not self._timer.isActive():
            return
        self._timer.stop()
        self._watcher.directoryChanged.disconnect(self._look)

    def _look(self) -> None:
        for wish in self._first.wishes():
            come_forward(self._window)
            self.wished.emit(wish)


def come_forward(window: QWidget) -> None:
    """Shows the window above all others; where the system does not let it, it asks for attention."""
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()
    QApplication.alert(window)
