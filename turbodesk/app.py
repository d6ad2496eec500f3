"""Builds the window's world once, runs the loop, takes it down in reverse."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from turbodesk import __version__
from turbodesk.errors import FileTrouble
from turbodesk.first_start import FirstStart, Wish

if TYPE_CHECKING:
    from turbodesk.desktop import Desktop

TABS = ("compose", "outbox", "reports", "stats", "tools", "account", "inbox")
OPEN_ALREADY = "Turbodesk is open already; it was asked to come to the front.\n"
TOUR_OVER_A_WINDOW = "Turbodesk is open over this folder, and a tour presses buttons of its own."
TOUR_ELSEWHERE = "Take it over another folder, with --config-dir."


def main(arguments: Sequence[str]) -> int:
    """Opens the window, or takes the tour; the exit code comes back when it is closed."""
    options = _options(arguments)
    if options.self_check:
        from turbodesk.self_check import main as check

        return check(options.config_dir)
    if not _has_display():
        sys.stderr.write("There is no display here. Set DISPLAY, or look with --tour DIR.\n")
        return 1
    first = FirstStart(options.config_dir or _default_config_dir())
    try:
        return _run(options, first) if _begins(options, first) else 0
    except FileTrouble as error:
        sys.stderr.write("\n".join(filter(None, (error.says, error.hint))) + "\n")
        return 1
    finally:
        first.close()


def _begins(options: argparse.Namespace, first: FirstStart) -> bool:
    """Whether this start opens the window; else the one that is open has been asked for what was wanted.

    Raises FileTrouble where neither can be.
    """
    try:
        if first.begin():
            return True
    except FileTrouble:
        return True  # the window tells what cannot be kept, and sends nothing
    if options.tour is not None:
        raise FileTrouble(TOUR_OVER_A_WINDOW, hint=TOUR_ELSEWHERE)
    if not first.hand_over(_wish(options)):
        return True
    sys.stderr.write(OPEN_ALREADY)
    return False


def _wish(options: argparse.Namespace) -> Wish:
    file = str(options.file.expanduser().absolute()) if options.file else ""
    return Wish(options.profile, options.tab, file)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "turbodesk", description="The window. `turbodesk-cli --help` tells of the command line."
    )
    parser.add_argument("--version", action="version", version=f"turbodesk {__version__}")
    parser.add_argument("--config-dir", type=Path, help="where everything kept on disk goes")
    parser.add_argument("--profile", default="", help="the account to open")
    parser.add_argument("--tab", choices=TABS, default="", help="the tab to turn to")
    parser.add_argument("--theme", choices=["system", "light", "dark"], help="in place of the system's")
    parser.add_argument("--size", type=_size, metavar="WxH", help="size of the window")
    parser.add_argument("--tour", type=Path, metavar="DIR", help="press the real buttons, take the pictures")
    parser.add_argument("--self-check", action="store_true", help="is everything here that is needed?")
    parser.add_argument("file", type=Path, nargs="?", help="a finished HTML file, or one to attach")
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


def _run(options: argparse.Namespace, first: FirstStart) -> int:
    # What is made until the first paint stays: to look for garbage in it takes longer than many a tab.
    gc.disable()
    from PySide6.QtCore import QSocketNotifier
    from PySide6.QtWidgets import QApplication

    _read_no_sources()
    from qasync import QEventLoop

    from turbodesk.desktop import Desktop
    from turbodesk.gui.request_watch import RequestWatch
    from turbodesk.gui.theme import STYLE_ARGUMENTS
    from turbodesk.stop_signals import stop_signals

    async def begin() -> int:
        # Within the loop: the last tab may have something to do as soon as it is made.
        desktop = Desktop(
            application,
            first.config_dir,
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
            watch = RequestWatch(desktop.window, first)
            watch.wished.connect(lambda it: desktop.window.work.start(_grant(desktop, it), name="a wish"))
            desktop.window.closed.connect(watch.stop)
            watch.start()
            if options.file or options.tab:  # its profile is opened anyway
                wish = replace(_wish(options), profile="")
                desktop.window.work.start(_grant(desktop, wish), name="a wish")
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


async def _grant(desktop: Desktop, wish: Wish) -> None:
    """Opens the profile, the file or the tab that a start has asked for."""
    await desktop.opened.wait()
    window, now = desktop.window, desktop.current()
    if wish.profile and (now is None or now.name != wish.profile):
        # As it is on disk now: another program may have added the profile.
        desktop.settings = (await desktop.place()).change(lambda kept: kept)
        window.set_desk(await desktop.open_profile(wish.profile))
    if wish.file:
        window.turn("compose")
        window.tab("compose").receive(Path(wish.file))
    elif wish.tab in TABS and (wish.tab != "inbox" or (window.desk and window.desk.control)):
        window.turn(wish.tab)


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
