"""Builds the window's world once, runs the loop, takes it down in reverse."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from turbodesk import __version__

if TYPE_CHECKING:
    from turbodesk.desktop import Desktop


def main(arguments: Sequence[str]) -> int:
    """Opens the window, or takes the tour; the exit code comes back when it is closed."""
    options = _options(arguments)
    if options.self_check:
        from turbodesk.self_check import main as check

        return check(options.config_dir)
    if not _has_display():
        sys.stderr.write("There is no display here. Set DISPLAY, or look with --tour DIR.\n")
        return 1
    return _run(options)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "turbodesk", description="The window. `turbodesk-cli --help` tells of the command line."
    )
    parser.add_argument("--version", action="version", version=f"turbodesk {__version__}")
    parser.add_argument("--config-dir", type=Path, help="where everything kept on disk goes")
    parser.add_argument("--profile", default="", help="the account to open")
    parser.add_argument("--theme", choices=["system", "light", "dark"], help="in place of the system's")
    parser.add_argument("--size", type=_size, metavar="WxH", help="size of the window")
    parser.add_argument("--tour", type=Path, metavar="DIR", help="press the real buttons, take the pictures")
    parser.add_argument("--self-check", action="store_true", help="is everything here that is needed?")
    return parser.parse_args(arguments)


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError("write it as 1280x800") from None
    if not (400 <= width <= 8000 and 300 <= height <= 8000):
        raise argparse.ArgumentTypeError("between 400x300 and 8000x8000")
    return width, height


def _has_display() -> bool:
    named = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in named)


def _run(options: argparse.Namespace) -> int:
    # What is made until the first paint stays: to look for garbage in it takes longer than many a tab.
    gc.disable()
    from PySide6.QtCore import QSocketNotifier
    from PySide6.QtWidgets import QApplication

    _read_no_sources()
    from qasync import QEventLoop

    from turbodesk.desktop import Desktop
    from turbodesk.gui.theme import STYLE_ARGUMENTS
    from turbodesk.stop_signals import stop_signals

    async def begin() -> int:
        # Within the loop: the last tab may have something to do as soon as it is made.
        desktop = Desktop(
            application,
            options.config_dir or _default_config_dir(),
            profile=options.profile,
            theme=options.theme,
            size=options.size,
            touring=options.tour is not None,
        )
        if options.tour is not None:
            return await _live(desktop, options.tour)
        with stop_signals() as told:  # they close the window as its user would
            notifier = QSocketNotifier(told.fileno(), QSocketNotifier.Type.Read)
            notifier.activated.connect(lambda *_: told.recv(1) and desktop.window.close())
            try:
                return await _live(desktop, None)
            finally:
                notifier.setEnabled(False)

    application = QApplication(["turbodesk", *STYLE_ARGUMENTS])
    application.setApplicationName("turbodesk")
    application.setApplicationDisplayName("Turbodesk")
    application.setDesktopFileName("turbodesk")
    # A dialog that closes while the window is hidden would end the program otherwise.
    application.setQuitOnLastWindowClosed(False)
    with QEventLoop(application) as loop:
        asyncio.set_event_loop(loop)
        return int(loop.run_until_complete(begin()))


def _read_no_sources() -> None:
    """Keeps PySide6 from reading the source of every module that is imported from here on.

    It looks there for its own name, and Python keeps the lines, for the sake of names in snake_case that
    we don't use. In a bundle there are no sources, and the answer is the same.
    """
    feature = sys.modules.get("shibokensupport.feature")
    if hasattr(feature, "_mod_uses_pyside"):
        feature._mod_uses_pyside = lambda _module: False


def _default_config_dir() -> Path:
    from platformdirs import user_config_path

    return user_config_path("turbodesk", appauthor=False)


async def _live(desktop: Desktop, tour: Path | None) -> int:
    desktop.show()
    try:
        await desktop.open()
        # What is here now stays: full collections over it would be the longest pauses of the window.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        gc.enable()
        if tour is None:
            await desktop.closed.wait()
            return 0
        from turbodesk.gui.tour import take_tour

        return await take_tour(desktop.window, tour)
    finally:
        await desktop.aclose()
