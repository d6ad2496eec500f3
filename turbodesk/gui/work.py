"""Starts coroutines for widgets; the one place where failure becomes visible."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget
from shiboken6 import isValid

from turbodesk import __version__
from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme
from turbodesk.gui.notices import Notices
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.dialog import Dialog
from turbodesk.gui.parts.label import Label

log = logging.getLogger(__name__)

Fail = Callable[[TurbodeskError], bool | None]


class Work:
    """The coroutines started for one widget. It keeps each task, frees its button, and shows its failure."""

    def __init__(self, owner: QWidget, notices: Notices) -> None:
        self._owner, self._notices = owner, notices
        self._tasks: set[asyncio.Task[None]] = set()
        self._holds: dict[QWidget, int] = {}

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._tasks)

    def start(
        self,
        coro: Coroutine[Any, Any, object],
        *,
        busy: QWidget | None = None,
        fail: Fail | None = None,
        name: str = "",
    ) -> asyncio.Task[None]:
        """Runs `coro`; `busy` is greyed out meanwhile.

        A TurbodeskError goes to `fail`, which returns True where it has shown it itself, and else to
        the strip. Any other exception is our bug and opens the dialog that says so. The task itself
        never raises.
        """
        if busy is not None:
            self._hold(busy)
        task = asyncio.get_running_loop().create_task(self._run(coro, fail), name=name or None)
        self._tasks.add(task)

        def end(done: asyncio.Task[None]) -> None:
            # here and not in _run: a task cancelled before its first step never enters it
            self._tasks.discard(done)
            coro.close()
            if busy is not None:
                self._release(busy)

        task.add_done_callback(end)
        return task

    async def settled(self) -> None:
        """Comes back once nothing is under way any more, what was started meanwhile included."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))
            await asyncio.sleep(0)

    def cancel_all(self) -> None:
        """Cancels whatever is under way; nothing is shown for it."""
        for task in self._tasks:
            task.cancel()

    async def _run(self, coro: Coroutine[Any, Any, object], fail: Fail | None) -> None:
        try:
            await coro
        except asyncio.CancelledError:
            pass
        except TurbodeskError as error:
            if fail is None or not fail(error):
                self._notices.tell_error(error)
        except Exception as error:
            log.error("a fault of ours\n%s", report(error))
            if isValid(self._owner):
                tell_fault(self._owner, error)

    def _hold(self, widget: QWidget) -> None:
        self._holds[widget] = self._holds.get(widget, 0) + 1
        widget.setEnabled(False)

    def _release(self, widget: QWidget) -> None:
        left = self._holds.pop(widget) - 1
        if left:
            self._holds[widget] = left
        elif isValid(widget):
            widget.setEnabled(True)


def report(error: BaseException) -> str:
    """What a fault report holds: versions, and where in our files it happened. No values, no texts.

    The message of an exception may quote what the user wrote, or a secret; it is left out.
    """
    import platform  # for faults alone

    system = f"{platform.system()} {platform.release()}"
    lines = [f"Turbodesk {__version__}, Python {platform.python_version()}, {system}"]
    step: BaseException | None = error
    while step is not None:
        lines.append(type(step).__qualname__)
        for place in traceback.extract_tb(step.__traceback__):
            lines.append(f"  {Path(place.filename).name}:{place.lineno} in {place.name}")
        step = step.__cause__ or (None if step.__suppress_context__ else step.__context__)
    return "\n".join(lines)


def tell_fault(owner: QWidget, error: BaseException) -> Dialog:
    """Opens the dialog that calls a failure our bug and offers a report without secrets."""
    text = report(error)
    dialog = Dialog(owner.window(), "This is a fault in Turbodesk", wide=560)
    dialog.body.addWidget(
        Label(
            "Something went wrong that should not have. Nothing was sent a second time, and what you typed "
            "is still there. The report below names places in the program, none of your data.",
            tone="muted",
            wrap=True,
        )
    )
    shown = QPlainTextEdit(text)
    shown.setReadOnly(True)
    shown.setFont(theme.font("mono"))
    shown.setMinimumHeight(theme.px(150))
    shown.setAccessibleName("Report")
    dialog.body.addWidget(shown)
    copy = Button("Copy report", "copy")
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
    dialog.add_button(copy)
    close = dialog.add_button(Button("Close", kind="primary"), "back")
    dialog.enter_presses(close)
    close.setFocus()
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
