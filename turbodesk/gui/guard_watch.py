"""Notices when another program has changed the settings, so that a window goes on under today's guards."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from turbodesk import settings

LOOK_MS = 1000


class GuardWatch(QObject):
    """Looks once a second whether the file of settings is another one; `changed` tells it."""

    changed = Signal()

    def __init__(self, config_dir: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._config_dir = config_dir
        self._stamp = settings.stamp(config_dir)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Looks from now on."""
        self._timer.start()

    def stop(self) -> None:
        """Looks no more."""
        self._timer.stop()

    def look(self) -> None:
        """Looks once, for some microseconds."""
        stamp = settings.stamp(self._config_dir)
        if stamp != self._stamp:
            self._stamp = stamp
            self.changed.emit()
