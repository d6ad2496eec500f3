"""Writes rows to a file that the user picks: whole or not at all, with progress and a way out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

from PySide6.QtCore import QStandardPaths

from turbodesk.gui import words
from turbodesk.gui.parts.dialog import pick_save
from turbodesk.gui.tab import Tab

TELLS_AFTER_S = 0.4  # what is written sooner needs no word in between
NOTICE = "export"

Chunks = Callable[[], AsyncGenerator[bytes, None]]


async def export_csv(tab: Tab, name: str, chunks: Chunks) -> Path | None:
    """Asks where to, and writes the CSV there; None where the user backs out.

    `chunks` is called once the place is known. Raises what it raises, and FileTrouble; the file that
    was there before then stays as it was.
    """
    path = await pick_save(tab.window(), "Export", _folder() / name, "CSV (*.csv)")
    if path is None:
        return None
    writing = asyncio.ensure_future(_write(path, chunks, tab))

    def tell() -> None:
        actions = [("Cancel", "close", writing.cancel)]
        tab.notices.tell("info", f"Writing {path.name}.", actions=actions, key=NOTICE)

    later = asyncio.get_running_loop().call_later(TELLS_AFTER_S, tell)
    try:
        size_bytes = await writing
    finally:
        later.cancel()
        tab.notices.take_back(NOTICE)
    tab.notices.tell("ok", f"{path.name} is written, {words.size(size_bytes)}.")
    return path


async def _write(path: Path, chunks: Chunks, tab: Tab) -> int:
    from turbodesk.files import write_stream  # slow to import, and not for the first paint

    async with aclosing(chunks()) as given, aclosing(_counted(given, tab)) as counted:
        return await write_stream(path, counted)


async def _counted(chunks: AsyncGenerator[bytes, None], tab: Tab) -> AsyncGenerator[bytes, None]:
    written = 0
    async for chunk in chunks:
        written += len(chunk)
        tab.status.emit(f"{words.size(written)} written")
        yield chunk


def _folder() -> Path:
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
    return Path(place) if place else Path.home()
