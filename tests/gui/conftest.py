"""A themed application, a loop that is Qt's and asyncio's at once, and windows that are closed again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PySide6.QtCore import QEvent, QLocale, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QWidget
from qasync import QEventLoop

from turbodesk.gui.focus_ring import FocusRing
from turbodesk.gui.notices import Notices
from turbodesk.gui.theme import LIGHT, Themer

T = TypeVar("T")

# what the offscreen platform says of itself, on every machine
PLATFORM_TALK = ("This plugin does not support", "propagateSizeHints", "QFont::fromString")


class Looked:
    """What the application is dressed in for tests."""

    themer: Themer | None = None


@pytest.fixture(scope="session")
def qapp() -> Iterator[QApplication]:
    """The application, in the light theme, with keyboard effects off."""
    app = QApplication.instance() or QApplication(["turbodesk"])
    assert isinstance(app, QApplication)
    app.setQuitOnLastWindowClosed(False)
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    Looked.themer = Themer(app, LIGHT)
    FocusRing(app)
    yield app


@pytest.fixture
def themer(qapp: QApplication) -> Iterator[Themer]:
    """What keeps the theme; put back to light at the end."""
    assert Looked.themer is not None
    yield Looked.themer
    Looked.themer.rescale(1.0)
    Looked.themer.pin(LIGHT)


@pytest.fixture(autouse=True)
def _qt_says_nothing(qapp: QApplication) -> Iterator[None]:
    """Fails on what Qt itself warns about."""
    said: list[str] = []

    def hear(kind: QtMsgType, _context: object, text: str) -> None:
        loud = (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
        if kind in loud and not text.startswith(PLATFORM_TALK):
            said.append(text)

    before = qInstallMessageHandler(hear)
    yield
    qInstallMessageHandler(before)
    assert said == [], "Qt warned"


@pytest.fixture
def loop(qapp: QApplication) -> Iterator[asyncio.AbstractEventLoop]:
    """One loop for Qt and asyncio, with nothing left in it at the end."""
    made = QEventLoop(qapp)
    asyncio.set_event_loop(made)
    failures: list[str] = []
    made.set_exception_handler(lambda _loop, context: failures.append(str(context)))
    yield made
    for timer in [it for window in qapp.topLevelWidgets() for it in window.findChildren(QTimer)]:
        timer.stop()  # else a window begins work while the loop, or its threads, are ending
    while tasks := asyncio.all_tasks(made):
        for task in tasks:
            task.cancel()
        made.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    made.run_until_complete(made.shutdown_asyncgens())
    made.run_until_complete(made.shutdown_default_executor())
    made.close()
    asyncio.set_event_loop(None)
    assert failures == [], "failed in the loop"


@pytest.fixture
def run(loop: asyncio.AbstractEventLoop) -> Callable[..., Any]:
    """Runs a coroutine on the loop, with a deadline."""

    def go(coro: Coroutine[Any, Any, T], timeout_s: float = 30) -> T:
        async def bounded() -> T:
            return await asyncio.wait_for(coro, timeout_s)

        return loop.run_until_complete(bounded())

    return go


@pytest.fixture
def window_of(qapp: QApplication) -> Iterator[Callable[..., QWidget]]:
    """Shows a widget in its size; all that were shown are closed and let go at the end."""
    shown: list[QWidget] = []

    def show(widget: QWidget, width: int = 800, height: int = 600) -> QWidget:
        widget.resize(width, height)
        widget.show()
        widget.activateWindow()
        settle(qapp)
        shown.append(widget)
        return widget

    yield show
    for widget in shown:
        widget.close()
        widget.deleteLater()
    settle(qapp)


@pytest.fixture
def notices(qapp: QApplication) -> Iterator[Notices]:
    """A strip of its own."""
    strip = Notices()
    yield strip
    strip.deleteLater()
    settle(qapp)


def settle(app: QApplication) -> None:
    """Lets Qt do all that is due now. Within a coroutine no timers: they would step other tasks inside of
    this one, which asyncio refuses, and such a step is lost for ever."""
    inside = asyncio._get_running_loop() is not None
    for _ in range(3):
        if inside:
            app.sendPostedEvents()
        else:
            app.processEvents()
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


async def until(ready: Callable[[], object], timeout_s: float = 15) -> None:
    """Comes back once `ready()` is true; fails at the deadline."""
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout_s
    while not ready():
        assert loop.time() < end, "it did not come to that in time"
        await asyncio.sleep(0.005)


@pytest.fixture(name="until")
def _until() -> Callable[..., Awaitable[None]]:
    """`await until(ready)` polls with a deadline."""
    return until


@pytest.fixture(name="settle")
def _settle(qapp: QApplication) -> Callable[[], None]:
    """Lets Qt do all that is due now."""
    return lambda: settle(qapp)


@pytest.fixture
def grab() -> Callable[[QWidget, str], None]:
    """Saves a picture of a widget under $TURBODESK_PICTURES, where that is set."""

    def save(widget: QWidget, name: str) -> None:
        folder = os.environ.get("TURBODESK_PICTURES")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            assert widget.grab().save(str(Path(folder) / f"{name}.png"))

    return save
