"""Keeps what is written on disk while it is written: soon after a key, and never in its way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from turbodesk.errors import TurbodeskError
from turbodesk.gui.work import Work
from turbodesk.services.draft_keeper import DraftKeeper

SAVE_MS = 400  # from the first key that is not on disk yet, however many follow
SHARE = 20  # gathering what is written takes at most so small a part of the time: of large letters less often


class DraftSaver(QObject):
    """Saves what `snapshot` gives whenever it was touched. `saved` tells when it was last on disk, `failed`
    why it is not. What a crash can lose is what was typed in the last second."""

    saved = Signal(object)  # a datetime, UTC
    failed = Signal(object)  # a TurbodeskError

    def __init__(
        self, keeper: DraftKeeper, snapshot: Callable[[], dict[str, Any]], work: Work, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.keeper, self._snapshot, self._work = keeper, snapshot, work
        self._kept: dict[str, Any] = {}
        self._busy = self._touched = False
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(SAVE_MS)
        self.timer.timeout.connect(self._on_time)

    def touch(self) -> None:
        """Something was written: it is saved soon."""
        self._touched = True
        if not self._busy and not self.timer.isActive():
            self.timer.start()

    def is_known(self, snapshot: dict[str, Any]) -> None:
        """This is on disk already."""
        self._kept = snapshot

    def save_now(self) -> None:
        """Saves it before this comes back; nothing is done where it is on disk already."""
        self.timer.stop()
        self._touched = False
        if (now := self._snapshot()) == self._kept:
            return
        try:
            self.keeper.save(now)
        except TurbodeskError as error:
            self.failed.emit(error)
            return
        self._kept = now
        self.saved.emit(datetime.now(UTC))

    async def save(self) -> None:
        """The same, off the loop."""
        self.timer.stop()
        await self._save_behind()

    def _on_time(self) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # the window closes, and the loop with it
            self.save_now()
            return
        self._work.start(self._save_behind(), name="keep the draft")

    async def _save_behind(self) -> None:
        if not isValid(self):  # the tab has ended since this was begun; it saves as it is left
            return
        self._busy, self._touched = True, False
        begun = perf_counter()
        now = self._snapshot()
        took_ms = (perf_counter() - begun) * 1000
        try:
            if now != self._kept:
                await self.keeper.keep(now)
                self._kept = now
                if isValid(self):
                    self.saved.emit(datetime.now(UTC))
        except TurbodeskError as error:
            if isValid(self):
                self.failed.emit(error)
        finally:
            self._busy = False
            if isValid(self):  # it may be cut off by the end of the tab
                self.timer.setInterval(max(SAVE_MS, round(took_ms * SHARE)))
                if self._touched:
                    self.timer.start()
